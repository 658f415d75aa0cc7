"""Two people press at the same moment: one act happens, the other is told what is so now, and the books balance."""

import datetime as dt
import uuid

import pytest

from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.ledger.desk import TURNS, at_once
from tests.voucher.test_bookings import ALYS, BRYN, FRIDAY, ask, london
from voucher import bookings, jobs
from voucher.ledger import audit, books
from voucher.models import Booking

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
State = Booking.State


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def sitting(cafe):
    return factories.offer(cafe)


@pytest.fixture
def booking(cafe, sitting, now):
    return ask(factories.award(cafe.council, value=40_000), sitting, now)


@pytest.fixture
def confirmed(booking, now):
    bookings.confirm(booking=booking, by=BRYN, now=now)
    return booking


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


def figures(booking):
    account = fresh(booking).award.account
    return account.available, account.held


def kinds(results):
    return sorted(type(result).__name__ for result in results)


@TURNS
def test_two_tabs_that_book_the_last_60_pounds_make_one_booking(cafe, now, turn):
    award = factories.award(cafe.council, value=6_000)
    offers = [factories.offer(cafe, price_pence=6_000, unit="session") for _ in range(2)]

    results = at_once(*[lambda offer=offer: ask(award, offer, now, minutes=60, seen=6_000) for offer in offers])

    assert kinds(results) == ["Booking", "NotEnough"]
    refusal = next(result for result in results if isinstance(result, bookings.NotEnough))
    assert (refusal.needed, refusal.available) == (6_000, 0)
    assert figures(Booking.objects.get()) == (0, 6_000)
    assert audit.differences() == []


@TURNS
def test_the_last_place_asked_for_by_four_is_given_to_one(cafe, sitting, now, turn):
    awards = [factories.award(cafe.council, value=40_000) for _ in range(4)]

    results = at_once(*[lambda award=award: ask(award, sitting, now) for award in awards])

    assert kinds(results) == ["Booking", "Full", "Full", "Full"]
    assert Booking.objects.count() == 1
    assert audit.differences() == []


@TURNS
def test_one_form_sent_four_times_makes_one_booking_and_all_are_shown_it(cafe, sitting, now, turn):
    award, key = factories.award(cafe.council, value=40_000), str(uuid.uuid4())

    results = at_once(*[lambda: ask(award, sitting, now, key=key)] * 4)

    assert results == [Booking.objects.get()] * 4
    assert figures(Booking.objects.get()) == (33_750, 6_250)
    assert audit.differences() == []


@TURNS
def test_an_answer_and_the_time_out_at_the_same_moment_are_decided_once(booking, turn):
    early, late = fresh(booking), fresh(booking)

    results = at_once(
        lambda: bookings.confirm(booking=early, by=BRYN, now=booking.answer_by - dt.timedelta(milliseconds=1)),
        lambda: bookings.time_out(booking=late, now=booking.answer_by),
    )

    state = fresh(booking).state
    assert kinds(results) == ["BookingMoved", "NoneType"]
    moved = next(result for result in results if isinstance(result, bookings.BookingMoved))
    assert moved.state == state
    assert figures(booking) == ((33_750, 6_250) if state == State.CONFIRMED else (40_000, 0))
    assert audit.differences() == []


@TURNS
def test_a_decline_and_a_time_out_give_the_money_back_once(booking, turn):
    first, second = fresh(booking), fresh(booking)

    results = at_once(
        lambda: bookings.decline(
            booking=first, reason="full", by=BRYN, now=booking.answer_by - dt.timedelta(milliseconds=1)
        ),
        lambda: bookings.time_out(booking=second, now=booking.answer_by),
    )

    assert kinds(results) == ["BookingMoved", "NoneType"]
    assert figures(booking) == (40_000, 0)
    assert audit.differences() == []


@TURNS
def test_a_cancellation_and_a_delivery_at_the_same_moment_never_both_happen(confirmed, turn):
    first, second = fresh(confirmed), fresh(confirmed)

    results = at_once(
        lambda: bookings.cancel(booking=first, party="team", by=BRYN, now=FRIDAY),
        lambda: bookings.deliver(booking=second, minutes=150, by=BRYN, now=FRIDAY),
    )

    row = fresh(confirmed)
    assert kinds(results) == ["BookingMoved", "NoneType"]
    if row.state == State.CANCELLED:
        assert (figures(row), row.due_pence) == ((40_000, 0), None)
    else:
        assert (row.state, figures(row), row.due_pence) == (State.DELIVERED, (33_750, 6_250), 6_250)
    assert audit.differences() == []


@TURNS
def test_a_cancellation_in_two_tabs_costs_its_share_once(confirmed, turn):
    rows = [fresh(confirmed), fresh(confirmed)]
    late = FRIDAY - dt.timedelta(hours=20)

    results = at_once(*[lambda row=row: bookings.cancel(booking=row, party="carer", by=ALYS, now=late) for row in rows])

    assert kinds(results) == ["BookingMoved", "NoneType"]
    assert figures(confirmed) == (36_875, 0)
    assert books.due(confirmed.provider_id) == 3_125
    assert audit.differences() == []


@TURNS
def test_a_cancellation_of_a_request_never_rides_over_its_confirmation(booking, now, turn):
    first, second = fresh(booking), fresh(booking)

    results = at_once(
        lambda: bookings.cancel(booking=first, party="carer", by=ALYS, now=now),
        lambda: bookings.confirm(booking=second, by=BRYN, now=now),
    )

    row = fresh(booking)
    assert kinds(results) == ["BookingMoved", "NoneType"]
    assert figures(row) == ((40_000, 0) if row.state == State.CANCELLED else (33_750, 6_250))
    assert audit.differences() == []


@TURNS
def test_the_jobs_twice_at_once_do_each_thing_once(cafe, now, turn):
    offer = factories.offer(cafe, places=9)
    awards = [factories.award(cafe.council, value=40_000, first_day=dt.date(2026, 4, 17)) for _ in range(6)]
    for award in awards:
        ask(award, offer, now)
    moment = london(2026, 10, 17, 1)

    first, second = at_once(lambda: list(jobs.run(moment)), lambda: list(jobs.run(moment)))

    done = {one.kind: one.done + two.done for one, two in zip(first, second, strict=True)}
    assert [outcome.failed for outcome in [*first, *second]] == [0] * 2 * len(jobs.JOBS)
    assert done["requests timed out"] == 6
    assert HistoryEntry.objects.filter(act="award.ended").count() == 6
    for award in awards:
        award.account.refresh_from_db()
        award.fund.account.refresh_from_db()
        assert (award.account.available, award.account.held, award.fund.account.issued) == (0, 0, 0)
    assert audit.differences() == []
