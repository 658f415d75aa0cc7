"""Bookings: what happens between a carer who asks for a break and the provider who gives it.

Asking sets the price aside at once. Every later change is a compare-and-set on the booking's state, in
the same transaction as the money it moves, its line of history and its e-mail: of two people who press
at the same moment one wins, and the other is told what happened.
"""

import secrets
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import history
from brochure import availability
from brochure.models import Offer
from providers.models import Provider
from voucher import emails, rules
from voucher.asking import (
    TAKES_A_PLACE,
    AlreadyAsked,
    AwardClosed,
    BadLength,
    Full,
    NotEnough,
    NotLive,
    NotOpen,
    OtherRegion,
    OutsidePeriod,
    Quote,
    Refused,
    StalePrice,
    TooSoon,
    last_service_day,
    quote,
    quotes,
    refuse_offer,
    refuse_taken,
    refuse_unless_possible,
    taken_times,
)
from voucher.ledger import acts, books
from voucher.models import Award, Booking

__all__ = [
    "AlreadyAsked",
    "AwardClosed",
    "BadLength",
    "BookingMoved",
    "Cost",
    "Full",
    "HasStarted",
    "NotEnough",
    "NotLive",
    "NotOpen",
    "NotYet",
    "OtherRegion",
    "OutsidePeriod",
    "Quote",
    "Refused",
    "StaleCost",
    "StalePrice",
    "TooSoon",
    "cancel",
    "confirm",
    "cost_of_cancelling",
    "decline",
    "deliver",
    "did_not_happen",
    "make",
    "not_marked",
    "quote",
    "quotes",
    "refuse_offer",
    "refuse_unless_possible",
    "requests_past_their_deadline",
    "taken_times",
    "time_out",
    "undo_delivery",
]

# Without vowels, so that no reference is a word, and without signs that look alike.
REF_SIGNS = "23456789BCDFGHJKMNPQRSTVWXZ"
REF_LENGTH = 8
State, Party = Booking.State, Booking.Party


class BookingMoved(Exception):
    """Somebody was quicker, or the time is over: `state` is what the booking is now."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


class StaleCost(Exception):
    """Cancelling costs something else than was shown; `cost` is the Cost now."""

    def __init__(self, cost):
        super().__init__(f"{cost.due_pence}p")
        self.cost = cost


class HasStarted(Exception):
    """The break has started, so it can no longer be cancelled; it can be said that it did not happen."""


class NotYet(Exception):
    """That can be said only from the moment `at`."""

    def __init__(self, at):
        super().__init__(at.isoformat())
        self.at = at


@dataclass(frozen=True)
class Cost:
    """What cancelling costs: pence to the provider, and what is used and given back, in the award's unit."""

    due_pence: int
    due_amount: int
    back: int


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


def confirm(*, booking, by, now):
    """Accept a request before its deadline. Nothing moves: the price is already set aside.

    Raises NotLive where the provider takes on no more work, and BookingMoved.
    """
    with transaction.atomic():
        if not Provider.objects.filter(pk=booking.provider_id, state=Provider.State.LIVE).exists():
            raise NotLive
        _move(booking, (State.REQUESTED,), State.CONFIRMED, by, now, answer_by__gt=now, answered_at=now)
        emails.booking_confirmed(booking)


def decline(*, booking, reason, note="", by, now):
    """Refuse a request, with a DeclineReason; all that was set aside is given back. Raises BookingMoved."""
    with transaction.atomic():
        _give_back(booking, by, now)
        changes = {"answered_at": now, "decline_reason": reason, "decline_note": note}
        _move(booking, (State.REQUESTED,), State.DECLINED, by, now, answer_by__gt=now, **changes)
        emails.booking_declined(booking)


def time_out(*, booking, now, by=history.CLOCK):
    """End a request that was not answered by its deadline (R7); everything is given back. Raises BookingMoved."""
    with transaction.atomic():
        _give_back(booking, by, now)
        _move(booking, (State.REQUESTED,), State.TIMED_OUT, by, now, answer_by__lte=now, ended_at=now)
        emails.booking_timed_out(booking)


def cost_of_cancelling(booking, now, party=Party.CARER):
    """Return the Cost of cancelling at that moment (R11, R12): only a carer who cancels late pays anything."""
    free = (
        party != Party.CARER
        or booking.state != State.CONFIRMED
        or rules.is_free_to_cancel(now, booking.starts_at, booking.free_cancel_hours)
    )
    due_pence = 0 if free else rules.late_cancel_share(booking.price_pence, booking.late_cancel_percent)
    due_amount = 0 if free else rules.late_cancel_share(booking.amount, booking.late_cancel_percent)
    if not (due_pence and due_amount):
        # A share too small for either side is none: half of it could never be claimed, or would be taken for nothing.
        due_pence = due_amount = 0
    return Cost(due_pence, due_amount, booking.amount - due_amount)


def cancel(*, booking, party, by, now, seen_due_pence=None):
    """Cancel a booking for the carer, the provider or the carers team; a late share is spent, the rest given back.

    Raises HasStarted (the carers team may still cancel then), StaleCost, BookingMoved.
    """
    if party != Party.TEAM and booking.state == State.CONFIRMED and now >= booking.starts_at:
        raise HasStarted
    cost = cost_of_cancelling(booking, now, party)
    if seen_due_pence is not None and seen_due_pence != cost.due_pence:
        raise StaleCost(cost)
    if booking.state not in TAKES_A_PLACE or (party == Party.PROVIDER and booking.state == State.REQUESTED):
        raise BookingMoved(booking.state)
    changes = {"ended_by": party, "ended_at": now}
    if cost.due_pence:
        changes |= {"due_pence": cost.due_pence, "due_amount": cost.due_amount}
    with transaction.atomic():
        if cost.due_amount:
            _pay_late_share(booking, cost, by, now)
        else:
            _give_back(booking, by, now)
        _move(booking, (booking.state,), State.CANCELLED, by, now, **changes)
        emails.booking_cancelled(booking)


def deliver(*, booking, minutes, by, now):
    """Say that a break was given, the whole or `minutes` of it (R13). What is due is written; money moves on the claim.

    Raises NotYet before the start, BadLength, BookingMoved.
    """
    if now < booking.starts_at:
        raise NotYet(booking.starts_at)
    allowed = rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes)
    if minutes not in allowed:
        raise BadLength(allowed)
    due_pence = booking.price_pence
    if minutes < booking.minutes:
        # A penny at least: what is due nothing is never claimed, and what was set aside would wait for ever.
        part = rules.price_for(booking.unit_price_pence, minutes, booking.unit_minutes)
        due_pence = part or min(booking.price_pence, 1)
    due_amount = rules.amount_for(due_pence, minutes, booking.award.in_hours)
    changes = {"delivered_minutes": minutes, "delivered_at": now, "due_pence": due_pence, "due_amount": due_amount}
    with transaction.atomic():
        _move(booking, (State.CONFIRMED,), State.DELIVERED, by, now, **changes)


def undo_delivery(*, booking, by, now):
    """Take back that a break was given, until it is claimed. Raises BookingMoved."""
    changes = dict.fromkeys(("delivered_minutes", "delivered_at", "due_pence", "due_amount"))
    with transaction.atomic():
        _move(booking, (State.DELIVERED,), State.CONFIRMED, by, now, act="booking.delivery_undone", **changes)


def did_not_happen(*, booking, party, by, now):
    """Say that a confirmed break did not happen (R14): all is given back and the carers team is told.

    `party` is who says so. Raises NotYet, BookingMoved.
    """
    if now < rules.did_not_happen_from(booking.starts_at):
        raise NotYet(rules.did_not_happen_from(booking.starts_at))
    with transaction.atomic():
        _give_back(booking, by, now)
        _move(booking, (State.CONFIRMED,), State.DID_NOT_HAPPEN, by, now, ended_by=party, ended_at=now)
        emails.booking_did_not_happen(booking)


def requests_past_their_deadline(now):
    """Return the requests that were not answered in time, oldest deadline first."""
    return Booking.objects.filter(state=State.REQUESTED, answer_by__lte=now).order_by("answer_by", "pk")


def not_marked(*, council, over_before):
    """Return the council's confirmed breaks that were over by then and of which nobody has said what was given.

    What is set aside for them waits, for as long as nobody says so. The oldest comes first.
    """
    waiting = Booking.objects.filter(council=council, state=State.CONFIRMED, ends_at__lt=over_before)
    return waiting.order_by("ends_at", "pk")


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
    _remember(booking, "booking.requested", by, now)
    emails.booking_asked(booking)
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


def _give_back(booking, by, now):
    if booking.hold is None:
        return
    try:
        books.release(hold=booking.hold, op_key=f"booking:{booking.pk}/release", actor=by.actor, now=now)
    except books.AlreadyResolved as lost:
        raise BookingMoved(_state_now(booking)) from lost


def _pay_late_share(booking, cost, by, now):
    try:
        books.spend(
            hold=booking.hold,
            amount=cost.due_amount,
            payee=booking.provider_id,
            charge_pence=cost.due_pence if booking.award.in_hours else None,
            effective_on=timezone.localdate(now),
            op_key=f"booking:{booking.pk}/late_cancel",
            actor=by.actor,
            now=now,
        )
    except books.AlreadyResolved as lost:
        raise BookingMoved(_state_now(booking)) from lost


def _move(booking, before, after, by, now, *, act=None, answer_by__gt=None, answer_by__lte=None, **changes):
    """Set the state if it is still one of `before` (and the deadline still so), and record it; else BookingMoved."""
    rows = Booking.objects.filter(pk=booking.pk, state__in=before)
    if answer_by__gt:
        rows = rows.filter(answer_by__gt=answer_by__gt)
    if answer_by__lte:
        rows = rows.filter(answer_by__lte=answer_by__lte)
    if not rows.update(state=after, **changes):
        raise BookingMoved(_state_now(booking, over_at=answer_by__gt))
    booking.refresh_from_db()
    _remember(booking, act or f"booking.{after}", by, now)


def _state_now(booking, over_at=None):
    """Return the state of the booking as it is stored; a request whose time is over counts as timed out."""
    row = Booking.objects.get(pk=booking.pk)
    if over_at and row.state == State.REQUESTED and row.answer_by <= over_at:
        return State.TIMED_OUT
    return State(row.state)


def _remember(booking, act, by, now):
    figures = {"amount": booking.amount, "price_pence": booking.price_pence, "due_pence": booking.due_pence}
    details = {name: figure for name, figure in figures.items() if figure is not None}
    if booking.decline_reason:
        details["reason"] = booking.decline_reason
    history.record(act=act, subject=booking, by=by, at=now, council=booking.council, award=booking.award_id, **details)


def _new_ref():
    return "".join(secrets.choice(REF_SIGNS) for _ in range(REF_LENGTH))
