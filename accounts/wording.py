"""Money, hours, days and times in words, as people say them in English and in Welsh.

Every function answers in the active language. Amounts are whole pence or whole minutes; a day is a date,
a moment is an aware datetime and is told in London time. Numerals stay numerals, so the few nouns that
follow a number carry their Welsh mutation here and nowhere else.
"""

import datetime as dt

from django.utils import timezone
from django.utils.translation import get_language

MINUS = "−"
# So much of a name tells who it is, and leaves room in a text message for the news.
SHORT_NAME = 24
# Hours read best with the quarters people use; any other rest is said in minutes.
QUARTERS = {0: "", 15: "¼", 30: "½", 45: "¾"}

WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "cy": ("dydd Llun", "dydd Mawrth", "dydd Mercher", "dydd Iau", "dydd Gwener", "dydd Sadwrn", "dydd Sul"),
}
MONTHS = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "cy": (
        "Ionawr",
        "Chwefror",
        "Mawrth",
        "Ebrill",
        "Mai",
        "Mehefin",
        "Gorffennaf",
        "Awst",
        "Medi",
        "Hydref",
        "Tachwedd",
        "Rhagfyr",
    ),
}
# A noun after a numeral: what follows 1, what follows 2, and what follows every other number.
NOUNS = {
    "en": {
        "hour": ("hour", "hours", "hours"),
        "minute": ("minute", "minutes", "minutes"),
        "day": ("day", "days", "days"),
        "working day": ("working day", "working days", "working days"),
        "week": ("week", "weeks", "weeks"),
        "month": ("month", "months", "months"),
        "mile": ("mile", "miles", "miles"),
    },
    "cy": {
        "hour": ("awr", "awr", "awr"),
        "minute": ("munud", "funud", "munud"),
        "day": ("diwrnod", "ddiwrnod", "diwrnod"),
        "working day": ("diwrnod gwaith", "ddiwrnod gwaith", "diwrnod gwaith"),
        "week": ("wythnos", "wythnos", "wythnos"),
        "month": ("mis", "fis", "mis"),
        "mile": ("filltir", "filltir", "milltir"),
    },
}
WELSH_VOWELS = "aeiouwyâêîôûŵŷáéíóúẃýäëïöüẅÿàèìòùẁỳ"
# How "a" (and) softens the next word: only these three sounds change.
ASPIRATE = {"p": "ph", "t": "th", "c": "ch"}


def language():
    """Return "en" or "cy": the active language of the page, letter or e-mail."""
    return "cy" if (get_language() or "en").startswith("cy") else "en"


def numbered(count, noun):
    """Return a whole number with one of our nouns: "2 minutes", "2 funud"."""
    forms = NOUNS[language()][noun]
    return f"{count} {forms[0] if count == 1 else forms[1] if count == 2 else forms[2]}"


def money(pence, exact=False):
    """Return pence as "£62.50"; whole pounds as "£60", or "£60.00" where figures stand in a column."""
    pounds, rest = divmod(abs(pence), 100)
    sign = MINUS if pence < 0 else ""
    return f"{sign}£{pounds:,}" if not rest and not exact else f"{sign}£{pounds:,}.{rest:02}"


def hours(minutes):
    """Return minutes as "2½ hours", "45 minutes" or "2 hours 20 minutes"."""
    whole, rest = divmod(abs(minutes), 60)
    sign = MINUS if minutes < 0 else ""
    if rest and not whole:
        return sign + numbered(rest, "minute")
    if rest in QUARTERS:
        forms = NOUNS[language()]["hour"]
        # "1½ hours", but "1 hour".
        return f"{sign}{whole:,}{QUARTERS[rest]} {forms[0] if (whole, rest) == (1, 0) else forms[2]}"
    return f"{sign}{numbered(whole, 'hour')} {numbered(rest, 'minute')}"


def amount(value, unit, exact=False):
    """Return a value in the unit of its award ("pence" or "minutes") as money or as hours."""
    if unit == "pence":
        return money(value, exact)
    if unit == "minutes":
        return hours(value)
    raise ValueError(f"An amount is in pence or in minutes, not in {unit!r}.")


def day(date, style="", today=None):
    """Return a date as "Thursday 3 December", with the year when it is not this year's.

    Styles: "long" always has the year; "short" leaves the weekday out ("3 December 2026"), for tables.
    """
    date = _date(date)
    words = f"{date.day} {MONTHS[language()][date.month - 1]}"
    if style != "short":
        words = f"{WEEKDAYS[language()][date.weekday()]} {words}"
    this_year = (today or timezone.localdate()).year
    return f"{words} {date.year}" if style in {"long", "short"} or date.year != this_year else words


def time(moment):
    """Return a time of day as "2.30pm", "9am", "midday"; in Welsh "2.30yp", "9yb", "7yh", "hanner dydd".

    Welsh has three: yb (y bore, morning), yp (y prynhawn, afternoon) and yh (yr hwyr, from six in the evening).
    """
    at = timezone.localtime(moment) if isinstance(moment, dt.datetime) else moment
    if (at.hour, at.minute) == (12, 0):
        return {"en": "midday", "cy": "hanner dydd"}[language()]
    if (at.hour, at.minute) == (0, 0):
        return {"en": "midnight", "cy": "hanner nos"}[language()]
    part = 0 if at.hour < 12 else 1 if at.hour < 18 else 2
    suffix = {"en": ("am", "pm", "pm"), "cy": ("yb", "yp", "yh")}[language()][part]
    hour = at.hour % 12 or 12
    return f"{hour}.{at.minute:02}{suffix}" if at.minute else f"{hour}{suffix}"


def moment(at, style="", today=None):
    """Return day and time: "Thursday 3 December at 2.30pm", "dydd Iau 3 Rhagfyr am 2.30yp"."""
    return f"{day(at, style, today)} {_at()} {time(at)}"


def span(start, end, style="", today=None):
    """Return when something begins and ends: "Thursday 3 December, 2pm to 5pm"; over midnight both days are named."""
    until = {"en": "to", "cy": "tan"}[language()]
    if _date(start) == _date(end):
        return f"{day(start, style, today)}, {time(start)} {until} {time(end)}"
    return f"{moment(start, style, today)} {until} {moment(end, style, today)}"


def time_left(last_day, on):
    """Return how long remains until a last day, inclusive: "5 weeks left", "3 days left", "last day today"."""
    days = (last_day - on).days
    if days < 0:
        return {"en": "run out", "cy": "wedi dod i ben"}[language()]
    if days == 0:
        return {"en": "last day today", "cy": "diwrnod olaf heddiw"}[language()]
    # Under three weeks a carer counts days.
    left = numbered(days, "day") if days < 21 else numbered(days // 7, "week")
    return f"{left} {({'en': 'left', 'cy': 'ar ôl'})[language()]}"


def miles(distance):
    """Return a distance in miles, rounded: "3 miles", "3 milltir"; below half a mile, "less than a mile"."""
    if distance <= 0.5:
        return {"en": "less than a mile", "cy": "llai na milltir"}[language()]
    return numbered(round(distance), "mile")


def in_short(name):
    """Return a name whole where it is short, else its first words and "...", at most SHORT_NAME signs."""
    if len(name) <= SHORT_NAME:
        return name
    begun = name[: SHORT_NAME - 2].rpartition(" ")[0] or name[: SHORT_NAME - 3]
    return f"{begun.rstrip(' ,;:-')}..."


def joined(items):
    """Return items as a list in a sentence: "a, b and c", "a, b ac c"."""
    items = [str(item) for item in items]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {_and(items[-1])}"


def _and(item):
    """Return an item after "and"; in Welsh "ac" before a vowel, else "a", which softens a common noun's p, t or c."""
    if language() == "en":
        return f"and {item}"
    first = item[:1]
    if first.lower() and first.lower() in WELSH_VOWELS:
        return f"ac {item}"
    # A name keeps its letters: only words that begin small are common nouns.
    if first in ASPIRATE and item[1:2] != "h":
        item = ASPIRATE[first] + item[1:]
    return f"a {item}"


def _at():
    return {"en": "at", "cy": "am"}[language()]


def _date(value):
    return timezone.localtime(value).date() if isinstance(value, dt.datetime) else value
