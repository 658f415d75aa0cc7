"""What the carers team has to do for a carer or a provider: ring, look into it, settle by hand."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, User
from providers.models import Provider
from voucher.models.bookings import Booking
from voucher.models.door import WaitingPlace


class Task(models.Model):
    """One thing that a worker of the carers team has to do, until it is done.

    It is about a booking, about a provider, or about a place that is kept for a carer who is rung.
    """

    class Kind(models.TextChoices):
        NOBODY_CAME = "nobody_came", _("Nobody came: ring now")
        TOLD_LATE = "told_late", _("A break did not happen, and we hear of it later: see that all is well")
        EMERGENCY = "emergency", _("An emergency: ring the carer")
        OBJECTION = "objection", _("The provider says that it was there")
        APPEAL = "appeal", _("A provider does not agree with what was found")
        CARD = "card", _("A carer’s own card payment: look into it")
        NOT_MINE = "not_mine", _("The carer did not make this booking")
        PAY_BY_HAND = "pay_by_hand", _("The fund had nothing left to pay the provider")
        REARRANGE = "rearrange", _("The provider cannot give it: arrange something else")
        UNANSWERED = "unanswered", _("The provider did not answer, and is paused")
        CODES = "codes", _("Ten wrong codes in an hour were tried at a provider")
        PAPERS = "papers", _("The provider’s papers have ended")
        PLACE_KEPT = "place_kept", _("A place is kept: ring the carer")

    council = models.ForeignKey(Council, models.PROTECT, related_name="tasks")
    booking = models.ForeignKey(Booking, models.PROTECT, null=True, related_name="tasks")
    # Where it is about a provider and not about one booking.
    provider = models.ForeignKey(Provider, models.PROTECT, null=True, related_name="tasks")
    # Done when the carer's answer is there, whoever entered it, or when the time is over.
    place = models.ForeignKey(WaitingPlace, models.PROTECT, null=True, related_name="tasks")
    kind = models.CharField(max_length=12, choices=Kind)
    # The carer asked to be rung.
    please_ring = models.BooleanField(default=False)
    # What the provider wrote, where it objects.
    words = models.TextField(blank=True)
    made_at = models.DateTimeField()
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "kind"], name="task_is_given_once"),
            models.UniqueConstraint(
                fields=["provider", "kind"],
                condition=Q(provider__isnull=False, done_at__isnull=True),
                name="task_about_a_provider_waits_once",
            ),
            models.UniqueConstraint(
                fields=["place"],
                condition=Q(place__isnull=False, done_at__isnull=True),
                name="task_about_a_place_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(booking__isnull=False, provider__isnull=True, place__isnull=True)
                | Q(booking__isnull=True, provider__isnull=False, place__isnull=True)
                | Q(booking__isnull=True, provider__isnull=True, place__isnull=False),
                name="task_is_about_one_thing",
            ),
            models.CheckConstraint(
                # The carer herself, or the clock, may be who ends what is about a kept place.
                condition=Q(done_by__isnull=True, done_at__isnull=True)
                | Q(done_by__isnull=False, done_at__isnull=False)
                | Q(place__isnull=False, done_at__isnull=False),
                name="task_that_is_done_says_who_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["council", "made_at"], condition=Q(done_at__isnull=True), name="tasks_that_wait"),
        ]

    def __str__(self):
        return f"task {self.pk}"
