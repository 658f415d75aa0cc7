"""The first day's files: read whole, checked whole, and loaded whole or not at all."""

import csv
import datetime as dt
import shutil
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from accounts.history import Who
from accounts.models import Council, HistoryEntry
from brochure.models import Activity, Offer, OfferPrice, PostcodeDistrict
from providers.models import BankAccount, Provider
from voucher import pilot
from voucher.granting.awards import RefTaken
from voucher.ledger import audit
from voucher.ledger.acts import KeyWasUsed
from voucher.ledger.models import Transfer
from voucher.models import Award, Carer, Fund

FILES = Path(pilot.__file__).resolve().parent.parent / "pilot_files"
BY = Who(label="load_pilot")

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """A copy of the pilot's files that a test may spoil."""
    return Path(shutil.copytree(FILES, tmp_path / "files"))


@pytest.fixture
def small(folder):
    """Three providers with their offers, and three awards: enough to spoil, quick to load."""
    keep(folder, "providers.csv", lambda row: row["ref"] in {"P001", "P002", "P003"})
    keep(folder, "offers.csv", lambda row: row["provider"] in {"P001", "P002", "P003"})
    keep(folder, "awards.csv", lambda row: row["ref"] in {"A0002", "A0003", "A0004"})
    return folder


@pytest.fixture
def load(now, today):
    return lambda folder, **options: pilot.load(folder, by=BY, now=now, on=today, **options)


def keep(folder, name, wanted):
    rewrite(folder, name, lambda rows: [row for row in rows if wanted(row)])


def rewrite(folder, name, change):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = change(list(reader))
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def spoil(folder, name, column, value, row=0):
    def change(rows):
        rows[row][column] = value
        return rows

    rewrite(folder, name, change)


def said(report):
    return [str(fault) for fault in report.faults]


def nothing_written():
    return not any(model.objects.exists() for model in (Provider, Offer, Award, Carer, Fund, Transfer, HistoryEntry))


def test_for_a_demonstration_the_days_of_the_files_are_moved_to_it(small, now):
    later = dt.timedelta(weeks=60)

    report = pilot.load(small, by=BY, now=now + later, on=timezone.localdate(now + later), later=later)

    assert report.written and not any("insurance has ended" in note for note in report.notes)
    assert Provider.objects.get(ref="P001").insurance_until == dt.date(2026, 12, 20) + later
    assert Award.objects.get(ref="A0003").account.first_day == dt.date(2026, 10, 1) + later


def test_the_pilots_own_files_load_whole(load):
    report = load(FILES)

    assert report.faults == []
    assert report.written
    counts = [model.objects.count() for model in (Provider, Offer, Award, PostcodeDistrict, Activity)]
    assert counts == [64, 147, 160, 32, 8]
    assert OfferPrice.objects.count() == 147
    # Eight services of councils are recharged inside the council; all others have an account that was checked.
    assert BankAccount.objects.filter(state="checked").count() == 56
    assert set(Provider.objects.filter(bank_accounts=None).values_list("legal_form", flat=True)) == {"council in-house"}
    assert {council.slug for council in Council.objects.exclude(scheme=None)} == {
        "caerphilly",
        "denbighshire",
        "flintshire",
        "wrexham",
    }
    assert audit.differences() == []


def test_each_council_gets_a_fund_in_its_own_unit_with_room(load):
    load(FILES)

    units = {(fund.council.slug, fund.account.unit) for fund in Fund.objects.select_related("council", "account")}
    assert units == {
        ("caerphilly", "pence"),
        ("wrexham", "pence"),
        ("flintshire", "pence"),
        ("denbighshire", "minutes"),
    }
    caerphilly = Fund.objects.get(council__slug="caerphilly").account
    assert caerphilly.issued == 2_090_000
    assert caerphilly.allocated == 4_000_000
    assert Award.objects.get(ref="A0004").value == 960


def test_loading_twice_changes_nothing_and_says_so(load):
    load(FILES)
    written = HistoryEntry.objects.count(), Transfer.objects.count()

    again = load(FILES)

    assert not again.written
    assert {outcome for _file, outcome in again.counts} == {"same"}
    assert (HistoryEntry.objects.count(), Transfer.objects.count()) == written


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(load, small):
    report = load(small, dry_run=True)

    assert report.counts["awards.csv", "new"] == 3
    assert not report.written
    assert nothing_written()


@pytest.mark.parametrize(
    ("file", "column", "value", "words"),
    [
        ("providers.csv", "ref", "P 1", "a reference has letters, numbers and dashes"),
        ("providers.csv", "ref", "P003", "P003 stands on line 2 already"),
        ("providers.csv", "name", "", "this cell is empty"),
        ("providers.csv", "name", "x" * 121, "this is too long: 121 letters, and the most is 120"),
        ("providers.csv", "name", "Plas\nEnfys", "line break"),
        ("providers.csv", "name", "Plas\u2028Enfys", "line break"),
        ("providers.csv", "name", "\u202eEnfys", "another invisible sign"),
        ("providers.csv", "name", "\u200b", "another invisible sign"),
        ("providers.csv", "legal_form", "plc", "“plc” is not one of: charity"),
        ("providers.csv", "county", "Gwent", "“Gwent” is not a council of Wales"),
        ("providers.csv", "postcode", "CF8 18SDX", "is not a postcode"),
        ("providers.csv", "phone", "ring me", "is not a telephone number"),
        ("providers.csv", "email", "p001 at provider", "is not an e-mail address"),
        ("providers.csv", "speaks_welsh", "maybe", "“maybe” is not one of: yes, no"),
        ("providers.csv", "insurance_until", "31/12/2026", "write the date as year-month-day"),
        ("providers.csv", "insurance_until", "2026-02-30", "the day “2026-02-30” does not exist"),
        ("providers.csv", "vat_number", "GB12", "is not a VAT number"),
        ("providers.csv", "sort_code", "17-82-2", "a sort code has 6 digits"),
        ("providers.csv", "sort_code", "", "sort code and account number belong together"),
        ("providers.csv", "account_number", "1234567", "an account number has 8 digits"),
        ("offers.csv", "provider", "P999", "there is no provider P999 in providers.csv"),
        ("offers.csv", "category", "skydiving", "“skydiving” is not one of: sitting"),
        ("offers.csv", "price", "29.505", "write pounds and pence like 62.50"),
        ("offers.csv", "price", "-5", "write pounds and pence like 62.50"),
        ("offers.csv", "price", "£5", "write pounds and pence like 62.50"),
        ("offers.csv", "price", "999999", "is too much to be right"),
        ("offers.csv", "unit", "fortnight", "“fortnight” is not one of: session"),
        ("offers.csv", "minutes", "0", "write a whole number from 1"),
        ("offers.csv", "places", "many", "write a whole number from 1 to 500"),
        ("offers.csv", "hours", "Mon-Fri 17:00-09:00", "it closes before it opens"),
        ("offers.csv", "access", "step-free; lift", "“lift” is not one of: step-free"),
        ("awards.csv", "unit", "EUR", "“EUR” is not one of: gbp, hours"),
        ("awards.csv", "value", "0", "an award must be of more than nothing"),
        ("awards.csv", "value", "4OO", "write pounds and pence like 62.50"),
        ("awards.csv", "language", "fr", "“fr” is not one of: en, cy"),
        ("awards.csv", "print_size", "huge", "is not one of: standard, large print"),
        ("awards.csv", "first_day", "2026-01-01", "the award begins before the assessment"),
        ("awards.csv", "first_day", "1926-09-01", "the year 1926 cannot be right"),
        ("awards.csv", "county", "Powis", "“Powis” is not a council of Wales"),
        ("awards.csv", "assessment_ref", "CNA-78374", "the assessment CNA-78374 has an award on line 2 already"),
    ],
)
def test_each_fault_is_said_by_file_line_and_column_and_stops_everything(load, small, file, column, value, words):
    # The second row stands on line 3: the heading is line 1.
    spoil(small, file, column, value, row=0)
    rewrite(small, file, lambda rows: [rows[1], rows[0], *rows[2:]])
    if value in {"P003", "CNA-78374"}:
        rewrite(small, file, lambda rows: [rows[2], rows[1], rows[0]] if value == "P003" else rows)

    report = load(small)

    assert any(f"{file} line 3, column {column}: " in line and words in line for line in said(report)), said(report)
    assert nothing_written()


def test_all_faults_of_all_files_are_said_at_once(load, small):
    spoil(small, "providers.csv", "phone", "x")
    spoil(small, "providers.csv", "email", "x")
    spoil(small, "offers.csv", "price", "x", row=2)
    spoil(small, "awards.csv", "value", "x", row=1)

    places = [line.split(":")[0] for line in said(load(small))]

    assert places == [
        "providers.csv line 2, column phone",
        "providers.csv line 2, column email",
        "offers.csv line 4, column price",
        "awards.csv line 3, column value",
    ]


def test_a_faulty_provider_does_not_make_its_offers_faulty_too(load, small):
    spoil(small, "providers.csv", "ciw_number", "?")

    assert len(load(small).faults) == 1


def test_a_file_of_providers_that_cannot_be_read_does_not_make_every_offer_faulty(load, small):
    (small / "providers.csv").write_bytes(b"\0")

    assert said(load(small)) == ["providers.csv line 1: the file is not text."]


def test_care_that_must_be_registered_needs_a_provider_that_is(load, small):
    spoil(small, "providers.csv", "ciw_number", "")

    assert "care like this must be registered, and provider P001 has no ciw_number" in said(load(small))[0]


def test_a_provider_that_charges_vat_needs_its_vat_number(load, small):
    spoil(small, "providers.csv", "vat_treatment", "standard")

    assert said(load(small)) == [
        "providers.csv line 2, column vat_number: a provider that charges VAT needs its VAT number."
    ]


def test_an_award_of_hours_takes_quarters_of_an_hour(load, small):
    spoil(small, "awards.csv", "value", "2.75", row=2)
    load(small)

    assert Award.objects.get(ref="A0004").value == 165


def test_the_heading_is_checked_before_the_rows(load, small):
    text = (small / "offers.csv").read_text().replace(",price,", ",cost,", 1)
    (small / "offers.csv").write_text(text)

    assert said(load(small))[:2] == [
        "offers.csv line 1, column price: this column is missing.",
        "offers.csv line 1, column cost: this column is not known. Check how it is spelt, or take it out.",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "awards.csv: the file is empty."),
        (b"\n\n", "awards.csv: the file is empty."),
        (b"ref;first_name\nA1;Mair\n", "the columns are not divided by commas"),
        ("ref\nGŵyl\n".encode("latin-1", "replace") + b"\xff", "awards.csv line 3: the file is not saved as UTF-8"),
        (b"PK\x03\x04rest", "this is a spreadsheet, not a CSV file"),
        (b"ref\n\0\n", "awards.csv line 2: the file is not text"),
        (b'ref,name\n"A1,Mair\n', "a quotation mark is opened and not closed"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_plain_words(load, small, content, words):
    (small / "awards.csv").write_bytes(content)

    assert any(words in line for line in said(load(small))), said(load(small))
    assert nothing_written()


def test_a_row_with_a_cell_too_many_is_said_by_its_line_even_after_a_cell_over_two_lines(load, small):
    lines = (small / "awards.csv").read_text().splitlines()
    lines[1] = lines[1].replace("76 Stryd Fawr", '"76\nStryd Fawr"')
    lines[2] += ",more"
    (small / "awards.csv").write_text("\n".join(lines))

    places = [line.split(":")[0] for line in said(load(small))]

    assert places == ["awards.csv line 2, column address", "awards.csv line 4"]


def test_a_missing_file_is_said_and_the_two_extra_files_may_be_missing(load, small):
    (small / "postcode_districts.csv").unlink()
    (small / "community_activities.csv").unlink()
    assert load(small).faults == []

    (small / "offers.csv").unlink()

    assert said(load(small)) == ["offers.csv: there is no such file in that folder."]


def test_the_invisible_mark_that_spreadsheets_write_first_is_forgiven(load, small):
    for name in ("providers.csv", "offers.csv", "awards.csv"):
        (small / name).write_bytes(b"\xef\xbb\xbf" + (small / name).read_bytes().replace(b"\n", b"\r\n"))

    assert load(small).faults == []


def test_a_council_may_be_named_in_welsh(load, small):
    spoil(small, "providers.csv", "county", "Caerffili")

    assert load(small).faults == []
    assert Provider.objects.get(ref="P001").council.slug == "caerphilly"


def test_a_file_too_large_is_not_read(load, small, monkeypatch):
    monkeypatch.setattr("voucher.pilot.files.LARGEST_BYTES", 100)

    assert "offers.csv: the file is larger than 20 MB. Load it in parts." in said(load(small))


def test_the_money_and_days_of_an_issued_award_are_not_changed_by_a_file(load, small):
    load(small)
    moved = Transfer.objects.count()
    for column, value in (("value", "500.00"), ("first_day", "2026-08-01")):
        shutil.copy(FILES / "awards.csv", small)
        keep(small, "awards.csv", lambda row: row["ref"] in {"A0002", "A0003", "A0004"})
        spoil(small, "awards.csv", column, value)

        [fault] = said(load(small))

        assert fault == (
            f"awards.csv line 2, column {column}: award A0002 was issued with another value here; "
            "an issued award is not changed by a file."
        )
    assert Transfer.objects.count() == moved


def test_a_changed_offer_is_told_and_its_price_follows_the_old_one(load, small, today):
    load(small)
    spoil(small, "offers.csv", "title_en", "Evening company")
    spoil(small, "offers.csv", "price", "31.00")

    report = load(small)

    assert report.changes == [
        "offers.csv line 2: title_en of P001-1 changes.",
        "offers.csv line 2: the price of P001-1 changes from 2026-10-13 on.",
    ]
    assert report.counts["offers.csv", "changed"] == 1
    prices = OfferPrice.objects.filter(offer__ref="P001-1").values_list("price_pence", flat=True)
    assert list(prices) == [2950, 3100]
    assert not load(small).written


def test_a_changed_bank_account_waits_for_a_second_persons_check(load, small):
    load(small)
    spoil(small, "providers.csv", "account_number", "11112222")

    report = load(small)

    assert "the new bank account of P001 waits for a second check" in report.changes[0]
    states = BankAccount.objects.filter(provider__ref="P001").values_list("account_number", "state")
    assert set(states) == {("39962626", "checked"), ("11112222", "waiting")}


def test_a_changed_carer_keeps_the_award(load, small):
    load(small)
    spoil(small, "awards.csv", "address", "1 Stryd Newydd")

    load(small)

    assert Award.objects.get(ref="A0002").carer.address == "1 Stryd Newydd"
    assert Carer.objects.count() == 3


def test_a_fund_without_room_refuses_the_whole_file(load, small):
    load(small)
    fund = Fund.objects.get(council__slug="caerphilly")
    type(fund.account).objects.filter(pk=fund.account_id).update(allocated=fund.account.issued)
    shutil.copy(FILES / "awards.csv", small)
    keep(small, "awards.csv", lambda row: row["ref"] in {"A0001", "A0002"})

    assert said(load(small)) == ["awards.csv: the fund of Caerphilly has £0 left and the new awards need £400."]


def test_a_carer_who_cannot_be_reached_as_wished_is_noted_and_written_to(load, folder):
    keep(folder, "awards.csv", lambda row: row["ref"] == "A0001")

    report = load(folder)

    assert str(report.notes[0]).startswith("awards.csv line 2, column contact_by: ")
    assert Carer.objects.get().contact_by == "post"


def test_the_command_loads_says_so_and_exits_without_fault(small, capsys):
    call_command("load_pilot", str(small))
    call_command("load_pilot", str(small))

    out = capsys.readouterr().out
    assert "awards.csv: 3 new, 0 changed, 0 as they were." in out
    assert out.index("All is loaded.") < out.index("Nothing to do: all of this is here already.")


def test_the_command_refuses_with_the_faults_and_their_number(small, capsys):
    spoil(small, "awards.csv", "value", "x")

    with pytest.raises(CommandError, match=r"Nothing was written. Faults found: 1\."):
        call_command("load_pilot", str(small))

    assert "awards.csv line 2, column value: " in capsys.readouterr().err


@pytest.mark.parametrize("meanwhile", [IntegrityError, OperationalError, RefTaken, lambda: KeyWasUsed("k")])
def test_the_command_says_in_a_sentence_that_somebody_else_loads(small, monkeypatch, meanwhile):
    def load(*args, **named):
        raise meanwhile()

    monkeypatch.setattr(pilot, "load", load)

    with pytest.raises(CommandError, match="Someone else changed the same things"):
        call_command("load_pilot", small)


def test_the_command_refuses_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("load_pilot", str(tmp_path / "nowhere"))


def test_the_whole_pilot_loads_well_within_its_twenty_seconds():
    before = time.process_time()  # and not by the wall: whoever else is busy on this machine is no fault of ours
    call_command("load_pilot", str(FILES))

    assert time.process_time() - before < 20


def test_a_column_for_adults_only_may_be_there_and_where_it_is_not_what_is_known_stays(small):
    pilot_file = small / "offers.csv"
    pilot.load(small, by=BY, now=timezone.now(), on=timezone.localdate())
    plain = pilot_file.read_text(encoding="utf-8")
    heading, first, *rest = plain.splitlines()
    pilot_file.write_text("\n".join([f"{heading},adults_only", f"{first},yes", *(f"{row}," for row in rest)]))
    pilot.load(small, by=BY, now=timezone.now(), on=timezone.localdate())
    pilot_file.write_text(plain, encoding="utf-8")
    pilot.load(small, by=BY, now=timezone.now(), on=timezone.localdate())

    assert list(Offer.objects.filter(adults_only=True).values_list("ref", flat=True)) == [first.split(",")[0]]


def with_columns(folder, **cells):
    """Give the first offer of the file these columns; the others leave them empty."""
    file = folder / "offers.csv"
    heading, first, *rest = file.read_text(encoding="utf-8").splitlines()
    empty = "," * len(cells)
    lines = [",".join([heading, *cells]), ",".join([first, *cells.values()]), *(f"{row}{empty}" for row in rest)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return first.split(",")[0]


def test_columns_for_other_rates_may_be_there_and_where_they_are_not_what_is_known_stays(small):
    plain = (small / "offers.csv").read_text(encoding="utf-8")
    on = timezone.localdate()
    ref = with_columns(small, price_weekend="34", price_bank_holiday="40.50", least_minutes="120")
    pilot.load(small, by=BY, now=timezone.now(), on=on)
    pilot.load(small, by=BY, now=timezone.now(), on=on)
    (small / "offers.csv").write_text(plain, encoding="utf-8")
    pilot.load(small, by=BY, now=timezone.now(), on=on)

    offer = Offer.objects.get(ref=ref)
    others = offer.prices.exclude(rate="standard").order_by("rate")
    assert list(others.values_list("rate", "price_pence")) == [("bank_holiday", 4050), ("weekend", 3400)]
    assert offer.least_minutes == 120
    assert not Offer.objects.exclude(ref=ref).exclude(prices__rate="standard").exists()


def test_another_rate_that_changes_holds_from_the_day_after(small):
    on = timezone.localdate()
    ref = with_columns(small, price_weekend="34")
    pilot.load(small, by=BY, now=timezone.now(), on=on)
    file = small / "offers.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",34\n", ",35\n"), encoding="utf-8")
    pilot.load(small, by=BY, now=timezone.now(), on=on)

    rows = Offer.objects.get(ref=ref).prices.filter(rate="weekend").values_list("price_pence", "first_day")
    assert list(rows) == [(3400, on), (3500, on + dt.timedelta(days=1))]


@pytest.mark.parametrize(
    ("unit", "cells", "words"),
    [
        ("hour", {"price_weekend": "£34"}, "write pounds and pence"),
        ("hour", {"price_evening": "-1"}, "write pounds and pence"),
        ("night", {"price_evening": "30"}, "an offer sold by the night has no such price"),
        ("course", {"price_weekend": "30"}, "an offer sold by the course has no such price"),
        ("hour", {"least_minutes": "100"}, "the shortest break is in half hours"),
        ("hour", {"least_minutes": "30"}, "not shorter than the 60 minutes"),
        ("session", {"least_minutes": "120"}, "only what is sold by the hour has a shortest break"),
    ],
)
def test_a_rate_or_a_shortest_break_that_cannot_be_is_refused_with_its_line(small, unit, cells, words):
    with_columns(small, **cells)
    file = small / "offers.csv"
    heading, first, *rest = file.read_text(encoding="utf-8").splitlines()
    first = first.replace(",hour,", f",{unit},", 1)
    file.write_text("\n".join([heading, first, *rest]), encoding="utf-8")

    report = pilot.load(small, by=BY, now=timezone.now(), on=timezone.localdate())

    assert any(fault.line == 2 and words in fault.words for fault in report.faults)
    assert not Offer.objects.exists()
