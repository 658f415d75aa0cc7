"""How a provider joins: what it and the carers team write to each other, and what a mentor goes through with it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from providers.models.organisations import Provider


class JoiningNote(models.Model):
    """One step of the conversation about joining; what was written stays."""

    class Kind(models.TextChoices):
        INVITED = "invited", _("Invited")
        SENT = "sent", _("Sent to the carers team")
        ASKED = "asked", _("The carers team asks")
        ANSWERED = "answered", _("The provider answers")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Not approved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="joining_notes")
    kind = models.CharField(max_length=10, choices=Kind)
    words = models.TextField(blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind__in=["asked", "refused"]) | ~Q(words=""), name="team_asks_and_refuses_in_words"
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.provider_id}"


class MentorPoint(models.Model):
    """One point that a mentor has gone through with a new provider (providers.joining names the points)."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="mentor_points")
    point = models.SlugField(max_length=30)
    note = models.CharField(max_length=300, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    done_at = models.DateTimeField()

    class Meta:
        ordering = ["done_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["provider", "point"], name="point_is_gone_through_once")]

    def __str__(self):
        return f"{self.point} {self.provider_id}"
