"""A carer's own papers as PDF: the slip of one booking, to keep on the fridge, and the statement of an award.

In the carer's language, or in both, Welsh first, where it was never asked; in large print where the carer wants it.
Setting a paper takes a part of a second; never inside a transaction.
"""

import datetime as dt
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import translation

from accounts import paper
from accounts.models import Language
from brochure import access
from brochure.wording import length
from voucher import rules
from voucher.models import Booking
from voucher.paper import printing

STYLE = Path(__file__).parent / "print" / "slip.css"
BOTH_LANGUAGES = (Language.WELSH, Language.ENGLISH)
State = Booking.State
# What is still to come has a slip; what is over is in the statement.
HAS_A_SLIP = {State.REQUESTED, State.COUNTERED, State.CONFIRMED}
# Kinds of break that come to the door; for every other the carer has to find the way.
COMES_TO_YOU = {"sitting", "help-at-home"}


def languages_of(carer):
    """Return the languages of a carer's papers: one, or both with Welsh first where it was never asked."""
    return (carer.language,) if carer.language else BOTH_LANGUAGES


def has_slip(booking):
    """True for a booking that is still to come."""
    return booking.state in HAS_A_SLIP


def booking_slip(booking, *, on) -> paper.Paper:
    """Return the slip of a booking, one page a language: what, when, where, whom to ring. Raises CannotPrint."""
    free_until = booking.starts_at - dt.timedelta(hours=booking.free_cancel_hours)
    facts = {
        "booking": booking,
        "offer": booking.offer,
        "provider": booking.provider,
        "award": booking.award,
        "is_confirmed": booking.state == State.CONFIRMED,
        "comes_to_you": booking.offer.category.slug in COMES_TO_YOU,
        "free_until": free_until,
        "nobody_came_from": rules.did_not_happen_from(booking.starts_at),
    }
    parts = {}
    for language in languages_of(booking.award.carer):
        with translation.override(language):
            said = {
                "length": length(booking.minutes, booking.offer.unit, booking.unit_minutes),
                "features": access.names(booking.offer.access),
            }
            parts[language] = _part("print/slip.html", booking.award, on, facts | said)
    return _paper(parts, booking.award.carer)


def statement(award, *, balance, lines, on) -> paper.Paper:
    """Return the statement of an award, oldest movement first, with how it stands. Raises CannotPrint.

    `balance` is its awards.Balance; `lines` is called for each language and returns its awards.Lines in that one.
    """
    parts = {}
    for language in languages_of(award.carer):
        with translation.override(language):
            parts[language] = _part("print/statement.html", award, on, {"balance": balance, "lines": lines()})
    return _paper(parts, award.carer)


def _part(template, award, on, facts):
    known = {"award": award, "account": award.account, "unit": award.unit, "carer": award.carer, "on": on}
    known |= {"council": award.council, "scheme": award.council.scheme}
    return render_to_string(template, known | facts)


def _paper(parts, carer):
    first = next(iter(parts))
    with translation.override(first):
        html = render_to_string(
            "print/slips.html",
            {"language": first, "parts": parts, "large": printing.is_large(carer)},
        )
    return paper.typeset(html, css=[STYLE])
