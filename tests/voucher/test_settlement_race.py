"""Two people at the same moment: a line is in one run, a run is paid once or given up, and a file is made once."""

import datetime as dt
from functools import partial

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher import claimed
from tests.voucher.ledger.desk import TURNS, at_once
from voucher import payment_files, settlement, settlement_audit
from voucher.ledger import audit
from voucher.ledger.models import Transfer
from voucher.models import PaymentRun, RunFile

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
PAY_ON = dt.date(2026, 10, 15)


@pytest.fixture
def lines(bryn_cafe, bryn, caerphilly):
    return claimed.lines(bryn_cafe, factories.award(caerphilly), number=2, by=Who(bryn))


@pytest.fixture
def prepare(caerphilly, ffion, now, lines):
    return partial(settlement.prepare, council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now)


@TURNS
def test_the_same_lines_prepared_twice_at_once_are_in_one_run(prepare, now, turn):
    results = at_once(*(partial(prepare, key=f"prepare-{number}") for number in range(4)))

    assert sorted(type(result).__name__ for result in results) == ["LinesMoved"] * 3 + ["PaymentRun"], results
    assert PaymentRun.objects.get().number == 1
    assert settlement_audit.differences() == []


@TURNS
def test_different_lines_prepared_at_once_get_numbers_of_their_own(caerphilly, ffion, now, lines, turn):
    one = partial(settlement.prepare, council=caerphilly, pay_on=PAY_ON, by=Who(ffion), now=now)

    results = at_once(*(partial(one, lines=[line], key=f"prepare-{line.pk}") for line in lines))

    assert sorted(run.number for run in results) == [1, 2]


@TURNS
def test_a_run_released_by_two_people_at_once_is_paid_once(prepare, caerphilly, gwen, now, turn):
    run = prepare(key="prepare-1")
    huw = factories.user("huw@council.example", role="finance_approver", council=caerphilly)

    results = at_once(*(partial(settlement.release, run=run, by=Who(who), now=now) for who in (gwen, huw)))

    assert sorted(type(result).__name__ for result in results) == ["PaymentRun", "RunMoved"], results
    assert [row.amount for row in Transfer.objects.filter(kind="settle")] == [5000]
    assert settlement_audit.differences() == audit.differences(now) == []


@TURNS
def test_a_run_released_and_given_up_at_once_is_one_of_the_two(prepare, ffion, gwen, now, turn):
    run = prepare(key="prepare-1")

    results = at_once(
        partial(settlement.release, run=run, by=Who(gwen), now=now),
        partial(settlement.void, run=run, reason="Wrong day.", by=Who(ffion), now=now),
    )

    assert sorted(type(result).__name__ for result in results) == ["PaymentRun", "RunMoved"], results
    run.refresh_from_db()
    paid = Transfer.objects.filter(kind="settle").count()
    assert (run.state, paid) in {("released", 1), ("voided", 0)}
    assert settlement_audit.differences() == []


def test_files_made_twice_at_once_are_made_once(prepare, gwen, now):
    run = settlement.release(run=prepare(key="prepare-1"), by=Who(gwen), now=now)

    results = at_once(*(partial(payment_files.make_files, run, now=now) for _press in range(3)))

    assert sum(len(made) for made in results) == 9, results
    assert RunFile.objects.filter(run=run).count() == 9
    assert settlement_audit.differences() == []
