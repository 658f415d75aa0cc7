"""A paired break: an activity, and a sitter for the person cared for. Both or neither (R26)."""

from voucher import messages
from voucher.bookings import choices, steps
from voucher.bookings.steps import State
from voucher.models import Booking, BreakRequest

# What can still come to be the other half of a pair, or has been it.
STANDS = (*Booking.LIVE, *Booking.GIVEN)


def other_half(booking):
    """Return the booking of the other part that stands, or the last that came to nothing; None without a pair."""
    if not booking.is_half_of_a_pair:
        return None
    rows = Booking.objects.filter(asked_in=booking.asked_in_id).exclude(part=booking.part).order_by("-pk")
    rows = rows.select_related(
        "offer__category", "provider", "award__account", "award__carer", "council__scheme", "hold"
    )
    return rows.filter(state__in=STANDS).first() or rows.first()


def settle(booking, now):
    """Go on after a yes: alone a booking is settled; of a pair, once the other half is confirmed too.

    Until then the choices of both halves keep waiting. Call it after `choices.lock`. One message to the carer.
    """
    if booking.asked_in_id is None:
        messages.booking_confirmed(booking)
        return
    request = BreakRequest.objects.get(pk=booking.asked_in_id)
    booking.asked_in = request
    other = other_half(booking)
    if other is not None and request.settled_at is None and other.state != State.CONFIRMED:
        messages.half_confirmed(booking, other)
        return
    BreakRequest.objects.filter(pk=request.pk, settled_at=None).update(settled_at=now)
    choices.not_needed(booking, of_all_parts=True)
    if other is not None and request.settled_at is None:
        messages.pair_confirmed(booking, other)
    else:
        messages.booking_confirmed(booking)


def withdraw_other(booking, by, now):
    """Withdraw the other half of a pair that is not settled, free of charge; return it, or None where none stood."""
    if not booking.waits_for_the_other_half:
        return None
    choices.not_needed(booking, of_all_parts=True)
    other = other_half(booking)
    if other is None or other.state not in Booking.LIVE:
        return None
    if other.state == State.CONFIRMED and other.starts_at <= now:
        stands_alone(other, now)
        return None
    steps.give_back(other, by, now)
    steps.move(other, (other.state,), State.CANCELLED, by, now, act="booking.pair_withdrawn", ended_at=now)
    return other


def goes_along(booking, now):
    """Return the other half of a pair that is withdrawn when this one is cancelled at that moment, or None (R26)."""
    other = other_half(booking) if booking.waits_for_the_other_half else None
    if other is None or other.state not in Booking.LIVE or (other.state == State.CONFIRMED and other.starts_at <= now):
        return None
    return other


def stands_alone(booking, now):
    """Let a half that has begun stand by itself, whatever becomes of the other: it was given, and is paid for.

    The other half and its choices go on by themselves too. Call it after `choices.lock`.
    """
    if booking.waits_for_the_other_half:
        BreakRequest.objects.filter(pk=booking.asked_in_id, settled_at=None).update(settled_at=now)
        choices.not_needed(booking)


def half_fell_away(booking, by, now):
    """After a settled half fell away, tell the other side and the carer, who may now cancel the other half free."""
    other = other_half(booking) if booking.is_half_of_a_pair and not booking.waits_for_the_other_half else None
    if other is None or other.state != State.CONFIRMED or other.ends_at <= now:
        return
    Booking.objects.filter(pk=other.pk, state=State.CONFIRMED).update(may_cancel_free=True)
    other.may_cancel_free = True
    steps.remember(other, "booking.other_half_fell_away", by, now)
    messages.half_fell_away(booking, other)


def lost_half(booking):
    """Return the other half of a settled pair that fell away while this one stands, or None."""
    if not booking.may_cancel_free or booking.state != State.CONFIRMED:
        return None
    other = other_half(booking)
    return other if other is not None and other.state not in STANDS else None
