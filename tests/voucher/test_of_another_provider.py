"""What belongs to another provider is not there: named in a form, and for somebody who works for both."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.voucher import breaks
from voucher.models import Booking, Claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def huw(caerphilly):
    return factories.provider_staff(factories.provider(caerphilly, name="Huw’s boats"), "huw@provider.example")


@pytest.fixture
def of_huw(caerphilly, huw, now):
    """A break that was given by Huw's boats."""
    offer = factories.offer(huw.provider_posts.get().provider, title_en="A boat")
    return breaks.confirm(factories.award(caerphilly), offer, huw, now)


def later(monkeypatch, moment):
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


def test_a_claim_with_the_number_of_another_providers_booking_claims_nothing(
    client, bryn, huw, of_huw, caerphilly, now
):
    breaks.deliver(of_huw, of_huw.minutes, huw)
    client.force_login(bryn)
    page = reverse("provider:make_claim", args=[caerphilly.slug])
    typed = {f"{caerphilly.slug}-bookings": of_huw.ref, f"{caerphilly.slug}-key": str(uuid.uuid4())}

    answer = client.post(page, typed, follow=True)

    assert "The list has changed since you opened it" in answer.content.decode()
    assert of_huw.ref not in answer.content.decode()
    assert Claim.objects.count() == 0
    of_huw.refresh_from_db()
    assert of_huw.state == Booking.State.DELIVERED


def test_a_paper_list_with_another_providers_number_learns_nothing_and_marks_nothing(client, bryn, of_huw, monkeypatch):
    later(monkeypatch, of_huw.ends_at)
    client.force_login(bryn)
    page = reverse("provider:enter_day", args=[of_huw.starts_at.date().isoformat()])
    rows = {f"number-{place}-given": "whole" for place in range(3)}

    theirs = client.post(page, rows | {"number-0-ref": of_huw.ref}).content.decode()
    nobodys = client.post(page, rows | {"number-0-ref": "22222222"}).content.decode()

    said = "We find no booking of yours with this number."
    assert said in theirs
    assert said in nobodys
    of_huw.refresh_from_db()
    assert of_huw.state == Booking.State.CONFIRMED


def test_a_colleague_of_another_provider_is_not_handed_the_service(client, bryn, huw):
    client.force_login(bryn)
    theirs = huw.provider_posts.get()

    client.post(reverse("provider:hand_over"), {"to": theirs.pk, "then": ""})
    for name in ("colleague", "remove_colleague"):
        assert client.post(reverse(f"provider:{name}", args=[theirs.pk]), {"kind": "desk"}).status_code == 404

    theirs.refresh_from_db()
    assert (theirs.kind, theirs.user) == ("owner", huw)


def test_who_works_for_two_sees_of_each_what_the_post_there_shows_and_one_at_a_time(
    client, bryn_cafe, bryn, huw, of_huw
):
    post = bryn_cafe.staff.create(user=huw, kind="desk")
    page = reverse("provider:booking", args=[of_huw.ref])
    own = factories.offer(bryn_cafe)
    client.force_login(huw)
    choose = reverse("choose_provider")

    client.post(choose, {"choice": bryn_cafe.pk})
    # The desk of one does not make an owner there, and the other's page stays the other's.
    asked = client.get(reverse("provider:prices", args=[own.number]))
    assert asked["Location"].startswith(f"{choose}?next=")
    assert client.post(reverse("provider:pause"), {"until": ""})["Location"] == choose
    post.kind = "bookings"
    post.save()
    assert client.get(page).status_code == 404
    assert client.get(reverse("provider:prices", args=[own.number])).status_code == 200
    client.post(choose, {"choice": of_huw.provider_id})
    assert client.get(page).status_code == 200
    assert client.get(reverse("provider:prices", args=[own.number])).status_code == 404
    # A provider where one has no post cannot be chosen, and a choice leads nowhere else.
    elsewhere = factories.provider(bryn_cafe.council, name="Elsewhere")
    assert client.post(choose, {"choice": elsewhere.pk}).status_code == 404
    away = client.post(choose, {"choice": bryn_cafe.pk, "next": "https://example.com/"})
    assert away["Location"] == reverse("after_sign_in")


def test_who_works_for_two_goes_from_one_to_the_other_and_no_open_form_comes_along(bryn_cafe, huw, of_huw):
    bryn_cafe.staff.create(user=huw, kind="owner")
    browser, choose = Client(enforce_csrf_checks=True), reverse("choose_provider")
    browser.force_login(huw)
    page = reverse("provider:booking", args=[of_huw.ref])

    def choice(provider):
        token = browser.get(choose).context["csrf_token"]
        return browser.post(choose, {"choice": provider.pk, "next": page, "csrfmiddlewaretoken": str(token)})

    choice(of_huw.provider)
    left_open = str(browser.get(reverse("provider:pause")).context["csrf_token"])
    assert choose in browser.get(reverse("provider:service")).content.decode()
    choice(bryn_cafe)

    # A link in a message of the other says where it leads, and how to get there.
    nothing = browser.get(page)
    assert nothing.status_code == 404
    assert f"{choose}?next={page}" in nothing.content.decode()
    assert browser.post(reverse("provider:pause"), {"csrfmiddlewaretoken": left_open}).status_code == 403
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.state == "live"
    assert choice(of_huw.provider)["Location"] == page
    assert browser.get(page).status_code == 200
