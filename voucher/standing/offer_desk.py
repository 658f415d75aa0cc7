"""The carers team looks at offers: what waits, agreed to or refused with a reason, and the provider is told."""

from django.db import transaction

from brochure import offering, photos
from brochure.models import Offer, Photo
from providers import staff
from voucher import messages
from voucher.models import Booking


@transaction.atomic
def approve(*, version, by, now):
    """Agree to a version that waits, and tell the provider.

    Raises brochure.offering.ChangedSince and NotPossible, brochure.care_checks.NotChecked, and staff.WorksThere.
    """
    staff.refuse_colleague(version.offer.provider, by)
    is_new = Offer.objects.filter(pk=version.offer_id, state=Offer.State.DRAFT).exists()
    version.offer = offering.approve(version=version, by=by, now=now)
    messages.offer_agreed(version, is_new=is_new)
    return version.offer


@transaction.atomic
def refuse(*, version, reason, by, now):
    """Say no to a version that waits, and tell the provider why. Raises brochure.offering.ChangedSince."""
    offering.refuse(version=version, reason=reason, by=by, now=now)
    messages.offer_refused(version, reason)


@transaction.atomic
def answer_photo(*, photo, reason="", by, now):
    """Let carers see a photo, or say with a reason why not; a second press, or another's, changes nothing.

    Raises staff.WorksThere.
    """
    staff.refuse_colleague(photo.offer.provider, by)
    if not reason:
        photos.approve(photo=photo, by=by, now=now)
    elif photos.refuse(photo=photo, reason=reason, by=by, now=now):
        messages.photo_refused(photo, reason)


def waiting_count(council):
    """Return how many offers and changes, and photos of offers that are in the brochure, wait for this council."""
    return offering.waiting(council).count() + offering.photos_waiting(council).count()


def photos_of(offer):
    """Return the photos of an offer that are shown or wait, with who added them."""
    rows = Photo.objects.filter(offer=offer, state__in=[Photo.State.SHOWN, Photo.State.WAITING])
    return rows.defer("small", "large").select_related("added_by").order_by("position", "pk")


def live_bookings(offer):
    """Return the bookings of an offer that may still come to be a break: they stay when it is withdrawn."""
    return Booking.objects.filter(offer=offer, state__in=Booking.LIVE).order_by("starts_at", "pk")
