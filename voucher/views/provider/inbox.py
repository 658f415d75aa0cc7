"""A provider's first page: what waits for an answer, today's list, what is over and not marked, and the money."""

import datetime as dt

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import days, wording
from providers.access import bookings_required
from providers.models import Staff
from voucher.calendars import places_taken
from voucher.claiming import claims, pay_days, withholding
from voucher.models import Booking, Suggestion
from voucher.views.provider import coming_payments
from voucher.views.provider.clocks import clock

A_PAGE = 25
NEXT_SHOWN = 5
# Courses are not longer than this.
SEARCHED = dt.timedelta(days=366)
State = Booking.State


@require_safe
@never_cache
@bookings_required
def inbox(request):
    """What waits for an answer, the oldest clock first; then what is over and not marked yet, and what comes."""
    now = timezone.now()
    ours = Booking.objects.filter(provider=request.provider).select_related("offer", "award__carer", "top_up")
    waiting = ours.filter(state=State.REQUESTED, answer_by__gt=now).order_by("answer_by", "pk")
    page = Paginator(waiting, A_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.clock = clock(row.answer_by, now)
    unmarked = ours.filter(state=State.CONFIRMED, ends_at__lte=now)
    if request.provider.stopped_at:
        # What was booked for a time at which it was stopped already was arranged anew.
        unmarked = unmarked.filter(starts_at__lte=request.provider.stopped_at)
    unmarked = list(unmarked.order_by("starts_at", "pk")[: A_PAGE + 1])
    tonight = days.end_of(timezone.localdate(now))
    coming = ours.filter(state=State.CONFIRMED, ends_at__gt=now)
    coming = coming.none() if request.provider.is_stopped else coming
    context = {
        "moves": _moves(request.provider, now),
        "countered": list(ours.filter(state=State.COUNTERED).order_by("answer_by", "pk")[:A_PAGE]),
        "waiting": page,
        "unmarked": unmarked[:A_PAGE],
        "unmarked_more": len(unmarked) > A_PAGE,
        "today": _today(coming.filter(starts_at__lt=tonight), now, tonight),
        "following": _following(coming, tonight),
        "can_take_on": request.provider.may_say_yes,
        "money": _money(request.provider, timezone.localdate(now)) if request.post.kind == Staff.Kind.OWNER else None,
    }
    return render(request, "provider/inbox.html", context)


def _today(begun, now, tonight):
    """Return what goes on or begins today; of a course today's session, and nothing in the weeks between (R54)."""
    at_one_time, courses = begun.filter(sessions__isnull=True), begun.filter(sessions__isnull=False)
    sessions = places_taken.by_session(courses, days.midnight(timezone.localdate(now)), tonight)
    rows = [*at_one_time, *(row for row in sessions if row.ends_at > now)]
    return sorted(rows, key=lambda row: (row.starts_at, row.pk))


def _following(coming, tonight):
    """Return the next few that begin after today, with the next sessions of courses that have begun."""
    rows = list(coming.filter(starts_at__gte=tonight).order_by("starts_at", "pk")[:NEXT_SHOWN])
    begun = coming.filter(starts_at__lt=tonight, sessions__isnull=False)
    rows += places_taken.by_session(begun, tonight, tonight + SEARCHED)
    return sorted(rows, key=lambda row: (row.starts_at, row.pk))[:NEXT_SHOWN]


def _moves(provider, now):
    """Return the wishes of carers to move a confirmed break, the oldest clock first, each with its clock."""
    rows = Suggestion.objects.filter(booking__provider=provider, by=Booking.Party.CARER, answer_by__gt=now)
    rows = rows.filter(state=Suggestion.State.OPEN).select_related(
        "booking__offer", "booking__award__carer", "booking__top_up"
    )
    # A provider that was stopped sees nobody to come (R65).
    rows = rows.filter(booking__starts_at__lte=now) if provider.is_stopped else rows
    moves = list(rows.order_by("answer_by", "pk")[:A_PAGE])
    for row in moves:
        row.clock = clock(row.answer_by, now, words=_("Answer by %(moment)s, or the old time stands"))
    return moves


def _money(provider, today):
    """Return the lines of what is paid next and what can be claimed now, for whoever may see money."""
    lines = []
    if paid := coming_payments.released(provider, today):
        words = {"price": wording.money(paid["pence"], exact=True), "day": wording.day(paid["day"])}
        lines.append(_("%(price)s reaches your account on %(day)s.") % words)
    if planned := coming_payments.planned(provider, today):
        lines.append(_planned(planned))
    ready, withheld = _ready(provider, today)
    if withheld:
        price = wording.money(withheld, exact=True)
        lines.append(_("%(price)s is ready to claim. Your payments wait for now; see “Money”.") % {"price": price})
    for day, pence in sorted(ready.items()):
        words = {"price": wording.money(pence, exact=True), "day": wording.day(day)}
        lines.append(_("%(price)s is ready to claim. Claimed today, it is paid on %(day)s.") % words)
    return lines or [_("Nothing is on its way, and nothing waits to be claimed.")]


def _planned(payment):
    price = wording.money(payment["pence"], exact=True)
    if payment["day"] is None:
        return _("%(price)s is planned to be paid; the council has not released it yet.") % {"price": price}
    sentence = _("%(price)s is planned to be paid on %(day)s; the council has not released it yet.")
    return sentence % {"price": price, "day": wording.day(payment["day"])}


def _ready(provider, today):
    """Return {pay day: pence} of what can be claimed today, and the pence whose payment is withheld (R73).

    Each council keeps its own promise (R62).
    """
    found, waits, withheld = {}, 0, withholding.from_provider(provider)
    for row in claims.ready(provider).select_related("council__scheme"):
        scheme = row.council.scheme
        if claims.last_day_to_claim(row, scheme.claim_window_days) >= today:
            if row.council in withheld:
                waits += row.undisputed_pence
                continue
            day = pay_days.promised(claimed_on=today, scheme=scheme)
            found[day] = found.get(day, 0) + row.undisputed_pence
    return found, waits
