"""From signing in to one's own place: a person with several councils, providers or kinds of work chooses."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from accounts.access import CHOSEN_COUNCIL, councils_of
from accounts.models import Language, Role
from providers.access import CHOSEN_PROVIDER
from providers.models import Provider
from voucher.navigation import provider_places
from voucher.views.my.open_award import remember_print

# Each kind of role with the name of its first page, in the order in which the page offers them.
PLACES = [
    (Role.Kind.TEAM, _("Carers team"), "team:queue"),
    (Role.Kind.VOLUNTEER, _("Help a carer"), "helping:start"),
    (Role.Kind.FINANCE_PREPARER, _("Finance"), "finance:runs"),
    (Role.Kind.FINANCE_APPROVER, _("Finance"), "finance:runs"),
    (Role.Kind.AUDITOR, _("History"), "audit:history"),
    (Role.Kind.ADMINISTRATOR, _("People and roles"), "people:list"),
]


def places(user):
    """Return (label, address) of every place where this person works or is looked after, without doubles."""
    kinds = set(user.roles.values_list("kind", flat=True))
    found = {reverse(name): label for kind, label, name in PLACES if kind in kinds}
    if posts := set(user.provider_posts.values_list("kind", flat=True)):
        found[reverse(provider_places(posts)[0][0])] = _("Bookings and payments")
    if user.carer_records.exists():
        found[reverse("my:award")] = _("My award")
    if user.permissions.filter(ended_at=None, last_day__gte=timezone.localdate()).exists():
        found[reverse("helping:start")] = _("Help a carer")
    return [(label, address) for address, label in found.items()]


@login_required
def after_sign_in(request):
    """Send each person to their own place."""
    carer = request.user.carer_records.order_by("-pk").first()
    if carer:
        remember_print(request, carer)
    # Somebody who reads in Welsh has chosen it; whoever comes by an English page is led to the language we know of.
    remembered = request.user.language or (carer.language if carer else "")
    with override(Language.WELSH if remembered == Language.WELSH else get_language()):
        options = places(request.user)
        if len(options) == 1:
            return redirect(options[0][1])
    return render(request, "account/places.html", {"options": options})


@login_required
def choose_council(request):
    """Let somebody who works for several councils say for which one they work now."""
    return _choose(request, councils_of(request.user), CHOSEN_COUNCIL, _("Which council do you work for now?"))


@login_required
def choose_provider(request):
    """Let somebody who works for several providers say for which one they work now."""
    options = list(Provider.objects.filter(staff__user=request.user).order_by("name", "pk"))
    return _choose(request, options, CHOSEN_PROVIDER, _("Which provider do you work for now?"))


def _choose(request, options, key, question):
    if not options:
        raise Http404
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("after_sign_in")
    if request.method == "POST":
        chosen = next((each for each in options if str(each.pk) == request.POST.get("choice")), None)
        if chosen is None:
            raise Http404
        request.session[key] = chosen.pk
        # A form that still lies open for the one before is not carried out for this one.
        rotate_token(request)
        return redirect(wanted)
    return render(request, "account/choose.html", {"options": options, "question": question, "next": wanted})
