"""A provider that was stopped, or has closed: what is over and its money are there; nobody to come, no way to reach.

Every page of the site's providers is opened and pressed by each post of a provider that was stopped.
"""

import datetime as dt

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from providers.models import Provider
from tests import factories
from tests.site import test_who_may_enter as doors
from tests.site.test_joining_enters_little import pages, where_is
from tests.site.test_who_may_enter import browser_of
from tests.voucher import breaks
from voucher.models import Booking, Carer, Suggestion

there = doors.there
pytestmark = pytest.mark.django_db
State = Provider.State
STOPPED = [State.SUSPENDED, State.CLOSED]
WHY = "A worry about somebody"
REACH = {"phone": "07700 900777", "email": "unique.alys@post.example", "address": "77 Heol Unigryw"}
NOTE = "Mam likes the window seat"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def to_come(there, bryn_cafe, now):
    """The break that somebody was to have on Friday, and wanted to move, as it stood when Bryn Café was stopped."""
    booking = Booking.objects.get(provider=bryn_cafe, state=Booking.State.REQUESTED)
    Carer.objects.filter(pk=booking.award.carer_id).update(**REACH)
    Booking.objects.filter(pk=booking.pk).update(state="confirmed", answered_at=now, note=NOTE)
    starts_at = booking.starts_at + HOUR
    Suggestion.objects.create(
        **{"booking": booking, "by": "carer", "made_at": now, "answer_by": now + 24 * HOUR},
        **{"starts_at": starts_at, "ends_at": starts_at + HOUR},
    )
    return booking


def stop(provider, state, now):
    why = {"stopped_because": WHY, "stopped_at": now} if state == State.SUSPENDED else {}
    Provider.objects.filter(pk=provider.pk).update(state=state, **why)


def hidden(response, booking):
    """Return what stands in a page, or a file, and should not."""
    if response.status_code != 200:
        return []
    words = " ".join(response.getvalue().decode(errors="replace").split())
    return [each for each in (*REACH.values(), NOTE, WHY, booking.ref) if each in words]


def walk(client, there, booking):
    """Open and press every page; return those that show what they should not, and those where all is to be seen."""
    wrong, seen = [], set()
    for name in pages():
        where = where_is(name, there)
        with transaction.atomic():
            look, press = client.get(where), client.post(where)
            if found := [*hidden(look, booking), *hidden(press, booking)]:
                wrong.append((name, found))
            if look.status_code == 200:
                seen.add(name)
            transaction.set_rollback(True)
    return wrong, seen


@pytest.mark.sqlite
@pytest.mark.parametrize("state", STOPPED)
@pytest.mark.parametrize("post", ["owner", "bookings", "claims", "desk"])
def test_its_people_see_nobody_who_is_to_come_and_no_way_to_reach_anybody(post, state, there, to_come, bryn_cafe, now):
    stop(bryn_cafe, state, now)
    wrong, seen = walk(browser_of(post, there), there, to_come)

    assert wrong == []
    assert ("provider:money" in seen) == (post in {"owner", "claims"})
    assert "provider:service" in seen


def test_the_walk_does_find_what_a_live_provider_sees(there, to_come):
    wrong, _seen = walk(browser_of("owner", there), there, to_come)

    found = dict(wrong)
    assert {"provider:booking", "provider:inbox", "provider:pause", "provider:day_list"} <= set(found)
    # A live provider's press for how to reach the carer shows all of it.
    assert set(found["provider:contact"]) >= {REACH["phone"], REACH["email"], REACH["address"], NOTE}


@pytest.mark.parametrize("state", STOPPED)
def test_what_was_given_yesterday_can_be_marked_and_claimed_and_its_carer_is_not_reached(
    state, client, caerphilly, bryn_cafe, bryn, now, monkeypatch
):
    offer = factories.offer(bryn_cafe)
    booking = breaks.confirm(factories.award(caerphilly), offer, bryn, now)
    later = booking.ends_at + 20 * HOUR
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    client.force_login(bryn)
    shown = client.post(reverse("provider:contact", args=[booking.ref]))
    assert shown.status_code == 200
    stop(bryn_cafe, state, later)

    assert client.post(reverse("provider:contact", args=[booking.ref])).status_code == 302
    page = client.get(reverse("provider:booking", args=[booking.ref])).content.decode()
    assert "How to reach" not in page
    client.post(reverse("provider:deliver", args=[booking.ref]), {"delivered-minutes": str(booking.minutes)})
    booking.refresh_from_db()
    assert booking.state == Booking.State.DELIVERED
    assert booking.ref in client.get(reverse("provider:money")).content.decode()


@pytest.mark.parametrize("state", STOPPED)
def test_a_private_calendar_of_it_is_not_there_any_more(state, there, bryn_cafe, now):
    address = reverse("calendar_feed", kwargs=there["addresses"]["calendar_feed"])
    assert Client().get(address).status_code == 200
    stop(bryn_cafe, state, now)

    assert Client().get(address).status_code == 404
