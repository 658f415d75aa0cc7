"""What is changed of a provider that has joined: by itself how it is reached, by the carers team what it is."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts import history
from accounts.models import OutboxMessage
from providers import staff
from providers.models import Provider
from providers.telling import tell

# Its name and its legal form stand in the terms and on payments: only the carers team changes those.
COLUMNS = (
    "contact_name",
    "address",
    "town_en",
    "town_cy",
    "postcode",
    "phone",
    "email",
    "website",
    "language",
    "speaks_welsh",
    "ciw_number",
)
OF_TEAM = ("name", "legal_form", "is_user_led")
# R63. A number that came so lately is not the one to ring about money; the one before is kept for as long.
NUMBER_IS_NEW = dt.timedelta(days=30)
ADDRESS_CHANGED = "provider_address_changed"


@transaction.atomic
def change_by_team(*, provider, told, by, now):
    """Write down for the carers team what a provider is, {column of OF_TEAM: value}; return what has changed.

    The provider is told, so that nobody becomes somebody else behind its back. Raises staff.WorksThere.
    """
    staff.refuse_colleague(provider, by)
    Provider.objects.locked(provider.pk)
    provider.refresh_from_db()
    changed = [name for name in OF_TEAM if name in told and told[name] != getattr(provider, name)]
    if changed:
        Provider.objects.filter(pk=provider.pk).update(**{name: told[name] for name in changed})
        provider.refresh_from_db()
        history.record(
            act="provider.changed", subject=provider, by=by, at=now, council=provider.council, fields=changed
        )
        _tell("provider_renamed", provider, to=provider.email, language=provider.language, now=now)
    return changed


@transaction.atomic
def change(*, provider, told, by, now):
    """Write down what a provider tells of itself, {column: value}; return the columns that have changed.

    The history names the columns and not what stood in them. A new e-mail address is told to the old one, and every
    change to the carers team of its council, which looks whether it can be right.
    """
    before = Provider.objects.locked(provider.pk)
    changed = [name for name in COLUMNS if name in told and told[name] != getattr(before, name)]
    if not changed:
        return []
    values = {name: told[name] for name in changed}
    if "phone" in changed:
        values |= _number_before(before, timezone.localdate(now))
    Provider.objects.filter(pk=provider.pk).update(**values)
    provider.refresh_from_db()
    history.record(
        act="provider.changed", subject=provider, by=by, at=now, council=before.council, fields=list(changed)
    )
    if "email" in changed:
        _tell(ADDRESS_CHANGED, before, to=before.email, language=before.language, now=now)
    tell_team(before, changed, now=now)
    return changed


def tell_team(provider, fields, *, now):
    """Tell the carers team which things a provider has changed about itself, within the caller's transaction."""
    team = provider.council.scheme.team_email
    _tell("provider_changed", provider, to=team, language="", now=now, fields=fields)


def addresses_before(provider, *, at):
    """R63. Return the e-mail addresses that the provider had within thirty days before a moment, the newest last.

    Whoever changes the address and then the bank account does not get rid of who would have noticed.
    """
    told = OutboxMessage.objects.filter(
        kind=ADDRESS_CHANGED, dedupe_key__startswith=f"{ADDRESS_CHANGED}/{provider.pk}/"
    )
    return list(told.filter(created_at__gt=at - NUMBER_IS_NEW).order_by("pk").values_list("to", flat=True))


def _number_before(before, today):
    """Return what is kept of the number until now; of several changes in a few days the first number is kept."""
    if before.phone_before and before.phone_since and today - before.phone_since < NUMBER_IS_NEW:
        return {"phone_since": today}
    return {"phone_before": before.phone, "phone_since": today}


def _tell(name, provider, *, to, language, now, **more):
    tell(name, provider, to=to, language=language, key=f"{provider.pk}/{now:%Y-%m-%dT%H:%M:%S.%f}", **more)
