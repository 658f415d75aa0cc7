"""What happens at a provider's door and while places are short: walk-ins, the waiting list, breaks handed over."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from brochure.models import Offer
from providers.models import Provider
from voucher.models.awards import Award
from voucher.models.bookings import Booking


class WalkIn(models.Model):
    """A carer came without having booked: the provider asks, and the carer says yes before anything is taken."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the carer")
        AGREED = "agreed", _("The carer agreed")
        REFUSED = "refused", _("The carer said no")
        RAN_OUT = "ran_out", _("Not answered in time")

    # Unguessable: it stands in the address of the page on which the carer answers.
    ref = models.CharField(max_length=12, unique=True)
    award = models.ForeignKey(Award, models.PROTECT, related_name="walk_ins")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="walk_ins")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    price_pence = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    booking = models.OneToOneField(Booking, models.PROTECT, null=True, related_name="walk_in")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="agreed", booking__isnull=False) | (~Q(state="agreed") & Q(booking__isnull=True)),
                name="walk_in_that_was_agreed_has_its_booking",
            ),
            models.UniqueConstraint(
                fields=["award", "offer", "starts_at"], condition=Q(state="waiting"), name="walk_in_is_asked_once"
            ),
        ]

    def __str__(self):
        return f"walk-in {self.ref}"


class WaitingPlace(models.Model):
    """A carer waits for a place on a day that is booked out; the first in line is asked first."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a place")
        KEPT = "kept", _("A place is kept for you")
        TAKEN = "taken", _("Taken")
        PASSED = "passed", _("Not taken")
        ENDED = "ended", _("Ended")

    class Because(models.TextChoices):
        """Why it came to nothing, where the carer was told so; empty where it was her own wish."""

        LATE = "late", _("No place came free in time")
        GONE = "gone", _("It is no longer offered on that day")
        AWARD = "award", _("The award ended")

    # Still has a place in the line.
    IN_LINE = (State.WAITING, State.KEPT)

    award = models.ForeignKey(Award, models.PROTECT, related_name="waiting_places")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="waiting_places")
    day = models.DateField()
    minutes = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # While it is kept it takes a place, until `kept_until`.
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)
    booking = models.OneToOneField(Booking, models.PROTECT, null=True, related_name="waited_for")
    ended_because = models.CharField(max_length=6, choices=Because, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["award", "offer", "day"],
                condition=Q(state__in=["waiting", "kept"]),
                name="award_waits_once_for_an_offer_and_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="kept")
                | Q(starts_at__isnull=False, ends_at__isnull=False, kept_until__isnull=False),
                name="kept_place_says_when",
            ),
            models.CheckConstraint(
                condition=Q(ended_because="") | Q(state="ended"), name="only_a_line_that_ended_says_why"
            ),
        ]
        indexes = [models.Index(fields=["offer", "day"], condition=Q(state="waiting"), name="carers_who_wait")]

    def __str__(self):
        return f"waiting {self.pk}"


class Handover(models.Model):
    """A booking of a provider that closes, offered to another one; only the carer's yes moves it."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for the carer")
        AGREED = "agreed", _("The carer agreed")
        REFUSED = "refused", _("The carer said no")
        ENDED = "ended", _("No longer open")

    booking = models.ForeignKey(Booking, models.PROTECT, related_name="handovers")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    price_pence = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    made_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    new_booking = models.OneToOneField(Booking, models.PROTECT, null=True, related_name="handed_over_from")

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["booking"], condition=Q(state="open"), name="one_handover_is_open"),
            models.CheckConstraint(
                condition=Q(state="agreed", new_booking__isnull=False)
                | (~Q(state="agreed") & Q(new_booking__isnull=True)),
                name="handover_that_was_agreed_has_its_booking",
            ),
        ]

    def __str__(self):
        return f"handover {self.pk}"
