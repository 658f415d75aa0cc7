"""Wishes: what somebody needed and did not find, gathered under themes until an offer meets them.

A theme is guessed from the words and confirmed by the carers team. Providers learn how many people wished for a theme
and nothing else.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Min, Q

from accounts import history
from brochure import catalogue, synonyms
from voucher import messages, rules
from voucher.models import Wish

Theme, State = Wish.Theme, Wish.State
# A theme is counted over so many days (R38).
DAYS = 90

# The kinds of break that can meet a theme, the likeliest first.
KINDS = {
    Theme.SITTING: ("sitting", "day-opportunities"),
    Theme.OVERNIGHT: ("overnight",),
    Theme.GOING_OUT: ("out-and-about", "food"),
    Theme.GAMES: ("food", "out-and-about", "garden-and-craft"),
    Theme.SPORT: ("swim-and-sport", "wellbeing"),
    Theme.LEARNING: ("learning", "garden-and-craft"),
    Theme.HOME: ("help-at-home",),
    Theme.TRANSPORT: ("transport",),
    Theme.BODY: ("hair-and-beauty", "wellbeing"),
}
# What a kind of break is first of all about.
THEMES = {
    "wellbeing": Theme.BODY,
    "day-opportunities": Theme.SITTING,
    "food": Theme.GOING_OUT,
    "garden-and-craft": Theme.LEARNING,
} | {kinds[0]: theme for theme, kinds in KINDS.items() if theme != Theme.GAMES}
# What the list of synonyms has no word for, since no offer is of that kind: the beginnings of words.
GAMES_WORDS = (
    *("game", "card", "bingo", "chess", "darts", "quiz", "whist", "domino", "social", "group", "club"),
    *("gem", "cardiau", "gwyddbwyll", "dartiau", "cwis", "grwp", "clwb", "cymdeithas"),
)


class NotOpen(Exception):
    """The wish was closed or met meanwhile."""


@dataclass(frozen=True)
class Count90:
    """How often a theme was wished for in the last 90 days: wishes, people, and how many still wait."""

    theme: str
    wishes: int
    people: int
    waiting: int

    @property
    def label(self):
        return Theme(self.theme).label

    @property
    def makes_a_group(self):
        """R38."""
        return rules.makes_a_group(self.people)


def theme_of(words):
    """Return the theme that plain words suggest, in English or Welsh; OTHER where they suggest none."""
    line = synonyms.searchable(words)
    if any(synonyms.has(line, word) for word in GAMES_WORDS):
        return Theme.GAMES
    kinds = [kind for concept in synonyms.concepts(words) for kind in _kinds_of(concept)]
    return THEMES[kinds[0]] if kinds else Theme.OTHER


def _kinds_of(concept):
    """Return the kinds of break a concept means; one that is found by its words alone is looked up by them."""
    return concept.categories or tuple(kind for word, kind in MEANT.items() if word in concept.texts)


# Kinds for the concepts of the list that name no kind of their own.
MEANT = {
    "haircut": "hair-and-beauty",
    "swim": "swim-and-sport",
    "yoga": "swim-and-sport",
    "massage": "hair-and-beauty",
    "walk": "out-and-about",
    "trip": "out-and-about",
    "cleaning": "help-at-home",
    "garden": "help-at-home",
    "odd jobs": "help-at-home",
    "pottery": "learning",
    "digital": "learning",
    "coffee": "out-and-about",
}


def make(*, council, carer, theme, words, wanted_when, by, now):
    """Write a wish down and return it; without a carer it is a visitor's. A carer's same open wish is not doubled."""
    with transaction.atomic():
        fields = {"council": council, "carer": carer, "theme": theme, "words": words, "wanted_when": wanted_when}
        same = carer and Wish.objects.filter(state=State.OPEN, **fields).first()
        if same:
            return same
        wish = Wish.objects.create(made_at=now, **fields)
        history.record(act="wish.made", subject=wish, by=by, at=now, council=council, theme=theme)
    return wish


def confirm(*, wish, theme, by, now):
    """The carers team says what the wish is about; the theme stands then. Raises NotOpen."""
    with transaction.atomic():
        _move(wish, theme=theme, confirmed_by=by.user)
        history.record(act="wish.confirmed", subject=wish, by=by, at=now, council=wish.council, theme=theme)


def close(*, wish, by, now):
    """End a wish that nobody can meet, or that is no longer wanted; nobody is written to. Raises NotOpen."""
    with transaction.atomic():
        _move(wish, state=State.CLOSED, ended_at=now)
        history.record(act="wish.closed", subject=wish, by=by, at=now, council=wish.council)


def meet(*, wish, offer, by, now):
    """Say that an offer meets the wish; the carer who waits is told once, unless we keep silent. Raises NotOpen."""
    with transaction.atomic():
        _move(wish, state=State.MET, met_by=offer, ended_at=now)
        history.record(act="wish.met", subject=wish, by=by, at=now, council=wish.council, offer=offer.pk)
        if wish.carer:
            messages.wish_met(wish)


def _move(wish, **changes):
    """Change an open wish, and no other: of two who press at once, one wins."""
    if not Wish.objects.filter(pk=wish.pk, state=State.OPEN).update(**changes):
        raise NotOpen
    wish.refresh_from_db()


def counts(*, now, council=None, region=None):
    """Return a Count90 for each theme wished for in a council or a region, the most people first; one query."""
    since = now - dt.timedelta(days=DAYS)
    rows = Wish.objects.filter(Q(made_at__gte=since) | Q(state=State.OPEN))
    rows = rows.filter(council=council) if council else rows.filter(council__region=region)
    recent = Q(made_at__gte=since)
    found = (
        rows.values("theme")
        .order_by("theme")
        .annotate(
            wishes=Count("pk", filter=recent),
            # A carer counts once, however often she wishes; visitors are not told apart.
            carers=Count("carer", filter=recent, distinct=True),
            visitors=Count("pk", filter=recent & Q(carer=None)),
            waiting=Count("pk", filter=Q(state=State.OPEN)),
        )
    )
    themes = [Count90(row["theme"], row["wishes"], row["carers"] + row["visitors"], row["waiting"]) for row in found]
    return sorted(themes, key=lambda each: (-each.people, each.theme))


def waiting(*, council, theme=None):
    """Return the open wishes of a council, the oldest first."""
    rows = Wish.objects.filter(council=council, state=State.OPEN).select_related("carer")
    return (rows.filter(theme=theme) if theme else rows).order_by("made_at", "pk")


def offers_that_fit(*, theme, council, on):
    """Return the live offers of the kinds that can meet a theme, the newest first, each with appeared_on."""
    rows = catalogue.live_offers(on=on, council=council).annotate(appeared_on=Min("prices__first_day"))
    kinds = KINDS.get(theme)
    return (rows.filter(category__slug__in=kinds) if kinds else rows).order_by("-appeared_on", "-number")


def new_offers(*, council, on):
    """Return {theme: how many offers that fit have appeared since its oldest open wish}; two queries for all."""
    oldest = dict(
        Wish.objects.filter(council=council, state=State.OPEN)
        .values("theme")
        .order_by("theme")
        .annotate(oldest=Min("made_at"))
        .values_list("theme", "oldest")
    )
    rows = catalogue.live_offers(on=on, council=council).annotate(appeared_on=Min("prices__first_day"))
    appeared = list(rows.values_list("category__slug", "appeared_on")) if oldest else []
    return {
        theme: sum(1 for kind, day in appeared if kind in KINDS.get(theme, ()) and day > since.date())
        for theme, since in oldest.items()
    }
