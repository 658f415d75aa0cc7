"""P12: a provider changes its bank, and what happens when a payment comes back, through the pages."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from providers import staff
from providers.models import BankAccount
from tests import factories
from tests.voucher import claimed
from voucher.ledger import audit, books
from voucher.models import PaymentRun, ReturnedPayment
from voucher.settling import settlement, settlement_audit

pytestmark = pytest.mark.django_db

NEW = {"name": "Bryn Powell", "sort_code": "44-55-66", "account_number": "2020 2020"}


@pytest.fixture
def line(bryn_cafe, bryn, caerphilly):
    return claimed.lines(bryn_cafe, factories.award(caerphilly), by=Who(bryn))[0]


@pytest.fixture
def press(client):
    """Press a button as somebody; return the page one is led to."""

    def press(person, page, *args, **data):
        client.force_login(person)
        return client.post(reverse(page, args=args), data, follow=True)

    return press


@pytest.fixture
def look(client):
    def look(person, name, *args):
        client.force_login(person)
        return client.get(reverse(name, args=args)).content.decode()

    return look


def test_p12_a_bank_change_is_rung_about_and_agreed_to_while_the_old_account_is_paid(
    press, look, clock, line, bryn, bryn_cafe, ffion, gwen, caerphilly, now
):
    old = bryn_cafe.bank_accounts.get()
    run = settlement.prepare(
        council=caerphilly, lines=[line], pay_on=dt.date(2026, 10, 20), by=Who(ffion), now=now, key="run"
    )

    page = press(bryn, "provider:bank", **NEW).content.decode()
    assert "We have your new account. We ring you before we use it." in page
    assert "Until then you are paid into the old account." in page
    change = BankAccount.objects.get(state="waiting")
    assert (change.sort_code, change.account_number) == ("445566", "20202020")
    assert OutboxMessage.objects.filter(kind="account_change_asked", to=bryn_cafe.email).exists()

    assert "Look at bank accounts" in look(ffion, "finance:runs")
    page = look(ffion, "finance:account", change.pk)
    assert bryn_cafe.phone in page and "20202020" in page and "I agree to this account" not in page
    assert "Asked for by</dt>" in page
    page = press(ffion, "finance:called", change.pk, spoke_to="Bryn Powell", is_right="on").content.decode()
    assert "Somebody else agrees to the account now." in page and "I agree to this account" not in page
    assert "Who asked or rang does not agree as well." in press(ffion, "finance:agree", change.pk).content.decode()
    assert "I agree to this account" in look(gwen, "finance:account", change.pk)
    press(gwen, "finance:agree", change.pk)
    assert "It is used from Wednesday 14 October on." in look(bryn, "provider:bank")

    later = clock.now = now + dt.timedelta(days=3)
    call_command("run_jobs", verbosity=0)
    settlement.release(run=run, by=Who(gwen), now=later)
    assert run.lines.get().bank_account == old
    assert bryn_cafe.bank_accounts.get(state="checked") == change
    assert "Account ending" in look(bryn, "provider:bank") and "2020" in look(bryn, "provider:bank")
    assert settlement_audit.differences() == audit.differences(later) == []


def test_p12_an_owner_who_asked_and_has_left_is_named_to_whoever_rings_and_to_the_others(
    press, look, clock, bryn, bryn_cafe, ffion, now
):
    factories.provider_staff(bryn_cafe, "gwyn@provider.example", name="Gwyn")
    press(bryn, "provider:bank", **NEW)
    change = BankAccount.objects.get(state="waiting")
    left = "Bryn, who asked for it, does not own this provider any more."
    assert left not in look(ffion, "finance:account", change.pk)

    staff.remove_post(user=bryn, provider=bryn_cafe, by=factories.TESTS, now=now)

    assert left in look(ffion, "finance:account", change.pk)
    other = bryn_cafe.staff.get().user
    assert "Asked for by Bryn, Monday 12 October" in look(other, "provider:bank")


def test_p12_next_payments_are_held_with_an_explanation_where_the_old_account_is_closed(
    press, look, clock, line, bryn, ffion
):
    press(bryn, "provider:bank", **NEW, holds_payments="on")

    assert "Your payments are held until the new account is used" in look(bryn, "provider:bank")
    assert "or its payments are held" in look(ffion, "finance:prepare")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"sort_code": "12"}, "A sort code has six digits."),
        ({"sort_code": "00-00-00"}, "Banks do not know this sort code."),
        ({"account_number": "12345"}, "An account number has eight digits."),
        ({"name": ""}, "Enter the name on the account."),
        ({"name": "†††"}, "Write the name with letters and digits"),
    ],
)
def test_what_a_bank_cannot_take_is_said_beside_the_field(press, clock, bryn, bryn_cafe, typed, said):
    page = press(bryn, "provider:bank", **NEW | typed)

    assert said in page.content.decode()
    assert bryn_cafe.bank_accounts.count() == 1


def test_the_call_needs_a_name_and_the_tick(press, clock, bryn, ffion):
    press(bryn, "provider:bank", **NEW)
    change = BankAccount.objects.get(state="waiting")

    page = press(ffion, "finance:called", change.pk).content.decode()

    assert "Enter the name of who answered." in page and "Ring the number above first" in page
    change.refresh_from_db()
    assert change.called_at is None


def test_a_change_that_was_not_taken_says_why_on_the_providers_page(press, look, clock, bryn, ffion):
    press(bryn, "provider:bank", **NEW)
    change = BankAccount.objects.get(state="waiting")
    assert "Say in a few words why" in press(ffion, "finance:refuse", change.pk, reason="").content.decode()

    press(ffion, "finance:refuse", change.pk, reason="You did not know of it.")

    assert "You did not know of it." in look(bryn, "provider:bank")


def test_another_councils_finance_sees_no_change(client, clock, press, bryn, flintshire):
    press(bryn, "provider:bank", **NEW)
    change = BankAccount.objects.get(state="waiting")
    client.force_login(factories.user("f@flintshire.example", role="finance_preparer", council=flintshire))

    assert client.get(reverse("finance:account", args=[change.pk])).status_code == 404
    assert "Bryn" not in client.get(reverse("finance:accounts")).content.decode()


def test_a_payment_that_came_back_is_noted_and_paid_again_after_a_word_with_the_provider(
    press, look, clock, line, bryn, bryn_cafe, ffion, gwen, caerphilly, now
):
    pay_on = dt.date(2026, 10, 15)
    run = settlement.prepare(council=caerphilly, lines=[line], pay_on=pay_on, by=Who(ffion), now=now, key="run")
    settlement.release(run=run, by=Who(gwen), now=now)
    later = clock.now = now + dt.timedelta(days=4)
    form = {"provider": bryn_cafe.pk, "reason": "closed", "key": "one"}
    day = {"returned_on_day": "16", "returned_on_month": "10", "returned_on_year": "2026"}

    its_page = reverse("finance:returned", args=[run.number])
    assert its_page in look(ffion, "finance:run", run.number)
    early = press(ffion, "finance:returned", run.number, **form, **day | {"returned_on_day": "14"}).content.decode()
    assert "Enter a day from the pay day" in early
    page = press(ffion, "finance:returned", run.number, **form, **day).content.decode()
    assert "Noted. The lines wait, and the provider is told." in page
    press(ffion, "finance:returned", run.number, **form, **day)
    assert ReturnedPayment.objects.count() == 1 and books.due(bryn_cafe.pk) == 2500
    assert "The money is still yours." in look(bryn, "provider:bank")
    money = look(bryn, "provider:money")
    assert "A payment came back" in money and "Look at your bank account" in money
    assert "No payment is planned just now." not in money
    # Nothing else of this run can come back, so nobody is led to a page without a choice.
    assert its_page not in look(ffion, "finance:run", run.number)

    page = press(gwen, "finance:clear", ReturnedPayment.objects.get().pk).content.decode()
    assert "It is paid again with the next run." in page
    assert "A payment came back" not in look(bryn, "provider:money")
    again = settlement.prepare(
        council=caerphilly, lines=[line], pay_on=dt.date(2026, 10, 22), by=Who(ffion), now=later, key="again"
    )
    settlement.release(run=again, by=Who(gwen), now=later)
    assert PaymentRun.objects.filter(state="released").count() == 2
    assert settlement_audit.differences() == audit.differences(later) == []
