"""Who may enter a page of the council's staff: a stranger is told that there is nothing here."""

from functools import wraps
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import Council, Role

CHOSEN_COUNCIL = "council"  # the key in the session


def roles_required(*kinds):
    """Let only a person in who has one of these roles in a council.

    Somebody who has not signed in is sent to sign in; somebody without the role gets 404. Sets
    request.council to the council of the role and request.roles to all that the person is there.
    Whoever holds these roles in several councils, or in all, is asked first for which one they work now.
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return redirect_to_login(request.path)
            held = list(Role.objects.filter(user=request.user).select_related("council"))
            councils = _councils_for(held, kinds)
            if not councils:
                raise Http404
            council = _chosen_of(councils, request.session.get(CHOSEN_COUNCIL))
            if council is None:
                return redirect(f"{reverse('choose_council')}?{urlencode({'next': request.path})}")
            request.council = council
            request.roles = {role.kind for role in held if role.council_id in {None, council.pk}}
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def councils_of(user):
    """Return the councils for which this person works, in the order of their names."""
    if Role.objects.filter(user=user, council=None).exists():
        return list(Council.objects.all())
    return list(Council.objects.filter(roles__user=user).distinct())


def _councils_for(held, kinds):
    """Return the councils in which one of the kinds is held; None among them stands for all councils."""
    return {role.council for role in held if role.kind in kinds}


def _chosen_of(councils, chosen):
    """Return the only council, or the one that was chosen in this session; None where there is still a choice."""
    if None in councils:
        return Council.objects.filter(pk=chosen).first()
    return next((council for council in councils if len(councils) == 1 or council.pk == chosen), None)


carers_team_required = roles_required(Role.Kind.TEAM)
preparer_required = roles_required(Role.Kind.FINANCE_PREPARER)
approver_required = roles_required(Role.Kind.FINANCE_APPROVER)
finance_required = roles_required(Role.Kind.FINANCE_PREPARER, Role.Kind.FINANCE_APPROVER)
history_reader_required = roles_required(Role.Kind.AUDITOR, Role.Kind.ADMINISTRATOR)
finance_reader_required = roles_required(Role.Kind.FINANCE_PREPARER, Role.Kind.FINANCE_APPROVER, Role.Kind.AUDITOR)
administrator_required = roles_required(Role.Kind.ADMINISTRATOR)
