"""Composes a message from its templates in the reader's language: as an e-mail, as a text, as a letter.

templates/messages/<name>/ holds subject.txt and body.txt, and text.txt where the news may also go as a text message.
"""

from typing import NamedTuple

from django.conf import settings
from django.template import Context, engines
from django.utils import translation

from accounts import texts
from accounts.models import Language

SUBJECT_MAX = 200
# Neither of our languages is written with these signs; in a name they would turn the rest of the line round.
TURNS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
BETWEEN_LANGUAGES = "\n\n" + "-" * 40 + "\n\n"
# A letter in two languages has a side for each: between them stands the sign for a new page.
NEW_PAGE = "\f"


class Text(NamedTuple):
    """What is written: a subject on one line (none in a text message), and the body."""

    subject: str
    body: str


def e_mail(name, language, context):
    """Return the e-mail of that name.

    An empty language means that the reader has not been asked: both, Welsh first. Templates
    also know `site_url`, the address of the site without a closing slash.
    """
    if language:
        return _in_one_language(name, language, context)
    welsh, english = (_in_one_language(name, each, context) for each in (Language.WELSH, Language.ENGLISH))
    return Text(one_line(f"{welsh.subject} / {english.subject}"), welsh.body + BETWEEN_LANGUAGES + english.body)


def letter(name, language, context):
    """Return the e-mail's own words as a letter: each language a side that begins with its heading."""
    each = [_in_one_language(name, one, context) for one in ([language] if language else _both())]
    sides = [f"{text.subject}\n\n{text.body.replace(NEW_PAGE, ' ')}" for text in each]
    return Text(one_line(" / ".join(text.subject for text in each)), NEW_PAGE.join(sides))


def text_messages(name, language, context):
    """Return the text of that name as pairs of language and words: one, or two where both in one would be too long."""
    if language:
        return [(language, _as_text(name, language, context))]
    each = [(one, _as_text(name, one, context)) for one in _both()]
    together = " / ".join(words for _language, words in each)
    return [("", together)] if texts.parts(together) <= texts.PARTS_MOST else each


def one_line(text):
    """Return the text on one line: a line break in a header could start another header."""
    return " ".join(text.split())[:SUBJECT_MAX]


def _both():
    return [Language.WELSH.value, Language.ENGLISH.value]


def _in_one_language(name, language, context):
    with translation.override(language):
        subject, body = (_plain(f"messages/{name}/{part}.txt", context) for part in ("subject", "body"))
    return Text(one_line(subject), body.strip() + "\n")


def _as_text(name, language, context):
    with translation.override(language):
        # News without a text of its own is told by its subject: better short than not at all.
        return texts.plain(_plain(f"messages/{name}/text.txt", context, f"messages/{name}/subject.txt"))


def _plain(template, context, otherwise=None):
    # Without escaping: in a plain text an apostrophe must stay an apostrophe.
    known = {"site_url": settings.SITE_URL, **context}
    found = engines["django"].engine.select_template([template, otherwise] if otherwise else [template])
    return found.render(Context(known, autoescape=False)).translate(TURNS)
