"""Database triggers that make a table append-only, on SQLite and on PostgreSQL."""

from django.db import migrations

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END;
$$ LANGUAGE plpgsql;
"""


def install(connection, table):
    """Refuse every UPDATE and DELETE (and TRUNCATE on PostgreSQL) of the table, whoever asks."""
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor, table):
            cursor.execute(statement)


def remove(connection, table):
    """Take the refusal away again: for the undoing of a migration and for emptying a test database."""
    with connection.cursor() as cursor:
        for act in ("update", "delete", "truncate"):
            on_table = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}{on_table}")


def append_only(table):
    """Return the migration operation that makes the table append-only."""
    return migrations.RunPython(
        lambda apps, editor: install(editor.connection, table),
        lambda apps, editor: remove(editor.connection, table),
    )


def _statements(vendor, table):
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("update", "delete")
        ]
    return [
        POSTGRESQL_FUNCTION,
        *(
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
            f"FOR EACH {'STATEMENT' if act == 'truncate' else 'ROW'} EXECUTE FUNCTION refuse_change()"
            for act in ("update", "delete", "truncate")
        ),
    ]
