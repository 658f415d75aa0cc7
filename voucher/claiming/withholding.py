"""Finance withholds the payments to a provider, with a reason, and lets them go again with another one (R73).

What is claimed stays owed, and a run that was released is paid. Why is read by finance and the auditor alone; the
provider is told, by e-mail and on its pages, that its payments wait, and whom to ring.
"""

from django.db import transaction
from django.utils import timezone

from accounts import history
from accounts.models import Council
from providers import staff
from providers.models import Provider
from voucher import messages
from voucher.claiming import pay_days
from voucher.models import Claim, ClaimLine, PaymentRun, RunLine, Withholding


class NoReason(Exception):
    """Payments are withheld, or let go, without a reason in words."""


class IsWithheld(Exception):
    """The payments of the council to this provider are withheld already."""


class IsOver(Exception):
    """Somebody has let the payments go already."""


def withhold(*, council, provider, reason, by, now):
    """R73. Let no new run of the council pay this provider, and none that is only prepared; return the Withholding.

    Raises NoReason, IsWithheld, staff.WorksThere.
    """
    staff.refuse_colleague(provider, by)
    if not (reason := reason.strip()):
        raise NoReason
    with transaction.atomic():
        # Behind the lock of the runs: whatever is prepared from here on leaves the provider out.
        Council.objects.select_for_update(no_key=True).get(pk=council.pk)
        if standing(council).filter(provider=provider).exists():
            raise IsWithheld
        row = Withholding.objects.create(
            council=council, provider=provider, reason=reason, begun_by=by.user, begun_at=now
        )
        history.record(act="payments.withheld", subject=provider, by=by, at=now, council=council)
        messages.payments_withheld(row)
    return row


def let_go(*, withholding, reason, by, now):
    """Let the payments go again, with a reason: the next run takes what waits, and each claim has a day again.

    Raises NoReason, IsOver, staff.WorksThere.
    """
    council, provider = withholding.council, withholding.provider
    staff.refuse_colleague(provider, by)
    if not (reason := reason.strip()):
        raise NoReason
    with transaction.atomic():
        # Behind the lock of the provider's claims: one that is just being made has its row by then, or reads that the
        # payments are let go; either way it has its day.
        Provider.objects.locked(provider.pk)
        Council.objects.select_for_update(no_key=True).get(pk=council.pk)
        rows = Withholding.objects.filter(pk=withholding.pk, ended_at=None)
        if not rows.update(ended_by=by.user, ended_at=now, ended_because=reason):
            raise IsOver
        # What was claimed meanwhile was promised no day; a day that was promised before stands as it was said.
        day = pay_days.promised(claimed_on=timezone.localdate(now), scheme=council.scheme)
        Claim.objects.filter(pk__in=_unpaid(provider, council), pay_promised_on=None).update(pay_promised_on=day)
        history.record(act="payments.let_go", subject=provider, by=by, at=now, council=council)
        messages.payments_let_go(withholding)


def standing(council):
    """Return what a council withholds now, the newest first."""
    return Withholding.objects.filter(council=council, ended_at=None)


def from_provider(provider):
    """Return the councils that withhold their payments to this provider now, each with whom to ring."""
    rows = Withholding.objects.filter(provider=provider, ended_at=None).select_related("council__scheme")
    return sorted((row.council for row in rows), key=lambda council: council.name)


def reasons(providers):
    """Return {(provider, council): reason} of the payments to these providers that are withheld now, by number."""
    rows = Withholding.objects.filter(provider__in=providers, ended_at=None)
    return {
        (provider, council): reason for provider, council, reason in rows.values_list("provider", "council", "reason")
    }


def promised(*, provider, council, on):
    """R62. Return the day on which a claim of that day is paid; None while the payments are withheld.

    Call it behind the lock of the provider's claims, which let_go waits for too.
    """
    if standing(council).filter(provider=provider).exists():
        return None
    return pay_days.promised(claimed_on=on, scheme=council.scheme)


def _unpaid(provider, council):
    """Return the numbers of the claims of which no released run has paid every line.

    Not told by the moment of the claim: a page may have opened just before the payments were withheld.
    """
    paid = RunLine.objects.filter(provider=provider, live=True, run__state=PaymentRun.State.RELEASED)
    lines = ClaimLine.objects.filter(claim__provider=provider, claim__council=council)
    return lines.exclude(pk__in=paid.values("claim_line")).values("claim")
