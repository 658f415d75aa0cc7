"""Asking for a break that costs more than is left: who pays which part, in which way, and what is refused."""

import datetime as dt
import uuid

import pytest

from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import FRIDAY
from tests.voucher.top_ups import own
from tests.voucher.top_ups.own import ask, left, shop, top_up
from voucher import bookings, rules, top_ups
from voucher.ledger import audit
from voucher.models import Booking, TopUp
from voucher.settling import provider_tables
from voucher.settling.provider_year import Period

pytestmark = pytest.mark.django_db
State = Booking.State


@pytest.fixture
def provider(caerphilly, card_company):
    return shop(caerphilly)


@pytest.fixture
def offer(provider):
    return factories.offer(provider, price_pence=12_000, unit="session")


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=8_000)


def test_paid_directly_the_provider_is_asked_at_once_and_told_who_pays_what(award, offer, now):
    booking = ask(award, offer, now, way="direct")

    assert (booking.state, booking.own_pence, booking.amount) == (State.REQUESTED, 4_000, 8_000)
    assert (top_up(booking).state, top_up(booking).amount_pence, top_up(booking).pay_by) == ("agreed", 4_000, None)
    assert left(booking) == (0, 8_000)
    body = OutboxMessage.objects.get(kind="booking_asked").body
    assert "The carer pays you £40 of the price directly, on the day. You claim the other £80." in body
    assert audit.differences() == []


def test_by_card_the_place_and_the_money_are_held_before_anybody_pays(award, offer, now, card_company):
    booking = ask(award, offer, now)

    assert (booking.state, left(booking)) == (State.UNPAID, (0, 8_000))
    assert (top_up(booking).state, top_up(booking).stripe_account) == ("waiting", own.SHOP)
    assert top_up(booking).pay_by == now + dt.timedelta(hours=1)
    assert card_company.asked == []
    assert not OutboxMessage.objects.exists()
    with pytest.raises(bookings.Full):
        ask(factories.award(award.council, value=8_000), offer, now)
    assert audit.differences() == []


def test_what_a_provider_was_never_asked_for_is_in_none_of_its_files(award, offer, provider, now, card_company):
    booking, of = ask(award, offer, now), Period("october", dt.date(2026, 10, 1), dt.date(2026, 10, 31))

    assert provider_tables.sheet("bookings", provider, of).rows == []

    own.paid(booking, card_company, now)
    [row] = provider_tables.sheet("bookings", provider, of).rows
    assert row[0] == booking.ref


@pytest.mark.parametrize("way", ["direct", "card"])
def test_the_same_press_again_is_the_same_booking(award, offer, now, way):
    key = str(uuid.uuid4())

    first, again = ask(award, offer, now, way=way, key=key), ask(award, offer, now, way=way, key=key)

    assert first == again
    assert TopUp.objects.count() == 1
    assert left(first) == (0, 8_000)


def test_a_provider_that_takes_no_money_from_carers_is_not_asked_to(award, offer, provider, now):
    provider.takes_own_money = False
    provider.save()

    with pytest.raises(top_ups.NoOwnMoney):
        ask(award, offer, now, way="direct")

    assert not Booking.objects.exists()
    assert top_ups.ways(provider=provider, council=award.council, own_pence=4_000) == []


def test_less_than_the_card_company_takes_is_paid_directly(caerphilly, provider, offer, now):
    award = factories.award(caerphilly, value=11_971)

    with pytest.raises(top_ups.NotThatWay):
        ask(award, offer, now, own_pence=29)

    assert ask(award, offer, now, own_pence=29, way="direct").state == State.REQUESTED
    assert top_ups.ways(provider=provider, council=caerphilly, own_pence=30) == ["card", "direct"]


@pytest.mark.parametrize("missing", ["the council", "the provider", "a key", "time"])
def test_no_card_where_one_of_four_is_missing(award, offer, provider, now, settings, missing):
    starts_at = FRIDAY
    if missing == "the council":
        award.council.scheme.takes_cards = False
        award.council.scheme.save()
    elif missing == "the provider":
        provider.takes_cards = False
        provider.save()
    elif missing == "a key":
        settings.STRIPE_SECRET_KEY = ""
    else:
        offer.notice_hours = 1
        offer.save()
        starts_at = now + dt.timedelta(hours=2)

    with pytest.raises(top_ups.NotThatWay):
        ask(award, offer, now, way="card", starts_at=starts_at)

    assert left_of(award) == (8_000, 0)
    assert not TopUp.objects.exists()
    assert ask(award, offer, now, way="direct", starts_at=starts_at).state == State.REQUESTED


def left_of(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


@pytest.mark.parametrize("value, seen, error", [(9_000, 4_000, top_ups.StaleShare), (7_000, 4_000, bookings.NotEnough)])
def test_a_share_that_is_no_longer_right_is_shown_again(caerphilly, offer, now, value, seen, error):
    award = factories.award(caerphilly, value=value)

    with pytest.raises(error) as refused:
        ask(award, offer, now, own_pence=seen)

    if error is top_ups.StaleShare:
        assert (refused.value.share.own_pence, refused.value.share.amount) == (3_000, 9_000)
    assert left_of(award) == (value, 0)
    assert not Booking.objects.exists()


def test_a_price_that_has_changed_meanwhile_is_shown_again(award, offer, now):
    with pytest.raises(bookings.StalePrice):
        ask(award, offer, now, price_pence=11_000, own_pence=3_000)


@pytest.mark.parametrize("own_pence", [0, 12_000])
def test_own_money_is_for_what_is_missing_and_not_instead_of_the_award(caerphilly, offer, now, own_pence):
    award = factories.award(caerphilly, value=20_000)

    with pytest.raises(top_ups.NoOwnMoney):
        ask(award, offer, now, way="direct", own_pence=own_pence)


def test_an_award_in_hours_gives_all_its_minutes_and_the_carer_pays_the_rest_of_the_time(caerphilly, provider, now):
    award = factories.award(caerphilly, unit="minutes", value=100)
    sitting = factories.offer(provider, price_pence=2_500)
    price = bookings.quote(award=award, offer=sitting, starts_at=now, minutes=150, on=dt.date(2026, 10, 12))

    share = top_ups.share(award=award, offer=sitting, price=price, minutes=150)
    booking = ask(award, sitting, now, way="direct", price_pence=6_250, own_pence=share.own_pence, minutes=150)

    # 100 minutes at £25 an hour are £41.67; £62.50 less that is £20.83.
    assert (share.award_pence, share.own_pence, share.amount) == (4_167, 2_083, 100)
    assert (booking.amount, booking.own_pence, booking.award_pence) == (100, 2_083, 4_167)
    assert left(booking) == (0, 100)
    assert audit.differences() == []


def test_r27_the_parts_are_the_price_to_the_penny_and_never_more_minutes_than_are_left():
    for unit_price_pence in (1, 7, 1_999, 2_500, 3_333):
        for left_minutes in range(1, 150, 7):
            unit = {"unit_price_pence": unit_price_pence, "unit_minutes": 60}
            price_pence = rules.price_for(unit_price_pence, 150, 60)
            own_pence = rules.own_share(price_pence=price_pence, **unit, left=left_minutes, in_hours=True)
            amount = rules.amount_beside(own_pence, price_pence=price_pence, **unit, minutes=150, in_hours=True)

            assert 0 <= own_pence <= price_pence
            assert amount <= left_minutes
            assert rules.price_for(unit_price_pence, amount, 60) == price_pence - own_pence


@pytest.mark.parametrize(
    "whole, of_award, own_pence", [(0, 0, 0), (7_999, 7_999, 0), (8_000, 8_000, 0), (8_001, 8_000, 1)]
)
def test_r27_the_award_pays_first_and_own_money_only_what_is_missing(whole, of_award, own_pence):
    assert rules.shares(whole, 8_000) == (of_award, own_pence)
