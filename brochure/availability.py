"""When an offer can be had: reads opening hours written as text, and works out real free days and times.

Opening hours are wall-clock hours in Europe/London, so 9.30 stays 9.30 when the clocks change. How long
a break lasts is elapsed time: an hour asked for is an hour given, also in the night the clocks go back.
Nights are counted whole: from the hour of arrival to the same hour by the clock, so many days later.
"""

import datetime as dt
import functools
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

LONDON = ZoneInfo("Europe/London")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
# Breaks begin on the hour or the half hour after opening.
STEP_MINUTES = 30
# Where guests may arrive all day, they are expected from three in the afternoon.
ARRIVAL_MINUTE = 15 * 60
LOOK_AHEAD_DAYS = 60

_RANGE = re.compile(r"(?P<days>[A-Za-z]{3}(?:\s*[-,]\s*[A-Za-z]{3})*)\s+(?P<times>.+)")
_TIMES = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")


class HoursNotUnderstood(ValueError):
    """Opening hours that cannot be read; `part` is the piece at fault, `reason` says what is wrong with it."""

    def __init__(self, part, reason):
        super().__init__(f"“{part}”: {reason}")
        self.part, self.reason = part, reason


@dataclass(frozen=True)
class Week:
    """Opening hours: for each day, Monday first, its (opens, closes) in minutes after midnight, in order."""

    days: tuple[tuple[tuple[int, int], ...], ...]

    def on(self, day):
        """Return the openings of a date."""
        return self.days[day.weekday()]

    def text(self):
        """Write the week in the form that opening_hours reads."""
        parts, index = [], 0
        while index < 7:
            last = index
            while last < 6 and self.days[last + 1] == self.days[index]:
                last += 1
            span = DAYS[index] if last == index else f"{DAYS[index]}-{DAYS[last]}"
            parts += [f"{span} {_clock(opens)}-{_clock(closes)}" for opens, closes in self.days[index]]
            index = last + 1
        return "; ".join(parts)


@dataclass(frozen=True)
class FreeDay:
    """A date on which a break can really begin, with its starts as aware datetimes in Europe/London."""

    day: dt.date
    starts: tuple[dt.datetime, ...]

    @property
    def last(self):
        """The latest start of the day."""
        return self.starts[-1]


@functools.lru_cache(maxsize=512)
def opening_hours(text):
    """Read "Mon-Sat 09:30-15:30" or "Tue,Thu 10:00-12:00; Sat 09:00-24:00" into a Week.

    Hours that meet or overlap are joined. Raises HoursNotUnderstood with the part that is wrong.
    """
    week = [[] for _day in DAYS]
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not parts:
        raise HoursNotUnderstood(text, _("write days and hours, as in Mon-Fri 09:00-17:00"))
    for part in parts:
        match = _RANGE.fullmatch(part)
        if not match:
            raise HoursNotUnderstood(part, _("write days and hours, as in Mon-Fri 09:00-17:00"))
        opening = _read_times(match["times"], part)
        for index in _read_days(match["days"], part):
            week[index].append(opening)
    return Week(tuple(_joined(openings) for openings in week))


def _read_days(text, part):
    indexes = set()
    for piece in re.split(r"\s*,\s*", text):
        names = re.split(r"\s*-\s*", piece)
        for name in names:
            if name.title() not in DAYS:
                raise HoursNotUnderstood(
                    part, _("“%(name)s” is not a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun") % {"name": name}
                )
        if len(names) > 2:
            raise HoursNotUnderstood(part, _("a span of days has one first and one last day"))
        first, last = DAYS.index(names[0].title()), DAYS.index(names[-1].title())
        # Sat-Mon goes round the end of the week.
        indexes |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return sorted(indexes)


def _read_times(text, part):
    match = _TIMES.fullmatch(text.strip())
    if not match:
        raise HoursNotUnderstood(
            part, _("“%(text)s” is not a span of hours such as 09:00-17:00") % {"text": text.strip()}
        )
    h1, m1, h2, m2 = map(int, match.groups())
    opens, closes = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or opens >= DAY_MINUTES or closes > DAY_MINUTES:
        raise HoursNotUnderstood(part, _("hours run from 00:00 to 24:00"))
    if closes <= opens:
        raise HoursNotUnderstood(part, _("it closes before it opens; write hours past midnight as two days"))
    return opens, closes


def _joined(openings):
    joined = []
    for opens, closes in sorted(openings):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return tuple(joined)


def _clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def at(day, minute):
    """Return the moment of a wall-clock minute of a day, or None where the clocks jump over it."""
    naive = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
    moment = naive.replace(tzinfo=LONDON)
    there_and_back = moment.astimezone(dt.UTC).astimezone(LONDON)
    return moment if there_and_back.replace(tzinfo=None) == naive else None


def ends_at(offer, starts_at, minutes):
    """Return when a break ends: so much elapsed time later, or so many whole nights later by the clock."""
    if offer.unit == "night":
        local = starts_at.astimezone(LONDON)
        nights = dt.timedelta(days=max(1, round(minutes / DAY_MINUTES)))
        return (local.replace(tzinfo=None) + nights).replace(tzinfo=LONDON)
    return (starts_at.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(LONDON)


def lengths(offer):
    """Return the lengths, in minutes, that can be asked for: hours in half-hour steps, nights up to a week."""
    if offer.unit == "hour":
        return [offer.minutes + STEP_MINUTES * step for step in range((12 * 60 - offer.minutes) // STEP_MINUTES + 1)]
    if offer.unit == "night":
        return [offer.minutes * nights for nights in range(1, 8)]
    return [offer.minutes]


def start_times(offer, day, minutes=None, *, taken=(), places=None):
    """Return the aware datetimes, in order, at which a break of that length can begin on a date.

    `taken` holds (start, end) of the bookings already made; a start is offered while a place is free for
    the whole of it. `places` is how many may come at once (default: the offer's own).
    A session longer than the opening hours begins when they open: the hours then say when to arrive.
    """
    return list(starts(offer, day, minutes, taken=taken, places=places))


def starts(offer, day, minutes=None, *, taken=(), places=None, latest_first=False):
    """Give the same moments as start_times one by one, so that whoever needs only the first works out no more."""
    minutes = minutes or offer.minutes
    places = offer.places if places is None else places
    openings = opening_hours(offer.hours).on(day)
    for opens, closes in reversed(openings) if latest_first else openings:
        for start in _starts_within(offer, day, opens, closes, minutes, latest_first):
            if start and (not taken or has_place(start, ends_at(offer, start, minutes), taken, places)):
                yield start


def _starts_within(offer, day, opens, closes, minutes, latest_first):
    if offer.unit == "night":
        arrival = ARRIVAL_MINUTE if opens <= ARRIVAL_MINUTE < closes else opens
        yield at(day, arrival)
        return
    fixed = minutes == offer.minutes and offer.unit != "hour"
    if fixed and minutes > closes - opens:
        yield at(day, opens)
        return
    closing = at(day, closes) or at(day, closes + 60)
    possible = range(opens, closes, STEP_MINUTES)
    for minute in reversed(possible) if latest_first else possible:
        start = at(day, minute)
        if start and _elapsed(start, closing) >= minutes:
            yield start


def _elapsed(start, end):
    return (end.astimezone(dt.UTC) - start.astimezone(dt.UTC)).total_seconds() / 60


def has_place(start, end, taken, places):
    """True while fewer than `places` bookings overlap at every moment from start to end."""
    start, end = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    changes = []
    for first, last in taken:
        if first < end and last > start:
            changes += [(max(first.astimezone(dt.UTC), start), 1), (last.astimezone(dt.UTC), -1)]
    busy = 0
    for _moment, change in sorted(changes):
        busy += change
        if busy >= places:
            return False
    return places > 0


def is_open(offer, starts_at, minutes):
    """True when a break of that length may begin at that moment, other bookings aside."""
    day = starts_at.astimezone(LONDON).date()
    return starts_at in start_times(offer, day, minutes, taken=(), places=1)


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
            if start >= soonest:
                return start
        day -= dt.timedelta(days=1)
    return None
