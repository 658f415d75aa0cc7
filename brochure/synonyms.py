"""Which words mean the same break: a short list in both languages, kept as data, and how Welsh words begin.

The list stands in data/synonyms.csv: what people say, the words by which such an offer is known in its own
text, and the kinds of break it always means. Words that mean nothing here stand in data/small_words.txt.
"""

import csv
import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("data") / "synonyms.csv"

# Words that say nothing about the break: dropped before anything is looked for.
SMALL_WORDS = frozenset(FILE.with_name("small_words.txt").read_text(encoding="utf-8").split())
# The first sound of a Welsh word and what it softens, nasalises or breathes into.
MUTATIONS = {
    "p": ("b", "mh", "ph"),
    "t": ("d", "nh", "th"),
    "c": ("g", "ngh", "ch"),
    "b": ("f", "m"),
    "d": ("dd", "n"),
    "g": ("", "ng"),
    "m": ("f",),
    "ll": ("l",),
    "rh": ("r",),
}
VOWELS = "aeiouwy"


@dataclass(frozen=True)
class Concept:
    """One thing that was asked for: found by any of these beginnings of words, or by being of one of these kinds."""

    said: str
    texts: tuple[str, ...]
    categories: tuple[str, ...] = ()
    # A word that the list does not have: it is also looked for among the words that describe the kind of break.
    is_literal: bool = False


@functools.lru_cache(maxsize=50_000)
def folded(text):
    """Return the text without accents and capitals, so that "Gŵyl", "gwyl" and "GWYL" are one word."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def words_of(text):
    """Return the folded words of a text, without stops and dashes: "Carers’ yoga" gives carers and yoga."""
    return [word.strip("'") for word in re.findall(r"[\w']+", folded(text)) if word.strip("'_")]


def searchable(text):
    """Return a text as a line of words, each after one space, in which has() looks."""
    return " " + " ".join(words_of(text)) + " "


def has(line, beginning):
    """True when a word of the searchable line begins so; one of two letters or less must be the whole word."""
    return f" {beginning} " in line if len(beginning) < 3 else f" {beginning}" in line


def concepts(text):
    """Return what a few plain words ask for, as Concepts; small words alone ask for nothing.

    The longest phrase of the list counts first, so that "torri gwallt" is one thing and not two.
    """
    words, found, at = words_of(text), [], 0
    while at < len(words):
        for length in range(min(_longest(), len(words) - at), 0, -1):
            concept = _known(words[at : at + length])
            if concept:
                found.append(concept)
                break
        else:
            length = 1
            if words[at] not in SMALL_WORDS:
                found.append(Concept(words[at], (words[at],), is_literal=True))
        at += length
    return list(dict.fromkeys(found))


def mutated(word):
    """Return the other forms in which a Welsh word may stand: what it mutates to, and what it may come from."""
    forms = set()
    for radical in {word, *_radicals(word)}:
        forms |= {radical, *_mutations(radical)}
    return sorted(forms - {word})


def _known(words):
    phrase = " ".join(words)
    if phrase in _said():
        return _said()[phrase]
    if words[0] in SMALL_WORDS:
        return None
    # The first word of a phrase may have mutated: "wallt" after "ei", "dorri gwallt" after "i".
    for form in _radicals(words[0]):
        known = " ".join([form, *words[1:]])
        if known in _said():
            return _said()[known]
    return None


def _mutations(word):
    for first, others in MUTATIONS.items():
        if word.startswith(first) and not (first in "cpt" and word[1:2] == "h"):
            yield from (other + word[len(first) :] for other in others)


def _radicals(word):
    found = [
        first + word[len(other) :]
        for first, others in MUTATIONS.items()
        for other in others
        if other and word.startswith(other)
    ]
    # A soft g falls away altogether: wallt was gwallt, ardd was gardd.
    return found + (["g" + word] if word[:1] and word[0] in VOWELS + "lr" else [])


@functools.cache
def _said():
    found = {}
    with FILE.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            texts = tuple(" ".join(words_of(text)) for text in row["texts"].split(";") if text)
            kinds = tuple(slug for slug in row["categories"].split(";") if slug)
            for phrase in row["said"].split(";"):
                key = " ".join(words_of(phrase))
                found[key] = Concept(key, texts, kinds)
    return found


@functools.cache
def _longest():
    return max(len(phrase.split()) for phrase in _said())
