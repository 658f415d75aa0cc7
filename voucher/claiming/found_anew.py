"""What is found anew after a provider did not agree: more took place than was found first, and it is paid (R29).

Not claimed yet: more is due, out of what is set aside still, or what went back is set aside again. Claimed: the
difference is set aside from the award and spent at once, under a hold of its own. It is paid by the claim's line where
that is in no payment run and nothing was added to it or taken off; else by a line of its own. Where the award has not
enough left, is stopped, or has ended, nothing changes.
"""

from dataclasses import dataclass

from voucher import rules
from voucher.bookings import own_money, steps
from voucher.claiming import claims, disputes
from voucher.ledger import books
from voucher.models import Booking, ClaimLine, Dispute, FoundAnew, HoldBefore

State = Booking.State


@dataclass(frozen=True)
class Outcome:
    """What it would be to find that much: the whole of it, and what it was before; in pence, and in the award's unit.

    `minutes` are None where it would be found that the carer did not come. `needed` is how much has to be left on the
    award for it, in its unit.
    """

    minutes: int | None
    pence_before: int
    pence: int
    amount_before: int
    amount: int
    needed: int

    @property
    def more_pence(self):
        return self.pence - self.pence_before

    @property
    def more_amount(self):
        return self.amount - self.amount_before


def outcomes(booking):
    """Return an Outcome for all that can be found anew of a booking, the longest first; none where there is nothing.

    That is more than was found first and no more than the provider said, in the steps of R13; or that the carer did
    not come after all.
    """
    if booking.not_given == Booking.NotGiven.CARER_DID_NOT_COME:
        return _did_not_come(booking)
    dispute = Dispute.objects.filter(booking=booking, state=Dispute.State.RESOLVED).first()
    if dispute is None or not _can_be_found_anew(booking):
        return []
    lengths = rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes, booking.session_count)
    within = {minutes for minutes in lengths if dispute.found_minutes < minutes < dispute.given_minutes}
    found = sorted(within | ({dispute.given_minutes} - {dispute.found_minutes}), reverse=True)
    return [_outcome(booking, minutes) for minutes in found]


def hindrance(booking, outcome):
    """Return why the award cannot pay that now, as the books.Refused that `find` would raise; or None."""
    account, day = booking.award.account, claims.service_day(booking)
    if not outcome.needed:
        return None
    if account.state == account.State.ENDED:
        return books.AwardEnded()
    if account.state == account.State.FROZEN:
        return books.AwardFrozen()
    if not account.first_day <= day <= account.last_day:
        return books.OutsidePeriod(account.first_day, account.last_day)
    return books.NotEnough(account.available) if account.available < outcome.needed else None


def find(*, booking, minutes, finding, by, now):
    """Find that so much took place, or with None that the carer did not come, and move the money; return FoundAnew.

    Call it inside the transaction of the answer, with the booking that `claims.alone` has locked; whatever is raised
    must undo that transaction.

    Raises disputes.BadMinutes, books.Refused where the award cannot pay it, steps.BookingMoved.
    """
    found = {outcome.minutes: outcome for outcome in outcomes(booking)}
    if minutes not in found:
        raise disputes.BadMinutes(list(found))
    outcome, state = found[minutes], booking.state
    row = FoundAnew(
        booking=booking,
        minutes_before=None if minutes is None else booking.dispute.found_minutes,
        minutes=minutes,
        pence_before=outcome.pence_before,
        pence=outcome.pence,
        amount_before=outcome.amount_before,
        amount=outcome.amount,
        finding=finding,
        found_by=by.user,
        found_at=now,
    )
    changes = {"due_pence": outcome.pence, "due_amount": outcome.amount}
    if minutes is not None:
        changes["delivered_minutes"] = minutes
    if state == State.CLAIMED and outcome.needed:
        row.hold = _spend(booking, outcome, by, now)
    if state == State.DID_NOT_HAPPEN:
        changes |= {"state": State.DELIVERED, "delivered_at": now, "ended_by": "", "ended_at": None}
        changes |= _set_aside_again(booking, outcome, by, now)
    steps.change(booking, ("state", "delivered_minutes", "due_pence", "hold"), **changes)
    if state == State.CLAIMED and outcome.more_pence:
        _pay(booking, outcome.more_pence, by, now)
    own_money.take_up_again(booking)
    own_money.follow(booking, now)
    row.save(force_insert=True)
    told = {"pence": row.pence} | ({} if minutes is None else {"minutes": minutes})
    steps.record(booking, "booking.found_anew", by, now, **told)
    return row


def _can_be_found_anew(booking):
    """True for what is given still, or did not happen because the carers team found so; once."""
    none_of_it = booking.state == State.DID_NOT_HAPPEN and booking.ended_by == Booking.Party.TEAM
    can_be = booking.state in Booking.GIVEN or none_of_it
    return can_be and not FoundAnew.objects.filter(booking=booking).exists()


def _outcome(booking, minutes):
    pence, amount = disputes.due_found(booking, minutes)
    before = booking.due_amount or 0
    # Of what was given and is not claimed the whole price is set aside still.
    needed = {State.DELIVERED: 0, State.CLAIMED: amount - before}.get(booking.state, amount)
    return Outcome(minutes, booking.due_pence or 0, pence, before, amount, needed)


def _did_not_come(booking):
    """Return the one Outcome where it was found, of what was paid, that the carer was there after all (R61)."""
    line = ClaimLine.objects.filter(booking=booking, part=ClaimLine.Part.FOUND).first()
    if line is None or booking.state != State.CLAIMED or FoundAnew.objects.filter(booking=booking).exists():
        return []
    # All of it was taken back, so that is what it was.
    amount = booking.hold.refunded
    return [Outcome(None, 0, -line.amount_pence, 0, amount, amount)]


def _spend(booking, outcome, by, now):
    """Set the difference aside and spend it at once for the provider; return the hold of it."""
    day, key = claims.service_day(booking), f"booking:{booking.pk}/anew"
    act = {"actor": by.actor, "now": now, "reason": FoundAnew.REASON}
    hold = books.hold(award=booking.award.account, amount=outcome.needed, on=day, op_key=f"{key}/hold", **act)
    books.spend(
        hold=hold,
        amount=outcome.needed,
        payee=booking.provider_id,
        charge_pence=outcome.more_pence if booking.award.in_hours else None,
        effective_on=day,
        op_key=f"{key}/spend",
        **act,
    )
    return hold


def _set_aside_again(booking, outcome, by, now):
    """Set aside again, of what went back whole, what is due now: no more, for no more is ever claimed."""
    before = booking.hold
    if before is None:
        return {}
    anew = books.hold(
        award=booking.award.account,
        amount=outcome.needed,
        on=claims.service_day(booking),
        op_key=f"hold:{before.pk}/again",
        actor=by.actor,
        now=now,
        reason=FoundAnew.REASON,
    )
    HoldBefore.objects.create(hold=before, booking=booking, taken_back_at=now)
    return {"hold": anew}


def _pay(booking, pence, by, now):
    """Pay so much more: by the line of the claim where that can still be, else by a line of its own."""
    lines = list(ClaimLine.objects.filter(booking=booking).select_related("booking__offer", "booking__provider"))
    if len(lines) == 1 and not claims.is_in_a_run(lines[0]):
        disputes.pay_by_line(lines[0], lines[0].amount_pence + pence)
        return
    claims.add_finding(booking=booking, pence=pence, part=ClaimLine.Part.ANEW, by=by, now=now)
