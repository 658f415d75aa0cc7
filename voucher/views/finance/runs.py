"""Finance's pages: payment runs from the first tick to the files, the settlement report, funds, and overdue claims.

Finance sees references, never the names of carers.
"""

import logging
import time

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import paper, wording
from accounts.access import approver_required, finance_reader_required, finance_required, preparer_required
from accounts.history import Who
from accounts.models import Role
from voucher import rules
from voucher.claiming import pay_days
from voucher.forms.finance import AskedForm, PrepareForm, VoidForm
from voucher.ledger import acts
from voucher.models import ClaimLine, PaymentRun, ReturnedPayment, RunFile
from voucher.settling import (
    account_changes,
    bacs,
    invoices,
    line_checks,
    payment_files,
    payment_papers,
    returned_payments,
    settlement,
    settlement_figures,
)
from voucher.views.numbers import whole

A_PAGE = 25
# Nobody waits longer than this for a page; the nightly job or the button makes the rest.
SECONDS_FOR_FILES = 8
log = logging.getLogger(__name__)
State = PaymentRun.State


def run_of(council, number):
    """Return the council's own run, or 404: another council's is not there."""
    rows = PaymentRun.objects.select_related("council__scheme", "prepared_by", "released_by", "voided_by")
    return get_object_or_404(rows, council=council, number=number)


@require_safe
@never_cache
@finance_reader_required
def runs(request):
    """Every run, newest first; above them what waits to be paid."""
    today = timezone.localdate()
    waiting = settlement.awaiting(request.council)
    missed = settlement_figures.promises_missed(request.council, on=today)
    return render(
        request,
        "finance/runs.html",
        {
            "page": Paginator(settlement_figures.runs(request.council), A_PAGE).get_page(request.GET.get("page")),
            "waiting": settlement_figures.totals(waiting),
            "overdue": settlement_figures.overdue(request.council, on=today).count(),
            "missed": missed.count(),
            "to_invoice": len(invoices.to_write_by_provider(request.council, on=today)),
            "promptness": settlement_figures.promptness(request.council, on=today),
            "accounts_waiting": account_changes.waiting(request.council).count(),
            "write_offs_waiting": invoices.waiting_to_be_written_off(request.council).count(),
            "returned_waiting": ReturnedPayment.objects.filter(run__council=request.council, cleared_at=None).count(),
            "may_prepare": Role.Kind.FINANCE_PREPARER in request.roles,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@preparer_required
def prepare(request):
    """Tick what is paid, say why the rest is not, and choose the day."""
    now = timezone.now()
    earliest = rules.earliest_pay_day(timezone.localdate(now))
    if request.method != "POST":
        checked = line_checks.looked_at(settlement.awaiting(request.council))
        lines = _to_pay(checked)
        promises = [line.claim.pay_promised_on for line in lines if line.claim.pay_promised_on]
        form = PrepareForm(lines=lines, earliest=pay_days.proposed(promises=promises, today=timezone.localdate(now)))
        return _prepare_page(request, form, checked)
    # Only what the page showed: a claim that came in meanwhile waits for the next run.
    shown = [pk for text in request.POST.getlist("shown") if (pk := whole(text)) is not None]
    lines = ClaimLine.objects.filter(claim__council=request.council, pk__in=shown[:10_000])
    checked = line_checks.looked_at(lines.order_by("claim__made_at", "claim__provider__name", "pk"))
    form = PrepareForm(request.POST, lines=[each.line for each in checked], earliest=earliest)
    if form.is_valid():
        try:
            run = settlement.prepare(
                council=request.council,
                lines=form.taken,
                left_out=form.left_out,
                pay_on=form.cleaned_data["pay_on"],
                by=Who(request.user),
                now=now,
                key=f"run:{form.cleaned_data['key']}",
            )
        except settlement.PayDayTooSoon as refusal:
            form.add_error("pay_on", _pay_day_refused(refusal))
        except settlement.MoreToGiveBack as refusal:
            sentence = _("%(provider)s has more to give back than you ticked. Tick more of its lines, or none.")
            form.add_error(None, sentence % {"provider": refusal.provider.name})
        except (settlement.LinesMoved, settlement.NothingToPay, acts.KeyWasUsed):
            messages.error(
                request, _("The list has changed since you opened it, so no run was made. Look at it again.")
            )
            return redirect("finance:prepare")
        else:
            messages.success(request, _("The run is prepared. Another person releases it."))
            return redirect(run)
    return _prepare_page(request, form, checked)


@require_safe
@never_cache
@finance_reader_required
def run(request, number):
    return _run_page(request, run_of(request.council, number))


@require_POST
@approver_required
def release(request, number):
    """Pay the run as a second person, then make its files; a second press finds it released and changes nothing."""
    row, now = run_of(request.council, number), timezone.now()
    try:
        row = settlement.release(run=row, by=Who(request.user), now=now, pay_on=_later_pay_day(row, now))
    except settlement.RunMoved as moved:
        messages.info(request, _as_it_stands(moved.run))
    except settlement.SamePerson:
        messages.error(request, _("You prepared this run, so another person has to release it."))
    except settlement.WorksForPayee as refusal:
        messages.error(
            request,
            _("You work for %(provider)s, which this run pays. Another person has to release it.")
            % {"provider": refusal.provider.name},
        )
    except settlement.LinesMoved:
        messages.error(
            request, _("Something has changed since the run was prepared, so nothing was paid. The checks say what.")
        )
    else:
        messages.success(request, _("The run is released."))
        _make_files(request, row, now)
    return redirect(row)


@require_POST
@preparer_required
def void(request, number):
    """Give the run up before its release; its lines wait for another one."""
    row, form = run_of(request.council, number), VoidForm(request.POST)
    if not form.is_valid():
        return _run_page(request, row, void_form=form)
    try:
        settlement.void(run=row, reason=form.cleaned_data["reason"], by=Who(request.user), now=timezone.now())
    except settlement.RunMoved as moved:
        messages.info(request, _as_it_stands(moved.run))
    else:
        messages.success(request, _("The run is given up. Its lines wait for another run."))
    return redirect(row)


@require_POST
@finance_required
def make_files(request, number):
    """Make the files that are missing; those that are there stay as they are."""
    row = run_of(request.council, number)
    try:
        _make_files(request, row, timezone.now())
    except payment_files.NotReleased:
        messages.error(request, _("Files are made when the run is released."))
    return redirect(row)


@require_safe
@never_cache
@finance_reader_required
def file(request, number, pk):
    """Give out one file, as it was made."""
    row = get_object_or_404(RunFile, pk=pk, run__number=number, run__council=request.council)
    response = HttpResponse(bytes(row.content), content_type=payment_files.content_type(row))
    response["Content-Disposition"] = f'attachment; filename="{row.name}"'
    return response


@require_safe
@never_cache
@finance_reader_required
def report(request, number):
    """The settlement report on the screen."""
    figures = settlement_figures.figures(run_of(request.council, number))
    context = payment_papers.report_context(figures) | {"chart": payment_papers.chart(figures)}
    return render(request, "finance/report.html", context)


@require_safe
@never_cache
@finance_reader_required
def funds(request):
    return render(request, "finance/funds.html", {"funds": settlement_figures.funds(request.council)})


def _to_pay(checked):
    """Return the lines that can be ticked; what a provider gives back is taken off without a tick."""
    return [each.line for each in checked if each.passes and each.line.amount_pence > 0]


def _prepare_page(request, form, checked):
    overdue = settlement_figures.overdue(request.council, on=timezone.localdate())
    overdue = set(overdue.order_by().values_list("pk", flat=True))
    by_line = {each.line.pk: each for each in checked}
    rows = [
        {
            "line": line,
            "take": take,
            "why": why,
            "recharge": by_line[line.pk].is_recharge,
            "overdue": line.pk in overdue,
        }
        for line, take, why in form.rows()
    ]
    given_back = settlement.given_back(request.council, {row["line"].claim.provider_id for row in rows})
    return render(
        request,
        "finance/prepare.html",
        {
            "form": form,
            "rows": rows,
            "given_back": given_back,
            "total_pence": sum(line.amount_pence for line in [*(row["line"] for row in rows), *given_back]),
            "held": [each for each in checked if not each.passes],
            "asked_form": AskedForm(),
        },
    )


def _run_page(request, row, void_form=None):
    now = timezone.now()
    is_prepared, is_released = row.state == State.PREPARED, row.state == State.RELEASED
    checked = line_checks.looked_at(settlement.lines_of(row), run=row) if is_prepared else []
    counts = line_checks.passed(checked) if is_prepared else row.checks
    files = list(row.files.select_related("provider").defer("content")) if is_released else []
    missing = len(payment_files.missing(row)) if is_released else 0
    asked = ClaimLine.objects.filter(run_lines__run=row, asked_at__isnull=False)
    return render(
        request,
        "finance/run.html",
        {
            "run": row,
            "figures": settlement_figures.figures(row),
            "checks": [
                {"title": check.title, "passed": counts.get(check.key, 0), "failed": row.line_count - counts[check.key]}
                for check in line_checks.CHECKS
                if check.key in counts
            ],
            "failing": [each for each in checked if not each.passes],
            "steps": _steps(row, missing),
            "next": _next(request, row, missing, files),
            "may_release": Role.Kind.FINANCE_APPROVER in request.roles and settlement.may_release(row, request.user),
            "later_pay_day": _later_pay_day(row, now) if is_prepared else None,
            "void_form": void_form or VoidForm() if _may_void(request, row) else None,
            "form": void_form,
            "files": [each for each in files if each.kind != RunFile.Kind.REMITTANCE],
            "remittances": _with_mail(row, files),
            "missing": missing,
            "asked": asked.select_related("booking", "asked_by").order_by("pk"),
            "returned": list(row.returned.select_related("provider", "noted_by", "cleared_by")) if is_released else [],
            "may_note_returned": _may_note_returned(request, row, on=timezone.localdate(now)),
            "may_make_files": _is_finance(request),
        },
    )


def _may_note_returned(request, row, *, on):
    """Whether any payment of the run can still come back: where all of them did, the page would have no choice."""
    return _is_finance(request) and row.pay_on <= on and bool(returned_payments.may_be_returned(row))


def _is_finance(request):
    return not request.roles.isdisjoint({Role.Kind.FINANCE_PREPARER, Role.Kind.FINANCE_APPROVER})


def _may_void(request, row):
    return row.state == State.PREPARED and Role.Kind.FINANCE_PREPARER in request.roles


def _with_mail(row, files):
    messages_by_provider = payment_files.e_mailed(row) if files else {}
    return [
        {"file": each, "message": messages_by_provider.get(each.provider_id)}
        for each in files
        if each.kind == RunFile.Kind.REMITTANCE
    ]


def _steps(row, missing):
    """Return the way of a run as steps, in words, with who did what."""
    is_released = row.state == State.RELEASED
    prepared = {
        "text": _("Prepared"),
        "state": "done",
        "note": _("%(who)s, %(when)s") % {"who": row.prepared_by, "when": wording.moment(row.prepared_at)},
    }
    if row.state == State.VOIDED:
        note = _("%(who)s, %(when)s") % {"who": row.voided_by, "when": wording.moment(row.voided_at)}
        return [prepared, {"text": _("Given up"), "state": "done", "note": f"{note}: {row.void_reason}"}]
    released = {"text": _("Released by a second person"), "state": "done" if is_released else "now"}
    if is_released:
        released["note"] = _("%(who)s, %(when)s") % {
            "who": row.released_by,
            "when": wording.moment(row.released_at),
        }
    files_state = "next" if not is_released else "now" if missing else "done"
    return [
        prepared,
        released,
        {"text": _("Files made"), "state": files_state},
        # What comes to nothing together is no payment.
        {"text": _("Paid") if row.total_pence else _("Settled"), "state": "next", "note": wording.day(row.pay_on)},
    ]


def _next(request, row, missing, files):
    """Return the sentence that says who does what next."""
    if row.state == State.VOIDED:
        return _("This run was given up. Its lines wait for another run.")
    if row.state == State.RELEASED:
        if missing:
            return _("Some files are still to be made.")
        if all(each.kind != RunFile.Kind.BACS for each in files):
            return _("Nothing goes through the bank. Bring the file into the finance system.")
        by_day = rules.working_days_before(row.pay_on, 2)
        return _("Send the BACS file to the bank on %(day)s, and bring the other file into the finance system.") % {
            "day": wording.day(by_day)
        }
    if row.prepared_by_id == request.user.pk:
        return _("You prepared this run, so another person has to release it.")
    if Role.Kind.FINANCE_APPROVER not in request.roles:
        return _("Somebody who releases payment runs, and did not prepare this one, looks at it next.")
    if not settlement.may_release(row, request.user):
        return _("You work for a provider that this run pays. Another person has to release it.")
    return _("Look at the total, the checks and the report. If all is well, release the run: that pays it.")


def _later_pay_day(row, now):
    """Return the day on which the run is paid if its own has come too near, or None."""
    try:
        settlement.check_pay_day(row.pay_on, today=timezone.localdate(now))
    except settlement.PayDayTooSoon as refusal:
        return refusal.earliest
    return None


def _pay_day_refused(refusal):
    day = wording.day(refusal.earliest, "long")
    if isinstance(refusal, settlement.NotAPayDay):
        return _("Banks rest on that day. The next working day is %(day)s.") % {"day": day}
    return _("That is too soon for Bacs. The first day possible is %(day)s.") % {"day": day}


def _as_it_stands(row):
    if row.state == State.RELEASED:
        return _("%(who)s released this run already, %(when)s.") % {
            "who": row.released_by,
            "when": wording.moment(row.released_at),
        }
    return _("%(who)s gave this run up, %(when)s.") % {"who": row.voided_by, "when": wording.moment(row.voided_at)}


def _make_files(request, row, now):
    """Make what is missing and say what could not be made; what was made stays."""
    try:
        until = time.monotonic() + SECONDS_FOR_FILES
        payment_files.make_files(row, now=now, enough=lambda: time.monotonic() > until)
    except bacs.BacsFault as fault:
        log.warning("The BACS file of run %s: %s", row.pk, fault.field)
        messages.error(
            request,
            _("The BACS file cannot be made: the council’s own bank details or user number are not right yet."),
        )
    except paper.CannotPrint as fault:
        log.warning("The papers of run %s: %s", row.pk, fault)
        messages.error(request, _("The PDF files cannot be made on this machine yet. The other files are ready."))
