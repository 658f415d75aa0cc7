"""What the carer says of a disputed break, what the provider says and what was found, in words for every page."""

from voucher.forms.provider.bookings import length_in_words


def dispute_context(row, dispute):
    """Return the dispute of a booking and how much of the break each side says took place; `dispute` may be None."""
    if dispute is None:
        return {"dispute": None}
    return {
        "dispute": dispute,
        "dispute_said": length_in_words(row, dispute.said_minutes),
        "dispute_given": length_in_words(row, dispute.given_minutes),
        "dispute_found": length_in_words(row, dispute.found_minutes or 0),
    }
