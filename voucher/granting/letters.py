"""Voucher letters: which are waiting, and printing them so that no code is ever dead and unprinted.

Codes are made first and only in memory, the letters are set as PDF with them, and when the whole file stands the
codes are written in one transaction. Whatever fails before that leaves every old code as it was.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from accounts.paper import CannotPrint, Paper
from voucher import codes
from voucher.granting import awards
from voucher.granting.awards import PrintedMeanwhile
from voucher.ledger.models import AwardAccount
from voucher.models import Award
from voucher.paper import printing

__all__ = ["Batch", "CannotPrint", "PrintedMeanwhile", "expected_pages", "keep", "prepare", "waiting"]


@dataclass(frozen=True)
class Batch:
    """Letters that are set and not yet valid: their codes are in `paper` in clear and nowhere else."""

    codes_by_award: dict
    paper: Paper
    first_print: bool


def waiting(*, on, council=None):
    """Return the awards whose letter was never printed and that can still be used on that day, in postal order."""
    mine = Q(council=council) if council else Q()
    return (
        Award.objects.filter(mine, printed_at=None, account__last_day__gte=on)
        .exclude(account__state=AwardAccount.State.ENDED)
        .select_related("account", "carer", "council__scheme")
        .order_by("carer__postcode", "carer__last_name", "carer__first_name", "pk")
    )


def prepare(*, chosen, on, large_print=False, first_print=True, step=None) -> Batch:
    """Set letters with fresh codes for these awards; nothing is written yet. Takes seconds: no transaction around it.

    Each carer's own print size is kept; `large_print` prints all in large print. `step` is called once a page.
    Raises CannotPrint.
    """
    fresh = {award: codes.generate() for award in chosen}
    letters = [
        printing.Letter(award, code, large=printing.is_large(award.carer, all_large=large_print))
        for award, code in fresh.items()
    ]
    return Batch(fresh, printing.voucher_letters(letters, on=on, step=step), first_print)


def expected_pages(chosen, *, large_print=False):
    """Return how many pages these letters will have, for a progress bar."""
    return sum(printing.PAGES[printing.is_large(award.carer, all_large=large_print)] for award in chosen)


def keep(*, batch, by, now, store=lambda: None):
    """Make a batch's codes valid and end the ones they replace, all at once.

    `store` puts the finished file where it is kept; it is the last thing before the commit, so where it fails no
    code has changed. Raises PrintedMeanwhile when someone else has printed one of them for the first time.
    """
    with transaction.atomic():
        awards.put_codes(
            codes_by_award=batch.codes_by_award, by=by, now=now, printed=True, first_print=batch.first_print
        )
        store()
