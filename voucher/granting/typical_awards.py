"""What carers of a region typically have to spend, shown to providers while they price: only figures of many awards."""

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import wording
from brochure.models import Offer
from voucher.ledger.models import Unit
from voucher.models import Award

# An award that fewer carers have says something about somebody.
FEWEST = 10
SHOWN_MOST = 3


def typical(region):
    """Return [(value, unit)…] of the region's most common awards, each of 10 awards or more, the most common first."""
    rows = Award.objects.filter(council__region=region).values("value", "account__unit").annotate(awards=Count("pk"))
    rows = rows.filter(awards__gte=FEWEST).order_by("-awards", "account__unit", "value")[:SHOWN_MOST]
    return [(row["value"], row["account__unit"]) for row in rows]


def in_words(region):
    """Return the region's typical awards as people say them: ["£400", "16 hours"]."""
    return [wording.amount(value, unit) for value, unit in typical(region)]


def what_they_buy(region, *, price_pence, unit, minutes):
    """Return a sentence for each typical award: "Of a typical award of £400 …16 hours", or that it buys not even one.

    `price_pence` is the price of one unit of an offer that is sold by `unit`, of so many minutes. A break that costs
    nothing uses no award.
    """
    if not price_pence:
        return []
    found = []
    for value, in_unit in typical(region):
        units = value // (minutes if in_unit == Unit.MINUTES else price_pence)
        words = {"award": wording.amount(value, in_unit)}
        if units:
            words["breaks"] = _units(units, unit)
            found.append(_("Of a typical award of %(award)s this is %(breaks)s.") % words)
        else:
            found.append(_("This is more than a typical award of %(award)s pays for.") % words)
    return found


def _units(number, unit):
    sentence = {
        Offer.Unit.SESSION: ngettext("%(n)s session", "%(n)s sessions", number),
        Offer.Unit.HOUR: ngettext("%(n)s hour", "%(n)s hours", number),
        Offer.Unit.NIGHT: ngettext("%(n)s night", "%(n)s nights", number),
        Offer.Unit.JOURNEY: ngettext("%(n)s journey", "%(n)s journeys", number),
        Offer.Unit.COURSE: ngettext("%(n)s course", "%(n)s courses", number),
    }[unit]
    return sentence % {"n": number}
