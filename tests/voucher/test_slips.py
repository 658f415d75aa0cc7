"""A carer's own papers: what stands on them, in which language and size, and who gets them."""

import datetime as dt
import re

import pdfua
import pypdfium2
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import paper
from accounts.history import Who
from tests import factories
from tests.voucher import breaks, claimed
from voucher.granting import awards
from voucher.models import Booking
from voucher.paper import slips

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)


def award_of(council, **fields):
    return factories.award(council, carer_row=factories.carer(council, **fields))


def pages(made):
    content = made.content if isinstance(made, paper.Paper) else made
    return [re.sub(r"\s+", " ", page.get_textpage().get_text_bounded()) for page in pypdfium2.PdfDocument(content)]


def statement(award, on):
    def lines():
        return awards.statement(award)

    award.account.refresh_from_db()

    return slips.statement(award, balance=awards.balance(award), lines=lines, on=on)


def confirmed(award, provider, owner, now, **fields):
    offer = factories.offer(
        provider, category=factories.category("out-and-about"), access=["step-free", "accessible parking"], **fields
    )
    row = breaks.confirm(award, offer, owner, now)
    return Booking.objects.select_related("offer__category", "provider", "award__carer", "award__account").get(
        pk=row.pk
    )


def test_the_slip_says_what_when_where_and_whom_to_ring(caerphilly, bryn_cafe, bryn, now, today):
    row = confirmed(award_of(caerphilly), bryn_cafe, bryn, now, title_en="Music in the afternoon")

    [page] = pages(slips.booking_slip(row, on=today))

    for words in (
        "Your break",
        "Friday 16 October, 2pm to 4.30pm",
        "Music in the afternoon",
        "Bryn Café, Blackwood, NP12 1AA",
        "01632 960100",
        "ask which way is best for you",
        "They say they have: Step-free and Accessible parking.",
        "£62.50",
        row.ref,
        "Until Wednesday 14 October at 2pm it costs nothing. After that, 50% of it is used.",
        "In an emergency it costs you nothing",
        "If it has not begun by 2.15pm, ring us on 01632 960000.",
    ):
        assert words in page


def test_a_sitter_comes_to_the_door_and_nobody_looks_for_the_way(caerphilly, bryn_cafe, bryn, now, today):
    row = breaks.confirm(award_of(caerphilly), factories.offer(bryn_cafe), bryn, now)

    [page] = pages(slips.booking_slip(row, on=today))

    assert "They come to your home" in page and "which way is best" not in page


def test_a_slip_of_what_is_not_booked_yet_says_so(caerphilly, bryn_cafe, now, today):
    row = breaks.ask(award_of(caerphilly), factories.offer(bryn_cafe), now)

    [page] = pages(slips.booking_slip(row, on=today))

    assert "You have asked for this break Not booked yet: Bryn Café has until" in page
    assert "Until they have said yes, cancelling costs nothing." in page


@pytest.mark.parametrize("print_size", ["standard", "large print"])
@pytest.mark.parametrize("language, expected", [("en", ["en"]), ("cy", ["cy"]), ("", ["cy", "en"])])
def test_a_slip_is_one_page_in_each_language_of_the_carer(
    caerphilly, bryn_cafe, bryn, now, today, language, expected, print_size
):
    row = confirmed(
        award_of(caerphilly, language=language, print_size=print_size),
        bryn_cafe,
        bryn,
        now,
        title_en="A long afternoon of music, tea and company in the old library",
        title_cy="Prynhawn hir o gerddoriaeth, te a chwmni yn yr hen lyfrgell",
    )

    found = pages(slips.booking_slip(row, on=today))

    assert ["cy" if "Gwener 16 Hydref" in page else "en" for page in found] == expected


def test_the_statement_has_every_movement_in_pounds(caerphilly, bryn_cafe, bryn, now, today):
    award = award_of(caerphilly)
    row = claimed.delivered(award, factories.offer(bryn_cafe), given=60, by=Who(bryn))
    claimed.claim(bryn_cafe, [row], by=Who(bryn))

    [page] = pages(statement(award, today))

    lines = awards.statement(award)
    assert len(lines) == 4
    for line in lines:
        assert line.words in page
    for words in ("Granted £300.00", "Used £25.00", "Left to use £275.00", "−£50.00", "£25.00", "set aside before"):
        assert words in page


def test_the_statement_of_an_hours_award_counts_hours(caerphilly, bryn_cafe, now, today):
    award = factories.award(caerphilly, unit="minutes", value=960)
    breaks.ask(award, factories.offer(bryn_cafe), now)

    [page] = pages(statement(award, today))

    assert "Granted 16 hours" in page and "−2½ hours" in page and "13½ hours" in page
    assert "£" not in page


def test_the_statement_comes_in_both_languages_where_none_is_known(caerphilly, today):
    award = award_of(caerphilly, language="")

    assert ["Statement" in page for page in pages(statement(award, today))] == [False, True]


def sizes_of(made):
    """Every size of type on the paper, in points."""
    found = set()
    for page in pypdfium2.PdfDocument(made.content):
        text = page.get_textpage()
        for number in range(text.count_chars()):
            matrix = pypdfium2.raw.FS_MATRIX()
            pypdfium2.raw.FPDFText_GetMatrix(text, number, matrix)
            size = pypdfium2.raw.FPDFText_GetFontSize(text, number) * abs(matrix.d)
            if size and text.get_text_range(number, 1).strip():
                found.add(round(size, 1))
    return found


@pytest.mark.parametrize("print_size, least", [("standard", 10), ("large print", 18)])
def test_the_print_is_as_large_as_the_carer_wants_it(caerphilly, bryn_cafe, bryn, now, today, print_size, least):
    award = award_of(caerphilly, print_size=print_size)
    row = confirmed(award, bryn_cafe, bryn, now)

    for made in (slips.booking_slip(row, on=today), statement(award, today)):
        assert min(sizes_of(made)) >= least, sizes_of(made)


def test_papers_pass_the_checks_of_accessible_pdf(caerphilly, bryn_cafe, bryn, now, today, tmp_path):
    award = award_of(caerphilly, language="")
    row = confirmed(award, bryn_cafe, bryn, now)

    for number, made in enumerate((slips.booking_slip(row, on=today), statement(award, today))):
        file = tmp_path / f"{number}.pdf"
        file.write_bytes(made.content)
        assert [str(finding) for finding in pdfua.validate(str(file)).findings] == []


def test_a_title_is_printed_as_it_is_and_never_as_markup(caerphilly, bryn_cafe, bryn, now, today):
    row = confirmed(award_of(caerphilly), bryn_cafe, bryn, now, title_en="<b>Tea</b> & <img src=file:///etc/passwd>")

    [page] = pages(slips.booking_slip(row, on=today))

    assert "<b>Tea</b> & <img src=file:///etc/passwd>" in page


# On the pages


def test_a_carer_and_the_team_get_both_papers(client, caerphilly, bryn_cafe, bryn, carys, now, clock):
    award = award_of(caerphilly)
    row = confirmed(award, bryn_cafe, bryn, now)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=now)})
    page = client.get(reverse("my:booking", args=[row.ref])).content.decode()
    assert reverse("my:slip", args=[row.ref]) in page
    own = [client.get(reverse("my:slip", args=[row.ref])), client.get(reverse("my:statement_paper"))]
    client.force_login(carys)
    posted = [
        client.get(reverse("team:slip", args=[row.ref])),
        client.get(reverse("team:statement_paper", args=[award.ref])),
    ]

    for response in own + posted:
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.content.startswith(b"%PDF-1.7")
        assert "no-store" in response.headers["Cache-Control"]
    assert [each.content for each in own] == [each.content for each in posted] or pages(own[0].content) == pages(
        posted[0].content
    )


def test_what_is_over_has_no_slip(client, caerphilly, bryn_cafe, bryn, now, clock):
    award = award_of(caerphilly)
    row = claimed.delivered(award, factories.offer(bryn_cafe), by=Who(bryn))
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=now)})

    assert client.get(reverse("my:slip", args=[row.ref])).status_code == 404
    assert reverse("my:slip", args=[row.ref]) not in client.get(reverse("my:booking", args=[row.ref])).content.decode()


def test_where_nothing_can_be_printed_the_page_says_so(client, caerphilly, now, clock, monkeypatch):
    def missing():
        raise paper.CannotPrint(paper.PANGO)

    monkeypatch.setattr(paper, "_weasyprint", missing)
    award = award_of(caerphilly)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=now)})

    assert "PDF needs Pango" in client.get(reverse("my:statement_paper"), follow=True).content.decode()


def test_a_free_break_sets_nothing_aside(caerphilly, bryn_cafe, bryn, now, today):
    offer = factories.offer(bryn_cafe, price_pence=0)
    row = breaks.confirm(award_of(caerphilly), offer, bryn, now, starts_at=breaks.FRIDAY + dt.timedelta(days=7))

    [page] = pages(slips.booking_slip(row, on=today))

    assert "Nothing: this break is free" in page and "It costs nothing. Please tell them all the same." in page
    assert "If it has not begun by" in page and "everything is given back" not in page
