"""An offer is free as asked for only when a start really fits: day, time, length, notice, places and insurance."""

import datetime as dt

import pytest

from brochure import free_times
from brochure.availability import LONDON
from brochure.free_times import When
from tests.brochure.test_availability import offer as availability_offer

NOW = dt.datetime(2026, 10, 12, 10, 0, tzinfo=dt.UTC)  # a Monday
THURSDAY = dt.date(2026, 10, 15)
TWO, HALF_PAST_FOUR = 14 * 60, 16 * 60 + 30


def offer(hours="Mon-Sun 08:00-22:00", *, good_until=None, **fields):
    return availability_offer(hours, good_until=good_until, **fields)


def at(hour, minute=0, day=THURSDAY):
    return dt.datetime.combine(day, dt.time(hour, minute), LONDON)


def test_by_the_hour_a_break_begins_exactly_when_it_is_wanted_and_lasts_as_long():
    when = When(day=THURSDAY, time=TWO, until=HALF_PAST_FOUR)

    assert free_times.minutes_for(offer(), when) == 150
    assert free_times.start_for(offer(), when, NOW) == at(14)
    assert free_times.start_for(offer("Thu 14:30-22:00"), when, NOW) is None
    assert free_times.start_for(offer("Thu 08:00-16:00"), when, NOW) is None


def test_a_length_between_two_half_hours_is_rounded_up_and_too_short_a_one_cannot_be_had():
    assert free_times.minutes_for(offer(), When(day=THURSDAY, time=TWO, until=TWO + 100)) == 120
    assert free_times.start_for(offer(), When(day=THURSDAY, time=TWO, until=TWO + 100), NOW) == at(14)
    assert free_times.minutes_for(offer(minutes=120), When(day=THURSDAY, time=TWO, until=TWO + 30)) is None
    assert free_times.minutes_for(offer(), When(day=THURSDAY, time=0, until=13 * 60)) is None


def test_a_session_is_within_the_time_that_was_asked_for():
    swim = offer(unit="session", minutes=90)

    assert free_times.start_for(swim, When(day=THURSDAY, time=TWO, until=HALF_PAST_FOUR), NOW) == at(14)
    assert free_times.start_for(swim, When(day=THURSDAY, time=TWO, until=TWO + 60), NOW) is None
    assert free_times.start_for(swim, When(day=THURSDAY, until=9 * 60), NOW) is None
    assert free_times.start_for(swim, When(day=THURSDAY, until=10 * 60), NOW) == at(8)


@pytest.mark.parametrize(("part", "hour"), [("morning", 8), ("afternoon", 12), ("evening", 17)])
def test_a_part_of_the_day_is_when_a_break_begins(part, hour):
    assert free_times.start_for(offer(), When(day=THURSDAY, part=part), NOW) == at(hour)


def test_what_is_taken_too_soon_or_not_insured_is_not_free():
    when = When(day=THURSDAY, time=TWO, until=HALF_PAST_FOUR)

    assert free_times.start_for(offer(), when, NOW, taken=[(at(16), at(17))]) is None
    assert free_times.start_for(offer(places=2), when, NOW, taken=[(at(16), at(17))]) == at(14)
    assert free_times.start_for(offer(notice_hours=96), when, NOW) is None
    assert free_times.start_for(offer(good_until=THURSDAY - dt.timedelta(days=1)), when, NOW) is None
    assert free_times.start_for(offer(good_until=THURSDAY), when, NOW) == at(14)


def test_a_day_outside_the_award_is_not_free():
    when = When(day=THURSDAY)

    assert free_times.start_for(offer(), when, NOW, last_day=THURSDAY - dt.timedelta(days=1)) is None
    assert free_times.start_for(offer(), when, NOW, first_day=THURSDAY + dt.timedelta(days=1)) is None
    assert free_times.start_for(offer(), when, NOW, first_day=THURSDAY, last_day=THURSDAY) == at(8)


def test_a_time_without_a_day_is_looked_for_in_the_next_two_weeks():
    friday_week = dt.date(2026, 10, 23)
    taken = [(at(18, day=friday_week - dt.timedelta(days=7)), at(22, day=friday_week - dt.timedelta(days=7)))]

    found = free_times.start_for(offer("Fri 18:00-20:00"), When(part="evening"), NOW, taken=taken)

    assert found == at(18, day=friday_week)
    assert free_times.start_for(offer("Fri 08:00-10:00"), When(part="evening"), NOW) is None


def test_a_night_is_free_on_its_day_whatever_the_hour_but_not_for_an_hour_or_two():
    night = offer(unit="night", minutes=1440)

    assert free_times.start_for(night, When(day=THURSDAY, part="evening"), NOW) == at(15)
    assert free_times.start_for(night, When(day=THURSDAY, time=TWO, until=HALF_PAST_FOUR), NOW) is None


def test_the_nearest_other_time_is_the_same_day_then_the_same_time_then_any():
    when = When(day=THURSDAY, time=TWO, until=HALF_PAST_FOUR)
    friday, saturday = THURSDAY + dt.timedelta(days=1), THURSDAY + dt.timedelta(days=2)

    assert free_times.near(offer("Thu 09:00-12:00"), when, NOW) == at(9)
    assert free_times.near(offer("Fri 09:00-18:00"), when, NOW) == at(14, day=friday)
    assert free_times.near(offer("Sat 09:00-10:00"), when, NOW) == at(9, day=saturday)
    assert free_times.near(offer(notice_hours=24 * 30), when, NOW) is None
