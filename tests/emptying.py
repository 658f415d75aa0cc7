"""Lets a test that commits be cleaned up after: the one place where append-only tables are emptied."""

from contextlib import contextmanager

from django.db import connection

from accounts import immutable

PROTECTED = {
    "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name = tbl_name || '_no_update'",
    "postgresql": """
        SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE t.tgname = c.relname || '_no_update'""",
}

# Of a version of an offer only the content stays as it was written.
VERSIONS = "brochure_offerversion"
KEPT = ["offer_id", "number", "content", "made_by_id", "made_at"], "OLD.state IN ('current', 'replaced')"


def protected_tables():
    """Return the names of the tables that refuse changes, as the database itself tells them."""
    with connection.cursor() as cursor:
        cursor.execute(PROTECTED[connection.vendor])
        return sorted(table for (table,) in cursor.fetchall())


@contextmanager
def append_only_lifted():
    """Take the refusal away for as long as the block lasts."""
    tables = protected_tables()
    for table in tables:
        immutable.remove(connection, table)
    immutable.let_go(connection, VERSIONS)
    try:
        yield
    finally:
        immutable.keep(connection, VERSIONS, *KEPT)
        for table in tables:
            immutable.install(connection, table)
