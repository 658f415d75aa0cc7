"""Providers are reminded of what they gave and have not claimed, in the last two weeks of the time for it (R15)."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from accounts import days
from accounts.models import Council, OutboxMessage
from providers.models import Provider
from providers.staff import tell_of_money
from voucher.claiming import claims
from voucher.models import Booking

# Long enough for whoever looks in once a week.
WITHIN = dt.timedelta(days=14)


@dataclass
class Reminder:
    """What a provider has not claimed from one council: how many breaks, pence, and the last day of the oldest."""

    provider: Provider
    council: Council
    monday: dt.date
    until: dt.date
    ready: int = 0
    pence: int = 0
    unmarked: int = 0

    @property
    def pk(self):
        return self.provider.pk

    @property
    def key(self):
        """Once a week, however many breaks it is about."""
        return f"{self.provider.pk}/{self.council.pk}/{self.monday}"


def to_remind(now):
    """Return the Reminders that are due and were not written this week; a few queries a council."""
    today = timezone.localdate(now)
    monday, found = today - dt.timedelta(days=today.weekday()), {}
    for council in Council.objects.filter(scheme__isnull=False).select_related("scheme"):
        for row in _ending(council, today):
            until = claims.last_day_to_claim(row, council.scheme.claim_window_days)
            key = (row.provider_id, council.pk)
            reminder = found.setdefault(key, Reminder(row.provider, council, monday, until))
            reminder.until = min(reminder.until, until)
            if row.state == Booking.State.CONFIRMED:
                reminder.unmarked += 1
            else:
                reminder.ready, reminder.pence = reminder.ready + 1, reminder.pence + row.undisputed_pence
    keys = {f"claim_reminder/{each.key}": each for each in found.values()}
    told = set(OutboxMessage.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    return [each for key, each in keys.items() if key not in told]


def remind(reminder):
    """Write to a provider, and who wishes it there, what is not claimed yet and until when it can be."""
    tell_of_money("claim_reminder", reminder.provider, key=reminder.key, council=reminder.council, reminder=reminder)


def _ending(council, today):
    """Return a council's breaks of which the provider can claim on within two weeks, be they marked or not."""
    window = dt.timedelta(days=council.scheme.claim_window_days)
    ends = {"ends_at__gte": days.midnight(today - window), "ends_at__lt": days.midnight(today - window + WITHIN)}
    around = ("provider__council__scheme", "council__scheme")
    unmarked = Booking.objects.filter(state=Booking.State.CONFIRMED, council=council, price_pence__gt=0, **ends)
    ready = claims.waiting_for_a_claim().filter(council=council, **ends)
    return [*ready.select_related(*around), *unmarked.select_related(*around).order_by("starts_at", "pk")]
