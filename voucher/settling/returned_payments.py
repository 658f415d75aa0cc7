"""A payment that the bank sent back: the provider is due it again, and nothing is sent anew by itself (R64)."""

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from accounts import history
from providers import staff
from voucher import messages
from voucher.ledger import acts, books
from voucher.models import CardPayment, PaymentRun, ReturnedPayment, RunLine


class NotPaid(Exception):
    """The run paid this provider nothing through the bank, or is not released."""


class TooEarly(Exception):
    """Nothing can come back before the day on which it was paid, or in the days to come."""


class Cleared(Exception):
    """Somebody has made sure of the account already."""


def note(*, run, provider, reason, returned_on, words="", by, now, key):
    """Write down that the bank returned all that a run paid a provider; return the ReturnedPayment.

    The lines wait for another run, and are paid there once somebody has made sure of the account (`clear`), or
    another account is used. The same return noted again is the same row.
    Raises NotPaid, TooEarly, staff.WorksThere, ledger.acts.KeyWasUsed.
    """
    staff.refuse_colleague(provider, by)
    if not run.pay_on <= returned_on <= timezone.localdate(now):
        raise TooEarly
    arguments = {"run": run.pk, "provider": provider.pk, "reason": reason, "on": returned_on, "words": words}

    def do():
        return {"returned": _note(run, provider, reason, returned_on, words.strip(), by, now).pk}

    answer = acts.once(key=key, actor=by.actor, verb="payment.returned", arguments=arguments, now=now, do=do)
    return ReturnedPayment.objects.get(pk=answer["returned"])


def clear(*, returned, by, now):
    """Say that the account was made sure of with the provider, so that it is paid again.

    Raises Cleared, staff.WorksThere.
    """
    staff.refuse_colleague(returned.provider, by)
    with transaction.atomic():
        changed = ReturnedPayment.objects.filter(pk=returned.pk, cleared_at=None)
        if not changed.update(cleared_by=by.user, cleared_at=now):
            raise Cleared
        history.record(act="payment.cleared", subject=returned.run, by=by, at=now, council=returned.run.council)


def may_be_returned(run):
    """Return {provider's number: pence} of what a released run paid outside the council and did not come back.

    What goes by the card company is among them once the company has paid it, or has said that it will not: what is
    still on its way would be paid twice.
    """
    if run.state != PaymentRun.State.RELEASED:
        return {}
    known = CardPayment.objects.filter(Q(sent_at__isnull=False) | ~Q(refused=""), run=run).values("provider")
    lines = RunLine.objects.filter(Q(bank_account__isnull=False) | Q(provider__in=known), run=run, live=True).order_by()
    return dict(lines.values_list("provider").annotate(Sum("amount_pence")))


def _note(run, provider, reason, returned_on, words, by, now):
    # One of two presses waits here for the other, and finds what it did.
    PaymentRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if earlier := ReturnedPayment.objects.filter(run=run, provider=provider).first():
        return earlier
    lines = RunLine.objects.filter(run=run, provider=provider, live=True)
    paid = may_be_returned(run).get(provider.pk)
    if not paid:
        raise NotPaid
    row = ReturnedPayment.objects.create(
        run=run,
        provider=provider,
        bank_account=lines.first().bank_account,
        amount_pence=paid,
        reason=reason,
        note=words,
        returned_on=returned_on,
        noted_by=by.user,
        noted_at=now,
    )
    books.unsettle(
        payee=provider.pk,
        amount=paid,
        run=run.pk,
        reason=reason,
        op_key=f"returned:{row.pk}",
        actor=by.actor,
        now=now,
        on=returned_on,
    )
    lines.update(live=False)
    details = {"number": run.number, "pence": paid, "provider": provider.ref}
    history.record(act="payment.returned", subject=run, by=by, at=now, council=run.council, **details)
    messages.payment_returned(row)
    return row
