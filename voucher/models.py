"""The scheme's nouns: funds, carers, awards, codes, bookings, claims and payment runs.

Each row that moves money holds the key to its account or hold in the ledger; the ledger has never heard of it.
"""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, Language, User, in_language
from brochure.models import Offer
from providers.models import BankAccount, Provider
from voucher.ledger.models import AwardAccount, FundAccount, Hold, Unit


class Fund(models.Model):
    """A council's pot, in pounds or in hours; its figures are in its ledger account."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="funds")
    account = models.OneToOneField(FundAccount, models.PROTECT, related_name="fund")
    name_en = models.CharField(max_length=80)
    name_cy = models.CharField(max_length=80)
    # The council's own code for the pot, printed in the file for its finance system.
    cost_code = models.CharField(max_length=30)

    class Meta:
        ordering = ["council", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["council", "cost_code"], name="cost_code_is_used_once_a_council")
        ]

    def __str__(self):
        return self.name_en

    @property
    def name(self):
        return in_language(self, "name")


class Carer(models.Model):
    """Someone who looks after someone, unpaid, and takes the break."""

    class PrintSize(models.TextChoices):
        STANDARD = "standard", _("Standard print")
        LARGE = "large print", _("Large print")

    class ContactBy(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")
        POST = "post", _("Letter")

    council = models.ForeignKey(Council, models.PROTECT, related_name="carers")
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="carer_records")
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)
    address = models.CharField(max_length=160)
    town = models.CharField(max_length=60)
    postcode = models.CharField(max_length=8)
    # Empty: not asked yet, so every letter goes out in both languages, Welsh first.
    language = models.CharField(max_length=2, choices=Language, blank=True)
    print_size = models.CharField(max_length=12, choices=PrintSize, default=PrintSize.STANDARD)
    contact_by = models.CharField(max_length=6, choices=ContactBy, default=ContactBy.POST)

    class Meta:
        ordering = ["last_name", "first_name", "pk"]

    def __str__(self):
        return f"{self.first_name} {self.last_name}"


class Award(models.Model):
    """What a carer was granted: a value in pounds or hours, for six calendar months."""

    ref = models.CharField(max_length=20)
    council = models.ForeignKey(Council, models.PROTECT, related_name="awards")
    carer = models.ForeignKey(Carer, models.PROTECT, related_name="awards")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="awards")
    account = models.OneToOneField(AwardAccount, models.PROTECT, related_name="award")
    # Granted at first, in pence or minutes; what is left is the account's to say.
    value = models.BigIntegerField()
    assessment_ref = models.CharField(max_length=40)
    assessment_date = models.DateField()
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField()
    printed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["council", "ref"], name="award_ref_is_used_once_a_council")]

    def __str__(self):
        return self.ref

    def get_absolute_url(self):
        return reverse("team:award", args=[self.ref])

    @property
    def unit(self):
        return self.account.unit

    @property
    def in_hours(self):
        return self.account.unit == Unit.MINUTES


class Code(models.Model):
    """A secret that opens an award: kept as a keyed hash, with the last four symbols for the telephone."""

    class State(models.TextChoices):
        ACTIVE = "active"
        REPLACED = "replaced"
        REVOKED = "revoked"

    award = models.ForeignKey(Award, models.CASCADE, related_name="codes")
    key_id = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True)
    last_four = models.CharField(max_length=4, db_index=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award"], condition=Q(state="active"), name="one_live_code_an_award"),
        ]

    def __str__(self):
        return f"code ending {self.last_four}"


class Booking(models.Model):
    """A carer's use of an offer, with price and terms as they stood when it was asked for."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting for an answer")
        CONFIRMED = "confirmed", _("Confirmed")
        DECLINED = "declined", _("Declined")
        TIMED_OUT = "timed_out", _("Not answered in time")
        CANCELLED = "cancelled", _("Cancelled")
        DELIVERED = "delivered", _("Delivered")
        DID_NOT_HAPPEN = "did_not_happen", _("Did not happen")
        CLAIMED = "claimed", _("Claimed")

    class Party(models.TextChoices):
        CARER = "carer", _("the carer")
        PROVIDER = "provider", _("the provider")
        TEAM = "team", _("the carers team")

    class DeclineReason(models.TextChoices):
        FULL = "full", _("Fully booked at that time")
        NO_STAFF = "no_staff", _("Nobody is free at that time")
        TOO_FAR = "too_far", _("Too far away")
        NEEDS = "needs", _("We cannot meet the needs described")
        CLOSED = "closed", _("We are closed that day")
        OTHER = "other", _("Another reason")

    # Public and unguessable: it stands in addresses and is read out by phone.
    ref = models.CharField(max_length=12, unique=True)
    award = models.ForeignKey(Award, models.PROTECT, related_name="bookings")
    council = models.ForeignKey(Council, models.PROTECT, related_name="bookings")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="bookings")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="bookings")
    # Empty where nothing is set aside: a break that costs nothing.
    hold = models.OneToOneField(Hold, models.PROTECT, null=True, related_name="booking")
    state = models.CharField(max_length=14, choices=State, default=State.REQUESTED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    # Frozen on the day of asking: the price of one unit, how long a unit is, and the whole price, in pence.
    unit_price_pence = models.PositiveIntegerField()
    unit_minutes = models.PositiveIntegerField()
    price_pence = models.PositiveIntegerField()
    # What is set aside from the award, in the award's own unit.
    amount = models.PositiveIntegerField()
    free_cancel_hours = models.PositiveSmallIntegerField()
    late_cancel_percent = models.PositiveSmallIntegerField()
    # What the carer chose to tell the provider; shown from confirmation on.
    note = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    answer_by = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)
    decline_reason = models.CharField(max_length=10, choices=DeclineReason, blank=True)
    decline_note = models.CharField(max_length=300, blank=True)
    ended_by = models.CharField(max_length=8, choices=Party, blank=True)
    ended_at = models.DateTimeField(null=True)
    # What was delivered, and what it costs: the whole, or a part in the offer's steps.
    delivered_minutes = models.PositiveIntegerField(null=True)
    delivered_at = models.DateTimeField(null=True)
    # What the provider is paid, in pence: for a delivered break, or for one cancelled late.
    due_pence = models.PositiveIntegerField(null=True)
    due_amount = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="booking_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="booking_lasts_some_time"),
            models.CheckConstraint(
                condition=Q(delivered_minutes__isnull=True) | Q(delivered_minutes__lte=F("minutes")),
                name="booking_delivers_no_more_than_asked",
            ),
            models.CheckConstraint(
                condition=Q(due_pence__isnull=True) | Q(due_pence__lte=F("price_pence")),
                name="booking_costs_no_more_than_agreed",
            ),
            models.CheckConstraint(
                condition=Q(amount=0) | Q(hold__isnull=False), name="booking_that_costs_is_set_aside"
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decline_reason=""), name="declined_booking_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "state", "starts_at"], name="bookings_of_a_provider"),
            models.Index(fields=["offer", "starts_at"], name="bookings_of_an_offer"),
        ]

    def __str__(self):
        return self.ref


class Claim(models.Model):
    """One press of "claim" by a provider, with its own invoice number if it has one."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="claims")
    council = models.ForeignKey(Council, models.PROTECT, related_name="claims")
    number = models.PositiveIntegerField()
    invoice_number = models.CharField(max_length=30, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "number"], name="claim_number_is_used_once_a_provider")
        ]

    def __str__(self):
        return f"claim {self.provider_id}/{self.number}"


class ClaimLine(models.Model):
    """One booking in a claim. A booking is claimed once: the database says so."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="lines")
    booking = models.OneToOneField(Booking, models.PROTECT, related_name="claim_line")
    # Gross, in pence, and the VAT within it.
    amount_pence = models.PositiveIntegerField()
    vat_pence = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(vat_pence__lte=F("amount_pence")), name="vat_is_within_the_amount"),
        ]

    def __str__(self):
        return f"line {self.pk}"


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
    amount_pence = models.PositiveIntegerField()
    live = models.BooleanField(default=True)

    class Meta:
        ordering = ["provider__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["claim_line"], condition=Q(live=True), name="claim_line_is_in_one_live_run"
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
