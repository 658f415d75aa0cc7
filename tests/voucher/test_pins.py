"""The PIN: never shown, weak ones refused, five wrong ones lock it, and no crowd gets a sixth guess."""

import datetime as dt

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.carer.pages import TEAM, text_of
from tests.voucher.ledger.desk import at_once
from voucher import rules
from voucher.carers import pins
from voucher.granting import awards

PIN = "7294"


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly)


@pytest.fixture
def carer(award, now):
    pins.put(carer=award.carer, pin=PIN, by=TEAM, now=now)
    return award.carer


@pytest.mark.parametrize(
    "pin", ["0000", "1111", "9999", "1234", "4321", "0123", "8901", "9012", "3210", "1212", "1956", "2001", "2580"]
)
def test_r37_a_pin_that_is_tried_first_is_refused(pin):
    assert rules.is_weak_pin(pin)


@pytest.mark.parametrize("pin", ["7294", "8305", "9173", "0486"])
def test_r37_other_pins_are_taken(pin):
    assert not rules.is_weak_pin(pin)


def test_r37_the_end_of_the_telephone_number_is_no_pin():
    assert rules.is_weak_pin("0185", phone="01632 960185")
    assert not rules.is_weak_pin("0185", phone="")


@pytest.mark.django_db
def test_a_pin_is_kept_as_a_password_is_and_is_nowhere_else(carer):
    carer.refresh_from_db()

    assert identify_hasher(carer.pin)
    assert PIN not in carer.pin
    assert PIN not in f"{list(HistoryEntry.objects.values())}"
    assert PIN not in f"{list(OutboxMessage.objects.values('subject', 'body'))}"


@pytest.mark.django_db
def test_the_carer_is_told_that_a_pin_was_set_and_that_it_was_taken_away(carer, now):
    assert pins.take_away(carer=carer, by=TEAM, now=now + dt.timedelta(minutes=1))
    assert not pins.take_away(carer=carer, by=TEAM, now=now)

    first, second = OutboxMessage.objects.filter(kind="pin_changed").order_by("pk")
    assert "was set" in first.body and "no PIN any more" not in first.body
    assert "no PIN any more" in second.body and "was set" not in second.body
    assert not pins.is_right(carer=carer, pin="", now=now)


@pytest.mark.django_db
def test_a_weak_pin_is_not_set(award, now):
    with pytest.raises(pins.WeakPin):
        pins.put(carer=award.carer, pin="1234", by=TEAM, now=now)

    assert award.carer.pin == ""


@pytest.mark.django_db
def test_five_wrong_pins_lock_even_the_right_one_for_the_hour(carer, now):
    assert [pins.is_right(carer=carer, pin="7295", now=now) for _ in range(5)] == [False] * 5

    with pytest.raises(pins.PinLocked):
        pins.is_right(carer=carer, pin=PIN, now=now)
    assert pins.is_right(carer=carer, pin=PIN, now=now + dt.timedelta(hours=1))


@pytest.mark.django_db
def test_right_pins_use_up_no_tries(carer, now):
    assert all(pins.is_right(carer=carer, pin=PIN, now=now) for _ in range(30))


@pytest.mark.django_db
def test_twenty_wrong_pins_in_a_day_lock_it_for_the_day(carer, now):
    for hour in range(4):
        for _ in range(5):
            pins.is_right(carer=carer, pin="7295", now=now + dt.timedelta(hours=hour))

    with pytest.raises(pins.PinLocked):
        pins.is_right(carer=carer, pin=PIN, now=now + dt.timedelta(hours=5))
    assert pins.is_right(carer=carer, pin=PIN, now=now + dt.timedelta(days=1))


@pytest.mark.django_db
def test_a_finder_of_the_letter_cannot_put_another_pin_in_place_of_the_carers(client, award, carer, now, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})

    page = client.post(reverse("my:pin"), {"current": "8305", "pin": "9173", "again": "9173"})
    missing = client.post(reverse("my:pin"), {"pin": "9173", "again": "9173"})

    assert "That is not the PIN." in text_of(page)
    assert "Type the 4 numbers of the PIN." in text_of(missing)
    assert pins.is_right(carer=carer, pin=PIN, now=now)
    client.post(reverse("my:pin"), {"current": PIN, "pin": "9173", "again": "9173"})
    carer.refresh_from_db()
    assert pins.is_right(carer=carer, pin="9173", now=now)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"pin": "1234", "again": "1234"}, "Many people would try this PIN first."),
        ({"pin": "729", "again": "729"}, "A PIN has 4 numbers"),
        ({"pin": "٧٢٩٤", "again": "٧٢٩٤"}, "A PIN has 4 numbers"),
        ({"pin": "7294", "again": "7295"}, "The two PINs are not the same."),
        ({}, "Type the 4 numbers of the PIN."),
    ],
)
def test_a_slip_in_a_new_pin_is_said_at_its_field(client, award, now, typed, said):
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})

    page = client.post(reverse("my:pin"), typed)

    assert said in text_of(page)
    assert "7294" not in page.content.decode()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_of_twelve_wrong_pins_at_the_same_moment_five_are_looked_at(now, turn, monkeypatch):
    carer = factories.award(factories.council()).carer
    pins.put(carer=carer, pin=PIN, by=TEAM, now=now)

    results = at_once(*[lambda: pins.is_right(carer=carer, pin="7295", now=now) for _ in range(12)])

    assert sorted(type(result).__name__ for result in results) == ["PinLocked"] * 7 + ["bool"] * 5
    with pytest.raises(pins.PinLocked):
        pins.is_right(carer=carer, pin=PIN, now=now)
