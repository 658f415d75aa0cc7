"""Loads the files that a carers team has on the first day: every row is checked before anything is written."""

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction

from voucher.pilot import checking, tables
from voucher.pilot.loading import Loader, NoRoom


@dataclass
class Report:
    """What a loading found and did: `counts` is {(file, "new", "changed" or "same"): rows}."""

    faults: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    changes: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    written: bool = False

    @property
    def would_write(self):
        return any(outcome != "same" and number for (_file, outcome), number in self.counts.items())


class _OnlyLooking(Exception):
    """Undoes a dry run."""


def load(folder, *, by, now, on, later=dt.timedelta(0), dry_run=False, step=lambda: None) -> Report:
    """Check every file in the folder, then write what is new or changed, all or nothing; return the Report.

    A dry run does all the same work and undoes it. `step` is called once for each row read and once for each
    row written. Loading the same files again writes nothing. Every day in the files counts as so much `later`.
    """
    rows, faults = tables.read_all(folder, step)
    for row in (row for of_file in rows.values() for row in of_file):
        row.move_days(later)
    more, notes = checking.check(rows, on=on)
    # Read as the files are read: from the first line of the first file on.
    in_order = sorted(faults + more, key=lambda fault: (list(rows).index(fault.file), fault.line))
    report = Report(faults=in_order, notes=notes)
    if not report.faults:
        report.faults = checking.check_providers_stay(rows["providers.csv"], rows["offers.csv"])
        report.faults += checking.check_against_books(rows["awards.csv"])
    if report.faults:
        return report
    loader = Loader(by=by, now=now, on=on, step=step)
    try:
        with transaction.atomic():
            loader.load(rows)
            if dry_run:
                raise _OnlyLooking
    except _OnlyLooking:
        pass
    except NoRoom as refused:
        report.faults = [refused]
        return report
    report.counts, report.changes = dict(loader.counts), loader.changes
    report.written = report.would_write and not dry_run
    return report
