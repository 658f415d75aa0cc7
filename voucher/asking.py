"""What may be asked for, at what price: every reason to refuse a break, each with its figures."""

import collections
import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from accounts.models import Role
from brochure import availability, prices
from brochure.models import Offer
from providers.models import Provider
from voucher import rules
from voucher.ledger.models import AwardAccount
from voucher.models import Booking, Suggestion

TAKES_A_PLACE, IS_LIVE = Booking.TAKES_A_PLACE, Booking.LIVE


class Refused(Exception):
    """A break that cannot be asked for; the kinds below say why, with their figures.

    `part` and `position` say which choice of a request it is about.
    """

    part = position = 1


class NotLive(Refused):
    """The offer or its provider takes no bookings, or the provider is not insured on that day."""


class OtherRegion(Refused):
    def __init__(self, council):
        super().__init__(council.slug)
        self.council = council


class AdultsOnly(Refused):
    """The offer is for adults, and the carer is under 18 (R41)."""


class OvernightAlone(Refused):
    """A night away of a carer under 18 is asked for by the carers team (R41)."""


class OutsidePeriod(Refused):
    """The break is before the award's first or after its last day; of a stay, `covered` of `nights` are within."""

    def __init__(self, *, first_day, last_day, covered=0, nights=0):
        super().__init__(f"{first_day} to {last_day}")
        self.first_day, self.last_day, self.covered, self.nights = first_day, last_day, covered, nights


class TooSoon(Refused):
    """The provider asks for more notice: `notice_hours` before the start."""

    def __init__(self, notice_hours):
        super().__init__(f"{notice_hours} hours")
        self.notice_hours = notice_hours


class BadLength(Refused):
    """The offer cannot be had for that long; `minutes` lists the lengths it has."""

    def __init__(self, minutes):
        super().__init__()
        self.minutes = minutes


class NotOpen(Refused):
    """The offer does not start on that day at that time."""


class Full(Refused):
    """Every place is taken at that time."""


class AlreadyAsked(Refused):
    """This award has a booking of the same offer at that time."""

    def __init__(self, booking):
        super().__init__(booking.ref)
        self.booking = booking


class AwardClosed(Refused):
    """The award is stopped, or it has ended."""


class StalePrice(Refused):
    """The price is not the one that was shown; `price_pence` is the price now."""

    def __init__(self, price_pence):
        super().__init__(f"{price_pence}p")
        self.price_pence = price_pence


class BadShare(Refused):
    """The carer's own share is more than the price, or the provider takes none."""


class NotEnough(Refused):
    """Less is left than is needed: `needed` and `available`, in the award's unit."""

    def __init__(self, *, needed, available):
        super().__init__(f"{needed} of {available}")
        self.needed, self.available = needed, available


@dataclass(frozen=True)
class Quote:
    """What a break costs: pence of the price, and the amount in the award's unit that is set aside and stays."""

    unit_price_pence: int
    price_pence: int
    amount: int
    left_after: int

    @property
    def is_affordable(self):
        return self.left_after >= 0


def quotes(*, award, offer, on):
    """Return {minutes: Quote} for every length of the offer, at the price of the day `on`. Raises NotLive."""
    try:
        unit_price_pence = prices.price_on(offer, on)
    except prices.NoPrice as none:
        raise NotLive from none
    return {minutes: _quote(award, offer, minutes, unit_price_pence) for minutes in availability.lengths(offer)}


def quote(*, award, offer, minutes, on):
    """Return the Quote for a break of that length, at the price of the day `on`. Raises BadLength, NotLive."""
    found = quotes(award=award, offer=offer, on=on)
    if minutes not in found:
        raise BadLength(list(found))
    return found[minutes]


def _quote(award, offer, minutes, unit_price_pence):
    price_pence = rules.price_for(unit_price_pence, minutes, offer.minutes)
    amount = rules.amount_for(price_pence, minutes, award.in_hours)
    return Quote(unit_price_pence, price_pence, amount, award.account.available - amount)


def refuse_offer(*, award, offer, on, by=None):
    """Raise the Refused that keeps this award from this offer whatever the day and the time; else return nothing.

    Where it is known who asks, a carer under 18 has a night away only from the carers team (R41).
    """
    provider, account = offer.provider, award.account
    if offer.state != Offer.State.LIVE or provider.state != Provider.State.LIVE:
        raise NotLive
    if not rules.may_buy_from(award.council.region, provider.council.region):
        raise OtherRegion(provider.council)
    if account.state != AwardAccount.State.ACTIVE or on > account.last_day:
        raise AwardClosed
    if rules.is_young(award.carer.born_on, on):
        if offer.adults_only:
            raise AdultsOnly
        if offer.unit == Offer.Unit.NIGHT and by is not None and not _is_carers_team(by, award.council):
            raise OvernightAlone


def _is_carers_team(by, council):
    if by.user is None or not by.on_behalf_of:
        return False
    return Role.objects.filter(Q(council=council) | Q(council=None), user=by.user, kind=Role.Kind.TEAM).exists()


def refuse_unless_possible(*, award, offer, starts_at, minutes, now):
    """Raise the Refused that forbids this break, places and money aside; return nothing when it is possible."""
    refuse_offer(award=award, offer=offer, on=timezone.localdate(now))
    if minutes not in availability.lengths(offer):
        raise BadLength(availability.lengths(offer))
    refuse_outside_period(award.account, offer, starts_at, minutes)
    if not offer.provider.is_insured(on=timezone.localdate(availability.ends_at(offer, starts_at, minutes))):
        raise NotLive
    if starts_at <= now or not rules.is_within_notice(now, starts_at, offer.notice_hours):
        raise TooSoon(offer.notice_hours)
    if not availability.is_open(offer, starts_at, minutes):
        raise NotOpen


def refuse_taken(*, award, offer, starts_at, minutes, besides=None):
    """Raise AlreadyAsked or Full where no place is left; true only while the offer's row is locked.

    `besides` is a booking that does not count: the one that is to be moved.
    """
    ends_at = availability.ends_at(offer, starts_at, minutes)
    own = _own_booking(award, offer, starts_at, ends_at, besides)
    if own:
        raise AlreadyAsked(own)
    taken = taken_times(offer, starts_at, ends_at, besides=besides)
    if starts_at not in availability.start_times(offer, timezone.localdate(starts_at), minutes, taken=taken):
        raise Full


def taken_times(offer, after, before, besides=None):
    """Return the (starts_at, ends_at) pairs that take a place of the offer between two moments."""
    return taken_by_offer([offer.pk], after=after, before=before, besides=besides)[offer.pk]


def taken_by_offer(offers, *, after, before, besides=None):
    """Return {offer's number: [(starts_at, ends_at)…]} of all that takes a place between two moments; two queries.

    The one definition: what is asked for or booked, and every other time that was suggested and waits for an
    answer, so that nobody else books it meanwhile. A request for which its provider suggested other times
    holds those, and no longer its own. With None for the offers it is of all of them that have anything taken.
    """
    taken = collections.defaultdict(list, {number: [] for number in offers or ()})
    within = Q(starts_at__lt=before, ends_at__gt=after)
    booked = Booking.objects.filter(within, state__in=TAKES_A_PLACE)
    suggested = Suggestion.objects.filter(within, state=Suggestion.State.OPEN)
    if offers is not None:
        booked, suggested = booked.filter(offer__in=list(taken)), suggested.filter(booking__offer__in=list(taken))
    if besides:
        booked, suggested = booked.exclude(pk=besides.pk), suggested.exclude(booking=besides)
    for number, *span in booked.order_by().values_list("offer", "starts_at", "ends_at"):
        taken[number].append(tuple(span))
    for number, *span in suggested.order_by().values_list("booking__offer", "starts_at", "ends_at"):
        taken[number].append(tuple(span))
    return taken


def at_the_same_time(*, award, starts_at, ends_at, besides=()):
    """Return the award's live bookings that overlap a time, but for these: to warn of, not to refuse."""
    rows = award.bookings.filter(state__in=TAKES_A_PLACE, starts_at__lt=ends_at, ends_at__gt=starts_at)
    return list(rows.exclude(pk__in=besides).select_related("offer", "provider").order_by("starts_at", "pk"))


def _own_booking(award, offer, starts_at, ends_at, besides):
    within = {"starts_at__lt": ends_at, "ends_at__gt": starts_at}
    own = Booking.objects.filter(**within, offer=offer, award=award, state__in=TAKES_A_PLACE)
    if besides:
        own = own.exclude(pk=besides.pk)
    if own := own.first():
        return own
    suggested = Suggestion.objects.filter(
        **within, booking__offer=offer, booking__award=award, state=Suggestion.State.OPEN
    )
    if besides:
        suggested = suggested.exclude(booking=besides)
    suggestion = suggested.select_related("booking").first()
    return suggestion and suggestion.booking


def answer_working_days(scheme, offer):
    """Return within how many working days a provider answers a request for this offer (R7): more for a stay."""
    return scheme.answer_working_days_overnight if offer.unit == Offer.Unit.NIGHT else scheme.answer_working_days


def last_service_day(offer, starts_at, minutes):
    """Return the last day that pays for the break: of a stay, the day its last night begins on (R3)."""
    nights = minutes // offer.minutes if offer.unit == Offer.Unit.NIGHT else 1
    return timezone.localdate(starts_at) + dt.timedelta(days=nights - 1)


def refuse_outside_period(account, offer, starts_at, minutes):
    """Raise OutsidePeriod unless the award pays for the whole of the break (R2, R3)."""
    day, period = timezone.localdate(starts_at), {"first_day": account.first_day, "last_day": account.last_day}
    if offer.unit != Offer.Unit.NIGHT:
        if not rules.is_within_period(**period, day=day):
            raise OutsidePeriod(**period)
        return
    nights = minutes // offer.minutes
    covered = rules.nights_covered(**period, arrival=day, nights=nights)
    if covered < nights:
        raise OutsidePeriod(**period, covered=covered, nights=nights)
