"""What the tests of the carer's pages share: how a page reads, and what a press sends."""

import re

from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests.voucher.test_bookings import london
from voucher.ledger import audit
from voucher.models import Booking

TEAM = Who(label="tests")
FRIDAY = london(2026, 10, 16, 14)
FRIDAY_TYPED = "2026-10-16T13:00Z"


def text_of(response):
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def hidden(response, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    return found[1] if found else None


def look(client, offer, minutes=150, starts_at=FRIDAY_TYPED):
    return client.get(reverse("my:ask", args=[offer.slug]), {"minutes": minutes, "starts_at": starts_at})


def form_of(page, **changes):
    names = ("key", "minutes", "seen_price_pence", "starts_at")
    return {name: hidden(page, name) for name in names} | changes


def forged(*, price_pence):
    """What a press would send for an hour on Friday, from a page that was never shown."""
    return {
        "key": "6f1d6a5e-0000-4000-8000-000000000000",
        "minutes": 60,
        "seen_price_pence": price_pence,
        "starts_at": FRIDAY_TYPED,
    }


def send(client, offer, data):
    return client.post(reverse("my:ask", args=[offer.slug]), data)


def nothing_was_written(award, available=40_000):
    award.account.refresh_from_db()
    assert (award.account.available, award.account.held) == (available, 0)
    assert not Booking.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert not HistoryEntry.objects.filter(act__startswith="booking").exists()
    assert audit.differences() == []
