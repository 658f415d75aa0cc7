"""Opening hours are read with care, and only real free days and times are offered."""

import datetime as dt
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brochure import availability
from brochure.availability import LONDON, HoursNotUnderstood, opening_hours

MONDAY = dt.date(2026, 10, 12)
NOW = dt.datetime(2026, 10, 12, 10, 0, tzinfo=dt.UTC)
CLOCKS_GO_BACK = dt.date(2026, 10, 25)
CLOCKS_GO_FORWARD = dt.date(2027, 3, 28)


PLAIN = {
    "unit": "hour",
    "minutes": 60,
    "least_minutes": 0,
    "sessions": 1,
    "courses": "",
    "other_days": "",
    "places": 1,
    "buffer_minutes": 0,
    "week_minutes": None,
    "breaks_at_once": None,
    "notice_hours": 24,
}


def offer(hours="Mon-Sun 08:00-22:00", **fields):
    return SimpleNamespace(hours=hours, **(PLAIN | fields))


def local(day, hour, minute=0):
    return dt.datetime.combine(day, dt.time(hour, minute), LONDON)


@pytest.mark.parametrize(
    ("text", "days_open"),
    [
        ("Mon-Sat 09:30-15:30", [0, 1, 2, 3, 4, 5]),
        ("Tue,Thu 10:00-15:00", [1, 3]),
        ("Sat,Sun 09:00-18:00", [5, 6]),
        ("Fri-Mon 09:00-18:00", [0, 4, 5, 6]),
        ("mon 9:00 - 12:00; wed 13:00-24:00", [0, 2]),
    ],
)
def test_opening_hours_name_the_days_that_are_open(text, days_open):
    week = opening_hours(text)

    assert [index for index, openings in enumerate(week.days) if openings] == days_open


def test_hours_that_meet_are_joined():
    assert opening_hours("Mon 09:00-12:00; Mon 11:00-13:00; Mon 13:00-14:00").days[0] == ((540, 840),)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("Mon", "Mon"),
        ("Mon 9-10", "Mon 9-10"),
        ("Llu 09:00-10:00", "Llu 09:00-10:00"),
        ("Mon 09:00-10:00; Tue 10:00-09:00", "Tue 10:00-09:00"),
        ("Mon-Tue-Wed 09:00-10:00", "Mon-Tue-Wed 09:00-10:00"),
        ("Mon 09:00-24:30", "Mon 09:00-24:30"),
        ("Mon 09:75-10:00", "Mon 09:75-10:00"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_the_part_at_fault(text, part):
    with pytest.raises(HoursNotUnderstood) as refused:
        opening_hours(text)

    assert refused.value.part == part
    assert part in str(refused.value)


openings = st.tuples(st.integers(0, 47), st.integers(1, 48)).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(st.tuples(st.integers(0, 6), openings), min_size=1, max_size=8))
def test_a_week_written_as_text_reads_back_the_same(pieces):
    text = "; ".join(
        f"{availability.DAYS[day]} {start // 2:02}:{start % 2 * 30:02}-{end // 2:02}:{end % 2 * 30:02}"
        for day, (start, end) in pieces
    )

    week = opening_hours(text)

    assert opening_hours(week.text()) == week


@given(
    day=st.dates(dt.date(2026, 3, 1), dt.date(2027, 11, 30)),
    opening=openings,
    minutes=st.integers(1, 24).map(lambda steps: steps * 30),
    taken=st.lists(st.tuples(st.integers(0, 48), st.integers(1, 10)), max_size=6),
    places=st.integers(1, 3),
)
def test_every_start_offered_is_open_and_has_a_place(day, opening, minutes, taken, places):
    start, end = opening
    hours = f"Mon-Sun {start // 2:02}:{start % 2 * 30:02}-{end // 2:02}:{end % 2 * 30:02}"
    midnight = local(day, 0).astimezone(dt.UTC)
    half_hour = dt.timedelta(minutes=30)
    booked = [(midnight + first * half_hour, midnight + (first + steps) * half_hour) for first, steps in taken]
    one = offer(hours, places=places)

    starts = availability.start_times(one, day, minutes, taken=booked)

    assert starts == sorted(set(starts))
    for moment in starts:
        finish = availability.ends_at(one, moment, minutes)
        assert finish.astimezone(dt.UTC) - moment.astimezone(dt.UTC) == dt.timedelta(minutes=minutes)
        assert moment.astimezone(LONDON).date() == day
        assert moment.hour * 60 + moment.minute >= start * 30
        instant = moment.astimezone(dt.UTC)
        while instant < finish:
            assert sum(first <= instant < last for first, last in booked) < places
            instant += half_hour


def test_the_last_start_leaves_time_for_the_whole_break():
    starts = availability.start_times(offer("Mon 09:30-15:30"), MONDAY, 150)

    assert (starts[0], starts[-1]) == (local(MONDAY, 9, 30), local(MONDAY, 13))


def test_a_time_that_is_taken_is_not_offered():
    taken = [(local(MONDAY, 10), local(MONDAY, 11))]

    starts = availability.start_times(offer("Mon 09:00-12:00"), MONDAY, 60, taken=taken)

    assert starts == [local(MONDAY, 9), local(MONDAY, 11)]


def test_a_class_takes_as_many_as_it_has_places():
    class_ = offer("Mon 10:00-11:00", unit="session", places=2)
    hour = (local(MONDAY, 10), local(MONDAY, 11))

    assert availability.start_times(class_, MONDAY, taken=[hour]) == [local(MONDAY, 10)]
    assert availability.start_times(class_, MONDAY, taken=[hour, hour]) == []


def test_two_bookings_one_after_the_other_take_one_place():
    class_ = offer("Mon 10:00-12:00", unit="session", minutes=120, places=2)
    taken = [(local(MONDAY, 10), local(MONDAY, 11)), (local(MONDAY, 11), local(MONDAY, 12))]

    assert availability.start_times(class_, MONDAY, taken=taken) == [local(MONDAY, 10)]


def test_a_session_longer_than_the_opening_hours_begins_when_they_open():
    day_session = offer("Tue,Thu 10:00-15:00", unit="session", minutes=360)

    assert availability.start_times(day_session, MONDAY + dt.timedelta(days=1)) == [local(dt.date(2026, 10, 13), 10)]


def test_r53_a_break_goes_on_after_midnight_where_the_next_day_opens_at_midnight():
    sitter = offer("Fri 20:00-24:00; Sat 00:00-02:00; Sun 20:00-24:00")
    friday, sunday = MONDAY + dt.timedelta(days=4), MONDAY + dt.timedelta(days=6)
    saturday = friday + dt.timedelta(days=1)

    # Four hours until two at night; on Sunday it is over at midnight, because Monday is closed.
    assert availability.start_times(sitter, friday, 240)[-1] == local(friday, 22)
    assert availability.start_times(sitter, sunday, 240) == [local(sunday, 20)]
    assert availability.is_open(sitter, local(friday, 22), 240)
    assert not availability.is_open(sitter, local(friday, 22, 30), 240)
    # What begins after midnight still does.
    assert availability.start_times(sitter, saturday, 60)[0] == local(saturday, 0)
    # The next day counts as it really is: closed on that date, the evening ends at midnight.
    closed = offer(sitter.hours, other_days=f"{saturday.isoformat()} closed")
    assert availability.start_times(closed, friday, 240) == [local(friday, 20)]


def test_four_hours_over_the_night_the_clocks_go_back_are_four_hours():
    night_owl = offer("Sun 00:00-06:00")

    starts = availability.start_times(night_owl, CLOCKS_GO_BACK, 240)

    # Seven hours pass between midnight and six that night, so the last start is at three by the clock.
    assert starts[-1].astimezone(dt.UTC) == dt.datetime(2026, 10, 25, 2, 0, tzinfo=dt.UTC)
    finish = availability.ends_at(night_owl, starts[0], 240)
    assert finish.astimezone(dt.UTC) - starts[0].astimezone(dt.UTC) == dt.timedelta(hours=4)
    assert finish.hour == 3


def test_the_hour_that_the_clocks_jump_over_is_not_offered():
    starts = availability.start_times(offer("Sun 00:00-06:00"), CLOCKS_GO_FORWARD, 60)

    assert [start.hour for start in starts if start.minute == 0] == [0, 2, 3, 4, 5]


def test_a_night_is_whole_even_when_the_clocks_change():
    hotel = offer("Sat,Sun 09:00-18:00", unit="night", minutes=1440)
    saturday = CLOCKS_GO_BACK - dt.timedelta(days=1)

    starts = availability.start_times(hotel, saturday)

    assert starts == [local(saturday, 15)]
    assert availability.ends_at(hotel, starts[0], 1440) == local(CLOCKS_GO_BACK, 15)
    assert availability.ends_at(hotel, starts[0], 2880) == local(CLOCKS_GO_BACK + dt.timedelta(days=1), 15)


def test_guests_arrive_when_it_opens_where_it_closes_before_three():
    hotel = offer("Mon 10:00-15:00", unit="night", minutes=1440)

    assert availability.start_times(hotel, MONDAY) == [local(MONDAY, 10)]


def test_free_days_leave_the_provider_its_notice():
    days = availability.free_days(offer("Mon-Sun 09:00-17:00", notice_hours=48), NOW, days=4)

    # 11am on Monday and 48 hours: from 11am on Wednesday.
    assert [found.day for found in days] == [dt.date(2026, 10, 14), dt.date(2026, 10, 15), dt.date(2026, 10, 16)]
    assert days[0].starts[0] == local(dt.date(2026, 10, 14), 11)
    assert days[1].starts[0] == local(dt.date(2026, 10, 15), 9)


def test_free_days_stop_at_the_last_day_of_the_award():
    days = availability.free_days(offer(), NOW, last_day=dt.date(2026, 10, 14))

    assert days[-1].day == dt.date(2026, 10, 14)


def test_a_day_without_a_free_start_is_not_listed():
    tuesday = MONDAY + dt.timedelta(days=1)
    taken = [(local(tuesday, 0), local(tuesday, 23))]

    days = availability.free_days(offer("Tue,Thu 10:00-15:00"), NOW, taken=taken, days=7)

    assert [found.day for found in days] == [dt.date(2026, 10, 15)]


def test_next_free_is_the_first_of_the_free_days():
    one = offer("Tue,Thu 10:00-15:00", notice_hours=72)

    assert availability.next_free(one, NOW) == availability.free_days(one, NOW)[0].starts[0]
    assert availability.next_free(one, NOW) == local(dt.date(2026, 10, 15), 11)


def test_an_offer_with_every_day_taken_has_no_next_free_time():
    taken = [(NOW, NOW + dt.timedelta(days=100))]

    assert availability.next_free(offer(), NOW, taken=taken) is None


def test_a_break_may_begin_only_when_it_is_open():
    one = offer("Mon 09:30-15:30")

    assert availability.is_open(one, local(MONDAY, 14), 90)
    assert not availability.is_open(one, local(MONDAY, 14, 30), 90)
    assert not availability.is_open(one, local(MONDAY + dt.timedelta(days=1), 10), 90)
    assert not availability.is_open(one, local(MONDAY, 10, 10), 90)


def test_hours_can_be_asked_for_by_the_half_and_sessions_only_whole():
    assert availability.lengths(offer())[:3] == [60, 90, 120]
    assert availability.lengths(offer(unit="session", minutes=45)) == [45]
    assert availability.lengths(offer(unit="night", minutes=1440))[:2] == [1440, 2880]
