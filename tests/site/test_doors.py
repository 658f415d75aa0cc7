"""The doors of the site, tried from outside: headers, keys that change, addresses that say nothing, messages unbent."""

import re
from html import unescape
from types import SimpleNamespace
from urllib.parse import unquote_plus

import pytest
from django.test import Client
from django.urls import reverse

from accounts import composing
from accounts.models import OutboxMessage
from tests import factories
from tests.site import test_who_may_enter as doors
from tests.site.test_who_looked import REACH
from tests.site.test_who_may_enter import address, browser_of, rows
from tests.voucher.test_texts_of_messages import KNOWN
from voucher.granting import awards
from voucher.models import Booking, Carer

there = doors.there
pytestmark = pytest.mark.django_db

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# The address of an answer from a message is a secret, so not even a page of ours learns it from this one.
OF_ITS_OWN = {"answer": {"Referrer-Policy": "strict-origin"}}
ELSEWHERE = ["https://evil.example/", "//evil.example/", "https:evil.example", "/\\evil.example", "javascript:alert(1)"]
POLICY = {
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"),
    *("connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "form-action 'self'", "base-uri 'none'"),
    "frame-ancestors 'none'",
}
SCANNER = "script-src 'self' 'wasm-unsafe-eval'"
LEAVING = {"form-action 'self' https://checkout.stripe.com", "form-action 'self' https://connect.stripe.com"}
# The signs of Unicode that make what follows read from right to left.
TURNS = re.compile("[\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]")
PERMISSION = SimpleNamespace(first_day=None, last_day=None)
NOTE = "Geiriau preifat am Taid"


@pytest.mark.sqlite
@pytest.mark.parametrize("person", ["stranger", "by code", "by account", "owner", "team", "auditor", "helper"])
def test_every_answer_carries_the_headers_and_no_private_one_is_kept(person, there):
    client, wrong = browser_of(person, there), []
    policies = set()
    for row in rows():
        for press in (False, True) if row["page"] not in {"account_logout", "my:leave", "helping:give_up"} else ():
            answer = (client.post if press else client.get)(address(row["page"], there))
            kept = answer.headers.get("Cache-Control", "")
            if person != "stranger" and "no-store" not in kept and "public" not in kept:
                wrong.append((row["page"], press, kept))
            wanted = EVERYWHERE | OF_ITS_OWN.get(row["page"], {})
            wrong += [(row["page"], press, name) for name, value in wanted.items() if answer.headers.get(name) != value]
            policies |= set(answer.headers.get("Content-Security-Policy", "none").split("; "))

    assert wrong == []
    # Only the pages before the card company's own may lead elsewhere, and only the scanner's page may run its reader.
    assert policies - LEAVING - {SCANNER} == POLICY


@pytest.mark.sqlite
@pytest.mark.parametrize("person", ["by code", "by account", "volunteer", "helper", "owner", "team"])
def test_no_address_on_any_page_holds_a_code_a_note_or_how_to_reach_a_carer(person, there):
    carer = Carer.objects.get(user__email="alys@post.example")
    Carer.objects.filter(pk=carer.pk).update(**REACH, last_name="Unigryw")
    Booking.objects.filter(award__carer=carer).update(note=NOTE)
    private = [*REACH.values(), "Unigryw", NOTE, *there["codes"].values()]
    private += [text.replace(" ", "") for text in private]
    client, found = browser_of(person, there), []
    for row in rows():
        if row["page"] in {"account_logout", "demo", "demo_letter"}:
            continue
        answer = client.get(address(row["page"], there))
        links = re.findall(r'(?:href|action|src|content)="([^"]*)"', answer.content.decode(errors="replace"))
        links.append(answer.headers.get("Location", ""))
        for link in (unquote_plus(unescape(each)) for each in links):
            if not link.startswith(("tel:", "mailto:")) and any(text in link for text in private):
                found.append((row["page"], link))

    assert found == []


def key_of(client):
    return client.session.session_key


def test_acting_for_a_carer_and_leaving_give_the_session_and_its_forms_new_keys(client, carys, caerphilly):
    award = factories.award(caerphilly)
    client.force_login(carys)
    page = client.get(reverse("team:award", args=[award.ref]))
    before, form_key = key_of(client), page.cookies.get("csrf") or client.cookies["csrf"]

    client.post(reverse("team:book_for", args=[award.ref]))

    assert key_of(client) != before
    assert client.cookies["csrf"].value != form_key.value


def test_whoever_planted_a_session_gains_nothing_when_an_account_is_made_in_it(client, caerphilly, now, settings):
    settings.DEMO = True
    award = factories.award(caerphilly)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=now)})
    client.post(reverse("my:account"), {"email": award.carer.email})
    before = key_of(client)
    body = OutboxMessage.objects.get(kind="address_code").body
    code = re.search(r"\b[2-9BCDFGHJKMNPQRSTVWXZ]{8}\b", body)[0]

    client.post(reverse("my:account_code"), {"code": code})

    assert key_of(client) != before
    planted = Client()
    planted.cookies["session"] = before
    assert planted.get(reverse("my:award")).status_code == 302


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_no_way_on_leads_off_the_site(client, caerphilly, bryn_cafe, carys, now, wanted):
    award, offer = factories.award(caerphilly), factories.offer(bryn_cafe)
    code = awards.new_code(award=award, by=factories.TESTS, now=now)
    ways = [client.post(reverse("open_award"), {"code": code, "next": wanted})]
    ways.append(client.post(reverse("my:save", args=[offer.slug]), {"next": wanted}))
    staff = Client()
    signed_in = {"login": carys.email, "password": "a-long-enough-password", "next": wanted}
    ways.append(staff.post(f"{reverse('account_login')}?next={wanted}", signed_in))
    staff.force_login(carys)
    ways.append(staff.post(reverse("choose_council"), {"choice": caerphilly.pk, "next": wanted}))

    for answer in ways:
        assert answer.status_code == 302
        assert re.match(r"/(?![/\\])", answer.url), answer.url


def test_nobody_turns_the_rest_of_a_message_round_or_adds_lines_to_its_heading():
    name = "Mair\u202e\u2066\u200f\r\nBcc: all@evil.example"

    text = composing.e_mail("permission_given", "en", KNOWN | {"helper": name, "permission": PERMISSION})

    assert "Mair" in text.body
    assert not TURNS.search(text.subject + text.body)
    assert "\n" not in composing.one_line(name) and "\r" not in composing.one_line(name)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (b"{}", ""),
        (b"{}", "t=1,v1=0"),
        (b"{}", "t=\u0661,v1=\u0662"),
        (b"{}", "t=99999999999999999999,v1=" + "0" * 64),
        (b"\xff\xfe\x00", "t=1,v1=0"),
        (b"[" * 100_000, "t=1,v1=0"),
        (b"x" * 3_000_000, "t=1,v1=0"),
    ],
)
def test_whatever_a_stranger_sends_as_an_event_is_refused_quietly(client, settings, body, signature):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", "whsec_1"
    sent = {"content_type": "application/json", "headers": {"Stripe-Signature": signature}}

    answer = client.post(reverse("stripe_events"), body, **sent)

    assert (answer.status_code, answer.content) == (400, b"") or (len(body) > 2_621_440 and answer.status_code == 400)
    assert client.get(reverse("stripe_events")).status_code == 405
