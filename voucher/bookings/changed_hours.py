"""New hours of a provider's offers: which live bookings fall outside them, and saving them without touching any."""

import copy
import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from accounts import history
from brochure import availability, offering, taken_places
from brochure.availability import LONDON
from brochure.models import Offer
from providers.models import Provider
from voucher.calendars.places_taken import spans_of
from voucher.models import Booking, Suggestion

# What of an offer says when it can be had.
OF_TIMES = (
    "hours",
    "other_days",
    "courses",
    "least_minutes",
    "buffer_minutes",
    "week_minutes",
    "notice_hours",
    "places",
)


class StaleHours(Exception):
    """More bookings fall outside the new hours than were shown; `change` is the Change as it is now."""

    def __init__(self, change):
        super().__init__()
        self.change = change


@dataclass(frozen=True)
class Change:
    """New times of offers, {offer: {key: value}}, and the live bookings that fall outside them, earliest first.

    One for which its provider has suggested other times stands there with each of those. `crowded` holds the
    (number, start) of the ones that are within the hours but have no place any more.
    """

    to: dict
    outside: list
    crowded: frozenset = frozenset()

    @property
    def seen(self):
        """What tells these bookings from any others, so that nothing is saved that was not shown."""
        rows = [f"{row.ref}:{row.state}:{row.starts_at.isoformat()}" for row in self.outside]
        return hashlib.sha256("/".join(rows).encode()).hexdigest()[:16]


def plan(*, to, now, at_once=None):
    """Return the Change that these new times would be; nothing is saved. `to` is {offer: {key: value}}.

    `at_once` is (provider, before, after) where the provider gives fewer breaks at once in all its offers than before.
    """
    changed = {offer.pk: (offer, _as_changed(offer, values)) for offer, values in to.items()}
    rows = _live(now, offer__in=to)
    outside = {_slot(row) for row in rows if _falls_outside(row, *changed[row.offer_id])}
    crowded = _crowded_out([row for row in rows if _slot(row) not in outside], changed)
    if at_once is not None:
        provider, before, after = at_once
        every = _live(now, provider=provider)
        crowded |= _too_many_at_once(every, before, after) - outside
        each_once = {_slot(row): row for row in [*every, *rows]}
        rows = sorted(each_once.values(), key=lambda row: (row.starts_at, row.pk))
    # Of what a carer has not paid by card yet the provider was never asked.
    rows = [row for row in rows if _slot(row) in outside | crowded and row.state != Booking.State.UNPAID]
    return Change(to, rows, frozenset(crowded))


def save(*, provider, to, breaks_at_once, seen, by, now):
    """Save the new times of these offers, and how many breaks the provider gives at once (None: as many as it can).

    No booking is touched: what falls outside stays as an exception until somebody suggests another time or cancels.
    Raises StaleHours where other bookings fall outside than those of `seen` (Change.seen), and offering.NotPossible.
    """
    with transaction.atomic():
        # Whoever books one of them meanwhile waits, and is then answered by the new hours.
        numbers = sorted(offer.pk for offer in to)
        list(Offer.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
        before = Provider.objects.get(pk=provider.pk).breaks_at_once
        is_fewer = breaks_at_once is not None and (before is None or breaks_at_once < before)
        change = plan(to=to, now=now, at_once=(provider, before, breaks_at_once) if is_fewer else None)
        if change.outside and change.seen != seen:
            raise StaleHours(change)
        for offer in sorted(to, key=lambda each: each.pk):
            offering.change(offer=offer, to=to[offer], by=by, now=now)
        row = Provider.objects.get(pk=provider.pk)
        if row.breaks_at_once != breaks_at_once:
            Provider.objects.filter(pk=provider.pk).update(breaks_at_once=breaks_at_once)
            history.record(act="provider.breaks_at_once", subject=provider, by=by, at=now, council=provider.council)
    return change


def _live(now, **of):
    """Return the live bookings at the times that they hold, the earliest first; two queries.

    While the carer looks at other times that her provider has suggested, those are held and no longer the booking's.
    """
    rows = Booking.objects.filter(Q(ends_at__gt=now) | Q(state=Booking.State.COUNTERED), **of, state__in=Booking.LIVE)
    rows = list(rows.select_related("offer__provider", "award__carer"))
    countered = {row.pk: row for row in rows if row.state == Booking.State.COUNTERED}
    found = [row for row in rows if row.pk not in countered]
    for each in Suggestion.objects.filter(booking__in=countered, state=Suggestion.State.OPEN, ends_at__gt=now):
        row = copy.copy(countered[each.booking_id])
        row.starts_at, row.ends_at, row.sessions = each.starts_at, each.ends_at, each.sessions
        found.append(row)
    return sorted(found, key=lambda row: (row.starts_at, row.pk))


def _slot(row):
    return row.pk, row.starts_at


def _as_changed(offer, values):
    after = Offer.objects.select_related("provider").get(pk=offer.pk)
    for key, value in values.items():
        setattr(after, key, value)
    return after


def _falls_outside(booking, before, after):
    """True for a booking within the hours as they were and not as they will be; an exception is not told again."""
    return _is_within(booking, before) and not _is_within(booking, after)


def _crowded_out(rows, changed):
    """Return the slots of the bookings that had a place and would have none: whoever asked last is one too many.

    Looked at are each offer's own limits: places, the time between two breaks, and the hours of a week (R53).
    """
    found, taken = set(), defaultdict(lambda: ([], []))
    for row in sorted(rows, key=lambda row: (row.requested_at, row.pk)):
        (before, after), (had, has), spans = changed[row.offer_id], taken[row.offer_id], spans_of(row)
        if taken_places.is_free(before, spans, had) and not taken_places.is_free(after, spans, has):
            found.add(_slot(row))
        else:
            has.extend(spans)
        had.extend(spans)
    return found


def _too_many_at_once(rows, before, after):
    """Return the slots of the bookings that had a place among all of a provider's breaks, and would have none (R53).

    Each is kept until its provider is ready again. `before` is how many it gave at once (None: as many as it could).
    """
    found, had, has = set(), [], []
    for row in sorted(rows, key=lambda row: (row.requested_at, row.pk)):
        buffer = dt.timedelta(minutes=row.offer.buffer_minutes)
        spans = [(start, end + buffer) for start, end in spans_of(row)]
        if _have_place(spans, had, before) and not _have_place(spans, has, after):
            found.add(_slot(row))
        else:
            has.extend(spans)
        had.extend(spans)
    return found


def _have_place(spans, taken, most):
    return most is None or all(taken_places.has_place(start, end, taken, most) for start, end in spans)


def _is_within(booking, offer):
    starts_at = booking.starts_at.astimezone(LONDON)
    possible = availability.possible_starts(offer, starts_at.date(), booking.minutes)
    return bool(offer.hours) and starts_at in possible
