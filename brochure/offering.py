"""A provider's offers from the first draft to the last day: drafted, sent, agreed, changed, hidden, withdrawn.

Every state of an offer that carers could see is kept as a version, whose content the database lets nobody change.
What matters waits as a version of its own, and the brochure goes on showing the current one (R48).
"""

import copy
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify

from accounts import history
from brochure import care_checks, offer_content
from brochure.models import Offer, OfferPrice, OfferVersion, Photo

State, Version = Offer.State, OfferVersion.State
FIRST_NUMBER = 1001
TRIES = 5
ASKS_FOR_CHECKS = ("category", "personal_care", "accommodation_with_care", "childcare", "dbs_level")


class NotPossible(Exception):
    """The offer does not stand so that this could be done; `state` is how it stands."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


class ChangedSince(Exception):
    """The version that was looked at does not wait any more: it was changed, taken back or answered meanwhile."""


class NotComplete(Exception):
    """Something is missing before the offer can be sent; `parts` names what: "words", "length", "hours", "price"."""

    def __init__(self, parts):
        super().__init__(", ".join(parts))
        self.parts = parts


class UnitIsFixed(Exception):
    """What an offer is sold by does not change once carers could book it: make another offer instead."""


@dataclass(frozen=True)
class Changed:
    """What became of a change: the keys that count at once, and those that wait for the carers team."""

    at_once: frozenset
    waits: frozenset


def make_draft(*, provider, category, title_en="", title_cy="", description_en="", description_cy="", by, now):
    """Begin an offer that nobody else sees yet, with a number and an address of its own; returns it.

    One of the two titles is needed. What is still to be said (`missing`) is said by `change`.
    """
    texts = {"title_en": title_en, "title_cy": title_cy}
    texts |= {"description_en": description_en, "description_cy": description_cy}
    for attempt in range(1, TRIES + 1):
        number = (Offer.objects.aggregate(last=Max("number"))["last"] or FIRST_NUMBER - 1) + 1
        slug = f"{slugify(title_en or title_cy)[:100]}-{number}".lstrip("-")
        try:
            with transaction.atomic():
                offer = Offer.objects.create(
                    **{"ref": f"N{number}", "provider": provider, "category": category, "slug": slug, "number": number},
                    **{"unit": Offer.Unit.SESSION, "minutes": 60, "hours": "", "state": State.DRAFT},
                    **texts,
                )
                history.record(act="offer.drafted", subject=offer, by=by, at=now, council=provider.council)
                return offer
        except IntegrityError:
            # Somebody took the number this moment.
            if attempt == TRIES:
                raise
    raise AssertionError


def missing(offer):
    """Return what a draft still lacks before it can be sent, in the order of its parts."""
    lacks = {
        "words": not (offer.description_en or offer.description_cy),
        "price": not offer.prices.exists(),
        "hours": not offer.hours,
    }
    return [part for part, is_missing in lacks.items() if is_missing]


def set_first_price(*, offer, price_pence, by, now):
    """Say what one unit of a draft costs, in pence; nobody has booked at it yet, so it may be said again.

    Raises NotPossible for an offer that was sent.
    """
    with transaction.atomic():
        offer = _locked(offer)
        if offer.state != State.DRAFT:
            raise NotPossible(offer.state)
        standard = offer.prices.filter(rate=OfferPrice.Rate.STANDARD)
        if standard.values_list("price_pence", flat=True).first() != price_pence:
            _withdraw(waiting_version(offer), by, now)
            standard.delete()
            OfferPrice.objects.create(offer=offer, price_pence=price_pence, first_day=timezone.localdate(now))


@transaction.atomic
def change(*, offer, to, by, now):
    """R48. Change some of an offer, {key: value} as in offer_content; returns what counts at once and what waits.

    A small edit counts at once. What matters becomes the one version that waits, together with what waited before;
    changed back to what the brochure shows, nothing waits any more. A draft is simply changed; one that was sent is
    taken back by it. Raises UnitIsFixed, and NotPossible for an offer that was withdrawn.
    """
    offer = _locked(offer)
    if offer.state == State.WITHDRAWN:
        raise NotPossible(offer.state)
    before, waiting = offer_content.content_of(offer), waiting_version(offer)
    if offer.state == State.DRAFT:
        wanted = before | to
        if changed := _changed(before, wanted):
            _withdraw(waiting, by, now)
            _save(offer, wanted)
        return Changed(at_once=changed, waits=frozenset())
    wanted = before | _wished(before, waiting, offer) | to
    if wanted["unit"] != before["unit"]:
        raise UnitIsFixed
    waits = offer_content.keys_that_wait(before, wanted, offer.provider.council.scheme)
    shown = {key: before[key] if key in waits else wanted[key] for key in wanted}
    at_once = _changed(before, shown)
    # A booking that was made under the version before keeps it.
    version_now(offer, now=now)
    if at_once:
        _save(offer, shown)
        _make_current(offer, shown, by, now)
        history.record(**_about(offer, "offer.changed", by, now), keys=sorted(at_once))
    if not waits:
        _withdraw(waiting, by, now)
    elif (
        waiting is None
        or at_once & offer_content.MAY_WAIT
        or _wished(before, waiting, offer) != {key: wanted[key] for key in waits}
    ):
        _replace(waiting)
        wish = shown | {key: wanted[key] for key in waits}
        made = _new_version(offer, wish, Version.WAITING, by, now)
        history.record(**_about(offer, "offer.change_sent", by, now), version=made.number, keys=sorted(waits))
    return Changed(at_once=at_once, waits=frozenset(waits))


@transaction.atomic
def send(*, offer, by, now):
    """Send a draft to the carers team; a second press gives the same version. Raises NotComplete, NotPossible."""
    offer = _locked(offer)
    if offer.state != State.DRAFT:
        raise NotPossible(offer.state)
    if lacks := missing(offer):
        raise NotComplete(lacks)
    if version := waiting_version(offer):
        return version
    version = _new_version(offer, offer_content.content_of(offer), Version.WAITING, by, now)
    history.record(**_about(offer, "offer.sent", by, now), version=version.number)
    return version


@transaction.atomic
def take_back(*, offer, by, now):
    """Take back what waits for the carers team, if anything does."""
    _withdraw(waiting_version(_locked(offer)), by, now)


@transaction.atomic
def approve(*, version, by, now):
    """Agree to a version that waits: the brochure shows it from now on, and a draft is live.

    Of the offer only what waited changes: what was edited meanwhile stays. Photos that wait with a draft are looked
    at one by one. Raises ChangedSince, NotPossible, and
    care_checks.NotChecked for a draft, or a change of care, that lacks something (R46).
    """
    offer, version = _answered_now(version)
    before, after = before_and_after(version, offer)
    offer_content.put_into(offer, after)
    today = timezone.localdate(now)
    if _is_about_care(offer, before, after):
        care_checks.refuse_unless_checked(offer, on=today)
    for price in offer_content.prices_to_add(offer, after, on=today):
        price.save()
    if offer.state == State.DRAFT:
        offer.state = State.LIVE
    offer.save(update_fields=[*offer_content.SAVED, "state"])
    care_checks.recount(offer.provider, on=today)
    offer.versions.filter(state=Version.CURRENT).update(state=Version.REPLACED)
    _answer(version, Version.CURRENT, by, now)
    # Where something else was edited without a version, the one that is current says so.
    version_now(offer, now=now)
    history.record(**_about(offer, "offer.approved", by, now), version=version.number)
    return offer


@transaction.atomic
def refuse(*, version, reason, by, now):
    """Say no to a version that waits, with a reason; the brochure goes on as it is. Raises ChangedSince."""
    offer, version = _answered_now(version)
    _answer(version, Version.REFUSED, by, now, reason)
    history.record(**_about(offer, "offer.refused", by, now), version=version.number)
    return offer


def hide(*, offer, by, now):
    """Take a live offer out of the brochure for a while; what is booked stays. Raises NotPossible."""
    _move(offer, (State.LIVE,), State.PAUSED, "offer.hidden", by, now)


def show(*, offer, by, now):
    """Put a hidden offer back into the brochure. Raises NotPossible."""
    _move(offer, (State.PAUSED,), State.LIVE, "offer.shown", by, now)


@transaction.atomic
def withdraw(*, offer, by, now):
    """Take an offer out of the brochure for good, and what waits back; what is booked stays. Raises NotPossible."""
    _move(offer, (State.LIVE, State.PAUSED), State.WITHDRAWN, "offer.withdrawn", by, now)
    _withdraw(waiting_version(offer), by, now)


@transaction.atomic
def discard(*, offer, by, now):
    """Throw away a draft: nobody but its provider and the carers team ever saw it. Raises NotPossible."""
    offer = _locked(offer)
    if offer.state != State.DRAFT:
        raise NotPossible(offer.state)
    history.record(**_about(offer, "offer.discarded", by, now))
    offer.delete()


def waiting_version(offer):
    """Return the version that waits for the carers team, or None."""
    return offer.versions.filter(state=Version.WAITING).first()


@transaction.atomic
def version_now(offer, *, now):
    """Return the version that says what the offer is now; one is made where none does, as of a loaded offer."""
    current, content = offer.versions.filter(state=Version.CURRENT).first(), offer_content.content_of(offer)
    if current and current.content == content:
        return current
    return _make_current(offer, content, None, now)


def before_and_after(version, offer):
    """Return the content of the offer as it is, and as it would be with a version that waits."""
    before = offer_content.content_of(offer)
    return before, before | _wished(before, version, offer)


def checks_missing(version, offer, *, on):
    """Return what brochure.care_checks says is missing before a version that waits can be agreed to."""
    before, after = before_and_after(version, offer)
    as_wished = copy.copy(offer)
    offer_content.put_into(as_wished, after)
    return care_checks.missing(as_wished, on=on) if _is_about_care(offer, before, after) else []


def waiting(council):
    """Return the versions that wait for this council's carers team, the oldest first."""
    rows = OfferVersion.objects.filter(state=Version.WAITING, offer__provider__council=council)
    return rows.select_related("offer__provider", "offer__category", "made_by").order_by("made_at", "pk")


def photos_waiting(council):
    """Return the photos that wait for this council's carers team, of offers that do not wait as a whole."""
    rows = Photo.objects.filter(state=Photo.State.WAITING, offer__provider__council=council)
    return rows.exclude(offer__state=State.DRAFT).exclude(offer__state=State.WITHDRAWN).order_by("added_at", "pk")


def _is_about_care(offer, before, after):
    """True of a draft, and of a change of what decides which checks are asked for: new words alone need none."""
    return offer.state == State.DRAFT or any(before[key] != after[key] for key in ASKS_FOR_CHECKS)


def _locked(offer):
    return (
        Offer.objects.select_for_update(no_key=True, of=["self"])
        .select_related("provider__council__scheme", "category")
        .get(pk=offer.pk)
    )


def _answered_now(version):
    """Return the locked offer and the version, which still waits. Raises ChangedSince."""
    offer = _locked(version.offer)
    if offer.state == State.WITHDRAWN:
        raise NotPossible(offer.state)
    now_waiting = waiting_version(offer)
    if now_waiting is None or now_waiting.pk != version.pk:
        raise ChangedSince
    return offer, now_waiting


def _wished(before, waiting, offer):
    """Return {key: value} of what waits: the rest of that version was edited at once, then or since."""
    if waiting is None:
        return {}
    after = before | waiting.content
    # Prices are only ever added: what was set beside those that wait is not taken away by them.
    there = {(rate, day) for rate, day, _pence in before["prices"]}
    added = [row for row in after["prices"] if (row[0], row[1]) not in there]
    after["prices"] = sorted([*before["prices"], *added])
    keys = offer_content.keys_that_wait(before, after, offer.provider.council.scheme)
    return {key: after[key] for key in keys}


def _changed(before, after):
    return frozenset(key for key in before if before[key] != after[key])


def _save(offer, content):
    offer_content.put_into(offer, content)
    offer.save(update_fields=offer_content.SAVED)


def _make_current(offer, content, by, now):
    offer.versions.filter(state=Version.CURRENT).update(state=Version.REPLACED)
    # With what was saved just now, prices as they are.
    return _new_version(offer, content, Version.CURRENT, by, now)


def _new_version(offer, content, state, by, now):
    number = (offer.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    return OfferVersion.objects.create(
        offer=offer, number=number, content=content, state=state, made_by=by and by.user, made_at=now
    )


def _replace(version):
    if version:
        OfferVersion.objects.filter(pk=version.pk).update(state=Version.REPLACED)


def _withdraw(version, by, now):
    if version:
        _answer(version, Version.WITHDRAWN, None, now)
        history.record(**_about(version.offer, "offer.taken_back", by, now), version=version.number)


def _answer(version, state, by, now, reason=""):
    said = {"state": state, "answered_by": by and by.user, "answered_at": now, "reason": reason}
    OfferVersion.objects.filter(pk=version.pk).update(**said)


@transaction.atomic
def _move(offer, states, to, act, by, now):
    if not Offer.objects.filter(pk=offer.pk, state__in=states).update(state=to):
        raise NotPossible(Offer.objects.get(pk=offer.pk).state)
    offer.state = to
    history.record(**_about(offer, act, by, now))


def _about(offer, act, by, now):
    return {"act": act, "subject": offer, "by": by, "at": now, "council": offer.provider.council}
