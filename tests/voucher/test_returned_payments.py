"""A payment that the bank sends back is due again, and is not sent anew by itself (R64)."""

import datetime as dt

import pytest

from accounts.history import Who
from accounts.models import OutboxMessage
from providers import staff
from providers.models import Staff
from tests import factories
from tests.voucher import claimed
from voucher import bookings, jobs
from voucher.claiming import absences, claims
from voucher.ledger import acts, audit, books
from voucher.models import ReturnedPayment
from voucher.settling import account_changes, invoices, line_checks, returned_payments, settlement, settlement_audit

pytestmark = pytest.mark.django_db

PAY_ON = dt.date(2026, 10, 15)
CAME_BACK = dt.date(2026, 10, 16)


@pytest.fixture
def later(now):
    return now + dt.timedelta(days=5)


@pytest.fixture
def other(caerphilly):
    return factories.provider(caerphilly, name="Siop Goffi")


@pytest.fixture
def run(caerphilly, bryn_cafe, bryn, other, ffion, gwen, now):
    """A released run that paid Bryn Café £50 and another provider £25."""
    award = factories.award(caerphilly)
    lines = claimed.lines(bryn_cafe, award, number=2, by=Who(bryn))
    lines += claimed.lines(other, factories.award(caerphilly), by=Who(factories.provider_staff(other, "o@p.example")))
    row = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    return settlement.release(run=row, by=Who(gwen), now=now)


@pytest.fixture
def note(run, bryn_cafe, ffion, later):
    def noted(**more):
        told = {"run": run, "provider": bryn_cafe, "reason": "closed", "returned_on": CAME_BACK, "key": "back"} | more
        return returned_payments.note(**told, by=Who(ffion), now=later)

    return noted


def failing(council):
    return [check.key for each in line_checks.looked_at(settlement.awaiting(council)) for check in each.failed]


def sound(now):
    return audit.differences(now) == settlement_audit.differences() == []


def test_the_whole_share_is_due_again_and_the_others_stay_paid(note, run, bryn_cafe, other, caerphilly, later):
    assert (books.due(bryn_cafe.pk), books.due(other.pk)) == (0, 0)

    returned = note()

    assert returned.amount_pence == 5000
    assert (books.due(bryn_cafe.pk), books.due(other.pk)) == (5000, 0)
    assert settlement.awaiting(caerphilly).count() == 2
    assert returned_payments.may_be_returned(run) == {other.pk: 2500}
    assert sound(later)


def test_noting_it_twice_moves_nothing_twice(note, bryn_cafe, later):
    assert note() == note() == note(key="another press")
    assert books.due(bryn_cafe.pk) == 5000
    assert ReturnedPayment.objects.count() == 1
    with pytest.raises(acts.KeyWasUsed):
        note(reason="unknown")
    assert sound(later)


def test_the_provider_is_told_and_nothing_is_lost(note, bryn_cafe):
    note()

    told = OutboxMessage.objects.get(kind="payment_returned", to=bryn_cafe.email)
    assert "£50" in told.subject and "The account is closed" in told.body


def test_who_works_there_neither_notes_what_came_back_nor_lets_it_be_paid_again(note, bryn_cafe, ffion, later):
    """Nobody has money sent to their own provider a second time."""
    post = Staff.objects.create(provider=bryn_cafe, user=ffion, kind="claims")
    with pytest.raises(staff.WorksThere):
        note()
    assert books.due(bryn_cafe.pk) == 0

    post.delete()
    returned = note()
    Staff.objects.create(provider=bryn_cafe, user=ffion, kind="claims")
    with pytest.raises(staff.WorksThere):
        returned_payments.clear(returned=returned, by=Who(ffion), now=later)
    returned.refresh_from_db()
    assert returned.cleared_at is None


def test_it_is_not_paid_again_before_somebody_made_sure_of_the_account(note, caerphilly, gwen, ffion, later):
    returned = note()
    assert failing(caerphilly) == ["bank", "bank"]
    with pytest.raises(settlement.LinesMoved):
        settlement.prepare(
            council=caerphilly,
            lines=settlement.awaiting(caerphilly),
            pay_on=dt.date(2026, 10, 22),
            by=Who(ffion),
            now=later,
            key="again",
        )

    returned_payments.clear(returned=returned, by=Who(gwen), now=later)
    assert failing(caerphilly) == []
    with pytest.raises(returned_payments.Cleared):
        returned_payments.clear(returned=returned, by=Who(gwen), now=later)
    run = settlement.prepare(
        council=caerphilly,
        lines=settlement.awaiting(caerphilly),
        pay_on=dt.date(2026, 10, 22),
        by=Who(ffion),
        now=later,
        key="again 2",
    )
    settlement.release(run=run, by=Who(gwen), now=later)
    assert books.due(returned.provider_id) == 0
    assert sound(later)


def test_another_account_that_was_made_sure_of_is_paid_without_a_word_about_the_old_one(
    note, bryn_cafe, bryn, caerphilly, ffion, gwen, later
):
    note()
    new = {"name": "Bryn Powell", "sort_code": "445566", "account_number": "20202020"}
    change = account_changes.ask(provider=bryn_cafe, **new, by=Who(bryn), now=later)
    account_changes.record_call(account=change, spoke_to="Bryn", by=Who(ffion), now=later)
    account_changes.agree(account=change, by=Who(gwen), now=later)
    jobs.use_changed_accounts(later + dt.timedelta(days=3))

    assert failing(caerphilly) == []


@pytest.mark.parametrize("day", [dt.date(2026, 10, 14), dt.date(2026, 10, 18)])
def test_nothing_comes_back_before_it_was_paid_or_in_days_to_come(note, day, bryn_cafe):
    with pytest.raises(returned_payments.TooEarly):
        note(returned_on=day)
    assert books.due(bryn_cafe.pk) == 0


def test_a_provider_that_the_run_did_not_pay_has_nothing_to_return(note, caerphilly):
    with pytest.raises(returned_payments.NotPaid):
        note(provider=factories.provider(caerphilly, name="Nobody"))


def test_a_recharge_within_the_council_cannot_come_back(caerphilly, ffion, gwen, now, later):
    own = factories.provider(caerphilly, name="Canolfan", legal_form="council in-house", bank=False)
    by = Who(factories.provider_staff(own, "own@council.example"))
    lines = claimed.lines(own, factories.award(caerphilly), by=by)
    row = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="own")
    row = settlement.release(run=row, by=Who(gwen), now=now)

    assert returned_payments.may_be_returned(row) == {}
    with pytest.raises(returned_payments.NotPaid):
        returned_payments.note(
            run=row, provider=own, reason="closed", returned_on=CAME_BACK, by=Who(ffion), now=later, key="k"
        )


def test_a_carer_who_was_there_after_all_may_say_so_of_a_line_that_came_back(
    caerphilly, bryn_cafe, bryn, carys, ffion, gwen, now, later
):
    """R61. Nothing is struck that a run has paid once: the carers team finds how it was, and nothing is lost."""
    award, offer = factories.award(caerphilly), factories.offer(bryn_cafe, price_pence=2_501)
    booking = claimed.booking(award, offer, by=Who(bryn))
    said_at = booking.starts_at + dt.timedelta(minutes=20)
    bookings.did_not_happen(booking=booking, party="provider", why="carer", by=Who(bryn), now=said_at)
    lines = claimed.claim(bryn_cafe, [booking], by=Who(bryn))
    run = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    run = settlement.release(run=run, by=Who(gwen), now=now)
    act = {"reason": "closed", "returned_on": CAME_BACK, "by": Who(ffion), "now": later, "key": "back"}
    returned_payments.note(run=run, provider=bryn_cafe, **act)
    booking.refresh_from_db()

    assert absences.say_otherwise(booking=booking, by=Who(label="code"), now=later) is False
    absences.find_for_the_carer(booking=booking, by=Who(carys), now=later)

    award.account.refresh_from_db()
    assert (award.account.available, books.due(bryn_cafe.pk)) == (30_000, 0)
    # What is due and what is taken off come to nothing: a run settles both, and no invoice asks for either.
    assert failing(caerphilly) == []
    assert list(invoices.to_write(caerphilly, on=later.date() + dt.timedelta(days=100))) == []
    assert sound(later) and claims.differences() == []
