"""What may be asked for, at what price: every reason to refuse a break, each with its figures."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from accounts.models import Role
from brochure import availability, places, prices, taken_places
from brochure.models import Offer
from providers.models import Provider
from voucher import rules
from voucher.calendars.places_taken import spans_of, taken_times
from voucher.ledger.models import AwardAccount
from voucher.models import Booking, Suggestion, WaitingPlace

TAKES_A_PLACE, IS_LIVE = Booking.TAKES_A_PLACE, Booking.LIVE


class Refused(Exception):
    """A break that cannot be asked for; the kinds below say why, with their figures.

    `part` and `position` say which choice of a request it is about.
    """

    part = position = 1


class NotLive(Refused):
    """The offer or its provider takes no bookings, or papers or checks are not in order on that day."""


class NotThatLate(NotLive):
    """Just now bookings of it are taken only up to `last_day`: its provider's papers or its own checks end then."""

    def __init__(self, last_day):
        super().__init__(f"up to {last_day}")
        self.last_day = last_day


class OwnAward(Refused):
    """Nobody books at their own door from an award of their own, or one for which they act: a colleague does."""


class OtherRegion(Refused):
    def __init__(self, council):
        super().__init__(council.slug)
        self.council = council


class AdultsOnly(Refused):
    """The offer is for adults, and the carer is under 18 (R41)."""


class OvernightAlone(Refused):
    """A night away of a carer under 18 is asked for by the carers team (R41)."""


class OutsideArea(Refused):
    """The provider does not come to where the carer lives (R66); `areas` are the districts it comes to."""

    def __init__(self, areas):
        super().__init__(", ".join(areas))
        self.areas = areas


class OutsidePeriod(Refused):
    """The break is before the award's first or after its last day.

    Of a stay `covered` of `nights` are within, of a course `covered` of `sessions`.
    """

    def __init__(self, *, first_day, last_day, covered=0, nights=0, sessions=0):
        super().__init__(f"{first_day} to {last_day}")
        self.first_day, self.last_day, self.covered = first_day, last_day, covered
        self.nights, self.sessions = nights, sessions


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
    # The least that it can cost, because it is not known yet when the break is and the prices differ.
    is_from: bool = False

    @property
    def is_affordable(self):
        return self.left_after >= 0


def quotes(*, award, offer, starts_at, on):
    """Return {minutes: Quote} for every length of the offer, asked for on a day, for a break that starts then (R51).

    As long as nobody knows when, `starts_at` is None, and it is the least that it can cost. Raises NotLive.
    """
    rates = rates_of(offer, on)
    unit_price_pence = rates.at(starts_at) if starts_at else rates.lowest
    return {
        minutes: quote_at(award, offer, minutes, unit_price_pence, is_from=rates.differ and not starts_at)
        for minutes in availability.lengths(offer)
    }


def quote(*, award, offer, starts_at, minutes, on):
    """Return the Quote for a break of that length that starts then, asked for on a day. Raises BadLength, NotLive."""
    found = quotes(award=award, offer=offer, starts_at=starts_at, on=on)
    if minutes not in found:
        raise BadLength(list(found))
    return found[minutes]


def rates_of(offer, on):
    """Return the prices.Rates of an offer on the day of asking. Raises NotLive where it has no price yet."""
    try:
        return prices.rates_of(offer, on)
    except prices.NoPrice as none:
        raise NotLive from none


def quote_at(award, offer, minutes, unit_price_pence, is_from=False):
    """Return the Quote for a break of that length at a price of one unit, in pence."""
    price_pence = rules.price_for(unit_price_pence, minutes, offer.minutes)
    amount = rules.amount_for(price_pence, minutes, award.in_hours)
    return Quote(unit_price_pence, price_pence, amount, award.account.available - amount, is_from)


def refuse_offer(*, award, offer, on, by=None):
    """Raise the Refused that keeps this award from this offer whatever the day and the time; else return nothing.

    Where it is known who asks, a carer under 18 has a night away (R41), and a carer who lives outside the offer's
    area (R66) has it, only from the carers team.
    """
    if offer.state != Offer.State.LIVE or offer.provider.state != Provider.State.LIVE:
        raise NotLive
    refuse_award(award=award, offer=offer, on=on)
    if by is not None and not comes_to(offer, award.carer) and not _is_carers_team(by, award.council):
        raise OutsideArea(offer.areas)
    if rules.is_young(award.carer.born_on, on):
        if offer.adults_only:
            raise AdultsOnly
        if offer.unit == Offer.Unit.NIGHT and by is not None and not _is_carers_team(by, award.council):
            raise OvernightAlone


def refuse_award(*, award, offer, on):
    """Raise OtherRegion or AwardClosed for an award that pays nothing of this offer on that day."""
    council, account = offer.provider.council, award.account
    if not rules.may_buy_from(award.council.region, council.region):
        raise OtherRegion(council)
    if account.state != AwardAccount.State.ACTIVE or on > account.last_day:
        raise AwardClosed


def refuse_own(award, by):
    """Raise OwnAward where who works for the provider is the carer, or acts for her: nobody says yes for both sides."""
    acts_for_her = award.carer.permissions.filter(helper=by.user, ended_at=None)
    if by.user is not None and (award.carer.user_id == by.user.pk or acts_for_her.exists()):
        raise OwnAward


def comes_to(offer, carer):
    """R66. True where the provider comes to the carer's district; where we do not know it, nobody is refused."""
    try:
        return not offer.areas or places.district(carer.postcode) in offer.areas
    except places.PlaceNotKnown:
        return True


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
    if not offer.is_in_order(on=timezone.localdate(availability.ends_at(offer, starts_at, minutes))):
        raise NotThatLate(offer.good_until) if offer.is_in_order(on=timezone.localdate(now)) else NotLive
    if starts_at <= now or not rules.is_within_notice(now, starts_at, offer.notice_hours):
        raise TooSoon(offer.notice_hours)
    if not availability.is_open(offer, starts_at, minutes):
        raise NotOpen


def refuse_taken(*, award, offer, starts_at, minutes, besides=None):
    """Raise AlreadyAsked or Full where no place is left; true only while the offer's row is locked.

    `besides` is a booking that does not count: the one that is to be moved.
    """
    spans = availability.spans(offer, starts_at, minutes)
    after, before = spans[0][0], spans[-1][1]
    own = _own_booking(award, offer, after, before, besides)
    if own:
        raise AlreadyAsked(own)
    buffer = dt.timedelta(minutes=offer.buffer_minutes)
    taken = taken_times(offer, after - buffer, before + buffer, besides=besides, award=award)
    if starts_at not in availability.start_times(offer, timezone.localdate(starts_at), minutes, taken=taken):
        raise Full
    if offer.has_waiting_list and _belongs_to_who_waits(award, offer, after):
        raise Full


def _belongs_to_who_waits(award, offer, starts_at):
    """R55. True where a place fell free this minute that somebody waits for: it is kept for the first in line.

    What somebody cannot use, because it is too short, is free to others. A place that is kept for this award is hers.
    """
    day = timezone.localdate(starts_at)
    rows = WaitingPlace.objects.filter(offer=offer, day=day)
    waiting = rows.filter(state=WaitingPlace.State.WAITING).exclude(award=award)
    lengths = set(waiting.order_by().values_list("minutes", flat=True))
    if not lengths or rows.filter(state=WaitingPlace.State.KEPT, award=award, starts_at=starts_at).exists():
        return False
    taken = taken_times(offer, *taken_places.week_of(starts_at))
    return any(availability.start_times(offer, day, minutes, taken=taken) for minutes in lengths)


def at_the_same_time(*, award, starts_at, ends_at, besides=()):
    """Return the award's live bookings that overlap a time, but for these: to warn of, not to refuse."""
    rows = award.bookings.filter(state__in=TAKES_A_PLACE, starts_at__lt=ends_at, ends_at__gt=starts_at)
    rows = rows.exclude(pk__in=besides).select_related("offer", "provider").order_by("starts_at", "pk")
    return [row for row in rows if any(first < ends_at and last > starts_at for first, last in spans_of(row))]


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
    """Return the last day that pays for the break: of a stay, the day its last night begins on (R3).

    Of a course it is the day of its last session (R54).
    """
    nights = minutes // offer.minutes if offer.unit == Offer.Unit.NIGHT else 1
    first = availability.spans(offer, starts_at, minutes)[-1][0] if offer.unit == Offer.Unit.COURSE else starts_at
    return timezone.localdate(first) + dt.timedelta(days=nights - 1)


def refuse_outside_period(account, offer, starts_at, minutes):
    """Raise OutsidePeriod unless the award pays for the whole of the break (R2, R3, R54)."""
    day, period = timezone.localdate(starts_at), {"first_day": account.first_day, "last_day": account.last_day}
    if offer.unit == Offer.Unit.NIGHT:
        nights = minutes // offer.minutes
        covered = rules.nights_covered(**period, arrival=day, nights=nights)
        if covered < nights:
            raise OutsidePeriod(**period, covered=covered, nights=nights)
        return
    days = [timezone.localdate(start) for start, _end in availability.spans(offer, starts_at, minutes)]
    covered = sum(rules.is_within_period(**period, day=each) for each in days)
    if covered < len(days):
        raise OutsidePeriod(**period, covered=covered, sessions=len(days) if len(days) > 1 else 0)
