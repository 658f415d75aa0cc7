"""Who may be paid by carers themselves, and by card: the provider's own page, and the council's settings."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, Scheme
from providers.models import Provider
from tests import factories
from tests.voucher.top_ups import own
from voucher import top_ups

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(caerphilly):
    return factories.provider(caerphilly, name="Sitters Gwent")


@pytest.fixture
def owner(provider):
    client = Client()
    client.force_login(factories.provider_staff(provider))
    return client


@pytest.fixture
def administrator(caerphilly):
    client = Client()
    client.force_login(factories.user("admin@council.example", name="Nia", role="administrator", council=caerphilly))
    return client


def fresh(provider):
    return Provider.objects.get(pk=provider.pk)


def acts():
    return list(HistoryEntry.objects.filter(subject_kind__in=["provider", "scheme"]).values_list("act", flat=True))


def page(client):
    return client.get(reverse("provider:own_money")).content.decode()


def test_the_owner_ticks_and_unticks_and_each_change_is_written_down_once(owner, provider):
    for typed in ({"takes_own_money": "on"}, {"takes_own_money": "on"}, {}):
        owner.post(reverse("provider:own_money"), typed)

    assert not fresh(provider).takes_own_money
    assert acts() == ["provider.takes_no_own_money", "provider.takes_own_money"]


def test_the_desk_does_not_decide_about_money(provider):
    desk = Client()
    desk.force_login(factories.provider_staff(provider, "desk@provider.example", kind="desk"))

    answers = [desk.post(reverse(f"provider:{name}")).status_code for name in ("own_money", "card_account")]

    assert answers == [404, 404]


def test_an_account_for_cards_is_opened_once_and_takes_cards_when_the_card_company_says_so(
    owner, provider, card_company
):
    owner.post(reverse("provider:own_money"), {"takes_own_money": "on"})
    assert "Open an account for card payments" in page(owner)

    for _ in range(2):
        away = owner.post(reverse("provider:card_account"))
        assert (away.status_code, away["Location"].partition("/setup/")[0]) == (303, "https://connect.stripe.com")

    [account] = card_company.accounts
    assert (fresh(provider).stripe_account, fresh(provider).takes_cards) == (account, False)
    assert "Go on with your account" in page(owner)
    card_company.answer_questions(account)
    owner.get(reverse("provider:card_account_back"))
    assert fresh(provider).takes_cards
    assert "You can take card payments." in page(owner)


def test_coming_back_while_the_card_company_does_not_answer_says_so(owner, provider, card_company):
    Provider.objects.filter(pk=provider.pk).update(takes_own_money=True, stripe_account=own.SHOP)
    card_company.down = True

    back = owner.get(reverse("provider:card_account_back"), follow=True)
    pressed = owner.post(reverse("provider:card_account"), follow=True)

    assert "has not answered yet" in back.content.decode()
    assert "does not answer just now" in pressed.content.decode()


def test_without_keys_no_account_is_spoken_of(owner, provider):
    owner.post(reverse("provider:own_money"), {"takes_own_money": "on"})

    assert "Card payments are not set up for this scheme." in page(owner)
    assert owner.post(reverse("provider:card_account"))["Location"] == reverse("provider:own_money")


def test_only_this_page_may_lead_to_the_card_company(owner, provider):
    rule = "form-action 'self' https://connect.stripe.com"

    assert rule in owner.get(reverse("provider:own_money"))["Content-Security-Policy"]
    assert rule not in owner.get(reverse("provider:inbox"))["Content-Security-Policy"]


def test_the_administrator_lets_the_councils_carers_pay_by_card(administrator, caerphilly, card_company):
    provider = own.shop(caerphilly)
    Scheme.objects.filter(council=caerphilly).update(takes_cards=False)

    for _ in range(2):
        administrator.post(reverse("people:scheme"), {"takes_cards": "on"})

    caerphilly.scheme.refresh_from_db()
    assert top_ups.ways(provider=provider, council=caerphilly, own_pence=4_000) == ["card", "direct"]
    assert acts() == ["scheme.takes_cards"]
    administrator.post(reverse("people:scheme"), {})
    caerphilly.scheme.refresh_from_db()
    assert top_ups.ways(provider=provider, council=caerphilly, own_pence=4_000) == ["direct"]


def test_without_keys_the_administrator_is_told_that_there_are_no_cards(administrator):
    shown = administrator.get(reverse("people:scheme")).content.decode()

    assert "Card payments are not set up on this website" in shown
    assert "takes_cards" not in shown
