"""Cleans up after a test that commits: the one place where append-only tables are emptied.

Django would truncate every table and write its content types and permissions anew: half a second a test.
"""

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

# Written with the tables, and changed by no test.
WRITTEN_ONCE = {"django_migrations", "django_content_type", "auth_permission"}


def empty():
    """Delete every row of every table that has any, though they refuse it."""
    tables = _with_rows()
    with append_only_lifted(tables), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@contextmanager
def append_only_lifted(tables=None):
    """Take the refusal away from these tables, or from all, for as long as the block lasts; foreign keys as well."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = DEFAULT")
        return
    protected = [table for table in protected_tables() if tables is None or table in tables]
    keeps = tables is None or VERSIONS in tables
    with connection.constraint_checks_disabled():
        for table in protected:
            immutable.remove(connection, table)
        if keeps:
            immutable.let_go(connection, VERSIONS)
        try:
            yield
        finally:
            if keeps:
                immutable.keep(connection, VERSIONS, *KEPT)
            for table in protected:
                immutable.install(connection, table)


def _with_rows():
    names = sorted(set(connection.introspection.table_names()) - WRITTEN_ONCE)
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        # Each look within one SELECT: SQLite takes no more than 500 that are joined.
        looks = ", ".join(f"EXISTS (SELECT 1 FROM {quoted(name)})" for name in names)
        cursor.execute(f"SELECT {looks}")
        return [name for name, has_rows in zip(names, cursor.fetchone(), strict=True) if has_rows]


def protected_tables():
    """Return the names of the tables that refuse changes, as the database itself tells them."""
    with connection.cursor() as cursor:
        cursor.execute(PROTECTED[connection.vendor])
        return sorted(table for (table,) in cursor.fetchall())
