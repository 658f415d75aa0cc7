"""Does all that must happen by the clock, once or again and again; safe to run twice at once."""

import time

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from voucher import jobs


class Command(BaseCommand):
    help = (
        "Ends requests that were not answered and awards that are over, writes reminders, seals the ledger and "
        "sends waiting mail. Safe to run twice at once. Exits 1 if anything failed; it is tried again next time."
    )

    def add_arguments(self, parser):
        parser.add_argument("--every", type=int, metavar="SECONDS", help="do it again this often, until stopped")

    def handle(self, *, every, **options):
        if every is None:
            if self._once():
                raise CommandError("Some jobs failed; see the log. They are tried again next time.")
            return
        if every < 1:
            raise CommandError("--every takes a whole number of seconds, 1 or more.")
        try:
            while True:
                close_old_connections()
                self._forgiving_once()
                time.sleep(every)
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _forgiving_once(self):
        """Run every job; a database that is away for a moment is no reason to stop."""
        try:
            self._once(quiet=True)
        except DatabaseError as error:
            self.stderr.write(f"The database did not answer ({type(error).__name__}). Trying again.")

    def _once(self, quiet=False):
        """Run every job; print a line a kind (when quiet, only of those that did something); return how many failed."""
        failed = 0
        for outcome in jobs.run(timezone.now(), clock=timezone.now):
            failed += outcome.failed
            if not quiet or outcome.done or outcome.failed:
                rest = f", {outcome.failed} failed" if outcome.failed else ""
                self.stdout.write(f"{outcome.kind}: {outcome.done}{rest}")
        return failed
