"""What a carer is granted: the fund it comes from, the carer, the award and the code that opens it."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, Language, User, in_language
from voucher.ledger.models import AwardAccount, FundAccount, Unit


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
    # Known only where it matters: of young carers (R41).
    born_on = models.DateField(null=True, blank=True)
    # Empty: not asked yet, so every letter goes out in both languages, Welsh first.
    language = models.CharField(max_length=2, choices=Language, blank=True)
    print_size = models.CharField(max_length=12, choices=PrintSize, default=PrintSize.STANDARD)
    contact_by = models.CharField(max_length=6, choices=ContactBy, default=ContactBy.POST)
    # Four digits for the telephone, kept as a password is; empty: none.
    pin = models.CharField(max_length=128, blank=True)
    # Since when a code opens nothing without the carer's own sign-in; empty: the code alone opens the award.
    code_bound_at = models.DateTimeField(null=True)
    # Since when we keep silent: someone has died, and nothing but answers to the carer is sent.
    quiet_since = models.DateTimeField(null=True)

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
