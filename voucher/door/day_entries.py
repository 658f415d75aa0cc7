"""A list that was kept on paper, entered afterwards: every row is looked at, and all are saved or none (R59).

Rows are merged by the number of the booking, so that a list may be sent again as often as anybody likes.
"""

import enum
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from providers.models import Provider
from voucher import bookings, rules
from voucher.bookings import choices
from voucher.models import Booking, TopUp

State = Booking.State


class Fault(enum.StrEnum):
    """Why a row cannot be entered."""

    # No such booking here: also for that of another provider, of which nobody learns that there is one.
    UNKNOWN = "unknown"
    TWICE = "twice"
    NOT_YET = "not_yet"
    TOO_LATE = "too_late"
    LENGTH = "length"
    ENDED = "ended"


@dataclass(frozen=True)
class Row:
    """What the paper says about one booking: how many minutes were given, or a Booking.NotGiven."""

    ref: str
    minutes: int | None = None
    not_given: str = ""
    # The whole of it, whatever that is.
    whole: bool = False


class Faulty(Exception):
    """Some rows cannot be entered, so none was: `faults` says which, {place in the list: Fault}."""

    def __init__(self, faults):
        super().__init__(f"{len(faults)} rows")
        self.faults = faults


@dataclass(frozen=True)
class Entered:
    """What became of a list: the bookings that were marked now, and those that were marked before and stay so."""

    marked: list
    marked_before: list


def days_that_can_be_entered(today, window_days):
    """Return the first and the last day of which a list can be entered, both included (R59)."""
    return rules.earliest_walk_in(today, window_days), today


def enter(*, provider, rows, by, now):
    """Mark all that the rows say, or nothing at all; returns Entered. Raises Faulty.

    A booking that is marked already stays as it is.
    """
    with transaction.atomic():
        # Behind this lock the provider's others claim and undo; and every request is taken before any money.
        Provider.objects.locked(provider.pk)
        found = _bookings_of(provider, {row.ref for row in rows})
        faults, wanted = {}, {}
        for place, row in enumerate(rows):
            booking = found.get(row.ref)
            if fault := _fault(booking, row, now):
                faults[place] = fault
            elif wanted.setdefault(booking.pk, row) != row:
                faults[place] = Fault.TWICE
        if faults:
            raise Faulty(faults)
        for number in sorted(wanted):
            if not is_marked(found[wanted[number].ref]):
                choices.lock(found[wanted[number].ref])
        marked, before = [], []
        for number in sorted(wanted):
            booking, row = found[wanted[number].ref], wanted[number]
            try:
                (marked if _mark(booking, row, by, now) else before).append(booking)
            except bookings.BookingMoved as moved:
                if moved.state not in {*Booking.GIVEN, State.DID_NOT_HAPPEN}:
                    raise Faulty({rows.index(row): Fault.ENDED}) from moved
                booking.refresh_from_db()
                before.append(booking)
    return Entered(marked, before)


def is_marked(booking):
    """True for a booking of which it was said already what was given, or that it was not."""
    return booking.state in {*Booking.GIVEN, State.DID_NOT_HAPPEN}


def can_be_marked_from(booking):
    """Return the moment from which it can be said what was given: of a course when its last session begins (R54)."""
    return bookings.spans_of(booking)[-1][0]


def marked_at(booking):
    """Return when it was said."""
    return booking.delivered_at or booking.ended_at


def _bookings_of(provider, refs):
    rows = Booking.objects.filter(provider=provider, ref__in=refs)
    # Of what a carer has not paid by card yet the provider was never asked.
    rows = rows.exclude(top_up__way=TopUp.Way.CARD, top_up__paid_at=None)
    around = ("offer", "provider", "award__carer", "award__account", "council__scheme")
    return {row.ref: row for row in rows.select_related(*around)}


def _fault(booking, row, now):
    if booking is None:
        return Fault.UNKNOWN
    if is_marked(booking):
        return None
    if booking.state != State.CONFIRMED or booking.provider.is_stopped_at(booking.starts_at):
        return Fault.ENDED
    not_given_from = bookings.not_given_from(booking, Booking.Party.PROVIDER, now)
    if now < (not_given_from if row.not_given else can_be_marked_from(booking)):
        return Fault.NOT_YET
    first, _last = days_that_can_be_entered(timezone.localdate(now), booking.council.scheme.claim_window_days)
    if timezone.localdate(booking.ends_at) < first:
        return Fault.TOO_LATE
    if not row.not_given and not row.whole and row.minutes not in _lengths(booking):
        return Fault.LENGTH
    return None


def _lengths(booking):
    return rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes, booking.session_count)


def _mark(booking, row, by, now):
    if is_marked(booking):
        return False
    if row.not_given:
        party = Booking.Party.PROVIDER
        bookings.did_not_happen(booking=booking, party=party, by=by, now=now, why=row.not_given)
    else:
        bookings.deliver(booking=booking, minutes=booking.minutes if row.whole else row.minutes, by=by, now=now)
    return True
