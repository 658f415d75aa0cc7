"""How a provider is reached: changed by its owner, told to the carers team, and a new e-mail address to the old one."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from providers import details
from providers.models import Provider
from tests import factories

pytestmark = pytest.mark.django_db
ASKED = ("contact_name", "address", "town_en", "town_cy", "postcode", "phone", "email", "website", "language")


@pytest.fixture
def owner(client, bryn, clock):
    client.force_login(bryn)
    return client


def typed(provider, **changed):
    row = Provider.objects.get(pk=provider.pk)
    return {name: getattr(row, name) for name in ASKED} | changed


def change(owner, provider, **changed):
    return owner.post(reverse("provider:details"), typed(provider, **changed), follow=True)


def test_what_changed_is_kept_and_told_without_what_stood_there(owner, bryn_cafe, caerphilly):
    page = change(owner, bryn_cafe, contact_name="Bryn Powell", phone="01443 815588", speaks_welsh="on")

    assert "Saved. We have told the carers team." in page.content.decode()
    bryn_cafe.refresh_from_db()
    assert (bryn_cafe.contact_name, bryn_cafe.phone, bryn_cafe.speaks_welsh) == ("Bryn Powell", "01443 815588", True)
    entry = HistoryEntry.objects.get(act="provider.changed")
    assert entry.details == {"fields": ["contact_name", "phone", "speaks_welsh"]}
    letter = OutboxMessage.objects.get(kind="provider_changed")
    assert letter.to == caerphilly.scheme.team_email
    assert "the telephone number" in letter.body
    assert "815588" not in letter.body
    assert not OutboxMessage.objects.filter(kind="provider_address_changed").exists()


def test_a_new_e_mail_address_is_told_to_the_old_one(owner, bryn_cafe):
    old = bryn_cafe.email

    change(owner, bryn_cafe, email="New@Provider.example")

    bryn_cafe.refresh_from_db()
    assert bryn_cafe.email == "new@provider.example"
    letter = OutboxMessage.objects.get(kind="provider_address_changed")
    assert letter.to == old
    assert "new@provider.example" not in letter.body


def test_nothing_new_writes_nothing(owner, bryn_cafe):
    page = change(owner, bryn_cafe)

    assert "Nothing has changed." in page.content.decode()
    assert not HistoryEntry.objects.filter(act="provider.changed").exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", ""), ("phone", "ring me"), ("email", "bryn"), ("email", ""), ("postcode", "CF"), ("town_en", "")],
)
def test_what_cannot_be_reached_is_not_taken(owner, bryn_cafe, field, value):
    changed = {field: value} | ({"town_cy": ""} if field == "town_en" else {})

    page = change(owner, bryn_cafe, **changed)

    assert page.context["form"].errors
    assert not HistoryEntry.objects.filter(act="provider.changed").exists()


def test_the_name_and_the_legal_form_are_not_changed_here(owner, bryn_cafe):
    change(owner, bryn_cafe, name="Another", legal_form="charity")

    bryn_cafe.refresh_from_db()
    assert (bryn_cafe.name, bryn_cafe.legal_form) == ("Bryn Café", "sole trader")


def test_the_number_before_several_changes_is_kept_for_thirty_days(bryn_cafe, now):
    first = bryn_cafe.phone
    for number, phone in enumerate(("01443 815588", "01443 815599")):
        moment = now + dt.timedelta(days=number)
        details.change(provider=bryn_cafe, told={"phone": phone}, by=factories.TESTS, now=moment)
    assert (bryn_cafe.phone, bryn_cafe.phone_before) == ("01443 815599", first)

    later = now + dt.timedelta(days=40)
    details.change(provider=bryn_cafe, told={"phone": "01443 815500"}, by=factories.TESTS, now=later)

    assert (bryn_cafe.phone_before, bryn_cafe.phone_since) == ("01443 815599", later.date())


def test_who_changes_the_address_and_then_the_account_does_not_get_rid_of_the_old_address(owner, bryn_cafe, clock):
    old = bryn_cafe.email
    change(owner, bryn_cafe, email="new@provider.example")
    bank = {"name": "Bryn Powell", "sort_code": "445566", "account_number": "20202020"}
    clock.now += dt.timedelta(minutes=9)

    owner.post(reverse("provider:bank"), bank)

    told = OutboxMessage.objects.filter(kind="account_change_asked").values_list("to", flat=True)
    assert set(told) == {old, "new@provider.example", "bryn@provider.example"}
    bryn_cafe.refresh_from_db()
    assert details.addresses_before(bryn_cafe, at=clock.now + dt.timedelta(days=31)) == []
