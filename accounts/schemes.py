"""A council's settings of the scheme, changed by its administrators; each change is in the history."""

from django.db import transaction

from accounts import history
from accounts.models import Scheme

# How the carers team is reached: the history names these, and not what stood in them.
REACHED = ("team_phone", "team_email", "team_address")


def change(*, council, by, now, **settings):
    """Change settings of the scheme by their names; what is the same stays, and a second press changes nothing."""
    with transaction.atomic():
        scheme = Scheme.objects.select_for_update().get(council=council)
        changed = {name: value for name, value in settings.items() if getattr(scheme, name) != value}
        if changed:
            Scheme.objects.filter(pk=scheme.pk).update(**changed)
            # What it was and what it is: `scheme` was read before the change.
            figures = {name: [getattr(scheme, name), changed[name]] for name in changed if name not in REACHED}
            if reached := [name for name in REACHED if name in changed]:
                figures["fields"] = reached
            history.record(act="scheme.changed", subject=scheme, by=by, at=now, council=council, **figures)


def set_takes_cards(*, council, takes, by, now):
    """Say whether the council's carers may pay the difference by card; a second press changes nothing."""
    with transaction.atomic():
        if Scheme.objects.filter(council=council).exclude(takes_cards=takes).update(takes_cards=takes):
            act = "scheme.takes_cards" if takes else "scheme.takes_no_cards"
            history.record(act=act, subject=council.scheme, by=by, at=now, council=council)
