"""A provider that cannot keep a confirmed break says why, and the carer reads it."""

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.breaks import confirm
from voucher import bookings
from voucher.granting import awards
from voucher.views import history_words

pytestmark = pytest.mark.django_db


def test_the_carer_is_told_why_and_without_a_reason_nothing_is_cancelled(client, caerphilly, sitting, bryn, now, clock):
    award = factories.award(caerphilly)
    code = awards.new_code(award=award, by=factories.TESTS, now=now)
    row = confirm(award, sitting, bryn, now)
    client.force_login(bryn)
    address = reverse("provider:cancel", args=[row.ref])

    # That it is too far away, or fully booked, was known when it was confirmed.
    for no_reason in (
        {},
        {"cancel-reason": "other", "cancel-note": ""},
        {"cancel-reason": "too_far"},
        {"cancel-reason": "no_staff"},
    ):
        assert client.post(address, no_reason).context["cancel_form"].errors
        row.refresh_from_db()
        assert row.state == "confirmed"
    for _press in range(2):
        client.post(address, {"cancel-reason": "ill", "cancel-note": "Mair has <b>flu</b>."})

    row.refresh_from_db()
    assert (row.state, row.ended_by, row.decline_reason) == ("cancelled", "provider", "ill")
    letter = OutboxMessage.objects.get(kind="booking_cancelled").body
    assert "The reason: Somebody is ill. Bryn Café writes: “Mair has <b>flu</b>.”" in letter
    entry = HistoryEntry.objects.get(act="booking.cancelled")
    assert entry.details["reason"] == "ill"
    assert "reason: Somebody is ill;" in f"{history_words.details(entry, {})};"
    client.logout()
    client.post(reverse("open_award"), {"code": code})
    page = client.get(reverse("my:booking", args=[row.ref])).content.decode()
    assert "The reason: Somebody is ill." in page
    assert "Mair has &lt;b&gt;flu&lt;/b&gt;." in page


def test_what_was_cancelled_while_both_were_one_reason_keeps_its_words(caerphilly, sitting, bryn, now):
    row = confirm(factories.award(caerphilly), sitting, bryn, now)
    bookings.cancel(booking=row, party="provider", by=Who(user=bryn), reason="no_staff", now=now)

    both = "Somebody is ill, or nobody is free after all"
    assert str(row.get_decline_reason_display()) == both
    assert f"reason: {both};" in f"{history_words.details(HistoryEntry.objects.get(act='booking.cancelled'), {})};"
