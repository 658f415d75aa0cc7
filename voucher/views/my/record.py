"""What we hold about a carer, and who looked at it: shown to the carer, and given as a file."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from voucher.bookings import phone_bookings
from voucher.carers import carer_file, looks
from voucher.forms.account import ProveForm
from voucher.views.my.account import is_own, pin_fits
from voucher.views.my.open_award import award_required
from voucher.views.my.own_booking import booking_of

A_PAGE = 25


@require_safe
@award_required
def who_looked(request):
    """Every look at the carer's record, newest first: as what, for whom, and at what."""
    carer = request.award.carer
    page = Paginator(looks.entries_about(carer), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "my/looks.html", {"page": page, "looks": looks.told(page, carer)})


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
@sensitive_post_parameters("pin")
def my_data(request):
    """Everything held about the carer, in one file made at this moment and kept nowhere.

    By the carer's own sign-in, by the carers team for the carer, or by the code with the PIN: whoever found a
    letter must not learn an address from it.
    """
    carer, trusted = request.award.carer, is_own(request) or request.acting
    if request.method == "POST" and not trusted and not carer.pin:
        raise Http404
    form = None if trusted else ProveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (trusted or (form.is_valid() and pin_fits(form, "pin", carer))):
        now = timezone.now()
        answer = HttpResponse(carer_file.make(carer=carer, by=request.who, now=now), content_type="application/zip")
        name = f"my-data-{timezone.localdate(now).isoformat()}.zip"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    return render(request, "my/data.html", {"form": form, "trusted": trusted, "carer": carer})


def by_phone_context(booking, now):
    """Return what the page of a booking needs about its having been made on the telephone."""
    return {"may_object_until": phone_bookings.may_object(booking, now)}


@require_POST
@award_required
def not_mine(request, ref):
    """The carer did not ask for a break that a provider says they booked on the telephone."""
    row = booking_of(request.award, ref)
    try:
        phone_bookings.object_to(booking=row, by=request.who, now=timezone.now())
    except phone_bookings.NotByPhone:
        raise Http404 from None
    except phone_bookings.TooLateToObject:
        sentence = _("The 7 days are over. Ring us, and we look into it: %(phone)s.")
        messages.error(request, sentence % {"phone": request.council.scheme.team_phone})
    else:
        messages.success(request, _("Thank you. It costs you nothing, and the carers team looks into it."))
    return redirect("my:booking", row.ref)
