"""What a provider's desk has at hand: the diary, and a day's list to print."""

import datetime as dt

from django.db.models import Q
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import days
from providers.access import desk_required
from providers.models import Staff
from voucher.calendars import places_taken
from voucher.door import day_entries
from voucher.forms.provider.bookings import length_in_words
from voucher.models import Booking

DAYS_SHOWN = 28

State = Booking.State


@require_safe
@never_cache
@desk_required
def diary(request):
    """Today's list and what is coming in the next four weeks, day by day."""
    today = timezone.localdate()
    last = today if request.post.kind == Staff.Kind.DESK else today + dt.timedelta(days=DAYS_SHOWN)
    rows = sessions_of_days(request.provider, today, last)
    for row in rows:
        row.day = timezone.localdate(row.starts_at)
    context = {
        "today": today,
        "rows": rows,
        "today_has_rows": any(row.day == today for row in rows),
        "at_the_desk": request.post.kind == Staff.Kind.DESK,
        "can_open": request.post.kind != Staff.Kind.DESK,
    }
    return render(request, "provider/diary.html", context)


@require_safe
@never_cache
@desk_required
def day_list(request, day):
    """One day's list on a page made for printing, with room to write what was given."""
    day = day_of(day)
    if not may_see(request, day):
        raise Http404
    rows = sessions_of_days(request.provider, day, day)
    for row in rows:
        minutes = (row.ends_at - row.starts_at) // dt.timedelta(minutes=1) if row.session else row.minutes
        row.length = length_in_words(row, minutes)
        row.given = length_in_words(row, row.delivered_minutes) if row.delivered_minutes is not None else ""
    at_the_desk = request.post.kind == Staff.Kind.DESK
    first, last = day_entries.days_that_can_be_entered(
        timezone.localdate(), request.provider.council.scheme.claim_window_days
    )
    can_enter = first <= day <= last and not at_the_desk
    context = {"day": day, "rows": rows, "at_the_desk": at_the_desk, "can_enter": can_enter}
    return render(request, "provider/day_list.html", context)


def day_of(text):
    """Return the day in an address ("2026-10-16"), or 404."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not 2000 <= day.year <= 2100:
        raise Http404  # the last days that exist have no day after them
    return day


def may_see(request, day):
    """The desk has today's list and no other; who answers for bookings has them all."""
    return request.post.kind != Staff.Kind.DESK or day == timezone.localdate()


def sessions_of_days(provider, first, last, states=(State.CONFIRMED, *Booking.GIVEN)):
    """Return what is given from the first day to the last, both included: of a course each session on its own day.

    One that was cancelled late is paid for and not among them: nobody comes.
    """
    after, before = days.midnight(first), days.end_of(last)
    if provider.is_stopped:
        # Its people see nobody to come.
        before = min(before, timezone.now())
    rows = Booking.objects.filter(
        Q(ended_at=None) | Q(state=State.DID_NOT_HAPPEN),
        places_taken.begins_within(after, before),
        provider=provider,
        state__in=states,
    )
    return places_taken.by_session(rows.select_related("offer", "award__carer", "top_up"), after, before)
