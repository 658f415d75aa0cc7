"""What is true of every page of a carer's."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.carer.pages import (
    FRIDAY,
    TEAM,
)
from voucher import bookings
from voucher.models import Booking

pytestmark = pytest.mark.django_db


def pages_of(booking):
    return [
        reverse("my:award"),
        reverse("my:statement"),
        reverse("my:ask", args=[booking.offer.slug]),
        reverse("my:ask", args=[booking.offer.slug]) + "?minutes=60",
        reverse("my:ask", args=[booking.offer.slug]) + "?minutes=60&starts_at=2026-10-17T13:00Z",
        reverse("my:booking", args=[booking.ref]),
        reverse("my:asked", args=[booking.ref]),
    ]


def test_every_page_has_one_h1_is_never_indexed_and_never_kept(alys, booked):
    for prefix in ("", "/cy"):
        for page in pages_of(booked):
            response = alys.get(prefix + page)
            assert response.status_code == 200, page
            assert response.content.decode().count("<h1") == 1, page
            assert response["X-Robots-Tag"] == "noindex, nofollow"
            assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("name", ["my:award", "my:statement"])
def test_lists_ask_the_database_no_more_often_when_they_grow(
    alys, award, booked, bryn_cafe, now, name, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    alys.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        alys.get(reverse(name))
    for number in range(6):
        offer = factories.offer(bryn_cafe)
        booking = bookings.make(
            award=award,
            offer=offer,
            starts_at=FRIDAY + dt.timedelta(days=number),
            minutes=60,
            seen_price_pence=2500,
            by=TEAM,
            now=now,
            key=f"n{number}",
        )
        if number % 2:
            bookings.decline(booking=booking, reason="full", by=TEAM, now=now)

    with django_assert_max_num_queries(len(few)):
        alys.get(reverse(name))


def test_looking_changes_nothing(alys, booked):
    before = HistoryEntry.objects.count(), Booking.objects.values().get()

    for page in [*pages_of(booked), reverse("voucher")]:
        alys.get(page)
    for name in ("my:leave", "my:keep", "my:choose", "open_award"):
        assert alys.get(reverse(name)).status_code == 405

    assert (HistoryEntry.objects.count(), Booking.objects.values().get()) == before
