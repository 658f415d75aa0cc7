"""The database is the net under the verbs: what they would never write, it refuses from anyone."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from voucher.ledger.models import Transfer

BREAK = dt.date(2026, 11, 5)


@pytest.fixture
def refused():
    """Run one statement and expect the constraint of that name."""

    def refused(sql, name, *parameters):
        with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
        assert name in str(error.value)

    return refused


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("UPDATE ledger_awardaccount SET available = -1", "award_available_is_not_negative"),
        ("UPDATE ledger_awardaccount SET held = -1", "award_held_is_not_negative"),
        ("UPDATE ledger_awardaccount SET first_day = '2027-03-03'", "award_ends_after_it_begins"),
        ("UPDATE ledger_fundaccount SET issued = -1", "fund_issued_is_not_negative"),
        ("UPDATE ledger_fundaccount SET issued = allocated + 1", "fund_issues_no_more_than_allocated"),
        ("UPDATE ledger_hold SET amount = 0", "hold_is_of_something"),
        ("UPDATE ledger_hold SET state = 'spent', spent = amount + 1", "hold_spends_no_more_than_set_aside"),
        ("UPDATE ledger_hold SET state = 'spent', spent = 1, refunded = 2", "hold_refunds_no_more_than_spent"),
        (
            "UPDATE ledger_hold SET state = 'spent', spent = 1, charge_refunded = 1",
            "hold_refunds_no_more_than_charged",
        ),
        ("UPDATE ledger_hold SET spent = 1", "only_a_spent_hold_has_spent"),
        ("UPDATE ledger_hold SET state = 'spent'", "only_a_spent_hold_has_spent"),
        ("UPDATE ledger_hold SET covered = 1", "only_a_released_hold_is_covered"),
        ("UPDATE ledger_hold SET state = 'spent', spent = 1, covered = 1", "only_a_released_hold_is_covered"),
        ("UPDATE ledger_hold SET state = 'released', covered = -1", "only_a_released_hold_is_covered"),
    ],
)
def test_balances_keep_their_limits(desk, pounds, refused, change, name):
    desk.hold(award=pounds, amount=100, on=BREAK)

    refused(change, name)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"amount": 0}, "transfer_moves_something"),
        ({"amount": -100}, "transfer_moves_something"),
        # Two constraints forbid this one; which of them speaks first is the database's affair.
        ({"credit_kind": "award", "credit_id": "{award}"}, "transfer_"),
        ({"credit_kind": "fund"}, "transfer_goes_where_its_kind_goes"),
        ({"kind": "settle"}, "transfer_"),
        ({"resolves": True}, "only_a_spend_or_a_release_resolves"),
        ({"hold_id": None}, "transfer_names_its_hold"),
        ({"award_id": None}, "transfer_names_its_award"),
        ({}, "hold"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_transfer_that_makes_no_sense_is_refused(desk, pounds, change, name):
    held = desk.hold(award=pounds, amount=100, on=BREAK, op_key="first")
    row = Transfer.objects.values().get(op_key="first") | {"id": None, "op_key": "second"} | change
    row = {field: pounds.pk if value == "{award}" else value for field, value in row.items()}

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Transfer.objects.create(**row)

    assert name in str(error.value)
    assert held.transfers.count() == 1


def test_a_step_of_an_act_is_written_once(pounds):
    row = Transfer.objects.values().get(kind="issue") | {"id": None}

    with pytest.raises(IntegrityError, match=r"op_key|transfer_belongs_to_one_step"), transaction.atomic():
        Transfer.objects.create(**row)


def test_a_hold_is_resolved_once_even_by_hand(desk, pounds):
    held = desk.hold(award=pounds, amount=100, on=BREAK)
    desk.release(hold=held, op_key="first")
    row = Transfer.objects.values().get(op_key="first") | {"id": None, "op_key": "second"}

    with pytest.raises(IntegrityError, match="hold"), transaction.atomic():
        Transfer.objects.create(**row)


def test_an_award_never_pays_what_the_fund_covers(desk, pounds):
    held = desk.hold(award=pounds, amount=100, on=BREAK)
    desk.cover(hold=held, pence=50, payee=7, op_key="first")
    row = Transfer.objects.values().get(op_key="first", kind="cover")
    row |= {"id": None, "op_key": "second", "debit_kind": "award", "debit_id": pounds.pk}

    with pytest.raises(IntegrityError, match="transfer_goes_where_its_kind_goes"), transaction.atomic():
        Transfer.objects.create(**row)


def test_what_is_due_names_who_is_paid(desk, pounds):
    held = desk.hold(award=pounds, amount=100, on=BREAK)
    desk.spend(hold=held, amount=100, payee=7, effective_on=BREAK, op_key="first")
    row = Transfer.objects.values().get(op_key="first") | {"id": None, "op_key": "second", "payee": None}

    with pytest.raises(IntegrityError, match="transfer_names_its_payee"), transaction.atomic():
        Transfer.objects.create(**row)
