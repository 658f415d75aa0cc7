"""What a provider answers to a request, and what becomes of one that it leaves unanswered."""

from django.db import transaction

from accounts import history
from voucher import messages
from voucher.bookings import choices, following, pairs, steps
from voucher.bookings.steps import Party, State
from voucher.models import Booking


def confirm(*, booking, by, now, seen_starts_at=None):
    """Accept a request before its deadline. Nothing moves: the price is already set aside.

    What is accepted is the time that was seen: one that the carer has just changed is looked at again. Half of a pair
    waits for the other half (R26). Raises NotLive where the provider takes on no more work or its papers end before the
    break is over, and BookingMoved.
    """
    with transaction.atomic():
        steps.refuse_unless_in_order(booking, ends_at=booking.ends_at)
        choices.lock(booking)
        seen = seen_starts_at or booking.starts_at
        steps.move(booking, (State.REQUESTED,), State.CONFIRMED, by, now, answer_by__gt=now, seen=seen, answered_at=now)
        pairs.settle(booking, now)


def decline(*, booking, reason, note="", by, now, seen_starts_at=None):
    """Refuse a request, with a DeclineReason: what was set aside is given back and the next choice is asked (R24).

    With `seen_starts_at` only the time that was seen is refused: of one that the carer has just changed nobody has
    said no. Returns the Booking that is asked now, or None. Raises BookingMoved.
    """
    return _say_no(booking, State.REQUESTED, reason, note, by, now, seen=seen_starts_at)


def take_back_times(*, booking, reason, note="", by, now):
    """Say no after all where other times were suggested and the carer has not chosen: nobody keeps them any more (R25).

    Whoever declines a request of which a colleague has just suggested times does not do this by it. Otherwise as
    decline. Raises BookingMoved.
    """
    return _say_no(booking, State.COUNTERED, reason, note, by, now)


def _say_no(booking, state, reason, note, by, now, *, seen=None):
    with transaction.atomic():
        choices.lock(booking)
        steps.give_back(booking, by, now)
        changes = {"answered_at": now, "decline_reason": reason, "decline_note": note}
        steps.move(booking, (state,), State.DECLINED, by, now, answer_by__gt=now, seen=seen, **changes)
        return following.after_no(booking, by, now)


def time_out(*, booking, now, by=history.CLOCK):
    """End a request that was not answered by its deadline (R7), or other times that the carer did not take (R25).

    Everything is given back, and the next choice is asked (R24). Returns the Booking asked now, or None.
    Raises BookingMoved.
    """
    suggested = booking.state == State.COUNTERED
    changes = {"ended_at": now} | ({"ended_by": Party.CARER} if suggested else {})
    with transaction.atomic():
        choices.lock(booking)
        steps.give_back(booking, by, now)
        steps.move(booking, (booking.state,), State.TIMED_OUT, by, now, answer_by__lte=now, **changes)
        if suggested:
            messages.suggestions_not_taken(booking)
        else:
            messages.booking_missed(booking)
        return following.after_no(booking, by, now)


def requests_past_their_deadline(now):
    """Return the requests that were not answered in time, by their provider or their carer, oldest deadline first."""
    waiting = (State.REQUESTED, State.COUNTERED)
    return Booking.objects.filter(state__in=waiting, answer_by__lte=now).order_by("answer_by", "pk")
