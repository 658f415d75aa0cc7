"""Places fall free and are taken by many at one moment: never two for one place, and nobody is passed over."""

import uuid

import pytest
from django.db import transaction

from tests import factories
from tests.voucher.ledger.desk import TURNS, at_once
from tests.voucher.test_waiting_list import ALYS, SATURDAY, TEN, ask, take
from voucher import bookings
from voucher.bookings import waiting_list
from voucher.ledger import audit
from voucher.models import Booking, WaitingPlace

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
State = WaitingPlace.State


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def swim(cafe):
    return factories.offer(
        cafe, unit="session", minutes=120, price_pence=2_000, hours="Sat 10:00-12:00", has_waiting_list=True
    )


@pytest.fixture
def booked(cafe, swim, now):
    return ask(factories.award(cafe.council), swim, now)


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def wait(award, swim, now):
    return waiting_list.join(award=award, offer=swim, day=SATURDAY, minutes=120, by=ALYS, now=now)


def fresh(place):
    return WaitingPlace.objects.select_related("award", "offer").get(pk=place.pk)


def places_taken():
    kept = WaitingPlace.objects.filter(state=State.KEPT).count()
    return kept + Booking.objects.filter(starts_at=TEN, state__in=Booking.TAKES_A_PLACE).count()


@TURNS
def test_one_place_that_falls_free_is_kept_for_one_while_others_ask(cafe, swim, booked, now, turn):
    line = [wait(factories.award(cafe.council), swim, now) for _ in range(3)]
    strangers = [factories.award(cafe.council) for _ in range(3)]
    bookings.cancel(booking=booked, party="carer", by=ALYS, now=now)

    results = at_once(
        *[lambda award=award: ask(award, swim, now) for award in strangers],
        *[lambda: waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)] * 2,
    )

    assert kinds(results) == ["Full", "Full", "Full", "int", "int"]
    assert [fresh(place).state for place in line] == [State.KEPT, State.WAITING, State.WAITING]
    assert places_taken() == 1
    assert audit.differences() == []


@TURNS
def test_two_places_come_free_and_three_carers_say_yes_at_once(cafe, swim, booked, now, turn):
    """Both are kept for the first two, whoever is quickest; the third is told that nothing is kept for her."""
    swim.places = 2
    swim.save()
    both = [booked, ask(factories.award(cafe.council), swim, now)]
    line = [wait(factories.award(cafe.council), swim, now) for _ in range(3)]

    def move_up():
        return waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)

    at_once(*[lambda row=row: bookings.cancel(booking=row, party="carer", by=ALYS, now=now) for row in both], move_up)
    move_up()
    results = at_once(
        *[lambda place=place: take(fresh(place), now) for place in reversed(line)],
        lambda: ask(fresh(line[2]).award, swim, now),
        move_up,
    )

    assert kinds(results) == ["Booking", "Booking", "Full", "PlaceGone", "int"]
    assert [fresh(place).state for place in line] == [State.TAKEN, State.TAKEN, State.WAITING]
    assert places_taken() == 2
    assert audit.differences() == []


@TURNS
def test_a_place_that_is_taken_and_passed_on_at_one_moment_goes_to_one(cafe, swim, booked, now, turn):
    first, second = (wait(factories.award(cafe.council), swim, now) for _ in range(2))
    bookings.cancel(booking=booked, party="carer", by=ALYS, now=now)
    waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)
    until = fresh(first).kept_until

    at_once(
        lambda: take(fresh(first), until - (until - now) / 100),
        lambda: waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=until),
    )

    found = fresh(first).state, fresh(second).state
    assert found in {(State.TAKEN, State.WAITING), (State.PASSED, State.KEPT)}
    assert places_taken() == 1
    assert audit.differences() == []


@TURNS
def test_a_kept_place_in_two_tabs_makes_one_booking(cafe, swim, booked, now, turn):
    place = wait(factories.award(cafe.council), swim, now)
    bookings.cancel(booking=booked, party="carer", by=ALYS, now=now)
    waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)

    results = at_once(*[lambda: take(fresh(place), now)] * 3)

    assert kinds(results) == ["Booking"] * 3
    assert len({booking.pk for booking in results}) == 1
    assert places_taken() == 1
    assert audit.differences() == []


@TURNS
def test_two_offers_of_a_provider_that_gives_one_break_at_once_are_not_both_booked(cafe, now, turn):
    """R53. Who asks for either offer waits for the same lock."""
    cafe.breaks_at_once = 1
    cafe.save()
    offers = [factories.offer(cafe, price_pence=2_000, unit="session", hours="Sat 10:00-12:00") for _ in range(4)]
    awards = [factories.award(cafe.council) for _ in offers]

    results = at_once(
        *[lambda a=award, o=offer: ask(a, o, now, minutes=60) for award, offer in zip(awards, offers, strict=True)]
    )

    assert kinds(results) == ["Booking", "Full", "Full", "Full"]
    assert places_taken() == 1
    assert audit.differences() == []


@TURNS
def test_the_last_hours_of_a_week_are_given_once(cafe, now, turn):
    """R53. Two hours are left of the week, and three ask for two hours each on different days."""
    sitter = factories.offer(cafe, week_minutes=120)
    awards = [factories.award(cafe.council) for _ in range(3)]
    starts = [TEN.replace(day=day) for day in (21, 22, 23)]

    results = at_once(
        *[
            lambda a=award, at=start: ask(a, sitter, now, starts_at=at, seen=5_000)
            for award, start in zip(awards, starts, strict=True)
        ]
    )

    assert kinds(results) == ["Booking", "Full", "Full"]
    assert audit.differences() == []


@TURNS
def test_pairs_and_single_breaks_at_one_provider_do_not_lock_each_other_up(cafe, now, turn):
    """Whoever asks for several offers takes their locks in one order, also those of offers she does not ask for."""
    cafe.breaks_at_once = 2
    cafe.save()
    offers = [factories.offer(cafe) for _ in range(3)]
    awards = [factories.award(cafe.council) for _ in range(4)]

    def pair(award, one, two):
        wanted = [bookings.Wanted(offer, TEN, 60, 2_500) for offer in (one, two)]
        return bookings.ask(award=award, parts=[[each] for each in wanted], by=ALYS, now=now, key=str(uuid.uuid4()))

    results = at_once(
        lambda: pair(awards[0], offers[0], offers[1]),
        lambda: pair(awards[1], offers[1], offers[0]),
        lambda: ask(awards[2], offers[2], now, minutes=60, seen=2_500),
        lambda: ask(awards[3], offers[0], now, minutes=60, seen=2_500),
    )

    assert set(kinds(results)) <= {"list", "Booking", "Full"}
    assert places_taken() == 2
    assert audit.differences() == []


@TURNS
def test_joining_twice_at_one_moment_is_one_wait(cafe, swim, booked, now, turn):
    award = factories.award(cafe.council)

    results = at_once(*[lambda: wait(award, swim, now)] * 3)

    assert len({place.pk for place in results}) == 1


def test_no_lock_is_left_behind(swim, booked, now):
    with transaction.atomic():
        assert waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now) == 0
