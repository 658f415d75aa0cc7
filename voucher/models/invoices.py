"""The invoices that finance writes to providers: for what they were paid too much, where no payment took it off.

What comes in for them, in one payment or in parts, and that the rest of one will never come.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, User
from providers.models import Provider
from voucher.models.settlement import ClaimLine


class Invoice(models.Model):
    """One invoice of a council to a provider, written in the council's own finance system and noted here (R69)."""

    class State(models.TextChoices):
        OPEN = "open", _("Written, not yet paid")
        PAID = "paid", _("Paid")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        WRITTEN_OFF = "written_off", _("Written off")

    # Nothing more is asked for: it came in whole, or the rest never will.
    SETTLED = (State.PAID, State.WRITTEN_OFF)

    council = models.ForeignKey(Council, models.PROTECT, related_name="invoices")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="invoices")
    # As the council's finance system numbers it.
    number = models.CharField(max_length=30)
    dated = models.DateField()
    amount_pence = models.PositiveIntegerField()
    # So much of it came in so far, in one payment or in several.
    paid_pence = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=11, choices=State, default=State.OPEN)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    # The day on which the last of the money came in, and who noted it.
    paid_on = models.DateField(null=True)
    paid_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.CharField(max_length=200, blank=True)
    # The day on which a second person agreed that the rest will never come.
    written_off_on = models.DateField(null=True)

    class Meta:
        ordering = ["-written_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["council", "number"], name="invoice_number_is_used_once_a_council"),
            models.CheckConstraint(condition=Q(amount_pence__gt=0) & ~Q(number=""), name="invoice_asks_for_something"),
            models.CheckConstraint(
                condition=Q(state="paid", paid_on__isnull=False, paid_by__isnull=False, paid_at__isnull=False)
                | (~Q(state="paid") & Q(paid_on__isnull=True, paid_by__isnull=True, paid_at__isnull=True)),
                name="paid_invoice_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_pence=F("amount_pence"))
                | Q(state__in=["open", "written_off"], paid_pence__lt=F("amount_pence"))
                | Q(state="withdrawn", paid_pence=0),
                name="invoice_is_paid_when_it_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True) | Q(paid_on__gte=F("dated")), name="invoice_is_paid_after_its_day"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="withdrawn", withdrawn_by__isnull=False, withdrawn_at__isnull=False)
                    & ~Q(withdrawn_because="")
                )
                | (
                    ~Q(state="withdrawn")
                    & Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True, withdrawn_because="")
                ),
                name="withdrawn_invoice_says_who_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(state="written_off", written_off_on__isnull=False)
                | (~Q(state="written_off") & Q(written_off_on__isnull=True)),
                name="invoice_written_off_says_when",
            ),
        ]

    def __str__(self):
        return self.number

    @property
    def open_pence(self):
        return self.amount_pence - self.paid_pence


class InvoiceLine(models.Model):
    """A claim line that takes something back, on an invoice. While that is live, no other asks for it, and no run."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    claim_line = models.ForeignKey(ClaimLine, models.PROTECT, related_name="invoice_lines")
    # What is given back: less than nothing, as on the claim line.
    amount_pence = models.IntegerField()
    live = models.BooleanField(default=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["claim_line"], condition=Q(live=True), name="claim_line_is_on_one_live_invoice"
            ),
            models.CheckConstraint(condition=Q(amount_pence__lt=0), name="invoice_asks_for_what_is_given_back"),
        ]

    def __str__(self):
        return f"invoice line {self.pk}"


class InvoicePayment(models.Model):
    """What came in for an invoice on one day: all of it, or a part."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="payments")
    paid_on = models.DateField()
    amount_pence = models.PositiveIntegerField()
    noted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["paid_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_pence__gt=0), name="payment_for_an_invoice_is_of_something")
        ]

    def __str__(self):
        return f"payment {self.pk}"


class InvoicePaymentLine(models.Model):
    """What of a payment is for one line of its invoice: less than nothing, as the line, and the VAT in it."""

    payment = models.ForeignKey(InvoicePayment, models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, models.PROTECT, related_name="payment_lines")
    amount_pence = models.IntegerField()
    vat_pence = models.IntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "invoice_line"], name="payment_for_an_invoice_names_a_line_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_pence__lt=0, vat_pence__lte=0, vat_pence__gte=F("amount_pence")),
                name="payment_for_an_invoice_gives_back",
            ),
        ]

    def __str__(self):
        return f"payment line {self.pk}"


class InvoiceWriteOff(models.Model):
    """That the rest of an invoice will never come: one person of finance says so and why, another one decides."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a second person")
        AGREED = "agreed", _("Written off")
        DROPPED = "dropped", _("Not written off")

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="write_offs")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    # Read by finance and by the auditor, not by the provider.
    reason = models.CharField(max_length=200)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # Who agreed, or left the invoice open: then it may be who asked.
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    # What the council lost by it.
    amount_pence = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=~Q(state="dropped"), name="invoice_is_written_off_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="write_off_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state="agreed") | ~Q(decided_by=F("asked_by")), name="second_person_agrees_to_a_write_off"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="decided_write_off_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state="agreed", amount_pence__gt=0) | (~Q(state="agreed") & Q(amount_pence__isnull=True)),
                name="agreed_write_off_says_how_much",
            ),
        ]

    def __str__(self):
        return f"write-off {self.pk}"
