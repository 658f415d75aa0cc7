"""A carer's own booking: fetched for whoever has the award open, and what to say where it has changed meanwhile."""

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from voucher.models import Booking


def booking_of(award, ref):
    """Return the award's own booking with all that its page shows, or 404: another award's is not there."""
    rows = Booking.objects.select_related(
        "offer__category", "provider", "hold", "award__account", "council__scheme", "asked_in"
    )
    return get_object_or_404(rows, award=award, ref=ref)


def say_moved(request, moved, goal):
    """Say that somebody was quicker; where it came to what was wanted, `goal`, it was done already."""
    if moved.state == goal:
        messages.info(request, _("That was done already."))
    else:
        messages.error(request, _("Something has changed meanwhile. Here is how the booking stands now."))
