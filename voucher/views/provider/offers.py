"""A provider's own offers: listed, made in short steps, changed, hidden, withdrawn."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.history import Who
from brochure import care_checks, catalogue, offer_content, offering, photos
from brochure.models import Offer, OfferVersion
from brochure.prices import with_change
from brochure.wording import all_rates, unit_price
from providers.access import offers_required
from voucher.bookings import changed_hours
from voucher.carers import outcomes, wishes
from voucher.forms.provider.offers import PARTS, WordsForm, form_of
from voucher.granting import typical_awards
from voucher.standing import offer_desk

State = Offer.State
VERSIONS_SHOWN = 20


@require_safe
@never_cache
@offers_required
def offers(request):
    """The provider's own offers, whatever their state, with today's price, the next one, and what waits."""
    today = timezone.localdate()
    rows = Offer.objects.filter(provider=request.provider).select_related("category").prefetch_related("prices")
    shown = {row.pk: row for row in catalogue.live_offers(on=today).filter(provider=request.provider)}
    again, pictures = outcomes.would_use_again(rows), photos.shown(rows)
    versions = OfferVersion.objects.filter(offer__provider=request.provider, state=OfferVersion.State.WAITING)
    waiting = set(versions.values_list("offer", flat=True))
    listed = []
    for offer in rows:
        _price, next_price = _prices(offer, today)
        listed.append(
            {
                "offer": offer,
                "hours": offer_content.hours_in_words(offer.hours),
                "price": _rates_in_words(offer, today),
                "next_price": next_price and unit_price(next_price.price_pence, offer.unit),
                "next_day": next_price and next_price.first_day,
                "shown": offer.pk in shown,
                "promised": _promised(shown.get(offer.pk)),
                "again": again.get(offer.pk),
                "waits": offer.pk in waiting,
                "photo": next(iter(pictures.get(offer.pk, ())), None),
            }
        )
    wished_for = wishes.counts(now=timezone.now(), region=request.provider.council.region)
    context = {"offers": listed, "wished_for": [each for each in wished_for if each.people]}
    return render(request, "provider/offers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@offers_required
def new_offer(request):
    """The first step: what it is. It makes a draft, so that the others can be left and gone on with."""
    form = WordsForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        draft = offering.make_draft(
            provider=request.provider, **form.cleaned_data, by=Who(user=request.user), now=timezone.now()
        )
        return redirect(_step(draft, _next_part("words")))
    return render(request, "provider/offer_part.html", _part_context("words", None, form, step=True))


@require_safe
@never_cache
@offers_required
def offer(request, number):
    """One offer: how it stands, every part with a way to change it, what waits, photos, and what was before."""
    row = own_offer(request, number)
    waiting = offering.waiting_version(row)
    before, after = offering.before_and_after(waiting, row) if waiting else (None, None)
    today = timezone.localdate()
    shown = catalogue.live_offers(on=today).filter(pk=row.pk).exists()
    price, _next_price = _prices(row, today)
    is_draft = row.state == State.DRAFT
    context = {
        "offer": row,
        "is_draft": is_draft,
        "shown": shown,
        "parts": _parts(row),
        "missing": offering.missing(row) if is_draft else [],
        "waiting": waiting,
        "differences": offer_content.differences(before, after) if waiting and not is_draft else [],
        "lacks": offering.checks_missing(waiting, row, on=today) if waiting else _lacks(row, today),
        "photos": photos.kept(row),
        "versions": row.versions.select_related("made_by", "answered_by").order_by("-number")[:VERSIONS_SHOWN],
        "typical": _typical(row, price),
        "prices_today": _rates_in_words(row, today),
        "may_change": row.state != State.WITHDRAWN,
    }
    return render(request, "provider/offer.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@offers_required
def edit_offer(request, number, part):
    """One part of an offer. Of a draft the steps follow one another; what matters of a live one goes past the team."""
    row = own_offer(request, number)
    if part not in PARTS or not _has_form(part, row):
        raise Http404
    if row.state == State.WITHDRAWN:
        return not_possible(request, row, row.state)
    if part == "when" and row.state != State.DRAFT and request.method != "POST":
        # New hours may touch what is booked: there that is shown first.
        return redirect("provider:hours", row.number)
    step = "step" in request.GET
    content = _wanted(row)
    data = request.POST if request.method == "POST" else None
    form = form_of(part, row, content, data, price_pence=_first_price(row))
    if data is None or not form.is_valid():
        return render(request, "provider/offer_part.html", _part_context(part, row, form, step))
    by, now = Who(user=request.user), timezone.now()
    if part == "know" and changed_hours.plan(to={row: form.content()}, now=now).outside:
        form.add_error(
            "places",
            _("More have booked than that. Lower it under “Hours and other days”, where you see whom it concerns."),
        )
        return render(request, "provider/offer_part.html", _part_context(part, row, form, step))
    if part == "when" and changed_hours.plan(to={row: form.content()}, now=now).outside:
        messages.error(
            request, _("Something that is booked falls outside these hours. Change them here: it is shown first.")
        )
        return redirect("provider:hours", row.number)
    try:
        changed = offering.change(offer=row, to=form.content(), by=by, now=now)
        if row.state == State.DRAFT and "price" in form.cleaned_data:
            offering.set_first_price(offer=row, price_pence=form.cleaned_data["price"], by=by, now=now)
    except (offering.NotPossible, offering.UnitIsFixed):
        return not_possible(request, row, Offer.objects.get(pk=row.pk).state)
    if step and (following := _next_part(part)):
        return redirect(_step(row, following))
    _say_what_became(request, row, changed)
    return redirect("provider:offer", row.number)


@require_POST
@offers_required
def send_offer(request, number):
    """Send a draft to the carers team."""
    row = own_offer(request, number)
    try:
        offering.send(offer=row, by=Who(user=request.user), now=timezone.now())
    except offering.NotComplete:
        messages.error(request, _("Something is still missing. Fill it in, then send it."))
    except offering.NotPossible as other:
        return not_possible(request, row, other.state)
    else:
        messages.success(request, _("Sent. The carers team looks at it and writes to you."))
    return redirect("provider:offer", row.number)


@require_POST
@offers_required
def take_back(request, number):
    """Take back what waits for the carers team."""
    row = own_offer(request, number)
    offering.take_back(offer=row, by=Who(user=request.user), now=timezone.now())
    messages.success(request, _("Taken back. Nothing waits for the carers team any more."))
    return redirect("provider:offer", row.number)


@require_POST
@offers_required
def hide_offer(request, number):
    """Take an offer out of the brochure for a while."""
    said = _("Hidden. Carers do not see it until you show it again. What is booked stays.")
    return _move(request, number, offering.hide, State.PAUSED, said)


@require_POST
@offers_required
def show_offer(request, number):
    """Put a hidden offer back."""
    return _move(request, number, offering.show, State.LIVE, _("Carers can find it again."))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@offers_required
def withdraw_offer(request, number):
    """Take an offer out for good, warned of what is booked; a draft is thrown away."""
    row = own_offer(request, number)
    is_draft = row.state == State.DRAFT
    if row.state == State.WITHDRAWN:
        return not_possible(request, row, row.state)
    if request.method == "POST":
        by, now = Who(user=request.user), timezone.now()
        try:
            (offering.discard if is_draft else offering.withdraw)(offer=row, by=by, now=now)
        except offering.NotPossible as other:
            return not_possible(request, row, other.state)
        if is_draft:
            messages.success(request, _("The draft is gone."))
            return redirect("provider:offers")
        messages.success(request, _("Withdrawn. Carers do not see it any more. What is booked stays."))
        return redirect("provider:offer", row.number)
    booked = offer_desk.live_bookings(row)
    context = {"offer": row, "is_draft": is_draft, "booked": booked.count(), "last": booked.last()}
    return render(request, "provider/offer_withdraw.html", context)


def own_offer(request, number):
    """Return the provider's own offer, or 404: another provider's is not there."""
    rows = Offer.objects.select_related("provider__council__scheme", "category")
    return get_object_or_404(rows, provider=request.provider, number=number)


def _wanted(row):
    """Return the content as the provider wants it: with what waits, where something does."""
    waiting = offering.waiting_version(row)
    return offering.before_and_after(waiting, row)[1] if waiting else offer_content.content_of(row)


def _parts(row):
    """Return each part of an offer with its facts in words and the address where it is changed."""
    words = offer_content.in_words(offer_content.content_of(row))
    told = {
        "words": ("category", "title_en", "title_cy", "description_en", "description_cy"),
        "length": ("unit", "minutes", *(["sessions"] if row.sessions > 1 else [])),
        "when": ("hours", "notice_hours"),
        "care": (
            *("personal_care", "accommodation", "accommodation_with_care", "childcare"),
            "adults_only",
            "dbs_level",
        ),
        "know": ("access", "know_en", "know_cy", "areas", "places", "has_waiting_list", "takes_walk_ins"),
        "terms": ("free_cancel_hours", "late_cancel_percent", "vat_treatment"),
    }
    return [
        {
            "part": part,
            "title": title,
            "url": reverse("provider:edit_offer", args=[row.number, part]) if _has_form(part, row) else "",
            "rows": [{"key": offer_content.NAMES[key], "value": words[key] or "–"} for key in told[part]],
        }
        for part, (_form, title) in PARTS.items()
    ]


def _has_form(part, row):
    """An hour is an hour and a night a night: of a live offer nothing of its length can be changed."""
    return part != "length" or row.state == State.DRAFT or row.unit not in {Offer.Unit.HOUR, Offer.Unit.NIGHT}


def _part_context(part, row, form, step):
    names = list(PARTS)
    return {
        "part": part,
        "title": PARTS[part][1],
        "offer": row,
        "form": form,
        "step": names.index(part) + 1 if step else None,
        "steps": len(names),
        "is_live": row is not None and row.state != State.DRAFT,
        "typical": typical_awards.in_words(row.provider.council.region) if row and part == "length" else [],
    }


def _next_part(part):
    names = list(PARTS)
    return names[names.index(part) + 1] if part != names[-1] else None


def _step(row, part):
    return reverse("provider:edit_offer", args=[row.number, part]) + "?step=1"


def _say_what_became(request, row, changed):
    if changed.waits:
        messages.success(
            request,
            ngettext(
                "%(n)s change waits for the carers team. Until then carers see the offer as it was.",
                "%(n)s changes wait for the carers team. Until then carers see the offer as it was.",
                len(changed.waits),
            )
            % {"n": len(changed.waits)},
        )
    if row.state == State.DRAFT:
        messages.success(request, _("Saved."))
    elif changed.at_once:
        messages.success(request, _("Saved. Carers see it at once."))
    elif not changed.waits:
        messages.success(request, _("Nothing has changed."))


def _move(request, number, verb, goal, said):
    row = own_offer(request, number)
    try:
        verb(offer=row, by=Who(user=request.user), now=timezone.now())
    except offering.NotPossible as other:
        if other.state != goal:
            return not_possible(request, row, other.state)
    messages.success(request, said)
    return redirect("provider:offer", row.number)


def not_possible(request, row, state):
    """Say that an offer stands otherwise by now, and lead to its page."""
    words = _("That cannot be done now. How it stands: %(state)s.")
    messages.error(request, words % {"state": State(state).label})
    return redirect("provider:offer", row.number)


def _lacks(row, today):
    """Return what a draft lacks of checks and papers (R46), so that it is known before it is sent."""
    return care_checks.missing(row, on=today) if row.state == State.DRAFT else []


def _first_price(row):
    return row.prices.filter(rate="standard").values_list("price_pence", flat=True).last()


def _typical(row, price):
    """Return what typical awards of the region buy of this offer, a sentence each."""
    price = price or row.prices.filter(rate="standard").last()
    if price is None:
        return []
    region = row.provider.council.region
    return typical_awards.what_they_buy(region, price_pence=price.price_pence, unit=row.unit, minutes=row.minutes)


def _prices(offer, today):
    """Return today's standard price and the next one that is known, as rows or None."""
    rows = [price for price in offer.prices.all() if price.rate == "standard"]
    begun = [price for price in rows if price.first_day <= today]
    coming = [price for price in rows if price.first_day > today]
    return (begun[-1] if begun else None), (coming[0] if coming else None)


def _rates_in_words(offer, today):
    """Return today's prices in one line, each rate after the standard one; empty where there is none yet."""
    own = with_change({}, {row.rate: row.price_pence for row in offer.prices.all() if row.first_day <= today})
    return all_rates(own, offer.unit) if "standard" in own else ""


def _promised(live):
    """Return the price that a printed edition promises, in words, where it is below the provider's own (R23)."""
    if live is None or live.price_pence >= live.own_price_pence:
        return ""
    return unit_price(live.price_pence, live.unit)
