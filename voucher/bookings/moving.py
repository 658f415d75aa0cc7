"""Moving a break to another time: a request at once, a confirmed break with the provider's yes (R39)."""

from django.db import transaction

from accounts import history
from brochure import availability
from voucher import messages, rules
from voucher.bookings import choices, steps, tasks
from voucher.bookings.asking import refuse_outside_period, refuse_taken, refuse_unless_possible
from voucher.bookings.making import answer_by, lock_offers
from voucher.bookings.steps import BookingMoved, Party, State
from voucher.calendars.places_taken import sessions_to_keep
from voucher.models import Award, Booking, Handover, Suggestion, Task


class TooLateToMove(Exception):
    """So near its start a confirmed break stays where it is: the provider's notice has begun."""


class AlreadyProposed(Exception):
    """Another time waits for the provider's answer already."""


def may_move(booking, now):
    """True while the carer can change the time: of a request until its deadline, of a break until its notice begins."""
    if booking.state == State.REQUESTED:
        return now < booking.answer_by
    return booking.state == State.CONFIRMED and rules.may_be_moved(now, booking.starts_at, booking.offer.notice_hours)


def change_time(*, booking, starts_at, by, now):
    """Change the time of a request at once; the provider is told and has a new deadline. The price stays.

    It stays the one booking it is. Raises a kind of Refused, BookingMoved.
    """
    if starts_at == booking.starts_at:
        return
    with transaction.atomic():
        choices.lock(booking)
        offer = _refuse_unless_free(booking, starts_at, now)
        before = booking.starts_at
        steps.move(
            booking,
            (State.REQUESTED,),
            State.REQUESTED,
            by,
            now,
            act="booking.time_changed",
            answer_by__gt=now,
            starts_at=starts_at,
            ends_at=availability.ends_at(offer, starts_at, booking.minutes),
            sessions=sessions_to_keep(offer, starts_at, booking.minutes),
            answer_by=answer_by(booking.council.scheme, offer, starts_at, now),
            calendar_sequence=booking.calendar_sequence + 1,
        )
        messages.time_changed(booking, before)


def propose_move(*, booking, starts_at, by, now):
    """Ask the provider to move a confirmed break; the old time stands until it says yes. Returns the Suggestion.

    The new time takes a place meanwhile. The provider answers by R7's deadline for whichever time is earlier.
    Raises TooLateToMove, AlreadyProposed, a kind of Refused, BookingMoved.
    """
    with transaction.atomic():
        choices.lock(booking)
        offer = _refuse_unless_free(booking, starts_at, now)
        # Whoever else proposes or cancels waits here.
        if not Booking.objects.filter(pk=booking.pk, state=State.CONFIRMED).update(state=State.CONFIRMED):
            raise BookingMoved(steps.state_now(booking))
        if not may_move(booking, now):
            raise TooLateToMove
        earlier = proposed(booking)
        if earlier and earlier.starts_at == starts_at:
            return earlier
        if earlier:
            raise AlreadyProposed
        suggestion = Suggestion.objects.create(
            booking=booking,
            by=Party.CARER,
            starts_at=starts_at,
            ends_at=availability.ends_at(offer, starts_at, booking.minutes),
            sessions=sessions_to_keep(offer, starts_at, booking.minutes),
            answer_by=answer_by(booking.council.scheme, offer, min(starts_at, booking.starts_at), now),
            made_at=now,
        )
        steps.remember(booking, "booking.move_asked", by, now)
        messages.move_asked(booking, suggestion)
    return suggestion


def accept_move(*, booking, by, now, seen_starts_at=None):
    """Move a confirmed break to the time the carer asked for. Raises OutsidePeriod, NotLive, BookingMoved.

    With `seen_starts_at` only the time that was seen is agreed to: the carer may have asked for another since then.
    What could no longer be cancelled free of charge when the carer asked stays so. Moved before its provider's last
    day (R65) nobody arranges it anew any more, and no successor is asked about.
    """
    with transaction.atomic():
        choices.lock(booking)
        suggestion = _open(booking, seen_starts_at)
        account = Award.objects.select_related("account").get(pk=booking.award_id).account
        refuse_outside_period(account, booking.offer, suggestion.starts_at, booking.minutes)
        before = booking.starts_at
        steps.take_suggestion(booking, suggestion, Party.CARER, now)
        steps.move(
            booking,
            (State.CONFIRMED,),
            State.CONFIRMED,
            by,
            now,
            act="booking.moved",
            starts_at=suggestion.starts_at,
            ends_at=suggestion.ends_at,
            sessions=suggestion.sessions,
            calendar_sequence=booking.calendar_sequence + 1,
            free_cancel_hours=rules.free_cancel_hours_after_moving(
                booking.free_cancel_hours, suggestion.made_at, before, suggestion.starts_at
            ),
        )
        # Behind the lock of its row: a provider that is stopped in the same moment moves nothing.
        steps.refuse_unless_in_order(booking, ends_at=booking.ends_at)
        _is_given_after_all(booking, by, now)
        messages.move_answered(booking, suggestion, before)


def decline_move(*, booking, by, now, seen_starts_at=None):
    """Leave a confirmed break at its old time, which stands; of the time that was seen. Raises BookingMoved."""
    with transaction.atomic():
        suggestion = _open(booking, seen_starts_at)
        _pass(suggestion, "booking.move_declined", by, now, answer_by__gt=now)
        messages.move_answered(booking, suggestion)


def take_back_move(*, booking, by, now):
    """The carer no longer wants to move the break: the old time stands. Raises BookingMoved."""
    with transaction.atomic():
        _pass(_open(booking), "booking.move_taken_back", by, now)


def time_out_move(*, suggestion, now, by=history.CLOCK):
    """Let the old time stand where the provider has not answered by the deadline (R39). Raises BookingMoved."""
    with transaction.atomic():
        _pass(suggestion, "booking.move_not_answered", by, now, answer_by__lte=now)
        messages.move_answered(suggestion.booking, suggestion)


def moves_past_their_deadline(now):
    """Return the carers' proposals that were not answered in time, oldest deadline first."""
    rows = Suggestion.objects.filter(state=Suggestion.State.OPEN, by=Party.CARER, answer_by__lte=now)
    return rows.order_by("answer_by", "pk")


def proposed(booking):
    """Return the carer's Suggestion that waits for the provider's answer, or None."""
    return booking.suggestions.filter(state=Suggestion.State.OPEN, by=Party.CARER).first()


def _refuse_unless_free(booking, starts_at, now):
    offer = lock_offers([booking.offer_id])[booking.offer_id]
    award = Award.objects.select_related("account", "council").get(pk=booking.award_id)
    asked = {"award": award, "offer": offer, "starts_at": starts_at, "minutes": booking.minutes}
    refuse_unless_possible(**asked, now=now)
    refuse_taken(**asked, besides=booking)
    return offer


def _is_given_after_all(booking, by, now):
    """End the search for somebody else: at the time to which it is moved its provider is in order and gives it."""
    asked = Handover.objects.filter(booking=booking, state=Handover.State.OPEN)
    asked.update(state=Handover.State.ENDED, answered_at=now)
    tasks.not_needed(booking=booking, kinds=[Task.Kind.REARRANGE], by=by, now=now)


def _open(booking, seen=None):
    suggestion = proposed(booking)
    if suggestion is None or seen not in {None, suggestion.starts_at}:
        raise BookingMoved(steps.state_now(booking))
    return suggestion


def _pass(suggestion, act, by, now, **deadline):
    rows = Suggestion.objects.filter(pk=suggestion.pk, state=Suggestion.State.OPEN, **deadline)
    if not rows.update(state=Suggestion.State.PASSED):
        raise BookingMoved(steps.state_now(suggestion.booking))
    suggestion.refresh_from_db()
    steps.remember(suggestion.booking, act, by, now)
