"""What a provider was paid in a month or a year, for its accountant: per month, per council, VAT, breaks.

It counts by the day of the payment; what was given back by invoice (R69) makes the month in which it was paid back
less; a break that was given free counts in the month in which it took place.
Amounts are whole pence.
"""

import datetime as dt
import re
from dataclasses import dataclass

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from accounts import days, wording
from voucher.models import Booking, InvoicePaymentLine, PaymentRun, RunLine

# A financial year begins in April.
FIRST_MONTH = 4
KEY = re.compile(r"(?:(?P<month>\d{4}-\d{2})|fy(?P<financial>\d{4})|cy(?P<calendar>\d{4}))")
MONTHS_LISTED = 12
FIRST_YEAR = 2020


@dataclass(frozen=True)
class Period:
    """A month, a calendar year, or a financial year (April to March), with its first and last day."""

    key: str
    first: dt.date
    last: dt.date

    @property
    def words(self):
        if self.key.startswith("fy"):
            return _("April %(first)d to March %(last)d") % {"first": self.first.year, "last": self.last.year}
        if self.key.startswith("cy"):
            return _("The year %(year)d") % {"year": self.first.year}
        return month_in_words(self.first)


@dataclass(frozen=True)
class Row:
    """What was paid in a month, or by a council: gross and VAT in pence; breaks paid for, and given free."""

    # The first day of the month, the council's name, or nothing for the total.
    of: object
    pence: int
    vat_pence: int
    breaks: int
    free: int = 0

    @property
    def net_pence(self):
        return self.pence - self.vat_pence


def month_in_words(first):
    """Return a month as "November 2026", in the active language."""
    return f"{wording.MONTHS[wording.language()][first.month - 1]} {first.year}"


def period(key, *, today):
    """Return the Period of a key, "2026-11", "fy2026" or "cy2026"; None where there is no such period yet."""
    found = KEY.fullmatch(key or "")
    if not found:
        return None
    year, month = int(next(filter(None, found.groups()))[:4]), 1
    if found["month"]:
        month = int(found["month"][5:])
    if not (FIRST_YEAR <= year <= today.year and 1 <= month <= 12):
        return None
    if found["financial"]:
        first, months = dt.date(year, FIRST_MONTH, 1), 12
    else:
        first, months = dt.date(year, month, 1), 1 if found["month"] else 12
    return Period(key, first, days.last_of_months(first, months)) if first <= today else None


def periods(*, today):
    """Return the periods to choose from, newest first: twelve months, then this year and the last, in both ways."""
    found, first = [], today.replace(day=1)
    for _number in range(MONTHS_LISTED):
        found.append(period(f"{first:%Y-%m}", today=today))
        first = (first - dt.timedelta(days=1)).replace(day=1)
    financial = today.year if today.month >= FIRST_MONTH else today.year - 1
    keys = [f"fy{financial}", f"fy{financial - 1}", f"cy{today.year}", f"cy{today.year - 1}"]
    return found + [period(key, today=today) for key in keys]


def paid_lines(provider, of):
    """Return the run lines of a provider that were paid in a period and not sent back by the bank."""
    return RunLine.objects.filter(
        provider=provider,
        live=True,
        run__state=PaymentRun.State.RELEASED,
        run__pay_on__range=(of.first, of.last),
    )


def paid_back_lines(provider, of):
    """Return what the provider gave back by invoice in the period, in pence less than nothing (R69)."""
    return InvoicePaymentLine.objects.filter(
        payment__invoice__provider=provider, payment__paid_on__range=(of.first, of.last)
    )


def by_month(provider, of):
    """Return a Row for each month of the period in which something was paid or given free, the first month first."""
    lines = paid_lines(provider, of).order_by().annotate(month=TruncMonth("run__pay_on"))
    paid = {row["month"]: row for row in lines.values("month").annotate(**_SUMS)}
    back = paid_back_lines(provider, of).order_by().annotate(month=TruncMonth("payment__paid_on"))
    for row in back.values("month").annotate(**_BACK):
        paid[row["month"]] = _less(paid.get(row["month"], _NOTHING), row)
    free = _free_by_month(provider, of)
    return [
        Row(
            month,
            paid.get(month, _NOTHING)["pence"],
            paid.get(month, _NOTHING)["vat"],
            paid.get(month, _NOTHING)["breaks"],
            free.get(month, 0),
        )
        for month in sorted(paid.keys() | free.keys())
    ]


def by_council(provider, of):
    """Return a Row for each council that paid something, or whose carers came free, in the order of their names."""
    name = f"name_{wording.language()}"
    lines = paid_lines(provider, of).order_by().annotate(council=F("run__council"), name=F(f"run__council__{name}"))
    paid = {(row["name"], row["council"]): row for row in lines.values("council", "name").annotate(**_SUMS)}
    back = paid_back_lines(provider, of).order_by()
    back = back.annotate(council=F("payment__invoice__council"), name=F(f"payment__invoice__council__{name}"))
    for row in back.values("council", "name").annotate(**_BACK):
        key = row["name"], row["council"]
        paid[key] = _less(paid.get(key, _NOTHING), row)
    councils = _free(provider, of).values_list(f"council__{name}", "council").annotate(breaks=Count("pk"))
    free = {(of, council): breaks for of, council, breaks in councils}
    every = [(key, paid.get(key, _NOTHING)) for key in sorted(paid.keys() | free.keys())]
    return [Row(key[0], row["pence"], row["vat"], row["breaks"], free.get(key, 0)) for key, row in every]


def total(rows):
    """Return the Row of all of these together."""
    return Row(
        None,
        sum(row.pence for row in rows),
        sum(row.vat_pence for row in rows),
        sum(row.breaks for row in rows),
        sum(row.free for row in rows),
    )


def _less(row, back):
    return row | {"pence": row["pence"] + back["pence"], "vat": row["vat"] + back["vat"]}


_NOTHING = {"pence": 0, "vat": 0, "breaks": 0}
_BACK = {"pence": Sum("amount_pence"), "vat": Sum("vat_pence")}
_SUMS = {
    "pence": Sum("amount_pence"),
    "vat": Sum("claim_line__vat_pence"),
    # What a finding adds or takes off is no further break, and no break was given where none took place.
    "breaks": Count(
        "claim_line__booking",
        filter=Q(claim_line__part=1, claim_line__booking__delivered_minutes__gt=0),
        distinct=True,
    ),
}


def _free(provider, of):
    """Return the breaks that were given free of charge: they are breaks, and nobody claims them."""
    rows = Booking.objects.filter(
        provider=provider,
        state=Booking.State.DELIVERED,
        price_pence=0,
        starts_at__gte=days.midnight(of.first),
        starts_at__lt=days.end_of(of.last),
    )
    return rows.order_by()


def _free_by_month(provider, of):
    months = _free(provider, of).annotate(month=TruncMonth("starts_at")).values("month").annotate(breaks=Count("pk"))
    return {row["month"].date(): row["breaks"] for row in months}
