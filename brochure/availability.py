"""When an offer can be had: works out real free days and times from its hours, its courses and what is taken.

Opening hours are wall-clock hours in Europe/London. How long a break lasts is elapsed time: an hour asked for is an
hour given, also in the night the clocks go back. Nights are counted whole: from the hour of arrival to the same hour
by the clock, so many days later. A course is asked for as one break, from its first session to the end of its last.
"""

import datetime as dt
from dataclasses import dataclass

from brochure.opening import DAY_MINUTES, LONDON
from brochure.opening import DAYS as DAYS
from brochure.opening import OTHER_DAYS_MOST as OTHER_DAYS_MOST
from brochure.opening import HoursNotUnderstood as HoursNotUnderstood
from brochure.opening import Week as Week
from brochure.opening import at as at
from brochure.opening import courses as courses
from brochure.opening import in_runs as in_runs
from brochure.opening import opening_hours as opening_hours
from brochure.opening import other_days as other_days
from brochure.taken_places import Taken as Taken
from brochure.taken_places import has_place as has_place
from brochure.taken_places import is_free as is_free

# Breaks begin on the hour or the half hour after opening.
STEP_MINUTES = 30
LONGEST_MINUTES = 12 * 60
NIGHTS_MOST = 7
# Where guests may arrive all day, they are expected from three in the afternoon.
ARRIVAL_MINUTE = 15 * 60
LOOK_AHEAD_DAYS = 60


@dataclass(frozen=True)
class FreeDay:
    """A date on which a break can really begin, with its starts as aware datetimes in Europe/London."""

    day: dt.date
    starts: tuple[dt.datetime, ...]

    @property
    def last(self):
        """The latest start of the day."""
        return self.starts[-1]


def ends_at(offer, starts_at, minutes):
    """Return when a break ends (R10): so much elapsed time later, or so many whole nights later by the clock.

    A course ends with its last session.
    """
    if offer.unit == "night":
        local = starts_at.astimezone(LONDON)
        nights = dt.timedelta(days=max(1, round(minutes / DAY_MINUTES)))
        return (local.replace(tzinfo=None) + nights).replace(tzinfo=LONDON)
    if offer.unit == "course":
        return spans(offer, starts_at, minutes)[-1][1]
    return _later(starts_at, minutes)


def spans(offer, starts_at, minutes):
    """Return the (start, end) of every session of a break, in order: one, unless it is a course (R54)."""
    if offer.unit != "course":
        return [(starts_at, ends_at(offer, starts_at, minutes))]
    course = next((sessions for sessions in courses(offer.courses) if sessions[0] == starts_at), None)
    if course is None:
        return [(starts_at, _later(starts_at, minutes))]
    return [(start, _later(start, session_minutes(offer))) for start in course]


def session_minutes(offer):
    """Return how long a carer is away at a time: one session of a course; of everything else one unit."""
    return offer.minutes // offer.sessions if offer.unit == "course" else offer.minutes


def openings_on(offer, day):
    """Return the (opens, closes) of a date in minutes after midnight: the week's, or those of its other days."""
    if offer.other_days:
        other = other_days(offer.other_days)
        if day in other:
            return other[day]
    return opening_hours(offer.hours).on(day)


def shortest(offer):
    """R53. Return the shortest length that can be asked for, in minutes."""
    if offer.unit == "hour":
        return max(offer.minutes, offer.least_minutes)
    if offer.unit == "night":
        return offer.minutes * max(1, -(-offer.least_minutes // offer.minutes))
    return offer.minutes


def lengths(offer):
    """R9, R53. Return the lengths, in minutes, that can be asked for: half hours upwards, or nights up to a week."""
    least = shortest(offer)
    if offer.unit == "hour":
        return [least, *range(least + STEP_MINUTES, LONGEST_MINUTES + 1, STEP_MINUTES)]
    if offer.unit == "night":
        return [least, *range(least + offer.minutes, offer.minutes * NIGHTS_MOST + 1, offer.minutes)]
    return [offer.minutes]


def start_times(offer, day, minutes=None, *, taken=(), places=None):
    """Return the aware datetimes, in order, at which a break of that length can begin on a date.

    `taken` is a Taken, or holds (start, end) of the bookings already made; a start is offered while a place is free
    for the whole of it. `places` is how many may come at once (default: the offer's own).
    A session longer than the opening hours begins when they open: the hours then say when to arrive.
    """
    return list(starts(offer, day, minutes, taken=taken, places=places))


def starts(offer, day, minutes=None, *, taken=(), places=None, latest_first=False):
    """Give the same moments as start_times one by one, so that whoever needs only the first works out no more."""
    minutes = minutes or shortest(offer)
    is_plain = offer.week_minutes is None and not taken and not getattr(taken, "beside", ())
    for start in possible_starts(offer, day, minutes, latest_first=latest_first):
        if is_plain or is_free(offer, spans(offer, start, minutes), taken, places):
            yield start


def possible_starts(offer, day, minutes, *, latest_first=False):
    """Give the moments at which a break of that length may begin on a date, whatever is taken."""
    if offer.unit == "course":
        yield from _courses_from(offer, day, latest_first)
        return
    openings = openings_on(offer, day)
    for opens, closes in reversed(openings) if latest_first else openings:
        for start in _starts_within(offer, day, opens, closes, minutes, latest_first):
            if start and (offer.unit != "night" or not _is_closed_meanwhile(offer, day, minutes)):
                yield start


def _courses_from(offer, day, latest_first):
    """Give the courses whose first session is on that day, unless one of their sessions is on a closed day."""
    closed = other_days(offer.other_days) if offer.other_days else {}
    found = courses(offer.courses)
    for sessions in reversed(found) if latest_first else found:
        if sessions[0].date() == day and all(closed.get(each.date(), True) for each in sessions):
            yield sessions[0]


def _is_closed_meanwhile(offer, day, minutes):
    """True where a night of a stay begins on a day that is closed beside the week."""
    if not offer.other_days:
        return False
    other, nights = other_days(offer.other_days), max(1, round(minutes / DAY_MINUTES))
    return any(other.get(day + dt.timedelta(days=number)) == () for number in range(nights))


def _starts_within(offer, day, opens, closes, minutes, latest_first):
    if offer.unit == "night":
        arrival = ARRIVAL_MINUTE if opens <= ARRIVAL_MINUTE < closes else opens
        yield at(day, arrival)
        return
    open_until = closes + _goes_on_after_midnight(offer, day) if closes == DAY_MINUTES else closes
    fixed = minutes == offer.minutes and offer.unit != "hour"
    if fixed and minutes > open_until - opens:
        yield at(day, opens)
        return
    closing = _closing(day, open_until)
    possible = range(opens, closes, STEP_MINUTES)
    for minute in reversed(possible) if latest_first else possible:
        start = at(day, minute)
        if start and _elapsed(start, closing) >= minutes:
            yield start


def _goes_on_after_midnight(offer, day):
    """R53. Return how many minutes of the next date are open from midnight on: a break goes on into them."""
    after = openings_on(offer, day + dt.timedelta(days=1))
    return after[0][1] if after and after[0][0] == 0 else 0


def _closing(day, minute):
    """Return the moment of a minute of the day, or of the next day; in the hour that the clocks skip, one later."""
    if minute > DAY_MINUTES:
        day, minute = day + dt.timedelta(days=1), minute - DAY_MINUTES
    return at(day, minute) or at(day, minute + 60)


def _elapsed(start, end):
    return (end.astimezone(dt.UTC) - start.astimezone(dt.UTC)).total_seconds() / 60


def _later(moment, minutes):
    return (moment.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(LONDON)


def is_open(offer, starts_at, minutes):
    """True when a break of that length may begin at that moment, other bookings aside."""
    day = starts_at.astimezone(LONDON).date()
    return starts_at in possible_starts(offer, day, minutes)


def last_day_ahead(now):
    """Return the last date that can be asked for yet."""
    return now.astimezone(LONDON).date() + dt.timedelta(days=LOOK_AHEAD_DAYS)


def earliest(offer, now):
    """Return the first moment that leaves the provider the notice it asks for."""
    return now + dt.timedelta(hours=offer.notice_hours)


def free_days(offer, now, *, minutes=None, taken=(), days=LOOK_AHEAD_DAYS, last_day=None):
    """Return a FreeDay for each date of the next `days` on which a break can begin, notice honoured.

    `last_day` (inclusive) is the last on which the carer's award may be used.
    """
    soonest = earliest(offer, now)
    first = soonest.astimezone(LONDON).date()
    final = now.astimezone(LONDON).date() + dt.timedelta(days=days)
    if last_day:
        final = min(final, last_day)
    found = []
    for ahead in range((final - first).days + 1):
        day = first + dt.timedelta(days=ahead)
        starts = tuple(start for start in start_times(offer, day, minutes, taken=taken) if start >= soonest)
        if last_day and offer.unit == "course":
            starts = tuple(start for start in starts if ends_at(offer, start, offer.minutes).date() <= last_day)
        if starts:
            found.append(FreeDay(day, starts))
    return found


def next_free(offer, now, *, minutes=None, taken=(), days=LOOK_AHEAD_DAYS):
    """Return the first moment at which a break can begin, notice honoured, or None within `days`."""
    soonest = earliest(offer, now)
    first = soonest.astimezone(LONDON).date()
    for ahead in range(days + 1):
        for start in starts(offer, first + dt.timedelta(days=ahead), minutes, taken=taken):
            if start >= soonest:
                return start
    return None


def last_free(offer, now, *, last_day, taken=()):
    """Return the last moment until `last_day` (inclusive) at which the shortest break can begin, or None."""
    soonest = earliest(offer, now)
    day = last_day
    while day >= soonest.astimezone(LONDON).date():
        for start in starts(offer, day, taken=taken, latest_first=True):
            if start >= soonest and (offer.unit != "course" or ends_at(offer, start, 0).date() <= last_day):
                return start
        day -= dt.timedelta(days=1)
    return None
