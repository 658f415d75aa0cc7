"""The clock of a request in words: how much working time is left to answer, by when, and which days do not count."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import wording
from voucher import rules

OPENS, CLOSES = dt.time(9, 0), rules.CLOSE_OF_DAY
AN_HOUR = dt.timedelta(hours=1)
# Less than one working day is left.
URGENT = dt.timedelta(hours=8)


@dataclass(frozen=True)
class Clock:
    """What is left until a deadline, in the active language; `urgent` when it is less than a working day."""

    text: str
    urgent: bool


def clock(answer_by, now, *, words=None):
    """Return the Clock of a deadline; `words` is the sentence about it with %(moment)s, "Answer by …" without."""
    left = working_time(now, answer_by)
    by = (words or _("Answer by %(moment)s")) % {"moment": wording.moment(answer_by)}
    parts = [_left(left, answer_by - now), by]
    # Hours outside working hours pass on a bank holiday as well.
    if left and (passed_over := bank_holidays(now, answer_by)):
        parts.append(
            _("Not counted, a bank holiday: %(days)s")
            % {"days": wording.joined([wording.day(day) for day in passed_over])}
        )
    return Clock(". ".join(part for part in parts if part), left < URGENT)


def working_time(start, end):
    """Return the time between two moments that falls on working days (R6) between 9am and 5pm in London."""
    total, day = dt.timedelta(), start.astimezone(rules.LONDON).date()
    last = end.astimezone(rules.LONDON).date()
    while day <= last:
        if rules.is_working_day(day):
            opens, closes = (dt.datetime.combine(day, time, rules.LONDON) for time in (OPENS, CLOSES))
            # Of one day, and never in the night: the clock on the wall counts right.
            total += max(min(closes, end) - max(opens, start), dt.timedelta())
        day += dt.timedelta(days=1)
    return total


def bank_holidays(start, end):
    """Return the bank holidays between two moments that would otherwise be working days."""
    first, last = (moment.astimezone(rules.LONDON).date() for moment in (start, end))
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5 and not rules.is_working_day(day)]


def _left(working, passing):
    """Return how much is left: in working hours, or where the deadline comes before any, in hours that pass."""
    if passing <= dt.timedelta():
        return ""
    hours = working // AN_HOUR
    if hours:
        return ngettext("%(count)s working hour left", "%(count)s working hours left", hours) % {"count": hours}
    if working:
        return _("Less than a working hour left")
    hours = passing // AN_HOUR
    if hours:
        return ngettext(
            "%(count)s hour left, outside working hours", "%(count)s hours left, outside working hours", hours
        ) % {"count": hours}
    return _("Less than an hour left")
