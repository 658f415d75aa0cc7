"""Asking for a break: its price is set aside at once, and the provider is told."""

import secrets
from functools import partial

from django.db.models import F
from django.utils import timezone

from brochure import availability
from brochure.models import Offer
from voucher import messages, rules
from voucher.asking import (
    AwardClosed,
    NotEnough,
    StalePrice,
    last_service_day,
    quote,
    refuse_taken,
    refuse_unless_possible,
)
from voucher.bookings import steps
from voucher.ledger import acts, books
from voucher.models import Award, Booking

# Without vowels, so that no reference is a word, and without signs that look alike.
REF_SIGNS = "23456789BCDFGHJKMNPQRSTVWXZ"
REF_LENGTH = 8


def make(*, award, offer, starts_at, minutes, seen_price_pence, note="", by, now, key):
    """Ask for a break and set its price aside; returns the Booking, and the same one for the same `key`.

    Raises a kind of Refused with nothing changed, or ledger.acts.KeyWasUsed.
    """
    arguments = {
        "award": award.pk,
        "offer": offer.pk,
        "starts_at": starts_at.isoformat(),
        "minutes": minutes,
        "seen_price_pence": seen_price_pence,
        "note": note,
    }
    do = partial(_ask, **(arguments | {"starts_at": starts_at}), by=by, now=now, key=key)
    answer = acts.once(key=key, actor=by.actor, verb="booking.make", arguments=arguments, now=now, do=do)
    return Booking.objects.get(pk=answer["booking"])


def _ask(*, award, offer, starts_at, minutes, seen_price_pence, note, by, now, key):
    # Whoever asks for the same offer waits here, so that the last place is taken once. An update locks the
    # row on every database; its value stays as it is.
    Offer.objects.filter(pk=offer).update(places=F("places"))
    offer = Offer.objects.select_related("provider__council", "category").get(pk=offer)
    award = Award.objects.select_related("account", "council__scheme", "carer").get(pk=award)
    refuse_unless_possible(award=award, offer=offer, starts_at=starts_at, minutes=minutes, now=now)
    ends_at = availability.ends_at(offer, starts_at, minutes)
    refuse_taken(award=award, offer=offer, starts_at=starts_at, minutes=minutes)
    price = quote(award=award, offer=offer, minutes=minutes, on=timezone.localdate(now))
    if price.price_pence != seen_price_pence:
        raise StalePrice(price.price_pence)
    hold = _set_aside(award, price.amount, last_service_day(offer, starts_at, minutes), by, now, key)
    scheme = award.council.scheme
    days = scheme.answer_working_days_overnight if offer.unit == Offer.Unit.NIGHT else scheme.answer_working_days
    booking = Booking.objects.create(
        ref=_new_ref(),
        award=award,
        council=award.council,
        offer=offer,
        provider=offer.provider,
        hold=hold,
        starts_at=starts_at,
        ends_at=ends_at,
        minutes=minutes,
        unit_price_pence=price.unit_price_pence,
        unit_minutes=offer.minutes,
        price_pence=price.price_pence,
        amount=price.amount,
        free_cancel_hours=scheme.free_cancel_hours,
        late_cancel_percent=scheme.late_cancel_percent,
        note=note,
        requested_at=now,
        answer_by=rules.answer_by(now, starts_at, days),
    )
    steps.remember(booking, "booking.requested", by, now)
    messages.booking_asked(booking)
    return {"booking": booking.pk}


def _set_aside(award, amount, day, by, now, key):
    if not amount:
        return None
    try:
        return books.hold(award=award.account, amount=amount, on=day, op_key=f"{key}/hold", actor=by.actor, now=now)
    except books.NotEnough as short:
        raise NotEnough(needed=amount, available=short.available) from short
    except books.AwardFrozen as closed:
        raise AwardClosed from closed


def _new_ref():
    return "".join(secrets.choice(REF_SIGNS) for _ in range(REF_LENGTH))
