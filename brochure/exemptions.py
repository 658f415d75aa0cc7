"""Why an offer with care needs no registration: asked by its provider, reviewed by somebody else of the council."""

from django.db import transaction
from django.utils import timezone

from accounts import history
from brochure import care_checks
from brochure.models import Exemption
from providers.telling import tell


class NoGrounds(Exception):
    """Neither grounds nor evidence may be empty, and a refusal says why."""


class BadEnd(Exception):
    """An exemption is agreed up to a day that has not passed."""


class SamePerson(Exception):
    """Whoever asked for it does not review it."""


class Reviewed(Exception):
    """Somebody has decided already."""


def ask(*, offer, duty, grounds, evidence, by, now):
    """Ask for an exemption from registration for one duty of an offer; one that waits is found again. NoGrounds."""
    if not grounds.strip() or not evidence.strip():
        raise NoGrounds
    with transaction.atomic():
        type(offer).objects.filter(pk=offer.pk).update(number=offer.number)
        if waits := offer.exemptions.filter(duty=duty, reviewed_by=None).first():
            return waits
        row = Exemption.objects.create(
            offer=offer,
            duty=duty,
            grounds=grounds.strip(),
            evidence=evidence.strip(),
            asked_by=by.user,
            asked_at=now,
        )
        _remember("exemption.asked", row, by, now)
    return row


def agree(*, exemption, valid_until, by, now):
    """Agree to an exemption up to a day, inclusive. Raises BadEnd, SamePerson and Reviewed."""
    if valid_until is None or valid_until < timezone.localdate(now):
        raise BadEnd
    with transaction.atomic():
        _review(exemption, by, now, valid_until=valid_until)
        care_checks.recount(exemption.offer.provider, on=timezone.localdate(now))
        _remember("exemption.agreed", exemption, by, now)
        _tell(exemption)


def refuse(*, exemption, reason, by, now):
    """Refuse an exemption and say why. Raises NoGrounds, SamePerson and Reviewed."""
    if not reason.strip():
        raise NoGrounds
    with transaction.atomic():
        _review(exemption, by, now, refusal=reason.strip())
        _remember("exemption.refused", exemption, by, now)
        _tell(exemption)


def waiting(council):
    """Return the exemptions that a council's carers team has to review, the oldest first."""
    rows = Exemption.objects.filter(offer__provider__council=council, reviewed_by=None)
    return rows.select_related("offer__provider", "offer__category").order_by("asked_at", "pk")


def _review(exemption, by, now, **changes):
    if by.user == exemption.asked_by:
        raise SamePerson
    rows = Exemption.objects.filter(pk=exemption.pk, reviewed_by=None)
    if not rows.update(reviewed_by=by.user, reviewed_on=timezone.localdate(now), **changes):
        raise Reviewed
    exemption.refresh_from_db()


def _tell(exemption):
    tell("exemption_answered", exemption.offer.provider, key=f"{exemption.pk}", exemption=exemption)


def _remember(act, exemption, by, now):
    offer = exemption.offer
    details = {"offer": offer.pk, "kind": exemption.duty}
    history.record(act=act, subject=exemption, by=by, at=now, council=offer.provider.council, **details)
