"""What the carer says of a disputed break, what the provider says and what was found, in words for every page."""

from voucher.forms.provider.bookings import length_in_words
from voucher.models import FoundAnew


def dispute_context(row, dispute):
    """Return the dispute of a booking and how much of the break each side says took place; `dispute` may be None."""
    if dispute is None:
        return {"dispute": None}
    is_resolved = dispute.found_minutes is not None
    return (anew_context(row) if is_resolved else {}) | {
        "dispute": dispute,
        "dispute_said": length_in_words(row, dispute.said_minutes),
        "dispute_given": length_in_words(row, dispute.given_minutes),
        "dispute_found": length_in_words(row, dispute.found_minutes or 0),
    }


def anew_context(row):
    """Return what was found anew of a booking after its provider did not agree, in one query; empty where nothing."""
    anew = FoundAnew.objects.filter(booking=row).select_related("found_by").first()
    return {"anew": anew, "found_anew": length_in_words(row, anew.minutes or 0)} if anew else {}
