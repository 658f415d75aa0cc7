"""What a provider shows before it takes bookings: documents with an end, and which of its workers were checked."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from providers.models.organisations import Provider


class Document(models.Model):
    """One document of a provider as the carers team saw it. A new one follows; an old one is never overwritten."""

    class Kind(models.TextChoices):
        PUBLIC_LIABILITY = "public_liability", _("Public liability insurance")
        EMPLOYERS_LIABILITY = "employers_liability", _("Employers’ liability insurance")
        SAFEGUARDING = "safeguarding", _("Safeguarding policy")
        DATA_SHARING = "data_sharing", _("Data-sharing agreement")
        CIW = "ciw", _("Registration with Care Inspectorate Wales")
        FOOD = "food", _("Food hygiene rating")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the carers team")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Not accepted")
        REPLACED = "replaced", _("Replaced by a newer one")

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind)
    # A policy number, a rating, a registration number.
    reference = models.CharField(max_length=60, blank=True)
    # The first day on which it counts; empty: it counts from when it was accepted. Older rows do not tell it.
    valid_from = models.DateField(null=True)
    # The last day on which it counts; empty: it has no end.
    valid_until = models.DateField(null=True)
    file_name = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField(null=True)
    # When the clock noticed that its first day had come, where it was accepted before.
    begun_at = models.DateTimeField(null=True)
    # Why it was not accepted.
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["kind", "-added_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind"], condition=Q(state="accepted"), name="one_document_of_a_kind_counts"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "refused"]) | Q(seen_by__isnull=False, seen_at__isnull=False),
                name="answered_document_says_who_saw_it",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refused_document_has_a_reason"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_from__lte=F("valid_until")),
                name="document_ends_after_it_begins",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of {self.provider_id}"


class DbsCheck(models.Model):
    """A provider's word that one of its workers was checked. The certificate itself is never stored."""

    class Level(models.TextChoices):
        NONE = "none", _("No check")
        BASIC = "basic", _("Basic")
        STANDARD = "standard", _("Standard")
        ENHANCED = "enhanced", _("Enhanced")
        BARRED = "barred", _("Enhanced, with the barred lists")

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="dbs_checks")
    # The worker, as the provider calls them.
    person = models.CharField(max_length=80)
    level = models.CharField(max_length=10, choices=Level)
    issued_on = models.DateField()
    on_update_service = models.BooleanField(default=False)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField()
    # The worker has left, or was checked anew.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["person", "pk"]

    def __str__(self):
        return f"check {self.pk} of {self.provider_id}"
