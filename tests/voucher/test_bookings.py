"""Asking for a break, and every way it can go on: each rule of docs/rules.md that a booking applies."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure.models import OfferPrice
from tests import factories
from voucher import bookings
from voucher.ledger import acts, audit, books
from voucher.models import Booking

pytestmark = pytest.mark.django_db
ALYS = Who(label="code 4K7P")
BRYN = Who(label="tests")
State, Party = Booking.State, Booking.Party


def london(year, month, day, hour, minute=0):
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/London"))


FRIDAY = london(2026, 10, 16, 14)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe)


def ask(award, offer, now, *, starts_at=FRIDAY, minutes=150, seen=6250, key=None, note=""):
    return bookings.make(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=seen,
        note=note,
        by=ALYS,
        now=now,
        key=key or str(uuid.uuid4()),
    )


@pytest.fixture
def request_(award, sitting, now):
    return ask(award, sitting, now)


@pytest.fixture
def confirmed(request_, now):
    bookings.confirm(booking=request_, by=BRYN, now=now)
    return request_


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def books_balance():
    assert audit.differences() == []


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
    assert len({mail.kind for mail in mails}) == 7
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
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(state=state)

    refused(bookings.NotLive, award, sitting, now)


def test_a_withdrawn_offer_takes_no_requests(award, sitting, now):
    type(sitting).objects.filter(pk=sitting.pk).update(state="withdrawn")

    refused(bookings.NotLive, award, sitting, now)


def test_a_provider_without_insurance_on_the_day_takes_no_requests(award, sitting, now):
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(insurance_until=FRIDAY.date())
    ask(award, sitting, now)
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


def test_a_price_that_rises_later_never_touches_a_booking(request_, sitting, now):
    OfferPrice.objects.create(offer=sitting, price_pence=9900, first_day=dt.date(2026, 10, 12))
    bookings.confirm(booking=request_, by=BRYN, now=now)

    bookings.deliver(booking=request_, minutes=150, by=BRYN, now=request_.ends_at)

    assert request_.due_pence == 6250


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


def test_a_place_is_free_again_after_a_decline(caerphilly, request_, sitting, now):
    bookings.decline(booking=request_, reason="no_staff", by=BRYN, now=now)

    assert ask(factories.award(caerphilly), sitting, now)


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
    # 8pm on Saturday to 8am on Sunday 25 October is thirteen hours by the body's clock.
    night = factories.offer(bryn_cafe, unit="night", minutes=1440, price_pence=10_000)
    stay = ask(award, night, now, starts_at=london(2026, 10, 24, 15), minutes=1440, seen=10_000)
    early = ask(award, offer, now, starts_at=london(2026, 10, 25, 0, 30), minutes=120, seen=5000)

    assert stay.ends_at == london(2026, 10, 25, 15)
    assert stay.ends_at.astimezone(dt.UTC) - stay.starts_at.astimezone(dt.UTC) == dt.timedelta(hours=25)
    assert stay.price_pence == 10_000
    assert early.ends_at == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)


def test_confirming_moves_no_money_and_tells_the_carer(request_, award, now):
    bookings.confirm(booking=request_, by=BRYN, now=now)

    assert request_.state == State.CONFIRMED
    assert left(award) == (33_750, 6_250)
    assert OutboxMessage.objects.filter(kind="booking_confirmed", to=award.carer.email).exists()


def test_a_request_can_be_confirmed_until_its_deadline_and_not_at_it(request_, now):
    with pytest.raises(bookings.BookingMoved) as caught:
        bookings.confirm(booking=request_, by=BRYN, now=request_.answer_by)
    assert caught.value.state == State.TIMED_OUT

    bookings.confirm(booking=request_, by=BRYN, now=request_.answer_by - dt.timedelta(seconds=1))

    assert request_.state == State.CONFIRMED


def test_a_second_press_of_confirm_is_told_the_present_state(confirmed, now):
    with pytest.raises(bookings.BookingMoved) as caught:
        bookings.confirm(booking=confirmed, by=BRYN, now=now)

    assert caught.value.state == State.CONFIRMED


def test_declining_gives_everything_back_with_the_reason(request_, award, now):
    bookings.decline(booking=request_, reason="no_staff", note="Try Monday.", by=BRYN, now=now)

    assert left(award) == (40_000, 0)
    assert request_.decline_reason == "no_staff"
    assert "Try Monday." in OutboxMessage.objects.get(kind="booking_declined").body
    books_balance()


def test_a_request_times_out_at_its_deadline_and_gives_everything_back(request_, award):
    bookings.time_out(booking=request_, now=request_.answer_by)

    assert request_.state == State.TIMED_OUT
    assert left(award) == (40_000, 0)
    assert HistoryEntry.objects.get(act="booking.timed_out").actor_label == "clock"
    books_balance()


def test_a_request_does_not_time_out_early(request_, award):
    with pytest.raises(bookings.BookingMoved):
        bookings.time_out(booking=request_, now=request_.answer_by - dt.timedelta(seconds=1))

    assert left(award) == (33_750, 6_250)
    books_balance()


@pytest.mark.parametrize(("hours_before", "due"), [(60, None), (48, None), (47, 3125), (20, 3125)])
def test_cancelling_is_free_until_48_hours_before_then_costs_half(confirmed, award, hours_before, due):
    at = confirmed.starts_at - dt.timedelta(hours=hours_before)

    cost = bookings.cost_of_cancelling(confirmed, at)
    bookings.cancel(booking=confirmed, party=Party.CARER, by=ALYS, now=at, seen_due_pence=cost.due_pence)

    assert confirmed.state == State.CANCELLED
    assert confirmed.due_pence == due
    assert left(award) == (40_000 - (due or 0), 0)
    assert books.due(confirmed.provider_id) == (due or 0)
    assert cost.back == 6250 - (due or 0)
    books_balance()


def test_a_late_cancellation_of_an_hours_award_costs_half_the_hours_and_pays_half_the_price(caerphilly, sitting, now):
    award = factories.award(caerphilly, unit="minutes", value=960)
    booking = ask(award, sitting, now)
    bookings.confirm(booking=booking, by=BRYN, now=now)

    bookings.cancel(booking=booking, party=Party.CARER, by=ALYS, now=FRIDAY - dt.timedelta(hours=20))

    assert (booking.due_pence, booking.due_amount) == (3125, 75)
    assert left(award) == (885, 0)
    assert books.due(booking.provider_id) == 3125
    books_balance()


def test_a_request_is_cancelled_free_of_charge_at_any_time(request_, award, now):
    bookings.cancel(booking=request_, party=Party.CARER, by=ALYS, now=now)

    assert left(award) == (40_000, 0)
    assert request_.due_pence is None


@pytest.mark.parametrize("party", [Party.PROVIDER, Party.TEAM])
def test_what_the_provider_or_the_team_cancels_costs_nothing(confirmed, award, party):
    bookings.cancel(booking=confirmed, party=party, by=BRYN, now=FRIDAY - dt.timedelta(hours=1))

    assert left(award) == (40_000, 0)
    assert confirmed.ended_by == party


def test_a_break_that_has_started_is_not_cancelled_by_the_carer(confirmed, award):
    with pytest.raises(bookings.HasStarted):
        bookings.cancel(booking=confirmed, party=Party.CARER, by=ALYS, now=FRIDAY)

    assert left(award) == (33_750, 6_250)


def test_cancelling_that_became_dearer_since_it_was_shown_is_asked_again(confirmed, award):
    with pytest.raises(bookings.StaleCost) as caught:
        bookings.cancel(
            booking=confirmed, party=Party.CARER, by=ALYS, now=FRIDAY - dt.timedelta(hours=47), seen_due_pence=0
        )

    assert caught.value.cost.due_pence == 3125
    assert left(award) == (33_750, 6_250)


def test_a_cancelled_booking_is_not_cancelled_again(confirmed, award, now):
    bookings.cancel(booking=confirmed, party=Party.CARER, by=ALYS, now=now)

    with pytest.raises(bookings.BookingMoved) as caught:
        bookings.cancel(booking=confirmed, party=Party.CARER, by=ALYS, now=now)

    assert caught.value.state == State.CANCELLED
    assert left(award) == (40_000, 0)
    books_balance()


@pytest.mark.parametrize(("minutes", "due"), [(150, 6250), (135, 5625), (15, 625)])
def test_a_delivered_break_is_due_for_what_was_given_and_moves_nothing_yet(confirmed, award, minutes, due):
    bookings.deliver(booking=confirmed, minutes=minutes, by=BRYN, now=confirmed.ends_at)

    assert (confirmed.state, confirmed.due_pence, confirmed.due_amount) == (State.DELIVERED, due, due)
    assert left(award) == (33_750, 6_250)


@pytest.mark.parametrize("minutes", [0, 10, 151, 165])
def test_only_steps_of_fifteen_minutes_up_to_the_whole_are_delivered(confirmed, minutes):
    with pytest.raises(bookings.BadLength):
        bookings.deliver(booking=confirmed, minutes=minutes, by=BRYN, now=confirmed.ends_at)


def test_nothing_is_delivered_before_it_starts(confirmed):
    with pytest.raises(bookings.NotYet):
        bookings.deliver(booking=confirmed, minutes=150, by=BRYN, now=FRIDAY - dt.timedelta(seconds=1))


def test_a_delivery_can_be_taken_back_until_it_is_claimed(confirmed, award):
    bookings.deliver(booking=confirmed, minutes=60, by=BRYN, now=confirmed.ends_at)

    bookings.undo_delivery(booking=confirmed, by=BRYN, now=confirmed.ends_at)
    bookings.deliver(booking=confirmed, minutes=150, by=BRYN, now=confirmed.ends_at)

    assert confirmed.due_pence == 6250
    assert HistoryEntry.objects.filter(act="booking.delivery_undone").count() == 1


def test_nobody_came_is_said_from_fifteen_minutes_after_the_start(confirmed, award):
    with pytest.raises(bookings.NotYet):
        bookings.did_not_happen(booking=confirmed, party=Party.CARER, by=ALYS, now=FRIDAY + dt.timedelta(minutes=14))

    bookings.did_not_happen(booking=confirmed, party=Party.CARER, by=ALYS, now=FRIDAY + dt.timedelta(minutes=15))

    assert confirmed.state == State.DID_NOT_HAPPEN
    assert left(award) == (40_000, 0)
    alarm = OutboxMessage.objects.get(kind="booking_did_not_happen")
    assert alarm.to == confirmed.council.scheme.team_email
    books_balance()


def test_a_pending_request_within_the_period_is_confirmed_after_the_last_day(caerphilly, sitting, now):
    award = factories.award(caerphilly, first_day=dt.date(2026, 4, 14))  # to 13 October
    booking = ask(award, sitting, now, starts_at=london(2026, 10, 13, 18))
    assert booking.answer_by == london(2026, 10, 13, 16)

    bookings.confirm(booking=booking, by=BRYN, now=london(2026, 10, 13, 15, 59))
    bookings.deliver(booking=booking, minutes=150, by=BRYN, now=london(2026, 10, 14, 9))

    assert booking.due_pence == 6250
