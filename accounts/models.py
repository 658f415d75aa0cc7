"""People and the bodies they act for: councils, schemes, users, roles, history, mail."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def in_language(row, field, language=None):
    """Return a bilingual field of a row in the language (default: the active one), or its only version."""
    first, second = ("cy", "en") if (language or get_language() or "en").startswith("cy") else ("en", "cy")
    return getattr(row, f"{field}_{first}") or getattr(row, f"{field}_{second}")


def only_language(row, field):
    """Return the code of the language a bilingual text stands in where that is not the active one, or nothing."""
    active = "cy" if (get_language() or "en").startswith("cy") else "en"
    other = "en" if active == "cy" else "cy"
    return other if not getattr(row, f"{field}_{active}") and getattr(row, f"{field}_{other}") else ""


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    WELSH = "cy", _("Welsh")


class Council(models.Model):
    """A funding authority. One council sees nothing of another's awards, claims or people."""

    slug = models.SlugField(unique=True)
    name_en = models.CharField(max_length=80, unique=True)
    name_cy = models.CharField(max_length=80, unique=True)
    # Carers may use providers of every council in their region (the health board's partnership area).
    region = models.SlugField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name_en"]

    def __str__(self):
        return self.name_en

    @property
    def name(self):
        return in_language(self, "name")


class Scheme(models.Model):
    """A council's settings of Bridging the Gap; each default is ours, not a council's word."""

    council = models.OneToOneField(Council, models.PROTECT, related_name="scheme")
    name_en = models.CharField(max_length=80, default="Bridging the Gap")
    name_cy = models.CharField(max_length=80, default="Pontio'r Bwlch")
    team_name_en = models.CharField(max_length=120, default="Carers team")
    team_name_cy = models.CharField(max_length=120, default="Tîm gofalwyr")
    team_phone = models.CharField(max_length=30, default="01632 960000")
    team_email = models.EmailField(default="carers@council.example")
    team_address = models.TextField(default="Carers team, County Hall, High Street, CF00 0AA")
    validity_months = models.PositiveSmallIntegerField(default=6)
    answer_working_days = models.PositiveSmallIntegerField(default=2)
    answer_working_days_overnight = models.PositiveSmallIntegerField(default=5)
    free_cancel_hours = models.PositiveSmallIntegerField(default=48)
    late_cancel_percent = models.PositiveSmallIntegerField(default=50)
    claim_window_days = models.PositiveSmallIntegerField(default=60)
    # More time is given once, by at most so many weeks; a carer's question is answered within so many working days.
    extension_weeks_most = models.PositiveSmallIntegerField(default=8)
    extension_working_days = models.PositiveSmallIntegerField(default=10)
    more_value_working_days = models.PositiveSmallIntegerField(default=2)
    # Whether carers may pay the difference by card; without it they pay the provider itself.
    takes_cards = models.BooleanField(default=False)
    # Providers: the carers team answers who would like to join within so many working days; a new one is looked after
    # for so many months; a dearer price begins so many days after it is told, and above so many percent is looked at;
    # after so many requests in a row without an answer it is paused.
    joining_working_days = models.PositiveSmallIntegerField(default=10)
    provisional_months = models.PositiveSmallIntegerField(default=6)
    price_notice_days = models.PositiveSmallIntegerField(default=28)
    price_rise_percent = models.PositiveSmallIntegerField(default=10)
    unanswered_before_pause = models.PositiveSmallIntegerField(default=2)
    # Claims are gathered on this day of the week (0 is Monday) and paid so many working days later; a changed bank
    # account is used so many working days after the second person's check.
    run_weekday = models.PositiveSmallIntegerField(default=3)
    pay_working_days = models.PositiveSmallIntegerField(default=3)
    account_working_days = models.PositiveSmallIntegerField(default=2)
    # Whether providers that have an account with the card company are paid through it.
    pays_by_card_company = models.BooleanField(default=False)
    # One worker may issue up to this; more needs a second person. Pence and minutes.
    worker_limit_pence = models.PositiveIntegerField(default=50_000)
    worker_limit_minutes = models.PositiveIntegerField(default=960)
    # The council's own account, from which providers are paid.
    bacs_user_number = models.CharField(max_length=6, default="123456")
    bacs_name = models.CharField(max_length=18, default="CARERS BREAKS")
    sort_code = models.CharField(max_length=6, default="112233")
    account_number = models.CharField(max_length=8, default="12345678")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(late_cancel_percent__lte=100), name="late_cancel_is_at_most_the_price"),
            models.CheckConstraint(condition=Q(run_weekday__lte=4), name="claims_are_gathered_on_a_weekday"),
        ]

    def __str__(self):
        return f"{self.name_en}, {self.council}"

    @property
    def name(self):
        return in_language(self, "name")

    @property
    def team_name(self):
        return in_language(self, "team_name")


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        """Create a person who signs in with this address; without a password, by e-mailed code only."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email):
        return self.get(email=email.lower())


class User(AbstractBaseUser):
    """A person who signs in: a carer with an account, a provider's or a council's member of staff."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    # Empty: not asked yet, so we write in both languages.
    language = models.CharField(max_length=2, choices=Language, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=models.functions.Lower("email")), name="email_is_in_lower_case"),
        ]

    def __str__(self):
        return self.name or self.email


class Role(models.Model):
    """What a member of a council's staff may do. Provider staff are in providers.Staff."""

    class Kind(models.TextChoices):
        TEAM = "team", _("Carers team")
        VOLUNTEER = "volunteer", _("Desk volunteer")
        FINANCE_PREPARER = "finance_preparer", _("Finance: prepares payment runs")
        FINANCE_APPROVER = "finance_approver", _("Finance: releases payment runs")
        ADMINISTRATOR = "administrator", _("Administrator")
        AUDITOR = "auditor", _("Auditor")

    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    # Empty only for the first administrator, who looks after every council.
    council = models.ForeignKey(Council, models.PROTECT, null=True, blank=True, related_name="roles")
    kind = models.CharField(max_length=20, choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "council", "kind"], name="role_is_given_once"),
            models.CheckConstraint(
                condition=Q(council__isnull=False) | Q(kind="administrator"),
                name="only_an_administrator_has_all_councils",
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.get_kind_display()}"


class HistoryEntry(models.Model):
    """Who did what, when, for whom. A trigger refuses every change; details hold ids and figures, never names."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="history")
    # Who acted where nobody signed in: "code 4K7P", "clock".
    actor_label = models.CharField(max_length=40, blank=True)
    on_behalf_of = models.CharField(max_length=60, blank=True)
    act = models.CharField(max_length=60, db_index=True)
    council = models.ForeignKey(Council, models.PROTECT, null=True, related_name="history")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="history_of_one_thing")]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.act} {self.subject_kind} {self.subject_id}"


class OutboxMessage(models.Model):
    """A message written with the change it tells of, and sent after the commit by manage.py run_jobs."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")
        POST = "post", _("Letter")

    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    # An e-mail address, a telephone number, or for a letter the lines of the postal address.
    to = models.CharField(max_length=400)
    # Whom it is for ("carer 12"), so that what still waits can be withdrawn; empty: nobody in particular.
    reader = models.CharField(max_length=40, blank=True, db_index=True)
    # In whose name it goes: its carers team is on the letter, and sees what could not be sent. Empty: nobody's.
    council = models.ForeignKey(Council, models.PROTECT, null=True, related_name="+")
    large_print = models.BooleanField(default=False)
    language = models.CharField(max_length=2, choices=Language, blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    attachment_name = models.CharField(max_length=120, blank=True)
    attachment_type = models.CharField(max_length=80, blank=True)
    attachment = models.BinaryField(null=True)
    # The same news is told once: a second row with the same key is refused.
    dedupe_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    # Someone has died, or it is no longer true: it was written and is not sent.
    withdrawn_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(F("due_at"), condition=Q(sent_at__isnull=True), name="outbox_waiting")]

    def __str__(self):
        return f"{self.kind} {self.pk}"


class Tally(models.Model):
    """How often something was tried in one window of time; counted by one upsert (accounts.limits)."""

    key = models.CharField(max_length=120)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="one_tally_a_window")]

    def __str__(self):
        return f"{self.key} {self.window}: {self.count}"


class Heartbeat(models.Model):
    """When something that comes round by the clock last ran; /readyz tells when it is late."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    def __str__(self):
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M}"
