"""Rules about people: whose provider serves them, how they are written to, who acts for them, what they are asked."""

import datetime as dt
import itertools

from accounts import days

GROWN_UP_AT = 18
PEOPLE_FOR_A_GROUP = 6
HELP_LASTS = dt.timedelta(minutes=20)
PERMISSION_MONTHS_MOST = 12
# What anybody would try first beside runs, doubles and years: keypad patterns, pairs, and a few famous ones.
WEAK_PINS = {"1212", "2580", "0852", "1470", "3690", "1379", "2468", "1357", "1122", "1004", "6969", "1313", "0007"}
QUESTIONS_LATER = dt.timedelta(weeks=12)
SMALLEST_GROUP = 10
FEWEST_ANSWERS = 5


def may_buy_from(council_region, provider_region):
    """R16. An award buys from providers in its council's own region, and from no other."""
    return council_region == provider_region


def way_to_write(chosen, *, has_e_mail, has_mobile):
    """R33. A carer is written to by the way she chose; where it is not there, by e-mail, text or letter, in this order.

    Returns "email", "sms" or "post", as Carer.contact_by has them; a letter always arrives.
    """
    there = {"email": has_e_mail, "sms": has_mobile, "post": True}
    return next(way for way in (chosen, "email", "sms", "post") if there[way])


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


def code_opens(*, bound, is_own_sign_in):
    """R42. A code that is bound to the carer's sign-in opens nothing without it; any other opens for its holder."""
    return is_own_sign_in or not bound


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


def provisional_until(approved_on, months):
    """R44. A new provider is looked after for six months (a setting), counted like a period (R1); the last day."""
    return days.last_of_months(approved_on, months)
