"""Tables as files: CSV and Excel workbooks in which no text can act as a formula.

A table is a list of columns and a list of rows; money in rows is whole pence, days are dates.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

# A spreadsheet reads a cell that begins with one of these as a formula or as the next cell.
# The last four are the same signs in full width, which some spreadsheets read alike.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
# Excel stops reading text at this length, and a workbook may not hold these characters at all.
TEXT_MOST = 32_767
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
HEADER_FILL = PatternFill("solid", fgColor="5A2350")
HEADER_FONT = Font(bold=True, color="FFFFFF")


@dataclass(frozen=True)
class Pence:
    """An amount in whole pence, written as pounds with two decimals."""

    pence: int

    def __str__(self):
        sign = "-" if self.pence < 0 else ""
        return f"{sign}{abs(self.pence) // 100}.{abs(self.pence) % 100:02}"


@dataclass(frozen=True)
class Sheet:
    """One table of a workbook: its tab, its columns, its rows, and whether the last row is a total."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence]
    total: bool = False


def to_csv(columns: Iterable[str], rows: Iterable[Sequence]) -> bytes:
    """Return the table as CSV in UTF-8 with a byte order mark, so that Excel shows ŵ and ŷ.

    Days are ISO dates and money is pounds with two decimals. Text that a spreadsheet would run
    as a formula gets an apostrophe in front.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_text(name) for name in columns])
    writer.writerows([_csv_cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(sheets: Iterable[Sheet], *, title: str, language: str, made_at: dt.datetime) -> bytes:
    """Return a workbook with one tab a sheet: header row frozen, money as numbers, text never a formula."""
    book = Workbook()
    book.remove(book.active)
    book.properties.title = title
    book.properties.creator = "Bridging the Gap"
    book.properties.language = language
    book.properties.created = book.properties.modified = made_at.astimezone(dt.UTC).replace(tzinfo=None)
    for sheet in sheets:
        _write_sheet(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def safe_text(text: str) -> str:
    """Return text that no spreadsheet runs: one apostrophe in front where it would begin a formula."""
    text = UNPRINTABLE.sub(" ", str(text))
    if text.lstrip(" ").startswith(DANGEROUS) and not PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _csv_cell(value):
    match value:
        case None:
            return ""
        case bool():
            raise TypeError("A table holds words, days and figures; write yes and no as words.")
        case int() | Pence():
            return str(value)
        case dt.datetime():
            return timezone.localtime(value).isoformat(timespec="minutes")
        case dt.date():
            return value.isoformat()
    return safe_text(value)


def _write_sheet(book, sheet):
    page = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", sheet.name)[:31])
    page.freeze_panes = "A2"
    for column, name in enumerate(sheet.columns, start=1):
        widest = max(len(str(row[column - 1] or "")) for row in [sheet.columns, *sheet.rows])
        page.column_dimensions[get_column_letter(column)].width = min(max(widest + 2, 10), 48)
        cell = page.cell(1, column)
        _set_text(cell, name)
        cell.font, cell.fill = HEADER_FONT, HEADER_FILL
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for number, row in enumerate(sheet.rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = page.cell(number, column)
            _set_value(cell, value)
            if sheet.total and number == len(sheet.rows) + 1:
                cell.font = Font(bold=True)


def _set_value(cell, value):
    match value:
        case None:
            return
        case bool():
            raise TypeError("A table holds words, days and figures; write yes and no as words.")
        case Pence():
            # A workbook's numbers are exact to fifteen figures, far more than pence need.
            cell.value, cell.number_format = value.pence / 100, '"£"#,##0.00'
        case int():
            cell.value, cell.number_format = value, "#,##0"
        case dt.datetime():
            # Workbooks know no time zones: the hour is the one on the clock in Cardiff.
            cell.value, cell.number_format = timezone.localtime(value).replace(tzinfo=None), "yyyy-mm-dd hh:mm"
        case dt.date():
            cell.value, cell.number_format = value, "yyyy-mm-dd"
        case _:
            _set_text(cell, value)


def _set_text(cell, value):
    # The type is set to text after the value, so that "=1+1" stays four characters that nobody runs;
    # the apostrophe of safe_text stays too, for the day the sheet is saved as CSV.
    cell.value = safe_text(value)[:TEXT_MOST]
    cell.data_type = "s"
