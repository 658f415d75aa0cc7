"""Changing a day or a length before a request is sent: its other choices and its sitter go along with it.

While a question is asked again the address holds, beside "also" and "sitter" (see ask_more), when the break `was` and
for how long. From that the sitter moves with the break, and another choice of the same length becomes as long as it.
"""

import datetime as dt
from urllib.parse import urlencode

from brochure import availability, catalogue
from voucher.forms.carer import as_typed
from voucher.views.numbers import whole
from voucher.views.offer_cards import moment_of

SIGN = "~"
NAMES = {"also": 2, "sitter": 3, "was": 1}
LENGTH_MOST = 60


def kept(data):
    """Return what goes along while a question is asked again, as pairs of a name and its text."""
    return [(name, text) for name, most in NAMES.items() for text in data.getlist(name)[:most] if _is_short(text)]


def with_kept(pairs, **first):
    """Return an address's query: what is settled, and what goes along with it."""
    return urlencode([*first.items(), *pairs])


def was(starts_at, minutes):
    """Return what says in an address when the break was and for how long."""
    return ("was", f"{minutes}{SIGN}{as_typed(starts_at)}")


def moved(data, *, starts_at, minutes):
    """Return the address or form with its sitters and other choices moved to a break of that length from then on.

    Where it does not say what the break was before, nothing has changed.
    """
    before = _before(data)
    if before is None or starts_at is None or before == (starts_at, minutes):
        return data
    data, (old_start, old_minutes) = data.copy(), before
    texts = [*data.getlist("also"), *data.getlist("sitter")]
    offers = catalogue.known_offers().in_bulk([number for text in texts if (number := _number(text))])

    def also(text):
        number, length, start = _parts(text)
        lengths = availability.lengths(offers[number])
        return _text(number, minutes if length == old_minutes and minutes in lengths else length, start)

    def sitter(text):
        number, length, start = _parts(text)
        needed = length + minutes - old_minutes
        length = next((each for each in availability.lengths(offers[number]) if each >= needed), needed)
        # In UTC, so that hours are hours also in the night when the clocks change.
        return _text(number, length, starts_at.astimezone(dt.UTC) - (old_start - start))

    for name, move in (("also", also), ("sitter", sitter)):
        data.setlist(
            name, [move(text) if _parts(text) and _number(text) in offers else text for text in data.getlist(name)]
        )
    return data


def _before(data):
    minutes, _sign, start = data.get("was", "").partition(SIGN)
    minutes, start = whole(minutes, digits_most=6), moment_of(start)
    return (start, minutes) if minutes and start else None


def _parts(text):
    """Return (number, minutes, start) of a choice as an address names it, or None."""
    number, minutes, start = (text.split(SIGN) + [""] * 3)[:3]
    parts = whole(number, digits_most=9), whole(minutes, digits_most=6), moment_of(start)
    return parts if all(parts) else None


def _number(text):
    parts = _parts(text)
    return parts[0] if parts else None


def _text(number, minutes, start):
    return SIGN.join([str(number), str(minutes), as_typed(start)])


def _is_short(text):
    return 0 < len(text) <= LENGTH_MOST
