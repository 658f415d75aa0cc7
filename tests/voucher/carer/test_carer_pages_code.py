"""The code: how it opens an award, what a wrong one is told, and how many may be tried."""

import datetime as dt
import re

import pytest
from django.db import transaction
from django.urls import reverse

from tests.voucher.carer.pages import (
    TEAM,
    hidden,
    text_of,
)
from tests.voucher.test_bookings import london
from voucher.granting import awards
from voucher.ledger import books

pytestmark = pytest.mark.django_db


def test_a_code_opens_the_award_however_it_is_typed(client, award, code):
    typed = f" {code.lower().replace('-', ' ')} ".replace("0", "o").replace("1", "l")

    response = client.post(reverse("open_award"), {"code": typed}, follow=True)

    assert response.redirect_chain[-1][0] == reverse("my:award")
    assert "£400" in text_of(response)
    assert "Use by Sunday 28 February 2027" in text_of(response)


def test_what_is_left_is_also_told_in_hours_of_sitting_at_usual_prices(alys, sitting):
    page = text_of(alys.get(reverse("my:award")))

    assert "At usual prices near you it would still buy one of these: about 16 hours of sitting" in page


def test_the_code_is_nowhere_in_the_session_the_address_or_the_log(client, award, code, caplog):
    caplog.set_level("DEBUG")

    response = client.post(reverse("open_award"), {"code": code})

    bare = code.replace("-", "")
    assert not any(part in f"{dict(client.session)} {response.url} {caplog.text}" for part in (code, bare))
    assert set(client.session.keys()) == {"award", "code"}


def test_opening_gives_the_session_a_new_key(client, code):
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key

    client.post(reverse("open_award"), {"code": code})

    assert client.session.session_key != before


@pytest.mark.parametrize("kind", ["unknown", "replaced", "revoked"])
def test_every_bad_code_gets_the_same_answer(client, award, code, now, kind):
    unknown = client.post(reverse("open_award"), {"code": "0000-0000-0000"})
    typed = {"unknown": "0000-0000-0000"}.get(kind, code)
    if kind == "replaced":
        awards.new_code(award=award, by=TEAM, now=now)
    if kind == "revoked":
        awards.revoke_code(award=award, by=TEAM, now=now)

    response = client.post(reverse("open_award"), {"code": typed})

    assert response.status_code == unknown.status_code == 200
    assert "This code does not open an award." in text_of(response)
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", response.content.decode()) == strip.sub("", unknown.content.decode())
    assert "award" not in client.session


def test_a_slip_of_the_finger_is_said_beside_the_field_and_is_no_try(client, code):
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")

    for _ in range(12):
        response = client.post(reverse("open_award"), {"code": wrong})

    assert "This code has a slip in it." in text_of(response)
    assert wrong in response.content.decode()
    assert client.post(reverse("open_award"), {"code": code}).status_code == 302


def test_after_ten_wrong_codes_even_the_right_one_waits_and_the_page_says_until_when(client, clock, code):
    for _ in range(10):
        assert client.post(reverse("open_award"), {"code": "0000-0000-0000"}).status_code == 200

    wrong = client.post(reverse("open_award"), {"code": "0000-0000-0000"})
    right = client.post(reverse("open_award"), {"code": code})

    assert wrong.status_code == right.status_code == 429
    assert text_of(wrong) == text_of(right)
    assert "You can try again at 11.15am." in text_of(right)
    assert "award" not in client.session
    clock.now += dt.timedelta(minutes=15)
    assert client.post(reverse("open_award"), {"code": code}).status_code == 302


def test_a_limit_in_one_place_leaves_others_alone(client, code):
    for _ in range(11):
        client.post(reverse("open_award"), {"code": "0000-0000-0000"}, REMOTE_ADDR="10.0.0.1")

    assert client.post(reverse("open_award"), {"code": code}, REMOTE_ADDR="10.0.0.2").status_code == 302


def test_many_wrong_codes_from_everywhere_raise_an_alarm(client, caplog):
    for number in range(60):
        client.post(reverse("open_award"), {"code": "0000-0000-0000"}, REMOTE_ADDR=f"10.0.1.{number}")

    assert "60 wrong codes in one minute" in caplog.text


def test_a_replaced_code_closes_the_door_at_once(alys, award, now):
    assert alys.get(reverse("my:award")).status_code == 200

    fresh = awards.new_code(award=award, by=TEAM, now=now)

    assert alys.get(reverse("my:award")).status_code == 302
    alys.post(reverse("open_award"), {"code": fresh})
    assert "£400" in text_of(alys.get(reverse("my:award")))


def test_a_page_asked_for_without_a_code_comes_after_the_code(client, sitting, code):
    asked = client.get(reverse("my:ask", args=[sitting.slug]), follow=True)

    response = client.post(reverse("open_award"), {"code": code, "next": hidden(asked, "next")})

    assert response.url == reverse("my:ask", args=[sitting.slug])


def test_a_press_without_a_code_comes_back_to_a_page_that_can_be_opened(client, code):
    pressed = client.post(reverse("my:cancel", args=["ABCD"]), follow=True)

    response = client.post(reverse("open_award"), {"code": code, "next": hidden(pressed, "next")}, follow=True)

    assert response.status_code == 200
    assert response.redirect_chain[-1][0] == reverse("my:award")


def test_the_page_of_the_qr_leaves_the_code_in_the_browser(client):
    page = client.get(reverse("voucher")).content.decode()

    assert "data-code-from-address" in page
    assert f'action="{reverse("open_award")}"' in page


def test_a_code_far_too_long_is_said_like_one_a_little_too_long(client, db):
    response = client.post(reverse("open_award"), {"code": "0" * 500})

    assert "A code has 12 letters and numbers. This is too long." in text_of(response)


def test_a_way_on_of_any_length_keeps_nobody_out(client, code):
    wanted = reverse("my:ask", args=["a"]) + "?later=" + "1" * 500

    assert client.post(reverse("open_award"), {"code": code, "next": wanted}).url == wanted


@pytest.mark.parametrize("wanted", ["https://bad.example/my/", "//bad.example/my/", "/team/", "javascript:alert(1)"])
def test_the_way_on_leads_only_to_the_carers_own_pages(client, code, wanted):
    response = client.post(reverse("open_award"), {"code": code, "next": wanted})

    assert response.url == reverse("my:award")


def test_leaving_closes_the_award_in_this_browser(alys):
    alys.post(reverse("my:leave"))

    assert alys.get(reverse("my:award")).status_code == 302


def test_an_award_that_was_stopped_says_so_and_names_no_last_day(alys, award, sitting):
    with transaction.atomic():
        books.freeze(award=award.account)

    refused = text_of(alys.get(reverse("my:ask", args=[sitting.slug])))

    assert "It has been stopped for now." in refused
    assert "It was to be used by" not in refused


def test_an_award_that_has_ended_still_shows_its_statement_but_books_nothing(alys, award, sitting, later):
    later(london(2027, 3, 1, 9))

    page = alys.get(reverse("my:award"))
    refused = alys.get(reverse("my:ask", args=[sitting.slug]))

    assert "Your award ended on Sunday 28 February" in text_of(page)
    assert "Your award cannot be used now" in text_of(refused)
    assert "It was to be used by Sunday 28 February" in text_of(refused)
    assert alys.get(reverse("my:statement")).status_code == 200
