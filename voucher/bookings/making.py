"""Asking for a break, or for two that belong together: the price is set aside at once, and the provider is told."""

import secrets
from dataclasses import asdict, dataclass
from functools import partial

from django.db.models import F
from django.utils import timezone

from brochure import availability, offering
from brochure.models import Offer
from voucher import messages, rules
from voucher.bookings import steps, tasks
from voucher.bookings.asking import (
    AwardClosed,
    BadShare,
    Full,
    NotEnough,
    Refused,
    StalePrice,
    answer_working_days,
    last_service_day,
    quote,
    refuse_offer,
    refuse_taken,
    refuse_unless_possible,
)
from voucher.bookings.steps import State
from voucher.calendars.places_taken import sessions_to_keep, taken_times
from voucher.ledger import acts, books
from voucher.models import Award, Booking, BreakRequest, Choice, WaitingPlace

# Without vowels, so that no reference is a word, and without signs that look alike.
REF_SIGNS = "23456789BCDFGHJKMNPQRSTVWXZ"
REF_LENGTH = 8
CHOICES_MOST = 3


@dataclass(frozen=True)
class Wanted:
    """One choice as the carer saw it: an offer, when, how long in minutes, and the price in pence that was shown."""

    offer: Offer
    starts_at: object
    minutes: int
    seen_price_pence: int
    # What the carer pays herself, in pence; only where nothing else is asked for with it.
    own_pence: int = 0


def make(
    *,
    award,
    offer,
    starts_at,
    minutes,
    seen_price_pence,
    note="",
    by,
    now,
    key,
    own_pence=0,
    pay_by_card=False,
):
    """Ask for one break and set its price aside; returns the Booking, and the same one for the same `key`.

    Of the price the carer pays `own_pence` herself and the rest is set aside. With `pay_by_card` the booking is UNPAID:
    it has its place and its money, and the provider is told only by `ask_provider`, once the card has paid.
    Raises a kind of Refused with nothing changed, or ledger.acts.KeyWasUsed.
    """
    wanted = Wanted(offer, starts_at, minutes, seen_price_pence, own_pence)
    return ask(award=award, parts=[[wanted]], note=note, by=by, now=now, key=key, pay_by_card=pay_by_card)[0]


def ask(*, award, parts, note="", by, now, key, pay_by_card=False):
    """Ask for one break, or for two that belong together (R26), each part a list of one to three Wanted (R24).

    The price of the first choice of each part is set aside, of all parts or of none; the others wait at the price
    shown. A share of the carer's own (R27) goes only with a single choice of a single break: whatever came after it
    would cost her something else. Returns the Booking of each part, and the same ones for the same `key`. Raises a
    kind of Refused whose `part` and `position` say which choice it is about, with nothing changed; or
    ledger.acts.KeyWasUsed.
    """
    if len(parts) not in {1, 2} or not all(1 <= len(part) <= CHOICES_MOST for part in parts):
        raise ValueError("A request is for one break or two, each with one to three choices.")
    plain = [[asdict(wanted) | {"offer": wanted.offer.pk} for wanted in part] for part in parts]
    for wanted in (each for part in plain for each in part):
        wanted["starts_at"] = wanted["starts_at"].isoformat()
    arguments = {"award": award.pk, "parts": plain, "note": note, "pay_by_card": pay_by_card}
    do = partial(_ask, award.pk, parts, note=note, by=by, now=now, key=key, pay_by_card=pay_by_card)
    answer = acts.once(key=key, actor=by.actor, verb="break.ask", arguments=arguments, now=now, do=do)
    made = Booking.objects.in_bulk(answer["bookings"])
    return [made[number] for number in answer["bookings"]]


def _ask(award, parts, *, note, by, now, key, pay_by_card):
    offers = lock_offers(wanted.offer.pk for part in parts for wanted in part)
    award = Award.objects.select_related("account", "council__scheme", "carer").get(pk=award)
    for number, part in enumerate(parts, start=1):
        for position, wanted in enumerate(part, start=1):
            _check(award, offers[wanted.offer.pk], wanted, number, position, by, now)
            if wanted.own_pence and (len(parts) > 1 or len(part) > 1):
                raise _about(BadShare(), number, position)
    request = BreakRequest.objects.create(award=award, parts=len(parts), note=note, made_at=now)
    made = []
    for number, part in enumerate(parts, start=1):
        rows = [_choice(request, number, position, offers, wanted, now) for position, wanted in enumerate(part, 1)]
        first, own_pence = rows[0], part[0].own_pence
        if number > 1 and (_share_a_place(first, made[0]) or not _has_place_still(first)):
            raise _about(Full(), number, 1)
        amount = rules.amount_beside(
            own_pence,
            price_pence=first.price_pence,
            minutes=first.minutes,
            unit_price_pence=first.unit_price_pence,
            unit_minutes=first.offer.minutes,
            in_hours=award.in_hours,
        )
        try:
            hold = set_aside(award, amount, last_service_day(first.offer, first.starts_at, first.minutes), by, now, key)
        except NotEnough as short:
            # Of a pair the carer is told what both cost together, and what is there without it. By what the ledger
            # found: another tab may have taken from the award since it was read.
            other = sum(booking.amount for booking in made)
            raise _about(NotEnough(needed=amount + other, available=short.available + other), number, 1) from short
        key = f"{key}/2"
        state = State.UNPAID if pay_by_card and own_pence else State.REQUESTED
        made.append(book(first, hold=hold, amount=amount, own_pence=own_pence, state=state, by=by, now=now))
        Choice.objects.bulk_create(rows[1:])
    return {"bookings": [booking.pk for booking in made]}


def asked_with(*, key, award, actor):
    """Return the reference of the first booking that the award asked for with this key, or None."""
    answer = acts.answered(key=key, actor=actor, verb="break.ask")
    row = Booking.objects.filter(pk=answer["bookings"][0], award=award).first() if answer else None
    return row and row.ref


def lock_offers(numbers):
    """Let whoever asks for the same offers wait here, so that the last place is taken once; return {number: Offer}.

    An update locks the row on every database; its value stays as it is. The order keeps two from locking each
    other up; the offers are always locked before the money.
    """
    numbers = sorted(set(numbers))
    # A provider that gives only so many breaks at once has one set of places for all of its offers (R53).
    beside = Offer.objects.filter(provider__offers__in=numbers, provider__breaks_at_once__isnull=False)
    for number in sorted({*numbers, *beside.values_list("pk", flat=True)}):
        Offer.objects.filter(pk=number).update(places=F("places"))
    return Offer.objects.select_related("provider__council", "category").in_bulk(numbers)


def set_aside(award, amount, day, by, now, key):
    """Set the amount aside for a break on that day and return the Hold, or None where nothing is to be set aside.

    Raises NotEnough, AwardClosed.
    """
    if not amount:
        return None
    try:
        return books.hold(award=award.account, amount=amount, on=day, op_key=f"{key}/hold", actor=by.actor, now=now)
    except books.NotEnough as short:
        raise NotEnough(needed=amount, available=short.available) from short
    except books.Refused as closed:
        raise AwardClosed from closed


def book(choice, *, hold, amount, own_pence=0, state=State.REQUESTED, by, now):
    """Make the Booking of a Choice whose money is set aside, and tell its provider; the choice is saved as asked."""
    request, offer = choice.asked_in, choice.offer
    award, scheme = request.award, request.award.council.scheme
    free_cancel_hours, late_cancel_percent = rules.cancel_terms(offer, scheme)
    booking = Booking.objects.create(
        ref=_new_ref(),
        award=award,
        asked_in=request,
        part=choice.part,
        council=award.council,
        offer=offer,
        offer_version=offering.version_now(offer, now=now),
        provider=offer.provider,
        hold=hold,
        state=state,
        starts_at=choice.starts_at,
        ends_at=availability.ends_at(offer, choice.starts_at, choice.minutes),
        sessions=sessions_to_keep(offer, choice.starts_at, choice.minutes),
        minutes=choice.minutes,
        unit_price_pence=choice.unit_price_pence,
        unit_minutes=offer.minutes,
        price_pence=choice.price_pence,
        amount=amount,
        own_pence=own_pence,
        free_cancel_hours=free_cancel_hours,
        late_cancel_percent=late_cancel_percent,
        # Of a pair only the sitter is told what was written: how to get in is of no use to the pool.
        note=request.note if choice.part == request.parts else "",
        requested_at=now,
        answer_by=answer_by(scheme, offer, choice.starts_at, now),
    )
    choice.state, choice.booking = Choice.State.ASKED, booking
    choice.save()
    if offer.has_waiting_list:
        _wait_no_more(booking, by, now)
    steps.remember(booking, "booking.requested", by, now)
    if state == State.REQUESTED:
        messages.booking_asked(booking)
    return booking


def _wait_no_more(booking, by, now):
    """Whoever has a break on a day no longer waits for a place on it (R55), and nobody has to ring about it."""
    rows = WaitingPlace.objects.filter(award=booking.award_id, offer=booking.offer_id, state__in=WaitingPlace.IN_LINE)
    day = timezone.localdate(booking.starts_at)
    rows = rows.filter(day=day)
    tasks.answered(places=list(rows.values_list("pk", flat=True)), by=by, now=now)
    rows.update(state=WaitingPlace.State.TAKEN, booking=booking)


def ask_provider(*, booking, by, now):
    """Put an UNPAID booking before its provider, once the carer's own share is paid; its deadline (R7) begins now.

    Raises BookingMoved.
    """
    deadline = answer_by(booking.council.scheme, booking.offer, booking.starts_at, now)
    steps.move(booking, (State.UNPAID,), State.REQUESTED, by, now, act="booking.paid", answer_by=deadline)
    messages.booking_asked(booking)


def answer_by(scheme, offer, starts_at, now):
    """Return the moment by which a provider that is asked now is to answer (R7)."""
    return rules.answer_by(now, starts_at, answer_working_days(scheme, offer))


def _check(award, offer, wanted, part, position, by, now):
    try:
        refuse_offer(award=award, offer=offer, on=timezone.localdate(now), by=by)
        refuse_unless_possible(award=award, offer=offer, starts_at=wanted.starts_at, minutes=wanted.minutes, now=now)
        refuse_taken(award=award, offer=offer, starts_at=wanted.starts_at, minutes=wanted.minutes)
        price = _quote(award, offer, wanted, now)
        if price.price_pence != wanted.seen_price_pence:
            raise StalePrice(price.price_pence)
        if not 0 <= wanted.own_pence <= price.price_pence:
            raise BadShare
        if wanted.own_pence and not offer.provider.takes_own_money:
            raise BadShare
    except Refused as refusal:
        raise _about(refusal, part, position) from refusal


def _quote(award, offer, wanted, now):
    on = timezone.localdate(now)
    return quote(award=award, offer=offer, starts_at=wanted.starts_at, minutes=wanted.minutes, on=on)


def _share_a_place(choice, booking):
    """Both halves were looked at before either took its place; the same offer is not had twice at one time."""
    ends_at = availability.ends_at(choice.offer, choice.starts_at, choice.minutes)
    return choice.offer == booking.offer and choice.starts_at < booking.ends_at and booking.starts_at < ends_at


def _has_place_still(choice):
    """Of a provider that gives only so many breaks at once the first half may have taken the last place."""
    spans = availability.spans(choice.offer, choice.starts_at, choice.minutes)
    return availability.is_free(choice.offer, spans, taken_times(choice.offer, spans[0][0], spans[-1][1]))


def _about(refusal, part, position):
    refusal.part, refusal.position = part, position
    return refusal


def _choice(request, part, position, offers, wanted, now):
    offer = offers[wanted.offer.pk]
    price = _quote(request.award, offer, wanted, now)
    return Choice(
        asked_in=request,
        part=part,
        position=position,
        offer=offer,
        starts_at=wanted.starts_at,
        minutes=wanted.minutes,
        unit_price_pence=price.unit_price_pence,
        price_pence=price.price_pence,
        amount=price.amount,
    )


def _new_ref():
    return "".join(secrets.choice(REF_SIGNS) for _ in range(REF_LENGTH))
