"""A provider takes a booking out of its claim while finance gathers it into a run: one of both happens."""

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import FRIDAY, SATURDAY, confirm, deliver
from tests.voucher.ledger.desk import TURNS, at_once
from tests.voucher.test_claims import claim
from tests.voucher.test_claims_race import NOW
from voucher.claiming import claims, withdrawals
from voucher.ledger import audit, books
from voucher.models import Booking, ClaimLine, PaymentRun
from voucher.settling import settlement, settlement_audit

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
THURSDAY = FRIDAY.replace(day=22, hour=9)
PAY_ON = FRIDAY.date().replace(day=27)


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def owner(cafe):
    return factories.provider_staff(cafe, "bryn@provider.example")


@pytest.fixture
def claimed(cafe, owner):
    award = factories.award(cafe.council, value=40_000)
    booking = deliver(confirm(award, factories.offer(cafe), owner, NOW), 150, owner)
    claim([booking], owner, SATURDAY)
    return booking


def withdraw(booking, owner):
    row = Booking.objects.get(pk=booking.pk)
    return withdrawals.withdraw(booking=row, by=Who(user=owner), now=THURSDAY)


@TURNS
def test_a_withdrawal_and_a_run_at_the_same_moment_never_both_have_the_line(claimed, cafe, owner, turn):
    finance = factories.user("f@council.example", role="finance_preparer", council=cafe.council)
    lines = list(ClaimLine.objects.all())

    taken_out, run = at_once(
        lambda: withdraw(claimed, owner),
        lambda: settlement.prepare(
            council=cafe.council, lines=lines, pay_on=PAY_ON, by=Who(finance), now=THURSDAY, key="run"
        ),
    )

    claimed.refresh_from_db()
    if isinstance(run, PaymentRun):
        assert isinstance(taken_out, withdrawals.InARun), taken_out
        assert (claimed.state, books.due(payee=cafe.pk)) == (Booking.State.CLAIMED, 6250)
    else:
        assert isinstance(run, settlement.LinesMoved), run
        assert isinstance(taken_out, ClaimLine), taken_out
        assert (claimed.state, books.due(payee=cafe.pk)) == (Booking.State.DELIVERED, 0)
    assert audit.differences() + claims.differences() + settlement_audit.differences() == []


@TURNS
def test_four_presses_take_it_out_once(claimed, cafe, owner, turn):
    results = at_once(*[lambda: withdraw(claimed, owner)] * 4)

    assert sorted(type(result).__name__ for result in results) == ["ClaimLine", *["NotClaimed"] * 3]
    assert books.due(payee=cafe.pk) == 0
    assert audit.differences() + claims.differences() == []
