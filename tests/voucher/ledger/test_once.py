"""The same key does the same thing once, whoever presses twice."""

import datetime as dt
import uuid

import pytest

from tests.voucher.ledger.desk import faults
from voucher.ledger import acts, books
from voucher.ledger.models import Op, Transfer

BREAK = dt.date(2026, 11, 5)


@pytest.fixture
def ask(pounds, now):
    """Set £60 aside under a key, as a room above does."""

    def ask(key="k1", amount=6_000, actor="user:1", verb="booking.make"):
        def do():
            held = books.hold(award=pounds, amount=amount, on=BREAK, op_key=key, actor=actor, now=now)
            return {"hold": held.pk}

        arguments = {"award": pounds.pk, "amount": amount, "on": BREAK}
        return acts.once(key=key, actor=actor, verb=verb, arguments=arguments, now=now, do=do)

    return ask


def test_the_same_key_again_gets_the_same_answer_and_moves_nothing(ask, desk, pounds):
    first = ask()

    assert ask() == first
    assert desk.left(pounds) == (24_000, 6_000)
    assert faults() == []


@pytest.mark.parametrize("change", [{"amount": 5_000}, {"actor": "user:2"}, {"verb": "claim.make"}])
def test_a_key_belongs_to_one_actor_one_verb_and_its_arguments(ask, desk, pounds, change):
    ask()

    with pytest.raises(acts.KeyWasUsed) as refusal:
        ask(**change)

    assert refusal.value.key == "k1"
    assert desk.left(pounds) == (24_000, 6_000)


def test_an_act_that_was_refused_leaves_its_key_free(ask, desk, pounds):
    desk.freeze(award=pounds)
    with pytest.raises(books.AwardFrozen):
        ask()
    assert not Op.objects.exists()

    desk.unfreeze(award=pounds)

    ask()
    assert desk.left(pounds) == (24_000, 6_000)


def test_the_order_of_arguments_does_not_matter(db, now):
    def do(arguments):
        return acts.once(key="k", actor="a", verb="v", arguments=arguments, now=now, do=lambda: len(arguments))

    uuid4 = uuid.uuid4()
    assert do({"one": 1, "day": BREAK, "moment": now, "uuid": uuid4}) == 4
    assert do({"uuid": uuid4, "moment": now, "day": BREAK, "one": 1}) == 4


def test_an_act_cannot_contain_itself(db, now):
    def again():
        return acts.once(key="k", actor="a", verb="v", arguments={}, now=now, do=lambda: 1)

    with pytest.raises(acts.KeyWasUsed):
        acts.once(key="k", actor="a", verb="v", arguments={}, now=now, do=again)
    assert not Op.objects.exists()


def test_arguments_without_a_plain_form_are_refused(db, now):
    with pytest.raises(TypeError, match="no plain form"):
        acts.once(key="k", actor="a", verb="v", arguments={"what": object()}, now=now, do=lambda: 1)


def test_each_step_of_an_act_has_its_own_key(desk, pounds):
    desk.hold(award=pounds, amount=100, on=BREAK, op_key="k/hold")

    with pytest.raises(books.KeyWasUsed):
        desk.hold(award=pounds, amount=100, on=BREAK, op_key="k/hold")

    assert desk.left(pounds) == (29_900, 100)
    assert Transfer.objects.filter(op_key="k/hold").count() == 1
    assert faults() == []
