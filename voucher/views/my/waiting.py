"""A carer waits for a place on a day that is booked out, takes the place that is kept for her, or lets it go (R55)."""

import datetime as dt
import uuid

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from brochure import availability, catalogue
from brochure.wording import length
from voucher import bookings
from voucher.bookings import waiting_list
from voucher.forms.carer import as_typed
from voucher.forms.waiting import TakeForm, WaitForm
from voucher.ledger.acts import KeyWasUsed
from voucher.models import WaitingPlace
from voucher.views.my.open_award import award_required
from voucher.views.numbers import whole
from voucher.views.offer_cards import moment_of

State = WaitingPlace.State


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def wait(request, slug):
    """Choose a day that is booked out, and wait for a place on it."""
    offer, now = get_object_or_404(catalogue.known_offers(), slug=slug, has_waiting_list=True), timezone.now()
    try:
        bookings.refuse_offer(award=request.award, offer=offer, on=timezone.localdate(now), by=request.who)
    except bookings.Refused:
        # The page on which to ask says why, and what can be done instead.
        return redirect("my:ask", offer.slug)
    lengths = availability.lengths(offer)
    sent = request.POST if request.method == "POST" else request.GET
    minutes = whole(sent.get("minutes", ""), digits_most=5)
    minutes = minutes if minutes in lengths else lengths[0]
    days = waiting_list.booked_out_days(award=request.award, offer=offer, minutes=minutes, now=now)
    form = WaitForm(
        request.POST if request.method == "POST" else None,
        offer=offer,
        days=days,
        initial={"minutes": minutes, "day": request.GET.get("day", "")},
    )
    if request.method == "POST" and form.is_valid():
        day = dt.date.fromisoformat(form.cleaned_data["day"])
        try:
            place = waiting_list.join(
                award=request.award, offer=offer, day=day, minutes=minutes, by=request.who, now=now
            )
        except bookings.Refused:
            form.add_error("day", form.fields["day"].error_messages["invalid_choice"])
        else:
            return redirect("my:waiting", place.pk)
    context = {"offer": offer, "form": form, "days": days, "lengths": len(lengths) > 1}
    return render(request, "my/wait.html", context)


@require_safe
@award_required
def waiting(request, number):
    """What is waited for; where a place is kept, what it costs, and one press to take it."""
    place, now = _place_of(request.award, number), timezone.now()
    if place.state == State.TAKEN and place.booking_id:
        return redirect("my:booking", place.booking.ref)
    return _page(request, place, now)


@require_POST
@award_required
def take(request, number):
    """Take the place that is kept: an ordinary request, at the price that was seen."""
    place, now = _place_of(request.award, number), timezone.now()
    form = TakeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Something was missing. Please choose again."))
        return redirect("my:waiting", place.pk)
    try:
        booking = waiting_list.take(
            place=place,
            seen_price_pence=form.cleaned_data["seen_price_pence"],
            seen_starts_at=moment_of(form.cleaned_data["seen_starts_at"]),
            by=request.who,
            now=now,
            key=str(form.cleaned_data["key"]),
        )
    except waiting_list.PlaceGone:
        messages.error(request, _("This place is no longer kept for you. Here is how it stands."))
    except bookings.StalePrice:
        messages.error(request, _("The price has changed. Look at it again, then decide."))
    except (bookings.Refused, KeyWasUsed):
        messages.error(request, _("It can no longer be had. Nothing has been set aside."))
    else:
        return redirect("my:asked", booking.ref)
    return redirect("my:waiting", place.pk)


@require_POST
@award_required
def leave(request, number):
    """Wait no longer, or let a kept place go to the next in line."""
    place = _place_of(request.award, number)
    waiting_list.leave(place=place, by=request.who, now=timezone.now())
    messages.success(request, _("You wait for this no longer."))
    return redirect("my:award")


def waiting_context(award):
    """Return what the page of the award says of what is waited for; one query."""
    return {"waits_for": list(waiting_list.in_line(award))}


def _place_of(award, number):
    """Return the award's own place, or 404: another award's is not there."""
    around = ("offer__provider", "offer__category", "award__account", "award__council", "booking")
    rows = WaitingPlace.objects.select_related(*around)
    return get_object_or_404(rows, award=award, pk=number)


def _page(request, place, now):
    is_kept = place.state == State.KEPT and place.kept_until > now
    when = wording.span(place.starts_at, place.ends_at) if is_kept else wording.day(place.day)
    rows = [
        {"key": _("What"), "value": place.offer.title},
        {"key": _("Who"), "value": place.offer.provider.name},
        {"key": _("When"), "value": capfirst(when)},
        {"key": _("How long"), "value": length(place.minutes, place.offer.unit, place.offer.minutes)},
    ]
    context = {"place": place, "is_kept": is_kept, "rows": rows, "unit": request.award.unit}
    if is_kept:
        try:
            quote = waiting_list.price_of(place, now=now)
        except bookings.Refused:
            quote = None
        if quote:
            rows.append(
                {"key": _("Price"), "value": wording.money(quote.price_pence) if quote.price_pence else _("Free")}
            )
            seen = {"seen_price_pence": quote.price_pence, "seen_starts_at": as_typed(place.starts_at)}
            context |= {"quote": quote, "form": TakeForm(initial={"key": uuid.uuid4()} | seen)}
    return render(request, "my/waiting.html", context)
