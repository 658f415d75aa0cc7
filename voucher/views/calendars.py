"""A booking's entry for a calendar, for the carer and for the provider."""

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from providers.access import bookings_required
from voucher.calendars import calendar_files
from voucher.views.my import own_booking
from voucher.views.my.open_award import award_required
from voucher.views.provider import requests as provider_pages


@require_safe
@award_required
def for_carer(request, ref):
    """The entry as it stands now: opened again it moves the one in the calendar, or takes it away."""
    return _file(calendar_files.for_carer(own_booking.booking_of(request.award, ref)))


@require_safe
@never_cache
@bookings_required
def for_provider(request, ref):
    """The entry as it stands now; a request that waits for an answer is a tentative one."""
    return _file(calendar_files.for_provider(provider_pages.booking_of(request.provider, ref)))


def _file(entry):
    headers = {"Content-Disposition": f'attachment; filename="{entry.name}"'}
    return HttpResponse(entry.content, content_type=entry.type, headers=headers)
