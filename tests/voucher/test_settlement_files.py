"""What comes out of a released run: each file once, in the right language, readable, and adding up."""

import csv
import datetime as dt
import hashlib
import io

import pdfua
import pikepdf
import pypdfium2
import pytest
from openpyxl import load_workbook

from accounts import paper
from accounts.history import Who
from accounts.models import OutboxMessage, Scheme
from providers.models import Provider
from tests import factories
from tests.voucher import claimed
from voucher.forms.accounts import AccountForm
from voucher.ledger import audit
from voucher.models import RunFile
from voucher.settling import bacs, line_checks, payment_files, settlement, settlement_audit, settlement_figures

PAY_ON = dt.date(2026, 10, 15)


@pytest.fixture
def cast(caerphilly):
    """Three providers: one that reads Welsh, one that was never asked, and the council's own."""
    return [
        factories.provider(
            caerphilly, name="Gŵyl Tŷ'r Ŷd", language="cy", vat_number="GB123", vat_treatment="standard"
        ),
        factories.provider(caerphilly, name="=Siop & Café", language=""),
        factories.provider(
            caerphilly, name="County Day Service", language="en", bank=False, legal_form=Provider.LegalForm.COUNCIL
        ),
    ]


@pytest.fixture
def lines(cast, caerphilly):
    fund, found = factories.fund(caerphilly), []
    for number, provider in enumerate(cast):
        owner = factories.provider_staff(provider, f"owner{number}@provider.example")
        # A carer each: nobody is given two breaks in the same hour.
        award = factories.award(caerphilly, fund_row=fund, value=10_000)
        found += claimed.lines(provider, award, pence=2400 + number, number=2, by=Who(owner))
    return found


@pytest.fixture
def run(lines, caerphilly, ffion, gwen, now):
    prepared = settlement.prepare(
        council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="prepare-1"
    )
    return settlement.release(run=prepared, by=Who(gwen), now=now)


@pytest.fixture
def files(run, now):
    payment_files.make_files(run, now=now)
    return RunFile.objects.filter(run=run)


def text_of(content):
    pages = pypdfium2.PdfDocument(bytes(content))
    return " ".join(page.get_textpage().get_text_range() for page in pages).replace("\r\n", " ")


def rows_of(file):
    return list(csv.DictReader(io.StringIO(bytes(file.content).decode("utf-8-sig"), newline="")))


def test_every_file_is_made_once_and_kept_with_its_hash(run, files, now):
    kinds = sorted(files.values_list("kind", "language"))
    assert kinds == [
        ("bacs", ""),
        ("finance_csv", ""),
        ("remittance", ""),
        ("remittance", "cy"),
        ("remittance", "en"),
        ("report_csv", "cy"),
        ("report_csv", "en"),
        ("report_pdf", "cy"),
        ("report_pdf", "en"),
        ("report_xlsx", "cy"),
        ("report_xlsx", "en"),
    ]
    hashes = dict(files.values_list("pk", "sha256"))
    Provider.objects.update(language="cy")  # asked for since: the next run's papers are in it

    assert payment_files.make_files(run, now=now) == []
    assert payment_files.make_missing(now) == (0, 0)
    assert dict(files.values_list("pk", "sha256")) == hashes
    assert all(hashlib.sha256(bytes(file.content)).hexdigest() == file.sha256 for file in files)
    assert settlement_audit.differences() == audit.differences(now) == []


def test_what_was_missing_after_a_crash_is_made_by_the_next_try(run, now, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(payment_files.payment_papers, "remittance", _no_pango)
        with pytest.raises(paper.CannotPrint):
            payment_files.make_files(run, now=now)
        assert payment_files.make_missing(now) == (0, 1)
    before = set(run.files.values_list("pk", flat=True))
    assert run.files.filter(kind="bacs").exists()
    assert not OutboxMessage.objects.filter(kind="remittance").exists()

    assert payment_files.make_missing(now) == (3, 0)
    assert before < set(run.files.values_list("pk", flat=True))
    assert OutboxMessage.objects.filter(kind="remittance").count() == 3


def test_whoever_waits_is_answered_in_time_and_the_job_makes_the_rest(run, now):
    answers = iter([False, False, True])

    made = payment_files.make_files(run, now=now, enough=lambda: next(answers))

    assert [file.kind for file in made] == ["bacs", "finance_csv"]
    assert payment_files.make_missing(now) == (9, 0)


def _no_pango(*args, **named):
    raise paper.CannotPrint("PDF needs Pango.")


def test_nothing_comes_out_of_a_run_that_is_not_released(lines, caerphilly, ffion, now):
    prepared = settlement.prepare(
        council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="prepare-1"
    )

    with pytest.raises(payment_files.NotReleased):
        payment_files.make_files(prepared, now=now)
    assert payment_files.make_missing(now) == (0, 0)


def test_the_bacs_file_pays_each_provider_its_sum_and_leaves_the_councils_own_service_out(run, files):
    file = files.get(kind="bacs")
    text = bytes(file.content).decode("ascii")
    credits = [line for line in text.split("\r\n") if line[15:17] == "99"]

    assert [(line[82:].strip(), int(line[35:46]), line[64:82].strip()) for line in credits] == [
        ("SIOP & CAFE", 4802, "BREAKS RUN 1 L1"),
        ("GWYL TYR YD", 4800, "BREAKS RUN 1 L2"),
    ]
    assert bacs.total_pence(text) == 9602
    assert text.startswith("VOL1000001")
    assert text.split("\r\n")[3][4:10] == " 26287"  # the Wednesday before the Thursday on which it arrives
    assert file.serial == 1


def test_a_building_society_reads_the_roll_number_beside_its_payment(cast, run, now):
    cast[1].bank_accounts.update(roll_number="12/345678-9")

    payments = payment_files.bacs_payments(settlement_figures.figures(run))

    assert [payment.reference for payment in payments] == ["12/345678-9", "BREAKS RUN 1 L2"]
    for payment in payments:
        bacs.check_payment(payment)


def test_a_roll_number_that_bacs_refuses_holds_its_own_payment_and_nobody_elses(cast, lines, caerphilly):
    cast[1].bank_accounts.update(roll_number="000000")

    checked = line_checks.looked_at(settlement.awaiting(caerphilly))

    assert {each.provider for each in checked if not each.passes} == {cast[1]}


@pytest.mark.parametrize(("typed", "is_right"), [("12/345678-9", True), ("", True), ("123", False), ("ŵ" * 8, False)])
def test_a_roll_number_is_one_that_a_bank_file_can_carry(typed, is_right):
    account = {"name": "Siop", "sort_code": "12-34-56", "account_number": "12345678", "roll_number": typed}

    assert AccountForm(account).is_valid() is is_right


def test_serial_numbers_follow_one_another_and_a_second_file_of_a_day_says_so(
    run, files, cast, caerphilly, ffion, gwen, now
):
    owner = cast[0].staff.get().user
    more = claimed.lines(cast[0], factories.award(caerphilly), by=Who(owner))
    second = settlement.prepare(council=caerphilly, lines=more, pay_on=PAY_ON, by=Who(ffion), now=now, key="prepare-2")
    second = settlement.release(run=second, by=Who(gwen), now=now)
    payment_files.make_files(second, now=now)

    file = second.files.get(kind="bacs")
    assert file.serial == 2
    assert bytes(file.content).decode("ascii").split("\r\n")[3][37:40] == "002"


def test_a_run_of_recharges_only_has_no_bank_file(lines, cast, caerphilly, ffion, gwen, now):
    own = [line for line in lines if line.claim.provider == cast[2]]
    run = settlement.prepare(council=caerphilly, lines=own, pay_on=PAY_ON, by=Who(ffion), now=now, key="prepare-1")
    run = settlement.release(run=run, by=Who(gwen), now=now)
    payment_files.make_files(run, now=now)

    assert not run.files.filter(kind="bacs").exists()
    assert run.files.filter(kind="finance_csv").exists()
    assert settlement_audit.differences() == []


def test_a_service_of_the_council_is_told_that_it_is_credited_and_not_paid(cast, run, files):
    own, paid = (OutboxMessage.objects.get(to=cast[number].email, kind="remittance") for number in (2, 1))

    assert own.subject == "Your service is credited with £48.04 on Thursday 15 October"
    assert "within the council on Thursday 15 October 2026, for 2 breaks." in " ".join(own.body.split())
    assert "pays you" not in own.body
    assert "Caerphilly pays you £48.02" in paid.body


def test_the_finance_file_has_a_row_a_line_and_names_no_carer(run, files):
    rows = rows_of(files.get(kind="finance_csv"))

    assert len(rows) == 6
    assert {row["method"] for row in rows} == {"BACS", "RECHARGE"}
    welsh = next(row for row in rows if row["supplier_name"] == "Gŵyl Tŷ'r Ŷd")
    assert (welsh["net"], welsh["vat"], welsh["gross"]) == ("20.00", "4.00", "24.00")
    assert (welsh["supplier_vat_no"], welsh["pay_date"]) == ("GB123", "2026-10-15")
    assert welsh["invoice_no"] == f"{welsh['supplier_ref']}-1"
    assert welsh["cost_code"].startswith("CB")
    assert [row["supplier_name"] for row in rows][:2] == ["'=Siop & Café"] * 2
    assert "Alys" not in bytes(files.get(kind="finance_csv").content).decode("utf-8-sig")


@pytest.mark.parametrize(("language", "breaks", "total"), [("en", "Breaks", "Total"), ("cy", None, None)])
def test_the_workbook_adds_up_and_holds_numbers_as_numbers(run, files, language, breaks, total):
    book = load_workbook(io.BytesIO(bytes(files.get(kind="report_xlsx", language=language).content)))
    _summary, providers, funds, categories, lines = book.worksheets

    for page in (providers, funds, categories):
        *body, last = page.iter_rows(min_row=2, values_only=True)
        assert last[1:] == (6, 136.06, 8.00, 144.06)
        assert round(sum(row[4] for row in body), 2) == 144.06
        assert page.freeze_panes == "A2"
    assert lines.max_row == 7
    if breaks:
        assert (lines.title, providers["E1"].value) == (breaks, total)
    assert all(cell.data_type != "f" for page in book for row in page.iter_rows() for cell in row)


def test_the_report_is_a_tagged_paper_in_each_language_that_prints_the_seal(run, files):
    for language in ("en", "cy"):
        content = bytes(files.get(kind="report_pdf", language=language).content)
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert str(pdf.Root.Lang) == language
            assert pdf.Root.MarkInfo.Marked
            assert b"pdfuaid" in bytes(pdf.Root.Metadata.read_bytes())
        text = text_of(content)
        assert "£144.06" in text
        assert "Gŵyl Tŷ" in text
        assert "Alys" not in text
    assert "Settlement report: payment run 1" in text_of(files.get(kind="report_pdf", language="en").content)


def test_every_paper_passes_the_checks_of_accessible_pdf(files, tmp_path):
    for file in files.filter(kind__in=["report_pdf", "remittance"]):
        path = tmp_path / file.name
        path.write_bytes(bytes(file.content))

        assert [str(finding) for finding in pdfua.validate(str(path)).findings] == []


def test_the_report_prints_the_seal(run, now, monkeypatch):
    run.seal = "5ea1" * 16

    text = text_of(payment_files.payment_papers.report(settlement_figures.figures(run), language="en"))

    assert "5ea1" * 16 in text.replace(" ", "")


@pytest.mark.parametrize(("place", "languages"), [(0, ["cy"]), (1, ["cy", "en"]), (2, ["en"])])
def test_a_remittance_is_in_the_providers_language_and_in_both_where_nobody_has_asked(cast, files, place, languages):
    file = files.get(kind="remittance", provider=cast[place])
    with pikepdf.open(io.BytesIO(bytes(file.content))) as pdf:
        assert str(pdf.Root.Lang) == languages[0]
        assert len(pdf.pages) == len(languages)
    text = text_of(file.content)

    assert ("Thursday 15 October 2026" in text) == ("en" in languages)
    assert ("dydd Iau 15 Hydref 2026" in text) == ("cy" in languages)
    assert "£48" in text
    assert "Alys" not in text


def test_a_remittance_is_e_mailed_once_with_the_paper_attached(cast, run, files, now):
    payment_files.make_files(run, now=now)
    message = OutboxMessage.objects.get(to=cast[0].email, kind="remittance")

    assert message.language == "cy"
    assert bytes(message.attachment) == bytes(files.get(kind="remittance", provider=cast[0]).content)
    assert message.attachment_type == "application/pdf"
    assert payment_files.e_mailed(run)[cast[0].pk] == message
    assert OutboxMessage.objects.filter(kind="remittance").count() == 3


def test_a_provider_with_a_wrong_address_keeps_its_paper_to_be_posted(cast, run, now):
    Provider.objects.filter(pk=cast[1].pk).update(email="nobody")

    payment_files.make_files(run, now=now)

    assert run.files.filter(kind="remittance").count() == 3
    assert cast[1].pk not in payment_files.e_mailed(run)


def test_a_council_that_is_not_set_up_to_pay_is_told_and_nothing_is_kept(run, caerphilly, now):
    Scheme.objects.filter(council=caerphilly).update(bacs_user_number="12")
    run.refresh_from_db()

    with pytest.raises(bacs.BacsFault, match="user_number"):
        payment_files.make_files(run, now=now)

    assert not run.files.exists()


def test_the_audit_sees_a_file_that_was_changed(run, files):
    file = files.get(kind="bacs")
    content = bytes(file.content)
    RunFile.objects.filter(pk=file.pk).update(content=content.replace(b"4802", b"9802"))
    assert settlement_audit.differences() == [f"File {file.pk} ({file.name}) is not as it was made."]

    altered = content.replace(b"00000004802", b"00000009802")
    RunFile.objects.filter(pk=file.pk).update(content=altered, sha256=hashlib.sha256(altered).hexdigest())
    assert settlement_audit.differences() == [f"File {file.pk} ({file.name}) does not add up to its run's payments."]


def test_the_figures_of_a_run_add_up_however_they_are_parted(run, cast):
    figures = settlement_figures.figures(run)

    assert (figures.total_pence, figures.vat_pence, figures.net_pence) == (14406, 800, 13606)
    assert (figures.bank_pence, figures.recharge_pence) == (9602, 4804)
    for shares in (figures.by_provider, figures.by_fund, figures.by_category):
        assert sum(share.pence for share in shares) == 14406
        assert sum(share.count for share in shares) == 6
    assert figures.days_to_pay == 17
    assert figures.late == []


def test_the_figures_of_a_fund_add_up_to_what_was_allocated(run, caerphilly):
    [fund] = settlement_figures.funds(caerphilly)

    assert fund.allocated == 10_000_000
    assert fund.issued == 30_000 == fund.left + fund.set_aside + fund.used
    assert fund.free == 10_000_000 - 30_000
    assert (fund.used, fund.paid_pence, fund.not_paid_pence, fund.not_claimed_pence) == (14406, 14406, 0, 0)


def test_a_claim_is_overdue_on_the_day_after_its_thirtieth(lines, caerphilly):
    claimed_on = claimed.CLAIMED.date()

    assert not settlement_figures.overdue(caerphilly, on=claimed_on + dt.timedelta(days=30)).exists()
    assert settlement_figures.overdue(caerphilly, on=claimed_on + dt.timedelta(days=31)).count() == 6
    assert not settlement_figures.is_overdue(lines[0].claim, on=claimed_on + dt.timedelta(days=30))
    assert settlement_figures.is_overdue(lines[0].claim, on=claimed_on + dt.timedelta(days=31))


def test_promptness_counts_what_was_paid_within_thirty_days(run, caerphilly):
    told = settlement_figures.promptness(caerphilly, on=PAY_ON)

    assert (told.lines, told.days, told.in_time, told.percent) == (6, 17, 6, 100)
    assert not settlement_figures.overdue(caerphilly, on=dt.date(2027, 6, 1)).exists()
