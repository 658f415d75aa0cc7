"""What a carer types is read as people say it, in English and in Welsh, and nothing that is typed is a fault."""

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brochure import synonyms
from brochure.models import Category
from brochure.plain_words import Read, read

SUNDAY = dt.date(2026, 11, 22)
THURSDAY, FRIDAY, SATURDAY = (SUNDAY + dt.timedelta(days=days) for days in (4, 5, 6))
MONDAY, TUESDAY = (SUNDAY + dt.timedelta(days=days) for days in (1, 2))
TWO, HALF_PAST_FOUR = 14 * 60, 16 * 60 + 30


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("a haircut on Thursday", Read("a haircut", day=THURSDAY)),
        ("torri gwallt dydd Iau", Read("torri gwallt", day=THURSDAY)),
        ("torri gwallt ar ddydd Iau", Read("torri gwallt", day=THURSDAY)),
        ("someone to sit Saturday afternoon", Read("someone to sit", day=SATURDAY, part="afternoon")),
        ("rhywun i warchod brynhawn Sadwrn", Read("rhywun i warchod", day=SATURDAY, part="afternoon")),
        ("gwarchod bnawn Sadwrn", Read("gwarchod", day=SATURDAY, part="afternoon")),
        ("swim tomorrow", Read("swim", day=MONDAY)),
        ("nofio yfory", Read("nofio", day=MONDAY)),
        ("nofio bore fory", Read("nofio", day=MONDAY, part="morning")),
        ("allan nos Wener", Read("allan", day=FRIDAY, part="evening")),
        ("yoga heno", Read("yoga", day=SUNDAY, part="evening")),
        ("a walk this afternoon", Read("a walk", day=SUNDAY, part="afternoon")),
        ("cerdded prynhawn yma", Read("cerdded", day=SUNDAY, part="afternoon")),
        ("a walk the day after tomorrow", Read("a walk", day=TUESDAY)),
        ("prynhawn Mawrth", Read("", day=TUESDAY, part="afternoon")),
        ("dydd Mawrth nesaf", Read("", day=TUESDAY)),
        ("a lunch this weekend", Read("a lunch", day=SATURDAY)),
        ("massage 3 December", Read("massage", day=dt.date(2026, 12, 3))),
        ("massage on the 3rd of December", Read("massage", day=dt.date(2026, 12, 3))),
        ("tylino 3 Rhagfyr", Read("tylino", day=dt.date(2026, 12, 3))),
        ("tylino y 3ydd o Ragfyr", Read("tylino", day=dt.date(2026, 12, 3))),
        ("massage Friday 11 December", Read("massage", day=dt.date(2026, 12, 11))),
        ("massage 5 January", Read("massage", day=dt.date(2027, 1, 5))),
        ("massage 2026-12-03", Read("massage", day=dt.date(2026, 12, 3))),
        ("massage 3/12", Read("massage", day=dt.date(2026, 12, 3))),
        ("yoga at 2", Read("yoga", time=TWO)),
        ("yoga at half past four", Read("yoga", time=HALF_PAST_FOUR)),
        ("ioga am hanner awr wedi pedwar", Read("ioga", time=HALF_PAST_FOUR)),
        ("ioga am ddau o'r gloch", Read("ioga", time=TWO)),
        ("taxi at 10am", Read("taxi", time=600)),
        ("tacsi am 10yb", Read("tacsi", time=600)),
        ("tea before 4.30pm", Read("tea", until=HALF_PAST_FOUR)),
        ("te cyn 4.30yp", Read("te", until=HALF_PAST_FOUR)),
        ("2 to 4.30pm", Read("", time=TWO, until=HALF_PAST_FOUR)),
        ("2-4.30pm", Read("", time=TWO, until=HALF_PAST_FOUR)),
        ("10 to 1pm", Read("", time=600, until=780)),
        ("rhwng 2 a 4.30yp", Read("", time=TWO, until=HALF_PAST_FOUR)),
        ("sitter 2pm for 2 hours", Read("sitter", time=TWO, until=960)),
        (
            "Thursday 14:00–16:30, sitter, within 5 miles, Welsh-speaking",
            Read("sitter", day=THURSDAY, time=TWO, until=HALF_PAST_FOUR, within_miles=5, welsh=True),
        ),
        (
            "gwarchod dydd Iau o fewn 5 milltir, siarad Cymraeg",
            Read("gwarchod", day=THURSDAY, within_miles=5, welsh=True),
        ),
    ],
)
def test_days_times_and_distances_are_read_out_of_plain_words(typed, understood):
    assert read(typed, today=SUNDAY) == understood


@pytest.mark.parametrize(
    "typed",
    [
        "dros nos",
        "learn Welsh",
        "dysgu Cymraeg",
        "tynnu llun",
        "50 shades",
        "weekend away",
        "one to one",
        "un i un",
        "30 February",
        "31/31 walk",
        "25:99",
        "99pm",
        "Pen-y Ŵyl Leisure",
    ],
)
def test_words_that_say_no_time_are_left_as_they_are(typed):
    assert read(typed, today=SUNDAY) == Read(typed)


@given(st.text(max_size=120))
@example("at at at 2 2 2 pm pm until")
@example("½ ² ³pm ١٢:٣٠ within ٥ miles for ٢ hours")
@example("3 of 0 o within miles dydd nos bore between and to - – 2-")
def test_whatever_is_typed_is_no_fault(typed):
    understood = read(typed, today=SUNDAY)
    synonyms.concepts(understood.words)

    assert understood.day is None or understood.day >= SUNDAY
    assert all(minute is None or 0 <= minute <= 24 * 60 for minute in (understood.time, understood.until))


TIME_WORDS = "at 2 pm Thursday dydd Iau 3 December to until between and 14:30 for hours within"


@given(st.lists(st.sampled_from(TIME_WORDS.split())))
def test_words_of_time_in_any_order_are_no_fault(words):
    read(" ".join(words), today=SUNDAY)


@pytest.mark.parametrize("typed", ["a haircut", "hairdresser", "torri gwallt", "dorri gwallt", "wallt", "TRIN GWALLT"])
def test_what_people_call_a_haircut_is_one_thing_in_both_languages_and_however_it_begins(typed):
    (concept,) = synonyms.concepts(typed)

    assert "torri a sychu" in concept.texts


@pytest.mark.parametrize("typed", ["someone to sit", "a sitter", "gwarchod", "rhywun i warchod", "ngwarchod"])
def test_who_wants_a_sitter_is_led_to_the_sitting_service(typed):
    (concept,) = synonyms.concepts(typed)

    assert concept.categories == ("sitting",)


def test_small_words_ask_for_nothing():
    assert synonyms.concepts("I would like a break for me please") == []
    assert synonyms.concepts("dw i eisiau seibiant i fi") == []


def test_a_word_is_found_at_the_beginning_of_a_word_only():
    line = synonyms.searchable("A visit to Gŵyl y Felin")

    assert synonyms.has(line, "gwyl") and synonyms.has(line, "vis")
    assert not synonyms.has(line, "sit") and not synonyms.has(line, "fe")


@pytest.mark.parametrize(
    ("word", "form"), [("gardd", "ardd"), ("pwll", "bwll"), ("phwll", "pwll"), ("thaith", "taith"), ("fwyd", "bwyd")]
)
def test_a_welsh_word_is_known_in_its_other_forms(word, form):
    assert form in synonyms.mutated(word)


def test_every_kind_in_the_list_of_synonyms_is_a_kind_of_break(db):
    known = set(Category.objects.values_list("slug", flat=True))
    named = {kind for concept in synonyms._said().values() for kind in concept.categories}

    assert named and named <= known
    assert all(concept.texts or concept.categories for concept in synonyms._said().values())
