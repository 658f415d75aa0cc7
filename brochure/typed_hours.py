"""Reads opening hours as people type them, in Welsh or in English, into the one form in which they are kept.

"Llun-Gwener 9yb-5yp", "dydd Sadwrn 9.30 tan hanner dydd" and "Monday to Friday 9am to 5pm" are all understood; so is
the kept form itself, "Mon-Fri 09:00-17:00". What cannot be read is left as it was typed, for opening_hours to name.
"""

import re

from brochure.opening import DAYS

_NAMES = (
    ("monday", "mon", "llun", "llu", "lun"),
    ("tuesday", "tues", "tue", "mawrth", "maw", "fawrth"),
    ("wednesday", "wed", "mercher", "mer", "fercher"),
    ("thursday", "thurs", "thur", "thu", "iau"),
    ("friday", "fri", "gwener", "gwe", "wener"),
    ("saturday", "sat", "sadwrn", "sad"),
    ("sunday", "sun", "sul"),
)
_DAY = {name: day for day, names in zip(DAYS, _NAMES, strict=True) for name in names}
_EVERY_DAY = re.compile(r"\b(every day|daily|bob dydd)\b")
# Words that only say that a day is a day, or that hours are hours.
_EMPTY = re.compile(r"\b(dydd|ddydd|dyddiau|from|o'r|o)\b")
_AND = re.compile(r"\s*(?:,|&|\band\b|\bac\b|\ba\b)\s*")
_TO = re.compile(r"\s*(?:-|–|—|\bto\b|\buntil\b|\bhyd at\b|\btan\b|\bi\b)\s*")
_NOON, _MIDNIGHT = re.compile(r"\b(noon|hanner dydd)\b"), re.compile(r"\b(midnight|hanner nos)\b")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm|yb|yp|yh|y\.b\.|y\.p\.)?")
_PART = re.compile(r"(?P<days>[a-z]+(?:[-,][a-z]+)*)[\s,]+(?P<times>\d.*)")
_AFTERNOON = {"pm", "yp", "yh", "y.p."}


def kept_form(text):
    """Return typed hours in the form that opening_hours reads; each part that is not understood stays as it is."""
    parts = re.split(r"[;\n]", text)
    return "; ".join(_part(part.strip()) or part.strip() for part in parts if part.strip())


def _part(typed):
    words = _EVERY_DAY.sub("mon-sun", typed.lower().replace("’", "'"))
    words = _MIDNIGHT.sub("24:00", _NOON.sub("12:00", words))
    words = _TO.sub("-", _EMPTY.sub(" ", words))
    words = " ".join(_AND.sub(",", words).split())
    found = _PART.fullmatch(re.sub(r"\s*([-,])\s*", r"\1", words))
    if not found:
        return None
    days = re.sub(r"[a-z]+", lambda name: _DAY.get(name[0], name[0]), found["days"])
    times = found["times"].split("-")
    clocks = [_clock(time.strip(), is_end=bool(number)) for number, time in enumerate(times)]
    return f"{days} {'-'.join(clocks)}" if len(clocks) == 2 and all(clocks) else None


def _clock(typed, *, is_end):
    found = _CLOCK.fullmatch(typed)
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and hour > 12:
        return None
    if half:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    if hour == 24 and not is_end:
        hour = 0
    return f"{hour:02}:{minute:02}"
