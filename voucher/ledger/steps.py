"""What every verb of the books is made of: one step inside a transaction, its rows, and the words of its figures."""

import functools

from django.db import connection, transaction
from django.utils import timezone

from voucher.ledger import statements as sql
from voucher.ledger.acts import KeyWasUsed
from voucher.ledger.models import AwardAccount, FundAccount
from voucher.ledger.refusals import FundExhausted, NoTransaction

MOST = 10**15  # far above any council, far below what a column holds


def verb(function):
    """Make a function one step of an act: inside a transaction, and undone by itself where it refuses."""

    @functools.wraps(function)
    def step(**named):
        if not connection.in_atomic_block:
            raise NoTransaction(f"{function.__name__} must be called inside a transaction.")
        with transaction.atomic():
            return function(**named)

    return step


class Act:
    """What all rows of one step share. It numbers them as they are written."""

    def __init__(self, op_key, actor, now, on, reason):
        if timezone.is_naive(now):
            raise ValueError("now must know its time zone.")
        self.seq = 0
        self.on = on or timezone.localdate(now)
        self.shared = {
            "op_key": op_key,
            "actor": actor,
            "reason": reason,
            "on": day_of(self.on),
            "now": connection.ops.adapt_datetimefield_value(now),
        }

    def write(self, kind, unit, amount, debit, credit, *, award=None, hold=None, payee=None, resolves=False):
        self.seq += 1
        row = {
            "seq": self.seq,
            "kind": kind,
            "unit": str(unit),
            "amount": amount,
            "debit_kind": debit[0],
            "debit_id": debit[1],
            "credit_kind": credit[0],
            "credit_id": credit[1],
            "award": award,
            "hold": hold,
            "payee": payee,
            "resolves": resolves,
        }
        if not one(sql.WRITE_TRANSFER, **self.shared, **row):
            raise KeyWasUsed(self.shared["op_key"])


def one(statement, **parameters):
    """Run one statement and return its first row, or None. All rows are fetched, so the statement is over."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    return rows[0] if rows else None


def what_is_left(award):
    found = one(sql.WHAT_IS_LEFT, award=award)
    if not found:
        raise AwardAccount.DoesNotExist(f"There is no award account {award}.")
    return found


def exhausted(fund):
    row = FundAccount.objects.get(pk=fund)
    return FundExhausted(row.allocated - row.issued)


def whole(amount, least=1):
    if type(amount) is not int or not least <= amount <= MOST:
        raise ValueError(f"An amount is a whole number from {least} to {MOST}, not {amount!r}.")
    return amount


def number_of(row):
    return row if isinstance(row, int) else row.pk


def day_of(day):
    return connection.ops.adapt_datefield_value(day)
