"""A carer's code at a provider's door: tried ten times an hour, and answered with yes or no, a name and a number."""

import datetime as dt
import secrets
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from accounts import days, history, limits
from brochure import catalogue
from brochure.models import Offer
from providers.models import Provider
from voucher import messages, rules
from voucher.bookings import asking, tasks
from voucher.bookings.making import REF_LENGTH, REF_SIGNS
from voucher.calendars import places_taken
from voucher.carers import pins
from voucher.granting import awards
from voucher.ledger.models import AwardAccount
from voucher.models import Award, Booking, Task

WRONG_AN_HOUR = 10
# So often a good code may be too little in an hour, wherever it is asked: between yes and no lies what is on the award.
SHORT_AN_HOUR = 5
HOUR = 60 * 60
State = Booking.State


class Locked(Exception):
    """Too many codes did not work at this provider; even a right one waits until `again_at`."""

    def __init__(self, again_at):
        super().__init__(again_at.isoformat())
        self.again_at = again_at


class Wrong(Exception):
    """The code opens nothing, or the PIN is not its carer's: one answer for both."""


class Elsewhere(Exception):
    """The code is good in another part of Wales (R16)."""


class PinWanted(Exception):
    """The carer has a PIN, so the code alone says nothing."""


class NotEnough(Exception):
    """The code is good, but not for this, or not now."""


class NothingBooked(Exception):
    """The code is good, but nothing is booked with it here today, and the offer takes nothing new."""


class TooOften(Exception):
    """The code is good, and was too little so often within the hour that nothing more is said of it (R72)."""


@dataclass(frozen=True)
class Yes:
    """What a provider learns after a yes: a first name, a number to refer to, and what is booked here today.

    `check` stands for this look alone, where `ref` may be the number of a booking.
    """

    award: Award
    ref: str
    price_pence: int
    check: str
    booked: list = field(default_factory=list)

    @property
    def first_name(self):
        return self.award.carer.first_name


def offers(*, provider, now):
    """Return the provider's offers for which a code can be checked: those to be had now, and what is booked today.

    What a provider in a pause, or of an offer that is hidden, has confirmed before it gives (R56); one that is stopped
    gives nothing (R65).
    """
    today = timezone.localdate(now)
    if provider.is_stopped:
        return catalogue.live_offers(on=today).none()
    booked = {row.offer_id for row in _begins_today(Booking.objects.filter(provider=provider), now)}
    is_live = Q(state=Offer.State.LIVE, provider__state=Provider.State.LIVE)
    return catalogue.priced_offers(on=today).filter(is_live | Q(pk__in=booked), provider=provider)


def check(*, provider, offer, minutes, pin, by, now, code="", code_number=None):
    """Return Yes where the code pays for that much of the offer now, or is booked here today; each look is kept (R72).

    A break that is booked needs nothing more: its price is set aside already. Call it outside a transaction.
    Raises Locked, Wrong, Elsewhere, PinWanted, NotEnough, NothingBooked, TooOften, pins.PinLocked.
    """
    takes_new = offer.state == Offer.State.LIVE and provider.state == Provider.State.LIVE
    price_pence = price_now(offer, minutes, now) if takes_new else None

    def found(award):
        # Counted before it is looked at, and given back where it is enough, as every other try.
        if not limits.allow(_short(award), SHORT_AN_HOUR, HOUR, now):
            raise TooOften
        booked, check = today_at(award, provider, now), _new_ref()
        ref = booked[0].ref if booked else check
        note_look(award=award, provider=provider, by=by, now=now, ref=ref)
        if not booked and not takes_new:
            # Nothing was said of what is on the award.
            limits.give_back(_short(award), HOUR, now)
            raise NothingBooked
        if not booked and not _pays(award, price_pence, minutes, on=timezone.localdate(now)):
            raise NotEnough
        limits.give_back(_short(award), HOUR, now)
        return Yes(award, ref, price_pence, check, booked)

    return tried(provider=provider, code=code, code_number=code_number, pin=pin, by=by, now=now, then=found)


def tried(*, provider, pin, by, now, code="", code_number=None, then=lambda award: award):
    """Return what `then` makes of the award of this code, once the PIN is right where the carer has one.

    Each try is counted before it is looked at and given back where it was right, so that however many come at the same
    moment only ten wrong ones are looked at; what `then` refuses with NotEnough counts too, or a balance could be felt
    for penny by penny. Call it outside a transaction. Raises Locked, Wrong, Elsewhere, PinWanted, pins.PinLocked, and
    what `then` raises.
    """
    key = f"provider_code:{provider.pk}"
    if not limits.allow(key, WRONG_AN_HOUR, HOUR, now):
        raise Locked(again_at(now))
    try:
        answer = then(_award(provider, code, code_number, pin, now))
    except (Elsewhere, PinWanted, NothingBooked, TooOften):
        limits.give_back(key, HOUR, now)
        raise
    except (Wrong, NotEnough):
        if limits.is_used_up(key, WRONG_AN_HOUR, HOUR, now):
            _tell_of_lock(provider, by, now)
        raise
    limits.give_back(key, HOUR, now)
    return answer


def note_look(*, award, provider, by, now, ref=""):
    """Write down that a provider was told whether a code is enough: its carer sees each look, also at a no (R72)."""
    about = {"council": award.council, "provider": provider.pk, "ref": ref or _new_ref()}
    history.record(act="code.checked", subject=award, by=by, at=now, **about)


def not_enough(*, provider, award, by, now):
    """Count a no that came after the look: what was to be taken or booked was more than there is. Raises Locked.

    It counts like any other no, or a balance could be felt with whoever is booked. Call it outside a transaction.
    """
    limits.count(_short(award), HOUR, now)
    key = f"provider_code:{provider.pk}"
    if not limits.allow(key, WRONG_AN_HOUR, HOUR, now):
        raise Locked(again_at(now))
    if limits.is_used_up(key, WRONG_AN_HOUR, HOUR, now):
        _tell_of_lock(provider, by, now)


def refuse_often(*, award, now):
    """R72. Raise TooOften where the award's code was too little five times within the hour."""
    if limits.is_used_up(_short(award), SHORT_AN_HOUR, HOUR, now):
        raise TooOften


def refuse_locked(*, provider, now):
    """Raise Locked where too many codes did not work at this provider within the hour."""
    if limits.is_used_up(f"provider_code:{provider.pk}", WRONG_AN_HOUR, HOUR, now):
        raise Locked(again_at(now))


def price_now(offer, minutes, now):
    """Return what that much of the offer costs where it begins now, in pence; None where it has no price."""
    try:
        unit_price_pence = asking.rates_of(offer, timezone.localdate(now)).at(now)
    except asking.NotLive:
        return None
    return rules.price_for(unit_price_pence, minutes, offer.minutes)


def today_at(award, provider, now):
    """Return the award's bookings of which something begins today with this provider, confirmed or given already."""
    return _begins_today(Booking.objects.filter(award=award, provider=provider).select_related("offer"), now)


def again_at(now):
    """Return when the hour of the lock is over."""
    return now.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)


def _begins_today(rows, now):
    today = timezone.localdate(now)
    span = days.midnight(today), days.end_of(today)
    # One that was cancelled late is paid for, but nobody comes. Of a course today's session counts (R54).
    rows = rows.filter(places_taken.begins_within(*span), state__in=[State.CONFIRMED, *Booking.GIVEN], ended_at=None)
    return places_taken.by_session(rows, *span)


def _award(provider, code, number, pin, now):
    try:
        award = awards.named_by(code=code, number=number)
    except awards.CodeRefused as refused:
        raise Wrong from refused
    if not rules.may_buy_from(award.council.region, provider.council.region):
        raise Elsewhere
    if award.carer.pin and not pin:
        raise PinWanted
    if pin and award.carer.pin and not pins.is_right(carer=award.carer, pin=pin, now=now):
        raise Wrong
    return award


def _short(award):
    return f"code_short:{award.pk}"


def _pays(award, price_pence, minutes, *, on):
    account = award.account
    return (
        price_pence is not None
        and account.state == AwardAccount.State.ACTIVE
        and rules.is_within_period(account.first_day, account.last_day, on)
        and account.available >= rules.amount_for(price_pence, minutes, award.in_hours)
    )


def _tell_of_lock(provider, by, now):
    """Tell the provider and the carers team, once an hour, that codes are locked."""
    if limits.count(f"provider_code_told:{provider.pk}", HOUR, now) > 1:
        return
    history.record(act="provider.codes_locked", subject=provider, by=by, at=now, council=provider.council)
    tasks.give_about_provider(provider=provider, kind=Task.Kind.CODES, now=now)
    messages.codes_locked(provider, again_at=again_at(now))


def _new_ref():
    return "".join(secrets.choice(REF_SIGNS) for _ in range(REF_LENGTH))
