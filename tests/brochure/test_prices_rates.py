"""R51, R23: a break costs what its start costs, and never more than a printed edition promises for such a start."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.history import Who
from brochure import catalogue, changes, editions, prices, wording
from brochure.criteria import Criteria
from brochure.models import OfferPrice
from brochure.prices import Rate, Rates
from tests import factories

LONDON = ZoneInfo("Europe/London")
DAY = dt.date(2026, 10, 12)
ALL = {Rate.STANDARD: 2400, Rate.EVENING: 2600, Rate.WEEKEND: 2800, Rate.BANK_HOLIDAY: 3600}


def at(*moment):
    return dt.datetime(*moment, tzinfo=LONDON)


def without(*rates):
    return {rate: pence for rate, pence in ALL.items() if rate not in rates}


@pytest.mark.parametrize(
    ("starts_at", "price"),
    [
        (at(2026, 10, 14, 10), 2400),  # a Wednesday
        (at(2026, 10, 14, 17, 59), 2400),
        (at(2026, 10, 14, 18), 2600),
        (at(2026, 10, 14, 23, 30), 2600),
        (at(2026, 10, 16, 23, 59), 2600),  # Friday, to the last minute
        (at(2026, 10, 17, 0), 2800),  # Saturday
        (at(2026, 10, 17, 20), 2800),  # a Saturday evening is a weekend
        (at(2026, 10, 18, 23, 59), 2800),
        (at(2026, 10, 19, 0), 2400),
        (at(2027, 3, 26, 10), 3600),  # Good Friday
        (at(2027, 3, 27, 10), 2800),  # the Saturday between
        (at(2027, 3, 29, 10), 3600),  # Easter Monday
        (at(2027, 3, 29, 19), 3600),  # and its evening
        (at(2026, 12, 25, 10), 3600),  # Christmas Day on a Friday
        (at(2026, 12, 26, 10), 3600),  # Boxing Day on a Saturday,
        (at(2026, 12, 28, 10), 3600),  # moved to the Monday
        (at(2027, 12, 25, 10), 3600),  # Christmas Day on a Saturday,
        (at(2027, 12, 26, 10), 3600),
        (at(2027, 12, 27, 10), 3600),  # moved to the Monday, and Boxing Day to the Tuesday
        (at(2027, 12, 28, 10), 3600),
        (at(2027, 12, 29, 10), 2400),
        (at(2027, 3, 1, 10), 2400),  # Saint David's Day is no bank holiday
    ],
)
def test_r51_the_start_of_a_break_decides_what_it_costs(starts_at, price):
    assert Rates("hour", ALL).at(starts_at) == price


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
@pytest.mark.parametrize("sunday", [dt.date(2026, 10, 25), dt.date(2026, 3, 29)])
def test_r51_on_the_sundays_the_clocks_change_it_is_sunday_from_midnight_to_midnight(sunday, hour):
    starts_at = dt.datetime.combine(sunday, dt.time(hour), LONDON)

    assert Rates("hour", ALL).at(starts_at) == Rates("hour", ALL).at(starts_at.astimezone(dt.UTC)) == 2800


def test_r51_six_in_the_evening_is_six_by_the_clock_in_summer_and_in_winter():
    summer, winter = dt.datetime(2026, 7, 1, 17, tzinfo=dt.UTC), dt.datetime(2026, 12, 2, 17, tzinfo=dt.UTC)

    assert Rates("hour", ALL).at(summer) == 2600
    assert Rates("hour", ALL).at(winter) == 2400


@pytest.mark.parametrize(
    ("own", "starts_at", "price"),
    [
        (without(Rate.BANK_HOLIDAY), at(2027, 3, 29, 10), 2400),  # Easter Monday
        (without(Rate.BANK_HOLIDAY), at(2027, 3, 29, 19), 2400),  # its evening is no weekday evening
        (without(Rate.BANK_HOLIDAY), at(2027, 12, 25, 10), 2800),  # Christmas Day on a Saturday
        (without(Rate.BANK_HOLIDAY, Rate.WEEKEND), at(2027, 12, 25, 10), 2400),
        (without(Rate.WEEKEND), at(2026, 10, 17, 19), 2400),  # a Saturday evening is no weekday evening
        (without(Rate.EVENING), at(2026, 10, 14, 19), 2400),
        ({Rate.STANDARD: 2400}, at(2027, 12, 25, 19), 2400),
    ],
)
def test_r51_a_rate_that_an_offer_has_not_falls_back(own, starts_at, price):
    assert Rates("hour", own).at(starts_at) == price


def test_r51_a_night_counts_by_the_day_of_arrival_and_has_no_evening():
    nights = Rates("night", ALL)

    assert nights.at(at(2026, 10, 15, 20)) == 2400  # Thursday
    assert nights.at(at(2026, 10, 16, 20)) == 2400  # Friday
    assert nights.at(at(2026, 10, 17, 15)) == 2800
    assert nights.lowest == 2400 and sorted(set(nights.every)) == [2400, 2800, 3600]


def test_r51_a_course_always_costs_the_standard_price():
    course = Rates("course", ALL)

    assert {course.at(at(2026, 10, 17, 20)), course.at(at(2027, 3, 29, 10))} == {2400}
    assert not course.differ and course.shown == {Rate.STANDARD: 2400}


def test_r23_an_edition_without_a_rate_promises_what_it_printed_for_such_a_day():
    rates = Rates("hour", ALL, ({Rate.STANDARD: 2200, Rate.WEEKEND: 2500},))

    assert rates.at(at(2026, 10, 14, 10)) == 2200
    assert rates.at(at(2026, 10, 14, 19)) == 2200  # no evenings in print: the standard price is promised
    assert rates.at(at(2026, 10, 17, 10)) == 2500
    assert rates.at(at(2027, 3, 29, 10)) == 2200
    assert rates.at(at(2027, 12, 25, 10)) == 2500  # a Saturday in print
    assert rates.is_promised


@st.composite
def some_rates(draw):
    pence = st.integers(0, 5000)
    others = draw(st.dictionaries(st.sampled_from([rate for rate in Rate if rate != Rate.STANDARD]), pence))
    return {Rate.STANDARD: draw(pence)} | others


def promised_by(printed, starts_at, unit):
    """What somebody with this copy expects to pay at most: said once more, from the words of the rule."""
    local = starts_at.astimezone(LONDON)
    if unit == "course":
        return printed["standard"]
    weekend, evening = local.weekday() > 4, local.hour >= 18 and unit != "night"
    if prices.days.is_bank_holiday(local.date()):
        return printed.get(
            "bank_holiday", printed.get("weekend", printed["standard"]) if weekend else printed["standard"]
        )
    if weekend:
        return printed.get("weekend", printed["standard"])
    return printed.get("evening", printed["standard"]) if evening else printed["standard"]


@given(
    own=some_rates(),
    promises=st.lists(some_rates(), max_size=3),
    starts_at=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2028, 12, 31), timezones=st.just(LONDON)),
    unit=st.sampled_from(["hour", "session", "night", "journey", "course"]),
)
def test_r23_a_price_never_exceeds_any_promise_that_covers_it_and_is_one_of_them(own, promises, starts_at, unit):
    price = Rates(unit, own, tuple(promises)).at(starts_at)

    covering = [promised_by(each, starts_at, unit) for each in (own, *promises)]
    assert price == min(covering)
    assert Rates(unit, own, tuple(promises)).lowest <= price


@pytest.fixture
def sitting(bryn_cafe, db):
    row = factories.offer(bryn_cafe, price_pence=2400)
    for rate, pence in ((Rate.WEEKEND, 2800), (Rate.BANK_HOLIDAY, 3600)):
        OfferPrice.objects.create(offer=row, rate=rate, price_pence=pence, first_day=dt.date(2026, 1, 1))
    return row


SATURDAY, MONDAY, EASTER = at(2026, 10, 17, 10), at(2026, 10, 19, 10), at(2027, 3, 29, 10)


def test_the_price_on_a_day_of_asking_is_that_of_the_start(sitting):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=3000, first_day=dt.date(2026, 10, 15))

    assert prices.rates_of(sitting, DAY).standard == 2400
    assert prices.rates_of(sitting, DAY).at(SATURDAY) == 2800
    assert prices.rates_of(sitting, dt.date(2026, 10, 15)).at(SATURDAY) == 3000
    assert prices.rates_of(sitting, DAY).at(EASTER) == 3600


def test_a_rate_that_has_not_begun_is_not_there_yet(bryn_cafe, db):
    row = factories.offer(bryn_cafe, price_pence=2400)
    OfferPrice.objects.create(offer=row, rate="weekend", price_pence=2800, first_day=DAY + dt.timedelta(days=1))

    assert prices.rates_of(row, DAY).at(SATURDAY) == 2400
    assert prices.rates_of(row, DAY + dt.timedelta(days=1)).at(SATURDAY) == 2800


def test_an_offer_with_other_rates_but_no_standard_price_has_no_price(sitting):
    sitting.prices.filter(rate="standard").delete()

    with pytest.raises(prices.NoPrice):
        prices.rates_of(sitting, DAY).at(SATURDAY)
    assert sitting not in catalogue.live_offers(on=DAY)


def test_an_edition_freezes_every_rate_and_keeps_its_promise_for_each(sitting, carys, now):
    edition = editions.freeze(by=Who(user=carys), now=now)
    for rate, pence in (("standard", 2600), ("weekend", 3000), ("bank_holiday", 4000), ("evening", 2700)):
        OfferPrice.objects.create(offer=sitting, rate=rate, price_pence=pence, first_day=dt.date(2026, 11, 1))
    later = dt.date(2026, 11, 2)

    printed = edition.offers.get().rates_printed
    asked = [prices.rates_of(sitting, later).at(start) for start in (MONDAY, SATURDAY, EASTER, at(2026, 11, 4, 19))]
    after = [
        prices.rates_of(sitting, edition.prices_until + dt.timedelta(days=1)).at(each) for each in (MONDAY, SATURDAY)
    ]

    assert printed == {"standard": 2400, "weekend": 2800, "bank_holiday": 3600}
    assert asked == [2400, 2800, 3600, 2400]
    assert after == [2600, 3000]


def test_an_edition_says_every_rate_in_one_line(sitting, carys, now):
    row = editions.freeze(by=Who(user=carys), now=now).offers.get()

    assert wording.all_rates(row.rates_printed, "hour") == "£24 an hour; weekends £28; bank holidays £36"


def test_a_dearer_weekend_is_a_change_since_the_edition_though_the_standard_price_fell(sitting, carys, now):
    edition = editions.freeze(by=Who(user=carys), now=now)
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=3000, first_day=dt.date(2026, 11, 1))
    OfferPrice.objects.create(offer=sitting, price_pence=2000, first_day=dt.date(2026, 11, 1))

    [change] = changes.since(edition, on=dt.date(2026, 11, 1)).dearer

    assert change.was == "£24 an hour; weekends £28; bank holidays £36"
    assert change.now == "£20 an hour; weekends £30; bank holidays £36"
    assert not changes.since(edition, on=dt.date(2026, 10, 31))


def test_a_search_asks_the_price_of_the_time_that_is_wanted(sitting, now):
    cheap = Criteria(max_price_pence=2500)

    def found(criteria):
        return [each.pk for each in catalogue.search(criteria, on=DAY, now=now).offers]

    wednesday = Criteria(max_price_pence=2500, day=dt.date(2026, 10, 14))
    saturday = Criteria(max_price_pence=2500, day=dt.date(2026, 10, 17))
    assert found(cheap) == found(wednesday) == [sitting.pk]
    assert found(saturday) == []
    assert found(Criteria(left_pence=2800, day=dt.date(2026, 10, 17))) == [sitting.pk]
    assert found(Criteria(left_pence=2799, day=dt.date(2026, 10, 17))) == []


def test_a_search_takes_as_many_queries_for_many_offers_with_rates(sitting, bryn_cafe, django_assert_num_queries):
    for _number in range(4):
        row = factories.offer(bryn_cafe)
        OfferPrice.objects.create(offer=row, rate="weekend", price_pence=2800, first_day=dt.date(2026, 1, 1))

    with django_assert_num_queries(5):
        offers = catalogue.search(Criteria(), on=DAY).offers
        assert [each.rates.at(SATURDAY) for each in prices.attach(offers[:-1], DAY)] == [2800] * 4
