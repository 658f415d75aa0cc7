"""A carer at the same door twice in a day: what is not booked is taken beside what is, and nothing is felt by it."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import ALYS
from tests.voucher.test_provider_pages import text
from voucher import bookings
from voucher.door import code_checks, walk_ins
from voucher.granting import awards
from voucher.models import Booking, WalkIn

pytestmark = pytest.mark.django_db
BESIDE = "Something else, that is not booked?"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=2_500)


@pytest.fixture
def swim(bryn_cafe):
    return factories.offer(bryn_cafe, unit="session", price_pence=1_000, places=9, takes_walk_ins=True)


@pytest.fixture
def lunch(bryn_cafe):
    return factories.offer(
        bryn_cafe, unit="session", price_pence=900, places=9, takes_walk_ins=True, title_en="Lunch for two"
    )


@pytest.fixture
def swimming(award, swim, bryn, now):
    """She has come to swim, and it is booked."""
    about = {"award": award, "offer": swim, "minutes": 60, "starts_at": now, "seen_price_pence": 1_000}
    return walk_ins.book(**about, by=Who(user=bryn), now=now, key="swim").booking


@pytest.fixture
def check(client, bryn, award, clock):
    code = awards.new_code(award=award, by=ALYS, now=clock.now)
    client.force_login(bryn)
    return lambda offer: client.post(
        reverse("provider:check_code"), {"offer": offer.pk, "units": 1, "code": code}, follow=True
    )


def press(client, answer):
    """Press what is offered after a yes."""
    return client.post(reverse("provider:take_walk_in"), {"check": answer.context["yes"].check}, follow=True)


def test_something_else_is_taken_beside_what_is_booked(client, check, award, lunch, swimming):
    answer = check(lunch)
    assert "Something else is booked here today" in text(answer)
    assert f"{BESIDE} Lunch for two, £9, beside what is booked." in text(answer)

    assert "Waiting for Alys to say yes" in text(press(client, answer))

    asked = WalkIn.objects.get(state="waiting")
    walk_ins.agree(walk_in=asked, by=ALYS, now=asked.asked_at)
    assert set(Booking.objects.values_list("offer", "state")) == {
        (swimming.offer_id, "confirmed"),
        (lunch.pk, "confirmed"),
    }


def test_what_is_neither_booked_nor_had_without_booking_is_said(check, bryn_cafe, swimming):
    answer = text(check(factories.offer(bryn_cafe, unit="session", title_en="A day of weaving")))

    assert "Yes" not in answer
    assert "Something else is booked here today" in answer and "Not booked today: A day of weaving, 1 hour." in answer


def test_what_is_booked_is_had_once_and_again_only_after_it_was_given(client, check, swim, swimming, bryn, clock):
    shown = text(check(swim))
    assert "Yes, this is booked" in shown and BESIDE not in shown and "Not booked today" not in shown

    clock.now += HOUR
    bookings.deliver(booking=swimming, minutes=60, by=Who(user=bryn), now=clock.now)
    answer = check(swim)

    assert BESIDE in text(answer)
    press(client, answer)
    press(client, answer)
    assert WalkIn.objects.filter(state="waiting").count() == 1


def test_what_is_left_cannot_be_felt_with_whoever_is_booked(client, check, award, bryn_cafe, swimming, clock):
    dear = factories.offer(bryn_cafe, unit="session", price_pence=1_501, places=9, takes_walk_ins=True)

    for _number in range(code_checks.SHORT_AN_HOUR):
        answer = check(dear)
        # The same is shown whether there is enough or not; the press answers, and counts.
        assert BESIDE in text(answer)
        assert "This code is not enough for this." in text(press(client, answer))

    assert answer.context["takes_walk_in"]
    assert not check(dear).context.get("takes_walk_in")
    assert WalkIn.objects.filter(state="waiting").count() == 0


def test_a_code_that_is_checked_again_asks_the_carer_once(client, check, lunch, clock):
    first = press(client, check(lunch))
    clock.now += dt.timedelta(seconds=20)
    again = press(client, check(lunch))

    assert first.redirect_chain == again.redirect_chain
    clock.now += HOUR
    # Nobody has answered in time: that is another question.
    assert press(client, check(lunch)).redirect_chain != first.redirect_chain
