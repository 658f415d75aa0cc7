"""News of an award: an application answered, more or less to use, its end coming near, questions on how it was."""

from accounts.models import Language, OutboxMessage
from voucher.messages.writing import to_carer, way_to
from voucher.models import Carer


def award_granted(award):
    """Tell a carer that an award was granted and that a letter with its code comes (C1); no code, and no amount.

    Whoever is written to by letter has that letter and needs no other before it.
    """
    if way_to(award.carer) != Carer.ContactBy.POST:
        to_carer("award_granted", award.carer, {"carer": award.carer}, f"award_granted/{award.pk}", about=award)


def application_answered(application):
    """Tell the carer what the carers team has answered: yes, yes to less, or no with the reason."""
    award = application.award
    context = {"application": application, "award": award, "unit": award.unit}
    to_carer("application_answered", award.carer, context, f"application_answered/{application.pk}", about=award)


def award_changed(*, award, amount, key):
    """Tell the carer that the carers team has made the award larger or smaller, by how much in the award's unit."""
    context = {"award": award, "unit": award.unit, "more": amount > 0, "amount": abs(amount)}
    to_carer("award_changed", award.carer, context, f"award_changed/{key}", about=award)


def award_reminder(*, award, weeks):
    """Remind a carer that the award ends in so many weeks; the same reminder is written once."""
    to_carer("award_reminder", award.carer, {"account": award.account}, reminder_key(award, weeks), about=award)


def reminder_key(award, weeks):
    """Return what tells one reminder from every other."""
    return f"award_reminder/{award.pk}/{award.account.last_day}/{weeks}"


def reminders_told(asked):
    """Return those of these (award, weeks) whose reminder is written already, as (number of the award, weeks)."""
    return _told({reminder_key(award, weeks): (award.pk, weeks) for award, weeks in asked})


def questions(*, award, moment):
    """Invite a carer to three short questions, after a break or twelve weeks later; for each moment once (R34)."""
    to_carer(f"questions_{moment}", award.carer, {}, _questions_key(award, moment), about=award)


def questions_told(asked):
    """Return those of these (award, moment) whose invitation is written already, as (number of the award, moment)."""
    return _told({_questions_key(award, moment): (award.pk, moment) for award, moment in asked})


def _told(keys):
    """Return what those of these keys stand for whose message is written; one query, and of these keys only."""
    # Two text messages in two languages have a key each.
    both = keys | {f"{key}/{Language.WELSH}": said for key, said in keys.items()}
    told = OutboxMessage.objects.filter(dedupe_key__in=both).values_list("dedupe_key", flat=True)
    return {both[key] for key in told}


def _questions_key(award, moment):
    return f"questions/{award.pk}/{moment}"
