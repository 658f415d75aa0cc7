"""The card page: one page for one booking, what came of it whoever tells us, and what becomes of one nobody paid."""

import datetime as dt

import pytest

from accounts.models import HistoryEntry, OutboxMessage
from providers import stripe_api
from tests import factories
from tests.voucher.top_ups import own
from tests.voucher.top_ups.own import ask, fresh, left, page, shop, top_up
from voucher import bookings, top_ups
from voucher.ledger import audit
from voucher.models import Booking, Task

pytestmark = pytest.mark.django_db
State = Booking.State


@pytest.fixture
def booking(caerphilly, card_company, now):
    offer = factories.offer(shop(caerphilly), price_pence=12_000, unit="session")
    return ask(factories.award(caerphilly, value=8_000), offer, now)


@pytest.fixture
def too_late(booking):
    return top_up(booking).pay_by


def open_page(booking, now, language="en"):
    return top_ups.open_card_page(booking=booking, language=language, now=now)


def test_the_card_page_is_for_her_own_part_only_and_leads_back_in_her_language(booking, card_company, now, settings):
    address = open_page(booking, now, "cy")

    assert address.startswith("https://checkout.stripe.com/")
    [session] = card_company.sessions.values()
    assert (session["amount_total"], session["currency"], session["account"]) == (4_000, "gbp", own.SHOP)
    sent = session["sent"]
    assert sent["success_url"] == f"{settings.SITE_URL}/cy/my/bookings/{booking.ref}/paid/"
    assert sent["cancel_url"] == f"{settings.SITE_URL}/cy/my/bookings/{booking.ref}/pay/"
    assert sent["payment_intent_data[description]"] == f"Booking {booking.ref}"
    assert sent["expires_at"] == str(int((now + dt.timedelta(hours=2)).timestamp()))
    carer = booking.award.carer
    words = " ".join(sent.values())
    assert not any(each in words for each in (carer.last_name, carer.email, carer.postcode, booking.offer.title))


def test_a_second_press_in_another_tab_and_another_language_is_the_same_page(booking, card_company, now):
    assert open_page(booking, now) == open_page(booking, now + dt.timedelta(minutes=20), "cy")

    assert len(card_company.sessions) == 1


def test_when_nobody_answers_the_booking_waits_and_the_next_try_opens_the_same_page(booking, card_company, now):
    card_company.loses_answers = True
    with pytest.raises(stripe_api.Unavailable):
        open_page(booking, now)
    assert (fresh(booking).state, left(booking)) == (State.UNPAID, (0, 8_000))
    card_company.loses_answers = False

    open_page(booking, now + dt.timedelta(minutes=5))

    assert list(card_company.sessions) == [top_up(booking).session_id]


def test_coming_back_from_a_page_that_was_paid_asks_the_provider_once(booking, card_company, now):
    card_company.pay(page(booking, now))
    later = now + dt.timedelta(days=0, minutes=20)

    for _ in range(2):
        top_ups.look(booking=booking, now=later)

    row = fresh(booking)
    assert (row.state, top_up(booking).state, top_up(booking).paid_at) == (State.REQUESTED, "paid", later)
    assert row.answer_by == bookings.making.answer_by(row.council.scheme, row.offer, row.starts_at, later)
    [asked] = OutboxMessage.objects.filter(kind="booking_asked")
    assert "The carer has paid £40 of the price to you by card. You claim the other £80." in asked.body
    assert HistoryEntry.objects.filter(act="booking.paid").count() == 1
    assert left(booking) == (0, 8_000)
    assert audit.differences() == []


def test_coming_back_without_having_paid_changes_nothing(booking, now):
    page(booking, now)

    top_ups.look(booking=booking, now=now)

    assert (fresh(booking).state, top_up(booking).state) == (State.UNPAID, "waiting")


def test_coming_back_while_nobody_answers_changes_nothing(booking, card_company, now):
    card_company.pay(page(booking, now))
    card_company.down = True

    top_ups.look(booking=booking, now=now)

    assert fresh(booking).state == State.UNPAID


def test_a_page_that_closed_by_itself_gives_everything_back(booking, card_company, now):
    card_company.expire(page(booking, now))

    top_ups.look(booking=booking, now=now)

    assert (fresh(booking).state, top_up(booking).state, left(booking)) == (State.TIMED_OUT, "failed", (8_000, 0))


def test_there_is_no_page_for_what_was_paid_or_has_ended_or_is_paid_directly(booking, card_company, now, too_late):
    direct = ask(factories.award(booking.council, value=8_000), own_offer(booking), now, way="direct")
    with pytest.raises(top_ups.NotPayable):
        open_page(direct, now)
    with pytest.raises(top_ups.NotPayable):
        open_page(booking, too_late)
    card_company.pay(page(booking, now))

    with pytest.raises(top_ups.NotPayable):
        open_page(booking, now)

    assert fresh(booking).state == State.REQUESTED


def own_offer(booking):
    return factories.offer(booking.provider, price_pence=12_000, unit="session")


def test_what_was_not_paid_in_time_ends_and_its_page_is_closed(booking, card_company, now, too_late):
    number = page(booking, now)
    assert top_ups.end_what_was_not_paid(too_late - dt.timedelta(seconds=1)) == (0, 0)

    assert top_ups.end_what_was_not_paid(too_late) == (1, 0)

    assert card_company.sessions[number]["status"] == "expired"
    assert (fresh(booking).state, top_up(booking).state, left(booking)) == (State.TIMED_OUT, "failed", (8_000, 0))
    assert [row.kind for row in OutboxMessage.objects.all()] == ["own_money_not_paid"]
    assert top_ups.end_what_was_not_paid(too_late) == (0, 0)
    assert audit.differences() == []


def test_a_carer_who_never_went_to_the_card_page_blocks_nothing_for_longer_than_an_hour(booking, too_late):
    assert top_ups.end_what_was_not_paid(too_late) == (1, 0)

    assert (fresh(booking).state, left(booking)) == (State.TIMED_OUT, (8_000, 0))


def test_whoever_paid_in_the_last_minute_has_paid_though_nobody_told_us(booking, card_company, now, too_late):
    card_company.pay(page(booking, now))

    assert top_ups.end_what_was_not_paid(too_late) == (0, 0)

    assert (fresh(booking).state, top_up(booking).state) == (State.REQUESTED, "paid")


def test_while_nobody_answers_a_booking_that_may_be_paid_waits_an_hour_more(booking, card_company, now, too_late):
    number = page(booking, now)
    card_company.down = True
    assert top_ups.end_what_was_not_paid(too_late) == (0, 0)
    hour = dt.timedelta(hours=1)

    assert top_ups.end_what_was_not_paid(too_late + hour) == (1, 0)

    # It was paid all the same; as soon as somebody answers, it goes back.
    card_company.down = False
    card_company.pay(number)
    top_ups.look(booking=booking, now=too_late + hour)
    assert (fresh(booking).state, top_up(booking).state) == (State.TIMED_OUT, "refund_due")
    assert audit.differences() == []


def test_after_a_cancellation_the_page_is_closed(booking, card_company, now):
    number = page(booking, now)
    bookings.cancel(booking=fresh(booking), party="carer", by=own.BRYN, now=now)
    assert (top_up(booking).state, left(booking)) == ("not_needed", (8_000, 0))

    assert top_ups.close_pages(now) == (1, 0)

    assert card_company.sessions[number]["status"] == "expired"
    assert top_ups.close_pages(now) == (0, 0)


def test_the_provider_never_hears_of_a_booking_that_was_not_paid(booking, now):
    bookings.cancel(booking=booking, party="carer", by=own.BRYN, now=now)

    assert not OutboxMessage.objects.filter(to=booking.provider.email).exists()


def test_another_sum_than_was_agreed_confirms_nothing_and_a_person_looks_at_it(booking, card_company, now):
    number = page(booking, now)
    card_company.sessions[number]["amount_total"] = 400
    card_company.pay(number)

    top_ups.look(booking=booking, now=now)
    top_ups.look(booking=booking, now=now)

    assert (fresh(booking).state, top_up(booking).problem) == (State.UNPAID, "sum")
    assert Task.objects.get().kind == "card"
