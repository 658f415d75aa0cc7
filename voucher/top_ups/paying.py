"""Paying by card: the way to the card page, what came of it, and what becomes of a booking that nobody paid."""

import datetime as dt
import logging
from contextlib import suppress

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from accounts import history
from accounts.history import Who
from providers import stripe_api
from voucher import bookings
from voucher.bookings import choices, following, steps, tasks
from voucher.models import Booking, Task, TopUp

log = logging.getLogger(__name__)

State = TopUp.State
CARD_COMPANY = Who(label="card company")
AROUND = ("booking__award__carer", "booking__award__account", "booking__council__scheme", "booking__hold")
# Whether something was paid is asked before a booking ends. If nobody answers for so long, it ends unasked.
WAIT_FOR_ANSWER = dt.timedelta(hours=1)


class NotPayable(Exception):
    """Nothing is to be paid for this booking by card, or no longer."""


def open_card_page(*, booking, language, now):
    """Return the address of the card page for an UNPAID booking; the same page however often it is asked for.

    Raises NotPayable, stripe_api.Unavailable, stripe_api.Refused. Must be called outside any transaction.
    """
    top_up = look(booking=booking, now=now)
    if top_up is None or top_up.state != State.WAITING or now >= top_up.pay_by:
        raise NotPayable
    # The first press decides to which language's pages the card page leads back: the second must ask for the same.
    TopUp.objects.filter(pk=top_up.pk, language="").update(language=language)
    top_up.refresh_from_db()
    session = stripe_api.open_checkout(
        account=top_up.stripe_account,
        key=str(top_up.key),
        pence=top_up.amount_pence,
        words=f"Booking {booking.ref}",
        expires_at=top_up.open_until,
        success_url=_page("my:paid", booking, top_up.language),
        cancel_url=_page("my:pay", booking, top_up.language),
    )
    TopUp.objects.filter(pk=top_up.pk).update(session_id=session.id)
    if not session.url or not TopUp.objects.filter(pk=top_up.pk, state=State.WAITING).exists():
        # It ended while we asked; close_pages sees to the page.
        raise NotPayable
    return session.url


def look(*, booking, now):
    """Ask the card company what came of the payment and act on it; return the booking's TopUp, or None.

    A message that was lost does no harm for that. Without an answer it is left as it was. Must be called outside any
    transaction.
    """
    top_up = TopUp.objects.filter(booking=booking, way=TopUp.Way.CARD).first()
    if top_up and top_up.session_id and top_up.state in {State.WAITING, State.FAILED, State.NOT_NEEDED}:
        try:
            session = stripe_api.session(account=top_up.stripe_account, session_id=top_up.session_id)
        except (stripe_api.Unavailable, stripe_api.Refused):
            return top_up
        fulfil(top_up=top_up, session=session, now=now)
        if session.is_over and top_up.state == State.WAITING:
            with suppress(bookings.BookingMoved):
                end_unpaid(booking=booking, now=now)
        top_up.refresh_from_db()
    return top_up


def fulfil(*, top_up, session, now):
    """Act on a session that was paid, once: ask the provider, or give the money back where the booking has ended.

    A session that was not paid changes nothing.
    """
    if not session.is_paid:
        return
    rows = TopUp.objects.filter(pk=top_up.pk)
    paid = {"paid_at": now, "payment_intent": session.payment_intent, "session_id": session.id}
    with transaction.atomic():
        booking = Booking.objects.select_related("award__carer", "council__scheme", "offer", "provider").get(
            pk=top_up.booking_id
        )
        if session.pence != top_up.amount_pence:
            # Never with our own page; whatever it is, a person looks at it before a break is built on it.
            if rows.exclude(problem=TopUp.Problem.SUM).update(problem=TopUp.Problem.SUM):
                tasks.give(booking=booking, kind=Task.Kind.CARD, now=now)
                _remember(booking, "booking.paid_another_sum", now, pence=session.pence)
            return
        try:
            with transaction.atomic():
                bookings.ask_provider(booking=booking, by=CARD_COMPANY, now=now)
        except bookings.BookingMoved:
            # Paid before, or paid too late: the place is free again, and the money goes back at once.
            late = rows.filter(state__in=[State.NOT_NEEDED, State.FAILED])
            if late.update(state=State.REFUND_DUE, kept_pence=0, try_at=now, **paid):
                _remember(booking, "booking.paid_too_late", now, pence=top_up.amount_pence)
        else:
            rows.update(state=State.PAID, **paid)


def end_unpaid(*, booking, now, by=history.CLOCK):
    """End a booking whose card payment did not come: the place and what was set aside are free again.

    Raises BookingMoved.
    """
    with transaction.atomic():
        choices.lock(booking)
        steps.give_back(booking, by, now)
        steps.move(
            booking, (Booking.State.UNPAID,), Booking.State.TIMED_OUT, by, now, act="booking.not_paid", ended_at=now
        )
        following.after_no(booking, by, now)


def end_what_was_not_paid(now):
    """End every booking whose time to pay is over; return how many ended and how many failed (a job).

    The card page is closed first, and whoever has paid in the last moment has paid.
    """
    due = TopUp.objects.filter(state=State.WAITING, pay_by__lte=now, booking__state=Booking.State.UNPAID)
    done = failed = 0
    answers = True
    for top_up in due.select_related(*AROUND).order_by("pay_by", "pk"):
        try:
            if top_up.session_id and answers:
                answers = _close_or_fulfil(top_up, now)
                top_up.refresh_from_db(fields=["state"])
            if top_up.session_id and not answers and now < top_up.pay_by + WAIT_FOR_ANSWER:
                continue
            if top_up.state == State.WAITING:
                end_unpaid(booking=top_up.booking, now=now)
                done += 1
        except bookings.BookingMoved:
            continue
        except Exception as error:
            log.error("top-up %s failed: %s", top_up.pk, type(error).__name__)
            failed += 1
    return done, failed


def close_pages(now):
    """Close the card pages of bookings that ended otherwise, so that nothing is paid there any more (a job)."""
    open_pages = TopUp.objects.filter(
        state__in=[State.FAILED, State.NOT_NEEDED], way=TopUp.Way.CARD, open_until__gt=now
    ).exclude(session_id="")
    done = failed = 0
    for top_up in open_pages:
        try:
            if not _close_or_fulfil(top_up, now):
                # Next time; it closes by itself too, and what is paid there meanwhile is given back.
                break
        except Exception as error:
            log.error("The card page of top-up %s failed: %s", top_up.pk, type(error).__name__)
            failed += 1
        else:
            done += 1
    return done, failed


def _close_or_fulfil(top_up, now):
    """Close the card page and act on what was paid there; return False where nobody answers."""
    try:
        session = stripe_api.close_checkout(account=top_up.stripe_account, session_id=top_up.session_id)
    except stripe_api.Unavailable:
        return False
    except stripe_api.Refused:
        log.warning("The card page of top-up %s is not there", top_up.pk)
    else:
        fulfil(top_up=top_up, session=session, now=now)
    TopUp.objects.filter(pk=top_up.pk).update(open_until=now)
    return True


def _remember(booking, act, now, **figures):
    history.record(act=act, subject=booking, by=CARD_COMPANY, at=now, council=booking.council, **figures)


def _page(name, booking, language):
    with translation.override(language):
        return settings.SITE_URL + reverse(name, args=[booking.ref])
