"""A provider does not agree with what the carers team found: it says so once, and is answered in words (R29)."""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import history
from providers import staff
from voucher import messages, tasks
from voucher.models import Booking, ClaimLine, Dispute, Task

# It is the carers team that looks at it once more, so the days are the same for every council.
DAYS = 28


class TooLate(Exception):
    """Nothing was found against the provider, or the days in which it can say so are over."""


class AppealedBefore(Exception):
    """The provider has said so already; once is all."""


class NoWords(Exception):
    """An appeal is made, or answered, without a word."""


def found_at(booking):
    """Return when the carers team found that less took place than the provider said; None where it did not."""
    less = Dispute.objects.filter(booking=booking, state=Dispute.State.RESOLVED, found_minutes__lt=F("given_minutes"))
    if dispute := less.first():
        return dispute.resolved_at
    if booking.not_given != Booking.NotGiven.CARER_DID_NOT_COME:
        return None
    line = ClaimLine.objects.filter(booking=booking, part=ClaimLine.Part.FOUND).select_related("claim").first()
    return line and line.claim.made_at


def last_day(found):
    """R29. Return the last day, inclusive, on which the provider can say that it does not agree."""
    return timezone.localdate(found) + dt.timedelta(days=DAYS)


def of(booking):
    """Return what the provider said against a finding, as a Task with the answer, or None."""
    return Task.objects.filter(booking=booking, kind=Task.Kind.APPEAL).first()


def make(*, booking, words, by, now):
    """R29. Say for the provider, once, that it does not agree with the finding; the carers team looks at it again.

    What was found stands meanwhile. Raises NoWords, TooLate, AppealedBefore.
    """
    if not (words := words.strip()):
        raise NoWords
    with transaction.atomic():
        Booking.objects.select_for_update(no_key=True, of=["self"]).get(pk=booking.pk)
        if of(booking):
            raise AppealedBefore
        found = found_at(booking)
        if found is None or timezone.localdate(now) > last_day(found):
            raise TooLate
        task = tasks.give(booking=booking, kind=Task.Kind.APPEAL, now=now, words=words)
        history.record(
            act="booking.appealed", subject=booking, by=by, at=now, council=booking.council, award=booking.award_id
        )
    return task


def answer(*, task, words, by, now):
    """Answer a provider that does not agree, in words that it reads.

    Raises NoWords, tasks.TaskDone, staff.WorksThere.
    """
    staff.refuse_colleague(task.booking.provider_id, by)
    if not (words := words.strip()):
        raise NoWords
    with transaction.atomic():
        tasks.done(task=task, by=by, now=now, note=words)
        messages.appeal_answered(task)
