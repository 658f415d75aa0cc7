"""What is said after a break: that it was given, the whole or a part, or that it did not happen."""

from django.db import transaction
from django.utils import timezone

from voucher import messages, rules
from voucher.bookings import cancelling, choices, pairs, steps, tasks
from voucher.bookings.asking import BadLength
from voucher.bookings.steps import BookingMoved, NotYet, Party, State
from voucher.calendars.places_taken import spans_of
from voucher.models import Booking, Task


def deliver(*, booking, minutes, by, now):
    """Say that a break was given, the whole or `minutes` of it (R13). What is due is written; money moves on the claim.

    Raises NotYet before the start, BadLength, BookingMoved.
    """
    # Of a course the last session must have begun (R54).
    begins_at = spans_of(booking)[-1][0]
    if now < begins_at:
        raise NotYet(begins_at)
    allowed = rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes, booking.session_count)
    if minutes not in allowed:
        raise BadLength(allowed)
    due_pence, due_amount = due_for(booking, minutes)
    changes = {"delivered_minutes": minutes, "delivered_at": now, "due_pence": due_pence, "due_amount": due_amount}
    with transaction.atomic():
        choices.lock(booking)
        steps.move(booking, (State.CONFIRMED,), State.DELIVERED, by, now, **changes)
        pairs.stands_alone(booking, now)


def due_for(booking, minutes):
    """Return what the provider is due for that much of a break: in pence, and in the award's unit; nothing for none."""
    if not minutes:
        return 0, 0
    due_pence = booking.award_pence
    if minutes < booking.minutes:
        # A penny at least: what is due nothing is never claimed, and what was set aside would wait for ever.
        part = rules.price_for(booking.unit_price_pence, minutes, booking.unit_minutes)
        due_pence = min(part or 1, booking.award_pence)
    return due_pence, min(rules.amount_for(due_pence, minutes, booking.award.in_hours), booking.amount)


def did_not_happen(*, booking, party, by, now, why=""):
    """Say that a confirmed break did not happen (R14): all is given back, and the carers team is told at once (R40).

    `party` is who says so; unless it is the team itself, the break stands first on its list until somebody has rung.
    `why` is the provider's word, a Booking.NotGiven, if it has said one: where the carer did not come, the provider
    is due what a late cancellation would have cost, and the rest is given back (R61).

    Raises NotYet, BookingMoved.
    """
    from_when = not_given_from(booking, party, now)
    if from_when is None:
        raise BookingMoved(booking.state)
    if now < from_when:
        raise NotYet(from_when)
    with transaction.atomic():
        choices.lock(booking)
        changes = {"ended_by": party, "ended_at": now, "not_given": why}
        if why == Booking.NotGiven.CARER_DID_NOT_COME:
            changes |= _pay_for_waiting(booking, by, now)
        else:
            steps.give_back(booking, by, now)
        steps.move(booking, (State.CONFIRMED,), State.DID_NOT_HAPPEN, by, now, **changes)
        # What a provider says a day later or more wakes nobody any more (R67); a carer's word always does.
        if party == Party.PROVIDER and rules.is_told_late(booking.starts_at, now):
            tasks.give_again(booking=booking, kind=Task.Kind.TOLD_LATE, now=now)
        else:
            if party != Party.TEAM:
                tasks.somebody_may_be_alone(booking=booking, now=now)
            messages.booking_did_not_happen(booking)
        if party == Party.CARER:
            messages.nobody_came_for_provider(booking)
        elif why:
            messages.break_not_given(booking)
        if withdrawn := pairs.withdraw_other(booking, by, now):
            messages.pair_ended(booking, withdrawn)
        else:
            pairs.half_fell_away(booking, by, now)


def not_given_from(booking, party, now):
    """R14. Return the moment from which a party can say that a break did not happen, or None where its time is over.

    Of a course whose second session has begun that would take back what was given before (R54): its provider, or the
    carers team, says so from the last session on, where there was none at all, and the carer rings instead.
    """
    first, *later = spans_of(booking)
    if not later or now < later[0][0]:
        return rules.did_not_happen_from(first[0])
    return None if party == Party.CARER else rules.did_not_happen_from(later[-1][0])


def due_for_waiting(booking, now):
    """Return the Cost where the carer did not come: that of a late cancellation, and never more (R61)."""
    return cancelling.cost_of_cancelling(booking, max(now, booking.starts_at))


def _pay_for_waiting(booking, by, now):
    """Pay what is due where the carer did not come, and give the rest back; return what changes of the booking."""
    booking.refresh_from_db()
    if booking.state != State.CONFIRMED:
        raise BookingMoved(booking.state)
    cost = due_for_waiting(booking, now)
    if not cost.due_amount:
        steps.give_back(booking, by, now)
        return {}
    cancelling.pay_late_share(booking, cost, by, now)
    return {"due_pence": cost.due_pence, "due_amount": cost.due_amount}


def may_object(booking, now):
    """True for a provider of which the carer says that nobody came, as long as it could have claimed (R40)."""
    if booking.state != State.DID_NOT_HAPPEN or booking.ended_by != Party.CARER:
        return False
    days = booking.council.scheme.claim_window_days
    last = rules.last_day_to_claim(service_day=timezone.localdate(booking.ends_at), window_days=days)
    return timezone.localdate(now) <= last


def object_to(*, booking, words, by, now):
    """Say for the provider that it was there, in its own words; the carers team looks into it. Raises BookingMoved."""
    if not may_object(booking, now):
        raise BookingMoved(steps.state_now(booking))
    with transaction.atomic():
        tasks.give(booking=booking, kind=Task.Kind.OBJECTION, now=now, words=words.strip())
        steps.remember(booking, "booking.objected", by, now)


def not_marked(*, council, over_before):
    """Return the council's confirmed breaks that were over by then and of which nobody has said what was given.

    What is set aside for them waits, for as long as nobody says so. The oldest comes first.
    """
    waiting = Booking.objects.filter(council=council, state=State.CONFIRMED, ends_at__lt=over_before)
    return waiting.order_by("ends_at", "pk")
