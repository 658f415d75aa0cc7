"""Where a provider is paid changes only after a call to a known number and a second person's word (R63)."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers import staff
from providers.models import BankAccount, Provider
from tests import factories
from tests.voucher import claimed
from voucher import jobs
from voucher.ledger import audit
from voucher.models import RunLine
from voucher.settling import account_changes, bacs, line_checks, settlement, settlement_audit

pytestmark = pytest.mark.django_db

NEW = {"name": "Bryn Powell", "sort_code": "445566", "account_number": "20202020"}
PAY_ON = dt.date(2026, 10, 15)


@pytest.fixture
def ask(bryn_cafe, bryn, now):
    def asked(**more):
        wanted = {"provider": bryn_cafe, "by": Who(bryn), "now": now} | NEW | more
        return account_changes.ask(**wanted)

    return asked


@pytest.fixture
def change(ask):
    return ask()


@pytest.fixture
def called(change, ffion, now):
    account_changes.record_call(account=change, spoke_to="Bryn Powell", by=Who(ffion), now=now)
    change.refresh_from_db()
    return change


@pytest.fixture
def agreed(called, gwen, now):
    account_changes.agree(account=called, by=Who(gwen), now=now)
    called.refresh_from_db()
    return called


@pytest.fixture
def line(bryn_cafe, bryn, caerphilly):
    return claimed.lines(bryn_cafe, factories.award(caerphilly), by=Who(bryn))[0]


def paid_into(provider):
    return provider.bank_accounts.get(state="checked").account_number


def failing(council):
    return [check.key for each in line_checks.looked_at(settlement.awaiting(council)) for check in each.failed]


def test_the_old_account_is_paid_until_the_new_ones_day(agreed, bryn_cafe, now):
    old = bryn_cafe.bank_accounts.get(state="checked")
    # Agreed on Monday 12 October; two working days later is Wednesday.
    assert agreed.used_from == dt.date(2026, 10, 14)

    jobs.use_changed_accounts(now + dt.timedelta(days=1))
    assert paid_into(bryn_cafe) == old.account_number
    assert jobs.use_changed_accounts(now + dt.timedelta(days=2)) == (1, 0)
    assert paid_into(bryn_cafe) == NEW["account_number"]
    assert jobs.use_changed_accounts(now + dt.timedelta(days=2)) == (0, 0)

    old.refresh_from_db()
    assert (old.state, old.replaced_at) == ("replaced", now + dt.timedelta(days=2))
    acts = HistoryEntry.objects.filter(act__startswith="account.").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["account.asked", "account.called", "account.agreed", "account.used"]


def test_the_old_address_and_every_owner_are_told_at_once(bryn_cafe, bryn, ask):
    factories.provider_staff(bryn_cafe, "second@provider.example", name="Second")
    factories.provider_staff(bryn_cafe, "desk@provider.example", kind="desk")

    ask()

    told = OutboxMessage.objects.filter(kind="account_change_asked")
    assert set(told.values_list("to", flat=True)) == {bryn_cafe.email, bryn.email, "second@provider.example"}
    assert all("2020" in row.body and NEW["account_number"] not in row.body for row in told)


def test_asking_twice_for_the_same_is_one_wish_and_for_another_is_refused(ask, change):
    assert ask() == change
    with pytest.raises(account_changes.ChangeWaits):
        ask(account_number="30303030")
    assert BankAccount.objects.filter(state="waiting").count() == 1
    assert OutboxMessage.objects.filter(kind="account_change_asked").count() == 2


def test_the_account_that_is_paid_now_is_no_change(ask, bryn_cafe):
    now_paid = bryn_cafe.bank_accounts.get(state="checked")

    with pytest.raises(account_changes.SameAccount):
        ask(name=now_paid.name, account_number=now_paid.account_number)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"sort_code": "000000"}, {"sort_code": "12345"}, {"account_number": "1234567"}, {"name": "…"}),
        # As a roll number each would stop the file of everybody else.
        *({"roll_number": "000000"}, {"roll_number": "DDIC/12345"}, {"roll_number": "1     2"}),
    ],
)
def test_an_account_that_bacs_cannot_write_is_refused_before_anybody_rings(ask, wrong):
    with pytest.raises(bacs.BacsFault):
        ask(**wrong)
    assert not BankAccount.objects.exclude(asked_at=None).exists()


def test_nobody_agrees_before_the_call(change, gwen, now):
    with pytest.raises(account_changes.NotCalled):
        account_changes.agree(account=change, by=Who(gwen), now=now)


def test_who_rang_does_not_agree(called, ffion, now):
    with pytest.raises(account_changes.SamePerson):
        account_changes.agree(account=called, by=Who(ffion), now=now)
    assert not account_changes.may_agree(called, ffion)


def test_a_second_call_does_not_hide_who_rang_first(called, ffion, gwen, now):
    with pytest.raises(account_changes.ChangeMoved):
        account_changes.record_call(account=called, spoke_to="Bryn", by=Who(gwen), now=now)

    called.refresh_from_db()
    assert called.called_by == ffion
    account_changes.agree(account=called, by=Who(gwen), now=now)


def test_who_asked_neither_rings_nor_agrees_even_with_a_role_in_finance(bryn_cafe, caerphilly, ask, gwen, now):
    both = factories.user("both@council.example", role="finance_preparer", council=caerphilly)
    change = ask(by=Who(both))

    with pytest.raises(account_changes.SamePerson):
        account_changes.record_call(account=change, spoke_to="Bryn", by=Who(both), now=now)
    account_changes.record_call(account=change, spoke_to="Bryn", by=Who(gwen), now=now)
    with pytest.raises(account_changes.SamePerson):
        account_changes.agree(account=change, by=Who(both), now=now)


def test_who_works_for_the_provider_does_neither(called, bryn_cafe, gwen, now):
    bryn_cafe.staff.create(user=gwen, kind="desk")

    with pytest.raises(staff.WorksThere):
        account_changes.agree(account=called, by=Who(gwen), now=now)
    with pytest.raises(staff.WorksThere):
        account_changes.refuse(account=called, reason="No", by=Who(gwen), now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "checked"},
        {"state": "agreed", "used_from": dt.date(2026, 10, 14)},
        {"checked_by_id": "asked_by"},
        {"checked_by_id": "called_by"},
    ],
)
def test_the_database_refuses_an_account_that_two_people_did_not_make_sure_of(called, bryn_cafe, changes):
    changes = {name: getattr(called, f"{value}_id", value) for name, value in changes.items()}
    bryn_cafe.bank_accounts.filter(state="checked").delete()

    with pytest.raises(IntegrityError), transaction.atomic():
        BankAccount.objects.filter(pk=called.pk).update(**changes)


def test_a_second_press_of_agree_changes_nothing(agreed, gwen, now):
    with pytest.raises(account_changes.ChangeMoved):
        account_changes.agree(account=agreed, by=Who(gwen), now=now + dt.timedelta(days=7))
    agreed.refresh_from_db()
    assert agreed.used_from == dt.date(2026, 10, 14)
    assert OutboxMessage.objects.filter(kind="account_change_agreed").count() == 2


def test_refusing_needs_a_reason_and_tells_the_provider(called, gwen, bryn_cafe, now):
    with pytest.raises(account_changes.NoReason):
        account_changes.refuse(account=called, reason="  ", by=Who(gwen), now=now)

    account_changes.refuse(account=called, reason="The number is not yours.", by=Who(gwen), now=now)

    called.refresh_from_db()
    assert called.state == "refused"
    told = OutboxMessage.objects.filter(kind="account_change_refused", to=bryn_cafe.email).get()
    assert "The number is not yours." in told.body


def test_the_owner_takes_an_agreed_change_back_before_its_day(agreed, bryn, bryn_cafe, now):
    before = paid_into(bryn_cafe)
    account_changes.withdraw(account=agreed, by=Who(bryn), now=now)

    assert jobs.use_changed_accounts(now + dt.timedelta(days=9)) == (0, 0)
    assert paid_into(bryn_cafe) == before


def test_a_number_that_came_with_the_change_is_not_rung(bryn_cafe, ask, ffion, now):
    today = dt.date(2026, 10, 12)
    Provider.objects.filter(pk=bryn_cafe.pk).update(
        phone="07700 900666", phone_before="01632 960100", phone_since=today - dt.timedelta(days=3)
    )
    change = ask()

    number = account_changes.number_to_ring(change.provider, change.asked_at)
    assert (number.phone, number.too_new) == ("01632 960100", "07700 900666")
    account_changes.record_call(account=change, spoke_to="Bryn", by=Who(ffion), now=now)
    change.refresh_from_db()
    assert change.called_number == "01632 960100"

    Provider.objects.filter(pk=bryn_cafe.pk).update(phone_since=today - dt.timedelta(days=30))
    change.provider.refresh_from_db()
    assert account_changes.number_to_ring(change.provider, change.asked_at).phone == "07700 900666"


def test_another_provider_with_the_same_account_is_named(change, caerphilly):
    other = factories.provider(caerphilly, name="Siop Goffi")
    other.bank_accounts.update(account_number=NEW["account_number"])

    assert account_changes.others_with(change) == ["Siop Goffi"]


def test_a_run_that_was_prepared_before_pays_the_old_account(agreed, line, caerphilly, bryn_cafe, ffion, gwen, now):
    old = bryn_cafe.bank_accounts.get(state="checked")
    run = settlement.prepare(
        council=caerphilly, lines=[line], pay_on=dt.date(2026, 10, 19), by=Who(ffion), now=now, key="run"
    )
    later = now + dt.timedelta(days=3)
    jobs.use_changed_accounts(later)

    settlement.release(run=run, by=Who(gwen), now=later, pay_on=dt.date(2026, 10, 19))

    assert RunLine.objects.get(run=run).bank_account == old
    assert paid_into(bryn_cafe) == NEW["account_number"]
    assert settlement_audit.differences() == audit.differences(later) == []


def test_payments_are_held_where_the_old_account_is_closed(ask, line, caerphilly, ffion, gwen, now):
    change = ask(holds_payments=True)
    assert failing(caerphilly) == ["bank"]

    account_changes.record_call(account=change, spoke_to="Bryn", by=Who(ffion), now=now)
    account_changes.agree(account=change, by=Who(gwen), now=now)
    assert failing(caerphilly) == ["bank"]
    jobs.use_changed_accounts(now + dt.timedelta(days=2))
    assert failing(caerphilly) == []


def test_a_first_account_holds_nothing_and_is_paid_after_the_same_two_steps(caerphilly, bryn, ffion, gwen, now):
    new = factories.provider(caerphilly, name="Siân", bank=False)
    owner = factories.provider_staff(new, "sian@provider.example")
    change = account_changes.ask(provider=new, **NEW, holds_payments=True, by=Who(owner), now=now)
    assert not change.holds_payments
    told = OutboxMessage.objects.get(kind="account_change_asked", to="sian@provider.example")
    assert "another" not in told.subject + told.body and "paid as before" not in told.body
    account_changes.record_call(account=change, spoke_to="Siân", by=Who(ffion), now=now)
    account_changes.agree(account=change, by=Who(gwen), now=now)
    jobs.use_changed_accounts(now + dt.timedelta(days=2))

    assert paid_into(new) == NEW["account_number"]


def test_a_run_prepared_before_pays_nothing_into_an_account_that_takes_nothing_any_more(
    ask, line, caerphilly, bryn_cafe, ffion, gwen, now
):
    """R63. That the new account is used meanwhile does not open the closed one again."""
    run = settlement.prepare(council=caerphilly, lines=[line], pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    change = ask(holds_payments=True)
    account_changes.record_call(account=change, spoke_to="Bryn Powell", by=Who(ffion), now=now)
    account_changes.agree(account=change, by=Who(gwen), now=now)
    later = now + dt.timedelta(days=2)
    assert jobs.use_changed_accounts(later) == (1, 0)

    with pytest.raises(settlement.LinesMoved):
        settlement.release(run=run, by=Who(gwen), now=later, pay_on=PAY_ON + dt.timedelta(days=1))

    settlement.void(run=run, reason="The account is closed.", by=Who(ffion), now=later)
    assert failing(caerphilly) == []
