"""Makes a local copy ready to try: tables, the pilot's files, people to sign in as, a first brochure edition."""

import datetime as dt

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from accounts.history import Who
from accounts.models import Language
from accounts.paper import CannotPrint
from brochure import editions
from voucher import jobs
from voucher.demo import stories
from voucher.models import Award

PILOT_FILES = settings.BASE_DIR / "voucher" / "pilot_files"
# The day on which the pilot's files were as they should be: some awards begun, papers in order.
PILOT_DAY = dt.date(2026, 10, 12)


class Command(BaseCommand):
    help = "Prepare a local copy: tables, pilot files, people to sign in as."

    def handle(self, *args, **options):
        if settings.PRODUCTION:
            raise CommandError("prepare is for a local copy. In production run migrate, and load your own files.")
        call_command("migrate", verbosity=0)
        # Empty in a local copy, but without it the first start would begin with a warning.
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        if not Award.objects.exists():
            # A break of last week is shown too, so prices and awards have to have begun before it.
            today = timezone.localdate()
            # In whole weeks, so that a copy is as lively in any year and a Monday stays one.
            later = (today - PILOT_DAY).days // 7 * 7
            begun = today - stories.LOADED_BEFORE
            call_command("load_pilot", str(PILOT_FILES), as_on=begun, later=later, stdout=self.stdout)
            # Some that had begun then have ended since; the clock would find them a minute later.
            jobs.end_awards(timezone.now())
        call_command("make_demo_people", stdout=self.stdout)
        self._make_first_edition()
        self.stdout.write(f"\nBridging the Gap is at {settings.SITE_URL} (stop it with Ctrl+C).")

    def _make_first_edition(self):
        """Leave an edition with its English and Welsh PDF; the clock makes those in large print."""
        edition = editions.newest()
        if edition is None:
            try:
                edition = editions.freeze(by=Who(label="make_demo_people"), now=timezone.now())
            except editions.NothingToPrint:
                return
        missing = [language for language, large_print in editions.missing_files(edition) if not large_print]
        if missing:
            self.stdout.write("The first brochure is being printed: about half a minute, only this once.")
        try:
            for language in missing:
                self._make_file(edition, language)
        except CannotPrint as error:
            self.stdout.write(f"\nThe brochure is not made as PDF: {error}")

    def _make_file(self, edition, language):
        title = f"Brochure, edition {edition.number}, {Language(language).label}"
        with tqdm(desc=title, unit=" pages", disable=None) as bar:
            made = editions.pdf(edition, language, step=bar.update)
        self.stdout.write(f"{title}: {made.pages} pages")
