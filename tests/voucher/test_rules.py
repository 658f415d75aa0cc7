"""The written rules, each with the sentence that docs/rules.md gives it."""

import datetime as dt
import importlib
import inspect
import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.voucher.test_bookings import london
from voucher import rules

PAGE = (Path(settings.BASE_DIR) / "docs" / "rules.md").read_text()
FUNCTIONS = {
    name: function
    for name, function in inspect.getmembers(rules, inspect.isfunction)
    if not name.startswith("_") and function.__module__.startswith(f"{rules.__name__}.")
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_rule_is_described_under_its_number(name):
    number = re.match(r"(R\d+)\. ", FUNCTIONS[name].__doc__)

    assert number, f"{name} does not begin with its number"
    assert re.search(rf"^\| {number[1]} \|.*`{name}`", PAGE, re.M), f"docs/rules.md has no line for {name}"


def test_every_described_rule_exists():
    rows = re.findall(r"^\| R\d+ \|.*\| (`[^|]*`) \|", PAGE, re.M)
    assert len(rows) == len(re.findall(r"^\| R\d+ \|", PAGE, re.M))
    for where in re.findall(r"[\w.]+", " ".join(rows)):
        module, _, name = where.rpartition(".")
        if module:
            text = (Path(settings.BASE_DIR) / f"{module.replace('.', '/')}.py").read_text()
            assert f"def {name}(" in text
        else:
            assert name in FUNCTIONS


def test_whoever_reads_a_rules_function_finds_its_number():
    """A rule outside voucher/rules/ is named by the function, or by the module that is there for it alone."""
    for number, where in re.findall(r"^\| (R\d+) \|.*\| (`[^|]*`) \|", PAGE, re.M):
        for module, name in re.findall(r"([\w.]+)\.(\w+)", where):
            function = getattr(importlib.import_module(module), name)
            words = f"{inspect.getdoc(function)} {inspect.getdoc(inspect.getmodule(function))}"
            assert re.search(rf"\b{number}\b", words), f"{module}.{name} does not say {number}"


def test_no_number_is_given_twice():
    numbers = re.findall(r"^\| (R\d+) \|", PAGE, re.M)

    assert sorted(set(numbers)) == sorted(numbers)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ((2026, 3, 3), (2026, 9, 2)),
        ((2026, 8, 31), (2027, 2, 28)),
        ((2027, 8, 31), (2028, 2, 29)),
        ((2026, 1, 1), (2026, 6, 30)),
    ],
)
def test_six_months_end_the_day_before_or_on_a_short_months_last_day(first, last):
    assert rules.last_day(dt.date(*first), 6) == dt.date(*last)


@pytest.mark.parametrize(
    ("unit_price", "minutes", "unit_minutes", "price"),
    [(2500, 150, 60, 6250), (2250, 90, 60, 3375), (1555, 30, 60, 778), (1, 30, 60, 1), (1, 29, 60, 0), (0, 90, 60, 0)],
)
def test_half_a_penny_is_rounded_up_once(unit_price, minutes, unit_minutes, price):
    assert rules.price_for(unit_price, minutes, unit_minutes) == price


FAR = london(2027, 6, 1, 9)


@pytest.mark.parametrize(
    ("asked_at", "days", "deadline"),
    [
        (london(2026, 10, 12, 11), 2, london(2026, 10, 14, 17)),
        (london(2026, 10, 12, 23, 59), 2, london(2026, 10, 14, 17)),
        (london(2026, 10, 16, 11), 2, london(2026, 10, 20, 17)),  # over a weekend
        (london(2026, 12, 24, 11), 2, london(2026, 12, 30, 17)),  # Christmas, Boxing Day and its substitute
        (london(2027, 3, 25, 11), 2, london(2027, 3, 31, 17)),  # Good Friday and Easter Monday
        (london(2026, 10, 22, 11), 2, london(2026, 10, 26, 17)),  # the clocks go back in between
        (london(2026, 8, 28, 11), 1, london(2026, 9, 1, 17)),  # the late summer bank holiday
        (london(2026, 10, 12, 11), 5, london(2026, 10, 19, 17)),
    ],
)
def test_a_provider_has_until_5pm_on_the_nth_working_day(asked_at, days, deadline):
    assert rules.answer_by(asked_at, FAR, days) == deadline


def test_a_near_break_is_answered_two_hours_before_it_starts():
    asked_at = london(2026, 9, 1, 9)

    assert rules.answer_by(asked_at, london(2026, 9, 2, 18), 2) == london(2026, 9, 2, 16)


@pytest.mark.parametrize("minutes_before", [1, 30, 119, 120, 121, 200, 240, 241, 1440])
def test_the_deadline_is_always_ahead_and_before_the_start(minutes_before):
    start = london(2026, 10, 16, 14)
    asked_at = start.astimezone(dt.UTC) - dt.timedelta(minutes=minutes_before)

    assert asked_at < rules.answer_by(asked_at, start, 2) < start


def test_two_hours_before_the_start_are_hours_that_pass_on_the_night_the_clocks_change():
    deadline = rules.answer_by(london(2026, 10, 24, 12), london(2026, 10, 25, 3), 2)

    assert deadline == dt.datetime(2026, 10, 25, 1, tzinfo=dt.UTC)


def test_notice_counts_hours_that_pass():
    start = london(2026, 10, 25, 12)  # noon after the night with 25 hours

    assert rules.is_within_notice(london(2026, 10, 24, 13), start, 24)
    assert not rules.is_within_notice(london(2026, 10, 24, 13) + dt.timedelta(minutes=1), start, 24)


@pytest.mark.parametrize(("nights", "covered"), [(1, 1), (2, 2), (3, 2), (7, 2)])
def test_a_stay_counts_by_the_day_each_night_begins_on(nights, covered):
    period = dt.date(2026, 3, 3), dt.date(2026, 9, 2)

    assert rules.nights_covered(*period, dt.date(2026, 9, 1), nights) == covered


@pytest.mark.parametrize(("whole", "percent", "share"), [(6250, 50, 3125), (6251, 50, 3126), (6250, 0, 0), (1, 50, 1)])
def test_the_late_share_is_rounded_half_up(whole, percent, share):
    assert rules.late_cancel_share(whole, percent) == share


def test_nights_and_journeys_are_delivered_whole():
    assert rules.delivered_lengths("night", 1440, 3 * 1440) == [4320, 2880, 1440]
    assert rules.delivered_lengths("journey", 60, 60) == [60]
    assert rules.delivered_lengths("session", 45, 45) == [45, 30, 15]
    assert rules.delivered_lengths("hour", 60, 100) == [100, 90, 75, 60, 45, 30, 15]


@pytest.mark.parametrize(
    ("days_before", "weeks"),
    [(57, None), (56, 8), (29, 8), (28, 4), (8, 4), (7, 1), (0, 1), (-1, None)],
)
def test_reminders_are_due_at_eight_four_and_one_weeks(days_before, weeks):
    last = dt.date(2027, 2, 28)

    assert rules.reminder_weeks(last - dt.timedelta(days=days_before), last) == weeks


def test_hours_and_free_breaks_are_charged_to_an_award_in_its_own_unit():
    assert rules.amount_for(6250, 150, in_hours=False) == 6250
    assert rules.amount_for(6250, 150, in_hours=True) == 150
    assert rules.amount_for(0, 150, in_hours=True) == 0


def test_the_claim_window_has_sixty_days_the_last_included():
    assert rules.last_day_to_claim(service_day=dt.date(2026, 10, 16), window_days=60) == dt.date(2026, 12, 15)


def test_a_break_may_be_said_not_to_have_happened_fifteen_minutes_after_its_start():
    assert rules.did_not_happen_from(london(2026, 10, 16, 14)) == london(2026, 10, 16, 14, 15)


def test_an_award_buys_in_its_own_region_only():
    assert rules.may_buy_from("gwent", "gwent")
    assert not rules.may_buy_from("gwent", "north-wales")
