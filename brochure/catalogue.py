"""Finds what a carer can choose: live offers, searched by words, place, price, purpose, access and distance.

A search reads one light row an offer and decides in Python, so that ŵ and w, É and e are the same letter on every
database, and so that a search without results can say which wish to drop. The number of queries never grows.
"""

import functools
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, fields, replace

from django.db.models import Q

from brochure import places, prices
from brochure.models import Category, Offer
from providers.models import Provider

PAGE_SIZE = 12
SORTS = ("nearest", "price", "name")


def live_offers(*, on, council=None):
    """Return the offers that can be had on a day, each with its price_pence; the one definition of "live".

    price_pence is what a carer pays (R23); own_price_pence is the provider's own, which is higher while an edition
    promises less.

    An offer counts when it and its provider are live, the provider is insured on that day and a price has begun.
    `council` narrows to the region whose providers that council's carers may use.
    """
    rows = (
        Offer.objects.filter(state=Offer.State.LIVE, provider__state=Provider.State.LIVE)
        .filter(Q(provider__insurance_until__isnull=True) | Q(provider__insurance_until__gte=on))
        .annotate(price_pence=prices.on_day(on), own_price_pence=prices.own_on_day(on))
        .filter(price_pence__isnull=False)
        .select_related("provider__council", "category")
    )
    return rows.filter(provider__council__region=council.region) if council else rows


@dataclass(frozen=True)
class Criteria:
    """What somebody asks for; every wish left empty lets everything through."""

    words: str = ""
    # Slugs of categories: "what do you want to do".
    categories: tuple[str, ...] = ()
    # "county:caerphilly" or "town:Bargoed", as places_to_choose() gives them.
    place: str = ""
    max_price_pence: int | None = None
    free: bool = False
    welsh: bool = False
    # Keys of brochure.access.FEATURES, all of which must be there.
    access: tuple[str, ...] = ()
    # None: no matter. True: help with personal care is given. False: offers without it.
    personal_care: bool | None = None
    # What is left on the carer's voucher, in its own unit, where they ask for what it can still pay.
    left_pence: int | None = None
    left_minutes: int | None = None
    postcode: str = ""
    sort: str = "nearest"

    def wishes(self):
        """Return the names of the wishes that narrow the search, as relaxed() takes them."""
        empty = Criteria()
        narrowing = [item.name for item in fields(self) if item.name not in {"postcode", "sort"}]
        return [name for name in narrowing if getattr(self, name) != getattr(empty, name)]


@dataclass
class Found:
    """One page of a search: offers with price_pence and miles (None where the distance is not known)."""

    offers: list
    total: int
    page: int
    pages: int
    criteria: Criteria
    # The postcode was given, but we do not know where it is.
    postcode_unknown: bool = False
    # After a search without results: (name of a wish, how many offers dropping it would show), best first.
    relaxations: list = field(default_factory=list)
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
}
_TEXTS = [
    "title_en",
    "title_cy",
    "description_en",
    "description_cy",
    "provider__name",
    "provider__town_en",
    "provider__town_cy",
    "category__name_en",
    "category__name_cy",
    "provider__council__name_en",
    "provider__council__name_cy",
]


def search(criteria, *, on, council=None, page=1, page_size=PAGE_SIZE, language="en"):
    """Return the page of live offers that meet every wish, nearest, cheapest or by name; four queries at most.

    Without a postcode that we know, "nearest" is one of each kind in turn, or of each town within one kind.
    A page beyond the last gives the last.
    """
    rows = _light_rows(on, council, language)
    home, unknown = _home(criteria.postcode)
    found = [row for row in rows if _meets(row, criteria)]
    distances = _distances(found, home) if home else {}
    found.sort(key=_order(criteria.sort, distances))
    if criteria.sort == "nearest" and not distances:
        found = _in_turn(found)
    pages = max(1, -(-len(found) // page_size))
    page = min(max(1, page), pages)
    shown = found[(page - 1) * page_size : page * page_size]
    return Found(
        offers=_whole_offers(shown, on, distances),
        total=len(found),
        page=page,
        pages=pages,
        criteria=criteria,
        postcode_unknown=unknown,
        relaxations=[] if found else _relaxations(rows, criteria),
        by_category=_by_category(rows, replace(criteria, categories=())),
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


@functools.lru_cache(maxsize=50_000)
def folded(text):
    """Return the text without accents and capitals, so that "Gŵyl", "gwyl" and "GWYL" are one word."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def _light_rows(on, council, language):
    columns = [*_LIGHT.values(), *_TEXTS]
    rows = []
    for values in live_offers(on=on, council=council).order_by("number").values_list(*columns):
        row = dict(zip(_LIGHT, values, strict=False))
        texts = dict(zip(_TEXTS, values[len(_LIGHT) :], strict=True))
        first, second = ("title_cy", "title_en") if language == "cy" else ("title_en", "title_cy")
        row["title"] = folded(texts[first] or texts[second])
        row["text"] = folded("\n".join(texts.values()))
        rows.append(row)
    return rows


def _meets(row, criteria):
    """True when a light row meets every wish."""
    kind, _, where = criteria.place.partition(":")
    return (
        all(word in row["text"] for word in folded(criteria.words).split())
        and (not criteria.categories or row["category"] in criteria.categories)
        and (not where or row["county" if kind == "county" else "town"] == where)
        and (criteria.max_price_pence is None or row["price"] <= criteria.max_price_pence)
        and (not criteria.free or row["price"] == 0)
        and (not criteria.welsh or row["welsh"])
        and set(criteria.access) <= set(row["access"])
        and (criteria.personal_care is None or row["personal_care"] == criteria.personal_care)
        and (criteria.left_pence is None or row["price"] <= criteria.left_pence)
        and (criteria.left_minutes is None or row["price"] == 0 or row["minutes"] <= criteria.left_minutes)
    )


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
            districts[row["pk"]] = places.district(row["postcode"])
        except places.PlaceNotKnown:
            continue
    centres = places.centres(set(districts.values()))
    return {pk: places.miles(home, centres[name]) for pk, name in districts.items() if name in centres}


def _order(sort, distances):
    if sort == "price":
        return lambda row: (row["price"], row["title"], row["pk"])
    if sort == "nearest" and distances:
        return lambda row: (distances.get(row["pk"], float("inf")), row["title"], row["pk"])
    return lambda row: (row["title"], folded(row["town"]), row["pk"])


def _in_turn(rows):
    """Deal rows out like cards: the first of every kind in the order of the brochure, then every second, and so on.

    Where all are of one kind they are dealt by town, so that one provider's many offers do not fill the first page.
    """
    of_one_kind = len({row["category"] for row in rows}) == 1
    place = (lambda row: folded(row["town"])) if of_one_kind else (lambda row: row["position"])
    dealt = Counter()
    turns = []
    for row in rows:
        turns.append((dealt[place(row)], place(row), row))
        dealt[place(row)] += 1
    return [row for _turn, _place, row in sorted(turns, key=lambda each: each[:2])]


def _whole_offers(rows, on, distances):
    """Fetch the rows of one page whole, in their order, with price and distance."""
    offers = live_offers(on=on).in_bulk([row["pk"] for row in rows]) if rows else {}
    found = [offers[row["pk"]] for row in rows if row["pk"] in offers]
    for offer in found:
        offer.miles = distances.get(offer.pk)
    return found


def _relaxations(rows, criteria):
    """Say what dropping one wish would show, the most first; nothing when no single wish is to blame."""
    empty = Criteria()
    found = []
    for name in criteria.wishes():
        wider = replace(criteria, **{name: getattr(empty, name)})
        count = sum(1 for row in rows if _meets(row, wider))
        if count:
            found.append((name, count))
    return sorted(found, key=lambda item: -item[1])


def _by_category(rows, criteria):
    return Counter(row["category"] for row in rows if _meets(row, criteria))
