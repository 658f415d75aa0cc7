"""A provider does not agree with what the carers team found: it says so once, and a colleague answers it (R29).

What was found stands, or it is found anew that more took place (voucher.claiming.found_anew); either ends it.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from providers import staff
from voucher import messages
from voucher.bookings import steps, tasks
from voucher.claiming import claims, found_anew
from voucher.models import Booking, ClaimLine, Dispute, Task

# It is the carers team that looks at it once more, so the days are the same for every council.
DAYS = 28


class TooLate(Exception):
    """Nothing was found against the provider, or the days in which it can say so are over."""


class AppealedBefore(Exception):
    """The provider has said so already; once is all."""


class NoWords(Exception):
    """An appeal is made, or answered, without a word."""


class FoundItYourself(Exception):
    """Whoever made the finding does not answer what the provider says against it: a colleague does."""


@dataclass(frozen=True)
class Finding:
    """When something was found against a provider, and who of the carers team found it."""

    at: dt.datetime
    by: User


def finding_of(booking):
    """Return what was found against the provider of a booking; None where nothing was."""
    less = Dispute.objects.filter(booking=booking, state=Dispute.State.RESOLVED, found_minutes__lt=F("given_minutes"))
    if dispute := less.select_related("resolved_by").first():
        return Finding(dispute.resolved_at, dispute.resolved_by)
    if booking.not_given != Booking.NotGiven.CARER_DID_NOT_COME:
        return None
    lines = ClaimLine.objects.filter(booking=booking, part=ClaimLine.Part.FOUND)
    line = lines.select_related("claim__made_by").first()
    return line and Finding(line.claim.made_at, line.claim.made_by)


def found_at(booking):
    """Return when the carers team found that less took place than the provider said; None where it did not."""
    finding = finding_of(booking)
    return finding and finding.at


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
        steps.record(booking, "booking.appealed", by, now)
    return task


def found_it(task, user):
    """True for the worker who made the finding that this appeal is against."""
    finding = finding_of(task.booking)
    return finding is not None and finding.by.pk == user.pk


def answer(*, task, words, by, now):
    """Answer a provider that does not agree, in words that it reads: what was found stands.

    Raises NoWords, tasks.TaskDone, FoundItYourself, staff.WorksThere.
    """
    words = _words_of_whoever_may(task, words, by)
    with transaction.atomic():
        tasks.done(task=task, by=by, now=now, note=words)
        messages.appeal_answered(task)


def find_anew(*, task, minutes, words, by, now):
    """R29. Answer a provider that does not agree by finding that more took place; return the FoundAnew.

    `minutes` are what took place, one of those of `found_anew.outcomes`: None where the carer did not come after all.
    What that is more is paid out of the carer's award, and both sides read the words. All of it happens, or nothing.

    Raises NoWords, tasks.TaskDone, FoundItYourself, staff.WorksThere, disputes.BadMinutes, bookings.BookingMoved, and
    books.Refused where the award cannot pay it: then the answer can still be given in words.
    """
    words = _words_of_whoever_may(task, words, by)
    with transaction.atomic():
        booking = claims.alone(task.booking)
        tasks.done(task=task, by=by, now=now, note=words)
        row = found_anew.find(booking=booking, minutes=minutes, finding=words, by=by, now=now)
        messages.found_anew(row)
    return row


def _words_of_whoever_may(task, words, by):
    staff.refuse_colleague(task.booking.provider_id, by)
    if found_it(task, by.user):
        raise FoundItYourself
    if not (words := words.strip()):
        raise NoWords
    return words
