"""The carers team about a carer: a death, the end of caring, a move, a new address; an award made larger or smaller."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import wording
from accounts.access import carers_team_required
from accounts.history import Who
from voucher.carers import carer_accounts, looks
from voucher.changes import circumstances, mistakes
from voucher.forms.team.carer import CarerForm, ChangeForm, CircumstanceForm
from voucher.granting import award_changes, awards
from voucher.ledger.acts import KeyWasUsed
from voucher.models import Circumstance
from voucher.views.team.awards import award_of

Kind = Circumstance.Kind
# As the addresses write them, and the title of each page.
KINDS = {
    "person-cared-for-died": (Kind.CARED_FOR_DIED, gettext_lazy("The person cared for has died")),
    "carer-died": (Kind.CARER_DIED, gettext_lazy("The carer has died")),
    "no-longer-cares": (Kind.STOPPED_CARING, gettext_lazy("The carer no longer cares for anyone")),
    "person-cared-for-moved": (Kind.CARED_FOR_MOVED, gettext_lazy("The person cared for has moved to another county")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def circumstance(request, ref, kind):
    """Write down what has happened, in two steps: first the page says what will follow, and only then is it done."""
    if kind not in KINDS:
        raise Http404
    row, now = award_of(request.council, ref), timezone.now()
    (kind, title), today = KINDS[kind], timezone.localdate(now)
    days = circumstances.days_to_honour(kind, on=today)
    form = CircumstanceForm(request.POST if request.method == "POST" else None, kind=kind, days=days, today=today)
    context = {"award": row, "carer": row.carer, "kind": kind.value, "title": title, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "team/circumstance.html", context)
    given = {"carer": row.carer, "kind": kind, "honoured_until": form.cleaned_data.get("honoured_until"), "now": now}
    if "seen" not in request.POST:
        return _show(request, context, circumstances.plan(**given))
    try:
        circumstances.record(
            **given,
            happened_on=form.cleaned_data["happened_on"],
            seen=request.POST["seen"],
            by=Who(user=request.user),
        )
    except circumstances.StalePlan as stale:
        messages.error(request, _("Something has changed meanwhile. Nothing was done. Look at it again."))
        return _show(request, context, stale.plan)
    except circumstances.AlreadyRecorded:
        messages.info(request, _("This was written down already."))
    else:
        messages.success(request, _("Written down. It is all done as the page said."))
    return redirect(row)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def mistake(request, ref, number):
    """Take back a change in a carer's life that was written down by mistake; the page first says what that mends."""
    award, now = award_of(request.council, ref), timezone.now()
    row = get_object_or_404(award.carer.circumstances, pk=number)
    if request.method == "POST":
        try:
            mistakes.take_back(circumstance=row, by=Who(user=request.user), now=now)
        except mistakes.TakenBack:
            messages.info(request, _("This was taken back already."))
        except mistakes.TooLate as late:
            words = _("This could be taken back up to %(day)s.")
            messages.error(request, words % {"day": wording.day(late.last_day)})
        else:
            messages.success(request, _("Taken back. What the page said is done."))
        return redirect(award)
    if not mistakes.may_take_back(row, now):
        return redirect(award)
    context = {"award": award, "row": row, "follows": mistakes.what_follows(row), "last_day": mistakes.last_day(row)}
    return render(request, "team/mistake.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def carer(request, ref):
    """A carer's address, telephone, language, print: a move of the carer's own changes these and nothing else."""
    row = award_of(request.council, ref)
    looks.note(award=row, by=Who(user=request.user), now=timezone.now())
    form = CarerForm(request.POST if request.method == "POST" else None, carer=row.carer)
    if request.method == "POST" and form.is_valid():
        by = Who(user=request.user)
        if carer_accounts.change(carer=row.carer, by=by, now=timezone.now(), **form.details()):
            messages.success(request, _("The details are changed. The award stays as it is."))
        else:
            messages.info(request, _("Nothing was different, so nothing was changed."))
        return redirect(row)
    return render(request, "team/carer.html", {"award": row, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def value(request, ref):
    """Make an award larger or smaller, with the reason; what is set aside for breaks is never taken."""
    row = award_of(request.council, ref)
    form = ChangeForm(request.POST if request.method == "POST" else None, unit=row.unit)
    if request.method == "POST" and form.is_valid() and _change(request, row, form):
        return redirect(row)
    context = {"award": row, "form": form, "balance": awards.balance(row), "limit": award_changes.limit_for(row)}
    return render(request, "team/value.html", context)


def _change(request, row, form):
    """Change the award; return False with the reason on the form."""
    given, unit = form.cleaned_data, row.unit
    try:
        award_changes.change(
            award=row,
            amount=form.signed,
            reason=given["reason"],
            by=Who(user=request.user),
            now=timezone.now(),
            key=str(given["key"]),
        )
    except award_changes.NotEnough as short:
        words = _("Only %(left)s is not set aside. Cancel a booking first if less is to be left.")
        form.add_error("amount", words % {"left": wording.amount(short.available, unit)})
    except awards.OverTheLimit as over:
        words = _(
            "One worker gives up to %(limit)s in all. Ask for it as the carer would, on the carer's own pages: "
            "then you agree and a colleague says yes."
        )
        form.add_error("amount", words % {"limit": wording.amount(over.limit, unit)})
    except award_changes.FundExhausted as short:
        form.add_error("amount", _("The fund has only %(left)s left.") % {"left": wording.amount(short.left, unit)})
    except award_changes.AwardEnded:
        form.add_error(None, _("This award has ended, so it cannot be changed any more."))
    except KeyWasUsed:
        form.add_error(None, _("This form was sent already, with something else in it. Open it again."))
    else:
        messages.success(request, _("The award is changed, and the carer is told."))
        return True
    return False


def _show(request, context, plan):
    return render(request, "team/circumstance_check.html", context | {"plan": plan})
