"""Where the council chooses it, providers are paid through the card company: once, on the pay day, after the commit."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, Scheme
from providers import own_money, stripe_api
from providers.models import Provider
from tests import factories
from tests.voucher import claimed
from voucher.ledger import audit, books
from voucher.models import CardPayment, RunFile
from voucher.settling import card_payments, line_checks, payment_files, returned_payments, settlement, settlement_audit
from voucher.settling.settlement_figures import figures

pytestmark = pytest.mark.django_db

PAY_ON = dt.date(2026, 10, 15)


@pytest.fixture
def pay_day(now):
    return now + dt.timedelta(days=3)


@pytest.fixture
def shop(caerphilly, bryn_cafe, card_company, now):
    """Bryn Café, with an account of its own that a council can pay into."""
    Scheme.objects.filter(council=caerphilly).update(pays_by_card_company=True)
    bryn = factories.user("bryn2@provider.example")
    own_money.connect(
        provider=bryn_cafe, return_url="https://a.example", refresh_url="https://b.example", by=Who(bryn), now=now
    )
    card_company.answer_questions(bryn_cafe.stripe_account)
    own_money.look_again(account=bryn_cafe.stripe_account, now=now)
    bryn_cafe.refresh_from_db()
    return bryn_cafe


@pytest.fixture
def other(caerphilly):
    return factories.provider(caerphilly, name="Siop Goffi")


@pytest.fixture
def run(shop, bryn, other, caerphilly, ffion, gwen, now):
    lines = claimed.lines(shop, factories.award(caerphilly), number=2, by=Who(bryn))
    owner = factories.provider_staff(other, "o@p.example")
    lines += claimed.lines(other, factories.award(caerphilly), by=Who(owner))
    row = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    return settlement.release(run=row, by=Who(gwen), now=now)


def sound(now):
    return audit.differences(now) == settlement_audit.differences() == []


def test_the_account_says_itself_whether_a_council_can_pay_into_it(shop, card_company, now):
    assert shop.takes_transfers and HistoryEntry.objects.filter(act="provider.takes_transfers").count() == 1

    card_company.answer_questions(shop.stripe_account, charges_enabled=False)
    own_money.look_again(account=shop.stripe_account, now=now)

    shop.refresh_from_db()
    assert not shop.takes_transfers


def test_an_account_that_lets_us_ask_no_more_takes_neither_cards_nor_payments(shop, card_company, now):
    """The provider has taken our leave away at the card company: it answers that it knows no such account."""
    assert shop.takes_cards and shop.takes_transfers
    del card_company.accounts[shop.stripe_account]

    own_money.look_again(account=shop.stripe_account, now=now)

    shop.refresh_from_db()
    assert (shop.takes_cards, shop.takes_transfers) == (False, False)
    acts = HistoryEntry.objects.filter(act__startswith="provider.takes_no_")
    assert {row.act for row in acts} == {"provider.takes_no_cards", "provider.takes_no_transfers"}
    assert acts.count() == 2
    # Where the company does not answer at all, what it said last stands.
    Provider.objects.filter(pk=shop.pk).update(takes_cards=True)
    card_company.down = True
    with pytest.raises(stripe_api.Unavailable):
        own_money.look_again(account=shop.stripe_account, now=now)
    assert Provider.objects.get(pk=shop.pk).takes_cards


def test_only_who_has_an_account_there_is_paid_there_and_the_bank_file_has_the_rest(run, shop, other, now):
    told = figures(run)
    assert (told.card_company_pence, told.bank_pence, told.recharge_pence) == (5000, 2500, 0)
    assert [payment.amount_pence for payment in payment_files.bacs_payments(told)] == [2500]
    payment_files.make_files(run, now=now)
    csv = bytes(run.files.get(kind=RunFile.Kind.FINANCE_CSV).content).decode()
    assert csv.count("STRIPE") == 2 and csv.count("BACS,") == 1
    assert sound(now)


def test_it_is_sent_on_the_pay_day_and_once(run, shop, card_company, now, pay_day):
    assert card_payments.send_what_is_due(now) == (0, 0)
    assert card_company.transfers == []

    assert card_payments.send_what_is_due(pay_day) == (1, 0)
    assert card_payments.send_what_is_due(pay_day) == (0, 0)

    (transfer,) = card_company.transfers
    assert (transfer["amount"], transfer["destination"]) == (5000, shop.stripe_account)
    assert transfer["description"] == "Breaks run 1"
    assert CardPayment.objects.get().sent_at == pay_day
    assert sound(pay_day)


@pytest.mark.parametrize("fault", ["down", "loses_answers"])
def test_without_an_answer_it_is_asked_again_and_paid_once(run, card_company, pay_day, fault):
    setattr(card_company, fault, True)
    assert card_payments.send_what_is_due(pay_day) == (0, 1)
    assert card_payments.send_what_is_due(pay_day) == (0, 0)

    setattr(card_company, fault, False)
    # Two days later the company has forgotten our key.
    card_company._answers.clear()
    assert card_payments.send_what_is_due(pay_day + dt.timedelta(days=2)) == (1, 0)
    assert len(card_company.transfers) == 1


def test_one_that_cannot_be_sent_keeps_no_other_provider_waiting(run, shop, other, card_company, monkeypatch, pay_day):
    other_pays = CardPayment.objects.create(run=run, provider=other, stripe_account=shop.stripe_account, amount_pence=1)
    CardPayment.objects.create(run=run, provider=shop, stripe_account=shop.stripe_account, amount_pence=5000)
    send = card_payments._send

    def not_the_first(payment, now):
        assert payment != other_pays
        send(payment, now)

    monkeypatch.setattr(card_payments, "_send", not_the_first)

    assert card_payments.send_what_is_due(pay_day) == (1, 1)
    assert [each["amount"] for each in card_company.transfers] == [5000]


def test_what_the_company_refuses_waits_for_finance_and_is_not_sent_behind_its_back(
    run, shop, caerphilly, card_company, ffion, client, monkeypatch, now, pay_day
):
    card_company.refuses_transfers = "account_closed"
    card_payments.send_what_is_due(pay_day)
    card_company.refuses_transfers = ""
    assert card_payments.send_what_is_due(pay_day + dt.timedelta(days=1)) == (0, 0)
    assert CardPayment.objects.get().refused == "account_closed"
    client.force_login(ffion)
    assert "note it as come back" in client.get(reverse("finance:accounts")).content.decode()

    returned_payments.note(
        run=run, provider=shop, reason="closed", returned_on=PAY_ON, by=Who(ffion), now=pay_day, key="back"
    )

    assert books.due(shop.pk) == 5000
    assert "note it as come back" not in client.get(reverse("finance:accounts")).content.decode()
    assert sound(pay_day)


def test_an_account_that_takes_nothing_any_more_stops_the_release(shop, bryn, caerphilly, ffion, gwen, now):
    lines = claimed.lines(shop, factories.award(caerphilly), by=Who(bryn))
    row = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    Provider.objects.filter(pk=shop.pk).update(takes_transfers=False)

    with pytest.raises(settlement.LinesMoved):
        settlement.release(run=row, by=Who(gwen), now=now)


def test_a_council_that_did_not_choose_it_pays_through_the_bank(shop, bryn, caerphilly):
    Scheme.objects.filter(council=caerphilly).update(pays_by_card_company=False)
    claimed.lines(shop, factories.award(caerphilly), by=Who(bryn))

    (checked,) = line_checks.looked_at(settlement.awaiting(caerphilly))

    assert checked.passes and checked.account and not checked.stripe_account


class Crash(BaseException):
    """The machine stops; nobody can catch it."""


def test_a_crash_between_the_payment_and_writing_it_down_pays_once_however_long_nobody_looks(
    run, card_company, monkeypatch, pay_day
):
    pay = card_payments.stripe_api.pay

    def pay_and_crash(**asked):
        pay(**asked)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(card_payments.stripe_api, "pay", pay_and_crash)
        with pytest.raises(Crash):
            card_payments.send_what_is_due(pay_day)
    assert len(card_company.transfers) == 1
    # Two days later the company has forgotten our key.
    card_company._answers.clear()

    assert card_payments.send_what_is_due(pay_day + dt.timedelta(days=2)) == (1, 0)
    assert len(card_company.transfers) == 1


@pytest.mark.parametrize("fault", ["", "loses_answers"])
def test_nothing_comes_back_of_what_was_not_sent_or_may_have_been_paid(
    run, shop, card_company, ffion, now, pay_day, fault
):
    """What finance noted as returned would be paid a second time with the next run."""
    if fault:
        card_company.loses_answers = True
        card_payments.send_what_is_due(pay_day)
        card_company.loses_answers = False
    assert shop.pk not in returned_payments.may_be_returned(run)

    with pytest.raises(returned_payments.NotPaid):
        returned_payments.note(
            run=run, provider=shop, reason="closed", returned_on=PAY_ON, by=Who(ffion), now=pay_day, key="back"
        )

    assert books.due(shop.pk) == 0
    card_payments.send_what_is_due(pay_day + dt.timedelta(minutes=11))
    assert len(card_company.transfers) == 1 and sound(pay_day)


def test_what_came_back_from_the_card_company_waits_until_somebody_made_sure_of_the_account(
    run, shop, caerphilly, card_company, ffion, now, pay_day
):
    """R64."""
    card_company.refuses_transfers = "account_closed"
    card_payments.send_what_is_due(pay_day)
    row = returned_payments.note(
        run=run, provider=shop, reason="closed", returned_on=PAY_ON, by=Who(ffion), now=pay_day, key="back"
    )

    def failing():
        checked = line_checks.looked_at(settlement.awaiting(caerphilly))
        return {check.key for each in checked for check in each.failed}

    assert failing() == {"bank"}
    returned_payments.clear(returned=row, by=Who(ffion), now=pay_day)
    assert failing() == set()


def test_a_run_pays_the_account_with_the_card_company_that_it_was_prepared_for_or_nothing(
    shop, bryn, caerphilly, card_company, ffion, gwen, now, pay_day
):
    lines = claimed.lines(shop, factories.award(caerphilly), by=Who(bryn))
    row = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    first = shop.stripe_account
    Provider.objects.filter(pk=shop.pk).update(stripe_account="acct_other")
    with pytest.raises(settlement.LinesMoved):
        settlement.release(run=row, by=Who(gwen), now=now)
    Provider.objects.filter(pk=shop.pk).update(stripe_account=first)
    settlement.release(run=row, by=Who(gwen), now=now)
    Provider.objects.filter(pk=shop.pk).update(stripe_account="acct_other")

    card_payments.send_what_is_due(pay_day)

    assert [transfer["destination"] for transfer in card_company.transfers] == [first]


def test_a_run_of_bank_card_company_and_recharge_pays_each_its_own_way(
    shop, bryn, other, caerphilly, card_company, ffion, gwen, now, pay_day
):
    centre = factories.provider(caerphilly, name="Y Ganolfan", legal_form="council in-house", bank=False)
    lines = []
    for provider, owner in [(shop, bryn), (other, None), (centre, None)]:
        owner = owner or factories.provider_staff(provider, f"o{provider.pk}@p.example")
        lines += claimed.lines(provider, factories.award(caerphilly), pence=3_333, by=Who(owner))
    row = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    row = settlement.release(run=row, by=Who(gwen), now=now)

    told = figures(row)
    assert (told.card_company_pence, told.bank_pence, told.recharge_pence) == (3333, 3333, 3333)
    assert card_payments.send_what_is_due(pay_day) == (1, 0)
    payment_files.make_files(row, now=now)
    # The recharge went through no bank, so nothing of it can come back.
    assert set(returned_payments.may_be_returned(row)) == {shop.pk, other.pk}
    assert sound(pay_day)
