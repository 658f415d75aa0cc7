"""The voucher on paper: what is printed, and that no code is ever dead and unprinted."""

import io
import re
import stat

import pdfua
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from PIL import ImageChops

from accounts import paper
from accounts.history import Who
from accounts.models import HistoryEntry
from tests import factories
from voucher import codes
from voucher.granting import awards, letters
from voucher.models import Award, Code
from voucher.paper import spelling

BY = Who(label="tests")
DOTS = 150 / 72

pytestmark = pytest.mark.django_db


@pytest.fixture
def english_award(caerphilly):
    return factories.award(caerphilly, carer_row=factories.carer(caerphilly, language="en", postcode="CF81 1AA"))


@pytest.fixture
def welsh_award(caerphilly):
    return factories.award(caerphilly, carer_row=factories.carer(caerphilly, language="cy", postcode="CF82 1AA"))


@pytest.fixture
def unasked_award(caerphilly):
    return factories.award(caerphilly, carer_row=factories.carer(caerphilly, language="", postcode="CF83 1AA"))


@pytest.fixture
def large_award(caerphilly):
    carer = factories.carer(caerphilly, language="en", postcode="NP12 1AA", print_size="large print")
    return factories.award(caerphilly, carer_row=carer, unit="minutes", value=960)


@pytest.fixture
def in_the_period(monkeypatch, now):
    """Commands ask the clock; here it says the same day as everywhere in the tests."""
    monkeypatch.setattr(timezone, "now", lambda: now)


def set_letters(*rows, today, **options):
    chosen = [row for row in letters.waiting(on=today) if row in rows]
    return letters.prepare(chosen=chosen, on=today, **options)


def pages(batch):
    return list(pypdfium2.PdfDocument(batch.paper.content))


def text(page):
    return re.sub(r"\s+", " ", page.get_textpage().get_text_bounded())


def read_qr(page):
    return [found.text for found in zxingcpp.read_barcodes(page.render(scale=DOTS).to_pil())]


def languages(batch):
    """The language of each section of the document, in reading order."""
    pdf = pikepdf.open(io.BytesIO(batch.paper.content))
    found = []

    def walk(node):
        if isinstance(node, pikepdf.Dictionary):
            if "/Lang" in node and str(node.get("/S")) == "/Sect":
                found.append(str(node["/Lang"]))
            walk(node.get("/K"))
        elif isinstance(node, pikepdf.Array):
            for child in node:
                walk(child)

    walk(pdf.Root.StructTreeRoot)
    return found


def test_the_qr_on_every_side_opens_the_award(english_award, today, now, settings):
    settings.SITE_URL = "https://breaks.example"
    batch = set_letters(english_award, today=today)
    letters.keep(batch=batch, by=BY, now=now)

    found = [read_qr(page) for page in pages(batch)]

    code = batch.codes_by_award[english_award]
    assert found == [[f"https://breaks.example/v/#{code}"], [f"https://breaks.example/cy/v/#{code}"]]
    assert awards.open_with(code=found[0][0].split("#")[1]) == english_award


def test_the_letter_says_value_last_day_code_and_telephone(english_award, today):
    batch = set_letters(english_award, today=today)

    front = text(pages(batch)[0])

    for words in ("£300", "Use by Sunday 28 February 2027", batch.codes_by_award[english_award], "01632 960000"):
        assert words in front
    assert "Alys Gŵyr" in front
    assert english_award.ref in front


def test_both_languages_of_a_letter_say_how_the_code_is_read_out(english_award, today, monkeypatch):
    body = "P3AXXMXQXWX"
    code = codes.grouped(body + codes.check_symbol(body))
    monkeypatch.setattr(codes, "generate", lambda: code)
    batch = set_letters(english_award, today=today)

    for language, page in zip(("en", "cy"), pages(batch), strict=True):
        with translation.override(language):
            for group in spelling.groups(code):
                spoken = f"{group['symbols']} {', '.join(group['words'])}"
                # A line may end after the hyphen of "X-ray", which is then no hyphen in the text of a page.
                assert re.sub(r"\W", "", spoken) in re.sub(r"\W", "", text(page))


def test_an_hours_award_says_hours(large_award, today):
    assert "16 hours" in text(pages(set_letters(large_award, today=today))[0])


def test_the_carers_language_comes_first_and_welsh_where_it_was_never_asked(
    english_award, welsh_award, unasked_award, today
):
    for award, order in ((english_award, ["en", "cy"]), (welsh_award, ["cy", "en"]), (unasked_award, ["cy", "en"])):
        batch = set_letters(award, today=today)

        assert languages(batch) == order
        fronts = ["28 February 2027" in text(page) for page in pages(batch)]
        assert fronts == [language == "en" for language in order]


def test_each_letter_is_one_sheet_and_two_in_large_print(english_award, welsh_award, large_award, today):
    assert set_letters(english_award, welsh_award, today=today).paper.pages == 4
    assert set_letters(large_award, today=today).paper.pages == 4
    assert set_letters(english_award, today=today, large_print=True).paper.pages == 4


def test_nothing_in_large_print_is_smaller_than_18_point(large_award, today):
    pdf = pikepdf.open(io.BytesIO(set_letters(large_award, today=today).paper.content))
    sizes = set()
    for page in pdf.pages:
        scale = 1.0
        for operands, operator in pikepdf.parse_content_stream(page):
            if str(operator) == "cm" and float(operands[0]) > 0:
                scale = min(scale, float(operands[0]))
            if str(operator) == "Tf":
                sizes.add(float(operands[1]))
            if str(operator) == "Tm":
                sizes.add(abs(float(operands[3])))
    sizes.discard(1.0)
    # Sizes are in CSS pixels (0.75 pt) where the page is scaled, else in points.
    assert sizes
    assert min(sizes) * (scale if scale < 1 else 1) >= 18 or min(sizes) >= 24


def test_letters_pass_the_checks_of_accessible_pdf(english_award, large_award, today, tmp_path):
    file = tmp_path / "letters.pdf"
    file.write_bytes(set_letters(english_award, large_award, today=today).paper.content)

    report = pdfua.validate(str(file))

    assert [str(finding) for finding in report.findings] == []


def test_the_circumflex_of_welsh_letters_is_drawn_above_the_same_letter(caerphilly, today):
    drawn = {}
    for name in ("wywy", "ŵŷŵŷ"):
        award = factories.award(
            caerphilly, carer_row=factories.carer(caerphilly, first_name=name, last_name="n", address="1")
        )
        page = pages(set_letters(award, today=today))[0]
        # The name in the window: 20 mm from the left, from 45 mm to 55 mm from the top.
        picture = page.render(scale=4).to_pil().convert("L")
        drawn[name] = picture.crop((200, 520, 700, 620))

    changed = ImageChops.difference(drawn["wywy"], drawn["ŵŷŵŷ"]).point(lambda shade: 255 if shade > 60 else 0)
    letters_at = drawn["wywy"].point(lambda shade: 255 if shade < 128 else 0).getbbox()

    # Only what is above the small letters differs: the letters themselves are where and what they were.
    assert changed.getbbox() is not None
    assert changed.getbbox()[3] <= letters_at[1] + 2
    assert changed.getbbox()[1] >= letters_at[1] - 30


def test_letters_wait_in_postal_order_and_only_while_they_can_be_used(english_award, welsh_award, today, flintshire):
    elsewhere = factories.award(flintshire)
    printed = factories.award(english_award.council)
    Award.objects.filter(pk=printed.pk).update(printed_at=timezone.now())

    assert list(letters.waiting(on=today, council=english_award.council)) == [english_award, welsh_award]
    assert elsewhere in letters.waiting(on=today)
    assert not letters.waiting(on=english_award.account.last_day + timezone.timedelta(days=1))


def test_choosing_letters_takes_one_query(english_award, welsh_award, today, django_assert_num_queries):
    with django_assert_num_queries(1):
        [(row.carer.town, row.account.unit, row.council.scheme.name) for row in letters.waiting(on=today)]


def test_codes_are_not_valid_before_the_letters_are_kept(english_award, today, now):
    batch = set_letters(english_award, today=today)
    assert not Code.objects.exists()

    letters.keep(batch=batch, by=BY, now=now)

    code = Code.objects.get()
    assert code.last_four == batch.codes_by_award[english_award][-4:]
    english_award.refresh_from_db()
    assert english_award.printed_at == now
    assert HistoryEntry.objects.filter(act="code.printed", subject_id=english_award.pk).count() == 1


def test_when_the_file_cannot_be_stored_the_old_codes_stay_alive(english_award, today, now):
    old = awards.new_code(award=english_award, by=BY, now=now)
    batch = set_letters(english_award, today=today)

    def full_disk():
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        letters.keep(batch=batch, by=BY, now=now, store=full_disk)

    assert awards.open_with(code=old) == english_award
    english_award.refresh_from_db()
    assert english_award.printed_at is None


def test_two_who_print_the_same_letters_do_not_kill_each_others_codes(english_award, today, now):
    first, second = set_letters(english_award, today=today), set_letters(english_award, today=today)
    letters.keep(batch=first, by=BY, now=now)

    with pytest.raises(letters.PrintedMeanwhile):
        letters.keep(batch=second, by=BY, now=now)

    assert awards.open_with(code=first.codes_by_award[english_award]) == english_award


def test_the_command_prints_what_waits_and_says_how_much(
    english_award, welsh_award, large_award, tmp_path, capsys, in_the_period
):
    out = tmp_path / "letters.pdf"

    call_command("print_vouchers", out=out)

    assert capsys.readouterr().out == "3 letters, 8 pages\n"
    assert len(pypdfium2.PdfDocument(out)) == 8
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["letters.pdf"]
    assert Code.objects.filter(state="active").count() == 3

    call_command("print_vouchers", out=tmp_path / "again.pdf")

    assert capsys.readouterr().out == "0 letters, 0 pages\n"
    assert not (tmp_path / "again.pdf").exists()


def test_the_command_prints_a_few_in_large_print(english_award, welsh_award, tmp_path, capsys, in_the_period):
    call_command("print_vouchers", out=tmp_path / "a.pdf", limit=1, large_print=True)

    assert capsys.readouterr().out == "1 letters, 4 pages\n"
    assert Award.objects.filter(printed_at=None).get() == welsh_award


def test_the_command_keeps_the_file_that_was_there(english_award, tmp_path, capsys, in_the_period):
    out = tmp_path / "letters.pdf"
    out.write_bytes(b"letters of yesterday")

    call_command("print_vouchers", out=out)

    [earlier] = tmp_path.glob("letters.before-*.pdf")
    assert earlier.read_bytes() == b"letters of yesterday"
    assert out.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(("name", "limit"), [("a.pdf", 0), ("missing/letters.pdf", None), (".", None)])
def test_the_command_refuses_what_it_cannot_do_before_any_code_is_made(
    english_award, tmp_path, name, limit, in_the_period
):
    with pytest.raises(CommandError):
        call_command("print_vouchers", out=tmp_path / name, limit=limit)

    assert not Code.objects.exists()


def test_without_pango_one_sentence_says_what_to_install(english_award, tmp_path, monkeypatch, in_the_period):
    def missing():
        raise paper.CannotPrint(paper.PANGO)

    monkeypatch.setattr(paper, "_weasyprint", missing)

    with pytest.raises(CommandError, match="apt-get install libpango"):
        call_command("print_vouchers", out=tmp_path / "a.pdf")

    assert not Code.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_printed_as_it_is_and_never_as_markup(caerphilly, today):
    carer = factories.carer(caerphilly, first_name="<img src=file:///etc/passwd>", last_name="O'Brien & Daughter")

    front = text(pages(set_letters(factories.award(caerphilly, carer_row=carer), today=today))[0])

    assert "<img src=file:///etc/passwd> O'Brien & Daughter" in front


def test_the_progress_bar_counts_the_pages_that_will_be_printed(english_award, large_award, today):
    told = []

    batch = set_letters(english_award, large_award, today=today, step=lambda: told.append(1))

    assert len(told) == batch.paper.pages == letters.expected_pages(batch.codes_by_award) == 6
