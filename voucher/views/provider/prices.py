"""A provider's prices of one offer: as they are, as they will be, and new ones from a day on."""

import datetime as dt

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import wording
from accounts.history import Who
from brochure import offering, price_changes
from brochure import prices as rules_of_prices
from brochure import wording as brochure_wording
from brochure.models import EditionOffer, Offer
from brochure.prices import Rate, Rates
from providers.access import offers_required
from voucher.forms.provider.prices import PricesForm
from voucher.granting import typical_awards


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@offers_required
def price_page(request, number):
    """Show the prices of an offer; what is typed is shown once more before it counts."""
    offer, today = _offer(request, number), timezone.localdate()
    known = _known_last(offer, today)
    typed = request.POST if request.method == "POST" else None
    form = PricesForm(typed, offer=offer, known=known, today=today)
    if typed and form.is_valid():
        try:
            if offer.state == Offer.State.DRAFT or request.POST.get("agreed"):
                return _set(request, offer, form)
            plan = price_changes.plan(offer=offer, rates=form.rates, first_day=form.cleaned_data["first_day"], on=today)
            if plan.first_day < plan.earliest:
                raise price_changes.TooEarly(plan.earliest)
        except price_changes.Refused as refusal:
            _say(form, refusal)
        else:
            return render(request, "provider/prices_check.html", _check(offer, form, plan))
    return render(request, "provider/prices.html", _shown(offer, form, today))


@require_POST
@offers_required
def take_back(request, number):
    """Take back a price that has not begun, or that the carers team has not answered."""
    offer = _offer(request, number)
    try:
        rate, first_day = Rate(request.POST.get("rate", "")), dt.date.fromisoformat(request.POST.get("first_day", ""))
        by = Who(user=request.user)
        price_changes.take_back(offer=offer, rate=rate, first_day=first_day, by=by, now=timezone.now())
    except (price_changes.AlreadyBegun, ValueError):
        messages.error(request, _("This price has begun or was taken back already. Nothing has changed."))
    else:
        messages.success(request, _("Taken back. The price stays as it is."))
    return redirect("provider:prices", number)


def _offer(request, number):
    rows = Offer.objects.filter(provider=request.provider).exclude(state=Offer.State.WITHDRAWN)
    return get_object_or_404(rows.select_related("provider__council__scheme", "category"), number=number)


def _set(request, offer, form):
    # Of a draft nobody asks from which day: it has no price before.
    first_day = form.cleaned_data.get("first_day") or timezone.localdate()
    by, now = Who(user=request.user), timezone.now()
    try:
        plan = price_changes.propose(offer=offer, rates=form.rates, first_day=first_day, by=by, now=now)
    except offering.NotPossible:
        raise Http404 from None
    if plan.waits:
        messages.success(request, _("Thank you. The carers team looks at it first, and tells you."))
    elif offer.state == Offer.State.DRAFT:
        messages.success(request, _("Saved. Carers see the price when the offer is in the brochure."))
    else:
        said = _("Saved. The new price begins on %(day)s; what is booked keeps its price.")
        messages.success(request, said % {"day": wording.day(plan.first_day)})
    return redirect("provider:prices", offer.number)


def _say(form, refusal):
    """Put into words, beside its field, why new prices cannot be."""
    if isinstance(refusal, price_changes.TooEarly):
        words = {"day": wording.day(refusal.first_day)}
        form.add_error(
            "first_day", _("This can begin on %(day)s at the earliest. Choose that day or a later one.") % words
        )
    elif isinstance(refusal, price_changes.NothingNew):
        form.add_error(None, _("These are the prices you have already. Change one of them first."))
    else:
        form.add_error("standard", _("Say first what it costs from Monday to Friday."))


def _known_last(offer, today):
    """Return {rate: pence} of each price as it will be once all that is set has begun, without what is left out."""
    last = offer.prices.order_by("first_day").values_list("first_day", flat=True).last() or today
    known = rules_of_prices.own_rates([offer.pk], max(last, today)).get(offer.pk, {})
    possible = {rates[0] for rates in rules_of_prices.possible_starts(offer.unit)}
    return {rate: pence for rate, pence in known.items() if rate in possible}


def _shown(offer, form, today):
    """Return what the page shows: today's prices, what comes, what waits, and what is promised in print."""
    own = rules_of_prices.own_rates([offer.pk], today).get(offer.pk, {})
    scheme = offer.provider.council.scheme
    waiting = sorted(price_changes.waiting_prices(offer).items(), key=lambda each: (each[0][1], each[0][0]))
    return {
        "offer": offer,
        "form": form,
        "is_draft": offer.state == Offer.State.DRAFT,
        "has_other_rates": any(rate != Rate.STANDARD for rate in form.known),
        "rows": [_line(offer, rate, own[rate]) for rate in Rate if rate in own],
        "coming": [
            _coming(offer, row.rate, row.first_day, row.price_pence) for row in price_changes.coming(offer, on=today)
        ],
        "waiting": [_coming(offer, rate, day, pence) for (rate, day), pence in waiting],
        "promises": _promises(offer, today, today),
        "awards": typical_awards.in_words(offer.provider.council.region),
        "typical": _typical(offer, own.get(Rate.STANDARD)),
        "notice_days": scheme.price_notice_days,
        "percent": scheme.price_rise_percent,
    }


def _typical(offer, price_pence):
    """Return what typical awards of the region buy at the price from Monday to Friday, a sentence each."""
    region = offer.provider.council.region
    return typical_awards.what_they_buy(region, price_pence=price_pence, unit=offer.unit, minutes=offer.minutes)


def _promises(offer, today, day):
    """Return what the editions that are out by now still promise on a day, the newest first (R23)."""
    rows = EditionOffer.objects.filter(offer=offer, edition__made_on__lte=today, edition__prices_until__gte=day)
    return [
        {
            "number": row.edition.number,
            "until": row.edition.prices_until,
            "words": brochure_wording.all_rates(row.rates_printed, offer.unit),
        }
        for row in rows.select_related("edition").prefetch_related("rates").order_by("-edition__number")
    ]


def _line(offer, rate, pence):
    unit = offer.unit
    key = _("Price") if unit == Offer.Unit.COURSE else brochure_wording.when_it_counts(rate)
    return {"key": key, "value": brochure_wording.price_or_left_out(rate, pence, unit)}


def _coming(offer, rate, first_day, pence):
    return _line(offer, rate, pence) | {"rate": str(rate), "first_day": first_day}


def _check(offer, form, plan):
    """Return what is shown before new prices count: each that changes, before and after, and what happens then."""
    before = rules_of_prices.own_rates([offer.pk], plan.first_day).get(offer.pk, {})
    was, will = Rates(offer.unit, before), Rates(offer.unit, rules_of_prices.with_change(before, plan.rates))
    starts = {rates[0]: rates for rates in reversed(rules_of_prices.possible_starts(offer.unit))}
    rows = []
    for rate in Rate:
        if rate in plan.rates:
            words = {
                "before": brochure_wording.unit_price(was.of(starts[rate]), offer.unit) if before else _("Nothing yet"),
                "after": brochure_wording.unit_price(will.of(starts[rate]), offer.unit),
            }
            said = _("%(after)s (until then %(before)s)") % words
            if plan.rates[rate] is None:
                said = f"{said}\n{capfirst(brochure_wording.left_out(rate))}"
            rows.append({"key": _line(offer, rate, 0)["key"], "value": said})
    rows.append({"key": _("First day"), "value": capfirst(wording.day(plan.first_day))})
    sent = [(name, form[name].value()) for name in form.fields if name != "first_day"]
    day = {"day": plan.first_day.day, "month": plan.first_day.month, "year": plan.first_day.year}
    return {
        "offer": offer,
        "plan": plan,
        "rows": rows,
        "typical": _typical(offer, will.standard),
        "percent": offer.provider.council.scheme.price_rise_percent,
        "promises": _promises(offer, timezone.localdate(), plan.first_day) if plan.is_dearer else [],
        "sent": [*sent, *((f"first_day_{part}", number) for part, number in day.items())],
        "back": reverse("provider:prices", args=[offer.number]),
    }
