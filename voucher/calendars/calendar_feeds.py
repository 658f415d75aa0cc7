"""A private address at which a calendar reads a provider's breaks: made, stopped and replaced by whoever has it.

It stands for one post of one person and shows what that person may see, and less: no way to reach a carer and no note,
because whoever has the address needs no sign-in. Only its hash is kept (decision 0040).
"""

import datetime as dt
import hashlib
import secrets

import icalendar
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import history
from accounts.models import Language, in_language
from providers.models import CalendarFeed, Provider
from providers.staff import WITH_DIARY
from voucher.calendars import calendar_files
from voucher.models import Booking

State = Booking.State
NOT_SHOWN_FOR = (Provider.State.SUSPENDED, Provider.State.CLOSED)
# How far back breaks stay, and for how long one that was cancelled is shown as cancelled.
BACK = dt.timedelta(days=30)
CANCELLED_FOR = dt.timedelta(days=14)
# What a calendar is told about how often to look.
EVERY = dt.timedelta(hours=1)


class Unknown(Exception):
    """There is no calendar at this address: mistyped, stopped, or its person no longer answers requests there."""


@transaction.atomic
def make(*, post, language, by, now):
    """Make a private address for a post, in place of the one it had; return its secret, which is told only now."""
    secret = secrets.token_urlsafe(32)
    _stop(post, now)
    CalendarFeed.objects.create(post=post, token_hash=_hash(secret), language=language, made_at=now)
    _remember("provider.calendar_made", post, by, now)
    return secret


@transaction.atomic
def stop(*, post, by, now):
    """Stop the post's address for good; a second press changes nothing."""
    if _stop(post, now):
        _remember("provider.calendar_stopped", post, by, now)


def of_post(post):
    """Return the post's CalendarFeed that works now, or None."""
    return CalendarFeed.objects.filter(post=post, stopped_at=None).first()


def open_with(secret):
    """Return the CalendarFeed of an address. Raises Unknown.

    Every look asks again: whoever has left, or has another post now, has no calendar any more.
    """
    rows = CalendarFeed.objects.filter(token_hash=_hash(secret), stopped_at=None, post__kind__in=WITH_DIARY)
    rows = rows.filter(post__user__is_active=True).exclude(post__provider__state__in=NOT_SHOWN_FOR)
    feed = rows.select_related("post__provider").first()
    if feed is None:
        raise Unknown
    return feed


def content(feed, now):
    """Return the calendar as bytes: breaks that are confirmed or given, and for a while those that were cancelled."""
    provider = feed.post.provider
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Bridging the Gap//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", provider.name)
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", EVERY)
    with translation.override(feed.language):
        for booking in _shown(provider, now):
            calendar.add_component(_event(booking, feed.language))
    return calendar.to_ical()


def _shown(provider, now):
    stands = Q(state__in=[State.CONFIRMED, *Booking.GIVEN], ended_at=None)
    # What is due for a late cancellation is claimed: that brings no break back.
    ended = [State.CANCELLED, State.DID_NOT_HAPPEN, State.CLAIMED]
    fell_away = Q(state__in=ended, ended_at__gt=now - CANCELLED_FOR)
    # What was never confirmed never stood in the calendar.
    fell_away &= Q(answered_at__isnull=False)
    rows = Booking.objects.filter(stands | fell_away, provider=provider, ends_at__gt=now - BACK)
    return rows.select_related("offer__category", "provider", "award__carer").order_by("starts_at", "pk")


def _event(booking, language):
    event = icalendar.Event()
    calendar_files.add_times(event, booking)
    title = in_language(booking.offer, "title", language)
    event.add("summary", _("%(offer)s for %(name)s") % {"offer": title, "name": booking.award.carer.first_name})
    event.add("location", _place(booking, language))
    address = f"{settings.SITE_URL}{reverse('provider:booking', args=[booking.ref])}"
    number = _("Booking number: %(ref)s") % {"ref": booking.ref}
    event.add("description", f"{number}\n{address}")
    event.add("class", "PRIVATE")
    return event


def _place(booking, language):
    """Return where it is, without an address of the carer: that is on the booking's page, for whoever signs in."""
    if booking.offer.category.comes_to_the_door:
        return _("At the carer’s home")
    return f"{booking.provider.name}, {in_language(booking.provider, 'town', language)}"


def _hash(secret):
    # Of a secret of chance this long nobody can try all, so that a plain hash is enough.
    return hashlib.sha256(secret.encode()).hexdigest()


def _stop(post, now):
    return CalendarFeed.objects.filter(post=post, stopped_at=None).update(stopped_at=now)


def _remember(act, post, by, now):
    provider = post.provider
    history.record(act=act, subject=provider, by=by, at=now, council=provider.council, user=post.user_id)


def language_of(user):
    """Return the language for a person's calendar: their own, or English where it is not known."""
    return user.language or Language.ENGLISH
