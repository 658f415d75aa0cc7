"""Claims made the way they are made in life: asked for, confirmed, delivered, claimed."""

import datetime as dt
import itertools

from accounts.history import Who
from tests import factories
from voucher import bookings
from voucher.claiming import claims
from voucher.models import Booking

_keys = itertools.count(1)

ASKED = dt.datetime(2026, 9, 14, 9, 0, tzinfo=dt.UTC)
BREAK = dt.datetime(2026, 9, 22, 10, 0, tzinfo=dt.UTC)
CLAIMED = dt.datetime(2026, 9, 28, 9, 0, tzinfo=dt.UTC)


def booking(award, offer, *, minutes=120, starts_at=BREAK, by):
    """A break that was confirmed; its hours are in the middle of the day of every test offer."""
    row = bookings.make(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=offer.prices.get().price_pence * minutes // offer.minutes,
        by=Who(label="code TEST"),
        now=ASKED,
        key=f"ask-{next(_keys)}",
    )
    bookings.confirm(booking=row, by=by, now=ASKED + dt.timedelta(hours=1))
    return Booking.objects.get(pk=row.pk)


def delivered(award, offer, *, by, minutes=120, given=None, **when):
    row = booking(award, offer, minutes=minutes, by=by, **when)
    bookings.deliver(booking=row, minutes=given or minutes, by=by, now=row.ends_at)
    return Booking.objects.get(pk=row.pk)


def claim(provider, rows, *, by, now=CLAIMED, council=None, invoice_number=""):
    """Claim bookings, and return the claim's lines."""
    row = claims.make(
        provider=provider,
        council=council or rows[0].council,
        bookings=rows,
        invoice_number=invoice_number,
        by=by,
        now=now,
        key=f"claim-{next(_keys)}",
    )
    return list(row.lines.all())


def lines(provider, award, *, pence=2500, number=1, by, now=CLAIMED):
    """As many claim lines of one provider, an hour each, one day after another."""
    offer = factories.offer(provider, price_pence=pence)
    rows = [
        delivered(award, offer, minutes=60, starts_at=BREAK + dt.timedelta(days=day % 5), by=by)
        for day in range(number)
    ]
    return claim(provider, rows, by=by, now=now)
