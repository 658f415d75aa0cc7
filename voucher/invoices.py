"""What a provider has to give back and no payment has taken off for 60 days: asked for by invoice, paid, or withdrawn.

The invoice itself is written and sent by the council's own finance system. Here stand its number, its day, what it is
for, and that it was paid; from the first press on no payment run takes the same off, and no second invoice asks for it.
"""

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.utils import timezone

from accounts import days, history
from accounts.models import Council
from providers import staff
from voucher import messages, settlement
from voucher.ledger import acts, books
from voucher.models import Invoice, InvoiceLine

State = Invoice.State
# What a finding takes back is taken off the next payment; where none comes for so long, finance writes an invoice.
DAYS_TO_TAKE_OFF = 60
REASON = "found after payment"


class NothingToInvoice(Exception):
    """Nothing has waited so long: a run took it off, or it stands on another invoice."""


class NumberUsed(Exception):
    """The council has an invoice of that number already."""


class NotToday(Exception):
    """An invoice is not of a day to come, nor is it paid before its own day or in the days to come."""


class NoReason(Exception):
    """An invoice is withdrawn without a reason in words."""


class Moved(Exception):
    """The invoice is paid or withdrawn already; `invoice` is the row as it is now."""

    def __init__(self, invoice):
        super().__init__(f"invoice {invoice.pk} is {invoice.state}")
        self.invoice = invoice


def first_day(claim):
    """R69. Return the day from which finance writes an invoice for what a finding takes back."""
    return timezone.localdate(claim.made_at) + dt.timedelta(days=DAYS_TO_TAKE_OFF + 1)


def to_write(council, *, on):
    """Return what providers have to give back and no run or invoice has asked for in 60 days, the oldest first.

    What was found of a break that is not paid, or whose payment the bank sent back, is not among it: nobody had it.
    """
    before = days.midnight(on - dt.timedelta(days=DAYS_TO_TAKE_OFF))
    waiting = settlement.awaiting(council)
    lines = waiting.filter(amount_pence__lt=0, claim__made_at__lt=before)
    lines = lines.exclude(booking__in=waiting.filter(amount_pence__gt=0).values("booking"))
    return lines.select_related("claim__provider", "booking").order_by("claim__made_at", "claim__provider__name", "pk")


def to_write_by_provider(council, *, on):
    """Return (provider, its lines, pence to ask for) of what is to be written, the longest wait first."""
    found = defaultdict(list)
    for line in to_write(council, on=on):
        found[line.claim.provider].append(line)
    return [(provider, lines, -sum(line.amount_pence for line in lines)) for provider, lines in found.items()]


def write(*, council, provider, number, dated, by, now, key):
    """R69. Note the invoice for all that this provider has to give back to the council since 60 days; return it.

    The same `key` again returns the same invoice. The provider is told. Raises NothingToInvoice, NumberUsed, NotToday,
    staff.WorksThere, ledger.acts.KeyWasUsed.
    """
    staff.refuse_colleague(provider, by)
    number, today = number.strip(), timezone.localdate(now)
    if dated > today:
        raise NotToday

    def do():
        return {"invoice": _write(council, provider, number, dated, by, now).pk}

    arguments = {"council": council.pk, "provider": provider.pk, "number": number, "dated": dated}
    answer = acts.once(key=key, actor=by.actor, verb="invoice.write", arguments=arguments, now=now, do=do)
    return Invoice.objects.get(pk=answer["invoice"])


def paid(*, invoice, paid_on, by, now):
    """Note that the provider paid an invoice, all of it, on that day: the books say that nothing is owed for it.

    Raises NotToday, Moved, staff.WorksThere.
    """
    staff.refuse_colleague(invoice.provider, by)
    if not invoice.dated <= paid_on <= timezone.localdate(now):
        raise NotToday
    with transaction.atomic():
        _move(invoice, State.PAID, paid_on=paid_on, paid_by=by.user, paid_at=now)
        books.repay(
            payee=invoice.provider_id,
            amount=invoice.amount_pence,
            invoice=invoice.pk,
            op_key=f"invoice:{invoice.pk}/paid",
            actor=by.actor,
            now=now,
            on=paid_on,
            reason=REASON,
        )
        _remember(invoice, "invoice.paid", by, now)


def withdraw(*, invoice, reason, by, now):
    """Withdraw an invoice that is not paid: what it asked for is taken off the next payment again.

    Raises NoReason, Moved, staff.WorksThere.
    """
    staff.refuse_colleague(invoice.provider, by)
    if not (reason := reason.strip()):
        raise NoReason
    with transaction.atomic():
        # Runs are gathered one at a time behind this lock: the line is on the invoice or free for a run.
        Council.objects.select_for_update(no_key=True).get(pk=invoice.council_id)
        _move(invoice, State.WITHDRAWN, withdrawn_by=by.user, withdrawn_at=now, withdrawn_because=reason)
        invoice.lines.update(live=False)
        _remember(invoice, "invoice.withdrawn", by, now)
        messages.invoice_withdrawn(invoice)


def _write(council, provider, number, dated, by, now):
    # Behind the lock of the runs, so that a line is taken off or asked for, never both.
    Council.objects.select_for_update(no_key=True).get(pk=council.pk)
    lines = list(to_write(council, on=timezone.localdate(now)).filter(claim__provider=provider))
    if not lines:
        raise NothingToInvoice
    if Invoice.objects.filter(council=council, number=number).exists():
        raise NumberUsed
    invoice = Invoice.objects.create(
        council=council,
        provider=provider,
        number=number,
        dated=dated,
        amount_pence=-sum(line.amount_pence for line in lines),
        written_by=by.user,
        written_at=now,
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=invoice, claim_line=line, amount_pence=line.amount_pence) for line in lines
    )
    _remember(invoice, "invoice.written", by, now)
    messages.invoice_written(invoice, lines)
    return invoice


def _move(invoice, state, **changes):
    moved = Invoice.objects.filter(pk=invoice.pk, state=State.OPEN).update(state=state, **changes)
    invoice.refresh_from_db()
    if not moved:
        raise Moved(invoice)


def _remember(invoice, act, by, now):
    details = {"number": invoice.number, "pence": invoice.amount_pence}
    history.record(act=act, subject=invoice.provider, by=by, at=now, council=invoice.council, **details)
