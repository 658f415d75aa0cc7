"""A private calendar: made by one person, shown once, stopped at a press; it shows how to reach no carer."""

import datetime as dt

import icalendar
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry
from providers.models import CalendarFeed, Provider, Staff
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, ask, confirm
from tests.voucher.claimed import claim
from voucher import bookings
from voucher.calendars import calendar_feeds, calendar_files
from voucher.models import Booking

pytestmark = pytest.mark.django_db


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, places=20)


@pytest.fixture
def award(caerphilly):
    carer = factories.carer(caerphilly, first_name="Alys", phone="07700 900555")
    return factories.award(caerphilly, carer_row=carer, value=90_000)


@pytest.fixture
def post(bryn, bryn_cafe):
    return Staff.objects.get(user=bryn, provider=bryn_cafe)


@pytest.fixture
def address(post, bryn, now, clock):
    secret = calendar_feeds.make(post=post, language="en", by=Who(user=bryn), now=now)
    return reverse("calendar_feed", args=[secret])


def entries(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return {
        str(event["uid"]).split("@")[0]: event
        for event in icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    }


def test_it_shows_confirmed_breaks_with_first_name_and_number_and_nothing_more(
    client, address, award, sitting, bryn, now
):
    row = confirm(award, sitting, bryn, now, note="The key is under the mat")
    ask(award, sitting, now, starts_at=FRIDAY + dt.timedelta(days=1))

    found = entries(client, address)

    assert list(found) == [row.ref]
    event = found[row.ref]
    assert str(event["summary"]) == "Sitting at home for Alys"
    assert str(event["location"]) == "At the carer’s home"
    assert row.ref in event["description"]
    assert event.decoded("dtstart") == row.starts_at
    assert event.decoded("dtend") == row.ends_at
    assert event["status"] == "CONFIRMED"
    body = client.get(address).content.decode()
    carer = award.carer
    for secret in (
        "under the mat",
        carer.phone,
        carer.email,
        carer.address,
        carer.last_name,
        carer.postcode,
        carer.town,
    ):
        assert secret not in body


def test_a_break_elsewhere_names_the_place_of_the_provider(client, address, award, bryn_cafe, bryn, now):
    art = factories.offer(bryn_cafe, category=factories.category("creative", name_en="Art"))
    row = confirm(award, art, bryn, now)

    assert str(entries(client, address)[row.ref]["location"]) == "Bryn Café, Blackwood"


def test_a_cancelled_break_is_shown_as_cancelled_for_two_weeks(client, address, award, sitting, bryn, now, clock):
    row = confirm(award, sitting, bryn, now)
    bookings.cancel(booking=row, party=Booking.Party.PROVIDER, by=Who(user=bryn), now=now)

    clock.now = now + dt.timedelta(days=13)
    event = entries(client, address)[row.ref]
    assert event["status"] == "CANCELLED"
    assert event["sequence"] == 1

    clock.now = now + dt.timedelta(days=15)
    assert entries(client, address) == {}


def test_claiming_a_late_cancellation_brings_no_break_back(client, address, award, sitting, bryn, bryn_cafe, clock):
    row = confirm(award, sitting, bryn, clock.now)
    late = clock.now = FRIDAY - dt.timedelta(hours=3)
    bookings.cancel(booking=row, party="carer", by=ALYS, now=late)
    row.refresh_from_db()
    claim(bryn_cafe, [row], by=Who(user=bryn), now=late)
    row.refresh_from_db()

    assert (row.state, entries(client, address)[row.ref]["status"]) == ("claimed", "CANCELLED")
    for entry in (calendar_files.for_provider(row), calendar_files.for_carer(row)):
        assert b"METHOD:CANCEL" in entry.content
        assert b"STATUS:CANCELLED" in entry.content
    clock.now = late + dt.timedelta(days=15)
    assert row.ref not in entries(client, address)


def test_a_request_that_came_to_nothing_never_stands_in_it(client, address, award, sitting, bryn, now):
    row = ask(award, sitting, now)
    bookings.decline(booking=row, reason="full", by=Who(user=bryn), now=now)

    assert entries(client, address) == {}


def test_the_clocks_going_back_keep_the_hour_of_a_break(client, address, award, sitting, bryn, now):
    row = confirm(award, sitting, bryn, now, starts_at=dt.datetime(2026, 10, 25, 14, tzinfo=dt.UTC), minutes=60)

    event = entries(client, address)[row.ref]
    assert event["dtstart"].to_ical() == b"20261025T140000Z"


def test_it_is_in_the_persons_language(client, post, bryn, award, sitting, now, clock):
    row = confirm(award, sitting, bryn, now)
    secret = calendar_feeds.make(post=post, language="cy", by=Who(user=bryn), now=now)

    assert "Gwarchod gartref" in entries(client, reverse("calendar_feed", args=[secret]))[row.ref]["summary"]


def test_another_provider_stands_in_its_own_calendar(client, address, award, caerphilly, now):
    other = factories.provider(caerphilly)
    owner = factories.provider_staff(other, "huw@provider.example", name="Huw")
    confirm(award, factories.offer(other), owner, now)

    assert entries(client, address) == {}


def test_it_is_read_again_only_when_it_has_changed(client, address, award, sitting, bryn, now):
    confirm(award, sitting, bryn, now)
    first = client.get(address)

    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in first["Cache-Control"]
    assert "max-age=900" in first["Cache-Control"]
    confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(days=1))
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_look_writes_nothing_down(client, address, award, sitting, bryn, now):
    confirm(award, sitting, bryn, now)
    before = HistoryEntry.objects.count()

    entries(client, address)

    assert HistoryEntry.objects.count() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda post: CalendarFeed.objects.update(stopped_at="2026-10-12T09:00Z"),
        lambda post: Staff.objects.filter(pk=post.pk).update(kind="claims"),
        lambda post: Staff.objects.filter(pk=post.pk).update(kind="desk"),
        lambda post: post.delete(),
        lambda post: type(post.user).objects.filter(pk=post.user_id).update(is_active=False),
        lambda post: Provider.objects.filter(pk=post.provider_id).update(
            state="suspended", stopped_because="To be looked into."
        ),
        lambda post: Provider.objects.filter(pk=post.provider_id).update(state="closed"),
    ],
    ids=["stopped", "claims", "desk", "left", "account closed", "suspended", "closed"],
)
def test_there_is_nothing_at_an_address_that_no_longer_holds(client, address, post, change):
    assert client.get(address).status_code == 200

    change(post)

    assert client.get(address).status_code == 404


def test_there_is_nothing_at_a_wrong_address(client, address):
    assert client.get(address.replace(".ics", "x.ics")).status_code == 404
    assert client.post(address).status_code == 405


def test_the_address_is_shown_once_and_only_its_hash_is_kept(client, bryn, bryn_cafe, award, sitting, now, clock):
    client.force_login(bryn)

    page = client.post(reverse("provider:make_feed"))

    address = page.context["address"]
    secret = address.rpartition("/")[2].removesuffix(".ics")
    assert secret in page.content.decode()
    assert secret not in client.get(reverse("provider:feed")).content.decode()
    assert "no-store" in page["Cache-Control"]
    row = CalendarFeed.objects.get()
    assert secret not in str(list(CalendarFeed.objects.values()))
    assert len(row.token_hash) == 64
    assert client.get(f"/calendar/{secret}.ics").status_code == 200
    entry = HistoryEntry.objects.get(act="provider.calendar_made")
    assert secret not in str(entry.details)


def test_a_new_address_stops_the_old_one_and_a_press_stops_both(client, bryn, address, now):
    client.force_login(bryn)
    new = client.post(reverse("provider:make_feed")).context["address"]
    stranger = client.__class__()
    assert stranger.get(address).status_code == 404
    assert stranger.get("/calendar/" + new.rpartition("/")[2]).status_code == 200

    client.post(reverse("provider:stop_feed"))
    client.post(reverse("provider:stop_feed"))

    assert stranger.get("/calendar/" + new.rpartition("/")[2]).status_code == 404
    assert HistoryEntry.objects.filter(act="provider.calendar_stopped").count() == 1


@pytest.mark.parametrize("kind", ["claims", "desk"])
def test_who_has_no_diary_makes_no_calendar(client, bryn_cafe, kind):
    client.force_login(factories.provider_staff(bryn_cafe, "one@provider.example", kind=kind))

    assert client.get(reverse("provider:feed")).status_code == 404
    assert client.post(reverse("provider:make_feed")).status_code == 404


def test_it_asks_the_database_as_often_for_many_as_for_one(client, address, caerphilly, sitting, bryn, now):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        return len(seen)

    confirm(factories.award(caerphilly), sitting, bryn, now)
    before = queries()
    for number in range(4):
        confirm(factories.award(caerphilly), sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(days=number + 1))

    assert queries() == before
