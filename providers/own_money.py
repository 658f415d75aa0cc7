"""Whether a provider takes money from carers themselves, and its own account with the card company."""

from django.db import transaction

from accounts import history
from accounts.history import Who
from providers import stripe_api
from providers.models import Provider

CARD_COMPANY = Who(label="card company")


def set_takes_own_money(*, provider, takes, by, now):
    """Say whether carers may pay the difference to this provider themselves; a second press changes nothing."""
    with transaction.atomic():
        if Provider.objects.filter(pk=provider.pk).exclude(takes_own_money=takes).update(takes_own_money=takes):
            act = "provider.takes_own_money" if takes else "provider.takes_no_own_money"
            history.record(act=act, subject=provider, by=by, at=now, council=provider.council)


def connect(*, provider, return_url, refresh_url, by, now):
    """Return the address at which the provider tells the card company about itself; the first time opens its account.

    Raises stripe_api.Unavailable, stripe_api.Refused. Must be called outside any transaction.
    """
    if not provider.stripe_account:
        account = stripe_api.open_account(key=provider.ref, email=provider.email)
        with transaction.atomic():
            if Provider.objects.filter(pk=provider.pk, stripe_account="").update(stripe_account=account.id):
                history.record(
                    act="provider.card_account_opened", subject=provider, by=by, at=now, council=provider.council
                )
        provider.refresh_from_db()
    return stripe_api.account_link(account=provider.stripe_account, return_url=return_url, refresh_url=refresh_url)


def look_again(*, account, now):
    """Ask whether an account can take cards and a council's payments now, and keep it. Raises stripe_api.Unavailable.

    An account that does not let us ask any more takes none. Must be called outside any transaction.
    """
    provider = Provider.objects.filter(stripe_account=account).exclude(stripe_account="").first()
    if provider is None:
        return
    try:
        found = stripe_api.account(account)
    except stripe_api.Refused:
        found = stripe_api.Account(account, takes_cards=False)
    with transaction.atomic():
        for name in ("takes_cards", "takes_transfers"):
            takes = getattr(found, name)
            if Provider.objects.filter(pk=provider.pk).exclude(**{name: takes}).update(**{name: takes}):
                act = f"provider.{name}" if takes else f"provider.{name.replace('takes_', 'takes_no_')}"
                history.record(act=act, subject=provider, by=CARD_COMPANY, at=now, council=provider.council)
