"""The carers team's pages about what carers ask for, and about a change in a carer's life."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from tests import factories
from tests.voucher import breaks
from voucher.changes import applications, circumstances
from voucher.granting import awards
from voucher.models import Application, Booking, Circumstance

pytestmark = pytest.mark.django_db
ALYS = Who(label="code 4K7P")


@pytest.fixture(autouse=True)
def frozen(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def team(client, carys):
    client.force_login(carys)
    return client


@pytest.fixture
def colleague(caerphilly):
    browser = Client()
    browser.force_login(factories.user("eleri@council.example", name="Eleri", role="team", council=caerphilly))
    return browser


def ask(award, now, kind="more_value", **wanted):
    wanted = wanted or {"wanted_amount": 4_000}
    return applications.apply(award=award, kind=kind, reason="illness", by=ALYS, now=now, **wanted)


def page(row):
    return reverse("team:application", args=[row.pk])


def text(response):
    return response.content.decode()


def left(award):
    award.account.refresh_from_db()
    return award.account.available


def test_the_list_takes_the_same_number_of_queries_however_many_wait(team, caerphilly, now):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert team.get(reverse("team:applications")).status_code == 200
        return len(seen)

    ask(factories.award(caerphilly, value=10_000), now)
    few = queries()
    for _ in range(6):
        ask(factories.award(caerphilly, value=10_000), now)

    assert queries() == few


def test_what_is_late_is_marked_and_counted(team, award, now):
    ask(award, now - dt.timedelta(days=5))

    assert "Late" in text(team.get(reverse("team:applications")))
    assert "(1 is late)" in text(team.get(reverse("team:queue")))


def test_two_workers_give_together_what_one_may_not(team, colleague, award, now):
    row = ask(award, now, wanted_amount=15_000)
    assert "two must agree" in text(team.get(page(row)))

    alone = team.post(page(row), {"says": "yes", "yes-amount": "150"}, follow=True)
    assert "One worker gives up to £500 to one award" in text(alone)
    team.post(page(row), {"says": "agree", "yes-amount": "120"})
    mine = text(team.get(page(row)))
    assert "Carys has agreed to £120." in mine and "Somebody else says yes to it." in mine
    assert left(award) == 40_000

    too_much = colleague.post(page(row), {"says": "yes", "yes-amount": "150"})
    assert "The amount must be £120 or less." in text(too_much)
    colleague.post(page(row), {"says": "yes", "yes-amount": "120"})
    assert left(award) == 52_000


def test_a_no_needs_its_reason(team, award, now):
    row = ask(award, now)

    assert "Write why not" in text(team.post(page(row), {"says": "no", "no-answer": ""}))
    said = team.post(page(row), {"says": "no", "no-answer": "The fund is used up."}, follow=True)

    assert "You said no, and the carer is told why." in text(said)
    assert "The fund is used up." in text(team.get(page(row)))


def test_no_more_is_given_than_was_asked_for(team, award, now):
    row = ask(award, now)

    assert "The amount must be £40 or less." in text(team.post(page(row), {"says": "yes", "yes-amount": "41"}))
    assert left(award) == 40_000


@pytest.mark.parametrize("typed", [{}, {"says": "yes"}, {"says": "yes", "yes-amount": "a lot"}, {"says": "nonsense"}])
def test_a_press_without_an_answer_changes_nothing(team, award, now, typed):
    row = ask(award, now)

    assert team.post(page(row), typed).status_code == 200
    assert (Application.objects.get().state, left(award)) == ("open", 40_000)


def test_whoever_is_second_is_shown_what_was_said(team, award, now, carys):
    row = ask(award, now)
    applications.refuse(application=row, answer="No.", by=Who(user=carys), now=now)

    again = team.post(page(row), {"says": "yes", "yes-amount": "40"})

    assert "This was answered already." in text(again)
    assert left(award) == 40_000


def test_more_time_is_typed_within_its_days(team, award, now):
    row = ask(award, now, "more_time", wanted_until=dt.date(2027, 3, 20))
    typed = {"says": "yes", "yes-until_day": "26", "yes-until_month": "4", "yes-until_year": "2027"}

    assert "Sunday 25 April 2027 or earlier" in text(team.post(page(row), typed))
    team.post(page(row), typed | {"yes-until_day": "25"})

    award.account.refresh_from_db()
    assert award.account.last_day == dt.date(2027, 4, 25)


def test_hours_are_asked_for_and_given_in_hours(client, caerphilly, colleague, now):
    award = factories.award(caerphilly, value=600, unit="minutes")
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=ALYS, now=now)})
    ask_page = reverse("my:apply", args=["more-to-use"])
    for wrong in ["", "some", "2.3", "0", "-1"]:
        assert client.post(ask_page, {"amount": wrong, "reason": "illness"}).status_code == 200
    client.post(ask_page, {"amount": "2.5", "reason": "illness"})

    row = Application.objects.get()
    assert row.wanted_amount == 150
    assert 'value="2.5"' in text(colleague.get(page(row)))
    assert "2½ hours or less" in text(colleague.post(page(row), {"says": "yes", "yes-amount": "3"}))
    colleague.post(page(row), {"says": "yes", "yes-amount": "1.5"})
    assert left(award) == 690


@pytest.mark.parametrize("kind", ["more-time", "more-to-use", "new-award"])
def test_what_cannot_be_asked_for_leads_back_with_the_reason(client, caerphilly, now, kind):
    award = factories.award(caerphilly, value=600, first_day=dt.date(2026, 3, 3))  # over since 2 September
    running = factories.award(caerphilly, value=600)
    row = award if kind != "new-award" else running
    client.post(reverse("open_award"), {"code": awards.new_code(award=row, by=ALYS, now=now)})

    answer = client.get(reverse("my:apply", args=[kind]), follow=True)

    assert answer.redirect_chain[-1][0] == reverse("my:award")
    sentence = {
        "more-time": "It is too late to ask for more time.",
        "more-to-use": "Your award is over",
        "new-award": "Your award still lasts.",
    }[kind]
    assert sentence in text(answer)
    assert client.get(reverse("my:apply", args=["something-else"])).status_code == 404


def test_an_odd_address_fills_in_nothing(client, award, now):
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=ALYS, now=now)})

    for query in [
        "until=tomorrow",
        "until=0001-01-01",
        "until=9999-12-31",
        "amount=-5&offer=none",
        "amount=" + "9" * 30,
    ]:
        for kind in ("more-time", "more-to-use"):
            assert client.get(f"{reverse('my:apply', args=[kind])}?{query}").status_code == 200
    ask_page = reverse("my:ask", args=[factories.offer(factories.provider(award.council)).slug])
    for day in ["0001-01-01", "9999-12-31", "2026-02-31", "x"]:
        assert client.get(f"{ask_page}?minutes=60&day={day}").status_code == 200


def test_a_carer_takes_back_only_what_is_hers(client, caerphilly, award, now):
    other = ask(factories.award(caerphilly, value=10_000), now)
    mine = ask(award, now)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=ALYS, now=now)})

    assert client.post(reverse("my:withdraw_application", args=[other.pk])).status_code == 404
    for _ in "12":
        assert client.post(reverse("my:withdraw_application", args=[mine.pk])).status_code == 302
    assert [row.state for row in Application.objects.order_by("pk")] == ["open", "withdrawn"]


def test_the_page_shows_again_what_will_happen_when_something_has_changed(team, award, bryn_cafe, bryn, now):
    address = reverse("team:circumstance", args=[award.ref, "carer-died"])
    days = {"happened_on_day": "11", "happened_on_month": "10", "happened_on_year": "2026"}
    seen = circumstances.plan(carer=award.carer, kind="carer_died", now=now).seen
    booking = breaks.confirm(award, factories.offer(bryn_cafe), bryn, now)

    again = team.post(address, days | {"seen": seen})

    assert "Something has changed meanwhile. Nothing was done." in text(again)
    assert booking.offer.title in text(again)
    booking.refresh_from_db()
    assert (booking.state, Circumstance.objects.count()) == (Booking.State.CONFIRMED, 0)


def test_a_day_that_has_not_come_and_a_day_too_far_are_refused(team, award):
    address = reverse("team:circumstance", args=[award.ref, "person-cared-for-died"])
    tomorrow = {"happened_on_day": "13", "happened_on_month": "10", "happened_on_year": "2026"}
    too_far = {"honoured_until_day": "8", "honoured_until_month": "12", "honoured_until_year": "2026"}

    refused = text(team.post(address, tomorrow | too_far))

    assert "12 October 2026 or earlier" in refused and "7 December 2026 or earlier" in refused
    assert team.get(reverse("team:circumstance", args=[award.ref, "something"])).status_code == 404


def test_a_reader_of_letters_is_not_reached_by_a_text_without_a_number(team, award):
    typed = {name: getattr(award.carer, name) for name in ("first_name", "last_name", "address", "town", "postcode")}
    typed |= {"phone": "", "email": "", "language": "not-asked", "contact_by": "sms", "print_size": "standard"}

    assert "To reach the carer this way we need this." in text(
        team.post(reverse("team:carer", args=[award.ref]), typed)
    )
    team.post(reverse("team:carer", args=[award.ref]), typed | {"contact_by": "post"})

    award.carer.refresh_from_db()
    assert (award.carer.language, award.carer.contact_by, award.carer.phone) == ("", "post", "")


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ({"way": "more", "amount": "101"}, "One worker gives up to £500 in all."),
        ({"way": "less", "amount": "401"}, "Only £400 is not set aside."),
        ({"way": "less", "amount": ""}, "Enter an amount in pounds"),
        ({"amount": "1"}, "Choose more or less."),
    ],
)
def test_a_change_that_cannot_be_is_said_beside_the_amount(team, award, typed, sentence):
    key = "6f1d6a5e-0000-4000-8000-000000000000"

    refused = team.post(reverse("team:value", args=[award.ref]), {"key": key, "reason": "agreed"} | typed)

    assert sentence in text(refused)
    assert left(award) == 40_000
