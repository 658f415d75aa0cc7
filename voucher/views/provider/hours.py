"""When an offer can be had: its week, other days and limits; live bookings outside new hours are shown first."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.history import Who
from brochure import offering
from brochure.models import Offer
from providers.access import bookings_required
from voucher.bookings import changed_hours
from voucher.forms.provider.hours import HoursForm
from voucher.models import Booking

SEEN = "seen"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@bookings_required
def hours(request, number):
    """Change when an offer can be had; where that touches live bookings, list them before anything is saved."""
    rows = Offer.objects.select_related("provider__council", "category").prefetch_related("prices")
    row = get_object_or_404(rows, provider=request.provider, number=number)
    if row.state == Offer.State.WITHDRAWN:
        raise Http404
    now = timezone.now()
    form = HoursForm(request.POST if request.method == "POST" else None, offer=row, today=timezone.localdate(now))
    if request.method != "POST" or not form.is_valid() or "back" in request.POST:
        return render(request, "provider/hours.html", {"offer": row, "form": form})
    to, change = form.changes(_others(row)), None
    try:
        changed_hours.save(
            provider=request.provider,
            to=to,
            breaks_at_once=form.cleaned_data["breaks_at_once"],
            seen=request.POST.get(SEEN, ""),
            by=Who(user=request.user),
            now=now,
        )
    except changed_hours.StaleHours as stale:
        change = stale.change
    except offering.NotPossible:
        raise Http404 from None
    if change:
        return render(request, "provider/hours_check.html", _check_context(request, row, change))
    is_seen = row.state == Offer.State.LIVE
    messages.success(request, _("Saved. Carers see the new hours now.") if is_seen else _("Saved."))
    return redirect("provider:hours", row.number)


def _others(row):
    """Return the provider's other offers for which the same other days can hold."""
    others = Offer.objects.filter(provider=row.provider).exclude(state=Offer.State.WITHDRAWN).exclude(pk=row.pk)
    return list(others.exclude(hours="").select_related("provider__council", "category").prefetch_related("prices"))


def _check_context(request, row, change):
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in {SEEN, "csrfmiddlewaretoken", "back"}
    ]
    outside = [
        {
            "booking": each,
            "can_suggest": each.state == Booking.State.REQUESTED,
            "crowded": (each.pk, each.starts_at) in change.crowded,
        }
        for each in change.outside
    ]
    return {"offer": row, "outside": outside, "sent": sent, "seen": change.seen}
