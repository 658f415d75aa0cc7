"""Whether there is a place: at every moment of a break, with the time between two breaks, and within the week (R53)."""

import datetime as dt

from brochure.opening import LONDON


class Taken(list):
    """The (starts_at, ends_at) pairs that take a place of one offer.

    `beside` holds those of its provider's other offers, each until the provider is ready again; only where the
    provider gives no more than so many breaks at once. `given` holds what was given, which counts for the week alone.
    """

    def __init__(self, spans=()):
        super().__init__(spans)
        self.beside, self.given = [], []


def is_free(offer, spans, taken=(), places=None):
    """R53. True when every one of the (start, end) spans has a place among what is taken.

    `places` is how many may come at once (default: the offer's own). The offer needs places, buffer_minutes,
    week_minutes and breaks_at_once.
    """
    is_within_the_week = offer.week_minutes is None or _is_within_the_week(offer.week_minutes, spans, taken)
    return is_within_the_week and has_places(offer, spans, taken, places)


def has_places(offer, spans, taken=(), places=None):
    """Return the same whatever the hours of the week: at every moment somebody more can come."""
    places = offer.places if places is None else places
    beside = getattr(taken, "beside", ())
    buffer = dt.timedelta(minutes=offer.buffer_minutes)
    for start, end in spans if taken or beside or not places else ():
        if not has_place(start, end, taken, places, buffer):
            return False
        if offer.breaks_at_once is not None:
            own = [(first, last + buffer) for first, last in taken]
            if not has_place(start, end + buffer, [*own, *beside], offer.breaks_at_once):
                return False
    return True


def has_place(start, end, taken, places, buffer=dt.timedelta(0)):
    """True while fewer than `places` breaks overlap at every moment from start to end, `buffer` kept after each."""
    start, end = start.astimezone(dt.UTC), end.astimezone(dt.UTC) + buffer
    ready_by, changes = start - buffer, []
    for first, last in taken:
        if first < end and last > ready_by:
            changes += [(max(first.astimezone(dt.UTC), start), 1), (last.astimezone(dt.UTC) + buffer, -1)]
    busy = 0
    for _moment, change in sorted(changes):
        busy += change
        if busy >= places:
            return False
    return places > 0


def week_of(moment):
    """Return the moments at which the week of a moment begins and ends: Monday to Sunday, by the clock in London."""
    day = moment.astimezone(LONDON).date()
    monday = day - dt.timedelta(days=day.weekday())
    return tuple(dt.datetime.combine(monday + dt.timedelta(days=ahead), dt.time(), LONDON) for ahead in (0, 7))


def _is_within_the_week(most, spans, taken):
    all_taken = [*taken, *getattr(taken, "given", ())]
    weeks = {week_of(moment) for start, end in spans for moment in _touched(start, end)}
    return all(
        sum(_minutes_within(week, span) for span in (*all_taken, *spans)) <= most
        for week in weeks
        # A break that only touches the week at midnight takes nothing of it.
        if any(_minutes_within(week, span) for span in spans)
    )


def _touched(start, end):
    moment = start
    while moment < end:
        yield moment
        moment = week_of(moment)[1]


def _minutes_within(week, span):
    # Counted in UTC: hours that pass, also in the night when the clocks change.
    first = max(week[0].astimezone(dt.UTC), span[0].astimezone(dt.UTC))
    last = min(week[1].astimezone(dt.UTC), span[1].astimezone(dt.UTC))
    return max((last - first).total_seconds() // 60, 0)
