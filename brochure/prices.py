"""What an offer costs on a day, and no other rule anywhere.

It is the newest price whose first day has come, but never more than a printed edition promises for that day:
nobody pays more than their copy says (R23).
"""

from django.db.models import Case, Min, OuterRef, Subquery, When
from django.db.models.lookups import GreaterThan

from brochure.models import EditionOffer, OfferPrice


class NoPrice(LookupError):
    """The offer has no price on that day, so nobody can book it."""


def price_on(offer, day):
    """R23. Return what one unit of the offer costs on a day, in pence. Raises NoPrice before its first price."""
    price = type(offer).objects.filter(pk=offer.pk).values_list(on_day(day), flat=True).first()
    if price is None:
        raise NoPrice(offer.ref)
    return price


def price_for(unit_price_pence, minutes, unit_minutes):
    """R4. The price is the unit price times the length, rounded to the nearest penny once, half a penny up."""
    return (2 * unit_price_pence * minutes + unit_minutes) // (2 * unit_minutes)


def on_day(day):
    """Return the expression that gives each Offer of a query its price on a day, in pence, or null."""
    own, promised = own_on_day(day), promised_on_day(day)
    # Where either is missing the comparison is neither true nor false, and the provider's own price stands.
    return Case(When(GreaterThan(own, promised), then=promised), default=own)


def own_on_day(day):
    """Return the expression for the provider's own price on a day, in pence, or null; editions are made of these."""
    prices = OfferPrice.objects.filter(offer=OuterRef("pk"), first_day__lte=day).order_by("-first_day")
    return Subquery(prices.values("price_pence")[:1])


def promised_on_day(day):
    """Return the expression for the lowest price that an edition promises for a day, in pence, or null."""
    printed = EditionOffer.objects.filter(
        offer=OuterRef("pk"), edition__made_on__lte=day, edition__prices_until__gte=day
    ).order_by()
    return Subquery(printed.values("offer").annotate(lowest=Min("price_pence")).values("lowest"))
