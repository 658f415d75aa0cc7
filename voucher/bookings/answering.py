"""What a provider answers to a request, and what becomes of one that it leaves unanswered."""

from django.db import transaction

from accounts import history
from providers.models import Provider
from voucher import messages
from voucher.asking import NotLive
from voucher.bookings import steps
from voucher.bookings.steps import State
from voucher.models import Booking


def confirm(*, booking, by, now):
    """Accept a request before its deadline. Nothing moves: the price is already set aside.

    Raises NotLive where the provider takes on no more work, and BookingMoved.
    """
    with transaction.atomic():
        if not Provider.objects.filter(pk=booking.provider_id, state=Provider.State.LIVE).exists():
            raise NotLive
        steps.move(booking, (State.REQUESTED,), State.CONFIRMED, by, now, answer_by__gt=now, answered_at=now)
        messages.booking_confirmed(booking)


def decline(*, booking, reason, note="", by, now):
    """Refuse a request, with a DeclineReason; all that was set aside is given back. Raises BookingMoved."""
    with transaction.atomic():
        steps.give_back(booking, by, now)
        changes = {"answered_at": now, "decline_reason": reason, "decline_note": note}
        steps.move(booking, (State.REQUESTED,), State.DECLINED, by, now, answer_by__gt=now, **changes)
        messages.booking_declined(booking)


def time_out(*, booking, now, by=history.CLOCK):
    """End a request that was not answered by its deadline (R7); everything is given back. Raises BookingMoved."""
    with transaction.atomic():
        steps.give_back(booking, by, now)
        steps.move(booking, (State.REQUESTED,), State.TIMED_OUT, by, now, answer_by__lte=now, ended_at=now)
        messages.booking_timed_out(booking)


def requests_past_their_deadline(now):
    """Return the requests that were not answered in time, oldest deadline first."""
    return Booking.objects.filter(state=State.REQUESTED, answer_by__lte=now).order_by("answer_by", "pk")
