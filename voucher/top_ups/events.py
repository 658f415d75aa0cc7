"""What the card company tells us: each event once, in whatever order they come."""

import logging
import uuid

from django.db import transaction

from accounts import history
from providers import own_money, stripe_api
from voucher import bookings
from voucher.bookings import tasks
from voucher.models import StripeEvent, Task, TopUp
from voucher.top_ups import paying, refunding

log = logging.getLogger(__name__)

State = TopUp.State
AROUND = refunding.AROUND


def take_in(*, event, now):
    """Act on an event of Stripe's and remember its number, in one transaction; the same event again does nothing.

    An event of a kind that we do not know is passed over. Raises stripe_api.Unavailable where we have to ask back and
    get no answer: then the event may come again. Must be called outside any transaction.
    """
    if event.type == "account.updated":
        # Events overtake one another, so what the account is now is asked for, and not read from the event.
        own_money.look_again(account=event.account, now=now)
        return
    act = ACTS.get(event.type)
    if act is None:
        return
    with transaction.atomic():
        _row, is_new = StripeEvent.objects.get_or_create(
            event_id=event.id, defaults={"type": event.type, "received_at": now}
        )
        if is_new:
            act(event, now)


def _session_went_well(event, now):
    session = stripe_api.session_in(event)
    if top_up := _of_session(event, session):
        paying.fulfil(top_up=top_up, session=session, now=now)


def _session_came_to_nothing(event, now):
    session = stripe_api.session_in(event)
    top_up = _of_session(event, session)
    if top_up is None or top_up.state != State.WAITING:
        return
    try:
        paying.end_unpaid(booking=top_up.booking, now=now, by=paying.CARD_COMPANY)
    except bookings.BookingMoved:
        # It was paid, cancelled or ended meanwhile.
        log.info("A card page of top-up %s closed after its booking had moved on", top_up.pk)


def _charge_refunded(event, now):
    """Somebody gave money back in the provider's own account; where that is all that is due, we need not."""
    charge = stripe_api.charge_in(event)
    top_up = _of_payment(event, charge.payment_intent)
    if top_up is None:
        return
    back = min(charge.back_pence, top_up.amount_pence)
    if top_up.state == State.REFUND_DUE and back >= top_up.back_pence:
        refunding.given_back(top_up=top_up, now=now, kept_pence=top_up.amount_pence - back)
    elif top_up.state == State.PAID and back >= top_up.amount_pence:
        refunding.given_back(top_up=top_up, now=now, kept_pence=0)


def _refund_changed(event, now):
    refund = stripe_api.refund_in(event)
    top_up = _of_payment(event, refund.payment_intent)
    # One that the provider made itself is told by charge.refunded, with the sum.
    if top_up and refund.key == str(top_up.key):
        refunding.refund_seen(top_up=top_up, refund=refund, now=now)


def _payment_disputed(event, now):
    """The holder of the card says that the payment was not hers: a person has to look at it."""
    if top_up := _of_payment(event, stripe_api.charge_in(event).payment_intent):
        TopUp.objects.filter(pk=top_up.pk).update(problem=TopUp.Problem.DISPUTED)
        booking = top_up.booking
        tasks.give(booking=booking, kind=Task.Kind.CARD, now=now)
        history.record(
            act="booking.payment_disputed",
            subject=booking,
            by=paying.CARD_COMPANY,
            at=now,
            council=booking.council,
            pence=top_up.amount_pence,
        )


def _of_session(event, session):
    """Return the TopUp of a session in an account, or None: other payments in it are none of our business."""
    try:
        key = uuid.UUID(session.key)
    except ValueError:
        return None
    top_up = TopUp.objects.select_related(*AROUND).filter(key=key, stripe_account=event.account).first()
    if top_up and top_up.session_id not in {"", session.id}:
        return None
    return top_up


def _of_payment(event, payment_intent):
    if not payment_intent:
        return None
    rows = TopUp.objects.select_related(*AROUND)
    return rows.filter(payment_intent=payment_intent, stripe_account=event.account).first()


ACTS = {
    "checkout.session.completed": _session_went_well,
    "checkout.session.async_payment_succeeded": _session_went_well,
    "checkout.session.async_payment_failed": _session_came_to_nothing,
    "checkout.session.expired": _session_came_to_nothing,
    "charge.refunded": _charge_refunded,
    "refund.created": _refund_changed,
    "refund.updated": _refund_changed,
    "refund.failed": _refund_changed,
    "charge.dispute.created": _payment_disputed,
}
