"""A carer's own pages: what is left, each booking and what can be done with it, every movement in words."""

import datetime as dt

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import wording
from accounts.templatetags.look import phone_link
from brochure.wording import length
from brochure.wording_of_times import sessions
from voucher import bookings
from voucher.bookings import planner
from voucher.carers import carer_accounts, outcomes
from voucher.claiming import absences
from voucher.granting import awards
from voucher.messages import writing
from voucher.models import Award, Booking
from voucher.navigation import OPEN_AWARD
from voucher.views.my.after import after_context, say_otherwise
from voucher.views.my.applications import applications_context
from voucher.views.my.choices import choices_context
from voucher.views.my.finding import is_over, still_possible
from voucher.views.my.handovers import handover_context, say_what_became
from voucher.views.my.open_award import award_required
from voucher.views.my.own_booking import booking_of, say_moved
from voucher.views.my.record import by_phone_context
from voucher.views.my.waiting import waiting_context
from voucher.views.my.walk_ins import walk_ins_context
from voucher.views.numbers import whole
from voucher.views.own_money_words import payment_context

State, Party = Booking.State, Booking.Party
PAST_SHOWN = 10


@require_safe
@award_required
def award(request):
    """What is left, the next break, and the ways on."""
    now = timezone.now()
    rows = request.award.bookings.select_related("offer", "provider", "asked_in")
    live = rows.filter(state__in=bookings.IS_LIVE)
    coming = list(live.filter(ends_at__gt=now).order_by("starts_at", "pk"))
    say_what_became(coming)
    past = rows.exclude(pk__in=[each.pk for each in coming]).order_by("-starts_at", "-pk")
    others = (
        carer_accounts.awards_of(request.user, timezone.localdate(now)).exclude(pk=request.award.pk)
        if _by_account(request)
        else []
    )
    context = {
        "award": request.award,
        "balance": awards.balance(request.award),
        "left": wording.amount(request.award.account.available, request.award.unit),
        "today": timezone.localdate(now),
        "is_over": timezone.localdate(now) > request.award.account.last_day or not _is_active(request.award),
        "next": coming[0] if coming else None,
        "next_half": bookings.other_half(coming[0]) if coming else None,
        "coming": coming[1:],
        "past": past[:PAST_SHOWN],
        "others": others,
        "questions_due": outcomes.moment_due(request.award, on=timezone.localdate(now)),
    }
    context |= applications_context(request.award, now) | walk_ins_context(request.award, now)
    context |= waiting_context(request.award)
    return render(request, "my/award.html", context | _what_it_still_buys(request.award, now))


@require_safe
@award_required
def statement(request):
    """Every movement of the award, newest first, in words."""
    lines = awards.statement(request.award)[::-1]
    return render(request, "my/statement.html", {"award": request.award, "lines": lines})


@require_safe
@award_required
def booking(request, ref):
    return _booking_page(request, booking_of(request.award, ref))


@require_safe
@award_required
def asked(request, ref):
    """The page after asking: what happens now."""
    row = booking_of(request.award, ref)
    if row.state != State.REQUESTED:
        return redirect("my:booking", row.ref)
    context = {"booking": row, "unit": request.award.unit, "way": writing.way_to(request.award.carer)}
    context |= payment_context(row, timezone.now()) | choices_context(row, timezone.now())
    return render(request, "my/asked.html", context)


@require_POST
@award_required
def cancel(request, ref):
    """Cancel at the cost that was shown; where it has changed meanwhile, show the new cost first."""
    row, now = booking_of(request.award, ref), timezone.now()
    # Whoever sends no figure has seen none, so nothing may be charged.
    seen_due_pence = whole(request.POST.get("seen_due_pence", ""), digits_most=9) or 0
    was_unpaid = row.state == State.UNPAID
    try:
        bookings.cancel(booking=row, party=Party.CARER, by=request.who, now=now, seen_due_pence=seen_due_pence)
    except bookings.StaleCost:
        messages.error(request, _("What cancelling costs has changed. Look at it again, then decide."))
    except bookings.HasStarted:
        messages.error(request, _("It has started, so it can no longer be cancelled. If nobody came, tell us here."))
    except bookings.BookingMoved as moved:
        say_moved(request, moved, State.CANCELLED)
    else:
        told = _("Ended. Everything is given back.") if was_unpaid else _("Cancelled. We have told the provider.")
        messages.success(request, told)
    return redirect("my:booking", row.ref)


@require_POST
@award_required
def did_not_happen(request, ref):
    """The carer says that nobody came, or that she was there: all is given back and the carers team is told."""
    row, now = booking_of(request.award, ref), timezone.now()
    if absences.is_said(row):
        return say_otherwise(request, row, now)
    try:
        bookings.did_not_happen(booking=row, party=Party.CARER, by=request.who, now=now)
    except bookings.NotYet as early:
        sentence = _("You can say this from %(time)s. Until then, please ring them.")
        messages.error(request, sentence % {"time": wording.time(early.at)})
    except bookings.BookingMoved as moved:
        say_moved(request, moved, State.DID_NOT_HAPPEN)
    else:
        messages.success(request, _("Thank you. Everything is given back, and the carers team will ring you."))
    return redirect("my:booking", row.ref)


@require_POST
@award_required
def choose(request):
    """A carer with several awards in one account looks at another of them."""
    number = whole(request.POST.get("award", ""))
    if _by_account(request) and number is not None:
        chosen = get_object_or_404(Award, pk=number, carer__user=request.user)
        request.session[OPEN_AWARD] = chosen.pk
    return redirect("my:award")


def _what_it_still_buys(award, now):
    if is_over(award, timezone.localdate(now)):
        return {}
    return {
        "still_buys": planner.still_buys(award, on=timezone.localdate(now)),
        "possible": len(still_possible(award, now)),
    }


def _booking_page(request, row):
    now = timezone.now()
    over = row.state in {State.REQUESTED, State.COUNTERED} and row.answer_by <= now
    from_when = bookings.not_given_from(row, Party.CARER, now) if row.state == State.CONFIRMED else None
    unanswered = row.state in {State.UNPAID, State.REQUESTED, State.COUNTERED}
    can_cancel = unanswered or (row.state == State.CONFIRMED and now < row.starts_at)
    context = {
        "booking": row,
        "award": request.award,
        "unit": request.award.unit,
        "over": over,
        "steps": _steps(row),
        "facts": _facts(row, with_note=not request.helping),
        "cost": bookings.cost_of_cancelling(row, now) if can_cancel else None,
        "free_until": _free_until(row, now),
        "can_say_nobody_came": from_when is not None and now >= from_when,
        "nobody_came_from": from_when if from_when and row.starts_at <= now < from_when else None,
        "course_goes_on": row.state == State.CONFIRMED and from_when is None,
    }
    context |= after_context(row, now) | by_phone_context(row, now)
    context |= payment_context(row, now) | choices_context(row, now) | handover_context(row)
    return render(request, "my/booking.html", context)


def _steps(row):
    """Return the line of steps; what ended early has only the steps it came to."""
    asked, confirmed, over = _("Asked"), _("Confirmed"), _("The break")
    if row.state == State.REQUESTED:
        return [
            {"text": asked, "state": "done", "note": wording.day(row.requested_at)},
            {"text": _("Waiting for an answer"), "state": "now", "note": ""},
            {"text": over, "state": "", "note": wording.day(row.starts_at)},
        ]
    if row.state == State.COUNTERED:
        return [
            {"text": asked, "state": "done", "note": wording.day(row.requested_at)},
            {"text": _("Another time suggested"), "state": "now", "note": ""},
            {"text": over, "state": "", "note": ""},
        ]
    if row.state in {State.CONFIRMED, State.DELIVERED, State.CLAIMED}:
        taken = row.state != State.CONFIRMED
        return [
            {"text": asked, "state": "done", "note": wording.day(row.requested_at)},
            {"text": confirmed, "state": "done", "note": wording.day(row.answered_at) if row.answered_at else ""},
            {"text": over, "state": "done" if taken else "now", "note": wording.day(row.starts_at)},
        ]
    return []


def _facts(row, with_note=True):
    rows = [
        {"key": _("What"), "value": row.offer.title},
        {
            "key": _("You asked for") if row.state == State.COUNTERED else _("When"),
            "value": capfirst(wording.span(row.starts_at, row.ends_at)),
        },
        *([{"key": _("Sessions"), "value": sessions(bookings.spans_of(row))}] if row.sessions else []),
        {"key": _("How long"), "value": length(row.minutes, row.offer.unit, row.unit_minutes)},
        {"key": _("Who"), "value": f"{row.provider.name}, {row.provider.town}"},
    ]
    if row.state in {State.CONFIRMED, State.DELIVERED}:
        phone = row.provider.phone
        rows.append({"key": _("Their phone"), "value": phone, "href": f"tel:{phone_link(phone)}"})
    rows.append({"key": _("Price"), "value": wording.money(row.price_pence) if row.price_pence else _("Free")})
    # What a sitter must know is between the carer and the provider; a helper does not need it.
    if row.note and with_note:
        rows.append({"key": _("What you told them"), "value": row.note})
    rows.append({"key": _("Booking number"), "value": row.ref})
    return rows


def _free_until(row, now):
    until = row.starts_at - dt.timedelta(hours=row.free_cancel_hours)
    return until if row.state == State.CONFIRMED and now <= until and not row.may_cancel_free else None


def _by_account(request):
    return bool(request.who.user) and not (request.acting or request.helping)


def _is_active(award):
    return award.account.state == award.account.State.ACTIVE
