"""Payments to a provider that a council withholds for a while, with the reason."""

from django.db import models
from django.db.models import Q

from accounts.models import Council, User
from providers.models import Provider


class Withholding(models.Model):
    """From one press to another no payment run of the council takes what it owes the provider (R73)."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="withholdings")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="withholdings")
    # Read by finance and by the auditor, by nobody else, and written into no message.
    reason = models.CharField(max_length=500)
    begun_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-begun_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["council", "provider"],
                condition=Q(ended_at__isnull=True),
                name="payments_of_a_provider_are_withheld_once",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="withholding_has_a_reason"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, ended_because="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(ended_because="")),
                name="withholding_that_ended_says_who_when_and_why",
            ),
        ]

    def __str__(self):
        return f"withholding {self.pk}"
