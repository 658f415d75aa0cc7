"""Where things are: postcode districts, and what is free for everybody nearby."""

from django.db import models
from django.db.models import F

from accounts.models import Council


class PostcodeDistrict(models.Model):
    """The rough centre of a postcode district ("CF81"), for sorting by distance."""

    district = models.CharField(max_length=4, primary_key=True)
    latitude = models.FloatField()
    longitude = models.FloatField()

    def __str__(self):
        return self.district


class Activity(models.Model):
    """A free community activity, listed beside what is paid for; no code is needed."""

    name = models.CharField(max_length=120)
    place = models.CharField(max_length=120, blank=True)
    council = models.ForeignKey(Council, models.PROTECT, related_name="activities")
    kind = models.CharField(max_length=40)
    facts = models.TextField()
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "activities"
        constraints = [models.UniqueConstraint(F("name"), F("council"), name="activity_is_listed_once_a_council")]

    def __str__(self):
        return self.name
