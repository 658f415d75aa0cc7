"""What a carer says against what a provider says of a break, and what the carers team found."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from voucher.ledger.models import Hold
from voucher.models.bookings import Booking


class Dispute(models.Model):
    """A carer says that a break was not given as the provider says; what is not disputed is paid all the same."""

    class State(models.TextChoices):
        OPEN = "open", _("Being looked at")
        RESOLVED = "resolved", _("Resolved")

    booking = models.OneToOneField(Booking, models.PROTECT, related_name="dispute")
    # How much of it took place, as the carer says; 0: nobody came.
    said_minutes = models.PositiveIntegerField()
    words = models.TextField(blank=True)
    # How much the provider said was given, when the dispute began.
    given_minutes = models.PositiveIntegerField()
    # What the provider is due if the carer is right: in pence, and in the award's unit.
    said_pence = models.PositiveIntegerField()
    said_amount = models.PositiveIntegerField()
    # The part that stayed set aside when the provider claimed the rest; empty: nothing was split from the hold.
    hold = models.OneToOneField(Hold, models.PROTECT, null=True, related_name="dispute")
    # The provider's own account.
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    made_at = models.DateTimeField()
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    # How much of it took place, as the carers team found.
    found_minutes = models.PositiveIntegerField(null=True)
    finding = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(said_minutes__lt=F("given_minutes")), name="carer_disputes_a_part_of_what_was_given"
            ),
            models.CheckConstraint(
                condition=Q(found_minutes__isnull=True)
                | Q(found_minutes__gte=F("said_minutes"), found_minutes__lte=F("given_minutes")),
                name="finding_is_between_what_the_two_say",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="answer_to_a_dispute_says_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="resolved", resolved_by__isnull=False, resolved_at__isnull=False, found_minutes__isnull=False
                )
                | (Q(state="open", resolved_by__isnull=True, resolved_at__isnull=True, found_minutes__isnull=True)),
                name="resolved_dispute_says_who_when_and_what",
            ),
        ]

    def __str__(self):
        return f"dispute {self.pk}"


class FoundAnew(models.Model):
    """What the carers team found after the provider did not agree: more took place than was found first (R29).

    What was found first stays where it was written: with the dispute, or with the line that took it back.
    """

    # Why the books set it aside; nobody can type it.
    REASON = "found anew"

    booking = models.OneToOneField(Booking, models.PROTECT, related_name="found_anew")
    # How much of it took place; both are empty where it was found anew that the carer did not come.
    minutes_before = models.PositiveIntegerField(null=True)
    minutes = models.PositiveIntegerField(null=True)
    # What the provider is due for the break in all: in pence, and in the award's unit.
    pence_before = models.PositiveIntegerField()
    pence = models.PositiveIntegerField()
    amount_before = models.PositiveIntegerField()
    amount = models.PositiveIntegerField()
    # What came out of the award for it, where it was claimed before: spent as soon as it was set aside.
    hold = models.OneToOneField(Hold, models.PROTECT, null=True, related_name="found_anew")
    # The reason, which both sides read.
    finding = models.CharField(max_length=300)
    found_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["found_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__isnull=True, minutes_before__isnull=True, pence__gt=F("pence_before"))
                | Q(minutes__gt=F("minutes_before")),
                name="more_is_found_anew",
            ),
            models.CheckConstraint(
                condition=Q(pence=F("pence_before"), amount=F("amount_before"))
                | Q(pence__gt=F("pence_before"), amount__gt=F("amount_before")),
                name="what_is_found_anew_costs_no_less",
            ),
            models.CheckConstraint(condition=~Q(finding=""), name="what_is_found_anew_has_a_reason"),
        ]

    def __str__(self):
        return f"{self.booking} found anew"

    @property
    def more_pence(self):
        """How much more the provider is due than was found first, in pence."""
        return self.pence - self.pence_before

    @property
    def more_amount(self):
        """How much more of the award is used than was found first, in its unit."""
        return self.amount - self.amount_before
