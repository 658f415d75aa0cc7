"""Which offers are really free when somebody asks: the start that fits a day, a time or a part of the day.

A time asked for is a wall-clock minute in Europe/London. By the hour, a break begins exactly then and lasts as long
as was asked; everything else begins at that time or later and is over by the end that was asked for.
"""

import datetime as dt
from dataclasses import dataclass, replace

from brochure import availability, plain_words
from brochure.availability import DAY_MINUTES, LONDON, STEP_MINUTES

# From and until, in minutes after midnight, by the names of plain_words.
PARTS = {
    plain_words.MORNING: (0, 12 * 60),
    plain_words.AFTERNOON: (12 * 60, 18 * 60),
    plain_words.EVENING: (17 * 60, DAY_MINUTES),
}
# Where a time is asked for without a day, the next two weeks are looked through.
DAYS_LOOKED_THROUGH = 14


@dataclass(frozen=True)
class When:
    """When a break is wanted: a date, a part of the day, from when and until when in minutes; each optional."""

    day: dt.date | None = None
    part: str = ""
    time: int | None = None
    until: int | None = None

    def __bool__(self):
        return self.day is not None or self.has_time

    @property
    def has_time(self):
        return bool(self.part) or self.time is not None or self.until is not None


def minutes_for(offer, when):
    """Return how long the break would be in minutes, or None where the offer cannot be had for that long.

    Only what is sold by the hour takes its length from what was asked, in half hours upwards.
    """
    least = availability.shortest(offer)
    if offer.unit != "hour" or when.time is None or when.until is None:
        return least
    wanted = when.until - when.time
    steps = -(-(wanted - least) // STEP_MINUTES)
    minutes = least + STEP_MINUTES * steps
    return minutes if wanted > 0 and least <= minutes <= availability.LONGEST_MINUTES else None


def start_for(offer, when, now, *, taken=(), first_day=None, last_day=None):
    """Return the first moment at which the offer is free as asked for, notice honoured, or None.

    The offer needs hours, unit, minutes, places and notice_hours, and good_until (None: no end is known).
    """
    minutes = minutes_for(offer, when)
    if minutes is None or (offer.unit == "night" and when.until is not None):
        return None
    soonest = availability.earliest(offer, now)
    first = max(filter(None, [soonest.astimezone(LONDON).date(), first_day]))
    days = [when.day] if when.day else [first + dt.timedelta(days=ahead) for ahead in range(DAYS_LOOKED_THROUGH)]
    for day in days:
        if (
            day < first
            or (last_day and day > last_day)
            or not _is_in_order(offer, day)
            or not _may_fit(offer, when, day)
        ):
            continue
        for start in availability.starts(offer, day, minutes, taken=taken):
            if start >= soonest and _fits(offer, when, start, minutes):
                return start
    return None


def near(offer, when, now, *, taken=(), first_day=None, last_day=None):
    """Return the free moment nearest to what was asked for and could not be had, or None.

    First the same day at another time, then the same time up to a week later or earlier, the nearest day first;
    at last any time of those days.
    """
    bounds = {"taken": taken, "first_day": first_day, "last_day": last_day}
    if when.day is None:
        return start_for(offer, When(), now, **bounds)
    days = [when.day + dt.timedelta(days=sign * away) for away in range(1, 8) for sign in (1, -1)]
    tries = [replace(when, day=day) for day in days]
    if when.has_time:
        tries = [When(day=when.day), *tries, *(When(day=day) for day in days)]
    return next((start for each in tries if (start := start_for(offer, each, now, **bounds))), None)


def _may_fit(offer, when, day):
    """False where the opening hours of a day alone rule it out, so that most days cost next to nothing."""
    if offer.unit in {"night", "course"}:
        return True
    first, last = PARTS.get(when.part, (0, DAY_MINUTES))
    first = max(first, when.time or 0)
    return any(opens < last and closes > first for opens, closes in availability.openings_on(offer, day))


def _fits(offer, when, start, minutes):
    if offer.unit == "night":
        return True
    begins = start.hour * 60 + start.minute
    if when.part and not PARTS[when.part][0] <= begins < PARTS[when.part][1]:
        return False
    if when.time is not None and (begins != when.time if offer.unit == "hour" else begins < when.time):
        return False
    # Of a course each session begins at its own time; what was asked for is the first.
    lasts = availability.session_minutes(offer) if offer.unit == "course" else minutes
    return when.until is None or begins + lasts <= max(when.until, _rounded_end(offer, when, minutes))


def _rounded_end(offer, when, minutes):
    """By the hour a length is rounded up to a half hour, so it may end a little after what was asked."""
    return when.time + minutes if offer.unit == "hour" and when.time is not None else 0


def _is_in_order(offer, day):
    return offer.good_until is None or offer.good_until >= day
