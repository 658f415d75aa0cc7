"""What an offer costs on a day: the newest price whose first day has come, and no other rule anywhere."""

from django.db.models import OuterRef, Subquery

from brochure.models import OfferPrice


class NoPrice(LookupError):
    """The offer has no price on that day, so nobody can book it."""


def price_on(offer, day):
    """Return what one unit of the offer costs on a day, in pence. Raises NoPrice before its first price."""
    row = OfferPrice.objects.filter(offer=offer, first_day__lte=day).order_by("-first_day").first()
    if row is None:
        raise NoPrice(offer.ref)
    return row.price_pence


def on_day(day):
    """Return the expression that gives each Offer of a query its price on a day, in pence, or null."""
    prices = OfferPrice.objects.filter(offer=OuterRef("pk"), first_day__lte=day).order_by("-first_day")
    return Subquery(prices.values("price_pence")[:1])
