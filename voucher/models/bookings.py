"""What a carer asks for and what becomes of it: requests, bookings, suggested times, own money, disputes."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Council
from brochure.models import Offer
from providers.models import Provider
from voucher.ledger.models import Hold
from voucher.models.awards import Award


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
