"""At a provider's door: whether a carer's code is enough, and what is taken from it where she came without booking."""

import datetime as dt
from contextlib import suppress

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from accounts.history import Who
from brochure import availability, catalogue, prices
from brochure.wording import unit_price
from providers.access import desk_required
from providers.models import Staff
from voucher import bookings
from voucher.carers import pins
from voucher.door import code_checks, walk_ins
from voucher.forms.provider.bookings import CheckCodeForm
from voucher.granting import awards
from voucher.ledger.acts import KeyWasUsed
from voucher.models import Award, Booking, WalkIn
from voucher.views.provider import door_answers

# The key in the session: what was answered with yes a moment ago, by its reference. Numbers only, never the code.
CHECKS = "checks"

State = WalkIn.State


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@desk_required
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # for the scanner, on this page only
@sensitive_post_parameters("code", "pin")
def check_code(request):
    """Answer whether a carer's code is enough for this offer now: yes with a first name and a reference, or no."""
    now = timezone.now()
    own = code_checks.offers(provider=request.provider, now=now)
    asked = {"offers": own, "priced": _priced_now(own, now)}
    context = {"has_offers": bool(asked["priced"])}
    if request.method == "POST":
        again = door_answers.find(request, request.POST.get("again", ""), now) or {}
        form = CheckCodeForm(request.POST, **asked, is_kept=bool(again.get("code")))
        if form.is_valid():
            told = _answer(request, form.cleaned_data, again.get("code"), now)
            # Back in the browser, and a page that is read anew, show the answer and ask nothing a second time.
            key = door_answers.keep(request, now, offer=form.cleaned_data["offer"].pk, **told)
            return redirect(f"{reverse('provider:check_code')}?{urlencode({'answer': key})}")
        context["again"] = request.POST.get("again", "")
    else:
        kept, key = None, request.GET.get("answer", "")
        if key:
            kept = door_answers.find(request, key, now)
            context |= door_answers.shown(request, kept, own, may_mark(request))
        kept = kept or {}
        # The next carer's code goes into an empty box; one that was good, and is to be tried again, stays.
        initial = {name: kept[name] for name in ("offer", "units") if name in kept}
        needs_pin = kept.get("answer") == "pin"
        form = CheckCodeForm(**asked, initial=initial, is_kept=bool(kept.get("code")), needs_pin=needs_pin)
        context["again"] = key
    return render(request, "provider/check_code.html", context | {"form": form})


@require_POST
@desk_required
def take_walk_in(request):
    """Take a walk-in that was checked a moment ago: at once where the PIN was right, else ask the carer for her yes."""
    now, ref = timezone.now(), request.POST.get("check", "")
    checked = request.session.get(CHECKS, {}).get(ref)
    if not checked or checked["provider"] != request.provider.pk or door_answers.is_old(checked, now):
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
        {"key": _("What"), "value": door_answers.what(row.offer, row.minutes)},
        {"key": _("When"), "value": capfirst(wording.moment(row.starts_at))},
        {"key": _("Price"), "value": wording.money(row.price_pence)},
    ]


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


def _answer(request, given, kept_code, now):
    """Return what was answered, as it is kept: the answer in a word, and after a yes the numbers it is about.

    Where the box was left empty, it is about the code of the answer before, by the number of its row.
    """
    typed = {"code": given["code"]} if given["code"] else {"code_number": kept_code}
    minutes = given["offer"].minutes * given["units"]
    try:
        yes = code_checks.check(
            provider=request.provider,
            offer=given["offer"],
            minutes=minutes,
            **typed,
            pin=given["pin"],
            by=Who(user=request.user),
            now=now,
        )
    except code_checks.Locked as locked:
        return {"answer": "wait", "again_at": locked.again_at.isoformat()}
    except code_checks.Wrong:
        # Only where the code was known to be good may it stay: a wrong code and a wrong PIN have one answer.
        told = {"answer": "no", "pin_typed": bool(given["pin"])}
        return told if given["code"] else told | _to_try_again(given, kept_code)
    except code_checks.NotEnough:
        return {"answer": "short"} | _to_try_again(given, kept_code)
    except code_checks.NothingBooked:
        return {"answer": "nothing"} | _to_try_again(given, kept_code)
    except code_checks.TooOften:
        return {"answer": "often"}
    except code_checks.Elsewhere:
        return {"answer": "elsewhere"}
    except code_checks.PinWanted:
        return {"answer": "pin"} | _to_try_again(given, kept_code)
    except pins.PinLocked:
        return {"answer": "locked"}
    offer = given["offer"]
    takes = walk_ins.takes_walk_ins(offer) and minutes in availability.lengths(offer) and yes.price_pence is not None
    # What is booked and not given yet is had with its booking; anything else can be taken beside it.
    takes = takes and not any(row.offer_id == offer.pk and row.state == Booking.State.CONFIRMED for row in yes.booked)
    if takes:
        _remember(request, given, minutes, yes, now)
    return {
        "answer": "booked" if yes.booked else "yes",
        "award": yes.award.pk,
        "minutes": minutes,
        "price_pence": yes.price_pence,
        "ref": yes.ref,
        "check": yes.check,
        "booked": [row.pk for row in yes.booked],
        "takes": takes,
        "with_pin": bool(yes.award.carer.pin),
    }


def _to_try_again(given, kept_code):
    """Return what stays in the form after a good code that was not enough, or wants its PIN: never the code itself."""
    number = awards.number_of(code=given["code"]) if given["code"] else kept_code
    return {"units": given["units"], "code": number}


def _count_no(request, award, now):
    """Count what was asked for and is more than there is; the sentence about it is said in any case."""
    with suppress(code_checks.Locked):
        code_checks.not_enough(provider=request.provider, award=award, by=Who(user=request.user), now=now)


def _remember(request, given, minutes, yes, now):
    """Keep what was checked for a quarter of an hour, so that the code need not be typed again."""
    checks = {ref: each for ref, each in request.session.get(CHECKS, {}).items() if not door_answers.is_old(each, now)}
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
    request.session[CHECKS] = dict(list(checks.items())[-door_answers.KEPT_MOST :])
