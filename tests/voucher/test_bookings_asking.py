"""Asking for a break: what it sets aside, and each reason to refuse it, with nothing half-written."""

import datetime as dt

import pytest

from accounts.models import HistoryEntry, OutboxMessage
from brochure.models import OfferPrice
from tests import factories
from tests.voucher.test_bookings import ALYS, BRYN, FRIDAY, Party, State, ask, books_balance, left, london
from voucher import bookings
from voucher.ledger import acts, books
from voucher.models import Booking, Choice

pytestmark = pytest.mark.django_db


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


def test_asking_sets_the_price_aside_at_once(award, sitting, now):
    booking = ask(award, sitting, now, note="The dog is called Mot.")

    assert left(award) == (33_750, 6_250)
    assert (booking.state, booking.price_pence, booking.amount) == (State.REQUESTED, 6250, 6250)
    assert booking.ends_at - booking.starts_at == dt.timedelta(minutes=150)
    assert booking.answer_by == london(2026, 10, 14, 17)
    assert HistoryEntry.objects.get(act="booking.requested").subject_id == booking.pk
    assert OutboxMessage.objects.get().to == sitting.provider.email
    books_balance()


def test_no_mail_tells_a_code_a_balance_or_the_note(award, sitting, now):
    ask(award, sitting, now, note="The dog is called Mot.")

    mail = OutboxMessage.objects.get()

    assert "Mot" not in mail.body
    assert "337" not in mail.body
    assert award.carer.last_name not in mail.body


def test_a_provider_who_was_never_asked_for_a_language_is_written_to_in_both(award, sitting, now):
    sitting.provider.language = ""
    sitting.provider.save()

    ask(award, sitting, now)

    mail = OutboxMessage.objects.get()
    assert "/cy/provider/" in mail.body
    assert "http://localhost:8000/provider/" in mail.body


def test_an_address_with_a_slip_in_it_does_not_keep_a_carer_from_a_break(award, sitting, now, caplog):
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(email="no address")

    booking = ask(award, sitting, now)

    assert booking.state == State.REQUESTED
    assert f"booking_asked of booking {booking.pk} has no usable address" in caplog.text
    assert "no address" not in caplog.text


@pytest.mark.parametrize("language", ["", "cy", "en"])
def test_every_mail_is_written_in_its_readers_language(caerphilly, sitting, now, language):
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(language=language)
    award = factories.award(caerphilly, carer_row=factories.carer(caerphilly, language=language))
    confirmed, declined, missed, cancelled, absent = (
        ask(award, sitting, now, starts_at=FRIDAY + dt.timedelta(days=day), minutes=60, seen=2500) for day in range(5)
    )
    for booking in (confirmed, cancelled, absent):
        bookings.confirm(booking=booking, by=BRYN, now=now)
    bookings.decline(booking=declined, reason="full", by=BRYN, now=now)
    bookings.time_out(booking=missed, now=missed.answer_by)
    bookings.cancel(booking=cancelled, party=Party.PROVIDER, by=BRYN, now=now)
    bookings.cancel(booking=confirmed, party=Party.CARER, by=ALYS, now=FRIDAY - dt.timedelta(hours=1))
    bookings.did_not_happen(booking=absent, party=Party.CARER, by=ALYS, now=absent.ends_at)

    mails = list(OutboxMessage.objects.exclude(kind="booking_did_not_happen"))
    assert {mail.kind for mail in mails} >= {
        *("booking_asked", "booking_confirmed", "booking_confirmed_for_provider", "booking_declined"),
        *("booking_timed_out", "booking_missed", "booking_cancelled", "booking_cancelled_for_provider"),
    }
    for mail in mails:
        assert mail.language == language
        assert ("/cy/" in mail.body) == (language != "en" and "http" in mail.body)
        assert not {"{", "}", "None"} & set(mail.body.split())
    assert OutboxMessage.objects.get(kind="booking_did_not_happen").language == ""


def test_the_same_key_gives_the_same_booking_and_moves_nothing(award, sitting, now):
    first = ask(award, sitting, now, key="k")

    again = ask(award, sitting, now + dt.timedelta(seconds=2), key="k")

    assert again == first
    assert left(award) == (33_750, 6_250)
    assert Booking.objects.count() == OutboxMessage.objects.count() == 1


def test_the_same_key_with_other_arguments_is_refused(award, sitting, now):
    ask(award, sitting, now, key="k")

    with pytest.raises(acts.KeyWasUsed):
        ask(award, sitting, now, key="k", minutes=120, seen=5000)

    assert left(award) == (33_750, 6_250)


def refused(kind, award, offer, now, **changes):
    before = left(award)
    with pytest.raises(kind) as caught:
        ask(award, offer, now, **changes)
    assert left(award) == before
    assert not Booking.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert not HistoryEntry.objects.filter(act__startswith="booking").exists()
    books_balance()
    return caught.value


def test_more_than_is_left_is_refused_with_both_figures(caerphilly, sitting, now):
    award = factories.award(caerphilly, value=6_000)

    refusal = refused(bookings.NotEnough, award, sitting, now)

    assert (refusal.needed, refusal.available) == (6250, 6000)


def test_the_last_penny_can_be_used(caerphilly, sitting, now):
    award = factories.award(caerphilly, value=6_250)

    ask(award, sitting, now)

    assert left(award) == (0, 6_250)


def test_the_last_day_is_covered_and_the_day_after_is_refused(caerphilly, sitting, now):
    award = factories.award(caerphilly, first_day=dt.date(2026, 4, 17))
    assert award.account.last_day == dt.date(2026, 10, 16)

    refusal = refused(bookings.OutsidePeriod, award, sitting, now, starts_at=FRIDAY + dt.timedelta(days=1))
    booking = ask(award, sitting, now, starts_at=FRIDAY)

    assert refusal.last_day == dt.date(2026, 10, 16)
    assert booking.state == State.REQUESTED


def test_the_day_before_the_first_day_is_refused(caerphilly, sitting, now):
    award = factories.award(caerphilly, first_day=dt.date(2026, 10, 17))

    refused(bookings.OutsidePeriod, award, sitting, now)


@pytest.mark.parametrize("state", ["applied", "paused", "suspended", "closed"])
def test_a_provider_that_is_not_live_takes_no_requests(award, sitting, now, state):
    factories.put(sitting.provider, state)

    refused(bookings.NotLive, award, sitting, now)


def test_a_withdrawn_offer_takes_no_requests(award, sitting, now):
    type(sitting).objects.filter(pk=sitting.pk).update(state="withdrawn")

    refused(bookings.NotLive, award, sitting, now)


def test_a_provider_without_insurance_on_the_day_takes_no_requests(award, sitting, now):
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(insurance_until=FRIDAY.date())
    ask(award, sitting, now)
    Choice.objects.all().delete()
    Booking.objects.all().delete()
    OutboxMessage.objects.all().delete()
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(insurance_until=dt.date(2026, 10, 15))

    with pytest.raises(bookings.NotLive):
        ask(award, sitting, now)


def test_another_regions_provider_is_refused_by_name(award, flintshire, now):
    far = factories.offer(factories.provider(flintshire))

    refusal = refused(bookings.OtherRegion, award, far, now)

    assert refusal.council == flintshire


def test_a_neighbour_in_the_same_region_is_welcome(award, now):
    newport = factories.council(slug="newport", name_en="Newport", name_cy="Casnewydd", region="gwent")
    offer = factories.offer(factories.provider(newport))

    assert ask(award, offer, now).council == award.council


def test_an_offer_asks_for_its_notice_to_the_minute(award, sitting, now):
    start = london(2026, 10, 13, 11)

    refusal = refused(
        bookings.TooSoon, award, sitting, now + dt.timedelta(minutes=1), starts_at=start, minutes=60, seen=2500
    )
    ask(award, sitting, now, starts_at=start, minutes=60, seen=2500)

    assert refusal.notice_hours == 24


def test_a_time_when_the_offer_is_closed_is_refused(award, sitting, now):
    refused(bookings.NotOpen, award, sitting, now, starts_at=london(2026, 10, 16, 6))


def test_a_length_that_is_not_offered_is_refused(award, sitting, now):
    refused(bookings.BadLength, award, sitting, now, minutes=145, seen=6042)


def test_a_price_that_has_changed_is_shown_again_first(award, sitting, now):
    OfferPrice.objects.create(offer=sitting, price_pence=2600, first_day=dt.date(2026, 10, 12))

    refusal = refused(bookings.StalePrice, award, sitting, now)

    assert refusal.price_pence == 6500


def test_a_frozen_award_is_refused(award, sitting, now):
    from django.db import transaction

    with transaction.atomic():
        books.freeze(award=award.account)

    refused(bookings.AwardClosed, award, sitting, now)


def test_the_last_place_is_taken_once(caerphilly, award, sitting, now):
    ask(award, sitting, now)
    another = factories.award(caerphilly)

    with pytest.raises(bookings.Full):
        ask(another, sitting, now, starts_at=FRIDAY + dt.timedelta(hours=2), minutes=60, seen=2500)

    after = ask(another, sitting, now, starts_at=FRIDAY + dt.timedelta(minutes=150), minutes=60, seen=2500)
    assert left(another) == (27_500, 2_500)
    assert after.state == State.REQUESTED


def test_the_same_offer_at_the_same_time_is_not_booked_twice_by_one_carer(award, bryn_cafe, now):
    yoga = factories.offer(bryn_cafe, places=8)
    first = ask(award, yoga, now)

    with pytest.raises(bookings.AlreadyAsked) as caught:
        ask(award, yoga, now)

    assert caught.value.booking == first
    assert left(award) == (33_750, 6_250)


def test_an_hours_award_pays_with_its_minutes_and_keeps_the_price_in_pence(caerphilly, sitting, now):
    award = factories.award(caerphilly, unit="minutes", value=960)

    booking = ask(award, sitting, now)

    assert (booking.amount, booking.price_pence) == (150, 6250)
    assert left(award) == (810, 150)
    books_balance()


@pytest.mark.parametrize("unit", ["pence", "minutes"])
def test_a_free_break_sets_nothing_aside_in_either_kind_of_award(caerphilly, bryn_cafe, now, unit):
    award = factories.award(caerphilly, unit=unit, value=960)
    free = factories.offer(bryn_cafe, price_pence=0, unit="session")

    booking = ask(award, free, now, minutes=60, seen=0)
    bookings.confirm(booking=booking, by=BRYN, now=now)
    bookings.cancel(booking=booking, party=Party.CARER, by=ALYS, now=FRIDAY - dt.timedelta(hours=1))

    assert booking.hold is None
    assert booking.due_pence is None
    assert left(award) == (960, 0)


def test_a_stay_past_the_last_day_says_how_many_nights_are_covered(caerphilly, bryn_cafe, now):
    award = factories.award(caerphilly, first_day=dt.date(2026, 4, 18))  # to 17 October
    stay = factories.offer(bryn_cafe, unit="night", minutes=1440, price_pence=10_000)
    arrival = london(2026, 10, 16, 15)

    refusal = refused(bookings.OutsidePeriod, award, stay, now, starts_at=arrival, minutes=3 * 1440, seen=30_000)
    booking = ask(award, stay, now, starts_at=arrival, minutes=2 * 1440, seen=20_000)

    assert (refusal.covered, refusal.nights) == (2, 3)
    assert booking.ends_at == london(2026, 10, 18, 15)


def test_a_stay_has_five_working_days_for_its_answer(award, bryn_cafe, now):
    stay = factories.offer(bryn_cafe, unit="night", minutes=1440, price_pence=10_000)

    booking = ask(award, stay, now, starts_at=london(2026, 11, 6, 15), minutes=1440, seen=10_000)

    assert booking.answer_by == london(2026, 10, 19, 17)


def test_the_night_the_clocks_go_back_costs_the_hours_that_pass(award, bryn_cafe, now):
    offer = factories.offer(bryn_cafe, hours="Sat 20:00-24:00; Sun 00:00-08:00")
    night = factories.offer(bryn_cafe, unit="night", minutes=1440, price_pence=10_000)
    stay = ask(award, night, now, starts_at=london(2026, 10, 24, 15), minutes=1440, seen=10_000)
    early = ask(award, offer, now, starts_at=london(2026, 10, 25, 0, 30), minutes=120, seen=5000)

    assert stay.ends_at == london(2026, 10, 25, 15)
    assert stay.ends_at.astimezone(dt.UTC) - stay.starts_at.astimezone(dt.UTC) == dt.timedelta(hours=25)
    assert stay.price_pence == 10_000
    assert early.ends_at == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
