"""New hours of a provider's offers: which live bookings fall outside them, and saving them without touching any."""

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
from voucher.models import Booking
from voucher.places_taken import spans_of

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

    Of those, `crowded` holds the numbers of the ones that are within the hours but have no place any more.
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
    live = Booking.objects.filter(Q(ends_at__gt=now), offer__in=to, state__in=Booking.LIVE)
    rows = live.select_related("offer__provider", "award__carer").order_by("starts_at", "pk")
    changed = {offer.pk: (offer, _as_changed(offer, values)) for offer, values in to.items()}
    rows = list(rows)
    outside = {row.pk for row in rows if _falls_outside(row, *changed[row.offer_id])}
    crowded = _crowded_out([row for row in rows if row.pk not in outside], changed)
    if at_once is not None:
        provider, before, after = at_once
        every = Booking.objects.filter(ends_at__gt=now, provider=provider, state__in=Booking.TAKES_A_PLACE)
        every = list(every.select_related("offer__provider", "award__carer").order_by("starts_at", "pk"))
        crowded |= _too_many_at_once(every, before, after) - outside
        rows = sorted({*rows, *every}, key=lambda row: (row.starts_at, row.pk))
    # Of what a carer has not paid by card yet the provider was never asked.
    rows = [row for row in rows if row.pk in outside | crowded and row.state != Booking.State.UNPAID]
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


def _as_changed(offer, values):
    after = Offer.objects.select_related("provider").get(pk=offer.pk)
    for key, value in values.items():
        setattr(after, key, value)
    return after


def _falls_outside(booking, before, after):
    """True for a booking within the hours as they were and not as they will be; an exception is not told again."""
    return _is_within(booking, before) and not _is_within(booking, after)


def _crowded_out(rows, changed):
    """Return the numbers of the bookings that had a place and would have none: whoever asked last is one too many.

    Looked at are each offer's own limits: places, the time between two breaks, and the hours of a week (R53).
    """
    found, taken = set(), defaultdict(lambda: ([], []))
    for row in sorted(rows, key=lambda row: (row.requested_at, row.pk)):
        if row.state in Booking.TAKES_A_PLACE:
            (before, after), (had, has), spans = changed[row.offer_id], taken[row.offer_id], spans_of(row)
            if taken_places.is_free(before, spans, had) and not taken_places.is_free(after, spans, has):
                found.add(row.pk)
            else:
                has.extend(spans)
            had.extend(spans)
    return found


def _too_many_at_once(rows, before, after):
    """Return the numbers of the bookings that had a place among all of a provider's breaks, and would have none (R53).

    Each is kept until its provider is ready again. `before` is how many it gave at once (None: as many as it could).
    """
    found, had, has = set(), [], []
    for row in sorted(rows, key=lambda row: (row.requested_at, row.pk)):
        buffer = dt.timedelta(minutes=row.offer.buffer_minutes)
        spans = [(start, end + buffer) for start, end in spans_of(row)]
        if _have_place(spans, had, before) and not _have_place(spans, has, after):
            found.add(row.pk)
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
