"""What a carer's booking says about other times, its second and third choice, and the other half of a pair."""

from urllib.parse import urlencode

from django.urls import reverse

from brochure import availability
from voucher import bookings
from voucher.models import Booking

State, Party = Booking.State, Booking.Party


def choices_context(row, now):
    """Return what the page of a booking says about other times, its choices and the other half of a pair."""
    live = row.state in bookings.IS_LIVE
    counts = row.state == State.COUNTERED and row.answer_by > now
    other = bookings.other_half(row)
    lost = bookings.lost_half(row)
    along = bookings.goes_along(row, now)
    return {
        "goes_along": along,
        "both_back": row.amount + along.amount if along else 0,
        "other_stays": other is not None and not along and other.state == State.CONFIRMED and other.ends_at > now,
        "suggestions": bookings.open_suggestions(row, Party.PROVIDER) if counts else [],
        "proposed": bookings.proposed(row) if row.state == State.CONFIRMED else None,
        "may_move": bookings.may_move(row, now),
        "next_choices": list(bookings.choices_after(row)) if live and row.asked_in_id else [],
        "earlier_choices": bookings.choices_before(row) if row.asked_in_id else [],
        "asked_instead": _asked_instead(row) if row.state in Booking.CAME_TO_NOTHING else None,
        "other_half": other,
        "lost_half": lost,
        "find_sitter_url": _find_url(lost) if lost else "",
        "waits_for_other": row.waits_for_the_other_half and live,
        "withdrawn_with_other": row.state == State.CANCELLED and not row.ended_by,
        "same_time": [
            each
            for each in bookings.at_the_same_time(
                award=row.award, starts_at=row.starts_at, ends_at=row.ends_at, besides=[row.pk]
            )
            if other is None or each.pk != other.pk
        ]
        if row.state in bookings.TAKES_A_PLACE
        else [],
    }


def _asked_instead(row):
    """Return the booking that was asked for after this one came to nothing, or None."""
    if not row.asked_in_id:
        return None
    later = Booking.objects.filter(asked_in=row.asked_in_id, part=row.part, pk__gt=row.pk).select_related("provider")
    return later.order_by("pk").first()


def _find_url(lost):
    """Return where to look for somebody else for the half that fell away: of that kind, at that day and time."""
    local = lost.starts_at.astimezone(availability.LONDON)
    query = urlencode({"day": local.date().isoformat(), "time": local.strftime("%H:%M")})
    return f"{reverse('category', args=[lost.offer.category.slug])}?{query}"
