"""Papers of a local copy's providers: one that waits, one that ends soon, an exemption that somebody decides on."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.history import Who
from brochure import care_checks, exemptions
from brochure.models import Offer
from providers import papers
from providers.models import Provider
from voucher.standing import lapses

BY = Who(label="make_demo_people")
# When they end: two that are warned of, and one that holds.
PAPER_ENDS_IN, INSURANCE_ENDS_IN, A_YEAR = dt.timedelta(days=50), dt.timedelta(days=20), dt.timedelta(days=365)


def tell(council, provider, *, owner, team, now):
    """Let the provider and another show papers, and an exemption be asked for; nothing where it has shown one."""
    if provider.documents.exists():
        return
    today, kind = timezone.localdate(now), papers.Kind
    for each, days in ((kind.SAFEGUARDING, PAPER_ENDS_IN), (kind.DATA_SHARING, None)):
        end = days and today + days
        row = papers.add(provider=provider, kind=each, reference="2026", valid_until=end, by=owner, now=now)
        lapses.accept(document=row, by=team, now=now)
    newer = today + A_YEAR
    papers.add(provider=provider, kind=kind.PUBLIC_LIABILITY, reference="PL 77", valid_until=newer, by=owner, now=now)
    others = Provider.objects.filter(council=council, state=Provider.State.LIVE).exclude(pk=provider.pk)
    if other := others.order_by("-pk").first():
        insurance = {"kind": kind.PUBLIC_LIABILITY, "reference": "PL 12", "valid_until": today + INSURANCE_ENDS_IN}
        lapses.accept(document=papers.add(provider=other, by=BY, now=now, **insurance), by=team, now=now)
    with_care = Offer.objects.filter(provider__council=council, personal_care=True, state=Offer.State.LIVE)
    if offer := with_care.select_related("provider__council").first():
        grounds, evidence = str(_("Care for four people at most at a time.")), str(_("Our list, seen on a visit."))
        duty = care_checks.Duty.PERSONAL_CARE
        exemptions.ask(offer=offer, duty=duty, grounds=grounds, evidence=evidence, by=BY, now=now)
