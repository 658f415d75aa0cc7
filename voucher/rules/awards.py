"""Rules about an award: its period and reminders, who may issue it, more time and more to use, and what ends it."""

import datetime as dt

from accounts import days

REMINDER_WEEKS = (8, 4, 1)
MORE_TIME_ASKED_FOR = dt.timedelta(days=14)
HONOURED_FOR = {"cared_for_died": dt.timedelta(weeks=8), "cared_for_moved": dt.timedelta(days=28)}
TAKEN_BACK_WITHIN = dt.timedelta(days=14)
FOR_THE_PERSON = frozenset({"sitting", "day-opportunities"})


def last_day(first_day, months):
    """R1. An award lasts whole calendar months: six from 3 March end on 2 September.

    Where the last month has no such day, its own last day is the end: six from 31 August end on 28 or 29 February.
    """
    return days.last_of_months(first_day, months)


def is_within_period(first_day, last_day, day):
    """R2. An award pays for breaks from its first day to its last day, both included."""
    return first_day <= day <= last_day


def nights_covered(first_day, last_day, arrival, nights):
    """R3. A stay counts by the day each night begins on; a night that begins after the last day is not covered."""
    begun_on = (arrival + dt.timedelta(days=number) for number in range(nights))
    return sum(is_within_period(first_day, last_day, day) for day in begun_on)


def reminder_weeks(on, last_day):
    """R17. A carer who has something left is reminded 8, 4 and 1 weeks before the last day.

    Returns the reminder that is due on that day, in weeks, or None; one that was missed is due until the next.
    """
    days_left = (last_day - on).days
    due = [weeks for weeks in REMINDER_WEEKS if 0 <= days_left <= weeks * 7]
    return min(due) if due else None


def worker_limit(scheme, unit):
    """R19. One worker of the carers team issues up to the scheme's limit, in pence or in minutes."""
    return scheme.worker_limit_pence if unit == "pence" else scheme.worker_limit_minutes


def latest_more_time(last_day, weeks_most):
    """R30. More time is given once an award, by at most so many weeks; returns the latest last day it may get."""
    return last_day + dt.timedelta(weeks=weeks_most)


def last_day_to_ask_for_more_time(last_day):
    """R30. More time is asked for up to 14 days after the last day; returns the last day to ask, included."""
    return last_day + MORE_TIME_ASKED_FOR


def one_worker_may_give(given, more, limit):
    """R31. One worker gives more to use while all that an award was given stays within R19; above it, two agree."""
    return given + more <= limit


def latest_honoured(kind, recorded_on):
    """R32. After a death or a move the carer's own breaks are honoured to a day that the carers team chooses.

    Returns the latest such day: 8 weeks on where the person cared for has died, 28 days on where she or he has
    moved to another county; None where the award is closed at once.
    """
    return recorded_on + HONOURED_FOR[kind] if kind in HONOURED_FOR else None


def last_day_to_take_back(recorded_on):
    """R32. What was written down by mistake is taken back up to 14 days later; returns the last of them, included."""
    return recorded_on + TAKEN_BACK_WITHIN


def is_for_the_person_cared_for(category, personal_care, accommodation):
    """R32. Sitting, days out for the person, personal care and stays with care are for the person cared for."""
    return category in FOR_THE_PERSON or personal_care or accommodation
