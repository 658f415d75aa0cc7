"""What a provider said of a break is taken back again, until it is claimed: given, or not given (R60).

There is one way of it. Of what was given only the mark goes, for no money has moved. Of what was not given the money is
set aside again under a new hold, the carers team need not ring any more, and whoever was told is told of the change.
"""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from providers.models import Provider
from voucher import messages, rules
from voucher.bookings import choices, own_money, pairs, steps, tasks
from voucher.bookings.asking import Full
from voucher.bookings.making import lock_offers
from voucher.bookings.steps import BookingMoved, Party, State
from voucher.calendars.places_taken import is_free_beside, spans_of
from voucher.ledger import books
from voucher.models import Booking, Dispute, HoldBefore, Task


class RestWasUsed(Exception):
    """What was given back is no longer on the award, so the whole cannot be set aside again."""


def may_undo(booking, now):
    """True for what the provider said of a break and can take back; a dispute of what was given is asked for last.

    That it was not given can be taken back as long as it could be claimed for, and unless the carer says otherwise too.
    """
    if booking.state == State.DELIVERED:
        return True
    if booking.state != State.DID_NOT_HAPPEN or booking.ended_by != Party.PROVIDER:
        return False
    days = booking.council.scheme.claim_window_days
    last = rules.last_day_to_claim(service_day=timezone.localdate(booking.ends_at), window_days=days)
    return timezone.localdate(now) <= last


def undo(*, booking, by, now):
    """Take back what the provider said of a break: it is confirmed again, with all that was set aside (R60).

    Raises RestWasUsed, Full where somebody else has a place that it needs still, BookingMoved.
    """
    with transaction.atomic():
        # Behind this lock a claim is made, and a carer says that it was otherwise: as in claims.alone.
        Provider.objects.locked(booking.provider_id)
        choices.lock(booking)
        booking.refresh_from_db()
        if not may_undo(booking, now):
            raise BookingMoved(steps.state_now(booking))
        if booking.state == State.DELIVERED:
            _take_back_given(booking, by, now)
        else:
            _take_back_not_given(booking, by, now)


def set_aside_again(*, booking, key, by, now):
    """Set aside again what the hold of a booking spent or gave back; return the new hold, which the booking has now.

    Raises RestWasUsed, BookingMoved where somebody else has taken it back already.
    """
    before, day = booking.hold, timezone.localdate(booking.starts_at)
    act = {"op_key": key, "actor": by.actor, "now": now}
    try:
        if before.spent:
            more = booking.amount - before.spent
            anew = books.unspend(hold=before, more=more, effective_on=day, **act)
        else:
            anew = books.hold(award=booking.award.account, amount=booking.amount, on=day, **act)
    except books.MoreThanSpent as lost:
        raise BookingMoved(steps.state_now(booking)) from lost
    except books.Refused as gone:
        raise RestWasUsed from gone
    booking.hold = anew
    Booking.objects.filter(pk=booking.pk).update(hold=anew)
    return anew


def _take_back_given(booking, by, now):
    steps.lock(booking)
    if Dispute.objects.filter(booking=booking).exists():
        raise BookingMoved(steps.state_now(booking))
    changes = dict.fromkeys(("delivered_minutes", "delivered_at", "due_pence", "due_amount"))
    steps.move(booking, (State.DELIVERED,), State.CONFIRMED, by, now, act="booking.delivery_undone", **changes)


def _take_back_not_given(booking, by, now):
    if spans := [span for span in spans_of(booking) if span[1] > now]:
        # Whatever of it is still to come was free for others meanwhile.
        offer = lock_offers([booking.offer_id])[booking.offer_id]
        if not is_free_beside(offer, spans, booking=booking):
            raise Full
    before = booking.hold
    if before is not None:
        set_aside_again(booking=booking, key=f"hold:{before.pk}/again", by=by, now=now)
        HoldBefore.objects.create(hold=before, booking=booking, taken_back_at=now)
    changes = {"ended_by": "", "ended_at": None, "not_given": "", "due_pence": None, "due_amount": None}
    # The calendars lost their entry, and only one with a higher number brings it back.
    changes["calendar_sequence"] = F("calendar_sequence") + 1
    told = booking.calendar_sequence
    steps.move(booking, (State.DID_NOT_HAPPEN,), State.CONFIRMED, by, now, act="booking.not_given_undone", **changes)
    own_money.take_up_again(booking)
    # It has begun, and what it was asked for together with was withdrawn: nothing waits for that any more.
    pairs.stands_alone(booking, now)
    tasks.not_needed(booking=booking, kinds=[Task.Kind.NOBODY_CAME, Task.Kind.TOLD_LATE], by=by, now=now)
    messages.not_given_taken_back(booking, told=told, now=now)
