"""What of a provider's papers and checks ends soon, and the warning of it (R47); what follows then is in lapses."""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import OutboxMessage
from brochure import care_checks
from brochure.models import Exemption, Offer
from providers import cover, papers
from providers.models import Document, Provider
from providers.telling import tell

WARNING_DAYS = (60, 30, 7)
# Whoever has not joined is asked while joining, and whoever is suspended or has closed is not in the brochure anyway.
WORKS = [Provider.State.LIVE, Provider.State.PAUSED]
SHOWN = [Offer.State.LIVE, Offer.State.PAUSED]
EXEMPTIONS = {
    care_checks.Duty.PERSONAL_CARE: _("Exemption for personal care"),
    care_checks.Duty.ACCOMMODATION: _("Exemption for accommodation with care"),
    care_checks.Duty.CHILDCARE: _("Exemption for childcare"),
}


@dataclass(frozen=True)
class Ending:
    """One thing that ends soon: of which provider, what, its last day, and the offers it hides (none: all of them).

    `again` is the first day of what follows after a gap, where something does.
    """

    provider: Provider
    kind: str
    name: str | Promise
    until: dt.date
    stage: int
    offers: list = field(default_factory=list)
    again: dt.date | None = None

    @property
    def gap(self):
        """The days that nothing covers before it counts again, as a cover.Span, or None."""
        return cover.Span(self.until + cover.DAY, self.again - cover.DAY) if self.again else None

    @property
    def pk(self):
        return self.provider.pk

    @property
    def key(self):
        return f"papers_ending/{self.provider.pk}/{self.kind}/{self.until}/{self.stage}"


def stage(*, until, on):
    """R47. Return the warning that is due for something whose last day is `until`: 60, 30, 7, or None.

    Where a day was missed, or it was accepted late, it is the one that has been reached.
    """
    left = (until - on).days
    return min((each for each in WARNING_DAYS if 0 <= left <= each), default=None)


def soon(until, *, on):
    """True where something ends within the days of the first warning, or has ended."""
    return until is not None and (until - on).days <= max(WARNING_DAYS)


def to_warn(now):
    """Return the Endings whose provider has not been warned of them yet; eight queries, however many there are."""
    today = timezone.localdate(now)
    soon = (today, today + dt.timedelta(days=max(WARNING_DAYS)))
    found = {each.key: each for each in [*_papers(today, soon), *_insurances(today, soon), *_exemptions(today, soon)]}
    told = set(OutboxMessage.objects.filter(dedupe_key__in=found).values_list("dedupe_key", flat=True))
    return [each for key, each in found.items() if key not in told]


def warn(ending):
    """Tell a provider in its own language what ends, when, and which offers carers then no longer see."""
    tell("papers_ending", ending.provider, key=ending.key.removeprefix("papers_ending/"), ending=ending)


def _papers(today, soon):
    """Return the Endings of accepted papers: of the provider's own, and registrations on which an offer depends."""
    ends, begins = Q(valid_until__range=soon), Q(valid_from__gt=today)
    rows = Document.objects.filter(ends | begins, state=Document.State.ACCEPTED, provider__state__in=WORKS)
    rows = list(rows.defer("content").select_related("provider__council__scheme"))
    depending, covers = {}, _covers(rows)
    registered = [row.provider_id for row in rows if row.kind == Document.Kind.CIW]
    for offer in Offer.objects.filter(provider__in=registered, state__in=SHOWN, checked_until__range=soon):
        if care_checks.duties(offer):
            depending.setdefault((offer.provider_id, offer.checked_until), []).append(offer)
    for row in rows:
        covered = covers[row.provider_id, row.kind]
        until = covered.until(today)
        if until is None or not soon[0] <= until <= soon[1]:
            continue
        about = {"provider": row.provider, "kind": row.kind, "name": Document.Kind(row.kind).label, "until": until}
        about |= {"stage": stage(until=until, on=today), "again": covered.again(today)}
        if row.kind in papers.asked(row.provider):
            yield Ending(**about)
        elif offers := depending.get((row.provider_id, until)):
            yield Ending(**about, offers=offers)


def _covers(rows):
    """Return {(provider's id, kind): cover.Cover} of accepted papers and of those that they replaced; one query."""
    found = {(row.provider_id, row.kind): [row] for row in rows}
    providers = {row.provider_id: row.provider for row in rows}
    before = Document.objects.filter(papers.WAS_ACCEPTED, state=Document.State.REPLACED, provider__in=providers)
    for row in before.defer("content"):
        if (row.provider_id, row.kind) in found:
            found[row.provider_id, row.kind].append(row)
    return {key: papers.cover_of(providers[key[0]], key[1], every) for key, every in found.items()}


def _insurances(today, soon):
    """Return the Endings of insurances that only a file of the pilot tells of."""
    kind = Document.Kind.PUBLIC_LIABILITY
    shown = Document.objects.filter(kind=kind, state=Document.State.ACCEPTED).values("provider")
    rows = Provider.objects.filter(insurance_until__range=soon, state__in=WORKS).exclude(pk__in=shown)
    for provider in rows.select_related("council__scheme"):
        until = provider.insurance_until
        yield Ending(provider, kind.value, kind.label, until, stage(until=until, on=today))


def _exemptions(today, soon):
    """Return the Endings of exemptions on which an offer in the brochure depends."""
    rows = Exemption.objects.filter(
        offer__provider__state__in=WORKS, offer__state__in=SHOWN, valid_until__range=soon, refusal=""
    )
    for row in rows.exclude(reviewed_by=None).select_related("offer__provider__council__scheme"):
        if row.offer.checked_until == row.valid_until:
            about = (f"{row.duty}/{row.offer_id}", EXEMPTIONS[row.duty], row.valid_until)
            yield Ending(row.offer.provider, *about, stage(until=row.valid_until, on=today), [row.offer])
