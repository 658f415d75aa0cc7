"""The carer's own share of a price: what the award pays first, and what goes back to her when a booking ends."""

from voucher import rules
from voucher.bookings import tasks
from voucher.models import Booking, Dispute, Task, TopUp

State = Booking.State
ENDS = (*Booking.CAME_TO_NOTHING, State.CLAIMED)


def from_award(booking, whole_pence, whole_amount):
    """Return what the award pays of a cost, as (pence, amount in its own unit): all of it up to its part (R27)."""
    of_award, _own = rules.shares(whole_pence, booking.award_pence)
    return of_award, min(whole_amount, booking.amount)


def follow(booking, now):
    """Let the carer's own money follow a booking that has just ended, in the same transaction.

    What was paid by card and is not needed becomes due back to the card; what was not paid yet is needed no more.
    While a dispute is open nothing moves: the finding decides, and then this is called again.
    """
    if not booking.own_pence or booking.state not in ENDS:
        return
    if Dispute.objects.filter(booking=booking, state=Dispute.State.OPEN).exists():
        return
    kept, rows = kept_pence(booking), TopUp.objects.filter(booking=booking)
    if rows.filter(state__in=[TopUp.State.REFUND_DUE, TopUp.State.REFUNDED]).exclude(kept_pence=kept).exists():
        # Part of it went back before, and now another part was given than that: a person sees to the rest.
        tasks.give(booking=booking, kind=Task.Kind.CARD, now=now)
    paid = TopUp.State.PAID if kept >= booking.own_pence else TopUp.State.REFUND_DUE
    rows.filter(state=TopUp.State.PAID).update(state=paid, kept_pence=kept, try_at=now)
    agreed = TopUp.State.AGREED if kept else TopUp.State.NOT_NEEDED
    rows.filter(state=TopUp.State.AGREED).update(state=agreed, kept_pence=kept)
    unpaid = TopUp.State.FAILED if booking.state == State.TIMED_OUT else TopUp.State.NOT_NEEDED
    rows.filter(state=TopUp.State.WAITING).update(state=unpaid, kept_pence=0)


def take_up_again(booking):
    """Let the carer's own money of a break that was claimed wait again, where it was taken out of its claim (R60).

    What is on its way back to a card stays so; `follow` sees to the difference.
    """
    rows = TopUp.objects.filter(booking=booking)
    rows.filter(state=TopUp.State.PAID).update(kept_pence=None)
    agreed = rows.filter(way=TopUp.Way.DIRECT, state__in=[TopUp.State.AGREED, TopUp.State.NOT_NEEDED])
    agreed.update(state=TopUp.State.AGREED, kept_pence=None)


def was_not_paid(booking):
    """Return whether a booking ended because the carer's card payment did not come."""
    unpaid = TopUp.objects.filter(booking=booking, way=TopUp.Way.CARD, state=TopUp.State.FAILED, paid_at=None)
    return booking.state == State.TIMED_OUT and unpaid.exists()


def kept_pence(booking):
    """Return how much of her own share the provider keeps of a booking that has ended, in pence (R27)."""
    if booking.state == State.CLAIMED and booking.delivered_minutes:
        whole = rules.price_for(booking.unit_price_pence, booking.delivered_minutes, booking.unit_minutes)
        if booking.delivered_minutes == booking.minutes:
            whole = booking.price_pence
    elif booking.due_pence and not booking.emergency:
        whole = rules.late_cancel_share(booking.price_pence, booking.late_cancel_percent)
    else:
        return 0
    return min(rules.shares(whole, booking.award_pence)[1], booking.own_pence)
