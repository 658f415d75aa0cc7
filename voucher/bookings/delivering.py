"""What is said after a break: that it was given, the whole or a part, or that it did not happen."""

from django.db import transaction

from voucher import messages, rules
from voucher.asking import BadLength
from voucher.bookings import steps
from voucher.bookings.steps import NotYet, State
from voucher.models import Booking


def deliver(*, booking, minutes, by, now):
    """Say that a break was given, the whole or `minutes` of it (R13). What is due is written; money moves on the claim.

    Raises NotYet before the start, BadLength, BookingMoved.
    """
    if now < booking.starts_at:
        raise NotYet(booking.starts_at)
    allowed = rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes)
    if minutes not in allowed:
        raise BadLength(allowed)
    due_pence = booking.award_pence
    if minutes < booking.minutes:
        # A penny at least: what is due nothing is never claimed, and what was set aside would wait for ever.
        part = rules.price_for(booking.unit_price_pence, minutes, booking.unit_minutes)
        due_pence = min(part or 1, booking.award_pence)
    due_amount = min(rules.amount_for(due_pence, minutes, booking.award.in_hours), booking.amount)
    changes = {"delivered_minutes": minutes, "delivered_at": now, "due_pence": due_pence, "due_amount": due_amount}
    with transaction.atomic():
        steps.move(booking, (State.CONFIRMED,), State.DELIVERED, by, now, **changes)


def undo_delivery(*, booking, by, now):
    """Take back that a break was given, until it is claimed. Raises BookingMoved."""
    changes = dict.fromkeys(("delivered_minutes", "delivered_at", "due_pence", "due_amount"))
    with transaction.atomic():
        steps.move(booking, (State.DELIVERED,), State.CONFIRMED, by, now, act="booking.delivery_undone", **changes)


def did_not_happen(*, booking, party, by, now):
    """Say that a confirmed break did not happen (R14): all is given back and the carers team is told.

    `party` is who says so. Raises NotYet, BookingMoved.
    """
    if now < rules.did_not_happen_from(booking.starts_at):
        raise NotYet(rules.did_not_happen_from(booking.starts_at))
    with transaction.atomic():
        steps.give_back(booking, by, now)
        steps.move(booking, (State.CONFIRMED,), State.DID_NOT_HAPPEN, by, now, ended_by=party, ended_at=now)
        messages.booking_did_not_happen(booking)


def not_marked(*, council, over_before):
    """Return the council's confirmed breaks that were over by then and of which nobody has said what was given.

    What is set aside for them waits, for as long as nobody says so. The oldest comes first.
    """
    waiting = Booking.objects.filter(council=council, state=State.CONFIRMED, ends_at__lt=over_before)
    return waiting.order_by("ends_at", "pk")
