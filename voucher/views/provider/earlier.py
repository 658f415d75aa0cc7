"""A provider's earlier bookings, the newest first, and any booking by the number that somebody reads out to them."""

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from providers.access import bookings_required
from voucher.forms.provider.find import FindForm
from voucher.models import Booking, ClaimLine, TopUp
from voucher.views.provider import ways

A_PAGE = 25
State = Booking.State
_CLAIMED = ClaimLine.objects.select_related("claim__council__scheme").prefetch_related(ways.IN_RUNS)


@require_safe
@never_cache
@bookings_required
def earlier(request):
    """Lead to the booking with the number that was typed, or list what has begun; a constant number of queries.

    What is claimed reads as on the money page once it is in a payment run.
    """
    now = timezone.now()
    # Of what a carer has not paid by card yet, or did not, the provider was never asked.
    ours = Booking.objects.filter(provider=request.provider).exclude(top_up__way=TopUp.Way.CARD, top_up__paid_at=None)
    begun = ours.filter(starts_at__lte=now)
    form = FindForm(request.GET if "number" in request.GET else None)
    if form.is_valid():
        # A provider that was stopped sees nobody to come (R65).
        found = (begun if request.provider.is_stopped else ours).filter(ref=form.cleaned_data["number"]).first()
        if found:
            return redirect("provider:booking", found.ref)
        form.add_error("number", _("You have no booking with this number. Ask for it once more, letter by letter."))
    rows = begun.exclude(state__in=[State.DECLINED, State.TIMED_OUT])
    rows = rows.select_related("offer", "award__carer", "top_up").order_by("-starts_at", "-pk")
    rows = rows.prefetch_related(Prefetch("claim_lines", _CLAIMED))
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    lines = [row.claim_line for row in page.object_list if row.state == State.CLAIMED and row.claim_line]
    found = ways.in_runs(request.provider, lines, today=timezone.localdate(now))
    for row in page.object_list:
        row.way = found.get(row.claim_line and row.claim_line.pk)
    return render(request, "provider/earlier.html", {"form": form, "bookings": page})
