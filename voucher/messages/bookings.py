"""News of one booking: asked for, answered, cancelled, coming, and what went wrong with it."""

from django.db.models import Q

from accounts.models import OutboxMessage
from voucher.messages.telling import context_of, queue, tell_carer, tell_provider
from voucher.messages.writing import to_carer, way_to
from voucher.models import Booking, Carer, Suggestion, TopUp


def booking_asked(booking):
    """Tell the provider that a request waits for an answer, until when, and how to answer from the message (R57)."""
    tell_provider("booking_asked", booking, with_links=True)


def booking_confirmed(booking):
    """Tell the carer that the provider has said yes; both get the entry for their calendar.

    Where she took a time that the provider had suggested (R25), it knows already.
    """
    taken = booking.suggestions.filter(by=Booking.Party.PROVIDER, state=Suggestion.State.TAKEN).exists()
    tell_carer("booking_confirmed", booking, taken=taken)
    if not taken:
        tell_provider("booking_confirmed_for_provider", booking)


def booking_declined(booking):
    """Tell the carer that the provider cannot do it, why, and that everything is given back."""
    tell_carer("booking_declined", booking)


def booking_timed_out(booking):
    """Tell the carer that a request was not answered in time, or that she took none of the times suggested."""
    ended_by_carer = booking.ended_by == Booking.Party.CARER
    tell_carer("suggestions_ran_out" if ended_by_carer else "booking_timed_out", booking)


def booking_missed(booking):
    """Tell the provider that it did not answer a request in time; the carer has other news."""
    tell_provider("booking_missed", booking)


def booking_cancelled(booking, together_with=None):
    """Tell both sides that a booking is cancelled, by whom, and what it costs; the carer also what went with it."""
    tell_carer("booking_cancelled", booking, other=together_with)
    booking_cancelled_for_provider(booking)


def booking_cancelled_for_provider(booking):
    """Tell the provider that a booking is cancelled, by whom, and what it can claim; the carer has other news.

    Of one that waited for the carer's card payment the provider has never heard.
    """
    if not TopUp.objects.filter(booking=booking, way=TopUp.Way.CARD, paid_at=None).exists():
        tell_provider("booking_cancelled_for_provider", booking)


def break_coming(booking):
    """Remind a carer of a break two days before; once for each time it is set for. Not by letter: it would be late."""
    to_carer("break_coming", booking.award.carer, context_of(booking), break_key(booking), about=booking)


def break_key(booking):
    """Return what tells the reminder of one break, as it is set now, from every other."""
    return f"break_coming/{booking.pk}/{booking.calendar_sequence}"


def is_reminded_of_breaks(carer):
    """Return whether a reminder two days before a break reaches this carer in time (R33)."""
    return way_to(carer) != Carer.ContactBy.POST


def booking_did_not_happen(booking):
    """Tell the carers team at once: the person cared for may be alone."""
    to = booking.council.scheme.team_email
    queue("booking_did_not_happen", booking, to=to, language="", again=_each_time(booking))


def break_not_given(booking):
    """Tell the carer, without blame, why her break was not given, what it costs, and how to say that it was otherwise.

    Who did not come may be ill, or may have been there (R61).
    """
    did_not_come = booking.not_given == Booking.NotGiven.CARER_DID_NOT_COME
    tell_carer("break_not_given", booking, again=_each_time(booking), did_not_come=did_not_come)


def not_given_taken_back(booking, *, told, now):
    """Tell of the change whoever was told that a break was not given; who was not told yet hears nothing of either.

    `told` is the calendar number that the booking had when it was said.
    """
    if _was_told("break_not_given", booking, told, now):
        tell_carer("not_given_taken_back", booking, again=_each_time(booking))
    if _was_told("booking_did_not_happen", booking, told, now):
        to = booking.council.scheme.team_email
        queue("not_given_taken_back_for_team", booking, to=to, language="", again=_each_time(booking))


def _was_told(name, booking, number, now):
    """Withdraw some news of a booking that has not been sent; return whether it may have been read."""
    key = f"{name}/{booking.pk}/{number}"
    rows = OutboxMessage.objects.filter(Q(dedupe_key=key) | Q(dedupe_key__startswith=f"{key}/"))
    rows.filter(sent_at=None, withdrawn_at=None, attempts=0).update(withdrawn_at=now)
    # One that a worker has in its hands may leave still.
    return rows.filter(withdrawn_at=None).exists()


def _each_time(booking):
    """What tells the same news of a booking apart: it can be said, taken back and said again."""
    return str(booking.calendar_sequence)


def nobody_came_for_provider(booking):
    """Tell the provider kindly that the carer says nobody came, and how to say that it is not so (R40)."""
    tell_provider("nobody_came_for_provider", booking)


def nobody_comes_any_more(booking, *, counted_from):
    """Tell the provider, without saying why, that nobody comes to the rest of a course, and what it counts when."""
    tell_provider("nobody_comes_any_more", booking, with_entry=False, counted_from=counted_from)


def emergency(booking, *, please_ring):
    """Tell the carers team that a carer cancelled in an emergency, and whether she asks to be rung (R28)."""
    to = booking.council.scheme.team_email
    queue("emergency", booking, to=to, language="", please_ring=please_ring)


def booked_by_helper(booking):
    """Tell the carer that somebody who helps asked for a break for them."""
    tell_carer("booked_by_helper", booking)


def booked_by_phone(booking, *, now):
    """Tell the carer what a provider has booked for them on the telephone, and how to say that it is not so.

    It stands in place of the news that the break was asked for and confirmed, which nobody waits for here.
    """
    _take_back(booking, ("booking_asked", "booking_confirmed"), now)
    tell_carer("booked_by_phone", booking)


def asks_for_no_answer(booking, *, now):
    """Take back what asks the provider to answer: it had said yes beforehand, to a break that it takes over (R65)."""
    _take_back(booking, ("booking_asked",), now)


def _take_back(booking, names, now):
    keys = [f"{name}/{booking.pk}" for name in names]
    rows = OutboxMessage.objects.filter(dedupe_key__in=[*keys, *(f"{key}/en" for key in keys)], sent_at=None)
    rows.update(withdrawn_at=now)
