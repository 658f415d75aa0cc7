"""Organisations and sole traders who give breaks, the people who work there, and where they are paid."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, Language, User, in_language


class Provider(models.Model):
    """An organisation or a sole trader that gives breaks; one council looks after it, a whole region may use it."""

    class LegalForm(models.TextChoices):
        CHARITY = "charity", _("Charity")
        COMPANY = "limited company", _("Limited company")
        CIC = "community interest company", _("Community interest company")
        COUNCIL = "council in-house", _("Council in-house service")
        SOCIAL_ENTERPRISE = "social enterprise", _("Social enterprise")
        VOLUNTEERS = "volunteer group", _("Volunteer group")
        SOLE_TRADER = "sole trader", _("Sole trader")
        CO_OPERATIVE = "co-operative", _("Co-operative")

    class Vat(models.TextChoices):
        NOT_REGISTERED = "not registered", _("Not registered for VAT")
        STANDARD = "standard", _("Standard rate")
        REDUCED = "reduced", _("Reduced rate")
        ZERO = "zero", _("Zero rate")
        EXEMPT = "exempt", _("Exempt")
        OUTSIDE = "outside scope", _("Outside the scope of VAT")

    class State(models.TextChoices):
        APPLIED = "applied", _("Waiting for approval")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    ref = models.CharField(max_length=20, unique=True)
    council = models.ForeignKey(Council, models.PROTECT, related_name="providers")
    name = models.CharField(max_length=120)
    legal_form = models.CharField(max_length=30, choices=LegalForm)
    town_en = models.CharField(max_length=60)
    town_cy = models.CharField(max_length=60)
    postcode = models.CharField(max_length=8)
    phone = models.CharField(max_length=30)
    email = models.EmailField()
    language = models.CharField(max_length=2, choices=Language, blank=True)
    speaks_welsh = models.BooleanField(default=False)
    ciw_number = models.CharField(max_length=12, blank=True)
    insurance_until = models.DateField(null=True, blank=True)
    vat_number = models.CharField(max_length=14, blank=True)
    vat_treatment = models.CharField(max_length=20, choices=Vat, default=Vat.NOT_REGISTERED)
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)
    # Whether a carer may pay the difference where a break costs more than is left on the award.
    takes_own_money = models.BooleanField(default=False)
    # The provider's own account with the card company, and whether it can take payments yet.
    stripe_account = models.CharField(max_length=60, blank=True)
    takes_cards = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(vat_treatment="not registered")
                | ~Q(vat_number="")
                | Q(vat_treatment__in=["exempt", "outside scope", "zero"]),
                name="vat_is_charged_only_with_a_vat_number",
            ),
            models.CheckConstraint(
                condition=Q(takes_cards=False) | ~Q(stripe_account=""), name="cards_are_taken_only_with_an_account"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def town(self):
        return in_language(self, "town")

    def is_insured(self, *, on):
        """True when no insurance date is asked of this provider or it has not passed on that day."""
        return self.insurance_until is None or self.insurance_until >= on


class Staff(models.Model):
    """A person who works for a provider: the owner does everything, the desk answers and marks delivered."""

    class Kind(models.TextChoices):
        OWNER = "owner", _("Owner")
        DESK = "desk", _("Desk")

    user = models.ForeignKey(User, models.CASCADE, related_name="provider_posts")
    provider = models.ForeignKey(Provider, models.CASCADE, related_name="staff")
    kind = models.CharField(max_length=10, choices=Kind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "provider"], name="one_post_a_person_and_provider")]

    def __str__(self):
        return f"{self.user}, {self.provider}"


class BankAccount(models.Model):
    """Where a provider is paid. A new account is a new row, checked by a second person before it is used."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second person's check")
        CHECKED = "checked", _("Checked")
        REPLACED = "replaced", _("Replaced")

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="bank_accounts")
    name = models.CharField(max_length=120)
    sort_code = models.CharField(max_length=6)
    account_number = models.CharField(max_length=8)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider"], condition=Q(state="checked"), name="one_account_is_paid"),
            models.CheckConstraint(
                condition=Q(asked_by__isnull=True) | Q(checked_by__isnull=True) | ~Q(asked_by=F("checked_by")),
                name="bank_change_is_checked_by_a_second_person",
            ),
        ]

    def __str__(self):
        return f"{self.provider}, account ending {self.account_number[-4:]}"
