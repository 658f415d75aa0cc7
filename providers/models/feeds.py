"""The private calendar address of a person who works for a provider."""

from django.db import models
from django.db.models import Q

from accounts.models import Language
from providers.models.organisations import Staff


class CalendarFeed(models.Model):
    """An address at which a calendar reads a provider's breaks; it can be stopped, and is kept as a hash only."""

    post = models.ForeignKey(Staff, models.CASCADE, related_name="feeds")
    token_hash = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=2, choices=Language)
    made_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["post"], condition=Q(stopped_at__isnull=True), name="one_calendar_address_a_post"
            ),
        ]

    def __str__(self):
        return f"calendar of post {self.post_id}"
