"""manage.py print_vouchers --out FILE [--large-print] [--limit N]: letters with fresh codes, in one PDF."""

import os
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from accounts.history import Who
from voucher.granting import letters


class Command(BaseCommand):
    help = "Prints the letters of all awards whose letter was never printed, each with a fresh code."

    def add_arguments(self, parser):
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the PDF to write")
        parser.add_argument("--large-print", action="store_true", help="print every letter in large print")
        parser.add_argument("--limit", type=int, metavar="N", help="print at most N letters")

    def handle(self, *, out, large_print, limit, **options):
        if limit is not None and limit < 1:
            raise CommandError(_("--limit must be 1 or more."))
        if out.is_dir() or not out.resolve().parent.is_dir():
            raise CommandError(_("%(file)s cannot be written there.") % {"file": out})
        now = timezone.now()
        on = timezone.localdate(now)
        chosen = list(letters.waiting(on=on)[:limit])
        pages = self._print(chosen, out, large_print, on, now) if chosen else 0
        # Always in this form and in no other language, also for one letter, because scripts read it.
        self.stdout.write(f"{len(chosen)} letters, {pages} pages")

    def _print(self, chosen, out, large_print, on, now):
        try:
            pages = letters.expected_pages(chosen, large_print=large_print)
            # Quiet where nobody watches: the bar is drawn only on a terminal.
            with tqdm(desc=_("Letters"), unit=_("pages"), total=pages, disable=None) as bar:
                batch = letters.prepare(chosen=chosen, on=on, large_print=large_print, step=bar.update)
            aside = _write_beside(out, batch.paper.content)
        except letters.CannotPrint as missing:
            raise CommandError(str(missing)) from missing
        except OSError as error:
            raise CommandError(_("%(file)s cannot be written there.") % {"file": out}) from error
        try:
            letters.keep(
                batch=batch, by=Who(label="print_vouchers"), now=now, store=lambda: self._store(aside, out, now)
            )
        except letters.PrintedMeanwhile as error:
            raise CommandError(_("Someone else is printing the same letters. Nothing was changed.")) from error
        finally:
            aside.unlink(missing_ok=True)
        return batch.paper.pages

    def _store(self, aside, out, now):
        if out.exists():
            # An earlier file may hold codes that were never printed: it is kept.
            earlier = out.with_name(f"{out.stem}.before-{now:%Y%m%d-%H%M%S}{out.suffix}")
            os.replace(out, earlier)
            self.stdout.write(_("The file that was there is now %(file)s.") % {"file": earlier})
        os.replace(aside, out)


def _write_beside(out, content):
    """Write the finished file next to its place, readable by its owner only, and safe on the disk."""
    handle, name = tempfile.mkstemp(dir=out.resolve().parent, prefix=f".{out.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
