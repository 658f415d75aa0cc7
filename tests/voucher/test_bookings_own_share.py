"""A carer pays a share of the price herself: the rest is set aside, and the provider can claim no more than that."""

import datetime as dt
import uuid

import pytest

from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY
from voucher import bookings
from voucher.ledger import audit, books
from voucher.models import Booking

pytestmark = pytest.mark.django_db
State = Booking.State


@pytest.fixture
def offer(bryn_cafe):
    bryn_cafe.takes_own_money = True
    bryn_cafe.save()
    return factories.offer(bryn_cafe, price_pence=12_000, unit="session")


def ask(award, offer, now, own_pence, **more):
    return bookings.make(
        award=award,
        offer=offer,
        starts_at=FRIDAY,
        minutes=60,
        seen_price_pence=12_000,
        own_pence=own_pence,
        by=ALYS,
        now=now,
        key=str(uuid.uuid4()),
        **more,
    )


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def test_of_120_pounds_80_are_set_aside_where_the_carer_pays_40(caerphilly, offer, now):
    award = factories.award(caerphilly, value=8_000)

    booking = ask(award, offer, now, 4_000)

    assert (booking.price_pence, booking.own_pence, booking.award_pence, booking.amount) == (
        12_000,
        4_000,
        8_000,
        8_000,
    )
    assert left(award) == (0, 8_000)
    assert booking.state == State.REQUESTED
    assert audit.differences() == []


def test_an_hours_award_is_charged_the_hours_that_the_rest_buys(caerphilly, offer, now):
    award = factories.award(caerphilly, unit="minutes", value=40)

    booking = ask(award, offer, now, 4_000)

    assert booking.amount == 40
    assert left(award) == (0, 40)


def test_all_that_was_given_is_due_up_to_what_the_award_pays(caerphilly, offer, now):
    booking = ask(factories.award(caerphilly, value=8_000), offer, now, 4_000)
    bookings.confirm(booking=booking, by=ALYS, now=now)

    bookings.deliver(booking=booking, minutes=60, by=ALYS, now=booking.ends_at)

    assert (booking.due_pence, booking.due_amount) == (8_000, 8_000)


def test_the_award_pays_a_late_cancellation_before_the_carers_own_money_does(caerphilly, offer, now):
    award = factories.award(caerphilly, value=8_000)
    booking = ask(award, offer, now, 4_000)
    bookings.confirm(booking=booking, by=ALYS, now=now)

    bookings.cancel(booking=booking, party="carer", by=ALYS, now=FRIDAY - dt.timedelta(hours=20))

    # Half of £120, all of it from the £80 of the award.
    assert left(award) == (2_000, 0)
    assert books.due(booking.provider_id) == 6_000
    assert audit.differences() == []


def test_what_is_paid_by_card_is_put_before_the_provider_once_it_is_paid(caerphilly, offer, now):
    award = factories.award(caerphilly, value=8_000)
    booking = ask(award, offer, now, 4_000, pay_by_card=True)
    assert (booking.state, left(award)) == (State.UNPAID, (0, 8_000))
    assert not OutboxMessage.objects.exists()
    with pytest.raises(bookings.AlreadyAsked):
        ask(award, offer, now, 4_000)

    later = now + dt.timedelta(minutes=10)
    bookings.ask_provider(booking=booking, by=ALYS, now=later)

    assert booking.state == State.REQUESTED
    assert OutboxMessage.objects.filter(kind="booking_asked").count() == 1
    with pytest.raises(bookings.BookingMoved):
        bookings.ask_provider(booking=booking, by=ALYS, now=later)


@pytest.mark.parametrize("own_pence", [-1, 12_001])
def test_a_share_outside_the_price_is_refused(caerphilly, offer, now, own_pence):
    with pytest.raises(bookings.BadShare):
        ask(factories.award(caerphilly), offer, now, own_pence)


def test_a_provider_that_takes_no_money_from_carers_is_not_asked_to(caerphilly, bryn_cafe, now):
    offer = factories.offer(bryn_cafe, price_pence=12_000, unit="session")

    with pytest.raises(bookings.BadShare):
        ask(factories.award(caerphilly), offer, now, 1)


@pytest.mark.parametrize("pay_by_card", [True, False])
@pytest.mark.parametrize("asked", ["a second choice", "a pair", "the second choice itself"])
def test_own_money_goes_with_one_choice_of_one_break_and_nothing_else(caerphilly, offer, now, asked, pay_by_card):
    award = factories.award(caerphilly, value=20_000)
    own = bookings.Wanted(offer, FRIDAY, 60, 12_000, own_pence=4_000)
    plain = bookings.Wanted(offer, FRIDAY + dt.timedelta(days=3), 60, 12_000)
    parts = {"a second choice": [[own, plain]], "a pair": [[own], [plain]]}.get(asked, [[plain, own]])

    with pytest.raises(bookings.BadShare) as caught:
        bookings.ask(award=award, parts=parts, by=ALYS, now=now, key="both", pay_by_card=pay_by_card)

    assert (caught.value.part, caught.value.position) == (1, 2 if asked == "the second choice itself" else 1)
    assert not Booking.objects.exists()
    assert left(award) == (20_000, 0)


def test_a_carer_who_gives_up_before_paying_is_told_once_and_has_everything_back(caerphilly, offer, now):
    award = factories.award(caerphilly, value=8_000)
    booking = ask(award, offer, now, 4_000, pay_by_card=True)

    bookings.cancel(booking=booking, party="carer", by=ALYS, now=now)

    assert (booking.state, left(award)) == (State.CANCELLED, (8_000, 0))
    assert [row.kind for row in OutboxMessage.objects.filter(to=award.carer.email)] == ["booking_cancelled"]
    assert audit.differences() == []
