"""The written rules of the scheme: one function a rule, numbered as in docs/rules.md; none reads a clock or a table."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

from accounts import days
from brochure.prices import price_for

__all__ = ["price_for"]  # R4 stands with the other rules of prices, and is used from here.

LONDON = ZoneInfo("Europe/London")
CLOSE_OF_DAY = dt.time(17, 0)
SHORTEST_ANSWER = dt.timedelta(hours=2)
MINUTES_A_STEP_DELIVERED = 15
PLACE_KEPT = dt.timedelta(hours=2)
DID_NOT_HAPPEN_AFTER = dt.timedelta(minutes=15)
CONTACT_FOR = dt.timedelta(days=7)
# 20 in 120 and 5 in 105, as one part in so many; the keys are those of providers.Provider.Vat.
VAT_PARTS = {"standard": 6, "reduced": 21}
REMINDER_WEEKS = (8, 4, 1)
BREAK_REMINDER_DAYS = 2
DAY_BEGINS, DAY_ENDS = dt.time(9, 0), dt.time(20, 0)
LETTER_WORKING_DAYS = 4
MOST_DAYS_TO_PAY = 30
GROWN_UP_AT = 18
PEOPLE_FOR_A_GROUP = 6
MORE_TIME_ASKED_FOR = dt.timedelta(days=14)
HONOURED_FOR = {"cared_for_died": dt.timedelta(weeks=8), "cared_for_moved": dt.timedelta(days=28)}
TAKEN_BACK_WITHIN = dt.timedelta(days=14)
FOR_THE_PERSON = frozenset({"sitting", "day-opportunities"})
HELP_LASTS = dt.timedelta(minutes=20)
PERMISSION_MONTHS_MOST = 12
OBJECTION_DAYS = 7
# What anybody would try first beside runs, doubles and years: keypad patterns, pairs, and a few famous ones.
WEAK_PINS = {"1212", "2580", "0852", "1470", "3690", "1379", "2468", "1357", "1122", "1004", "6969", "1313", "0007"}
QUESTIONS_LATER = dt.timedelta(weeks=12)
SMALLEST_GROUP = 10
FEWEST_ANSWERS = 5
# R58. Who stands at the door answers within half an hour; who was there some days ago has a week.
AT_THE_DOOR, AT_THE_DOOR_ANSWERS, LATER_ANSWERS = dt.timedelta(hours=1), dt.timedelta(minutes=30), dt.timedelta(days=7)
# R63. A telephone number younger than this is not rung about a bank account.
NEW_NUMBER_DAYS = 30


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


def amount_for(price_pence, minutes, in_hours):
    """R5. A pounds award is charged the price in pence, an hours award the length in minutes; a free break nothing."""
    return minutes if in_hours and price_pence else price_pence


def own_share(*, price_pence, unit_price_pence, unit_minutes, left, in_hours):
    """R27. What a carer pays herself, in pence: the price, less all that is left on the award.

    What is left of an award in hours is worth what a break of that length costs (R4), rounded once; the rest of the
    price is her own, so that both together are the price to the penny.
    """
    worth = price_for(unit_price_pence, left, unit_minutes) if in_hours else left
    return max(price_pence - worth, 0)


def amount_beside(own_pence, *, price_pence, minutes, unit_price_pence, unit_minutes, in_hours):
    """R27. Where the carer pays a share herself, the award is charged the rest: of the hours, what the rest buys.

    Of the hours as few as cost the rest, so never more than were left when the share was worked out.
    """
    rest = price_pence - own_pence
    if not (in_hours and own_pence):
        return amount_for(rest, minutes, in_hours)
    return max(-(-unit_minutes * (2 * rest - 1) // (2 * unit_price_pence)), 1) if rest else 0


def shares(whole_pence, award_pence):
    """R27. The award pays first, up to its part of the price; the carer's own money pays only what is then missing.

    Returns (of the award, of her own), in pence; both together are the whole.
    """
    of_award = min(whole_pence, award_pence)
    return of_award, whole_pence - of_award


def is_working_day(day):
    """R6. A working day is Monday to Friday, without the bank holidays of England and Wales."""
    return day.weekday() < 5 and not days.is_bank_holiday(day)


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


def is_within_notice(asked_at, starts_at, notice_hours):
    """R8. A break is asked for at least the offer's notice before it starts, in hours that pass."""
    return starts_at.astimezone(dt.UTC) - asked_at.astimezone(dt.UTC) >= dt.timedelta(hours=notice_hours)


def is_free_to_cancel(now, starts_at, free_cancel_hours):
    """R11. A carer cancels free of charge up to the agreed hours before the start, to the minute."""
    return now <= starts_at.astimezone(dt.UTC) - dt.timedelta(hours=free_cancel_hours)


def late_cancel_share(whole, percent):
    """R12. A confirmed break cancelled late by the carer costs the agreed share, half up; the rest is given back."""
    return _half_up(whole * percent, 100)


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


def last_day_to_claim(*, service_day, window_days):
    """R15. A provider claims within the scheme's days after the break; returns the last day, included."""
    return service_day + dt.timedelta(days=window_days)


def last_day_to_dispute(*, said_on, window_days):
    """R29. A carer disputes what was said of a break within as many days as a provider has to claim it.

    The days run from the day on which it was said; returns the last of them, included.
    """
    return said_on + dt.timedelta(days=window_days)


def may_buy_from(council_region, provider_region):
    """R16. An award buys from providers in its council's own region, and from no other."""
    return council_region == provider_region


def reminder_weeks(on, last_day):
    """R17. A carer who has something left is reminded 8, 4 and 1 weeks before the last day.

    Returns the reminder that is due on that day, in weeks, or None; one that was missed is due until the next.
    """
    days_left = (last_day - on).days
    due = [weeks for weeks in REMINDER_WEEKS if 0 <= days_left <= weeks * 7]
    return min(due) if due else None


def is_by_day(now):
    """R17. A reminder, or an invitation (R34), is written from 9am to 8pm: no text message wakes anybody for it."""
    return DAY_BEGINS <= now.astimezone(LONDON).time() < DAY_ENDS


def earliest_pay_day(released_on):
    """R18. A payment arrives on a working day, at the earliest the second after Bacs takes the file in.

    Bacs takes a file in on one working day, processes it on the next and pays on the third; a run that is
    released on a day of rest is taken in on the next working day.
    """
    taken_in = released_on if is_working_day(released_on) else working_days_after(released_on, 1)
    return working_days_after(taken_in, 2)


def working_days_after(day, number):
    """R18. Return the Nth working day after a day."""
    return _working_days_from(day, number, dt.timedelta(days=1))


def working_days_before(day, number):
    """R18. Return the Nth working day before a day: a payment is processed on the working day before it arrives."""
    return _working_days_from(day, number, -dt.timedelta(days=1))


def pay_by(claimed_on):
    """R20. A claim is paid within 30 days; returns the last day, included."""
    return claimed_on + dt.timedelta(days=MOST_DAYS_TO_PAY)


def _working_days_from(day, number, step):
    while number:
        day += step
        number -= is_working_day(day)
    return day


def vat_within(gross_pence, vat_treatment, vat_number):
    """R21. The VAT in a price is a sixth at the standard rate and a twenty-first at the reduced, half a penny up.

    Any other treatment, or no VAT number, has none.
    """
    parts = VAT_PARTS.get(vat_treatment) if vat_number else None
    return _half_up(gross_pence, parts) if parts else 0


def contact_until(ends_at):
    """R22. A provider sees how to reach the carer from confirming until seven days after the break."""
    return ends_at + CONTACT_FOR


def questions_due(*, first_break_on, on):
    """R34. Three questions at three moments: before the first break, after it, and from twelve weeks after it on.

    `first_break_on` is the day of the first break that was given, or None. Returns "start", "after" or "later".
    """
    if first_break_on is None:
        return "start"
    return "later" if on >= first_break_on + QUESTIONS_LATER else "after"


def may_be_shown(carers):
    """R34. What carers answered is shown only for groups of ten or more."""
    return carers >= SMALLEST_GROUP


def shows_would_use_again(carers):
    """R35. How many carers would use an offer again is shown from five carers' answers on."""
    return carers >= FEWEST_ANSWERS


def help_until(begun_at):
    """R36. With the carer's code and agreement a helper acts for 20 minutes by the clock, and not a moment longer."""
    return begun_at + HELP_LASTS


def permission_may_last(first_day, last_day):
    """R36. A standing permission names its first and its last day, at most twelve months, both included."""
    return first_day <= last_day <= days.last_of_months(first_day, PERMISSION_MONTHS_MOST)


def is_weak_pin(pin, *, phone=""):
    """R37. A PIN is four digits, and none that is tried first: runs, doubles, years, or the end of the telephone."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    digits = "".join(filter(str.isdecimal, phone))
    return (
        steps in ({0}, {1}, {9})
        or pin[:2] == pin[2:]
        or 1900 <= int(pin) <= 2039
        or pin in WEAK_PINS
        or digits.endswith(pin)
    )


def may_object_until(booked_on):
    """R37. A carer may object to a break booked by a provider on the telephone within seven days after that day."""
    return booked_on + dt.timedelta(days=OBJECTION_DAYS)


def code_opens(*, bound, is_own_sign_in):
    """R42. A code that is bound to the carer's sign-in opens nothing without it; any other opens for its holder."""
    return is_own_sign_in or not bound


def way_to_write(chosen, *, has_e_mail, has_mobile):
    """R33. A carer is written to by the way she chose; where it is not there, by e-mail, text or letter, in this order.

    Returns "email", "sms" or "post", as Carer.contact_by has them; a letter always arrives.
    """
    there = {"email": has_e_mail, "sms": has_mobile, "post": True}
    return next(way for way in (chosen, "email", "sms", "post") if there[way])


def letter_is_too_late(written_on, day):
    """R33. A letter needs four working days: for a break that is nearer, the carers team rings as well."""
    return day < working_days_after(written_on, LETTER_WORKING_DAYS)


def is_young(born_on, on):
    """R41. A carer is young until the day before the 18th birthday; where no birthday is known, nobody is.

    Born on 29 February, they are 18 on 1 March of a year without one.
    """
    if born_on is None:
        return False
    return (on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))) < GROWN_UP_AT


def makes_a_group(people):
    """R38. Six people who wished for the same within 90 days are enough to think of a group."""
    return people >= PEOPLE_FOR_A_GROUP


def worker_limit(scheme, unit):
    """R19. One worker of the carers team issues up to the scheme's limit, in pence or in minutes."""
    return scheme.worker_limit_pence if unit == "pence" else scheme.worker_limit_minutes


def latest_more_time(last_day, weeks_most):
    """R30. More time is given once an award, by at most so many weeks; returns the latest last day it may get."""
    return last_day + dt.timedelta(weeks=weeks_most)


def last_day_to_ask_for_more_time(last_day):
    """R30. More time is asked for up to 14 days after the last day; returns the last day to ask, included."""
    return last_day + MORE_TIME_ASKED_FOR


def team_answers_by(asked_on, working_days):
    """R30. The carers team answers an application (also of R31) in so many working days; returns the last of them."""
    return working_days_after(asked_on, working_days)


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


def walk_in_answered_by(asked_at, starts_at):
    """R58. A carer at the door says yes within 30 minutes; one whose visit was entered afterwards within seven days."""
    return asked_at + (AT_THE_DOOR_ANSWERS if asked_at - starts_at <= AT_THE_DOOR else LATER_ANSWERS)


def earliest_walk_in(today, window_days):
    """R59. What was written on paper is entered while it can still be claimed for; returns the first such day."""
    return today - dt.timedelta(days=window_days)


def joining_answered_by(sent_on, working_days):
    """R43. Who would like to join is answered within ten working days (a setting) of sending it; returns the last day."""
    return working_days_after(sent_on, working_days)


def provisional_until(approved_on, months):
    """R44. A new provider is looked after for six months (a setting), counted like a period (R1); the last day."""
    return days.last_of_months(approved_on, months)


def cancel_terms(offer, scheme):
    """R49. An offer's own cancellation terms count where they are kinder than the council's, each by itself.

    Returns (the hours before the start up to which it is free, the percentage that is kept later).
    """
    ours = scheme.free_cancel_hours, scheme.late_cancel_percent
    own = offer.free_cancel_hours, offer.late_cancel_percent
    return tuple(council if kinder is None else min(council, kinder) for council, kinder in zip(ours, own, strict=True))


def vat_holds(service_day, first_day, last_day):
    """R50. A VAT number counts for breaks of the days from its first to its last, both included; None has no end."""
    return (first_day is None or first_day <= service_day) and (last_day is None or service_day <= last_day)


def _half_up(number, parts):
    return (2 * number + parts) // (2 * parts)
