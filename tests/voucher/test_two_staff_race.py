"""Two people of one provider press at the same moment: one act happens, and the other is told what is so now."""

import pytest

from accounts.history import Who
from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.breaks import FRIDAY, ask
from tests.voucher.ledger.desk import TURNS, at_once
from voucher import bookings
from voucher.ledger import audit
from voucher.models import Booking

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
State = Booking.State


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def siwan(cafe):
    return Who(user=factories.provider_staff(cafe, "siwan@provider.example"))


@pytest.fixture
def macsen(cafe):
    return Who(user=factories.provider_staff(cafe, "macsen@provider.example", kind="bookings"))


@pytest.fixture
def booking(cafe, now):
    return ask(factories.award(cafe.council, value=40_000), factories.offer(cafe), now)


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def figures(booking):
    account = fresh(booking).award.account
    return account.available, account.held


@TURNS
def test_one_accepts_while_the_other_declines(booking, siwan, macsen, now, turn):
    first, second = fresh(booking), fresh(booking)

    results = at_once(
        lambda: bookings.confirm(booking=first, by=siwan, now=now),
        lambda: bookings.decline(booking=second, reason="full", by=macsen, now=now),
    )

    row = fresh(booking)
    assert kinds(results) == ["BookingMoved", "NoneType"]
    assert figures(row) == ((33_750, 6_250) if row.state == State.CONFIRMED else (40_000, 0))
    assert HistoryEntry.objects.filter(act__in=["booking.confirmed", "booking.declined"]).count() == 1
    assert audit.differences() == []


@TURNS
def test_one_accepts_while_the_other_suggests_another_time(booking, siwan, macsen, now, turn):
    first, second = fresh(booking), fresh(booking)
    other = FRIDAY.replace(hour=18)

    results = at_once(
        lambda: bookings.confirm(booking=first, by=siwan, now=now),
        lambda: bookings.suggest(booking=second, starts=[other], by=macsen, now=now),
    )

    row = fresh(booking)
    assert "BookingMoved" in kinds(results)
    assert row.suggestions.filter(state="open").count() == (1 if row.state == State.COUNTERED else 0)
    assert figures(row) == (33_750, 6_250)
    assert audit.differences() == []


@TURNS
def test_both_say_how_much_was_given(booking, siwan, macsen, now, turn):
    bookings.confirm(booking=booking, by=siwan, now=now)
    first, second = fresh(booking), fresh(booking)

    results = at_once(
        lambda: bookings.deliver(booking=first, minutes=150, by=siwan, now=booking.ends_at),
        lambda: bookings.deliver(booking=second, minutes=60, by=macsen, now=booking.ends_at),
    )

    row = fresh(booking)
    assert kinds(results) == ["BookingMoved", "NoneType"]
    assert (row.delivered_minutes, row.due_pence) in {(150, 6_250), (60, 2_500)}
    assert HistoryEntry.objects.filter(act="booking.delivered").count() == 1
    assert audit.differences() == []


@TURNS
def test_one_marks_it_as_given_while_the_other_says_it_did_not_happen(booking, siwan, macsen, now, turn):
    bookings.confirm(booking=booking, by=siwan, now=now)
    first, second = fresh(booking), fresh(booking)

    results = at_once(
        lambda: bookings.deliver(booking=first, minutes=150, by=siwan, now=booking.ends_at),
        lambda: bookings.did_not_happen(booking=second, party="provider", by=macsen, now=booking.ends_at),
    )

    row = fresh(booking)
    assert kinds(results) == ["BookingMoved", "NoneType"]
    assert figures(row) == ((33_750, 6_250) if row.state == State.DELIVERED else (40_000, 0))
    assert audit.differences() == []
