"""An offer as one piece: everything of it that can be edited, which of that goes past the carers team, what differs."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import wording
from accounts.models import in_language
from brochure import access
from brochure import wording as brochure_wording
from brochure.availability import HoursNotUnderstood
from brochure.models import Category, Offer, OfferPrice
from providers.models import DbsCheck, Provider

TEXTS = ("title_en", "title_cy", "description_en", "description_cy")
# What a carer relies on when choosing, and what the law asks about: the carers team looks at it first (R48).
FACTS_THAT_MATTER = (
    *("category", "unit", "minutes", "sessions", "personal_care", "accommodation", "accommodation_with_care"),
    *("childcare", "dbs_level", "prices"),
)
SMALL = (
    *("know_en", "know_cy", "least_minutes", "courses", "places", "has_waiting_list", "takes_walk_ins", "adults_only"),
    *("hours", "other_days", "buffer_minutes", "week_minutes", "areas", "notice_hours", "access"),
    *("free_cancel_hours", "late_cancel_percent", "vat_treatment"),
)
# Of these one way counts at once and the other waits: kinder or less kind, adults only or not.
MAY_WAIT = frozenset({"adults_only", "free_cancel_hours", "late_cancel_percent"})
KEYS = (*TEXTS, *FACTS_THAT_MATTER, *SMALL)
_COLUMNS = tuple(key for key in KEYS if key not in {"category", "prices"})
# The columns of an offer that its content stands in; others write the rest.
SAVED = (*_COLUMNS, "category")

NAMES = {
    "title_en": gettext_lazy("Title in English"),
    "title_cy": gettext_lazy("Title in Welsh"),
    "description_en": gettext_lazy("Text in English"),
    "description_cy": gettext_lazy("Text in Welsh"),
    "know_en": gettext_lazy("What carers should know, in English"),
    "know_cy": gettext_lazy("What carers should know, in Welsh"),
    "category": gettext_lazy("Kind of break"),
    "unit": gettext_lazy("Sold by"),
    "minutes": gettext_lazy("How long"),
    "sessions": gettext_lazy("Sessions of a course"),
    "personal_care": gettext_lazy("Personal care"),
    "accommodation": gettext_lazy("A place to stay"),
    "accommodation_with_care": gettext_lazy("Care while staying"),
    "childcare": gettext_lazy("Childcare for children under 12"),
    "dbs_level": gettext_lazy("DBS check of staff"),
    "prices": gettext_lazy("Price"),
    "least_minutes": gettext_lazy("Shortest break"),
    "courses": gettext_lazy("Days of the courses"),
    "places": gettext_lazy("Places"),
    "has_waiting_list": gettext_lazy("Waiting list"),
    "takes_walk_ins": gettext_lazy("Without booking"),
    "adults_only": gettext_lazy("Adults only"),
    "hours": gettext_lazy("Opening hours"),
    "other_days": gettext_lazy("Days with other hours"),
    "buffer_minutes": gettext_lazy("Time between two breaks"),
    "week_minutes": gettext_lazy("Most in a week"),
    "areas": gettext_lazy("Where it comes to"),
    "notice_hours": gettext_lazy("Notice"),
    "access": gettext_lazy("Access"),
    "free_cancel_hours": gettext_lazy("Free to cancel until"),
    "late_cancel_percent": gettext_lazy("Kept when cancelled late"),
    "vat_treatment": gettext_lazy("VAT"),
}


@dataclass(frozen=True)
class Difference:
    """One thing that differs between two contents, in words; `language` is set where a text has its own."""

    key: str
    what: str
    was: str
    now: str
    language: str = ""


def content_of(offer):
    """Return all that can be edited of an offer, in plain values.

    Its `prices` are [rate, first day, pence] in order; without pence a rate is left out from that day on.
    """
    content = {key: getattr(offer, key) for key in _COLUMNS}
    # Lists of its own, so that a later change of the offer does not reach into what was kept.
    content |= {"areas": list(offer.areas), "access": list(offer.access), "category": offer.category.slug}
    prices = [[row.rate, row.first_day.isoformat(), row.price_pence] for row in offer.prices.all()]
    return content | {"prices": sorted(prices)}


def put_into(offer, content):
    """Write the content onto the row of an offer, prices apart, without saving it."""
    for key in _COLUMNS:
        setattr(offer, key, content[key])
    if content["category"] != offer.category.slug:
        offer.category = Category.objects.get(slug=content["category"])


def prices_to_add(offer, content, *, on):
    """Return the OfferPrices, unsaved, that the content has and the offer has not.

    One whose first day passed while it waited begins on the day `on`.
    """
    there = {(row.rate, row.first_day.isoformat()) for row in offer.prices.all()}
    wanted = [(rate, dt.date.fromisoformat(day), pence) for rate, day, pence in content["prices"]]
    missing = [each for each in wanted if (each[0], each[1].isoformat()) not in there]
    found = {(rate, max(day, on)): pence for rate, day, pence in sorted(missing)}
    return [
        OfferPrice(offer=offer, rate=rate, first_day=day, price_pence=pence)
        for (rate, day), pence in found.items()
        if (rate, day.isoformat()) not in there
    ]


def keys_that_wait(before, after, scheme):
    """R48. Return the keys whose change the carers team looks at before carers see it.

    Texts, the kind and the length of the break, care and checks, prices that are handed in; an offer that is no longer
    for adults only; and cancellation terms that are less kind than before. The scheme is the provider's council's.
    """
    changed = {key for key in KEYS if before[key] != after[key]}
    waiting = changed & {*TEXTS, *FACTS_THAT_MATTER}
    if "adults_only" in changed and not after["adults_only"]:
        waiting.add("adults_only")
    for key in changed & {"free_cancel_hours", "late_cancel_percent"}:
        councils = getattr(scheme, key)
        was, now = (councils if each[key] is None else min(each[key], councils) for each in (before, after))
        if now > was:
            waiting.add(key)
    return waiting


def differences(before, after):
    """Return a Difference for each thing that differs, in the active language and in the order of NAMES.

    With nothing before it, everything that is said of the offer.
    """
    if before and before["prices"] != after["prices"]:
        before, after = _only_prices_that_differ(before, after)
    before_words, after_words = in_words(before) if before else {}, in_words(after)
    return [
        Difference(
            key,
            str(name),
            before_words.get(key, ""),
            after_words[key],
            key[-2:] if key.endswith(("_en", "_cy")) else "",
        )
        for key, name in NAMES.items()
        if before.get(key) != after.get(key)
    ]


def _only_prices_that_differ(before, after):
    """Return both contents with the prices of those rates alone of which something changes."""
    was, now = ({tuple(row) for row in each["prices"]} for each in (before, after))
    rates = {row[0] for row in was ^ now}
    return [each | {"prices": [row for row in each["prices"] if row[0] in rates]} for each in (before, after)]


def in_words(content):
    """Return {key: how it reads in the active language} for the whole content."""
    unit = content["unit"]
    words = {key: content[key] for key in (*TEXTS, "know_en", "know_cy")}
    words |= {key: _yes_or_no(content[key]) for key in _TICKS}
    words |= {
        "category": _category(content["category"]),
        "unit": Offer.Unit(unit).label,
        "minutes": brochure_wording.length(content["minutes"], unit, content["minutes"]),
        # Of everything but a course there is one, and nothing to say about it.
        "sessions": str(content["sessions"]) if unit == Offer.Unit.COURSE else "",
        "dbs_level": DbsCheck.Level(content["dbs_level"]).label,
        "prices": "\n".join(_price(row, unit) for row in sorted(content["prices"], key=_as_shown)),
        "least_minutes": wording.hours(content["least_minutes"]) if content["least_minutes"] else "",
        "courses": content["courses"],
        "places": str(content["places"]),
        "hours": hours_in_words(content["hours"]),
        "other_days": content["other_days"],
        "buffer_minutes": wording.hours(content["buffer_minutes"]) if content["buffer_minutes"] else "",
        "week_minutes": wording.hours(content["week_minutes"]) if content["week_minutes"] else "",
        "areas": ", ".join(content["areas"]),
        "notice_hours": brochure_wording.notice(content["notice_hours"]),
        "access": ", ".join(access.names(content["access"])),
        "vat_treatment": Provider.Vat(content["vat_treatment"]).label if content["vat_treatment"] else "",
    }
    words["free_cancel_hours"] = words["late_cancel_percent"] = _("As the council’s")
    if content["free_cancel_hours"] is not None:
        words["free_cancel_hours"] = _("%(hours)s hours before") % {"hours": content["free_cancel_hours"]}
    if content["late_cancel_percent"] is not None:
        words["late_cancel_percent"] = f"{content['late_cancel_percent']}%"
    return {key: str(text) for key, text in words.items()}


_TICKS = (
    *("personal_care", "accommodation", "accommodation_with_care", "childcare"),
    *("has_waiting_list", "takes_walk_ins", "adults_only"),
)


def hours_in_words(text):
    """Return opening hours as people say them, or as they were typed where a draft's cannot be read yet."""
    try:
        return brochure_wording.opening(text) if text else ""
    except HoursNotUnderstood:
        return text


def _yes_or_no(ticked):
    return _("Yes") if ticked else _("No")


def _category(slug):
    category = Category.objects.filter(slug=slug).first()
    return in_language(category, "name") if category else slug


def _as_shown(row):
    """Return what puts prices into the order in which a provider types them, by day within each rate."""
    rate, day, _pence = row
    return OfferPrice.Rate.values.index(rate), day


def _price(row, unit):
    rate, day, pence = row
    return _("%(rate)s: %(price)s from %(day)s") % {
        "rate": OfferPrice.Rate(rate).label,
        "price": brochure_wording.price_or_left_out(rate, pence, unit),
        "day": wording.day(dt.date.fromisoformat(day), "short"),
    }
