"""Printed editions: frozen, numbered copies of the brochure, which no later change of an offer can alter."""

import hashlib

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone, translation

from accounts import days, history
from accounts.models import Council, Language
from brochure import catalogue, photos, places, prices, printing, wording
from brochure.models import Activity, Edition, EditionFile, EditionOffer, EditionRate

# A printed price is promised for so long.
PRICES_HOLD_MONTHS = 6


class NothingToPrint(Exception):
    """No offer is live, so there is nothing to make an edition of."""


def newest():
    """Return the newest edition, or None."""
    return Edition.objects.first()


def prices_until(made_on):
    """Return the last day, inclusive, on which an edition's prices hold: six months, counted as an award's are (R1)."""
    return days.last_of_months(made_on, PRICES_HOLD_MONTHS)


def freeze(*, by, now):
    """Make the next edition: a copy of everything printed, as it stands now. Raises NothingToPrint."""
    today = timezone.localdate(now)
    with transaction.atomic():
        rows = offers_to_print(on=today)
        if not rows:
            raise NothingToPrint
        edition = Edition.objects.create(
            number=(Edition.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
            made_on=today,
            made_by=by.user,
            prices_until=prices_until(today),
            printed=around_the_offers({offer.provider.council_id for offer, _printed in rows}),
        )
        own = prices.own_rates([offer.pk for offer, _printed in rows], today)
        made = EditionOffer.objects.bulk_create(
            EditionOffer(
                edition=edition,
                offer=offer,
                council=offer.provider.council,
                position=position,
                # The provider's own price: a promise of the last edition must not be promised again without end.
                price_pence=offer.own_price_pence,
                printed=printed,
            )
            for position, (offer, printed) in enumerate(rows, start=1)
        )
        EditionRate.objects.bulk_create(
            EditionRate(printed_offer=row, rate=rate, price_pence=price_pence)
            for row in made
            for rate, price_pence in own[row.offer_id].items()
            if rate != prices.Rate.STANDARD
        )
        history.record(act="edition.made", subject=edition, by=by, at=now, number=edition.number, offers=len(rows))
    return edition


def pdf(edition, language, large_print=False, step=None):
    """Return the EditionFile of an edition, made on the first call and kept. Raises paper.CannotPrint.

    `step` is called once a page while they are laid out, for a progress bar. Setting the pages takes seconds:
    never call it inside a transaction.
    """
    key = {"edition": edition, "language": Language(language).value, "large_print": large_print}
    if kept := EditionFile.objects.filter(**key).first():
        return kept
    made = printing.typeset(edition, language, large_print=large_print, step=step)
    try:
        with transaction.atomic():
            return EditionFile.objects.create(
                **key, pages=made.pages, sha256=hashlib.sha256(made.content).hexdigest(), content=made.content
            )
    except IntegrityError:
        # Somebody else finished first; theirs is the one that is kept.
        return EditionFile.objects.get(**key)


def missing_files(edition):
    """Return (language, large print) of each file that an edition does not have yet, in the order to make them."""
    kept = set(edition.files.values_list("language", "large_print"))
    return [(code, large) for large in (False, True) for code in Language.values if (code, large) not in kept]


def offers_to_print(*, on):
    """Return (offer, what is printed of it, price apart) of every live offer, in printed order; three queries."""
    offers = sorted(catalogue.live_offers(on=on), key=_order)
    centres = places.centres({_district(offer) for offer in offers})
    pictures = photos.shown(offers)
    return [(offer, _copy(offer, centres, next(iter(pictures.get(offer.pk, ())), None))) for offer in offers]


def _order(offer):
    county, town = offer.provider.council.name_en, offer.provider.town_en
    return offer.category.position, county, town, catalogue.folded(offer.title_en or offer.title_cy), offer.number


def _district(offer):
    try:
        return places.district(offer.provider.postcode)
    except places.PlaceNotKnown:
        return ""


def _copy(offer, centres, photo):
    """Return everything that is printed of an offer, price apart, as it stands now; of its first photo, which one."""
    provider, category = offer.provider, offer.category
    texts = {"title": offer, "description": offer, "town": provider}
    copied = {f"{name}_{code}": getattr(row, f"{name}_{code}") for name, row in texts.items() for code in ("en", "cy")}
    for code in ("en", "cy"):
        with translation.override(code):
            copied[f"hours_{code}"] = wording.opening(offer.hours)
        copied[f"county_{code}"] = getattr(provider.council, f"name_{code}")
        copied[f"category_{code}"] = getattr(category, f"name_{code}")
        copied[f"purpose_{code}"] = getattr(category, f"purpose_{code}")
    district = _district(offer)
    return copied | {
        "number": offer.number,
        "category": category.slug,
        "category_position": category.position,
        "provider": provider.name,
        "phone": provider.phone,
        "speaks_welsh": provider.speaks_welsh,
        "unit": offer.unit,
        "minutes": offer.minutes,
        "notice_hours": offer.notice_hours,
        "personal_care": offer.personal_care,
        "access": list(offer.access),
        "district": district,
        "centre": centres.get(district),
        "photo": photo.key if photo else "",
        "photo_alt_en": photo.alt_en if photo else "",
        "photo_alt_cy": photo.alt_cy if photo else "",
    }


def around_the_offers(council_ids):
    """Return whom to ring in each county and the free activities, as they stand now."""
    councils = Council.objects.filter(pk__in=council_ids).select_related("scheme").order_by("region", "name_en")
    activities = Activity.objects.filter(council__in=council_ids).select_related("council")
    return {
        "site_url": settings.SITE_URL,
        "counties": [
            {
                "region": council.region,
                "name_en": council.name_en,
                "name_cy": council.name_cy,
                "scheme_en": council.scheme.name_en,
                "scheme_cy": council.scheme.name_cy,
                "team_en": council.scheme.team_name_en,
                "team_cy": council.scheme.team_name_cy,
                "phone": council.scheme.team_phone,
                "email": council.scheme.team_email,
            }
            for council in councils
        ],
        "activities": [
            {
                "name": activity.name,
                "place": activity.place,
                "county_en": activity.council.name_en,
                "county_cy": activity.council.name_cy,
                "facts": activity.facts,
            }
            for activity in activities
        ],
    }
