"""A break on its way, one step a function: asked for, confirmed, given."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from accounts.history import Who
from voucher import bookings, rules

ALYS = Who(label="code 4K7P")


def london(year, month, day, hour, minute=0):
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/London"))


# With the tests' Monday 12 October: the Friday after, 2pm, and the morning after that.
FRIDAY = london(2026, 10, 16, 14)
SATURDAY = london(2026, 10, 17, 9)


def ask(award, offer, now, *, starts_at=FRIDAY, minutes=150, note=""):
    return bookings.make(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=rules.price_for(offer.prices.first().price_pence, minutes, offer.minutes),
        note=note,
        by=ALYS,
        now=now,
        key=str(uuid.uuid4()),
    )


def confirm(award, offer, owner, now, **asked):
    booking = ask(award, offer, now, **asked)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)
    return booking


def deliver(booking, minutes, owner):
    bookings.deliver(booking=booking, minutes=minutes, by=Who(user=owner), now=booking.ends_at)
    return booking
