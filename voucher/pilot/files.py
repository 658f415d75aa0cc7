"""Reads a CSV file as people save it from a spreadsheet, and says in plain words what cannot be read."""

import csv
import io
from dataclasses import dataclass

from django.utils.translation import gettext as _

LARGEST_BYTES = 20_000_000
MOST_ROWS = 50_000
LONGEST_CELL = 2_000

csv.field_size_limit(LARGEST_BYTES)


@dataclass(frozen=True)
class Fault:
    """Something in a file that stops it from being loaded; line 1 is the heading, line 0 the file as a whole."""

    file: str
    line: int
    column: str
    words: str

    def __str__(self):
        place = {"file": self.file, "line": self.line, "column": self.column, "fault": self.words}
        if not self.line:
            return _("%(file)s: %(fault)s") % place
        if not self.column:
            return _("%(file)s line %(line)s: %(fault)s") % place
        return _("%(file)s line %(line)s, column %(column)s: %(fault)s") % place


@dataclass(frozen=True)
class Line:
    """One row of a file: its line number, and its cells by column, without spaces around them."""

    number: int
    cells: dict[str, str]


def read(path, columns, may_be_absent=()):
    """Return (lines, faults) of a CSV file that should have exactly these columns, in any order, but for some."""
    text, faults = _text(path)
    if faults:
        return [], faults
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, started = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((started, [cell.strip() for cell in row]))
            started = reader.line_num + 1
    except csv.Error:
        return [], [
            Fault(path.name, started, "", _("a quotation mark is opened and not closed, or stands inside a cell."))
        ]
    if not rows:
        return [], [Fault(path.name, 0, "", _("the file is empty."))]
    if len(rows) - 1 > MOST_ROWS:
        return [], [Fault(path.name, 0, "", _("the file has more than 50,000 rows. Load it in parts."))]
    (heading_line, heading), *body = rows
    heading = [name.lower() for name in heading]
    if faults := _heading_faults(path.name, heading_line, heading, columns, may_be_absent):
        return [], faults
    lines = []
    for number, row in body:
        if len(row) != len(heading):
            sizes = {"found": len(row), "wanted": len(heading)}
            words = _("the row has %(found)s cells and the heading has %(wanted)s. Is a comma outside quotation marks?")
            faults.append(Fault(path.name, number, "", words % sizes))
        else:
            lines.append(Line(number, dict(zip(heading, row, strict=True))))
    return lines, faults


def _text(path):
    def fault(words, line=0):
        return "", [Fault(path.name, line, "", words)]

    try:
        if path.stat().st_size > LARGEST_BYTES:
            return fault(_("the file is larger than 20 MB. Load it in parts."))
        content = path.read_bytes()
    except FileNotFoundError:
        return fault(_("there is no such file in that folder."))
    except OSError:
        return fault(_("the file cannot be opened."))
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return fault(_("this is a spreadsheet, not a CSV file. Save it as “CSV UTF-8”."))
    try:
        # "-sig": spreadsheets put an invisible mark before the first column.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return fault(_("the file is not saved as UTF-8. Save it again as “CSV UTF-8”, so that ŵ and ŷ are kept."), line)
    if "\0" in text:
        return fault(_("the file is not text."), text.count("\n", 0, text.index("\0")) + 1)
    return text, []


def _heading_faults(name, line, heading, columns, may_be_absent):
    faults = []
    if len(heading) == 1 and any(mark in heading[0] for mark in ";\t"):
        words = _("the columns are not divided by commas. Save the file again as “CSV UTF-8”.")
        return [Fault(name, line, "", words)]
    for column in columns:
        if column not in heading and column not in may_be_absent:
            faults.append(Fault(name, line, column, _("this column is missing.")))
        elif heading.count(column) > 1:
            faults.append(Fault(name, line, column, _("this column stands there more than once.")))
    for column in heading:
        if column not in columns:
            shown = column or "?"
            faults.append(
                Fault(name, line, shown, _("this column is not known. Check how it is spelt, or take it out."))
            )
    return faults
