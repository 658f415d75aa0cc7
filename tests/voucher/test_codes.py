"""The code on a voucher: made at random, forgiving when typed, and never kept as it is."""

import collections
import itertools
import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from voucher import codes
from voucher.forms.codes import CodeField

CASES = json.loads((Path(__file__).parent / "code_cases.json").read_text())
MANY = 100_000

bodies = st.text(codes.ALPHABET, min_size=11, max_size=11)


@pytest.fixture(scope="module")
def many_codes():
    return [codes.generate() for _ in range(MANY)]


def test_a_code_is_three_groups_of_four_and_well_formed():
    code = codes.generate()

    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert set(code) <= set(codes.ALPHABET) | {"-"}
    assert codes.is_well_formed(code)


def test_a_hundred_thousand_codes_are_distinct(many_codes):
    assert len(set(many_codes)) == MANY


def test_every_place_of_a_code_takes_every_symbol_about_equally_often(many_codes):
    expected = MANY / 32
    for place in zip(*map(codes.normalise, many_codes), strict=True):
        counts = collections.Counter(place)

        assert set(counts) == set(codes.ALPHABET)
        # Codes that spell something rude are thrown away, so the symbols of many words are a little rarer.
        assert all(0.85 * expected < count < 1.15 * expected for count in counts.values())


def test_no_code_holds_a_rude_word(many_codes):
    assert not any(codes.is_rude(code) for code in many_codes)


@pytest.mark.parametrize(
    "code",
    ["SH1T-0000-0000", "00FV-CK00-0000", "000C-ACHV-0000", "0000-W4NK-0000", "D1AW-1000-0000", "0000-00FF-WC00"],
)
def test_rude_words_are_seen_across_dashes_and_in_look_alike_digits_in_both_languages(code):
    assert codes.is_rude(code)


@pytest.mark.parametrize(("typed", "fault"), CASES)
def test_the_shared_cases_read_as_written(typed, fault):
    assert codes.fault(typed) == fault
    assert codes.is_well_formed(typed) is (fault is None)


@given(bodies)
def test_every_single_wrong_symbol_is_caught(body):
    code = body + codes.check_symbol(body)

    for place, symbol in itertools.product(range(12), codes.ALPHABET):
        wrong = code[:place] + symbol + code[place + 1 :]
        assert codes.is_well_formed(wrong) is (wrong == code)


@given(bodies)
def test_every_swap_of_two_symbols_is_caught(body):
    code = body + codes.check_symbol(body)

    for first, second in itertools.combinations(range(12), 2):
        swapped = list(code)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        assert codes.is_well_formed("".join(swapped)) is (code[first] == code[second])


@given(bodies, st.sampled_from([" ", "-", "–", "", "\u00a0", " - "]), st.booleans())
def test_case_spaces_dashes_and_letters_read_for_digits_are_forgiven(body, between, lower):
    code = body + codes.check_symbol(body)
    typed = between.join(code).replace("1", "l").replace("0", "o")

    assert codes.normalise(typed.lower() if lower else typed) == code


@given(st.text(max_size=200))
def test_nothing_that_can_be_typed_breaks_the_reading(text):
    assert codes.fault(text) is None or codes.fault(text) in codes.Fault


def test_the_digest_is_of_the_symbols_not_of_how_they_were_typed(settings):
    settings.CODE_KEYS = {"k1": "first"}

    assert codes.digest("7k4p q9wx m3t6") == codes.digest("7K4P-Q9WX-M3T6")
    assert "7K4P" not in codes.digest("7K4P-Q9WX-M3T6")[1]


def test_the_last_key_signs_and_the_earlier_keys_still_open(settings):
    settings.CODE_KEYS = {"k1": "first"}
    _, signed_before = codes.digest("7K4P-Q9WX-M3T6")
    settings.CODE_KEYS = {"k1": "first", "k2": "second"}
    key_id, signed_now = codes.digest("7K4P-Q9WX-M3T6")

    assert key_id == "k2"
    assert signed_before != signed_now
    assert codes.candidates("7K4P-Q9WX-M3T6") == [signed_before, signed_now]


def test_without_the_key_the_digest_is_another(settings):
    settings.CODE_KEYS = {"k1": "first"}
    ours = codes.digest("7K4P-Q9WX-M3T6")
    settings.CODE_KEYS = {"k1": "somebody else's"}

    assert codes.digest("7K4P-Q9WX-M3T6") != ours


def test_the_field_carries_the_sentences_for_the_browser_and_says_them_itself():
    field = CodeField()

    attrs = field.widget.attrs
    assert "data-code" in attrs
    assert all(attrs[f"data-code-{fault}"] for fault in codes.Fault)
    for typed, fault in CASES:
        if fault:
            with pytest.raises(ValidationError) as refused:
                field.clean(typed)
            assert refused.value.messages == [attrs[f"data-code-{fault}"]]
        else:
            assert field.clean(typed) == codes.normalise(typed)
