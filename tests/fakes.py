"""A Stripe of our own: it answers what stripe's library asks, remembers payments and refunds, and keeps keys."""

import hashlib
import hmac
import itertools
import json
import threading
from urllib.parse import parse_qsl, urlsplit

import stripe
from django.db import connection

SECRET = "whsec_of_the_tests"


def signature(body, *, at, secret=SECRET):
    """Return the header that Stripe would send with this body at that moment (seconds)."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class FakeStripe(stripe.HTTPClient):
    """Stands in for the connection to Stripe.

    `down`: no answer at all. `loses_answers`: it does what it is asked, and the answer is lost on its way.
    `refuses_refunds` and `refuses_transfers` hold the error code with which one is refused.
    """

    name = "fake"

    def __init__(self):
        super().__init__()
        self.down = self.loses_answers = False
        self.refuses_refunds = self.refuses_transfers = ""
        self.transfers = []
        self.refunds_wait = False
        self.asked = []
        self.sessions, self.refunds, self.accounts, self._answers = {}, {}, {}, {}
        self._numbers, self._one_at_a_time = itertools.count(1), threading.Lock()

    # What the library calls.

    def request(self, method, url, headers, post_data=None, *, _usage=None):
        # What stays open around a test itself is no transaction of ours.
        assert all(block._from_testcase for block in connection.atomic_blocks), "Stripe was called in a transaction."
        parts = urlsplit(url)
        sent = dict(parse_qsl(post_data if method == "post" else parts.query, keep_blank_values=True))
        account, key = headers.get("Stripe-Account", ""), headers.get("Idempotency-Key", "")
        self.asked.append((method, parts.path, account, key, sent))
        if self.down:
            raise stripe.APIConnectionError("no answer", should_retry=False)
        with self._one_at_a_time:
            status, answer = self._once(key, account, parts.path, method, sent)
        if self.loses_answers:
            raise stripe.APIConnectionError("lost", should_retry=False)
        return json.dumps(answer), status, {}

    def close(self):
        pass

    # What people do on Stripe's own pages; each returns the event that Stripe then sends.

    def pay(self, session_id):
        row = self.sessions[session_id]
        assert row["status"] == "open", "Nobody can pay on a page that is closed."
        row |= {"status": "complete", "payment_status": "paid", "payment_intent": self._id("pi"), "url": None}
        return self.event("checkout.session.completed", row, row["account"])

    def expire(self, session_id):
        row = self.sessions[session_id]
        assert row["status"] == "open"
        row |= {"status": "expired", "url": None}
        return self.event("checkout.session.expired", row, row["account"])

    def answer_questions(self, account, *, charges_enabled=True):
        self.accounts[account]["charges_enabled"] = charges_enabled
        self.accounts[account]["capabilities"] = {"transfers": "active" if charges_enabled else "inactive"}
        return self.event("account.updated", self.accounts[account], account)

    def event(self, kind, about, account):
        about = {name: value for name, value in about.items() if name != "account"}
        return {
            "id": self._id("evt"),
            "object": "event",
            "type": kind,
            "account": account,
            "livemode": False,
            "data": {"object": about},
        }

    # Its inside.

    def _once(self, key, account, path, method, sent):
        """Keep the first answer to a key; the same key with other words is an error, as with Stripe."""
        if not key:
            return self._do(method, path, account, sent)
        asked = (path, sent)
        if (account, key) not in self._answers:
            self._answers[account, key] = (asked, self._do(method, path, account, sent))
        before, answer = self._answers[account, key]
        if before != asked:
            return 400, {"error": {"type": "idempotency_error", "message": "Keys can be used once."}}
        return answer

    def _do(self, method, path, account, sent):
        match [method, *path.removeprefix("/v1/").split("/")]:
            case ["post", "checkout", "sessions"]:
                return self._open_session(account, sent)
            case ["get", "checkout", "sessions", number]:
                row = self.sessions.get(number)
                return (200, dict(row)) if row and row["account"] == account else _error(404, "resource_missing")
            case ["post", "checkout", "sessions", number, "expire"]:
                if self.sessions[number]["status"] != "open":
                    return _error(400, "")
                self.expire(number)
                return 200, dict(self.sessions[number])
            case ["post", "refunds"]:
                return self._refund(account, sent)
            case ["get", "refunds"]:
                found = [row for row in self.refunds.values() if row["payment_intent"] == sent["payment_intent"]]
                return 200, {"object": "list", "data": found[::-1], "has_more": False, "url": "/v1/refunds"}
            case ["post", "accounts"]:
                row = {"id": self._id("acct"), "object": "account", "charges_enabled": False, "sent": sent}
                row["capabilities"] = {"transfers": "inactive"}
                self.accounts[row["id"]] = row
                return 200, dict(row)
            case ["get", "accounts", number]:
                return (200, dict(self.accounts[number])) if number in self.accounts else _error(403, "account_invalid")
            case ["post", "transfers"]:
                return self._transfer(sent)
            case ["get", "transfers"]:
                found = [row for row in self.transfers if row["transfer_group"] == sent["transfer_group"]]
                return 200, {"object": "list", "data": found[:1], "has_more": False, "url": "/v1/transfers"}
            case ["post", "account_links"]:
                return 200, {"object": "account_link", "url": f"https://connect.stripe.com/setup/{self._id('s')}"}
        raise AssertionError(f"This Stripe knows no {method} {path}.")

    def _open_session(self, account, sent):
        assert account, "A payment is made in the provider's own account."
        row = {
            "id": self._id("cs"),
            "object": "checkout.session",
            "account": account,
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "client_reference_id": sent["client_reference_id"],
            "currency": sent["line_items[0][price_data][currency]"],
            "amount_total": int(sent["line_items[0][price_data][unit_amount]"]) * int(sent["line_items[0][quantity]"]),
            "sent": sent,
        }
        row["url"] = f"https://checkout.stripe.com/c/pay/{row['id']}"
        self.sessions[row["id"]] = row
        return 200, dict(row)

    def _refund(self, account, sent):
        if self.refuses_refunds:
            return _error(400, self.refuses_refunds)
        paid = next(row for row in self.sessions.values() if row["payment_intent"] == sent["payment_intent"])
        assert paid["account"] == account
        before = sum(row["amount"] for row in self.refunds.values() if row["payment_intent"] == sent["payment_intent"])
        if before + int(sent["amount"]) > paid["amount_total"]:
            return _error(400, "charge_already_refunded")
        row = {
            "id": self._id("re"),
            "object": "refund",
            "amount": int(sent["amount"]),
            "payment_intent": sent["payment_intent"],
            "status": "pending" if self.refunds_wait else "succeeded",
            "metadata": {"top_up": sent["metadata[top_up]"]},
        }
        self.refunds[row["id"]] = row
        return 200, dict(row)

    def _transfer(self, sent):
        if self.refuses_transfers:
            return _error(400, self.refuses_transfers)
        kept = {name: sent[name] for name in ("transfer_group", "destination", "description")}
        row = {"id": self._id("tr"), "object": "transfer", "amount": int(sent["amount"])} | kept
        self.transfers.append(row)
        return 200, dict(row)

    def _id(self, kind):
        return f"{kind}_{next(self._numbers):04}"


def _error(status, code):
    return status, {"error": {"type": "invalid_request_error", "code": code or None, "message": "No."}}
