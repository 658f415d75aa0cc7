"""Asking for a break, one question a page: how long, which day, what time, and a last look before it is sent."""

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import wording
from brochure import availability, catalogue, wording_of_times
from brochure import wording as brochure_wording
from voucher import bookings, rules
from voucher.bookings.alternatives import free_days
from voucher.forms.applications import day_of
from voucher.forms.carer import AskForm, DayForm, LengthForm, TimeForm, as_typed
from voucher.ledger.acts import KeyWasUsed
from voucher.views.my import ask_again, ask_more
from voucher.views.my.applications import after_the_end
from voucher.views.my.open_award import award_required
from voucher.views.numbers import whole
from voucher.views.offer_cards import moment_of

# Days on the first page of choices; the rest is behind a link.
DAYS_SHOWN = 14
# These refusals are mended by another time.
TIMES = (
    *(bookings.OutsidePeriod, bookings.NotThatLate, bookings.TooSoon),
    *(bookings.BadLength, bookings.NotOpen, bookings.Full),
)
# A break that leaves less than one part in twenty is said to use almost all.
ALMOST_ALL = 20


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def ask(request, slug):
    """Lead from an offer to a request for it; only the last page changes anything."""
    offer, now = get_object_or_404(catalogue.known_offers(), slug=slug), timezone.now()
    try:
        bookings.refuse_offer(award=request.award, offer=offer, on=timezone.localdate(now), by=request.who)
        quotes = _quotes(request, offer, None, now)
    except bookings.Refused as refusal:
        return _cannot(request, offer, refusal)
    if request.method == "POST":
        return _send(request, offer, now)
    if too_dear := _too_dear(request, offer, quotes):
        return redirect(too_dear)
    affordable = {minutes: quote for minutes, quote in quotes.items() if quote.is_affordable}
    return _next_question(request, offer, affordable, now)


def _too_dear(request, offer, quotes):
    """Return the address of the four ways on, where the length that was chosen, or every length, costs too much.

    Too much at any time: what is too dear only at the time that is chosen shows when that is known. On the way it
    notes for the question how long, where each longer one leads.
    """
    dear = [minutes for minutes, quote in quotes.items() if not quote.is_affordable]
    page, along = reverse("my:too_dear", args=[offer.slug]), ask_again.kept(request.GET)
    request.longer = [
        {
            "text": brochure_wording.length(minutes, offer.unit, offer.minutes),
            "price_pence": quotes[minutes].price_pence,
            "url": f"{page}?{ask_again.with_kept(along, minutes=minutes)}",
        }
        for minutes in dear
    ]
    chosen = whole(request.GET.get("minutes", ""))
    if chosen in dear:
        return f"{page}?{ask_again.with_kept(along, minutes=chosen)}"
    return f"{page}?{urlencode(along)}" if len(dear) == len(quotes) else ""


def _next_question(request, offer, quotes, now):
    """Ask the first question that has no good answer in the address yet."""
    asked = request.GET.get("step")
    minutes = next(iter(quotes))
    if len(availability.lengths(offer)) > 1:
        typed = request.GET if asked or "minutes" in request.GET else None
        form = LengthForm(typed, offer=offer, quotes=quotes, unit=request.award.unit)
        if not form.is_valid():
            # A day that was found with the offer, or a time that was chosen, goes along while the length is.
            day, starts_at = day_of(request.GET.get("day", "")), moment_of(request.GET.get("starts_at", ""))
            carried = {"day": day.isoformat()} if day else {}
            carried |= {"starts_at": as_typed(starts_at)} if starts_at else {}
            return _question(request, offer, "length", form, carried)
        minutes = form.cleaned_data["minutes"]
    carried = {"minutes": minutes}
    day = request.GET.get("day") or request.GET.get("starts_at", "")[:10]
    if beyond := after_the_end(request, offer, day_of(day), minutes):
        return beyond
    days = free_days(request.award, offer, minutes, now)
    if not days:
        is_in_order = offer.is_in_order(on=timezone.localdate(now))
        return _cannot(request, offer, bookings.Full() if is_in_order else bookings.NotLive())
    starts_at = moment_of(request.GET.get("starts_at", ""))
    chosen = request.GET.get("day") or (timezone.localdate(starts_at).isoformat() if starts_at else "")
    shown = days if request.GET.get("later") or chosen else days[:DAYS_SHOWN]
    rates = bookings.rates_of(offer, timezone.localdate(now))
    why_not = why_not_that_day(request.award, offer, day_of(chosen), minutes, now)
    form = DayForm({"day": chosen} if chosen or asked == "day" else None, days=shown, rates=rates, why_not=why_not)
    if not form.is_valid():
        return _question(request, offer, "day", form, carried, later=len(days) > len(shown))
    free = next(free for free in days if free.day.isoformat() == chosen)
    if len(free.starts) == 1 and not starts_at:
        starts_at = free.starts[0]
    if starts_at not in free.starts:
        typed = {"starts_at": request.GET.get("starts_at", "")} if starts_at or asked == "time" else None
        form = TimeForm(typed, starts=free.starts, rates=rates)
        form.is_valid()
        return _question(request, offer, "time", form, carried | {"day": chosen})
    quote = _quotes(request, offer, starts_at, now)[minutes]
    if not quote.is_affordable:
        query = ask_again.with_kept(ask_again.kept(request.GET), minutes=minutes, starts_at=as_typed(starts_at))
        return redirect(f"{reverse('my:too_dear', args=[offer.slug])}?{query}")
    initial = {"minutes": minutes, "starts_at": as_typed(starts_at), "seen_price_pence": quote.price_pence}
    data = ask_again.moved(request.GET, starts_at=starts_at, minutes=minutes)
    more = ask_more.read(data, award=request.award, offer=offer, starts_at=starts_at, now=now, by=request.who)
    return _last_look(request, offer, AskForm(initial=initial), starts_at, minutes, quote, now, more)


def _quotes(request, offer, starts_at, now):
    return bookings.quotes(award=request.award, offer=offer, starts_at=starts_at, on=timezone.localdate(now))


def _send(request, offer, now):
    form = AskForm(request.POST)
    form.is_valid()
    minutes, starts_at = form.cleaned_data.get("minutes"), form.cleaned_data.get("starts_at")
    quotes = _quotes(request, offer, starts_at, now)
    if minutes not in quotes or form.errors.keys() & {"key", "seen_price_pence"}:
        messages.error(request, _("Something was missing. Please choose again."))
        return redirect("my:ask", offer.slug)
    data = ask_again.moved(request.POST, starts_at=starts_at, minutes=minutes)
    more = ask_more.read(data, award=request.award, offer=offer, starts_at=starts_at, now=now, by=request.who)
    # What has moved to another time with the break is looked at once more before it is asked for.
    unseen = more.gone or (data is not request.POST and (more.also or more.sitters))
    # What this form has asked for already is shown again: its sitter is no longer free, because she is asked.
    sent = _sent_before(request, form) if unseen else None
    if form.is_valid() and (sent or not unseen):
        try:
            made = sent or _ask(request, offer, form, more, now)
        except bookings.AlreadyAsked as earlier:
            messages.info(request, _("You have asked for this already. Here it is."))
            return redirect("my:booking", earlier.booking.ref)
        except KeyWasUsed:
            messages.info(request, _("You have sent this already. Here is what you have asked for."))
            return redirect("my:award")
        except bookings.Refused as refusal:
            if (refusal.part, refusal.position) != (1, 1):
                more = ask_more.say_refused(request, refusal, more)
                query = more.query(minutes=minutes, starts_at=as_typed(starts_at))
                return redirect(f"{reverse('my:ask', args=[offer.slug])}?{query}")
            if isinstance(refusal, bookings.OutsidePeriod):
                beyond = after_the_end(request, offer, timezone.localdate(starts_at), minutes)
                if beyond:
                    return beyond
            if isinstance(refusal, bookings.NotEnough):
                first = more.query(minutes=minutes, starts_at=as_typed(starts_at))
                query = f"{first}&{urlencode([ask_again.was(starts_at, minutes)])}"
                return redirect(f"{reverse('my:too_dear', args=[offer.slug])}?{query}")
            if isinstance(refusal, (bookings.StalePrice, *TIMES)):
                form = _with_refusal(form, refusal)
            else:
                return _cannot(request, offer, refusal)
        else:
            return redirect("my:asked", made)
    if "starts_at" in form.errors:
        rates = bookings.rates_of(offer, timezone.localdate(now))
        form.offer_times(free_days(request.award, offer, minutes, now)[:DAYS_SHOWN], rates)
    return _last_look(request, offer, form, starts_at, minutes, quotes[minutes], now, more)


def _sent_before(request, form):
    """Return the reference of what this same form has asked for already, so that a second press is harmless."""
    key = form.cleaned_data.get("key")
    return bookings.asked_with(key=str(key), award=request.award, actor=request.who.actor) if key else None


def _ask(request, offer, form, more, now):
    typed = form.cleaned_data
    seen = ask_more.seen_prices(request.POST)
    first = bookings.Wanted(offer, typed["starts_at"], typed["minutes"], typed["seen_price_pence"])
    made = bookings.ask(
        award=request.award,
        parts=ask_more.parts(first, more, seen),
        note=typed["note"],
        by=request.who,
        now=now,
        key=str(typed["key"]),
    )
    return made[0].ref


def _with_refusal(form, refusal):
    """Return the form with the refusal as a sentence beside its field, and with what was typed."""
    if isinstance(refusal, bookings.StalePrice):
        sentence = _("The price has changed. It is now %(now)s, and was %(before)s. If that suits you, ask again.") % {
            "now": wording.money(refusal.price_pence),
            "before": wording.money(form.cleaned_data["seen_price_pence"]),
        }
        typed = form.data.copy()
        # The new price is what the next press agrees to.
        typed["seen_price_pence"] = refusal.price_pence
        form = AskForm(typed)
        form.add_error(None, sentence)
        return form
    form.add_error("starts_at", why_not_then(refusal))
    return form


def why_not_then(refusal):
    """Return the sentence for a time that cannot be had."""
    if isinstance(refusal, bookings.OutsidePeriod):
        words = {"first": wording.day(refusal.first_day), "last": wording.day(refusal.last_day)}
        if refusal.nights:
            return _nights_sentence(refusal)
        if refusal.sessions:
            return _("Your award ends before the last session of this course. Choose another one.")
        return _("Your award is for breaks from %(first)s to %(last)s. Choose a day between them.") % words
    if isinstance(refusal, bookings.NotThatLate):
        return _only_up_to(refusal.last_day)
    if isinstance(refusal, bookings.TooSoon):
        return ngettext(
            "They need %(hours)s hour to get ready. Choose a later time.",
            "They need %(hours)s hours to get ready. Choose a later time.",
            refusal.notice_hours,
        ) % {"hours": refusal.notice_hours}
    if isinstance(refusal, bookings.Full):
        return _("Someone else has just taken that time. Choose another.")
    return _("They are closed at that time. Choose another.")


def why_not_that_day(award, offer, day, minutes, now):
    """Return why nobody can ask for a day, or "" where it could be asked for if it were free."""
    account = award.account
    if day is None:
        return ""
    if not account.first_day <= day <= account.last_day:
        return why_not_then(bookings.OutsidePeriod(first_day=account.first_day, last_day=account.last_day))
    starts = list(availability.possible_starts(offer, day, minutes))
    ends_on = timezone.localdate(availability.ends_at(offer, starts[-1], minutes)) if starts else day
    if not offer.is_in_order(on=ends_on):
        return _only_up_to(offer.good_until)
    if day > (furthest := availability.last_day_ahead(now)):
        sentence = _("A day so far ahead cannot be asked for yet. Choose one up to %(day)s.")
        return sentence % {"day": wording.day(furthest)}
    return ""


def _only_up_to(last_day):
    """Say up to when a provider takes bookings, and not why: its papers are between it and the council."""
    sentence = _("They take bookings only up to %(day)s just now, and the break must be over by then. Choose another.")
    return sentence % {"day": wording.day(last_day)}


def _nights_sentence(refusal):
    words = {"covered": refusal.covered, "nights": refusal.nights, "last": wording.day(refusal.last_day)}
    sentence = ngettext(
        "Your award ends on %(last)s, so %(covered)s of these %(nights)s nights is covered. "
        "Choose fewer nights, or ring us to ask for more time.",
        "Your award ends on %(last)s, so %(covered)s of these %(nights)s nights are covered. "
        "Choose fewer nights, or ring us to ask for more time.",
        refusal.covered,
    )
    return sentence % words


def _question(request, offer, step, form, carried, later=False):
    kept = ask_again.kept(request.GET)
    context = {
        "kept": kept,
        "offer": offer,
        "step": step,
        "form": form,
        "carried": carried,
        "chosen": _chosen(offer, carried, kept),
        "more": f"?{ask_again.with_kept(kept, **carried, later=1)}" if later else "",
    }
    return render(request, "my/ask.html", context)


def _chosen(offer, carried, kept):
    """Return what is settled so far, each line with a way back to change it."""
    page, rows = reverse("my:ask", args=[offer.slug]), []
    if "minutes" in carried and len(availability.lengths(offer)) > 1:
        length = brochure_wording.length(carried["minutes"], offer.unit, offer.minutes)
        rows.append((_("How long"), length, f"{page}?{urlencode(kept)}" if kept else page))
    if "day" in carried:
        back = f"{page}?{ask_again.with_kept(kept, **{key: carried[key] for key in carried if key == 'minutes'})}"
        rows.append((_("Day"), capfirst(wording.day(dt.date.fromisoformat(carried["day"]))), back))
    return [{"key": key, "value": value, "href": href, "action": _("Change")} for key, value, href in rows]


def _last_look(request, offer, form, starts_at, minutes, quote, now, more):
    award, scheme = request.award, request.council.scheme
    page = reverse("my:ask", args=[offer.slug])
    # The other choices and the sitter go along with whatever is changed.
    kept = more.named()
    if starts_at and kept:
        kept.append(ask_again.was(starts_at, minutes))
    back = f"{page}?{ask_again.with_kept(kept, minutes=minutes)}"
    rows = [{"key": _("What"), "value": offer.title}, {"key": _("Who"), "value": offer.provider.name}]
    context = {"offer": offer, "form": form, "quote": quote, "unit": award.unit, "back": back}
    if starts_at and "starts_at" not in form.errors:
        ends_at = availability.ends_at(offer, starts_at, minutes)
        free_hours, late_percent = rules.cancel_terms(offer, scheme)
        free_until = starts_at.astimezone(dt.UTC) - dt.timedelta(hours=free_hours)
        when = capfirst(wording.span(starts_at, ends_at))
        rows.append({"key": _("When"), "value": when, "href": back, "action": _("Change")})
        if offer.unit == offer.Unit.COURSE:
            spans = availability.spans(offer, starts_at, minutes)
            rows.append({"key": _("Sessions"), "value": wording_of_times.sessions(spans)})
        context |= {
            "answer_by": bookings.answer_by(scheme, offer, starts_at, now),
            "free_until": free_until if free_until > now else None,
            "late_percent": late_percent,
        }
        context |= ask_more.last_look_context(request, offer, starts_at, minutes, quote, more)
    else:
        context["kept"] = kept
    if len(availability.lengths(offer)) > 1:
        first = {"starts_at": as_typed(starts_at)} if starts_at else {}
        longer = {"href": f"{page}?{ask_again.with_kept(kept, **first)}", "action": _("Change")}
        length = brochure_wording.length(minutes, offer.unit, offer.minutes)
        rows.append({"key": _("How long"), "value": length} | longer)
    rows.append({"key": _("Price"), "value": wording.money(quote.price_pence) if quote.price_pence else _("Free")})
    context |= {
        "rows": rows,
        "uses_almost_all": quote.amount
        and (quote.left_after - more.sitter_amount) * ALMOST_ALL < award.account.available,
    }
    return render(request, "my/ask_check.html", context)


def _cannot(request, offer, refusal):
    """Say why this award cannot have this offer, and what can be done instead."""
    kind = type(refusal).__name__
    context = {"offer": offer, "kind": kind, "refusal": refusal, "unit": request.award.unit}
    furthest, last_day = availability.last_day_ahead(timezone.now()), request.award.account.last_day
    # What ends first is what a carer is told: nothing that she could ask for is free until then.
    if offer.good_until and offer.good_until < min(furthest, last_day):
        context["only_up_to"] = offer.good_until
    elif furthest < last_day:
        context["not_yet_after"] = furthest
    return render(request, "my/ask_cannot.html", context)
