"""Proves every balance from the transfers, checks the seals, and exits 1 if anything differs."""

import importlib
import importlib.util

from django.core.management.base import BaseCommand
from django.utils import timezone

from voucher.ledger import audit, seals


class Command(BaseCommand):
    help = "Recompute every balance from the transfers and check the seals; exit 1 if anything differs."

    def handle(self, *args, **options):
        found = [*audit.differences(timezone.now()), *seals.differences(), *_settlement_differences()]
        for sentence in found:
            self.stdout.write(sentence)
        waiting = seals.unsealed()
        if waiting:
            self.stdout.write(f"Not sealed yet: {waiting} (the next run of the jobs seals them).")
        transfers, awards = audit.counts()
        self.stdout.write(f"{transfers} transfers, {awards} awards, {len(found)} differences")
        if found:
            raise SystemExit(1)


def _settlement_differences():
    """Settlement knows the runs and their lines; the books do not."""
    if importlib.util.find_spec("voucher.settlement") is None:
        return []
    settlement = importlib.import_module("voucher.settlement")
    return getattr(settlement, "differences", list)()
