"""First, second and third choice: where one cannot be had the next is asked, with the money moved along (R24)."""

from django.db.models import F

from voucher import rules
from voucher.bookings import asking
from voucher.bookings.making import book, lock_offers, set_aside
from voucher.ledger.models import AwardAccount
from voucher.models import Award, BreakRequest, Choice

State = Choice.State


def lock(booking):
    """Take the locks of whatever may end or settle a booking: its request, then the offers that may be asked next.

    Requests come before offers, offers before the money: whoever asks for a break locks in the same order.
    """
    if booking.asked_in_id is None:
        return
    BreakRequest.objects.filter(pk=booking.asked_in_id).update(parts=F("parts"))
    booking.asked_in = BreakRequest.objects.get(pk=booking.asked_in_id)
    waiting = Choice.objects.filter(asked_in=booking.asked_in_id, state=State.WAITING)
    lock_offers(waiting.values_list("offer", flat=True))


def ask_next(booking, by, now):
    """Ask the next choice of the booking's part that can still be had; return its Booking, or None.

    It is set aside at the price that was shown on the day of asking. One that can no longer be had is passed over,
    and says why. Call it after `lock`, when the booking has ended and its money is given back, in that transaction.
    """
    waiting = Choice.objects.filter(asked_in=booking.asked_in_id, part=booking.part, state=State.WAITING)
    for choice in waiting.select_related("offer__provider__council", "offer__category").order_by("position"):
        award = Award.objects.select_related("account", "council__scheme", "carer").get(pk=booking.award_id)
        choice.asked_in = BreakRequest.objects.get(pk=booking.asked_in_id)
        choice.asked_in.award = award
        try:
            return _ask(choice, award, by, now)
        except asking.Refused as refusal:
            choice.state, choice.passed_over_for = State.PASSED_OVER, type(refusal).__name__
            choice.save(update_fields=["state", "passed_over_for"])
    return None


def not_needed(booking, *, of_all_parts=False):
    """Let go of the choices that wait: one was had, or the carer wants none any more."""
    waiting = Choice.objects.filter(asked_in=booking.asked_in_id, state=State.WAITING)
    if not of_all_parts:
        waiting = waiting.filter(part=booking.part)
    waiting.update(state=State.NOT_NEEDED)


def had_choices(booking):
    """Return whether more than one choice was asked for in the booking's part."""
    return Choice.objects.filter(asked_in=booking.asked_in_id, part=booking.part, position__gt=1).exists()


def choices_after(booking):
    """Return the choices that are asked when this booking comes to nothing, in order."""
    waiting = Choice.objects.filter(asked_in=booking.asked_in_id, part=booking.part, state=State.WAITING)
    return waiting.select_related("offer__provider").order_by("position")


def choices_before(booking):
    """Return the choices that came before this booking and could not be had, each with its booking if it was asked."""
    own = Choice.objects.filter(booking=booking).first()
    if own is None:
        return []
    rows = Choice.objects.filter(asked_in=own.asked_in_id, part=own.part, position__lt=own.position)
    return list(rows.select_related("offer__provider", "booking").order_by("position"))


def _ask(choice, award, by, now):
    offer, starts_at, minutes = choice.offer, choice.starts_at, choice.minutes
    if award.account.state != AwardAccount.State.ACTIVE:
        raise asking.AwardClosed
    asking.refuse_unless_possible(award=award, offer=offer, starts_at=starts_at, minutes=minutes, now=now)
    if rules.price_for(choice.unit_price_pence, minutes, offer.minutes) != choice.price_pence:
        # It is sold by another length now: of a part of the break the wrong sum would be paid.
        raise asking.StalePrice(choice.price_pence)
    asking.refuse_taken(award=award, offer=offer, starts_at=starts_at, minutes=minutes)
    day = asking.last_service_day(offer, starts_at, minutes)
    hold = set_aside(award, choice.amount, day, by, now, f"choice:{choice.pk}")
    return book(choice, hold=hold, amount=choice.amount, by=by, now=now)
