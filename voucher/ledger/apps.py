"""The books as a Django application of their own."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "voucher.ledger"
    label = "ledger"

    def ready(self):
        from voucher.ledger import checks  # noqa: F401  registers itself
