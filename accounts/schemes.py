"""A council's settings of the scheme, changed by its administrators; each change is in the history."""

from django.db import transaction

from accounts import history
from accounts.models import Scheme


def change(*, council, by, now, **settings):
    """Change settings of the scheme by their names; what is the same stays, and a second press changes nothing."""
    with transaction.atomic():
        scheme = Scheme.objects.select_for_update().get(council=council)
        changed = {name: value for name, value in settings.items() if getattr(scheme, name) != value}
        if changed:
            Scheme.objects.filter(pk=scheme.pk).update(**changed)
            history.record(act="scheme.changed", subject=scheme, by=by, at=now, council=council, **changed)


def set_takes_cards(*, council, takes, by, now):
    """Say whether the council's carers may pay the difference by card; a second press changes nothing."""
    with transaction.atomic():
        if Scheme.objects.filter(council=council).exclude(takes_cards=takes).update(takes_cards=takes):
            act = "scheme.takes_cards" if takes else "scheme.takes_no_cards"
            history.record(act=act, subject=council.scheme, by=by, at=now, council=council)
