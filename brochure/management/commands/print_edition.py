"""Writes the PDF of a printed edition of the brochure; "new" makes the next edition first."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils import timezone

from accounts.history import CLOCK
from accounts.models import Language
from accounts.paper import CannotPrint
from brochure import editions
from brochure.models import Edition


class Command(BaseCommand):
    help = "Write an edition of the brochure as PDF; without a number the newest, with “new” the next."

    def add_arguments(self, parser):
        parser.add_argument("number", nargs="?", help="an edition's number, or “new” to make the next edition now")
        parser.add_argument("--language", required=True, choices=Language.values)
        parser.add_argument("--out", required=True, help="the file to write")
        parser.add_argument("--large-print", action="store_true")

    def handle(self, *, number, language, out, large_print, **options):
        out = Path(out)
        if not out.parent.is_dir():
            raise CommandError(f"There is no folder {out.parent} to write in.")
        try:
            edition = self._edition(number)
            made = editions.pdf(edition, language, large_print=large_print)
        except editions.NothingToPrint as error:
            raise CommandError("No offer is live, so there is nothing to print.") from error
        except CannotPrint as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError(
                "Somebody else made an edition at the same moment. Nothing was made; try again."
            ) from error
        try:
            out.write_bytes(made.content)
        except OSError as error:
            raise CommandError(f"{out} cannot be written.") from error
        self.stdout.write(f"{edition.offers.count()} offers, {made.pages} pages")

    def _edition(self, number):
        newest = editions.newest()
        if number == "new" or (number is None and newest is None):
            edition = editions.freeze(by=CLOCK, now=timezone.now())
            self.stderr.write(f"Edition {edition.number} is made; its prices hold until {edition.prices_until}.")
            return edition
        if number is None:
            return newest
        is_number = number.isdecimal() and len(number) < 10
        edition = Edition.objects.filter(number=number).first() if is_number else None
        if edition is None:
            raise CommandError(f"There is no edition {number}. Write a number that exists, or “new”.")
        return edition
