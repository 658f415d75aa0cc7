"""What settlement adds up to: one run by provider, fund, VAT and kind of break; each fund; how long claims wait.

One definition of each figure, for pages, papers and files alike. Amounts are whole pence, hours whole minutes.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import days
from voucher import rules
from voucher.claiming import claims
from voucher.ledger.models import AwardAccount, Hold, Unit
from voucher.models import (
    Booking,
    Claim,
    ClaimLine,
    Fund,
    Invoice,
    InvoiceLine,
    InvoicePaymentLine,
    PaymentRun,
    RunLine,
    Withholding,
)

YEAR_DAYS = 365
# What a fund in pence paid for its carers in an emergency; of one in hours it is pounds, as all that hours cost.
_COVERED = Case(When(award__unit=Unit.PENCE, then=F("covered")), default=0, output_field=BigIntegerField())


@dataclass
class Share:
    """What one provider, fund or kind of break has in a run."""

    of: object
    pence: int = 0
    vat_pence: int = 0
    lines: list[RunLine] = field(default_factory=list)

    @property
    def net_pence(self):
        return self.pence - self.vat_pence

    @property
    def count(self):
        return len(self.lines)

    @property
    def is_nought(self):
        """True where the lines come to nothing together: they are settled, and nothing is sent."""
        return self.pence == 0

    @property
    def is_recharge(self):
        """True for a service of the council itself: nothing is sent to it."""
        return not (self.is_nought or self.lines[0].bank_account_id or self.goes_by_card_company)

    @property
    def goes_by_card_company(self):
        """True for a provider that the council pays through the card company."""
        return bool(self.lines[0].stripe_account)


class RunFigures:
    """A run and what its lines add up to. Lines are in the order of providers, claims and breaks."""

    def __init__(self, run, lines):
        self.run = run
        self.lines = lines

    @cached_property
    def total_pence(self):
        return sum(line.amount_pence for line in self.lines)

    @cached_property
    def vat_pence(self):
        return sum(line.claim_line.vat_pence for line in self.lines)

    @property
    def net_pence(self):
        return self.total_pence - self.vat_pence

    @cached_property
    def bank_pence(self):
        return sum(line.amount_pence for line in self.lines if line.bank_account_id)

    @cached_property
    def card_company_pence(self):
        return sum(line.amount_pence for line in self.lines if line.stripe_account)

    @property
    def recharge_pence(self):
        return self.total_pence - self.bank_pence - self.card_company_pence

    @cached_property
    def by_provider(self):
        return _shares(self.lines, lambda line: line.provider)

    @cached_property
    def by_fund(self):
        return _shares(self.lines, lambda line: line.claim_line.booking.award.fund)

    @cached_property
    def by_category(self):
        """The kinds of break, most money first."""
        shares = _shares(self.lines, lambda line: line.claim_line.booking.offer.category)
        return sorted(shares, key=lambda share: (-share.pence, share.of.position))

    @cached_property
    def paid(self):
        """The providers that are paid through the bank; others through the card company, or inside the council."""
        return [share for share in self.by_provider if share.pence and share.lines[0].bank_account_id]

    @cached_property
    def days_to_pay(self):
        """Whole days from claim to payment, on average over the lines, half a day up."""
        return average(days_waited(line.claim_line.claim, self.run.pay_on) for line in self.lines)

    @cached_property
    def late(self):
        """The lines that are paid later than 30 days after their claim (R20)."""
        paid = [line for share in self.by_provider if share.pence for line in share.lines if line.amount_pence > 0]
        return [line for line in paid if is_overdue(line.claim_line.claim, on=self.run.pay_on)]


@dataclass(frozen=True)
class FundFigures:
    """One fund, in its own unit; allocated = free to issue + left with carers + set aside + used."""

    fund: Fund
    left: int
    set_aside: int
    used: int
    # In pence, whatever the fund's unit: delivered and not claimed, claimed and not paid, paid. What providers have to
    # give back makes the second less, and once it was taken off or came in by invoice the third.
    not_claimed_pence: int
    not_paid_pence: int
    paid_pence: int
    # What was paid too much, asked for by invoice, and will never come back: written off (R69).
    lost_pence: int

    @property
    def allocated(self):
        return self.fund.account.allocated

    @property
    def issued(self):
        return self.fund.account.issued

    @property
    def free(self):
        return self.allocated - self.issued


@dataclass(frozen=True)
class Promptness:
    """How soon claims were paid over some months: lines, average days, and how many within 30 days."""

    lines: int
    days: int
    in_time: int

    @property
    def percent(self):
        """Whole per cent paid in time, rounded down so that one late line never reads as all in time."""
        return 100 * self.in_time // self.lines if self.lines else 100


def figures(run: PaymentRun) -> RunFigures:
    """Return what the run's lines add up to, in one query."""
    lines = run.lines.select_related(
        "provider",
        "bank_account",
        "claim_line__claim",
        "claim_line__booking__offer__category",
        "claim_line__booking__award__fund__account",
    ).order_by("provider__name", "provider", "claim_line__claim__number", "claim_line__booking__starts_at", "pk")
    return RunFigures(run, list(lines))


def funds(council) -> list[FundFigures]:
    """Return the figures of every fund of a council, from its accounts and the books."""
    rows = list(Fund.objects.filter(council=council).select_related("account"))
    accounts = [row.account_id for row in rows]
    balances = {
        fund: (left, held)
        for fund, left, held in AwardAccount.objects.filter(fund__in=accounts)
        .order_by()
        .values_list("fund")
        .annotate(left=Sum("available"), held=Sum("held"))
    }
    used = dict(
        Hold.objects.filter(award__fund__in=accounts)
        .order_by()
        .values_list("award__fund")
        .annotate(used=Sum(F("spent") - F("refunded") + _COVERED))
    )
    paid, not_paid = (
        _by_fund(ClaimLine.objects.filter(in_released_run(), booking__award__fund__in=rows), "amount_pence"),
        _by_fund(unpaid(council), "amount_pence"),
    )
    fund_of = "invoice_line__claim_line__booking__award__fund"
    came_in = paid_back().filter(**{f"{fund_of}__in": rows}).order_by()
    off = InvoiceLine.objects.filter(
        invoice__state=Invoice.State.WRITTEN_OFF, claim_line__booking__award__fund__in=rows
    )
    lost = Counter()
    for fund, pence in off.values_list("claim_line__booking__award__fund", "amount_pence"):
        lost[fund] -= pence
    for fund, pence, state in came_in.values_list(fund_of, "amount_pence", "payment__invoice__state"):
        paid[fund] = paid.get(fund, 0) + pence
        # Of an invoice that is not whole yet the lines still wait, less what came in.
        if state == Invoice.State.OPEN:
            not_paid[fund] = not_paid.get(fund, 0) - pence
        if state == Invoice.State.WRITTEN_OFF:
            lost[fund] += pence
    ready = Booking.objects.filter(
        award__fund__in=rows, state__in=[Booking.State.DELIVERED, *claims.PAID_WHEN_IT_ENDED], due_pence__gt=0
    )
    not_claimed = dict(ready.order_by().values_list("award__fund").annotate(Sum("due_pence")))
    return [
        FundFigures(
            fund=row,
            left=balances.get(row.account_id, (0, 0))[0],
            set_aside=balances.get(row.account_id, (0, 0))[1],
            used=used.get(row.account_id, 0),
            not_claimed_pence=not_claimed.get(row.pk, 0),
            not_paid_pence=not_paid.get(row.pk, 0),
            paid_pence=paid.get(row.pk, 0),
            lost_pence=lost[row.pk],
        )
        for row in rows
    ]


def in_released_run():
    return Q(run_lines__live=True, run_lines__run__state=PaymentRun.State.RELEASED)


def paid_back() -> QuerySet:
    """Return what came in by invoice, line by line: what providers gave back, in pence less than nothing (R69)."""
    return InvoicePaymentLine.objects.all()


def to_come_in(council) -> dict:
    """Return how many invoices of a council are not paid whole yet, and what is open of them in pence (R69)."""
    rows = Invoice.objects.filter(council=council, state=Invoice.State.OPEN).order_by()
    return rows.aggregate(invoices=Count("pk"), pence=Coalesce(Sum(F("amount_pence") - F("paid_pence")), 0))


def unpaid(council) -> QuerySet:
    """Return the claim lines of a council that no released run has paid, nor an invoice settled, the oldest first."""
    paid = RunLine.objects.filter(live=True, run__state=PaymentRun.State.RELEASED).values("claim_line")
    settled = InvoiceLine.objects.filter(live=True, invoice__state__in=Invoice.SETTLED)
    return (
        ClaimLine.objects.filter(claim__council=council)
        .exclude(pk__in=paid)
        .exclude(pk__in=settled.values("claim_line"))
        .exclude(amount_pence=0)
        .select_related("claim__provider", "booking")
        .order_by("claim__made_at", "claim__provider__name", "pk")
    )


def overdue(council, *, on: dt.date) -> QuerySet:
    """Return the unpaid claim lines whose 30 days ended before `on` (R20), without what is given back or withheld.

    A break of which as much is given back is not among them: nothing is owed for it.
    """
    first_day_in_time = on - dt.timedelta(days=rules.MOST_DAYS_TO_PAY)
    return _late(council).filter(claim__made_at__lt=days.midnight(first_day_in_time))


def promises_missed(council, *, on: dt.date) -> QuerySet:
    """Return the unpaid claim lines that were to be paid before `on`, as their providers were told (R62).

    What is withheld is not among them: its provider was told that it waits.
    """
    return _late(council).filter(claim__pay_promised_on__lt=on)


def withheld(council) -> QuerySet:
    """Return the unpaid claim lines of providers whose payments the council withholds now (R73), the oldest first."""
    return unpaid(council).filter(amount_pence__gt=0, claim__provider__in=_withheld_from(council))


def withheld_by_provider(council) -> dict:
    """Return {provider's number: {"lines": how many, "pence": how much}} of what is withheld now."""
    rows = withheld(council).order_by().values("claim__provider")
    rows = rows.annotate(lines=Count("pk"), pence=Sum("amount_pence"))
    return {row.pop("claim__provider"): row for row in rows}


def promptness(council, *, on: dt.date) -> Promptness:
    """Return how soon the claims paid in the last year were paid: the figure a council publishes."""
    rows = RunLine.objects.filter(
        live=True,
        run__council=council,
        run__state=PaymentRun.State.RELEASED,
        run__pay_on__gt=on - dt.timedelta(days=YEAR_DAYS),
    ).order_by()
    # Of what comes to nothing together nothing is paid, late or in time.
    shares = rows.values_list("run", "provider").annotate(pence=Sum("amount_pence"))
    nothing = {(run, provider) for run, provider, _pence in shares.filter(pence=0)}
    waited = [
        (pay_on - timezone.localdate(made_at)).days
        for run, provider, pay_on, made_at in rows.values_list(
            "run", "provider", "run__pay_on", "claim_line__claim__made_at"
        )
        if (run, provider) not in nothing
    ]
    in_time = sum(days <= rules.MOST_DAYS_TO_PAY for days in waited)
    return Promptness(lines=len(waited), days=average(waited), in_time=in_time)


def totals(lines: QuerySet) -> dict:
    """Return how many lines a query has, from how many providers, and their sum in pence."""
    return lines.order_by().aggregate(
        lines=Count("pk"), providers=Count("claim__provider", distinct=True), pence=Coalesce(Sum("amount_pence"), 0)
    )


def runs(council) -> QuerySet:
    """Return a council's runs, newest first, with what a list of them shows."""
    return (
        PaymentRun.objects.filter(council=council)
        .select_related("prepared_by", "released_by")
        .annotate(provider_count=Count("lines__provider", distinct=True))
        .order_by("-number")
    )


def days_waited(claim: Claim, until: dt.date) -> int:
    """Return the days from the day of a claim until a day."""
    return (until - timezone.localdate(claim.made_at)).days


def is_overdue(claim: Claim, *, on: dt.date) -> bool:
    """True where the claim's 30 days (R20) ended before `on`."""
    return rules.pay_by(timezone.localdate(claim.made_at)) < on


def average(numbers: Iterable[int]) -> int:
    """Return the mean as a whole number, half up; 0 of nothing."""
    numbers = list(numbers)
    return (2 * sum(numbers) + len(numbers)) // (2 * len(numbers)) if numbers else 0


def _late(council):
    rows = unpaid(council).filter(amount_pence__gt=0).exclude(claim__provider__in=_withheld_from(council))
    return rows.exclude(booking__in=_nothing_owed(council))


def _nothing_owed(council):
    """Return the breaks of which what is unpaid comes to nothing together, or less; what is invoiced stands apart."""
    rows = unpaid(council).exclude(invoice_lines__live=True).order_by()
    back = rows.filter(amount_pence__lt=0).values("booking")
    sums = rows.filter(booking__in=back).values("booking").annotate(together=Sum("amount_pence"))
    return sums.filter(together__lte=0).values("booking")


def _withheld_from(council):
    return Withholding.objects.filter(council=council, ended_at=None).values("provider")


def _by_fund(lines, column):
    return dict(lines.order_by().values_list("booking__award__fund").annotate(pence=Sum(column)))


def _shares(lines, key):
    found = {}
    for line in lines:
        of = key(line)
        share = found.setdefault(of.pk, Share(of))
        share.pence += line.amount_pence
        share.vat_pence += line.claim_line.vat_pence
        share.lines.append(line)
    return list(found.values())
