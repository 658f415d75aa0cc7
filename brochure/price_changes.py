"""New prices of an offer from a day on: a dearer one is told weeks before, a much dearer one is agreed first (R52).

A rate beside the standard one can be left out from a day on: its new price is None, and that of R51 counts instead.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import history
from brochure import offer_content, offering, prices
from brochure.models import EditionOffer, Offer, OfferPrice
from brochure.prices import Rate, Rates

State = Offer.State


class Refused(Exception):
    """New prices that cannot be; the kinds below say why."""


class NothingNew(Refused):
    """Every price is already what was typed."""


class NoStandardPrice(Refused):
    """The standard price comes first; the others are beside it."""


class TooEarly(Refused):
    """They can begin on `first_day` at the earliest: a dearer price is told before, and a day has one price."""

    def __init__(self, first_day):
        super().__init__(first_day.isoformat())
        self.first_day = first_day


class AlreadyBegun(Exception):
    """That price has begun, or it is not there any more: it cannot be taken back."""


@dataclass(frozen=True)
class Plan:
    """What new prices from a day on would do: `rates` are those that change, in pence; None: left out."""

    rates: dict
    first_day: dt.date
    # The first day on which they may begin.
    earliest: dt.date
    # Dearer for some break or other, and so much that the carers team looks at it first.
    is_dearer: bool
    waits: bool


def plan(*, offer, rates, first_day, on):
    """R52. Return the Plan of new prices, {rate: pence}, told on a day. Raises NothingNew, NoStandardPrice.

    A dearer price begins at least `price_notice_days` (28) later; one that is more than `price_rise_percent` (10)
    dearer for any break is agreed by the carers team. It is measured by the lowest price a carer pays or has been
    told of until then, so that small steps do not add up to a large one. What costs no more may begin at once.
    None leaves a rate out: what its breaks then cost, on that day and with what is set for later, is measured alike.
    """
    scheme = offer.provider.council.scheme
    known = prices.own_rates([offer.pk], first_day).get(offer.pk, {})
    rates = {rate: pence for rate, pence in rates.items() if known.get(rate) != pence}
    if not rates:
        raise NothingNew
    if Rate.STANDARD not in prices.with_change(known, rates):
        raise NoStandardPrice
    before = _lowest_until(offer, first_day, on)
    if offer.state == State.DRAFT or before is None:
        return Plan(rates, first_day, on, is_dearer=False, waits=False)
    then = zip(_highest_from(offer, rates, first_day), before, strict=True)
    changed = [(new, old) for new, old in then if new is not None]
    is_dearer = any(new > old for new, old in changed)
    much = any((new - old) * 100 > old * scheme.price_rise_percent for new, old in changed)
    if is_dearer:
        earliest = on + dt.timedelta(days=scheme.price_notice_days)
    else:
        begun = offer.prices.filter(rate__in=rates, first_day=on).exists()
        earliest = on + dt.timedelta(days=begun)
    if much and offer.prices.filter(rate__in=rates, first_day=first_day).exists():
        # What is set for that day stands until the carers team has agreed, and a day has one price.
        earliest = max(earliest, first_day + dt.timedelta(days=1))
    return Plan(rates, first_day, earliest, is_dearer, waits=much)


@transaction.atomic
def propose(*, offer, rates, first_day, by, now):
    """R52. Set new prices, {rate: pence or None}, from a day on, or lay them before the carers team; return the Plan.

    What is booked keeps its price. A draft's prices hold at once, whatever the day, and may be said again. The offer
    is locked, so that whoever asks for it now sees the one price or the other. Raises a kind of Refused with nothing
    changed, and offering.NotPossible for an offer that was withdrawn.
    """
    offer, on = _locked(offer), timezone.localdate(now)
    if offer.state == State.WITHDRAWN:
        raise offering.NotPossible(offer.state)
    if offer.state == State.DRAFT:
        return _say_first_prices(offer, rates, by, now)
    made = plan(offer=offer, rates=rates, first_day=first_day, on=on)
    if first_day < made.earliest:
        raise TooEarly(made.earliest)
    waiting = waiting_prices(offer)
    rows = {(rate, first_day): pence for rate, pence in made.rates.items()}
    if made.waits:
        _lay_before_team(offer, waiting | rows, by, now)
        return made
    # Of a day that has not come the newest word counts.
    offer.prices.filter(rate__in=made.rates, first_day=first_day, first_day__gt=on).delete()
    for rate, pence in made.rates.items():
        OfferPrice.objects.create(offer=offer, rate=rate, price_pence=pence, first_day=first_day)
    _lay_before_team(offer, {key: pence for key, pence in waiting.items() if key not in rows}, by, now)
    offering.version_now(offer, now=now)
    said = {"rates": sorted(made.rates), "first_day": first_day.isoformat()}
    history.record(act="offer.prices_set", subject=offer, by=by, at=now, council=offer.provider.council, **said)
    return made


@transaction.atomic
def take_back(*, offer, rate, first_day, by, now):
    """Take back a price that has not begun, or that waits for the carers team. Raises AlreadyBegun."""
    offer, on = _locked(offer), timezone.localdate(now)
    waiting = waiting_prices(offer)
    rows = offer.prices.filter(rate=rate, first_day=first_day, first_day__gt=on)
    if not rows.exists() and (rate, first_day) not in waiting:
        raise AlreadyBegun
    was_set = rows.delete()[0]
    left = {key: pence for key, pence in waiting.items() if key != (rate, first_day)}
    _lay_before_team(offer, left, by, now)
    if was_set:
        offering.version_now(offer, now=now)
        said = {"rates": [rate], "first_day": first_day.isoformat()}
        history.record(
            act="offer.prices_taken_back", subject=offer, by=by, at=now, council=offer.provider.council, **said
        )


def waiting_prices(offer):
    """Return {(rate, first day): pence, or None where it is left out} of what waits for the carers team."""
    version = offering.waiting_version(offer)
    if version is None or offer.state == State.DRAFT:
        return {}
    there = {(row.rate, row.first_day, row.price_pence) for row in offer.prices.all()}
    rows = [(rate, dt.date.fromisoformat(day), pence) for rate, day, pence in version.content["prices"]]
    return {(rate, day): pence for rate, day, pence in rows if (rate, day, pence) not in there}


def coming(offer, *, on):
    """Return the prices of an offer that are set and have not begun, the next first."""
    return list(offer.prices.filter(first_day__gt=on).order_by("first_day", "pk"))


def what_carers_will_pay(offer, *, on):
    """Return [(day, {rate: pence})…]: each day from which a carer pays another price, and what changes then.

    While an edition promises less, a price that begins is not paid yet; it is from the day after the promise (R23).
    Offers have their `rates` (prices.attach).
    """
    begin = offer.prices.filter(first_day__gt=on).values_list("first_day", flat=True)
    promised = EditionOffer.objects.filter(offer=offer, edition__made_on__lte=on, edition__prices_until__gte=on)
    days = {*begin, *(last + dt.timedelta(days=1) for last in promised.values_list("edition__prices_until", flat=True))}
    found, before = [], offer.rates.shown
    for day in sorted(days):
        rates = prices.rates_of(offer, day)
        after = rates.shown
        # What is no rate of its own any more is said once more, with what counts instead.
        instead = {rate: pence for rate in before if rate not in after and (pence := rates.beginning(rate)) is not None}
        if changed := {rate: pence for rate, pence in (after | instead).items() if before.get(rate) != pence}:
            found.append((day, {rate: changed[rate] for rate in Rate if rate in changed}))
        before = after
    return found


def _lowest_until(offer, first_day, on):
    """Return the lowest price of each kind of start from today to a day, as they are set; None without any price."""
    days = offer.prices.filter(first_day__gt=on, first_day__lt=first_day).values_list("first_day", flat=True)
    known = [prices.own_rates([offer.pk], day).get(offer.pk, {}) for day in sorted({on, *days})]
    every = [Rates(offer.unit, own).every for own in known if Rate.STANDARD in own]
    return [min(each) for each in zip(*every, strict=True)] if every else None


def _highest_from(offer, change, first_day):
    """Return the highest price of each kind of start from a day on, with what is set for later, as the change makes it.

    None for a kind of start that costs the same without the change: what it costs was told before.
    """
    later = list(offer.prices.filter(first_day__gt=first_day).order_by("first_day"))
    highest = [None] * len(prices.possible_starts(offer.unit))
    for day in dict.fromkeys([first_day, *(row.first_day for row in later)]):
        # About some rates another word is set by then.
        said = {row.rate for row in later if row.first_day <= day}
        left = {rate: pence for rate, pence in change.items() if rate not in said}
        own = prices.own_rates([offer.pk], day)[offer.pk]
        without, then = (Rates(offer.unit, each).every for each in (own, prices.with_change(own, left)))
        every = zip(highest, then, without, strict=True)
        highest = [top if new == old else max(top or 0, new) for top, new, old in every]
    return highest


def _say_first_prices(offer, rates, by, now):
    on = timezone.localdate(now)
    known = prices.own_rates([offer.pk], on).get(offer.pk, {})
    rates = prices.with_change({}, rates)
    if known == rates:
        raise NothingNew
    if Rate.STANDARD not in rates:
        raise NoStandardPrice
    # What was sent with other prices is taken back with them.
    offering.take_back(offer=offer, by=by, now=now)
    offer.prices.all().delete()
    for rate, pence in rates.items():
        OfferPrice.objects.create(offer=offer, rate=rate, price_pence=pence, first_day=on)
    return Plan(rates, on, on, is_dearer=False, waits=False)


def _lay_before_team(offer, waiting, by, now):
    """Let these prices, {(rate, first day): pence}, wait beside those that are set, and no others."""
    if not waiting and offering.waiting_version(offer) is None:
        return
    there = {(rate, day): pence for rate, day, pence in offer_content.content_of(offer)["prices"]}
    wanted = there | {(rate, day.isoformat()): pence for (rate, day), pence in waiting.items()}
    rows = sorted([rate, day, pence] for (rate, day), pence in wanted.items())
    offering.change(offer=offer, to={"prices": rows}, by=by, now=now)


def _locked(offer):
    rows = Offer.objects.select_for_update(no_key=True, of=["self"])
    return rows.select_related("provider__council__scheme", "category").get(pk=offer.pk)
