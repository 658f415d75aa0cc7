"""A course is booked whole, before its first session; it takes a place at each and is paid by the session (R54)."""

import datetime as dt
import uuid

import icalendar
import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import ALYS, london
from voucher import bookings, rules
from voucher.calendars import calendar_files, places_taken
from voucher.changes import circumstances
from voucher.granting import awards
from voucher.ledger import audit, books
from voucher.models import Booking, WaitingPlace

State = Booking.State
PLAITING = "2026-11-03 10:00, 2026-11-10 10:00, 2026-11-17 10:00; 2027-02-16 10:00, 2027-02-23 10:00, 2027-03-02 10:00"
FIRST = london(2026, 11, 3, 10)
LATER = london(2027, 2, 16, 10)


@pytest.fixture
def course(bryn_cafe):
    """Three sessions of two hours for £60; two carers may come."""
    return factories.offer(
        bryn_cafe,
        price_pence=6_000,
        unit="course",
        minutes=360,
        sessions=3,
        courses=PLAITING,
        hours="Tue 10:00-12:00",
        places=2,
        title_en="Willow plaiting",
    )


@pytest.fixture
def owner(bryn_cafe):
    return factories.provider_staff(bryn_cafe, "siwan@provider.example")


def ask(award, offer, now, starts_at=FIRST, seen=6_000, minutes=360):
    return bookings.make(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=seen,
        by=ALYS,
        now=now,
        key=str(uuid.uuid4()),
    )


def test_a_course_is_one_booking_of_all_its_sessions(caerphilly, course, now):
    """R54. £60 for three Tuesdays, from the first session to the end of the last."""
    award = factories.award(caerphilly)

    booking = ask(award, course, now)

    award.account.refresh_from_db()
    assert (award.account.available, award.account.held) == (24_000, 6_000)
    assert (booking.starts_at, booking.ends_at) == (FIRST, london(2026, 11, 17, 12))
    assert (booking.minutes, booking.unit_minutes, booking.session_count) == (360, 360, 3)
    assert bookings.spans_of(booking)[1] == (london(2026, 11, 10, 10), london(2026, 11, 10, 12))


def test_an_award_in_hours_pays_the_hours_of_all_sessions(caerphilly, course, now):
    award = factories.award(caerphilly, unit="minutes", value=960)

    ask(award, course, now)

    award.account.refresh_from_db()
    assert (award.account.available, award.account.held) == (600, 360)


def test_a_course_is_booked_before_its_first_session_and_not_from_a_later_one(caerphilly, course, now):
    award = factories.award(caerphilly)

    with pytest.raises(bookings.NotOpen):
        ask(award, course, now, starts_at=london(2026, 11, 10, 10))
    with pytest.raises(bookings.TooSoon):
        ask(award, course, FIRST + dt.timedelta(minutes=1))
    with pytest.raises(bookings.BadLength):
        ask(award, course, now, minutes=120, seen=2_000)


def test_the_award_covers_the_last_session_too(caerphilly, course, now):
    """R54, like R3. The last Tuesday is 2 March; the award ends on 28 February."""
    award = factories.award(caerphilly)

    with pytest.raises(bookings.OutsidePeriod) as refused:
        ask(award, course, now, starts_at=LATER)

    assert (refused.value.covered, refused.value.sessions) == (2, 3)
    award.account.refresh_from_db()
    assert award.account.held == 0


def test_a_place_is_taken_at_each_session_and_not_in_the_weeks_between(caerphilly, course, now):
    """A visit to the café, one at a time with the course, is free between two sessions and not during one."""
    cafe = course.provider
    cafe.breaks_at_once = 1
    cafe.save()
    visit = factories.offer(cafe, hours="Mon-Sun 08:00-22:00")
    ask(factories.award(caerphilly), course, now)

    def visit_at(day, hour):
        return ask(
            factories.award(caerphilly), visit, now, starts_at=london(2026, 11, day, hour), minutes=60, seen=2_500
        )

    assert visit_at(12, 10).state == State.REQUESTED
    with pytest.raises(bookings.Full):
        visit_at(10, 11)
    assert visit_at(10, 12).state == State.REQUESTED


def test_a_course_has_as_many_places_as_it_says(caerphilly, course, now):
    for _place in range(2):
        ask(factories.award(caerphilly), course, now)

    with pytest.raises(bookings.Full):
        ask(factories.award(caerphilly), course, now)


def test_the_same_award_asks_for_a_course_once(caerphilly, course, now):
    award = factories.award(caerphilly)
    ask(award, course, now)

    with pytest.raises(bookings.AlreadyAsked):
        ask(award, course, now)


def test_what_a_course_was_when_it_was_booked_stays(caerphilly, course, now):
    """The provider writes other dates: the booking keeps its own."""
    booking = ask(factories.award(caerphilly), course, now)

    course.courses = "2026-12-01 10:00, 2026-12-08 10:00, 2026-12-15 10:00"
    course.save()

    assert [start.day for start, _end in bookings.spans_of(Booking.objects.get(pk=booking.pk))] == [3, 10, 17]


def test_only_breaks_at_the_same_hour_are_warned_of(caerphilly, course, bryn_cafe, now):
    award = factories.award(caerphilly)
    booking = ask(award, course, now)

    def same_time(day):
        when = {"starts_at": london(2026, 11, day, 11), "ends_at": london(2026, 11, day, 13)}
        return bookings.at_the_same_time(award=award, **when)

    assert same_time(10) == [booking]
    assert same_time(11) == []


def test_it_is_delivered_in_whole_sessions(caerphilly, course, owner, now):
    """R13, R54. Two of three sessions are £40; four hours and a half are no whole session."""
    booking = ask(factories.award(caerphilly), course, now)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)
    over = booking.ends_at

    with pytest.raises(bookings.BadLength) as refused:
        bookings.deliver(booking=booking, minutes=270, by=Who(user=owner), now=over)
    bookings.deliver(booking=booking, minutes=240, by=Who(user=owner), now=over)

    assert refused.value.minutes == [360, 240, 120]
    assert booking.due_pence == 4_000
    assert books.due(course.provider_id) == 0  # until it is claimed
    assert audit.differences() == []


def test_how_many_sessions_there_were_is_said_once_the_last_has_begun(caerphilly, course, owner, now):
    booking = ask(factories.award(caerphilly), course, now)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)
    last = london(2026, 11, 17, 10)

    with pytest.raises(bookings.NotYet) as refused:
        bookings.deliver(booking=booking, minutes=240, by=Who(user=owner), now=last - dt.timedelta(minutes=1))
    bookings.deliver(booking=booking, minutes=240, by=Who(user=owner), now=last)

    assert refused.value.at == last


def test_what_was_given_of_a_course_is_not_taken_back_where_a_session_falls_out(
    client, caerphilly, course, owner, clock, now
):
    """R54. Of three Tuesdays the second falls out: nobody says that the course did not happen; its provider counts."""
    award = factories.award(caerphilly)
    booking = ask(award, course, now)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)
    after_second, last = london(2026, 11, 10, 12), london(2026, 11, 17, 10)
    said = {"booking": booking, "by": Who(user=owner), "why": Booking.NotGiven.CARER_DID_NOT_COME}

    with pytest.raises(bookings.NotYet) as refused:
        bookings.did_not_happen(**said, party="provider", now=after_second)
    with pytest.raises(bookings.BookingMoved):
        bookings.did_not_happen(booking=booking, party="carer", by=ALYS, now=after_second)
    assert refused.value.at == last + dt.timedelta(minutes=15)
    clock.now = after_second
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=after_second)})
    page = client.get(reverse("my:booking", args=[booking.ref])).content.decode()
    assert "Did a session of it not take place?" in page and 'id="nobody-came"' not in page
    client.force_login(owner)
    assert 'id="not-given"' not in client.get(reverse("provider:booking", args=[booking.ref])).content.decode()

    # Where there was none at all, its provider says so at the end.
    bookings.did_not_happen(**said, party="provider", now=last + dt.timedelta(minutes=15))
    assert booking.state == State.DID_NOT_HAPPEN


def test_a_course_that_has_begun_is_not_cancelled_by_the_carers_team_but_counted(
    client, caerphilly, course, owner, carys, clock, now
):
    """R54, R12. After one of three Tuesdays everything would have gone back, and the provider had nothing for it."""
    booking = ask(factories.award(caerphilly), course, now)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)
    address = reverse("team:booking", args=[booking.ref])
    client.force_login(carys)
    assert 'id="cancel"' in client.get(address).content.decode()

    clock.now = london(2026, 11, 4, 9)
    client.force_login(carys)
    page = client.post(reverse("team:cancel", args=[booking.ref]), follow=True).content.decode()
    assert 'id="course-goes-on"' in page and 'id="cancel"' not in page
    bookings.deliver(booking=booking, minutes=120, by=Who(user=carys), now=london(2026, 11, 17, 10))
    assert (booking.state, booking.due_pence) == (State.DELIVERED, 2_000)


def test_after_a_death_in_the_middle_of_a_course_its_provider_is_told_and_not_why(
    caerphilly, course, owner, carys, now
):
    award = factories.award(caerphilly)
    booking = ask(award, course, now)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)
    after_first = london(2026, 11, 4, 9)
    about = {"carer": award.carer, "kind": "carer_died", "now": after_first}
    seen = circumstances.plan(**about).seen

    circumstances.record(**about, happened_on=dt.date(2026, 11, 3), seen=seen, by=Who(user=carys))

    told = OutboxMessage.objects.get(kind="nobody_comes_any_more", to=booking.provider.email)
    assert "From Tuesday 17 November" in told.body and booking.ref in told.body
    assert not any(word in told.body.lower() for word in ("died", "death", "alys", ".ics"))


def test_terms_of_cancelling_count_to_the_first_session(caerphilly, course, owner, now):
    booking = ask(factories.award(caerphilly), course, now)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)

    assert bookings.cost_of_cancelling(booking, FIRST - dt.timedelta(hours=48)).due_pence == 0
    assert bookings.cost_of_cancelling(booking, FIRST - dt.timedelta(hours=47)).due_pence == 3_000


def test_a_request_for_a_course_is_moved_to_the_next_one(caerphilly, course, now):
    award = factories.award(caerphilly, first_day=dt.date(2026, 10, 1))
    booking = ask(award, course, now)

    bookings.change_time(booking=booking, starts_at=LATER, by=ALYS, now=now)

    assert booking.ends_at == london(2027, 3, 2, 12)
    assert [start.day for start, _end in bookings.spans_of(booking)] == [16, 23, 2]


def test_a_provider_suggests_another_course_and_no_other_time(caerphilly, course, owner, now):
    award = factories.award(caerphilly, first_day=dt.date(2026, 10, 1))
    course.courses += "; 2026-11-24 10:00, 2026-12-01 10:00, 2026-12-08 10:00"
    course.save()
    booking = ask(award, course, now)
    by = Who(user=owner)

    with pytest.raises(bookings.BadTime) as refused:
        bookings.suggest(booking=booking, starts=[london(2026, 11, 25, 10)], by=by, now=now)
    (other,) = bookings.suggest(booking=booking, starts=[london(2026, 11, 24, 10)], by=by, now=now)
    bookings.take(booking=booking, suggestion=other, by=ALYS, now=now)

    assert refused.value.why == "course"
    assert [start.day for start, _end in bookings.spans_of(booking)] == [24, 1, 8]


def test_the_calendar_has_every_session(caerphilly, course, owner, now):
    booking = ask(factories.award(caerphilly), course, now)
    bookings.confirm(booking=booking, by=Who(user=owner), now=now)

    (event,) = icalendar.Calendar.from_ical(calendar_files.for_carer(booking).content).walk("VEVENT")

    assert event.start == FIRST
    assert event.end == london(2026, 11, 3, 12)
    assert [each.dt for each in event["rdate"].dts] == [london(2026, 11, 10, 10), london(2026, 11, 17, 10)]


def test_the_lengths_delivered_of_a_course_are_its_sessions():
    """R13, R54."""
    assert rules.delivered_lengths("course", 360, 360, 3) == [360, 240, 120]


def test_the_pages_say_all_dates_of_a_course(client, caerphilly, course, bryn_cafe, clock, now):
    award = factories.award(caerphilly)
    code = awards.new_code(award=award, by=factories.TESTS, now=now)
    client.post(reverse("open_award"), {"code": code})

    page = client.get(course.get_absolute_url()).content.decode()
    assert "3 sessions, each of 2 hours" in page
    assert "Tuesday 10 November" in page
    assert "£60 a course" in page

    look = client.get(f"/my/ask/{course.slug}/?minutes=360&starts_at={FIRST:%Y-%m-%dT%H:%M}Z").content.decode()
    assert "Tuesday 17 November" in look
    booking = ask(award, course, now)
    assert "Tuesday 10 November" in client.get(f"/my/bookings/{booking.ref}/").content.decode()


def test_what_is_suggested_holds_its_sessions_and_not_the_weeks_between(caerphilly, course, owner, now):
    """R54. Of one who can only be in one place; and what is taken has the dates that were suggested."""
    course.provider.breaks_at_once = 1
    course.provider.save()
    sitting = factories.offer(course.provider, hours="Tue 10:00-12:00; Wed 10:00-12:00", minutes=60, notice_hours=0)
    course.courses += "; 2026-11-24 10:00, 2026-12-01 10:00, 2026-12-08 10:00"
    course.save()
    booking = ask(factories.award(caerphilly), course, now, london(2026, 11, 24, 10))
    soon = london(2026, 11, 1, 9)
    [suggestion] = bookings.suggest(booking=booking, starts=[FIRST], by=Who(owner), now=now)

    for taken in (FIRST, london(2026, 11, 17, 11)):
        with pytest.raises(bookings.Full):
            ask(factories.award(caerphilly), sitting, soon, taken, 2_500, 60)
    between = ask(factories.award(caerphilly), sitting, soon, london(2026, 11, 11, 10), 2_500, 60)
    course.courses = course.courses.replace("2026-11-10", "2026-11-12")
    course.save()
    bookings.take(booking=booking, suggestion=suggestion, by=ALYS, now=now)

    assert between.state == State.REQUESTED
    assert [start for start, _end in bookings.spans_of(booking)] == [
        FIRST,
        london(2026, 11, 10, 10),
        london(2026, 11, 17, 10),
    ]


def test_a_place_that_is_kept_holds_its_sessions_and_not_the_weeks_between(caerphilly, course, now):
    award = factories.award(caerphilly)
    WaitingPlace.objects.create(
        award=award,
        offer=course,
        day=FIRST.date(),
        minutes=360,
        made_at=now,
        state=WaitingPlace.State.KEPT,
        starts_at=FIRST,
        ends_at=london(2026, 11, 17, 12),
        kept_until=now,
    )

    assert list(places_taken.taken_times(course, FIRST, LATER)) == bookings.spans_of(ask(award, course, now))
