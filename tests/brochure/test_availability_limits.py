"""What a provider sets beside its hours is honoured: least length, other days, time between, week, breaks at once."""

import datetime as dt

import pytest

from brochure import availability, free_times
from brochure.availability import LONDON, HoursNotUnderstood, Taken
from brochure.free_times import When
from brochure.opening import other_days_text
from tests.brochure.test_availability import CLOCKS_GO_BACK, CLOCKS_GO_FORWARD, MONDAY, NOW, local, offer

SATURDAY = dt.date(2026, 10, 17)


def span(day, first, last):
    """Hours of a day as bookings hold them, in UTC."""
    return tuple(local(day, hour).astimezone(dt.UTC) for hour in (first, last))


def hours_of(starts):
    return [start.strftime("%H:%M") for start in starts]


# --- Least length ---------------------------------------------------------------------------------------------------


def test_lengths_begin_at_the_least_that_can_be_asked_for():
    """R53. A call of two hours at least: two hours, then half hours up to twelve."""
    lengths = availability.lengths(offer(least_minutes=120))

    assert lengths[:3] == [120, 150, 180]
    assert lengths[-1] == 720


def test_a_stay_has_at_least_so_many_nights():
    assert availability.lengths(offer(unit="night", minutes=1440, least_minutes=2880))[:2] == [2880, 4320]


def test_a_least_length_above_twelve_hours_is_the_only_one():
    assert availability.lengths(offer(least_minutes=780)) == [780]


def test_a_free_day_has_room_for_the_least_length():
    two_hours = offer("Mon 10:00-12:30", least_minutes=120, notice_hours=0)

    assert hours_of(availability.start_times(two_hours, MONDAY)) == ["10:00", "10:30"]


def test_a_length_that_was_typed_is_rounded_up_from_the_least_one():
    call = offer(least_minutes=120)

    assert free_times.minutes_for(call, When(time=600, until=720)) == 120
    assert free_times.minutes_for(call, When(time=600, until=735)) == 150
    assert free_times.minutes_for(call, When(time=600, until=660)) is None
    assert free_times.minutes_for(call, When()) == 120


# --- Other days -----------------------------------------------------------------------------------------------------

CHRISTMAS = "2026-12-24/2027-01-02 closed; 2026-12-05 10:00-12:00; 2026-12-05 14:00-16:00"


def test_other_days_replace_the_hours_of_the_week():
    sitter = offer("Mon-Sun 09:00-17:00", other_days=CHRISTMAS, notice_hours=0)

    assert availability.openings_on(sitter, dt.date(2026, 12, 5)) == ((600, 720), (840, 960))
    assert availability.start_times(sitter, dt.date(2026, 12, 24)) == []
    assert availability.start_times(sitter, dt.date(2027, 1, 2)) == []
    assert hours_of(availability.start_times(sitter, dt.date(2027, 1, 3)))[0] == "09:00"


def test_a_day_outside_the_week_can_be_opened():
    sitter = offer("Mon-Fri 09:00-17:00", other_days="2026-10-17 10:00-12:00", notice_hours=0)

    assert hours_of(availability.start_times(sitter, SATURDAY)) == ["10:00", "10:30", "11:00"]


def test_what_is_written_later_about_a_day_holds():
    days = availability.other_days("2026-12-24/2026-12-31 closed; 2026-12-29 10:00-12:00")

    assert days[dt.date(2026, 12, 28)] == ()
    assert days[dt.date(2026, 12, 29)] == ((600, 720),)


def test_other_days_written_as_text_read_back_the_same():
    days = availability.other_days(CHRISTMAS)

    assert other_days_text(days) == "2026-12-05 10:00-12:00; 2026-12-05 14:00-16:00; 2026-12-24/2027-01-02 closed"
    assert availability.other_days(other_days_text(days)) == days
    assert other_days_text({}) == ""


@pytest.mark.parametrize(
    "part",
    [
        "2026-12-24",
        "2026-02-30 closed",
        "2026-12-24/2026-12-20 closed",
        "2026-12-24/2028-12-20 closed",
        "24/12/2026 closed",
        "2026-12-24 shut",
        "2026-12-24 12:00-10:00",
    ],
)
def test_other_days_that_cannot_be_read_are_refused_with_the_part_at_fault(part):
    with pytest.raises(HoursNotUnderstood) as refused:
        availability.other_days(f"2026-12-05 closed; {part}")

    assert refused.value.part == part


def test_no_stay_goes_over_a_closed_night():
    """A guest cannot sleep where nobody is: also when only the second night is closed."""
    house = offer("Mon-Sun 15:00-18:00", unit="night", minutes=1440, other_days="2026-12-24/2026-12-26 closed")

    assert availability.start_times(house, dt.date(2026, 12, 23), 1440) == [local(dt.date(2026, 12, 23), 15)]
    assert availability.start_times(house, dt.date(2026, 12, 23), 2880) == []
    assert availability.start_times(house, dt.date(2026, 12, 22), 4320) == []


def test_the_finder_knows_other_days():
    sitter = offer("Mon-Fri 09:00-17:00", other_days="2026-10-15 closed; 2026-10-17 10:00-12:00", good_until=None)

    assert free_times.start_for(sitter, When(day=dt.date(2026, 10, 15), time=600), NOW) is None
    assert free_times.start_for(sitter, When(day=SATURDAY, time=600), NOW) == local(SATURDAY, 10)


# --- Time between two breaks ----------------------------------------------------------------------------------------


def test_time_between_two_breaks_is_kept_before_and_after():
    sitter = offer("Mon 08:00-14:00", buffer_minutes=30)

    starts = availability.start_times(sitter, MONDAY, 60, taken=[span(MONDAY, 10, 11)])

    assert hours_of(starts) == ["08:00", "08:30", "11:30", "12:00", "12:30", "13:00"]


def test_time_between_is_kept_for_each_of_several_at_once():
    sitter = offer("Mon 10:00-12:00", buffer_minutes=30, places=2)
    taken = [span(MONDAY, 8, 10), span(MONDAY, 11, 12)]

    assert hours_of(availability.start_times(sitter, MONDAY, 60, taken=taken)) == ["10:00", "10:30", "11:00"]
    assert hours_of(availability.start_times(sitter, MONDAY, 60, taken=[*taken, taken[0]])) == ["10:30", "11:00"]


# --- The week -------------------------------------------------------------------------------------------------------


def test_a_week_gives_no_more_than_its_limit():
    """R53. 30 hours a week: with 28 taken from Monday to Sunday there are two left, and none for a longer call."""
    sitter = offer("Mon-Sun 06:00-22:00", week_minutes=30 * 60, places=4)
    taken = [span(MONDAY + dt.timedelta(days=day), 8, 15) for day in range(4)]

    assert availability.start_times(sitter, SATURDAY, 120, taken=taken)
    assert availability.start_times(sitter, SATURDAY, 150, taken=taken) == []
    assert availability.start_times(sitter, MONDAY + dt.timedelta(days=7), 150, taken=taken)


def test_the_week_ends_on_sunday_night_in_london():
    """Sunday 11pm in British summer time is still this week, Monday 0.00 the next."""
    sitter = offer("Mon-Sun 00:00-24:00", week_minutes=60)
    sunday = span(MONDAY + dt.timedelta(days=6), 22, 23)

    assert availability.start_times(sitter, SATURDAY, 60, taken=[sunday]) == []
    assert availability.start_times(sitter, MONDAY + dt.timedelta(days=7), 60, taken=[sunday])


def test_what_was_given_this_week_counts_and_holds_no_place():
    sitter = offer("Mon-Sun 08:00-22:00", week_minutes=180)
    taken = Taken()
    taken.given = [span(MONDAY, 8, 10)]

    assert availability.start_times(sitter, MONDAY, 60, taken=taken)[0] == local(MONDAY, 8)
    assert availability.start_times(sitter, SATURDAY, 90, taken=taken) == []


def test_a_break_longer_than_the_weeks_limit_is_never_free():
    assert availability.start_times(offer(week_minutes=60), MONDAY, 90) == []


def test_a_stay_over_the_end_of_a_week_counts_in_both():
    house = offer("Mon-Sun 15:00-18:00", unit="night", minutes=1440, week_minutes=2 * 1440, places=3)
    this_week = [span(MONDAY, 0, 15), span(MONDAY + dt.timedelta(days=1), 0, 20)]  # 35 of 48 hours

    sunday = MONDAY + dt.timedelta(days=6)
    assert availability.start_times(house, sunday, 1440, taken=this_week)  # nine hours this week, fifteen the next
    assert availability.start_times(house, SATURDAY, 1440, taken=this_week) == []


# --- Breaks at once -------------------------------------------------------------------------------------------------


def test_all_offers_of_a_provider_together_are_limited():
    """R53. One sitter with two offers: while one is given the other is not."""
    taken = Taken()
    taken.beside = [span(MONDAY, 10, 12)]
    one = offer("Mon 09:00-14:00", places=5, breaks_at_once=1)

    assert hours_of(availability.start_times(one, MONDAY, 60, taken=taken)) == ["09:00", "12:00", "12:30", "13:00"]
    assert hours_of(availability.start_times(offer("Mon 10:00-12:00", breaks_at_once=2), MONDAY, 60, taken=taken))


def test_own_and_other_breaks_count_together():
    taken = Taken([span(MONDAY, 10, 12)])
    taken.beside = [span(MONDAY, 11, 13)]
    two = offer("Mon 09:00-14:00", places=5, breaks_at_once=2)

    assert hours_of(availability.start_times(two, MONDAY, 60, taken=taken)) == [
        "09:00",
        "09:30",
        "10:00",
        "12:00",
        "12:30",
        "13:00",
    ]


# --- The nights in which the clocks change --------------------------------------------------------------------------


def test_a_night_with_25_hours_has_room_for_an_hour_more():
    """The clocks go back: from midnight to midnight 25 hours pass."""
    day_and_night = offer("Sun 00:00-24:00", minutes=24 * 60 + 60, unit="hour", notice_hours=0)

    assert availability.start_times(day_and_night, CLOCKS_GO_BACK) == [local(CLOCKS_GO_BACK, 0)]
    assert availability.start_times(day_and_night, CLOCKS_GO_FORWARD) == []


def test_a_night_sit_lasts_its_hours_when_the_clocks_change():
    sit = offer("Sat 22:00-23:00", unit="session", minutes=9 * 60)
    back, forward = CLOCKS_GO_BACK - dt.timedelta(days=1), CLOCKS_GO_FORWARD - dt.timedelta(days=1)

    for day, ends in ((back, 6), (forward, 8)):
        (start,) = availability.start_times(sit, day)
        assert start == local(day, 22)
        assert availability.ends_at(sit, start, sit.minutes) == local(day + dt.timedelta(days=1), ends)


def test_time_between_and_the_week_are_counted_in_hours_that_pass():
    """From 0.00 to 3.00 in autumn four hours pass, in spring two."""
    for day, hours in ((CLOCKS_GO_BACK, 4), (CLOCKS_GO_FORWARD, 2)):
        taken = [(local(day, 0), local(day, 3))]
        exact = offer("Sun 00:00-24:00", week_minutes=(hours + 1) * 60)
        short = offer("Sun 00:00-24:00", week_minutes=(hours + 1) * 60 - 1)
        assert availability.start_times(exact, day, 60, taken=taken)
        assert not availability.start_times(short, day, 60, taken=taken)


# --- Courses --------------------------------------------------------------------------------------------------------

PLAITING = "2026-11-03 10:00, 2026-11-10 10:00, 2026-11-17 13:30; 2027-03-02 10:00, 2027-03-09 10:00, 2027-04-06 10:00"


def course(**fields):
    return offer("Tue 10:00-12:00", unit="course", minutes=3 * 120, sessions=3, courses=PLAITING, **fields)


def test_a_course_begins_on_its_first_day_alone_and_ends_with_its_last_session():
    first, last = dt.date(2026, 11, 3), dt.date(2026, 11, 17)

    (start,) = availability.start_times(course(), first)

    assert start == local(first, 10)
    assert availability.start_times(course(), dt.date(2026, 11, 10)) == []
    assert availability.ends_at(course(), start, 360) == local(last, 15, 30)
    assert availability.lengths(course()) == [360]


def test_a_course_takes_its_sessions_and_not_the_weeks_between():
    spans = availability.spans(course(), local(dt.date(2026, 11, 3), 10), 360)

    assert [(first.isoformat(), last.isoformat()) for first, last in spans] == [
        ("2026-11-03T10:00:00+00:00", "2026-11-03T12:00:00+00:00"),
        ("2026-11-10T10:00:00+00:00", "2026-11-10T12:00:00+00:00"),
        ("2026-11-17T13:30:00+00:00", "2026-11-17T15:30:00+00:00"),
    ]
    between, on_a_session = dt.date(2026, 11, 12), dt.date(2026, 11, 10)
    assert availability.start_times(course(), dt.date(2026, 11, 3), taken=[span(between, 8, 20)])
    assert availability.start_times(course(), dt.date(2026, 11, 3), taken=[span(on_a_session, 11, 12)]) == []


def test_a_course_keeps_its_hour_when_the_clocks_change_between_sessions():
    spans = availability.spans(course(), local(dt.date(2027, 3, 2), 10), 360)

    assert [first.astimezone(LONDON).hour for first, _last in spans] == [10, 10, 10]
    assert [first.astimezone(dt.UTC).hour for first, _last in spans] == [10, 10, 9]


def test_a_course_with_a_session_on_a_closed_day_cannot_begin():
    assert availability.start_times(course(other_days="2026-11-10 closed"), dt.date(2026, 11, 3)) == []
    assert availability.start_times(course(other_days="2026-11-11 closed"), dt.date(2026, 11, 3))


def test_a_course_that_ends_after_the_award_is_not_free():
    before, after = dt.date(2026, 11, 16), dt.date(2026, 11, 17)

    assert availability.free_days(course(), NOW, last_day=before) == []
    assert [day.day for day in availability.free_days(course(), NOW, last_day=after)] == [dt.date(2026, 11, 3)]
    assert availability.last_free(course(), NOW, last_day=before) is None
    assert availability.last_free(course(), NOW, last_day=after) == local(dt.date(2026, 11, 3), 10)


def test_a_course_is_found_by_the_end_of_its_first_session():
    row = course(good_until=None)
    wanted = When(day=dt.date(2026, 11, 3), time=9 * 60, until=12 * 60)

    assert free_times.start_for(row, wanted, NOW) == local(dt.date(2026, 11, 3), 10)
    assert free_times.start_for(row, When(day=dt.date(2026, 11, 3), until=11 * 60), NOW) is None


@pytest.mark.parametrize(
    "text",
    ["2026-11-03", "2026-11-10 10:00, 2026-11-03 10:00", "2026-11-03 10:00, 2026-11-03 10:00", "2027-03-28 01:30"],
)
def test_courses_that_cannot_be_read_are_refused(text):
    with pytest.raises(HoursNotUnderstood):
        availability.courses(text)
