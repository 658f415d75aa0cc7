"""A carer's PIN: four digits for the telephone, set by the carer, kept as a password is, and shown to nobody."""

import datetime as dt

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from accounts import history, limits
from voucher import messages, rules
from voucher.models import Carer

WRONG_AN_HOUR = 5
# Somebody with the patience of a machine would otherwise be through all of them within months.
WRONG_A_DAY = 20
HOUR = 60 * 60
DAY = 24 * HOUR


class WeakPin(Exception):
    """These four digits are among the first that anybody would try (R37)."""


class PinLocked(Exception):
    """There have been too many wrong tries, so even the right one waits."""


def put(*, carer, pin, by, now):
    """Set the carer's PIN, or a new one in place of the old; the carer is told. Raises WeakPin (R37)."""
    if rules.is_weak_pin(pin, phone=carer.phone):
        raise WeakPin
    kept = make_password(pin)
    with transaction.atomic():
        Carer.objects.filter(pk=carer.pk).update(pin=kept)
        history.record(act="pin.set", subject=carer, by=by, at=now, council=carer.council)
        messages.pin_changed(carer, has_pin=True, now=now)
    carer.pin = kept


def take_away(*, carer, by, now):
    """Take the PIN away, by the carer or by the carers team after a call back; returns True if there was one."""
    with transaction.atomic():
        taken = Carer.objects.filter(pk=carer.pk).exclude(pin="").update(pin="")
        if taken:
            history.record(act="pin.reset", subject=carer, by=by, at=now, council=carer.council)
            messages.pin_changed(carer, has_pin=False, now=now)
    carer.pin = ""
    return bool(taken)


def is_right(*, carer, pin, now):
    """Return True for the carer's own PIN; raise PinLocked after five wrong ones in an hour, or twenty in a day.

    Each try is counted before it is looked at, and a right one is given back, so that however many come at the
    same moment only five are looked at. Call it outside a transaction: a try that is rolled back is not counted.
    """
    counts = ((f"pin:{carer.pk}", WRONG_AN_HOUR, HOUR), (f"pin-a-day:{carer.pk}", WRONG_A_DAY, DAY))
    # Both are counted, whatever the first one says.
    allowed = [limits.allow(key, limit, seconds, now) for key, limit, seconds in counts]
    if not all(allowed):
        raise PinLocked
    right = bool(carer.pin) and check_password(pin, carer.pin)
    if right:
        for key, _limit, seconds in counts:
            limits.give_back(key, seconds, now)
    return right


def free_again_at(now):
    """Return when an hour's lock is over at the latest."""
    return now.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
