"""The sentences that we translate for Django and django-allauth are still theirs, word for word."""

import ast
from pathlib import Path

import allauth
import django
import polib
import pytest

from accounts import borrowed_words


def borrowed():
    calls = [
        node for node in ast.walk(ast.parse(Path(borrowed_words.__file__).read_text())) if isinstance(node, ast.Call)
    ]
    return sorted({call.args[0].value for call in calls if call.args})


@pytest.fixture(scope="module")
def theirs():
    files = [
        *Path(django.__file__).parent.rglob("locale/en/LC_MESSAGES/django.po"),
        *Path(allauth.__file__).parent.glob("locale/*/LC_MESSAGES/django.po"),
    ]
    return {entry.msgid for file in files for entry in polib.pofile(file)}


def test_they_still_say_what_we_translate(theirs):
    assert len(borrowed()) > 40
    assert [sentence for sentence in borrowed() if sentence not in theirs] == []
