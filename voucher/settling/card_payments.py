"""Payments of a released run that go through the card company, where the council chooses it: sent once, on the pay day.

The books moved the money when the run was released; this is only how it gets there. What the company refuses waits for
finance, who note it as returned (returned_payments); what it did not answer is asked again under the same key.
"""

import datetime as dt
import logging

from django.db.models import F, Sum
from django.utils import timezone

from accounts import history
from providers import stripe_api
from providers.own_money import CARD_COMPANY
from voucher.models import CardPayment, PaymentRun, ReturnedPayment, RunLine

log = logging.getLogger(__name__)

TRY_AGAIN = dt.timedelta(minutes=10)


def send_what_is_due(now):
    """Send every payment whose day has come; return (sent, failed). Must be called outside any transaction."""
    sent = failed = 0
    _write_down_what_is_due(timezone.localdate(now))
    waiting = CardPayment.objects.filter(sent_at=None, refused="").exclude(try_at__gt=now)
    for payment in waiting.select_related("run__council", "provider").order_by("pk"):
        if ReturnedPayment.objects.filter(run=payment.run, provider=payment.provider).exists():
            continue
        # Written before the company is asked: whatever happens then, the next time looks first whether it has paid.
        CardPayment.objects.filter(pk=payment.pk).update(tries=F("tries") + 1)
        try:
            _send(payment, now)
        except stripe_api.Unavailable:
            CardPayment.objects.filter(pk=payment.pk).update(try_at=now + TRY_AGAIN)
            failed += 1
        except Exception as error:
            # One that cannot be sent keeps no other provider waiting.
            log.error("card payment %s failed: %s", payment.pk, type(error).__name__)
            failed += 1
        else:
            sent += 1
    return sent, failed


def _write_down_what_is_due(today):
    """Make a row for each provider's share of each released run whose day has come; safe twice at once."""
    rows = RunLine.objects.filter(
        live=True, run__state=PaymentRun.State.RELEASED, run__pay_on__lte=today, run__card_payments__isnull=True
    ).exclude(stripe_account="")
    shares = rows.order_by("run", "provider").values_list("run", "provider", "stripe_account")
    CardPayment.objects.bulk_create(
        (
            CardPayment(run_id=run, provider_id=provider, stripe_account=account, amount_pence=pence)
            for run, provider, account, pence in shares.annotate(pence=Sum("amount_pence"))
        ),
        ignore_conflicts=True,
    )


def _send(payment, now):
    key, rows = f"run-{payment.run_id}-{payment.provider_id}", CardPayment.objects.filter(pk=payment.pk, sent_at=None)
    try:
        # The company forgets a key after a day; a payment that was tried before may have been made.
        number = stripe_api.paid_before(key=key) if payment.tries else ""
        number = number or stripe_api.pay(
            account=payment.stripe_account,
            key=key,
            pence=payment.amount_pence,
            words=f"Breaks run {payment.run.number}",
        )
    except stripe_api.Refused as refusal:
        act, changed = "run.refused_by_card_company", rows.update(refused=refusal.code)
    else:
        act, changed = "run.paid_by_card_company", rows.update(transfer_id=number, sent_at=now)
    if changed:
        details = {"pence": payment.amount_pence, "provider": payment.provider.ref}
        history.record(act=act, subject=payment.run, by=CARD_COMPANY, at=now, council=payment.run.council, **details)
