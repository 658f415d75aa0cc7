"""The brochure on the web: looking for a break, one offer, free activities, and the printed editions."""

import datetime as dt
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from accounts import wording
from accounts.models import only_language
from brochure import access, availability, catalogue, places
from brochure import wording as brochure_wording
from brochure.models import Activity, EditionFile, Offer
from voucher import bookings, outcomes
from voucher.forms.brochure import SearchForm
from voucher.views.numbers import whole
from voucher.views.open_award import opened

# The page of an offer lists so many free days; all of them are on the way to asking.
FREE_DAYS_SHOWN = 8
# Wishes of the catalogue and the fields of the form that state them.
FIELDS = {
    "words": ["words"],
    "categories": ["category"],
    "place": ["place"],
    "max_price_pence": ["max_price"],
    "free": ["free"],
    "welsh": ["welsh"],
    "access": ["access"],
    "personal_care": ["care"],
    "left_pence": ["affordable"],
    "left_minutes": ["affordable"],
}


@require_safe
def brochure(request, category=None):
    """Show the kinds of break, a form to look for one, and what was found, nearest first."""
    now = timezone.now()
    today = timezone.localdate(now)
    categories = list(catalogue.categories())
    chosen = _category(categories, category)
    award, _who = opened(request)
    council = award.council if award else None
    form = SearchForm(
        request.GET,
        categories=categories,
        places=catalogue.places_to_choose(on=today, council=council),
        award=award,
        category=chosen,
    )
    result = catalogue.search(
        form.criteria(), on=today, council=council, page=_page(request), language=wording.language()
    )
    if result.postcode_unknown and request.GET.get("postcode"):
        form.add_error("postcode", _("We do not know where that postcode is. Check it, or leave it empty."))
    context = {
        "form": form,
        "award": award,
        "category": chosen,
        "tiles": [] if form.asked or chosen else _tiles(categories, result.by_category),
        "result": result,
        "cards": _cards(result.offers, now, request.GET.get("postcode", "")),
        "page": Paginator(range(result.total), catalogue.PAGE_SIZE).get_page(result.page),
        "query": _query(request, drop=["page"]),
        "ways_on": _ways_on(request, result),
        "by_distance": any(offer.miles is not None for offer in result.offers),
    }
    return render(request, "brochure/find.html", context)


@require_safe
def offer(request, slug):
    """Show one offer: what happens, the price, real free days, how far, and how to ask for it."""
    row = get_object_or_404(Offer.objects.exclude(state=Offer.State.DRAFT), slug=slug)
    now = timezone.now()
    today = timezone.localdate(now)
    live = catalogue.live_offers(on=today).filter(pk=row.pk).first()
    if live is None:
        return _gone(request, row)
    award, _who = opened(request)
    near = request.GET.get("near") or (award.carer.postcode if award else "")
    miles = _miles(near, live)
    taken = _taken([live], now)[live.pk]
    last_day = award.account.last_day if award else None
    free = availability.free_days(live, now, taken=taken, last_day=last_day)
    context = {
        "offer": live,
        "award": award,
        "price": brochure_wording.unit_price(live.price_pence, live.unit),
        "price_is_promised": live.price_pence < live.own_price_pence,
        "hours": brochure_wording.opening(live.hours),
        "notice": brochure_wording.notice(live.notice_hours),
        "features": access.names(live.access),
        "again": outcomes.would_use_again([live]).get(live.pk),
        "free_days": free[:FREE_DAYS_SHOWN],
        "more_days": len(free) > FREE_DAYS_SHOWN,
        "miles": miles,
        "near_unknown": bool(request.GET.get("near")) and miles is None,
        "title_language": only_language(live, "title"),
        "description_language": only_language(live, "description"),
        "scheme": (award.council if award else live.provider.council).scheme,
        "other_region": bool(award) and award.council.region != live.provider.council.region,
        "costs_more": bool(award) and _least(award, live) > award.account.available,
    }
    return render(request, "brochure/offer.html", context)


@require_safe
def printed_offer(request, number):
    """Lead from a number in a printed brochure to the offer, or say kindly that it is no longer there."""
    row = Offer.objects.exclude(state=Offer.State.DRAFT).filter(number=number).first()
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


def _gone(request, row, number=None):
    """Say that a break is no longer offered, with what is like it; the address answers 404."""
    category = row.category if row else None
    today = timezone.localdate()
    like_it = catalogue.live_offers(on=today).filter(category=category).order_by("number")[:3] if category else []
    cards = _cards(list(like_it), timezone.now(), "")
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


def _query(request, drop):
    """Return what was asked of this page as it stands in an address, without the fields to drop."""
    return urlencode([(key, text) for key, texts in request.GET.lists() if key not in drop for text in texts if text])


def _tiles(categories, counts):
    return [(category, counts[category.slug]) for category in categories if counts.get(category.slug)]


def _cards(offers, now, postcode):
    """Return what each card says, with its next free time; one query for all bookings."""
    taken = _taken(offers, now)
    near = _district(postcode)
    return [
        {
            "offer": each,
            "url": each.get_absolute_url() + (f"?{urlencode({'near': near})}" if near else ""),
            "price": brochure_wording.unit_price(each.price_pence, each.unit),
            "miles": getattr(each, "miles", None),
            "next_at": availability.next_free(each, now, taken=taken[each.pk]),
            "title_language": only_language(each, "title"),
            "marks": _marks(each),
        }
        for each in offers
    ]


def _marks(row):
    marks = [_("Welsh-speaking staff")] if row.provider.speaks_welsh else []
    if row.personal_care:
        marks.append(_("Personal care"))
    marks += access.names(row.access)
    # A name may well be in one language; what is said about the break decides.
    if language := only_language(row, "description" if row.description else "title"):
        marks.append(_("In English only") if language == "en" else _("In Welsh only"))
    return marks


def _taken(offers, now):
    """Return {offer's id: [(starts_at, ends_at)…]} of what takes a place in the time to come, in two queries."""
    until = now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS + 8)
    return bookings.taken_by_offer([each.pk for each in offers], after=now, before=until)


def _district(postcode):
    try:
        return places.district(postcode)
    except places.PlaceNotKnown:
        return ""


def _miles(near, row):
    home, there = _district(near), _district(row.provider.postcode)
    centres = places.centres({home, there})
    return places.miles(centres[home], centres[there]) if home in centres and there in centres else None


def _least(award, row):
    """Return what the shortest booking of an offer takes from an award, in the award's own unit."""
    if row.price_pence == 0:
        return 0
    return row.minutes if award.in_hours else row.price_pence


def _ways_on(request, result):
    """After a search without results: each wish that could be dropped, as (sentence, count, address)."""
    sentences = {
        "words": _("Leave the words out"),
        "categories": _("Any kind of break"),
        "place": _("Look everywhere"),
        "max_price_pence": _("At any price"),
        "free": _("Also what is not free"),
        "welsh": _("Also without Welsh-speaking staff"),
        "access": _("Also without what it must have"),
        "personal_care": _("With or without personal care"),
        "left_pence": _("Also what costs more than you have left"),
        "left_minutes": _("Also what costs more than you have left"),
    }
    ways = []
    for name, count in result.relaxations:
        query = _query(request, drop=["page", *FIELDS[name]])
        page = reverse("brochure") if name == "categories" else request.path
        # An empty "words" says that the form was sent, so that what is left unticked stays unticked.
        ways.append((sentences[name], count, f"{page}?{query or 'words='}"))
    return ways
