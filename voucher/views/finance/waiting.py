"""What finance looks into before it pays: claims that wait too long, promises missed, invoices to write, questions."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import finance_reader_required, preparer_required
from accounts.history import Who
from voucher.claiming import claims
from voucher.forms.finance import AskedForm
from voucher.models import ClaimLine
from voucher.settling import invoices, settlement_figures

A_PAGE = 25


@require_safe
@never_cache
@finance_reader_required
def overdue(request):
    """Claims that wait longer than 30 days, the oldest first; days that were promised and missed; invoices to write."""
    today = timezone.localdate()
    lines = settlement_figures.overdue(request.council, on=today)
    page = Paginator(lines, A_PAGE).get_page(request.GET.get("page"))
    waited = {line.pk: settlement_figures.days_waited(line.claim, today) for line in page}
    missed = settlement_figures.promises_missed(request.council, on=today).exclude(pk__in=lines.values("pk"))
    context = {
        "page": page,
        "rows": [(line, waited[line.pk]) for line in page],
        "missed": Paginator(missed, A_PAGE).get_page(1),
        "to_invoice": list(invoices.to_write(request.council, on=today)),
        "to_come_in": settlement_figures.to_come_in(request.council),
        "withheld": settlement_figures.totals(settlement_figures.withheld(request.council)),
    }
    return render(request, "finance/overdue.html", context)


@require_POST
@preparer_required
def asked(request, number):
    """Write down what two providers said of the same carer and hour, so that the line may be paid."""
    line = get_object_or_404(ClaimLine, pk=number, claim__council=request.council)
    form = AskedForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.errors["note"][0])
    elif claims.asked_about(line=line, note=form.cleaned_data["note"], by=Who(request.user), now=timezone.now()):
        messages.success(request, _("Written down. The line can be paid if nothing else holds it."))
    else:
        messages.info(request, _("Somebody has written down an answer already."))
    return redirect("finance:prepare")
