"""What every change of a booking is made of: the compare-and-set of its state, its line of history, its money back."""

from django.db.models import F
from django.utils import timezone

from accounts import history
from brochure.models import Offer
from voucher import messages
from voucher.bookings import own_money
from voucher.bookings.asking import NotLive
from voucher.ledger import books
from voucher.models import Booking, Suggestion

State, Party = Booking.State, Booking.Party


class BookingMoved(Exception):
    """Somebody was quicker, or the time is over: `state` is what the booking is now."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


class NotYet(Exception):
    """That can be said only from the moment `at`."""

    def __init__(self, at):
        super().__init__(at.isoformat())
        self.at = at


def move(booking, before, after, by, now, *, act=None, answer_by__gt=None, answer_by__lte=None, seen=None, **changes):
    """Set the state if it is still one of `before`, and record it; else BookingMoved.

    The deadline must still be so too, and with `seen` the start must be the one that was seen.
    """
    rows = Booking.objects.filter(pk=booking.pk, state__in=before)
    if answer_by__gt:
        rows = rows.filter(answer_by__gt=answer_by__gt)
    if answer_by__lte:
        rows = rows.filter(answer_by__lte=answer_by__lte)
    if after in Booking.CAME_TO_NOTHING:
        # What ends takes its entry out of the calendars: only a file with a higher number does that.
        changes["calendar_sequence"] = F("calendar_sequence") + 1
    if seen:
        rows = rows.filter(starts_at=seen)
    if not rows.update(state=after, **changes):
        raise BookingMoved(state_now(booking, over_at=answer_by__gt))
    # Other times that wait for an answer go with the state they were suggested in.
    Suggestion.objects.filter(booking=booking, state=Suggestion.State.OPEN).update(state=Suggestion.State.PASSED)
    booking.refresh_from_db()
    own_money.follow(booking, now)
    remember(booking, act or f"booking.{after}", by, now)


def refuse_unless_in_order(booking, *, ends_at):
    """Raise NotLive unless the provider works and its papers and the offer's checks hold until the break is over."""
    offer = Offer.objects.select_related("provider").get(pk=booking.offer_id)
    if not offer.provider.may_say_yes or not offer.is_in_order(on=timezone.localdate(ends_at)):
        raise NotLive


def lock(booking):
    """Let nobody else change the booking until this transaction is over; its row is read anew."""
    Booking.objects.filter(pk=booking.pk).update(state=F("state"))
    booking.refresh_from_db()


def take_suggestion(booking, suggestion, party, now):
    """Mark one open Suggestion of that party as taken, before its deadline; else BookingMoved."""
    rows = Suggestion.objects.filter(pk=suggestion.pk, booking=booking, by=party, state=Suggestion.State.OPEN)
    if not rows.filter(answer_by__gt=now).update(state=Suggestion.State.TAKEN):
        raise BookingMoved(state_now(booking, over_at=now))


def give_back(booking, by, now):
    if booking.hold is None:
        return
    try:
        books.release(hold=booking.hold, op_key=f"hold:{booking.hold_id}/release", actor=by.actor, now=now)
    except books.AlreadyResolved as lost:
        raise BookingMoved(state_now(booking)) from lost


def change(booking, as_read, **changes):
    """Change the booking where the fields named still are as they were read; else BookingMoved."""
    rows = Booking.objects.filter(pk=booking.pk, **{name: getattr(booking, name) for name in as_read})
    if not rows.update(**changes):
        raise BookingMoved(state_now(booking))
    for name, value in changes.items():
        setattr(booking, name, value)


def state_now(booking, over_at=None):
    """Return the state of the booking as it is stored; a request whose time is over counts as timed out."""
    row = Booking.objects.get(pk=booking.pk)
    if over_at and row.state in {State.REQUESTED, State.COUNTERED} and row.answer_by <= over_at:
        return State.TIMED_OUT
    return State(row.state)


def remember(booking, act, by, now):
    figures = {"amount": booking.amount, "price_pence": booking.price_pence, "due_pence": booking.due_pence}
    details = {name: figure for name, figure in figures.items() if figure is not None}
    if booking.decline_reason:
        details["reason"] = booking.decline_reason
    record(booking, act, by, now, **details)
    if by.role and act == "booking.requested":
        # Whoever is helped learns of it from us too, and not only from the helper.
        messages.booked_by_helper(booking)


def record(booking, act, by, now, **details):
    """Write an act down in the history of the booking, of its award and of its council."""
    history.record(act=act, subject=booking, by=by, at=now, council=booking.council, award=booking.award_id, **details)
