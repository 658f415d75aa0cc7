"""What carers can choose from: categories, offers with their versions, prices over time, pictures."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User, in_language, only_language
from providers.models import DbsCheck, Provider


class Category(models.Model):
    """A kind of break, in the order in which the brochure shows them."""

    AT_THE_DOOR = frozenset({"sitting", "help-at-home", "transport"})

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
    def comes_to_the_door(self):
        """True for the kinds of break that take place, or begin, at the carer's home."""
        return self.slug in self.AT_THE_DOOR

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
        COURSE = "course", _("a course")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Hidden for now")
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
    # The least that can be asked for, in minutes; 0: one unit.
    least_minutes = models.PositiveIntegerField(default=0)
    # Of a course: how many sessions it has; its `minutes` are those of all of them together.
    sessions = models.PositiveSmallIntegerField(default=1)
    # "2026-12-01 10:00, 2026-12-08 10:00; 2027-01-12 10:00, …": the sessions of each course, read by
    # brochure.availability.
    courses = models.TextField(blank=True)
    # How many carers may come at the same time.
    places = models.PositiveSmallIntegerField(default=1)
    has_waiting_list = models.BooleanField(default=False)
    # Whether somebody may come without having booked.
    takes_walk_ins = models.BooleanField(default=False)
    personal_care = models.BooleanField(default=False)
    accommodation = models.BooleanField(default=False)
    # With personal care, each of these asks for a CIW number or a reviewed exemption (brochure.care_checks).
    accommodation_with_care = models.BooleanField(default=False)
    childcare = models.BooleanField(default=False)
    # Until when those checks hold; empty: nothing is asked, or they have no end. Written by brochure.care_checks.
    checked_until = models.DateField(null=True, blank=True)
    dbs_level = models.CharField(max_length=10, choices=DbsCheck.Level, default=DbsCheck.Level.NONE)
    # Why the carers team asks for no check where the rule would (R46).
    dbs_note = models.CharField(max_length=300, blank=True)
    # Not shown to a carer under 18, and not to be had by one (R41).
    adults_only = models.BooleanField(default=False)
    # "Mon-Fri 09:00-17:00" or "Tue,Thu 10:00-15:00"; brochure.availability reads it.
    hours = models.CharField(max_length=200)
    # "2026-12-24/2027-01-02 closed; 2026-12-05 10:00-12:00": days on which other hours hold; read there too.
    other_days = models.TextField(blank=True)
    # How long the provider needs between two breaks, in minutes; how much it can give in one week, Monday to Sunday.
    buffer_minutes = models.PositiveSmallIntegerField(default=0)
    week_minutes = models.PositiveIntegerField(null=True, blank=True)
    # Where the provider comes to: postcode districts ("CF81"); empty: the carer comes, or it does not matter.
    areas = models.JSONField(default=list, blank=True)
    notice_hours = models.PositiveSmallIntegerField(default=48)
    # Keys of brochure.access.FEATURES.
    access = models.JSONField(default=list, blank=True)
    # What a carer should know beforehand: what to bring, where to park.
    know_en = models.TextField(blank=True)
    know_cy = models.TextField(blank=True)
    # The provider's own terms, where they are kinder than the council's; empty: the council's.
    free_cancel_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    late_cancel_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    # Where this offer's VAT is not the provider's usual one.
    vat_treatment = models.CharField(max_length=20, choices=Provider.Vat, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=~Q(title_en="") | ~Q(title_cy=""), name="offer_has_a_title"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="offer_lasts_some_time"),
            models.CheckConstraint(condition=Q(places__gt=0), name="offer_has_a_place"),
            models.CheckConstraint(condition=Q(sessions__gt=0), name="course_has_a_session"),
            models.CheckConstraint(
                condition=Q(late_cancel_percent__isnull=True) | Q(late_cancel_percent__lte=100),
                name="late_cancel_of_an_offer_is_at_most_its_price",
            ),
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

    @property
    def breaks_at_once(self):
        """How many breaks its provider can give at once in all its offers, or None where nothing limits them."""
        return self.provider.breaks_at_once

    @property
    def know(self):
        return in_language(self, "know")

    @property
    def good_until(self):
        """The last day on which its provider's papers and its own checks are in order, or None (R45, R46)."""
        return min(filter(None, [self.provider.good_until, self.checked_until]), default=None)

    def is_in_order(self, *, on):
        """True where nothing that was asked of this offer or its provider has ended before that day; the one rule."""
        return self.good_until is None or self.good_until >= on


class OfferPrice(models.Model):
    """What one unit costs from a day on, in pence. A price is never changed: a new row follows it.

    Without pence the offer has no price at that rate any more: from that day on the one below it counts (R51).
    """

    class Rate(models.TextChoices):
        STANDARD = "standard", _("Weekdays")
        EVENING = "evening", _("Weekday evenings")
        WEEKEND = "weekend", _("Saturdays and Sundays")
        BANK_HOLIDAY = "bank_holiday", _("Bank holidays")

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="prices")
    # What is asked at a certain time; where an offer has no such rate, the standard one holds (brochure.prices).
    rate = models.CharField(max_length=12, choices=Rate, default=Rate.STANDARD)
    price_pence = models.PositiveIntegerField(null=True)
    first_day = models.DateField()

    class Meta:
        ordering = ["first_day"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "rate", "first_day"], name="one_price_a_day"),
            models.CheckConstraint(
                condition=Q(price_pence__isnull=False) | ~Q(rate="standard"), name="standard_price_is_never_left_out"
            ),
        ]

    def __str__(self):
        return f"{self.offer_id} {self.rate}: {self.price_pence}p from {self.first_day}"


class OfferVersion(models.Model):
    """An offer as it was or as the provider would like it: what matters goes past the carers team first."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the carers team")
        CURRENT = "current", _("In the brochure")
        REPLACED = "replaced", _("Replaced by a newer one")
        REFUSED = "refused", _("Not agreed")
        WITHDRAWN = "withdrawn", _("Taken back")

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # Everything that can be edited, as brochure.offering writes and reads it.
    content = models.JSONField()
    state = models.CharField(max_length=10, choices=State)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["offer", "number"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "number"], name="version_number_is_used_once_an_offer"),
            models.UniqueConstraint(fields=["offer"], condition=Q(state="current"), name="one_version_is_current"),
            models.UniqueConstraint(fields=["offer"], condition=Q(state="waiting"), name="one_version_waits"),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refused_version_has_a_reason"),
        ]

    def __str__(self):
        return f"{self.offer_id} version {self.number}"


class Photo(models.Model):
    """A picture of an offer, drawn anew from what was sent: two sizes, without anything hidden in the file."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the carers team")
        SHOWN = "shown", _("In the brochure")
        REFUSED = "refused", _("Not agreed")
        REMOVED = "removed", _("Removed")

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="photos")
    # Stands in its address; says nothing.
    key = models.CharField(max_length=22, unique=True)
    position = models.PositiveSmallIntegerField(default=1)
    # What can be seen, for who cannot see it.
    alt_en = models.CharField(max_length=150, blank=True)
    alt_cy = models.CharField(max_length=150, blank=True)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    # JPEG: for a card, and for a page or print.
    small = models.BinaryField()
    large = models.BinaryField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["offer", "position", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(alt_en="") | ~Q(alt_cy=""), name="photo_says_what_it_shows"),
        ]

    def __str__(self):
        return f"photo {self.pk} of {self.offer_id}"

    @property
    def alt(self):
        return in_language(self, "alt")

    @property
    def alt_language(self):
        """The code of the language of `alt` where it is not the page's."""
        return only_language(self, "alt")


class Exemption(models.Model):
    """Why an offer with care needs no registration with Care Inspectorate Wales, and who of the council found so."""

    class Duty(models.TextChoices):
        PERSONAL_CARE = "personal_care", _("Personal care")
        ACCOMMODATION = "accommodation", _("Accommodation with care")
        CHILDCARE = "childcare", _("Childcare for children under 12")

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="exemptions")
    duty = models.CharField(max_length=15, choices=Duty)
    grounds = models.CharField(max_length=300)
    evidence = models.CharField(max_length=300)
    # Asked for by the provider; empty reviewed_by: it does not count yet.
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reviewed_on = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["offer", "duty", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_by__isnull=True) | Q(reviewed_by__isnull=True) | ~Q(asked_by=F("reviewed_by")),
                name="exemption_is_reviewed_by_somebody_else",
            ),
        ]

    def __str__(self):
        return f"{self.duty} {self.offer_id}"
