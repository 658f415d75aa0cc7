"""The invoices that finance writes to providers: for what they were paid too much, where no payment took it off."""

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

    council = models.ForeignKey(Council, models.PROTECT, related_name="invoices")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="invoices")
    # As the council's finance system numbers it.
    number = models.CharField(max_length=30)
    dated = models.DateField()
    amount_pence = models.PositiveIntegerField()
    # So much of it came in so far, in one payment or in several.
    paid_pence = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    # The day on which the last of the money came in, and who noted it.
    paid_on = models.DateField(null=True)
    paid_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.CharField(max_length=200, blank=True)

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
                | Q(state="open", paid_pence__lt=F("amount_pence"))
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
