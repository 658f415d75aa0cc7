"""The five files of a first day: their columns, and how each cell is read."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from brochure.models import Offer
from providers.models import Provider
from voucher.models import Carer
from voucher.pilot import cells, files
from voucher.pilot.files import Fault


@dataclass(frozen=True)
class Column:
    """How a column is read; an optional one may be empty and is then stored as `empty`.

    Of one that may be absent the file need not have the column; then what is known already stays.
    """

    read: callable
    optional: bool = False
    empty: object = ""
    may_be_absent: bool = False


def needed(read):
    return Column(read)


def optional(read, empty=""):
    return Column(read, optional=True, empty=empty)


def may_be_absent(read, empty):
    return Column(read, optional=True, empty=empty, may_be_absent=True)


# Values that depend on another column (the unit of an award's value) are read as text here, and by checking.py.
TABLES = {
    "providers.csv": {
        "ref": needed(cells.reference),
        "name": needed(cells.text(120)),
        "legal_form": needed(cells.choice(*Provider.LegalForm.values)),
        "town": needed(cells.text(60)),
        "town_cy": needed(cells.text(60)),
        "county": needed(cells.text(80)),
        "postcode": needed(cells.postcode),
        "phone": needed(cells.phone),
        "email": needed(cells.email),
        "speaks_welsh": needed(cells.yes_or_no),
        "ciw_number": optional(cells.ciw_number),
        "insurance_until": optional(cells.day, empty=None),
        "vat_number": optional(cells.vat_number),
        "vat_treatment": needed(cells.choice(*Provider.Vat.values)),
        "sort_code": optional(cells.sort_code),
        "account_number": optional(cells.account_number),
    },
    "offers.csv": {
        "ref": needed(cells.reference),
        "provider": needed(cells.reference),
        "category": needed(cells.text(50)),
        "title_en": optional(cells.text(120)),
        "title_cy": optional(cells.text(120)),
        "description_en": optional(cells.text(2000)),
        "description_cy": optional(cells.text(2000)),
        "unit": needed(cells.choice(*Offer.Unit.values)),
        "price": needed(cells.pence),
        "minutes": needed(cells.whole(1, 14 * 1440)),
        "places": needed(cells.whole(1, 500)),
        "personal_care": needed(cells.yes_or_no),
        "accommodation": needed(cells.yes_or_no),
        "hours": needed(cells.opening_hours),
        "notice_hours": needed(cells.whole(0, 8760)),
        "access": optional(cells.access_features, empty=()),
        "adults_only": may_be_absent(cells.yes_or_no, empty=False),
        # What is asked in the evening, at weekends and on bank holidays; an empty cell leaves what is known.
        "price_evening": may_be_absent(cells.pence, empty=None),
        "price_weekend": may_be_absent(cells.pence, empty=None),
        "price_bank_holiday": may_be_absent(cells.pence, empty=None),
        "least_minutes": may_be_absent(cells.whole(0, 12 * 60), empty=0),
    },
    "awards.csv": {
        "ref": needed(cells.reference),
        "first_name": needed(cells.text(60)),
        "last_name": needed(cells.text(60)),
        "email": optional(cells.email),
        "phone": optional(cells.phone),
        "address": needed(cells.text(160)),
        "town": needed(cells.text(60)),
        "postcode": needed(cells.postcode),
        "language": optional(cells.choice("en", "cy")),
        "print_size": needed(cells.choice(*Carer.PrintSize.values)),
        "contact_by": needed(cells.choice(*Carer.ContactBy.values)),
        "county": needed(cells.text(80)),
        "assessment_ref": needed(cells.text(40)),
        "assessment_date": needed(cells.day),
        "unit": needed(cells.choice("gbp", "hours")),
        "value": needed(cells.text(20)),
        "first_day": needed(cells.day),
    },
    "postcode_districts.csv": {
        "district": needed(cells.district),
        "latitude": needed(cells.number(49, 61)),
        "longitude": needed(cells.number(-9, 2)),
    },
    "community_activities.csv": {
        "name": needed(cells.text(120)),
        "place": optional(cells.text(120)),
        "county": needed(cells.text(80)),
        "kind": needed(cells.text(40)),
        "facts": needed(cells.text(2000)),
        "source": needed(cells.text(200)),
    },
}
OPTIONAL_FILES = {"postcode_districts.csv", "community_activities.csv"}


@dataclass
class Row:
    """A row of a file: `values` of the cells that could be read, by column, and `raw` as they stand in the file."""

    file: str
    line: int
    values: dict
    raw: dict

    def __getitem__(self, column):
        return self.values[column]

    def has(self, *columns):
        return all(column in self.values for column in columns)

    def move_days(self, later):
        self.values |= {name: value + later for name, value in self.values.items() if isinstance(value, dt.date)}

    def fault(self, column, words):
        return Fault(self.file, self.line, column, words)


def read_all(folder, step):
    """Return ({file: [Row]}, faults) of every file in the folder; `step` is called once a row."""
    tables, faults = {}, []
    for name, columns in TABLES.items():
        path = folder / name
        tables[name] = []
        if name in OPTIONAL_FILES and not path.exists():
            continue
        absent = {column for column, how in columns.items() if how.may_be_absent}
        lines, wrong = files.read(path, columns, may_be_absent=absent)
        faults += wrong
        if not wrong and not lines:
            faults.append(Fault(name, 0, "", _("the file has a heading and no rows.")))
        for line in lines:
            row, wrong = _row(name, columns, line)
            faults += wrong
            tables[name].append(row)
            step()
    return tables, faults


def _row(name, columns, line):
    values, faults = {}, []
    for column, how in columns.items():
        if column not in line.cells:
            continue
        cell = line.cells[column]
        try:
            if cell:
                values[column] = how.read(cell)
            elif how.optional:
                values[column] = how.empty
            else:
                raise cells.Wrong(_("this cell is empty."))
        except cells.Wrong as wrong:
            faults.append(Fault(name, line.number, column, str(wrong)))
    return Row(name, line.number, values, line.cells), faults
