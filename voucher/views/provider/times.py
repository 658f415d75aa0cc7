"""A provider and the times of a break: suggest others instead of a no, answer a carer who wants to move one."""

import datetime as dt

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.history import Who
from brochure import availability
from providers.access import bookings_required
from voucher import bookings
from voucher.forms.provider.times import SuggestForm
from voucher.models import Booking
from voucher.views.provider.requests import answer, booking_of, seen_on_the_page, told, what_happened

State, Party = Booking.State, Booking.Party
FREE_SHOWN = 9
ON_THE_DAY = 3


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@bookings_required
def suggest(request, ref):
    """Suggest up to three other times for a request; the money stays set aside and the carer chooses."""
    row, now = booking_of(request.provider, ref), timezone.now()
    if row.state != State.REQUESTED or row.answer_by <= now:
        messages.error(request, what_happened(bookings.state_now(row, over_at=now)))
        return redirect("provider:booking", row.ref)
    data = request.POST if request.method == "POST" else None
    form = SuggestForm.pressed(data, free=free_times(row, now), now=now)
    if request.method == "POST" and form.is_valid():
        try:
            by, seen = Who(user=request.user), seen_on_the_page(request)
            bookings.suggest(booking=row, starts=form.cleaned_data["starts"], by=by, now=now, seen_starts_at=seen)
        except bookings.BadTime as bad:
            form.say(bad)
        except bookings.NotLive:
            messages.error(request, _("You cannot suggest times while your service is paused. You can still decline."))
            return redirect("provider:booking", row.ref)
        except bookings.BookingMoved as moved:
            messages.error(request, what_happened(moved.state))
            return redirect("provider:booking", row.ref)
        else:
            messages.success(
                request,
                told(
                    row,
                    _("Thank you. We have asked the carer, and keep these times free until they answer."),
                    _("Thank you. We keep these times free, and the carers team rings the carer."),
                ),
            )
            return redirect("provider:booking", row.ref)
    return render(request, "provider/suggest.html", {"booking": row, "form": form})


@require_POST
@bookings_required
def accept_move(request, ref):
    row = booking_of(request.provider, ref)
    said = told(
        row,
        _("Moved. We have told the carer."),
        _("Moved. A letter would come too late, so the carers team tells them."),
    )
    return _answer_move(request, row, bookings.accept_move, said)


@require_POST
@bookings_required
def decline_move(request, ref):
    row = booking_of(request.provider, ref)
    said = told(
        row,
        _("It stays as it was. We have told the carer."),
        _("It stays as it was. A letter would come too late, so the carers team tells them."),
    )
    return _answer_move(request, row, bookings.decline_move, said)


def _answer_move(request, row, verb, said):
    """Answer about the time that stood on the page: the carer may have taken it back, and asked for another."""
    return answer(request, row, verb, goal=None, said=said, seen_starts_at=seen_on_the_page(request))


def free_times(row, now):
    """Return up to nine times that are free by the offer's hours, nearest to the one that was asked for."""
    offer, account = row.offer, row.award.account
    asked = row.starts_at.astimezone(availability.LONDON)
    until = now + dt.timedelta(days=availability.LOOK_AHEAD_DAYS)
    taken = bookings.taken_times(offer, now, until + dt.timedelta(days=8), besides=row)
    first, last = timezone.localdate(now), min(timezone.localdate(until), account.last_day)
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    found = []
    for day in sorted(days, key=lambda day: (abs((day - asked.date()).days), day)):
        if day < account.first_day:
            continue
        starts = availability.start_times(offer, day, row.minutes, taken=taken)
        starts = [start for start in starts if now < start <= until and start != row.starts_at]
        starts.sort(key=lambda start: abs(_minute(start) - _minute(asked)))
        found += starts[: ON_THE_DAY if day == asked.date() else 1]
        if len(found) >= FREE_SHOWN:
            break
    return sorted(found[:FREE_SHOWN])


def _minute(moment):
    local = moment.astimezone(availability.LONDON)
    return local.hour * 60 + local.minute
