"""What was asked for, in words: each wish with the way to take it away, and the ways on where nothing was found."""

import datetime as dt
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import wording
from brochure import access
from voucher.forms.brochure import PARTS
from voucher.views.offer_cards import district

# Wishes of the catalogue and the fields of the form that state them.
FIELDS = {
    "words": ["words"],
    "categories": ["category"],
    "place": ["place"],
    "max_price_pence": ["max_price"],
    "free": ["free"],
    "welsh": ["welsh"],
    "comes": ["comes"],
    "access": ["access"],
    "personal_care": ["care"],
    "left_pence": ["affordable"],
    "left_minutes": ["affordable"],
    "day": ["day"],
    "time": ["part", "time", "until"],
    "within_miles": ["within"],
}


def with_district_only(data):
    """Return what was asked, as it stands in an address, with the first half of a whole postcode; else nothing.

    A whole postcode is a few houses: it should not stay in an address that is kept, shared or told to anybody.
    """
    typed = data.get("postcode", "")
    known = district(typed)
    if not known or known == typed.strip().upper():
        return ""
    shorter = data.copy()
    shorter["postcode"] = known
    return shorter.urlencode()


def as_query(data, drop=()):
    """Return what was asked as it stands in an address, without the fields to drop."""
    return urlencode([(key, text) for key, texts in data.lists() if key not in drop for text in texts if text])


def asked_for(path, form):
    """Return each wish as (words, address without it), in the order in which people say them."""
    wishes = form.criteria()
    # The kind of break of a page of its own, and what is left, are said elsewhere on the page.
    elsewhere = {"left_pence", "left_minutes"} | ({"categories"} if form.fixed_category else set())
    as_said = ["words", "categories", "day", "time", "within_miles", "place", "max_price_pence", *FIELDS]
    names = [name for name in dict.fromkeys(as_said) if name in wishes.wishes() and name not in elsewhere]
    return [(_in_words(name, wishes, form), _address(path, form, name)) for name in names]


def ways_on(path, form, result):
    """After a search without results: each wish that could be dropped, as (sentence, count, address)."""
    sentences = {
        "words": _("Leave the words out"),
        "categories": _("Any kind of break"),
        "place": _("Look everywhere"),
        "max_price_pence": _("At any price"),
        "free": _("Also what is not free"),
        "welsh": _("Also without Welsh-speaking staff"),
        "comes": _("Also who does not come to my home"),
        "access": _("Also without what it must have"),
        "personal_care": _("With or without personal care"),
        "left_pence": _("Also what costs more than you have left"),
        "left_minutes": _("Also what costs more than you have left"),
        "day": _("On any day"),
        "time": _("At any time of day"),
        "within_miles": _("At any distance"),
    }
    return [(sentences[name], count, _address(path, form, name)) for name, count in result.relaxations]


def wish_address(form):
    """Return the address on which to say that nothing suits, with what was asked for."""
    wishes = form.criteria()
    carried = {"words": wishes.words, "day": form.data.get("day", "") if wishes.day else ""}
    query = urlencode({key: text for key, text in carried.items() if text})
    return reverse("wish") + (f"?{query}" if query else "")


def time_in_words(wishes):
    """Return a time of day as it was asked for: "2pm to 4.30pm", "from 2pm", "in the afternoon"."""
    start, end = (minute is not None and _clock(minute) for minute in (wishes.time, wishes.until))
    if start and end:
        return _("%(start)s to %(end)s") % {"start": start, "end": end}
    if start:
        return _("From %(start)s") % {"start": start}
    if end:
        return _("Until %(end)s") % {"end": end}
    return str(PARTS[wishes.part])


def _address(path, form, name):
    query = as_query(form.data, drop=["page", *FIELDS[name]])
    page = reverse("brochure") if name == "categories" else path
    # An empty "words" says that the form was sent, so that what is left unticked stays unticked.
    return f"{page}?{query}" if "words=" in query else f"{page}?words=" + (f"&{query}" if query else "")


def _in_words(name, wishes, form):
    if name == "words":
        return _("“%(words)s”") % {"words": wishes.words}
    if name == "day":
        return capfirst(wording.day(wishes.day))
    if name == "time":
        return time_in_words(wishes)
    if name == "within_miles":
        return _("Within %(distance)s") % {"distance": wording.miles(wishes.within_miles)}
    if name == "max_price_pence":
        return _("%(price)s at most") % {"price": wording.money(wishes.max_price_pence)}
    if name == "access":
        return wording.joined(access.names(wishes.access))
    if name == "personal_care":
        return _("With personal care") if wishes.personal_care else _("Without personal care")
    if name in {"welsh", "comes", "free"}:
        return str(form.fields[name].label)
    return wording.joined(_chosen(form, FIELDS[name][0]))


def _chosen(form, name):
    """Return the words of the options that were chosen from a list, groups in it or not."""
    chosen = form.data.getlist(name)
    options = [
        option
        for key, words in form.fields[name].choices
        for option in (words if isinstance(words, list) else [(key, words)])
    ]
    return [words for key, words in options if key in chosen]


def _clock(minute):
    return wording.time(dt.time(minute // 60, minute % 60))
