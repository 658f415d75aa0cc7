"""Everything that moves money at random, and all accounts agree after each step; WALKS=200 for a long night."""

import os

import pytest

from tests.voucher.everything import Walk
from voucher.models import Booking

WALKS, STEPS = int(os.environ.get("WALKS", "2")), int(os.environ.get("STEPS", "90"))
FIRST = int(os.environ.get("FIRST_WALK", "0"))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_whatever_anybody_does_in_whatever_order_no_pound_is_lost_or_spent_twice(caerphilly, card_company, now, seed):
    walk = Walk(caerphilly, card_company, now, seed)

    for _step in range(STEPS):
        walk.step()
        walk.check()
    walk.finish()

    assert sum(walk.done.values()) > STEPS / 4
    assert Booking.objects.filter(state="claimed").exists()
