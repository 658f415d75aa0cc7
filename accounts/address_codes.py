"""A code by e-mail that proves an address: good for the browser that asked, fifteen minutes and five tries."""

import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import limits

SIGNS = "23456789BCDFGHJKMNPQRSTVWXZ"
LENGTH = 8
GOOD_FOR_SECONDS = 15 * 60
TRIES = 5
DAY = 24 * 60 * 60


class NotTheCode(Exception):
    """Another code was sent."""


class NoLongerGood(Exception):
    """Its time is over, or it was tried too often: a new one is to be asked for."""


def begin(session, key, *, email, now, **about):
    """Keep under that key of the session that this address is to be proved, and `about`; return the code to be sent.

    The session holds a keyed hash of the code and never the code.
    """
    code = "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))
    session[key] = {"email": email, "digest": _digest(code), "until": now.timestamp() + GOOD_FOR_SECONDS} | about
    return code


def check(session, key, typed, now):
    """Return quietly where the code that was sent was typed; else raise NotTheCode or NoLongerGood.

    Call it outside a transaction: a try is counted before it is looked at, so that no crowd gets past the fifth.
    """
    begun = session[key]
    if now.timestamp() >= begun["until"] or not limits.allow(f"{key}:{begun['digest']}", TRIES, DAY, now):
        raise NoLongerGood
    if not constant_time_compare(_digest(typed), begun["digest"]):
        raise NotTheCode


def _digest(code):
    bare = "".join(sign for sign in code.upper() if sign.isalnum())
    return salted_hmac("accounts.address_codes", bare, algorithm="sha256").hexdigest()
