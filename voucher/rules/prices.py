"""Rules about what a break costs: whom it is charged to, what a late cancellation keeps, and the VAT within."""

from brochure.prices import price_for

# 20 in 120 and 5 in 105, as one part in so many; the keys are those of providers.Provider.Vat.
VAT_PARTS = {"standard": 6, "reduced": 21}


def amount_for(price_pence, minutes, in_hours):
    """R5. A pounds award is charged the price in pence, an hours award the length in minutes; a free break nothing."""
    return minutes if in_hours and price_pence else price_pence


def own_share(*, price_pence, unit_price_pence, unit_minutes, left, in_hours):
    """R27. What a carer pays herself, in pence: the price, less all that is left on the award.

    What is left of an award in hours is worth what a break of that length costs (R4), rounded once; the rest of the
    price is her own, so that both together are the price to the penny.
    """
    worth = price_for(unit_price_pence, left, unit_minutes) if in_hours else left
    return max(price_pence - worth, 0)


def amount_beside(own_pence, *, price_pence, minutes, unit_price_pence, unit_minutes, in_hours):
    """R27. Where the carer pays a share herself, the award is charged the rest: of the hours, what the rest buys.

    Of the hours as few as cost the rest, so never more than were left when the share was worked out.
    """
    rest = price_pence - own_pence
    if not (in_hours and own_pence):
        return amount_for(rest, minutes, in_hours)
    return max(-(-unit_minutes * (2 * rest - 1) // (2 * unit_price_pence)), 1) if rest else 0


def shares(whole_pence, award_pence):
    """R27. The award pays first, up to its part of the price; the carer's own money pays only what is then missing.

    Returns (of the award, of her own), in pence; both together are the whole.
    """
    of_award = min(whole_pence, award_pence)
    return of_award, whole_pence - of_award


def late_cancel_share(whole, percent):
    """R12. A confirmed break cancelled late by the carer costs the agreed share, half up; the rest is given back."""
    return _half_up(whole * percent, 100)


def cancel_terms(offer, scheme):
    """R49. An offer's own cancellation terms count where they are kinder than the council's, each by itself.

    Returns (the hours before the start up to which it is free, the percentage that is kept later).
    """
    ours = scheme.free_cancel_hours, scheme.late_cancel_percent
    own = offer.free_cancel_hours, offer.late_cancel_percent
    return tuple(council if kinder is None else min(council, kinder) for council, kinder in zip(ours, own, strict=True))


def vat_within(gross_pence, vat_treatment, vat_number):
    """R21. The VAT in a price is a sixth at the standard rate and a twenty-first at the reduced, half a penny up.

    Any other treatment, or no VAT number, has none.
    """
    parts = VAT_PARTS.get(vat_treatment) if vat_number else None
    return _half_up(gross_pence, parts) if parts else 0


def vat_holds(service_day, first_day, last_day):
    """R50. A VAT number counts for breaks of the days from its first to its last, both included; None has no end."""
    return (first_day is None or first_day <= service_day) and (last_day is None or service_day <= last_day)


def _half_up(number, parts):
    return (2 * number + parts) // (2 * parts)
