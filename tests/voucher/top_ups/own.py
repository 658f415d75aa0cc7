"""A break that costs £120 where £80 are left, and the carer pays the other £40 herself."""

import uuid

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY
from voucher import bookings, top_ups
from voucher.models import Booking, TopUp

SHOP = "acct_shop"
BRYN = Who(label="tests")


def shop(council, **fields):
    """A provider that takes money from carers, also by card, in a council that allows it."""
    council.scheme.takes_cards = True
    council.scheme.save()
    fields = {"takes_own_money": True, "takes_cards": True, "stripe_account": SHOP} | fields
    return factories.provider(council, **fields)


def ask(award, offer, now, *, way="card", own_pence=4_000, price_pence=12_000, minutes=60, key=None, starts_at=FRIDAY):
    return top_ups.ask(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=price_pence,
        seen_own_pence=own_pence,
        way=way,
        by=ALYS,
        now=now,
        key=key or str(uuid.uuid4()),
    )


def page(booking, now):
    """Go to the card page; returns the number of the session."""
    top_ups.open_card_page(booking=booking, language="en", now=now)
    return top_up(booking).session_id


def paid(booking, company, now):
    """Ask, pay, and come back: the booking is before its provider."""
    company.pay(page(booking, now))
    top_ups.look(booking=booking, now=now)
    return fresh(booking)


def confirmed(booking, company, now):
    booking = paid(booking, company, now)
    bookings.confirm(booking=booking, by=BRYN, now=now)
    return booking


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


def top_up(booking):
    return TopUp.objects.get(booking=booking)


def left(booking):
    account = fresh(booking).award.account
    return account.available, account.held
