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


def keep(connection, table, columns, never_deleted):
    """Refuse every change of these columns, and the DELETE of a row of which the SQL condition is true.

    Other columns may change, so that a row can move from one state to the next.
    """
    with connection.cursor() as cursor:
        for statement in _keeping(connection.vendor, table, columns, never_deleted):
            cursor.execute(statement)


def let_go(connection, table):
    """Take that refusal away again: for the undoing of a migration and for emptying a test database."""
    with connection.cursor() as cursor:
        for act in ("update", "delete"):
            on_table = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_kept_{act}{on_table}")


def keeps(table, columns, never_deleted):
    """Return the migration operation that keeps these columns of the table as they were written."""
    return migrations.RunPython(
        lambda apps, editor: keep(editor.connection, table, columns, never_deleted),
        lambda apps, editor: let_go(editor.connection, table),
    )


def append_only(table):
    """Return the migration operation that makes the table append-only."""
    return migrations.RunPython(
        lambda apps, editor: install(editor.connection, table),
        lambda apps, editor: remove(editor.connection, table),
    )


def lift_append_only(table):
    """Return the operation that goes before one which alters the table; `append_only` comes again after it.

    SQLite alters a table by making it anew, and its triggers are lost on the way.
    """
    operation = append_only(table)
    operation.code, operation.reverse_code = operation.reverse_code, operation.code
    return operation


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


def _keeping(vendor, table, columns, never_deleted):
    differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_kept_update BEFORE UPDATE ON {table} WHEN {changed} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
            f"CREATE TRIGGER {table}_kept_delete BEFORE DELETE ON {table} WHEN {never_deleted} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        ]
    return [
        POSTGRESQL_FUNCTION,
        f"CREATE TRIGGER {table}_kept_update BEFORE UPDATE ON {table} "
        f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_kept_delete BEFORE DELETE ON {table} "
        f"FOR EACH ROW WHEN ({never_deleted}) EXECUTE FUNCTION refuse_change()",
    ]
