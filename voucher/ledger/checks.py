"""Refuses to start on a database that is set up so that money could be lost or oversold."""

from django.conf import settings
from django.core.checks import Error, register

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


@register
def database_keeps_the_books(app_configs=None, **kwargs):
    """SQLite takes its lock at the start of a transaction and checks keys; no page is one long transaction."""
    return faults(settings.DATABASES["default"])


def faults(database):
    """Return an Error for each thing in a database's settings that could lose or oversell money."""
    errors = []
    if database.get("ATOMIC_REQUESTS"):
        errors.append(
            Error(
                "ATOMIC_REQUESTS is on: every page would hold a transaction open, and with it a lock.",
                hint="Take it out; the verbs open their own transactions.",
                id="ledger.E001",
            )
        )
    if database["ENGINE"].endswith("sqlite3"):
        errors += _sqlite(database.get("OPTIONS", {}))
    return errors


def _sqlite(options):
    errors = []
    if options.get("transaction_mode") != "IMMEDIATE":
        errors.append(
            Error(
                "SQLite must begin its transactions IMMEDIATE: otherwise two writers fail half-way.",
                hint='Set OPTIONS["transaction_mode"] to "IMMEDIATE".',
                id="ledger.E002",
            )
        )
    said = options.get("init_command", "").replace(" ", "").lower()
    missing = [pragma for pragma in PRAGMAS if f"pragma{pragma}".lower() not in said]
    if missing:
        errors.append(
            Error(
                f"SQLite must be opened with PRAGMA {', '.join(missing)}.",
                hint='Set OPTIONS["init_command"].',
                id="ledger.E003",
            )
        )
    return errors
