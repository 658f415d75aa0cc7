"""A break that a carer of a local copy asks for, at the price that the page would show."""

import uuid

from django.utils import timezone

from voucher import bookings
from voucher.bookings import asking


def wanted(award, offer, starts_at, minutes, *, now):
    """Return the break as it is asked for, with the price of that day."""
    on = timezone.localdate(now)
    quote = asking.quote(award=award, offer=offer, starts_at=starts_at, minutes=minutes, on=on)
    return bookings.Wanted(offer, starts_at, minutes, quote.price_pence)


def book(award, offer, starts_at, minutes, *, by, now):
    """Ask for one break, and return its booking; raises bookings.Refused."""
    one = wanted(award, offer, starts_at, minutes, now=now)
    [booking] = bookings.ask(award=award, parts=[[one]], note="", by=by, now=now, key=str(uuid.uuid4()))
    return booking
