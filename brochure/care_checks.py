"""What an offer with care must show (R46): registration or a reviewed exemption, and workers who were checked.

A provider's papers are asked of it whatever it offers (R45, providers.papers); these are asked offer by offer.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import history, wording
from brochure.models import Exemption, Offer
from providers import cover
from providers.models import DbsCheck, Document, Provider

Duty, Level = Exemption.Duty, DbsCheck.Level
# What an offer says of itself, and the duty that follows from it.
DUTIES = {
    Duty.PERSONAL_CARE: "personal_care",
    Duty.ACCOMMODATION: "accommodation_with_care",
    Duty.CHILDCARE: "childcare",
}
# Regulated work with adults and with children: nobody can waive its check.
NEVER_WAIVED = {Duty.PERSONAL_CARE, Duty.CHILDCARE}
# Somebody is alone with the person cared for, at home.
SITTING, FOOD = "sitting", "food"
LEVELS = [level.value for level in Level]


class NotChecked(Exception):
    """The offer cannot be shown to carers yet; `missing` says what it lacks."""

    def __init__(self, missing):
        super().__init__(", ".join(str(each.kind) for each in missing))
        self.missing = missing


class BadCheck(Exception):
    """A worker's check that cannot be noted, and why: person, level, future."""

    def __init__(self, why):
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Missing:
    """One thing that an offer lacks: a Duty, "dbs" or "food", and a sentence to its provider."""

    kind: str
    words: object


@dataclass
class Shown:
    """What a provider has shown, read in three queries for all its offers."""

    # The days on which a registration that was accepted counts.
    registered: cover.Cover = field(default_factory=cover.Cover)
    registration_waits: bool = False
    checks: list = field(default_factory=list)
    exemptions: dict = field(default_factory=dict)

    def exemptions_for(self, offer, duty):
        return self.exemptions.get((offer.pk, duty), [])


def shown_by(provider):
    """Return the Shown of a provider: its registration, its workers' checks, the exemptions of its offers."""
    found, accepted = Shown(), []
    for paper in provider.documents.filter(kind=Document.Kind.CIW).defer("content"):
        if paper.state == Document.State.WAITING:
            found.registration_waits = True
        elif paper.state != Document.State.REFUSED and paper.seen_at:
            accepted.append(paper)
    found.registered = cover.of_papers(accepted)
    found.checks = list(provider.dbs_checks.select_related("confirmed_by"))
    for exemption in Exemption.objects.filter(offer__provider=provider).order_by("asked_at", "pk"):
        found.exemptions.setdefault((exemption.offer_id, exemption.duty), []).append(exemption)
    return found


def duties(offer):
    """Return the duties that follow from what an offer says of itself."""
    return [duty for duty, column in DUTIES.items() if getattr(offer, column)]


def level_needed(offer):
    """R46. Return the level at which whoever comes must have been checked.

    With personal care, or with children: enhanced, with the barred lists. Who sits with somebody at home: enhanced, or
    none where the carers team has written down why not. Otherwise what the offer says.
    """
    if NEVER_WAIVED & set(duties(offer)):
        return Level.BARRED
    if offer.dbs_note:
        return Level.NONE
    least = Level.ENHANCED if offer.category.slug == SITTING else Level.NONE
    return Level(max(least, offer.dbs_level, key=LEVELS.index))


def has_level(check, level):
    """True where a worker's check is at that level or above."""
    return LEVELS.index(check.level) >= LEVELS.index(level)


def missing(offer, *, on, shown=None):
    """R46. Return what an offer lacks on a day before carers may see it, as Missing; nothing where it is all there."""
    shown = shown or shown_by(offer.provider)
    found = [each for duty in duties(offer) if (each := _of_duty(offer, duty, shown, on))]
    level = level_needed(offer)
    if level != Level.NONE and not _checked(shown, level):
        words = _("Nobody who works for you has a DBS check of this level: %(level)s.")
        found.append(Missing("dbs", words % {"level": level.label}))
    if offer.category.slug == FOOD and offer.provider.serves_food is None:
        found.append(Missing("food", _("Say whether you serve food.")))
    return found


def refuse_unless_checked(offer, *, on):
    """Raise NotChecked where an offer lacks something of R46 on that day; to be asked before it goes live."""
    if found := missing(offer, on=on):
        raise NotChecked(found)


def recount(provider, *, on):
    """Write down until when the checks of each offer hold, within the caller's transaction; None where nothing ends.

    It is the last day up to which they hold without a gap from the day `on`. Only what was there and has ended hides
    an offer: one that came in a file of the pilot without any checks stays.
    """
    shown = shown_by(provider)
    rows = Offer.objects.filter(provider=provider).exclude(state=Offer.State.WITHDRAWN)
    for offer in rows.select_related("provider", "category"):
        until = _checked_until(offer, shown, on)
        if until != offer.checked_until:
            Offer.objects.filter(pk=offer.pk).update(checked_until=until)


def add_check(*, provider, person, level, issued_on, by, now, on_update_service=False):
    """Note a provider's word that a worker was checked; the certificate stays with the worker. Raises BadCheck."""
    if not person.strip():
        raise BadCheck("person")
    if level not in LEVELS or level == Level.NONE:
        raise BadCheck("level")
    if issued_on > timezone.localdate(now):
        raise BadCheck("future")
    about = {"person": person.strip(), "level": level, "issued_on": issued_on}
    with transaction.atomic():
        Provider.objects.locked(provider.pk)
        if twin := provider.dbs_checks.filter(**about, ended_at=None).first():
            return twin
        check = DbsCheck.objects.create(
            provider=provider, **about, on_update_service=on_update_service, confirmed_by=by.user, confirmed_at=now
        )
        recount(provider, on=timezone.localdate(now))
        history.record(act="dbs.confirmed", subject=check, by=by, at=now, council=provider.council, level=level)
    return check


def end_check(*, check, by, now):
    """Say that a worker has left or was checked anew; a second press changes nothing."""
    provider = check.provider
    with transaction.atomic():
        Provider.objects.locked(provider.pk)
        if DbsCheck.objects.filter(pk=check.pk, ended_at=None).update(ended_at=now):
            recount(provider, on=timezone.localdate(now))
            history.record(act="dbs.ended", subject=check, by=by, at=now, council=provider.council, level=check.level)


def note_why_no_check(*, offer, words, by, now):
    """Write down why the carers team asks for no check of who sits with somebody; empty words ask for it again."""
    with transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(dbs_note=words.strip())
        offer.dbs_note = words.strip()
        recount(offer.provider, on=timezone.localdate(now))
        act = "offer.no_check" if offer.dbs_note else "offer.check_asked"
        history.record(act=act, subject=offer, by=by, at=now, council=offer.provider.council)


def _of_duty(offer, duty, shown, on):
    covered = _cover(offer, duty, shown)
    if covered.holds(on):
        return None
    asked = shown.exemptions_for(offer, duty)
    last = asked[-1] if asked else None
    if last and last.reviewed_by_id is None:
        words = _("%(duty)s: the exemption that you asked for waits for the carers team.")
    elif offer.provider.ciw_number and shown.registration_waits:
        words = _("%(duty)s: your registration waits for the carers team.")
    elif offer.provider.ciw_number and (again := shown.registered.again(on)):
        begins = _("%(duty)s: your registration with Care Inspectorate Wales begins on %(day)s.")
        return Missing(duty, begins % {"duty": Duty(duty).label, "day": wording.day(again, "long")})
    elif offer.provider.ciw_number and shown.registered.spans:
        words = _("%(duty)s: your registration with Care Inspectorate Wales has ended. Show the newer one.")
    elif offer.provider.ciw_number:
        words = _("%(duty)s: show your registration with Care Inspectorate Wales.")
    elif last and last.refusal:
        words = _("%(duty)s: the exemption was not agreed. Give your registration number, or ask again.")
    elif last:
        words = _("%(duty)s: the exemption has ended. Give your registration number, or ask again.")
    else:
        words = _("%(duty)s: give your number with Care Inspectorate Wales, or ask for an exemption.")
    return Missing(duty, words % {"duty": Duty(duty).label})


def _cover(offer, duty, shown):
    """Return the cover.Cover of everything that was ever agreed for a duty of an offer."""
    agreed = [each for each in shown.exemptions_for(offer, duty) if each.reviewed_by_id and not each.refusal]
    spans = [cover.Span(cover.BEGINNING, each.valid_until or cover.END) for each in agreed]
    return cover.joined([*spans, *(shown.registered.spans if offer.provider.ciw_number else ())])


def _checked(shown, level):
    return any(check.ended_at is None and has_level(check, level) for check in shown.checks)


def _checked_until(offer, shown, on):
    found = [until for duty in duties(offer) if (until := _cover(offer, duty, shown).until(on))]
    level = level_needed(offer)
    enough = [check for check in shown.checks if level != Level.NONE and has_level(check, level)]
    if enough and not _checked(shown, level):
        left = max(timezone.localdate(check.ended_at) for check in enough)
        found.append(left - dt.timedelta(days=1))
    return min(found, default=None)
