"""A printed edition shows the first photo of an offer, names it for who cannot see it, and keeps it."""

import io

import pdfua
import pikepdf
import pypdfium2
import pytest

from accounts.history import Who
from brochure import editions, photos
from tests import factories
from tests.brochure.test_photos import colour, file_of, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(bryn_cafe, carys, now):
    by = Who(user=carys)
    sitting = factories.offer(bryn_cafe)
    factories.offer(bryn_cafe, title_en="Without a photo")
    for width, alt in ((1600, "Two people plant beans"), (1000, "Another")):
        drawn = photos.draw(file_of(picture(width)))
        photos.approve(photo=photos.add(offer=sitting, drawn=drawn, alt_en=alt, by=by, now=now), by=by, now=now)
    waiting = factories.offer(bryn_cafe)
    photos.add(offer=waiting, drawn=drawn, alt_en="Waits", by=by, now=now)
    edition = editions.freeze(by=by, now=now)
    # What becomes of the photo later changes nothing about what was printed.
    photos.remove(photo=photos.shown([sitting])[sitting.pk][0], by=by, now=now)
    return edition


def alternatives(document):
    return [str(each["/Alt"]) for each in document.objects if isinstance(each, pikepdf.Dictionary) and "/Alt" in each]


def test_the_first_photo_is_printed_with_its_words(edition):
    made = bytes(editions.pdf(edition, "en").content)

    assert [str(finding) for finding in pdfua.validate(io.BytesIO(made)).findings] == []
    names = alternatives(pikepdf.open(io.BytesIO(made)))
    assert "Two people plant beans" in names and not {"Another", "Waits"} & set(names)
    page = next(
        each for each in pypdfium2.PdfDocument(made) if "Sitting at home" in each.get_textpage().get_text_range()
    )
    drawn = page.render(scale=1).to_pil()
    colours = {colour(drawn, x, y) for x in range(0, drawn.width, 4) for y in range(0, drawn.height, 4)}
    assert "red" in colours


def test_the_words_of_a_photo_are_labelled_with_their_language_in_the_welsh_edition(edition):
    document = pikepdf.open(io.BytesIO(bytes(editions.pdf(edition, "cy").content)))

    [figure] = [
        each
        for each in document.objects
        if isinstance(each, pikepdf.Dictionary) and str(each.get("/Alt", "")) == "Two people plant beans"
    ]
    assert str(figure.P.Lang) == "en"


def test_an_edition_of_before_photos_can_still_be_printed(edition):
    for row in edition.offers.all():
        row.printed = {key: value for key, value in row.printed.items() if not key.startswith("photo")}
        row.save()

    assert b"%PDF" in bytes(editions.pdf(edition, "en").content)[:10]
