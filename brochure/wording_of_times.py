"""The sessions of courses, other days and areas as people say them, in English and in Welsh."""

import datetime as dt

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import wording
from brochure import availability

# Other days so far ahead are said on the page of an offer.
DAYS_AHEAD = 90


def sessions(spans):
    """Return the sessions of a course in one line: "Tuesday 3 November, 10am to midday; …"."""
    return capfirst("; ".join(wording.span(start, end) for start, end in spans))


def course_length(offer):
    """Return how long a course is: "6 sessions, each of 2 hours"."""
    sentence = ngettext("%(count)s session of %(hours)s", "%(count)s sessions, each of %(hours)s", offer.sessions)
    return sentence % {"count": offer.sessions, "hours": wording.hours(availability.session_minutes(offer))}


def coming_courses(offer, now):
    """Return the sessions of each course that has not begun, in a line each."""
    coming = [each for each in availability.courses(offer.courses) if each[0] > now]
    return [sessions(availability.spans(offer, each[0], offer.minutes)) for each in coming]


def coming_other_days(offer, today):
    """Return the other days of the next three months: "Closed Thursday 24 December to Saturday 2 January"."""
    until = today + dt.timedelta(days=DAYS_AHEAD)
    days = availability.other_days(offer.other_days) if offer.other_days else {}
    coming = {day: openings for day, openings in days.items() if today <= day <= until}
    return [other_in_words(first, last, openings) for first, last, openings in availability.in_runs(coming)]


def other_in_words(first, last, openings):
    """Return days in a row with the same other hours in words: "Saturday 5 December, 10am to midday"."""
    words = {"first": wording.day(first), "last": wording.day(last)}
    if openings:
        words["hours"] = wording.joined([_opening(*each) for each in openings])
        if first == last:
            return capfirst(_("%(first)s, %(hours)s") % words)
        return capfirst(_("%(first)s to %(last)s, %(hours)s") % words)
    return (_("Closed on %(first)s") if first == last else _("Closed from %(first)s to %(last)s")) % words


def _opening(opens, closes):
    words = {"from": _clock(opens), "until": _clock(closes)}
    return _("%(from)s to %(until)s") % words


def _clock(minute):
    return wording.time(dt.time(minute // 60 % 24, minute % 60))


def areas(offer):
    """Return where the provider comes to: "CF81 and CF82", or nothing."""
    return wording.joined(offer.areas) if offer.areas else ""
