"""Disputes: a carer says that less of a break took place than was said, and the carers team finds how much it was.

What nobody disputes is paid now, what is in question waits (R29). Not claimed yet: the claim takes the undisputed
part, the rest stays set aside. Claimed and in no payment run: the claim's line pays the undisputed part. In a run or
paid: nothing is stopped, and what is found to be too much is taken off the provider's next payment.
"""

from django.db import transaction
from django.utils import timezone

from providers import staff
from voucher import bookings, messages, rules
from voucher.bookings import own_money, steps
from voucher.claiming import claims
from voucher.ledger import books
from voucher.models import Booking, ClaimLine, Dispute

State = Booking.State
GIVEN = Booking.GIVEN


class NotDisputable(Exception):
    """This break was not given as far as anybody says, or the time to dispute it has passed."""


class AlreadyDisputed(Exception):
    """The carer has said so before; `dispute` is what became of it."""

    def __init__(self, dispute):
        super().__init__(f"dispute {dispute.pk}")
        self.dispute = dispute


class BadMinutes(Exception):
    """That much cannot be said or found; `allowed` is what can be, in minutes, longest first."""

    def __init__(self, allowed):
        super().__init__(str(allowed))
        self.allowed = allowed


class NoFinding(Exception):
    """A dispute is resolved without a word on why."""


class Resolved(Exception):
    """The dispute was resolved before."""


def last_day(booking):
    """Return the last day, inclusive, on which the carer can dispute what was said of the break (R29)."""
    days = booking.council.scheme.claim_window_days
    return rules.last_day_to_dispute(said_on=timezone.localdate(booking.delivered_at), window_days=days)


def may_dispute(booking, now):
    """True for a break that somebody says was given, within the time (R29), and not disputed before."""
    return _is_in_time(booking, now) and not Dispute.objects.filter(booking=booking).exists()


def disputable(rows, now):
    """Return the numbers of those of these bookings that can still be disputed (R29), in one query."""
    disputed = set(Dispute.objects.filter(booking__in=[row.pk for row in rows]).values_list("booking", flat=True))
    return {row.pk for row in rows if row.pk not in disputed and _is_in_time(row, now)}


def what_can_be_said(booking):
    """Return how much less the carer can say it was, in minutes, longest first: in the offer's steps, down to none."""
    lengths = rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes, booking.session_count)
    return [minutes for minutes in lengths if minutes < booking.delivered_minutes] + [0]


def what_can_be_found(dispute):
    """Return what the carers team can find, in minutes, longest first: between what the two sides say."""
    booking = dispute.booking
    lengths = rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes, booking.session_count)
    within = {minutes for minutes in lengths if dispute.said_minutes < minutes < dispute.given_minutes}
    return sorted(within | {dispute.said_minutes, dispute.given_minutes}, reverse=True)


def make(*, booking, said_minutes, words="", by, now):
    """Say how much of a break took place, in the carer's own account; return the Dispute.

    Raises NotDisputable, AlreadyDisputed, BadMinutes.
    """
    with transaction.atomic():
        booking = claims.alone(booking)
        if earlier := Dispute.objects.filter(booking=booking).first():
            raise AlreadyDisputed(earlier)
        if not may_dispute(booking, now):
            raise NotDisputable
        allowed = what_can_be_said(booking)
        if said_minutes not in allowed:
            raise BadMinutes(allowed)
        said_pence, said_amount = due_found(booking, said_minutes)
        dispute = Dispute(
            booking=booking,
            said_minutes=said_minutes,
            given_minutes=booking.delivered_minutes,
            said_pence=said_pence,
            said_amount=said_amount,
            words=words.strip(),
            made_at=now,
        )
        stopped = booking.state == State.DELIVERED or _stop_the_line(booking, said_pence)
        _change(
            booking,
            in_question_pence=booking.due_pence - said_pence if stopped else 0,
            in_question_amount=booking.due_amount - said_amount if stopped else 0,
        )
        dispute.save(force_insert=True)
        steps.record(
            booking, "booking.disputed", by, now, minutes=said_minutes, in_question_pence=booking.in_question_pence
        )
        messages.dispute_made(dispute)
    return dispute


def agree(*, booking, by, now):
    """Say that a break took place as the provider says. Raises NotDisputable."""
    if not may_dispute(booking, now):
        raise NotDisputable
    with transaction.atomic():
        steps.record(booking, "booking.carer_agrees", by, now, minutes=booking.delivered_minutes)


def answer(*, dispute, words, by, now):
    """Write down the provider's own account; it can be mended until there is a finding. Raises Resolved."""
    rows = Dispute.objects.filter(pk=dispute.pk, state=Dispute.State.OPEN)
    with transaction.atomic():
        if not rows.update(answer=words.strip(), answered_at=now):
            raise Resolved
        steps.record(dispute.booking, "booking.dispute_answered", by, now)


def resolve(*, dispute, found_minutes, finding, by, now):
    """Settle a dispute at what the carers team found, in minutes, with the reason in words; return the Dispute.

    What is found for the carer goes back to her award (or to its fund where it has ended), what is found for the
    provider is paid in the next run; what was paid already and too much makes its next payment smaller.

    Raises Resolved, BadMinutes, NoFinding, staff.WorksThere.
    """
    staff.refuse_colleague(dispute.booking.provider_id, by)
    finding = finding.strip()
    if not finding:
        raise NoFinding
    with transaction.atomic():
        booking = claims.alone(dispute.booking)
        dispute = Dispute.objects.select_related("hold").get(pk=dispute.pk)
        dispute.booking = booking
        if found_minutes not in (allowed := what_can_be_found(dispute)):
            raise BadMinutes(allowed)
        found = {"found_minutes": found_minutes, "finding": finding, "resolved_by": by.user, "resolved_at": now}
        rows = Dispute.objects.filter(pk=dispute.pk, state=Dispute.State.OPEN)
        if not rows.update(state=Dispute.State.RESOLVED, **found):
            raise Resolved
        if booking.state == State.DELIVERED:
            _settle_unclaimed(booking, found_minutes, by, now)
        else:
            _settle_claimed(booking, dispute, found_minutes, by, now)
        steps.record(booking, "booking.dispute_resolved", by, now, minutes=found_minutes)
        dispute.refresh_from_db()
        messages.dispute_resolved(dispute)
    return dispute


def waiting(council):
    """Return a council's open disputes, the oldest first."""
    return Dispute.objects.filter(booking__council=council, state=Dispute.State.OPEN).order_by("made_at", "pk")


def _is_in_time(booking, now):
    was_given = booking.state in GIVEN and booking.delivered_minutes and booking.delivered_at
    return bool(was_given) and timezone.localdate(now) <= last_day(booking)


def _settle_unclaimed(booking, found_minutes, by, now):
    """Let the break count as what was found; where none of it took place, everything goes back."""
    in_question = {"in_question_pence": 0, "in_question_amount": 0}
    if found_minutes:
        due_pence, due_amount = due_found(booking, found_minutes)
        _change(booking, delivered_minutes=found_minutes, due_pence=due_pence, due_amount=due_amount, **in_question)
        return
    steps.give_back(booking, by, now)
    undone = dict.fromkeys(("delivered_minutes", "delivered_at", "due_pence", "due_amount"))
    ended = {"state": State.DID_NOT_HAPPEN, "ended_by": Booking.Party.TEAM, "ended_at": now}
    _change(booking, **undone, **ended, **in_question)
    own_money.follow(booking, now)


def _settle_claimed(booking, dispute, found_minutes, by, now):
    found_pence, found_amount = due_found(booking, found_minutes)
    act = {"op_key": f"dispute:{dispute.pk}", "actor": by.actor, "now": now}
    if dispute.hold:
        _settle_what_was_kept(booking, dispute, found_pence, found_amount, act)
    elif too_much := booking.due_amount - found_amount:
        charge = booking.due_pence - found_pence if booking.award.in_hours else None
        books.refund(hold=booking.hold, amount=too_much, charge_pence=charge, **act)
    _change(
        booking,
        delivered_minutes=found_minutes,
        due_pence=found_pence,
        due_amount=found_amount,
        in_question_pence=0,
        in_question_amount=0,
    )
    line = booking.claim_line
    if difference := found_pence - line.amount_pence:
        if claims.is_in_a_run(line):
            claims.add_finding(booking=booking, pence=difference, by=by, now=now)
        else:
            pay_by_line(line, found_pence)
    own_money.follow(booking, now)


def _settle_what_was_kept(booking, dispute, found_pence, found_amount, act):
    """Spend what was found for the provider of the part that stayed set aside; the rest goes back."""
    more = found_amount - booking.undisputed_amount
    if not more:
        books.release(hold=dispute.hold, **act)
        return
    books.spend(
        hold=dispute.hold,
        amount=more,
        payee=booking.provider_id,
        charge_pence=found_pence - booking.undisputed_pence if booking.award.in_hours else None,
        effective_on=timezone.localdate(booking.starts_at),
        **act,
    )


def due_found(booking, minutes):
    """Return what is due where that much is found, (pence, amount); both stay where either would be the same."""
    due = bookings.due_for(booking, minutes)
    now_due = (booking.due_pence, booking.due_amount)
    return now_due if due[0] == now_due[0] or due[1] == now_due[1] else due


def _stop_the_line(booking, pence):
    """Let the claim's line pay so much and no more; return False where a payment run has it already."""
    line = booking.claim_line
    if claims.is_in_a_run(line):
        return False
    pay_by_line(line, pence)
    return True


def pay_by_line(line, pence):
    """Let a line that is in no payment run pay so much, in pence, with its VAT."""
    vat_pence = claims.vat_in(pence, line.booking)
    ClaimLine.objects.filter(pk=line.pk).update(amount_pence=pence, vat_pence=vat_pence)


def _change(booking, **changes):
    steps.change(booking, ("state", "delivered_minutes", "in_question_pence"), **changes)
