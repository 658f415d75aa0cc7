"""Giving an award more to use, or less, with a reason that stays with the movement."""

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts import history
from voucher import messages, rules
from voucher.granting import awards
from voucher.ledger import acts, books
from voucher.ledger.books import AwardEnded, FundExhausted, NotEnough

__all__ = ["AwardEnded", "ChangeReason", "FundExhausted", "NotEnough", "add", "change", "limit_for"]


class ChangeReason(models.TextChoices):
    """Why an award is made larger or smaller; the words of the books, so short."""

    ASSESSMENT = "assessment", _("A new assessment")
    AGREED = "agreed", _("Agreed with the carer")
    MISTAKE = "mistake", _("The amount was wrong from the start")


def limit_for(award):
    """Return what one worker may give alone in all (R19), in the award's unit."""
    return rules.worker_limit(award.council.scheme, award.unit)


def change(*, award, amount, reason, by, now, key):
    """Add a signed amount to an award, in its unit, with a ChangeReason; the carer is told. The same key does it once.

    What is set aside for breaks is never taken: those are cancelled first. Raises awards.OverTheLimit (R31), NotEnough
    with what can be taken, FundExhausted, AwardEnded, ledger.acts.KeyWasUsed.
    """

    def do():
        if amount > 0 and not rules.one_worker_may_give(awards.balance(award).given, amount, limit_for(award)):
            raise awards.OverTheLimit(limit_for(award))
        add(award=award, amount=amount, reason=reason, by=by, now=now, op_key=f"{key}/adjust")
        act = "award.added_to" if amount > 0 else "award.reduced"
        history.record(act=act, subject=award, by=by, at=now, council=award.council, amount=abs(amount), reason=reason)
        messages.award_changed(award=award, amount=amount, key=key)

    arguments = {"award": award.pk, "amount": amount, "reason": reason}
    acts.once(key=key, actor=by.actor, verb="award.change", arguments=arguments, now=now, do=do)


def add(*, award, amount, reason, by, now, op_key):
    """Move a signed amount between the award and its fund, whoever agreed to it; `award` then shows what is left."""
    with transaction.atomic():
        books.adjust(award=award.account, amount=amount, reason=reason, op_key=op_key, actor=by.actor, now=now)
        award.account.refresh_from_db()
