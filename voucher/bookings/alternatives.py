"""What else could be asked for: somebody else at that time, the same at another time, a sitter meanwhile."""

import datetime as dt
from dataclasses import dataclass, replace

from django.utils import timezone

from brochure import availability, catalogue, places, prices
from brochure.models import Offer
from voucher.bookings import asking
from voucher.calendars import places_taken

SITTING = "sitting"
# As many of each kind are shown; the best come first.
OTHERS_SHOWN = 6
TIMES_SHOWN = 5
# A sitter may come before the carer leaves and stay until she is back: so many minutes at either end.
MARGINS = (30, 0)


@dataclass(frozen=True)
class Candidate:
    """One more thing to ask for: an offer at a time, its Quote, and how far away it is in miles (None: not known)."""

    offer: Offer
    starts_at: dt.datetime
    minutes: int
    quote: asking.Quote
    miles: float | None = None

    @property
    def ends_at(self):
        return availability.ends_at(self.offer, self.starts_at, self.minutes)


def somebody_else(*, award, offer, starts_at, minutes, most, now, by, besides=()):
    """Return the other offers of that kind that are free then for at most `most` of the award, nearest first.

    `besides` holds numbers of offers that are chosen already. Of an offer with one length that is the length.
    """
    rows = _offers(award, now).filter(category=offer.category).exclude(pk__in=[offer.pk, *besides])
    wanted = [(row, starts_at, _length_like(row, minutes)) for row in rows]
    return _possible(award, wanted, most, now, by)[:OTHERS_SHOWN]


def sitters(*, award, starts_at, ends_at, margin, most, now, by, besides=()):
    """Return who can sit from `margin` minutes before a break until so many after it, nearest first (R26)."""
    begin = starts_at.astimezone(dt.UTC) - dt.timedelta(minutes=margin)
    whole = (ends_at.astimezone(dt.UTC) - begin).total_seconds() // 60 + margin
    minutes = int(-(-whole // availability.STEP_MINUTES) * availability.STEP_MINUTES)
    rows = _offers(award, now).filter(category__slug=SITTING).exclude(pk__in=besides)
    wanted = [(row, begin, next((each for each in availability.lengths(row) if each >= minutes), 0)) for row in rows]
    return _possible(award, wanted, most, now, by)[:OTHERS_SHOWN]


def other_times(*, award, offer, starts_at, minutes, most, free, on):
    """Return the same offer at other times out of its free days: that day first, then the same time on the next days.

    `free` is what availability.free_days gives for this award and that length; each time has its own price (R51),
    on the day of asking, and one that costs more than `most` of the award is left out.
    """
    rates = asking.rates_of(offer, on)
    quotes = {
        price: asking.quote_at(award, offer, minutes, price)
        for price in {rates.at(start) for day in free for start in day.starts}
    }
    paid_for = [[start for start in day.starts if quotes[rates.at(start)].amount <= most] for day in free]
    free = [replace(day, starts=tuple(starts)) for day, starts in zip(free, paid_for, strict=True) if starts]
    local = starts_at.astimezone(availability.LONDON)
    own_day = [start for day in free if day.day == local.date() for start in day.starts if start != starts_at]
    nearest = sorted(own_day, key=lambda start: abs(start - starts_at))[:2]
    for day in sorted(free, key=lambda day: (abs((day.day - local.date()).days), day.day)):
        if day.day != local.date():
            nearest.append(min(day.starts, key=lambda start: abs(_minute(start) - _minute(local))))
        if len(nearest) >= TIMES_SHOWN:
            break
    return [Candidate(offer, start, minutes, quotes[rates.at(start)]) for start in sorted(nearest)]


def free_days(award, offer, minutes, now, besides=None):
    """Return the days and times on which this award can really have the offer for that long.

    `besides` is a booking that does not count: the one that is to be moved.
    """
    until = now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS + 8)
    taken = places_taken.taken_times(offer, now, until, besides=besides, award=award)
    days = availability.free_days(offer, now, minutes=minutes, taken=taken, last_day=award.account.last_day)
    return [
        free
        for free in days
        if free.day >= award.account.first_day
        and offer.is_in_order(on=timezone.localdate(availability.ends_at(offer, free.starts[-1], minutes)))
    ]


def candidate(*, award, offer, starts_at, minutes, now, by):
    """Return one Candidate that is possible and has a place now; raises a kind of asking.Refused."""
    asking.refuse_offer(award=award, offer=offer, on=timezone.localdate(now), by=by)
    asking.refuse_unless_possible(award=award, offer=offer, starts_at=starts_at, minutes=minutes, now=now)
    asking.refuse_taken(award=award, offer=offer, starts_at=starts_at, minutes=minutes)
    on = timezone.localdate(now)
    quote = asking.quote(award=award, offer=offer, starts_at=starts_at, minutes=minutes, on=on)
    return Candidate(offer, starts_at, minutes, quote)


def _offers(award, now):
    return catalogue.live_offers(on=timezone.localdate(now), council=award.council)


def _possible(award, wanted, most, now, by):
    """Return the Candidates out of (offer, start, minutes) that are possible, nearest and cheapest first."""
    until = now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS + 8)
    taken = places_taken.taken_by_offer([offer.pk for offer, _start, _minutes in wanted], after=now, before=until)
    prices.attach([offer for offer, _start, _minutes in wanted], timezone.localdate(now))
    found = []
    for offer, starts_at, minutes in wanted:
        try:
            asking.refuse_offer(award=award, offer=offer, on=timezone.localdate(now), by=by)
            asking.refuse_unless_possible(award=award, offer=offer, starts_at=starts_at, minutes=minutes, now=now)
        except asking.Refused:
            continue
        spans = availability.spans(offer, starts_at, minutes)
        quote = asking.quote_at(award, offer, minutes, offer.rates.at(starts_at))
        if quote.amount <= most and availability.is_free(offer, spans, taken[offer.pk]):
            found.append(Candidate(offer, starts_at, minutes, quote))
    return _nearest_first(award.carer.postcode, found)


def _nearest_first(postcode, found):
    here = _district(postcode)
    there = {each.offer.pk: _district(each.offer.provider.postcode) for each in found}
    centres = places.centres({here, *there.values()})
    measured = []
    for each in found:
        known = here in centres and there[each.offer.pk] in centres
        miles = places.miles(centres[here], centres[there[each.offer.pk]]) if known else None
        measured.append(Candidate(each.offer, each.starts_at, each.minutes, each.quote, miles))
    far = float("inf")
    return sorted(
        measured, key=lambda each: (far if each.miles is None else each.miles, each.quote.price_pence, each.offer.pk)
    )


def _district(postcode):
    try:
        return places.district(postcode)
    except places.PlaceNotKnown:
        return ""


def _length_like(offer, minutes):
    lengths = availability.lengths(offer)
    return lengths[0] if len(lengths) == 1 else minutes


def _minute(moment):
    local = moment.astimezone(availability.LONDON)
    return local.hour * 60 + local.minute
