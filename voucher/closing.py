"""A provider closes: nothing is given after a last day, and what is booked later is handed over or arranged anew (R65).

A successor takes a break over only with its carer's yes, one at a time. What was given stays the old provider's: it is
claimed and paid there, and the history of codes and bookings keeps its number.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import days, history
from brochure import catalogue
from providers.models import Provider
from voucher import asking, bookings, messages, suspending, tasks
from voucher.bookings import choices, steps
from voucher.bookings.making import lock_offers
from voucher.models import Award, Booking, Handover, Task

State, Open = Provider.State, Handover.State.OPEN
CLOSES = "provider.closes"
# Whoever closes by its own wish gives this much notice to those who have booked.
NOTICE = dt.timedelta(days=28)
TO_ANSWER = dt.timedelta(days=14)
BEFORE_THE_BREAK = dt.timedelta(days=2)


class TooSoon(Exception):
    """The provider itself closes with notice; `earliest` is the first last day possible. The team may be sooner."""

    def __init__(self, earliest):
        super().__init__(earliest.isoformat())
        self.earliest = earliest


class NotOpen(Exception):
    """The provider is not live, paused or stopped: it has closed, or has not joined."""


class SetByTeam(Exception):
    """The carers team has set the last day; the provider itself neither moves it nor takes it back."""


class NoSuccessor(Exception):
    """The successor is the provider itself, or does not work."""


class Over(Exception):
    """The carer has answered already, or it can no longer be answered; `handover` is the row as it is now."""

    def __init__(self, handover):
        super().__init__(f"handover {handover.pk} is {handover.state}")
        self.handover = handover


def earliest(provider, now, *, by_team=False):
    """Return the first day that may be the last one: today where nothing is booked later, or for the carers team."""
    today = timezone.localdate(now)
    has_booked = Booking.objects.filter(provider=provider, state__in=Booking.LIVE, starts_at__gt=now).exists()
    return today + NOTICE if has_booked and not by_team else today


def announce(*, provider, last_day, successor=None, by, now, by_team=False):
    """Say that a provider gives breaks up to `last_day`, inclusive, and who takes over what is booked later, if any.

    Open requests for later days end and go to the next choice; the carers of confirmed breaks are told at once. Said
    again it may name another day or successor: what a later day leaves room for takes place after all, and of a
    successor that is none any more no carer is asked. The provider itself moves no day that the team has set, and
    keeps the successor that is there. Raises NotOpen, TooSoon, NoSuccessor, SetByTeam.
    """
    if last_day < (first := earliest(provider, now, by_team=by_team)):
        raise TooSoon(first)
    if successor is not None and (successor.pk == provider.pk or successor.state != State.LIVE):
        raise NoSuccessor
    with transaction.atomic():
        before = _locked(provider)
        of_team = is_set_by_team(before)
        if of_team and not by_team:
            raise SetByTeam
        if successor is None and not by_team:
            successor = before.successor
        rows = Provider.objects.filter(pk=provider.pk, state__in=[*suspending.CAN_BE_STOPPED, State.SUSPENDED])
        if not rows.update(closes_on=last_day, successor=successor):
            raise NotOpen
        provider.refresh_from_db()
        details = {"last_day": last_day.isoformat()} | ({"successor": successor.ref} if successor else {})
        # Whoever adds a successor to a day of the provider's own has not set that day.
        details["by_team"] = of_team if last_day == before.closes_on else by_team
        history.record(act=CLOSES, subject=provider, by=by, at=now, council=provider.council, **details)
        messages.provider_closes(provider, now)
        _let_go_on(provider, by, now)
    for booking in _booked_after(provider, now):
        settle(booking=booking, by=by, now=now)


def left_undone(now):
    """Return what is booked for after a provider's last day and with which nothing was done: a crash came between."""
    found = []
    for provider in Provider.objects.filter(closes_on__isnull=False).exclude(state__in=[State.CLOSED, State.SUSPENDED]):
        given = Task.objects.filter(kind=Task.Kind.REARRANGE, booking__provider=provider).values("booking")
        asked = Handover.objects.filter(booking__provider=provider).values("booking")
        found += _booked_after(provider, now).exclude(pk__in=given).exclude(pk__in=asked)
    return found


def settle(*, booking, by, now):
    """Ask the carer whether the successor may give a confirmed break, or arrange it anew; a request just ends.

    What counts is how it stands when its turn comes: it may have been confirmed, moved or called off in the same
    moment, and the closing itself may have been taken back.
    """
    provider = Provider.objects.get(pk=booking.provider_id)
    booking = _booked_after(provider, now).filter(pk=booking.pk).first() if provider.closes_on else None
    if booking is None or suspending.end_request(booking=booking, by=by, now=now):
        return
    if _knows_of(booking, provider.successor):
        return
    if not _offer_to_successor(booking, booking.provider.successor, by, now):
        suspending.arrange_anew(booking=booking, now=now)


def is_set_by_team(provider):
    """True where the last day of a provider that closes is the carers team's word, and not its own wish."""
    if provider.closes_on is None:
        return False
    said = history.history_of(provider).filter(act=CLOSES).order_by("-pk").first()
    return bool(said and said.details.get("by_team"))


def call_off(*, provider, by, now, by_team=False):
    """Take it back before the day: the provider goes on, and what was offered to a successor is no longer open.

    What waited to be arranged anew, and nothing else stands in its way, takes place after all, and its carer is told.
    Raises NotOpen, and SetByTeam for the provider itself.
    """
    with transaction.atomic():
        if is_set_by_team(_locked(provider)) and not by_team:
            raise SetByTeam
        rows = Provider.objects.filter(pk=provider.pk, closes_on__isnull=False).exclude(state=State.CLOSED)
        if not rows.update(closes_on=None, successor=None):
            raise NotOpen
        provider.refresh_from_db()
        _let_go_on(provider, by, now)
        history.record(act="provider.closes_not", subject=provider, by=by, at=now, council=provider.council)


def past_their_last_day(now):
    """Return the providers whose last day is over and that are not closed yet."""
    rows = Provider.objects.filter(closes_on__lt=timezone.localdate(now)).exclude(state=State.CLOSED)
    return rows.select_related("council").order_by("pk")


def close(*, provider, now):
    """Close a provider whose last day is over; its people still claim what was given. Raises NotOpen."""
    with transaction.atomic():
        due = past_their_last_day(now).filter(pk=provider.pk).select_related(None)
        if not due.update(state=State.CLOSED, pause_reason="", paused_until=None):
            raise NotOpen
        history.record(act="provider.closed", subject=provider, by=history.CLOCK, at=now, council=provider.council)


def agree(*, handover, by, now):
    """Move a break to the successor, as its carer wishes; return the new Booking, which is confirmed.

    The old one is given back in the same transaction, or nothing changes. Raises Over, bookings.BookingMoved, or a kind
    of bookings.Refused.
    """
    with transaction.atomic():
        old = Booking.objects.select_related("award", "offer", "provider", "council__scheme", "hold").get(
            pk=handover.booking_id
        )
        choices.lock(old)
        # The offer before the money, as whoever asks for a break: the other way round two would wait for each other.
        lock_offers([handover.offer_id])
        handover = Handover.objects.select_for_update(no_key=True).select_related("offer__provider").get(pk=handover.pk)
        if handover.state == Handover.State.AGREED:
            return handover.new_booking
        if handover.state != Open or handover.answer_by <= now:
            raise Over(handover)
        steps.give_back(old, by, now)
        ended = {"ended_by": steps.Party.TEAM, "ended_at": now}
        steps.move(old, (steps.State.CONFIRMED,), steps.State.CANCELLED, by, now, act="booking.handed_over", **ended)
        new = bookings.make(
            award=Award.objects.get(pk=old.award_id),
            offer=handover.offer,
            starts_at=timezone.localtime(old.starts_at),
            minutes=old.minutes,
            seen_price_pence=handover.price_pence,
            note=old.note,
            by=by,
            now=now,
            key=f"handover:{handover.pk}",
        )
        # The successor agreed beforehand to take over what it can.
        bookings.confirm(booking=new, by=by, now=now)
        messages.asks_for_no_answer(new, now=now)
        Handover.objects.filter(pk=handover.pk).update(state=Handover.State.AGREED, answered_at=now, new_booking=new)
        messages.booking_cancelled_for_provider(old)
    return new


def refuse(*, handover, by, now):
    """The carer would rather not: the carers team arranges something else. Twice changes nothing. Raises Over."""
    with transaction.atomic():
        rows = Handover.objects.filter(pk=handover.pk, state=Open)
        if rows.update(state=Handover.State.REFUSED, answered_at=now):
            booking = handover.booking
            history.record(act="booking.not_handed_over", subject=booking, by=by, at=now, council=booking.council)
            suspending.arrange_anew(booking=booking, now=now)
            return
    handover.refresh_from_db()
    if handover.state != Handover.State.REFUSED:
        raise Over(handover)


def not_answered(now):
    """Return the handovers that no carer answered in time."""
    late = Handover.objects.filter(state=Open, answer_by__lte=now)
    return late.select_related("booking__council", "booking__award").order_by("pk")


def time_out(*, handover, now):
    """End what its carer did not answer in time, and put it on the carers team's list. Raises Over."""
    with transaction.atomic():
        rows = Handover.objects.filter(pk=handover.pk, state=Open, answer_by__lte=now)
        if not rows.update(state=Handover.State.ENDED, answered_at=now):
            raise Over(Handover.objects.get(pk=handover.pk))
        suspending.arrange_anew(booking=handover.booking, now=now)


def open_handover(booking):
    """Return the Handover of a booking that waits for its carer, or None."""
    if booking.state != Booking.State.CONFIRMED:
        return None
    rows = Handover.objects.filter(booking=booking, state=Open)
    return rows.select_related("offer__provider", "booking__provider").first()


def _locked(provider):
    return Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)


def _let_go_on(provider, by, now):
    """End the questions about what the provider gives itself after all, or about who is no successor any more.

    What takes place as it was booked is off the carers team's list, and its carer is told.
    """
    waiting = Handover.objects.filter(booking__provider=provider, state=Open)
    on = Q(booking__ends_at__lte=_after(provider)) if provider.closes_on else Q()
    asked = waiting.filter(on, booking__state=Booking.State.CONFIRMED)
    around = ("offer__provider", "award__carer", "provider", "council__scheme")
    rows = list(Booking.objects.filter(handovers__in=asked).select_related(*around))
    waiting.filter(on | ~Q(offer__provider=provider.successor)).update(state=Handover.State.ENDED, answered_at=now)
    if provider.is_stopped:
        return
    told = suspending.let_go_on(provider=provider, by=by, now=now)
    for booking in rows:
        if booking not in told:
            messages.break_goes_on(booking, now)


def _after(provider):
    """Return the moment at which the last day of a provider is over."""
    return days.midnight(provider.closes_on + dt.timedelta(days=1))


def _booked_after(provider, now):
    """Return what is asked for or booked with the provider, still to come, and over only after its last day."""
    states = [*suspending.OPEN_REQUESTS, Booking.State.CONFIRMED]
    rows = Booking.objects.filter(provider=provider, state__in=states, ends_at__gt=_after(provider), starts_at__gt=now)
    return rows.select_related(*suspending.AROUND, "provider__successor").order_by("starts_at", "pk")


def _knows_of(booking, successor):
    """True while the carer is asked about this very successor, or has refused it and the carers team looks."""
    asked = Handover.objects.filter(booking=booking, offer__provider=successor)
    if asked.filter(state=Open).exists():
        return True
    looked_at = Task.objects.filter(booking=booking, kind=Task.Kind.REARRANGE, done_at=None)
    return looked_at.exists() and asked.filter(state=Handover.State.REFUSED).exists()


def _offer_to_successor(booking, successor, by, now):
    """Offer a break to the successor's cheapest offer of that kind that can have it; return whether there is one."""
    answer_by = min(now + TO_ANSWER, booking.starts_at - BEFORE_THE_BREAK)
    if successor is None or answer_by <= now or booking.is_half_of_a_pair:
        return False
    award = Award.objects.select_related("account", "council__scheme", "carer").get(pk=booking.award_id)
    found = [
        (price, offer)
        for offer in _like(booking, successor, now)
        if (price := _price(award, booking, offer, now)) is not None
    ]
    if not found:
        return False
    price, offer = min(found, key=lambda pair: (pair[0], pair[1].pk))
    with transaction.atomic():
        # One that was called off while a successor was looked for is nobody's to give.
        if not Booking.objects.filter(pk=booking.pk, state=Booking.State.CONFIRMED).update(may_cancel_free=True):
            return False
        Handover.objects.filter(booking=booking, state=Open).update(state=Handover.State.ENDED, answered_at=now)
        handover = Handover.objects.create(
            booking=booking, offer=offer, price_pence=price, made_at=now, answer_by=answer_by
        )
        # It waits for the carer now; what she refuses, or leaves, comes onto the list again.
        tasks.not_needed(booking=booking, kinds=[Task.Kind.REARRANGE], by=by, now=now)
        messages.handover_offered(handover)
    return True


def _like(booking, successor, now):
    rows = catalogue.live_offers(on=timezone.localdate(now), council=booking.council)
    return rows.filter(provider=successor, category=booking.offer.category, unit=booking.offer.unit)


def _price(award, booking, offer, now):
    """Return what the break costs there, in pence, or None where it cannot be had or the award does not pay for it."""
    starts_at, minutes = timezone.localtime(booking.starts_at), booking.minutes
    try:
        asking.refuse_offer(award=award, offer=offer, on=timezone.localdate(now))
        asking.refuse_unless_possible(award=award, offer=offer, starts_at=starts_at, minutes=minutes, now=now)
        asking.refuse_taken(award=award, offer=offer, starts_at=starts_at, minutes=minutes)
        quote = asking.quote(award=award, offer=offer, starts_at=starts_at, minutes=minutes, on=timezone.localdate(now))
    except asking.Refused:
        return None
    # What is set aside for the old one comes back first.
    return quote.price_pence if quote.amount <= award.account.available + booking.amount else None
