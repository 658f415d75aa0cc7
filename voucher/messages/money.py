"""News of money: a carer's own share, a break that is disputed, a claim, and what is left out of a payment."""

from django.utils.functional import lazy

from accounts import mail
from brochure.wording import length
from providers.staff import tell_of_money
from voucher.messages.telling import queue, tell_carer, tell_provider


def own_money_not_paid(booking):
    """Tell the carer that the card payment did not come in time, and that everything is given back."""
    tell_carer("own_money_not_paid", booking)


def own_money_given_back(booking, pence):
    """Tell the carer how much of her card payment is on its way back to the card."""
    tell_carer("own_money_given_back", booking, pence=pence)


def dispute_made(dispute):
    """Tell the provider what the carer says took place, and how to answer; and the carers team (R29)."""
    booking = dispute.booking
    tell_provider("dispute_made", booking, **_of_dispute(dispute))
    queue("dispute_to_settle", booking, to=booking.council.scheme.team_email, language="", **_of_dispute(dispute))


def dispute_resolved(dispute):
    """Tell both sides what the carers team found, and what follows for each (R29)."""
    tell_carer("dispute_resolved", dispute.booking, **_of_dispute(dispute))
    tell_provider("dispute_resolved_for_provider", dispute.booking, **_of_dispute(dispute))


def appeal_answered(task):
    """Tell the provider what the carers team answers, where it did not agree with what was found."""
    tell_provider("appeal_answered", task.booking, task=task)


def found_anew(row):
    """Tell both sides that more was found when the carers team looked at it once more, and what follows (R29)."""
    found = {"anew": row, "found": _in_words(row.booking, row.minutes or 0)}
    tell_carer("found_anew", row.booking, **found)
    tell_provider("found_anew_for_provider", row.booking, **found)


def _in_words(booking, minutes):
    # Said when it is written, in the reader's language.
    return lazy(length, str)(minutes, booking.offer.unit, booking.unit_minutes)


def _of_dispute(dispute):
    booking = dispute.booking
    return {
        "dispute": dispute,
        "said": _in_words(booking, dispute.said_minutes),
        "given": _in_words(booking, dispute.given_minutes),
        "found": _in_words(booking, dispute.found_minutes or 0),
        "in_question": booking.in_question_pence,
        "due": booking.due_pence or 0,
    }


def claim_made(*, claim, lines, total_pence):
    """Tell the provider that its claim has come in, for how many breaks and how much, in pence."""
    context = {"claim": claim, "lines": lines, "total_pence": total_pence, "scheme": claim.council.scheme}
    mail.write(
        "claim_made",
        to=claim.provider.email,
        language=claim.provider.language,
        context=context,
        dedupe_key=f"claim_made/{claim.pk}",
        council=claim.council,
    )


def lines_left_out(*, run, provider, left_out):
    """Tell a provider, and who wishes it there, which of its lines were left out of a released run, and why."""
    # The reason is in the report as well.
    key, council = f"{run.pk}/{provider.pk}", run.council
    tell_of_money("lines_left_out", provider, key=key, council=council, left_out=left_out)
