"""The card company, the clock and the carer at the same moment: a place or a sum is never given twice."""

import datetime as dt

import pytest

from accounts.models import HistoryEntry, OutboxMessage
from providers import stripe_api
from tests import factories
from tests.voucher.ledger.desk import TURNS, at_once
from tests.voucher.top_ups import own
from tests.voucher.top_ups.own import ask, fresh, left, page, paid, shop, top_up
from voucher import bookings, top_ups
from voucher.ledger import audit
from voucher.models import Booking, StripeEvent

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
State = Booking.State


@pytest.fixture
def booking(card_company, now):
    council = factories.council()
    offer = factories.offer(shop(council), price_pence=12_000, unit="session")
    return ask(factories.award(council, value=8_000), offer, now)


def event(raw):
    return stripe_api.Event(raw["id"], raw["type"], raw["account"], raw["data"]["object"])


@TURNS
def test_the_event_and_the_time_out_at_the_same_moment(booking, card_company, now, turn):
    session = page(booking, now)
    card_company.down = True
    late = top_up(booking).pay_by + dt.timedelta(hours=1)
    raw = card_company.pay(session)

    results = at_once(
        lambda: top_ups.take_in(event=event(raw), now=late),
        lambda: top_ups.end_what_was_not_paid(late),
        lambda: top_ups.end_what_was_not_paid(late),
    )

    assert not [result for result in results if isinstance(result, Exception)]
    row, own_money = fresh(booking), top_up(booking)
    if row.state == State.REQUESTED:
        assert (own_money.state, left(booking)) == ("paid", (0, 8_000))
    else:
        assert (row.state, own_money.state, left(booking)) == (State.TIMED_OUT, "refund_due", (8_000, 0))
    assert audit.differences() == []


@TURNS
def test_the_same_event_four_times_at_once_asks_the_provider_once(booking, card_company, now, turn):
    raw = card_company.pay(page(booking, now))

    results = at_once(*[lambda: top_ups.take_in(event=event(raw), now=now)] * 4)

    assert results == [None] * 4
    assert (fresh(booking).state, StripeEvent.objects.count()) == (State.REQUESTED, 1)
    assert OutboxMessage.objects.filter(kind="booking_asked").count() == 1


@TURNS
def test_the_event_the_page_and_another_event_at_once_ask_the_provider_once(booking, card_company, now, turn):
    raw = card_company.pay(page(booking, now))
    second = raw | {"id": "evt_second", "type": "checkout.session.async_payment_succeeded"}

    results = at_once(
        lambda: top_ups.take_in(event=event(raw), now=now),
        lambda: top_ups.take_in(event=event(second), now=now),
        lambda: top_ups.look(booking=booking, now=now) and None,
    )

    assert results == [None] * 3
    assert (fresh(booking).state, top_up(booking).state) == (State.REQUESTED, "paid")
    assert HistoryEntry.objects.filter(act="booking.paid").count() == 1


@TURNS
def test_a_payment_and_a_cancellation_at_the_same_moment(booking, card_company, now, turn):
    raw = card_company.pay(page(booking, now))
    row = fresh(booking)

    at_once(
        lambda: top_ups.take_in(event=event(raw), now=now),
        lambda: bookings.cancel(booking=row, party="carer", by=own.BRYN, now=now),
    )

    row, own_money = fresh(booking), top_up(booking)
    if row.state == State.REQUESTED:
        assert (own_money.state, left(booking)) == ("paid", (0, 8_000))
    else:
        assert (row.state, own_money.state, left(booking)) == (State.CANCELLED, "refund_due", (8_000, 0))
    assert audit.differences() == []


@TURNS
def test_two_jobs_at_once_give_the_money_back_once(booking, card_company, now, turn):
    row = paid(booking, card_company, now)
    bookings.decline(booking=row, reason="full", by=own.BRYN, now=now)

    results = at_once(*[lambda: top_ups.give_back_what_is_due(now)] * 4)

    assert sorted(results) == [(0, 0), (0, 0), (0, 0), (1, 0)]
    assert [refund["amount"] for refund in card_company.refunds.values()] == [4_000]
    assert OutboxMessage.objects.filter(kind="own_money_given_back").count() == 1


@TURNS
def test_two_tabs_that_pay_the_difference_from_the_same_money_make_one_booking(card_company, now, turn):
    council = factories.council()
    provider = shop(council)
    award = factories.award(council, value=8_000)
    offers = [factories.offer(provider, price_pence=12_000, unit="session") for _ in range(2)]

    results = at_once(*[lambda offer=offer: ask(award, offer, now) for offer in offers])

    assert sorted(type(result).__name__ for result in results) == ["Booking", "NotEnough"]
    award.account.refresh_from_db()
    assert (award.account.available, award.account.held) == (0, 8_000)
    assert audit.differences() == []


@TURNS
def test_two_presses_at_once_open_one_card_page(booking, card_company, now, turn):
    results = at_once(*[lambda: top_ups.open_card_page(booking=booking, language="en", now=now)] * 3)

    assert len(set(results)) == 1
    assert len(card_company.sessions) == 1
