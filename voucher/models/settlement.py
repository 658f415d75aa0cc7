"""What providers claim and how councils pay it: claims, payment runs and their files."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, Language, User
from providers.models import BankAccount, Provider
from voucher.ledger.models import Hold
from voucher.models.bookings import Booking


class Claim(models.Model):
    """One press of "claim" by a provider, with its own invoice number and its own reference if it has any."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="claims")
    council = models.ForeignKey(Council, models.PROTECT, related_name="claims")
    number = models.PositiveIntegerField()
    invoice_number = models.CharField(max_length=30, blank=True)
    # A word of the provider's own beside it, for its own books.
    own_reference = models.CharField(max_length=30, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    # The day on which the provider was told that it is paid (R62); empty for claims from before there was a promise.
    pay_promised_on = models.DateField(null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "number"], name="claim_number_is_used_once_a_provider")
        ]

    def __str__(self):
        return f"claim {self.provider_id}/{self.number}"


class LinesThatStand(models.Manager):
    """The lines that were not taken out of their claims again: only these are ever paid."""

    def get_queryset(self):
        return super().get_queryset().filter(struck_at=None)

    def waiting(self):
        """Return the lines that no payment run holds and no invoice asks for."""
        return self.exclude(run_lines__live=True).exclude(invoice_lines__live=True)


class ClaimLine(models.Model):
    """One booking in a claim. A booking is claimed once, and corrected once by a finding and once anew.

    A line that was struck (R60) stays as a record and counts for nothing; its booking can be claimed anew.
    """

    class Part(models.IntegerChoices):
        CLAIMED = 1, _("Claimed")
        # After a dispute: the rest, where the provider was right; less than nothing, where too much was paid.
        FOUND = 2, _("After a dispute")
        # After the provider did not agree: what was found anew, and was paid before or taken off.
        ANEW = 3, _("Found anew")

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="lines")
    booking = models.ForeignKey(Booking, models.PROTECT, related_name="claim_lines")
    part = models.PositiveSmallIntegerField(choices=Part, default=Part.CLAIMED)
    # Gross, in pence, and the VAT within it.
    amount_pence = models.IntegerField()
    vat_pence = models.IntegerField(default=0)
    # Taken out of the claim before it was in a payment run: by the provider, or on the word of a carer without sign-in.
    struck_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    struck_at = models.DateTimeField(null=True)
    # What a struck line had spent, and what was taken back whole; its booking has another one now.
    struck_hold = models.OneToOneField(Hold, models.PROTECT, null=True, related_name="struck_line")
    # Finance asked about it, and it may be paid although another provider claims the same carer and hour.
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    asked_note = models.CharField(max_length=200, blank=True)

    objects = LinesThatStand()
    with_struck = models.Manager()  # noqa: DJ012 (a second manager is no field)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "part"], condition=Q(struck_at__isnull=True), name="booking_is_claimed_once_a_part"
            ),
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, struck_by__isnull=True, struck_hold__isnull=True)
                | Q(part=1, struck_at__isnull=False),
                name="only_a_claimed_line_is_struck",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True, asked_by__isnull=True, asked_note="")
                | (Q(asked_at__isnull=False, asked_by__isnull=False) & ~Q(asked_note="")),
                name="line_asked_about_says_who_when_and_what",
            ),
            models.CheckConstraint(
                condition=Q(part=1, amount_pence__gte=0)
                | (Q(part=2) & ~Q(amount_pence=0))
                | Q(part=3, amount_pence__gt=0),
                name="only_a_finding_takes_back",
            ),
            models.CheckConstraint(
                condition=Q(amount_pence__gte=0, vat_pence__gte=0, vat_pence__lte=F("amount_pence"))
                | Q(amount_pence__lt=0, vat_pence__lte=0, vat_pence__gte=F("amount_pence")),
                name="vat_is_within_the_amount",
            ),
        ]

    def __str__(self):
        return f"line {self.pk}"

    @property
    def is_finding(self):
        """True for what a dispute added to a claim or took off it, or what was found anew."""
        return self.part != self.Part.CLAIMED


class PaymentRun(models.Model):
    """One batch of payments of one council: prepared by one person, released by another."""

    class State(models.TextChoices):
        PREPARED = "prepared", _("Waiting for release")
        RELEASED = "released", _("Released")
        VOIDED = "voided", _("Voided")

    council = models.ForeignKey(Council, models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PREPARED)
    pay_on = models.DateField()
    total_pence = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True)
    # The newest seal of the ledger when the run was released; printed on its report.
    seal = models.CharField(max_length=64, blank=True)
    # How many lines passed each automatic check when the run was released.
    checks = models.JSONField(default=dict)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["council", "number"], name="run_number_is_used_once_a_council"),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("prepared_by")),
                name="run_is_released_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="released", released_by__isnull=False, released_at__isnull=False)
                | (~Q(state="released") & Q(released_by__isnull=True, released_at__isnull=True)),
                name="released_run_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=(Q(state="voided", voided_by__isnull=False, voided_at__isnull=False) & ~Q(void_reason=""))
                | (~Q(state="voided") & Q(voided_by__isnull=True, voided_at__isnull=True, void_reason="")),
                name="voided_run_says_who_when_and_why",
            ),
        ]

    def __str__(self):
        return f"run {self.number}"

    def get_absolute_url(self):
        return reverse("finance:run", args=[self.number])


class RunLine(models.Model):
    """A claim line in a run. While the run is live no other run can hold the same line."""

    run = models.ForeignKey(PaymentRun, models.PROTECT, related_name="lines")
    claim_line = models.ForeignKey(ClaimLine, models.PROTECT, related_name="run_lines")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="run_lines")
    # Empty for a council's own service: recharged inside the council, not paid through the bank.
    bank_account = models.ForeignKey(BankAccount, models.PROTECT, null=True, related_name="+")
    # Where the council pays through the card company: the provider's account there.
    stripe_account = models.CharField(max_length=60, blank=True)
    amount_pence = models.IntegerField()
    live = models.BooleanField(default=True)

    class Meta:
        ordering = ["provider__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["claim_line"], condition=Q(live=True), name="claim_line_is_in_one_live_run"
            ),
            models.CheckConstraint(
                condition=Q(bank_account__isnull=True) | Q(stripe_account=""), name="run_line_is_paid_one_way"
            ),
        ]

    def __str__(self):
        return f"run line {self.pk}"


class LineLeftOut(models.Model):
    """A claim line that could have been paid in a run and was left for a later one, with the reason."""

    run = models.ForeignKey(PaymentRun, models.PROTECT, related_name="left_out")
    claim_line = models.ForeignKey(ClaimLine, models.PROTECT, related_name="left_out")
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "claim_line"], name="line_is_left_out_once_a_run"),
            models.CheckConstraint(condition=~Q(reason=""), name="line_left_out_has_a_reason"),
        ]

    def __str__(self):
        return f"line {self.claim_line_id} left out"


class CardPayment(models.Model):
    """What a run pays one provider through the card company: sent on the pay day, once, after the commit."""

    run = models.ForeignKey(PaymentRun, models.PROTECT, related_name="card_payments")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="card_payments")
    stripe_account = models.CharField(max_length=60)
    amount_pence = models.PositiveIntegerField()
    transfer_id = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True)
    # How often it was tried, and when it is tried next; the company's word where it will not.
    tries = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "provider"], name="run_pays_a_provider_by_card_company_once"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, transfer_id="") | (Q(sent_at__isnull=False) & ~Q(transfer_id="")),
                name="card_payment_that_was_sent_has_its_number",
            ),
        ]

    def __str__(self):
        return f"card payment {self.pk}"


class ReturnedPayment(models.Model):
    """A payment that the bank sent back: its lines wait again, and are not sent anew by themselves."""

    class Reason(models.TextChoices):
        CLOSED = "closed", _("The account is closed")
        UNKNOWN = "unknown", _("There is no such account")
        REFUSED = "refused", _("The account does not take this kind of payment")
        ASKED = "asked", _("Sent back at the receiver’s wish")
        OTHER = "other", _("Another reason")

    run = models.ForeignKey(PaymentRun, models.PROTECT, related_name="returned")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="returned_payments")
    bank_account = models.ForeignKey(BankAccount, models.PROTECT, null=True, related_name="+")
    amount_pence = models.PositiveIntegerField()
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=200, blank=True)
    returned_on = models.DateField()
    noted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    # When somebody made sure of the account, so that it may be paid again.
    cleared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-noted_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["run", "provider"], name="payment_is_returned_once")]

    def __str__(self):
        return f"returned payment {self.pk}"


class RunFile(models.Model):
    """A file that came out of a released run: made once, kept with its hash, never made again."""

    class Kind(models.TextChoices):
        BACS = "bacs", _("BACS payment file")
        FINANCE_CSV = "finance_csv", _("File for the finance system")
        REPORT_PDF = "report_pdf", _("Settlement report, PDF")
        REPORT_XLSX = "report_xlsx", _("Settlement report, workbook")
        REPORT_CSV = "report_csv", _("Settlement report, CSV")
        REMITTANCE = "remittance", _("Remittance advice")

    run = models.ForeignKey(PaymentRun, models.PROTECT, related_name="files")
    kind = models.CharField(max_length=12, choices=Kind)
    provider = models.ForeignKey(Provider, models.PROTECT, null=True, related_name="+")
    language = models.CharField(max_length=2, choices=Language, blank=True)
    name = models.CharField(max_length=80)
    # BACS only: never used twice by one council.
    serial = models.PositiveIntegerField(null=True)
    council = models.ForeignKey(Council, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind", "language"], condition=Q(provider__isnull=True), name="run_file_is_made_once"
            ),
            models.UniqueConstraint(
                fields=["run", "kind", "provider", "language"],
                condition=Q(provider__isnull=False),
                name="providers_run_file_is_made_once",
            ),
            models.UniqueConstraint(fields=["council", "serial"], name="bacs_serial_is_used_once_a_council"),
        ]

    def __str__(self):
        return self.name
