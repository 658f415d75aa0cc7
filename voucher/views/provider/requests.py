"""A provider's page of one booking, and all that can be done with it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import history
from accounts.history import Who
from accounts.templatetags.look import phone_link
from providers.access import bookings_required
from providers.models import Staff
from voucher import bookings, rules
from voucher.claiming import withdrawals
from voucher.forms.provider.bookings import CancelForm, DeclineForm, DeliveredForm, DidNotHappenForm
from voucher.messages import writing
from voucher.models import Booking, TopUp
from voucher.views import booking_pages
from voucher.views.offer_cards import moment_of
from voucher.views.own_money_words import payment_context
from voucher.views.provider.after import after_context
from voucher.views.provider.clocks import clock

NOT_WHILE_PAUSED = gettext_lazy("You cannot confirm while your service is paused. You can still decline.")
NOT_WHILE_STOPPED = gettext_lazy(
    "Your service was stopped or closed at that time, so this cannot be marked here. If it was given all the same, "
    "ring the carers team."
)
NOT_IN_ORDER = gettext_lazy(
    "You cannot confirm it: something that the carers team needs of you ends before this break is over. Look under "
    "“Papers”, or ring the carers team."
)

State = Booking.State


def booking_of(provider, ref):
    """Return the provider's own booking with all that its page shows, or 404: another provider's is not there."""
    rows = Booking.objects.select_related(
        "offer__category", "award__carer", "award__account", "council__scheme", "hold", "asked_in", "provider"
    ).prefetch_related("claim_lines__claim")
    # Of what a carer has not paid by card yet, or did not, the provider was never asked.
    rows = rows.exclude(top_up__way=TopUp.Way.CARD, top_up__paid_at=None)
    if provider.is_stopped:
        rows = rows.filter(starts_at__lte=timezone.now())
    return get_object_or_404(rows, provider=provider, ref=ref)


@require_safe
@never_cache
@bookings_required
def booking(request, ref):
    return _booking_page(request, booking_of(request.provider, ref))


@require_POST
@bookings_required
def confirm(request, ref):
    row = booking_of(request.provider, ref)
    return answer(
        request,
        row,
        bookings.confirm,
        goal=State.CONFIRMED,
        said=told(
            row,
            _("Confirmed. We have told the carer."),
            _("Confirmed. A letter would come too late, so the carers team tells them."),
        ),
        seen_starts_at=seen_on_the_page(request),
    )


@require_POST
@bookings_required
def decline(request, ref):
    return _say_no(request, ref, bookings.decline, seen_starts_at=seen_on_the_page(request))


@require_POST
@bookings_required
def take_back_times(request, ref):
    """Say no after all, while the carer has not chosen one of the times that were suggested."""
    return _say_no(request, ref, bookings.take_back_times)


def _say_no(request, ref, verb, **seen):
    row = booking_of(request.provider, ref)
    form = DeclineForm(request.POST, prefix="decline")
    if not form.is_valid():
        return _booking_page(request, row, decline=form)
    return answer(
        request,
        row,
        verb,
        goal=State.DECLINED,
        said=told(
            row,
            _("Declined. We have told the carer, and what was set aside has gone back to them."),
            _("Declined. All has gone back. A letter would come too late, so the carers team tells them."),
        ),
        **form.cleaned_data,
        **seen,
    )


@require_POST
@bookings_required
def deliver(request, ref):
    row = booking_of(request.provider, ref)
    if row.provider.is_stopped_at(row.starts_at):
        messages.error(request, NOT_WHILE_STOPPED)
        return _to(row)
    form = DeliveredForm(request.POST, booking=row, prefix="delivered")
    if not form.is_valid():
        return _booking_page(request, row, delivered=form)
    said = _("Marked as given. You can undo this until it is claimed.")
    if not row.price_pence:
        said = _("Marked as given. Thank you. You can undo this.")
    return answer(request, row, bookings.deliver, goal=State.DELIVERED, said=said, **form.cleaned_data)


@require_POST
@bookings_required
def undo(request, ref):
    """Take back what was said of a break, given or not given, until it is claimed (R60)."""
    row = booking_of(request.provider, ref)
    said = _("Undone. The break is confirmed again, and not marked as given.")
    if row.state == State.DID_NOT_HAPPEN:
        said = _("Undone. The break is confirmed again, and all of it is set aside. Say now how much of it was given.")
    return answer(request, row, bookings.undo, goal=State.CONFIRMED, said=said)


@require_POST
@bookings_required
def did_not_happen(request, ref):
    """The provider says that a break did not happen, and why; the reason is kept in the history."""
    row = booking_of(request.provider, ref)
    form = DidNotHappenForm(request.POST, prefix="not")
    if not form.is_valid():
        return _booking_page(request, row, not_given=form)
    said = _("Noted. We tell the carer and the carers team. See below what follows; you can undo it.")
    return answer(
        request,
        row,
        bookings.did_not_happen,
        goal=State.DID_NOT_HAPPEN,
        said=said,
        party=Booking.Party.PROVIDER,
        why=form.not_given,
        remember=f"booking.{form.cleaned_data['why']}",
    )


@require_POST
@bookings_required
def cancel(request, ref):
    """The provider cannot keep a confirmed booking, and says why: everything goes back to the carer."""
    row = booking_of(request.provider, ref)
    form = CancelForm(request.POST, prefix="cancel")
    if not form.is_valid():
        return _booking_page(request, row, cancelling=form)
    return answer(
        request,
        row,
        bookings.cancel,
        goal=State.CANCELLED,
        said=told(
            row,
            _("Cancelled. We have told the carer, and everything has gone back to them."),
            _("Cancelled. All has gone back. A letter would come too late, so the carers team tells them."),
        ),
        party=Booking.Party.PROVIDER,
        **form.cleaned_data,
    )


@require_POST
@never_cache
@bookings_required
def contact(request, ref):
    """Show how to reach the carer, and what they wrote. Each look is written down; the carer can ask who looked."""
    row = booking_of(request.provider, ref)
    now = timezone.now()
    if not may_see_contact(row, now):
        messages.error(request, _("We show how to reach a carer from when you confirm until a week after the break."))
        return _to(row)
    history.record(act="booking.contact_seen", subject=row, by=Who(user=request.user), at=now, council=row.council)
    return _booking_page(request, row, contact=_contact(row))


def seen_on_the_page(request):
    """Return the moment that stood on the page that is answered: of another one nothing was said."""
    return moment_of(request.POST.get("seen", ""))


def told(row, by_message, by_team):
    """Return who brings the carer the news: we, or the carers team where a letter would be too late (its queue)."""
    day, today = timezone.localdate(row.starts_at), timezone.localdate()
    return by_team if writing.is_rung(row.award.carer, day=day, on=today) else by_message


def may_see_contact(row, now):
    """True from confirmation until seven days after the break (R22), unless it did not come to be, or it is stopped."""
    if row.provider.is_stopped:
        return False
    shown = {State.CONFIRMED, State.DELIVERED, State.CLAIMED}
    return row.state in shown and not row.ended_by and now <= rules.contact_until(row.ends_at)


def _booking_page(request, row, *, decline=None, delivered=None, not_given=None, cancelling=None, contact=None):
    now = timezone.now()
    started = row.starts_at <= now
    confirmed, is_owner = row.state == State.CONFIRMED, request.post.kind == Staff.Kind.OWNER
    context = {
        "booking": row,
        # The form with something to mend, for the list of problems at the top.
        "form": decline or delivered or not_given or cancelling,
        "facts": _facts(row),
        "contact": contact,
        "may_see_contact": may_see_contact(row, now),
        "contact_until": rules.contact_until(row.ends_at),
        "can_answer": row.state == State.REQUESTED and row.answer_by > now,
        "suggested": bookings.open_suggestions(row, Booking.Party.PROVIDER),
        "can_take_back_times": row.state == State.COUNTERED and row.answer_by > now,
        "proposed": bookings.proposed(row) if confirmed else None,
        "can_take_on": request.provider.may_say_yes,
        "clock": clock(row.answer_by, now),
        "can_deliver": confirmed and started and not row.provider.is_stopped_at(row.starts_at),
        "can_say_not_given": confirmed and now >= bookings.not_given_from(row, Booking.Party.PROVIDER, now),
        "waiting_cost": bookings.due_for_waiting(row, now) if confirmed else None,
        "can_cancel": confirmed and not started,
        "can_undo": bookings.may_undo(row, now),
        "can_withdraw": is_owner and withdrawals.may_withdraw(row),
        "decline_form": decline or DeclineForm(prefix="decline"),
        "cancel_form": cancelling or CancelForm(prefix="cancel"),
        "delivered_form": delivered or DeliveredForm(booking=row, prefix="delivered", initial={"minutes": row.minutes}),
        "not_given_form": not_given or DidNotHappenForm(prefix="not"),
        "is_owner": is_owner,
    }
    context |= after_context(row, now) | payment_context(row, now)
    return render(request, "provider/booking.html", context)


def _facts(row):
    """Return what the page of a booking lists: when, how long, the price, for whom, and how it came out."""
    carer = row.award.carer
    facts = [
        *booking_pages.facts_agreed(row),
        {"key": _("For"), "value": f"{carer.first_name}, {carer.town}"},
        {"key": _("Booking"), "value": row.ref},
    ]
    if row.decline_reason:
        facts.append({"key": _("Your reason"), "value": row.get_decline_reason_display()})
    if row.decline_note:
        facts.append({"key": _("Your word to the carer"), "value": row.decline_note})
    return facts + booking_pages.facts_after(row, paid=_("You are paid"))


def _contact(row):
    """Return how to reach the carer: the address only where the break comes to the door, or nothing else is known."""
    carer = row.award.carer
    rows = [{"key": _("Phone"), "value": carer.phone, "href": f"tel:{phone_link(carer.phone)}"}] if carer.phone else []
    if carer.email:
        rows.append({"key": _("E-mail"), "value": carer.email, "href": f"mailto:{carer.email}"})
    if row.offer.category.comes_to_the_door or not rows:
        rows.append({"key": _("Address"), "value": f"{carer.address}, {carer.town}, {carer.postcode}"})
    if carer.language:
        rows.append({"key": _("Likes to speak"), "value": carer.get_language_display()})
    if row.note:
        rows.append({"key": _("What they want you to know"), "value": row.note})
    return rows


def answer(request, row, verb, **what):
    """Do one thing to a booking and say so, as booking_pages.do; say why where it cannot be done."""
    try:
        booking_pages.do(request, row, verb, by=Who(user=request.user), moved=what_happened, **what)
    except bookings.NotLive:
        messages.error(request, NOT_IN_ORDER if row.provider.may_say_yes else NOT_WHILE_PAUSED)
    except bookings.RestWasUsed:
        messages.error(
            request,
            _("What went back has been used for something else, so this cannot be undone here. Ring the carers team."),
        )
    except bookings.Full:
        messages.error(
            request,
            _("Its place has been taken by somebody else, so this cannot be undone here. Ring the carers team."),
        )
    except bookings.OutsidePeriod:
        messages.error(request, _("That time is no longer within the carer’s award, so the old time stands."))
    except bookings.HasStarted:
        messages.error(request, _("The break has started, so say that it did not happen instead."))
    return _to(row)


def what_happened(state):
    """Say in a sentence how a booking stands that moved while the page was open."""
    return {
        State.UNPAID: _("The carer has not paid their own share yet."),
        State.REQUESTED: _(
            "This is still waiting for an answer. Look again at the time: the carer may have changed it."
        ),
        State.COUNTERED: _("Nothing has changed: you suggested other times, and the carer has not chosen yet."),
        State.CONFIRMED: _("Nothing has changed: this booking was confirmed already."),
        State.DECLINED: _("Nothing has changed: this booking was declined already."),
        State.TIMED_OUT: _("The time to answer had run out, so the request has gone back to the carer."),
        State.CANCELLED: _("This booking was cancelled a moment ago."),
        State.DELIVERED: _("Nothing has changed: this break was marked as given already."),
        State.DID_NOT_HAPPEN: _("It was noted already that this break did not happen."),
        State.CLAIMED: _(
            "This break has been claimed, so it can no longer be changed here. Take it out of the claim first."
        ),
    }[state]


def _to(row):
    return redirect("provider:booking", row.ref)
