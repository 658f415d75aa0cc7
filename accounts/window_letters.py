"""Sets a message of the outbox as a letter: A4 for a window envelope, each language on a sheet of its own."""

from pathlib import Path

from django.template.loader import render_to_string
from django.utils import translation

from accounts import paper
from accounts.composing import NEW_PAGE
from accounts.models import Language

STYLE = Path(__file__).parent / "print" / "letter.css"


def typeset(row):
    """Return the Paper of a letter, in the print size that its reader asked for. Takes a moment: no transaction.

    Raises accounts.paper.CannotPrint.
    """
    languages = [row.language] if row.language else [Language.WELSH, Language.ENGLISH]
    sides = [_side(language, words) for language, words in zip(languages, row.body.split(NEW_PAGE), strict=True)]
    council = row.council
    context = {
        "language": languages[0],
        "sides": sides,
        "address": row.to.splitlines(),
        "on": row.created_at,
        "council": council,
        "scheme": council.scheme if council else None,
        "large": row.large_print,
    }
    with translation.override(languages[0]):
        return paper.typeset(render_to_string("print/letter.html", context), css=[STYLE.read_text()])


def _side(language, words):
    heading, *paragraphs = words.strip().split("\n\n")
    return {"language": language, "heading": heading, "paragraphs": [each.splitlines() for each in paragraphs if each]}
