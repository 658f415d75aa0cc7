"""What has changed since an edition was made, side by side: the edition's own copy and what would be printed today."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import wording
from brochure import access, editions, prices
from brochure import wording as brochure_wording
from brochure.catalogue import folded
from brochure.models import Offer
from providers.models import Provider

# What is compared of an offer beside its price, with its name. Texts end in the code of their language.
TEXTS = {
    "title_en": gettext_lazy("Title in English"),
    "title_cy": gettext_lazy("Title in Welsh"),
    "description_en": gettext_lazy("Text in English"),
    "description_cy": gettext_lazy("Text in Welsh"),
}
FACTS = {
    "category": gettext_lazy("Kind of break"),
    "provider": gettext_lazy("Provider"),
    "town": gettext_lazy("Town"),
    "district": gettext_lazy("Postcode area"),
    "phone": gettext_lazy("Telephone"),
    "hours": gettext_lazy("Opening hours"),
    "length": gettext_lazy("Length"),
    "notice": gettext_lazy("Notice"),
    "personal_care": gettext_lazy("Personal care"),
    "speaks_welsh": gettext_lazy("Welsh-speaking staff"),
    "access": gettext_lazy("Access"),
}
CONTACTS = {"phone": gettext_lazy("Telephone of the carers team"), "email": gettext_lazy("E-mail of the carers team")}


@dataclass(frozen=True)
class Change:
    """One difference, in words: what it is about, and how it was and is. `language` is set where a text has its own."""

    number: int | None
    title: str
    note: str = ""
    what: str = ""
    was: str = ""
    now: str = ""
    language: str = ""


@dataclass
class Changes:
    """Every difference between an edition and today, by kind; `offers` is how many an edition would hold now."""

    offers: int = 0
    new: list[Change] = field(default_factory=list)
    gone: list[Change] = field(default_factory=list)
    dearer: list[Change] = field(default_factory=list)
    cheaper: list[Change] = field(default_factory=list)
    other: list[Change] = field(default_factory=list)
    around: list[Change] = field(default_factory=list)

    def __bool__(self):
        return any([self.new, self.gone, self.dearer, self.cheaper, self.other, self.around])


def since(edition, *, on):
    """Return the Changes since an edition, in the active language; with no edition only the number of offers.

    Prices are the provider's own on that day, as the next edition would print them. Nine queries at most.
    """
    now_printed = {offer.pk: (offer, printed) for offer, printed in editions.offers_to_print(on=on)}
    found = Changes(offers=len(now_printed))
    if edition is None:
        return found
    own = prices.own_rates(now_printed, on)
    rows = edition.offers.select_related("offer__provider").prefetch_related("rates")
    then_printed = {row.offer_id: row for row in rows}
    for pk, (offer, printed) in now_printed.items():
        if pk not in then_printed:
            price = brochure_wording.all_rates(own[pk], offer.unit)
            found.new.append(Change(offer.number, _text(printed, "title"), _whose(printed), now=price))
    for pk, row in then_printed.items():
        if pk not in now_printed:
            was = brochure_wording.all_rates(row.rates_printed, row.printed["unit"])
            change = Change(row.printed["number"], _text(row.printed, "title"), _whose(row.printed), was=was)
            found.gone.append(_because(change, row.offer, on))
            continue
        offer, printed = now_printed[pk]
        _compare_price(found, row, offer, printed, own[pk])
        found.other += _compare(row.printed, printed)
    councils = {offer.provider.council_id for offer, _printed in now_printed.values()}
    found.around = _around(edition.printed, editions.around_the_offers(councils))
    return found


def _compare_price(found, row, offer, printed, own):
    """Compare every rate: what is dearer at any time is dearer, whatever is cheaper at others."""
    was, now = (prices.Rates(offer.unit, each) for each in (row.rates_printed, own))
    if was.every == now.every:
        return
    change = Change(
        offer.number,
        _text(printed, "title"),
        _whose(printed),
        was=brochure_wording.all_rates(was.own, row.printed["unit"]),
        now=brochure_wording.all_rates(now.own, offer.unit),
    )
    is_dearer = any(after > before for before, after in zip(was.every, now.every, strict=True))
    (found.dearer if is_dearer else found.cheaper).append(change)


def _compare(then, now):
    """Return what else differs between two copies of one offer, one Change a thing."""
    title, whose = _text(now, "title"), _whose(now)
    found = [
        Change(now["number"], title, whose, str(name), then[key], now[key], language=key[-2:])
        for key, name in TEXTS.items()
        if then[key] != now[key]
    ]
    was, is_now = _facts(then), _facts(now)
    return found + [
        Change(now["number"], title, whose, str(name), was[key], is_now[key])
        for key, name in FACTS.items()
        if was[key] != is_now[key]
    ]


def _facts(printed):
    """Return what is compared of one copy, in words."""
    available = {True: _("Available"), False: _("Not available")}
    unit = Offer.Unit(printed["unit"]).label
    return {
        "category": _text(printed, "category"),
        "provider": printed["provider"],
        "town": _text(printed, "town"),
        "district": printed["district"],
        "phone": printed["phone"],
        "hours": _text(printed, "hours"),
        "length": f"{unit}: {wording.hours(printed['minutes'])}",
        "notice": brochure_wording.notice(printed["notice_hours"]),
        "personal_care": available[printed["personal_care"]],
        "speaks_welsh": available[printed["speaks_welsh"]],
        "access": ", ".join(access.names(printed["access"])),
    }


def _because(change, offer, on):
    """Return the same Change with the reason why its offer is no longer printed."""
    provider = offer.provider
    if offer.state == Offer.State.WITHDRAWN:
        reason = _("Withdrawn")
    elif offer.state == Offer.State.DRAFT:
        reason = _("Hidden for now")
    elif provider.state != Provider.State.LIVE:
        reason = _("Provider: %(state)s") % {"state": provider.get_state_display()}
    elif not provider.is_insured(on=on):
        reason = _("Insurance ended on %(day)s") % {"day": wording.day(provider.insurance_until, "short")}
    elif not offer.is_in_order(on=on):
        reason = _("Papers ended on %(day)s") % {"day": wording.day(offer.good_until, "short")}
    else:
        reason = _("Has no price")
    return Change(change.number, change.title, change.note, was=change.was, now=reason)


def _around(then, now):
    """Return what differs of the carers teams and of the free activities."""
    found = []
    was, is_now = ({county["name_en"]: county for county in each.get("counties", [])} for each in (then, now))
    for name in sorted(was.keys() | is_now.keys()):
        before, after = was.get(name, {}), is_now.get(name, {})
        county = _text(after or before, "name")
        found += [
            Change(None, county, "", str(label), before.get(key, ""), after.get(key, ""))
            for key, label in CONTACTS.items()
            if before.get(key, "") != after.get(key, "")
        ]
    was, is_now = (
        {(each["name"], each["county_en"]): each for each in kept.get("activities", [])} for kept in (then, now)
    )
    for key in sorted(was.keys() | is_now.keys(), key=lambda key: (folded(key[0]), key[1])):
        before, after = was.get(key), is_now.get(key)
        if before != after:
            county, what = _text(after or before, "county"), _("Community activity")
            found.append(Change(None, key[0], county, what, _activity(before), _activity(after)))
    return found


def _activity(printed):
    return "\n".join(filter(None, [printed["place"], printed["facts"]])) if printed else ""


def _whose(printed):
    return f"{printed['provider']}, {_text(printed, 'town')}"


def _text(printed, name):
    """Return a text of a copy in the active language, or in the other where it has none."""
    own, other = ("cy", "en") if wording.language() == "cy" else ("en", "cy")
    return printed[f"{name}_{own}"] or printed[f"{name}_{other}"]
