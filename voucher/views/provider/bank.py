"""Where a provider is paid: its owner sees it, and asks to be paid elsewhere."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.history import Who
from providers import stripe_api
from providers.access import owner_required
from providers.models import BankAccount, Provider
from voucher.forms.accounts import AccountForm, ChangedAccountForm
from voucher.models import ReturnedPayment
from voucher.settling import account_changes, bacs

State = BankAccount.State


@sensitive_post_parameters("sort_code", "account_number", "roll_number", "name")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def bank(request):
    """Show where the provider is paid and what waits; a press asks for another account."""
    form_class = ChangedAccountForm if account_changes.has_account(request.provider) else AccountForm
    form = form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        by, now = Who(request.user), timezone.now()
        try:
            account_changes.ask(provider=request.provider, **form.cleaned_data, by=by, now=now)
        except bacs.BacsFault as fault:
            form.refuse(fault)
        except account_changes.SameAccount:
            form.add_error("account_number", _("This is the account into which you are paid now."))
        except account_changes.ChangeWaits:
            messages.info(request, _("A change is being looked at already. Take it back first to ask for another."))
            return redirect("provider:bank")
        else:
            messages.success(request, _("We have your new account. We ring you before we use it."))
            return redirect("provider:bank")
    accounts = request.provider.bank_accounts
    waiting = accounts.filter(state__in=account_changes.WAITS).first()
    context = {
        "form": form,
        "account": accounts.filter(state=State.CHECKED).first(),
        "waiting": waiting,
        "refused": None if waiting else _refused_last(request.provider),
        "provider": request.provider,
        "by_card_company": stripe_api.is_set_up() and request.provider.council.scheme.pays_by_card_company,
        "is_recharged": paid_inside_the_council(request.provider),
        "returned": ReturnedPayment.objects.filter(provider=request.provider, cleared_at=None).select_related("run"),
    }
    return render(request, "provider/bank.html", context)


@require_POST
@owner_required
def withdraw_bank(request, pk):
    """Take back the wish to be paid elsewhere."""
    account = get_object_or_404(request.provider.bank_accounts, pk=pk)
    try:
        account_changes.withdraw(account=account, by=Who(request.user), now=timezone.now())
    except account_changes.ChangeMoved:
        messages.info(request, _("This change no longer waits."))
    else:
        messages.success(request, _("You took it back. You are paid as before."))
    return redirect("provider:bank")


def paid_inside_the_council(provider):
    """True for a council's own service while only carers of that council come: no bank is asked for then.

    What carers of another council book is paid to it as to any provider, into an account.
    """
    own = provider.legal_form == Provider.LegalForm.COUNCIL
    return own and not provider.bookings.exclude(council=provider.council_id).exists()


def _refused_last(provider):
    """Return the newest account of the provider where it was refused with a reason, or None."""
    newest = provider.bank_accounts.exclude(asked_at=None).order_by("-asked_at", "-pk").first()
    return newest if newest and newest.state == State.REFUSED and newest.refusal else None
