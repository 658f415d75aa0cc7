"""Both languages or neither: every sentence in the code and the templates has its Welsh."""

import gettext
import html
import re
import shutil
import subprocess
import sys

import polib
import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

CATALOGUE = settings.BASE_DIR / "voucher" / "locale" / "cy" / "LC_MESSAGES" / "django.po"
ROOMS = ["accounts", "providers", "brochure", "voucher", "templates"]
# Names and figures that are the same in both languages.
SAME_IN_BOTH = {"English", "Cymraeg"}


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(CATALOGUE))


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    """Every sentence gathered afresh from the code, as `make words` would gather it."""
    place = tmp_path_factory.mktemp("words")
    for room in ROOMS:
        shutil.copytree(
            settings.BASE_DIR / room,
            place / room,
            ignore=shutil.ignore_patterns("locale", "static", "__pycache__", "migrations", "*.csv"),
        )
    (place / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "cy", "--no-location"]
    subprocess.run(command, cwd=place, check=True, capture_output=True)
    return polib.pofile(str(place / "locale" / "cy" / "LC_MESSAGES" / "django.po"))


def test_every_sentence_has_its_welsh(sentences, catalogue):
    welsh = {(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in catalogue if entry.translated()}

    missing = [e.msgid for e in sentences if (e.msgctxt, e.msgid, e.msgid_plural) not in welsh]

    assert missing == []


def test_the_catalogue_holds_no_doubtful_sentence(catalogue):
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


def test_counted_sentences_have_the_six_welsh_forms(catalogue):
    assert "nplurals=6" in catalogue.metadata["Plural-Forms"]
    short = [e.msgid for e in catalogue if e.msgid_plural and len([t for t in e.msgstr_plural.values() if t]) != 6]

    assert short == []


def test_each_welsh_sentence_keeps_what_is_filled_in(catalogue):
    def fillings(text):
        return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", text))

    wrong = [
        entry.msgid
        for entry in catalogue
        if entry.translated()
        for form in entry.msgstr_plural.values() or [entry.msgstr]
        # A counted sentence may leave its number out: "No request waits", "One carer".
        if not fillings("" if entry.msgid_plural else entry.msgid) <= fillings(form)
        or not fillings(form) <= fillings(entry.msgid + entry.msgid_plural)
    ]

    assert wrong == []


@pytest.mark.parametrize("number, form", [(0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (6, 4), (10, 5)])
def test_the_catalogue_counts_as_welsh_does(catalogue, number, form):
    rule = re.search(r"plural=(.*);", catalogue.metadata["Plural-Forms"])[1]

    assert gettext.c2py(rule)(number) == form


def bare_words(source):
    """Return the words of a template that no translation tag holds."""
    # What stands in a block like main_class is a class of the look, and nobody reads it.
    text, inside, holds_a_class = [], 0, False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            if name in {"blocktranslate", "blocktrans", "comment"}:
                inside += 1
            elif name in {"endblocktranslate", "endblocktrans", "endcomment"}:
                inside -= 1
            elif name in {"block", "endblock"}:
                holds_a_class = name == "block" and token.contents.endswith("_class")
            text.append(" ")
        elif token.token_type == TokenType.TEXT and not inside and not holds_a_class:
            text.append(token.contents)
        else:
            text.append(" ")
    page = "".join(text)
    page = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", " ", page, flags=re.S)
    spoken = re.findall(r'\b(?:alt|title|aria-label|placeholder)="([^"]*)"', page)
    page = re.sub(r"<[^>]*>", " ", page)
    words = re.findall(r"[^\W\d_]{2,}", html.unescape(" ".join([page, *spoken])))
    return [word for word in words if word not in SAME_IN_BOTH]


@pytest.mark.parametrize(
    "path",
    sorted((settings.BASE_DIR / "templates").rglob("*.html")),
    ids=lambda p: str(p.relative_to(settings.BASE_DIR)),
)
def test_no_template_speaks_outside_the_catalogue(path):
    assert bare_words(path.read_text()) == []


def test_the_check_for_bare_words_sees_one():
    assert bare_words("<p>{% translate 'Hello' %} <b>there</b></p>") == ["there"]
    assert bare_words('<img alt="picture">') == ["picture"]
