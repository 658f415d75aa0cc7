"""Asking for a break that costs more than is left: the award's part is set aside, the carer's own is written down."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction

from providers import stripe_api
from providers.models import Provider
from voucher import bookings, rules
from voucher.models import TopUp

Way = TopUp.Way

# A card payment is made within an hour, or the place and the money are free again.
PAY_WITHIN = dt.timedelta(hours=1)
# The card page closes by itself an hour later, should nobody have closed it. Stripe asks for half an hour at least.
PAGE_OPEN = dt.timedelta(hours=2)
# Stripe takes no smaller payment in pounds.
CARD_LEAST_PENCE = 30
# A break that starts sooner leaves no time to pay first and be answered after.
CARD_LEAD = dt.timedelta(hours=3)


class NoOwnMoney(bookings.Refused):
    """The provider takes no money from carers, nothing is left on the award, or what is left is enough."""


class NotThatWay(bookings.Refused):
    """It can no longer be paid in the way that was chosen."""


class StaleShare(bookings.Refused):
    """What is left has changed since it was shown; `share` is the Share now."""

    def __init__(self, share):
        super().__init__(f"{share.own_pence}p")
        self.share = share


@dataclass(frozen=True)
class Share:
    """How a price is shared: her own and the award's part in pence, and what is set aside in the award's unit."""

    own_pence: int
    award_pence: int
    amount: int


def share(*, award, offer, price, minutes):
    """Return the Share of a Quote for so many minutes, as things are left on the award now (R27)."""
    return _share(award, offer.minutes, price.unit_price_pence, price.price_pence, minutes, award.account.available)


def ways(*, provider, council, own_pence, starts_at=None, now=None):
    """Return the Ways in which a carer of the council may pay this provider her share; none where it takes no money."""
    if not provider.takes_own_money:
        return []
    by_card = council.scheme.takes_cards and provider.takes_cards and stripe_api.is_set_up()
    in_time = starts_at is None or starts_at - now >= CARD_LEAD
    return [Way.CARD, Way.DIRECT] if by_card and in_time and own_pence >= CARD_LEAST_PENCE else [Way.DIRECT]


def ask(*, award, offer, starts_at, minutes, seen_price_pence, seen_own_pence, way, note="", by, now, key):
    """Ask for one break of which the carer pays `seen_own_pence` herself; return the Booking, committed.

    Paid directly, the provider is asked at once. By card, the booking is UNPAID until the payment has come in.
    The same `key` again returns the same booking. Raises a kind of bookings.Refused with nothing changed (NoOwnMoney,
    NotThatWay and StaleShare among them), or ledger.acts.KeyWasUsed.
    """
    with transaction.atomic(durable=True):
        try:
            booking = bookings.make(
                award=award,
                offer=offer,
                starts_at=starts_at,
                minutes=minutes,
                seen_price_pence=seen_price_pence,
                note=note,
                by=by,
                now=now,
                key=key,
                own_pence=seen_own_pence,
                pay_by_card=way == Way.CARD,
            )
        except bookings.BadShare as bad:
            raise NoOwnMoney from bad
        if not TopUp.objects.filter(booking=booking).exists():
            _agree(booking, way, now)
    return booking


def _agree(booking, way, now):
    """Write down how the own share is paid, once the award's part is set aside and nobody else can change it."""
    provider = Provider.objects.get(pk=booking.provider_id)
    asked = {"own_pence": booking.own_pence, "starts_at": booking.starts_at, "now": now}
    possible = ways(provider=provider, council=booking.council, **asked)
    if not (possible and booking.own_pence and booking.amount):
        raise NoOwnMoney
    if way not in possible:
        raise NotThatWay
    account = booking.award.account
    account.refresh_from_db()
    left = account.available + booking.amount
    right = _share(
        booking.award, booking.unit_minutes, booking.unit_price_pence, booking.price_pence, booking.minutes, left
    )
    if right.own_pence != booking.own_pence:
        raise StaleShare(right)
    card = way == Way.CARD
    TopUp.objects.create(
        booking=booking,
        way=way,
        state=TopUp.State.WAITING if card else TopUp.State.AGREED,
        amount_pence=booking.own_pence,
        key=uuid.uuid4(),
        stripe_account=provider.stripe_account if card else "",
        pay_by=now + PAY_WITHIN if card else None,
        open_until=now + PAGE_OPEN if card else None,
        made_at=now,
    )


def _share(award, unit_minutes, unit_price_pence, price_pence, minutes, left):
    price = {"price_pence": price_pence, "unit_price_pence": unit_price_pence, "unit_minutes": unit_minutes}
    own_pence = rules.own_share(**price, left=left, in_hours=award.in_hours)
    amount = rules.amount_beside(own_pence, **price, minutes=minutes, in_hours=award.in_hours)
    return Share(own_pence, price_pence - own_pence, amount)
