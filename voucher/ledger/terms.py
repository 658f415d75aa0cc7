"""The verbs that change how long an award can be used and whether; but for `reinstate` they move nothing."""

from voucher.ledger import statements as sql
from voucher.ledger.models import AwardAccount, Transfer
from voucher.ledger.refusals import AlreadyOver, AwardEnded, NotLater, NotYetOver
from voucher.ledger.steps import Act, day_of, exhausted, number_of, one, verb, what_is_left


@verb
def freeze(*, award):
    """Stop an award for now: nothing more can be set aside from it. Raises AwardEnded."""
    _change_state(award, "frozen")


@verb
def unfreeze(*, award):
    """Let a frozen award be used again. Raises AwardEnded."""
    _change_state(award, "active")


@verb
def extend(*, award, last_day):
    """Give an award a later last day; it is no longer kept, because it need not be.

    Raises NotLater; AwardEnded where the sweep, or somebody who closed the award, was first.
    """
    award = number_of(award)
    what_is_left(award)
    if not one(sql.EXTEND, award=award, last_day=day_of(last_day)):
        row = AwardAccount.objects.get(pk=award)
        raise AwardEnded() if row.state == row.State.ENDED else NotLater(row.last_day)


@verb
def keep(*, award, until, on):
    """Keep what is left from being swept until that day is over, or no longer where `until` is None.

    Breaks still only count to the last day. `on` is today: an award can be kept up to its last day, not after.
    Raises AlreadyOver, AwardEnded.
    """
    award = number_of(award)
    what_is_left(award)
    if until is None:
        done = one(sql.KEEP_NO_LONGER, award=award)
    else:
        done = one(sql.KEEP, award=award, until=day_of(until), on=day_of(on))
    if not done:
        row = AwardAccount.objects.get(pk=award)
        raise AwardEnded() if row.state == row.State.ENDED else AlreadyOver(row.last_day)


@verb
def reinstate(*, award, last_day, op_key, actor, now, on=None):
    """Open an award again that its last day ended, until a later one; return how much came back out of its fund.

    That is what the sweeps took from it and no earlier reinstating gave back. Whether an award that was closed for
    another reason may be opened again is for whoever calls to know.

    Raises FundExhausted, NotYetOver where it has not ended, NotLater.
    """
    award = number_of(award)
    act = Act(op_key, actor, now, on, Transfer.REINSTATED)
    fund, unit, _left = what_is_left(award)
    # Takes the fund's lock first, as every sweep does: none can come between the sum and what is done with it.
    one(sql.FUND_TAKES_BACK, fund=fund, amount=0)
    swept = int(one(sql.SWEPT, award=award, reinstated=Transfer.REINSTATED)[0])
    if swept and not one(sql.FUND_ISSUES, fund=fund, amount=swept):
        raise exhausted(fund)
    days = {"last_day": day_of(last_day), "on": day_of(act.on)}
    if not one(sql.OPEN_AGAIN, award=award, amount=swept, **days):
        row = AwardAccount.objects.get(pk=award)
        over = row.state == row.State.ENDED and row.last_day < act.on
        raise NotLater(row.last_day) if over else NotYetOver(row.last_day)
    if swept:
        act.write("adjust", unit, swept, ("fund", fund), ("award", award), award=award)
    return swept


@verb
def take_turn(*, award):
    """Let whoever else changes the award or its fund wait, for an act of several steps; it changes nothing.

    An act that gives holds back and then ends the award would take the locks in the wrong order without it.
    """
    award = number_of(award)
    fund, _unit, _left = what_is_left(award)
    one(sql.FUND_TAKES_BACK, fund=fund, amount=0)
    one(sql.LET_GO, award=award, amount=0, rest=0)


def _change_state(award, state):
    what_is_left(number_of(award))
    if not one(sql.CHANGE_STATE, award=number_of(award), state=state):
        raise AwardEnded()
