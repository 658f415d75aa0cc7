"""A small set of books: a fund and an award in pounds, a fund and an award in hours."""

import datetime as dt

import pytest

from tests.voucher.ledger.desk import Desk


@pytest.fixture
def desk(db, now):
    return Desk(now)


@pytest.fixture
def pounds(desk):
    """An award of £300, usable from 3 September 2026 to 2 March 2027."""
    fund = desk.fund("pence", 1_000_000)
    return desk.issue(fund=fund, amount=30_000, first_day=dt.date(2026, 9, 3), last_day=dt.date(2027, 3, 2))


@pytest.fixture
def hours(desk):
    """An award of 40 hours, for the same days."""
    fund = desk.fund("minutes", 60_000)
    return desk.issue(fund=fund, amount=2_400, first_day=dt.date(2026, 9, 3), last_day=dt.date(2027, 3, 2))
