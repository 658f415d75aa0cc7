"""Reads the lines of text that say when an offer can be had: opening hours, other days, the sessions of courses.

All are wall-clock hours in Europe/London, so 9.30 stays 9.30 when the clocks change. Nothing here knows a booking.
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
# Whoever closes for longer hides the offer.
OTHER_DAYS_MOST = 366

_RANGE = re.compile(r"(?P<days>[A-Za-z]{3}(?:\s*[-,]\s*[A-Za-z]{3})*)\s+(?P<times>.+)")
_TIMES = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_DATES = re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?:\s*/\s*(?P<last>\d{4}-\d\d-\d\d))?\s+(?P<rest>.+)")
CLOSED = "closed"


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


@functools.lru_cache(maxsize=512)
def other_days(text):
    """Read "2026-12-24/2027-01-02 closed; 2026-12-05 10:00-12:00" into {date: its openings}, closed days with none.

    Where two parts name one day the later holds; parts for the same days are hours of those days together.
    Raises HoursNotUnderstood with the part that is wrong.
    """
    spans = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        match = _DATES.fullmatch(part)
        if not match:
            raise HoursNotUnderstood(
                part, _("write a date and hours, as in 2026-12-05 10:00-12:00, or a date and the word closed")
            )
        span = _read_dates(match["first"], match["last"] or match["first"], part)
        openings = [] if match["rest"].strip().lower() == CLOSED else [_read_times(match["rest"], part)]
        # What was said of these days before is said anew, unless hours are added to hours.
        before = spans.pop(span, [])
        spans[span] = before + openings if openings else []
    days = {}
    for (first, last), openings in spans.items():
        for ahead in range((last - first).days + 1):
            days[first + dt.timedelta(days=ahead)] = _joined(openings)
    return days


def other_days_text(days):
    """Write {date: openings} in the form that other_days reads, days in a row with the same hours as one part."""
    parts = []
    for first, last, openings in in_runs(days):
        span = first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}"
        hours = [f"{_clock(opens)}-{_clock(closes)}" for opens, closes in openings]
        parts += [f"{span} {each}" for each in hours or [CLOSED]]
    return "; ".join(parts)


def in_runs(days):
    """Return {date: openings} as (first, last, openings) of days in a row with the same hours, in order."""
    runs = []
    for day in sorted(days):
        if runs and (day - runs[-1][1]).days == 1 and days[day] == runs[-1][2]:
            runs[-1] = (runs[-1][0], day, days[day])
        else:
            runs.append((day, day, days[day]))
    return runs


@functools.lru_cache(maxsize=512)
def courses(text):
    """Read "2026-12-01 10:00, 2026-12-08 10:00; 2027-01-12 10:00, …" into the sessions of each course, in order.

    Each session is an aware datetime in Europe/London. Raises HoursNotUnderstood with the part that is wrong.
    """
    found = []
    for part in filter(None, map(str.strip, text.split(";"))):
        sessions = [_read_moment(piece.strip(), part) for piece in part.split(",") if piece.strip()]
        if sorted(set(sessions)) != sessions:
            raise HoursNotUnderstood(part, _("write the sessions of a course in order, each once"))
        found.append(tuple(sessions))
    return tuple(sorted(found))


def _read_moment(text, part):
    try:
        naive = dt.datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError:
        raise HoursNotUnderstood(
            part, _("“%(text)s” is not a day and a time such as 2026-12-01 10:00") % {"text": text}
        ) from None
    moment = at(naive.date(), naive.hour * 60 + naive.minute)
    if moment is None:
        raise HoursNotUnderstood(part, _("the clocks go forward over “%(text)s”") % {"text": text})
    return moment


def _read_dates(first, last, part):
    try:
        first, last = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    except ValueError:
        raise HoursNotUnderstood(part, _("there is no such day")) from None
    if last < first:
        raise HoursNotUnderstood(part, _("the last day is before the first"))
    if (last - first).days >= OTHER_DAYS_MOST:
        raise HoursNotUnderstood(part, _("other hours hold for a year at most; hide the offer instead"))
    return first, last


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
