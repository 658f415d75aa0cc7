"""Giving own money back to the card: once, from the provider's account it was paid into, tried until it is done."""

import datetime as dt
import logging

from django.db import transaction
from django.db.models import F

from accounts import history
from providers import stripe_api
from voucher import messages
from voucher.bookings import tasks
from voucher.models import Task, TopUp
from voucher.top_ups.paying import CARD_COMPANY

log = logging.getLogger(__name__)

State, Problem = TopUp.State, TopUp.Problem
# While one process tries, no other does; and what was not answered is tried again after this.
TRY_AGAIN = dt.timedelta(minutes=10)
# What was refused, or is still on its way, is looked at again after this.
LOOK_AGAIN = dt.timedelta(hours=6)
# If nobody answers for so long, a person is told.
TELL_AFTER = dt.timedelta(days=1)
AROUND = ("booking__award__carer", "booking__council__scheme", "booking__offer", "booking__provider")


def give_back_what_is_due(now):
    """Give back every card payment that is due; return how many were, and how many failed (a job).

    Two at once do no harm: one takes it up, and the card company knows the key.
    """
    done = failed = 0
    for top_up in TopUp.objects.filter(state=State.REFUND_DUE, try_at__lte=now).select_related(*AROUND):
        mine = TopUp.objects.filter(pk=top_up.pk, state=State.REFUND_DUE, try_at=top_up.try_at)
        if not mine.update(try_at=now + TRY_AGAIN):
            continue
        try:
            done += _give_back(top_up, now)
        except stripe_api.Unavailable:
            # The others would wait for nothing too.
            _tell_after_a_day(top_up, now)
            break
        except Exception as error:
            log.error("The refund of top-up %s failed: %s", top_up.pk, type(error).__name__)
            failed += 1
    return done, failed


def refund_seen(*, top_up, refund, now):
    """Act on what is known of a refund, in one transaction: made, on its way, or failed. Once is as good as twice."""
    if refund.state == "succeeded":
        given_back(top_up=top_up, refund_id=refund.id, now=now)
    elif refund.state == "pending":
        TopUp.objects.filter(pk=top_up.pk, state=State.REFUND_DUE).update(refund_id=refund.id, try_at=now + LOOK_AGAIN)
    else:
        _refused(top_up, refund.state, now, refund_id=refund.id)


def given_back(*, top_up, now, refund_id="", kept_pence=None):
    """Note that it is back on the card, and tell the carer; the second time changes nothing."""
    rows = TopUp.objects.filter(pk=top_up.pk, state__in=[State.PAID, State.REFUND_DUE])
    if refund_id:
        # What has failed since is not made good by older news.
        rows = rows.exclude(refund_id=refund_id, problem=Problem.REFUND)
    changes = {"state": State.REFUNDED, "refunded_at": now, "try_at": None}
    if refund_id:
        changes["refund_id"] = refund_id
    if kept_pence is not None:
        changes["kept_pence"] = kept_pence
    with transaction.atomic():
        if not rows.update(**changes):
            return
        TopUp.objects.filter(pk=top_up.pk, problem=Problem.REFUND).update(problem="")
        top_up = TopUp.objects.select_related(*AROUND).get(pk=top_up.pk)
        _remember(top_up, "booking.card_refunded", now, pence=top_up.back_pence)
        messages.own_money_given_back(top_up.booking, top_up.back_pence)


def _give_back(top_up, now):
    ask = {"account": top_up.stripe_account, "key": str(top_up.key), "payment_intent": top_up.payment_intent}
    try:
        # Asked first, because Stripe forgets a key after a day; what failed is made anew.
        refund = stripe_api.refund_made_before(**ask)
        if refund is None or refund.state not in {"succeeded", "pending"}:
            refund = stripe_api.refund(**ask, pence=top_up.back_pence, refused_before=top_up.refusals)
    except stripe_api.Refused as refused:
        if refused.code == "charge_already_refunded":
            # The provider was quicker, in its own account.
            given_back(top_up=top_up, now=now)
            return 1
        _refused(top_up, refused.code, now)
        return 0
    refund_seen(top_up=top_up, refund=refund, now=now)
    return int(refund.state == "succeeded")


def _refused(top_up, code, now, refund_id=""):
    """Note a refusal, show it to the carers team, and try again later under a new key."""
    rows = TopUp.objects.filter(pk=top_up.pk, state__in=[State.REFUND_DUE, State.REFUNDED])
    if refund_id:
        # One refund fails once, however often we are told.
        rows = rows.exclude(refund_id=refund_id, problem=Problem.REFUND)
    with transaction.atomic():
        told = rows.update(
            state=State.REFUND_DUE,
            problem=Problem.REFUND,
            refusals=F("refusals") + 1,
            refund_id=refund_id,
            refunded_at=None,
            try_at=now + LOOK_AGAIN,
        )
        if told:
            log.warning("The refund of top-up %s was refused: %s", top_up.pk, code)
            tasks.give(booking=top_up.booking, kind=Task.Kind.CARD, now=now)
            _remember(top_up, "booking.refund_refused", now, pence=top_up.back_pence)


def _tell_after_a_day(top_up, now):
    if now - (top_up.booking.ended_at or top_up.paid_at) > TELL_AFTER:
        tasks.give(booking=top_up.booking, kind=Task.Kind.CARD, now=now)


def _remember(top_up, act, now, **figures):
    booking = top_up.booking
    history.record(act=act, subject=booking, by=CARD_COMPANY, at=now, council=booking.council, **figures)
