"""Two people at the same moment: a line is in one run, a run is paid once or given up, and a file is made once."""

import datetime as dt
import threading
import time
from functools import partial

import pytest
from django.db import connection

from accounts.history import Who
from tests import factories
from tests.voucher import claimed
from tests.voucher.ledger.desk import TURNS, at_once
from voucher.claiming import withholding
from voucher.ledger import audit
from voucher.ledger.models import Transfer
from voucher.models import Claim, PaymentRun, RunFile, Withholding
from voucher.settling import payment_files, settlement, settlement_audit

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


@TURNS
def test_payments_withheld_while_a_run_is_prepared_are_left_out_or_seen_and_never_paid(
    prepare, caerphilly, bryn_cafe, gwen, now, turn
):
    """Whoever withholds reads at once which runs to give up (R73): none is made behind them that pays the provider."""
    huw = factories.user("huw@council.example", role="finance_preparer", council=caerphilly)
    about = {"provider": bryn_cafe, "reason": "The account may be another’s.", "by": Who(huw), "now": now}

    def withhold():
        withholding.withhold(council=caerphilly, **about)
        return list(PaymentRun.objects.filter(lines__provider=bryn_cafe).distinct())

    run, seen = at_once(partial(prepare, key="prepare-1"), withhold)

    assert isinstance(run, (PaymentRun, settlement.LinesMoved)), run
    assert seen == list(PaymentRun.objects.all()) == ([run] if isinstance(run, PaymentRun) else [])
    for prepared in seen:
        with pytest.raises(settlement.LinesMoved):
            settlement.release(run=prepared, by=Who(gwen), now=now)
    assert Withholding.objects.get().ended_at is None
    assert not Transfer.objects.filter(kind="settle").exists()
    assert settlement_audit.differences() == audit.differences(now) == []


def test_payments_let_go_in_the_moment_of_a_claim_leave_it_a_promised_day(
    caerphilly, bryn_cafe, bryn, ffion, now, monkeypatch
):
    """The claim has just read that the payments wait, and is not written yet, when they are let go (R73)."""
    award = factories.award(caerphilly)
    booking = claimed.delivered(award, factories.offer(bryn_cafe), minutes=60, by=Who(bryn))
    about = {"council": caerphilly, "provider": bryn_cafe, "reason": "A question.", "by": Who(ffion), "now": now}
    row = withholding.withhold(**about)
    promised, has_read, other = withholding.promised, threading.Event(), {}

    def read_and_let_the_other_come(**named):
        day = promised(**named)
        has_read.set()
        # Until the other is through, or waits for a lock that this claim holds.
        for _look in range(6_000):
            if "through" in other or waits_for_a_lock(other.get("pid")):
                return day
            time.sleep(0.01)
        raise AssertionError("The other neither came nor waited.")

    def let_go():
        has_read.wait(60)
        other["pid"] = connection.connection.info.backend_pid
        withholding.let_go(withholding=row, reason="All is well.", by=Who(ffion), now=now)
        other["through"] = True

    monkeypatch.setattr(withholding, "promised", read_and_let_the_other_come)
    lines, answer = at_once(partial(claimed.claim, bryn_cafe, [booking], by=Who(bryn), now=now), let_go)

    assert answer is None and len(lines) == 1, (lines, answer)
    assert Claim.objects.get().pay_promised_on == promised(provider=bryn_cafe, council=caerphilly, on=now.date())


def waits_for_a_lock(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted)", [pid])
        return cursor.fetchone()[0]


def test_files_made_twice_at_once_are_made_once(prepare, gwen, now):
    run = settlement.release(run=prepare(key="prepare-1"), by=Who(gwen), now=now)

    results = at_once(*(partial(payment_files.make_files, run, now=now) for _press in range(3)))

    assert sum(len(made) for made in results) == 9, results
    assert RunFile.objects.filter(run=run).count() == 9
    assert settlement_audit.differences() == []
