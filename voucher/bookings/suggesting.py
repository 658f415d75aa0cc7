"""A provider suggests up to three other times instead of a no; the money stays set aside, the times are kept (R25)."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from brochure import availability
from brochure.models import Offer
from voucher import messages, rules
from voucher.bookings import choices, following, pairs, steps
from voucher.bookings.asking import NotLive, OutsidePeriod, refuse_outside_period
from voucher.bookings.making import lock_offers
from voucher.bookings.steps import Party, State
from voucher.calendars.places_taken import is_free_beside, sessions_to_keep
from voucher.models import Award, Suggestion

SUGGESTIONS_MOST = 3


class BadTime(Exception):
    """A time that cannot be suggested, and why: past, far, step, course, same, uninsured, outside, taken."""

    def __init__(self, starts_at, why):
        super().__init__(why)
        self.starts_at, self.why = starts_at, why


def suggest(*, booking, starts, by, now, seen_starts_at=None):
    """Suggest one to three other times for a request, each as long as the break, any half hour of the next 60 days.

    They take places until the carer answers, by the deadline of R25. With `seen_starts_at` they stand for the time that
    was seen, and for no other that the carer has just asked for. Returns the Suggestions.
    Raises BadTime, NotLive, BookingMoved.
    """
    starts = sorted({start.astimezone(dt.UTC) for start in starts})
    if not 1 <= len(starts) <= SUGGESTIONS_MOST:
        raise ValueError("One to three times are suggested.")
    with transaction.atomic():
        choices.lock(booking)
        offer = lock_offers([booking.offer_id])[booking.offer_id]
        if not offer.provider.may_say_yes:
            raise NotLive
        award = Award.objects.select_related("account").get(pk=booking.award_id)
        for start in starts:
            _refuse(booking, offer, award, start, now)
        days = booking.council.scheme.answer_working_days
        answer_by = rules.carer_answers_by(now, starts[0], days)
        changes = {"answer_by": answer_by, "answered_at": now, "seen": seen_starts_at}
        steps.move(booking, (State.REQUESTED,), State.COUNTERED, by, now, answer_by__gt=now, **changes)
        suggestions = Suggestion.objects.bulk_create(
            Suggestion(
                booking=booking,
                by=Party.PROVIDER,
                starts_at=start,
                ends_at=availability.ends_at(offer, start, booking.minutes),
                sessions=sessions_to_keep(offer, start, booking.minutes),
                answer_by=answer_by,
                made_at=now,
            )
            for start in starts
        )
        messages.times_suggested(booking, suggestions)
    return suggestions


def take(*, booking, suggestion, by, now):
    """Take one of the suggested times: the break is confirmed at once, at that time, without any notice to keep.

    Raises OutsidePeriod, NotLive, BookingMoved.
    """
    offer, award = booking.offer, Award.objects.select_related("account").get(pk=booking.award_id)
    refuse_outside_period(award.account, offer, suggestion.starts_at, booking.minutes)
    with transaction.atomic():
        steps.refuse_unless_in_order(booking, ends_at=suggestion.ends_at)
        choices.lock(booking)
        steps.take_suggestion(booking, suggestion, Party.PROVIDER, now)
        steps.move(
            booking,
            (State.COUNTERED,),
            State.CONFIRMED,
            by,
            now,
            answer_by__gt=now,
            starts_at=suggestion.starts_at,
            ends_at=suggestion.ends_at,
            sessions=suggestion.sessions,
            calendar_sequence=booking.calendar_sequence + 1,
        )
        messages.suggestion_taken(booking)
        pairs.settle(booking, now)


def take_none(*, booking, by, now):
    """Take none of the suggested times: all is given back, and the next choice is asked (R24).

    Returns the Booking that is asked now, or None. Raises BookingMoved.
    """
    with transaction.atomic():
        choices.lock(booking)
        steps.give_back(booking, by, now)
        changes = {"decline_reason": "other_time", "ended_by": Party.CARER, "ended_at": now}
        steps.move(booking, (State.COUNTERED,), State.DECLINED, by, now, answer_by__gt=now, **changes)
        messages.suggestions_not_taken(booking)
        return following.after_no(booking, by, now)


def open_suggestions(booking, by):
    """Return the other times that wait for an answer, earliest first; `by` is the party that suggested them."""
    return list(booking.suggestions.filter(state=Suggestion.State.OPEN, by=by).order_by("starts_at"))


def _refuse(booking, offer, award, start, now):
    """Raise BadTime unless the provider can suggest this moment."""
    local = start.astimezone(availability.LONDON)
    ends_at = availability.ends_at(offer, start, booking.minutes)
    if start <= now:
        raise BadTime(start, "past")
    if start > now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS):
        raise BadTime(start, "far")
    if offer.unit == Offer.Unit.COURSE:
        if not availability.is_open(offer, local, booking.minutes):
            raise BadTime(start, "course")
    elif local.minute % availability.STEP_MINUTES or local.second or local.microsecond:
        raise BadTime(start, "step")
    if start == booking.starts_at:
        raise BadTime(start, "same")
    if not offer.is_in_order(on=timezone.localdate(ends_at)):
        raise BadTime(start, "uninsured")
    try:
        refuse_outside_period(award.account, offer, start, booking.minutes)
    except OutsidePeriod as outside:
        raise BadTime(start, "outside") from outside
    spans = availability.spans(offer, start, booking.minutes)
    if not is_free_beside(offer, spans, booking=booking):
        raise BadTime(start, "taken")
