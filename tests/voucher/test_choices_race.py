"""Choices fall, pairs settle and times are taken while somebody else presses: each thing once, no penny twice."""

import datetime as dt
import uuid

import pytest

from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, london
from tests.voucher.ledger.desk import TURNS, at_once
from voucher import bookings, jobs
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.models import Booking, BreakRequest, Suggestion

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
State = Booking.State
MONDAY = london(2026, 10, 19, 15)


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def mair(cafe):
    return factories.offer(factories.provider(cafe.council, name="Mair"), price_pence=2_300)


@pytest.fixture
def sitting(cafe):
    return factories.offer(cafe)


def wanted(offer, starts_at=FRIDAY):
    return bookings.Wanted(offer, starts_at, 150, offer.prices.first().price_pence * 5 // 2)


def ask(award, *parts, now):
    return bookings.ask(award=award, parts=parts, by=ALYS, now=now, key=str(uuid.uuid4()))


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


def figures(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def sound():
    return audit.differences() == [] and claims.differences() == []


@TURNS
def test_what_falls_to_the_next_choice_is_never_free_for_a_booking_at_the_same_moment(cafe, sitting, mair, now, turn):
    """£70 in all, £62.50 held, £7.50 left. If the hold were ever free, the other booking of £60 would have it."""
    award = factories.award(cafe.council, value=7_000)
    swim = factories.offer(cafe, price_pence=6_000, unit="session")
    [first] = ask(award, [wanted(sitting), wanted(mair)], now=now)

    results = at_once(
        lambda: bookings.decline(booking=fresh(first), reason="full", by=ALYS, now=now),
        lambda: ask(award, [bookings.Wanted(swim, MONDAY, 60, 6_000)], now=now),
    )

    assert kinds(results) == ["Booking", "NotEnough"]
    assert Booking.objects.get(state=State.REQUESTED).offer == mair
    assert figures(award) == (1_250, 5_750)
    assert sound()


@TURNS
def test_a_decline_and_a_time_out_at_the_same_moment_ask_the_next_once(cafe, sitting, mair, now, turn):
    award = factories.award(cafe.council, value=40_000)
    [first] = ask(award, [wanted(sitting), wanted(mair)], now=now)
    last_moment = first.answer_by - dt.timedelta(milliseconds=1)

    results = at_once(
        lambda: bookings.decline(booking=fresh(first), reason="full", by=ALYS, now=last_moment),
        lambda: bookings.time_out(booking=fresh(first), now=first.answer_by),
    )

    assert kinds(results) == ["Booking", "BookingMoved"]
    assert Booking.objects.filter(offer=mair).count() == 1
    assert figures(award) == (34_250, 5_750)
    assert sound()


@TURNS
def test_a_yes_at_the_second_it_times_out_is_decided_once_and_the_loser_sees_how(cafe, sitting, mair, now, turn):
    award = factories.award(cafe.council, value=40_000)
    [first] = ask(award, [wanted(sitting), wanted(mair)], now=now)
    last_moment = first.answer_by - dt.timedelta(milliseconds=1)

    results = at_once(
        lambda: bookings.confirm(booking=fresh(first), by=ALYS, now=last_moment),
        lambda: jobs.time_out_requests(first.answer_by),
    )

    row, following = fresh(first), Booking.objects.filter(offer=mair).first()
    if row.state == State.CONFIRMED:
        assert (results, following, figures(award)) == ([None, (0, 0)], None, (33_750, 6_250))
    else:
        assert (results[0].state, row.state) == (State.TIMED_OUT, State.TIMED_OUT)
        assert (following.state, figures(award)) == (State.REQUESTED, (34_250, 5_750))
    assert sound()


@TURNS
def test_two_that_fall_to_each_other_at_the_same_moment_do_not_lock_each_other_up(cafe, sitting, mair, now, turn):
    awards = [factories.award(cafe.council, value=40_000) for _ in range(2)]
    [one] = ask(awards[0], [wanted(sitting), wanted(mair)], now=now)
    [two] = ask(awards[1], [wanted(mair, MONDAY), wanted(sitting, MONDAY)], now=now)

    results = at_once(
        *[lambda row=row: bookings.decline(booking=fresh(row), reason="full", by=ALYS, now=now) for row in (one, two)]
    )

    assert kinds(results) == ["Booking", "Booking"]
    assert [figures(award) for award in awards] == [(34_250, 5_750), (33_750, 6_250)]
    assert sound()


@TURNS
def test_two_that_fall_to_the_same_last_place_give_it_to_one(cafe, sitting, mair, now, turn):
    awards = [factories.award(cafe.council, value=40_000) for _ in range(2)]
    firsts = [sitting, factories.offer(cafe)]
    rows = [ask(award, [wanted(first), wanted(mair)], now=now)[0] for award, first in zip(awards, firsts, strict=True)]

    results = at_once(
        *[lambda row=row: bookings.decline(booking=fresh(row), reason="full", by=ALYS, now=now) for row in rows]
    )

    assert kinds(results) == ["Booking", "NoneType"]
    assert sorted(figures(award) for award in awards) == [(34_250, 5_750), (40_000, 0)]
    assert sound()


@TURNS
def test_both_halves_of_a_pair_confirmed_at_the_same_moment_settle_it_once(cafe, sitting, mair, now, turn):
    award = factories.award(cafe.council, value=40_000)
    pair = ask(award, [wanted(sitting)], [wanted(mair)], now=now)

    results = at_once(*[lambda row=row: bookings.confirm(booking=fresh(row), by=ALYS, now=now) for row in pair])

    assert results == [None, None]
    assert BreakRequest.objects.get().settled_at == now
    assert figures(award) == (28_000, 12_000)
    assert sound()


@TURNS
def test_one_half_confirmed_while_the_other_is_declined_leaves_nothing_standing(cafe, sitting, mair, now, turn):
    award = factories.award(cafe.council, value=40_000)
    first, second = ask(award, [wanted(sitting)], [wanted(mair)], now=now)

    at_once(
        lambda: bookings.confirm(booking=fresh(first), by=ALYS, now=now),
        lambda: bookings.decline(booking=fresh(second), reason="full", by=ALYS, now=now),
    )

    assert fresh(first).state == State.CANCELLED
    assert figures(award) == (40_000, 0)
    assert sound()


@TURNS
def test_a_suggested_time_is_taken_or_times_out_never_both(cafe, sitting, now, turn):
    award = factories.award(cafe.council, value=40_000)
    [row] = ask(award, [wanted(sitting)], now=now)
    [suggestion] = bookings.suggest(booking=row, starts=[MONDAY], by=ALYS, now=now)
    last_moment = row.answer_by - dt.timedelta(milliseconds=1)

    at_once(
        lambda: bookings.take(booking=fresh(row), suggestion=suggestion, by=ALYS, now=last_moment),
        lambda: jobs.time_out_requests(row.answer_by),
    )

    taken = fresh(row).state == State.CONFIRMED
    assert figures(award) == ((33_750, 6_250) if taken else (40_000, 0))
    assert Suggestion.objects.get().state == ("taken" if taken else "passed")
    assert sound()


@TURNS
def test_a_time_that_is_suggested_and_asked_for_at_the_same_moment_goes_to_one(cafe, sitting, now, turn):
    awards = [factories.award(cafe.council, value=40_000) for _ in range(2)]
    [row] = ask(awards[0], [wanted(sitting)], now=now)

    results = at_once(
        lambda: bookings.suggest(booking=fresh(row), starts=[MONDAY], by=ALYS, now=now),
        lambda: ask(awards[1], [wanted(sitting, MONDAY)], now=now),
    )

    assert kinds(results) in (["BadTime", "list"], ["Full", "list"])
    assert sound()


@TURNS
def test_a_change_of_time_and_a_yes_at_the_same_moment_are_one_after_the_other(cafe, sitting, now, turn):
    award = factories.award(cafe.council, value=40_000)
    [row] = ask(award, [wanted(sitting)], now=now)

    results = at_once(
        lambda: bookings.change_time(booking=fresh(row), starts_at=MONDAY, by=ALYS, now=now),
        lambda: bookings.confirm(booking=fresh(row), by=ALYS, now=now),
    )

    # A provider says yes to the time it saw, and to no other.
    row = fresh(row)
    assert kinds(results) == ["BookingMoved", "NoneType"]
    assert (row.state, row.starts_at) in {(State.CONFIRMED, FRIDAY), (State.REQUESTED, MONDAY)}
    assert Booking.objects.count() == 1
    assert sound()


@TURNS
def test_the_jobs_twice_at_once_ask_each_next_choice_once(cafe, sitting, mair, now, turn):
    award = factories.award(cafe.council, value=40_000)
    later = FRIDAY + dt.timedelta(days=7)
    for day in range(4):
        start = later + dt.timedelta(days=day)
        ask(award, [wanted(sitting, start), wanted(mair, start)], now=now)
    moment = now + dt.timedelta(days=3)

    first, second = at_once(lambda: jobs.time_out_requests(moment), lambda: jobs.time_out_requests(moment))

    assert (first[0] + second[0], first[1] + second[1]) == (4, 0)
    assert Booking.objects.filter(offer=mair, state=State.REQUESTED).count() == 4
    assert figures(award) == (40_000 - 4 * 5_750, 4 * 5_750)
    assert sound()
