"""What a carer says when something went otherwise: an emergency, yes it took place, no it was less."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import HistoryEntry
from voucher import bookings
from voucher.claiming import absences, disputes
from voucher.forms.disputes import HowMuchForm
from voucher.forms.provider.bookings import length_in_words
from voucher.models import Booking, Dispute
from voucher.views.dispute_words import dispute_context
from voucher.views.my.open_award import award_required
from voucher.views.my.own_booking import booking_of, say_moved

State = Booking.State
AGREES = "booking.carer_agrees"


def after_context(row, now):
    """Return what the page of a booking shows of what was said after the break, in at most two queries."""
    if absences.is_said(row):
        otherwise = {"can_say_otherwise": absences.may_say_otherwise(row, now)}
        return otherwise | {"otherwise_until": absences.last_day(row)}
    if row.state not in disputes.GIVEN:
        return {}
    dispute = Dispute.objects.filter(booking=row).first()
    # What was said since then, that it was longer, she has not agreed to.
    said = {"subject_kind": "booking", "subject_id": row.pk, "details__minutes": row.delivered_minutes}
    agreed = HistoryEntry.objects.filter(act=AGREES, **said).exists()
    return dispute_context(row, dispute) | {
        "agreed": agreed,
        "given_in_words": length_in_words(row, row.delivered_minutes or 0),
        "can_dispute": dispute is None and disputes.may_dispute(row, now),
    }


@require_POST
@award_required
def emergency(request, ref):
    """Cancel at once and free of charge; nobody asks for a reason, and somebody rings."""
    row, now = booking_of(request.award, ref), timezone.now()
    please_ring = "please_ring" in request.POST
    try:
        bookings.cancel(
            booking=row, party=Booking.Party.CARER, by=request.who, now=now, emergency=True, please_ring=please_ring
        )
    except bookings.HasStarted:
        messages.error(request, _("It has started, so it can no longer be cancelled here. Please ring us."))
    except bookings.BookingMoved as moved:
        say_moved(request, moved, State.CANCELLED)
    else:
        messages.success(request, _("It is cancelled, and it costs you nothing. We have told the provider."))
    return redirect("my:booking", row.ref)


@require_POST
@award_required
def agree(request, ref):
    """Yes, so much took place as stood on the page; the same answer twice is written down once."""
    row, now = booking_of(request.award, ref), timezone.now()
    if not after_context(row, now).get("agreed"):
        try:
            if request.POST.get("minutes") != str(row.delivered_minutes):
                raise disputes.NotDisputable
            disputes.agree(booking=row, by=request.who, now=now)
        except disputes.NotDisputable:
            messages.info(request, _("This booking has changed since. Here is how it stands now."))
            return redirect("my:booking", row.ref)
    messages.success(request, _("Thank you for telling us."))
    return redirect("my:booking", row.ref)


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def how_much(request, ref):
    """No, it was less: how much took place. What is not disputed is paid, the rest waits for the carers team."""
    row, now = booking_of(request.award, ref), timezone.now()
    if not disputes.may_dispute(row, now):
        return _cannot(request, row)
    lengths = disputes.what_can_be_said(row)
    form = HowMuchForm(request.POST if request.method == "POST" else None, booking=row, lengths=lengths)
    if form.is_valid():
        said = {"said_minutes": form.cleaned_data["minutes"], "words": form.cleaned_data["words"]}
        try:
            disputes.make(booking=row, by=request.who, now=now, **said)
        except (disputes.AlreadyDisputed, disputes.NotDisputable, disputes.BadMinutes, bookings.BookingMoved):
            return _cannot(request, row)
        messages.success(request, _("Thank you. The carers team finds out how it was and tells you."))
        return redirect("my:booking", row.ref)
    context = {"booking": row, "form": form, "given_in_words": length_in_words(row, row.delivered_minutes)}
    return render(request, "my/how_much.html", context)


def say_otherwise(request, row, now):
    """Say for the carer that she was there, where the provider says that she did not come (R61)."""
    try:
        given_back = absences.say_otherwise(booking=row, by=request.who, now=now)
    except bookings.BookingMoved as moved:
        say_moved(request, moved, State.DID_NOT_HAPPEN)
    else:
        if given_back:
            sentence = _("Thank you. Everything is given back, and the carers team will ring you.")
        else:
            sentence = _("Thank you. The carers team finds out how it was and rings you.")
        messages.success(request, sentence)
    return redirect("my:booking", row.ref)


def _cannot(request, row):
    if Dispute.objects.filter(booking=row).exists():
        messages.info(request, _("You have told us already. Here is how it stands."))
    else:
        messages.info(request, _("This can no longer be changed here. Please ring us."))
    return redirect("my:booking", row.ref)
