"""What the card company tells us: signed, each once, in any order, and nothing of what is none of ours."""

import datetime as dt
import itertools
import json
from contextlib import suppress

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMessage
from tests import factories, fakes
from tests.voucher.top_ups import own
from tests.voucher.top_ups.own import ask, fresh, left, page, paid, shop, top_up
from voucher import bookings, top_ups
from voucher.ledger import audit
from voucher.models import Booking, StripeEvent, Task, TopUp

pytestmark = pytest.mark.django_db
State = Booking.State


@pytest.fixture
def provider(caerphilly, card_company):
    return shop(caerphilly)


@pytest.fixture
def booking(caerphilly, provider, now):
    offer = factories.offer(provider, price_pence=12_000, unit="session")
    return ask(factories.award(caerphilly, value=8_000), offer, now)


@pytest.fixture
def tell(monkeypatch, now):
    """Send an event to its address as Stripe does, signed by the real clock; the page's clock says `now`."""
    signed_at = int(dt.datetime.now().timestamp())

    def tell(event, at=now, **headers):
        monkeypatch.setattr(timezone, "now", lambda: at)
        body = json.dumps(event).encode()
        headers = headers or {"Stripe-Signature": fakes.signature(body, at=signed_at)}
        strict = Client(enforce_csrf_checks=True)
        return strict.post(reverse("stripe_events"), body, "application/json", headers=headers).status_code

    return tell


def test_a_payment_puts_the_booking_before_its_provider(booking, card_company, tell, now):
    event = card_company.pay(page(booking, now))
    later = now + dt.timedelta(minutes=25)

    assert tell(event, at=later) == 200

    assert (fresh(booking).state, top_up(booking).state) == (State.REQUESTED, "paid")
    assert top_up(booking).paid_at == later
    assert OutboxMessage.objects.filter(kind="booking_asked").count() == 1


def test_the_same_event_twice_is_answered_kindly_and_done_once(booking, card_company, tell, now):
    event = card_company.pay(page(booking, now))

    assert [tell(event), tell(event), tell(event)] == [200, 200, 200]

    assert OutboxMessage.objects.filter(kind="booking_asked").count() == 1
    assert StripeEvent.objects.count() == 1


def test_the_page_she_comes_back_to_and_the_event_do_it_once_together(booking, card_company, tell, now):
    event = card_company.pay(page(booking, now))

    top_ups.look(booking=booking, now=now)
    tell(event)

    assert OutboxMessage.objects.filter(kind="booking_asked").count() == 1
    assert (fresh(booking).state, top_up(booking).state) == (State.REQUESTED, "paid")


def test_whatever_comes_first_the_money_is_either_with_the_provider_or_on_its_way_back(
    caerphilly, card_company, tell, now
):
    provider = shop(caerphilly)
    for number, order in enumerate(itertools.permutations(["paid", "expired", "time out", "back", "cancel"])):
        award = factories.award(caerphilly, value=8_000)
        booking = ask(award, factories.offer(provider, price_pence=12_000, unit="session"), now)
        session = page(booking, now)
        event = card_company.pay(session)
        # An event that is older than the payment, and comes when it likes.
        expired = card_company.event(
            "checkout.session.expired",
            card_company.sessions[session] | {"status": "expired", "payment_status": "unpaid"},
            own.SHOP,
        )
        acts = {
            "paid": lambda event=event: tell(event),
            "expired": lambda expired=expired: tell(expired),
            "time out": lambda booking=booking: top_ups.end_what_was_not_paid(top_up(booking).pay_by),
            "back": lambda booking=booking: top_ups.look(booking=booking, now=now),
            "cancel": lambda booking=booking: unless_moved(booking, now),
        }

        for act in order:
            acts[act]()
        top_ups.close_pages(now)

        row, own_money = fresh(booking), top_up(booking)
        asked = row.state == State.REQUESTED
        assert (own_money.state == "paid") is asked, (number, order)
        assert own_money.state in {"paid", "refund_due"}, order
        assert left(booking) == ((0, 8_000) if asked else (8_000, 0)), order
    assert audit.differences() == []


def unless_moved(booking, now):
    with suppress(bookings.BookingMoved):
        bookings.cancel(booking=fresh(booking), party="carer", by=own.BRYN, now=now)


def test_a_page_that_expired_gives_the_place_and_the_money_back(booking, card_company, tell, now):
    event = card_company.expire(page(booking, now))

    assert [tell(event), tell(event)] == [200, 200]

    assert (fresh(booking).state, top_up(booking).state, left(booking)) == (State.TIMED_OUT, "failed", (8_000, 0))


def test_expired_after_paid_is_passed_over(booking, card_company, tell, now):
    session = page(booking, now)
    tell(card_company.pay(session))

    assert tell(card_company.event("checkout.session.expired", card_company.sessions[session], own.SHOP)) == 200

    assert fresh(booking).state == State.REQUESTED


@pytest.mark.parametrize(
    "kind, state", [("async_payment_succeeded", "requested"), ("async_payment_failed", "timed_out")]
)
def test_a_payment_that_takes_its_time_waits_for_its_second_event(booking, card_company, tell, now, kind, state):
    session = page(booking, now)
    event = card_company.pay(session)
    event["data"]["object"]["payment_status"] = "unpaid"
    tell(event)
    assert fresh(booking).state == State.UNPAID
    card_company.sessions[session]["payment_status"] = "paid" if state == "requested" else "unpaid"

    tell(card_company.event(f"checkout.session.{kind}", card_company.sessions[session], own.SHOP))

    assert fresh(booking).state == state


def test_paid_after_our_own_time_out_goes_back_at_once(booking, card_company, tell, now):
    session = page(booking, now)
    card_company.down = True
    top_ups.end_what_was_not_paid(now + dt.timedelta(hours=2))
    card_company.down = False

    tell(card_company.pay(session), at=now + dt.timedelta(hours=2))
    top_ups.give_back_what_is_due(now + dt.timedelta(hours=2))

    assert (fresh(booking).state, top_up(booking).state) == (State.TIMED_OUT, "refunded")
    assert not OutboxMessage.objects.filter(kind="booking_asked").exists()


@pytest.mark.parametrize("flaw", ["no header", "a false header", "nonsense"])
def test_what_is_not_signed_is_refused_and_changes_nothing(booking, card_company, tell, now, flaw):
    event = card_company.pay(page(booking, now))
    header = {"no header": "", "a false header": "t=1,v1=00", "nonsense": "\x00"}[flaw]

    assert tell(event, **{"Stripe-Signature": header}) == 400

    assert fresh(booking).state == State.UNPAID


def test_without_keys_there_is_no_such_address(settings, tell, card_company):
    settings.STRIPE_WEBHOOK_SECRET = ""

    assert tell(card_company.event("checkout.session.completed", {}, own.SHOP)) == 404


def test_events_that_are_none_of_ours_are_answered_and_forgotten(booking, card_company, tell, now):
    session = card_company.sessions[page(booking, now)]
    paid_one = session | {"status": "complete", "payment_status": "paid", "payment_intent": "pi_x"}
    for kind, about, account in [
        ("invoice.paid", {"id": "in_1"}, own.SHOP),
        ("checkout.session.completed", paid_one | {"client_reference_id": None}, own.SHOP),
        ("checkout.session.completed", paid_one | {"client_reference_id": "basket 7"}, own.SHOP),
        ("checkout.session.completed", paid_one, "acct_of_a_thief"),
        ("checkout.session.completed", paid_one | {"id": "cs_other"}, own.SHOP),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_other", "amount_refunded": 100}, own.SHOP),
        ("charge.dispute.created", {"id": "dp_1", "payment_intent": None}, own.SHOP),
        ("refund.updated", {"id": "re_1", "payment_intent": "pi_other", "status": "succeeded"}, own.SHOP),
        ("account.updated", {"id": "acct_other"}, "acct_other"),
    ]:
        assert tell(card_company.event(kind, about, account)) == 200, kind

    assert (fresh(booking).state, top_up(booking).state) == (State.UNPAID, "waiting")


def charge(booking, back_pence):
    return {"id": "ch_1", "payment_intent": top_up(booking).payment_intent, "amount_refunded": back_pence}


def test_what_the_provider_gives_back_in_its_own_account_is_noted(booking, card_company, tell, now):
    row = paid(booking, card_company, now)

    tell(card_company.event("charge.refunded", charge(row, 1_000), own.SHOP))
    assert top_up(row).state == "paid"
    tell(card_company.event("charge.refunded", charge(row, 4_000), own.SHOP))

    assert (top_up(row).state, top_up(row).kept_pence) == ("refunded", 0)
    assert fresh(row).state == State.REQUESTED


def test_what_is_due_and_was_given_back_there_needs_no_refund_of_ours(booking, card_company, tell, now):
    row = paid(booking, card_company, now)
    bookings.decline(booking=row, reason="full", by=own.BRYN, now=now)

    tell(card_company.event("charge.refunded", charge(row, 4_000), own.SHOP))

    assert top_up(row).state == "refunded"
    assert top_ups.give_back_what_is_due(now) == (0, 0)


def refund_event(company, booking, kind, status):
    refund = next(iter(company.refunds.values())) | {"status": status}
    return company.event(f"refund.{kind}", refund, own.SHOP)


def test_a_refund_that_fails_later_is_made_anew_and_shown_to_the_carers_team(booking, card_company, tell, now):
    row = paid(booking, card_company, now)
    bookings.decline(booking=row, reason="full", by=own.BRYN, now=now)
    top_ups.give_back_what_is_due(now)
    failed = refund_event(card_company, row, "failed", "failed")
    next(iter(card_company.refunds.values()))["status"] = "failed"

    for _ in range(2):
        tell(failed | {"id": f"evt_again_{_}"})
    assert (top_up(row).state, top_up(row).problem, top_up(row).refusals) == ("refund_due", "refund", 1)
    # Older news of the same refund does not make it good.
    tell(refund_event(card_company, row, "updated", "succeeded"))
    assert top_up(row).state == "refund_due"
    next(iter(card_company.refunds.values()))["amount"] = 0
    top_ups.give_back_what_is_due(now + dt.timedelta(hours=6))

    assert (top_up(row).state, top_up(row).problem) == ("refunded", "")
    assert Task.objects.get().kind == "card"


def test_a_refund_on_its_way_arrives_by_its_event(booking, card_company, tell, now):
    row = paid(booking, card_company, now)
    bookings.decline(booking=row, reason="full", by=own.BRYN, now=now)
    card_company.refunds_wait = True
    top_ups.give_back_what_is_due(now)

    tell(refund_event(card_company, row, "updated", "succeeded"))

    assert top_up(row).state == "refunded"


def test_a_payment_called_into_question_is_shown_to_the_carers_team(booking, card_company, tell, now):
    row = paid(booking, card_company, now)

    tell(card_company.event("charge.dispute.created", charge(row, 0), own.SHOP))

    assert (top_up(row).problem, Task.objects.get().kind) == ("disputed", "card")
    assert fresh(row).state == State.REQUESTED


def test_whether_an_account_takes_cards_is_asked_and_not_believed(provider, card_company, tell):
    card_company.accounts[own.SHOP] = {"id": own.SHOP, "object": "account", "charges_enabled": False}
    old_news = card_company.event("account.updated", {"id": own.SHOP, "charges_enabled": True}, own.SHOP)

    assert tell(old_news) == 200
    provider.refresh_from_db()
    assert not provider.takes_cards
    assert tell(card_company.answer_questions(own.SHOP)) == 200
    provider.refresh_from_db()
    assert provider.takes_cards


def test_when_we_cannot_ask_back_the_event_may_come_again(provider, card_company, tell):
    event = card_company.event("account.updated", {"id": own.SHOP}, own.SHOP)
    card_company.down = True

    assert tell(event) == 503


def test_an_account_that_was_closed_takes_no_cards(provider, card_company, tell):
    assert tell(card_company.event("account.updated", {"id": own.SHOP}, own.SHOP)) == 200

    provider.refresh_from_db()
    assert not provider.takes_cards


def test_an_event_whose_work_fails_is_not_remembered(booking, card_company, tell, now, monkeypatch):
    event = card_company.pay(page(booking, now))
    monkeypatch.setattr(top_ups.paying, "fulfil", lambda **named: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tell(event)

    assert not StripeEvent.objects.exists()
    assert TopUp.objects.get().state == "waiting"
