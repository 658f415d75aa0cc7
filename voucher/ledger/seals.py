"""Chains a hash over all transfers after the fact, so that a change behind the books' back shows, and where.

It says that something was changed, not by whom. Whoever owns the database can rewrite everything after the newest seal
that is known elsewhere; that is why each settlement report prints it.
"""

import hashlib
import json

from django.db import connection, transaction
from django.db.models import Max

from voucher.ledger.models import Seal, Transfer

FIRST = "0" * 64
BATCH = 500  # on SQLite a long transaction keeps all other writers waiting
READ = 5_000
# How far behind the newest sealed id a late commit is looked for: far more rows than are written while one
# transaction may last. A scan of all rows each minute would keep writers waiting once the books are big.
LATE = 20_000
LOCK = 0x5EA1  # any number that nothing else in the program locks

COLUMNS = [field.attname for field in Transfer._meta.concrete_fields]

UNSEALED = """
SELECT t.id FROM ledger_transfer t
 WHERE t.id > %(after)s AND NOT EXISTS (SELECT 1 FROM ledger_seal s WHERE s.transfer_id = t.id)
 ORDER BY t.id LIMIT %(batch)s"""

HOW_MANY_UNSEALED = """
SELECT COUNT(*) FROM ledger_transfer t
 WHERE NOT EXISTS (SELECT 1 FROM ledger_seal s WHERE s.transfer_id = t.id)"""


def seal(now):
    """Seal every transfer that is not sealed yet and return how many; safe to run twice at once.

    The chain has its own numbers: on PostgreSQL a transfer with a smaller id may be committed after a greater one,
    and is then sealed after it, by this run or the next.
    """
    done, after = 0, (Seal.objects.aggregate(last=Max("transfer_id"))["last"] or 0) - LATE
    while sealed := _seal_some(now, after):
        done += len(sealed)
        # Without this each batch would look again at all that was sealed before it.
        after = sealed[-1]
    return done


def newest():
    """Return the newest Seal, or None where nothing is sealed yet."""
    return Seal.objects.order_by("-seq").first()


def unsealed():
    """Return how many transfers wait for the next seal."""
    with connection.cursor() as cursor:
        cursor.execute(HOW_MANY_UNSEALED)
        return cursor.fetchone()[0]


def differences():
    """Return a sentence for each transfer that is not as it was sealed, is gone, or is out of order."""
    found, previous, expected = [], FIRST, 1
    rows = Seal.objects.order_by("seq").values_list("seq", "hash", "transfer_id")
    for seq, told, number, row in _with_transfers(rows.iterator(chunk_size=READ)):
        if seq != expected:
            found.append(f"Seal {seq}, of transfer {number}: the seals from {expected} to {seq - 1} are gone.")
        if row is None:
            found.append(f"Transfer {number}: it was sealed (seal {seq}) and is gone.")
        elif _hash(previous, row) != told and seq == expected:
            found.append(f"Transfer {number}: it is not as it was sealed (seal {seq}).")
        # Go on from what was written, so that one fault is told once and the rows after it are judged on their own.
        previous, expected = told, seq + 1
    return found


def _seal_some(now, after):
    with transaction.atomic():
        _wait_for_turn()
        last = newest()
        seq, previous = (last.seq, last.hash) if last else (0, FIRST)
        with connection.cursor() as cursor:
            cursor.execute(UNSEALED, {"after": after, "batch": BATCH})
            numbers = [number for (number,) in cursor.fetchall()]
        links = []
        for row in Transfer.objects.filter(pk__in=numbers).order_by("pk").values_list(*COLUMNS):
            seq, previous = seq + 1, _hash(previous, row)
            links.append(Seal(transfer_id=row[0], seq=seq, hash=previous, sealed_at=now))
        Seal.objects.bulk_create(links)
        return numbers


def _wait_for_turn():
    # On SQLite the transaction itself, being immediate, is the turn.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _with_transfers(seals):
    batch = []
    for link in seals:
        batch.append(link)
        if len(batch) == READ:
            yield from _joined(batch)
            batch = []
    yield from _joined(batch)


def _joined(batch):
    numbers = [number for _seq, _hash, number in batch]
    rows = {row[0]: row for row in Transfer.objects.filter(pk__in=numbers).order_by().values_list(*COLUMNS)}
    for seq, told, number in batch:
        yield seq, told, number, rows.get(number)


def _hash(previous, row):
    plain = [value if isinstance(value, int | str | None) else value.isoformat() for value in row]
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}{text}".encode()).hexdigest()
