"""manage.py load_pilot DIR: providers, offers and awards from CSV files, all or nothing."""

import datetime as dt
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from accounts.history import Who
from voucher import pilot
from voucher.granting.awards import RefTaken
from voucher.ledger.acts import KeyWasUsed
from voucher.pilot.tables import TABLES

NINE = dt.time(9)


class Command(BaseCommand):
    help = "Checks every row of the files in a folder and loads them, all or nothing."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, metavar="DIR", help="holds providers.csv, offers.csv and awards.csv")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done and write nothing")
        parser.add_argument(
            "--as-on",
            type=dt.date.fromisoformat,
            metavar="DAY",
            help="load as if it were this day, such as 2026-04-01: prices begin and awards are issued on it",
        )
        parser.add_argument(
            "--later",
            type=int,
            default=0,
            metavar="DAYS",
            help="for a demonstration: take every day that stands in the files as so many days later",
        )

    def handle(self, *, folder, dry_run, as_on=None, later=0, **options):
        if not folder.is_dir():
            raise CommandError(_("There is no folder %(folder)s.") % {"folder": folder})
        now = timezone.make_aware(dt.datetime.combine(as_on, NINE)) if as_on else timezone.now()
        # Quiet where nobody watches: the bar is drawn only on a terminal.
        with tqdm(desc=_("Loading"), unit=_("rows"), disable=None) as bar:
            try:
                report = pilot.load(
                    folder,
                    by=Who(label="load_pilot"),
                    now=now,
                    on=timezone.localdate(now),
                    later=dt.timedelta(days=later),
                    dry_run=dry_run,
                    step=bar.update,
                )
            except (IntegrityError, OperationalError, RefTaken, KeyWasUsed) as error:
                raise CommandError(
                    _("Someone else changed the same things at the same time. Nothing was written; run it again.")
                ) from error
        self._say(report, dry_run)

    def _say(self, report, dry_run):
        if report.faults:
            for fault in report.faults:
                self.stderr.write(str(fault))
            raise CommandError(_("Nothing was written. Faults found: %(number)s.") % {"number": len(report.faults)})
        for note in report.notes:
            self.stdout.write(_("To know: %(note)s") % {"note": note})
        for change in report.changes:
            self.stdout.write(change)
        for file in TABLES:
            figures = {outcome: report.counts.get((file, outcome), 0) for outcome in ("new", "changed", "same")}
            if any(figures.values()):
                words = _("%(file)s: %(new)s new, %(changed)s changed, %(same)s as they were.")
                self.stdout.write(words % (figures | {"file": file}))
        if dry_run:
            self.stdout.write(_("Nothing was written: this was a dry run."))
        elif report.written:
            self.stdout.write(_("All is loaded."))
        else:
            self.stdout.write(_("Nothing to do: all of this is here already."))
