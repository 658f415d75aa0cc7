from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "voucher.ledger"
    label = "ledger"
