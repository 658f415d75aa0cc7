"""What somebody asks of the brochure, and whether an offer meets it: every wish alone, and all together."""

import datetime as dt
from dataclasses import dataclass, fields, replace

from brochure import free_times, places, prices, synonyms
from brochure.free_times import When

# What together says at what time of day.
A_TIME = ("part", "time", "until")


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
    # Only who comes to the postcode (R66); without one that we know it asks for nothing.
    comes: bool = False
    # Keys of brochure.access.FEATURES, all of which must be there.
    access: tuple[str, ...] = ()
    # None: no matter. True: help with personal care is given. False: offers without it.
    personal_care: bool | None = None
    # What is left on the carer's voucher, in its own unit, where they ask for what it can still pay.
    left_pence: int | None = None
    left_minutes: int | None = None
    # On which day, in minutes after midnight from when until when, or in which part of the day.
    day: dt.date | None = None
    part: str = ""
    time: int | None = None
    until: int | None = None
    # Miles from the postcode; without one that we know it asks for nothing.
    within_miles: int | None = None
    postcode: str = ""
    sort: str = "nearest"

    @property
    def when(self):
        return When(self.day, self.part, self.time, self.until)

    def wishes(self):
        """Return the names of the wishes that narrow the search, as without() takes them; all of a time is one wish."""
        narrowing = [item.name for item in fields(self) if item.name not in {"postcode", "sort"}]
        stated = [name for name in narrowing if getattr(self, name) != getattr(Criteria, name)]
        return list(dict.fromkeys("time" if name in A_TIME else name for name in stated))

    def without(self, *names):
        """Return the same wishes less some; without "time" no part of one is left."""
        names = {*names, *(A_TIME if "time" in names else ())}
        return replace(self, **{name: getattr(Criteria, name) for name in names})


@dataclass
class Free:
    """When offers are free: `now`, the times that have gone, and the first and last day that may be used."""

    now: dt.datetime | None
    taken: dict
    bounds: tuple

    def _limits(self, row):
        first_day, last_day = self.bounds
        return {"taken": self.taken.get(row.pk, ()), "first_day": first_day, "last_day": last_day}

    def start(self, row, when):
        return free_times.start_for(row, when, self.now, **self._limits(row))

    def near(self, row, when):
        return free_times.near(row, when, self.now, **self._limits(row))


class Wanted:
    """The wishes made ready: their words looked up once, and each offer's start worked out once."""

    def __init__(self, criteria, rows, distances, free):
        self.criteria, self.distances, self.free = criteria, distances, free
        self.concepts = [_as_written(concept, rows) for concept in synonyms.concepts(criteria.words)]
        self.starts = {}
        self.home = _district(criteria.postcode)

    def start_of(self, row):
        """Return when the offer is free as wanted; None where it is not, or where no time is wanted."""
        if not self.criteria.when:
            return None
        if row.pk not in self.starts:
            self.starts[row.pk] = self.free.start(row, self.criteria.when)
        return self.starts[row.pk]

    def is_met_by(self, row):
        """True when a light row meets every wish; the costly question of free times comes last."""
        criteria = self.criteria
        kind, _, where = criteria.place.partition(":")
        return (
            all(_speaks_of(row, concept) for concept in self.concepts)
            and (not criteria.categories or row.category in criteria.categories)
            and (not where or (row.county if kind == "county" else row.town) == where)
            and self._costs_no_more(row.lowest)
            and (not criteria.welsh or row.welsh)
            and (not criteria.comes or not self.home or self.home in row.areas)
            and set(criteria.access) <= set(row.access)
            and (criteria.personal_care is None or row.personal_care == criteria.personal_care)
            and self._is_paid_for(row, row.lowest)
            and self._is_near(row)
            and (not criteria.when or self._is_free_and_paid_for_then(row))
        )

    def _is_free_and_paid_for_then(self, row):
        """True when it is free as wanted, and costs no more at that time (R51) than is wanted and left."""
        start = self.start_of(row)
        if start is None or row.rates is None:
            return start is not None
        price = row.rates.at(start)
        return self._costs_no_more(price) and self._is_paid_for(row, price)

    def _costs_no_more(self, price):
        most = self.criteria.max_price_pence
        return (most is None or price <= most) and (not self.criteria.free or price == 0)

    def _is_paid_for(self, row, price):
        """True when what is left pays for it at that price, as long as it is wanted."""
        left_pence, left_minutes = self.criteria.left_pence, self.criteria.left_minutes
        if left_pence is None and left_minutes is None:
            return True
        minutes = free_times.minutes_for(row, self.criteria.when) or row.minutes
        return (left_pence is None or prices.price_for(price, minutes, row.minutes) <= left_pence) and (
            left_minutes is None or price == 0 or minutes <= left_minutes
        )

    def _is_near(self, row):
        within = self.criteria.within_miles
        # Where nobody has said from where, a distance asks for nothing.
        return within is None or not self.distances or self.distances.get(row.pk, float("inf")) <= within


def _district(postcode):
    try:
        return places.district(postcode)
    except places.PlaceNotKnown:
        return ""


def met(rows, criteria, distances, free):
    wanted = Wanted(criteria, rows, distances, free)
    return [row for row in rows if wanted.is_met_by(row)]


def _as_written(concept, rows):
    """Return a word of the carer's own in its other Welsh forms too, where no offer has it as it was typed."""
    if not concept.is_literal or any(_speaks_of(row, concept) for row in rows):
        return concept
    return replace(concept, texts=(concept.said, *synonyms.mutated(concept.said)))


def _speaks_of(row, concept):
    line = row.text if concept.is_literal else row.own_text
    return row.category in concept.categories or any(synonyms.has(line, text) for text in concept.texts)
