"""A provider's own page: what one may do there, how the provider is reached, and whether it takes a pause."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from accounts.history import Who
from providers import details, pausing
from providers.access import anyone_required, bookings_required, owner_required
from providers.models import Provider, Staff
from voucher.forms.provider.details import WORK, DetailsForm, PauseForm
from voucher.models import Booking

BOOKED_SHOWN = 20
WRITTEN_ABOUT = {
    Staff.Kind.OWNER: gettext_lazy("We write about requests, breaks, claims and payments."),
    Staff.Kind.BOOKINGS: gettext_lazy("We write about requests and breaks."),
    Staff.Kind.CLAIMS: gettext_lazy("We write about claims and payments."),
}


@require_safe
@never_cache
@anyone_required
def service(request):
    """Who one is here, what one may do, and where everything about the provider itself is."""
    kind = Staff.Kind(request.post.kind)
    context = {
        "provider": request.provider,
        "post": kind.label,
        "work": WORK[kind],
        "is_owner": kind == Staff.Kind.OWNER,
        "news": WRITTEN_ABOUT.get(kind, ""),
        "wants_news": request.post.wants_news,
        "reads_own_address": request.user.email.casefold() == request.provider.email.casefold(),
        "answers_requests": kind in {Staff.Kind.OWNER, Staff.Kind.BOOKINGS},
    }
    return render(request, "provider/service.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def change_details(request):
    """How the provider is reached; its name and its legal form are changed by the carers team."""
    provider = request.provider
    form = DetailsForm(request.POST if request.method == "POST" else None, provider=provider)
    if request.method == "POST" and form.is_valid():
        if details.change(provider=provider, told=form.told, by=Who(user=request.user), now=timezone.now()):
            messages.success(request, _("Saved. We have told the carers team."))
        else:
            messages.info(request, _("Nothing has changed."))
        return redirect("provider:service")
    return render(request, "provider/details.html", {"form": form, "provider": provider})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@bookings_required
def pause(request):
    """Take a pause, or see how it stands: what is booked stays booked. Only the owner begins one."""
    provider, now = request.provider, timezone.now()
    is_owner = request.post.kind == Staff.Kind.OWNER
    if request.method == "POST" and not is_owner:
        raise Http404
    form = PauseForm(request.POST if request.method == "POST" else None, today=timezone.localdate(now))
    if request.method == "POST" and form.is_valid():
        reason, until = pausing.Reason.OWN, form.cleaned_data["until"]
        try:
            pausing.pause(provider=provider, reason=reason, until=until, by=Who(user=request.user), now=now)
        except pausing.NotLive:
            messages.info(request, _("Nothing has changed: your service is paused or stopped already."))
        else:
            messages.success(request, _("Paused. Carers no longer find your offers; what is booked stays."))
        return redirect("provider:pause")
    ours = Booking.objects.filter(provider=provider, starts_at__gt=now).select_related(
        "offer", "award__carer", "top_up"
    )
    # A provider that was stopped sees nobody to come (R65).
    ours = ours.none() if provider.is_stopped else ours
    booked = ours.filter(state=Booking.State.CONFIRMED).order_by("starts_at", "pk")
    waiting = ours.filter(state__in=[Booking.State.REQUESTED, Booking.State.COUNTERED])
    context = {
        "provider": provider,
        "form": form,
        "is_owner": is_owner,
        "may_come_back": pausing.may_come_back(request.post),
        "booked": list(booked[:BOOKED_SHOWN]),
        "booked_count": booked.count(),
        "waiting_count": waiting.count(),
        "until": wording.day(provider.paused_until) if provider.paused_until else "",
    }
    return render(request, "provider/pause.html", context)


@require_POST
@bookings_required
def back(request):
    """One press, and carers find the provider again."""
    if not pausing.may_come_back(request.post):
        if request.provider.state == Provider.State.LIVE:
            messages.info(request, _("Carers find your offers."))
            return redirect("provider:pause")
        messages.error(request, _("You cannot end this pause yourself. Ask the owner, or ring the carers team."))
        return redirect("provider:pause")
    try:
        pausing.come_back(provider=request.provider, by=Who(user=request.user), now=timezone.now())
    except pausing.NotPaused:
        messages.info(
            request, _("Nothing has changed: the pause was ended already, or the carers team has paused you.")
        )
    else:
        messages.success(request, _("Welcome back. Carers find your offers again."))
    return redirect("provider:pause")
