"""Breaks that a provider books for a carer on the telephone, with the code and the PIN read out (R37)."""

from django.db import transaction
from django.utils import timezone

from accounts import history
from voucher import bookings, messages, rules
from voucher.bookings import asking, choices, tasks
from voucher.models import Booking, Task

BOOKED, NOT_MINE = "booking.by_phone", "booking.not_mine"
# Both were booked by the provider, with what the carer said: on the telephone, or at the door (R58).
FOR_THE_CARER = (BOOKED, "booking.walk_in")
State, Party = Booking.State, Booking.Party


class NotByPhone(Exception):
    """This booking was not made by a provider, on the telephone or at the door."""


class TooLateToObject(Exception):
    """The seven days are over; `last_day` was the last of them. The carers team can still be rung."""

    def __init__(self, last_day):
        super().__init__(last_day.isoformat())
        self.last_day = last_day


def book(*, award, offer, starts_at, minutes, seen_price_pence, by, now, key):
    """Ask for a break and confirm it in one act, by the provider who has the carer on the telephone.

    The carer is told in their own way, and may object for seven days. Returns the Booking, the same one for the
    same `key`. Raises a kind of bookings.Refused (also OwnAward), with nothing changed, or
    ledger.acts.KeyWasUsed.
    """
    asking.refuse_own(award, by)
    with transaction.atomic():
        booking = bookings.make(
            award=award,
            offer=offer,
            starts_at=starts_at,
            minutes=minutes,
            seen_price_pence=seen_price_pence,
            by=by,
            now=now,
            key=key,
        )
        if booking.state == State.REQUESTED:
            bookings.confirm(booking=booking, by=by, now=now)
            history.record(
                act=BOOKED, subject=booking, by=by, at=now, council=booking.council, provider=booking.provider_id
            )
            messages.booked_by_phone(booking, now=now)
    return booking


def may_object(booking, now):
    """Return the last day on which the carer may object to this booking (R37), or None where there is none."""
    booked = _row(booking, *FOR_THE_CARER)
    if booked is None or _row(booking, NOT_MINE):
        return None
    last_day = rules.may_object_until(timezone.localdate(booked.at))
    return last_day if timezone.localdate(now) <= last_day else None


def object_to(*, booking, by, now):
    """The carer did not ask for this: it is cancelled free of charge, and the carers team is told to look into it.

    A second time changes nothing. Raises NotByPhone and TooLateToObject.
    """
    with transaction.atomic():
        # The request before the booking, as whoever ends it: the other way round two would wait for each other.
        choices.lock(booking)
        Booking.objects.select_for_update().get(pk=booking.pk)
        booked = _row(booking, *FOR_THE_CARER)
        if booked is None:
            raise NotByPhone
        last_day = rules.may_object_until(timezone.localdate(booked.at))
        if timezone.localdate(now) > last_day:
            raise TooLateToObject(last_day)
        if _row(booking, NOT_MINE) is None:
            disown(booking=booking, by=by, now=now)


def disown(*, booking, by, now):
    """The carer says that they did not make this booking: a coming one is cancelled at no cost, whoever made it.

    One that was given already stays as it is: the carers team looks into it.
    """
    with transaction.atomic():
        booking.refresh_from_db()
        if booking.state in bookings.IS_LIVE:
            bookings.cancel(booking=booking, party=Party.TEAM, by=by, now=now)
        history.record(act=NOT_MINE, subject=booking, by=by, at=now, council=booking.council)
        tasks.give(booking=booking, kind=Task.Kind.NOT_MINE, now=now)


def is_disowned(booking):
    """Return True where the carer has said already that they did not make this booking."""
    return _row(booking, NOT_MINE) is not None


def _row(booking, *acts):
    return history.history_of(booking).filter(act__in=acts).order_by("pk").first()
