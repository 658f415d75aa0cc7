"""Finance makes sure of where providers are paid: changed accounts, and payments that the bank sent back."""

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from accounts.access import finance_reader_required, finance_required
from accounts.history import Who
from accounts.models import Role
from providers import staff
from providers.models import BankAccount, Provider
from voucher.forms.accounts import CallForm, RefuseAccountForm, ReturnedForm
from voucher.ledger import acts
from voucher.models import CardPayment, ReturnedPayment
from voucher.settling import account_changes, returned_payments
from voucher.views.finance.runs import run_of


@require_safe
@never_cache
@finance_reader_required
def accounts(request):
    """What waits: changed accounts, the oldest first, and returned payments nobody has looked into."""
    returned = ReturnedPayment.objects.filter(run__council=request.council, cleared_at=None)
    context = {
        "changes": account_changes.waiting(request.council),
        "returned": returned.select_related("run", "provider", "bank_account"),
        "refused": _refused(request.council),
    }
    return render(request, "finance/accounts.html", context)


@require_safe
@never_cache
@finance_reader_required
def account(request, pk):
    return _account_page(request, _account_of(request.council, pk))


@require_POST
@finance_required
def called(request, pk):
    """Write down the call back."""
    row, form = _account_of(request.council, pk), CallForm(request.POST)
    if not form.is_valid():
        return _account_page(request, row, call_form=form)
    spoke_to = form.cleaned_data["spoke_to"]
    done = _("Written down. Somebody else agrees to the account now.")
    return _answer(request, row, done, account_changes.record_call, spoke_to=spoke_to)


@require_POST
@finance_required
def agree(request, pk):
    """Agree to the account as a second person."""
    row = _account_of(request.council, pk)
    return _answer(request, row, _("Agreed. The provider is told from which day on it is used."), account_changes.agree)


@require_POST
@finance_required
def refuse(request, pk):
    """Do not take the account."""
    row, form = _account_of(request.council, pk), RefuseAccountForm(request.POST)
    if not form.is_valid():
        return _account_page(request, row, refuse_form=form)
    done = _("The account is not taken. The provider is told why.")
    return _answer(request, row, done, account_changes.refuse, reason=form.cleaned_data["reason"])


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@finance_required
def returned(request, number):
    """Note that the bank sent back what a run paid one provider."""
    run, now = run_of(request.council, number), timezone.now()
    paid = returned_payments.may_be_returned(run)
    if not paid and request.method != "POST":
        raise Http404
    names = Provider.objects.filter(pk__in=paid).order_by("name").values_list("pk", "name")
    payees = [(pk, f"{name}, {wording.money(paid[pk], exact=True)}") for pk, name in names]
    form = ReturnedForm(request.POST if request.method == "POST" else None, payees=payees)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            returned_payments.note(
                run=run,
                provider=Provider.objects.get(pk=said["provider"]),
                **{name: said[name] for name in ("reason", "returned_on", "words")},
                by=Who(request.user),
                now=now,
                key=f"returned:{said['key']}",
            )
        except returned_payments.TooEarly:
            day = wording.day(run.pay_on, "long")
            words = _("Enter a day from the pay day, %(day)s, up to today.") % {"day": day}
            form.add_error("returned_on", words)
        except (returned_payments.NotPaid, acts.KeyWasUsed):
            messages.info(request, _("This was noted already."))
            return redirect(run)
        except staff.WorksThere:
            messages.error(request, _own())
            return redirect(run)
        else:
            messages.success(request, _("Noted. The lines wait, and the provider is told."))
            return redirect(run)
    return render(request, "finance/returned.html", {"run": run, "form": form})


@require_POST
@finance_required
def clear(request, pk):
    """Say that the account of a returned payment was made sure of."""
    row = get_object_or_404(ReturnedPayment.objects.filter(run__council=request.council).select_related("run"), pk=pk)
    try:
        returned_payments.clear(returned=row, by=Who(request.user), now=timezone.now())
    except returned_payments.Cleared:
        messages.info(request, _("Somebody has looked into it already."))
    except staff.WorksThere:
        messages.error(request, _own())
    else:
        messages.success(request, _("It is paid again with the next run."))
    return redirect("finance:accounts")


def _refused(council):
    """Return the payments that the card company refused and nobody has noted as returned."""
    rows = CardPayment.objects.filter(run__council=council).exclude(refused="")
    noted = ReturnedPayment.objects.filter(run=OuterRef("run"), provider=OuterRef("provider"))
    return rows.filter(~Exists(noted)).select_related("run", "provider")


def _account_of(council, pk):
    """Return an account that a provider of this council asked for, or 404."""
    rows = BankAccount.objects.select_related(
        "provider__council__scheme", "asked_by", "called_by", "checked_by", "refused_by"
    )
    return get_object_or_404(rows, provider__council=council, pk=pk, asked_at__isnull=False)


def _own():
    return _("You work for this provider. Somebody else has to look at its account.")


def _answer(request, row, done, verb, **said):
    try:
        verb(account=row, **said, by=Who(request.user), now=timezone.now())
    except account_changes.ChangeMoved:
        messages.info(request, _("Somebody was quicker: look at how it stands now."))
    except account_changes.SamePerson:
        messages.error(request, _("Who asked or rang does not agree as well. Another person has to."))
    except staff.WorksThere:
        messages.error(request, _own())
    except account_changes.NotCalled:
        messages.error(request, _("Nobody has rung the provider yet."))
    else:
        messages.success(request, done)
    return redirect("finance:account", row.pk)


def _account_page(request, row, *, call_form=None, refuse_form=None):
    is_finance = not request.roles.isdisjoint({Role.Kind.FINANCE_PREPARER, Role.Kind.FINANCE_APPROVER})
    is_waiting = row.state in account_changes.WAITS
    context = {
        "account": row,
        "provider": row.provider,
        "before": row.provider.bank_accounts.filter(state=BankAccount.State.CHECKED).exclude(pk=row.pk).first(),
        "number": account_changes.number_to_ring(row.provider, row.asked_at),
        "others": account_changes.others_with(row),
        "is_waiting": is_waiting,
        "asker_has_left": is_waiting and account_changes.asker_has_left(row),
        "call_form": (call_form or CallForm()) if is_finance and account_changes.may_call(row, request.user) else None,
        "may_agree": is_finance and account_changes.may_agree(row, request.user),
        "refuse_form": (refuse_form or RefuseAccountForm()) if is_finance and is_waiting else None,
        "form": call_form or refuse_form,
    }
    return render(request, "finance/account.html", context)
