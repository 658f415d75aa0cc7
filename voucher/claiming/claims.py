"""Claims: a provider asks, once, to be paid for what it delivered and for what was cancelled late.

Until a claim the money only waits beside the award; the claim is what moves it to the provider. Of a break that
the carer disputes it moves what nobody disputes; the rest stays set aside until there is a finding (disputes).
A claim is of one council: bookings of carers of two councils make two claims.
"""

import datetime as dt
from functools import partial

from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import days, history
from accounts.models import Council
from providers import staff
from providers.models import Provider
from voucher import messages, rules
from voucher.bookings import own_money, requests, set_aside
from voucher.claiming import withholding
from voucher.ledger import acts, books
from voucher.ledger.models import Hold, Transfer
from voucher.models import Booking, Claim, ClaimLine, Dispute, RunLine

# What is due of these was moved to the provider when they ended: a late cancellation, a carer who did not come.
PAID_WHEN_IT_ENDED = (Booking.State.CANCELLED, Booking.State.DID_NOT_HAPPEN)


class LateReason(models.TextChoices):
    """Why the carers team claims for a provider after the claim window."""

    ON_PAPER = "on_paper", _("The list was kept on paper")
    ILLNESS = "illness", _("Illness or bereavement at the provider")
    OUR_DELAY = "our_delay", _("We were late ourselves")
    OTHER = "other", _("Another reason")


class NothingToClaim(Exception):
    """No booking was chosen."""


class NotReady(Exception):
    """A chosen booking is not delivered (or no longer), or it is another provider's or council's."""


class TooLate(Exception):
    """The claim window of a chosen booking has passed; the carers team can still claim for the provider."""

    def __init__(self, bookings):
        super().__init__(f"{len(bookings)} too late")
        self.bookings = bookings


class AlreadyClaimed(Exception):
    """A chosen booking is in an earlier claim: `when` it was claimed and its amount there, in pence."""

    def __init__(self, *, when, amount, number):
        super().__init__(f"claim {number}")
        self.when, self.amount, self.number = when, amount, number


def ready(provider):
    """Return the provider's bookings that can be claimed: given, cancelled late, or the carer did not come; not free.

    Of a break that the carer disputes that is `undisputed_pence`; where nothing is undisputed it has to wait.
    A break that costs nothing is never claimed: it stays delivered, and is counted as a break from that.
    """
    return waiting_for_a_claim().filter(provider=provider)


def out_of_time(*, council, on):
    """Return the council's bookings that wait for a claim which, on that day, only the carers team can make (R15)."""
    last_in_time = on - dt.timedelta(days=council.scheme.claim_window_days)
    return waiting_for_a_claim().filter(council=council, ends_at__lt=days.midnight(last_in_time))


def last_day_to_claim(booking, window_days):
    """Return the last day, inclusive, on which the provider itself may claim the booking (R15)."""
    return rules.last_day_to_claim(service_day=timezone.localdate(booking.ends_at), window_days=window_days)


def make(*, provider, council, bookings, invoice_number="", own_reference="", late_reason="", by, now, key):
    """Claim every one of the bookings, or none, and return the Claim.

    Each set-aside amount is spent and the provider is due its pence; what was set aside and not needed goes
    back to the award. The same `key` again returns the same claim and moves nothing.

    `invoice_number` and `own_reference` are words of the provider's own, which it reads again wherever it is paid.
    After the claim window (R15) only the carers team may claim, for the provider and with a `late_reason`.

    Raises NothingToClaim, NotReady, TooLate, AlreadyClaimed, ledger.acts.KeyWasUsed, and staff.WorksThere.
    """
    if late_reason:
        staff.refuse_colleague(provider, by)
    ids = sorted(booking.pk for booking in bookings)
    if not ids:
        raise NothingToClaim
    try:
        answer = acts.once(
            key=key,
            actor=by.actor,
            verb="claim",
            arguments={
                "provider": provider.pk,
                "council": council.pk,
                "bookings": ids,
                "invoice_number": invoice_number,
                "own_reference": own_reference,
                "late_reason": late_reason,
            },
            now=now,
            do=partial(
                _claim,
                provider=provider,
                council=council,
                ids=ids,
                invoice_number=invoice_number,
                own_reference=own_reference,
                late_reason=late_reason,
                by=by,
                now=now,
                key=key,
            ),
        )
    except books.AlreadyResolved as lost:
        # Somebody was quicker; say what happened instead of only that it did.
        raise _already_claimed(ids) or NotReady from lost
    return Claim.objects.get(pk=answer["claim"])


def add_finding(*, booking, pence, by, now, part=ClaimLine.Part.FOUND):
    """Claim for the provider what a finding adds to a claim that was paid, or take off what it takes away.

    `pence` is signed. It is a claim of its own, so that its 30 days (R20) run from the finding; return its ClaimLine.
    Call it inside the transaction of the finding. The VAT of all lines together is that of the whole.
    """
    provider = Provider.objects.locked(booking.provider_id)
    lines = list(ClaimLine.objects.filter(booking=booking).select_related("claim", "booking__provider"))
    claimed = next(line for line in lines if not line.is_finding)
    claim = Claim.objects.create(
        provider=provider,
        council=booking.council,
        number=_next_number(provider),
        invoice_number=claimed.claim.invoice_number,
        own_reference=claimed.claim.own_reference,
        made_by=by.user,
        made_at=now,
        pay_promised_on=withholding.promised(provider=provider, council=booking.council, on=timezone.localdate(now)),
    )
    whole = _vat_of_the_whole(claimed, sum(line.amount_pence for line in lines) + pence)
    # A penny of rounding never takes it out of what the line is of.
    vat_pence = max(min(whole - sum(line.vat_pence for line in lines), max(pence, 0)), min(pence, 0))
    details = {"number": claim.number, "lines": 1, "pence": pence}
    history.record(act="claim.made", subject=claim, by=by, at=now, council=booking.council, **details)
    return ClaimLine.objects.create(claim=claim, booking=booking, part=part, amount_pence=pence, vat_pence=vat_pence)


def asked_about(*, line, note, by, now):
    """Write down that somebody asked why two providers claim the same carer and hour, and that both are right.

    Returns False where it was written down before.
    """
    rows = ClaimLine.objects.filter(pk=line.pk, asked_at=None)
    with transaction.atomic():
        if not rows.update(asked_by=by.user, asked_at=now, asked_note=note.strip()):
            return False
        history.record(
            act="claim.asked_about",
            subject=line.claim,
            by=by,
            at=now,
            council=line.claim.council,
            pence=line.amount_pence,
        )
    return True


def vat_in(pence, booking):
    """Return the VAT within what a provider is paid for a break (R21), in pence, by the day of the break (R50).

    Where the offer has a VAT treatment of its own, that one counts.
    """
    provider = booking.provider
    if not rules.vat_holds(service_day(booking), provider.vat_from, provider.vat_until):
        return 0
    return rules.vat_within(pence, booking.offer.vat_treatment or provider.vat_treatment, provider.vat_number)


def _vat_of_the_whole(line, pence):
    """Return the VAT within `pence` of a booking that was claimed in that line before.

    Where its provider or its offer is treated otherwise since then, the share of VAT stays that of the line: what was
    claimed stays as it was claimed, and what is taken back takes its VAT along.
    """
    vat_pence = vat_in(pence, line.booking)
    if vat_in(line.amount_pence, line.booking) == line.vat_pence:
        return vat_pence
    return (2 * line.vat_pence * pence + line.amount_pence) // (2 * line.amount_pence)


def differences():
    """Return a sentence for each booking whose state, claim and money in the books do not say the same (I12)."""
    state, due, undisputed = Booking.State, F("due_pence"), F("due_pence") - F("in_question_pence")
    lines = ClaimLine.objects.filter(booking=OuterRef("pk"))
    ours = lines.filter(claim__provider=OuterRef("provider")).order_by().values("booking")
    rows = Booking.objects.annotate(
        paid=_to_provider("hold") + _to_provider("dispute__hold") + _to_provider("found_anew__hold"),
        asked=Coalesce(Subquery(ours.annotate(pence=Sum("amount_pence")).values("pence")), 0),
        has_line=Exists(lines),
    ).order_by("pk")
    line = Q(has_line=True)
    waiting = Q(state__in=[state.UNPAID, state.REQUESTED, state.COUNTERED, state.CONFIRMED, state.DELIVERED])
    ended = Q(state__in=[state.DECLINED, state.TIMED_OUT]) | Q(state__in=PAID_WHEN_IT_ENDED, due_pence=None)
    given_back = Q(hold__state=Hold.State.RELEASED, hold__covered=0)
    # The carer was there after all (R61): what was spent when it ended was taken back.
    given_back |= Q(state=state.DID_NOT_HAPPEN, hold__state=Hold.State.SPENT, hold__refunded=F("hold__spent"), paid=0)
    earned = Q(state=state.CLAIMED, asked=undisputed) & line
    earned |= Q(state__in=PAID_WHEN_IT_ENDED, due_pence__gt=0) & ~line
    # What is in question is still set aside, or was claimed before the carer disputed it.
    # Of what was found anew no more is set aside than what is due.
    anew = Q(state=state.DELIVERED, hold__amount=F("found_anew__amount"))
    in_question = Q(dispute__hold__state=Hold.State.OPEN, dispute__hold__amount=F("in_question_amount"))
    sound = (
        Q(hold=None, amount=0) & ~line & ~Q(state=state.CLAIMED)
        | waiting & Q(hold__state=Hold.State.OPEN) & (Q(hold__amount=F("amount")) | anew) & ~line
        | ended & given_back & ~line
        | earned & Q(hold__state=Hold.State.SPENT, paid=due) & ~Q(dispute__hold__state=Hold.State.OPEN)
        | earned & in_question & Q(hold__state=Hold.State.SPENT, paid=undisputed)
        | earned & Q(emergency=True, hold__state=Hold.State.RELEASED, hold__covered=due, paid=due)
    )
    whole = set(rows.filter(sound).values_list("pk", flat=True))
    found = [
        f"Booking {pk} is {now_is}; its claim or its money in the books says otherwise."
        for pk, now_is in rows.values_list("pk", "state")
        if pk not in whole
    ]
    return found + set_aside.differences() + requests.differences()


def moved_to_payees(rows):
    """Group transfers by hold and payee, with the `pence` that the payee is due for it and that were not taken back."""
    side = Transfer.Side.PAYABLE
    moved = Case(When(credit_kind=side, then=F("amount")), When(debit_kind=side, then=-F("amount")), default=0)
    return rows.order_by().values("hold", "payee").annotate(pence=Sum(moved))


def alone(booking):
    """Return the booking read anew, with nobody else claiming or settling anything of its provider meanwhile."""
    Provider.objects.locked(booking.provider_id)
    # Runs are gathered one at a time behind this lock, so its line is in a run or it is not.
    Council.objects.select_for_update(no_key=True).get(pk=booking.council_id)
    rows = Booking.objects.select_related("award__account", "hold", "offer", "provider", "council__scheme")
    return rows.get(pk=booking.pk)


def is_in_a_run(line):
    """True for a line in a payment run that was not given up, nor returned by the bank."""
    return RunLine.objects.filter(claim_line=line, live=True).exists()


def _to_provider(hold):
    """Return what the books moved to the booking's provider for that hold and did not take back, as an expression."""
    rows = moved_to_payees(Transfer.objects.filter(hold=OuterRef(hold), payee=OuterRef("provider")))
    return Coalesce(Subquery(rows.values("pence")), 0)


def waiting_for_a_claim():
    """Return all bookings that wait for a claim, as ready does, of every provider and council."""
    states = [Booking.State.DELIVERED, *PAID_WHEN_IT_ENDED]
    return Booking.objects.filter(state__in=states, due_pence__gt=F("in_question_pence")).order_by("starts_at", "pk")


def _claim(*, provider, council, ids, invoice_number, own_reference, late_reason, by, now, key):
    # One claim of a provider at a time, so that numbers follow one another. The money is kept right
    # without this lock: by the guarded updates below and by one line a booking.
    Provider.objects.locked(provider.pk)
    bookings = _chosen(provider=provider, council=council, ids=ids)
    if not late_reason:
        _refuse_late(bookings, council=council, on=timezone.localdate(now))
    # Every award before any booking, in one order: two providers of the same carers never wait for each other.
    for booking in bookings:
        _spend(booking, provider=provider, by=by, now=now, op_key=f"{key}/spend/{booking.pk}")
    claim = Claim.objects.create(
        provider=provider,
        council=council,
        number=_next_number(provider),
        invoice_number=invoice_number,
        own_reference=own_reference,
        made_by=by.user,
        made_at=now,
        pay_promised_on=withholding.promised(provider=provider, council=council, on=timezone.localdate(now)),
    )
    for booking in bookings:
        _add_line(claim, booking, by=by, now=now)
    total = sum(booking.undisputed_pence for booking in bookings)
    details = {"number": claim.number, "lines": len(bookings), "pence": total}
    if late_reason:
        details["late_reason"] = late_reason
    history.record(act="claim.made", subject=claim, by=by, at=now, council=council, **details)
    messages.claim_made(claim=claim, lines=len(bookings), total_pence=total)
    return {"claim": claim.pk}


def _chosen(*, provider, council, ids):
    """Return the bookings in the order of their awards; raise unless every one can be claimed now."""
    bookings = list(
        ready(provider)
        .filter(pk__in=ids, council=council)
        .select_related("award__account", "hold", "offer", "provider")
        .order_by("award__account_id", "pk")
    )
    if len(bookings) < len(ids):
        raise _already_claimed(ids, provider=provider) or NotReady
    return bookings


def _refuse_late(bookings, *, council, on):
    days = council.scheme.claim_window_days
    late = [booking for booking in bookings if on > last_day_to_claim(booking, days)]
    if late:
        raise TooLate(late)


def _spend(booking, *, provider, by, now, op_key):
    """Move what is due to the provider. What was due when it ended has been moved then."""
    if booking.hold is None or booking.state in PAID_WHEN_IT_ENDED:
        return
    spent = {
        "hold": booking.hold,
        "amount": booking.undisputed_amount,
        "payee": provider.pk,
        "charge_pence": booking.undisputed_pence if booking.award.in_hours else None,
        "effective_on": service_day(booking),
        "op_key": op_key,
        "actor": by.actor,
        "now": now,
    }
    if not booking.in_question_amount:
        books.spend(**spent)
        return
    kept = books.spend_part(still_held=booking.in_question_amount, **spent)
    if not Dispute.objects.filter(booking=booking, state=Dispute.State.OPEN, hold=None).update(hold=kept):
        raise NotReady


def _add_line(claim, booking, *, by, now):
    names = ("state", "due_pence", "due_amount", "in_question_pence", "in_question_amount")
    as_chosen = {name: getattr(booking, name) for name in names}
    moved = Booking.objects.filter(pk=booking.pk, **as_chosen).update(state=Booking.State.CLAIMED)
    if not moved:
        raise NotReady
    booking.state = Booking.State.CLAIMED
    own_money.follow(booking, now)
    ClaimLine.objects.create(
        claim=claim,
        booking=booking,
        amount_pence=booking.undisputed_pence,
        vat_pence=vat_in(booking.undisputed_pence, booking),
    )
    history.record(
        act="booking.claimed",
        subject=booking,
        by=by,
        at=now,
        council=claim.council,
        claim=claim.pk,
        pence=booking.undisputed_pence,
    )


def _already_claimed(ids, *, provider=None):
    """Return AlreadyClaimed for the newest earlier claim of any of these bookings, or None."""
    lines = ClaimLine.objects.filter(booking__in=ids)
    if provider:
        lines = lines.filter(claim__provider=provider)
    claim = (
        lines.values(when=F("claim__made_at"), number=F("claim__number"))
        .annotate(amount=Sum("amount_pence"), lines=Count("pk"))
        .order_by("-when")
        .first()
    )
    if claim is None:
        return None
    return AlreadyClaimed(when=claim["when"], amount=claim["amount"], number=claim["number"])


def _next_number(provider):
    return (provider.claims.aggregate(last=Max("number"))["last"] or 0) + 1


def service_day(booking):
    """Return the day on which a movement of the booking's money counts."""
    return timezone.localdate(booking.starts_at)
