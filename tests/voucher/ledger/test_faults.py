"""Whatever statement of an act fails, nothing of it remains, and the same key works afterwards."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection

from tests.voucher.ledger.desk import ACTOR, faults
from voucher.ledger import acts, books
from voucher.ledger.models import AwardAccount, FundAccount, Hold, Op, Transfer

BREAK = dt.date(2026, 11, 5)
AFTER = dt.date(2027, 3, 3)


@pytest.fixture
def states(desk, hours):
    """Holds in every state, of an award in hours: the rows that the acts below need."""
    open_hold, spent = (desk.hold(award=hours, amount=120, on=BREAK) for _ in range(2))
    desk.spend(hold=spent, amount=120, charge_pence=4_800, payee=7, effective_on=BREAK)
    desk.settle(payee=7, amount=2_000, run=1)
    desk.refund(hold=spent, amount=30, charge_pence=500)
    return {"fund": hours.fund_id, "award": hours, "open": open_hold, "spent": spent}


ACTS = {
    "issue": lambda s: ("issue", {"fund": s["fund"], "amount": 60, "first_day": BREAK, "last_day": BREAK}),
    "hold": lambda s: ("hold", {"award": s["award"], "amount": 60, "on": BREAK}),
    "release": lambda s: ("release", {"hold": s["open"]}),
    "spend": lambda s: (
        "spend",
        {"hold": s["open"], "amount": 60, "charge_pence": 2_400, "payee": 7, "effective_on": BREAK},
    ),
    "spend_part": lambda s: (
        "spend_part",
        {
            "hold": s["open"],
            "amount": 60,
            "still_held": 30,
            "charge_pence": 2_400,
            "payee": 7,
            "effective_on": BREAK,
        },
    ),
    "cover": lambda s: ("cover", {"hold": s["open"], "pence": 2_400, "payee": 7}),
    "refund": lambda s: ("refund", {"hold": s["spent"], "amount": 60, "charge_pence": 2_400}),
    "expire": lambda s: ("expire", {"award": s["award"], "on": AFTER}),
    "end": lambda s: ("end", {"award": s["award"], "reason": "moved away"}),
    "add": lambda s: ("adjust", {"award": s["award"], "amount": 60, "reason": "topped up"}),
    "take": lambda s: ("adjust", {"award": s["award"], "amount": -60, "reason": "entered twice"}),
    "settle": lambda s: ("settle", {"payee": 7, "amount": 2_300, "run": 2}),
    "repay": lambda s: ("repay", {"payee": 7, "amount": 2_000, "receipt": 1, "reason": "found after payment"}),
    "write_off": lambda s: ("write_off", {"payee": 7, "amount": 500, "invoice": 1, "reason": "will never come"}),
    "unsettle": lambda s: ("unsettle", {"payee": 7, "amount": 2_000, "run": 1, "reason": "account closed"}),
}


class FailOn:
    """Let statements through until the n-th, which fails as if the database had gone."""

    def __init__(self, n):
        self.n = n

    def __call__(self, execute, sql, params, many, context):
        self.n -= 1
        if self.n == 0:
            raise DatabaseError("the line went dead")
        return execute(sql, params, many, context)


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (FundAccount, AwardAccount, Hold, Transfer, Op)]


@pytest.mark.parametrize("act", ACTS)
def test_an_act_whose_nth_statement_fails_leaves_nothing_and_can_be_done_again(states, now, act):
    verb, arguments = ACTS[act](states)

    def once():
        def do():
            getattr(books, verb)(**arguments, op_key="k", actor=ACTOR, now=now)

        return acts.once(key="k", actor=ACTOR, verb=verb, arguments={"act": act}, now=now, do=do)

    before = everything()
    for n in range(1, 50):
        try:
            with connection.execute_wrapper(FailOn(n)):
                once()
            break
        except DatabaseError as failure:
            assert "went dead" in str(failure)
            assert everything() == before
            assert faults() == []

    assert n > 6, "An act has more statements than that."
    assert Transfer.objects.filter(op_key="k").exists()
    after = everything()
    once()
    assert everything() == after
    assert faults() == []
