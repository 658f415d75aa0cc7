"""What was answered about a code at the door, kept a quarter of an hour so that its page can be looked at again.

The answer stands in the session of whoever asked, under a key of its own that the address may show: numbers only,
never the code. To look at it again is no new look at the carer's award, and asks nothing of it.
"""

import datetime as dt
import secrets

from django.utils import timezone

from brochure.wording import length
from voucher.door import code_checks
from voucher.models import Award

KEY = "answers"  # the key in the session
KEPT_FOR = dt.timedelta(minutes=15)
# So many pages back in the browser, or in several windows, are still there.
KEPT_MOST = 8


def keep(request, now, **told):
    """Keep an answer for the person who asked and the provider they asked for; returns the key to it."""
    kept = {key: each for key, each in request.session.get(KEY, {}).items() if not is_old(each, now)}
    key = secrets.token_urlsafe(8)
    kept[key] = {"provider": request.provider.pk, "user": request.user.pk, "at": now.isoformat()} | told
    request.session[KEY] = dict(list(kept.items())[-KEPT_MOST:])
    return key


def find(request, key, now):
    """Return what was kept under that key for this person and provider; None where it is too old, or not theirs."""
    kept = request.session.get(KEY, {}).get(key)
    if not kept or is_old(kept, now) or (kept["provider"], kept["user"]) != (request.provider.pk, request.user.pk):
        return None
    return kept


def shown(request, kept, offers, may_mark):
    """Return what the page says of a kept answer; "old" where what it says can no longer be so."""
    if kept is None:
        return {"answer": "old"}
    at = dt.datetime.fromisoformat(kept["at"])
    told = {"answer": kept["answer"], "checked_at": at}
    if kept["answer"] == "wait":
        return told | {"again_at": timezone.localtime(dt.datetime.fromisoformat(kept["again_at"]))}
    if kept["answer"] not in {"yes", "booked"}:
        return told | {"pin_typed": kept.get("pin_typed")}
    offer = offers.filter(pk=kept["offer"]).first()
    award = Award.objects.select_related("carer").get(pk=kept["award"])
    booked = [row for row in code_checks.today_at(award, request.provider, at) if row.pk in kept["booked"]]
    if offer is None or len(booked) < len(kept["booked"]):
        return {"answer": "old"}
    return told | {
        "yes": code_checks.Yes(award, kept["ref"], kept["price_pence"], kept["check"], booked),
        "takes_walk_in": kept["takes"],
        "with_pin": kept["with_pin"],
        "asked_offer": offer,
        "asked_for": what(offer, kept["minutes"]),
        "asked_is_booked": any(row.offer_id == offer.pk for row in booked),
        "may_mark": may_mark,
    }


def what(offer, minutes):
    """Return an offer and how much of it, in words."""
    return f"{offer.title}, {length(minutes, offer.unit, offer.minutes)}"


def is_old(kept, now):
    """True for what was kept under a moment `at` that is more than a quarter of an hour ago."""
    return now - dt.datetime.fromisoformat(kept["at"]) > KEPT_FOR
