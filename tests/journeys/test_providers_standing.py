"""What becomes of a provider that is stopped at once: twelve breaks to come, and what was given before (P9)."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import london
from voucher import bookings
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.models import Booking, Task
from voucher.settling import settlement

pytestmark = pytest.mark.django_db
WHY = "A worry about safety was raised."
STOPPED = london(2026, 10, 5, 10)


def text(page):
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=100_000)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe)


@pytest.fixture
def at_bryn(bryn):
    client = Client()
    client.force_login(bryn)
    return client


def test_p9_twelve_breaks_are_arranged_anew_and_past_work_is_claimed_and_paid(
    award, sitting, bryn, bryn_cafe, carys, ffion, gwen, caerphilly, at_bryn, clock
):
    """Two hours were given for £50 before; £25 more is claimed and left out by finance, with a reason."""
    clock.now = STOPPED
    given = claimed.delivered(award, sitting, by=Who(bryn))
    held = claimed.delivered(award, sitting, by=Who(bryn), minutes=60, starts_at=given.starts_at + dt.timedelta(days=1))
    twelve = [
        claimed.booking(award, sitting, minutes=60, starts_at=london(2026, 10, 12 + number, 10), by=Who(bryn))
        for number in range(12)
    ]
    team = Client()
    team.force_login(carys)

    assert "12 confirmed breaks" in text(team.get(reverse("team:stop", args=[bryn_cafe.ref])))
    team.post(reverse("team:stop", args=[bryn_cafe.ref]), {"reason": WHY})

    # The twelve are the team's now; their carers are told neutrally and may cancel free.
    assert Task.objects.filter(kind="rearrange", booking__in=twelve, done_at=None).count() == 12
    told = OutboxMessage.objects.filter(kind="break_to_rearrange")
    assert (told.count(), [row.kind for row in told if WHY in row.body]) == (12, [])
    assert award.bookings.filter(may_cancel_free=True, state="confirmed").count() == 12
    # Its people sign in: they see nobody to come, and what was given is claimed as ever.
    inbox = text(at_bryn.get(reverse("provider:inbox")))
    assert "Your service is stopped" in inbox and WHY not in inbox
    assert not [row.ref for row in twelve if row.ref in inbox]
    with pytest.raises(bookings.NotLive):
        claimed.booking(award, sitting, starts_at=london(2026, 11, 2, 10), by=Who(bryn))
    form = at_bryn.get(reverse("provider:money")).context["groups"][0]["form"]
    typed = {"caerphilly-key": str(form["key"].value()), "caerphilly-bookings": [given.ref, held.ref]}
    assert "Claimed: £75" in text(at_bryn.post(reverse("provider:make_claim", args=["caerphilly"]), typed, follow=True))
    # Finance pays it; what is held is held with words that the provider reads, never silently.
    paid, later = (Booking.objects.get(pk=row.pk).claim_line for row in (given, held))
    run = settlement.prepare(
        council=caerphilly,
        lines=[paid],
        left_out={later: "The council looks into this day."},
        pay_on=dt.date(2026, 10, 13),
        by=Who(ffion),
        now=clock.now,
        key="run",
    )
    settlement.release(run=run, by=Who(gwen), now=clock.now)
    page = text(at_bryn.get(reverse("provider:claim", args=[paid.claim.number])))
    assert "The council looks into this day." in page
    assert claims.differences() == audit.differences(clock.now) == []
