"""Finance's page of invoices to providers: which are to be written, which wait to be paid, and what became of each."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import wording
from accounts.access import approver_required, finance_reader_required, finance_required, preparer_required
from accounts.history import Who
from accounts.models import Role
from providers import staff
from providers.models import Provider
from voucher.forms.invoices import InvoiceForm, PaidForm, WithdrawForm, WriteOffForm
from voucher.ledger import acts
from voucher.ledger.books import MoreThanDue
from voucher.models import Invoice, InvoiceLine, InvoicePayment, InvoiceWriteOff
from voucher.settling import invoices
from voucher.views.numbers import whole

A_PAGE = 25
State = Invoice.State
_MAY_WRITE = {Role.Kind.FINANCE_PREPARER, Role.Kind.FINANCE_APPROVER}


@require_safe
@never_cache
@finance_reader_required
def invoice_list(request):
    """What is to be written, what is written and not paid, and everything from before."""
    return _page(request)


@require_POST
@finance_required
def write(request, ref):
    """Note the invoice that the finance system wrote to one provider; a second press shows the same one."""
    # Of a provider that never claimed here there is nothing to see.
    known = Provider.objects.filter(claims__council=request.council).distinct()
    provider, now = get_object_or_404(known, ref=ref), timezone.now()
    form = InvoiceForm(request.POST, prefix=f"write-{ref}", today=timezone.localdate(now))
    if not form.is_valid():
        return _page(request, write=(provider, form))
    try:
        invoices.write(
            council=request.council,
            provider=provider,
            number=form.cleaned_data["number"],
            dated=form.cleaned_data["dated"],
            by=Who(request.user),
            now=now,
            key=f"invoice:{form.cleaned_data['key']}",
            seen_pence=whole(request.POST.get("seen", "")),
        )
    except invoices.NumberUsed:
        form.add_error("number", _("There is an invoice of this number already."))
        return _page(request, write=(provider, form))
    except invoices.OtherSum:
        form.add_error(None, _("The sum has changed since you opened this page. Compare it with your invoice."))
        return _page(request, write=(provider, form))
    except (invoices.NothingToInvoice, acts.KeyWasUsed):
        messages.info(request, _("Nothing is left to ask for: it is on an invoice, or a payment took it off."))
    except staff.WorksThere:
        messages.error(request, _own())
    else:
        messages.success(request, _("Noted. The provider is told, and no payment takes it off any more."))
    return redirect("finance:invoices")


@require_POST
@finance_required
def paid(request, pk):
    """Note what came in for an invoice, all of it or a part; a second press says that it was noted."""
    invoice, now = _invoice_of(request.council, pk), timezone.now()
    form = PaidForm(request.POST, prefix=f"paid-{pk}", invoice=invoice, today=timezone.localdate(now))
    if not form.is_valid():
        return _page(request, paid=(invoice, form))
    try:
        invoices.paid(
            invoice=invoice,
            paid_on=form.cleaned_data["paid_on"],
            amount_pence=form.cleaned_data["amount"],
            seen_paid_pence=form.cleaned_data["seen"],
            by=Who(request.user),
            now=now,
        )
    except invoices.MoreThanOpen as more:
        words = _("Only %(open)s is still open. Check the amount.")
        form.add_error("amount", words % {"open": wording.money(more.open_pence)})
        return _page(request, paid=(invoice, form))
    except invoices.Moved:
        messages.info(request, _("This was noted already."))
    except MoreThanDue:
        messages.error(request, _("The books say that this provider was never paid so much. Ask who runs the service."))
    except staff.WorksThere:
        messages.error(request, _own())
    else:
        if invoice.state == State.PAID:
            messages.success(request, _("Noted. Nothing is owed for this invoice any more."))
        else:
            words = _("Noted. Of this invoice %(open)s is still open.")
            messages.success(request, words % {"open": wording.money(invoice.open_pence)})
    return redirect("finance:invoices")


@require_POST
@finance_required
def withdraw(request, pk):
    """Withdraw an invoice that is not paid; what it asked for is taken off the next payment again."""
    invoice = _invoice_of(request.council, pk)
    form = WithdrawForm(request.POST, prefix=f"withdraw-{pk}")
    if not form.is_valid():
        return _page(request, withdraw=(invoice, form))
    try:
        invoices.withdraw(invoice=invoice, reason=form.cleaned_data["reason"], by=Who(request.user), now=timezone.now())
    except invoices.PartPaid:
        messages.error(request, _("A part of it is paid already, so it cannot be withdrawn any more."))
    except invoices.Moved:
        messages.info(request, _("It was paid or withdrawn already. See below how it stands."))
    except staff.WorksThere:
        messages.error(request, _own())
    else:
        messages.success(request, _("Withdrawn. The provider is told, and its next payment takes it off."))
    return redirect("finance:invoices")


@require_POST
@preparer_required
def ask_to_write_off(request, pk):
    """Say that the rest of an invoice will never come; another person agrees before anything moves."""
    invoice = _invoice_of(request.council, pk)
    form = WriteOffForm(request.POST, prefix=f"off-{pk}")
    if not form.is_valid():
        return _page(request, write_off=(invoice, form))
    return _decide(
        request,
        _("Written down. Another person looks at it, and nothing moves before."),
        invoices.ask_to_write_off,
        invoice=invoice,
        reason=form.cleaned_data["reason"],
    )


@require_POST
@approver_required
def write_off(request, pk):
    """Agree, as a second person, that the rest will never come; a second press says that it was decided."""
    asked, seen = _asked_of(request.council, pk), whole(request.POST.get("seen", ""))
    done = _("Written off. The provider reads on its money page that nothing more is asked.")
    if asked is None:
        return _has_changed(request)
    return _decide(request, done, invoices.write_off, asked=asked, seen_paid_pence=seen)


@require_POST
@finance_required
def keep_open(request, pk):
    """Leave an invoice open that somebody wanted to write off."""
    asked = _asked_of(request.council, pk)
    if asked is None:
        return _has_changed(request)
    return _decide(request, _("The invoice stays open."), invoices.keep_open, asked=asked)


def _decide(request, done, verb, **about):
    """Call one verb of writing off, and say what became of it."""
    try:
        verb(**about, by=Who(request.user), now=timezone.now())
    except invoices.Moved:
        return _has_changed(request)
    except invoices.AppealWaits:
        words = _("The carers team looks at one of these breaks once more. Wait for its answer.")
        messages.error(request, words)
    except invoices.SamePerson:
        messages.error(request, _("You said yourself that it will never come, so another person has to agree."))
    except MoreThanDue:
        messages.error(request, _("The books say that this provider was never paid so much. Ask who runs the service."))
    except staff.WorksThere:
        messages.error(request, _own())
    else:
        messages.success(request, done)
    return redirect("finance:invoices")


def _has_changed(request):
    messages.info(request, _("It has changed since you opened this page. See below how it stands."))
    return redirect("finance:invoices")


def _own():
    return _("You work for this provider, so somebody else has to see to it.")


def _invoice_of(council, pk):
    return get_object_or_404(Invoice.objects.select_related("provider", "council__scheme"), council=council, pk=pk)


def _asked_of(council, pk):
    """Return the wish to write the rest of an invoice off that waits for a decision, or None; 404 as _invoice_of."""
    invoice = _invoice_of(council, pk)
    asked = invoice.write_offs.filter(state=InvoiceWriteOff.State.WAITING).first()
    if asked:
        asked.invoice = invoice
    return asked


def _page(request, *, write=None, paid=None, withdraw=None, write_off=None):
    """Show the page; of the form that was sent and has something to mend, what was typed stays."""
    today = timezone.localdate()
    asked = InvoiceLine.objects.select_related("claim_line__booking__offer")
    rows = Invoice.objects.filter(council=request.council).select_related(
        "provider", "written_by", "paid_by", "withdrawn_by"
    )
    came_in = Prefetch("payments", InvoicePayment.objects.select_related("noted_by"))
    off = InvoiceWriteOff.objects.exclude(state=InvoiceWriteOff.State.DROPPED)
    off = Prefetch("write_offs", off.select_related("asked_by", "decided_by"), to_attr="written_off")
    rows = rows.prefetch_related(came_in, off)
    open_rows = list(rows.filter(state=State.OPEN).prefetch_related(Prefetch("lines", asked)).order_by("dated", "pk"))
    to_write = [
        {
            "provider": provider,
            "lines": lines,
            "pence": pence,
            "form": _form(write, provider) or InvoiceForm(prefix=f"write-{provider.ref}", today=today),
        }
        for provider, lines, pence in invoices.to_write_by_provider(request.council, on=today)
    ]
    for row in open_rows:
        row.paid_form = _form(paid, row) or PaidForm(prefix=f"paid-{row.pk}", invoice=row, today=today)
        row.withdraw_form = _form(withdraw, row) or WithdrawForm(prefix=f"withdraw-{row.pk}")
        row.write_off_form = _form(write_off, row) or WriteOffForm(prefix=f"off-{row.pk}")
    bound = next((sent[1] for sent in (write, paid, withdraw, write_off) if sent), None)
    context = {
        "form": bound,
        "to_write": to_write,
        "open": open_rows,
        "page": Paginator(rows.exclude(state=State.OPEN), A_PAGE).get_page(request.GET.get("page")),
        "may_write": bool(_MAY_WRITE & request.roles),
        "may_ask": Role.Kind.FINANCE_PREPARER in request.roles,
        "may_agree": Role.Kind.FINANCE_APPROVER in request.roles,
    }
    return render(request, "finance/invoices.html", context)


def _form(sent, row):
    return sent[1] if sent and sent[0] == row else None
