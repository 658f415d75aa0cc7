"""What takes a place of an offer: what is asked for or booked, suggested and not answered, and kept for who waited."""

import copy
import datetime as dt

from django.db.models import JSONField, Q, Value
from django.utils.dateparse import parse_datetime

from brochure import availability, taken_places
from brochure.availability import Taken
from brochure.models import Offer
from voucher.models import Booking, Suggestion, WaitingPlace


def taken_times(offer, after, before, besides=None, award=None):
    """Return what takes a place of one offer between two moments, as taken_by_offer does; of one offer."""
    return taken_by_offer([offer.pk], after=after, before=before, besides=besides, award=award)[offer.pk]


def taken_by_offer(offers, *, after, before, besides=None, award=None):
    """Return {offer's number: Taken} of all that takes a place between two moments; three queries.

    The one definition: what is asked for or booked, every other time that was suggested and waits for an answer, and
    every place kept for somebody who waited, so that nobody else books it meanwhile. A request for which its provider
    suggested other times holds those, and no longer its own. A course, be it booked, suggested or kept, holds its
    sessions and not the weeks between.
    The weeks of both moments are looked at whole. With None for the offers it is of all of them that have anything
    taken. `besides` is a booking, and `award` an award whose kept places, that do not count.
    """
    wanted = None if offers is None else list(offers)
    within = Q(starts_at__lt=taken_places.week_of(before)[1], ends_at__gt=taken_places.week_of(after)[0])
    limited, ready_after = _limited(wanted)
    numbers = None if wanted is None else {*wanted, *(each for group in limited.values() for each in group)}
    found = _found(within, numbers, besides, award)
    taken = {number: found.get(number, Taken()) for number in wanted or ()} if wanted is not None else _Unknown(found)
    for number, group in limited.items():
        if wanted is None or number in taken:
            own = taken[number]
            own.beside = [
                (first, last + ready_after[other])
                for other in group
                if other != number
                for first, last in found.get(other, ())
            ]
    return taken


def is_free_beside(offer, spans, *, booking):
    """Return whether the sessions of a booking have a place among what else is taken, with the time between two."""
    buffer = dt.timedelta(minutes=offer.buffer_minutes)
    taken = taken_times(offer, spans[0][0] - buffer, spans[-1][1] + buffer, besides=booking)
    return availability.is_free(offer, spans, taken)


class _Unknown(dict):
    """Of an offer that has nothing taken nothing is known."""

    def __missing__(self, number):
        return self.setdefault(number, Taken())


def _limited(wanted):
    """Return the offers of providers that give only so many breaks at once, {number: all of them of that provider}."""
    rows = Offer.objects.filter(provider__breaks_at_once__isnull=False)
    if wanted is not None:
        rows = rows.filter(provider__offers__in=wanted).distinct()
    groups, buffers = {}, {}
    for number, provider, minutes in rows.order_by().values_list("pk", "provider", "buffer_minutes"):
        groups.setdefault(provider, []).append(number)
        buffers[number] = dt.timedelta(minutes=minutes)
    return {number: group for group in groups.values() for number in group}, buffers


def _found(within, numbers, besides, award):
    given = Q(state__in=Booking.GIVEN, offer__week_minutes__isnull=False)
    booked = Booking.objects.filter(within).filter(Q(state__in=Booking.TAKES_A_PLACE) | given)
    suggested = Suggestion.objects.filter(within, state=Suggestion.State.OPEN)
    kept = WaitingPlace.objects.filter(within, state=WaitingPlace.State.KEPT)
    if numbers is not None:
        booked, kept = booked.filter(offer__in=numbers), kept.filter(offer__in=numbers)
        suggested = suggested.filter(booking__offer__in=numbers)
    if besides:
        booked, suggested = booked.exclude(pk=besides.pk), suggested.exclude(booking=besides)
    if award:
        kept = kept.exclude(award=award)
    found = {}
    columns = ("offer", "state", "starts_at", "ends_at", "sessions", "delivered_minutes")
    for number, state, starts_at, ends_at, sessions, delivered in booked.order_by().values_list(*columns):
        own = found.setdefault(number, Taken())
        if state in Booking.GIVEN:
            own.given.append((starts_at, min(ends_at, starts_at + dt.timedelta(minutes=delivered or 0))))
        else:
            own.extend(_spans(starts_at, ends_at, sessions))
    columns = ("starts_at", "ends_at", "sessions")
    suggested = suggested.order_by().values_list("booking__offer", "booking__offer__unit", "booking__minutes", *columns)
    kept = kept.order_by().annotate(sessions=Value(None, output_field=JSONField()))
    rows = list(suggested.union(kept.values_list("offer", "offer__unit", "minutes", *columns), all=True))
    courses = _courses_of_kept(rows)
    for number, _unit, minutes, starts_at, ends_at, sessions in rows:
        sessions = sessions or (number in courses and sessions_to_keep(courses[number], starts_at, minutes))
        found.setdefault(number, Taken()).extend(_spans(starts_at, ends_at, sessions))
    return found


def _courses_of_kept(rows):
    """Return {number: Offer} of the courses of which a place is kept for hours, by the dates that they have now."""
    wanted = {number for number, unit, *_span, sessions in rows if unit == Offer.Unit.COURSE and not sessions}
    return Offer.objects.in_bulk(wanted) if wanted else {}


def spans_of(booking):
    """Return the (starts_at, ends_at) of every session of a booking, in order: one, unless it is of a course (R54)."""
    return _spans(booking.starts_at, booking.ends_at, booking.sessions)


def begins_within(after, before):
    """Return the condition for bookings of which something may begin between two moments: by_session sifts them."""
    return Q(starts_at__lt=before) & (Q(starts_at__gte=after) | Q(sessions__isnull=False, ends_at__gt=after))


def by_session(rows, after, before):
    """Return each booking for every session of it that begins between two moments, in order, to be shown.

    A course (R54) stands there once a session, as a copy that begins and ends with it; `session` is its number.
    """
    found = []
    for row in rows:
        spans = spans_of(row)
        for number, (starts_at, ends_at) in enumerate(spans, start=1):
            if after <= starts_at < before:
                shown = copy.copy(row)
                shown.starts_at, shown.ends_at = starts_at, ends_at
                shown.session = number if len(spans) > 1 else None
                found.append(shown)
    return sorted(found, key=lambda row: (row.starts_at, row.pk))


def _spans(starts_at, ends_at, sessions):
    if not sessions:
        return [(starts_at, ends_at)]
    return [(parse_datetime(first), parse_datetime(last)) for first, last in sessions]


def sessions_to_keep(offer, starts_at, minutes):
    """Return the sessions of a course (R54) as a booking keeps them, or None where it is no course."""
    if offer.unit != Offer.Unit.COURSE:
        return None
    spans = availability.spans(offer, starts_at, minutes)
    return [[moment.astimezone(dt.UTC).isoformat() for moment in span] for span in spans]
