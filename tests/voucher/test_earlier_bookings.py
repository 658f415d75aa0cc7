"""A provider finds a booking by its number, and what has been: its own, and nothing of anybody else."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.history import Who
from providers.models import Provider
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import FRIDAY, confirm
from tests.voucher.test_provider_pages import text
from voucher.settling import settlement
from voucher.views.provider import earlier

pytestmark = pytest.mark.django_db
PAGE = "/provider/bookings/"


@pytest.fixture
def desk(client, bryn, clock, settings):
    settings.SESSION_COOKIE_AGE = 10**8
    client.force_login(bryn)
    return client


@pytest.fixture
def coming(caerphilly, sitting, bryn, now):
    return confirm(factories.award(caerphilly), sitting, bryn, now)


def test_a_booking_is_found_by_its_number_as_it_is_read_out(desk, coming):
    spoken = f" {coming.ref[:4].lower()}-{coming.ref[4:]} "

    assert desk.get(PAGE, {"number": spoken})["Location"] == reverse("provider:booking", args=[coming.ref])
    assert PAGE in desk.get(reverse("provider:inbox")).content.decode()


@pytest.mark.parametrize("typed", ["", "ABC", "' OR 1=1", "ABCD\x00FGH", "W" * 99, "ZZZZZZZZ"])
def test_what_is_no_number_of_theirs_is_said_beside_the_box(desk, coming, typed):
    page = desk.get(PAGE, {"number": typed})

    assert (page.status_code, bool(page.context["form"].errors)) == (200, True)


def test_another_providers_booking_is_as_unknown_as_none(desk, caerphilly, now):
    other = factories.provider(caerphilly)
    theirs = confirm(factories.award(caerphilly), factories.offer(other), None, now)

    assert "You have no booking with this number." in text(desk.get(PAGE, {"number": theirs.ref}))


def test_a_provider_that_was_stopped_finds_nobody_to_come(desk, coming, bryn_cafe, clock):
    factories.put(Provider.objects.get(pk=bryn_cafe.pk), "suspended")
    assert "You have no booking with this number." in text(desk.get(PAGE, {"number": coming.ref}))

    clock.now = FRIDAY + dt.timedelta(minutes=1)
    assert desk.get(PAGE, {"number": coming.ref}).status_code == 302


def test_what_has_begun_is_listed_in_the_same_queries_however_much_it_is(
    desk, coming, caerphilly, sitting, bryn, now, clock
):
    assert "There are none yet." in text(desk.get(PAGE))
    asked = []
    for day in range(1, 3):
        clock.now = FRIDAY + dt.timedelta(days=day)
        with CaptureQueriesContext(connection) as queries:
            assert text(desk.get(PAGE)).count(", booking ") == day
        asked.append(len(queries))
        if day == 1:
            confirm(factories.award(caerphilly), sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(days=1, hours=2))
    assert len(set(asked)) == 1


def test_what_is_paid_or_in_a_payment_run_says_so_in_as_many_queries_as_what_is_claimed(
    desk, bryn_cafe, bryn, caerphilly, ffion, gwen, now, clock, monkeypatch
):
    lines = claimed.lines(bryn_cafe, factories.award(caerphilly), number=4, by=Who(bryn))
    for number, pay_on in enumerate([dt.date(2026, 10, 20), dt.date(2026, 10, 27)]):
        run = settlement.prepare(
            council=caerphilly, lines=[lines[number]], pay_on=pay_on, by=Who(ffion), now=now, key=f"run-{number}"
        )
        if not number:
            settlement.release(run=run, by=Who(gwen), now=now)
    clock.now = now + dt.timedelta(days=9)

    asked = []
    for shown, says in [(2, []), (25, ["In a payment run", "Paid"])]:
        monkeypatch.setattr(earlier, "A_PAGE", shown)
        with CaptureQueriesContext(connection) as queries:
            page = desk.get(PAGE).content.decode()
        asked.append(len(queries))
        # The newest first: the last two are claimed and no more.
        assert re.findall(r'<strong class="tag[^>]*>([^<]*)<', page) == ["Claimed", "Claimed", *says]
    assert asked[0] == asked[1]
