"""Calendar files of a booking (RFC 5545, RFC 5546): one entry that a later file moves or takes away again.

Always the same UID, and a SEQUENCE that rises with every change of time and at the end, so that a calendar takes the
newest. The method stands in the file and in the type of the file: a mail programme that finds only one of them says
"cancelled" and keeps the entry.
"""

import datetime as dt
from email.utils import parseaddr
from urllib.parse import urlsplit

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.mail import Attachment
from accounts.models import Language, in_language
from voucher.calendars.places_taken import spans_of
from voucher.models import Booking

State = Booking.State
STANDS = {State.CONFIRMED, *Booking.GIVEN}
ALARM = dt.timedelta(days=-1)


def for_carer(booking):
    """Return the entry of a booking for the carer's calendar, as a file: what and with whom, and no word of care."""
    carer = booking.award.carer
    return _file(booking, name=str(carer), address=carer.email, language=carer.language, page="my:booking")


def for_provider(booking):
    """Return the entry of a booking for the provider's calendar, as a file: its offer and the booking's number."""
    provider = booking.provider
    return _file(
        booking, name=provider.name, address=provider.email, language=provider.language, page="provider:booking"
    )


def _file(booking, *, name, address, language, page):
    cancelled = came_to_nothing(booking)
    method = "CANCEL" if cancelled else "REQUEST"
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Bridging the Gap//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    # Whoever was not asked for a language gets Welsh and English, as in every letter.
    languages = [language] if language else [Language.WELSH.value, Language.ENGLISH.value]
    event = _event(booking, languages, page)
    event.add("organizer", _person(settings.DEFAULT_FROM_EMAIL, in_language(booking.council.scheme, "name", language)))
    if address:
        event.add("attendee", _attendee(address, name))
    if not cancelled:
        event.add_component(_alarm(booking, languages))
    calendar.add_component(event)
    # No "/" and no word in the name: the ref is what both sides know the booking by.
    return Attachment(f"{booking.ref}.ics", f"text/calendar; method={method}; charset=UTF-8", calendar.to_ical())


def _event(booking, languages, page):
    event = icalendar.Event()
    add_times(event, booking)
    event.add("summary", _title(booking, languages))
    event.add("description", "\n\n".join(_words(booking, language, page) for language in languages))
    event.add("class", "PRIVATE")
    return event


def came_to_nothing(booking):
    """True for a break that does not take place, or did not: also once a late cancellation or an absence is claimed."""
    return booking.state in Booking.CAME_TO_NOTHING or booking.ended_at is not None


def add_times(event, booking):
    """Add to an entry what tells it from others, how it stands and when it is: the same in a file and in a feed."""
    event.add("uid", f"{booking.ref}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", _changed_at(booking))
    event.add("sequence", booking.calendar_sequence)
    event.add("status", _status(booking))
    # In UTC a calendar needs no rules of summer time, and cannot have wrong ones.
    first, *later = spans_of(booking)
    event.add("dtstart", first[0].astimezone(dt.UTC))
    event.add("dtend", first[1].astimezone(dt.UTC))
    if later:
        # A course is one entry that comes back: with an entry for each session a calendar would take only one of them.
        event.add("rdate", [start.astimezone(dt.UTC) for start, _end in later])


def _status(booking):
    if came_to_nothing(booking):
        return "CANCELLED"
    return "CONFIRMED" if booking.state in STANDS else "TENTATIVE"


def _changed_at(booking):
    times = (booking.requested_at, booking.answered_at, booking.ended_at)
    return max(time for time in times if time).astimezone(dt.UTC)


def _title(booking, languages):
    titles = dict.fromkeys(in_language(booking.offer, "title", language) for language in languages)
    return f"{' / '.join(titles)}, {booking.provider.name}"


def _words(booking, language, page):
    with translation.override(language):
        number = _("Booking number: %(ref)s") % {"ref": booking.ref}
        return f"{number}\n{settings.SITE_URL}{reverse(page, args=[booking.ref])}"


def _alarm(booking, languages):
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", ALARM)
    alarm.add("description", _title(booking, languages))
    return alarm


def _person(address, name):
    person = icalendar.vCalAddress(f"mailto:{parseaddr(address)[1] or address}")
    # A quotation mark cannot stand in a name there, and a line break would begin another line of the file.
    person.params["CN"] = icalendar.vText(" ".join(name.replace('"', "'").split()))
    return person


def _attendee(address, name):
    person = _person(address, name)
    # They have agreed already: their mail programme need not ask, and nobody is there to read an answer.
    person.params["PARTSTAT"] = icalendar.vText("ACCEPTED")
    person.params["RSVP"] = icalendar.vText("FALSE")
    return person
