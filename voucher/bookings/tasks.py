"""What the carers team has to do: once for each booking, or provider while it waits, and done when a worker says so.

What is about a place that is kept for a carer is done when her answer is there, or when its time is over (R55).
"""

import datetime as dt

from django.db.models import Case, Count, IntegerField, Value, When

from accounts import history
from voucher.models import Booking, Task

Kind = Task.Kind
A_YEAR = dt.timedelta(days=365)
# Whoever may be alone comes first; then what has a clock.
MOST_URGENT_FIRST = [Kind.NOBODY_CAME, Kind.EMERGENCY, Kind.PLACE_KEPT, Kind.NOT_MINE, Kind.OBJECTION, Kind.PAY_BY_HAND]
# What the history says when each is done.
DONE_ACTS = {
    Kind.NOBODY_CAME: "booking.carer_rung",
    Kind.TOLD_LATE: "booking.absence_looked_into",
    Kind.EMERGENCY: "booking.carer_rung",
    Kind.OBJECTION: "booking.objection_answered",
    Kind.APPEAL: "booking.appeal_answered",
    Kind.PAY_BY_HAND: "booking.settled_by_hand",
    Kind.CARD: "booking.card_looked_into",
    Kind.NOT_MINE: "booking.not_mine_looked_into",
    Kind.REARRANGE: "booking.rearranged",
}


class TaskDone(Exception):
    """Somebody has done it already."""


def give(*, booking, kind, now, please_ring=False, words=""):
    """Put something about a booking on the carers team's list, once; return the Task."""
    wanted = {"council": booking.council, "please_ring": please_ring, "words": words, "made_at": now}
    return Task.objects.get_or_create(booking=booking, kind=kind, defaults=wanted)[0]


def give_about_provider(*, provider, kind, now, words=""):
    """Put something about a provider on its council's list, once until it is done; return the Task."""
    wanted = {"council": provider.council, "words": words, "made_at": now}
    return Task.objects.get_or_create(provider=provider, kind=kind, done_at=None, defaults=wanted)[0]


def give_again(*, booking, kind, now):
    """Put something about a booking on the carers team's list once more, where it was done before; return the Task."""
    task = give(booking=booking, kind=kind, now=now)
    Task.objects.filter(pk=task.pk).exclude(done_at=None).update(done_by=None, done_at=None, note="", made_at=now)
    task.refresh_from_db()
    return task


def give_about_place(*, place, now):
    """Put a place that is kept for a carer who is rung on the carers team's list, once; return the Task."""
    wanted = {"council": place.award.council, "kind": Kind.PLACE_KEPT, "made_at": now}
    return Task.objects.get_or_create(place=place, done_at=None, defaults=wanted)[0]


def answered(*, places, by, now):
    """Take these places off the list: the carer's answer is there, or their time is over. Return how many there were.

    The history of the award says what became of each place.
    """
    rows = Task.objects.filter(place__in=places, done_at=None)
    return rows.update(done_by=by.user, done_at=now)


def somebody_may_be_alone(*, booking, now):
    """Put it on the list that nobody came: first on it, and once more where it was done or could wait before."""
    if not Task.objects.filter(booking=booking, kind=Kind.NOBODY_CAME).exists():
        Task.objects.filter(booking=booking, kind=Kind.TOLD_LATE, done_at=None).update(kind=Kind.NOBODY_CAME)
    return give_again(booking=booking, kind=Kind.NOBODY_CAME, now=now)


def not_needed(*, booking, kinds, by, now):
    """Take what is to be done about a booking off the list, because it was not so; the booking's history says why."""
    Task.objects.filter(booking=booking, kind__in=kinds, done_at=None).update(done_by=by.user, done_at=now)


def waiting(council):
    """Return what a council's carers team has still to do: where somebody may be alone first, then the oldest."""
    order = [When(kind=kind, then=Value(place)) for place, kind in enumerate(MOST_URGENT_FIRST)]
    rows = Task.objects.filter(council=council, done_at=None)
    turn = Case(*order, default=Value(len(order)), output_field=IntegerField())
    return rows.annotate(turn=turn).order_by("turn", "made_at", "pk")


def done(*, task, by, now, note=""):
    """Say that a task is done; who and when stands in the history of what it is about too, the note only with the task.

    Raises TaskDone.
    """
    changed = Task.objects.filter(pk=task.pk, done_at=None).update(done_by=by.user, done_at=now, note=note)
    if not changed:
        raise TaskDone
    task.refresh_from_db()
    booking = task.booking
    if booking is None:
        by_kind = {"act": "provider.task_done", "subject": task.provider, "kind": task.kind}
        history.record(**by_kind, by=by, at=now, council=task.council)
        return
    history.record(
        act=DONE_ACTS[task.kind], subject=booking, by=by, at=now, council=task.council, award=booking.award_id
    )


def emergencies_of(carers, now):
    """Return for each of these carers how many breaks they cancelled in an emergency in the last twelve months."""
    since = now - A_YEAR
    rows = Booking.objects.filter(award__carer__in=carers, emergency=True, ended_at__gt=since, ended_at__lte=now)
    return dict(rows.order_by().values_list("award__carer").annotate(Count("pk")))
