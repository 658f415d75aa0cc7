"""Finance's page of payments that wait: whose, why and since when, and what was let go again."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import finance_reader_required, preparer_required
from accounts.history import Who
from accounts.models import Role
from providers import staff
from voucher.claiming import withholding
from voucher.forms.withholding import LetGoForm, WithholdForm
from voucher.models import PaymentRun, Withholding
from voucher.settling import settlement_figures

A_PAGE = 25


@require_safe
@never_cache
@finance_reader_required
def withheld(request):
    """Whose payments wait now, and the same from before."""
    return _page(request)


@require_POST
@preparer_required
def withhold(request):
    """Let the payments to one provider wait; a second press says that they do."""
    form = WithholdForm(request.POST, council=request.council)
    if not form.is_valid():
        return _page(request, withhold_form=form)
    provider, now = form.cleaned_data["provider"], timezone.now()
    try:
        withholding.withhold(
            council=request.council,
            provider=provider,
            reason=form.cleaned_data["reason"],
            by=Who(request.user),
            now=now,
        )
    except withholding.IsWithheld:
        messages.info(request, _("The payments to this provider wait already."))
    except staff.WorksThere:
        messages.error(request, _own())
    else:
        messages.success(request, _("The payments wait from now on. What was claimed stays owed."))
        _say_what_is_prepared(request, provider)
    return redirect("finance:withheld")


@require_POST
@preparer_required
def let_go(request, pk):
    """Let payments be made again; a second press says that they are."""
    row = get_object_or_404(
        Withholding.objects.select_related("provider", "council__scheme"), council=request.council, pk=pk
    )
    form = LetGoForm(request.POST, prefix=f"go-{pk}")
    if not form.is_valid():
        return _page(request, let_go_form=(row, form))
    try:
        withholding.let_go(
            withholding=row, reason=form.cleaned_data["reason"], by=Who(request.user), now=timezone.now()
        )
    except withholding.IsOver:
        messages.info(request, _("Somebody has let these payments be made again already."))
    except staff.WorksThere:
        messages.error(request, _own())
    else:
        messages.success(request, _("The next payment run takes what waited."))
    return redirect("finance:withheld")


def _own():
    return _("You work for this provider, so somebody else has to see to it.")


def _say_what_is_prepared(request, provider):
    """Say which runs can no longer be released because of it: they are given up and prepared anew."""
    runs = PaymentRun.objects.filter(council=request.council, state=PaymentRun.State.PREPARED, lines__provider=provider)
    for run in runs.distinct():
        sentence = _("Run %(number)s pays this provider and is not released. Give it up and prepare it again.")
        messages.warning(request, sentence % {"number": run.number})


def _page(request, *, withhold_form=None, let_go_form=None):
    """Show the page; what was typed into the form that has something to mend stays."""
    may_press = Role.Kind.FINANCE_PREPARER in request.roles
    rows = Withholding.objects.filter(council=request.council).select_related("provider", "begun_by", "ended_by")
    standing = list(rows.filter(ended_at=None))
    waits = settlement_figures.withheld_by_provider(request.council)
    for row in standing:
        row.waits = waits.get(row.provider_id)
        is_sent = let_go_form is not None and let_go_form[0] == row
        row.form = let_go_form[1] if is_sent else LetGoForm(prefix=f"go-{row.pk}")
    context = {
        "standing": standing,
        "page": Paginator(rows.exclude(ended_at=None), A_PAGE).get_page(request.GET.get("page")),
        "form": withhold_form or (let_go_form and let_go_form[1]),
        "withhold_form": (withhold_form or WithholdForm(council=request.council)) if may_press else None,
        "may_press": may_press,
    }
    return render(request, "finance/withheld.html", context)
