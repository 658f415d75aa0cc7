"""Days as the scheme counts them: when one begins, which are bank holidays, the last of a span of whole months."""

import calendar
import datetime as dt

import holidays
from django.utils import timezone


def midnight(day):
    """Return the moment at which a day begins, in London."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def end_of(day):
    """Return the moment at which a day is over and the next one begins, in London."""
    return midnight(day + dt.timedelta(days=1))


def last_of_months(first_day, months):
    """Return the last day, inclusive, of whole calendar months: six from 3 March end on 2 September.

    Where the last month has no such day, its own last day is the end: six from 31 August end on 28 or 29 February.
    """
    year, month = divmod(first_day.year * 12 + first_day.month - 1 + months, 12)
    days_in_month = calendar.monthrange(year, month + 1)[1]
    if first_day.day > days_in_month:
        return dt.date(year, month + 1, days_in_month)
    return dt.date(year, month + 1, first_day.day) - dt.timedelta(days=1)


def is_bank_holiday(day):
    """True on a bank holiday of England and Wales, and on the day a bank holiday on a weekend is moved to."""
    return day in _BANK_HOLIDAYS


_BANK_HOLIDAYS = holidays.country_holidays("GB", subdiv="WLS")
