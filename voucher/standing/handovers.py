"""A successor takes a break over from a provider that closes, with its carer's yes, one break at a time (R65)."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts import history
from brochure import catalogue
from voucher import bookings, messages
from voucher.bookings import asking, choices, steps, tasks
from voucher.bookings.making import lock_offers
from voucher.models import Award, Booking, Handover, Task
from voucher.standing import suspending

Open = Handover.State.OPEN
TO_ANSWER = dt.timedelta(days=14)
BEFORE_THE_BREAK = dt.timedelta(days=2)


class Over(Exception):
    """The carer has answered already, or it can no longer be answered; `handover` is the row as it is now."""

    def __init__(self, handover):
        super().__init__(f"handover {handover.pk} is {handover.state}")
        self.handover = handover


def offer(*, booking, successor, by, now):
    """Ask the carer whether the successor may give a break, at its cheapest offer of that kind that can have it.

    She has 14 days to answer, and until two days before the break. Return whether she is asked.
    """
    answer_by = min(now + TO_ANSWER, booking.starts_at - BEFORE_THE_BREAK)
    if successor is None or answer_by <= now or booking.is_half_of_a_pair:
        return False
    award = Award.objects.select_related("account", "council__scheme", "carer").get(pk=booking.award_id)
    found = [
        (price, like)
        for like in _like(booking, successor, now)
        if (price := _price(award, booking, like, now)) is not None
    ]
    if not found:
        return False
    price, cheapest = min(found, key=lambda pair: (pair[0], pair[1].pk))
    with transaction.atomic():
        # One that was called off while a successor was looked for is nobody's to give.
        if not Booking.objects.filter(pk=booking.pk, state=Booking.State.CONFIRMED).update(may_cancel_free=True):
            return False
        Handover.objects.filter(booking=booking, state=Open).update(state=Handover.State.ENDED, answered_at=now)
        handover = Handover.objects.create(
            booking=booking, offer=cheapest, price_pence=price, made_at=now, answer_by=answer_by
        )
        # It waits for the carer now; what she refuses, or leaves, comes onto the list again.
        tasks.not_needed(booking=booking, kinds=[Task.Kind.REARRANGE], by=by, now=now)
        messages.handover_offered(handover)
    return True


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


def fell_through(*, handover, now):
    """The carer said yes and the successor cannot give it any more: it is on the carers team's list at once.

    A question that was answered, or has ended, stays as it is.
    """
    with transaction.atomic():
        rows = Handover.objects.filter(pk=handover.pk, state=Open)
        if rows.update(state=Handover.State.ENDED, answered_at=now):
            suspending.arrange_anew(booking=handover.booking, now=now)


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


def is_known(*, booking, successor):
    """True while the carer is asked about this very successor, or has refused it and the carers team looks."""
    asked = Handover.objects.filter(booking=booking, offer__provider=successor)
    if asked.filter(state=Open).exists():
        return True
    looked_at = Task.objects.filter(booking=booking, kind=Task.Kind.REARRANGE, done_at=None)
    return looked_at.exists() and asked.filter(state=Handover.State.REFUSED).exists()


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
