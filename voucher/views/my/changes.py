"""A carer's booking that may change: take a time that was suggested, move a break, and what became of its choices."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import wording
from brochure import availability
from voucher import bookings, rules
from voucher.bookings import alternatives
from voucher.forms.applications import day_of
from voucher.forms.carer import DayForm, TimeForm
from voucher.models import Booking
from voucher.views.my.ask import DAYS_SHOWN, why_not_that_day, why_not_then
from voucher.views.my.open_award import award_required
from voucher.views.my.own_booking import booking_of, say_moved
from voucher.views.numbers import whole
from voucher.views.offer_cards import moment_of

State, Party = Booking.State, Booking.Party


@require_POST
@award_required
def take(request, ref):
    """Take one of the times that the provider suggested."""
    row, now = booking_of(request.award, ref), timezone.now()
    number = whole(request.POST.get("suggestion", ""))
    chosen = row.suggestions.filter(pk=number, by=Party.PROVIDER).first() if number else None
    if chosen is None:
        messages.error(request, _("Choose one of the times."))
        return redirect("my:booking", row.ref)
    try:
        bookings.take(booking=row, suggestion=chosen, by=request.who, now=now)
    except bookings.BookingMoved as moved:
        say_moved(request, moved, State.CONFIRMED)
    except bookings.Refused:
        messages.error(request, _("That time can no longer be had. Choose another, or say that none suits you."))
    else:
        messages.success(request, _("It is booked: %(when)s.") % {"when": wording.span(row.starts_at, row.ends_at)})
    return redirect("my:booking", row.ref)


@require_POST
@award_required
def take_none(request, ref):
    """None of the suggested times suits: the next choice is asked, or everything is given back."""
    row, now = booking_of(request.award, ref), timezone.now()
    try:
        following = bookings.take_none(booking=row, by=request.who, now=now)
    except bookings.BookingMoved as moved:
        say_moved(request, moved, State.DECLINED)
        return redirect("my:booking", row.ref)
    if following:
        messages.success(request, _("We have asked %(provider)s now.") % {"provider": following.provider.name})
        return redirect("my:booking", following.ref)
    messages.success(request, _("Thank you. Everything is given back."))
    return redirect("my:booking", row.ref)


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def change_time(request, ref):
    """Choose another day and time for a booking; only the press at the end changes anything."""
    row, now = booking_of(request.award, ref), timezone.now()
    if not bookings.may_move(row, now) or bookings.proposed(row):
        return redirect("my:booking", row.ref)
    if request.method == "POST":
        return _move(request, row, now)
    return _choose_time(request, row, now)


@require_POST
@award_required
def keep_time(request, ref):
    """The carer no longer wants to move the break."""
    row = booking_of(request.award, ref)
    try:
        bookings.take_back_move(booking=row, by=request.who, now=timezone.now())
    except bookings.BookingMoved as moved:
        say_moved(request, moved, State.DECLINED)
    else:
        messages.success(request, _("It stays as it was."))
    return redirect("my:booking", row.ref)


def _choose_time(request, row, now):
    days = alternatives.free_days(request.award, row.offer, row.minutes, now, besides=row)
    chosen = request.GET.get("day", "")
    shown = days if chosen or request.GET.get("later") else days[:DAYS_SHOWN]
    why_not = why_not_that_day(request.award, row.offer, day_of(chosen), row.minutes, now)
    form = DayForm({"day": chosen} if chosen or request.GET.get("step") else None, days=shown, why_not=why_not)
    step = "day"
    if days and form.is_valid():
        free = next(free for free in days if free.day.isoformat() == chosen)
        starts = [start for start in free.starts if start != row.starts_at]
        form, step = TimeForm(None, starts=starts), "time"
    context = {
        "booking": row,
        "form": form,
        "step": step,
        "days": days,
        "has_later": step == "day" and len(days) > len(shown),
        "day": capfirst(wording.day(free.day)) if step == "time" else "",
        "is_confirmed": row.state == State.CONFIRMED,
        "is_late": row.state == State.CONFIRMED
        and not rules.is_free_to_cancel(now, row.starts_at, row.free_cancel_hours),
        "other_half": bookings.other_half(row),
    }
    return render(request, "my/change_time.html", context)


def _move(request, row, now):
    starts_at = moment_of(request.POST.get("starts_at", ""))
    if starts_at is None:
        messages.error(request, _("Choose a time."))
        return redirect("my:change_time", row.ref)
    starts_at = starts_at.astimezone(availability.LONDON)
    try:
        if row.state == State.CONFIRMED:
            bookings.propose_move(booking=row, starts_at=starts_at, by=request.who, now=now)
            said = _("We have asked them. Until they say yes, the old time stands.")
        else:
            bookings.change_time(booking=row, starts_at=starts_at, by=request.who, now=now)
            said = _("The time is changed, and we have told them.")
    except bookings.BookingMoved as moved:
        say_moved(request, moved, None)
    except bookings.TooLateToMove:
        messages.error(request, _("It is too near to be moved now. You can still cancel it, or ring them."))
    except bookings.AlreadyProposed:
        messages.error(request, _("You have asked for another time already. They have not answered yet."))
    except bookings.Refused as refusal:
        messages.error(request, why_not_then(refusal))
        return redirect("my:change_time", row.ref)
    else:
        messages.success(request, said)
    return redirect("my:booking", row.ref)
