"""Finds what a carer can choose: live offers, searched by words, place, price, purpose, access and distance.

A search reads one light row an offer and decides in Python, so that ŵ and w, É and e are the same letter on every
database, and so that a search without results can say which wish to drop. The number of queries never grows.
"""

import copy
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace

from django.db.models import Q

from brochure import places, prices, synonyms
from brochure.criteria import Criteria, Free, Wanted, met
from brochure.models import Category, Offer
from brochure.synonyms import folded
from providers.models import Provider

PAGE_SIZE = 12
SORTS = ("nearest", "price", "name")
# After a search without results so many breaks are shown that come near to it.
NEAR_SHOWN = 4


def in_order(*, on):
    """Return the Q of offers whose provider's papers and own checks hold on a day: Offer.is_in_order in a query."""
    ends = ("provider__insurance_until", "provider__papers_until", "provider__closes_on", "checked_until")
    wanted = Q()
    for end in ends:
        wanted &= Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": on})
    return wanted


def live_offers(*, on, council=None, young=False):
    """Return the offers that can be had on a day, each with its price_pence; the one definition of "live".

    price_pence is what a carer pays on a weekday (R23); own_price_pence is the provider's own, which is higher while
    an edition promises less. Where it matters when a break is, or a list says "from", prices.attach gives them `rates`.

    An offer counts when it and its provider are live, papers and checks are in order on that day and a price has begun.
    `council` narrows to the region whose providers that council's carers may use; `young` leaves out what is for
    adults only (R41).
    """
    rows = priced_offers(on=on).filter(state=Offer.State.LIVE, provider__state=Provider.State.LIVE)
    rows = rows.filter(adults_only=False) if young else rows
    return rows.filter(provider__council__region=council.region) if council else rows


def priced_offers(*, on):
    """Return the offers with a price whose papers and checks are in order on a day, priced as live_offers does.

    Also those that take nothing new, because they are hidden or their provider is paused: what was booked is given.
    """
    return (
        Offer.objects.filter(in_order(on=on))
        .annotate(price_pence=prices.on_day(on), own_price_pence=prices.own_on_day(on))
        .filter(price_pence__isnull=False)
        .select_related("provider__council", "category")
    )


def known_offers():
    """Return the offers that have a page of their own: live, or no longer to be had, and never a draft."""
    return Offer.objects.exclude(state=Offer.State.DRAFT).select_related("provider__council", "category")


@dataclass
class Found:
    """One page of a search: offers with price_pence, miles (None where the distance is not known) and starts_at.

    starts_at is the start that fits the day and time asked for, or None where none was asked for.
    """

    offers: list
    total: int
    page: int
    pages: int
    criteria: Criteria
    # The postcode was given, but we do not know where it is.
    postcode_unknown: bool = False
    # After a search without results: (name of a wish, how many offers dropping it would show), best first.
    relaxations: list = field(default_factory=list)
    # After a search without results: what comes near in time, and what is farther away, each with starts_at.
    near_in_time: list = field(default_factory=list)
    farther_away: list = field(default_factory=list)
    # How many offers each category slug would show under the same other wishes.
    by_category: dict = field(default_factory=dict)


_LIGHT = {
    "pk": "pk",
    "price": "price_pence",
    "minutes": "minutes",
    "category": "category__slug",
    "position": "category__position",
    "county": "provider__council__slug",
    "town": "provider__town_en",
    "postcode": "provider__postcode",
    "welsh": "provider__speaks_welsh",
    "access": "access",
    "personal_care": "personal_care",
    "unit": "unit",
    "hours": "hours",
    "other_days": "other_days",
    "least_minutes": "least_minutes",
    "sessions": "sessions",
    "courses": "courses",
    "areas": "areas",
    "places": "places",
    "buffer_minutes": "buffer_minutes",
    "week_minutes": "week_minutes",
    "breaks_at_once": "provider__breaks_at_once",
    "notice_hours": "notice_hours",
    "insurance_until": "provider__insurance_until",
    "papers_until": "provider__papers_until",
    "closes_on": "provider__closes_on",
    "checked_until": "checked_until",
}
_OWN_TEXTS = ["title_en", "title_cy", "description_en", "description_cy"]
_OTHER_TEXTS = [
    "provider__name",
    "provider__town_en",
    "provider__town_cy",
    "category__name_en",
    "category__name_cy",
    "category__purpose_en",
    "category__purpose_cy",
    "provider__council__name_en",
    "provider__council__name_cy",
]


def search(
    criteria,
    *,
    on,
    council=None,
    page=1,
    page_size=PAGE_SIZE,
    language="en",
    now=None,
    taken=None,
    young=False,
    bounds=(None, None),
):
    """Return the page of live offers that meet every wish, nearest, cheapest or by name; seven queries at most.

    Without a postcode that we know, "nearest" is one of each kind in turn, or of each town within one kind.
    A page beyond the last gives the last. Where a day or a time is asked for, `now` is needed, and `taken` says
    which times have gone: {offer's id: [(starts_at, ends_at)…]}. `bounds` are the first and the last day of the
    carer's award.
    """
    rows = _light_rows(on, council, language, young)
    home, unknown = _home(criteria.postcode)
    distances = _distances(rows, home) if home else {}
    free = Free(now, taken or {}, bounds)
    wanted = Wanted(criteria, rows, distances, free)
    found = [row for row in rows if wanted.is_met_by(row)]
    found.sort(key=_order(criteria.sort, distances))
    if criteria.sort == "nearest" and not distances:
        found = _in_turn(found)
    pages = max(1, -(-len(found) // page_size))
    page = min(max(1, page), pages)
    shown = [(row, wanted.start_of(row)) for row in found[(page - 1) * page_size : page * page_size]]
    near, farther = ([], []) if found else _next_best(rows, criteria, distances, free)
    whole = _whole_offers({row.pk for row, _start in [*shown, *near, *farther]}, on, distances)
    return Found(
        offers=whole(shown),
        total=len(found),
        page=page,
        pages=pages,
        criteria=criteria,
        postcode_unknown=unknown,
        relaxations=[] if found else _relaxations(rows, criteria, distances, free),
        near_in_time=whole(near),
        farther_away=whole(farther),
        by_category=Counter(row.category for row in met(rows, criteria.without("categories"), distances, free)),
    )


def counts(*, on, council=None):
    """Return {category slug: number of live offers}."""
    return Counter(live_offers(on=on, council=council).order_by().values_list("category__slug", flat=True))


def categories():
    """Return the categories in the order of the brochure."""
    return Category.objects.all()


def places_to_choose(*, on, council=None):
    """Return [(council, [(English town, town in the active language)…])…] where live offers are, in one query."""
    providers = Provider.objects.filter(pk__in=live_offers(on=on, council=council).values("provider"))
    found = {}
    for provider in providers.select_related("council").order_by("council__name_en", "town_en"):
        found.setdefault(provider.council, {})[provider.town_en] = provider.town
    return [(county, sorted(towns.items(), key=lambda town: folded(town[1]))) for county, towns in found.items()]


def _light_rows(on, council, language, young):
    columns = [*_LIGHT.values(), *_OWN_TEXTS, *_OTHER_TEXTS]
    rows, rates = [], prices.with_rates(on)
    for values in live_offers(on=on, council=council, young=young).order_by("number").values_list(*columns):
        row = SimpleNamespace(**dict(zip(_LIGHT, values, strict=False)))
        ends = [row.insurance_until, row.papers_until, row.closes_on, row.checked_until]
        row.good_until = min(filter(None, ends), default=None)
        texts = values[len(_LIGHT) :]
        first, second = (1, 0) if language == "cy" else (0, 1)
        row.rates = rates.get(row.pk)
        row.lowest = row.rates.lowest if row.rates else row.price
        row.title = folded(texts[first] or texts[second])
        row.own_text = synonyms.searchable("\n".join(texts[: len(_OWN_TEXTS)]))
        row.text = row.own_text + synonyms.searchable("\n".join(texts[len(_OWN_TEXTS) :]))
        rows.append(row)
    return rows


def _next_best(rows, criteria, distances, free):
    """Return what comes near to wishes that nothing meets: at another time, and farther away; (row, start) pairs."""
    has_place = bool(criteria.place) or criteria.within_miles is not None
    from_here = distances or _from_the_town(rows, criteria.place)
    near = _at_another_time(rows, criteria, from_here, free) if criteria.when else []
    farther = []
    if has_place:
        anywhere = criteria.without("place", "within_miles")
        wanted = Wanted(anywhere, rows, distances, free)
        found = sorted((row for row in rows if wanted.is_met_by(row)), key=_order("nearest", from_here))
        farther = [(row, wanted.start_of(row)) for row in found]
        if not near and not farther and criteria.when:
            # No one wish is to blame: then what was asked for somewhere else, at another time.
            farther = _at_another_time(rows, anywhere, from_here, free)
    return near[:NEAR_SHOWN], farther[:NEAR_SHOWN]


def _at_another_time(rows, criteria, from_here, free):
    at_any_time = met(rows, criteria.without("day", "time"), from_here, free)
    found = [(row, start) for row in at_any_time if (start := free.near(row, criteria.when))]
    return sorted(
        found,
        key=lambda pair: (_apart(criteria.when, pair[1]), from_here.get(pair[0].pk, float("inf")), pair[1]),
    )


def _apart(when, start):
    """Return how many days a start is from the day that was asked for."""
    return abs((start.date() - when.day).days) if when.day else 0


def _from_the_town(rows, place):
    """Return how far each offer is from the town that was chosen, as far as we know where that is."""
    kind, _, town = place.partition(":")
    postcode = next((row.postcode for row in rows if kind == "town" and row.town == town), "")
    home, _unknown = _home(postcode)
    return _distances(rows, home) if home else {}


def _home(postcode):
    """Return ((latitude, longitude) or None, whether a postcode was given that we do not know)."""
    if not postcode.strip():
        return None, False
    try:
        home = places.district(postcode)
    except places.PlaceNotKnown:
        return None, True
    centre = places.centres([home]).get(home)
    return centre, centre is None


def _distances(rows, home):
    districts = {}
    for row in rows:
        try:
            districts[row.pk] = places.district(row.postcode)
        except places.PlaceNotKnown:
            continue
    centres = places.centres(set(districts.values()))
    return {pk: places.miles(home, centres[name]) for pk, name in districts.items() if name in centres}


def _order(sort, distances):
    if sort == "price":
        return lambda row: (row.lowest, row.title, row.pk)
    if sort == "nearest" and distances:
        return lambda row: (distances.get(row.pk, float("inf")), row.title, row.pk)
    return lambda row: (row.title, folded(row.town), row.pk)


def _in_turn(rows):
    """Deal rows out like cards: the first of every kind in the order of the brochure, then every second, and so on.

    Where all are of one kind they are dealt by town, so that one provider's many offers do not fill the first page.
    """
    of_one_kind = len({row.category for row in rows}) == 1
    place = (lambda row: folded(row.town)) if of_one_kind else (lambda row: row.position)
    dealt = Counter()
    turns = []
    for row in rows:
        turns.append((dealt[place(row)], place(row), row))
        dealt[place(row)] += 1
    return [row for _turn, _place, row in sorted(turns, key=lambda each: each[:2])]


def _whole_offers(numbers, on, distances):
    """Fetch offers whole with their prices; return what makes (row, start) pairs into them, each with miles and start.

    One that was withdrawn this moment is left out.
    """
    offers = live_offers(on=on).in_bulk(numbers) if numbers else {}

    def whole(pairs):
        found = [(copy.copy(offers[row.pk]), row, start) for row, start in pairs if row.pk in offers]
        for offer, row, start in found:
            offer.miles, offer.starts_at = distances.get(row.pk), start
            offer.rates = row.rates or prices.one_rate(offer)
        return [offer for offer, _row, _start in found]

    return whole


def _relaxations(rows, criteria, distances, free):
    """Say what dropping one wish would show, the most first; nothing when no single wish is to blame."""
    found = []
    for name in criteria.wishes():
        count = len(met(rows, criteria.without(name), distances, free))
        if count:
            found.append((name, count))
    return sorted(found, key=lambda item: -item[1])
