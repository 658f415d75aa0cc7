"""The carers team stops a provider at once, lets it go on, or writes down that it closes, or that it is called anew."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import wording
from accounts.access import carers_team_required
from accounts.history import Who
from providers import details, staff
from providers.models import Provider
from voucher.forms.team.providers import WhatItIsForm
from voucher.forms.team.standing import ClosingForm, StopForm
from voucher.models import Booking
from voucher.standing import closing, suspending
from voucher.views.team.colleagues import not_by_colleagues

State = Provider.State


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def stop(request, ref):
    """What stopping means, in numbers, and the button that does it at once."""
    row, now = _own(request, ref), timezone.now()
    form = StopForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            suspending.suspend(provider=row, reason=form.cleaned_data["reason"], by=Who(request.user), now=now)
        except suspending.NotWorking:
            messages.info(request, _("It is stopped already, or has closed."))
        except staff.WorksThere:
            messages.error(request, _("You work for this provider, so somebody else of the team does this."))
        else:
            messages.success(
                request, _("Stopped. Carers are told, and what was booked is on the list to arrange anew.")
            )
        return redirect("team:provider", row.ref)
    live = Booking.objects.filter(provider=row)
    context = {
        "provider": row,
        "form": form,
        "confirmed": live.filter(state=Booking.State.CONFIRMED, starts_at__gt=now).count(),
        "requests": live.filter(state__in=suspending.OPEN_REQUESTS).count(),
    }
    return render(request, "team/stop.html", context)


@require_POST
@carers_team_required
def go_on(request, ref):
    """Let a stopped provider go on."""
    row = _own(request, ref)
    try:
        suspending.resume(provider=row, by=Who(request.user), now=timezone.now())
    except suspending.NotStopped:
        messages.info(request, _("Nothing has changed: it is not stopped."))
    except staff.WorksThere:
        messages.error(request, _("You work for this provider, so somebody else of the team does this."))
    else:
        messages.success(request, _("It goes on. Breaks that you had not arranged otherwise take place after all."))
    return redirect("team:provider", row.ref)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def close(request, ref):
    """The last day of a provider, and who takes over what is booked later."""
    row, now = _own(request, ref), timezone.now()
    region = Provider.objects.filter(council__region=row.council.region, state=State.LIVE).exclude(pk=row.pk)
    first = {"last_day": row.closes_on, "successor": row.successor}
    form = ClosingForm(
        request.POST if request.method == "POST" else None, successors=region.order_by("name", "pk"), initial=first
    )
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            closing.announce(
                provider=row,
                last_day=typed["last_day"],
                successor=typed["successor"],
                by=Who(request.user),
                now=now,
                by_team=True,
            )
        except closing.TooSoon:
            form.add_error("last_day", _("Enter today or a later day."))
        except closing.NoSuccessor:
            form.add_error("successor", _("This provider takes no bookings at the moment. Choose another one."))
        except closing.NotOpen:
            messages.info(request, _("It has closed already."))
            return redirect("team:provider", row.ref)
        else:
            words = _("Noted: the last day is %(day)s. Whoever has booked later is told.")
            messages.success(request, words % {"day": wording.day(typed["last_day"])})
            return redirect("team:provider", row.ref)
    return render(request, "team/close_provider.html", {"provider": row, "form": form})


@require_POST
@carers_team_required
def not_close(request, ref):
    """Take back that a provider closes."""
    row = _own(request, ref)
    try:
        closing.call_off(provider=row, by=Who(request.user), now=timezone.now(), by_team=True)
    except closing.NotOpen:
        messages.info(request, _("Nothing has changed: no last day was set, or it has closed."))
    else:
        messages.success(request, _("Taken back. It goes on."))
    return redirect("team:provider", row.ref)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
@not_by_colleagues()
def what_it_is(request, ref):
    """The name and the kind of a provider that has joined: it rings when they change, and the team writes it down."""
    row = get_object_or_404(_joined(), council=request.council, ref=ref)
    form = WhatItIsForm(request.POST if request.method == "POST" else None, provider=row)
    if request.method == "POST" and form.is_valid():
        details.change_by_team(provider=row, told=form.cleaned_data, by=Who(request.user), now=timezone.now())
        messages.success(request, _("Saved. The provider is told."))
        return redirect("team:provider", row.ref)
    return render(request, "team/what_it_is.html", {"provider": row, "form": form})


def standing_context(row, council):
    """Return what the team's page of a provider shows of how it stands; of another council's nothing can be pressed."""
    own, works = row.council_id == council.pk, row.state in suspending.CAN_BE_STOPPED
    return {
        "may_rename": own and row.state not in Provider.NOT_JOINED,
        "may_stop": own and works,
        "may_close": own and (works or row.state == State.SUSPENDED),
        "may_read_why": own,
        # Whom to ask for on the telephone is for the team that looks after this provider.
        "people": list(staff.colleagues(row)) if own else [],
        "left": staff.who_left(row) if own else [],
    }


def _own(request, ref):
    """Return a provider that this council looks after, or 404: another council's is stopped by its own team."""
    rows = Provider.objects.select_related("council__scheme", "successor")
    return get_object_or_404(rows, council=request.council, ref=ref)


def _joined():
    return Provider.objects.select_related("council__scheme").exclude(state__in=Provider.NOT_JOINED)
