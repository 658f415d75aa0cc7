"""Whoever gave a break and has not claimed it hears of it in the last two weeks of the time to claim, once a week."""

import datetime as dt

import pytest

from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import SATURDAY, confirm, deliver, london
from voucher import jobs
from voucher.models import Booking

pytestmark = pytest.mark.django_db

# The break is on Friday 16 October: 60 days after it is Tuesday 15 December.
FIRST_DAY = london(2026, 12, 2, 9)
LAST_DAY = london(2026, 12, 15, 19)


@pytest.fixture
def given(caerphilly, sitting, bryn, now):
    award = factories.award(caerphilly, value=40_000)
    confirm(award, sitting, bryn, now, starts_at=SATURDAY)
    return deliver(confirm(award, sitting, bryn, now), 150, bryn)


def reminders():
    return list(OutboxMessage.objects.filter(kind="claim_reminder").order_by("pk"))


def test_a_provider_is_reminded_once_a_week_in_the_last_two_weeks(given, bryn_cafe):
    jobs.remind_to_claim(FIRST_DAY - dt.timedelta(days=1))
    assert reminders() == []
    jobs.remind_to_claim(FIRST_DAY - dt.timedelta(hours=2))
    assert reminders() == []

    for _twice in range(2):
        jobs.remind_to_claim(FIRST_DAY)
    [first] = reminders()
    assert first.to == bryn_cafe.email
    assert "Tuesday 15 December 2026 is the last day" in first.subject
    assert "1 break is ready to claim, £62.50." in first.body
    assert "nobody has said yet" not in first.body

    jobs.remind_to_claim(LAST_DAY)
    assert len(reminders()) == 2
    assert "1 break is over, and nobody has said yet how much of it was given." in reminders()[1].body


def test_what_is_claimed_or_out_of_time_is_not_reminded_of(given):
    Booking.objects.exclude(pk=given.pk).update(state=Booking.State.CANCELLED, ended_at=given.ends_at)
    jobs.remind_to_claim(LAST_DAY + dt.timedelta(hours=15))
    Booking.objects.update(state=Booking.State.CLAIMED)
    jobs.remind_to_claim(FIRST_DAY)

    assert reminders() == []
