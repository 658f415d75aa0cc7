"""One booking and the statement: what they say, and what can be done."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from tests import factories
from tests.voucher.carer.pages import (
    FRIDAY,
    TEAM,
    hidden,
    text_of,
)
from voucher import bookings
from voucher.claiming import claims
from voucher.granting import awards
from voucher.models import Booking

pytestmark = pytest.mark.django_db


def test_a_booking_says_its_state_with_the_deadline(alys, booked):
    page = text_of(alys.get(reverse("my:booking", args=[booked.ref])))

    assert "Waiting for Bryn Café. They have until Wednesday 14 October at 5pm to answer." in page
    assert "It costs nothing: £62.50 is given back." in page


def test_anothers_booking_is_not_there(client, caerphilly, booked, now):
    other = factories.award(caerphilly)
    client.post(reverse("open_award"), {"code": awards.new_code(award=other, by=TEAM, now=now)})

    for name in ("my:booking", "my:asked"):
        assert client.get(reverse(name, args=[booked.ref])).status_code == 404
    for name in ("my:cancel", "my:did_not_happen"):
        assert client.post(reverse(name, args=[booked.ref])).status_code == 404


def test_late_cancelling_shows_its_cost_first_and_then_costs_just_that(alys, award, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    later(FRIDAY - dt.timedelta(hours=20))
    page = alys.get(reverse("my:booking", args=[booked.ref]))

    alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": hidden(page, "seen_due_pence")})

    assert "£31.25 would be used, and £31.25 given back." in text_of(page)
    assert "You cancelled this late, so £31.25 was used." in text_of(alys.get(reverse("my:booking", args=[booked.ref])))
    award.account.refresh_from_db()
    assert award.account.available == 36_875


def test_cancelling_that_has_become_dearer_is_not_done_unseen(alys, award, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    page = alys.get(reverse("my:booking", args=[booked.ref]))
    later(FRIDAY - dt.timedelta(hours=47))

    for figure in (hidden(page, "seen_due_pence"), "", "x", "-1", "9" * 30):
        response = alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": figure}, follow=True)
        assert "What cancelling costs has changed." in text_of(response)

    booked.refresh_from_db()
    assert booked.state == Booking.State.CONFIRMED


def test_a_carer_cannot_waive_what_cancelling_costs(alys, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    later(FRIDAY - dt.timedelta(hours=20))

    alys.post(reverse("my:cancel", args=[booked.ref]), {"waive": "yes"})

    booked.refresh_from_db()
    assert booked.state == Booking.State.CONFIRMED


def test_cancelling_twice_says_that_it_was_done(alys, booked):
    alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": "0"})

    response = alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": "0"}, follow=True)

    assert "That was done already." in text_of(response)


def test_nobody_came_can_be_said_from_fifteen_minutes_after_the_start(alys, award, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    url = reverse("my:did_not_happen", args=[booked.ref])
    later(FRIDAY + dt.timedelta(minutes=5))

    early = alys.post(url, follow=True)
    later(FRIDAY + dt.timedelta(minutes=15))
    page = alys.get(reverse("my:booking", args=[booked.ref]))
    done = alys.post(url, follow=True)

    assert "You can say this from 2.15pm." in text_of(early)
    assert url in page.content.decode()
    assert "This did not happen. Everything is given back." in text_of(done)
    award.account.refresh_from_db()
    assert award.account.available == 40_000


def test_the_statement_lists_every_movement_in_words(alys, booked):
    page = text_of(alys.get(reverse("my:statement")))

    assert "Your award" in page
    assert "Set aside for Sitting at home, Bryn Café" in page
    assert "£337.50 left" in page


def test_what_is_used_is_told_as_what_was_set_aside_before(alys, award, booked, later, bryn, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    bookings.deliver(booking=booked, minutes=120, by=TEAM, now=booked.ends_at)
    claims.make(
        provider=booked.provider,
        council=booked.council,
        bookings=[booked],
        by=Who(user=bryn),
        now=booked.ends_at,
        key="claimed",
    )
    later(booked.ends_at)

    page = text_of(alys.get(reverse("my:statement")))

    assert "£50.00 set aside before" in page
    assert "£350.00 left" in page
