"""Rules about a break: by when it is answered, moved and cancelled, and what is said, claimed and disputed after it."""

import datetime as dt

from voucher.rules.working_days import CLOSE_OF_DAY, DAY_BEGINS, DAY_ENDS, LONDON, is_working_day

SHORTEST_ANSWER = dt.timedelta(hours=2)
MINUTES_A_STEP_DELIVERED = 15
PLACE_KEPT = dt.timedelta(hours=2)
DID_NOT_HAPPEN_AFTER = dt.timedelta(minutes=15)
TOLD_LATE_AFTER = dt.timedelta(hours=24)
CONTACT_FOR = dt.timedelta(days=7)
OBJECTION_DAYS = 7
# R58. Who stands at the door answers within half an hour; who was there some days ago has a week.
AT_THE_DOOR, AT_THE_DOOR_ANSWERS, LATER_ANSWERS = dt.timedelta(hours=1), dt.timedelta(minutes=30), dt.timedelta(days=7)


def answer_by(asked_at, starts_at, working_days):
    """R7. A provider answers by 5pm on the Nth working day after the request, at latest 2 hours before the start.

    Where the start is so near that 2 hours before it has passed or is close, the provider has half of the time
    that is left; the deadline is always after `asked_at` and before `starts_at`.
    """
    # Hours that pass are counted in UTC: by the clock on the wall a night in spring has one too many.
    asked_at, starts_at = asked_at.astimezone(dt.UTC), starts_at.astimezone(dt.UTC)
    day, left = asked_at.astimezone(LONDON).date(), working_days
    while left:
        day += dt.timedelta(days=1)
        left -= is_working_day(day)
    close = dt.datetime.combine(day, CLOSE_OF_DAY, LONDON).astimezone(dt.UTC)
    last_moment = max(starts_at - SHORTEST_ANSWER, asked_at + (starts_at - asked_at) / 2)
    return min(close, last_moment)


def carer_answers_by(suggested_at, first_starts_at, working_days):
    """R25. A carer takes one of the times suggested by the deadline of R7, counted to the first of those times."""
    return answer_by(suggested_at, first_starts_at, working_days)


def place_kept_until(told_at, starts_at, notice_hours, is_rung=False):
    """R55. A place that fell free is kept for two hours by day (9am to 8pm) for the first who waits for it.

    For whoever is rung, because a letter would be late, it is kept until 5pm of the next working day. In either case
    at most until the provider's notice begins, and until 2 hours before the start.
    """
    told_at, starts_at = told_at.astimezone(dt.UTC), starts_at.astimezone(dt.UTC)
    latest = starts_at - max(SHORTEST_ANSWER, dt.timedelta(hours=notice_hours))
    if is_rung:
        day = told_at.astimezone(LONDON).date() + dt.timedelta(days=1)
        while not is_working_day(day):
            day += dt.timedelta(days=1)
        return min(dt.datetime.combine(day, CLOSE_OF_DAY, LONDON).astimezone(dt.UTC), latest)
    left, until = PLACE_KEPT, told_at
    while left:
        day = until.astimezone(LONDON).date()
        begins, ends = (dt.datetime.combine(day, hour, LONDON).astimezone(dt.UTC) for hour in (DAY_BEGINS, DAY_ENDS))
        until = max(until, begins)
        step = min(left, max(ends - until, dt.timedelta(0)))
        until, left = until + step, left - step
        if left:
            until = dt.datetime.combine(day + dt.timedelta(days=1), DAY_BEGINS, LONDON).astimezone(dt.UTC)
    return min(until, latest)


def is_within_notice(asked_at, starts_at, notice_hours):
    """R8. A break is asked for at least the offer's notice before it starts, in hours that pass."""
    return starts_at.astimezone(dt.UTC) - asked_at.astimezone(dt.UTC) >= dt.timedelta(hours=notice_hours)


def may_be_moved(now, starts_at, notice_hours):
    """R39. A confirmed break may be moved until the notice that its provider asks for begins."""
    return is_within_notice(now, starts_at, notice_hours)


def free_cancel_hours_after_moving(free_cancel_hours, asked_at, before, after):
    """R39. The cancellation terms count from the new start; what could not be cancelled free before stays so.

    Returns the hours before the new start up to which a carer cancels free.
    """
    if is_free_to_cancel(asked_at, before, free_cancel_hours):
        return free_cancel_hours
    limit = before.astimezone(dt.UTC) - dt.timedelta(hours=free_cancel_hours)
    hours = -(-(after.astimezone(dt.UTC) - limit) // dt.timedelta(hours=1))
    return max(free_cancel_hours, hours)


def is_free_to_cancel(now, starts_at, free_cancel_hours):
    """R11. A carer cancels free of charge up to the agreed hours before the start, to the minute."""
    return now <= starts_at.astimezone(dt.UTC) - dt.timedelta(hours=free_cancel_hours)


def delivered_lengths(unit, unit_minutes, minutes, sessions=1):
    """R13. What was delivered is the whole, or a part in steps of 15 minutes, or in whole nights and journeys.

    Of a course of `sessions` it is whole sessions (R54). Returns every length in minutes that may be delivered,
    longest first.
    """
    step = unit_minutes if unit in {"night", "journey"} else MINUTES_A_STEP_DELIVERED
    step = minutes // sessions if unit == "course" else step
    return sorted({minutes, *range(step, minutes, step)}, reverse=True)


def did_not_happen_from(starts_at):
    """R14. Either side may say that a break did not happen from 15 minutes after its start."""
    return starts_at.astimezone(dt.UTC) + DID_NOT_HAPPEN_AFTER


def is_told_late(starts_at, now):
    """R67. Said more than 24 hours after the start, that a break did not happen is no reason to ring at once."""
    return now - starts_at > TOLD_LATE_AFTER


def last_day_to_claim(*, service_day, window_days):
    """R15. A provider claims within the scheme's days after the break; returns the last day, included."""
    return service_day + dt.timedelta(days=window_days)


def last_day_to_dispute(*, said_on, window_days):
    """R29. A carer disputes what was said of a break within as many days as a provider has to claim it.

    The days run from the day on which it was said; returns the last of them, included.
    """
    return said_on + dt.timedelta(days=window_days)


def walk_in_answered_by(asked_at, starts_at):
    """R58. A carer at the door says yes within 30 minutes; one whose visit was entered afterwards within seven days."""
    return asked_at + (AT_THE_DOOR_ANSWERS if asked_at - starts_at <= AT_THE_DOOR else LATER_ANSWERS)


def earliest_walk_in(today, window_days):
    """R59. What was written on paper is entered while it can still be claimed for; returns the first such day."""
    return today - dt.timedelta(days=window_days)


def contact_until(ends_at):
    """R22. A provider sees how to reach the carer from confirming until seven days after the break."""
    return ends_at + CONTACT_FOR


def may_object_until(booked_on):
    """R37. A carer may object to a break booked by a provider on the telephone within seven days after that day."""
    return booked_on + dt.timedelta(days=OBJECTION_DAYS)
