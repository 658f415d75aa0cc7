"""A provider's first months: who of the carers team looks after it, until when, and how that ends (R44)."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts import history
from accounts.models import Role, User
from providers.models import Provider
from voucher import messages, rules

State = Provider.State
# So long before they are over the mentor is reminded to look back.
LOOK_BACK_WITHIN = dt.timedelta(days=14)
LONGER_MONTHS = 3


def looked_after(council):
    """Return the providers in their first months (R44), those whose months end soonest first."""
    states = [State.LIVE, State.PAUSED, State.SUSPENDED]
    rows = Provider.objects.filter(council=council, state__in=states, provisional_until__isnull=False)
    return rows.select_related("mentor").order_by("provisional_until", "pk")


def to_look_back(council, *, on):
    """Return the new providers whose first months are over within two weeks, or were over before."""
    return looked_after(council).filter(provisional_until__lte=on + LOOK_BACK_WITHIN)


def mentors(council):
    """Return the people of the carers team, by name."""
    post = Role.objects.filter(user=OuterRef("pk"), council=council, kind=Role.Kind.TEAM)
    return User.objects.filter(Exists(post), is_active=True).order_by("name", "email")


def end(*, provider, by, now):
    """Say that a new provider is no longer looked after; a second press changes nothing."""
    with transaction.atomic():
        rows = Provider.objects.filter(pk=provider.pk, provisional_until__isnull=False)
        if rows.update(provisional_until=None):
            history.record(act="provider.settled", subject=provider, by=by, at=now, council=provider.council)


def look_longer(*, provider, seen_until, by, now):
    """Look after a new provider three months longer than was seen, and tell it; a second press changes nothing."""
    longer = rules.provisional_until(seen_until + dt.timedelta(days=1), LONGER_MONTHS)
    with transaction.atomic():
        if Provider.objects.filter(pk=provider.pk, provisional_until=seen_until).update(provisional_until=longer):
            history.record(
                act="provider.looked_after",
                subject=provider,
                by=by,
                at=now,
                council=provider.council,
                until=str(longer),
            )
            provider.refresh_from_db(fields=["provisional_until", "mentor"])
            messages.first_months_longer(provider)
