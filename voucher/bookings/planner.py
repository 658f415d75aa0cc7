"""What is left and how it can still be used: examples at middle prices nearby, and the offers still to be finished.

The planner asks of every offer in the region whether it has a free time before the award's last day, and whether
what is left pays for its shortest break.
"""

import datetime as dt
import statistics
from collections import Counter
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import wording
from brochure import availability, catalogue, places, prices
from brochure.models import Offer
from voucher import rules
from voucher.bookings import asking

# Offers so near are asked first what is usual nearby.
NEARBY_MILES = 10
EXAMPLES = 3
# Where the last day is too dear, so many days are tried: there is a weekday in every week.
DAYS_TRIED = 8
# The kinds of break an example may be of, the most asked for first.
EXAMPLE_KINDS = ("sitting", "swim-and-sport", "overnight", "hair-and-beauty", "wellbeing", "help-at-home", "food")


@dataclass(frozen=True)
class Example:
    """What the rest would buy: the words of a whole sentence, and the kind of break."""

    category: str
    words: str


@dataclass(frozen=True)
class Possible:
    """An offer that can still be finished: ask by this day at the latest, and go by that moment."""

    offer: Offer
    ask_by: dt.date
    go_by: dt.datetime


def still_buys(award, *, on):
    """Return up to three Examples of what is left, each at the middle price of its kind nearby; two queries."""
    columns = ("category__slug", "unit", "price_pence", "minutes", "provider__postcode")
    rows = catalogue.live_offers(on=on, council=award.council, young=rules.is_young(award.carer.born_on, on))
    by_kind = {}
    for kind, unit, price_pence, minutes, postcode in rows.filter(category__slug__in=EXAMPLE_KINDS).values_list(
        *columns
    ):
        if price_pence:
            by_kind.setdefault(kind, []).append((unit, price_pence, minutes, postcode))
    near = _nearby(award.carer.postcode, {row[3] for rows in by_kind.values() for row in rows})
    found = []
    for kind in EXAMPLE_KINDS:
        words = _example(award, kind, by_kind.get(kind, []), near)
        if words:
            found.append(Example(kind, words))
    return found[:EXAMPLES]


def _example(award, kind, rows, near):
    """Return the sentence for one kind, or nothing where what is left does not pay for one."""
    rows = [row for row in rows if row[3] in near] or rows
    if not rows:
        return ""
    unit = Counter(row[0] for row in rows).most_common(1)[0][0]
    rows = [row for row in rows if row[0] == unit]
    left, lasts = award.account.available, statistics.median(row[2] for row in rows)
    costs = lasts if award.in_hours else statistics.median(row[1] for row in rows)
    if unit == Offer.Unit.HOUR:
        minutes = int(left * lasts / costs) // 30 * 30
        return _hours_sentence(kind, minutes) if minutes >= lasts else ""
    number = int(left // costs)
    return _number_sentence(kind, unit, number) if number else ""


def _hours_sentence(kind, minutes):
    sentences = {
        "sitting": _("about %(time)s of sitting"),
        "help-at-home": _("about %(time)s of help at home"),
    }
    return sentences.get(kind, _("about %(time)s of a break")) % {"time": wording.hours(minutes)}


def _number_sentence(kind, unit, number):
    if unit == Offer.Unit.NIGHT:
        sentence = ngettext("%(n)s night away", "%(n)s nights away", number)
    elif kind == "swim-and-sport":
        sentence = ngettext("%(n)s swim", "%(n)s swims", number)
    elif kind == "hair-and-beauty":
        sentence = ngettext("%(n)s haircut", "%(n)s haircuts", number)
    elif kind == "wellbeing":
        sentence = ngettext("%(n)s class or massage", "%(n)s classes or massages", number)
    elif kind == "food":
        sentence = ngettext("%(n)s meal or tea", "%(n)s meals or teas", number)
    else:
        sentence = ngettext("%(n)s break", "%(n)s breaks", number)
    return sentence % {"n": number}


def _nearby(home, postcodes):
    """Return those of the postcodes that are near home; none where we do not know where home is."""
    districts = {}
    for postcode in {home, *postcodes}:
        try:
            districts[postcode] = places.district(postcode)
        except places.PlaceNotKnown:
            continue
    centres = places.centres(set(districts.values()))
    start = centres.get(districts.get(home))
    if start is None:
        return set()
    return {
        postcode
        for postcode, name in districts.items()
        if name in centres and places.miles(start, centres[name]) <= NEARBY_MILES
    }


def still_possible(award, *, now, taken):
    """Return the offers that what is left can still pay for before the last day, the first to be asked for first.

    Four queries at most; `taken` holds what is booked, as bookings.taken_by_offer gives it, until after the last day.
    """
    today, account = timezone.localdate(now), award.account
    if account.state != account.State.ACTIVE or today > account.last_day:
        return []
    young = rules.is_young(award.carer.born_on, today)
    found = []
    for offer in prices.attach(list(catalogue.live_offers(on=today, council=award.council, young=young)), today):
        least = rules.amount_for(offer.rates.lowest, offer.minutes, award.in_hours)
        if least > account.available or (young and offer.unit == Offer.Unit.NIGHT):
            continue
        good_until = offer.good_until or account.last_day
        last_day = min(account.last_day, good_until - dt.timedelta(days=offer.unit == Offer.Unit.NIGHT))
        start = _last_paid_for(award, offer, now, last_day, taken.get(offer.pk, ()))
        if start and timezone.localdate(start) >= account.first_day:
            found.append(Possible(offer, _ask_by(award.council.scheme, offer, start, today), start))
    return sorted(found, key=lambda each: (each.ask_by, each.offer.category.position, each.offer.number))


def _last_paid_for(award, offer, now, last_day, taken):
    """Return the last free moment whose price (R51) is still left; where that day is too dear, of a day before it."""
    for _day in range(DAYS_TRIED):
        start = availability.last_free(offer, now, last_day=last_day, taken=taken)
        price = start and offer.rates.at(start)
        if start is None or rules.amount_for(price, offer.minutes, award.in_hours) <= award.account.available:
            return start
        last_day = timezone.localdate(start) - dt.timedelta(days=1)
    return None


def _ask_by(scheme, offer, start, today):
    """Return the last day on which to ask: the offer's notice (R8) and the provider's time to answer (R7) before it.

    Where that day has passed and the notice still allows it, it is today.
    """
    with_notice = timezone.localdate(start - dt.timedelta(hours=offer.notice_hours))
    return max(today, rules.working_days_before(with_notice, asking.answer_working_days(scheme, offer)))


def by_category(possible):
    """Return [(category, its Possibles)…] in the order of the brochure."""
    found = {}
    for each in sorted(possible, key=lambda each: each.offer.category.position):
        found.setdefault(each.offer.category, []).append(each)
    return list(found.items())
