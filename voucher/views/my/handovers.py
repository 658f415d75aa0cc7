"""The carer's own yes or no to another provider that would give her break (R65)."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from voucher import bookings
from voucher.models import Booking, Handover, Task
from voucher.standing import handovers
from voucher.views.my.open_award import award_required
from voucher.views.my.own_booking import booking_of

State = Booking.State


@require_POST
@award_required
def answer(request, ref):
    """Move the break to the successor, or let the carers team arrange something else.

    What counts is the question that she read: another successor may be asked about since then, at another price.
    """
    booking, now = booking_of(request.award, ref), timezone.now()
    handover = Handover.objects.filter(booking=booking).order_by("-pk").first()
    if handover is None:
        raise Http404
    if request.POST.get("answer") not in {"yes", "no"}:
        return redirect("my:booking", booking.ref)
    try:
        if request.POST.get("handover") != str(handover.pk):
            raise handovers.Over(handover)
        if request.POST["answer"] == "no":
            handovers.refuse(handover=handover, by=request.who, now=now)
            messages.success(request, _("Thank you. The carers team rings you to find something else."))
            return redirect("my:booking", booking.ref)
        new = handovers.agree(handover=handover, by=request.who, now=now)
    except handovers.Over:
        messages.info(request, _("This was answered already, or the time is over. See below how it stands."))
    except bookings.BookingMoved:
        messages.info(request, _("This was answered already, or the time is over. See below how it stands."))
    except bookings.Refused:
        handovers.fell_through(handover=handover, now=now)
        messages.error(request, _("It can no longer be had there, so nothing has changed. The carers team rings you."))
    else:
        messages.success(request, _("Booked and confirmed. What was set aside for the old one has come back."))
        return redirect("my:booking", new.ref)
    return redirect("my:booking", booking.ref)


def say_what_became(coming):
    """Say of each booking to come whether a successor waits for a yes, and whether it is arranged anew; two queries.

    Sets `handover` and `arranged_anew`. Where the carer was told nothing yet, there is nothing to say.
    """
    touched = [each.pk for each in coming if each.state == State.CONFIRMED and each.may_cancel_free]
    handovers, anew = {}, set()
    if touched:
        rows = Handover.objects.filter(booking__in=touched, state=Handover.State.OPEN)
        handovers = {each.booking_id: each for each in rows.select_related("offer__provider")}
        tasks = Task.objects.filter(booking__in=touched, kind=Task.Kind.REARRANGE, done_at=None)
        anew = set(tasks.values_list("booking", flat=True))
    for each in coming:
        each.handover = handovers.get(each.pk)
        each.arranged_anew = each.pk in anew and not each.handover


def handover_context(booking):
    """Return what the page of a booking shows where its provider cannot give it: a successor, or that we arrange it."""
    handover, anew, handed_over = handovers.open_handover(booking), False, None
    if booking.state == State.CONFIRMED and booking.may_cancel_free and not handover:
        anew = Task.objects.filter(booking=booking, kind=Task.Kind.REARRANGE, done_at=None).exists()
    elif booking.state == State.CANCELLED and booking.ended_by == Booking.Party.TEAM:
        rows = Handover.objects.filter(booking=booking, state=Handover.State.AGREED)
        handed_over = rows.select_related("new_booking__provider").first()
    return {"handover": handover, "arranged_anew": anew, "handed_over": handed_over}
