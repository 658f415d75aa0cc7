"""Proves every balance from the transfers, checks the seals, and exits 1 if anything differs."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from voucher.claiming import claims
from voucher.ledger import audit, seals
from voucher.settling import settlement_audit


class Command(BaseCommand):
    help = "Recompute every balance from the transfers and check the seals; exit 1 if anything differs."

    def handle(self, *args, **options):
        # The books know neither bookings nor runs: claims and settlement compare theirs with them.
        found = [*audit.differences(timezone.now()), *seals.differences()]
        found += [*claims.differences(), *settlement_audit.differences()]
        for sentence in found:
            self.stdout.write(sentence)
        waiting = seals.unsealed()
        if waiting:
            self.stdout.write(f"Not sealed yet: {waiting} (the next run of the jobs seals them).")
        transfers, awards = audit.counts()
        self.stdout.write(f"{transfers} transfers, {awards} awards, {len(found)} differences")
        if found:
            raise SystemExit(1)
