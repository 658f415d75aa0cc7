"""When a break costs more than is left: the four ways on, and paying the difference, directly or by card."""

from urllib.parse import urlencode

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import wording
from brochure import availability, catalogue
from brochure import wording as brochure_wording
from providers import stripe_api
from voucher import bookings, rules, top_ups
from voucher.bookings.alternatives import free_days
from voucher.forms.applications import day_of
from voucher.forms.carer import DayForm, TimeForm, as_typed
from voucher.forms.own_money import AskWithOwnMoneyForm
from voucher.ledger.acts import KeyWasUsed
from voucher.models import Booking, TopUp
from voucher.views.my import ask_again
from voucher.views.my.ask import DAYS_SHOWN, why_not_that_day, why_not_then
from voucher.views.my.open_award import award_required
from voucher.views.my.own_booking import booking_of
from voucher.views.numbers import whole
from voucher.views.offer_cards import moment_of
from voucher.views.own_money_words import top_up_of

State = Booking.State
SHORTER_SHOWN = 3
# A browser follows the press of a form only to where the page allows; only the page before leaving allows this.
TO_THE_CARD_PAGE = {"form-action": ["https://checkout.stripe.com"]}


class SeeOther(HttpResponseRedirect):
    """To another page, to be looked at and not pressed."""

    status_code = 303


@require_safe
@award_required
def too_dear(request, slug):
    """A break costs more than is left: shorten it, choose another, ask the team, or pay the difference."""
    starts_at = moment_of(request.GET.get("starts_at", ""))
    offer, quotes = _offer(request, slug, starts_at)
    minutes, then = whole(request.GET.get("minutes", ""), digits_most=6), _then(starts_at)
    if quotes is None or (minutes in quotes and quotes[minutes].is_affordable):
        return redirect(_address("my:ask", offer, **({"minutes": minutes} | then if quotes else {})))
    dear = {length: quote for length, quote in quotes.items() if not quote.is_affordable}
    if not dear:
        return redirect("my:ask", offer.slug)
    minutes, kept = minutes if minutes in dear else next(iter(dear)), ask_again.kept(request.GET)
    share = top_ups.share(award=request.award, offer=offer, price=dear[minutes], minutes=minutes)
    shorter = [length for length, quote in quotes.items() if quote.is_affordable and quote.amount][-SHORTER_SHOWN:]
    # Where the time alone makes it too dear, another time is a way on.
    least = _offer(request, slug, None)[1] if starts_at else quotes
    context = {
        "offer": offer,
        "starts_at": starts_at and starts_at.astimezone(availability.LONDON),
        "other_times": f"{reverse('my:ask', args=[offer.slug])}?{ask_again.with_kept(kept, minutes=minutes)}"
        if least and least[minutes].is_affordable
        else "",
        "unit": request.award.unit,
        "length": brochure_wording.length(minutes, offer.unit, offer.minutes),
        "quote": dear[minutes],
        "left": request.award.account.available,
        "share": share,
        "shorter": [
            {
                "text": brochure_wording.length(length, offer.unit, offer.minutes),
                "amount": quotes[length].amount,
                "url": f"{reverse('my:ask', args=[offer.slug])}?{ask_again.with_kept(kept, minutes=length, **then)}",
            }
            for length in reversed(shorter)
        ],
        "find": f"{reverse('brochure')}?{urlencode({'words': '', 'affordable': 'on'})}",
        "apply": _application_page(offer, dear[minutes].amount - request.award.account.available),
        "may_pay": offer.provider.takes_own_money and share.amount > 0,
        "own": _address("my:ask_own", offer, minutes=minutes, **then),
        "kept": kept,
    }
    return render(request, "my/own/too_dear.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def ask_own(request, slug):
    """Ask for a break of which the carer pays a share herself: the day, the time, and a last look."""
    typed, now = request.POST if request.method == "POST" else request.GET, timezone.now()
    offer, quotes = _offer(request, slug, moment_of(typed.get("starts_at", "").replace("+00:00", "Z")))
    minutes = whole(typed.get("minutes", ""), digits_most=6)
    if not quotes or minutes not in quotes or quotes[minutes].is_affordable:
        # Enough is left, or nothing of this can be had: the usual way says so.
        return redirect(_address("my:ask", offer))
    share = top_ups.share(award=request.award, offer=offer, price=quotes[minutes], minutes=minutes)
    # A press is not judged by what is left: pressed a second time, it finds all set aside by itself.
    if not offer.provider.takes_own_money or not (share.amount or request.method == "POST"):
        return redirect(_address("my:too_dear", offer, minutes=minutes))
    days = free_days(request.award, offer, minutes, now)
    if request.method == "POST":
        form, answer = _send(request, offer, minutes, now)
        if answer:
            return answer
        starts_at = form.cleaned_data.get("starts_at")
        if "starts_at" in form.errors:
            form.offer_times(days[:DAYS_SHOWN], bookings.rates_of(offer, timezone.localdate(now)))
        return _last_look(request, offer, form, starts_at, minutes, quotes[minutes])
    return _next_question(request, offer, minutes, days, now)


@require_http_methods(["GET", "HEAD", "POST"])
@csp_update(TO_THE_CARD_PAGE)
@award_required
def pay(request, ref):
    """The page before leaving for the card page: how much, to whom, and that it is in English only."""
    row, now = booking_of(request.award, ref), timezone.now()
    top_up = top_up_of(row)
    if row.state != State.UNPAID or top_up is None or now >= top_up.pay_by:
        return redirect("my:booking", row.ref)
    trouble = ""
    if request.method == "POST":
        try:
            return SeeOther(top_ups.open_card_page(booking=row, language=get_language(), now=now))
        except top_ups.NotPayable:
            return redirect("my:booking", row.ref)
        except stripe_api.Unavailable:
            trouble = "unavailable"
        except stripe_api.Refused:
            trouble = "refused"
    context = {"booking": row, "top_up": top_up, "unit": request.award.unit, "trouble": trouble}
    return render(request, "my/own/pay.html", context, status=503 if trouble else 200)


@require_safe
@award_required
def paid(request, ref):
    """Where the card page leads back to: ask what came of it, in case nobody has told us, and say what happens now."""
    row = booking_of(request.award, ref)
    top_up = top_ups.look(booking=row, now=timezone.now())
    row.refresh_from_db()
    if row.state == State.UNPAID and top_up:
        return render(request, "my/own/not_heard.html", {"booking": row, "top_up": top_up})
    return redirect("my:asked" if row.state == State.REQUESTED else "my:booking", row.ref)


def _then(starts_at):
    return {"starts_at": as_typed(starts_at)} if starts_at else {}


def _offer(request, slug, starts_at):
    """Return the offer and its quotes for a break that starts then, or for the cheapest time.

    No quotes where this award cannot have it at all, which my:ask explains.
    """
    offer, today = get_object_or_404(catalogue.known_offers(), slug=slug), timezone.localdate()
    try:
        bookings.refuse_offer(award=request.award, offer=offer, on=today, by=request.who)
        return offer, bookings.quotes(award=request.award, offer=offer, starts_at=starts_at, on=today)
    except bookings.Refused:
        return offer, None


def _ways(request, offer, own_pence, starts_at, now):
    asked = {"own_pence": own_pence, "starts_at": starts_at, "now": now}
    ways = top_ups.ways(provider=offer.provider, council=request.council, **asked)
    # Nobody types a carer's card for her.
    return [way for way in ways if way != TopUp.Way.CARD or not request.acting]


def _next_question(request, offer, minutes, days, now):
    """Ask for the day, then for the time; with both, show the last look."""
    if not days:
        return redirect(_address("my:ask", offer, minutes=minutes))
    starts_at, chosen = moment_of(request.GET.get("starts_at", "")), request.GET.get("day", "")
    if starts_at and not chosen:
        chosen = timezone.localdate(starts_at).isoformat()
    carried = {"minutes": minutes}
    typed = {"day": chosen} if chosen or "step" in request.GET else None
    rates = bookings.rates_of(offer, timezone.localdate(now))
    shown = days if chosen or request.GET.get("later") else days[:DAYS_SHOWN]
    why_not = why_not_that_day(request.award, offer, day_of(chosen), minutes, now)
    form = DayForm(typed, days=shown, rates=rates, why_not=why_not)
    if not form.is_valid():
        later = len(days) > DAYS_SHOWN and not request.GET.get("later")
        more = f"?{urlencode(carried | {'later': 1})}" if later else ""
        return _question(request, offer, "day", form, carried, more)
    free = next(free for free in days if free.day.isoformat() == chosen)
    if len(free.starts) == 1:
        starts_at = free.starts[0]
    if starts_at not in free.starts:
        typed = {"starts_at": request.GET.get("starts_at", "")} if request.GET.get("step") == "time" else None
        return _question(
            request, offer, "time", TimeForm(typed, starts=free.starts, rates=rates), carried | {"day": chosen}
        )
    quote = _offer(request, offer.slug, starts_at)[1][minutes]
    share = top_ups.share(award=request.award, offer=offer, price=quote, minutes=minutes)
    initial = {
        "minutes": minutes,
        "starts_at": as_typed(starts_at),
        "seen_price_pence": quote.price_pence,
        "seen_own_pence": share.own_pence,
    }
    ways = _ways(request, offer, share.own_pence, starts_at, now)
    form = AskWithOwnMoneyForm(initial=initial, ways=ways, provider=offer.provider, own_pence=share.own_pence)
    return _last_look(request, offer, form, starts_at, minutes, quote)


def _send(request, offer, minutes, now):
    """Return the form with what was wrong and no answer, or the answer of a request that was made."""
    own_pence = whole(request.POST.get("seen_own_pence", ""), digits_most=9) or 0
    starts_at = moment_of(request.POST.get("starts_at", "").replace("+00:00", "Z"))
    possible = _ways(request, offer, own_pence, starts_at, now)
    make = {"ways": possible, "provider": offer.provider}
    form = AskWithOwnMoneyForm(request.POST, **make, own_pence=own_pence)
    if not form.is_valid():
        if form.errors.keys() & {"key", "seen_price_pence", "seen_own_pence", "minutes"}:
            messages.error(request, _("Something was missing. Please choose again."))
            return form, redirect(_address("my:ask_own", offer, minutes=minutes))
        return form, None
    said = form.cleaned_data
    try:
        booking = top_ups.ask(
            award=request.award,
            offer=offer,
            starts_at=said["starts_at"],
            minutes=minutes,
            seen_price_pence=said["seen_price_pence"],
            seen_own_pence=said["seen_own_pence"],
            way=said["way"],
            note=said["note"],
            by=request.who,
            now=now,
            key=str(said["key"]),
        )
    except bookings.AlreadyAsked as earlier:
        messages.info(request, _("You have asked for this already. Here it is."))
        return form, redirect("my:booking", earlier.booking.ref)
    except KeyWasUsed:
        messages.info(request, _("You have sent this already. Here is what you have asked for."))
        return form, redirect("my:award")
    except bookings.Refused as refusal:
        return _refused(request, form, offer, minutes, refusal, make)
    return form, redirect("my:pay" if booking.state == State.UNPAID else "my:asked", booking.ref)


def _refused(request, form, offer, minutes, refusal, make):
    said = form.cleaned_data
    if isinstance(refusal, top_ups.StaleShare | bookings.StalePrice | top_ups.NotThatWay | bookings.NotEnough):
        # What is agreed to next is what is shown now.
        request.award.account.refresh_from_db()
        what = {"offer": offer, "starts_at": said["starts_at"], "minutes": minutes}
        price = bookings.quote(award=request.award, **what, on=timezone.localdate())
        share = top_ups.share(award=request.award, offer=offer, price=price, minutes=minutes)
        if price.is_affordable or not share.amount:
            return form, redirect(_address("my:too_dear", offer, minutes=minutes, **_then(said["starts_at"])))
        typed = form.data.copy()
        typed["seen_price_pence"], typed["seen_own_pence"] = price.price_pence, share.own_pence
        form = AskWithOwnMoneyForm(typed, **make, own_pence=share.own_pence)
        form.is_valid()
        sentence = _("What you would pay yourself has changed. It is now %(now)s, and was %(before)s.")
        words = {"now": wording.money(share.own_pence), "before": wording.money(said["seen_own_pence"])}
        if isinstance(refusal, top_ups.NotThatWay):
            sentence = _("It can no longer be paid in that way. Choose again.")
        form.add_error(None, sentence % words)
        return form, None
    by_time = bookings.OutsidePeriod | bookings.NotThatLate | bookings.TooSoon | bookings.Full | bookings.NotOpen
    if isinstance(refusal, by_time):
        form.add_error("starts_at", why_not_then(refusal))
        return form, None
    # The provider takes no money from carers any more, or the award cannot be used: the first page says so.
    return form, redirect(_address("my:too_dear", offer, minutes=minutes))


def _question(request, offer, step, form, carried, more=""):
    context = {"offer": offer, "step": step, "form": form, "carried": carried, "chosen": [], "more": more}
    return render(request, "my/ask.html", context)


def _last_look(request, offer, form, starts_at, minutes, quote):
    share = top_ups.share(award=request.award, offer=offer, price=quote, minutes=minutes)
    scheme, back = request.council.scheme, _address("my:ask_own", offer, minutes=minutes)
    rows = [{"key": _("What"), "value": offer.title}, {"key": _("Who"), "value": offer.provider.name}]
    context = {"offer": offer, "form": form, "quote": quote, "share": share, "unit": request.award.unit, "back": back}
    if starts_at and "starts_at" not in form.errors:
        span = wording.span(starts_at, availability.ends_at(offer, starts_at, minutes))
        rows.append({"key": _("When"), "value": capfirst(span), "href": back, "action": _("Change")})
    rows.append({"key": _("How long"), "value": brochure_wording.length(minutes, offer.unit, offer.minutes)})
    free_hours, late_percent = rules.cancel_terms(offer, scheme)
    context |= {"rows": rows, "free_minutes": free_hours * 60, "late_percent": late_percent}
    return render(request, "my/own/check.html", context)


def _address(name, offer, **query):
    return reverse(name, args=[offer.slug]) + (f"?{urlencode(query)}" if query else "")


def _application_page(offer, missing):
    """Return the address at which a carer asks the carers team for what is missing, in the award's unit."""
    return f"{reverse('my:apply', args=['more-to-use'])}?{urlencode({'amount': missing, 'offer': offer.slug})}"
