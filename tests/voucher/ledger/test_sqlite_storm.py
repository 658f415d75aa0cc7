"""Many threads on one SQLite file wait their turn and sell exactly what is there."""

import datetime as dt
import sqlite3

import pytest
from django.db import connection, connections

from tests import factories
from tests.voucher.ledger.desk import Desk, at_once, faults
from tests.voucher.test_waiting_list import ALYS, SATURDAY, TEN, ask, take, wait
from voucher import bookings
from voucher.bookings import waiting_list
from voucher.ledger import books
from voucher.models import Booking, WaitingPlace

pytestmark = pytest.mark.sqlite

BREAK = dt.date(2026, 11, 5)


@pytest.fixture
def on_a_file(transactional_db, tmp_path):
    """Give every new thread the tables in a file, as the running program has them, not in the tests' memory."""
    path = tmp_path / "books.sqlite3"
    connection.ensure_connection()
    with sqlite3.connect(path) as file:
        connection.connection.backup(file)
    file.close()
    # A patch of its own, undone before the tests' own database is emptied.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections.settings["default"], "NAME", str(path))
        yield


def test_a_storm_on_one_file_sells_exactly_what_is_there(on_a_file, now):
    desk = Desk(now)

    def open_books():
        assert str(connection.settings_dict["NAME"]).endswith("books.sqlite3")
        days = {"first_day": BREAK, "last_day": BREAK}
        return [desk.issue(fund=desk.fund("pence", 1_000), amount=1_000, **days) for _ in range(5)]

    [awards] = at_once(open_books)

    def shop():
        sold = 0
        for turn in range(30):
            try:
                desk.hold(award=awards[turn % 5], amount=100, on=BREAK)
                sold += 1
            except books.NotEnough:
                pass
        return sold

    assert sum(at_once(*[shop] * 6)) == 50

    [(left, found)] = at_once(lambda: ([desk.left(award) for award in awards], faults()))
    assert left == [(0, 1_000)] * 5
    assert found == []


def test_more_time_and_the_night_after_the_last_day_are_decided_once_on_one_file(on_a_file, now):
    desk = Desk(now)
    after, later = BREAK + dt.timedelta(days=1), BREAK + dt.timedelta(days=9)

    def open_books():
        days = {"first_day": BREAK, "last_day": BREAK}
        return [desk.issue(fund=desk.fund("pence", 1_000), amount=1_000, **days) for _ in range(5)]

    [awards] = at_once(open_books)
    for award in awards:
        extended, expired = at_once(
            lambda award=award: desk.extend(award=award, last_day=later),
            lambda award=award: desk.expire(award=award, on=after),
        )
        outcomes = {type(extended), type(expired)}
        assert outcomes in ({type(None), books.NotYetOver}, {books.AwardEnded, int})

    [found] = at_once(faults)
    assert found == []


def test_two_places_that_come_free_on_one_file_go_to_the_first_two_in_line(on_a_file, now):
    def stand_in_line():
        council = factories.council()
        pool = factories.provider(council)
        swim = factories.offer(
            pool,
            unit="session",
            minutes=120,
            price_pence=2_000,
            hours="Sat 10:00-12:00",
            places=2,
            has_waiting_list=True,
        )
        booked = [ask(factories.award(council), swim, now) for _ in range(2)]
        line = [wait(council, swim, now) for _ in range(3)]
        return swim, booked, line, [factories.award(council)]

    [(swim, booked, line, strangers)] = at_once(stand_in_line)

    def yes(place):
        for _ in range(12):
            row = WaitingPlace.objects.select_related("award", "offer").get(pk=place.pk)
            try:
                return take(row, now)
            except waiting_list.PlaceGone as gone:
                waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)
                last = gone
        return last

    results = at_once(
        *[lambda row=row: bookings.cancel(booking=row, party="carer", by=ALYS, now=now) for row in booked],
        *[lambda place=place: yes(place) for place in reversed(line)],
        *[lambda award=award: ask(award, swim, now) for award in strangers],
    )

    def how_it_stands():
        waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)
        live = Booking.objects.filter(starts_at=TEN, state__in=Booking.TAKES_A_PLACE).count()
        return list(WaitingPlace.objects.order_by("pk").values_list("state", flat=True)), live, faults()

    states, live, found = at_once(how_it_stands)[0]
    kept = states.count("kept")
    assert (states[2:], live + kept, found) == (["waiting"], 2, [])
    # Nobody walks past who waits, and whatever is not taken in the storm is kept.
    assert sum(isinstance(result, Booking) for result in results[2:]) == live == states.count("taken")
    assert isinstance(results[-1], bookings.Full)
