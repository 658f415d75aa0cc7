"""The program refuses to start on a database that is set up so that money could be lost."""

import pytest

from voucher.ledger.checks import database_keeps_the_books, faults

SOUND = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    },
}


def test_our_own_settings_are_sound():
    assert database_keeps_the_books() == []


def test_postgresql_needs_none_of_it():
    assert faults({"ENGINE": "django.db.backends.postgresql"}) == []


@pytest.mark.parametrize(
    ("change", "id_"),
    [
        ({"ATOMIC_REQUESTS": True}, "ledger.E001"),
        ({"OPTIONS": SOUND["OPTIONS"] | {"transaction_mode": "DEFERRED"}}, "ledger.E002"),
        ({"OPTIONS": SOUND["OPTIONS"] | {"init_command": "PRAGMA journal_mode=WAL;"}}, "ledger.E003"),
    ],
)
def test_a_set_up_that_could_lose_money_is_refused(change, id_):
    assert faults(SOUND) == []
    assert [error.id for error in faults(SOUND | change)] == [id_]
