"""Claims: a provider asks, once, to be paid for what it delivered and for what was cancelled late.

Until a claim the money only waits beside the award; the claim is what moves it to the provider.
A claim is of one council: bookings of carers of two councils make two claims.
"""

import datetime as dt
from functools import partial

from django.db import models
from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import days, history
from providers.models import Provider
from voucher import messages, rules
from voucher.bookings import own_money
from voucher.ledger import acts, books
from voucher.ledger.models import Hold, Transfer
from voucher.models import Booking, Claim, ClaimLine


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
    """Return the provider's bookings that can be claimed: delivered, or cancelled late, and not free.

    A break that costs nothing is never claimed: it stays delivered, and is counted as a break from that.
    """
    return _waiting().filter(provider=provider)


def out_of_time(*, council, on):
    """Return the council's bookings that wait for a claim which, on that day, only the carers team can make (R15)."""
    last_in_time = on - dt.timedelta(days=council.scheme.claim_window_days)
    return _waiting().filter(council=council, ends_at__lt=days.midnight(last_in_time))


def last_day_to_claim(booking, window_days):
    """Return the last day, inclusive, on which the provider itself may claim the booking (R15)."""
    return rules.last_day_to_claim(service_day=timezone.localdate(booking.ends_at), window_days=window_days)


def make(*, provider, council, bookings, invoice_number="", late_reason="", by, now, key):
    """Claim every one of the bookings, or none, and return the Claim.

    Each set-aside amount is spent and the provider is due its pence; what was set aside and not needed goes
    back to the award. The same `key` again returns the same claim and moves nothing.

    After the claim window (R15) only the carers team may claim, for the provider and with a `late_reason`.

    Raises NothingToClaim, NotReady, TooLate, AlreadyClaimed, and ledger.acts.KeyWasUsed.
    """
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
                "late_reason": late_reason,
            },
            now=now,
            do=partial(
                _claim,
                provider=provider,
                council=council,
                ids=ids,
                invoice_number=invoice_number,
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


def differences():
    """Return a sentence for each booking whose state, claim and money in the books do not say the same (I12)."""
    state, due, line = Booking.State, F("due_pence"), Q(claim_line__isnull=False)
    to_provider = Transfer.objects.filter(
        hold=OuterRef("hold"), payee=OuterRef("provider"), credit_kind=Transfer.Side.PAYABLE
    )
    paid = to_provider.order_by().values("payee").annotate(pence=Sum("amount")).values("pence")
    rows = Booking.objects.annotate(paid=Subquery(paid)).order_by("pk")
    waiting = Q(state__in=[state.UNPAID, state.REQUESTED, state.COUNTERED, state.CONFIRMED, state.DELIVERED])
    ended = Q(state__in=[state.DECLINED, state.TIMED_OUT, state.DID_NOT_HAPPEN])
    ended |= Q(state=state.CANCELLED, due_pence=None)
    earned = Q(state=state.CLAIMED, claim_line__claim__provider=F("provider"), claim_line__amount_pence=due) & line
    earned |= Q(state=state.CANCELLED, due_pence__gt=0) & ~line
    sound = (
        Q(hold=None, amount=0) & ~line & ~Q(state=state.CLAIMED)
        | waiting & Q(hold__state=Hold.State.OPEN, hold__amount=F("amount")) & ~line
        | ended & Q(hold__state=Hold.State.RELEASED) & ~line
        | earned & Q(hold__state=Hold.State.SPENT, paid=due)
    )
    whole = set(rows.filter(sound).values_list("pk", flat=True))
    found = [
        f"Booking {pk} is {now_is}; its claim or its money in the books says otherwise."
        for pk, now_is in rows.values_list("pk", "state")
        if pk not in whole
    ]
    lost = Hold.objects.filter(booking=None).order_by("pk").values_list("pk", flat=True)
    return found + [f"Hold {pk} is set aside or spent for no booking." for pk in lost]


def _waiting():
    states = [Booking.State.DELIVERED, Booking.State.CANCELLED]
    return Booking.objects.filter(state__in=states, due_pence__gt=0).order_by("starts_at", "pk")


def _claim(*, provider, council, ids, invoice_number, late_reason, by, now, key):
    # One claim of a provider at a time, so that numbers follow one another. The money is kept right
    # without this lock: by the guarded updates below and by one line a booking.
    Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    bookings = _chosen(provider=provider, council=council, ids=ids)
    if not late_reason:
        _refuse_late(bookings, council=council, on=timezone.localdate(now))
    number = (provider.claims.aggregate(last=Max("number"))["last"] or 0) + 1
    # Every award before any booking, in one order: two providers of the same carers never wait for each other.
    for booking in bookings:
        _spend(booking, provider=provider, by=by, now=now, op_key=f"{key}/spend/{booking.pk}")
    claim = Claim.objects.create(
        provider=provider, council=council, number=number, invoice_number=invoice_number, made_by=by.user, made_at=now
    )
    for booking in bookings:
        _add_line(claim, booking, by=by, now=now)
    total = sum(booking.due_pence for booking in bookings)
    details = {"number": number, "lines": len(bookings), "pence": total}
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
        .select_related("award__account", "hold")
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
    """Move what is due to the provider. A late cancellation has moved it already, when it was cancelled."""
    if booking.hold is None or booking.hold.state == Hold.State.SPENT:
        return
    books.spend(
        hold=booking.hold,
        amount=booking.due_amount,
        payee=provider.pk,
        charge_pence=booking.due_pence if booking.award.in_hours else None,
        effective_on=_service_day(booking),
        op_key=op_key,
        actor=by.actor,
        now=now,
    )


def _add_line(claim, booking, *, by, now):
    moved = Booking.objects.filter(pk=booking.pk, state=booking.state, due_pence=booking.due_pence).update(
        state=Booking.State.CLAIMED
    )
    if not moved:
        raise NotReady
    booking.state = Booking.State.CLAIMED
    own_money.follow(booking, now)
    ClaimLine.objects.create(
        claim=claim,
        booking=booking,
        amount_pence=booking.due_pence,
        vat_pence=rules.vat_within(booking.due_pence, claim.provider.vat_treatment, claim.provider.vat_number),
    )
    history.record(
        act="booking.claimed",
        subject=booking,
        by=by,
        at=now,
        council=claim.council,
        claim=claim.pk,
        pence=booking.due_pence,
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


def _service_day(booking):
    return timezone.localdate(booking.starts_at)
