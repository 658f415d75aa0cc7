"""Every way a request can go on: answered or not, cancelled in time or late, given, taken back, not happened."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure.models import OfferPrice
from tests import factories
from voucher import bookings
from voucher.claiming import claims
from voucher.ledger import audit, books
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


@pytest.mark.parametrize("state", ["applied", "paused", "suspended", "closed"])
def test_a_provider_that_is_not_live_confirms_nothing(request_, sitting, award, now, state):
    factories.put(sitting.provider, state)

    with pytest.raises(bookings.NotLive):
        bookings.confirm(booking=request_, by=BRYN, now=now)

    request_.refresh_from_db()
    assert request_.state == State.REQUESTED
    assert not OutboxMessage.objects.filter(kind="booking_confirmed").exists()


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


@pytest.mark.parametrize(("price", "minutes"), [(2000, 30), (20, 60)])
def test_a_late_share_too_small_for_the_hours_or_the_pence_is_none(caerphilly, bryn_cafe, now, price, minutes):
    caerphilly.scheme.late_cancel_percent = 1
    caerphilly.scheme.save()
    award = factories.award(caerphilly, unit="minutes", value=960)
    offer = factories.offer(bryn_cafe, price_pence=price, minutes=minutes)
    booking = ask(award, offer, now, minutes=minutes, seen=price)
    bookings.confirm(booking=booking, by=BRYN, now=now)

    bookings.cancel(booking=booking, party=Party.CARER, by=ALYS, now=FRIDAY - dt.timedelta(hours=1))

    assert (booking.due_pence, booking.due_amount) == (None, None)
    assert left(award) == (960, 0)
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


@pytest.mark.parametrize(("unit", "due_amount"), [("pence", 1), ("minutes", 15)])
def test_a_part_of_a_break_that_costs_next_to_nothing_is_due_a_penny_so_that_it_can_be_claimed(
    caerphilly, bryn_cafe, now, unit, due_amount
):
    award = factories.award(caerphilly, unit=unit, value=960)
    booking = ask(award, factories.offer(bryn_cafe, price_pence=1), now, minutes=60, seen=1)
    bookings.confirm(booking=booking, by=BRYN, now=now)

    bookings.deliver(booking=booking, minutes=15, by=BRYN, now=booking.ends_at)

    assert (booking.due_pence, booking.due_amount) == (1, due_amount)
    assert list(claims.ready(bryn_cafe)) == [booking]


@pytest.mark.parametrize("minutes", [0, 10, 151, 165])
def test_only_steps_of_fifteen_minutes_up_to_the_whole_are_delivered(confirmed, minutes):
    with pytest.raises(bookings.BadLength):
        bookings.deliver(booking=confirmed, minutes=minutes, by=BRYN, now=confirmed.ends_at)


def test_nothing_is_delivered_before_it_starts(confirmed):
    with pytest.raises(bookings.NotYet):
        bookings.deliver(booking=confirmed, minutes=150, by=BRYN, now=FRIDAY - dt.timedelta(seconds=1))


def test_a_delivery_can_be_taken_back_until_it_is_claimed(confirmed, award):
    bookings.deliver(booking=confirmed, minutes=60, by=BRYN, now=confirmed.ends_at)

    bookings.undo(booking=confirmed, by=BRYN, now=confirmed.ends_at)
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


def test_a_price_that_rises_later_never_touches_a_booking(request_, sitting, now):
    OfferPrice.objects.create(offer=sitting, price_pence=9900, first_day=dt.date(2026, 10, 12))
    bookings.confirm(booking=request_, by=BRYN, now=now)

    bookings.deliver(booking=request_, minutes=150, by=BRYN, now=request_.ends_at)

    assert request_.due_pence == 6250


def test_a_place_is_free_again_after_a_decline(caerphilly, request_, sitting, now):
    bookings.decline(booking=request_, reason="no_staff", by=BRYN, now=now)

    assert ask(factories.award(caerphilly), sitting, now)
