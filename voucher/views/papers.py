"""A carer's papers as PDF, for the carer and for the carers team: the slip of a booking, and the statement."""

import functools

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import paper
from accounts.access import carers_team_required
from accounts.history import Who
from voucher.carers import looks
from voucher.granting import awards
from voucher.paper import slips
from voucher.views.my import own_booking
from voucher.views.my.open_award import award_required
from voucher.views.team import awards as team_awards
from voucher.views.team import bookings as team_bookings


@require_safe
@award_required
def slip(request, ref):
    """The carer's own booking on paper."""
    return _slip(request, own_booking.booking_of(request.award, ref), back="my:booking")


@require_safe
@award_required
def statement(request):
    """The carer's own statement on paper."""
    return _statement(request, request.award, back=functools.partial(redirect, "my:statement"))


@require_safe
@never_cache
@carers_team_required
def team_slip(request, ref):
    """A carer's booking on paper, to be posted by the carers team."""
    row = team_bookings.booking_of(request.council, ref)
    looks.note(award=row.award, by=Who(user=request.user), now=timezone.now())
    return _slip(request, row, back="team:booking")


@require_safe
@never_cache
@carers_team_required
def team_statement(request, ref):
    """A carer's statement on paper, to be posted by the carers team."""
    row = team_awards.award_of(request.council, ref)
    looks.note(award=row, by=Who(user=request.user), now=timezone.now())
    return _statement(request, row, back=functools.partial(redirect, row))


def _slip(request, row, *, back):
    if not slips.has_slip(row):
        raise Http404
    return _pdf(
        request,
        lambda: slips.booking_slip(row, on=timezone.localdate()),
        name=f"booking-{row.ref}",
        back=functools.partial(redirect, back, row.ref),
    )


def _statement(request, row, *, back):
    def make():
        lines = functools.partial(awards.statement, row)
        return slips.statement(row, balance=awards.balance(row), lines=lines, on=timezone.localdate())

    return _pdf(request, make, name=f"statement-{row.ref}", back=back)


def _pdf(request, make, *, name, back):
    """Answer with the paper; where this machine cannot print, lead back and say what it lacks."""
    try:
        made = make()
    except paper.CannotPrint as missing:
        messages.error(request, str(missing))
        return back()
    response = HttpResponse(made.content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
