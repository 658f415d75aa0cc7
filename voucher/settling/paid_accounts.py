"""Into which account a provider is paid, and which accounts are not paid into now (R63, R64)."""

from providers.models import BankAccount
from voucher.models import ReturnedPayment
from voucher.settling import bacs


def accounts(providers, run):
    """Return each provider's account; a prepared run pays the one it was prepared for, replaced or not (R63)."""
    known = BankAccount.objects.filter(provider__in=providers)
    found = {account.provider_id: account for account in known.filter(state=BankAccount.State.CHECKED)}
    if run is not None:
        # Not one that was refused or withdrawn: only the account that was paid until another took its place.
        prepared = known.filter(pk__in=run.lines.values("bank_account"), state=BankAccount.State.REPLACED)
        found |= {account.provider_id: account for account in prepared}
    return found


def held(accounts):
    """Return the numbers of the accounts that are not paid into now.

    The provider has said that it is closed (R63), or the bank returned a payment and nobody has looked into it (R64).
    """
    accounts = list(accounts)
    closed = BankAccount.objects.filter(
        provider__in=[account.provider_id for account in accounts],
        state__in=[BankAccount.State.WAITING, BankAccount.State.AGREED],
        holds_payments=True,
    ).values_list("provider", flat=True)
    # A run that was prepared before an account was replaced may still name it; that does not open it again.
    left_behind = BankAccount.objects.filter(
        provider__in=[account.provider_id for account in accounts if account.state == BankAccount.State.REPLACED],
        state__in=[BankAccount.State.CHECKED, BankAccount.State.REPLACED],
        holds_payments=True,
    ).values_list("provider", "pk")
    shut = {each.pk for each in accounts for owner, pk in left_behind if owner == each.provider_id and pk > each.pk}
    returned = ReturnedPayment.objects.filter(bank_account__in=accounts, cleared_at=None)
    closed, returned = set(closed), set(returned.values_list("bank_account", flat=True))
    return returned | shut | {account.pk for account in accounts if account.provider_id in closed}


def held_by_card_company(providers):
    """Return the numbers of the providers to which a payment there came back, and nobody has looked into it (R64)."""
    returned = ReturnedPayment.objects.filter(provider__in=providers, bank_account=None, cleared_at=None)
    return set(returned.values_list("provider", flat=True))


def can_be_written(account):
    """True for an account that a second person has checked and that Bacs can write down."""
    if account is None:
        return False
    reference = account.roll_number or "BREAKS RUN"
    try:
        bacs.check_payment(
            bacs.Payment(account.sort_code, account.account_number, account.name, 1, reference=reference)
        )
    except bacs.BacsFault:
        return False
    return True
