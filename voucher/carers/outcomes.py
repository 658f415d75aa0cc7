"""How breaks do carers good: three questions at three moments, "would you use it again?", and what they add up to.

Every answer may be left out, and nothing is asked twice. What is shown is always about a group, never about a person.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import history
from accounts.models import Language
from voucher import messages, rules
from voucher.models import Answers, Award, Booking, Circumstance

Moment = Answers.Moment
QUESTIONS = ("rested", "in_control", "able_to_carry_on")
LOWEST, HIGHEST = 1, 5
# An invitation that could not be written in these days is not written later: the moment has passed.
INVITED_WITHIN = dt.timedelta(weeks=4)


class NotDue(Exception):
    """These questions are not asked now; `due` is the moment that is, or None."""

    def __init__(self, due):
        super().__init__(due)
        self.due = due


class NotGiven(Exception):
    """Only a break that was given can be spoken of."""


def given_breaks():
    """Return the bookings whose break was given, the whole or a part of it."""
    return Booking.objects.filter(delivered_at__isnull=False, delivered_minutes__gt=0, ended_at=None)


def first_break(award):
    """Return the first break of the award that was given, or None."""
    return given_breaks().filter(award=award).order_by("ends_at", "pk").first()


def moment_due(award, *, on):
    """Return the moment whose questions wait for this carer on that day (R34), or None: answered, left out, silent."""
    if award.carer.quiet_since:
        return None
    moment, _first = _moment(award, on)
    return None if award.answers.filter(moment=moment).exists() else moment


def answer(*, award, moment, given, by, now):
    """Keep what a carer answered at a moment (R34): `given` maps questions to 1 to 5; an empty one leaves all out.

    The same moment answered again changes nothing and returns the first answers. Raises NotDue.
    """
    kept = Answers.objects.filter(award=award, moment=moment).first()
    if kept:
        return kept
    due, first = _moment(award, timezone.localdate(now))
    if moment != due or award.carer.quiet_since:
        raise NotDue(None if award.carer.quiet_since else due)
    values = {question: given.get(question) for question in QUESTIONS}
    with transaction.atomic():
        row, is_new = Answers.objects.get_or_create(
            award=award, moment=moment, defaults=values | {"booking": first, "answered_at": now}
        )
        if is_new:
            act = "award.questions_answered" if any(values.values()) else "award.questions_left_out"
            history.record(act=act, subject=award, by=by, at=now, council=award.council, moment=moment)
    return row


def say_whether_again(*, booking, again, by, now):
    """Keep whether the carer would use the offer again: True, False, or None for "rather not say"; it may be changed.

    Raises NotGiven.
    """
    with transaction.atomic():
        changed = given_breaks().filter(pk=booking.pk).update(would_use_again=again, would_use_again_at=now)
        if not changed:
            raise NotGiven
        history.record(act="booking.again_answered", subject=booking, by=by, at=now, council=booking.council)
    booking.would_use_again, booking.would_use_again_at = again, now


@dataclass(frozen=True)
class Again:
    """How many carers would use an offer again, of how many who said so."""

    yes: int
    all: int


def would_use_again(offers):
    """Return {offer's number: Again} for the offers that enough carers spoke of (R35), in one query.

    A carer counts once for an offer, with the newest answer, however often the break was taken.
    """
    rows = Booking.objects.filter(offer__in=[offer.pk for offer in offers], would_use_again__isnull=False)
    newest = {}
    for offer, carer, again in rows.order_by("would_use_again_at", "pk").values_list(
        "offer", "award__carer", "would_use_again"
    ):
        newest.setdefault(offer, {})[carer] = again
    return {
        offer: Again(sum(said.values()), len(said))
        for offer, said in newest.items()
        if rules.shows_would_use_again(len(said))
    }


def to_invite(now):
    """Return [(award, moment)] of the carers to be asked after a break or twelve weeks later, who were not asked yet.

    Nobody is asked on the day of the break itself, and nobody who is to be left in peace.
    """
    today = timezone.localdate(now)
    since = now - rules.QUESTIONS_LATER - INVITED_WITHIN - dt.timedelta(days=1)
    ours = given_breaks().filter(award=OuterRef("pk"))
    rows = Award.objects.filter(Exists(ours.filter(ends_at__gte=since)), carer__quiet_since=None)
    # The silence may be over, because somebody else is cared for now; of the time before it nobody is asked.
    losses = Circumstance.objects.standing().filter(kind=Circumstance.Kind.CARED_FOR_DIED, carer=OuterRef("carer"))
    rows = rows.exclude(Exists(losses.filter(recorded_at__gte=OuterRef("issued_at"))))
    rows = rows.select_related("carer", "account", "council__scheme").prefetch_related("answers")
    rows = rows.annotate(first_ended_at=ours.order_by("ends_at", "pk").values("ends_at")[:1])
    due = []
    for award in rows:
        first_on = timezone.localdate(award.first_ended_at)
        moment = rules.questions_due(first_break_on=first_on, on=today)
        begins = first_on + (rules.QUESTIONS_LATER if moment == Moment.LATER else dt.timedelta(days=1))
        answered = any(each.moment == moment for each in award.answers.all())
        if begins <= today < begins + INVITED_WITHIN and not answered:
            due.append((award, moment))
    told = messages.questions_told(due)
    return [(award, moment) for award, moment in due if (award.pk, moment) not in told]


@dataclass(frozen=True)
class Figure:
    """How one group's answers to one question changed from the start to a later moment."""

    question: str
    moment: str
    # None for all carers; empty for those who were not asked.
    language: str | None
    carers: int
    improved: int

    @property
    def is_shown(self):
        return rules.may_be_shown(self.carers)

    @property
    def percent(self):
        """Whole per cent of the carers who answered higher than at the start, half up."""
        return (200 * self.improved + self.carers) // (2 * self.carers)


@dataclass(frozen=True)
class Figures:
    """What a council's carers answered: a Figure for each later moment and question, for all and by language."""

    everybody: list
    by_language: list

    @property
    def shown(self):
        """The figures that are about ten carers or more; a split by language is shown whole or not at all."""
        return [each for each in self.everybody if each.is_shown] + self.split

    @property
    def split(self):
        # With one language left out its figures would be the rest of a sum: then none is told.
        by_place = {}
        for each in self.by_language:
            by_place.setdefault((each.moment, each.question), []).append(each)
        whole = [
            [each for each in group if each.carers]
            for group in by_place.values()
            if all(each.is_shown for each in group if each.carers)
        ]
        return [each for group in whole if len(group) > 1 for each in group]


def figures(council):
    """Return the Figures of a council, in one query."""
    answered = Answers.objects.filter(award__council=council).filter(
        Q(rested__isnull=False) | Q(in_control__isnull=False) | Q(able_to_carry_on__isnull=False)
    )
    awards = {}
    for award, carer, language, moment, *values in answered.order_by("award").values_list(
        "award", "award__carer", "award__carer__language", "moment", *QUESTIONS
    ):
        said = awards.setdefault(award, (carer, language, {}))[2]
        said[moment] = dict(zip(QUESTIONS, values, strict=True))
    places = [(moment, question) for moment in (Moment.AFTER, Moment.LATER) for question in QUESTIONS]
    return Figures(
        everybody=[_figure(awards.values(), *place, None) for place in places],
        by_language=[
            _figure([each for each in awards.values() if each[1] == language], *place, language)
            for place in places
            for language in (Language.ENGLISH, Language.WELSH, "")
        ],
    )


def _figure(awards, moment, question, language):
    # A carer with several awards counts once, with the newest that says both.
    newest = {}
    for carer, _language, said in awards:
        before, after = (said.get(each, {}).get(question) for each in (Moment.START, moment))
        if before is not None and after is not None:
            newest[carer] = after > before
    return Figure(question, moment, language, len(newest), sum(newest.values()))


def _moment(award, on):
    first = first_break(award)
    first_on = timezone.localdate(first.ends_at) if first else None
    return Moment(rules.questions_due(first_break_on=first_on, on=on)), first
