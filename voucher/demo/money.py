"""A provider's money on every step of its way: claimed, left out, in a run, paid, sent back, taken out."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.history import Who
from brochure import availability
from brochure.models import Offer
from voucher import bookings
from voucher.bookings import asking
from voucher.claiming import claims, pay_days, withdrawals
from voucher.demo import asked
from voucher.models import Award, Booking, ReturnedPayment
from voucher.settling import line_checks, returned_payments, settlement

BY = Who(label="make_demo_people")
ASKED_BEFORE = dt.timedelta(days=26)
# When the first and the second claim were made, and when the carer last claimed did not come.
FIRST_CLAIM, SECOND_CLAIM, LAST_CLAIM = (dt.timedelta(days=days) for days in (17, 10, 2))
WANTED = 8


def tell(council, provider, *, owner, preparer, approver, now):
    """Let the provider give breaks and be paid for some of them; nothing where it has claimed before or none fits."""
    if provider.claims.exists():
        return
    given = _breaks(council, provider, owner, now)
    by_claim = [[], [], []]
    for row in given:
        if row.ends_at < now - FIRST_CLAIM:
            by_claim[0].append(row)
        elif row.ends_at < now - SECOND_CLAIM:
            by_claim[1].append(row)
        elif row.ends_at < now - LAST_CLAIM:
            by_claim[2].append(row)
    if not all(by_claim):
        return
    people = {"preparer": preparer, "approver": approver}
    _claim(by_claim[0], owner, now - FIRST_CLAIM)
    _run(council, now=now - FIRST_CLAIM + dt.timedelta(hours=1), **people)
    _claim(by_claim[1], owner, now - SECOND_CLAIM)
    run = _run(council, now=now - SECOND_CLAIM + dt.timedelta(hours=1), **people)
    if run and run.pay_on <= timezone.localdate(now) and run.lines.filter(provider=provider).exists():
        _sent_back(run, provider, preparer, now)
    *rest, last = by_claim[2]
    bookings.did_not_happen(
        booking=_again(last), party="provider", why=Booking.NotGiven.CARER_DID_NOT_COME, by=owner, now=last.ends_at
    )
    _claim([*rest, last], owner, now - LAST_CLAIM)
    if rest:
        withdrawals.withdraw(booking=rest[0], by=owner, now=now - LAST_CLAIM + dt.timedelta(minutes=5))


def _breaks(council, provider, owner, now):
    """Return the breaks that this provider gave in the last weeks, asked for by carers with enough left."""
    then = now - ASKED_BEFORE
    offers = Offer.objects.filter(provider=provider, state=Offer.State.LIVE, unit=Offer.Unit.HOUR)
    offer = offers.order_by("number").first() or provider.offers.filter(state=Offer.State.LIVE).first()
    awards = Award.objects.filter(
        council=council, account__state="active", account__first_day__lte=timezone.localdate(then), bookings=None
    )
    awards = list(awards.filter(account__available__gt=0).order_by("-account__available", "pk")[:WANTED])
    if offer is None:
        return []
    minutes = availability.lengths(offer)[:3][-1]
    taken = asking.taken_times(offer, then, now)
    days = availability.free_days(offer, then, minutes=minutes, taken=taken, last_day=timezone.localdate(now))
    days = [day for day in days if day.last < now - LAST_CLAIM - dt.timedelta(hours=12)]
    days = days[:: max(-(-len(days) // WANTED), 1)]
    found = []
    for award, day in zip(awards, days, strict=False):
        try:
            found.append(_booking(award, offer, day.starts[0], minutes, then, owner))
        except bookings.Refused:
            continue
    last = found[-1:] and found[-1].pk
    for row in found:
        if row.pk != last:
            bookings.deliver(booking=row, minutes=row.minutes, by=owner, now=row.ends_at)
    return found


def _booking(award, offer, starts_at, minutes, then, owner):
    row = asked.book(award, offer, starts_at, minutes, by=BY, now=then)
    bookings.confirm(booking=row, by=owner, now=then + dt.timedelta(hours=2))
    return _again(row)


def _again(row):
    rows = Booking.objects.select_related("award__account", "offer", "hold", "council__scheme", "provider")
    return rows.get(pk=row.pk)


def _claim(rows, owner, now):
    claims.make(
        provider=rows[0].provider,
        council=rows[0].council,
        bookings=rows,
        invoice_number="",
        by=owner,
        now=now,
        key=str(uuid.uuid4()),
    )


def _run(council, *, preparer, approver, now):
    """Return a run, prepared and released then, of all that passed the checks; None where nothing did."""
    lines = [each for each in line_checks.looked_at(settlement.awaiting(council)) if each.passes]
    if not lines:
        return None
    promises = [each.line.claim.pay_promised_on for each in lines]
    released_at = now + dt.timedelta(hours=1)
    left_out = {each.line: str(_("We ask about the time of this one.")) for each in lines[-1:] if len(lines) > 1}
    run = settlement.prepare(
        council=council,
        lines=[each.line for each in lines if each.line not in left_out],
        left_out=left_out,
        # Where it is late in the evening, the hour of the release is on the next day, from which Bacs counts.
        pay_on=pay_days.proposed(promises=promises, today=timezone.localdate(released_at)),
        by=preparer,
        now=now,
        key=str(uuid.uuid4()),
    )
    return settlement.release(run=run, by=approver, now=released_at)


def _sent_back(run, provider, by, now):
    """Let the bank send a payment back, and somebody make sure of the account."""
    reason, key = ReturnedPayment.Reason.ASKED, str(uuid.uuid4())
    with transaction.atomic():
        row = returned_payments.note(
            run=run, provider=provider, reason=reason, returned_on=timezone.localdate(now), by=by, now=now, key=key
        )
        returned_payments.clear(returned=row, by=by, now=now)
