"""A provider closes: nothing is given after a last day, and what is booked later is handed over or arranged anew (R65).

What was given stays the old provider's: it is claimed and paid there, and the history of codes and bookings keeps its
number. How a successor takes a break over stands in `handovers`.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import days, history
from providers.models import Provider
from voucher import messages
from voucher.models import Booking, Handover, Suggestion, Task
from voucher.standing import handovers, suspending

State, Open = Provider.State, Handover.State.OPEN
CLOSES = "provider.closes"
# Whoever closes by its own wish gives this much notice to those who have booked.
NOTICE = dt.timedelta(days=28)


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
        before = Provider.objects.locked(provider.pk)
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
    if handovers.is_known(booking=booking, successor=provider.successor):
        return
    if not handovers.offer(booking=booking, successor=booking.provider.successor, by=by, now=now):
        suspending.arrange_anew(booking=booking, now=now)


def is_set_by_team(provider):
    """True where the last day of a provider that closes is the carers team's word, and not its own wish."""
    if provider.closes_on is None:
        return False
    said = history.history_of(provider).filter(act=CLOSES).order_by("-pk").first()
    return bool(said and said.details.get("by_team"))


def call_off(*, provider, by, now, by_team=False):
    """Take it back before the day: the provider goes on, and what was offered to a successor is no longer open.

    What waited to be arranged anew, and nothing else stands in its way, takes place after all, and its carer is told;
    so is the provider where the carers team takes it back. Raises NotOpen, and SetByTeam for the provider itself.
    """
    with transaction.atomic():
        before = Provider.objects.locked(provider.pk)
        if is_set_by_team(before) and not by_team:
            raise SetByTeam
        rows = Provider.objects.filter(pk=provider.pk, closes_on__isnull=False).exclude(state=State.CLOSED)
        if not rows.update(closes_on=None, successor=None):
            raise NotOpen
        provider.refresh_from_db()
        _let_go_on(provider, by, now)
        history.record(act="provider.closes_not", subject=provider, by=by, at=now, council=provider.council)
        if by_team:
            messages.provider_closes_not(provider, before.closes_on, now)


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
    told = [] if provider.is_stopped else suspending.let_go_on(provider=provider, by=by, now=now)
    for booking in rows:
        if provider.is_stopped or not booking.offer.is_in_order(on=timezone.localdate(booking.ends_at)):
            # It cannot give it: what a successor was asked about is the carers team's to arrange again.
            suspending.arrange_anew(booking=booking, now=now)
        elif booking not in told:
            messages.break_goes_on(booking, now)


def _after(provider):
    """Return the moment at which the last day of a provider is over."""
    return days.end_of(provider.closes_on)


def _booked_after(provider, now):
    """Return what is asked for or booked with the provider, still to come, and over only after its last day.

    Where it has suggested other times (R25) those count, and one of them by its last day is enough.
    """
    after, countered = _after(provider), Booking.State.COUNTERED
    in_time = Suggestion.objects.filter(booking=OuterRef("pk"), state=Suggestion.State.OPEN, ends_at__lte=after)
    later = Q(state__in=Booking.TAKES_A_PLACE, ends_at__gt=after, starts_at__gt=now)
    later |= Q(state=countered) & ~Exists(in_time)
    rows = Booking.objects.filter(later, provider=provider)
    return rows.select_related(*suspending.AROUND, "provider__successor").order_by("starts_at", "pk")
