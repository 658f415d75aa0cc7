"""Moving a break: a request at once, a confirmed break with the provider's yes; it stays the one booking (R39)."""

import datetime as dt

import pytest

from accounts.models import OutboxMessage
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, ask, london
from voucher import bookings, jobs, rules
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.models import Booking, Suggestion

pytestmark = pytest.mark.django_db
State = Booking.State
MONDAY, TUESDAY = london(2026, 10, 19, 15), london(2026, 10, 20, 15)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=10_000)


@pytest.fixture
def offer(bryn_cafe):
    return factories.offer(bryn_cafe)


@pytest.fixture
def request_(award, offer, now):
    return ask(award, offer, now)


@pytest.fixture
def confirmed(request_, now):
    bookings.confirm(booking=request_, by=ALYS, now=now)
    return request_


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def propose(booking, starts_at, now):
    return bookings.propose_move(booking=booking, starts_at=starts_at, by=ALYS, now=now)


def sound():
    return audit.differences() == [] and claims.differences() == []


def test_a_request_that_is_moved_stays_one_booking_with_a_new_deadline(request_, award, offer, now):
    later = now + dt.timedelta(days=1)

    bookings.change_time(booking=request_, starts_at=MONDAY, by=ALYS, now=later)

    assert Booking.objects.count() == 1
    assert (request_.state, request_.starts_at, request_.calendar_sequence) == (State.REQUESTED, MONDAY, 1)
    assert request_.answer_by == london(2026, 10, 15, 17)
    assert left(award) == (3_750, 6_250)
    told = OutboxMessage.objects.get(kind="time_changed", to=offer.provider.email)
    assert "Friday 16 October" in told.body and "Monday 19 October" in told.body
    assert sound()


def test_changing_to_the_same_time_changes_nothing(request_, now):
    bookings.change_time(booking=request_, starts_at=FRIDAY, by=ALYS, now=now)

    assert request_.calendar_sequence == 0
    assert not OutboxMessage.objects.filter(kind="time_changed").exists()


def test_half_an_hour_later_is_not_taken_by_the_booking_itself(request_, now):
    bookings.change_time(booking=request_, starts_at=FRIDAY + dt.timedelta(minutes=30), by=ALYS, now=now)

    assert request_.starts_at == FRIDAY + dt.timedelta(minutes=30)


@pytest.mark.parametrize(
    ("starts_at", "refusal"),
    [
        (london(2026, 10, 12, 20), "TooSoon"),
        (london(2026, 10, 19, 23), "NotOpen"),
        (london(2027, 10, 19, 15), "OutsidePeriod"),
        (MONDAY, "Full"),
    ],
)
@pytest.mark.parametrize("state", ["requested", "confirmed"])
def test_a_time_that_cannot_be_had_is_refused(request_, caerphilly, offer, now, starts_at, refusal, state):
    ask(factories.award(caerphilly), offer, now, starts_at=MONDAY)
    if state == "confirmed":
        bookings.confirm(booking=request_, by=ALYS, now=now)
    verb = bookings.change_time if state == "requested" else bookings.propose_move

    with pytest.raises(getattr(bookings, refusal)):
        verb(booking=request_, starts_at=starts_at, by=ALYS, now=now)

    request_.refresh_from_db()
    assert request_.starts_at == FRIDAY


def test_a_confirmed_break_stays_until_its_provider_says_yes_to_the_new_time(confirmed, award, offer, caerphilly, now):
    suggestion = propose(confirmed, MONDAY, now)

    confirmed.refresh_from_db()
    assert (confirmed.state, confirmed.starts_at) == (State.CONFIRMED, FRIDAY)
    assert suggestion.answer_by == london(2026, 10, 14, 17)
    # Both times are kept meanwhile.
    for start in (FRIDAY, MONDAY):
        with pytest.raises(bookings.Full):
            ask(factories.award(caerphilly), offer, now, starts_at=start)

    bookings.accept_move(booking=confirmed, by=ALYS, now=now)

    assert (confirmed.state, confirmed.starts_at, confirmed.calendar_sequence) == (State.CONFIRMED, MONDAY, 1)
    assert OutboxMessage.objects.get(kind="move_answered", to=award.carer.email).subject.startswith(
        "Your break is moved"
    )
    assert Booking.objects.count() == 1
    assert left(award) == (3_750, 6_250)
    assert sound()


@pytest.mark.parametrize("end", ["declined", "taken back", "timed out"])
def test_else_the_old_time_stands_and_the_new_one_is_free(confirmed, award, offer, caerphilly, now, end):
    suggestion = propose(confirmed, MONDAY, now)

    if end == "declined":
        bookings.decline_move(booking=confirmed, by=ALYS, now=now)
    elif end == "taken back":
        bookings.take_back_move(booking=confirmed, by=ALYS, now=now)
    else:
        assert jobs.time_out_moves(suggestion.answer_by) == (1, 0)
        assert jobs.time_out_moves(suggestion.answer_by) == (0, 0)

    confirmed.refresh_from_db()
    assert (confirmed.starts_at, confirmed.calendar_sequence) == (FRIDAY, 0)
    assert bookings.proposed(confirmed) is None
    told = OutboxMessage.objects.filter(kind="move_answered", to=award.carer.email)
    assert told.count() == (0 if end == "taken back" else 1)
    assert ask(factories.award(caerphilly), offer, now, starts_at=MONDAY).state == State.REQUESTED
    with pytest.raises(bookings.BookingMoved):
        bookings.accept_move(booking=confirmed, by=ALYS, now=now)


def test_one_other_time_is_proposed_at_once_and_the_same_press_twice_is_one(confirmed, now):
    first = propose(confirmed, MONDAY, now)

    assert propose(confirmed, MONDAY, now) == first
    with pytest.raises(bookings.AlreadyProposed):
        propose(confirmed, TUESDAY, now)


def test_from_the_notice_of_the_provider_on_a_break_is_no_longer_moved(confirmed, now):
    limit = FRIDAY - dt.timedelta(hours=24)
    assert bookings.may_move(confirmed, limit)

    with pytest.raises(bookings.TooLateToMove):
        propose(confirmed, TUESDAY, limit + dt.timedelta(seconds=1))


def test_a_cancelled_break_takes_its_proposal_with_it(confirmed, now):
    propose(confirmed, MONDAY, now)

    bookings.cancel(booking=confirmed, party="carer", by=ALYS, now=now)

    assert Suggestion.objects.get().state == "passed"


def test_moving_is_no_way_round_the_late_share(confirmed, now):
    late = FRIDAY - dt.timedelta(hours=30)
    assert bookings.cost_of_cancelling(confirmed, late).due_pence == 3_125
    propose(confirmed, london(2026, 10, 30, 14), late)
    bookings.accept_move(booking=confirmed, by=ALYS, now=late)

    assert bookings.cost_of_cancelling(confirmed, late).due_pence == 3_125
    assert bookings.cost_of_cancelling(confirmed, late + dt.timedelta(days=3)).due_pence == 3_125


def test_moved_in_time_the_terms_count_from_the_new_start(confirmed, now):
    propose(confirmed, london(2026, 10, 30, 14), now)
    bookings.accept_move(booking=confirmed, by=ALYS, now=now)

    assert bookings.cost_of_cancelling(confirmed, london(2026, 10, 28, 14)).due_pence == 0
    assert bookings.cost_of_cancelling(confirmed, london(2026, 10, 28, 15)).due_pence == 3_125


def test_the_hours_after_moving_end_where_the_old_limit_was():
    """R39. The cancellation terms count from the new start; what could not be cancelled free before stays so."""
    before, after = FRIDAY, FRIDAY + dt.timedelta(days=7)

    def hours(hours_before):
        return rules.free_cancel_hours_after_moving(48, before - dt.timedelta(hours=hours_before), before, after)

    assert (hours(48), hours(47)) == (48, 48 + 7 * 24)


def test_moving_across_the_end_of_summer_time_keeps_the_length(award, offer, now):
    booking = ask(award, offer, now, starts_at=london(2026, 10, 24, 14))

    bookings.change_time(booking=booking, starts_at=london(2026, 10, 25, 14), by=ALYS, now=now)

    assert booking.ends_at - booking.starts_at == dt.timedelta(minutes=150)


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_a_provider_that_was_stopped_moves_nothing(confirmed, bryn_cafe, now, state):
    propose(confirmed, TUESDAY, now)
    stopped = {"stopped_because": "A worry.", "stopped_at": now} if state == "suspended" else {}
    Provider.objects.filter(pk=bryn_cafe.pk).update(state=state, **stopped)

    # As the page had it that was open before.
    with pytest.raises(bookings.NotLive):
        bookings.accept_move(booking=confirmed, by=ALYS, now=now)

    confirmed.refresh_from_db()
    assert confirmed.starts_at != TUESDAY and sound()
