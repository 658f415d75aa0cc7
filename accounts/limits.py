"""How often something may be tried: counted in the database, so that every process counts together."""

import datetime as dt
import ipaddress

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from accounts.models import Tally

# One statement both counts and answers: to read first and write after would let a crowd through.
COUNT_ONE = """
INSERT INTO accounts_tally ("key", "window", "count") VALUES (%s, %s, 1)
ON CONFLICT ("key", "window") DO UPDATE SET "count" = accounts_tally."count" + 1
RETURNING "count"
"""


def allow(key, limit, seconds, now):
    """Count one try and return True while there have been at most `limit` in this window of `seconds`.

    Call it outside a transaction: a try that is rolled back would not be counted. The part of
    the key after the first colon (an address, an e-mail) is stored only as a keyed hash.
    """
    return count(key, seconds, now) <= limit


def count(key, seconds, now):
    """Count one try and return how many there have been in this window."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ONE, [_stored(key, seconds), _window(seconds, now)])
        return cursor.fetchone()[0]


def give_back(key, seconds, now):
    """Take one counted try back: it was no try but a right answer.

    Whoever counts a try first and gives a right one back afterwards leaves no moment in which a crowd passes.
    """
    rows = Tally.objects.filter(key=_stored(key, seconds), window=_window(seconds, now), count__gt=0)
    rows.update(count=F("count") - 1)


def is_used_up(key, limit, seconds, now):
    """Return True when the window has no try left; counts nothing."""
    return Tally.objects.filter(key=_stored(key, seconds), window=_window(seconds, now), count__gte=limit).exists()


def client_key(request):
    """Return what stands for the sender of a request: the address, or the network of an IPv6 address.

    The header X-Forwarded-For counts only behind a proxy of ours (BEHIND_PROXY), and only its last
    entry, the one which that proxy wrote: all before it is the sender's own invention.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        text = request.META.get("HTTP_X_FORWARDED_FOR", text).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if address.version == 6:
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        # A household is given a whole /64 and could change its address at will.
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def forget_old(now):
    """Delete the counts of windows that began more than two days ago; returns how many."""
    before = int((now - dt.timedelta(days=2)).timestamp())
    return Tally.objects.filter(window__lt=before).delete()[0]


def _window(seconds, now):
    moment = int(now.timestamp())
    return moment - moment % seconds


def _stored(key, seconds):
    purpose, _, who = key.partition(":")
    return f"{purpose}/{seconds}:{salted_hmac('accounts.limits', who).hexdigest()}"
