"""A provider's VAT: its number, how its breaks are treated, and for breaks of which days that counts (R50)."""

from django.db import transaction

from accounts import history
from providers.models import Provider

NEEDS_A_NUMBER = (Provider.Vat.STANDARD, Provider.Vat.REDUCED)


class NumberMissing(Exception):
    """VAT at the standard or the reduced rate is charged only with a VAT number."""


@transaction.atomic
def set_vat(*, provider, vat_number, vat_treatment, vat_from=None, vat_until=None, by, now):
    """Say the provider's VAT, for breaks from one day to another, both included; None has no end.

    What is claimed already stays as it was claimed; the same again changes nothing. Raises NumberMissing.
    """
    if vat_treatment in NEEDS_A_NUMBER and not vat_number:
        raise NumberMissing
    said = {"vat_number": vat_number, "vat_treatment": vat_treatment, "vat_from": vat_from, "vat_until": vat_until}
    row = Provider.objects.locked(provider.pk)
    if all(getattr(row, name) == value for name, value in said.items()):
        return
    Provider.objects.filter(pk=provider.pk).update(**said)
    for name, value in said.items():
        setattr(provider, name, value)
    details = {"treatment": vat_treatment, "from": vat_from and vat_from.isoformat()}
    history.record(act="provider.vat_changed", subject=provider, by=by, at=now, council=provider.council, **details)
