"""Codes tried at the same moment: a crowd gets no more guesses than one person, at every door."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.carer.pages import TEAM, text_of
from tests.voucher.ledger.desk import TURNS, at_once
from voucher import codes
from voucher.carers import carer_accounts
from voucher.granting import awards
from voucher.models import Carer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@TURNS
def test_of_sixteen_wrong_codes_at_once_ten_are_looked_at_and_then_the_right_one_waits(turn, monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    code = awards.new_code(award=factories.award(factories.council()), by=TEAM, now=now)
    guesses = [codes.generate() for _ in range(16)]

    answers = at_once(*[lambda guess=guess: Client().post(reverse("open_award"), {"code": guess}) for guess in guesses])

    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 6
    assert Client().post(reverse("open_award"), {"code": code}).status_code == 429


@TURNS
def test_right_codes_at_once_all_open_and_use_up_nothing(turn, monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    council = factories.council()
    right = [awards.new_code(award=factories.award(council), by=TEAM, now=now) for _ in range(8)]

    answers = at_once(*[lambda code=code: Client().post(reverse("open_award"), {"code": code}) for code in right])
    again = at_once(*[lambda code=code: Client().post(reverse("open_award"), {"code": code}) for code in right])

    assert [answer.status_code for answer in answers + again] == [302] * 16


@TURNS
def test_a_provider_with_sixteen_windows_has_ten_wrong_codes_an_hour(turn, monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    cafe = factories.provider(factories.council())
    owner, offer = factories.provider_staff(cafe), factories.offer(cafe)
    award = factories.award(cafe.council)
    code = awards.new_code(award=award, by=TEAM, now=now)

    def check(typed):
        browser = Client()
        browser.force_login(owner)
        page = {"code": typed, "offer": offer.pk, "units": 1}
        return text_of(browser.post(reverse("provider:check_code"), page, follow=True))

    answers = at_once(*[lambda: check(codes.generate()) for _ in range(16)])

    assert sum("No, this code does not work" in answer for answer in answers) == 10
    assert sum("Too many codes did not work" in answer for answer in answers) == 6
    assert "Too many codes did not work" in check(code)
    assert not HistoryEntry.objects.filter(act="code.checked").exists()


@TURNS
def test_of_two_who_keep_the_same_award_at_once_one_does(turn, now):
    carer = factories.award(factories.council()).carer
    Carer.objects.filter(pk=carer.pk).update(email="")
    people = [factories.user(f"{name}@post.example") for name in ("first", "second")]

    results = at_once(
        *[lambda user=user: carer_accounts.link(carer=carer, user=user, by=TEAM, now=now) for user in people]
    )

    assert sorted(type(result).__name__ for result in results) == ["HasAccount", "NoneType"]
    carer.refresh_from_db()
    assert carer.email == carer.user.email
