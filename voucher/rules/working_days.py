"""Rules about working days: which they are, by when somebody is answered or paid, and at what hours we write."""

import datetime as dt
from zoneinfo import ZoneInfo

from accounts import days

LONDON = ZoneInfo("Europe/London")
CLOSE_OF_DAY = dt.time(17, 0)
BREAK_REMINDER_DAYS = 2
DAY_BEGINS, DAY_ENDS = dt.time(9, 0), dt.time(20, 0)
LETTER_WORKING_DAYS = 4
MOST_DAYS_TO_PAY = 30


def is_working_day(day):
    """R6. A working day is Monday to Friday, without the bank holidays of England and Wales."""
    return day.weekday() < 5 and not days.is_bank_holiday(day)


def working_days_after(day, number):
    """R18. Return the Nth working day after a day."""
    return _working_days_from(day, number, dt.timedelta(days=1))


def working_days_before(day, number):
    """R18. Return the Nth working day before a day: a payment is processed on the working day before it arrives."""
    return _working_days_from(day, number, -dt.timedelta(days=1))


def earliest_pay_day(released_on):
    """R18. A payment arrives on a working day, at the earliest the second after Bacs takes the file in.

    Bacs takes a file in on one working day, processes it on the next and pays on the third; a run that is
    released on a day of rest is taken in on the next working day.
    """
    taken_in = released_on if is_working_day(released_on) else working_days_after(released_on, 1)
    return working_days_after(taken_in, 2)


def pay_by(claimed_on):
    """R20. A claim is paid within 30 days; returns the last day, included."""
    return claimed_on + dt.timedelta(days=MOST_DAYS_TO_PAY)


def team_answers_by(asked_on, working_days):
    """R30. The carers team answers an application (also of R31) in so many working days; returns the last of them."""
    return working_days_after(asked_on, working_days)


def joining_answered_by(sent_on, working_days):
    """R43. Who would like to join is answered within ten working days (a setting) of sending it; the last day."""
    return working_days_after(sent_on, working_days)


def is_by_day(now):
    """R17. A reminder, or an invitation (R34), is written from 9am to 8pm: no text message wakes anybody for it."""
    return DAY_BEGINS <= now.astimezone(LONDON).time() < DAY_ENDS


def by_day_from(now):
    """R17. Return the first moment from now on at which we write what can wait for the day: now, or 9am."""
    local = now.astimezone(LONDON)
    if is_by_day(now):
        return now
    day = local.date() + dt.timedelta(days=1 if local.time() >= DAY_ENDS else 0)
    return dt.datetime.combine(day, DAY_BEGINS, LONDON)


def letter_is_too_late(written_on, day):
    """R33. A letter needs four working days: for a break that is nearer, the carers team rings as well."""
    return day < working_days_after(written_on, LETTER_WORKING_DAYS)


def _working_days_from(day, number, step):
    while number:
        day += step
        number -= is_working_day(day)
    return day
