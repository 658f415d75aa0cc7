"""What a provider's desk has at hand: the diary, a day's list to print, its offers, and a carer's code to check."""

import datetime as dt

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import days, history, limits
from accounts.history import Who
from brochure import catalogue
from brochure.models import Offer
from brochure.wording import opening, unit_price
from providers.access import bookings_required, desk_required
from voucher import awards, outcomes, pins, rules, wishes
from voucher.forms.provider.bookings import CheckCodeForm, length_in_words
from voucher.ledger.models import AwardAccount
from voucher.models import Booking

WRONG_CODES_AN_HOUR = 10
HOUR = 60 * 60
DAYS_SHOWN = 28

State = Booking.State


@require_safe
@never_cache
@desk_required
def diary(request):
    """Today's list and what is coming in the next four weeks, day by day."""
    today = timezone.localdate()
    rows = list(_of_days(request.provider, today, today + dt.timedelta(days=DAYS_SHOWN)))
    for row in rows:
        row.day = timezone.localdate(row.starts_at)
    context = {"today": today, "rows": rows, "today_has_rows": any(row.day == today for row in rows)}
    return render(request, "provider/diary.html", context)


@require_safe
@never_cache
@desk_required
def day_list(request, day):
    """One day's list on a page made for printing, with room to write what was given."""
    try:
        day = dt.date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    if not 2000 <= day.year <= 2100:
        raise Http404  # the last days that exist have no day after them
    rows = list(_of_days(request.provider, day, day))
    for row in rows:
        row.length = length_in_words(row, row.minutes)
        row.given = length_in_words(row, row.delivered_minutes) if row.delivered_minutes is not None else ""
    return render(request, "provider/day_list.html", {"day": day, "rows": rows})


@require_safe
@never_cache
@bookings_required
def offers(request):
    """The provider's own offers, whatever their state, with today's price and the next one."""
    today = timezone.localdate()
    rows = Offer.objects.filter(provider=request.provider).select_related("category").prefetch_related("prices")
    shown = {row.pk: row for row in catalogue.live_offers(on=today).filter(provider=request.provider)}
    again = outcomes.would_use_again(rows)
    listed = []
    for offer in rows:
        price, next_price = _prices(offer, today)
        listed.append(
            {
                "offer": offer,
                "hours": opening(offer.hours),
                "price": price and unit_price(price.price_pence, offer.unit),
                "next_price": next_price and unit_price(next_price.price_pence, offer.unit),
                "next_day": next_price and next_price.first_day,
                "shown": offer.pk in shown,
                "promised": _promised(shown.get(offer.pk)),
                "again": again.get(offer.pk),
            }
        )
    wished_for = wishes.counts(now=timezone.now(), region=request.provider.council.region)
    context = {"offers": listed, "wished_for": [each for each in wished_for if each.people]}
    return render(request, "provider/offers.html", context)


@never_cache
@desk_required
def check_code(request):
    """Answer yes or no: is a carer's code enough for this offer today? Never a name, never a balance."""
    now = timezone.now()
    own = catalogue.live_offers(on=timezone.localdate(now)).filter(provider=request.provider)
    form = CheckCodeForm(request.POST, offers=own) if request.method == "POST" else CheckCodeForm(offers=own)
    answer = None
    if request.method == "POST" and form.is_valid():
        answer = _check(request, form.cleaned_data, now)
        if answer == "yes":
            # The next carer's code goes into an empty box.
            form = CheckCodeForm(offers=own, initial={"offer": form.cleaned_data["offer"]})
    return render(request, "provider/check_code.html", {"form": form, "answer": answer, "has_offers": own.exists()})


def _of_days(provider, first, last):
    """Return the confirmed and given bookings that start on the days from first to last, both included."""
    return (
        Booking.objects.filter(
            provider=provider,
            state__in=[State.CONFIRMED, State.DELIVERED, State.CLAIMED],
            ended_at=None,
            starts_at__gte=days.midnight(first),
            starts_at__lt=days.midnight(last + dt.timedelta(days=1)),
        )
        .select_related("offer", "award__carer", "top_up")
        .order_by("starts_at", "pk")
    )


def _prices(offer, today):
    """Return today's price and the next one that is known, as rows or None."""
    rows = list(offer.prices.all())
    begun = [price for price in rows if price.first_day <= today]
    coming = [price for price in rows if price.first_day > today]
    return (begun[-1] if begun else None), (coming[0] if coming else None)


def _promised(live):
    """Return the price that a printed edition promises, in words, where it is below the provider's own (R23)."""
    if live is None or live.price_pence >= live.own_price_pence:
        return ""
    return unit_price(live.price_pence, live.unit)


def _check(request, checked, now):
    """Return the answer in a word, and write down that somebody looked: yes, no, pin, elsewhere, wait or locked.

    "pin": the carer has a PIN, so the code alone says nothing more. "elsewhere": it is another part of Wales's.
    """
    tries = f"provider_code:{request.provider.pk}"
    # Counted before it is looked at, so that no crowd of codes gets past the tenth; a good one is given back.
    if not limits.allow(tries, WRONG_CODES_AN_HOUR, HOUR, now):
        return "wait"
    try:
        award = awards.named_by(code=checked["code"])
    except awards.CodeRefused:
        return "no"
    try:
        answer = _answer(award, checked, now)
    except pins.PinLocked:
        return "locked"
    if answer != "no":
        limits.give_back(tries, HOUR, now)
    if answer == "yes":
        by = Who(user=request.user)
        details = {"provider": request.provider.pk}
        history.record(act="code.checked", subject=award, by=by, at=now, council=award.council, **details)
    return answer


def _answer(award, checked, now):
    carer, offer = award.carer, checked["offer"]
    if not rules.may_buy_from(award.council.region, offer.provider.council.region):
        return "elsewhere"
    if carer.pin:
        if not checked["pin"]:
            return "pin"
        if not pins.is_right(carer=carer, pin=checked["pin"], now=now):
            return "no"
    return "yes" if _pays(award, checked, on=timezone.localdate(now)) else "no"


def _pays(award, checked, *, on):
    """Return True where the award can pay for this many units of the offer today."""
    offer, account = checked["offer"], award.account
    minutes = offer.minutes * checked["units"]
    price = rules.price_for(offer.price_pence, minutes, offer.minutes)
    return (
        account.state == AwardAccount.State.ACTIVE
        and rules.is_within_period(account.first_day, account.last_day, on)
        and account.available >= rules.amount_for(price, minutes, award.in_hours)
    )
