"""The talk with Stripe: what is asked, once for each key, in whose account; and that the stand-in is like it."""

import datetime as dt
import inspect
import json
from pathlib import Path

import pytest
import stripe

from providers import stripe_api
from tests import fakes

BASE = Path(__file__).resolve().parents[2]
SHOP = "acct_shop"
NOW = dt.datetime(2026, 10, 12, 10, 0, tzinfo=dt.UTC)


def open_checkout(**changes):
    asked = {
        "account": SHOP,
        "key": "key-1",
        "pence": 4_000,
        "words": "Booking 7F3K",
        "expires_at": NOW + dt.timedelta(minutes=31),
        "success_url": "https://breaks.example/paid",
        "cancel_url": "https://breaks.example/pay",
    }
    return stripe_api.open_checkout(**(asked | changes))


def paid(card_company):
    session = open_checkout()
    card_company.pay(session.id)
    return stripe_api.session(account=SHOP, session_id=session.id)


def signed(event, *, at, secret=fakes.SECRET):
    body = json.dumps(event).encode()
    return body, fakes.signature(body, at=int(at), secret=secret)


def test_the_stand_in_has_the_shape_of_the_real_connection():
    ours, theirs = inspect.signature(fakes.FakeStripe.request), inspect.signature(stripe.RequestsClient.request)

    assert list(ours.parameters) == list(inspect.signature(stripe.HTTPClient.request).parameters)
    assert list(ours.parameters)[:5] == list(theirs.parameters)[:5]


def test_only_one_module_knows_stripe():
    files = [path for room in ("accounts", "providers", "brochure", "voucher") for path in (BASE / room).rglob("*.py")]

    assert [path.name for path in files if "import stripe\n" in path.read_text()] == ["stripe_api.py"]


@pytest.mark.parametrize("missing", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_without_both_keys_no_card_is_spoken_of(card_company, settings, missing):
    assert stripe_api.is_set_up()

    setattr(settings, missing, "")

    assert not stripe_api.is_set_up()


def test_a_card_page_is_opened_in_the_providers_own_account_and_says_nothing_about_a_person(card_company):
    session = open_checkout()

    [(_method, path, account, key, sent)] = card_company.asked
    assert (path, account, key) == ("/v1/checkout/sessions", SHOP, "top-up-key-1")
    assert (session.key, session.pence, session.is_open, session.is_paid) == ("key-1", 4_000, True, False)
    assert session.url.startswith("https://checkout.stripe.com/")
    assert sorted(sent) == [
        "cancel_url",
        "client_reference_id",
        "expires_at",
        "line_items[0][price_data][currency]",
        "line_items[0][price_data][product_data][name]",
        "line_items[0][price_data][unit_amount]",
        "line_items[0][quantity]",
        "locale",
        "metadata[top_up]",
        "mode",
        "payment_intent_data[description]",
        "payment_intent_data[metadata][top_up]",
        "payment_method_types[0]",
        "success_url",
    ]


def test_the_same_key_opens_one_card_page_and_other_words_under_it_are_refused(card_company):
    first, again = open_checkout(), open_checkout()

    assert first == again
    assert len(card_company.sessions) == 1
    with pytest.raises(stripe_api.Refused):
        open_checkout(pence=5_000)


def test_an_answer_that_was_lost_is_had_by_asking_again(card_company):
    card_company.loses_answers = True
    with pytest.raises(stripe_api.Unavailable):
        open_checkout()
    card_company.loses_answers = False

    session = open_checkout()

    assert [session.id] == list(card_company.sessions)


def test_a_card_page_that_is_closed_stays_closed_and_one_that_was_paid_says_so(card_company):
    session = open_checkout()

    closed = stripe_api.close_checkout(account=SHOP, session_id=session.id)
    again = stripe_api.close_checkout(account=SHOP, session_id=session.id)

    assert (closed.is_open, closed.is_paid) == (again.is_open, again.is_paid) == (False, False)
    other = open_checkout(key="key-2")
    card_company.pay(other.id)
    assert stripe_api.close_checkout(account=SHOP, session_id=other.id).is_paid


def test_another_account_has_no_such_card_page(card_company):
    session = open_checkout()

    with pytest.raises(stripe_api.Refused) as refused:
        stripe_api.session(account="acct_other", session_id=session.id)

    assert refused.value.code == "resource_missing"


def test_a_refund_is_made_once_for_a_key_and_found_again_when_the_key_is_forgotten(card_company):
    session = paid(card_company)
    ask = {"account": SHOP, "key": "key-1", "payment_intent": session.payment_intent}
    assert stripe_api.refund_made_before(**ask) is None

    first, again = stripe_api.refund(**ask, pence=4_000), stripe_api.refund(**ask, pence=4_000)

    assert first == again == stripe_api.refund_made_before(**ask)
    assert first.state == "succeeded"
    assert sum(row["amount"] for row in card_company.refunds.values()) == 4_000


def test_a_refusal_is_the_answer_to_its_key_so_the_next_try_has_another(card_company):
    session = paid(card_company)
    ask = {"account": SHOP, "key": "key-1", "payment_intent": session.payment_intent, "pence": 4_000}
    card_company.refuses_refunds = "insufficient_funds"
    with pytest.raises(stripe_api.Refused) as refused:
        stripe_api.refund(**ask)
    card_company.refuses_refunds = ""

    with pytest.raises(stripe_api.Refused):
        stripe_api.refund(**ask)

    assert refused.value.code == "insufficient_funds"
    assert stripe_api.refund(**ask, refused_before=1).state == "succeeded"


def test_an_account_is_the_providers_own_and_takes_cards_once_it_has_answered(card_company):
    account = stripe_api.open_account(key="T0001", email="owner@provider.example")
    again = stripe_api.open_account(key="T0001", email="owner@provider.example")

    assert account == again
    assert not account.takes_cards
    assert card_company.accounts[account.id]["sent"]["controller[fees][payer]"] == "account"
    assert card_company.accounts[account.id]["sent"]["country"] == "GB"
    link = stripe_api.account_link(
        account=account.id, return_url="https://b.example/1", refresh_url="https://b.example/2"
    )
    assert link.startswith("https://connect.stripe.com/")
    card_company.answer_questions(account.id)
    assert stripe_api.account(account.id).takes_cards


def test_no_answer_is_unavailable(card_company):
    card_company.down = True

    with pytest.raises(stripe_api.Unavailable):
        stripe_api.account("acct_1")


def test_an_event_that_stripe_signed_is_read(card_company):
    session = open_checkout()
    body, header = signed(card_company.pay(session.id), at=dt.datetime.now().timestamp())

    event = stripe_api.read_event(body, header)

    assert (event.type, event.account) == ("checkout.session.completed", SHOP)
    assert stripe_api.session_in(event) == stripe_api.session(account=SHOP, session_id=session.id)


@pytest.mark.parametrize("flaw", ["changed", "old", "another secret", "no signature", "no event", "no words"])
def test_what_stripe_did_not_sign_just_now_is_refused(card_company, flaw):
    moment = dt.datetime.now().timestamp()
    event = card_company.event("account.updated", {"id": SHOP}, SHOP)
    body, header = signed(event, at=moment)
    if flaw == "changed":
        body = body.replace(b"updated", b"deleted")
    elif flaw == "old":
        body, header = signed(event, at=moment - 301)
    elif flaw == "another secret":
        body, header = signed(event, at=moment, secret="whsec_of_a_thief")
    elif flaw == "no signature":
        header = ""
    elif flaw == "no event":
        body, header = signed({"type": "account.updated"}, at=moment)
    else:
        body, header = b"\xff", fakes.signature(b"\xff", at=int(moment))

    with pytest.raises(stripe_api.BadEvent):
        stripe_api.read_event(body, header)
