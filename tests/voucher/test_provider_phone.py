"""A provider books for a carer on the telephone: with code and PIN, confirmed at once, and open to objection."""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import breaks
from tests.voucher.carer.pages import TEAM, text_of
from voucher import codes
from voucher.bookings import phone_bookings
from voucher.carers import pins
from voucher.door import code_checks
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, Task

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
PHONE = "provider:phone"
TOGETHER = "The code and the PIN do not belong together."


@pytest.fixture
def award(caerphilly, now):
    award = factories.award(caerphilly, value=6_250)
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    return award


@pytest.fixture
def code(award, now):
    return awards.new_code(award=award, by=TEAM, now=now)


@pytest.fixture
def desk(client, bryn):
    client.force_login(bryn)
    return client


def typed(code, offer, **changes):
    day = {"day_day": "16", "day_month": "10", "day_year": "2026"}
    rest = {"time": "14:00", "units": 2, "pin": "7294", "key": str(uuid.uuid4())}
    return {"code": code, "offer": offer.pk} | day | rest | changes


def test_with_code_and_pin_the_break_is_booked_and_confirmed_and_the_price_set_aside(desk, award, code, sitting, bryn):
    page = desk.post(reverse(PHONE), typed(code, sitting), follow=True)

    row = Booking.objects.get()
    award.account.refresh_from_db()
    assert (row.state, row.price_pence, row.minutes) == ("confirmed", 5_000, 120)
    assert (award.account.available, award.account.held) == (1_250, 5_000)
    assert "Booked and confirmed." in text_of(page)
    entry = HistoryEntry.objects.get(act="booking.by_phone")
    assert (entry.actor, entry.on_behalf_of) == (bryn, f"award {award.ref}")
    assert audit.differences() == []
    assert "12.50" not in text_of(page)


def test_the_carer_is_told_once_and_nobody_of_what_they_know(desk, award, code, sitting):
    desk.post(reverse(PHONE), typed(code, sitting))

    waiting = OutboxMessage.objects.filter(withdrawn_at=None, to=award.carer.email).exclude(kind="pin_changed")
    assert [row.kind for row in waiting] == ["booked_by_phone"]
    assert OutboxMessage.objects.get(kind="booking_asked").withdrawn_at
    assert "ring us within 7 days" in waiting.get().body


def test_the_same_press_twice_books_once(desk, award, code, sitting):
    form = typed(code, sitting)
    desk.post(reverse(PHONE), form)
    desk.post(reverse(PHONE), form)

    assert Booking.objects.count() == 1
    assert HistoryEntry.objects.filter(act="booking.by_phone").count() == 1


@pytest.mark.parametrize("wrong", ["pin", "code", "no pin set"])
def test_a_wrong_code_and_a_wrong_pin_are_refused_in_the_same_words(desk, award, code, sitting, wrong, now):
    changes = {"pin": {"pin": "7295"}, "code": {"code": codes.generate()}}.get(wrong, {})
    if wrong == "no pin set":
        pins.take_away(carer=award.carer, by=TEAM, now=now)

    page = text_of(desk.post(reverse(PHONE), typed(code, sitting) | changes))

    assert TOGETHER in page
    assert not Booking.objects.exists()
    assert award.carer.first_name not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"units": 3}, "This code is not enough for this break."),
        ({"units": 13}, "You do not offer it for that long."),
        ({"time": "23:00"}, "time"),
        # An hour that the clocks jump over.
        ({"day_day": "28", "day_month": "3", "day_year": "2027", "time": "01:30"}, "The clocks change in that night."),
        ({"time": "half past"}, "Say the time with hours and minutes"),
        ({"day_day": "", "day_month": "", "day_year": ""}, "Enter a day, a month and a year"),
        ({"day_day": "12"}, "You ask for 24 hours of notice"),
        # A day after the award ends: not even that it does.
        ({"day_month": "3", "day_year": "2027"}, "This code is not enough for this break."),
        ({"pin": ""}, "Type the 4 numbers of the PIN."),
    ],
)
def test_what_cannot_be_booked_is_said_in_a_sentence(desk, award, code, sitting, changes, said):
    page = desk.post(reverse(PHONE), typed(code, sitting, **changes))

    assert page.status_code == 200
    assert said in text_of(page)
    assert not Booking.objects.exists()
    award.account.refresh_from_db()
    assert award.account.available == 6_250


@pytest.mark.parametrize(("what", "value"), [("areas", ["CF10"]), ("adults_only", True)])
def test_why_an_offer_is_not_for_this_carer_is_not_told(desk, award, code, sitting, what, value):
    setattr(sitting, what, value)
    sitting.save()
    award.carer.born_on = dt.date(2010, 5, 1)
    award.carer.save()

    page = text_of(desk.post(reverse(PHONE), typed(code, sitting)))

    assert "You cannot book this for this carer. The carer can ring the carers team, who can." in page


def test_after_ten_wrong_codes_the_desk_waits_for_an_hour(desk, award, code, sitting, clock, now):
    for _ in range(10):
        desk.post(reverse(PHONE), typed(codes.generate(), sitting))

    assert "Too many codes did not work." in text_of(desk.post(reverse(PHONE), typed(code, sitting)))
    assert not Booking.objects.exists()


def test_a_code_of_another_part_of_wales_books_nothing_here(desk, flintshire, sitting, now):
    there = factories.award(flintshire)
    pins.put(carer=there.carer, pin="7294", by=TEAM, now=now)
    code = awards.new_code(award=there, by=TEAM, now=now)

    assert "good in another part of Wales" in text_of(desk.post(reverse(PHONE), typed(code, sitting)))


def test_another_providers_offer_cannot_be_booked(desk, caerphilly, award, code):
    theirs = factories.offer(factories.provider(caerphilly))

    desk.post(reverse(PHONE), typed(code, theirs))

    assert not Booking.objects.exists()


@pytest.fixture
def booked(desk, award, code, sitting):
    desk.post(reverse(PHONE), typed(code, sitting))
    return Booking.objects.get()


@pytest.fixture
def alys(code):
    browser = Client()
    browser.post(reverse("open_award"), {"code": code})
    return browser


def test_who_objects_waits_for_whoever_ends_the_request_and_never_the_other_way_round(
    booked, django_assert_max_num_queries
):
    with django_assert_max_num_queries(100) as caught:
        phone_bookings.object_to(booking=booked, by=TEAM, now=booked.requested_at)

    said = [each["sql"] for each in caught.captured_queries]
    request = next(place for place, sql in enumerate(said) if sql.startswith('UPDATE "voucher_breakrequest"'))
    booking = next(place for place, sql in enumerate(said) if 'FROM "voucher_booking"' in sql)
    assert request < booking


def test_the_carer_objects_and_it_costs_nothing_and_the_team_is_told(alys, award, booked):
    assert "I did not ask for this" in text_of(alys.get(reverse("my:booking", args=[booked.ref])))

    for _ in range(2):
        alys.post(reverse("my:not_mine", args=[booked.ref]))

    booked.refresh_from_db()
    award.account.refresh_from_db()
    assert (booked.state, booked.ended_by) == ("cancelled", "team")
    assert (award.account.available, award.account.held) == (6_250, 0)
    assert Task.objects.get().kind == Task.Kind.NOT_MINE
    assert "I did not ask for this" not in text_of(alys.get(reverse("my:booking", args=[booked.ref])))


def test_r37_seven_days_are_enough_and_the_eighth_is_too_late(booked, now):
    last = now + dt.timedelta(days=7)

    assert phone_bookings.may_object(booked, last) == last.date()
    assert phone_bookings.may_object(booked, last + dt.timedelta(days=1)) is None
    with pytest.raises(phone_bookings.TooLateToObject):
        phone_bookings.object_to(booking=booked, by=TEAM, now=last + dt.timedelta(days=1))


def test_a_booking_that_the_carer_made_is_not_objected_to(alys, award, sitting, code, now):
    row = breaks.ask(award, sitting, now, minutes=60)

    assert alys.post(reverse("my:not_mine", args=[row.ref])).status_code == 404
    row.refresh_from_db()
    assert row.state == Booking.State.REQUESTED


def test_r72_what_is_too_dear_on_the_telephone_is_a_look_and_counts(desk, award, code, sitting):
    for units in range(3, 3 + code_checks.SHORT_AN_HOUR):
        assert "not enough" in text_of(desk.post(reverse(PHONE), typed(code, sitting, units=units)))
    looks = HistoryEntry.objects.filter(act="code.checked", details__provider=sitting.provider_id)
    assert looks.count() == code_checks.SHORT_AN_HOUR

    # Nothing more is said for an hour, also where it would be enough.
    assert "not enough" in text_of(desk.post(reverse(PHONE), typed(code, sitting)))
    assert not Booking.objects.exists()
