"""The waiting list of a day that is booked out: the first in line has a place kept for a while, then the next (R55)."""

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone

from accounts import days, history
from brochure import availability, catalogue, taken_places
from brochure.models import Offer
from voucher import bookings, messages, rules
from voucher.bookings import asking, tasks
from voucher.bookings.making import lock_offers
from voucher.calendars.places_taken import taken_times
from voucher.ledger.models import AwardAccount
from voucher.messages import writing
from voucher.models import Award, Booking, Carer, WaitingPlace

log = logging.getLogger(__name__)
State, Because = WaitingPlace.State, WaitingPlace.Because
# So many other offers of the kind are named to a carer who waited in vain.
OTHERS_NAMED = 3
# A place that could be kept for less than this is free to whoever asks next.
SHORTEST_KEPT = dt.timedelta(minutes=15)


class NoWaitingList(bookings.Refused):
    """Nobody waits for this offer: its provider keeps no list."""


class NotBookedOut(bookings.Refused):
    """There is a place on that day: it can be asked for at once."""


class PlaceGone(Exception):
    """The place is not kept any more: taken already, let go, or its time is over; `state` is how it stands."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


def booked_out_days(*, award, offer, minutes, now):
    """Return the dates of the next 60 on which the offer could be had for that long, if it were not booked out."""
    soonest = availability.earliest(offer, now)
    first, last = timezone.localdate(soonest), timezone.localdate(now) + dt.timedelta(days=availability.LOOK_AHEAD_DAYS)
    first, last = max(first, award.account.first_day), min(last, award.account.last_day)
    taken = taken_times(offer, now, now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS + 8), award=award)
    days = (first + dt.timedelta(days=ahead) for ahead in range((last - first).days + 1))
    return [day for day in days if _is_booked_out(award, offer, day, minutes, taken, soonest)]


def _is_booked_out(award, offer, day, minutes, taken, soonest):
    possible = [start for start in availability.possible_starts(offer, day, minutes) if start >= soonest]
    if not any(_is_covered(award, offer, start, minutes) for start in possible):
        return False
    free = availability.start_times(offer, day, minutes, taken=taken)
    return not any(start >= soonest for start in free)


def _is_covered(award, offer, start, minutes):
    try:
        asking.refuse_outside_period(award.account, offer, start, minutes)
    except asking.OutsidePeriod:
        return False
    return offer.is_in_order(on=timezone.localdate(availability.ends_at(offer, start, minutes)))


def join(*, award, offer, day, minutes, by, now):
    """Wait for a place on a day that is booked out; return the WaitingPlace, the same one for whoever waits already.

    Raises NoWaitingList, NotBookedOut, or another kind of bookings.Refused.
    """
    with transaction.atomic():
        offer = lock_offers([offer.pk])[offer.pk]
        award = _whole(award)
        asking.refuse_offer(award=award, offer=offer, on=timezone.localdate(now), by=by)
        if not offer.has_waiting_list:
            raise NoWaitingList
        if minutes not in availability.lengths(offer):
            raise bookings.BadLength(availability.lengths(offer))
        in_line = WaitingPlace.objects.filter(award=award, offer=offer, day=day, state__in=WaitingPlace.IN_LINE)
        if already := in_line.first():
            return already
        if day not in booked_out_days(award=award, offer=offer, minutes=minutes, now=now):
            raise NotBookedOut
        place = WaitingPlace.objects.create(award=award, offer=offer, day=day, minutes=minutes, made_at=now)
        _remember(place, "award.waits", by, now)
    return place


def leave(*, place, by, now):
    """Wait no longer, or let a kept place go to the next in line. A second time changes nothing."""
    with transaction.atomic():
        lock_offers([place.offer_id])
        place.refresh_from_db()
        if place.state in WaitingPlace.IN_LINE:
            after = State.PASSED if place.state == State.KEPT else State.ENDED
            _end([place], after, by, now)
            _remember(place, "award.waits_no_more", by, now)


def let_go(*, place, by, now):
    """Let a place that is still kept go to the next in line; return whether it was. A second time changes nothing."""
    with transaction.atomic():
        lock_offers([place.offer_id])
        place.refresh_from_db()
        is_kept = place.state == State.KEPT and place.kept_until > now
        if is_kept:
            leave(place=place, by=by, now=now)
    return is_kept


def take(*, place, seen_price_pence, by, now, key, seen_starts_at=None):
    """Take the place that is kept: an ordinary request at its price; return the Booking, the same one each time.

    A place is kept anew at another time where its provider was stopped meanwhile: with `seen_starts_at`, the start
    that the carer saw, only that one is taken.
    Raises PlaceGone, a kind of bookings.Refused, or ledger.acts.KeyWasUsed.
    """
    with transaction.atomic():
        lock_offers([place.offer_id])
        place.refresh_from_db()
        if place.state == State.TAKEN and place.booking_id:
            return place.booking
        if place.state != State.KEPT or place.kept_until <= now or seen_starts_at not in {None, place.starts_at}:
            raise PlaceGone(place.state)
        # The booking takes the place in the line with it.
        return bookings.make(
            award=place.award,
            offer=place.offer,
            starts_at=place.starts_at.astimezone(availability.LONDON),
            minutes=place.minutes,
            seen_price_pence=seen_price_pence,
            by=by,
            now=now,
            key=key,
        )


def price_of(place, *, now):
    """Return the asking.Quote of a kept place. Raises a kind of bookings.Refused."""
    starts_at = place.starts_at.astimezone(availability.LONDON)
    today = timezone.localdate(now)
    return asking.quote(award=place.award, offer=place.offer, starts_at=starts_at, minutes=place.minutes, on=today)


def in_line(award):
    """Return what an award waits for, what is kept first; one query."""
    rows = WaitingPlace.objects.filter(award=award, state__in=WaitingPlace.IN_LINE)
    return rows.select_related("offer__provider").order_by("state", "day", "pk")


def end_all(*, awards, by, now):
    """End what these awards wait for, and tell their carers, once an award; call it when they are stopped or closed.

    A carer towards whom we keep silent is told nothing.
    """
    for award in awards:
        rows = WaitingPlace.objects.filter(award=award, state__in=WaitingPlace.IN_LINE).order_by("day", "pk")
        places = list(rows.select_related("offer__provider", "offer__category", "award__carer__council__scheme"))
        if places and _end(places, State.ENDED, by, now, Because.AWARD) and not places[0].award.carer.quiet_since:
            messages.waited_in_vain(places, why=Because.AWARD, others=[], now=now)


def wait_on(*, provider, by, now):
    """Let whoever had a place of this provider kept wait on in the line, for the day on which it may go on."""
    kept = WaitingPlace.objects.filter(offer__provider=provider, state=State.KEPT)
    tasks.answered(places=kept, by=by, now=now)
    kept.update(state=State.WAITING, starts_at=None, ends_at=None, kept_until=None)


def lines_that_move(now):
    """Return the (offer, day) in which somebody waits, or had a place kept until now."""
    waiting = WaitingPlace.objects.filter(state__in=WaitingPlace.IN_LINE)
    return list(waiting.order_by("offer", "day").values_list("offer", "day").distinct())


def move_up(*, offer, day, now):
    """Let the places go that were kept long enough, and keep those that are free for the next in line.

    `offer` is its number. Return how many were told of a place.
    """
    with transaction.atomic():
        offer = lock_offers([offer])[offer]
        line = WaitingPlace.objects.filter(offer=offer, day=day)
        over = list(line.filter(state=State.KEPT, kept_until__lte=now).select_related("award__council"))
        _end(over, State.PASSED, history.CLOCK, now)
        for place in over:
            _remember(place, "award.place_passed", history.CLOCK, now)
        rows = line.filter(state__in=WaitingPlace.IN_LINE).order_by("made_at", "pk")
        # Looked at once for the whole line: of a break that is cancelled meanwhile, whoever comes later would profit.
        taken = taken_times(offer, *taken_places.week_of(availability.at(day, 12 * 60)))
        told = 0
        for place in rows.select_related("award__account", "award__carer", "award__council__scheme"):
            place.offer = offer
            if (why := _why_in_vain(place, now)) is not None:
                _end_in_vain(place, why, now)
            elif place.state == State.WAITING:
                told += _keep(place, taken, now)
    return told


def _why_in_vain(place, now):
    """Return why nothing can come of it, or None where it still can.

    It is empty where the carer is not told: we keep silent towards her, or she has a break of it that day already.
    """
    account, offer = place.award.account, place.offer
    if place.award.carer.quiet_since is not None or _has_it(place):
        return ""
    if account.state != AwardAccount.State.ACTIVE:
        return Because.AWARD
    is_gone = not offer.has_waiting_list or offer.state == Offer.State.WITHDRAWN
    if is_gone or _is_closed(offer.provider, place.day):
        return Because.GONE
    return Because.LATE if timezone.localdate(availability.earliest(offer, now)) > place.day else None


def _end_in_vain(place, why, now):
    """End a line of which nothing can come, and tell the carer so once, with a few offers of the same kind."""
    _end([place], State.ENDED, history.CLOCK, now, why)
    _remember(place, "award.waited_in_vain", history.CLOCK, now)
    if why:
        others = [] if why == Because.AWARD else _others_like(place, now)
        messages.waited_in_vain([place], why=why, others=others, now=now)


def _others_like(place, now):
    """Return a few offers of the same kind that this carer can ask for, those that are for her own place first."""
    award, today = place.award, timezone.localdate(now)
    is_young = rules.is_young(award.carer.born_on, today)
    rows = catalogue.live_offers(on=today, council=award.council, young=is_young)
    rows = rows.filter(category=place.offer.category).exclude(pk=place.offer_id).order_by("title_en", "pk")
    town = award.carer.town.casefold()
    found = [offer for offer in rows if asking.comes_to(offer, award.carer)]
    return sorted(found, key=lambda offer: offer.provider.town.casefold() != town)[:OTHERS_NAMED]


def _is_closed(provider, day):
    return provider.closes_on is not None and provider.closes_on < day


def _has_it(place):
    """True for who has a break of this offer on that day by another way: one that was moved there, or suggested."""
    rows = Booking.objects.filter(award=place.award, offer=place.offer, state__in=Booking.LIVE)
    after, before = days.midnight(place.day), days.end_of(place.day)
    return rows.filter(starts_at__gte=after, starts_at__lt=before).exists()


def _keep(place, taken, now):
    """Keep the first start that is free and possible for who waits, and tell her; return whether there was one.

    What is kept is added to what is taken.
    """
    award, offer = place.award, place.offer
    for start in availability.start_times(offer, place.day, place.minutes, taken=taken):
        until = kept_until(place, start, now)
        if until - now < SHORTEST_KEPT or not _can_have(award, offer, start, place.minutes, now):
            continue
        place.state, place.starts_at, place.kept_until = State.KEPT, start, until
        place.ends_at = availability.ends_at(offer, start, place.minutes)
        place.save(update_fields=["state", "starts_at", "ends_at", "kept_until"])
        taken.extend(availability.spans(offer, start, place.minutes))
        _remember(place, "award.place_kept", history.CLOCK, now)
        if _is_rung(award.carer):
            tasks.give_about_place(place=place, now=now)
        messages.place_kept(place, is_rung=_is_rung(award.carer))
        return True
    return False


def kept_until(place, start, now):
    """Return until when a place that starts then is kept for who waits (R55)."""
    return rules.place_kept_until(now, start, place.offer.notice_hours, is_rung=_is_rung(place.award.carer))


def _is_rung(carer):
    # A letter would come when the place has long gone to somebody else.
    return writing.way_to(carer) == Carer.ContactBy.POST


def _can_have(award, offer, start, minutes, now):
    """True where the award may have it and has enough left; else the next in line is looked at."""
    asked = {"award": award, "offer": offer, "starts_at": start, "minutes": minutes}
    try:
        asking.refuse_unless_possible(**asked, now=now)
        return asking.quote(**asked, on=timezone.localdate(now)).is_affordable
    except asking.Refused:
        return False


def _end(places, state, by, now, because=""):
    """End what is still in line of these, with what the carers team had to do for it; return how many there were."""
    rows = WaitingPlace.objects.filter(pk__in=[place.pk for place in places], state__in=WaitingPlace.IN_LINE)
    tasks.answered(places=[place.pk for place in places], by=by, now=now)
    return rows.update(state=state, ended_because=because)


def _whole(award):
    return Award.objects.select_related("account", "council__scheme", "carer").get(pk=award.pk)


def _remember(place, act, by, now):
    award = place.award
    history.record(act=act, subject=award, by=by, at=now, council=award.council, offer=place.offer_id)
