"""How long the books take when they are big: python -m benchmarks.ledger [transfers, default 1,000,000]

Fills the database of DATABASE_URL, which must be new and empty, with awards of ten transfers each, and times the audit,
the seal and the verbs. On SQLite without DATABASE_URL it makes a file of its own and removes it.
"""

import datetime as dt
import os
import statistics
import sys
import tempfile
import time

DAY = dt.date(2026, 11, 5)
PAYEES = 500

# The i-th award: £100, four holds of £10, three of them spent, one released, the rest expired.
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %(awards)s) "
TRANSFER = """INSERT INTO ledger_transfer (op_key, seq, kind, unit, amount,
    debit_kind, debit_id, credit_kind, credit_id,
    award_id, hold_id, payee, resolves, actor, reason, effective_on, written_at) """
LOAD = [
    """INSERT INTO ledger_awardaccount (id, fund_id, unit, available, held, first_day, last_day, state) """
    + NUMBERS
    + "SELECT i, %(fund)s, 'pence', 0, 0, %(day)s, %(day)s, 'ended' FROM n",
    *(
        "INSERT INTO ledger_hold (id, award_id, amount, spent, refunded, charged, charge_refunded, state) "
        + NUMBERS
        + f"SELECT 4 * i - {place}, i, 1000, {0 if place == 3 else 1000}, 0, 0, 0, "
        f"'{'released' if place == 3 else 'spent'}' FROM n"
        for place in range(4)
    ),
    TRANSFER
    + NUMBERS
    + """SELECT 'load ' || i || '/issue', 1, 'issue', 'pence', 10000, 'fund', %(fund)s, 'award', i,
        i, NULL, NULL, false, 'load', '', %(day)s, %(now)s FROM n""",
    *(
        TRANSFER
        + NUMBERS
        + f"""SELECT 'load ' || i || '/hold {place}', 1, 'hold', 'pence', 1000, 'award', i, 'held', 4 * i - {place},
        i, 4 * i - {place}, NULL, false, 'load', '', %(day)s, %(now)s FROM n"""
        for place in range(4)
    ),
    *(
        TRANSFER
        + NUMBERS
        + f"""SELECT 'load ' || i || '/spend {place}', 1, 'spend', 'pence', 1000, 'held', 4 * i - {place},
        'payable', 1 + i %% {PAYEES}, i, 4 * i - {place}, 1 + i %% {PAYEES}, true, 'load', '', %(day)s, %(now)s
        FROM n"""
        for place in range(3)
    ),
    TRANSFER
    + NUMBERS
    + """SELECT 'load ' || i || '/release', 1, 'release', 'pence', 1000, 'held', 4 * i - 3, 'award', i,
        i, 4 * i - 3, NULL, true, 'load', '', %(day)s, %(now)s FROM n""",
    TRANSFER
    + NUMBERS
    + """SELECT 'load ' || i || '/expire', 1, 'expire', 'pence', 7000, 'award', i, 'fund', %(fund)s,
        i, NULL, NULL, false, 'load', '', %(day)s, %(now)s FROM n""",
]


def main(transfers):
    from django.core.management import call_command
    from django.core.management.color import no_style
    from django.db import connection, transaction
    from django.utils import timezone

    from voucher.ledger import acts, audit, books, seals
    from voucher.ledger.models import AwardAccount, Hold, Transfer

    call_command("migrate", verbosity=0)
    assert not Transfer.objects.exists(), "This fills a new and empty database only."
    now = timezone.now()
    awards = transfers // 10
    fund = books.open_fund(unit="pence", allocated=awards * 10_000 + 10_000_000)
    values = {
        "awards": awards,
        "fund": fund.pk,
        "day": connection.ops.adapt_datefield_value(DAY),
        "now": connection.ops.adapt_datetimefield_value(now),
    }

    def load():
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in LOAD:
                cursor.execute(statement, values)
            cursor.execute(f"UPDATE ledger_fundaccount SET issued = {awards * 3000}")
            for statement in connection.ops.sequence_reset_sql(no_style(), [AwardAccount, Hold]):
                cursor.execute(statement)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")

    def none(found):
        assert found == [], found[:3]

    timed(f"load {transfers:,} transfers", load)
    timed("audit", lambda: none(audit.differences(now)))
    timed("due of every payee", books.due_by_payee)
    timed("due of one payee", lambda: books.due(7))
    timed("seal all", lambda: seals.seal(now))
    timed("seal none", lambda: seals.seal(now))
    timed("check the seals", lambda: none(seals.differences()))

    who = {"actor": "b", "now": now}
    with transaction.atomic():
        award = books.issue(fund=fund, amount=10_000_000, first_day=DAY, last_day=DAY, op_key="b", **who)
    took = []
    for number in range(2000):
        started = time.perf_counter()

        def do(key=f"b {number}"):
            return books.hold(award=award, amount=100, on=DAY, op_key=key, **who).pk

        acts.once(key=f"b {number}", verb="hold", arguments={"award": award.pk}, do=do, **who)
        took.append((time.perf_counter() - started) * 1000)
    took.sort()
    print(f"one hold, with its key: median {statistics.median(took):.2f} ms, 99 of 100 under {took[-20]:.2f} ms")
    none(audit.differences())


def timed(name, do):
    started = time.perf_counter()
    do()
    print(f"{name}: {time.perf_counter() - started:.2f} s", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/books.sqlite3")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voucher.settings")
        import django

        django.setup()
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
