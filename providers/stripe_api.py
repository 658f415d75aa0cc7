"""Talk with the card company Stripe: the only module that knows it.

A carer's card payment is made to the provider itself: each payment and each card refund is made in the provider's own
account there ("direct charge"), and none of that money ever passes through an account of ours or of a council. Where
a council pays its providers through the company, the money goes from the council's balance there to the provider's
account. Nothing here is called inside a transaction. Every call that makes something carries a key of ours, so that the
same call again makes it once.
"""

import json
from dataclasses import dataclass

import stripe
from django.conf import settings

# A carer waits for the answer, so it may not take long; what was not answered is asked again under the same key.
TIMEOUT_SECONDS = 10
RETRIES = 1
SIGNATURE_SECONDS = 300
CURRENCY = "gbp"


class Unavailable(Exception):
    """No answer, or none that settles it: what was asked for may have happened, and may be asked for again."""


class Refused(Exception):
    """It was refused, and will be again until something changes there; `code` is Stripe's word for why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class BadEvent(Exception):
    """What came in was not signed by Stripe, or not just now."""


@dataclass(frozen=True)
class Session:
    """One visit to the card page: `key` is ours; `is_paid` and `pence` say what came of it."""

    id: str
    key: str
    url: str
    is_open: bool
    is_over: bool
    is_paid: bool
    pence: int
    payment_intent: str


@dataclass(frozen=True)
class Refund:
    """A card refund: `state` is "succeeded", "pending", or why it has failed; `key` is ours where we asked for it."""

    id: str
    key: str
    state: str
    payment_intent: str


@dataclass(frozen=True)
class Account:
    """A provider's own account, and whether it can take card payments, and a council's payments, now."""

    id: str
    takes_cards: bool
    takes_transfers: bool = False


@dataclass(frozen=True)
class Event:
    """Something that happened in an account: `type` in Stripe's words, `about` the row it is about."""

    id: str
    type: str
    account: str
    about: dict


@dataclass(frozen=True)
class Charge:
    """A payment that went through, and how much of it has gone back to the card, in pence."""

    payment_intent: str
    back_pence: int


def is_set_up():
    """True where this site has both keys; without them carers pay providers directly, and no card is spoken of."""
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)


def open_checkout(*, account, key, pence, words, expires_at, success_url, cancel_url):
    """Open the card page for a payment of so many pence to the account, once for each key; return its Session.

    `words` stand on the card page and in the provider's account: no name, nothing about a person.

    Raises Unavailable, Refused.
    """
    price = {"currency": CURRENCY, "unit_amount": pence, "product_data": {"name": words}}
    wanted = {
        "mode": "payment",
        "payment_method_types": ["card"],
        "locale": "en-GB",
        "client_reference_id": key,
        "metadata": {"top_up": key},
        "payment_intent_data": {"metadata": {"top_up": key}, "description": words},
        "line_items": [{"quantity": 1, "price_data": price}],
        "expires_at": int(expires_at.timestamp()),
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    options = {"stripe_account": account, "idempotency_key": f"top-up-{key}"}
    return _session(_ask(lambda client: client.v1.checkout.sessions.create(wanted, options)))


def session(*, account, session_id):
    """Return the Session as it is now. Raises Unavailable, Refused."""
    options = {"stripe_account": account}
    return _session(_ask(lambda client: client.v1.checkout.sessions.retrieve(session_id, options=options)))


def close_checkout(*, account, session_id):
    """Close a card page, so that nothing can be paid on it any more; return its Session, paid, closed or both.

    Raises Unavailable, Refused.
    """
    options = {"stripe_account": account}
    try:
        return _session(_ask(lambda client: client.v1.checkout.sessions.expire(session_id, options=options)))
    except Refused:
        # Only an open one can be closed: it was paid, or its time was over.
        return session(account=account, session_id=session_id)


def refund(*, account, key, payment_intent, pence, refused_before=0):
    """Give so many pence of a payment back to the card, once for each key; return the Refund.

    A refusal is Stripe's answer to the key for a whole day; `refused_before` counts them, so that the next try is a new
    one. Raises Unavailable, Refused.
    """
    wanted = {"payment_intent": payment_intent, "amount": pence, "metadata": {"top_up": key}}
    options = {"stripe_account": account, "idempotency_key": f"refund-{key}-{refused_before}"}
    return _refund(_ask(lambda client: client.v1.refunds.create(wanted, options)))


def refund_made_before(*, account, key, payment_intent):
    """Return the newest Refund that was made under this key, or None: Stripe forgets keys after a day.

    Raises Unavailable, Refused.
    """
    options = {"stripe_account": account}
    wanted = {"payment_intent": payment_intent, "limit": 100}
    found = _ask(lambda client: client.v1.refunds.list(wanted, options))
    return next((refund for refund in map(_refund, found.data) if refund.key == key), None)


def open_account(*, key, email):
    """Open an account of the provider's own, once for each key; return its Account. Raises Unavailable, Refused.

    The provider pays Stripe's fees, answers Stripe's questions and sees its payments there itself.
    """
    wanted = {
        "country": "GB",
        "email": email,
        "controller": {
            "fees": {"payer": "account"},
            "losses": {"payments": "stripe"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "full"},
        },
        "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
        "metadata": {"provider": key},
    }
    options = {"idempotency_key": f"account-{key}"}
    return _account(_ask(lambda client: client.v1.accounts.create(wanted, options)))


def account(account_id):
    """Return the Account as it is now. Raises Unavailable, Refused."""
    return _account(_ask(lambda client: client.v1.accounts.retrieve(account_id)))


def account_link(*, account, return_url, refresh_url):
    """Return an address, good for one visit, at which the provider tells Stripe about itself.

    Raises Unavailable, Refused.
    """
    wanted = {
        "account": account,
        "type": "account_onboarding",
        "return_url": return_url,
        "refresh_url": refresh_url,
    }
    return _ask(lambda client: client.v1.account_links.create(wanted)).url


def pay(*, account, key, pence, words):
    """Pay a provider so many pence from the council's balance, once for each key; return the number of the transfer.

    `words` say which run; no name. Raises Unavailable, Refused.
    """
    wanted = {
        "amount": pence,
        "currency": CURRENCY,
        "destination": account,
        "transfer_group": key,
        "description": words,
    }
    return _ask(lambda client: client.v1.transfers.create(wanted, {"idempotency_key": f"payment-{key}"})).id


def paid_before(*, key):
    """Return the number of the transfer that was made under this key, or nothing: Stripe forgets keys after a day.

    Raises Unavailable, Refused.
    """
    found = _ask(lambda client: client.v1.transfers.list({"transfer_group": key, "limit": 1}))
    return found.data[0].id if found.data else ""


def read_event(body, signature):
    """Return the Event of a message that Stripe signed within the last five minutes; raise BadEvent for any other."""
    try:
        stripe.WebhookSignature.verify_header(body, signature, settings.STRIPE_WEBHOOK_SECRET, SIGNATURE_SECONDS)
        said = json.loads(body)
        return Event(said["id"], said["type"], said.get("account") or "", said["data"]["object"])
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as bad:
        raise BadEvent from bad


def session_in(event):
    """Return the Session that an event of a card page is about."""
    return _session(event.about)


def refund_in(event):
    """Return the Refund that an event is about."""
    return _refund(event.about)


def charge_in(event):
    """Return the Charge that an event is about; of a dispute, the one that is called into question."""
    return Charge(event.about.get("payment_intent") or "", event.about.get("amount_refunded") or 0)


def http_client():
    """Return what carries our calls; a test puts its own here."""
    return stripe.RequestsClient(timeout=TIMEOUT_SECONDS)


def _ask(question):
    """Ask one question. Every error becomes Unavailable or Refused; the text of none goes on: it may hold anything."""
    try:
        client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, http_client=http_client(), max_network_retries=RETRIES)
        return question(client)
    except (stripe.InvalidRequestError, stripe.CardError, stripe.PermissionError, stripe.IdempotencyError) as error:
        raise Refused(error.code or type(error).__name__) from None
    except stripe.StripeError:
        # Also a wrong key of ours: the people of this site can mend it, and then it works.
        raise Unavailable from None


def _session(row):
    row = _plain(row)
    return Session(
        id=row["id"],
        key=row.get("client_reference_id") or "",
        url=row.get("url") or "",
        is_open=row.get("status") == "open",
        is_over=row.get("status") == "expired",
        is_paid=row.get("payment_status") == "paid",
        pence=row.get("amount_total") or 0 if row.get("currency") == CURRENCY else 0,
        payment_intent=row.get("payment_intent") or "",
    )


def _refund(row):
    row = _plain(row)
    return Refund(
        id=row["id"],
        key=(row.get("metadata") or {}).get("top_up", ""),
        state=row.get("status") or "pending",
        payment_intent=row.get("payment_intent") or "",
    )


def _account(row):
    row = _plain(row)
    takes_transfers = (row.get("capabilities") or {}).get("transfers") == "active"
    return Account(id=row["id"], takes_cards=bool(row.get("charges_enabled")), takes_transfers=takes_transfers)


def _plain(row):
    return row if isinstance(row, dict) else row.to_dict()
