"""Providers answer requests: with a clock they understand, from the inbox or the message, and never two at once."""

import datetime as dt
import re
import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.breaks import ask, london
from voucher import jobs
from voucher.claiming import claims
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking
from voucher.navigation import OPEN_AWARD
from voucher.views.my.open_award import OPENED_BY

pytestmark = pytest.mark.django_db
State = Booking.State
# The Friday before the bank holiday of Monday 31 August 2026, 3pm.
FRIDAY_BEFORE = london(2026, 8, 28, 15)
THURSDAY = london(2026, 9, 3, 14)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=2_500)


@pytest.fixture
def award(caerphilly):
    first = dt.date(2026, 8, 1)
    return factories.award(caerphilly, value=10_000, first_day=first, now=london(2026, 8, 1, 9))


@pytest.fixture
def owner(client, bryn):
    client.force_login(bryn)
    return client


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def books_are_right():
    return audit.differences() == [] and claims.differences() == []


def figures(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def carers_browser(award, now):
    """A browser in which the carer has opened her award."""
    code = awards.new_code(award=award, by=factories.TESTS, now=now)
    browser = Client()
    browser.post(reverse("open_award"), {"code": code})
    assert browser.session[OPEN_AWARD] == award.pk
    assert OPENED_BY in browser.session
    return browser


def test_p4_a_deadline_over_a_bank_holiday_is_told_in_working_hours(owner, award, sitting, clock):
    clock.now = FRIDAY_BEFORE
    asked = ask(award, sitting, clock.now, starts_at=THURSDAY, minutes=120)

    # Two working days: Tuesday and Wednesday, for Monday is a bank holiday.
    assert asked.answer_by == london(2026, 9, 2, 17)
    page = text(owner.get(reverse("provider:inbox")))
    assert "18 working hours left. Answer by Wednesday 2 September at 5pm." in page
    assert "Not counted, a bank holiday: Monday 31 August" in page

    clock.now = london(2026, 9, 2, 12)
    page = text(owner.get(reverse("provider:inbox")))
    assert "5 working hours left. Answer by" in page
    assert "bank holiday" not in page

    clock.now = london(2026, 9, 2, 16, 30)
    assert "Less than a working hour left" in text(owner.get(reverse("provider:booking", args=[asked.ref])))

    clock.now = london(2026, 9, 2, 17)
    jobs.time_out_requests(clock.now)
    assert figures(award) == (10_000, 0)
    assert "Nothing waits for your answer" in text(owner.get(reverse("provider:inbox")))
    assert books_are_right()


def test_p4_fifteen_hours_instead_is_suggested_and_taken(owner, award, sitting, clock):
    clock.now = FRIDAY_BEFORE
    asked = ask(award, sitting, clock.now, starts_at=THURSDAY, minutes=120)
    assert figures(award) == (5_000, 5_000)
    three = london(2026, 9, 3, 15)

    page = owner.post(
        reverse("provider:suggest", args=[asked.ref]), {"day": "2026-09-03", "time": "15:00"}, follow=True
    )
    assert "keep these times free" in text(page)
    assert figures(award) == (5_000, 5_000)

    carer = carers_browser(award, clock.now)
    suggestion = asked.suggestions.get()
    carer.post(reverse("my:take", args=[asked.ref]), {"suggestion": suggestion.pk}, follow=True)

    asked.refresh_from_db()
    assert (asked.state, asked.starts_at) == (State.CONFIRMED, three)
    assert figures(award) == (5_000, 5_000)
    assert books_are_right()


def test_p4_declined_with_a_reason_everything_goes_back(owner, award, sitting, clock):
    clock.now = FRIDAY_BEFORE
    asked = ask(award, sitting, clock.now, starts_at=THURSDAY, minutes=120)
    address = reverse("provider:decline", args=[asked.ref])

    assert "Choose the reason that fits best." in text(owner.post(address, {}))
    owner.post(address, {"decline-reason": "no_staff", "decline-note": "Mair is on leave"})

    asked.refresh_from_db()
    assert (asked.state, asked.decline_reason) == (State.DECLINED, "no_staff")
    assert figures(award) == (10_000, 0)
    letter = OutboxMessage.objects.get(kind="booking_declined")
    assert "Mair is on leave" in letter.body
    assert HistoryEntry.objects.get(act="booking.declined").details["reason"] == "no_staff"
    assert books_are_right()


def test_p4_answered_from_the_message_by_one_press_without_signing_in(award, sitting, clock):
    clock.now = FRIDAY_BEFORE
    asked = ask(award, sitting, clock.now, starts_at=THURSDAY, minutes=120, note="The key is under the mat")
    body = OutboxMessage.objects.get(kind="booking_asked").body
    yes, times, no = re.findall(r"http://\S+(/answer/\S+)", body)
    anybody = Client()

    shown = text(anybody.get(yes))
    assert "18 working hours left" in shown
    assert "£50" in shown
    assert "under the mat" not in shown
    assert figures(award) == (5_000, 5_000)

    assert "This request is confirmed" in text(anybody.post(yes, follow=True))
    for link in (yes, times, no):
        assert "This request is confirmed" in text(anybody.post(link, {"reason": "full"}, follow=True))
    asked.refresh_from_db()
    assert asked.state == State.CONFIRMED
    assert figures(award) == (5_000, 5_000)
    assert books_are_right()


def test_p4_of_two_staff_the_second_is_told_kindly(owner, award, sitting, bryn_cafe, clock):
    clock.now = FRIDAY_BEFORE
    asked = ask(award, sitting, clock.now, starts_at=THURSDAY, minutes=120)
    eira = Client()
    eira.force_login(factories.provider_staff(bryn_cafe, "eira@provider.example", name="Eira", kind="bookings"))
    for browser in (owner, eira):
        assert asked.ref in text(browser.get(reverse("provider:inbox")))

    owner.post(reverse("provider:confirm", args=[asked.ref]))
    declined = eira.post(
        reverse("provider:decline", args=[asked.ref]), {"decline-reason": "full", "decline-note": ""}, follow=True
    )
    again = eira.post(reverse("provider:confirm", args=[asked.ref]), follow=True)

    assert "Nothing has changed: this booking was confirmed already." in text(declined)
    assert "Confirmed. We have told the carer." in text(again)
    asked.refresh_from_db()
    assert asked.state == State.CONFIRMED
    assert HistoryEntry.objects.filter(act="booking.confirmed").count() == 1
    assert OutboxMessage.objects.filter(kind="booking_confirmed").count() == 1
    assert figures(award) == (5_000, 5_000)
    assert books_are_right()


def test_p4_the_inbox_shows_today_and_money_to_the_owner_only(owner, award, sitting, bryn_cafe, bryn, clock):
    clock.now = FRIDAY_BEFORE
    asked = ask(award, sitting, clock.now, starts_at=THURSDAY, minutes=120)
    owner.post(reverse("provider:confirm", args=[asked.ref]))
    clock.now = london(2026, 9, 3, 8)
    page = owner.get(reverse("provider:inbox"))
    assert [row.ref for row in page.context["today"]] == [asked.ref]
    assert list(page.context["following"]) == []

    clock.now = london(2026, 9, 3, 17)
    owner.post(reverse("provider:deliver", args=[asked.ref]), {"delivered-minutes": "120"})

    promised = "£50.00 is ready to claim. Claimed today, it is paid on Tuesday 15 September."
    assert promised in text(owner.get(reverse("provider:inbox")))
    eira = Client()
    eira.force_login(factories.provider_staff(bryn_cafe, "eira@provider.example", name="Eira", kind="bookings"))
    shown = text(eira.get(reverse("provider:inbox")))
    assert "ready to claim" not in shown
    assert reverse("provider:money") not in eira.get(reverse("provider:inbox")).content.decode()


def test_p4_what_is_asked_on_a_saturday_for_soon_has_a_clock_in_plain_hours(owner, award, sitting, clock, bryn_cafe):
    clock.now = london(2026, 8, 29, 10)
    sitting.notice_hours = 2
    sitting.save()
    asked = ask(award, sitting, clock.now, starts_at=london(2026, 8, 30, 10), minutes=60)
    assert asked.answer_by == london(2026, 8, 30, 8)

    assert "22 hours left, outside working hours. Answer by Sunday 30 August at 8am" in text(
        owner.get(reverse("provider:inbox"))
    )


def test_p4_hours_that_pass_on_a_bank_holiday_are_not_said_to_be_left_out(owner, award, sitting, clock):
    clock.now = london(2026, 8, 29, 10)
    sitting.notice_hours = 2
    sitting.save()
    asked = ask(award, sitting, clock.now, starts_at=london(2026, 8, 31, 14), minutes=60)
    assert asked.answer_by == london(2026, 8, 31, 12)

    page = text(owner.get(reverse("provider:inbox")))

    assert "50 hours left, outside working hours. Answer by Monday 31 August at midday" in page
    assert "Not counted" not in page


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_p4_the_link_and_the_page_at_the_same_moment_answer_once(award, sitting, bryn, clock):

    clock.now = FRIDAY_BEFORE
    asked = ask(award, sitting, clock.now, starts_at=THURSDAY, minutes=120)
    body = OutboxMessage.objects.get(kind="booking_asked").body
    _yes, _times, no = re.findall(r"http://\S+(/answer/\S+)", body)
    start = threading.Barrier(2)

    def press(browser, address, typed):
        start.wait()
        browser.post(address, typed)
        connection.close()

    signed_in = Client()
    signed_in.force_login(bryn)
    both = [
        threading.Thread(target=press, args=(signed_in, reverse("provider:confirm", args=[asked.ref]), {})),
        threading.Thread(target=press, args=(Client(), no, {"reason": "full"})),
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()

    asked.refresh_from_db()
    assert asked.state in {State.CONFIRMED, State.DECLINED}
    answered = HistoryEntry.objects.filter(subject_id=asked.pk, act__in=["booking.confirmed", "booking.declined"])
    assert answered.count() == 1
    assert figures(award) == ((5_000, 5_000) if asked.state == State.CONFIRMED else (10_000, 0))
    assert books_are_right()
