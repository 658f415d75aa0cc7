"""Tables as files: readable by Excel, and never run by it."""

import csv
import datetime as dt
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from voucher.settling import exports
from voucher.settling.exports import Pence, Sheet

MADE_AT = dt.datetime(2026, 10, 12, 9, 30, tzinfo=dt.UTC)


def read_csv(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_book(*sheets):
    content = exports.to_xlsx(sheets, title="Test", language="cy", made_at=MADE_AT)
    return load_workbook(io.BytesIO(content))


def test_a_csv_shows_welsh_letters_iso_days_and_pounds():
    content = exports.to_csv(["Darparwr", "Day", "Pounds", "Number"], [["Tŷ Gŵyl", MADE_AT.date(), Pence(6250), 3]])

    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    assert read_csv(content) == [["Darparwr", "Day", "Pounds", "Number"], ["Tŷ Gŵyl", "2026-10-12", "62.50", "3"]]


@pytest.mark.parametrize(("pence", "pounds"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12345, "-123.45")])
def test_pence_become_pounds_with_two_decimals(pence, pounds):
    assert str(Pence(pence)) == pounds


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx", " =1", "＝1", "=cmd|'/C calc'!A0"])
def test_text_that_would_be_a_formula_is_made_harmless(text):
    [[cell]] = read_csv(exports.to_csv([text], []))

    assert cell.startswith("'")


@pytest.mark.parametrize("text", ["-12.50", "+3", "Bryn Café", "'n Ôl", "a=b"])
def test_harmless_text_stays_as_it_is(text):
    assert exports.safe_text(text) == text


@given(st.lists(st.lists(st.text(max_size=20), min_size=3, max_size=3), max_size=5))
def test_no_cell_of_a_csv_is_ever_a_formula(rows):
    for row in read_csv(exports.to_csv(["a", "b", "c"], rows)):
        assert len(row) == 3
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or re.fullmatch(r"[+-]?\d+(\.\d+)?", cell)


def test_a_workbook_holds_numbers_as_numbers_and_freezes_its_header():
    page = read_book(
        Sheet("Llinellau", ["Name", "Pounds", "Count", "Day"], [["=1+1", Pence(6250), 3, MADE_AT.date()]])
    )["Llinellau"]

    name, pounds, count, day = page[2]
    assert (name.value, name.data_type) == ("'=1+1", "s")
    assert (pounds.value, pounds.number_format) == (62.5, '"£"#,##0.00')
    assert count.value == 3
    assert day.value.date() == MADE_AT.date()
    assert page.freeze_panes == "A2"


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_a_workbook_takes_any_text_and_runs_none(texts):
    page = read_book(Sheet("T", ["Text"], [[text] for text in texts]))["T"]

    assert page.max_row == len(texts) + 1
    assert all(row[0].data_type != "f" for row in page.iter_rows())


def test_a_total_stands_out():
    page = read_book(Sheet("T", ["Text", "Pounds"], [["one", Pence(1)], ["all", Pence(1)]], total=True))["T"]

    assert [page.cell(row, 2).font.bold for row in (2, 3)] == [False, True]


def test_a_table_refuses_yes_and_no_that_are_not_words():
    with pytest.raises(TypeError, match="words"):
        exports.to_csv(["a"], [[True]])
    with pytest.raises(TypeError, match="words"):
        read_book(Sheet("T", ["a"], [[False]]))
