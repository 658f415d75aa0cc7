"""What is kept about a carer beside the awards: who helps, what is wished for, what changed, how it does them good."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Council, User
from brochure.models import Offer
from voucher.models.awards import Award, Carer
from voucher.models.bookings import Booking


class Permission(models.Model):
    """Leave to act for a carer, from one day to another: given by the carer, ended by either."""

    class Kind(models.TextChoices):
        RELATIVE = "relative", _("Relative or friend")
        ADVOCATE = "advocate", _("Advocate")
        VOLUNTEER = "volunteer", _("Desk volunteer")

    carer = models.ForeignKey(Carer, models.CASCADE, related_name="permissions")
    helper = models.ForeignKey(User, models.CASCADE, related_name="permissions")
    # As the carer typed it: the name in the helper's own account would say whose the address is.
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    first_day = models.DateField()
    last_day = models.DateField()
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-given_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="permission_ends_after_it_begins"),
            models.UniqueConstraint(
                fields=["carer", "helper"], condition=Q(ended_at__isnull=True), name="one_live_permission_a_helper"
            ),
        ]

    def __str__(self):
        return f"permission {self.pk}"

    @property
    def called(self):
        """The helper as the carer knows them."""
        return self.name or str(self.helper)


class SavedOffer(models.Model):
    """An offer a carer wants to find again."""

    carer = models.ForeignKey(Carer, models.CASCADE, related_name="saved_offers")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-saved_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["carer", "offer"], name="offer_is_saved_once")]

    def __str__(self):
        return f"saved offer {self.pk}"


class Wish(models.Model):
    """Something a carer needed and did not find in the brochure: a theme, and words of their own."""

    class Theme(models.TextChoices):
        SITTING = "sitting", _("Someone to sit with the person I care for")
        OVERNIGHT = "overnight", _("A night or more away")
        GOING_OUT = "going_out", _("Going out, meeting people")
        GAMES = "games_social", _("Games, cards, a group")
        SPORT = "sport", _("Swimming, sport, moving")
        LEARNING = "learning", _("Learning something")
        HOME = "home", _("Help in the house or garden")
        TRANSPORT = "transport", _("Getting there")
        BODY = "body", _("Hair, beauty, wellbeing")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Waiting")
        MET = "met", _("Something like it is in the brochure now")
        CLOSED = "closed", _("Closed")

    # Empty: somebody who looked at the brochure without a code.
    carer = models.ForeignKey(Carer, models.SET_NULL, null=True, related_name="wishes")
    council = models.ForeignKey(Council, models.PROTECT, related_name="wishes")
    theme = models.CharField(max_length=14, choices=Theme)
    words = models.TextField(blank=True)
    wanted_when = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    # The offer that meets it; the carer is told of it once.
    met_by = models.ForeignKey(Offer, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    # The carers team has looked at the theme, and it stands.
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name_plural = "wishes"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="met", met_by__isnull=False) | (~Q(state="met") & Q(met_by__isnull=True)),
                name="wish_that_is_met_names_the_offer",
            ),
        ]

    def __str__(self):
        return f"wish {self.pk}"


class Application(models.Model):
    """A question that only the carers team can answer: more time, more value, or a new award."""

    class Kind(models.TextChoices):
        MORE_TIME = "more_time", _("More time")
        MORE_VALUE = "more_value", _("More to use")
        NEW_AWARD = "new_award", _("A new award")

    class Reason(models.TextChoices):
        ILLNESS = "illness", _("Illness, mine or of the person I care for")
        HOSPITAL = "hospital", _("A stay in hospital")
        NOBODY_FREE = "nobody_free", _("Nobody was free")
        BEREAVEMENT = "bereavement", _("Someone has died")
        SAVING_UP = "saving_up", _("Saving up for one longer break")
        COSTS_MORE = "costs_more", _("The break costs more than is left")
        OTHER = "other", _("Another reason")

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    award = models.ForeignKey(Award, models.PROTECT, related_name="applications")
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=12, choices=Reason)
    words = models.TextField(blank=True)
    # What is asked for: the last day wished for, or so much more in the award's unit; and for which offer.
    wanted_until = models.DateField(null=True)
    wanted_amount = models.PositiveIntegerField(null=True)
    offer = models.ForeignKey(Offer, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    made_at = models.DateTimeField()
    # The last day on which the carers team answers; until then an award waits with its end.
    answer_by = models.DateField()
    # Above what one worker may give alone: who agreed first, and to how much; somebody else grants it.
    agreed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    agreed_amount = models.PositiveIntegerField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    # What was granted, which may be less than was asked for; and the answer in words.
    granted_until = models.DateField(null=True)
    granted_amount = models.PositiveIntegerField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["answer_by", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["award", "kind"], condition=Q(state="open"), name="one_open_application_a_kind"
            ),
            models.UniqueConstraint(
                fields=["award"], condition=Q(state="granted", kind="more_time"), name="more_time_is_given_once"
            ),
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True, agreed_amount__isnull=True)
                | Q(agreed_by__isnull=False, agreed_amount__isnull=False),
                name="agreed_application_says_who_and_how_much",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(agreed_by__isnull=True) | ~Q(decided_by=F("agreed_by")),
                name="agreed_application_is_granted_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["granted", "refused"], decided_by__isnull=False, decided_at__isnull=False)
                | Q(state__in=["open", "withdrawn"], decided_by__isnull=True),
                name="decided_application_says_who_and_when",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(answer=""), name="refused_application_says_why"),
        ]

    def __str__(self):
        return f"application {self.pk}"


class Circumstances(models.QuerySet):
    """Changes in carers' lives; most questions are about those that stand."""

    def standing(self):
        """Return those that were not taken back as a mistake."""
        return self.filter(undone_at=None)


class Circumstance(models.Model):
    """A change in a carer's life that changes the award: a death, the end of caring, a move."""

    class Kind(models.TextChoices):
        CARED_FOR_DIED = "cared_for_died", _("The person cared for has died")
        CARER_DIED = "carer_died", _("The carer has died")
        STOPPED_CARING = "stopped_caring", _("The carer no longer cares for anyone")
        CARED_FOR_MOVED = "cared_for_moved", _("The person cared for has moved to another county")

    carer = models.ForeignKey(Carer, models.PROTECT, related_name="circumstances")
    kind = models.CharField(max_length=16, choices=Kind)
    happened_on = models.DateField()
    # The last day on which breaks that are confirmed may still take place.
    honoured_until = models.DateField(null=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    # It was written down by mistake, and counts no longer.
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(Circumstances)()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["carer", "kind", "happened_on"],
                condition=Q(undone_at__isnull=True),
                name="circumstance_is_recorded_once",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="circumstance_taken_back_says_who_and_when",
            ),
        ]

    def __str__(self):
        return f"circumstance {self.pk}"


class Answers(models.Model):
    """Three short answers from 1 to 5: at the award, after a break, and twelve weeks later; each may be skipped."""

    class Moment(models.TextChoices):
        START = "start", _("At the start")
        AFTER = "after", _("After the break")
        LATER = "later", _("Twelve weeks later")

    award = models.ForeignKey(Award, models.CASCADE, related_name="answers")
    moment = models.CharField(max_length=5, choices=Moment)
    rested = models.PositiveSmallIntegerField(null=True)
    in_control = models.PositiveSmallIntegerField(null=True)
    able_to_carry_on = models.PositiveSmallIntegerField(null=True)
    booking = models.ForeignKey(Booking, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["award", "answered_at"]
        verbose_name_plural = "answers"
        constraints = [
            models.UniqueConstraint(fields=["award", "moment"], name="questions_are_answered_once_a_moment"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__range": (1, 5)}),
                    name=f"{field}_is_from_one_to_five",
                )
                for field in ["rested", "in_control", "able_to_carry_on"]
            ),
        ]

    def __str__(self):
        return f"answers {self.pk}"
