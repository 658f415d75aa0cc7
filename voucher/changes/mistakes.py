"""A change in a carer's life that was written down by mistake: it is taken back, as far as that can be.

An award that is only stopped can be used again, and the silence ends. What is cancelled stays cancelled, because its
place may be somebody else's by now; what is closed stays closed, and what was left of it with its fund.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import history
from accounts.models import HistoryEntry
from voucher import rules
from voucher.ledger import books
from voucher.ledger.models import AwardAccount
from voucher.messages import writing
from voucher.models import Award, Booking, Circumstance

A_DEATH = (Circumstance.Kind.CARED_FOR_DIED, Circumstance.Kind.CARER_DIED)


class TakenBack(Exception):
    """It was taken back before."""


class TooLate(Exception):
    """It could be taken back up to `last_day` (R32)."""

    def __init__(self, last_day):
        super().__init__(last_day.isoformat())
        self.last_day = last_day


@dataclass(frozen=True)
class WhatFollows:
    """What taking it back does: awards that can be used again, and what stays as it is, closed or cancelled."""

    goes_on: list
    stays_closed: list
    stays_cancelled: list
    speaks_again: bool


def last_day(circumstance):
    """Return the last day on which it can be taken back (R32)."""
    return rules.last_day_to_take_back(timezone.localdate(circumstance.recorded_at))


def may_take_back(circumstance, now):
    """Return whether it stands and can still be taken back."""
    return circumstance.undone_at is None and timezone.localdate(now) <= last_day(circumstance)


def what_follows(circumstance):
    """Return WhatFollows from taking it back now; it changes nothing."""
    carer, at = circumstance.carer, circumstance.recorded_at
    others = Circumstance.objects.standing().filter(carer=carer).exclude(pk=circumstance.pk)
    rows = Award.objects.filter(carer=carer, issued_at__lte=at).select_related("account", "council")
    rows = list(rows.order_by("pk"))
    stopped = [row for row in rows if row.account.state == AwardAccount.State.FROZEN]
    closed = HistoryEntry.objects.filter(act="award.closed", subject_kind="award", at__gte=at)
    closed = set(closed.filter(subject_id__in=[row.pk for row in rows]).values_list("subject_id", flat=True))
    cancelled = Booking.objects.filter(award__in=rows, state=Booking.State.CANCELLED, ended_at=at)
    cancelled = cancelled.exclude(ended_by__in=[Booking.Party.CARER, Booking.Party.PROVIDER])
    return WhatFollows(
        # Another change in her life may have stopped them as well.
        goes_on=[] if others.exists() else stopped,
        stays_closed=[row for row in rows if row.account.state == AwardAccount.State.ENDED and row.pk in closed],
        stays_cancelled=list(cancelled.select_related("offer", "provider").order_by("starts_at", "pk")),
        speaks_again=bool(carer.quiet_since) and not others.filter(kind__in=A_DEATH).exists(),
    )


def take_back(*, circumstance, by, now):
    """Take back what was written down by mistake, within 14 days (R32). Return WhatFollows, as it was done.

    Raises TakenBack, TooLate.
    """
    if timezone.localdate(now) > last_day(circumstance):
        raise TooLate(last_day(circumstance))
    carer = circumstance.carer
    with transaction.atomic():
        rows = Circumstance.objects.standing().filter(pk=circumstance.pk)
        if not rows.update(undone_by=by.user, undone_at=now):
            raise TakenBack
        done = what_follows(circumstance)
        history.record(
            act="circumstance.taken_back", subject=carer, by=by, at=now, council=carer.council, kind=circumstance.kind
        )
        for award in list(done.goes_on):
            try:
                books.unfreeze(award=award.account)
            except books.AwardEnded:
                # The clock closed it at this very moment.
                done.goes_on.remove(award)
                done.stays_closed.append(award)
                continue
            history.record(act="award.goes_on", subject=award, by=by, at=now, council=award.council)
        if done.speaks_again:
            writing.end_silence(carer=carer, by=by, now=now)
    circumstance.refresh_from_db()
    return done
