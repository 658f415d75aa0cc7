"""What carers of a local copy are in the middle of, so that each of their pages can be seen."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.history import Who
from brochure import availability, catalogue
from voucher import bookings, top_ups
from voucher.bookings import asking
from voucher.carers import helping
from voucher.changes import applications
from voucher.demo import asked
from voucher.models import Application, Award, Permission, TopUp

BY = Who(label="make_demo_people")
HELPER = "nia@helper.example"
HELPED_FOR = dt.timedelta(days=90)
# How long ago the break that was given was asked for, and over at the latest; and when the pilot was loaded.
ASKED_BEFORE, GIVEN_BEFORE, LOADED_BEFORE = dt.timedelta(days=12), dt.timedelta(days=2), dt.timedelta(days=28)
# So much is left at least where the carer pays a part herself, in pence.
LEFT_LEAST = 500


class NothingFits(Exception):
    """No offer of this copy fits the story, so it is not told."""


@dataclass(frozen=True)
class Setting:
    """Where a story happens: the award, the demonstration's provider and its owner, and the moment of now."""

    award: Award
    provider: object
    owner: Who
    now: dt.datetime

    def offers(self, *, own=False, unit=None, category=None):
        """Return live offers that this award can pay, the provider's own first, then the cheapest."""
        on = timezone.localdate(self.now)
        found = catalogue.live_offers(on=on, council=self.award.council).select_related("category")
        found = [each for each in found if unit in {None, each.unit} and category in {None, each.category.slug}]
        found.sort(key=lambda each: (each.provider_id != self.provider.pk, each.price_pence, each.pk))
        return [each for each in found if each.provider_id == self.provider.pk] if own else found


def times_suggested(at):
    """A provider cannot on the day that was asked for, and suggests two other times."""
    offer = _first(at.offers(own=True, unit="hour") or at.offers(own=True))
    days = _free(offer, at.now, at.award)
    [booking] = _ask(at, [[_wanted(at, offer, _middle(days[1]))]])
    others = [_middle(day) for day in days[2:4]]
    bookings.suggest(booking=booking, starts=others, by=at.owner, now=at.now)


def second_choice(at):
    """A request waits for its answer, and another break stands behind it."""
    offers = at.offers(unit="hour") or at.offers()
    first, second = _first(offers), _first(offers[1:])
    choices = [_wanted(at, each, _middle(_free(each, at.now, at.award)[2])) for each in (first, second)]
    _ask(at, [choices], note=str(_("The side door is open. He likes to talk about rugby.")))


def pair(at):
    """A break, and a sitter for the same time, are both confirmed."""
    activities = at.offers(own=True, unit="session") or at.offers(unit="session")
    for activity in activities:
        for sitter in at.offers(unit="hour", category="sitting"):
            for day in _free(activity, at.now, at.award):
                start, minutes = day.starts[0], max(activity.minutes, sitter.minutes)
                minutes = next(each for each in availability.lengths(sitter) if each >= minutes)
                if start in availability.start_times(sitter, day.day, minutes, taken=_taken(sitter, at.now)):
                    pair = [[_wanted(at, activity, start)], [_wanted(at, sitter, start, minutes)]]
                    for booking in _ask(at, pair):
                        bookings.confirm(booking=booking, by=_answers(at, booking), now=at.now)
                    return
    raise NothingFits


def given(at):
    """A break was given last week: the carer can say how it was, and the provider can claim it."""
    offer = _first(at.offers(own=True, unit="hour") or at.offers(own=True))
    then = at.now - ASKED_BEFORE
    days = [day for day in _free(offer, then, at.award) if day.last < at.now - GIVEN_BEFORE]
    if not days:
        raise NothingFits
    [booking] = _ask(at, [[_wanted(at, offer, _middle(days[-1]))]], now=then)
    bookings.confirm(booking=booking, by=at.owner, now=then + dt.timedelta(hours=3))
    bookings.deliver(booking=booking, minutes=booking.minutes, by=at.owner, now=booking.ends_at)


def own_money(at):
    """Little is left: the carer pays a part of a break herself, and has asked the carers team for more."""
    offer = max(at.offers(own=True), key=lambda each: (each.price_pence, each.pk), default=None)
    # A dear break first, so that less is left than one of the provider's costs.
    dear = [
        (at.award.account.available - wanted.seen_price_pence, each.pk, each, minutes)
        for each in at.offers()
        for minutes in availability.lengths(each)
        if (wanted := _wanted(at, each, at.now, minutes))
    ]
    dear = [each for each in dear if offer and LEFT_LEAST <= each[0] < offer.price_pence]
    if not dear:
        raise NothingFits
    _left, _number, dearer, length = min(dear)
    [booking] = _ask(at, [[_wanted(at, dearer, _middle(_free(dearer, at.now, at.award, length)[3]), length)]])
    bookings.confirm(booking=booking, by=_answers(at, booking), now=at.now)
    at.award.account.refresh_from_db()
    start, minutes = _middle(_free(offer, at.now, at.award)[3]), offer.minutes
    on = timezone.localdate(at.now)
    quote = asking.quote(award=at.award, offer=offer, starts_at=start, minutes=minutes, on=on)
    share = top_ups.share(award=at.award, offer=offer, price=quote, minutes=minutes)
    top_ups.ask(
        award=at.award,
        offer=offer,
        starts_at=start,
        minutes=minutes,
        seen_price_pence=quote.price_pence,
        seen_own_pence=share.own_pence,
        way=TopUp.Way.DIRECT,
        by=BY,
        now=at.now,
        key=str(uuid.uuid4()),
    )
    reason, kind = Application.Reason.COSTS_MORE, Application.Kind.MORE_VALUE
    applications.apply(award=at.award, kind=kind, reason=reason, wanted_amount=5000, by=BY, now=at.now)


@dataclass(frozen=True)
class Story:
    """What can be seen with a carer's code, in a sentence, and the function that lets it happen."""

    name: str
    words: object
    tell: Callable


# The first is that of the carer with the account, the second that of the award in hours.
STORIES = [
    Story("times", _("The provider cannot come on that day and suggests other times."), times_suggested),
    Story("choices", _("A request waits for its answer, with a second choice behind it."), second_choice),
    Story("pair", _("Two breaks that belong together are confirmed: one out, and a sitter meanwhile."), pair),
    Story("given", _("A break was given: say whether you would use it again, and answer three questions."), given),
    Story("own", _("Little is left: the carer pays a part herself, and has asked for more."), own_money),
]
WORDS = {story.name: story.words for story in STORIES}


def tell(story, at):
    """Let a story happen on an award that has no bookings yet; returns its name, or nothing where no offer fits."""
    if at.award.bookings.exists():
        return ""
    try:
        story.tell(at)
    except (NothingFits, bookings.Refused):
        return ""
    return story.name


def give_helper(award, *, now):
    """Let a relative act for the carer for three months; made once, and again when it has ended."""
    if not Permission.objects.filter(carer=award.carer, helper__email=HELPER, ended_at=None).exists():
        today = timezone.localdate(now)
        kind, last_day = Permission.Kind.RELATIVE, today + HELPED_FOR
        helping.give(
            carer=award.carer, email=HELPER, name="", kind=kind, first_day=today, last_day=last_day, by=BY, now=now
        )


def _ask(at, parts, *, note="", now=None):
    return bookings.ask(award=at.award, parts=parts, note=note, by=BY, now=now or at.now, key=str(uuid.uuid4()))


def _wanted(at, offer, starts_at, minutes=None):
    return asked.wanted(at.award, offer, starts_at, minutes or _usual(offer), now=at.now)


def _usual(offer):
    """The third of the lengths, which is two hours of an hour; of a session the one there is."""
    return availability.lengths(offer)[:3][-1]


def _free(offer, now, award, minutes=None):
    """Return the days on which a break of that length, or of the usual one, can begin; at least four of them."""
    minutes = minutes or _usual(offer)
    days = availability.free_days(
        offer, now, minutes=minutes, taken=_taken(offer, now), last_day=award.account.last_day
    )
    if len(days) < 4:
        raise NothingFits
    return days


def _taken(offer, now):
    return asking.taken_times(offer, now, now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS + 1))


def _middle(day):
    return day.starts[len(day.starts) // 2]


def _first(offers):
    if not offers:
        raise NothingFits
    return offers[0]


def _answers(at, booking):
    return at.owner if booking.provider_id == at.provider.pk else BY
