"""The day on which a claim is paid: promised before the provider claims, and kept by the payment runs (R62).

Claims are gathered once a week and paid some working days later. A working day is that of the banks (R6).
"""

import datetime as dt

from voucher import rules


def gathered_on(*, claimed_on, weekday):
    """R62. Claims up to the end of the day before `weekday` (0 is Monday) are gathered on it.

    Where that is a bank holiday they are gathered on the next working day.
    """
    nominal = claimed_on + dt.timedelta(days=(weekday - claimed_on.weekday() - 1) % 7 + 1)
    return nominal if rules.is_working_day(nominal) else rules.working_days_after(nominal, 1)


def promised(*, claimed_on, scheme):
    """R62. Return the day on which a claim of that day is paid: so many working days after it is gathered.

    Never sooner than Bacs can (R18), and never later than the last working day of the 30 days of R20.
    """
    gathered = gathered_on(claimed_on=claimed_on, weekday=scheme.run_weekday)
    day = max(rules.working_days_after(gathered, scheme.pay_working_days), rules.earliest_pay_day(gathered))
    last = rules.pay_by(claimed_on)
    return min(day, last if rules.is_working_day(last) else rules.working_days_before(last, 1))


def proposed(*, promises, today):
    """Return the pay day that a run prepared today keeps most promises by: the next one that Bacs can still keep.

    `promises` are the days promised to those who wait. Where one of them can no longer be kept, it is the first day
    possible.
    """
    earliest = rules.earliest_pay_day(today)
    first = min(promises, default=earliest)
    return max(first, earliest)


def new_day(*, today, scheme):
    """Return the day on which a line that missed its promise is paid now: as though it were claimed the day before."""
    return promised(claimed_on=today - dt.timedelta(days=1), scheme=scheme)
