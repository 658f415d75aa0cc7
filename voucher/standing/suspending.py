"""A provider is stopped at once, where somebody could come to harm, and may go on again when all is well (R65).

Why stands with the carers team only: carers are told what it means for them, and nobody is judged before it is known.
What was given is claimed and paid as ever.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import history
from providers import staff
from providers.models import Provider
from voucher import messages
from voucher.bookings import choices, following, steps, tasks, waiting_list
from voucher.models import Booking, Task, WalkIn

State = Provider.State
STOPPED = "provider.suspended"
# A provider that is paused can be stopped as well; one that is joining is refused instead.
CAN_BE_STOPPED = (State.LIVE, State.PAUSED)
# What settling a booking needs beside it.
AROUND = ("award__account", "award__carer", "council__scheme", "offer", "provider", "hold")
OPEN_REQUESTS = (Booking.State.UNPAID, Booking.State.REQUESTED, Booking.State.COUNTERED)


class NotWorking(Exception):
    """The provider is not live and not paused, so there is nothing to stop."""


class NotStopped(Exception):
    """The provider is not suspended."""


class NoReason(Exception):
    """A provider is stopped without a reason in words."""


def suspend(*, provider, reason, by, now):
    """Stop a provider at once: nothing new is booked, open requests go to the next choice, the rest is arranged anew.

    Each confirmed break to come is put on the carers team's list, its carer told neutrally and free to cancel, and what
    is set aside stays so until a worker has found something else. A pause that it was in is kept in the history, for
    when it goes on. Raises NoReason, NotWorking, staff.WorksThere.
    """
    if not (reason := reason.strip()):
        raise NoReason
    staff.refuse_colleague(provider, by)
    with transaction.atomic():
        before = Provider.objects.locked(provider.pk)
        pause = {"pause": before.pause_reason} if before.pause_reason else {}
        pause |= {"until": before.paused_until.isoformat()} if before.paused_until else {}
        rows = Provider.objects.filter(pk=provider.pk, state__in=CAN_BE_STOPPED)
        stopped = {"state": State.SUSPENDED, "stopped_because": reason, "stopped_at": now}
        if not rows.update(pause_reason="", paused_until=None, **stopped):
            raise NotWorking
        provider.refresh_from_db()
        # The reason is read on the provider's page by its carers team; the history says that there was one.
        history.record(act=STOPPED, subject=provider, by=by, at=now, council=provider.council, **pause)
        WalkIn.objects.filter(provider=provider, state=WalkIn.State.WAITING).update(
            state=WalkIn.State.RAN_OUT, answered_at=now
        )
        waiting_list.wait_on(provider=provider, by=by, now=now)
        messages.provider_stopped(provider, now)
    # It is stopped now, whatever becomes of the rest, which is one small transaction a booking.
    for booking in left_undone(now).filter(provider=provider):
        settle(booking=booking, by=by, now=now)


def left_undone(now):
    """Return the requests and the breaks to come of stopped providers with which nothing was done since the stop.

    After the stop itself there are none, but for what a crash left, or was confirmed in the same moment.
    """
    given = Task.objects.filter(
        kind=Task.Kind.REARRANGE, booking=OuterRef("pk"), made_at__gte=OuterRef("provider__stopped_at")
    )
    coming = Q(state=Booking.State.CONFIRMED, starts_at__gt=now) & ~Exists(given)
    rows = Booking.objects.filter(coming | Q(state__in=OPEN_REQUESTS), provider__state=State.SUSPENDED)
    return rows.select_related(*AROUND).order_by("starts_at", "pk")


def settle(*, booking, by, now):
    """End a request that can no longer be answered, or put a confirmed break on the list to be arranged anew.

    The provider may say yes in the moment in which it is stopped, and may go on again before all is settled: what
    counts is how both stand when its turn comes.
    """
    if not Provider.objects.filter(pk=booking.provider_id, state=State.SUSPENDED).exists():
        return
    if not end_request(booking=booking, by=by, now=now):
        arrange_anew(booking=booking, now=now)


def resume(*, provider, by, now):
    """Let a provider go on; what still waited to be arranged anew takes place after all, and its carers are told.

    A pause that it was in when it was stopped stands, unless its last day is over. Raises NotStopped, staff.WorksThere.
    """
    staff.refuse_colleague(provider, by)
    with transaction.atomic():
        rows = Provider.objects.filter(pk=provider.pk, state=State.SUSPENDED)
        not_stopped = {"stopped_because": "", "stopped_at": None, "counted_since": now}
        if not rows.update(**_state_before(provider, now), **not_stopped):
            raise NotStopped
        provider.refresh_from_db()
        history.record(act="provider.goes_on", subject=provider, by=by, at=now, council=provider.council)
        let_go_on(provider=provider, by=by, now=now)
        messages.provider_goes_on(provider, now)


def _state_before(provider, now):
    """Return the fields of the state to which a stopped provider returns: live, or the pause that it was in."""
    said = history.history_of(provider).filter(act=STOPPED).order_by("-pk").first()
    pause = said.details if said else {}
    until = dt.date.fromisoformat(pause["until"]) if "until" in pause else None
    if "pause" not in pause or (until and until < timezone.localdate(now)):
        return {"state": State.LIVE}
    return {"state": State.PAUSED, "pause_reason": pause["pause"], "paused_until": until}


def let_go_on(*, provider, by, now):
    """Take off the list what can take place as it was booked after all, and tell its carers; return those bookings."""
    waiting = Task.objects.filter(kind=Task.Kind.REARRANGE, done_at=None, booking__provider=provider)
    waiting = waiting.filter(booking__state=Booking.State.CONFIRMED, booking__starts_at__gt=now)
    found = []
    for task in waiting.select_related("booking__offer__provider"):
        if task.booking.offer.is_in_order(on=timezone.localdate(task.booking.ends_at)):
            try:
                tasks.done(task=task, by=by, now=now)
            except tasks.TaskDone:
                # A worker has just arranged something else with this carer.
                continue
            messages.break_goes_on(task.booking, now)
            found.append(task.booking)
    return found


def end_request(*, booking, by, now):
    """End a request that its provider can no longer answer; the carer's next choice is asked, as after a no (R24).

    Return whether it ended: it does not where it was answered, or called off, in the same moment.
    """
    ended = {"ended_by": steps.Party.TEAM, "ended_at": now}
    try:
        with transaction.atomic():
            choices.lock(booking)
            if steps.state_now(booking) not in OPEN_REQUESTS:
                return False
            booking.refresh_from_db()
            steps.give_back(booking, by, now)
            steps.move(booking, OPEN_REQUESTS, steps.State.CANCELLED, by, now, **ended)
            following.after_no(booking, by, now)
    except steps.BookingMoved:
        return False
    return True


def arrange_anew(*, booking, now):
    """Put a confirmed break on the carers team's list; its carer is told once, and may cancel it free however late."""
    with transaction.atomic():
        on_the_list = Task.objects.filter(booking=booking, kind=Task.Kind.REARRANGE, done_at=None)
        # After a lapse of papers it is on the list and nobody has told the carer.
        is_told = on_the_list.filter(booking__may_cancel_free=True).exists()
        changed = Booking.objects.filter(pk=booking.pk, state=Booking.State.CONFIRMED).update(may_cancel_free=True)
        if changed:
            tasks.give_again(booking=booking, kind=Task.Kind.REARRANGE, now=now)
            # It is of now, however long it was on the list: what is older than a stop counts as left undone.
            on_the_list.update(made_at=now)
            if not is_told:
                messages.break_to_rearrange(booking, now)
