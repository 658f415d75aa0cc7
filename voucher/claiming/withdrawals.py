"""A provider takes a booking out of a claim again, until it is in a payment run (R60).

The line is struck and stays as a record; a movement in the books takes back what it had spent and sets it aside anew.
So the booking is as it was before the claim: its mark can be undone, and it can be claimed again.
"""

from django.db import transaction
from django.db.models import Q

from voucher import bookings
from voucher.bookings import RestWasUsed as RestWasUsed
from voucher.bookings import own_money, steps
from voucher.claiming import claims
from voucher.models import Booking, ClaimLine, Dispute, PaymentRun, RunLine

State = Booking.State
# What such a run has is not taken out of its claim any more, also where the bank sent the payment back.
HOLDS = Q(live=True) | Q(run__state=PaymentRun.State.RELEASED)


class NotClaimed(Exception):
    """The booking is in no claim: it was taken out before, or never claimed."""


class InARun(Exception):
    """The line is in a payment run that pays on `day`; the carers team can still put it right afterwards."""

    def __init__(self, day):
        super().__init__(f"paid on {day}")
        self.day = day


class IsDisputed(Exception):
    """The carer says that less took place: that is no slip, and the carers team finds how it was."""


def may_withdraw(booking):
    """True for a booking whose claim line is in no payment run yet, and that nobody disputes."""
    line = booking.claim_line if booking.state == State.CLAIMED else None
    if line is None or _is_disputed(booking):
        return False
    return not was_in_a_run(booking)


def was_in_a_run(booking):
    """True where a run pays the booking, or has paid it: also where the bank sent the payment back."""
    return _in_runs(booking).exists()


def may_withdraw_line(line):
    """The same of one line with its booking and its `run_lines` at hand, without a query; a dispute is asked last."""
    if line.is_finding or line.struck_at or line.booking.state != State.CLAIMED:
        return False
    runs = line.run_lines.all()
    return not any(each.live or each.run.state == PaymentRun.State.RELEASED for each in runs)


def claimed_without_vat(provider, *, on):
    """Return the claimed lines without VAT, in no payment run, of breaks for which its VAT number counts by now (R50).

    Who was registered late takes them out and claims them again. The oldest break comes first; `is_late` says of which
    the time to claim has passed on that day, so that only the carers team could claim it again. One query.
    """
    if not provider.vat_number:
        return []
    rows = ClaimLine.objects.filter(claim__provider=provider, part=ClaimLine.Part.CLAIMED, vat_pence=0)
    rows = rows.filter(amount_pence__gt=0, booking__state=State.CLAIMED, booking__dispute=None)
    rows = rows.exclude(pk__in=RunLine.objects.filter(HOLDS).values("claim_line"))
    rows = rows.exclude(booking__claim_lines__part__gt=ClaimLine.Part.CLAIMED)
    rows = rows.select_related("claim__council__scheme", "booking__offer", "booking__provider")
    rows = rows.order_by("booking__starts_at", "pk")
    found = [line for line in rows if claims.vat_in(line.amount_pence, line.booking)]
    for line in found:
        line.is_late = claims.last_day_to_claim(line.booking, line.claim.council.scheme.claim_window_days) < on
    return found


def withdraw(*, booking, by, now):
    """Take a booking out of its claim and return the struck ClaimLine; the booking can be claimed anew (R60).

    Raises NotClaimed, InARun, IsDisputed, RestWasUsed; nothing has changed then.
    """
    with transaction.atomic():
        booking = claims.alone(booking)
        if booking.state != State.CLAIMED:
            raise NotClaimed
        if _is_disputed(booking):
            raise IsDisputed
        line = strike(booking, by=by, now=now)
        if booking.delivered_at is not None and booking.hold is not None:
            _set_aside_again(booking, line, by, now)
        _back_to(booking, _state_before(booking))
        if booking.delivered_at is not None:
            own_money.take_up_again(booking)
        return line


def strike(booking, *, by, now):
    """Strike the line of a claimed booking that `claims.alone` has locked, and return it; the money is the caller's.

    Raises NotClaimed, InARun.
    """
    lines = list(ClaimLine.objects.filter(booking=booking).select_related("claim"))
    line = next((each for each in lines if not each.is_finding), None)
    if line is None:
        raise NotClaimed
    if run := _in_runs(booking).select_related("run").order_by("-pk").first():
        raise InARun(run.run.pay_on)
    if not ClaimLine.objects.filter(pk=line.pk).update(struck_at=now, struck_by=by.user):
        raise NotClaimed
    details = {"claim": line.claim_id, "number": line.claim.number, "pence": line.amount_pence}
    steps.record(booking, "booking.claim_withdrawn", by, now, **details)
    return line


def _is_disputed(booking):
    """True where the carer disputes it, or something was found of it: that she was there after all (R61)."""
    found = ClaimLine.objects.filter(booking=booking).exclude(part=ClaimLine.Part.CLAIMED)
    return Dispute.objects.filter(booking=booking).exists() or found.exists()


def _in_runs(booking):
    """Return where a live run has the booking, or a released one had it and the bank sent the payment back."""
    rows = RunLine.objects.filter(claim_line__booking=booking, claim_line__struck_at=None)
    return rows.filter(HOLDS)


def _set_aside_again(booking, line, by, now):
    spent = booking.hold
    bookings.set_aside_again(booking=booking, key=f"line:{line.pk}/struck", by=by, now=now)
    ClaimLine.with_struck.filter(pk=line.pk).update(struck_hold=spent)


def _state_before(booking):
    """Return the state in which the booking was claimed."""
    if booking.delivered_at is not None:
        return State.DELIVERED
    return State.DID_NOT_HAPPEN if booking.not_given else State.CANCELLED


def _back_to(booking, state):
    if not Booking.objects.filter(pk=booking.pk, state=State.CLAIMED).update(state=state):
        raise steps.BookingMoved(steps.state_now(booking))
