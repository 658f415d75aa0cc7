"""What follows when a booking comes to nothing: the next choice, the other half of a pair, and one message."""

from voucher import messages
from voucher.bookings import choices, own_money, pairs
from voucher.bookings.steps import Party, State


def after_no(booking, by, now):
    """Ask the next choice, or end what hangs on it; the carer is told once. Returns the Booking asked now, or None.

    Call it after `choices.lock`, when the money is given back and the state is moved, in the same transaction.
    """
    following = choices.ask_next(booking, by, now)
    if following:
        messages.next_choice_asked(booking, following)
        return following
    other = pairs.withdraw_other(booking, by, now)
    if other:
        messages.pair_ended(booking, other)
    elif choices.had_choices(booking):
        messages.choices_used_up(booking)
    elif own_money.was_not_paid(booking):
        messages.own_money_not_paid(booking)
    elif booking.state == State.TIMED_OUT:
        messages.booking_timed_out(booking)
    elif booking.state == State.DECLINED:
        messages.booking_declined(booking)
    else:
        messages.booking_cancelled(booking)
    return None


def after_cancelling(booking, party, by, now):
    """Go on after a cancellation: the carer's and the team's ends all that hangs on it; a provider's is a no."""
    if party == Party.PROVIDER and booking.waits_for_the_other_half:
        messages.booking_cancelled_for_provider(booking)
        after_no(booking, by, now)
        return
    choices.not_needed(booking, of_all_parts=booking.waits_for_the_other_half)
    other = pairs.withdraw_other(booking, by, now)
    messages.booking_cancelled(booking, together_with=other)
    if other:
        messages.pair_not_needed(other)
    elif party != Party.CARER:
        pairs.half_fell_away(booking, by, now)
