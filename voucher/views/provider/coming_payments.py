"""What a provider is paid next: what is released and on its way, and what is only prepared and may still change."""

from django.db.models import Sum

from voucher import rules
from voucher.claiming import withholding
from voucher.models import PaymentRun, RunLine


def released(provider, today):
    """Return the `day` and the `pence` of the next payment that a second person has released, or None."""
    rows = _by_day(provider, PaymentRun.State.RELEASED).filter(run__pay_on__gte=today)
    return next(({"day": day, "pence": pence} for day, pence in rows[:1]), None)


def planned(provider, today):
    """Return the `day` and the `pence` of the next payment that is prepared and not released, or None.

    It may be given up until then. Where Bacs can no longer keep its day (R18), no `day` is known.
    """
    earliest = rules.earliest_pay_day(today)
    # A run that pays what waits (R73) cannot be released.
    rows = _by_day(provider, PaymentRun.State.PREPARED).exclude(run__council__in=withholding.from_provider(provider))
    return next(({"day": day if day >= earliest else None, "pence": pence} for day, pence in rows[:1]), None)


def _by_day(provider, state):
    """Return (day, pence); lines that come to nothing together are no payment."""
    lines = RunLine.objects.filter(provider=provider, live=True, run__state=state).order_by("run__pay_on")
    return lines.values_list("run__pay_on").annotate(pence=Sum("amount_pence")).exclude(pence=0)
