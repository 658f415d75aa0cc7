"""R62. The day on which a claim is paid is promised from a calendar of working days, and kept."""

import datetime as dt

import pytest

from accounts.models import Scheme
from voucher import rules
from voucher.claiming import pay_days

THURSDAY = 3


def scheme(weekday=THURSDAY, working_days=3):
    return Scheme(run_weekday=weekday, pay_working_days=working_days)


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("claimed_on", "gathered", "paid"),
    [
        ("2026-09-14", "2026-09-17", "2026-09-22"),  # a Monday: gathered on Thursday, paid on Tuesday
        ("2026-09-16", "2026-09-17", "2026-09-22"),  # the Wednesday before
        ("2026-09-17", "2026-09-24", "2026-09-29"),  # on the Thursday itself: a week later
        ("2026-09-20", "2026-09-24", "2026-09-29"),  # a Sunday
        (
            "2026-03-30",
            "2026-04-02",
            "2026-04-09",
        ),  # Maundy Thursday; Good Friday and Easter Monday are no days of banks
        (
            "2025-12-22",
            "2025-12-29",
            "2026-01-02",
        ),  # Thursday is Christmas Day, Friday Boxing Day: Monday; then New Year
        ("2025-12-29", "2026-01-02", "2026-01-07"),  # Thursday is New Year's Day: Friday
        ("2026-04-29", "2026-04-30", "2026-05-06"),  # the bank holiday of early May is a Monday
        ("2026-08-26", "2026-08-27", "2026-09-02"),  # and that of August
    ],
)
def test_claims_are_gathered_on_thursday_and_paid_three_working_days_later(claimed_on, gathered, paid):
    assert pay_days.gathered_on(claimed_on=day(claimed_on), weekday=THURSDAY) == day(gathered)
    assert pay_days.promised(claimed_on=day(claimed_on), scheme=scheme()) == day(paid)


@pytest.mark.parametrize("weekday", range(5))
@pytest.mark.parametrize("working_days", [1, 3, 10, 60])
def test_what_is_promised_can_be_paid_and_is_within_thirty_days(weekday, working_days):
    for number in range(800):
        claimed_on = dt.date(2025, 1, 1) + dt.timedelta(days=number)

        promised = pay_days.promised(claimed_on=claimed_on, scheme=scheme(weekday, working_days))

        gathered = pay_days.gathered_on(claimed_on=claimed_on, weekday=weekday)
        assert claimed_on < gathered <= claimed_on + dt.timedelta(days=12)
        assert rules.is_working_day(gathered) and rules.is_working_day(promised)
        assert rules.earliest_pay_day(gathered) <= promised <= rules.pay_by(claimed_on)


def test_a_run_of_thursday_is_proposed_for_the_very_day_that_was_promised():
    promises = [day("2026-09-22"), day("2026-09-29")]

    assert pay_days.proposed(promises=promises, today=day("2026-09-17")) == day("2026-09-22")
    assert pay_days.proposed(promises=promises, today=day("2026-09-16")) == day("2026-09-22")


def test_a_promise_that_can_no_longer_be_kept_is_paid_as_soon_as_can_be():
    assert pay_days.proposed(promises=[day("2026-09-22")], today=day("2026-09-21")) == day("2026-09-23")
    assert pay_days.proposed(promises=[], today=day("2026-09-21")) == day("2026-09-23")


def test_a_missed_promise_has_a_new_day_that_is_the_next_run():
    assert pay_days.new_day(today=day("2026-09-23"), scheme=scheme()) == day("2026-09-29")
    assert pay_days.new_day(today=day("2026-09-24"), scheme=scheme()) == day("2026-09-29")
    assert pay_days.new_day(today=day("2026-09-25"), scheme=scheme()) == day("2026-10-06")
