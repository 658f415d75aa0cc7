"""What a provider was paid in a month or a year, on the page and as files that no spreadsheet runs."""

import csv
import datetime as dt
import io

import pypdfium2
import pytest
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from accounts.history import Who
from tests import factories
from tests.voucher import breaks, claimed
from tests.voucher.breaks import london
from voucher.claiming import claims
from voucher.models import Booking, Claim, ClaimLine
from voucher.settling import provider_tables, provider_year, returned_payments, settlement
from voucher.standing import suspending

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 22)
PAY_ON = dt.date(2026, 10, 20)
YEAR = provider_year.period("fy2026", today=TODAY)


@pytest.fixture
def bryn_cafe(caerphilly):
    return factories.provider(caerphilly, vat_number="GB123456789", vat_treatment="standard")


@pytest.fixture
def paid(bryn_cafe, bryn, caerphilly, ffion, gwen, now):
    """Three breaks of £24 and the VAT in them, paid on 20 October."""
    return run_of(
        caerphilly,
        claimed.lines(bryn_cafe, factories.award(caerphilly), pence=2400, number=3, by=Who(bryn)),
        ffion,
        gwen,
        now,
    )


def run_of(council, lines, ffion, gwen, now, pay_on=PAY_ON):
    run = settlement.prepare(
        council=council, lines=lines, pay_on=pay_on, by=Who(ffion), now=now, key=f"run-{council.pk}-{pay_on}"
    )
    return settlement.release(run=run, by=Who(gwen), now=now)


def read(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("fy2026", "2026-04-01", "2027-03-31"),
        ("cy2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_is_a_month_a_calendar_year_or_april_to_march(key, first, last):
    of = provider_year.period(key, today=TODAY)

    assert (of.first.isoformat(), of.last.isoformat()) == (first, last)


@pytest.mark.parametrize("key", ["", None, "2026-13", "2026-00", "2026-12", "fy2027", "cy1999", "2026", "fy2026'", "x"])
def test_what_is_no_period_or_has_not_begun_is_none(key):
    assert provider_year.period(key, today=TODAY) is None


def test_twelve_months_and_two_years_of_each_kind_can_be_chosen():
    keys = [each.key for each in provider_year.periods(today=dt.date(2026, 2, 3))]

    assert keys[:3] == ["2026-02", "2026-01", "2025-12"]
    assert keys[12:] == ["fy2025", "fy2024", "cy2026", "cy2025"]


def test_a_year_adds_up_by_month_and_council_with_vat_and_breaks(paid, bryn_cafe, flintshire, bryn, ffion, now):
    [month] = provider_year.by_month(bryn_cafe, YEAR)
    [council] = provider_year.by_council(bryn_cafe, YEAR)

    assert (month.of, month.pence, month.vat_pence, month.net_pence, month.breaks) == (
        dt.date(2026, 10, 1), 7200, 1200, 6000, 3,
    )  # fmt: skip
    assert (council.of, council.pence) == ("Caerphilly", 7200)
    assert provider_year.by_month(bryn_cafe, provider_year.period("2026-11", today=TODAY)) == []
    assert provider_year.total([month, month]).pence == 14_400


def test_what_the_bank_sent_back_is_not_counted(paid, bryn_cafe, ffion):
    returned_payments.note(
        run=paid, provider=bryn_cafe, reason="closed", returned_on=PAY_ON, by=Who(ffion),
        now=london(2026, 10, 21, 9), key="back",
    )  # fmt: skip

    assert provider_year.by_month(bryn_cafe, YEAR) == []


def test_another_providers_money_is_not_counted(paid, caerphilly):
    other = factories.provider(caerphilly, name="Arall")

    assert provider_year.by_month(other, YEAR) == []
    assert len(read(provider_tables.file("payments", other, YEAR, extension="csv", now=None))) == 1


def test_a_free_break_of_midnight_counts_in_its_own_month(caerphilly, bryn_cafe, bryn):
    offer = factories.offer(bryn_cafe, price_pence=0, unit="session", minutes=60, hours="Mon-Sun 00:00-24:00")
    for starts_at in (london(2026, 9, 30, 23), london(2026, 10, 1, 0)):
        row = claimed.booking(factories.award(caerphilly), offer, minutes=60, starts_at=starts_at, by=Who(bryn))
        Booking.objects.filter(pk=row.pk).update(state="delivered", delivered_minutes=60, delivered_at=row.ends_at)

    assert [(row.of.month, row.free) for row in provider_year.by_month(bryn_cafe, YEAR)] == [(9, 1), (10, 1)]
    september = provider_year.period("2026-09", today=TODAY)
    assert [row.free for row in provider_year.by_month(bryn_cafe, september)] == [1]
    assert [(row.of, row.free) for row in provider_year.by_council(bryn_cafe, YEAR)] == [("Caerphilly", 2)]


@pytest.mark.parametrize("kind", sorted(provider_tables.KINDS))
@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_every_file_is_given_out_and_names_no_carer(client, clock, bryn, paid, kind, extension):
    clock.now = london(2026, 11, 22, 9)
    client.force_login(bryn)

    answer = client.get(reverse("provider:table", args=[kind, "fy2026", extension]))

    assert answer["Content-Disposition"] == f'attachment; filename="{kind}-fy2026.{extension}"'
    if extension == "xlsx":
        page = load_workbook(io.BytesIO(answer.content)).active
        told = [[cell.value for cell in row] for row in page.iter_rows()]
    else:
        told = read(answer.content)
    assert len(told) == 4
    words = str(told)
    assert "Alys" not in words and "Gŵyr" not in words and "@" not in words


def test_who_works_for_a_stopped_provider_finds_nobody_to_come_in_its_files(
    client, clock, bryn, bryn_cafe, carys, paid
):
    clock.now = london(2026, 11, 2, 9)
    offer = factories.offer(bryn_cafe)
    to_come = breaks.confirm(
        factories.award(bryn_cafe.council), offer, bryn, clock.now, starts_at=london(2026, 11, 6, 10)
    )
    client.force_login(bryn)

    def refs():
        answer = client.get(reverse("provider:table", args=["bookings", "fy2026", "csv"]))
        return {row[0] for row in read(answer.content)[1:]}

    assert to_come.ref in refs()
    suspending.suspend(provider=bryn_cafe, reason="A report", by=Who(carys), now=clock.now)
    assert to_come.ref not in refs() and len(refs()) == 3


def test_amounts_are_numbers_and_headings_are_in_the_language_of_the_page(paid, bryn_cafe):
    with translation.override("cy"):
        headings = provider_tables.sheet("payments", bryn_cafe, YEAR).columns
    book = load_workbook(
        io.BytesIO(provider_tables.file("payments", bryn_cafe, YEAR, extension="xlsx", now=paid.released_at))
    )

    assert [cell.value for cell in book.active["J"][1:]] == [24, 24, 24]
    assert "TAW" in headings


def test_each_line_says_whether_it_was_claimed_or_found(paid, bryn_cafe, gwen, now):
    """A line less than nothing, or a second one of the same break, tells an accountant why it is there."""
    first = Booking.objects.filter(provider=bryn_cafe).order_by("pk").first()
    claims.add_finding(booking=first, pence=-500, by=Who(gwen), now=now)
    claims.add_finding(booking=first, pence=300, by=Who(gwen), now=now, part=ClaimLine.Part.ANEW)

    heading, *rows = read(provider_tables.file("claims", bryn_cafe, YEAR, extension="csv", now=now))
    kinds = [row[heading.index("Kind of line")] for row in rows]
    assert kinds == ["Claimed", "Claimed", "Claimed", "After a dispute", "Found anew"]
    heading, *rows = read(provider_tables.file("payments", bryn_cafe, YEAR, extension="csv", now=now))
    assert [row[heading.index("Kind of line")] for row in rows] == ["Claimed"] * 3


@pytest.mark.parametrize("evil", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_a_number_reference_or_offer_that_begins_a_formula_stays_text(paid, bryn_cafe, evil, extension):
    Claim.objects.update(invoice_number=evil, own_reference=evil)
    bryn_cafe.offers.update(title_en=evil)

    content = provider_tables.file("payments", bryn_cafe, YEAR, extension=extension, now=paid.released_at)

    if extension == "csv":
        cells = [cell for row in read(content)[1:] for cell in row]
    else:
        rows = load_workbook(io.BytesIO(content)).active.iter_rows(min_row=2)
        found = [cell for row in rows for cell in row]
        assert all(cell.data_type != "f" for cell in found)
        cells = [str(cell.value) for cell in found if isinstance(cell.value, str)]
    assert sum(cell.startswith("'") for cell in cells) == 9
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r", "-1")) for cell in cells)


def test_more_rows_than_fit_are_refused_in_words(client, clock, bryn, paid, monkeypatch):
    monkeypatch.setattr(provider_tables, "MOST_ROWS", 2)
    clock.now = london(2026, 11, 22, 9)
    client.force_login(bryn)

    answer = client.get(reverse("provider:table", args=["claims", "fy2026", "csv"]))

    assert answer.status_code == 302
    # In the month of the payments itself there are too many: the page does not lead to itself.
    clock.now = london(2026, 10, 22, 9)
    client.force_login(bryn)
    page = client.get(reverse("provider:figures"), follow=True)
    assert page.redirect_chain[-1][0] == reverse("provider:money")


@pytest.mark.parametrize(
    "args", [["carers", "fy2026", "csv"], ["claims", "fy2031", "csv"], ["claims", "fy2026", "exe"]]
)
def test_what_is_no_table_is_not_there(client, bryn, args):
    client.force_login(bryn)

    assert client.get(reverse("provider:table", args=args)).status_code == 404


def test_the_statement_is_a_pdf_with_the_vat_of_each_break(client, clock, bryn, paid):
    clock.now = london(2026, 11, 22, 9)
    client.force_login(bryn)

    answer = client.get(reverse("provider:figures_paper", args=["fy2026"]))

    assert answer.content.startswith(b"%PDF-")
    words = pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range()
    # £4.00 in each of the three breaks, and £12.00 in the month.
    assert "GB123456789" in words and words.count("£4.00") == 3 and words.count("£12.00") == 1


def test_the_pages_of_money_cost_the_same_queries_for_one_line_and_for_many(
    client, clock, bryn_cafe, bryn, caerphilly, ffion, gwen, now, django_assert_max_num_queries
):
    clock.now = now
    client.force_login(bryn)
    by = Who(bryn)

    def counts():
        found = []
        for name, args in (("provider:money", []), ("provider:figures", []), ("provider:claim", [1])):
            with django_assert_max_num_queries(60) as asked:
                assert client.get(reverse(name, args=args)).status_code == 200
            found.append(len(asked))
        return found

    run_of(caerphilly, claimed.lines(bryn_cafe, factories.award(caerphilly), number=1, by=by), ffion, gwen, now)
    claimed.lines(bryn_cafe, factories.award(caerphilly), number=1, by=by)
    few = counts()
    for day in (21, 22):
        lines = claimed.lines(bryn_cafe, factories.award(caerphilly), number=4, by=by)
        run_of(caerphilly, lines[:2], ffion, gwen, now, dt.date(2026, 10, day))

    assert counts() == few
