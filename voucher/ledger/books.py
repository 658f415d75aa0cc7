"""The verbs that move money and hours; nothing else in the program may.

Amounts are whole pence, or whole minutes where the award is in hours. Every verb
- is keyword-only and takes accounts and holds as rows or as their numbers;
- takes `op_key` (the act's key; each verb of one act has its own, as in "KEY/hold"), `actor` (a short name, never a
  person's), `now` (aware) and writes rows that nobody can change;
- must be called inside a transaction, and raises NoTransaction otherwise;
- does one guarded UPDATE (the limit stands in its WHERE), then its INSERTs, and leaves nothing behind if it refuses:
  a `Refused` with the figures in it;
- takes its locks in one order: fund, award, hold.

The SQL is the same text on SQLite and PostgreSQL.
"""

import functools

from django.db import connection, transaction
from django.utils import timezone

from voucher.ledger import statements as sql
from voucher.ledger.acts import KeyWasUsed
from voucher.ledger.models import AwardAccount, FundAccount, Hold, Unit
from voucher.ledger.refusals import (
    AlreadyResolved,
    AwardEnded,
    AwardFrozen,
    BooksDiffer,
    FundExhausted,
    MoreThanDue,
    MoreThanHeld,
    MoreThanSpent,
    NotEnough,
    NoTransaction,
    NotYetOver,
    OutsidePeriod,
)
from voucher.ledger.refusals import Refused as Refused  # what they all are

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


def open_fund(*, unit, allocated):
    """Open a fund of so many pence or minutes and return its FundAccount."""
    return FundAccount.objects.create(unit=Unit(unit), allocated=_whole(allocated, least=0))


@verb
def issue(*, fund, amount, first_day, last_day, op_key, actor, now, on=None, reason=""):
    """Open an award of `amount` from the fund, usable on first_day … last_day inclusive; return its AwardAccount.

    Raises FundExhausted.
    """
    act = _Act(op_key, actor, now, on, reason)
    amount, fund = _whole(amount), _number(fund)
    found = _one(sql.FUND_ISSUES, fund=fund, amount=amount)
    if not found:
        raise _exhausted(fund)
    unit = found[0]
    days = {"first_day": _day(first_day), "last_day": _day(last_day)}
    award = _one(sql.NEW_AWARD, fund=fund, unit=unit, amount=amount, **days)[0]
    act.write("issue", unit, amount, ("fund", fund), ("award", award), award=award)
    return AwardAccount.objects.get(pk=award)


@verb
def hold(*, award, amount, on, op_key, actor, now, reason=""):
    """Set `amount` aside for a break on the day `on` (the day of the break); return the open Hold.

    Raises NotEnough, OutsidePeriod, AwardFrozen, AwardEnded.
    """
    act = _Act(op_key, actor, now, on, reason)
    amount, award = _whole(amount), _number(award)
    found = _one(sql.SET_ASIDE, award=award, amount=amount, on=_day(on))
    if not found:
        raise _why_not_held(award, on)
    unit = found[0]
    number = _one(sql.NEW_HOLD, award=award, amount=amount)[0]
    act.write("hold", unit, amount, ("award", award), ("held", number), award=award, hold=number)
    return Hold.objects.get(pk=number)


@verb
def release(*, hold, op_key, actor, now, on=None, reason=""):
    """Give the whole hold back to its award, even one that has ended; return how much.

    Raises AlreadyResolved.
    """
    act = _Act(op_key, actor, now, on, reason)
    hold = _number(hold)
    award, amount, unit, _fund = _what_was_held(hold)
    _let_go(hold, award=award, amount=amount, rest=amount, state="released", spent=0, charged=0)
    act.write("release", unit, amount, ("held", hold), ("award", award), award=award, hold=hold, resolves=True)
    return amount


@verb
def spend(*, hold, amount, payee, effective_on, op_key, actor, now, charge_pence=None, reason=""):
    """Spend `amount` of a hold for the payee and give the rest back to the award; return the rest.

    `effective_on` is the day of the break. For an award in minutes `charge_pence` says what the payee is due for
    them (0 writes no charge); for one in pence it must be left out.

    Raises AlreadyResolved, MoreThanHeld.
    """
    act = _Act(op_key, actor, now, effective_on, reason)
    hold, amount = _number(hold), _whole(amount)
    award, held, unit, fund = _what_was_held(hold)
    charge = _charge(unit, charge_pence)
    if amount > held:
        raise MoreThanHeld(held)
    rest = held - amount
    _let_go(hold, award=award, amount=held, rest=rest, state="spent", spent=amount, charged=charge)
    of = {"award": award, "hold": hold, "payee": payee}
    used = ("used", award) if unit == Unit.MINUTES else ("payable", payee)
    act.write("spend", unit, amount, ("held", hold), used, resolves=True, **of)
    if charge:
        act.write("charge", Unit.PENCE, charge, ("cost", fund), ("payable", payee), **of)
    if rest:
        act.write("release", unit, rest, ("held", hold), ("award", award), award=award, hold=hold)
    return rest


@verb
def refund(*, hold, amount, op_key, actor, now, charge_pence=None, on=None, reason=""):
    """Take back `amount` of what a hold spent: to its award, or to the fund where the award has ended.

    For an award in minutes `charge_pence` says how much of the charge the payee gives back with them.
    Returns "award" or "fund". What the payee is due may fall below nothing: the next payment is smaller for it.

    Raises MoreThanSpent.
    """
    act = _Act(op_key, actor, now, on, reason)
    hold, amount = _number(hold), _whole(amount)
    award, _held, unit, fund = _what_was_held(hold)
    charge = _charge(unit, charge_pence)
    back_to = ("award", award)
    taken = _one(sql.AWARD_GETS_BACK, award=award, amount=amount)
    if not taken:
        back_to = ("fund", fund)
        taken = _one(sql.FUND_TAKES_BACK, fund=fund, amount=amount)
    if not _one(sql.REFUND_HOLD, hold=hold, amount=amount, charge=charge):
        row = Hold.objects.get(pk=hold)
        raise MoreThanSpent(row.spent - row.refunded, row.charged - row.charge_refunded)
    if not taken:
        raise BooksDiffer(f"Fund {fund} has issued less than was spent from it.")
    payee = _one(sql.WHO_WAS_PAID, hold=hold)[0]
    of = {"award": award, "hold": hold, "payee": payee}
    used = ("used", award) if unit == Unit.MINUTES else ("payable", payee)
    act.write("refund", unit, amount, used, back_to, **of)
    if charge:
        act.write("refund", Unit.PENCE, charge, ("payable", payee), ("cost", fund), **of)
    return back_to[0]


@verb
def expire(*, award, on, op_key, actor, now, reason=""):
    """End an award whose last day is before `on` and return what is left to its fund; return how much that was.

    What is set aside stays so. Call it again when a late release has brought money back to an ended award.

    Raises NotYetOver; NotEnough where something else took from the award at that very moment (try again).
    """
    return _sweep(_number(award), _Act(op_key, actor, now, on, reason), early=False)


@verb
def end(*, award, op_key, actor, now, reason, on=None):
    """End an award before its last day, for good, and return what is left to its fund; return how much that was."""
    return _sweep(_number(award), _Act(op_key, actor, now, on, reason), early=True)


@verb
def adjust(*, award, amount, reason, op_key, actor, now, on=None):
    """Correct an award by a signed amount, out of its fund (+) or back into it (−), with the reason in words.

    Raises FundExhausted, NotEnough, AwardEnded.
    """
    act = _Act(op_key, actor, now, on, reason)
    award, size = _number(award), _whole(abs(amount))
    fund, unit, _left = _what_is_left(award)
    if amount > 0:
        if not _one(sql.FUND_ISSUES, fund=fund, amount=size):
            raise _exhausted(fund)
        if not _one(sql.AWARD_GETS_BACK, award=award, amount=size):
            raise AwardEnded()
        act.write("adjust", unit, size, ("fund", fund), ("award", award), award=award)
    else:
        taken = _one(sql.FUND_TAKES_BACK, fund=fund, amount=size)
        if not _one(sql.AWARD_GIVES_BACK, award=award, amount=size):
            row = AwardAccount.objects.get(pk=award)
            raise AwardEnded() if row.state == row.State.ENDED else NotEnough(row.available)
        if not taken:
            raise BooksDiffer(f"Fund {fund} has issued less than its award {award} has left.")
        act.write("adjust", unit, size, ("award", award), ("fund", fund), award=award)


@verb
def freeze(*, award):
    """Stop an award for now: nothing more can be set aside from it. Raises AwardEnded."""
    _change_state(award, "frozen")


@verb
def unfreeze(*, award):
    """Let a frozen award be used again. Raises AwardEnded."""
    _change_state(award, "active")


@verb
def settle(*, payee, amount, run, op_key, actor, now, on=None, reason=""):
    """Pay the payee `amount` pence in a payment run.

    That nothing is paid twice is kept by the run's lines (each claim in one live run) and by `op_key`; the test of
    what is due only catches a mistake before it is written.

    Raises MoreThanDue.
    """
    act = _Act(op_key, actor, now, on, reason)
    if _whole(amount) > (is_due := due(payee)):
        raise MoreThanDue(is_due)
    act.write("settle", Unit.PENCE, amount, ("payable", payee), ("paid", _number(run)), payee=payee)


@verb
def unsettle(*, payee, amount, run, op_key, actor, now, reason, on=None):
    """Take back `amount` pence that a run paid and the bank returned: the payee is due it again.

    Raises MoreThanDue where the run has not paid that much.
    """
    act = _Act(op_key, actor, now, on, reason)
    run = _number(run)
    paid = int(_one(sql.PAID_BY_RUN, payee=payee, run=run)[0])
    if _whole(amount) > paid:
        raise MoreThanDue(paid)
    act.write("unsettle", Unit.PENCE, amount, ("paid", run), ("payable", payee), payee=payee)


def due(payee):
    """What the payee is owed, in pence; less than nothing after a refund of what was already paid."""
    return int(_one(sql.DUE, payee=payee)[0])


def due_by_payee():
    """What each payee is owed, in pence, as a dict; those who are owed nothing are left out."""
    with connection.cursor() as cursor:
        cursor.execute(sql.DUE_BY_PAYEE)
        return {payee: int(amount) for payee, amount in cursor.fetchall() if amount}


class _Act:
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
            "on": _day(self.on),
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
        if not _one(sql.WRITE_TRANSFER, **self.shared, **row):
            raise KeyWasUsed(self.shared["op_key"])


def _one(statement, **parameters):
    """Run one statement and return its first row, or None. All rows are fetched, so the statement is over."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    return rows[0] if rows else None


def _what_was_held(hold):
    found = _one(sql.WHAT_WAS_HELD, hold=hold)
    if not found:
        raise Hold.DoesNotExist(f"There is no hold {hold}.")
    return found


def _let_go(hold, *, award, amount, rest, state, spent, charged):
    gone = _one(sql.LET_GO, award=award, amount=amount, rest=rest)
    if not (gone and _one(sql.RESOLVE_HOLD, hold=hold, state=state, spent=spent, charged=charged)):
        now_is = Hold.objects.get(pk=hold).state
        if now_is == Hold.State.OPEN:
            raise BooksDiffer(f"Award account {award} has less set aside than its open hold {hold}.")
        raise AlreadyResolved(now_is)


def _what_is_left(award):
    found = _one(sql.WHAT_IS_LEFT, award=award)
    if not found:
        raise AwardAccount.DoesNotExist(f"There is no award account {award}.")
    return found


def _sweep(award, act, *, early):
    fund, unit, left = _what_is_left(award)
    taken = not left or _one(sql.FUND_TAKES_BACK, fund=fund, amount=left)
    if not _one(sql.END_AWARD, award=award, amount=left, on=_day(act.on), early=early):
        row = AwardAccount.objects.get(pk=award)
        over = early or row.state == row.State.ENDED or row.last_day < act.on
        raise NotEnough(row.available) if over else NotYetOver(row.last_day)
    # Asked last: another sweep may have been first, and then it is the award that says so.
    if not taken:
        raise BooksDiffer(f"Fund {fund} has issued less than its award {award} has left.")
    if left:
        act.write("expire", unit, left, ("award", award), ("fund", fund), award=award)
    return left


def _change_state(award, state):
    _what_is_left(_number(award))
    if not _one(sql.CHANGE_STATE, award=_number(award), state=state):
        raise AwardEnded()


def _exhausted(fund):
    row = FundAccount.objects.get(pk=fund)
    return FundExhausted(row.allocated - row.issued)


def _why_not_held(award, on):
    row = AwardAccount.objects.get(pk=award)
    if row.state == row.State.ENDED:
        return AwardEnded()
    if row.state == row.State.FROZEN:
        return AwardFrozen()
    if not row.first_day <= on <= row.last_day:
        return OutsidePeriod(row.first_day, row.last_day)
    return NotEnough(row.available)


def _charge(unit, charge_pence):
    if unit == Unit.MINUTES:
        if charge_pence is None:
            raise ValueError("Say what the minutes cost, in pence.")
        return _whole(charge_pence, least=0)
    if charge_pence is not None:
        raise ValueError("An award in pence has no charge beside what is spent.")
    return 0


def _whole(amount, least=1):
    if type(amount) is not int or not least <= amount <= MOST:
        raise ValueError(f"An amount is a whole number from {least} to {MOST}, not {amount!r}.")
    return amount


def _number(row):
    return row if isinstance(row, int) else row.pk


def _day(day):
    return connection.ops.adapt_datefield_value(day)
