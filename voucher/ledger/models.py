"""The tables of the books: accounts with a limit, holds, and one immutable row for each movement.

A balance is stored only where a limit is enforced (the award, the fund). What a provider is due is
always a sum over transfers. Amounts are whole pence, or whole minutes where the unit is minutes.
"""

from django.db import models
from django.db.models import F, Q


class Unit(models.TextChoices):
    PENCE = "pence"
    MINUTES = "minutes"


class FundAccount(models.Model):
    """A pot of money or hours: what was allocated to it, and how much of that has been issued to awards."""

    unit = models.CharField(max_length=7, choices=Unit)
    allocated = models.BigIntegerField()
    issued = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(issued__gte=0), name="fund_issued_is_not_negative"),
            models.CheckConstraint(condition=Q(issued__lte=F("allocated")), name="fund_issues_no_more_than_allocated"),
        ]

    def __str__(self):
        return f"fund {self.pk}"


class AwardAccount(models.Model):
    """What one award has left to use and what is set aside, within its first and last day (both inclusive)."""

    class State(models.TextChoices):
        ACTIVE = "active"
        FROZEN = "frozen"
        ENDED = "ended"

    fund = models.ForeignKey(FundAccount, models.PROTECT, related_name="awards")
    unit = models.CharField(max_length=7, choices=Unit)
    available = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    first_day = models.DateField()
    last_day = models.DateField(db_index=True)
    # While somebody decides whether there is more time: what is left stays until this day, but pays for no later break.
    kept_until = models.DateField(null=True)
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(available__gte=0), name="award_available_is_not_negative"),
            models.CheckConstraint(condition=Q(held__gte=0), name="award_held_is_not_negative"),
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="award_ends_after_it_begins"),
        ]

    def __str__(self):
        return f"award account {self.pk}"


class Hold(models.Model):
    """An amount set aside from one award. It is resolved once: spent (whole or part) or released."""

    class State(models.TextChoices):
        OPEN = "open"
        SPENT = "spent"
        RELEASED = "released"

    award = models.ForeignKey(AwardAccount, models.PROTECT, related_name="holds")
    amount = models.BigIntegerField()
    spent = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    # Minutes awards only: the pence that the spent minutes cost, and how much of that came back.
    charged = models.BigIntegerField(default=0)
    charge_refunded = models.BigIntegerField(default=0)
    # Pence that the fund, and not the award, paid the provider for a hold that was released: in an emergency.
    covered = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="hold_is_of_something"),
            models.CheckConstraint(
                condition=Q(spent__gte=0, spent__lte=F("amount")), name="hold_spends_no_more_than_set_aside"
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("spent")), name="hold_refunds_no_more_than_spent"
            ),
            models.CheckConstraint(
                condition=Q(charge_refunded__gte=0, charge_refunded__lte=F("charged")),
                name="hold_refunds_no_more_than_charged",
            ),
            models.CheckConstraint(
                condition=Q(state="spent", spent__gt=0) | (~Q(state="spent") & Q(spent=0, charged=0)),
                name="only_a_spent_hold_has_spent",
            ),
            models.CheckConstraint(
                condition=Q(covered=0) | Q(state="released", covered__gt=0), name="only_a_released_hold_is_covered"
            ),
        ]

    def __str__(self):
        return f"hold {self.pk}"


def _moves(*, kind, debit, credit, unit=None):
    which = Q(kind=kind, debit_kind=debit, credit_kind=credit)
    return which & Q(unit=unit) if unit else which


class Transfer(models.Model):
    """One movement, debit side to credit side; balanced by construction and never changed."""

    # The reason of an `adjust` that gives back what a sweep took; nobody can type it.
    REINSTATED = "reinstated"

    class Kind(models.TextChoices):
        ISSUE = "issue"
        HOLD = "hold"
        RELEASE = "release"
        SPEND = "spend"
        # The council's pounds for hours that were spent: hours awards pay providers in pence too.
        CHARGE = "charge"
        # The fund pays a provider what an emergency must not cost the carer.
        COVER = "cover"
        EXPIRE = "expire"
        REFUND = "refund"
        SETTLE = "settle"
        UNSETTLE = "unsettle"  # the bank sent a payment back
        REPAY = "repay"  # a payee paid back, by invoice, of what it was paid too much
        WRITE_OFF = "writeoff"  # the rest of such an invoice never comes
        ADJUST = "adjust"

    class Side(models.TextChoices):
        FUND = "fund"
        AWARD = "award"
        HELD = "held"
        USED = "used"  # minutes that were spent
        COST = "cost"  # the fund's pence for spent minutes
        PAYABLE = "payable"  # what a provider is due, in pence
        PAID = "paid"  # what a payment run has paid, in pence
        RECEIVED = "received"  # one payment that came in for an invoice, in pence
        LOST = "lost"  # what of one invoice never comes: the council's loss, in pence

    op_key = models.CharField(max_length=120)
    seq = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    unit = models.CharField(max_length=7, choices=Unit)
    amount = models.BigIntegerField()
    debit_kind = models.CharField(max_length=8, choices=Side)
    debit_id = models.BigIntegerField()
    credit_kind = models.CharField(max_length=8, choices=Side)
    credit_id = models.BigIntegerField()
    award = models.ForeignKey(AwardAccount, models.PROTECT, null=True, related_name="transfers")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="transfers")
    # True on the one row that ends a hold.
    resolves = models.BooleanField(default=False)
    # Who is paid, by number only: the books do not know people.
    payee = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=40)
    reason = models.CharField(max_length=120, blank=True)
    effective_on = models.DateField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["op_key", "seq"], name="transfer_belongs_to_one_step_of_one_act"),
            models.UniqueConstraint(fields=["hold"], condition=Q(kind="hold"), name="hold_is_set_aside_once"),
            models.UniqueConstraint(fields=["hold"], condition=Q(resolves=True), name="hold_is_resolved_once"),
            models.UniqueConstraint(
                fields=["debit_id"], condition=Q(kind="repay"), name="what_came_in_is_written_once"
            ),
            models.UniqueConstraint(
                fields=["debit_id"], condition=Q(kind="writeoff"), name="loss_of_an_invoice_is_written_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(
                condition=~Q(debit_kind=F("credit_kind"), debit_id=F("credit_id")), name="transfer_has_two_sides"
            ),
            models.CheckConstraint(
                condition=_moves(kind="issue", debit="fund", credit="award")
                | _moves(kind="hold", debit="award", credit="held")
                | _moves(kind="release", debit="held", credit="award")
                | _moves(kind="spend", debit="held", credit="payable", unit="pence")
                | _moves(kind="spend", debit="held", credit="used", unit="minutes")
                | _moves(kind="charge", debit="cost", credit="payable", unit="pence")
                | _moves(kind="cover", debit="fund", credit="payable", unit="pence")
                | _moves(kind="cover", debit="cost", credit="payable", unit="pence")
                | _moves(kind="expire", debit="award", credit="fund")
                | _moves(kind="refund", debit="payable", credit="award", unit="pence")
                | _moves(kind="refund", debit="payable", credit="fund", unit="pence")
                | _moves(kind="refund", debit="used", credit="award", unit="minutes")
                | _moves(kind="refund", debit="used", credit="fund", unit="minutes")
                | _moves(kind="refund", debit="payable", credit="cost", unit="pence")
                | _moves(kind="settle", debit="payable", credit="paid", unit="pence")
                | _moves(kind="unsettle", debit="paid", credit="payable", unit="pence")
                | _moves(kind="repay", debit="received", credit="payable", unit="pence")
                | _moves(kind="writeoff", debit="lost", credit="payable", unit="pence")
                | _moves(kind="adjust", debit="fund", credit="award")
                | _moves(kind="adjust", debit="award", credit="fund"),
                name="transfer_goes_where_its_kind_goes",
            ),
            models.CheckConstraint(
                # A spend always ends its hold; a release ends it, or gives back the rest beside a spend.
                condition=Q(resolves=True, kind="spend")
                | Q(kind="release")
                | Q(~Q(kind__in=["spend", "release"]), resolves=False),
                name="only_a_spend_or_a_release_resolves",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["hold", "release", "spend", "charge", "cover", "refund"], hold__isnull=False)
                | Q(
                    kind__in=["issue", "expire", "settle", "unsettle", "repay", "writeoff", "adjust"],
                    hold__isnull=True,
                ),
                name="transfer_names_its_hold",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["settle", "unsettle", "repay", "writeoff"], award__isnull=True)
                | Q(~Q(kind__in=["settle", "unsettle", "repay", "writeoff"]), award__isnull=False),
                name="transfer_names_its_award",
            ),
            models.CheckConstraint(
                condition=~Q(debit_kind="payable") & ~Q(credit_kind="payable") | Q(payee__isnull=False),
                name="transfer_names_its_payee",
            ),
        ]
        indexes = [
            models.Index(fields=["award", "id"], name="transfers_of_an_award"),
            models.Index(fields=["payee", "id"], condition=Q(payee__isnull=False), name="transfers_of_a_payee"),
        ]

    def __str__(self):
        return f"transfer {self.pk}"


class Op(models.Model):
    """An act that was done, by its key: the same key again is given the same answer and moves nothing."""

    key = models.CharField(max_length=120, unique=True)
    actor = models.CharField(max_length=40)
    verb = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    written_at = models.DateTimeField()

    def __str__(self):
        return self.key


class Seal(models.Model):
    """A link of the chain over all transfers: hash of the one before and of the transfer itself."""

    transfer = models.OneToOneField(Transfer, models.PROTECT, primary_key=True, related_name="seal")
    seq = models.BigIntegerField(unique=True)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]

    def __str__(self):
        return f"{self.seq} {self.hash[:12]}"
