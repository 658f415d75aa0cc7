"""The provider says that the carer did not come, and the carer says that it was otherwise (R61).

Her word counts as any carer's word that nobody came: everything is given back, the carers team rings, and the provider
may say that it was there (R40). What a payment run has already is not stopped; the carers team finds how it was.
"""

from django.db import transaction
from django.utils import timezone

from voucher import messages, rules
from voucher.bookings import own_money, steps, tasks
from voucher.claiming import claims, withdrawals
from voucher.ledger import books
from voucher.models import Booking, FoundAnew

State, Party = Booking.State, Booking.Party


def last_day(booking):
    """Return the last day, inclusive, on which the carer can say that it was otherwise: as in a dispute (R29)."""
    days = booking.council.scheme.claim_window_days
    return rules.last_day_to_dispute(said_on=timezone.localdate(booking.ended_at), window_days=days)


def is_said(booking):
    """True where the provider, or the carers team for it, says that the carer did not come, and nobody else yet."""
    if booking.not_given != Booking.NotGiven.CARER_DID_NOT_COME or booking.ended_by == Party.CARER:
        return False
    return booking.state in {State.DID_NOT_HAPPEN, State.CLAIMED}


def may_say_otherwise(booking, now):
    """True for a carer of whom it is said that she did not come, within the days of R29."""
    return is_said(booking) and timezone.localdate(now) <= last_day(booking)


def waits_for_a_finding(booking):
    """True where a payment run had the claim when the carer said that it was otherwise, and nothing is found yet."""
    absent = booking.not_given == Booking.NotGiven.CARER_DID_NOT_COME and booking.ended_by == Party.CARER
    if not absent or booking.state != State.CLAIMED or not booking.due_pence:
        return False
    # What was found anew after the provider did not agree (R29) is not found once more.
    return not FoundAnew.objects.filter(booking=booking).exists()


def say_otherwise(*, booking, by, now):
    """Say for the carer that she was there; return whether everything was given back.

    Where a payment run has the claim, or the bank sent its payment back, nothing is stopped: the carers team looks into
    it. Raises steps.BookingMoved.
    """
    with transaction.atomic():
        booking = claims.alone(booking)
        if not may_say_otherwise(booking, now):
            raise steps.BookingMoved(steps.state_now(booking))
        tasks.somebody_may_be_alone(booking=booking, now=now)
        steps.record(booking, "booking.carer_was_there", by, now)
        if booking.state == State.CLAIMED and withdrawals.was_in_a_run(booking):
            steps.change(booking, ("state", "due_pence"), ended_by=Party.CARER)
            return False
        if booking.state == State.CLAIMED:
            withdrawals.strike(booking, by=by, now=now)
        _take_back(booking, by, now)
        changes = {"state": State.DID_NOT_HAPPEN, "due_pence": None, "due_amount": None, "ended_by": Party.CARER}
        steps.change(booking, ("state", "due_pence"), **changes)
        own_money.follow(booking, now)
        messages.nobody_came_for_provider(booking)
        return True


def find_for_the_carer(*, booking, by, now):
    """Find, for the carers team, that the carer was there after all, of what was paid: the next payment is smaller.

    Raises steps.BookingMoved where it is not claimed, or was found before.
    """
    with transaction.atomic():
        booking = claims.alone(booking)
        if not waits_for_a_finding(booking):
            raise steps.BookingMoved(steps.state_now(booking))
        taken = booking.claim_line.amount_pence
        _take_back(booking, by, now)
        steps.change(booking, ("state", "due_pence"), due_pence=0, due_amount=0)
        claims.add_finding(booking=booking, pence=-taken, by=by, now=now)
        own_money.follow(booking, now)
        steps.record(booking, "booking.dispute_resolved", by, now, minutes=0)
        messages.nobody_came_for_provider(booking)


def _take_back(booking, by, now):
    """Give back to the award what was spent for a break to which the carer did not come."""
    if not booking.due_amount:
        return
    books.refund(
        hold=booking.hold,
        amount=booking.due_amount,
        charge_pence=booking.due_pence if booking.award.in_hours else None,
        op_key=f"booking:{booking.pk}/was_there",
        actor=by.actor,
        now=now,
    )
