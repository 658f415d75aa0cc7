"""How often providers said yes, no and why, or nothing at all; what nobody was asked counts nowhere."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import ALYS, SATURDAY, ask, confirm
from tests.voucher.carer.pages import text_of
from voucher import bookings
from voucher.models import Booking, Handover
from voucher.standing import fill_rate

pytestmark = pytest.mark.django_db
A_DAY = dt.timedelta(days=1)


@pytest.fixture
def answered(caerphilly, bryn, now):
    """Of a sitter: two yes (one cancelled since), a no, other times that were not taken, silence, one taken back."""
    sitting = factories.offer(factories.provider(caerphilly, name="Siân"), slug="sitting", places=9)
    awards = [factories.award(caerphilly) for _number in range(7)]
    by = Who(user=bryn)
    confirm(awards[0], sitting, bryn, now)
    bookings.cancel(booking=confirm(awards[1], sitting, bryn, now), party="provider", by=by, reason="ill", now=now)
    no, other, silent, back = (ask(award, sitting, now) for award in awards[2:6])
    bookings.decline(booking=no, reason="no_staff", by=by, now=now)
    bookings.suggest(booking=other, starts=[SATURDAY], by=by, now=now)
    bookings.take_none(booking=other, by=ALYS, now=now)
    bookings.cancel(booking=back, party="carer", by=ALYS, now=now)
    bookings.time_out(booking=silent, now=silent.answer_by)
    ask(awards[6], sitting, now)
    at_the_door = confirm(awards[6], sitting, bryn, now, starts_at=SATURDAY)
    Booking.objects.filter(pk=at_the_door.pk).update(is_walk_in=True)
    # Nobody asked the successor of a provider that closes: it takes what it can.
    taken_over = confirm(awards[5], sitting, bryn, now, starts_at=SATURDAY)
    about = {"booking": at_the_door, "offer": sitting, "price_pence": 0, "new_booking": taken_over}
    Handover.objects.create(**about, state="agreed", made_at=now, answer_by=now)
    return sitting


def test_each_request_counts_once_by_what_became_of_it(answered, caerphilly, flintshire, now):
    found = fill_rate.figures(caerphilly, after=now - A_DAY, before=now + A_DAY)

    whole = found.whole
    assert (whole.yes, whole.no, whole.silent, whole.not_taken, whole.percent) == (2, 1, 1, 1, 40)
    assert [(kind.slug, each) for kind, each in found.by_kind] == [(answered.category.slug, whole)]
    assert [(str(reason), count) for reason, count in found.reasons] == [("Nobody is free at that time", 1)]
    assert [(str(reason), count) for reason, count in found.cancelled] == [("Somebody is ill", 1)]
    assert fill_rate.figures(caerphilly, after=now - A_DAY, before=now).whole.all == 0
    assert fill_rate.figures(flintshire, after=now - A_DAY, before=now + A_DAY).by_kind == []


def test_the_page_says_it_in_a_sentence_and_is_found_from_the_outcomes(answered, client, carys, clock):
    client.force_login(carys)
    page = reverse("team:fill_rate")

    assert page in client.get(reverse("team:outcomes")).content.decode()
    assert "40% of 5 requests had a yes." in text_of(client.get(page))
    assert "Nobody is free at that time: 1" in text_of(client.get(page))
    assert "Why providers cancelled after a yes Somebody is ill: 1" in text_of(client.get(page))
    assert "No request was answered in this year." in text_of(client.get(page, {"year": "2024"}))
