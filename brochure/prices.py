"""What an offer costs at a time, asked for on a day, and no other rule anywhere.

Each rate (weekdays, evenings, weekends, bank holidays) is the newest price whose first day has come on the day of
asking, but never more than a printed edition promises for that day: nobody pays more than their copy says (R23).
Which rate counts is decided by the start of the break (R51).
"""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Case, Min, OuterRef, Subquery, When
from django.db.models.lookups import GreaterThan

from accounts import days
from brochure.availability import LONDON
from brochure.models import EditionOffer, Offer, OfferPrice

Rate = OfferPrice.Rate
EVENING_BEGINS = dt.time(18, 0)
# Every kind of start there is, with the rates that count for it: the first of them that an offer has.
ON_WEEKDAYS = (Rate.STANDARD,)
ON_EVENINGS = (Rate.EVENING, Rate.STANDARD)
ON_WEEKENDS = (Rate.WEEKEND, Rate.STANDARD)
ON_BANK_HOLIDAYS = (Rate.BANK_HOLIDAY, Rate.STANDARD)
ON_BANK_HOLIDAYS_AT_WEEKENDS = (Rate.BANK_HOLIDAY, Rate.WEEKEND, Rate.STANDARD)
STARTS = (ON_WEEKDAYS, ON_EVENINGS, ON_WEEKENDS, ON_BANK_HOLIDAYS, ON_BANK_HOLIDAYS_AT_WEEKENDS)


class NoPrice(LookupError):
    """The offer has no price on that day, so nobody can book it."""


def rates_at(starts_at, unit):
    """R51. Return the rates that may count for a break that starts then, the first that an offer has before the rest.

    A bank holiday (of England and Wales, the day itself and the day it is moved to) comes before a weekend, a
    weekend before an evening, which begins at six on a weekday. A night counts by the day of arrival, and a course
    always costs the standard price.
    """
    local = starts_at.astimezone(LONDON)
    is_weekend = local.weekday() >= 5
    if unit == Offer.Unit.COURSE:
        return ON_WEEKDAYS
    if days.is_bank_holiday(local.date()):
        return ON_BANK_HOLIDAYS_AT_WEEKENDS if is_weekend else ON_BANK_HOLIDAYS
    if is_weekend:
        return ON_WEEKENDS
    if local.time() >= EVENING_BEGINS and unit != Offer.Unit.NIGHT:
        return ON_EVENINGS
    return ON_WEEKDAYS


def possible_starts(unit):
    """Return the kinds of start, each as rates_at gives them, at which an offer of this unit can be dearer."""
    if unit == Offer.Unit.COURSE:
        return (ON_WEEKDAYS,)
    return tuple(each for each in STARTS if each != ON_EVENINGS or unit != Offer.Unit.NIGHT)


@dataclass(frozen=True)
class Rates:
    """What one offer costs on a day of asking, in pence: the provider's own rates, and what editions promise."""

    unit: str
    own: dict
    # One dict a printed edition in force: what it printed, by rate.
    promises: tuple = field(default=())

    def at(self, starts_at):
        """R51. Return what one unit of a break costs that starts then."""
        return self.of(rates_at(starts_at, self.unit))

    def of(self, rates):
        """R23. Return the price of a kind of start: the provider's own, or less where an edition promises less."""
        promised = [_first(printed, rates) for printed in self.promises]
        return min([_first(self.own, rates), *promised])

    @property
    def standard(self):
        return self.of(ON_WEEKDAYS)

    @property
    def every(self):
        """The price of each kind of start that there can be."""
        return [self.of(rates) for rates in possible_starts(self.unit)]

    @property
    def lowest(self):
        return min(self.every)

    @property
    def differ(self):
        return len(set(self.every)) > 1

    @property
    def is_promised(self):
        """True while an edition promises less than the provider's own price, at some time."""
        own = Rates(self.unit, self.own).every
        return any(paid < price for paid, price in zip(self.every, own, strict=True))

    @property
    def shown(self):
        """{rate: pence} of what is paid at each rate that the offer has, in the order in which they are shown.

        A bank holiday may have two prices while an edition without that rate holds; then it is the higher. A rate
        that was left out is still shown while an edition promises less for it than the standard price.
        """
        return {
            rate: pence
            for rate in Rate
            if (pence := self.beginning(rate)) is not None and (rate in self.own or self._is_kept_in_print(rate, pence))
        }

    def beginning(self, rate):
        """Return what is paid for a break that starts when this rate counts, or None where there is no such start."""
        of_this = [self.of(rates) for rates in possible_starts(self.unit) if rates[0] == rate]
        return max(of_this, default=None)

    def _is_kept_in_print(self, rate, pence):
        return pence != self.standard and any(rate in printed for printed in self.promises)


def _first(prices, rates):
    return next(prices[rate] for rate in rates if rate in prices)


def rates_of(offer, day):
    """Return the Rates of one offer, asked for on a day. Raises NoPrice before its first price."""
    found = _rates({offer.pk: offer.unit}, own_rates([offer.pk], day), day)
    if offer.pk not in found:
        raise NoPrice(offer.ref)
    return found[offer.pk]


def attach(offers, day):
    """Set `rates` on each of these offers as catalogue.live_offers gives them; two queries, however many there are."""
    missing = [offer for offer in offers if not hasattr(offer, "rates")]
    dearer = with_rates(day, offers=missing) if missing else {}
    for offer in missing:
        offer.rates = dearer.get(offer.pk) or one_rate(offer)
    return offers


def one_rate(offer):
    """Return the Rates of an offer of catalogue.live_offers that has no other than the standard price."""
    return Rates(offer.unit, {Rate.STANDARD: offer.own_price_pence}, ({Rate.STANDARD: offer.price_pence},))


def with_rates(day, *, offers=None):
    """Return {offer's id: Rates} of those that have another rate than the standard one; one query where none has.

    With None for the offers it looks at all there are.
    """
    others = OfferPrice.objects.exclude(rate=Rate.STANDARD).filter(first_day__lte=day)
    if offers is not None:
        others = others.filter(offer__in=[each.pk for each in offers])
    units = dict(others.order_by().values_list("offer", "offer__unit").distinct())
    return _rates(units, own_rates(units, day), day) if units else {}


def own_rates(numbers, day):
    """Return {offer's id: {rate: pence}} of the providers' own prices on a day; editions are made of these.

    A rate that was left out by that day is not among them.
    """
    found = {}
    rows = OfferPrice.objects.filter(offer__in=list(numbers), first_day__lte=day).order_by("first_day")
    for number, rate, price_pence in rows.values_list("offer", "rate", "price_pence"):
        found.setdefault(number, {})[rate] = price_pence
    return {number: with_change({}, every) for number, every in found.items()}


def with_change(before, change):
    """Return {rate: pence} as it is once a change counts; a rate for which that has None is left out."""
    return {rate: pence for rate, pence in (before | change).items() if pence is not None}


def _rates(units, own, day):
    promised = {}
    printed = EditionOffer.objects.filter(
        offer__in=list(units), edition__made_on__lte=day, edition__prices_until__gte=day
    ).order_by("pk")
    columns = ("offer", "pk", "price_pence", "rates__rate", "rates__price_pence")
    for number, printed_offer, standard, rate, price_pence in printed.values_list(*columns):
        copy = promised.setdefault(number, {}).setdefault(printed_offer, {Rate.STANDARD: standard})
        if rate:
            copy[rate] = price_pence
    return {
        number: Rates(units[number], prices, tuple(promised.get(number, {}).values()))
        for number, prices in own.items()
        if Rate.STANDARD in prices
    }


def price_for(unit_price_pence, minutes, unit_minutes):
    """R4. The price is the unit price times the length, rounded to the nearest penny once, half a penny up."""
    return (2 * unit_price_pence * minutes + unit_minutes) // (2 * unit_minutes)


def on_day(day):
    """Return the expression that gives each Offer of a query its standard price on a day, in pence, or null."""
    own, promised = own_on_day(day), promised_on_day(day)
    # Where either is missing the comparison is neither true nor false, and the provider's own price stands.
    return Case(When(GreaterThan(own, promised), then=promised), default=own)


def own_on_day(day):
    """Return the expression for the provider's own standard price on a day, in pence, or null."""
    prices = OfferPrice.objects.filter(offer=OuterRef("pk"), rate=Rate.STANDARD, first_day__lte=day)
    return Subquery(prices.order_by("-first_day").values("price_pence")[:1])


def promised_on_day(day):
    """Return the expression for the lowest standard price that an edition promises for a day, in pence, or null."""
    printed = EditionOffer.objects.filter(
        offer=OuterRef("pk"), edition__made_on__lte=day, edition__prices_until__gte=day
    ).order_by()
    return Subquery(printed.values("offer").annotate(lowest=Min("price_pence")).values("lowest"))
