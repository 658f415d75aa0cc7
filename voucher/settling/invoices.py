"""What a provider has to give back and no payment has taken off for 60 days: asked for by invoice, paid, or withdrawn.

The invoice itself is written and sent by the council's own finance system. Here stand its number, its day, what it is
for, and what came in for it, in one payment or in parts; from the first press on no payment run takes the same off,
and no second invoice asks for it. The rest that will never come is written off, by two persons.
"""

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery, Sum
from django.utils import timezone

from accounts import days, history
from accounts.models import Council
from providers import staff
from voucher import messages
from voucher.ledger import acts, books
from voucher.models import Invoice, InvoiceLine, InvoicePaymentLine, InvoiceWriteOff, Task
from voucher.settling import settlement

State = Invoice.State
# What a finding takes back is taken off the next payment; where none comes for so long, finance writes an invoice.
DAYS_TO_TAKE_OFF = 60
REASON = "found after payment"
NEVER_COMES = "will never come"


class NothingToInvoice(Exception):
    """Nothing has waited so long: a run took it off, or it stands on another invoice."""


class OtherSum(Exception):
    """There is more to ask for than was seen, or less: the invoice that was written says another sum."""


class NumberUsed(Exception):
    """The council has an invoice of that number already."""


class NotToday(Exception):
    """An invoice is not of a day to come, nor is it paid before its own day or in the days to come."""


class NoReason(Exception):
    """An invoice is withdrawn, or its rest is to be written off, without a reason in words."""


class MoreThanOpen(Exception):
    """More is said to have come in than the invoice still asks for; `open_pence` is what that is."""

    def __init__(self, open_pence):
        super().__init__(f"{open_pence} pence are open")
        self.open_pence = open_pence


class PartPaid(Exception):
    """A part of the invoice came in, so that it is not withdrawn any more."""


class SamePerson(Exception):
    """Who says that the rest of an invoice will never come does not agree to it as well."""


class AppealWaits(Exception):
    """The carers team looks once more at a break that the invoice is for: the provider may have been right."""


class Moved(Exception):
    """The invoice is closed already, or another part of it was noted, or somebody else was quicker to decide about it.

    `invoice` is the row as it is now.
    """

    def __init__(self, invoice):
        super().__init__(f"invoice {invoice.pk} is {invoice.state}")
        self.invoice = invoice


def first_day(claim):
    """R69. Return the day from which finance writes an invoice for what a finding takes back."""
    return timezone.localdate(claim.made_at) + dt.timedelta(days=DAYS_TO_TAKE_OFF + 1)


def to_write(council, *, on):
    """Return what providers have to give back and no run or invoice has asked for in 60 days, the oldest first.

    Where as much waits to be paid for the same break (not paid yet, sent back by the bank, found anew), there is
    nothing to give back.
    """
    before = days.midnight(on - dt.timedelta(days=DAYS_TO_TAKE_OFF))
    waiting = settlement.awaiting(council)
    of_the_break = waiting.filter(booking=OuterRef("booking")).order_by().values("booking")
    together = Subquery(of_the_break.annotate(pence=Sum("amount_pence")).values("pence"))
    lines = waiting.annotate(together=together).filter(amount_pence__lt=0, together__lt=0, claim__made_at__lt=before)
    return lines.select_related("claim__provider", "booking").order_by("claim__made_at", "claim__provider__name", "pk")


def to_write_by_provider(council, *, on):
    """Return (provider, its lines, pence to ask for) of what is to be written, the longest wait first."""
    found = defaultdict(list)
    for line in to_write(council, on=on):
        found[line.claim.provider].append(line)
    return [(provider, lines, -sum(line.amount_pence for line in lines)) for provider, lines in found.items()]


def write(*, council, provider, number, dated, by, now, key, seen_pence=None):
    """R69. Note the invoice for all that this provider has to give back to the council since 60 days; return it.

    The same `key` again returns the same invoice. The provider is told. With `seen_pence` it is for that sum or none.
    Raises NothingToInvoice, OtherSum, NumberUsed, NotToday, staff.WorksThere, ledger.acts.KeyWasUsed.
    """
    staff.refuse_colleague(provider, by)
    number, today = number.strip(), timezone.localdate(now)
    if dated > today:
        raise NotToday

    def do():
        return {"invoice": _write(council, provider, number, dated, by, now, seen_pence).pk}

    arguments = {"council": council.pk, "provider": provider.pk, "number": number, "dated": dated}
    answer = acts.once(key=key, actor=by.actor, verb="invoice.write", arguments=arguments, now=now, do=do)
    return Invoice.objects.get(pk=answer["invoice"])


def paid(*, invoice, paid_on, by, now, amount_pence=None, seen_paid_pence=None):
    """R69. Note that so much of an invoice came in on that day, by default all that is open; return the payment.

    The books say that so much less is owed; whole, the invoice is paid. What had come in before is what was seen (in
    the row, or `seen_paid_pence`): a second press, or a colleague's, notes nothing.
    Raises NotToday, MoreThanOpen, Moved, ledger.books.MoreThanDue, staff.WorksThere.
    """
    staff.refuse_colleague(invoice.provider, by)
    if not invoice.dated <= paid_on <= timezone.localdate(now):
        raise NotToday
    before = invoice.paid_pence if seen_paid_pence is None else seen_paid_pence
    amount = invoice.amount_pence - before if amount_pence is None else amount_pence
    with transaction.atomic():
        _come_in(invoice, before, amount, paid_on, by, now)
        payment = invoice.payments.create(paid_on=paid_on, amount_pence=amount, noted_by=by.user, noted_at=now)
        InvoicePaymentLine.objects.bulk_create(_shares(payment))
        books.repay(
            payee=invoice.provider_id,
            amount=amount,
            receipt=payment.pk,
            op_key=f"invoice:{invoice.pk}/received/{payment.pk}",
            actor=by.actor,
            now=now,
            on=paid_on,
            reason=REASON,
        )
        act = "invoice.part_paid"
        if invoice.state == State.PAID:
            act = "invoice.paid"
            _drop_write_off(invoice, by, now)
        _remember(invoice, act, by, now, pence=amount)
    return payment


def withdraw(*, invoice, reason, by, now):
    """Withdraw an invoice of which nothing is paid: what it asked for is taken off the next payment again.

    Raises NoReason, PartPaid, Moved, staff.WorksThere.
    """
    staff.refuse_colleague(invoice.provider, by)
    if not (reason := reason.strip()):
        raise NoReason
    with transaction.atomic():
        # Runs are gathered one at a time behind this lock: the line is on the invoice or free for a run.
        Council.objects.select_for_update(no_key=True).get(pk=invoice.council_id)
        changes = {"withdrawn_by": by.user, "withdrawn_at": now, "withdrawn_because": reason}
        if not _change(invoice, 0, state=State.WITHDRAWN, **changes):
            raise PartPaid if invoice.state == State.OPEN else Moved(invoice)
        invoice.lines.update(live=False)
        _drop_write_off(invoice, by, now)
        _remember(invoice, "invoice.withdrawn", by, now)
        messages.invoice_withdrawn(invoice)


def ask_to_write_off(*, invoice, reason, by, now):
    """R69. Say that what is open of an invoice will never come, and why; return the InvoiceWriteOff, which waits.

    Nothing moves before somebody else agrees. Raises NoReason, AppealWaits, Moved, staff.WorksThere.
    """
    staff.refuse_colleague(invoice.provider, by)
    if not (reason := reason.strip()):
        raise NoReason
    with transaction.atomic():
        # One of two presses waits here for the other, and whoever notes a payment too.
        row = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
        if row.state != State.OPEN or row.write_offs.filter(state=InvoiceWriteOff.State.WAITING).exists():
            raise Moved(row)
        _refuse_appealed(row)
        asked = row.write_offs.create(reason=reason, asked_by=by.user, asked_at=now)
        _remember(row, "invoice.write_off_asked", by, now, pence=row.open_pence)
    return asked


def write_off(*, asked, seen_paid_pence, by, now):
    """R69. Agree, as a second person, that the rest of an invoice will never come: it becomes the council's loss.

    What had come in is what was seen on the page: where a part came in meanwhile, nothing is written off.
    Raises SamePerson, AppealWaits, Moved, ledger.books.MoreThanDue, staff.WorksThere.
    """
    invoice = asked.invoice
    staff.refuse_colleague(invoice.provider, by)
    if by.user is None or asked.asked_by_id == by.user.pk:
        raise SamePerson
    with transaction.atomic():
        if not _change(invoice, seen_paid_pence, state=State.WRITTEN_OFF, written_off_on=timezone.localdate(now)):
            raise Moved(invoice)
        _refuse_appealed(invoice)
        agreed = {"decided_by": by.user, "decided_at": now, "amount_pence": invoice.open_pence}
        rows = InvoiceWriteOff.objects.filter(pk=asked.pk, state=InvoiceWriteOff.State.WAITING)
        if not rows.update(state=InvoiceWriteOff.State.AGREED, **agreed):
            raise Moved(invoice)
        books.write_off(
            payee=invoice.provider_id,
            amount=invoice.open_pence,
            invoice=invoice.pk,
            op_key=f"invoice:{invoice.pk}/lost",
            actor=by.actor,
            now=now,
            reason=NEVER_COMES,
        )
        _remember(invoice, "invoice.written_off", by, now, pence=invoice.open_pence)
    return invoice


def waiting_to_be_written_off(council):
    """Return what somebody said will never come, and nobody has decided about yet."""
    return InvoiceWriteOff.objects.filter(invoice__council=council, state=InvoiceWriteOff.State.WAITING)


def keep_open(*, asked, by, now):
    """Do not write the rest of an invoice off: it stays open. Who asked may take it back so.

    Raises Moved, staff.WorksThere.
    """
    invoice = asked.invoice
    staff.refuse_colleague(invoice.provider, by)
    with transaction.atomic():
        if not _drop_write_off(invoice, by, now):
            invoice.refresh_from_db()
            raise Moved(invoice)
        _remember(invoice, "invoice.kept_open", by, now, pence=invoice.open_pence)


def _write(council, provider, number, dated, by, now, seen_pence):
    # Behind the lock of the runs, so that a line is taken off or asked for, never both.
    Council.objects.select_for_update(no_key=True).get(pk=council.pk)
    lines = list(to_write(council, on=timezone.localdate(now)).filter(claim__provider=provider))
    if not lines:
        raise NothingToInvoice
    if seen_pence not in {None, -sum(line.amount_pence for line in lines)}:
        raise OtherSum
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


def _come_in(invoice, before, amount, paid_on, by, now):
    """Count what came in beside what had come in before; raise Moved or MoreThanOpen where that cannot be."""
    whole = before + amount == invoice.amount_pence
    days_before = invoice.payments.aggregate(last=Max("paid_on"))["last"]
    closed = {"state": State.PAID, "paid_on": max(paid_on, days_before or paid_on), "paid_by": by.user, "paid_at": now}
    fits = 0 < amount <= invoice.amount_pence - before
    if not (fits and _change(invoice, before, paid_pence=before + amount, **(closed if whole else {}))):
        invoice.refresh_from_db()
        if invoice.state == State.OPEN and invoice.paid_pence == before:
            raise MoreThanOpen(invoice.open_pence)
        raise Moved(invoice)


def _change(invoice, before, /, **changes):
    """Change an open invoice for which so much came in; False where it is not so any more. The row is read anew."""
    changed = Invoice.objects.filter(pk=invoice.pk, state=State.OPEN, paid_pence=before).update(**changes)
    invoice.refresh_from_db()
    return changed


def _refuse_appealed(invoice):
    breaks = invoice.lines.values("claim_line__booking")
    if Task.objects.filter(kind=Task.Kind.APPEAL, done_at=None, booking__in=breaks).exists():
        raise AppealWaits


def _drop_write_off(invoice, by, now):
    """End the wish to write the rest of an invoice off, if one waits; False where none does."""
    rows = InvoiceWriteOff.objects.filter(invoice=invoice, state=InvoiceWriteOff.State.WAITING)
    return rows.update(state=InvoiceWriteOff.State.DROPPED, decided_by=by.user, decided_at=now)


def _shares(payment):
    """Return what of a payment is for each line of its invoice, the first line first, with its part of the VAT."""
    rest, shares = payment.amount_pence, []
    for line in payment.invoice.lines.select_related("claim_line"):
        before = sum(-each.amount_pence for each in line.payment_lines.all())
        if taken := min(rest, -line.amount_pence - before):
            vat = _vat(line, before + taken) - _vat(line, before)
            shares.append(InvoicePaymentLine(payment=payment, invoice_line=line, amount_pence=-taken, vat_pence=vat))
            rest -= taken
    return shares


def _vat(line, pence):
    """Return the VAT in so much of a line, to the nearest penny: over all parts it is the line's own."""
    whole = -line.amount_pence
    return -((2 * -line.claim_line.vat_pence * pence + whole) // (2 * whole))


def _remember(invoice, act, by, now, *, pence=None):
    details = {"number": invoice.number, "pence": pence or invoice.amount_pence}
    history.record(act=act, subject=invoice.provider, by=by, at=now, council=invoice.council, **details)
