"""Whoever claims for a provider, and wishes it, is written to about money too; never with the bank's details."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from providers import staff
from tests import factories
from tests.voucher import claimed
from tests.voucher.test_settlement import PAY_ON
from voucher import messages
from voucher.claiming.claim_reminders import Reminder, remind
from voucher.settling import payment_files, returned_payments, settlement

pytestmark = pytest.mark.django_db


@pytest.fixture
def readers(bryn_cafe, now):
    """Rhys claims, in Welsh; Siân as well, and wishes no news; Tom answers requests; Una is the provider's address."""
    posts = {}
    for name, kind in [("rhys", "claims"), ("sian", "claims"), ("tom", "bookings"), ("una", "claims")]:
        user = factories.user(f"{name}@provider.example", language="cy" if name == "rhys" else "en")
        posts[name] = staff.give_post(user=user, provider=bryn_cafe, kind=kind, by=factories.TESTS, now=now)
    type(bryn_cafe).objects.filter(pk=bryn_cafe.pk).update(email="Una@provider.example", language="en")
    bryn_cafe.refresh_from_db()
    return posts


@pytest.fixture
def sian(readers):
    client = Client()
    client.force_login(readers["sian"].user)
    return client


def told(kind):
    return sorted(OutboxMessage.objects.filter(kind=kind).values_list("to", "language"))


BOTH = [("Una@provider.example", "en"), ("rhys@provider.example", "cy")]


def test_who_claims_hears_of_what_is_paid_left_out_and_not_claimed_yet(
    readers, sian, bryn_cafe, bryn, caerphilly, ffion, gwen, now, today
):
    assert "We write about claims and payments." in sian.get(reverse("provider:service")).content.decode()
    sian.post(reverse("provider:news"), {"wanted": "no"})
    lines = claimed.lines(bryn_cafe, factories.award(caerphilly), number=2, by=Who(bryn))
    run = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    run = settlement.release(run=run, by=Who(gwen), now=now)

    # The nightly job comes by after the page has made them.
    for _twice in range(2):
        payment_files.make_files(run, now=now)
        payment_files.make_missing(now)
        messages.lines_left_out(run=run, provider=bryn_cafe, left_out=[])
        remind(Reminder(bryn_cafe, caerphilly, monday=today, until=today))

    for kind in ("remittance", "lines_left_out", "claim_reminder"):
        assert told(kind) == BOTH, kind
    own, copy = (OutboxMessage.objects.get(kind="remittance", to=to) for to, _language in BOTH)
    assert own.attachment and not copy.attachment
    assert reverse("provider:remittances") in copy.body
    assert payment_files.e_mailed(run) == {bryn_cafe.pk: own}


def test_who_claims_hears_of_a_payment_that_came_back_and_every_owner_once(
    readers, bryn_cafe, bryn, caerphilly, ffion, gwen, now
):
    staff.choose_news(post=readers["sian"], wanted=False)
    lines = claimed.lines(bryn_cafe, factories.award(caerphilly), number=1, by=Who(bryn))
    run = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="run")
    run = settlement.release(run=run, by=Who(gwen), now=now)

    later, back = now + dt.timedelta(days=5), {"reason": "closed", "returned_on": PAY_ON, "key": "back"}
    returned_payments.note(run=run, provider=bryn_cafe, by=Who(ffion), now=later, **back)

    assert told("payment_returned") == [BOTH[0], (bryn.email, bryn.language), BOTH[1]]
    copy = OutboxMessage.objects.get(kind="payment_returned", to="rhys@provider.example")
    # Only an owner opens the page of the account.
    assert "/bank/" not in copy.body
    assert "/bank/" in OutboxMessage.objects.get(kind="payment_returned", to=bryn.email).body
