"""A carer’s own money for a break: how it is paid, and what the card company says of it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Language
from voucher.models.bookings import Booking


class TopUp(models.Model):
    """The carer's own money for one booking: paid to the provider by card, or agreed to be paid to it directly."""

    class Way(models.TextChoices):
        CARD = "card", _("By card, now")
        DIRECT = "direct", _("To the provider, on the day")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the payment")
        AGREED = "agreed", _("To be paid to the provider")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Not paid")
        REFUND_DUE = "refund_due", _("To be given back to the card")
        REFUNDED = "refunded", _("Given back to the card")
        NOT_NEEDED = "not_needed", _("Not needed")

    class Problem(models.TextChoices):
        REFUND = "refund", _("Could not be given back to the card")
        DISPUTED = "disputed", _("Called into question with the card company")
        SUM = "sum", _("Another sum was paid than was agreed")

    booking = models.OneToOneField(Booking, models.PROTECT, related_name="top_up")
    way = models.CharField(max_length=6, choices=Way)
    state = models.CharField(max_length=10, choices=State)
    amount_pence = models.PositiveIntegerField()
    # Our own key of the payment: stands in the card company's records instead of a name.
    key = models.UUIDField(unique=True)
    stripe_account = models.CharField(max_length=60, blank=True)
    session_id = models.CharField(max_length=120, blank=True)
    payment_intent = models.CharField(max_length=120, blank=True, db_index=True)
    refund_id = models.CharField(max_length=120, blank=True)
    pay_by = models.DateTimeField(null=True)
    # The language in which the carer left for the card page, and when that page closes; fixed at the first press, so
    # that a second press asks the card company for the same page.
    language = models.CharField(max_length=2, choices=Language, blank=True)
    open_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    # How much of it the provider keeps, in pence; empty until the booking has ended. The rest goes back to the card.
    kept_pence = models.PositiveIntegerField(null=True)
    refunded_at = models.DateTimeField(null=True)
    # When giving it back is tried next, and how often the card company has refused.
    try_at = models.DateTimeField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0)
    # What a person of the carers team has to look at; empty: nothing.
    problem = models.CharField(max_length=8, choices=Problem, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_pence__gt=0), name="top_up_is_of_something"),
            models.CheckConstraint(
                condition=Q(kept_pence__isnull=True) | Q(kept_pence__lte=F("amount_pence")),
                name="no_more_of_a_top_up_is_kept_than_was_paid",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "refund_due", "refunded"]) | Q(paid_at__isnull=False),
                name="paid_top_up_says_when",
            ),
        ]

    def __str__(self):
        return f"top-up {self.pk}"

    @property
    def back_pence(self):
        """What goes back to the card, or has gone, in pence."""
        return self.amount_pence - (self.kept_pence or 0)


class StripeEvent(models.Model):
    """An event that Stripe sent: the same one twice is answered kindly and does nothing the second time."""

    event_id = models.CharField(max_length=120, unique=True)
    type = models.CharField(max_length=80)
    received_at = models.DateTimeField()

    def __str__(self):
        return self.event_id
