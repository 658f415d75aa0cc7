"""Which carers team a page speaks for that everybody may open: the reader's own, or the only one there is."""

from django.db.models import Q

from accounts.access import CHOSEN_COUNCIL
from accounts.models import Council, Role, Scheme
from accounts.wording import language
from providers.access import CHOSEN_PROVIDER
from providers.models import Provider, Staff
from voucher.models import Award, Carer
from voucher.navigation import OPEN_AWARD


def every():
    """Return the schemes of this copy with their councils, in the order of the councils' names in this language."""
    return Scheme.objects.select_related("council").order_by(f"council__name_{language()}")


def named(request):
    """Give every template the `scheme` of whoever reads, and `many_teams` where it may be any of several councils'.

    A page that knows its council, as all do behind a guard, keeps it: see accounts.context.site.
    """
    if getattr(request, "council", None) or getattr(request, "provider", None):
        return {"many_teams": False}
    found = scheme_of(request)
    return {"scheme": found, "many_teams": False} if found else {"many_teams": len(_that_could_be(request)) > 1}


def scheme_of(request):
    """Return the reader's own scheme, or the only one of this copy; None where nobody can tell. Asks once a request."""
    if not hasattr(request, "readers_scheme"):
        request.readers_scheme = _readers(request) or _only(_that_could_be(request))
    return request.readers_scheme


def _readers(request):
    """Return the scheme of the award that is open here, else of what the person who signed in is, if it is one."""
    session, user = getattr(request, "session", {}), getattr(request, "user", None)
    if award := getattr(request, "award", None):
        return award.council.scheme
    if award := session.get(OPEN_AWARD):
        councils = Award.objects.filter(pk=award).values("council")
        return every().filter(council__in=councils).first()
    if user is None or not user.is_authenticated:
        return None
    works_for = Role.objects.filter(user=user).values("council")
    runs = Provider.objects.filter(pk__in=Staff.objects.filter(user=user).values("provider"))
    cared_for_by = Carer.objects.filter(user=user).values("council")
    own = Q(pk__in=works_for) | Q(pk__in=runs.values("council")) | Q(pk__in=cared_for_by)
    found = list(every().filter(council__in=Council.objects.filter(own)))
    if len(found) < 2:
        return _only(found)
    chosen = {session.get(CHOSEN_COUNCIL)}
    if provider := session.get(CHOSEN_PROVIDER):
        chosen = set(runs.filter(pk=provider).values_list("council", flat=True))
    return _only([scheme for scheme in found if scheme.council_id in chosen])


def _that_could_be(request):
    """Return the schemes of this copy, two at the most: enough to see whether there is but one."""
    if not hasattr(request, "any_schemes"):
        request.any_schemes = list(every()[:2])
    return request.any_schemes


def _only(schemes):
    return schemes[0] if len(schemes) == 1 else None
