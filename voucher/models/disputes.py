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
