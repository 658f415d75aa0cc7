"""Opening hours, prices and notice as people say them, in English and in Welsh."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import wording
from brochure.availability import DAY_MINUTES, opening_hours
from brochure.models import Offer, OfferPrice

Rate = OfferPrice.Rate


def opening(text):
    """Return opening hours as a sentence without a full stop: "Tuesday and Thursday, 10am to 3pm"."""
    week = opening_hours(text)
    parts = []
    for openings in dict.fromkeys(week.days):
        if openings:
            days = [index for index in range(7) if week.days[index] == openings]
            spans = wording.joined([_span(opens, closes) for opens, closes in openings])
            parts.append(f"{_days(days)}, {spans}")
    return _capital("; ".join(parts))


def unit_price(pence, unit):
    """Return the price of one unit: "£25 an hour", "£7 a session", or "Free"."""
    if pence == 0:
        return _("Free")
    sentences = {
        "session": _("%(price)s a session"),
        "hour": _("%(price)s an hour"),
        "night": _("%(price)s a night"),
        "journey": _("%(price)s a journey"),
        "course": _("%(price)s a course"),
    }
    return sentences[unit] % {"price": wording.money(pence)}


def price_from(pence, unit):
    """Return the lowest price of a unit where it is not the same at all times: "from £24 an hour"."""
    sentences = {
        "session": _("from %(price)s a session"),
        "hour": _("from %(price)s an hour"),
        "night": _("from %(price)s a night"),
        "journey": _("from %(price)s a journey"),
        "course": _("from %(price)s a course"),
    }
    return sentences[unit] % {"price": wording.money(pence)}


def price_of_rates(rates):
    """Return what a card says of an offer's prices.Rates: "£24 an hour", or "from £24 an hour" where they differ."""
    if rates.differ:
        return price_from(rates.lowest, rates.unit)
    return unit_price(rates.standard, rates.unit)


def price_at(rates, starts):
    """Return what a unit costs at one of these starts, from prices.Rates: with "from" where they differ."""
    prices = {rates.at(start) for start in starts}
    if len(prices) > 1:
        return price_from(min(prices), rates.unit)
    return unit_price(prices.pop(), rates.unit)


def other_rates(shown):
    """Return what follows the standard price in print, a piece a rate: ["weekends £28", "bank holidays £36"]."""
    sentences = {
        Rate.EVENING: _("evenings %(price)s"),
        Rate.WEEKEND: _("weekends %(price)s"),
        Rate.BANK_HOLIDAY: _("bank holidays %(price)s"),
    }
    return [sentences[rate] % {"price": wording.money(shown[rate])} for rate in sentences if rate in shown]


def all_rates(shown, unit):
    """Return the prices of an offer by {rate: pence} in one line: "£24 an hour; weekends £28; bank holidays £36"."""
    return "; ".join([unit_price(shown[Rate.STANDARD], unit), *other_rates(shown)])


def left_out(rate):
    """Return what stands in place of the price of a rate that is left out: "the same as from Monday to Friday"."""
    return {
        Rate.EVENING: _("the same as by day"),
        Rate.WEEKEND: _("the same as from Monday to Friday"),
        Rate.BANK_HOLIDAY: _("the same as on other days"),
    }[rate]


def price_or_left_out(rate, pence, unit):
    """Return the price of one unit at a rate, or what stands in its place where there is none any more (None)."""
    return left_out(rate) if pence is None else unit_price(pence, unit)


def when_it_counts(rate):
    """Return when a rate counts, as a carer reads it: "Monday to Friday, from 6pm"."""
    return {
        Rate.STANDARD: _("Monday to Friday"),
        Rate.EVENING: _("Monday to Friday, from 6pm"),
        Rate.WEEKEND: _("Saturday and Sunday"),
        Rate.BANK_HOLIDAY: _("Bank holidays"),
    }[rate]


def per_unit(unit):
    """Return what follows a price set in large figures: "an hour"."""
    words = {"session": _("a session"), "hour": _("an hour"), "night": _("a night"), "journey": _("a journey")}
    return (words | {"course": _("a course")})[unit]


def length(minutes, unit, unit_minutes):
    """Return how long a break is: "2½ hours", or "3 nights" where a unit of it is a night of so many minutes."""
    if unit != Offer.Unit.NIGHT:
        return wording.hours(minutes)
    nights = minutes // unit_minutes
    return ngettext("%(nights)s night", "%(nights)s nights", nights) % {"nights": nights}


def notice(hours):
    """Return how early to ask: "Ask at least 3 days before"."""
    days = -(-hours // 24)
    sentence = ngettext("Ask at least %(days)s day before", "Ask at least %(days)s days before", days)
    return sentence % {"days": days}


def _days(days):
    names = [wording.WEEKDAYS[wording.language()][index] for index in days]
    if len(days) == 7:
        return {"en": "every day", "cy": "bob dydd"}[wording.language()]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        # After the Welsh "i" a day softens: dydd Llun i ddydd Gwener.
        return f"{names[0]} i d{names[-1]}" if wording.language() == "cy" else f"{names[0]} to {names[-1]}"
    return wording.joined(names)


def _span(opens, closes):
    if closes - opens == DAY_MINUTES:
        return _("day and night")
    until = {"en": "to", "cy": "tan"}[wording.language()]
    return f"{_time(opens)} {until} {_time(closes)}"


def _time(minute):
    return wording.time(dt.time(minute // 60 % 24, minute % 60))


def _capital(text):
    return text[:1].upper() + text[1:]
