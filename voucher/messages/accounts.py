"""News of where a provider is paid: to its own address and to every owner, so that no one person can hide it.

Whoever claims for it, and wishes so, hears of payments that wait or came back; of accounts only the owners do.
"""

from django.utils import timezone

from providers import details, staff
from providers.models import BankAccount, Staff
from providers.telling import tell


def account_change_asked(account):
    """Tell the provider and its owners that another account was asked for, and what to do if it was none of them."""
    _tell("account_change_asked", account)


def account_change_agreed(account):
    """Tell them from which day on the new account is paid."""
    _tell("account_change_agreed", account)


def account_change_refused(account):
    """Tell them that the account is not taken, and why."""
    _tell("account_change_refused", account)


def payment_returned(returned):
    """Tell them that the bank sent a payment back, and what happens now."""
    context = {"returned": returned, "run": returned.run}
    _write("payment_returned", returned.provider, context, f"{returned.pk}", returned.run.council, with_claims=True)


def payments_withheld(withholding):
    """Tell them that the council's payments wait, that nothing is lost, and whom to ring; never why (R73)."""
    _write("payments_withheld", withholding.provider, {}, f"{withholding.pk}", withholding.council, with_claims=True)


def payments_let_go(withholding):
    """Tell them that the council pays again."""
    _write("payments_let_go", withholding.provider, {}, f"{withholding.pk}", withholding.council, with_claims=True)


def invoice_written(invoice, lines):
    """Tell them that the council asks by invoice for what no payment took off, and for which breaks (R69)."""
    context = {"invoice": invoice, "lines": lines}
    _write("invoice_written", invoice.provider, context, f"{invoice.pk}", invoice.council)


def invoice_withdrawn(invoice):
    """Tell them that an invoice need not be paid, and why."""
    _write("invoice_withdrawn", invoice.provider, {"invoice": invoice}, f"{invoice.pk}", invoice.council)


def _tell(name, account):
    before = account.provider.bank_accounts.filter(state=BankAccount.State.CHECKED).exclude(pk=account.pk)
    context = {"account": account, "is_first": not before.exists()}
    _write(name, account.provider, context, f"{account.pk}", account.provider.council)


def _write(name, provider, context, key, council, *, with_claims=False):
    posts = Staff.objects.filter(provider=provider, kind=Staff.Kind.OWNER).select_related("user").order_by("pk")
    readers = {post.user.email: post.user.language for post in posts if post.user.is_active and post.user.email}
    # The provider's own address is told in any case, in its own language, and once however it is spelt.
    readers = {to: language for to, language in readers.items() if to.casefold() != provider.email.casefold()}
    readers |= {provider.email: provider.language}
    if "account" in context:
        before = details.addresses_before(provider, at=timezone.now())
        readers = dict.fromkeys(before, provider.language) | readers
    # A slip in one address keeps nobody else from the news.
    for number, (to, language) in enumerate(sorted(readers.items())):
        tell(name, provider, key=f"{key}/{number}", to=to, language=language, council=council, **context)
    for post in staff.told_of_money(provider) if with_claims else []:
        if post.kind == Staff.Kind.CLAIMS:
            reader = {"to": post.user.email, "language": post.user.language}
            tell(name, provider, key=f"{key}/to-{post.pk}", council=council, is_copy=True, **reader, **context)
