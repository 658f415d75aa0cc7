"""A paper list is entered afterwards: all rows or none, merged by the number of the booking, and no number guessed."""

import datetime as dt

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import confirm, london
from voucher import bookings, day_entries
from voucher.day_entries import Fault, Row
from voucher.ledger import audit
from voucher.models import Booking

pytestmark = pytest.mark.django_db
AFTERWARDS = london(2026, 10, 20, 18)
ABSENT = Booking.NotGiven.CARER_DID_NOT_COME


@pytest.fixture
def sitting(bryn_cafe):
    """£25 an hour."""
    return factories.offer(bryn_cafe, places=4)


@pytest.fixture
def day(caerphilly, sitting, bryn, now):
    """Three carers booked for two and a half hours on Friday 16 October at two."""
    return [confirm(factories.award(caerphilly), sitting, bryn, now) for _ in range(3)]


@pytest.fixture
def enter(bryn_cafe, bryn):
    def enter(*rows, now=AFTERWARDS):
        return day_entries.enter(provider=bryn_cafe, rows=list(rows), by=Who(user=bryn), now=now)

    return enter


def states(rows):
    return [Booking.objects.get(pk=row.pk).state for row in rows]


def faults(enter, *rows, **more):
    with pytest.raises(day_entries.Faulty) as faulty:
        enter(*rows, **more)
    return faulty.value.faults


def test_the_whole_a_part_and_nobody_came(enter, day):
    whole, part, absent = day

    done = enter(Row(whole.ref, whole=True), Row(part.ref, minutes=135), Row(absent.ref, not_given=ABSENT))

    rows = [Booking.objects.get(pk=row.pk) for row in day]
    assert [row.state for row in rows] == ["delivered", "delivered", "did_not_happen"]
    # 2 h 15 of 2 h 30 at £25 is £56.25.
    assert [row.due_pence for row in rows[:2]] == [6_250, 5_625]
    assert rows[2].not_given == ABSENT
    assert (len(done.marked), done.marked_before) == (3, [])
    assert audit.differences() == []


def test_a_list_sent_again_changes_nothing_and_says_what_was_marked(enter, day):
    rows = [Row(booking.ref, whole=True) for booking in day]
    enter(*rows)

    again = enter(*rows, Row(day[0].ref, whole=True))

    assert ([], sorted(each.pk for each in again.marked_before)) == (again.marked, [each.pk for each in day])
    assert Booking.objects.filter(due_pence=6_250).count() == 3


def test_another_answer_to_what_is_marked_changes_nothing(enter, day):
    enter(Row(day[0].ref, whole=True))

    enter(Row(day[0].ref, minutes=60))

    assert Booking.objects.get(pk=day[0].pk).due_pence == 6_250


def test_one_row_that_cannot_be_and_none_is_saved(enter, day):
    found = faults(enter, Row(day[0].ref, whole=True), Row(day[1].ref, minutes=137))

    assert found == {1: Fault.LENGTH}
    assert states(day) == ["confirmed"] * 3


def test_of_another_providers_booking_nobody_learns_that_there_is_one(enter, day, caerphilly, now):
    there = factories.provider(caerphilly, name="Caffi Arall")
    other = confirm(factories.award(caerphilly), factories.offer(there), factories.user("huw@provider.example"), now)

    found = faults(enter, Row(other.ref, whole=True), Row("BCDFGHJK", whole=True))

    assert found == {0: Fault.UNKNOWN, 1: Fault.UNKNOWN}
    assert states([other]) == ["confirmed"]


def test_one_number_twice_with_two_answers_is_asked_about(enter, day):
    assert faults(enter, Row(day[0].ref, whole=True), Row(day[0].ref, minutes=60)) == {1: Fault.TWICE}


def test_what_has_not_begun_was_cancelled_or_is_too_long_ago_cannot_be_entered(enter, day, bryn):
    before = day[0].starts_at - dt.timedelta(minutes=1)
    at_once = day[0].starts_at + dt.timedelta(minutes=14)
    bookings.cancel(booking=day[1], party="team", by=Who(user=bryn), now=before - dt.timedelta(hours=50))

    assert faults(enter, Row(day[0].ref, whole=True), now=before) == {0: Fault.NOT_YET}
    assert faults(enter, Row(day[0].ref, not_given=ABSENT), now=at_once) == {0: Fault.NOT_YET}
    assert faults(enter, Row(day[1].ref, whole=True)) == {0: Fault.ENDED}
    assert faults(enter, Row(day[0].ref, whole=True), now=london(2026, 12, 16, 9)) == {0: Fault.TOO_LATE}
    assert enter(Row(day[0].ref, whole=True), now=london(2026, 12, 15, 9)).marked == [day[0]]


def test_r59_a_list_can_be_entered_for_sixty_days():
    assert day_entries.days_that_can_be_entered(dt.date(2026, 10, 12), 60) == (
        dt.date(2026, 8, 13),
        dt.date(2026, 10, 12),
    )


def test_a_course_of_rows_takes_the_same_number_of_looks(enter, day, django_assert_max_num_queries):
    rows = [Row(booking.ref, whole=True) for booking in day]
    enter(*rows)

    with django_assert_max_num_queries(6):
        enter(*rows)
