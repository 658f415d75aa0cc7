"""News of a provider's offers: what the carers team said to a new one, to a change, to a photo."""

from django.utils import timezone

from brochure.models import Offer
from providers.telling import tell


def offer_agreed(version, *, is_new):
    """Tell the provider that its new offer, or the change of one, is in the brochure; prices by the day they begin."""
    version.refresh_from_db(fields=["answered_at"])
    today = timezone.localdate(version.answered_at)
    coming = version.offer.prices.filter(first_day__gt=today).order_by("first_day", "pk")
    _tell("offer_agreed", version.offer, f"{version.pk}", is_new=is_new, coming=list(coming))


def offer_refused(version, reason):
    """Tell the provider why its offer, or the change of it, is not in the brochure."""
    is_new = version.offer.state == Offer.State.DRAFT
    _tell("offer_refused", version.offer, f"{version.pk}", reason=reason, is_new=is_new)


def photo_refused(photo, reason):
    """Tell the provider why a photo is not in the brochure."""
    _tell("photo_refused", photo.offer, f"{photo.pk}", reason=reason)


def _tell(name, offer, key, **more):
    tell(name, offer.provider, key=key, offer=offer, **more)
