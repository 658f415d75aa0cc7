"""The verbs for what a payee was paid too much and no payment takes off: it pays it back, or it is written off."""

from voucher.ledger import statements as sql
from voucher.ledger.models import Unit
from voucher.ledger.refusals import MoreThanDue
from voucher.ledger.steps import Act, number_of, one, verb, whole


@verb
def repay(*, payee, amount, receipt, op_key, actor, now, reason, on=None):
    """Write down that a payee paid back `amount` pence by invoice: it owes that much less, or is due that much more.

    `receipt` is the number of what came in, all of an invoice or a part of it, and is written once.
    Raises MoreThanDue where the payee was never paid that much, or does not owe it any more.
    """
    act = Act(op_key, actor, now, on, reason)
    _refuse_more_than_paid(payee, amount)
    act.write("repay", Unit.PENCE, amount, ("received", number_of(receipt)), ("payable", payee), payee=payee)


@verb
def write_off(*, payee, amount, invoice, op_key, actor, now, reason, on=None):
    """Write down that `amount` pence of an invoice never come: the payee owes that much less, and the council lost it.

    An invoice is written off once.
    Raises MoreThanDue where the payee was never paid that much, or so much was never taken back from it: what nobody
    took back is not lost, and would be paid a second time.
    """
    act = Act(op_key, actor, now, on, reason)
    _refuse_more_than_paid(payee, amount)
    taken_back = max(0, int(one(sql.TAKEN_BACK, payee=payee)[0]))
    if whole(amount) > taken_back:
        raise MoreThanDue(taken_back)
    act.write("writeoff", Unit.PENCE, amount, ("lost", number_of(invoice)), ("payable", payee), payee=payee)


def _refuse_more_than_paid(payee, amount):
    """Raise MoreThanDue unless the payee was paid so much that it has not given back, and that is not written off."""
    paid = int(one(sql.PAID_IN_ALL, payee=payee)[0])
    if whole(amount) > paid:
        raise MoreThanDue(paid)
