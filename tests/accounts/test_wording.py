"""Amounts, days and times read as people say them, in both languages."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import wording
from brochure.models import Offer

LONDON = ZoneInfo("Europe/London")
TODAY = dt.date(2026, 11, 22)


def london(hour, minute=0, day=dt.date(2026, 12, 3)):
    return dt.datetime.combine(day, dt.time(hour, minute), LONDON)


def in_welsh(function, *arguments, **options):
    with translation.override("cy"):
        return function(*arguments, **options)


@pytest.mark.parametrize(
    "pence, words, exact",
    [
        (0, "£0", "£0.00"),
        (5, "£0.05", "£0.05"),
        (6000, "£60", "£60.00"),
        (6250, "£62.50", "£62.50"),
        (125_000, "£1,250", "£1,250.00"),
        (123_456_789, "£1,234,567.89", "£1,234,567.89"),
        (-6250, "−£62.50", "−£62.50"),
        (-5, "−£0.05", "−£0.05"),
    ],
)
def test_money_is_pounds_and_pence(pence, words, exact):
    assert wording.money(pence) == words
    assert wording.money(pence, exact=True) == exact
    assert in_welsh(wording.money, pence) == words


@given(st.integers(-(10**12), 10**12))
def test_no_penny_is_lost_in_words(pence):
    for text in (wording.money(pence), wording.money(pence, exact=True)):
        pounds, _, rest = text.lstrip(wording.MINUS).lstrip("£").replace(",", "").partition(".")
        told = int(pounds) * 100 + int(rest or 0)
        assert told == abs(pence)
        assert text.startswith(wording.MINUS) == (pence < 0)


@pytest.mark.parametrize(
    "minutes, english, welsh",
    [
        (0, "0 hours", "0 awr"),
        (1, "1 minute", "1 munud"),
        (2, "2 minutes", "2 funud"),
        (30, "30 minutes", "30 munud"),
        (45, "45 minutes", "45 munud"),
        (60, "1 hour", "1 awr"),
        (75, "1¼ hours", "1¼ awr"),
        (90, "1½ hours", "1½ awr"),
        (105, "1¾ hours", "1¾ awr"),
        (120, "2 hours", "2 awr"),
        (62, "1 hour 2 minutes", "1 awr 2 funud"),
        (140, "2 hours 20 minutes", "2 awr 20 munud"),
        (150, "2½ hours", "2½ awr"),
        (960, "16 hours", "16 awr"),
        (60_000, "1,000 hours", "1,000 awr"),
        (-150, "−2½ hours", "−2½ awr"),
    ],
)
def test_hours_are_told_in_quarters_or_in_minutes(minutes, english, welsh):
    assert wording.hours(minutes) == english
    assert in_welsh(wording.hours, minutes) == welsh


@given(st.integers(-100_000, 100_000), st.sampled_from(["en", "cy"]))
def test_no_minute_is_lost_in_words(minutes, language):
    with translation.override(language):
        text = wording.hours(minutes)

    told = 0
    quarters = {mark: rest for rest, mark in wording.QUARTERS.items() if mark}
    for number, quarter, noun in re.findall(r"([\d,]+)([¼½¾]?) (\w+)", text):
        each = 60 if noun in {"hour", "hours", "awr"} else 1
        told += int(number.replace(",", "")) * each + quarters.get(quarter, 0)
    assert told == abs(minutes)


def test_an_amount_is_told_in_the_unit_of_its_award():
    assert wording.amount(6250, "pence") == "£62.50"
    assert wording.amount(150, "minutes") == "2½ hours"
    with pytest.raises(ValueError):
        wording.amount(1, "GBP")


@pytest.mark.parametrize(
    "date, style, english, welsh",
    [
        (dt.date(2026, 12, 3), "", "Thursday 3 December", "dydd Iau 3 Rhagfyr"),
        (dt.date(2026, 12, 3), "long", "Thursday 3 December 2026", "dydd Iau 3 Rhagfyr 2026"),
        (dt.date(2026, 12, 3), "short", "3 December 2026", "3 Rhagfyr 2026"),
        (dt.date(2027, 2, 28), "", "Sunday 28 February 2027", "dydd Sul 28 Chwefror 2027"),
        (dt.date(2024, 2, 29), "", "Thursday 29 February 2024", "dydd Iau 29 Chwefror 2024"),
        (dt.date(2026, 8, 1), "", "Saturday 1 August", "dydd Sadwrn 1 Awst"),
    ],
)
def test_a_day_has_its_weekday_and_its_year_when_that_is_another(date, style, english, welsh):
    assert wording.day(date, style, today=TODAY) == english
    assert in_welsh(wording.day, date, style, today=TODAY) == welsh


@pytest.mark.parametrize(
    "hour, minute, english, welsh",
    [
        (0, 0, "midnight", "hanner nos"),
        (0, 5, "12.05am", "12.05yb"),
        (9, 0, "9am", "9yb"),
        (11, 59, "11.59am", "11.59yb"),
        (12, 0, "midday", "hanner dydd"),
        (12, 1, "12.01pm", "12.01yp"),
        (14, 30, "2.30pm", "2.30yp"),
        (17, 59, "5.59pm", "5.59yp"),
        (18, 0, "6pm", "6yh"),
        (23, 45, "11.45pm", "11.45yh"),
    ],
)
def test_a_time_says_its_part_of_the_day(hour, minute, english, welsh):
    assert wording.time(london(hour, minute)) == english
    assert in_welsh(wording.time, london(hour, minute)) == welsh


@given(st.times(), st.sampled_from(["en", "cy"]))
def test_no_two_times_of_a_day_read_the_same(at, language):
    other = (dt.datetime.combine(TODAY, at) + dt.timedelta(hours=12)).time()
    with translation.override(language):
        assert wording.time(at) != wording.time(other)


def test_a_moment_is_told_in_london_time_in_summer_and_winter():
    assert wording.moment(dt.datetime(2026, 7, 1, 13, 30, tzinfo=dt.UTC), today=TODAY) == "Wednesday 1 July at 2.30pm"
    assert wording.moment(dt.datetime(2026, 12, 3, 14, 30, tzinfo=dt.UTC), today=TODAY) == (
        "Thursday 3 December at 2.30pm"
    )
    late = dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)
    assert wording.day(late, today=TODAY) == "Thursday 2 July"
    assert in_welsh(wording.moment, london(14, 30), today=TODAY) == "dydd Iau 3 Rhagfyr am 2.30yp"
    assert in_welsh(wording.moment, london(12), today=TODAY) == "dydd Iau 3 Rhagfyr am hanner dydd"


def test_a_span_names_the_second_day_only_when_there_is_one():
    assert wording.span(london(14), london(17), today=TODAY) == "Thursday 3 December, 2pm to 5pm"
    assert in_welsh(wording.span, london(14), london(17), today=TODAY) == "dydd Iau 3 Rhagfyr, 2yp tan 5yp"
    morning = london(10, day=dt.date(2026, 12, 4))
    assert wording.span(london(20), morning, today=TODAY) == ("Thursday 3 December at 8pm to Friday 4 December at 10am")


@pytest.mark.parametrize(
    "days, english, welsh",
    [
        (-1, "run out", "wedi dod i ben"),
        (0, "last day today", "diwrnod olaf heddiw"),
        (1, "1 day left", "1 diwrnod ar ôl"),
        (2, "2 days left", "2 ddiwrnod ar ôl"),
        (20, "20 days left", "20 diwrnod ar ôl"),
        (21, "3 weeks left", "3 wythnos ar ôl"),
        (41, "5 weeks left", "5 wythnos ar ôl"),
    ],
)
def test_what_is_left_of_a_period(days, english, welsh):
    last_day = TODAY + dt.timedelta(days=days)
    assert wording.time_left(last_day, TODAY) == english
    assert in_welsh(wording.time_left, last_day, TODAY) == welsh


@pytest.mark.parametrize(
    "distance, english, welsh",
    [
        (0, "less than a mile", "llai na milltir"),
        (0.5, "less than a mile", "llai na milltir"),
        (1.2, "1 mile", "1 filltir"),
        (2.0, "2 miles", "2 filltir"),
        (3.4, "3 miles", "3 milltir"),
    ],
)
def test_a_distance_in_miles(distance, english, welsh):
    assert wording.miles(distance) == english
    assert in_welsh(wording.miles, distance) == welsh


@pytest.mark.parametrize(
    "items, english, welsh",
    [
        ([], "", ""),
        (["Blackwood"], "Blackwood", "Blackwood"),
        (["a", "b"], "a and b", "a a b"),
        (["te", "coffi"], "te and coffi", "te a choffi"),
        (["coffi", "te", "pysgod"], "coffi, te and pysgod", "coffi, te a physgod"),
        (["te", "ysgwyd"], "te and ysgwyd", "te ac ysgwyd"),
        (["y môr", "ŵyn"], "y môr and ŵyn", "y môr ac ŵyn"),
        (["Coed-duon", "Caerffili"], "Coed-duon and Caerffili", "Coed-duon a Caerffili"),
        (["Bargod", "Abertridwr"], "Bargod and Abertridwr", "Bargod ac Abertridwr"),
        (["te", "chwaraeon"], "te and chwaraeon", "te a chwaraeon"),
    ],
)
def test_a_list_in_a_sentence(items, english, welsh):
    assert wording.joined(items) == english
    assert in_welsh(wording.joined, items) == welsh


def test_the_filters_say_the_same_in_a_page():
    page = Template(
        "{{ pence|money }} {{ pence|money:'exact' }} {{ minutes|hours }} {{ minutes|amount:'minutes' }} "
        "{{ pence|exact_amount:'pence' }} {{ at|day:'long' }} {{ at|time }} {{ at|until:end }} {{ far|miles }}"
    )
    facts = Context({"pence": 6000, "minutes": 150, "at": london(14, day=dt.date(2030, 1, 2)), "far": 3})
    facts["end"] = london(16, day=dt.date(2030, 1, 2))

    assert page.render(facts) == (
        "£60 £60.00 2½ hours 2½ hours £60.00 Wednesday 2 January 2030 2pm Wednesday 2 January 2030, 2pm to 4pm 3 miles"
    )


def test_nothing_is_told_of_nothing():
    page = Template(
        "{{ x|money }}{{ x|hours }}{{ x|day }}{{ x|time }}{{ x|moment }}{{ x|amount:'pence' }}{{ x|miles }}"
    )

    assert page.render(Context({"x": None})) == ""


@pytest.mark.parametrize(
    ("title_en", "title_cy", "page", "told"),
    [
        ("Yoga & rest", "", "cy", '<span lang="en">Yoga &amp; rest</span>'),
        ("", "Ioga", "en", '<span lang="cy">Ioga</span>'),
        ("Yoga", "Ioga", "cy", "Ioga"),
        ("Yoga", "", "en", "Yoga"),
    ],
)
def test_a_text_in_the_other_language_only_says_which_it_is(title_en, title_cy, page, told):
    offer = Offer(title_en=title_en, title_cy=title_cy)

    with translation.override(page):
        page = Template('{{ offer|spoken:"title" }}').render(Context({"offer": offer}))

    assert page == told


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Caffi Bryn", "Caffi Bryn"),
        ("Gwasanaeth Gwarchod Tŷ'r", "Gwasanaeth Gwarchod Tŷ'r"),
        ("Gwasanaeth Gwarchod Tŷ'r Gŵr", "Gwasanaeth Gwarchod..."),
        ("Canolfan Hamdden, Ystrad Mynach", "Canolfan Hamdden..."),
        ("Llanfairpwllgwyngyllgogerychwyrndrobwll", "Llanfairpwllgwyngyllg..."),
    ],
)
def test_a_long_name_is_cut_between_two_words(name, short):
    assert wording.in_short(name) == short
    assert len(short) <= 24
