"""Rows that tell what happened are never changed, whoever asks: the database itself refuses."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from accounts import history
from accounts.history import CLOCK
from tests import factories
from tests.emptying import empty, protected_tables
from tests.voucher.ledger.desk import Desk
from voucher.ledger import seals
from voucher.ledger.models import Transfer

TABLES = ["accounts_historyentry", "ledger_seal", "ledger_transfer"]


@pytest.fixture
def told(db, now):
    """One row or more in each table that tells what happened."""
    council = factories.council()
    history.record(act="council.joined", subject=council, by=CLOCK, at=now)
    desk = Desk(now)
    fund = desk.fund("pence", 100)
    desk.issue(fund=fund, amount=100, first_day=now.date(), last_day=now.date())
    seals.seal(now)


@pytest.mark.django_db
def test_the_tables_that_tell_what_happened_are_protected():
    assert protected_tables() == TABLES


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
def test_a_row_that_tells_what_happened_cannot_be_changed_or_deleted(told, table, change):
    [column] = [model._meta.pk.column for model in apps.get_models() if model._meta.db_table == table]

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table=table, column=column))


@pytest.mark.postgresql
@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_tells_what_happened_cannot_be_emptied_at_a_stroke(told, table):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_the_orm_is_refused_too(told):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transfer.objects.update(amount=1)


@pytest.mark.django_db(transaction=True)
def test_a_test_that_commits_is_cleaned_up_after_and_leaves_the_refusal_in_place(now):
    def issue():
        desk = Desk(now)
        fund = desk.fund("pence", 100)
        desk.issue(fund=fund, amount=100, first_day=now.date(), last_day=now.date())

    issue()
    empty()
    assert not Transfer.objects.exists()

    issue()
    assert protected_tables() == TABLES
    with pytest.raises(DatabaseError, match="append-only"):
        Transfer.objects.update(amount=1)
