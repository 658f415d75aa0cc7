"""Offers as cards: what each says, when it is free, and the address that carries a chosen time along."""

import datetime as dt
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts import wording
from accounts.models import only_language
from brochure import access, availability, free_times, photos, places, prices
from brochure import wording as brochure_wording
from voucher import bookings
from voucher.forms.carer import as_typed, is_a_day_of_ours
from voucher.models import SavedOffer


def cards(offers, now, *, postcode="", when=None, taken=None, carer=None):
    """Return what each card says; five queries at most for all, one of them only where a carer's code is open.

    `when` is what was asked for: an offer with starts_at then says that time and, by the hour, the price of it all.
    """
    taken = taken_times(now, offers) if taken is None else taken
    near = district(postcode)
    saved = saved_by(carer)
    prices.attach(offers, timezone.localdate(now))
    pictures = photos.shown(offers)
    found = [_card(each, now, near, when, taken.get(each.pk, ()), each.pk in saved) for each in offers]
    for card in found:
        card["photo"] = next(iter(pictures.get(card["offer"].pk, ())), None)
    return found


def taken_times(now, offers=None, until=None):
    """Return {offer's id: [(starts_at, ends_at)…]} of what is taken in the time to come: of all offers, or of some.

    `until` is a day, where more than the usual two months are looked at.
    """
    end = now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS + 8)
    if until:
        end = max(end, now + dt.timedelta(days=(until - now.date()).days + 8))
    return bookings.taken_by_offer(None if offers is None else [each.pk for each in offers], after=now, before=end)


def moment_of(text):
    """Return the moment that an address names as as_typed writes it, or None."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) and is_a_day_of_ours(moment) else None


def saved_by(carer):
    """Return the ids of the offers that a carer has saved."""
    return set(SavedOffer.objects.filter(carer=carer).values_list("offer", flat=True)) if carer else set()


def district(postcode):
    """Return the first half of a postcode, or nothing."""
    try:
        return places.district(postcode)
    except places.PlaceNotKnown:
        return ""


def marks(row):
    """Return the short words that set an offer apart: Welsh, personal care, access, one language only."""
    found = [_("Welsh-speaking staff")] if row.provider.speaks_welsh else []
    if row.adults_only:
        found.append(_("For adults only"))
    if row.personal_care:
        found.append(_("Personal care"))
    found += access.names(row.access)
    # A name may well be in one language; what is said about the break decides.
    if language := only_language(row, "description" if row.description else "title"):
        found.append(_("In English only") if language == "en" else _("In Welsh only"))
    return found


def price_of(offer, minutes, starts_at=None):
    """Return the price of a break of a length: "£62.50 for 2½ hours", or of one unit where that is all of it.

    It is that of the start (R51); of one whose start is not known and whose prices differ, the unit's, with "from".
    """
    if starts_at is None and offer.rates.differ:
        return brochure_wording.price_of_rates(offer.rates)
    price_pence = offer.rates.at(starts_at) if starts_at else offer.rates.standard
    if minutes == offer.minutes or not price_pence:
        return brochure_wording.unit_price(price_pence, offer.unit)
    return _("%(price)s for %(length)s") % {
        "price": wording.money(prices.price_for(price_pence, minutes, offer.minutes)),
        "length": brochure_wording.length(minutes, offer.unit, offer.minutes),
    }


def _card(offer, now, near, when, taken, is_saved):
    starts_at = getattr(offer, "starts_at", None)
    minutes = (when and free_times.minutes_for(offer, when)) or offer.minutes
    carried = {"near": near} if near else {}
    if starts_at:
        carried |= _carried(offer, when, starts_at, minutes)
    says_end = starts_at and offer.unit != "night" and (offer.unit != "hour" or minutes != offer.minutes)
    return {
        "offer": offer,
        "url": offer.get_absolute_url() + (f"?{urlencode(carried)}" if carried else ""),
        "price": price_of(offer, minutes, starts_at),
        "unit_price": brochure_wording.unit_price(offer.rates.at(starts_at), offer.unit)
        if starts_at and minutes != offer.minutes
        else "",
        "miles": getattr(offer, "miles", None),
        "starts_at": starts_at,
        "ends_at": availability.ends_at(offer, starts_at, minutes) if says_end else None,
        "next_at": None if starts_at else availability.next_free(offer, now, taken=taken),
        "title_language": only_language(offer, "title"),
        "marks": marks(offer),
        "is_saved": is_saved,
    }


def _carried(offer, when, starts_at, minutes):
    """Return what goes along to the offer and the asking, so that nobody chooses twice.

    By the hour, a day alone is not a length yet: then only the day goes along.
    """
    if offer.unit == "hour" and (when is None or when.time is None or when.until is None):
        return {"day": starts_at.date().isoformat()}
    if offer.unit == "night":
        return {"day": starts_at.date().isoformat()}
    return {"minutes": minutes, "starts_at": as_typed(starts_at)}
