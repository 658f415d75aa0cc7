"""The brochure on the web: looking for a break, one offer, free activities, and the printed editions."""

import datetime as dt
from functools import partial
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from accounts import wording
from accounts.models import only_language
from brochure import access, availability, catalogue, photos, places, price_changes, prices, wording_of_times
from brochure import wording as brochure_wording
from brochure.models import Activity, EditionFile
from voucher import rules
from voucher.carers import outcomes
from voucher.forms.brochure import SearchForm
from voucher.forms.carer import as_typed
from voucher.views import offer_cards, searched
from voucher.views.my.open_award import opened
from voucher.views.numbers import whole
from voucher.views.offer_cards import district, moment_of, taken_times

# The page of an offer lists so many free days; all of them are on the way to asking.
FREE_DAYS_SHOWN = 8


@require_safe
def brochure(request, category=None):
    """Show the kinds of break, one box to look for one in plain words, and what was found, nearest first."""
    if shorter := searched.with_district_only(request.GET):
        return redirect(f"{request.path}?{shorter}")
    now = timezone.now()
    today = timezone.localdate(now)
    categories = list(catalogue.categories())
    chosen = _category(categories, category)
    award, _who = opened(request)
    council, young = (award.council, rules.is_young(award.carer.born_on, today)) if award else (None, False)
    form = SearchForm(
        request.GET,
        categories=categories,
        places=catalogue.places_to_choose(on=today, council=council),
        today=today,
        award=award,
        category=chosen,
    )
    criteria = form.criteria()
    taken = taken_times(now) if criteria.when else None
    result = catalogue.search(
        criteria,
        on=today,
        council=council,
        page=_page(request),
        language=wording.language(),
        now=now,
        taken=taken,
        young=young,
        bounds=(award.account.first_day, award.account.last_day) if award else (None, None),
    )
    if result.postcode_unknown and request.GET.get("postcode"):
        form.add_error("postcode", _("We do not know where that postcode is. Check it, or leave it empty."))
    context = {
        "form": form,
        "award": award,
        "category": chosen,
        "tiles": [] if form.asked or chosen else _tiles(categories, result.by_category),
        "result": result,
        "page": Paginator(range(result.total), catalogue.PAGE_SIZE).get_page(result.page),
        "query": searched.as_query(form.data, drop=["page"]),
        "asked_for": searched.asked_for(request.path, form),
        "ways_on": searched.ways_on(request.path, form, result),
        "wish_address": searched.wish_address(form),
        "by_distance": any(offer.miles is not None for offer in result.offers),
        "this_page": request.get_full_path(),
    }
    cards = partial(
        offer_cards.cards,
        now=now,
        postcode=form.data.get("postcode", ""),
        when=criteria.when,
        taken=taken,
        carer=award.carer if award else None,
    )
    context["cards"] = cards(result.offers)
    if not result.total:
        context |= {"near_in_time": cards(result.near_in_time), "farther_away": cards(result.farther_away)}
    return render(request, "brochure/find.html", context)


@require_safe
def offer(request, slug):
    """Show one offer: what happens, the price, real free days, how far, and how to ask for it."""
    row = get_object_or_404(catalogue.known_offers(), slug=slug)
    now = timezone.now()
    today = timezone.localdate(now)
    award, _who = opened(request)
    young = bool(award) and rules.is_young(award.carer.born_on, today)
    live = catalogue.live_offers(on=today, young=young).filter(pk=row.pk).first()
    if live is None:
        return _gone(request, row, young=young)
    prices.attach([live], today)
    near = request.GET.get("near") or (award.carer.postcode if award else "")
    miles = _miles(near, live)
    taken = taken_times(now, [live]).get(live.pk, [])
    last_day = award.account.last_day if award else None
    free = availability.free_days(live, now, taken=taken, last_day=last_day)
    context = {
        "offer": live,
        "award": award,
        "price": brochure_wording.price_of_rates(live.rates),
        "prices": _price_table(live),
        "new_prices": _new_prices(live, today),
        "price_is_promised": live.rates.is_promised,
        "hours": brochure_wording.opening(live.hours),
        "notice": brochure_wording.notice(live.notice_hours),
        **_times_context(live, award, now),
        "features": access.names(live.access),
        "again": outcomes.would_use_again([live]).get(live.pk),
        "free_days": [(each.day.isoformat(), _free_words(each)) for each in free[:FREE_DAYS_SHOWN]],
        "more_days": len(free) > FREE_DAYS_SHOWN,
        "chosen": _chosen(request, live, free, now, taken, last_day),
        "is_saved": bool(award) and live.pk in offer_cards.saved_by(award.carer),
        "this_page": request.get_full_path(),
        "miles": miles,
        "near_unknown": bool(request.GET.get("near")) and miles is None,
        "title_language": only_language(live, "title"),
        "description_language": only_language(live, "description"),
        "know_language": only_language(live, "know"),
        "photos": photos.shown([live]).get(live.pk, []),
        "terms": _terms(live, (award.council if award else live.provider.council).scheme),
        "other_region": bool(award) and award.council.region != live.provider.council.region,
        "costs_more": bool(award) and _least(award, live) > award.account.available,
    }
    return render(request, "brochure/offer.html", context)


def _terms(live, scheme):
    """Return until when cancelling is free, and what is kept later: the offer's own terms where they are kinder."""
    hours, percent = rules.cancel_terms(live, scheme)
    return {"hours": hours, "percent": percent}


def _times_context(live, award, now):
    """Return what the page says of courses, of days with other hours, of where they come to, and of waiting."""
    is_course = live.unit == live.Unit.COURSE
    home = district(award.carer.postcode) if award else ""
    return {
        "course_length": wording_of_times.course_length(live) if is_course else "",
        "courses": wording_of_times.coming_courses(live, now) if is_course else [],
        "other_days": wording_of_times.coming_other_days(live, timezone.localdate(now)),
        "areas": wording_of_times.areas(live),
        "outside_area": bool(live.areas and home) and home not in live.areas,
    }


@require_safe
def printed_offer(request, number):
    """Lead from a number in a printed brochure to the offer, or say kindly that it is no longer there."""
    row = catalogue.known_offers().filter(number=number).first()
    if row is None:
        return _gone(request, None, number)
    return redirect(row)


@require_safe
def activities(request):
    """List what is free and open to all; no code is needed."""
    rows = Activity.objects.select_related("council").order_by("council__name_en", "name")
    return render(request, "brochure/activities.html", {"activities": rows})


@require_safe
def editions(request):
    """List the printed editions that can be downloaded, newest first."""
    files = EditionFile.objects.select_related("edition").defer("content")
    return render(request, "brochure/editions.html", {"files": files.order_by("-edition__number", "language", "pk")})


def _edition_file(number, language, large_print=False):
    files = EditionFile.objects.filter(edition__number=number, language=language, large_print=large_print)
    return get_object_or_404(files.defer("content"))


def _seal(request, **which):
    return f'"{_edition_file(**which).sha256}"'


def _made(request, **which):
    day = _edition_file(**which).edition.made_on
    return dt.datetime.combine(day, dt.time(), dt.UTC)


@require_safe
@condition(etag_func=_seal, last_modified_func=_made)
def edition_file(request, number, language, large_print=False):
    """Give the finished PDF of a frozen edition; it never changes, so a copy may be kept for a year."""
    file = _edition_file(number, language, large_print)
    response = HttpResponse(bytes(file.content), content_type="application/pdf")
    size = "-large-print" if large_print else ""
    response["Content-Disposition"] = f'inline; filename="brochure-{number}-{language}{size}.pdf"'
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _gone(request, row, number=None, young=False):
    """Say that a break is no longer offered, with what is like it; the address answers 404."""
    category = row.category if row else None
    today = timezone.localdate()
    live = catalogue.live_offers(on=today, young=young)
    like_it = live.filter(category=category).order_by("number")[:3] if category else []
    cards = offer_cards.cards(list(like_it), timezone.now())
    context = {"offer": row, "number": number, "category": category, "cards": cards}
    return render(request, "brochure/gone.html", context, status=404)


def _category(categories, slug):
    if slug is None:
        return None
    for category in categories:
        if category.slug == slug:
            return category
    raise Http404


def _page(request):
    return whole(request.GET.get("page", ""), digits_most=5) or 1


def _tiles(categories, counts):
    return [(category, counts[category.slug]) for category in categories if counts.get(category.slug)]


def _miles(near, row):
    home, there = district(near), district(row.provider.postcode)
    centres = places.centres({home, there})
    return places.miles(centres[home], centres[there]) if home in centres and there in centres else None


def _chosen(request, offer, free, now, taken, last_day):
    """Return the day, or the time and the length, that came along from looking, as the page and the asking take it.

    A time that has gone meanwhile is said; nonsense in the address is left out.
    """
    day, starts_at = request.GET.get("day", ""), moment_of(request.GET.get("starts_at", ""))
    if starts_at is None:
        found = next((each for each in free if each.day.isoformat() == day), None)
        price = brochure_wording.price_at(offer.rates, found.starts) if found else ""
        return found and {"day": found, "price": price, "carried": urlencode({"day": day})}
    minutes = whole(request.GET.get("minutes", ""), digits_most=5) or offer.minutes
    starts_at = starts_at.astimezone(availability.LONDON)
    if minutes not in availability.lengths(offer):
        return None
    is_free = starts_at >= availability.earliest(offer, now) and (not last_day or starts_at.date() <= last_day)
    if not is_free or starts_at not in availability.start_times(offer, starts_at.date(), minutes, taken=taken):
        return {"gone": starts_at}
    return {
        "starts_at": starts_at,
        "ends_at": availability.ends_at(offer, starts_at, minutes),
        "price": offer_cards.price_of(offer, minutes, starts_at),
        "carried": urlencode({"minutes": minutes, "starts_at": as_typed(starts_at)}),
    }


def _price_table(offer):
    """Return each price of an offer with when it counts, where they are not the same at all times."""
    if not offer.rates.differ:
        return []
    return [
        (brochure_wording.when_it_counts(rate), brochure_wording.unit_price(pence, offer.unit))
        for rate, pence in offer.rates.shown.items()
    ]


def _new_prices(offer, today):
    """Return [(day, in words what it costs from then on)…] of what carers will pay."""
    found = []
    for day, changed in price_changes.what_carers_will_pay(offer, on=today):
        for rate, pence in changed.items():
            price = brochure_wording.unit_price(pence, offer.unit)
            if rate != prices.Rate.STANDARD:
                price = _("%(when)s: %(price)s") % {"when": brochure_wording.when_it_counts(rate), "price": price}
            found.append((day, price))
    return found


def _free_words(free):
    """Return a free day with when a break can begin on it."""
    if len(free.starts) == 1:
        return capfirst(wording.moment(free.starts[0]))
    return _("%(day)s, starting between %(first)s and %(last)s") % {
        "day": capfirst(wording.day(free.day)),
        "first": wording.time(free.starts[0]),
        "last": wording.time(free.last),
    }


def _least(award, row):
    """Return what the shortest booking of an offer takes from an award, in the award's own unit."""
    return rules.amount_for(row.rates.lowest, row.minutes, award.in_hours)
