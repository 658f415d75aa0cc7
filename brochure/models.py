"""What carers can choose from: categories, offers, prices over time, and frozen printed editions."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, Language, User, in_language
from providers.models import Provider


class Category(models.Model):
    """A kind of break, in the order in which the brochure shows them."""

    slug = models.SlugField(unique=True)
    name_en = models.CharField(max_length=60)
    name_cy = models.CharField(max_length=60)
    # What a carer would say it is for: "someone to sit in while you go out".
    purpose_en = models.CharField(max_length=120)
    purpose_cy = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(unique=True)

    class Meta:
        ordering = ["position"]

    def __str__(self):
        return self.name_en

    def get_absolute_url(self):
        return reverse("category", args=[self.slug])

    @property
    def name(self):
        return in_language(self, "name")

    @property
    def purpose(self):
        return in_language(self, "purpose")


class Offer(models.Model):
    """What one provider sells through the brochure. Text may be in one language only and is then labelled."""

    class Unit(models.TextChoices):
        SESSION = "session", _("a session")
        HOUR = "hour", _("an hour")
        NIGHT = "night", _("a night")
        JOURNEY = "journey", _("a journey")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    ref = models.CharField(max_length=20, unique=True)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="offers")
    category = models.ForeignKey(Category, models.PROTECT, related_name="offers")
    slug = models.SlugField(max_length=120, unique=True)
    # The number printed in the brochure: /o/1042 opens the offer, and it can be read out by phone.
    number = models.PositiveIntegerField(unique=True)
    title_en = models.CharField(max_length=120, blank=True)
    title_cy = models.CharField(max_length=120, blank=True)
    description_en = models.TextField(blank=True)
    description_cy = models.TextField(blank=True)
    unit = models.CharField(max_length=10, choices=Unit)
    # How long one unit lasts; what an hours award pays for it.
    minutes = models.PositiveIntegerField()
    # How many carers may come at the same time.
    places = models.PositiveSmallIntegerField(default=1)
    personal_care = models.BooleanField(default=False)
    accommodation = models.BooleanField(default=False)
    # Not shown to a carer under 18, and not to be had by one (R41).
    adults_only = models.BooleanField(default=False)
    # "Mon-Fri 09:00-17:00" or "Tue,Thu 10:00-15:00"; brochure.availability reads it.
    hours = models.CharField(max_length=60)
    notice_hours = models.PositiveSmallIntegerField(default=48)
    # Keys of brochure.access.FEATURES.
    access = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=~Q(title_en="") | ~Q(title_cy=""), name="offer_has_a_title"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="offer_lasts_some_time"),
            models.CheckConstraint(condition=Q(places__gt=0), name="offer_has_a_place"),
        ]

    def __str__(self):
        return f"{self.number} {self.title_en or self.title_cy}"

    def get_absolute_url(self):
        return reverse("offer", args=[self.slug])

    @property
    def title(self):
        return in_language(self, "title")

    @property
    def description(self):
        return in_language(self, "description")


class OfferPrice(models.Model):
    """What one unit costs from a day on, in pence. A price is never changed: a new row follows it."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="prices")
    price_pence = models.PositiveIntegerField()
    first_day = models.DateField()

    class Meta:
        ordering = ["first_day"]
        constraints = [models.UniqueConstraint(fields=["offer", "first_day"], name="one_price_a_day")]

    def __str__(self):
        return f"{self.offer_id}: {self.price_pence}p from {self.first_day}"


class Edition(models.Model):
    """One frozen, numbered issue of the printed brochure of one region or council."""

    number = models.PositiveIntegerField(unique=True)
    made_on = models.DateField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Prices are promised until this day, inclusive.
    prices_until = models.DateField()
    # Whom to ring and what is free to all, as they stood; brochure.editions writes and reads it.
    printed = models.JSONField(default=dict)

    class Meta:
        ordering = ["-number"]

    def __str__(self):
        return f"Edition {self.number}"


class EditionOffer(models.Model):
    """An offer as it stood when the edition was made: text, price and place are copies, not links."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="offers")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    council = models.ForeignKey(Council, models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    price_pence = models.PositiveIntegerField()
    # Everything else that is printed, as brochure.editions writes and reads it.
    printed = models.JSONField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["edition", "offer"], name="offer_is_printed_once_an_edition")]

    def __str__(self):
        return f"{self.edition_id}/{self.position}"


class EditionFile(models.Model):
    """The finished PDF of an edition in one language and size; made once and kept."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="files")
    language = models.CharField(max_length=2, choices=Language)
    large_print = models.BooleanField(default=False)
    pages = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "language", "large_print"], name="one_file_an_edition_and_language"
            ),
        ]

    def __str__(self):
        return f"{self.edition_id} {self.language}"


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
