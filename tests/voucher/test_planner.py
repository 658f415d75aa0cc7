"""What is left and how it can still be used: the examples, and the offers that can still be finished."""

import datetime as dt

import pytest

from brochure.models import PostcodeDistrict
from tests import factories
from tests.voucher import breaks
from voucher import bookings
from voucher.bookings import planner

pytestmark = pytest.mark.django_db

MONDAY = dt.date(2026, 10, 12)
LAST_DAY = dt.date(2027, 2, 28)


def taken(now):
    return bookings.taken_by_offer(None, after=now, before=now + dt.timedelta(days=200))


def possible(award, now):
    return planner.still_possible(award, now=now, taken=taken(now))


def words(award, on=MONDAY):
    return [each.words for each in planner.still_buys(award, on=on)]


def swim(provider, **fields):
    kind = factories.category("swim-and-sport", name_en="Swimming and sport")
    return factories.offer(provider, category=kind, unit="session", minutes=90, **fields)


def test_what_is_left_is_told_in_things_one_can_have(caerphilly, bryn_cafe):
    for price in (2300, 2500, 2900):
        factories.offer(bryn_cafe, price_pence=price)
    swim(bryn_cafe, price_pence=1000)
    factories.offer(bryn_cafe, category=factories.category("overnight"), unit="night", minutes=1440, price_pence=5000)

    assert words(factories.award(caerphilly, value=9_200)) == ["about 3½ hours of sitting", "9 swims", "1 night away"]


def test_what_cannot_be_paid_for_once_is_no_example(caerphilly, bryn_cafe):
    factories.offer(bryn_cafe, price_pence=2500)
    swim(bryn_cafe, price_pence=1000)

    assert words(factories.award(caerphilly, value=1_000)) == ["1 swim"]
    assert words(factories.award(caerphilly, value=999)) == []


def test_an_award_in_hours_is_told_by_the_clock_and_not_by_prices(caerphilly, bryn_cafe):
    factories.offer(bryn_cafe, price_pence=9999)
    swim(bryn_cafe, price_pence=1)

    assert words(factories.award(caerphilly, value=630, unit="minutes")) == ["about 10½ hours of sitting", "7 swims"]


def test_usual_prices_are_those_nearby_where_we_know_them(caerphilly, bryn_cafe):
    PostcodeDistrict.objects.create(district="NP12", latitude=51.67, longitude=-3.20)
    PostcodeDistrict.objects.create(district="SY10", latitude=52.97, longitude=-3.17)
    factories.offer(bryn_cafe, price_pence=2000)
    far = factories.provider(caerphilly, postcode="SY10 1AA")
    for _ in range(3):
        factories.offer(far, price_pence=5000)

    assert words(factories.award(caerphilly, value=10_000)) == ["about 5 hours of sitting"]


def test_an_offer_can_be_finished_while_it_has_a_free_time_that_what_is_left_pays_for(caerphilly, bryn_cafe, now):
    cheap = factories.offer(bryn_cafe, price_pence=9_200)
    factories.offer(bryn_cafe, price_pence=9_201)
    factories.offer(factories.provider(caerphilly, state="paused"), price_pence=100)

    (found,) = possible(factories.award(caerphilly, value=9_200), now)

    assert found.offer == cheap
    assert found.go_by == dt.datetime(2027, 2, 28, 21, 0, tzinfo=dt.UTC)


def test_ask_by_leaves_the_notice_and_two_working_days_to_answer(caerphilly, bryn_cafe, now):
    factories.offer(bryn_cafe, hours="Thu 10:00-12:00", notice_hours=48)

    (found,) = possible(factories.award(caerphilly), now)

    # The last Thursday is the 25th; two days of notice lead to Tuesday, two working days to answer to Friday.
    assert found.go_by.date() == dt.date(2027, 2, 25)
    assert found.ask_by == dt.date(2027, 2, 19)


def test_where_that_day_has_passed_but_the_notice_has_not_it_is_today(caerphilly, bryn_cafe):
    now = dt.datetime(2027, 2, 25, 10, tzinfo=dt.UTC)
    factories.offer(bryn_cafe, notice_hours=48)
    factories.offer(bryn_cafe, notice_hours=96)

    (found,) = possible(factories.award(caerphilly), now)

    assert found.ask_by == now.date()
    assert found.go_by.date() == LAST_DAY


def test_a_last_day_that_is_taken_leads_to_the_one_before(caerphilly, bryn_cafe):
    now = dt.datetime(2027, 2, 8, 10, tzinfo=dt.UTC)
    offer = factories.offer(bryn_cafe, hours="Thu 10:00-11:00")
    breaks.ask(factories.award(caerphilly), offer, now, starts_at=breaks_at(2027, 2, 25), minutes=60)

    (found,) = possible(factories.award(caerphilly), now)

    assert found.go_by.date() == dt.date(2027, 2, 18)


def breaks_at(year, month, day):
    return dt.datetime(year, month, day, 10, 0, tzinfo=dt.UTC)


def test_an_insurance_that_ends_first_is_the_last_day(caerphilly, now):
    insured = factories.provider(caerphilly, insurance_until=dt.date(2026, 12, 24))
    factories.offer(insured)
    factories.offer(insured, unit="night", minutes=1440, price_pence=9000)

    by_unit = {each.offer.unit: each.go_by.date() for each in possible(factories.award(caerphilly), now)}

    assert by_unit == {"hour": dt.date(2026, 12, 24), "night": dt.date(2026, 12, 23)}


def test_an_award_that_has_ended_finishes_nothing(caerphilly, bryn_cafe):
    factories.offer(bryn_cafe)
    award = factories.award(caerphilly)

    assert possible(award, dt.datetime(2027, 3, 1, 10, tzinfo=dt.UTC)) == []


def test_the_planner_asks_the_database_twice_however_many_offers(caerphilly, bryn_cafe, now, django_assert_num_queries):
    award = factories.award(caerphilly)
    for _ in range(20):
        factories.offer(bryn_cafe)
    gone, _scheme = taken(now), award.council.scheme

    with django_assert_num_queries(2):
        assert len(planner.still_possible(award, now=now, taken=gone)) == 20
