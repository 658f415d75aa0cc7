"""A booking is taken out of a claim again, until it is in a payment run (R60)."""

import pytest
from django.db import IntegrityError, transaction

from accounts.history import Who
from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, SATURDAY, confirm, deliver, london
from tests.voucher.test_claims import claim
from voucher import bookings
from voucher.claiming import claims, disputes, withdrawals
from voucher.granting import award_statement
from voucher.ledger import audit, books
from voucher.models import Booking, ClaimLine
from voucher.settling import line_checks, settlement

pytestmark = pytest.mark.django_db
State = Booking.State
MONDAY = london(2026, 10, 19, 9)
THURSDAY = london(2026, 10, 22, 9)
UNITS = pytest.mark.parametrize(("unit", "value"), [("pence", 40_000), ("minutes", 960)])


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def claimed(award, sitting, bryn, now):
    """2¼ of 2½ hours, claimed: £56.25 of £62.50."""
    booking = deliver(confirm(award, sitting, bryn, now), 135, bryn)
    claim([booking], bryn, SATURDAY)
    return fresh(booking)


def fresh(booking):
    return Booking.objects.select_related("award__account", "hold", "provider").get(pk=booking.pk)


def figures(booking):
    account = fresh(booking).award.account
    return account.available, account.held


def withdraw(booking, owner, now=MONDAY):
    return withdrawals.withdraw(booking=booking, by=Who(user=owner), now=now)


def balance(*, now=None):
    return audit.differences(now) + claims.differences()


@UNITS
def test_what_was_claimed_is_set_aside_again_and_can_be_marked_and_claimed_anew(
    caerphilly, sitting, bryn, bryn_cafe, now, unit, value
):
    award = factories.award(caerphilly, value=value, unit=unit)
    booking = deliver(confirm(award, sitting, bryn, now), 135, bryn)
    asked = figures(booking)
    claim([booking], bryn, SATURDAY)
    assert books.due(payee=bryn_cafe.pk) == 5625

    line = withdraw(booking, bryn)

    assert (fresh(booking).state, figures(booking), books.due(payee=bryn_cafe.pk)) == (State.DELIVERED, asked, 0)
    assert (line.amount_pence, fresh(booking).claim_line) == (5625, None)
    assert balance() == []
    booking = fresh(booking)
    bookings.undo(booking=booking, by=Who(bryn), now=MONDAY)
    bookings.deliver(booking=booking, minutes=150, by=Who(bryn), now=MONDAY)
    claim([booking], bryn, MONDAY, key="again")
    assert (fresh(booking).state, books.due(payee=bryn_cafe.pk)) == (State.CLAIMED, 6250)
    assert [each.amount_pence for each in ClaimLine.with_struck.order_by("pk")] == [5625, 6250]
    assert balance() == []


def test_a_struck_line_is_never_paid_and_the_carers_statement_names_the_break(claimed, caerphilly, bryn):
    line = claimed.claim_line

    withdraw(claimed, bryn)

    assert not settlement.awaiting(caerphilly).exists()
    assert line_checks.looked_at(settlement.awaiting(caerphilly)) == []
    with pytest.raises(settlement.LinesMoved):
        settlement.prepare(
            council=caerphilly, lines=[line], pay_on=FRIDAY.date().replace(day=27), by=Who(bryn), now=MONDAY, key="r"
        )
    words = [each.words for each in award_statement.statement(claimed.award)][1:]
    assert words and all("Sitting at home" in each for each in words), words


def test_a_second_press_finds_that_it_was_taken_out(claimed, bryn):
    withdraw(claimed, bryn)

    with pytest.raises(withdrawals.NotClaimed):
        withdraw(claimed, bryn)

    assert HistoryEntry.objects.filter(act="booking.claim_withdrawn").count() == 1
    assert balance() == []


def test_what_is_in_a_payment_run_stays_and_after_the_run_is_given_up_it_may_go(
    claimed, caerphilly, bryn, ffion, bryn_cafe
):
    run = settlement.prepare(
        council=caerphilly,
        lines=[claimed.claim_line],
        pay_on=FRIDAY.date().replace(day=27),
        by=Who(ffion),
        now=THURSDAY,
        key="run",
    )

    assert not withdrawals.may_withdraw(fresh(claimed))
    with pytest.raises(withdrawals.InARun) as refused:
        withdraw(claimed, bryn, THURSDAY)

    assert refused.value.day == run.pay_on
    assert books.due(payee=bryn_cafe.pk) == 5625
    settlement.void(run=run, reason="A slip", by=Who(ffion), now=THURSDAY)
    assert withdrawals.may_withdraw(fresh(claimed))
    withdraw(claimed, bryn, THURSDAY)
    assert balance() == []


def test_what_was_paid_stays_in_its_claim(claimed, caerphilly, bryn, ffion, gwen):
    run = settlement.prepare(
        council=caerphilly,
        lines=[claimed.claim_line],
        pay_on=FRIDAY.date().replace(day=27),
        by=Who(ffion),
        now=THURSDAY,
        key="run",
    )
    settlement.release(run=run, by=Who(gwen), now=THURSDAY)

    with pytest.raises(withdrawals.InARun):
        withdraw(claimed, bryn, THURSDAY)


def test_what_the_carer_disputes_is_no_slip(claimed, bryn):
    disputes.make(booking=claimed, said_minutes=60, by=ALYS, now=MONDAY)

    with pytest.raises(withdrawals.IsDisputed):
        withdraw(claimed, bryn)

    assert not withdrawals.may_withdraw(fresh(claimed))


def test_where_the_carer_has_used_what_came_back_nothing_changes(caerphilly, sitting, bryn, now):
    award = factories.award(caerphilly, value=6250)
    booking = deliver(confirm(award, sitting, bryn, now), 135, bryn)
    claim([booking], bryn, SATURDAY)
    confirm(award, factories.offer(sitting.provider, price_pence=600, unit="session"), bryn, SATURDAY,
            starts_at=london(2026, 10, 20, 10), minutes=60)  # fmt: skip

    with pytest.raises(withdrawals.RestWasUsed):
        withdraw(booking, bryn)

    assert fresh(booking).state == State.CLAIMED
    assert fresh(booking).claim_line.amount_pence == 5625
    assert balance() == []


def test_a_whole_break_can_be_taken_out_even_when_its_award_has_ended(award, sitting, bryn, bryn_cafe, now):
    booking = deliver(confirm(award, sitting, bryn, now), 150, bryn)
    claim([booking], bryn, SATURDAY)
    with transaction.atomic():
        books.end(award=award.account, op_key="end", actor="team", now=MONDAY, reason="moved")

    withdraw(booking, bryn)

    assert (fresh(booking).state, figures(booking), books.due(payee=bryn_cafe.pk)) == (State.DELIVERED, (0, 6250), 0)
    assert balance() == []


def test_a_late_cancellation_taken_out_stays_paid_for_and_can_be_claimed_again(award, sitting, bryn, bryn_cafe, now):
    booking = confirm(award, sitting, bryn, now)
    bookings.cancel(booking=booking, party="carer", by=ALYS, now=FRIDAY.replace(hour=1))
    claim([booking], bryn, SATURDAY)

    line = withdraw(booking, bryn)

    assert (fresh(booking).state, books.due(payee=bryn_cafe.pk), line.struck_hold_id) == (State.CANCELLED, 3125, None)
    assert balance() == []
    claim([fresh(booking)], bryn, MONDAY, key="again")
    assert balance() == []


def test_the_audit_finds_a_struck_line_of_which_the_books_still_have_the_money(claimed, bryn):
    ClaimLine.objects.filter(pk=claimed.claim_line.pk).update(
        struck_at=MONDAY, struck_by=bryn, struck_hold=claimed.hold
    )

    assert any("was struck, and is paid or spent all the same" in each for each in claims.differences())


def test_a_finding_is_never_struck(claimed):
    with pytest.raises(IntegrityError, match="only_a_claimed_line_is_struck"), transaction.atomic():
        ClaimLine.objects.update(part=ClaimLine.Part.FOUND, struck_at=MONDAY)
