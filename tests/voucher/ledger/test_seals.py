"""A change behind the books' back shows, and the seal says in which row."""

import datetime as dt
import hashlib
import json

import pytest
from django.db import connection

from tests.voucher.ledger.desk import at_once, tamper
from voucher.ledger import seals
from voucher.ledger.models import Seal, Transfer

BREAK = dt.date(2026, 11, 5)


@pytest.fixture
def sealed(desk, pounds, now):
    """Five sealed transfers, by their numbers."""
    for _ in range(4):
        desk.hold(award=pounds, amount=100, on=BREAK)
    assert seals.seal(now) == 5
    return list(Transfer.objects.values_list("pk", flat=True))


def test_untouched_transfers_match_their_seals(sealed):
    assert seals.differences() == []
    assert seals.unsealed() == 0


def test_sealing_again_seals_only_what_is_new(sealed, desk, pounds, now):
    assert seals.seal(now) == 0
    desk.hold(award=pounds, amount=100, on=BREAK)
    assert seals.unsealed() == 1

    assert seals.seal(now) == 1

    assert seals.newest().seq == 6
    assert seals.differences() == []


def test_a_row_that_was_committed_late_is_sealed_after_the_others(sealed, now):
    """Its id is smaller than one that was sealed before it."""
    tamper("DELETE FROM ledger_seal WHERE seq >= 4")
    late, last = sealed[3:]
    row = Transfer.objects.get(pk=last)
    Seal.objects.create(transfer=row, seq=4, hash=seals._hash(seals.newest().hash, columns(row)), sealed_at=now)

    assert seals.seal(now) == 1

    assert seals.newest().transfer_id == late
    assert seals.differences() == []


def columns(row):
    return Transfer.objects.filter(pk=row.pk).values_list().get()


def test_nothing_is_sealed_at_first(db):
    assert seals.newest() is None
    assert seals.differences() == []


def test_each_seal_is_the_hash_of_the_one_before_and_of_its_row(sealed):
    first, second = Seal.objects.all()[:2]
    row = Transfer.objects.filter(pk=second.transfer_id).values_list().get()
    plain = [value if isinstance(value, int | str | None) else value.isoformat() for value in row]

    expected = hashlib.sha256((first.hash + json.dumps(plain, separators=(",", ":"))).encode()).hexdigest()

    assert second.hash == expected


@pytest.mark.parametrize(
    "change",
    [
        "amount = 99",
        "reason = 'x'",
        "actor = 'user:2'",
        "effective_on = '2026-11-06'",
        "written_at = '2026-11-06 00:00:00+00:00'",
    ],
)
def test_a_changed_row_is_named(sealed, change):
    tamper(f"UPDATE ledger_transfer SET {change} WHERE id = {sealed[2]}")

    assert seals.differences() == [f"Transfer {sealed[2]}: it is not as it was sealed (seal 3)."]


def test_a_deleted_row_is_named_even_the_last(sealed):
    tamper(f"DELETE FROM ledger_transfer WHERE id = {sealed[4]}")

    assert seals.differences() == [f"Transfer {sealed[4]}: it was sealed (seal 5) and is gone."]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_seal")  # so that the test ends with its keys in order


def test_a_row_deleted_with_its_seal_leaves_a_gap(sealed):
    tamper(
        f"DELETE FROM ledger_seal WHERE transfer_id = {sealed[2]}",
        f"DELETE FROM ledger_transfer WHERE id = {sealed[2]}",
    )

    assert seals.differences() == [f"Seal 4, of transfer {sealed[3]}: the seals from 3 to 3 are gone."]


def test_two_rows_swapped_are_named(sealed):
    keys = dict(Transfer.objects.values_list("pk", "op_key"))
    tamper(
        f"UPDATE ledger_transfer SET op_key = 'aside' WHERE id = {sealed[1]}",
        f"UPDATE ledger_transfer SET op_key = '{keys[sealed[1]]}' WHERE id = {sealed[3]}",
        f"UPDATE ledger_transfer SET op_key = '{keys[sealed[3]]}' WHERE id = {sealed[1]}",
    )

    assert [sentence.split(":")[0] for sentence in seals.differences()] == [
        f"Transfer {sealed[1]}",
        f"Transfer {sealed[3]}",
    ]


def test_a_forged_seal_is_named(sealed):
    tamper(f"UPDATE ledger_seal SET hash = '{'f' * 64}' WHERE transfer_id = {sealed[2]}")

    assert seals.differences() == [
        f"Transfer {sealed[2]}: it is not as it was sealed (seal 3).",
        f"Transfer {sealed[3]}: it is not as it was sealed (seal 4).",
    ]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_four_who_seal_at_once_make_one_chain(desk, pounds, now, monkeypatch):
    monkeypatch.setattr(seals, "BATCH", 3)
    for _ in range(20):
        desk.hold(award=pounds, amount=100, on=BREAK)

    answers = at_once(*[lambda: seals.seal(now)] * 4)

    assert sum(answers) == 21
    assert list(Seal.objects.values_list("seq", flat=True)) == list(range(1, 22))
    assert seals.differences() == []
