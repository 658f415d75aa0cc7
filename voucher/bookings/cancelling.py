"""Cancelling a booking: who pays what, known before the button is pressed."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from brochure.models import Offer
from voucher import rules
from voucher.bookings import choices, emergencies, following, own_money, steps
from voucher.bookings.asking import IS_LIVE
from voucher.bookings.steps import BookingMoved, Party, State
from voucher.ledger import books


class StaleCost(Exception):
    """Cancelling costs something else than was shown; `cost` is the Cost now."""

    def __init__(self, cost):
        super().__init__(f"{cost.due_pence}p")
        self.cost = cost


class HasStarted(Exception):
    """The break has started, so it can no longer be cancelled; it can be said that it did not happen.

    Of a course it is said at its end how many sessions there were.
    """


@dataclass(frozen=True)
class Cost:
    """What cancelling costs: pence to the provider, and what is used and given back, in the award's unit.

    Of what the carer pays herself: `own_due_pence`, and `own_back_pence` that she need not pay, or gets back.
    """

    due_pence: int
    due_amount: int
    back: int
    own_due_pence: int = 0
    own_back_pence: int = 0


def cost_of_cancelling(booking, now, party=Party.CARER):
    """Return the Cost of cancelling at that moment (R11, R12): only a carer who cancels late pays anything.

    Nor does she where its provider could not have given it: it was stopped, or its papers end before.
    """
    free = (
        party != Party.CARER
        or booking.state != State.CONFIRMED
        or booking.may_cancel_free
        or booking.waits_for_the_other_half
        or rules.is_free_to_cancel(now, booking.starts_at, booking.free_cancel_hours)
        or not _could_be_given(booking)
    )
    due_pence = due_amount = own = 0
    if not free:
        whole = rules.amount_for(booking.price_pence, booking.minutes, booking.award.in_hours)
        late_pence = rules.late_cancel_share(booking.price_pence, booking.late_cancel_percent)
        late_amount = rules.late_cancel_share(whole, booking.late_cancel_percent)
        due_pence, due_amount = own_money.from_award(booking, late_pence, late_amount)
        own = late_pence - due_pence
    if not (due_pence and due_amount):
        # A share too small for either side is none: half of it could never be claimed, or would be taken for nothing.
        due_pence = due_amount = own = 0
    return Cost(due_pence, due_amount, booking.amount - due_amount, own, booking.own_pence - own)


def _could_be_given(booking):
    offer = Offer.objects.select_related("provider").get(pk=booking.offer_id)
    in_order = offer.is_in_order(on=timezone.localdate(booking.ends_at))
    return in_order and not offer.provider.is_stopped_at(booking.starts_at)


def has_started(booking, party, now):
    """True for a confirmed break that has begun, where this party can no longer cancel it.

    The carers team still can, but not a course: what was given of it stays due, and is counted at its end (R54).
    """
    if booking.state != State.CONFIRMED or now < booking.starts_at:
        return False
    return party != Party.TEAM or booking.session_count > 1


def cancel(*, booking, party, by, now, seen_due_pence=None, emergency=False, please_ring=False, reason="", note=""):
    """Cancel a booking for the carer, the provider or the carers team; a late share is spent, the rest given back.

    In an emergency (R28) everything is given back, the provider's late share comes out of the fund, and the carers
    team rings; no reason and no proof are asked for. A provider says why, with a Booking.CancelReason, and the carer
    is told.

    Raises HasStarted (the carers team may still cancel then, but no course), StaleCost, BookingMoved.
    """
    act = "booking.cancelled_in_emergency" if emergency else None
    with transaction.atomic():
        choices.lock(booking)
        _read_again(booking)
        if has_started(booking, party, now):
            raise HasStarted
        cost = cost_of_cancelling(booking, now, party)
        late_pence = cost_of_cancelling(booking, now).due_pence if emergency else 0
        if not emergency and seen_due_pence is not None and seen_due_pence != cost.due_pence:
            raise StaleCost(cost)
        if booking.state not in IS_LIVE or (party == Party.PROVIDER and booking.state != State.CONFIRMED):
            raise BookingMoved(booking.state)
        changes = {"ended_by": party, "ended_at": now, "emergency": emergency}
        changes |= {"decline_reason": reason, "decline_note": note}
        if cost.due_pence and not emergency:
            changes |= {"due_pence": cost.due_pence, "due_amount": cost.due_amount}
        if emergency:
            changes |= emergencies.pay_from_the_fund(booking, late_pence, by, now)
            emergencies.somebody_rings(booking, please_ring, now)
        elif cost.due_amount:
            pay_late_share(booking, cost, by, now)
        else:
            steps.give_back(booking, by, now)
        steps.move(booking, (booking.state,), State.CANCELLED, by, now, act=act, **changes)
        following.after_cancelling(booking, party, by, now)


def _read_again(booking):
    """Read what decides the cost anew, behind the lock: it may have been moved, or its other half have fallen away.

    Raises BookingMoved where it is no longer what was looked at.
    """
    seen = booking.state
    booking.refresh_from_db(fields=["state", "starts_at", "free_cancel_hours", "may_cancel_free"])
    if booking.state != seen:
        raise BookingMoved(booking.state)


def pay_late_share(booking, cost, by, now):
    """Spend the share of a Cost that the provider is due, and give the rest back. Raises BookingMoved."""
    try:
        books.spend(
            hold=booking.hold,
            amount=cost.due_amount,
            payee=booking.provider_id,
            charge_pence=cost.due_pence if booking.award.in_hours else None,
            effective_on=timezone.localdate(now),
            op_key=f"hold:{booking.hold_id}/late_cancel",
            actor=by.actor,
            now=now,
        )
    except books.AlreadyResolved as lost:
        raise BookingMoved(steps.state_now(booking)) from lost
