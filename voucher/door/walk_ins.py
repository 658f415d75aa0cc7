"""A carer comes without having booked: with the PIN it is booked at once, without it once she has said yes (R58)."""

import datetime as dt
import secrets

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import history
from brochure import availability, taken_places
from brochure.models import Offer
from providers.models import Provider
from voucher import bookings, messages, rules
from voucher.bookings import asking, making, steps
from voucher.calendars.places_taken import taken_times
from voucher.ledger import acts
from voucher.messages import writing
from voucher.models import Award, Booking, BreakRequest, Carer, Choice, WalkIn

State = WalkIn.State
BOOKED = "booking.walk_in"
ALWAYS_BOOKED = (Offer.Unit.NIGHT, Offer.Unit.COURSE)


class NoWalkIns(bookings.Refused):
    """The offer is only to be had when it is booked."""


class NotThen(bookings.Refused):
    """A walk-in begins now, or began on a day that can still be claimed for."""


class WalkInMoved(Exception):
    """It was answered already, or the time to answer is over: `state` is how it stands."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


def takes_walk_ins(offer):
    """True for an offer that can be had without booking; a night and a course never can."""
    return offer.takes_walk_ins and offer.unit not in ALWAYS_BOOKED


def taking_walk_ins(offers):
    """Return those of a query of offers that can be had without booking: takes_walk_ins in a query."""
    return offers.filter(takes_walk_ins=True).exclude(unit__in=ALWAYS_BOOKED)


def price(*, award, offer, minutes, starts_at):
    """Return the asking.Quote of a walk-in: what that much costs where it begins then. Raises BadLength, NotLive."""
    return asking.quote(
        award=award, offer=offer, starts_at=starts_at, minutes=minutes, on=timezone.localdate(starts_at)
    )


def book(*, award, offer, minutes, starts_at, seen_price_pence, by, now, key):
    """Book and confirm at once what the carer agreed to with code and PIN; returns the WalkIn, the same for one `key`.

    `by` is who works for the provider. The carer is told in her own way, and may say within seven days that it is not
    so. Raises a kind of bookings.Refused, with nothing changed, or ledger.acts.KeyWasUsed.
    """

    def do():
        asking.refuse_own(award, by)
        booking = _book(award.pk, offer.pk, minutes, starts_at, seen_price_pence, by, now, key)
        row = _row(award, offer, minutes, starts_at, seen_price_pence, by, now, answer_by=now)
        row.state, row.answered_at, row.booking = State.AGREED, now, booking
        row.save()
        on_behalf = history.Who(user=by.user, on_behalf_of=f"award {award.ref}")
        _remember(booking, on_behalf, now)
        return {"walk_in": row.pk}

    arguments = {"award": award.pk, "offer": offer.pk, "minutes": minutes, "starts_at": starts_at.isoformat()}
    arguments |= {"seen_price_pence": seen_price_pence}
    answer = acts.once(key=key, actor=by.actor, verb="walk_in.book", arguments=arguments, now=now, do=do)
    return WalkIn.objects.select_related("booking").get(pk=answer["walk_in"])


def ask(*, award, offer, minutes, starts_at, seen_price_pence, by, now, key):
    """Ask the carer whether the award may pay; returns the WalkIn that waits for her yes, the same one for one `key`.

    Nothing is set aside before she answers. Raises what book raises.
    """

    def do():
        asking.refuse_own(award, by)
        _refuse(award, making.lock_offers([offer.pk])[offer.pk], minutes, starts_at, seen_price_pence, now)
        row = _asked_already(award, offer, minutes, starts_at, now)
        if row is None:
            until = rules.walk_in_answered_by(now, starts_at)
            row = _row(award, offer, minutes, starts_at, seen_price_pence, by, now, answer_by=until)
            row.save()
            history.record(
                act="award.walk_in_asked",
                subject=award,
                by=by,
                at=now,
                council=award.council,
                provider=row.provider_id,
                pence=seen_price_pence,
            )
            # To who stands at the door a letter would come too late.
            at_the_door = until - now <= rules.AT_THE_DOOR_ANSWERS
            if not at_the_door or writing.way_to(award.carer) != Carer.ContactBy.POST:
                messages.walk_in_asked(row)
        return {"walk_in": row.pk}

    arguments = {"award": award.pk, "offer": offer.pk, "minutes": minutes, "starts_at": starts_at.isoformat()}
    arguments |= {"seen_price_pence": seen_price_pence}
    answer = acts.once(key=key, actor=by.actor, verb="walk_in.ask", arguments=arguments, now=now, do=do)
    return WalkIn.objects.select_related("booking").get(pk=answer["walk_in"])


def agree(*, walk_in, by, now):
    """The carer says yes: it is booked and confirmed at the price that was shown. Returns the Booking.

    She was there: a provider that has paused or closed since then, or takes nobody in any more, is paid all the same.
    Raises WalkInMoved, or a kind of bookings.Refused with nothing changed.
    """
    with transaction.atomic():
        _take(walk_in, now)
        booking = _book(
            walk_in.award_id,
            walk_in.offer_id,
            walk_in.minutes,
            walk_in.starts_at,
            walk_in.price_pence,
            by,
            now,
            f"walk-in/{walk_in.ref}",
            was_asked=True,
        )
        WalkIn.objects.filter(pk=walk_in.pk).update(state=State.AGREED, answered_at=now, booking=booking)
        _remember(booking, by, now)
    walk_in.refresh_from_db()
    return booking


def refuse(*, walk_in, by, now):
    """The carer says no: nothing was taken, and nothing is. Raises WalkInMoved."""
    with transaction.atomic():
        _take(walk_in, now)
        WalkIn.objects.filter(pk=walk_in.pk).update(state=State.REFUSED, answered_at=now)
        award = walk_in.award
        history.record(
            act="award.walk_in_refused",
            subject=award,
            by=by,
            at=now,
            council=award.council,
            provider=walk_in.provider_id,
        )
    walk_in.refresh_from_db()


def run_out(*, walk_in, now):
    """End a question that nobody answered in time. Raises WalkInMoved."""
    rows = WalkIn.objects.filter(pk=walk_in.pk, state=State.WAITING, answer_by__lte=now)
    if not rows.update(state=State.RAN_OUT):
        raise WalkInMoved(state_of(WalkIn.objects.get(pk=walk_in.pk), now))


def past_their_time(now):
    """Return the questions that nobody answered in time."""
    return WalkIn.objects.filter(state=State.WAITING, answer_by__lte=now).order_by("answer_by", "pk")


def state_of(walk_in, now):
    """Return how it stands at this moment: what is past its time has run out, whether or not the clock has said so."""
    if walk_in.state == State.WAITING and walk_in.answer_by <= now:
        return State.RAN_OUT
    return State(walk_in.state)


def waiting_for(award, now):
    """Return what waits for the carer's yes, the newest first."""
    rows = WalkIn.objects.filter(award=award, state=State.WAITING, answer_by__gt=now)
    return list(rows.select_related("offer", "provider"))


def _asked_already(award, offer, minutes, starts_at, now):
    """Return the question that waits for her yes about this very visit: whoever checks the code again asks no second.

    A carer is in one place at a time, so another visit of that length begins only after it.
    """
    length = dt.timedelta(minutes=minutes)
    rows = WalkIn.objects.filter(award=award, offer=offer, minutes=minutes, state=State.WAITING, answer_by__gt=now)
    return rows.filter(starts_at__gt=starts_at - length, starts_at__lt=starts_at + length).first()


def _take(walk_in, now):
    """Let nobody else answer until this transaction is over; raise WalkInMoved where it was answered."""
    rows = WalkIn.objects.filter(pk=walk_in.pk, state=State.WAITING, answer_by__gt=now)
    if not rows.update(state=F("state")):
        raise WalkInMoved(state_of(WalkIn.objects.get(pk=walk_in.pk), now))


def _book(award, offer, minutes, starts_at, seen_price_pence, by, now, key, *, was_asked=False):
    offer = making.lock_offers([offer])[offer]
    award = Award.objects.select_related("account", "council__scheme", "carer").get(pk=award)
    quote = _refuse(award, offer, minutes, starts_at, seen_price_pence, now, was_asked=was_asked)
    request = BreakRequest.objects.create(award=award, made_at=now)
    choice = Choice(
        asked_in=request,
        position=1,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        unit_price_pence=quote.unit_price_pence,
        price_pence=quote.price_pence,
        amount=quote.amount,
    )
    hold = making.set_aside(award, quote.amount, asking.last_service_day(offer, starts_at, minutes), by, now, key)
    booking = making.book(choice, hold=hold, amount=quote.amount, state=Booking.State.CONFIRMED, by=by, now=now)
    Booking.objects.filter(pk=booking.pk).update(is_walk_in=True, answer_by=now, answered_at=now)
    booking.refresh_from_db()
    steps.remember(booking, "booking.confirmed", by, now)
    return booking


def _refuse(award, offer, minutes, starts_at, seen_price_pence, now, *, was_asked=False):
    """R58. Raise the Refused that forbids it, else return its Quote: all counts but notice and opening hours."""
    day = timezone.localdate(starts_at)
    if was_asked and offer.provider.state != Provider.State.SUSPENDED:
        asking.refuse_award(award=award, offer=offer, on=timezone.localdate(now))
    else:
        # Whoever stands at the door has come herself, wherever she lives: by whom it is asked makes no difference here.
        asking.refuse_offer(award=award, offer=offer, on=timezone.localdate(now))
        if not takes_walk_ins(offer):
            raise NoWalkIns
    first = rules.earliest_walk_in(timezone.localdate(now), award.council.scheme.claim_window_days)
    if starts_at > now or day < first:
        raise NotThen
    if minutes not in availability.lengths(offer):
        raise bookings.BadLength(availability.lengths(offer))
    asking.refuse_outside_period(award.account, offer, starts_at, minutes)
    ends_at = availability.ends_at(offer, starts_at, minutes)
    if not offer.is_in_order(on=timezone.localdate(ends_at)):
        raise bookings.NotLive
    _refuse_taken(award, offer, starts_at, ends_at)
    quote = price(award=award, offer=offer, minutes=minutes, starts_at=starts_at)
    if quote.price_pence != seen_price_pence:
        raise bookings.StalePrice(quote.price_pence)
    if not quote.is_affordable:
        raise bookings.NotEnough(needed=quote.amount, available=award.account.available)
    return quote


def _refuse_taken(award, offer, starts_at, ends_at):
    """Raise AlreadyAsked where the carer has that offer at that time, or was given it then; Full without a place."""
    had = (*bookings.TAKES_A_PLACE, *Booking.GIVEN)
    own = Booking.objects.filter(award=award, offer=offer, state__in=had, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if row := own.filter(ended_at=None).first():
        raise bookings.AlreadyAsked(row)
    spans, taken = [(starts_at, ends_at)], taken_times(offer, starts_at, ends_at, award=award)
    is_free = taken_places.is_free(offer, spans, taken)
    # Of a visit entered afterwards the others of that time may be marked as given already: they had their places. In
    # the hours of the week they count without this.
    given = Booking.objects.filter(offer=offer, state__in=Booking.GIVEN, ended_at=None)
    buffer = dt.timedelta(minutes=offer.buffer_minutes)
    given = given.filter(starts_at__lt=ends_at + buffer, ends_at__gt=starts_at - buffer)
    taken.extend(given.values_list("starts_at", "ends_at"))
    if not (is_free and taken_places.has_places(offer, spans, taken)):
        raise bookings.Full


def _row(award, offer, minutes, starts_at, price_pence, by, now, *, answer_by):
    return WalkIn(
        ref="".join(secrets.choice(making.REF_SIGNS) for _ in range(making.REF_LENGTH)),
        award=award,
        provider=offer.provider,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        price_pence=price_pence,
        asked_by=by.user,
        asked_at=now,
        answer_by=answer_by,
    )


def _remember(booking, by, now):
    history.record(act=BOOKED, subject=booking, by=by, at=now, council=booking.council, provider=booking.provider_id)
    messages.walk_in_booked(booking)
