"""No provider comes back into the brochure by its own word, after a paper of it has ended (R45)."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from brochure import catalogue
from providers import papers
from providers.papers import Kind
from voucher.bookings import tasks
from voucher.models import Task

pytestmark = pytest.mark.django_db
PAGE = "/provider/papers/what-you-do/"
NO, YES = ({"has_staff": word, "serves_food": "no"} for word in ("no", "yes"))


@pytest.fixture
def owner(client, bryn, clock, settings):
    settings.SESSION_COOKIE_AGE = 10**8
    client.force_login(bryn)
    return client


@pytest.fixture
def agency(bryn_cafe, bryn, carys, now):
    """It employs somebody, and is insured for that up to 20 October."""
    bryn_cafe.has_staff, bryn_cafe.serves_food = True, False
    bryn_cafe.save()
    about = {"reference": "EL 1", "valid_until": dt.date(2026, 10, 20)}
    row = papers.add(provider=bryn_cafe, kind=Kind.EMPLOYERS_LIABILITY, by=Who(user=bryn), now=now, **about)
    papers.accept(document=row, by=Who(user=carys), now=now)
    return bryn_cafe


def is_shown(offer, clock):
    return catalogue.live_offers(on=clock.now.date()).filter(pk=offer.pk).exists()


def test_what_has_ended_is_let_go_by_the_carers_team_and_not_by_a_word(owner, agency, sitting, carys, clock):
    clock.now += dt.timedelta(days=20)
    tasks.give_about_provider(provider=agency, kind=Task.Kind.PAPERS, now=clock.now)
    assert not is_shown(sitting, clock)

    page = owner.post(PAGE, NO)

    assert "What you showed for this has ended." in page.content.decode()
    agency.refresh_from_db()
    assert agency.has_staff
    assert not is_shown(sitting, clock)

    owner.force_login(carys)
    address = reverse("team:let_go", args=[agency.ref, "employers_liability"])
    assert address in owner.get(reverse("team:provider", args=[agency.ref])).content.decode()
    owner.post(address)
    agency.refresh_from_db()
    assert not agency.has_staff
    assert is_shown(sitting, clock)
    assert not Task.objects.filter(done_at=None).exists()
    assert owner.post(reverse("team:let_go", args=[agency.ref, "safeguarding"])).status_code == 404


def test_what_a_provider_says_anew_is_told_to_the_carers_team(owner, agency, caerphilly):
    assert owner.post(PAGE, YES).status_code == 302
    assert not OutboxMessage.objects.filter(kind="provider_changed").exists()

    assert owner.post(PAGE, NO).status_code == 302

    letter = OutboxMessage.objects.get(kind="provider_changed")
    assert letter.to == caerphilly.scheme.team_email
    assert "whether anybody works for it" in letter.body
    assert "serves food" not in letter.body


def test_whoever_works_there_lets_nothing_go(client, agency, carys, clock):
    agency.staff.create(user=carys, kind="claims")
    client.force_login(carys)

    client.post(reverse("team:let_go", args=[agency.ref, "employers_liability"]))

    agency.refresh_from_db()
    assert agency.has_staff
