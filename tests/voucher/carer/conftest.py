"""A carer, an award with a code, a browser in which it is open, and a clock for the pages."""

import pytest
from django.urls import reverse

from tests import factories
from tests.voucher.carer.pages import TEAM, form_of, look, send
from voucher.granting import awards
from voucher.models import Booking


@pytest.fixture(autouse=True)
def now_in_pages(clock):
    """Every page of these tests lives at the fixed now."""


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def code(award, now):
    return awards.new_code(award=award, by=TEAM, now=now)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, slug="sitting-at-home")


@pytest.fixture
def alys(client, code):
    """A browser in which Alys has opened her award."""
    client.post(reverse("open_award"), {"code": code})
    return client


@pytest.fixture
def later(alys, clock, code):
    """Let time pass, and open the award again: a browser forgets it after eight hours."""

    def move(moment):
        clock.now = moment
        alys.post(reverse("open_award"), {"code": code})

    return move


@pytest.fixture
def booked(alys, sitting):
    send(alys, sitting, form_of(look(alys, sitting)))
    return Booking.objects.get()
