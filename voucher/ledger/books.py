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

from django.db import connection

from voucher.ledger import statements as sql
from voucher.ledger.acts import KeyWasUsed as KeyWasUsed  # what a key that was used raises
from voucher.ledger.models import AwardAccount, FundAccount, Hold, Unit
from voucher.ledger.paid_too_much import repay as repay
from voucher.ledger.paid_too_much import write_off as write_off
from voucher.ledger.refusals import (
    AlreadyResolved,
    AwardEnded,
    AwardFrozen,
    BooksDiffer,
    MoreThanDue,
    MoreThanHeld,
    MoreThanSpent,
    NotEnough,
    NotYetOver,
    OutsidePeriod,
)
from voucher.ledger.refusals import FundExhausted as FundExhausted
from voucher.ledger.refusals import NoTransaction as NoTransaction
from voucher.ledger.refusals import Refused as Refused  # what they all are
from voucher.ledger.steps import Act, day_of, exhausted, number_of, one, verb, what_is_left, whole
from voucher.ledger.terms import AlreadyOver as AlreadyOver
from voucher.ledger.terms import NotLater as NotLater
from voucher.ledger.terms import extend as extend
from voucher.ledger.terms import freeze as freeze
from voucher.ledger.terms import keep as keep
from voucher.ledger.terms import reinstate as reinstate
from voucher.ledger.terms import take_turn as take_turn
from voucher.ledger.terms import unfreeze as unfreeze


def open_fund(*, unit, allocated):
    """Open a fund of so many pence or minutes and return its FundAccount."""
    return FundAccount.objects.create(unit=Unit(unit), allocated=whole(allocated, least=0))


@verb
def issue(*, fund, amount, first_day, last_day, op_key, actor, now, on=None, reason=""):
    """Open an award of `amount` from the fund, usable on first_day … last_day inclusive; return its AwardAccount.

    Raises FundExhausted.
    """
    act = Act(op_key, actor, now, on, reason)
    amount, fund = whole(amount), number_of(fund)
    found = one(sql.FUND_ISSUES, fund=fund, amount=amount)
    if not found:
        raise exhausted(fund)
    unit = found[0]
    days = {"first_day": day_of(first_day), "last_day": day_of(last_day)}
    award = one(sql.NEW_AWARD, fund=fund, unit=unit, amount=amount, **days)[0]
    act.write("issue", unit, amount, ("fund", fund), ("award", award), award=award)
    return AwardAccount.objects.get(pk=award)


@verb
def hold(*, award, amount, on, op_key, actor, now, reason=""):
    """Set `amount` aside for a break on the day `on` (the day of the break); return the open Hold.

    Raises NotEnough, OutsidePeriod, AwardFrozen, AwardEnded.
    """
    act = Act(op_key, actor, now, on, reason)
    amount, award = whole(amount), number_of(award)
    found = one(sql.SET_ASIDE, award=award, amount=amount, on=day_of(on))
    if not found:
        raise _why_not_held(award, on)
    unit = found[0]
    number = one(sql.NEW_HOLD, award=award, amount=amount)[0]
    act.write("hold", unit, amount, ("award", award), ("held", number), award=award, hold=number)
    return Hold.objects.get(pk=number)


@verb
def release(*, hold, op_key, actor, now, on=None, reason=""):
    """Give the whole hold back to its award, even one that has ended; return how much.

    Raises AlreadyResolved.
    """
    act = Act(op_key, actor, now, on, reason)
    hold = number_of(hold)
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
    act = Act(op_key, actor, now, effective_on, reason)
    hold, amount = number_of(hold), whole(amount)
    award, held, unit, fund = _what_was_held(hold)
    charge = _charge(unit, charge_pence)
    if amount > held:
        raise MoreThanHeld(held)
    rest = held - amount
    _let_go(hold, award=award, amount=held, rest=rest, state="spent", spent=amount, charged=charge)
    _write_spent(act, unit, amount, charge, award=award, hold=hold, payee=payee, fund=fund)
    if rest:
        act.write("release", unit, rest, ("held", hold), ("award", award), award=award, hold=hold)
    return rest


@verb
def spend_part(*, hold, amount, still_held, payee, effective_on, op_key, actor, now, charge_pence=None, reason=""):
    """Spend `amount` of a hold, keep `still_held` set aside and give the rest back; return the new open Hold of it.

    What is still held is in question, not free: so it stays set aside even where the award is stopped or has ended.
    `effective_on` (the day of the break) and `charge_pence` as in `spend`.

    Raises AlreadyResolved, MoreThanHeld.
    """
    act = Act(op_key, actor, now, effective_on, reason)
    hold, amount, still_held = number_of(hold), whole(amount), whole(still_held)
    award, held, unit, fund = _what_was_held(hold)
    charge = _charge(unit, charge_pence)
    if amount + still_held > held:
        raise MoreThanHeld(held)
    left = held - amount
    ends_as = {"state": "spent", "spent": amount, "charged": charge}
    _let_go(hold, award=award, amount=held - still_held, rest=left - still_held, **ends_as)
    kept = one(sql.NEW_HOLD, award=award, amount=still_held)[0]
    _write_spent(act, unit, amount, charge, award=award, hold=hold, payee=payee, fund=fund)
    act.write("release", unit, left, ("held", hold), ("award", award), award=award, hold=hold)
    act.write("hold", unit, still_held, ("award", award), ("held", kept), award=award, hold=kept)
    return Hold.objects.get(pk=kept)


@verb
def cover(*, hold, pence, payee, op_key, actor, now, on=None, reason=""):
    """Pay the payee `pence` out of the fund for a hold that goes back to its award whole; return how much went back.

    An open hold is released with it; for one that was released before only the fund's part is written. A fund in
    pence pays within what is allocated to it; one in minutes bears it as it bears the pounds that hours cost.

    Raises FundExhausted, MoreThanHeld, AlreadyResolved (it was spent, or covered before).
    """
    act = Act(op_key, actor, now, on, reason)
    hold, pence = number_of(hold), whole(pence)
    award, held, unit, fund = _what_was_held(hold)
    if unit == Unit.PENCE:
        if pence > held:
            raise MoreThanHeld(held)
        if not one(sql.FUND_ISSUES, fund=fund, amount=pence):
            raise exhausted(fund)
    back = held if one(sql.HOW_IT_ENDED, hold=hold)[0] != Hold.State.RELEASED else 0
    if back:
        _let_go(hold, award=award, amount=held, rest=held, state="released", spent=0, charged=0)
        act.write("release", unit, held, ("held", hold), ("award", award), award=award, hold=hold, resolves=True)
    if not one(sql.COVER_HOLD, hold=hold, amount=pence):
        raise AlreadyResolved("covered")
    payer = ("cost" if unit == Unit.MINUTES else "fund", fund)
    act.write("cover", Unit.PENCE, pence, payer, ("payable", payee), award=award, hold=hold, payee=payee)
    return back


@verb
def refund(*, hold, amount, op_key, actor, now, charge_pence=None, on=None, reason=""):
    """Take back `amount` of what a hold spent: to its award, or to the fund where the award has ended.

    For an award in minutes `charge_pence` says how much of the charge the payee gives back with them.
    Returns "award" or "fund". What the payee is due may fall below nothing: the next payment is smaller for it.

    Raises MoreThanSpent.
    """
    act = Act(op_key, actor, now, on, reason)
    hold, amount = number_of(hold), whole(amount)
    award, _held, unit, fund = _what_was_held(hold)
    charge = _charge(unit, charge_pence)
    back_to = ("award", award)
    taken = one(sql.AWARD_GETS_BACK, award=award, amount=amount)
    if not taken:
        back_to = ("fund", fund)
        taken = one(sql.FUND_TAKES_BACK, fund=fund, amount=amount)
    if not one(sql.REFUND_HOLD, hold=hold, amount=amount, charge=charge):
        row = Hold.objects.get(pk=hold)
        raise MoreThanSpent(row.spent - row.refunded, row.charged - row.charge_refunded)
    if not taken:
        raise BooksDiffer(f"Fund {fund} has issued less than was spent from it.")
    payee = one(sql.WHO_WAS_PAID, hold=hold)[0]
    of = {"award": award, "hold": hold, "payee": payee}
    used = ("used", award) if unit == Unit.MINUTES else ("payable", payee)
    act.write("refund", unit, amount, used, back_to, **of)
    if charge:
        act.write("refund", Unit.PENCE, charge, ("payable", payee), ("cost", fund), **of)
    return back_to[0]


@verb
def unspend(*, hold, more, effective_on, op_key, actor, now, reason=""):
    """Take back all that a hold spent and set it aside again, with `more` out of the award; return the new open Hold.

    What was given back when it was spent is the `more` that makes the new hold as large as the old one was. What was
    spent is set aside again even where the award is stopped or has ended; more is not. `effective_on` is the day of
    the break.

    Raises MoreThanSpent (nothing, or not all of it, is there to take back), NotEnough, AwardEnded.
    """
    act = Act(op_key, actor, now, effective_on, reason)
    hold, more = number_of(hold), whole(more, least=0)
    award, _held, unit, fund = _what_was_held(hold)
    row = Hold.objects.get(pk=hold)
    if not one(sql.HOLD_AGAIN, award=award, amount=row.spent, more=more):
        account = AwardAccount.objects.get(pk=award)
        raise AwardEnded() if account.state == account.State.ENDED else NotEnough(account.available)
    if not row.spent or not one(sql.REFUND_HOLD, hold=hold, amount=row.spent, charge=row.charged):
        raise MoreThanSpent(row.spent - row.refunded, row.charged - row.charge_refunded)
    kept = one(sql.NEW_HOLD, award=award, amount=row.spent + more)[0]
    payee = one(sql.WHO_WAS_PAID, hold=hold)[0]
    of = {"award": award, "hold": hold, "payee": payee}
    used = ("used", award) if unit == Unit.MINUTES else ("payable", payee)
    act.write("refund", unit, row.spent, used, ("award", award), **of)
    if row.charged:
        act.write("refund", Unit.PENCE, row.charged, ("payable", payee), ("cost", fund), **of)
    act.write("hold", unit, row.spent + more, ("award", award), ("held", kept), award=award, hold=kept)
    return Hold.objects.get(pk=kept)


@verb
def expire(*, award, on, op_key, actor, now, reason=""):
    """End an award whose last day is before `on` and return what is left to its fund; return how much that was.

    An award that is kept waits until that day is over too. What is set aside stays so. Call it again when a late
    release has brought money back to an ended award.

    Raises NotYetOver; NotEnough where something else took from the award at that very moment (try again).
    """
    return _sweep(number_of(award), Act(op_key, actor, now, on, reason), early=False)


@verb
def end(*, award, op_key, actor, now, reason, on=None):
    """End an award before its last day, for good, and return what is left to its fund; return how much that was."""
    return _sweep(number_of(award), Act(op_key, actor, now, on, reason), early=True)


@verb
def adjust(*, award, amount, reason, op_key, actor, now, on=None):
    """Correct an award by a signed amount, out of its fund (+) or back into it (−), with the reason in words.

    Raises FundExhausted, NotEnough, AwardEnded.
    """
    act = Act(op_key, actor, now, on, reason)
    award, size = number_of(award), whole(abs(amount))
    fund, unit, _left = what_is_left(award)
    if amount > 0:
        if not one(sql.FUND_ISSUES, fund=fund, amount=size):
            raise exhausted(fund)
        if not one(sql.AWARD_GETS_BACK, award=award, amount=size):
            raise AwardEnded()
        act.write("adjust", unit, size, ("fund", fund), ("award", award), award=award)
    else:
        taken = one(sql.FUND_TAKES_BACK, fund=fund, amount=size)
        if not one(sql.AWARD_GIVES_BACK, award=award, amount=size):
            row = AwardAccount.objects.get(pk=award)
            raise AwardEnded() if row.state == row.State.ENDED else NotEnough(row.available)
        if not taken:
            raise BooksDiffer(f"Fund {fund} has issued less than its award {award} has left.")
        act.write("adjust", unit, size, ("award", award), ("fund", fund), award=award)


@verb
def settle(*, payee, amount, run, op_key, actor, now, beside=0, on=None, reason=""):
    """Pay the payee `amount` pence in a payment run.

    `beside` is what the payee has to give back to somebody else, in pence: it makes this payment no smaller.

    That nothing is paid twice is kept by the run's lines (each claim in one live run) and by `op_key`; the test of
    what is due only catches a mistake before it is written.

    Raises MoreThanDue.
    """
    act = Act(op_key, actor, now, on, reason)
    if whole(amount) > (is_due := due(payee) + whole(beside, least=0)):
        raise MoreThanDue(is_due)
    act.write("settle", Unit.PENCE, amount, ("payable", payee), ("paid", number_of(run)), payee=payee)


@verb
def unsettle(*, payee, amount, run, op_key, actor, now, reason, on=None):
    """Take back `amount` pence that a run paid and the bank returned: the payee is due it again.

    Raises MoreThanDue where the run has not paid that much.
    """
    act = Act(op_key, actor, now, on, reason)
    run = number_of(run)
    paid = int(one(sql.PAID_BY_RUN, payee=payee, run=run)[0])
    if whole(amount) > paid:
        raise MoreThanDue(paid)
    act.write("unsettle", Unit.PENCE, amount, ("paid", run), ("payable", payee), payee=payee)


def due(payee):
    """What the payee is owed, in pence; less than nothing after a refund of what was already paid."""
    return int(one(sql.DUE, payee=payee)[0])


def due_by_payee():
    """What each payee is owed, in pence, as a dict; those who are owed nothing are left out."""
    with connection.cursor() as cursor:
        cursor.execute(sql.DUE_BY_PAYEE)
        return {payee: int(amount) for payee, amount in cursor.fetchall() if amount}


def _what_was_held(hold):
    found = one(sql.WHAT_WAS_HELD, hold=hold)
    if not found:
        raise Hold.DoesNotExist(f"There is no hold {hold}.")
    return found


def _let_go(hold, *, award, amount, rest, state, spent, charged):
    gone = one(sql.LET_GO, award=award, amount=amount, rest=rest)
    if not (gone and one(sql.RESOLVE_HOLD, hold=hold, state=state, spent=spent, charged=charged)):
        now_is = Hold.objects.get(pk=hold).state
        if now_is == Hold.State.OPEN:
            raise BooksDiffer(f"Award account {award} has less set aside than its open hold {hold}.")
        raise AlreadyResolved(now_is)


def _write_spent(act, unit, amount, charge, *, award, hold, payee, fund):
    of = {"award": award, "hold": hold, "payee": payee}
    used = ("used", award) if unit == Unit.MINUTES else ("payable", payee)
    act.write("spend", unit, amount, ("held", hold), used, resolves=True, **of)
    if charge:
        act.write("charge", Unit.PENCE, charge, ("cost", fund), ("payable", payee), **of)


def _sweep(award, act, *, early):
    fund, unit, left = what_is_left(award)
    taken = not left or one(sql.FUND_TAKES_BACK, fund=fund, amount=left)
    if not one(sql.END_AWARD, award=award, amount=left, on=day_of(act.on), early=early):
        row = AwardAccount.objects.get(pk=award)
        last = max(row.last_day, row.kept_until or row.last_day)
        over = early or row.state == row.State.ENDED or last < act.on
        raise NotEnough(row.available) if over else NotYetOver(last)
    # Asked last: another sweep may have been first, and then it is the award that says so.
    if not taken:
        raise BooksDiffer(f"Fund {fund} has issued less than its award {award} has left.")
    if left:
        act.write("expire", unit, left, ("award", award), ("fund", fund), award=award)
    return left


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
        return whole(charge_pence, least=0)
    if charge_pence is not None:
        raise ValueError("An award in pence has no charge beside what is spent.")
    return 0
