"""News on paper: in the reader's language and print size, where the window of the envelope and the printer want it."""

import datetime as dt
import io
import re

import pdfua
import pikepdf
import pypdfium2
import pytest
from PIL import ImageChops

from accounts import window_letters
from accounts.models import OutboxMessage

pytestmark = pytest.mark.django_db

ADDRESS = "Eleri Gŵyr-Thomas\nFlat 2\n14 Stryd Fawr\nBlackwood\nNP12 1AA"
WELSH = "Gallwch chi gymryd seibiant o hyd\n\nHelo,\n\nMae gennych chi amser.\nDewch.\n"
ENGLISH = "You can still take a break\n\nHello,\n\nYou have time.\nCome.\n"
# Where a printer of letters allows something on the first page, in millimetres from the left and from the top.
ALLOWED = {
    "scheme": (15, 5, 125, 30),
    "sender": (125, 5, 195, 95),
    "address": (24.6, 39.5, 120, 66.3),
    "words": (15, 95, 195, 292),
}
DOTS_A_MM = 4


def typeset(council, *, body=ENGLISH, language="en", large_print=False, to=ADDRESS):
    written = dt.datetime(2026, 10, 12, 9, 0, tzinfo=dt.UTC)
    row = OutboxMessage(channel="post", to=to, language=language, body=body, council=council, created_at=written)
    row.large_print = large_print
    return window_letters.typeset(row)


def pages(paper):
    return list(pypdfium2.PdfDocument(paper.content))


def text(page):
    return re.sub(r"\s+", " ", page.get_textpage().get_text_bounded())


def drawn(page):
    """Return the page as a picture in grey, and the size of a millimetre in it."""
    return page.render(scale=DOTS_A_MM * 25.4 / 72).to_pil().convert("L")


def without(picture, *parts):
    for part in parts:
        picture.paste(255, tuple(round(edge * DOTS_A_MM) for edge in ALLOWED[part]))
    return picture


def marks(picture):
    """Return where there is any ink, or nothing."""
    return ImageChops.invert(picture).point(lambda dark: 255 * (dark > 60)).getbbox()


def test_a_letter_says_to_whom_from_whom_when_and_what(caerphilly):
    [page] = pages(typeset(caerphilly))

    words = text(page)
    for part in (
        "Eleri Gŵyr-Thomas",
        "NP12 1AA",
        "Carers team",
        "01632 960000",
        "Monday 12 October 2026",
        "You have time.",
    ):
        assert part in words


@pytest.mark.parametrize("large_print", [False, True])
def test_nothing_stands_outside_the_places_that_a_printer_allows(caerphilly, large_print):
    caerphilly.scheme.team_name_en = "Carers team of Caerphilly and the valleys"
    [page] = pages(typeset(caerphilly, large_print=large_print))

    assert marks(without(drawn(page), *ALLOWED)) is None
    # The control: each place is really used, so that a blank page cannot pass.
    for part in ALLOWED:
        assert marks(without(drawn(page), *(set(ALLOWED) - {part}))), part


def test_a_reader_who_was_not_asked_has_a_page_in_each_language_welsh_first(caerphilly):
    first, second = pages(typeset(caerphilly, body=f"{WELSH}\f{ENGLISH}", language=""))

    assert "Gallwch chi" in text(first) and "Tîm gofalwyr" in text(first) and "You can still" not in text(first)
    assert "You can still" in text(second) and "Carers team" in text(second) and "Gallwch chi" not in text(second)
    assert "NP12 1AA" in text(first) and "NP12 1AA" not in text(second)


@pytest.mark.parametrize(("large_print", "smallest"), [(False, 12), (True, 18)])
def test_the_words_have_the_print_size_that_was_asked_for(caerphilly, large_print, smallest):
    document = pikepdf.open(io.BytesIO(typeset(caerphilly, large_print=large_print).content))

    page = pikepdf.parse_content_stream(document.pages[0])
    # The typesetter counts in pixels of 96 to the inch, where a point is 72.
    sizes = {round(float(operands[1]) * 72 / 96, 1) for operands, operator in page if str(operator) == "Tf"}
    assert smallest in sizes
    assert large_print == (12 not in sizes)


@pytest.mark.parametrize("language", ["", "cy", "en"])
def test_a_screen_reader_reads_a_letter_in_its_language(caerphilly, language, tmp_path):
    body = {"": f"{WELSH}\f{ENGLISH}", "cy": WELSH, "en": ENGLISH}[language]
    path = tmp_path / "letter.pdf"
    path.write_bytes(typeset(caerphilly, body=body, language=language).content)

    with pikepdf.open(path) as document:
        assert str(document.Root.Lang) == (language or "cy")
    assert [str(finding) for finding in pdfua.validate(str(path)).findings] == []


def test_what_a_person_wrote_stays_words(caerphilly):
    [page] = pages(typeset(caerphilly, body="Heading\n\n<b>A & B</b> <img src='file:///etc/passwd'>\n"))

    assert "<b>A & B</b> <img src='file:///etc/passwd'>" in text(page)
