"""Changes in a carer's life that change the award: a death, the end of caring, a move to another county.

What will happen is worked out first and shown; what is then done is what was shown, or nothing. Providers are told
only that the carers team has cancelled; to the carer nothing is sent that she did not ask for, from the same minute.
"""

import hashlib
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import history, mail
from voucher import bookings, messages, rules
from voucher.bookings import waiting_list
from voucher.changes import applications
from voucher.granting import awards
from voucher.ledger import books
from voucher.ledger.models import AwardAccount
from voucher.messages import writing
from voucher.models import Application, Award, Booking, Choice, Circumstance, Permission, Suggestion

Kind, Party = Circumstance.Kind, Booking.Party
A_DEATH = frozenset({Kind.CARED_FOR_DIED, Kind.CARER_DIED})
# The award ends this very minute; of the others what is confirmed stays until a day that the team chooses.
AT_ONCE = frozenset({Kind.CARER_DIED, Kind.STOPPED_CARING})


class AlreadyRecorded(Exception):
    """The same was recorded before."""


class BadDay(Exception):
    """Breaks can be honoured from `first` to `last` (R32)."""

    def __init__(self, first, last):
        super().__init__(f"{first} to {last}")
        self.first, self.last = first, last


class StalePlan(Exception):
    """Something has changed since the plan was shown; `plan` is the Plan now. Nothing was done."""

    def __init__(self, plan):
        super().__init__()
        self.plan = plan


@dataclass(frozen=True)
class Plan:
    """What recording this would do: for the page that shows it first, and for the verb that then does it."""

    kind: str
    honoured_until: object
    awards: list
    # Cancelled free of charge, and kept as they are: the bookings that are still to come.
    cancelled: list
    kept: list
    applications: list = field(default_factory=list)

    @property
    def is_silent(self):
        return self.kind in A_DEATH

    @property
    def ends_at_once(self):
        return self.kind in AT_ONCE

    @property
    def seen(self):
        """What tells this plan from any other, so that nothing is done that was not shown."""
        refs = [f"{row.ref}:{row.state}" for row in [*self.cancelled, *self.kept]]
        words = [self.kind, str(self.honoured_until), *refs, *(award.ref for award in self.awards)]
        return hashlib.sha256("/".join(words).encode()).hexdigest()[:16]


def days_to_honour(kind, *, on):
    """Return the first and the last day up to which breaks can be honoured (R32), or None where none are."""
    last = rules.latest_honoured(kind, on)
    return (on, last) if last else None


def plan(*, carer, kind, honoured_until=None, now) -> Plan:
    """Return what recording this would do now; it changes nothing. Raises BadDay."""
    days = days_to_honour(kind, on=timezone.localdate(now))
    if days and not (honoured_until and days[0] <= honoured_until <= days[1]):
        raise BadDay(*days)
    honoured_until = honoured_until if days else None
    rows = Award.objects.filter(carer=carer).exclude(account__state=AwardAccount.State.ENDED)
    # Where other times were suggested, those are still to come when the first has passed.
    later = Q(starts_at__gt=now) | Q(state=Booking.State.COUNTERED)
    to_come = Booking.objects.filter(later, award__carer=carer, state__in=bookings.IS_LIVE)
    to_come = to_come.select_related(
        "award__account", "offer__category", "provider", "hold", "council__scheme", "asked_in"
    )
    cancelled, kept = [], []
    for row in to_come.order_by("starts_at", "pk"):
        (kept if _stays(row, kind, honoured_until) else cancelled).append(row)
    # Both or neither: until both halves of a pair are confirmed, one takes the other along.
    together = {row.asked_in_id for row in cancelled if row.waits_for_the_other_half}
    cancelled += [row for row in kept if row.asked_in_id in together]
    kept = [row for row in kept if row not in cancelled]
    asked = Application.objects.filter(award__carer=carer, state=Application.State.OPEN).select_related("award")
    live = list(rows.select_related("account", "council__scheme", "carer").order_by("pk"))
    return Plan(kind, honoured_until, live, cancelled, kept, list(asked.order_by("pk")))


def record(*, carer, kind, happened_on, honoured_until=None, seen, by, now) -> Circumstance:
    """Record what has happened and do what the plan says, all of it or nothing; `seen` is Plan.seen as it was shown.

    From the same minute nothing unasked is sent after a death. Raises AlreadyRecorded, BadDay, StalePlan.
    """
    ahead = plan(carer=carer, kind=kind, honoured_until=honoured_until, now=now)
    if Circumstance.objects.standing().filter(carer=carer, kind=kind, happened_on=happened_on).exists():
        raise AlreadyRecorded
    if ahead.seen != seen:
        raise StalePlan(ahead)
    try:
        with transaction.atomic():
            return _record(carer, ahead, happened_on, by, now)
    except IntegrityError as twice:
        raise AlreadyRecorded from twice
    except (bookings.BookingMoved, books.AwardEnded) as moved:
        # Somebody was quicker, or the night after the last day.
        later = plan(carer=carer, kind=kind, honoured_until=honoured_until, now=now)
        raise StalePlan(later) from moved


def honoured_to_the_end(on):
    """Return the awards whose breaks are honoured no longer, because that day is over; the clock closes them."""
    over = Circumstance.objects.standing().filter(
        honoured_until__lt=on, carer=OuterRef("carer"), recorded_at__gte=OuterRef("issued_at")
    )
    standing = Award.objects.exclude(account__state=AwardAccount.State.ENDED).filter(Exists(over))
    return standing.select_related("account", "council").order_by("pk")


def close_honoured(*, award, by, now):
    """Close an award whose honoured day is over, unless the change was taken back meanwhile (R32)."""
    with transaction.atomic():
        books.take_turn(award=award.account)
        if honoured_to_the_end(timezone.localdate(now)).filter(pk=award.pk).exists():
            close(award=award, reason="honoured to the end", by=by, now=now)


def close(*, award, reason, by, now):
    """End an award for good and give what is left back to its fund; what was set aside for a given break stays.

    Returns how much went back. Once ended, nothing happens.
    """
    with transaction.atomic():
        award.account.refresh_from_db()
        if award.account.state == AwardAccount.State.ENDED:
            return 0
        key = f"award:{award.pk}/close"
        waiting_list.end_all(awards=[award], by=by, now=now)
        amount = books.end(award=award.account, reason=reason, op_key=key, actor=by.actor, now=now)
        history.record(
            act="award.closed", subject=award, by=by, at=now, council=award.council, amount=amount, reason=reason
        )
        return amount


def _record(carer, ahead, happened_on, by, now):
    row = Circumstance.objects.create(
        carer=carer,
        kind=ahead.kind,
        happened_on=happened_on,
        honoured_until=ahead.honoured_until,
        recorded_by=by.user,
        recorded_at=now,
    )
    figures = {"kind": ahead.kind, "cancelled": len(ahead.cancelled)}
    history.record(act="circumstance.recorded", subject=carer, by=by, at=now, council=carer.council, **figures)
    if ahead.is_silent:
        _be_silent(carer, by, now)
    elif ahead.ends_at_once:
        # What is written from now on is about the bookings that are cancelled, and she should read that.
        mail.withdraw(reader=writing.reader(carer), now=now)
    # In the order in which everybody else takes them: requests, applications, then the books' own.
    for booking in sorted(ahead.cancelled, key=lambda each: (each.asked_in_id or 0, each.pk)):
        bookings.choices.lock(booking)
    applications.close_all(awards_closed=ahead.awards, by=by, now=now)
    for award in ahead.awards:
        books.take_turn(award=award.account)
        books.freeze(award=award.account)
        waiting_list.end_all(awards=[award], by=by, now=now)
        history.record(act="award.stopped", subject=award, by=by, at=now, council=award.council, reason=ahead.kind)
    # From here on nothing more can be asked for. What was asked for since it was shown is looked at first.
    stopped = plan(carer=carer, kind=ahead.kind, honoured_until=ahead.honoured_until, now=now)
    if stopped.seen != ahead.seen:
        raise StalePlan(stopped)
    _cancel(ahead, carer, by, now)
    if ahead.is_silent:
        mail.withdraw(reader=writing.reader(carer), now=now)
    if ahead.ends_at_once:
        _end(ahead, carer, by, now)
        _tell_of_courses(carer, now)
    return row


def _stays(booking, kind, honoured_until):
    if kind in AT_ONCE:
        return False
    if timezone.localdate(booking.starts_at) > honoured_until:
        return False
    offer = booking.offer
    return kind != Kind.CARED_FOR_DIED or not rules.is_for_the_person_cared_for(
        offer.category.slug, offer.personal_care, offer.accommodation
    )


def _be_silent(carer, by, now):
    if carer.quiet_since:
        return
    carer.quiet_since = now
    carer.save(update_fields=["quiet_since"])
    history.record(act="carer.silence", subject=carer, by=by, at=now, council=carer.council)


def _cancel(ahead, carer, by, now):
    # No other choice is asked in place of what is cancelled, and no other time is taken.
    Choice.objects.filter(asked_in__award__carer=carer, state=Choice.State.WAITING).update(
        state=Choice.State.NOT_NEEDED
    )
    Suggestion.objects.filter(booking__in=ahead.cancelled, state=Suggestion.State.OPEN).update(
        state=Suggestion.State.PASSED
    )
    for booking in ahead.cancelled:
        booking.award.carer = carer  # as silent as it has just become
        try:
            bookings.cancel(booking=booking, party=Party.TEAM, by=by, now=now)
        except bookings.BookingMoved as moved:
            # The other half of a paired break may have taken it along.
            if moved.state != Booking.State.CANCELLED:
                raise


def _tell_of_courses(carer, now):
    """Tell the providers of courses in their middle: what was given stays due, and nobody comes any more (R54)."""
    begun = Booking.objects.filter(award__carer=carer, state=Booking.State.CONFIRMED, starts_at__lte=now)
    for booking in begun.filter(ends_at__gt=now, sessions__isnull=False).order_by("pk"):
        last = bookings.spans_of(booking)[-1][0]
        if last > now:
            messages.nobody_comes_any_more(booking, counted_from=last)


def _end(ahead, carer, by, now):
    for award in ahead.awards:
        close(award=award, reason=ahead.kind, by=by, now=now)
        awards.revoke_code(award=award, by=by, now=now)
    Permission.objects.filter(carer=carer, ended_at=None).update(ended_at=now)
