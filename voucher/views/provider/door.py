"""At a provider's door: whether a carer's code is enough, and what is taken from it where she came without booking."""

import datetime as dt
from contextlib import suppress

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from accounts.history import Who
from brochure import availability, catalogue, prices
from brochure.wording import length, unit_price
from providers.access import desk_required
from providers.models import Staff
from voucher import bookings, code_checks, pins, walk_ins
from voucher.forms.provider.bookings import CheckCodeForm
from voucher.ledger.acts import KeyWasUsed
from voucher.models import Award, Booking, WalkIn

# The key in the session: what was answered with yes a moment ago, by its reference. Numbers only, never the code.
CHECKS = "checks"
CHECKED_FOR = dt.timedelta(minutes=15)
CHECKS_KEPT = 5

State = WalkIn.State


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@desk_required
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # for the scanner, on this page only
@sensitive_post_parameters("code", "pin")
def check_code(request):
    """Answer whether a carer's code is enough for this offer now: yes with a first name and a reference, or no."""
    now = timezone.now()
    own = catalogue.live_offers(on=timezone.localdate(now)).filter(provider=request.provider)
    asked = {"offers": own, "priced": _priced_now(own, now)}
    form = CheckCodeForm(request.POST if request.method == "POST" else None, **asked)
    context = {"has_offers": bool(asked["priced"])}
    if form.is_valid():
        given = form.cleaned_data
        context |= _answer(request, given, now)
        if context["answer"] in {"yes", "booked"}:
            # The next carer's code goes into an empty box.
            form = CheckCodeForm(**asked, initial={"offer": given["offer"]})
    return render(request, "provider/check_code.html", context | {"form": form})


@require_POST
@desk_required
def take_walk_in(request):
    """Take a walk-in that was checked a moment ago: at once where the PIN was right, else ask the carer for her yes."""
    now, ref = timezone.now(), request.POST.get("check", "")
    checked = request.session.get(CHECKS, {}).get(ref)
    if not checked or checked["provider"] != request.provider.pk or _is_old(checked, now):
        messages.error(request, _("Some minutes have passed. Check the code again, and nothing is taken twice."))
        return redirect("provider:check_code")
    live = catalogue.live_offers(on=timezone.localdate(now)).filter(provider=request.provider)
    offer, award = live.filter(pk=checked["offer"]).first(), Award.objects.get(pk=checked["award"])
    take = walk_ins.book if checked["pin"] else walk_ins.ask
    try:
        code_checks.refuse_locked(provider=request.provider, now=now)
        if offer is None:
            raise bookings.NotLive
        row = take(
            award=award,
            offer=offer,
            minutes=checked["minutes"],
            # The moment of the check, so that a second press is the same act.
            starts_at=dt.datetime.fromisoformat(checked["at"]),
            seen_price_pence=checked["price_pence"],
            by=Who(user=request.user),
            now=now,
            key=f"walk-in/{request.provider.pk}/{ref}",
        )
    except code_checks.Locked as locked:
        words = _("Too many codes did not work. Try again from %(again)s on, or ring the carers team.")
        messages.error(request, words % {"again": wording.time(locked.again_at)})
    except bookings.Refused as refusal:
        if isinstance(refusal, bookings.NotEnough):
            _count_no(request, award, now)
        messages.error(request, why_no_walk_in(refusal))
    except KeyWasUsed:
        messages.error(request, _("This was done already. Look at the list of today."))
    else:
        return redirect("provider:walk_in", row.ref)
    return redirect("provider:check_code")


@require_safe
@never_cache
@desk_required
def walk_in(request, ref):
    """How a walk-in stands: waiting for the carer's yes, or booked."""
    now = timezone.now()
    rows = WalkIn.objects.select_related("offer", "booking", "award__carer")
    row = get_object_or_404(rows, provider=request.provider, ref=ref)
    context = {
        "walk_in": row,
        "state": walk_ins.state_of(row, now),
        "facts": walk_in_facts(row),
        "may_mark": may_mark(request),
        "first_name": row.award.carer.first_name,
    }
    return render(request, "provider/walk_in.html", context)


def may_mark(request):
    """True for posts that open a booking and say what was given; the desk does not."""
    return request.post.kind in {Staff.Kind.OWNER, Staff.Kind.BOOKINGS}


def walk_in_facts(row):
    """Return what both sides see of a walk-in: what, when, at what price."""
    return [
        {"key": _("What"), "value": _what(row.offer, row.minutes)},
        {"key": _("When"), "value": capfirst(wording.moment(row.starts_at))},
        {"key": _("Price"), "value": wording.money(row.price_pence)},
    ]


def _what(offer, minutes):
    return f"{offer.title}, {length(minutes, offer.unit, offer.minutes)}"


def why_no_walk_in(refusal):
    """Say to a provider why a walk-in cannot be taken; never what is on the award."""
    if isinstance(refusal, bookings.AlreadyAsked):
        return _("This is on your list of today already, with the number %(ref)s.") % {"ref": refusal.booking.ref}
    if isinstance(refusal, bookings.StalePrice):
        return _("The price has changed meanwhile. Check the code again.")
    if isinstance(refusal, bookings.Full):
        return _("All your places are taken at this time.")
    if isinstance(refusal, bookings.BadLength):
        return _("You do not offer it for that long.")
    if isinstance(refusal, (bookings.NotLive, walk_ins.NoWalkIns)):
        return _("This offer takes nobody without a booking just now.")
    if isinstance(refusal, bookings.OwnAward):
        return _("This award is your own, or you act for its carer. Ask a colleague to do this.")
    if isinstance(refusal, walk_ins.NotThen):
        return _("It is too long ago, or still to come. Choose a day and a time within what can be claimed.")
    return _("This code is not enough for this. The carer can ring the carers team.")


def _priced_now(offers, now):
    """Return {offer's id: what a unit costs that begins now}: that is what the code is checked against (R51)."""
    rows = prices.attach(list(offers), timezone.localdate(now))
    return {offer.pk: unit_price(offer.rates.at(now), offer.unit) for offer in rows}


def _answer(request, given, now):
    """Return what the page says: the answer in a word, and after a yes the name, the number and what can follow."""
    minutes = given["offer"].minutes * given["units"]
    try:
        yes = code_checks.check(
            provider=request.provider,
            offer=given["offer"],
            minutes=minutes,
            code=given["code"],
            pin=given["pin"],
            by=Who(user=request.user),
            now=now,
        )
    except code_checks.Locked as locked:
        return {"answer": "wait", "again_at": locked.again_at}
    except code_checks.Wrong:
        return {"answer": "no", "pin_typed": bool(given["pin"])}
    except code_checks.NotEnough:
        return {"answer": "short"}
    except code_checks.TooOften:
        return {"answer": "often"}
    except code_checks.Elsewhere:
        return {"answer": "elsewhere"}
    except code_checks.PinWanted:
        return {"answer": "pin"}
    except pins.PinLocked:
        return {"answer": "locked"}
    offer, with_pin = given["offer"], bool(yes.award.carer.pin)
    takes = walk_ins.takes_walk_ins(offer) and minutes in availability.lengths(offer) and yes.price_pence is not None
    # What is booked and not given yet is had with its booking; anything else can be taken beside it.
    takes = takes and not any(row.offer_id == offer.pk and row.state == Booking.State.CONFIRMED for row in yes.booked)
    if takes:
        _remember(request, given, minutes, yes, now)
    told = {"yes": yes, "takes_walk_in": takes, "with_pin": with_pin, "asked_offer": offer}
    told["asked_for"] = _what(offer, minutes)
    told["asked_is_booked"] = any(row.offer_id == offer.pk for row in yes.booked)
    return told | {"answer": "booked" if yes.booked else "yes", "may_mark": may_mark(request)}


def _count_no(request, award, now):
    """Count what was asked for and is more than there is; the sentence about it is said in any case."""
    with suppress(code_checks.Locked):
        code_checks.not_enough(provider=request.provider, award=award, by=Who(user=request.user), now=now)


def _remember(request, given, minutes, yes, now):
    """Keep what was checked for a quarter of an hour, so that the code need not be typed again."""
    checks = {ref: each for ref, each in request.session.get(CHECKS, {}).items() if not _is_old(each, now)}
    checks[yes.check] = {
        "provider": request.provider.pk,
        "award": yes.award.pk,
        "offer": given["offer"].pk,
        "minutes": minutes,
        "price_pence": yes.price_pence,
        # Where the carer has a PIN there is no yes without it.
        "pin": bool(yes.award.carer.pin),
        "at": now.isoformat(),
    }
    request.session[CHECKS] = dict(list(checks.items())[-CHECKS_KEPT:])


def _is_old(checked, now):
    return now - dt.datetime.fromisoformat(checked["at"]) > CHECKED_FOR
