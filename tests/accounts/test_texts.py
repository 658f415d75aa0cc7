"""Text messages: which numbers they reach, and how many parts they cost."""

import pytest

from accounts import texts


@pytest.mark.parametrize(
    ("number", "reached"),
    [
        ("07700 900123", "+447700900123"),
        ("+44 7700 900123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("0044 7700-900.123", "+447700900123"),
        ("07624 900123", "+447624900123"),  # a mobile on the Isle of Man
        ("01495 123456", ""),
        ("07012 345678", ""),  # a personal number, dear and no mobile
        ("07601 234567", ""),  # a pager
        ("07700 90012", ""),
        ("07700 900123 after six", ""),
        ("+353 85 123 4567", ""),
        ("", ""),
    ],
)
def test_only_british_mobiles_are_reached(number, reached):

    assert texts.mobile(number) == reached


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("à" * 160, 1),  # a Welsh letter that costs nothing more
        ("€" * 80, 1),  # takes the room of two
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 10, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # not torn apart, so the first part ends early
        ("ŵ" + "a" * 69, 1),
        ("ŵ" + "a" * 70, 2),
        ("ŵ" * 134, 2),
        ("ŵ" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),  # 33 to a part: a pair is not torn apart either
    ],
)
def test_parts_are_counted_as_telephone_companies_count_them(text, parts):
    assert texts.parts(text) == parts


@pytest.mark.parametrize("sign", "ÄÉÖÜàäéèìòöùü£'!?:/@")
def test_these_signs_cost_nothing_more(sign):
    assert texts.parts(sign * 160) == 1


@pytest.mark.parametrize("sign", "ŵŷâêîôûŴŶÂÊÎÔÛïáíóú")
def test_these_welsh_letters_make_parts_shorter_and_are_kept_all_the_same(sign):
    assert texts.plain(sign) == sign
    assert texts.parts(sign * 71) == 2


def test_what_a_typesetter_writes_finely_is_written_plainly_on_one_line():
    assert texts.plain("“Siân’s”\n\n break – it’s…") == "\"Siân's\" break - it's..."
