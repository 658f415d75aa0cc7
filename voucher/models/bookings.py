"""What a carer asks for and what becomes of it: requests, bookings, suggested times."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Council
from brochure.models import Offer, OfferVersion
from providers.models import Provider
from voucher.ledger.models import Hold
from voucher.models.awards import Award


class BreakRequest(models.Model):
    """What a carer asked for in one go: one break, or two that belong together, each with up to three choices."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="requests")
    # 1, or 2 for a paired break: an activity, and a sitter for the person cared for; both or neither.
    parts = models.PositiveSmallIntegerField(default=1)
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    # When every part was confirmed; until then a paired break falls as one.
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(parts__in=[1, 2]), name="request_is_for_one_break_or_a_pair")]

    def __str__(self):
        return f"request {self.pk}"


class Booking(models.Model):
    """A carer's use of an offer, with price and terms as they stood when it was asked for."""

    class State(models.TextChoices):
        UNPAID = "unpaid", _("Waiting for your payment")
        REQUESTED = "requested", _("Waiting for an answer")
        COUNTERED = "countered", _("Another time suggested")
        CONFIRMED = "confirmed", _("Confirmed")
        DECLINED = "declined", _("Declined")
        TIMED_OUT = "timed_out", _("Not answered in time")
        CANCELLED = "cancelled", _("Cancelled")
        DELIVERED = "delivered", _("Delivered")
        DID_NOT_HAPPEN = "did_not_happen", _("Did not happen")
        CLAIMED = "claimed", _("Claimed")

    # Has a place; may still come to be a break (while the carer looks at other times, those have the places instead);
    # was given; came to nothing.
    TAKES_A_PLACE = (State.UNPAID, State.REQUESTED, State.CONFIRMED)
    LIVE = (*TAKES_A_PLACE, State.COUNTERED)
    GIVEN = (State.DELIVERED, State.CLAIMED)
    CAME_TO_NOTHING = (State.DECLINED, State.TIMED_OUT, State.CANCELLED, State.DID_NOT_HAPPEN)

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
        OTHER_TIME = "other_time", _("Only at another time")
        OTHER = "other", _("Another reason")

    class CancelReason(models.TextChoices):
        """Why a provider cannot keep what it had confirmed."""

        ILL = "ill", _("Somebody is ill")
        TOO_FEW = "too_few", _("We do not have enough people after all")
        CLOSED = "closed", _("We have to close that day, or the weather does not allow it")
        NEEDS = "needs", _("We cannot meet the needs described")
        OTHER = "other", _("Another reason")

    # Illness and too few people were one reason once, and rows of then keep its words.
    CANCEL_WORDS = dict(CancelReason.choices) | {"no_staff": _("Somebody is ill, or nobody is free after all")}

    class NotGiven(models.TextChoices):
        CARER_DID_NOT_COME = "carer", _("The carer did not come")
        PROVIDER_COULD_NOT = "provider", _("The provider could not")

    # Public and unguessable: it stands in addresses and is read out by phone.
    ref = models.CharField(max_length=12, unique=True)
    award = models.ForeignKey(Award, models.PROTECT, related_name="bookings")
    # What it was asked for in; a paired break has two parts in one request.
    asked_in = models.ForeignKey("BreakRequest", models.PROTECT, null=True, related_name="bookings")
    part = models.PositiveSmallIntegerField(default=1)
    council = models.ForeignKey(Council, models.PROTECT, related_name="bookings")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="bookings")
    # The offer as it read when this was asked for.
    offer_version = models.ForeignKey(OfferVersion, models.PROTECT, null=True, related_name="+")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="bookings")
    # Empty where nothing is set aside: a break that costs nothing.
    hold = models.OneToOneField(Hold, models.PROTECT, null=True, related_name="booking")
    state = models.CharField(max_length=14, choices=State, default=State.REQUESTED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Of a course: [[start, end], …] of its sessions as they were when it was booked (voucher.calendars.places_taken).
    sessions = models.JSONField(null=True)
    minutes = models.PositiveIntegerField()
    # Frozen on the day of asking: the price of one unit, how long a unit is, and the whole price, in pence.
    unit_price_pence = models.PositiveIntegerField()
    unit_minutes = models.PositiveIntegerField()
    price_pence = models.PositiveIntegerField()
    # What is set aside from the award, in the award's own unit.
    amount = models.PositiveIntegerField()
    # The part of the price that the carer pays from her own pocket, in pence; the provider never claims it.
    own_pence = models.PositiveIntegerField(default=0)
    free_cancel_hours = models.PositiveSmallIntegerField()
    late_cancel_percent = models.PositiveSmallIntegerField()
    # Set when the other half of a paired break fell away: then this half costs nothing to cancel, however late.
    may_cancel_free = models.BooleanField(default=False)
    # Cancelled in an emergency: the carer pays nothing, and the provider's share comes from the fund.
    emergency = models.BooleanField(default=False)
    # What the carer chose to tell the provider; shown from confirmation on.
    note = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    answer_by = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)
    # Of one that its provider cancelled it is a CancelReason.
    decline_reason = models.CharField(max_length=10, choices=DeclineReason, blank=True)
    decline_note = models.CharField(max_length=300, blank=True)
    ended_by = models.CharField(max_length=8, choices=Party, blank=True)
    ended_at = models.DateTimeField(null=True)
    # Where it did not happen and the provider says why.
    not_given = models.CharField(max_length=8, choices=NotGiven, blank=True)
    # The carer came without having booked.
    is_walk_in = models.BooleanField(default=False)
    # What was delivered, and what it costs: the whole, or a part in the offer's steps.
    delivered_minutes = models.PositiveIntegerField(null=True)
    delivered_at = models.DateTimeField(null=True)
    # What the provider is paid, in pence: for a delivered break, or for one cancelled late.
    due_pence = models.PositiveIntegerField(null=True)
    due_amount = models.PositiveIntegerField(null=True)
    # The part of it that the carer disputes and that waits for a finding: in pence, and in the award's unit.
    in_question_pence = models.PositiveIntegerField(default=0)
    in_question_amount = models.PositiveIntegerField(default=0)
    # "Would you use it again?", asked once after the break; empty: not answered.
    would_use_again = models.BooleanField(null=True)
    # When it was answered last; with an empty answer: would rather not say.
    would_use_again_at = models.DateTimeField(null=True)
    # How often the calendar entry has changed, so that a carer's calendar takes the newest.
    calendar_sequence = models.PositiveSmallIntegerField(default=0)

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
                condition=Q(due_pence__isnull=True) | Q(due_pence__lte=F("price_pence") - F("own_pence")),
                name="booking_costs_no_more_than_agreed",
            ),
            models.CheckConstraint(
                condition=Q(in_question_pence=0, in_question_amount=0)
                | Q(
                    due_pence__isnull=False,
                    due_amount__isnull=False,
                    in_question_pence__lte=F("due_pence"),
                    in_question_amount__lte=F("due_amount"),
                ),
                name="booking_has_no_more_in_question_than_due",
            ),
            models.CheckConstraint(condition=Q(own_pence__lte=F("price_pence")), name="own_share_is_within_the_price"),
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

    @property
    def session_count(self):
        """How many sessions it has: one, unless it is of a course."""
        return len(self.sessions or [None])

    @property
    def award_pence(self):
        """The part of the price that the award pays, in pence: the most the provider can claim."""
        return self.price_pence - self.own_pence

    def get_decline_reason_display(self):
        """Return why the provider said no, or could not keep what it had confirmed, in the words it chose from."""
        words = dict(self.DeclineReason.choices)
        if self.state == self.State.CANCELLED:
            words |= self.CANCEL_WORDS
        return words.get(self.decline_reason, self.decline_reason)

    @property
    def claim_line(self):
        """The line in which it was claimed, or None; what a dispute changed afterwards is a line of its own."""
        return next((line for line in self.claim_lines.all() if not (line.is_finding or line.struck_at)), None)

    @property
    def undisputed_pence(self):
        """What of the due pence nobody disputes: the provider can claim it, and is paid it, now."""
        return (self.due_pence or 0) - self.in_question_pence

    @property
    def undisputed_amount(self):
        """What of the due amount nobody disputes, in the award's unit."""
        return (self.due_amount or 0) - self.in_question_amount

    @property
    def is_half_of_a_pair(self):
        """True where it was asked for together with another (R26)."""
        return self.asked_in_id is not None and self.asked_in.parts == 2

    @property
    def waits_for_the_other_half(self):
        """True until both halves of a pair are confirmed: until then the one falls with the other."""
        return self.is_half_of_a_pair and self.asked_in.settled_at is None


class HoldBefore(models.Model):
    """What was set aside for a booking before its provider took back that the break was not given (R60).

    Of it nothing is left: all of it went back, and was set aside again under the hold that the booking has now.
    """

    hold = models.OneToOneField(Hold, models.PROTECT, related_name="taken_back")
    booking = models.ForeignKey(Booking, models.PROTECT, related_name="holds_before")
    taken_back_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"hold {self.hold_id} of {self.booking}"


class Choice(models.Model):
    """A first, second or third choice of a request, at the price that was shown; one after another they are asked."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Next, if the one before says no")
        ASKED = "asked", _("Asked")
        PASSED_OVER = "passed_over", _("Could no longer be had")
        NOT_NEEDED = "not_needed", _("Not needed")

    asked_in = models.ForeignKey(BreakRequest, models.PROTECT, related_name="choices")
    part = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField()
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    # Frozen on the day of asking, in pence; what is set aside, in the award's unit.
    unit_price_pence = models.PositiveIntegerField()
    price_pence = models.PositiveIntegerField()
    amount = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    # Why it was passed over: the name of the Refused, for the sentence to the carer.
    passed_over_for = models.CharField(max_length=20, blank=True)
    booking = models.OneToOneField(Booking, models.PROTECT, null=True, related_name="choice")

    class Meta:
        ordering = ["asked_in", "part", "position"]
        constraints = [
            models.UniqueConstraint(fields=["asked_in", "part", "position"], name="one_choice_a_position"),
            models.CheckConstraint(condition=Q(position__range=(1, 3)), name="there_are_three_choices_at_most"),
            models.CheckConstraint(
                condition=Q(state="asked", booking__isnull=False) | (~Q(state="asked") & Q(booking__isnull=True)),
                name="choice_that_was_asked_has_its_booking",
            ),
        ]

    def __str__(self):
        return f"choice {self.part}.{self.position} of request {self.asked_in_id}"


class Suggestion(models.Model):
    """Another time for a booking: from the provider instead of a no, or from a carer who wants to move a break."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        TAKEN = "taken", _("Taken")
        PASSED = "passed", _("Not taken")

    booking = models.ForeignKey(Booking, models.PROTECT, related_name="suggestions")
    by = models.CharField(max_length=8, choices=Booking.Party)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Of a course: its sessions, as a booking keeps them.
    sessions = models.JSONField(null=True)
    answer_by = models.DateTimeField()
    made_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)

    class Meta:
        ordering = ["booking", "starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="suggestion_ends_after_it_starts"),
            models.UniqueConstraint(
                fields=["booking", "starts_at"], condition=Q(state="open"), name="time_is_suggested_once"
            ),
        ]

    def __str__(self):
        return f"suggestion {self.pk}"
