"""A break cancelled in an emergency: the carer pays nothing, the fund pays the provider, and somebody rings."""

from django.db import transaction

from providers import staff
from voucher import messages, rules
from voucher.bookings import steps, tasks
from voucher.bookings.steps import BookingMoved, State
from voucher.ledger import books
from voucher.models import Booking, Task


class FundExhausted(Exception):
    """The fund has too little left to pay the provider."""


def pay_from_the_fund(booking, pence, by, now):
    """Give everything back to the award and let its fund pay the provider (R28); what becomes of the booking.

    Returns the changes of its row. Where the fund has too little the carer gets everything back all the same, and
    the carers team has it on its list.
    """
    if not pence:
        steps.give_back(booking, by, now)
        return {}
    try:
        _cover(booking, pence, by, now)
    except books.FundExhausted:
        steps.give_back(booking, by, now)
        tasks.give(booking=booking, kind=Task.Kind.PAY_BY_HAND, now=now)
        return {}
    except books.AlreadyResolved as lost:
        raise BookingMoved(steps.state_now(booking)) from lost
    return {"due_pence": pence, "due_amount": 0}


def somebody_rings(booking, please_ring, now):
    """Put the carer on the carers team's list, and tell the team at once where the carer asks to be rung."""
    tasks.give(booking=booking, kind=Task.Kind.EMERGENCY, now=now, please_ring=please_ring)
    messages.emergency(booking, please_ring=please_ring)


def pay_late(*, task, by, now):
    """Let the fund pay a provider for which it had too little before, now that it has more; the task is done.

    Raises FundExhausted, BookingMoved, tasks.TaskDone, staff.WorksThere.
    """
    booking = task.booking
    staff.refuse_colleague(booking.provider_id, by)
    pence = late_share(booking)
    with transaction.atomic():
        tasks.done(task=task, by=by, now=now)
        try:
            _cover(booking, pence, by, now)
        except books.FundExhausted as short:
            raise FundExhausted from short
        except books.AlreadyResolved as lost:
            raise BookingMoved(steps.state_now(booking)) from lost
        rows = Booking.objects.filter(pk=booking.pk, state=State.CANCELLED, emergency=True, due_pence=None)
        if not rows.update(due_pence=pence, due_amount=0):
            raise BookingMoved(steps.state_now(booking))
        booking.refresh_from_db()
        steps.remember(booking, "booking.covered", by, now)


def late_share(booking):
    """Return what the fund pays the provider of a break that was cancelled late in an emergency, in pence (R28)."""
    return min(rules.late_cancel_share(booking.price_pence, booking.late_cancel_percent), booking.award_pence)


def _cover(booking, pence, by, now):
    books.cover(
        hold=booking.hold,
        pence=pence,
        payee=booking.provider_id,
        op_key=f"booking:{booking.pk}/cover",
        actor=by.actor,
        now=now,
    )
