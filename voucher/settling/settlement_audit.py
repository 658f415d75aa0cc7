"""Whether each payment run and each invoice, its lines, the books and its files say the same (I8)."""

import hashlib
from collections import defaultdict

from django.db.models import Count, F, Q, Sum

from voucher.ledger.models import Seal, Transfer
from voucher.models import (
    Invoice,
    InvoiceLine,
    InvoicePayment,
    InvoiceWriteOff,
    PaymentRun,
    ReturnedPayment,
    RunFile,
    RunLine,
)
from voucher.settling import bacs

State = PaymentRun.State


def differences():
    """Return a sentence for each run whose total, lines, books and payment file do not say the same (I8).

    What the bank sent back is no longer paid: its lines are not live any more, and the books have taken it back.
    """
    found, shares, paid = [], _shares(), _paid_in_books()
    returned = set(ReturnedPayment.objects.order_by().values_list("run", "provider"))
    for run in PaymentRun.objects.order_by("pk"):
        back = {provider for number, provider in returned if number == run.pk}
        found += _differences_of(run, shares[run.pk], back, paid.pop(run.pk, {}))
    lost = PaymentRun.objects.exclude(seal="").exclude(seal__in=Seal.objects.values("hash")).order_by("pk")
    found += [f"Run {pk} prints a seal that the books no longer have." for pk in lost.values_list("pk", flat=True)]
    found += [f"The books paid in run {number}, which does not exist." for number in sorted(paid)]
    # What a voided run did not pay, or the bank sent back, may have changed since: the carer disputed it.
    changed = RunLine.objects.filter(live=True).exclude(amount_pence=F("claim_line__amount_pence")).order_by("pk")
    found += [f"Run line {pk} has another amount than its claim line." for pk in changed.values_list("pk", flat=True)]
    return found + _differences_of_invoices() + _differences_of_files()


def _shares():
    """Return {run: {provider: (pence, lines, live lines)}}."""
    found = defaultdict(dict)
    rows = RunLine.objects.order_by().values_list("run", "provider")
    rows = rows.annotate(pence=Sum("amount_pence"), lines=Count("pk"), live=Count("pk", filter=Q(live=True)))
    for run, provider, *share in rows:
        found[run][provider] = tuple(share)
    return found


def _paid_in_books():
    """Return what the books paid and the bank did not send back, in pence, by run and by payee."""
    paid = defaultdict(dict)
    rows = Transfer.objects.order_by()
    settled = rows.filter(kind=Transfer.Kind.SETTLE).values_list("credit_id", "payee")
    for run, payee, pence in settled.annotate(pence=Sum("amount")):
        paid[run][payee] = int(pence)
    unsettled = rows.filter(kind=Transfer.Kind.UNSETTLE).values_list("debit_id", "payee")
    for run, payee, pence in unsettled.annotate(pence=Sum("amount")):
        left = paid[run].pop(payee, 0) - int(pence)
        paid[run] |= {payee: left} if left else {}
    return paid


def _differences_of(run, shares, returned, paid):
    pence, lines = (sum(share[place] for share in shares.values()) for place in (0, 1))
    if (run.total_pence, run.line_count) != (pence, lines):
        yield (
            f"Run {run.pk} says {run.line_count} lines and {run.total_pence} pence; its lines are {lines} and {pence}."
        )
    kept = {provider: share for provider, share in shares.items() if provider not in returned}
    live = 0 if run.state == State.VOIDED else sum(share[1] for share in kept.values())
    found = sum(share[2] for share in shares.values())
    if found != live:
        yield f"Run {run.pk} is {run.state} and has {found} live lines, not {live}."
    # What comes to nothing together (decision 60) is settled, and moves nothing in the books.
    shares_paid = {provider: share[0] for provider, share in kept.items() if share[0]}
    due = shares_paid if run.state == State.RELEASED else {}
    if paid != due:
        yield f"Run {run.pk} is {run.state}; the books paid {sum(paid.values())} pence in it, not {sum(due.values())}."


def _differences_of_invoices():
    """Return what is wrong with the invoices to providers (R69): their lines, and what the books received for them."""
    found, came_in = [], defaultdict(int)
    for invoice, pence in InvoicePayment.objects.order_by().values_list("invoice", "amount_pence"):
        came_in[invoice] += pence
    lines = {"asked": Sum("lines__amount_pence"), "count": Count("lines")}
    rows = Invoice.objects.order_by("pk").annotate(**lines, live=Count("lines", filter=Q(lines__live=True)))
    for row in rows:
        live = 0 if row.state == Invoice.State.WITHDRAWN else row.count
        if (row.asked, row.live) != (-row.amount_pence, live):
            found.append(f"Invoice {row.pk} is {row.state} and asks for {row.amount_pence} pence; its lines differ.")
        if row.paid_pence != came_in[row.pk]:
            found.append(f"Invoice {row.pk} is {row.state}, paid by {row.paid_pence} pence; its payments differ.")
    found += _differences_of_receipts() + _differences_of_losses()
    wrong = Q(claim_line__run_lines__live=True) | ~Q(claim_line__struck_at=None)
    wrong |= ~Q(amount_pence=F("claim_line__amount_pence"))
    lines = InvoiceLine.objects.filter(wrong, live=True).order_by("pk").values_list("pk", flat=True).distinct()
    return found + [f"Invoice line {pk} is in a run too, or not as its claim line." for pk in lines]


def _differences_of_receipts():
    """Return what is wrong with the payments that came in for invoices: their lines, and what the books received."""
    repaid = Transfer.objects.filter(kind=Transfer.Kind.REPAY).order_by().values_list("debit_id", "payee", "amount")
    received, found = {receipt: (payee, int(pence)) for receipt, payee, pence in repaid}, []
    rows = InvoicePayment.objects.order_by("pk").annotate(given_back=Sum("lines__amount_pence"))
    for pk, payee, pence, given_back in rows.values_list("pk", "invoice__provider", "amount_pence", "given_back"):
        if received.pop(pk, None) != (payee, pence) or given_back != -pence:
            found.append(f"Payment {pk} for an invoice is {pence} pence; its lines, or the books, say otherwise.")
    return found + [f"The books received payment {pk} for an invoice, which does not exist." for pk in sorted(received)]


def _differences_of_losses():
    """Return what is wrong with the invoices that were written off: what two persons agreed, and the books."""
    rows = Transfer.objects.filter(kind=Transfer.Kind.WRITE_OFF).order_by()
    lost = {number: (payee, int(pence)) for number, payee, pence in rows.values_list("debit_id", "payee", "amount")}
    agreed = InvoiceWriteOff.objects.filter(state=InvoiceWriteOff.State.AGREED).values_list("invoice", "amount_pence")
    agreed, found = dict(agreed.order_by()), []
    for row in Invoice.objects.filter(state=Invoice.State.WRITTEN_OFF).order_by("pk"):
        in_books = lost.pop(row.pk, None)
        if in_books != (row.provider_id, row.open_pence) or agreed.pop(row.pk, None) != row.open_pence:
            found.append(f"Invoice {row.pk} is written off with {row.open_pence} pence open; the books differ.")
    return found + [f"Invoice {pk} is not written off; the books say so." for pk in sorted({*lost, *agreed})]


def _differences_of_files():
    """Return what is wrong with the files: a hash that does not fit, or a payment file with another total."""
    banked = RunLine.objects.filter(bank_account__isnull=False).order_by().values_list("run")
    bank, found = dict(banked.annotate(Sum("amount_pence"))), []
    for file in RunFile.objects.order_by("pk").iterator(chunk_size=20):
        content = bytes(file.content)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            found.append(f"File {file.pk} ({file.name}) is not as it was made.")
        elif file.kind == RunFile.Kind.BACS and bacs.total_pence(content.decode("ascii")) != bank.get(file.run_id, 0):
            found.append(f"File {file.pk} ({file.name}) does not add up to its run's payments.")
    return found
