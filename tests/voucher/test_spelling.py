"""The spelling alphabet: every symbol has a word in each language, and no two are mistaken for each other."""

import itertools

import pytest
from django.utils import translation

from voucher import codes
from voucher.paper import spelling

LANGUAGES = ["en", "cy"]


def distance(one, other):
    """Return how many letters must be changed, added or left out to make one word the other."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        row, before = [number], row
        for place, another in enumerate(other, 1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != another)))
    return row[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_symbol_has_its_word_and_every_letter_begins_its_own(language):
    words = spelling.WORDS[language]

    assert set(words) == set(codes.ALPHABET)
    assert all(word.startswith(symbol) for symbol, word in words.items() if symbol.isalpha())
    assert all(word.isalpha() for symbol, word in words.items() if symbol.isdigit())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_words_sound_alike(language):
    words = [word.lower() for symbol, word in spelling.WORDS[language].items()]

    for one, other in itertools.combinations(words, 2):
        # Neither does one rhyme with another, nor is one a slip of the tongue away from another.
        assert one[-3:] != other[-3:], (one, other)
        assert distance(one, other) >= 2, (one, other)
        if one[0] == other[0]:
            assert one[:3] != other[:3], (one, other)


def test_a_code_is_read_out_in_groups_in_the_language_of_the_reader():
    assert spelling.spoken("7K4PQ9WXM3T6")[0] == "seven, Kilo, four, Papa"
    with translation.override("cy"):
        assert spelling.spoken("7K4PQ9WXM3T6")[0] == "saith, Kevin, pedwar, Pwllheli"
