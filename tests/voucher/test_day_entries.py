"""A paper list is entered afterwards: all rows or none, merged by the number of the booking, and no number guessed."""

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry
from brochure.models import Offer
from tests import factories
from tests.voucher.breaks import ALYS, confirm, london
from voucher import bookings
from voucher.door import code_checks, day_entries
from voucher.door.day_entries import Fault, Row
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, WalkIn
from voucher.views.provider import paper_lists

pytestmark = pytest.mark.django_db
AFTERWARDS = london(2026, 10, 20, 18)
ABSENT = Booking.NotGiven.CARER_DID_NOT_COME
# What a browser sends of the rows that nobody filled in.
EMPTY = {f"number-{place}-given": "whole" for place in range(3)}


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


def test_every_request_of_a_list_is_taken_before_any_money(enter, day, django_assert_max_num_queries):
    with django_assert_max_num_queries(200) as caught:
        enter(*(Row(booking.ref, not_given=ABSENT) for booking in day))

    said = [each["sql"] for each in caught.captured_queries]
    requests = [place for place, sql in enumerate(said) if sql.startswith('UPDATE "voucher_breakrequest"')]
    money = [place for place, sql in enumerate(said) if "UPDATE ledger_award" in sql.replace('"', "")]
    assert len(requests) >= 3 and money and requests[2] < money[0]


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

    with django_assert_max_num_queries(7):
        enter(*rows)


@pytest.fixture
def course(bryn_cafe, caerphilly, bryn, now):
    """Four Tuesdays from 6 October, asked for in September and confirmed."""
    offer = factories.offer(
        bryn_cafe,
        price_pence=8_000,
        unit="course",
        minutes=480,
        sessions=4,
        courses="2026-10-06 10:00, 2026-10-13 10:00, 2026-10-20 10:00, 2026-10-27 10:00",
        hours="Tue 10:00-12:00",
        title_en="Willow plaiting",
    )
    september = dt.timedelta(days=20)
    award = factories.award(caerphilly)
    return confirm(award, offer, bryn, now - september, starts_at=london(2026, 10, 6, 10), minutes=480)


def test_what_was_given_of_a_course_is_entered_once_its_last_session_has_begun(enter, course):
    """R54. A list that is sent before is told so, and nothing falls over."""
    assert faults(enter, Row(course.ref, whole=True)) == {0: Fault.NOT_YET}

    done = enter(Row(course.ref, minutes=360), now=london(2026, 10, 27, 10))

    assert (len(done.marked), Booking.objects.get(pk=course.pk).due_pence) == (1, 6_000)


def page(client, day, **typed):
    address = reverse("provider:enter_day", args=[day])
    answer = client.post(address, typed, follow=True) if typed else client.get(address)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_each_session_of_a_course_stands_on_the_list_of_its_day(client, course, bryn, clock):
    clock.now = london(2026, 10, 28, 9)
    client.force_login(bryn)

    third, last = page(client, "2026-10-20"), page(client, "2026-10-27")

    assert "10am: Willow plaiting, session 3 of 4" in third
    assert "10am: Willow plaiting, session 4 of 4" in last
    assert "All of it: 4 sessions, £80" in last and "3 sessions, £60" in last
    assert "Entered: 1 break." in page(client, "2026-10-20", **{f"booking-{course.ref}-given": "360"} | EMPTY)
    assert "1 booking is marked already" in page(client, "2026-10-27")


def test_a_long_list_has_pages_and_only_what_stands_on_one_is_entered(client, day, bryn, clock, monkeypatch):
    monkeypatch.setattr(paper_lists, "BOOKED_A_PAGE", 2)
    clock.now = AFTERWARDS
    client.force_login(bryn)

    first = page(client, "2026-10-16")
    assert "3 bookings wait to be marked. Here are numbers 1 to 2 of them, in the order of the day." in first
    assert [booking.ref in first for booking in day] == [True, True, False]
    second = client.get(reverse("provider:enter_day", args=["2026-10-16"]), {"page": 2}).content.decode()
    assert [booking.ref in second for booking in day] == [False, False, True]

    # A colleague has entered the first meanwhile: the others keep what was chosen for them.
    bookings.deliver(booking=day[0], minutes=150, by=Who(user=bryn), now=clock.now)
    sent = {f"booking-{booking.ref}-given": "150" for booking in day[:2]}
    assert "Entered: 1 break." in page(client, "2026-10-16", **sent | EMPTY)
    assert states(day) == ["delivered", "delivered", "confirmed"]

    # With something to mend nothing is saved, and what was chosen is still there.
    wrong = {f"booking-{day[2].ref}-given": "carer", "number-0-ref": "BCDFGHJK"} | EMPTY
    again = client.post(reverse("provider:enter_day", args=["2026-10-16"]), wrong)
    assert states(day)[2] == "confirmed"
    assert re.search(r'value="carer" selected', again.content.decode())


def test_a_list_that_is_too_old_is_answered_with_the_days_that_can_be_entered(client, bryn, clock):
    """R59."""
    clock.now = london(2026, 10, 28, 9)
    client.force_login(bryn)

    answer = client.get(reverse("provider:enter_day", args=["2026-08-01"]), follow=True)

    assert answer.redirect_chain and "The date must be Saturday 29 August 2026 or later." in answer.content.decode()


def test_while_a_course_goes_on_its_list_says_when_to_say_it(client, course, bryn, clock):
    clock.now = AFTERWARDS
    client.force_login(bryn)

    assert f"{course.ref}: the course goes on. Say how many sessions there were on the list of Tuesday 27 October." in (
        page(client, "2026-10-13")
    )


def test_the_days_to_choose_from_say_how_many_wait(client, day, bryn, clock, django_assert_max_num_queries):
    clock.now = AFTERWARDS
    client.force_login(bryn)
    client.get(reverse("provider:choose_day"))

    with django_assert_max_num_queries(12):
        words = client.get(reverse("provider:choose_day")).content.decode()

    assert "Friday 16 October</a> · 3 to be marked" in words
    assert words.count("to be marked") == 1


def test_r72_a_list_that_is_never_saved_feels_no_balance_without_a_trace(client, caerphilly, sitting, bryn, clock, now):
    clock.now = AFTERWARDS
    Offer.objects.filter(pk=sitting.pk).update(takes_walk_ins=True)
    client.force_login(bryn)
    code = awards.new_code(award=factories.award(caerphilly, value=6_250), by=ALYS, now=now)

    def asks(units):
        # The second row is wrong on purpose, so that nothing is saved whatever the first is answered.
        rows = [(code, units), (code, 99), ("", 1)]
        typed = {
            f"came-{place}-{name}": value
            for place, (what, many) in enumerate(rows)
            for name, value in {
                "key": str(uuid.uuid4()),
                "offer": sitting.pk,
                "time": what and "10:00",
                "units": many,
                "code": what,
            }.items()
        }
        return page(client, "2026-10-20", **typed | EMPTY)

    asks(2)

    assert not WalkIn.objects.exists()
    looks = HistoryEntry.objects.filter(act="code.checked", details__provider=sitting.provider_id)
    assert looks.count() == 2
    for _ in range(code_checks.SHORT_AN_HOUR):
        asks(4)
    # So often too little: nothing more is said of this code, and nothing is looked at.
    before = looks.count()
    assert "Try again in an hour" in asks(1)
    assert looks.count() == before
