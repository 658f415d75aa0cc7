"""Whether requests, their choices, the times suggested and the halves of pairs agree with their bookings (I12)."""

from django.db.models import Count, Exists, F, OuterRef, Q

from voucher.bookings.asking import IS_LIVE
from voucher.models import Booking, BreakRequest, Choice, Suggestion

State, Party = Booking.State, Booking.Party


def differences():
    """Return a sentence for each request, choice or suggestion that does not agree with the bookings made of it."""
    live = Booking.objects.filter(asked_in=OuterRef("asked_in"), part=OuterRef("part"), state__in=IS_LIVE)
    open_ = Suggestion.objects.filter(state=Suggestion.State.OPEN)
    held_twice = (
        Booking.objects.filter(asked_in__isnull=False, state__in=IS_LIVE)
        .order_by()
        .values("asked_in", "part")
        .annotate(number=Count("pk"))
        .filter(number__gt=1)
    )
    forgotten = Choice.objects.filter(state=Choice.State.WAITING).exclude(Exists(live))
    strays = open_.exclude(
        Q(by=Party.PROVIDER, booking__state=State.COUNTERED) | Q(by=Party.CARER, booking__state=State.CONFIRMED)
    )
    without = Booking.objects.filter(state=State.COUNTERED).exclude(
        Exists(open_.filter(booking=OuterRef("pk"), by=Party.PROVIDER))
    )
    return [
        *(
            f"Request {row['asked_in']} has more than one live booking for its part {row['part']}."
            for row in held_twice
        ),
        *(f"Choice {row.pk} waits, and nothing before it can still say no." for row in forgotten.order_by("pk")),
        *(f"Suggestion {row.pk} is open, and its booking waits for no such answer." for row in strays.order_by("pk")),
        *(f"Booking {row.pk} waits for the carer, and no other time is suggested." for row in without.order_by("pk")),
        *(f"Request {pk} is for a pair, and half of it stands alone." for pk in _halves_alone()),
    ]


def _halves_alone():
    """Return the numbers of unsettled pairs of which one half is live and the other is not."""
    live = Booking.objects.filter(asked_in=OuterRef("pk"), state__in=IS_LIVE)
    rows = BreakRequest.objects.filter(parts=2, settled_at=None)
    rows = rows.annotate(first=Exists(live.filter(part=1)), second=Exists(live.filter(part=2)))
    return rows.exclude(first=F("second")).order_by("pk").values_list("pk", flat=True)
