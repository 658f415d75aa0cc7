"""What the pages of a booking say about the carer's own share: how it is paid, and what came back."""

from voucher.models import Booking, TopUp


def top_up_of(row):
    """Return the TopUp of a booking, or None."""
    return TopUp.objects.filter(booking=row).first() if row.own_pence else None


def payment_context(row, now):
    """Return what the pages of a booking show about own money, for the carer, the provider and the carers team."""
    top_up = top_up_of(row)
    by_card = bool(top_up) and top_up.way == TopUp.Way.CARD
    timed_out = row.state == Booking.State.TIMED_OUT
    return {
        "top_up": top_up,
        # A payment after the end was too late; whoever paid before waited for the provider in vain.
        "not_paid_in_time": by_card and timed_out and not (top_up.paid_at and top_up.paid_at < row.ended_at),
        "must_pay": bool(top_up) and row.state == Booking.State.UNPAID and now < top_up.pay_by,
    }
