"""A printed edition is frozen, whole, accessible, and right down to the roof on ŵ."""

import datetime as dt
import io
import re

import pdfua
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from PIL import Image, ImageDraw, ImageFont

from accounts import paper
from accounts.history import Who
from accounts.models import HistoryEntry
from brochure import catalogue, editions, prices
from brochure.models import Activity, Edition, EditionFile, EditionOffer, OfferPrice, PostcodeDistrict
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def offers(bryn_cafe, caerphilly):
    PostcodeDistrict.objects.create(district="NP12", latitude=51.67, longitude=-3.20)
    PostcodeDistrict.objects.create(district="CF83", latitude=51.58, longitude=-3.21)
    wellbeing = factories.category("wellbeing", name_en="Wellbeing", name_cy="Lles")
    gwyl = factories.provider(
        caerphilly, name="Tŷ Gŵyl", town_en="Caerphilly", town_cy="Caerffili", postcode="CF83 1AA", speaks_welsh=True
    )
    Activity.objects.create(name="Garden project", council=caerphilly, kind="garden", facts="Growing plants")
    return [
        factories.offer(bryn_cafe, price_pence=2450, access=["step-free"], personal_care=True),
        factories.offer(gwyl, category=wellbeing, title_en="Yoga", title_cy="", unit="session", price_pence=0),
        factories.offer(gwyl, category=wellbeing, title_en="Hotel", title_cy="Gwesty", unit="night", minutes=1440),
    ]


@pytest.fixture
def edition(offers, carys, now):
    return editions.freeze(by=Who(user=carys), now=now)


@pytest.fixture(scope="module")
def drawn():
    """Draw the pages of a PDF as pictures."""

    def draw(content, dpi=100):
        return [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(content)]

    return draw


def words(content):
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content)]


def test_an_edition_copies_every_live_offer_with_its_price(edition, offers, today, carys):
    assert edition.number == 1
    assert edition.made_on == today
    assert sorted(row.price_pence for row in edition.offers.all()) == [0, 2450, 2500]
    entry = HistoryEntry.objects.get(act="edition.made")
    assert (entry.actor, entry.details) == (carys, {"number": 1, "offers": 3})


def test_nothing_that_changes_later_alters_an_edition(edition, offers, bryn_cafe, caerphilly, today):
    before = list(edition.offers.values("price_pence", "printed", "position"))
    around = Edition.objects.get().printed

    OfferPrice.objects.create(offer=offers[0], price_pence=9900, first_day=today)
    for offer in offers:
        offer.title_en, offer.hours, offer.state = "Changed", "Mon 09:00-10:00", "withdrawn"
        offer.save()
    bryn_cafe.name, bryn_cafe.phone, bryn_cafe.town_en = "Changed", "01632 960999", "Changed"
    bryn_cafe.save()
    caerphilly.scheme.team_phone = "01632 960888"
    caerphilly.scheme.save()
    offers[1].category.name_en = "Changed"
    offers[1].category.save()

    assert list(edition.offers.values("price_pence", "printed", "position")) == before
    assert Edition.objects.get().printed == around
    text = "\n".join(words(editions.pdf(edition, "en").content))
    assert "£24.50" in text
    assert "Changed" not in text
    assert "960999" not in text and "960888" not in text


def test_r23_nobody_pays_more_than_a_printed_edition_promises(edition, offers, today):
    OfferPrice.objects.create(offer=offers[0], price_pence=3000, first_day=today + dt.timedelta(days=1))
    last = edition.prices_until

    assert prices.rates_of(offers[0], last).standard == 2450
    assert prices.rates_of(offers[0], last + dt.timedelta(days=1)).standard == 3000
    assert catalogue.live_offers(on=last).get(pk=offers[0].pk).price_pence == 2450


def test_r23_a_lower_price_counts_at_once(edition, offers, today):
    OfferPrice.objects.create(offer=offers[0], price_pence=2000, first_day=today + dt.timedelta(days=1))

    assert prices.rates_of(offers[0], today + dt.timedelta(days=1)).standard == 2000


def test_r23_the_next_edition_prints_the_providers_own_price(edition, offers, now):
    OfferPrice.objects.create(offer=offers[0], price_pence=3000, first_day=edition.made_on + dt.timedelta(days=1))

    following = editions.freeze(by=Who(label="clock"), now=now + dt.timedelta(days=2))

    assert following.offers.get(offer=offers[0]).price_pence == 3000
    assert prices.rates_of(offers[0], following.made_on).standard == 2450


def test_each_edition_has_the_next_number(edition, now):
    later = editions.freeze(by=Who(label="clock"), now=now)

    assert later.number == 2
    assert editions.newest() == later


@pytest.mark.parametrize(
    ("made_on", "until"),
    [
        (dt.date(2026, 3, 3), dt.date(2026, 9, 2)),
        (dt.date(2026, 8, 31), dt.date(2027, 2, 28)),
        (dt.date(2026, 11, 22), dt.date(2027, 5, 21)),
    ],
)
def test_printed_prices_hold_for_six_months(made_on, until):
    assert editions.prices_until(made_on) == until


def test_without_a_live_offer_there_is_nothing_to_print(db, now):
    with pytest.raises(editions.NothingToPrint):
        editions.freeze(by=Who(label="clock"), now=now)

    assert not Edition.objects.exists()


def test_an_edition_is_set_once_and_kept(edition, monkeypatch):
    first = editions.pdf(edition, "en")

    monkeypatch.setattr(paper, "typeset", lambda *args, **kwargs: pytest.fail("It was set again."))

    assert editions.pdf(edition, "en") == first
    assert EditionFile.objects.count() == 1


@pytest.mark.parametrize(("language", "large"), [("en", False), ("cy", False), ("en", True)])
def test_an_edition_is_accessible(edition, language, large):
    made = editions.pdf(edition, language, large_print=large)

    report = pdfua.validate(io.BytesIO(bytes(made.content)))
    document = pikepdf.open(io.BytesIO(bytes(made.content)))

    assert [str(finding) for finding in report.findings] == []
    assert str(document.Root.Lang) == language
    assert document.Root.MarkInfo.Marked
    assert len(document.pages) == made.pages


def test_the_contents_give_true_page_numbers(edition):
    pages = words(editions.pdf(edition, "en").content)
    contents = next(page for page in pages if "What is inside" in page)

    for name in ("Sitting service", "Wellbeing"):
        number = int(re.search(rf"{name}[ .]*(\d+)", contents)[1])
        assert name in pages[number - 1]
        assert "to choose from" in pages[number - 1]


def test_each_offers_square_opens_its_page(edition, offers, drawn):
    found = {code.text for page in drawn(editions.pdf(edition, "cy").content) for code in zxingcpp.read_barcodes(page)}

    assert found == {f"{settings.SITE_URL}/cy/o/{offer.number}" for offer in offers}


def test_text_in_one_language_only_is_labelled_and_marked_in_the_other_edition(edition):
    made = editions.pdf(edition, "cy")
    document = pikepdf.open(io.BytesIO(bytes(made.content)))

    text = "\n".join(words(made.content))
    languages = {
        str(item.Lang) for item in document.objects if isinstance(item, pikepdf.Dictionary) and "/Lang" in item
    }

    assert "Yoga" in text
    assert languages == {"cy", "en"}


@pytest.mark.parametrize("letter", list("ŵŷŴŶ"))
def test_letters_with_a_roof_are_drawn_as_themselves(letter, drawn):
    """Text taken out of a PDF can be right while the print is wrong, so pictures are compared."""
    html = '<html lang="cy"><head><title>ŵ</title></head><body><p>{}</p></body></html>'
    style = "@page { size: 60mm 60mm; margin: 10mm } p { font-size: 80pt; margin: 0; line-height: 1.2 }"
    font = ImageFont.truetype(
        settings.BASE_DIR / "voucher/static/build/fonts/AtkinsonHyperlegibleNext-Regular.ttf", 400
    )

    def shape(picture):
        picture = picture.convert("L").point(lambda level: 255 if level < 128 else 0)
        return picture.crop(picture.getbbox()).resize((60, 80)).point(lambda level: 255 if level > 127 else 0)

    def printed(text):
        return shape(drawn(paper.typeset(html.format(text), css=[style]).content, dpi=300)[0])

    def known(text):
        sheet = Image.new("L", (800, 800), 255)
        ImageDraw.Draw(sheet).text((100, 100), text, font=font, fill=0)
        return shape(sheet)

    def difference(one, other):
        pairs = zip(one.tobytes(), other.tobytes(), strict=True)
        return sum(left != right for left, right in pairs) / (60 * 80)

    bare = {"ŵ": "w", "ŷ": "y", "Ŵ": "W", "Ŷ": "Y"}[letter]

    assert difference(printed(letter), known(letter)) < 0.05
    assert difference(printed(bare), known(letter)) > 0.15


def test_provider_text_cannot_make_the_typesetter_read_a_file(tmp_path, caplog):
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')
    html = f'<html lang="en"><head><title>x</title></head><body><img src="{secret.as_uri()}" alt="x"></body></html>'

    plain = paper.typeset(html.replace(secret.as_uri(), "http://example.org/x.png"))
    sneaky = paper.typeset(html)

    assert b"/XObject" not in sneaky.content.replace(plain.content, b"")
    assert "may read only its own" in caplog.text


def test_the_command_writes_the_file_and_says_what_is_in_it(edition, tmp_path, capsys):
    call_command("print_edition", "1", language="en", out=str(tmp_path / "edition.pdf"))

    pages = len(pypdfium2.PdfDocument(tmp_path / "edition.pdf"))
    assert capsys.readouterr().out == f"3 offers, {pages} pages\n"


def test_the_command_makes_a_new_edition_when_asked(edition, tmp_path):
    call_command("print_edition", "new", language="cy", out=str(tmp_path / "edition.pdf"))

    assert Edition.objects.count() == 2
    assert EditionFile.objects.get().edition.number == 2


def test_the_command_says_in_one_line_that_somebody_else_made_an_edition(edition, tmp_path, monkeypatch):
    def taken(**named):
        raise IntegrityError

    monkeypatch.setattr(editions, "freeze", taken)

    with pytest.raises(CommandError, match="at the same moment"):
        call_command("print_edition", "new", language="cy", out=str(tmp_path / "edition.pdf"))


def test_the_command_says_in_one_line_when_the_file_cannot_be_written(edition, tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("print_edition", language="en", out=str(tmp_path))


@pytest.mark.parametrize("number", ["7", "seven", "²", "9" * 5000])
def test_the_command_refuses_an_edition_that_is_not_there(edition, number, tmp_path):
    with pytest.raises(CommandError, match=f"There is no edition {number}"):
        call_command("print_edition", number, language="en", out=str(tmp_path / "edition.pdf"))


def test_the_command_refuses_a_folder_that_is_not_there(edition):
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("print_edition", language="en", out="/nowhere/at/all/edition.pdf")


def test_the_command_says_in_one_line_when_there_is_nothing_to_print(db, tmp_path):
    with pytest.raises(CommandError, match="nothing to print"):
        call_command("print_edition", language="en", out=str(tmp_path / "edition.pdf"))


def test_the_command_says_in_one_line_when_pdf_cannot_be_made(edition, tmp_path, monkeypatch):
    def without_pango():
        raise paper.CannotPrint(paper.PANGO)

    monkeypatch.setattr(paper, "_weasyprint", without_pango)

    with pytest.raises(CommandError, match="apt-get install"):
        call_command("print_edition", language="en", out=str(tmp_path / "edition.pdf"))
    assert not EditionOffer.objects.filter(edition__number=2).exists()
