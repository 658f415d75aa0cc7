"""Headers: no copies of private pages, and nothing a page of ours does not need."""

import gzip

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from accounts.middleware import SmallPages
from providers.models import Staff

pytestmark = pytest.mark.django_db


def test_a_page_for_somebody_signed_in_is_never_kept(client, bryn):
    client.force_login(bryn)

    answer = client.get(reverse("after_sign_in"))

    assert {"no-store", "private"} <= set(answer.headers["Cache-Control"].split(", "))


def test_a_page_with_a_code_open_is_never_kept(client):
    session = client.session
    session["award"] = 1
    session.save()

    answer = client.get(reverse("home"))

    assert "no-store" in answer.headers["Cache-Control"]


def test_a_page_for_everybody_may_be_kept(client):
    answer = client.get(reverse("home"))

    assert "no-store" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("address", ["/account/sign-in/", "/cy/account/sign-in/", "/nothing-here/"])
def test_every_page_says_what_it_may_do(client, address):
    headers = client.get(address).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["contact", "booking", "confirm"])
def test_no_page_of_a_provider_is_open_to_council_staff_who_gave_no_second_factor(client, carys, bryn_cafe, name):
    Staff.objects.create(user=carys, provider=bryn_cafe, kind="owner")
    client.force_login(carys)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()

    answer = client.post(reverse(f"provider:{name}", args=["BCDFGHJK"]))

    assert answer.url.startswith(reverse("mfa_reauthenticate"))


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client, bryn):
    client.post(reverse("account_login"), {"login": bryn.email, "password": "a-long-enough-password"})

    cookie = client.cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["expires"]  # forgotten with the browser


@pytest.mark.parametrize(
    ("pressed", "page"),
    [
        ("/open/", "/"),
        ("/cy/open/", "/cy/"),
        ("/my/leave/", "/my/"),
        ("/cy/provider/bookings/BCDFGHJK/given/undo/", "/cy/provider/bookings/BCDFGHJK/"),
        ("/provider/money/claim/caerphilly/", "/provider/money/"),
    ],
)
def test_whoever_opens_an_address_that_is_only_pressed_is_led_to_the_page_above(client, bryn, pressed, page):
    client.force_login(bryn)

    answer = client.get(pressed, headers={"Accept": "text/html,application/xhtml+xml"}, follow=True)

    assert page in [address for address, _status in answer.redirect_chain]
    assert client.get(pressed).status_code == 405


def test_changing_the_language_beside_a_refused_code_leads_to_the_code_box(client):
    refused = client.post("/open/", {"code": "short"})
    assert 'href="/cy/open/"' in refused.content.decode()

    page = client.get("/cy/open/", headers={"Accept": "text/html"}, follow=True)

    assert page.redirect_chain == [("/cy/", 302)]
    assert 'name="code"' in page.content.decode()


def test_a_page_is_compressed_on_its_way_and_a_file_goes_as_it_is(client):
    home = client.get(reverse("home"), headers={"Accept-Encoding": "gzip"})

    assert home.headers["Content-Encoding"] == "gzip"
    assert b"<h1" in gzip.decompress(home.content)
    assert len(home.content) < len(client.get(reverse("home")).content) / 2

    file = SmallPages(lambda request: HttpResponse(b"%PDF" * 1000, content_type="application/pdf"))
    answer = file(RequestFactory(headers={"Accept-Encoding": "gzip"}).get("/"))
    assert "Content-Encoding" not in answer.headers and answer.content == b"%PDF" * 1000
