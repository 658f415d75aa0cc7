"""The scheme's e-mails, one function each: written into the outbox within the act they tell of, sent after it.

An e-mail holds no code and no balance, and nothing about the person cared for: whoever reads it
over a shoulder learns of one break and no more.
"""

import logging

from accounts import mail
from voucher.models import Booking

log = logging.getLogger(__name__)


def booking_asked(booking):
    """Tell the provider that a request waits for an answer, and until when."""
    _to_provider("booking_asked", booking)


def booking_confirmed(booking):
    """Tell the carer that the provider has said yes."""
    _to_carer("booking_confirmed", booking)


def booking_declined(booking):
    """Tell the carer that the provider cannot do it, why, and that everything is given back."""
    _to_carer("booking_declined", booking)


def booking_timed_out(booking):
    """Tell both sides that a request was not answered in time."""
    _to_carer("booking_timed_out", booking)
    _to_provider("booking_missed", booking)


def booking_cancelled(booking):
    """Tell both sides that a booking is cancelled, by whom, and what it costs."""
    _to_carer("booking_cancelled", booking)
    _to_provider("booking_cancelled_for_provider", booking)


def booking_did_not_happen(booking):
    """Tell the carers team at once: the person cared for may be alone."""
    scheme = booking.council.scheme
    _queue("booking_did_not_happen", booking, to=scheme.team_email, language="")


def claim_made(*, claim, lines, total_pence):
    """Tell the provider that its claim has come in, for how many breaks and how much, in pence."""
    context = {"claim": claim, "lines": lines, "total_pence": total_pence, "scheme": claim.council.scheme}
    mail.write(
        "claim_made",
        to=claim.provider.email,
        language=claim.provider.language,
        context=context,
        dedupe_key=f"claim_made/{claim.pk}",
    )


def lines_left_out(*, run, provider, left_out):
    """Tell a provider which of its lines were left out of a run that was released, and why."""
    context = {"council": run.council, "scheme": run.council.scheme, "left_out": left_out}
    try:
        mail.write(
            "lines_left_out",
            to=provider.email,
            language=provider.language,
            context=context,
            dedupe_key=f"lines_left_out/{run.pk}/{provider.pk}",
        )
    except mail.BadAddress:
        # A slip in an address must not keep others from being paid; the reason is in the report as well.
        log.warning("The lines left out of run %s: provider %s has no usable address", run.pk, provider.pk)


def award_reminder(*, award, weeks):
    """Remind a carer that the award ends in so many weeks; the same reminder is written once."""
    carer = award.carer
    mail.write(
        "award_reminder",
        to=carer.email,
        language=carer.language,
        context={"account": award.account, "scheme": award.council.scheme},
        dedupe_key=reminder_key(award, weeks),
    )


def reminder_key(award, weeks):
    """Return what tells one reminder from every other."""
    return f"award_reminder/{award.pk}/{award.account.last_day}/{weeks}"


def _to_carer(name, booking):
    carer = booking.award.carer
    if carer.email:
        _queue(name, booking, to=carer.email, language=carer.language)


def _to_provider(name, booking):
    _queue(name, booking, to=booking.provider.email, language=booking.provider.language)


def _queue(name, booking, *, to, language):
    context = {
        "booking": booking,
        "offer": booking.offer,
        "provider": booking.provider,
        "scheme": booking.council.scheme,
        "unit": booking.award.unit,
        "by_carer": booking.ended_by == Booking.Party.CARER,
        "by_provider": booking.ended_by == Booking.Party.PROVIDER,
    }
    try:
        mail.write(name, to=to, language=language, context=context, dedupe_key=f"{name}/{booking.pk}")
    except mail.BadAddress:
        # A slip in an address must not keep a carer from a break; the news is on the page as well.
        log.warning("%s of booking %s has no usable address", name, booking.pk)
