"""Organisations and sole traders who give breaks, and the people who work there."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import days
from accounts.models import Council, Language, User, in_language


class Providers(models.Manager):
    """Providers, one of which can be kept from everybody else."""

    def locked(self, pk):
        """Return a provider as it is now; nobody else changes it, or its papers and people, in this transaction."""
        return self.select_for_update(of=["self"], no_key=True).select_related("council__scheme").get(pk=pk)


class Provider(models.Model):
    """An organisation or a sole trader that gives breaks; one council looks after it, a whole region may use it."""

    class LegalForm(models.TextChoices):
        CHARITY = "charity", _("Charity")
        COMPANY = "limited company", _("Limited company")
        CIC = "community interest company", _("Community interest company")
        COUNCIL = "council in-house", _("Council in-house service")
        SOCIAL_ENTERPRISE = "social enterprise", _("Social enterprise")
        VOLUNTEERS = "volunteer group", _("Volunteer group")
        SOLE_TRADER = "sole trader", _("Sole trader")
        CO_OPERATIVE = "co-operative", _("Co-operative")

    class Vat(models.TextChoices):
        NOT_REGISTERED = "not registered", _("Not registered for VAT")
        STANDARD = "standard", _("Standard rate")
        REDUCED = "reduced", _("Reduced rate")
        ZERO = "zero", _("Zero rate")
        EXEMPT = "exempt", _("Exempt")
        OUTSIDE = "outside scope", _("Outside the scope of VAT")

    class State(models.TextChoices):
        JOINING = "joining", _("Joining")
        APPLIED = "applied", _("Waiting for approval")
        REFUSED = "refused", _("Not approved")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    # Has not joined yet, so that nothing but joining is open to it; and may still change what it tells of itself.
    NOT_JOINED = (State.JOINING, State.APPLIED, State.REFUSED)
    MAY_CHANGE = (State.JOINING, State.REFUSED)

    class PauseReason(models.TextChoices):
        OWN = "own", _("At the provider’s own wish")
        UNANSWERED = "unanswered", _("Requests were not answered")
        TEAM = "team", _("By the carers team")

    # Paused for these reasons, it still answers what carers had asked for before (R56).
    HIDES_ONLY = (PauseReason.OWN, PauseReason.UNANSWERED)

    ref = models.CharField(max_length=20, unique=True)
    council = models.ForeignKey(Council, models.PROTECT, related_name="providers")
    name = models.CharField(max_length=120)
    # Empty only while it joins.
    legal_form = models.CharField(max_length=30, choices=LegalForm, blank=True)
    # Led by the people who use it, whatever its legal form; counted beside it in the yearly figures.
    is_user_led = models.BooleanField(default=False)
    # A provider that is still joining may have left these empty.
    contact_name = models.CharField(max_length=120, blank=True)
    address = models.TextField(blank=True)
    town_en = models.CharField(max_length=60, blank=True)
    town_cy = models.CharField(max_length=60, blank=True)
    postcode = models.CharField(max_length=8, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    # The number before, and since when the present one holds: who calls back about money rings one that is not new.
    phone_before = models.CharField(max_length=30, blank=True)
    phone_since = models.DateField(null=True)
    email = models.EmailField(blank=True)
    website = models.URLField(blank=True)
    language = models.CharField(max_length=2, choices=Language, blank=True)
    speaks_welsh = models.BooleanField(default=False)
    # Whether anybody is employed: then the employers' liability certificate is asked for.
    has_staff = models.BooleanField(null=True)
    # Whether food is served: then the food hygiene rating is asked for.
    serves_food = models.BooleanField(null=True)
    ciw_number = models.CharField(max_length=12, blank=True)
    # The last day of the insurance, and of everything else that is asked of the provider and ends (providers.papers).
    insurance_until = models.DateField(null=True, blank=True)
    papers_until = models.DateField(null=True, blank=True)
    vat_number = models.CharField(max_length=14, blank=True)
    vat_treatment = models.CharField(max_length=20, choices=Vat, default=Vat.NOT_REGISTERED)
    # Whether the question about VAT was answered while joining.
    vat_told = models.BooleanField(default=False)
    # The service days on which the VAT number counts, both included; empty: always.
    vat_from = models.DateField(null=True, blank=True)
    vat_until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)
    pause_reason = models.CharField(max_length=10, choices=PauseReason, blank=True)
    # Back by itself on the day after; empty: until somebody says so.
    paused_until = models.DateField(null=True, blank=True)
    # Since when requests without an answer are counted (R56): it came back from a pause then. Empty: from the first.
    counted_since = models.DateTimeField(null=True)
    # Joining: when it was sent, by which day the carers team answers, when it was approved, and until when it is looked
    # after by somebody of the team.
    sent_at = models.DateTimeField(null=True)
    answer_by = models.DateField(null=True)
    approved_on = models.DateField(null=True)
    provisional_until = models.DateField(null=True)
    mentor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # The terms: when they were agreed to, by whom, and which edition of them.
    terms_agreed_at = models.DateTimeField(null=True)
    terms_agreed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    terms_edition = models.CharField(max_length=20, blank=True)
    # The last day on which it gives breaks, and who takes over what is booked, each carer agreeing.
    closes_on = models.DateField(null=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    # Why the carers team has stopped it, for the carers team only, and when.
    stopped_because = models.CharField(max_length=300, blank=True)
    stopped_at = models.DateTimeField(null=True)
    # How many breaks it can give at the same time, all its offers together; empty: each offer's own places count.
    breaks_at_once = models.PositiveSmallIntegerField(null=True, blank=True)
    # Whether a carer may pay the difference where a break costs more than is left on the award.
    takes_own_money = models.BooleanField(default=False)
    # The provider's own account with the card company, and whether it can take payments yet.
    stripe_account = models.CharField(max_length=60, blank=True)
    takes_cards = models.BooleanField(default=False)
    # Whether a council can pay it there.
    takes_transfers = models.BooleanField(default=False)

    objects = Providers()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(vat_treatment="not registered")
                | ~Q(vat_number="")
                | Q(vat_treatment__in=["exempt", "outside scope", "zero"]),
                name="vat_is_charged_only_with_a_vat_number",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["joining", "refused", "closed"])
                | (~Q(town_en="") & ~Q(town_cy="") & ~Q(postcode="") & ~Q(phone="") & ~Q(email="")),
                name="provider_that_has_joined_can_be_reached",
            ),
            models.CheckConstraint(
                condition=Q(state="paused") | Q(pause_reason="", paused_until__isnull=True),
                name="only_a_paused_provider_says_why_and_until_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="suspended") | ~Q(stopped_because=""), name="stopped_provider_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(successor__isnull=True) | ~Q(successor=models.F("pk")),
                name="provider_is_not_its_own_successor",
            ),
            models.CheckConstraint(
                condition=Q(takes_cards=False) | ~Q(stripe_account=""), name="cards_are_taken_only_with_an_account"
            ),
            models.CheckConstraint(
                condition=Q(takes_transfers=False) | ~Q(stripe_account=""),
                name="transfers_are_taken_only_with_an_account",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def town(self):
        return in_language(self, "town")

    @property
    def good_until(self):
        """The last day on which it may give breaks: its papers hold (R45), and it is not closed (R65); None: no end."""
        return min(filter(None, [self.insurance_until, self.papers_until, self.closes_on]), default=None)

    @property
    def may_say_yes(self):
        """True where it can accept what carers have asked for: also in a pause that only hides it from new requests."""
        own_pause = self.state == self.State.PAUSED and self.pause_reason in self.HIDES_ONLY
        return self.state == self.State.LIVE or own_pause

    @property
    def is_stopped(self):
        """True where it gives no more breaks: its people see no carer to come, and still claim what was given (R65)."""
        return self.state in {self.State.SUSPENDED, self.State.CLOSED}

    def is_stopped_at(self, moment):
        """True for a moment since which it gives no breaks: what is booked for then is arranged anew (R65)."""
        if not self.is_stopped:
            return False
        # One that was stopped, and has closed since, was never let go on.
        if self.stopped_at is not None and moment > self.stopped_at:
            return True
        return self.closes_on is not None and moment >= days.end_of(self.closes_on)

    def is_insured(self, *, on):
        """True when no insurance date is asked of this provider or it has not passed on that day."""
        return self.insurance_until is None or self.insurance_until >= on

    def is_in_order(self, *, on):
        """True where nothing that was asked of this provider has ended before that day (R45)."""
        return self.good_until is None or self.good_until >= on


class Staff(models.Model):
    """A person who works for a provider, and what they may do there (providers.access)."""

    class Kind(models.TextChoices):
        OWNER = "owner", _("Owner")
        BOOKINGS = "bookings", _("Bookings")
        CLAIMS = "claims", _("Claims")
        DESK = "desk", _("Desk")

    user = models.ForeignKey(User, models.CASCADE, related_name="provider_posts")
    provider = models.ForeignKey(Provider, models.CASCADE, related_name="staff")
    kind = models.CharField(max_length=10, choices=Kind)
    # Written to about what their post is for, besides the provider's own address (providers.staff).
    wants_news = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "provider"], name="one_post_a_person_and_provider")]

    def __str__(self):
        return f"{self.user}, {self.provider}"
