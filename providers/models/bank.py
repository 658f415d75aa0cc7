"""Where a provider is paid, and how a change of it is made sure of."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from providers.models.organisations import Provider


class BankAccount(models.Model):
    """Where a provider is paid. A new account is a new row, checked by a second person before it is used."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second person's check")
        AGREED = "agreed", _("Checked; used from the day named")
        CHECKED = "checked", _("Checked")
        REPLACED = "replaced", _("Replaced")
        REFUSED = "refused", _("Not taken")

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="bank_accounts")
    name = models.CharField(max_length=120)
    sort_code = models.CharField(max_length=6)
    account_number = models.CharField(max_length=8)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    # A building society may want a reference beside sort code and number.
    roll_number = models.CharField(max_length=18, blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    # The call back: who rang, on which number (one that was held before the change was asked for), who answered.
    called_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    called_at = models.DateTimeField(null=True)
    called_number = models.CharField(max_length=30, blank=True)
    spoke_to = models.CharField(max_length=120, blank=True)
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    # After the second person's check it is used from this day on; until then the old account is paid.
    used_from = models.DateField(null=True)
    refused_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=300, blank=True)
    # The account before it takes no payments any more: until this one is used, nothing is paid.
    holds_payments = models.BooleanField(default=False)
    # When another one took its place; empty: it is used, or never was.
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider"], condition=Q(state="checked"), name="one_account_is_paid"),
            models.CheckConstraint(
                condition=Q(asked_by__isnull=True) | Q(checked_by__isnull=True) | ~Q(asked_by=F("checked_by")),
                name="bank_change_is_checked_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(called_by__isnull=True) | Q(checked_by__isnull=True) | ~Q(called_by=F("checked_by")),
                name="who_rang_about_an_account_does_not_check_it",
            ),
            models.CheckConstraint(
                condition=Q(asked_by__isnull=True)
                | ~Q(state__in=["agreed", "checked"])
                | Q(called_by__isnull=False, called_at__isnull=False, checked_by__isnull=False, used_from__isnull=False)
                & ~Q(called_number=""),
                name="changed_account_is_used_only_after_a_call_back",
            ),
            models.UniqueConstraint(
                fields=["provider"], condition=Q(state__in=["waiting", "agreed"]), name="one_change_of_account_waits"
            ),
        ]

    def __str__(self):
        return f"{self.provider}, account ending {self.account_number[-4:]}"
