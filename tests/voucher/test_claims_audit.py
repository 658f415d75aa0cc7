"""The audit of claims: a booking, its claim and the books say the same, or a sentence says that they do not."""

import datetime as dt

import pytest
from django.db import transaction

from accounts.history import Who
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, ask, confirm, deliver, london
from tests.voucher.ledger.desk import tamper
from voucher import bookings
from voucher.claiming import claims, disputes
from voucher.ledger import audit
from voucher.models import Booking

pytestmark = pytest.mark.django_db
State = Booking.State


@pytest.fixture
def world(caerphilly, bryn_cafe, bryn, now):
    """A booking in every state, of an award in pounds and of one in hours, and one that is free."""
    sitting = factories.offer(bryn_cafe, places=99)
    free = factories.offer(bryn_cafe, price_pence=0)
    found = {}
    for unit in ("pence", "minutes"):
        award = factories.award(caerphilly, unit=unit, value=120_000)
        days = iter(london(2026, 10, day, 14) for day in range(14, 32))
        rows = {name: confirm(award, sitting, bryn, now, starts_at=next(days)) for name in CONFIRMED}
        rows |= {name: ask(award, sitting, now, starts_at=next(days)) for name in ASKED}
        _go_on(rows, bryn, now)
        part = deliver(rows["claimed"], 60, bryn)
        disputed = deliver(rows["disputed claimed"], 150, bryn)
        for row in (deliver(rows["disputed"], 150, bryn), disputed):
            disputes.make(booking=row, said_minutes=60, by=ALYS, now=row.ends_at)
        late = [
            Booking.objects.get(pk=rows[name].pk) for name in ("late claimed", "emergency claimed", "disputed claimed")
        ]
        claimed.claim(bryn_cafe, [part, *late], by=Who(bryn), now=london(2026, 11, 2, 9))
        found |= {(unit, name): row for name, row in rows.items()}
    found["free"] = deliver(confirm(award, free, bryn, now), 150, bryn)
    for row in found.values():
        row.refresh_from_db()
    return found


CONFIRMED = (
    *("confirmed", "delivered", "claimed", "late", "late claimed", "nobody came"),
    *("emergency", "emergency claimed", "disputed", "disputed claimed"),
)
ASKED = ("requested", "declined", "timed out", "cancelled", "countered")


def _go_on(rows, bryn, now):
    by = Who(user=bryn)
    deliver(rows["delivered"], 150, bryn)
    for name in ("late", "late claimed"):
        row = rows[name]
        bookings.cancel(booking=row, party="carer", by=ALYS, now=row.starts_at - dt.timedelta(hours=1))
    for name in ("emergency", "emergency claimed"):
        row = rows[name]
        at = row.starts_at - dt.timedelta(hours=1)
        bookings.cancel(booking=row, party="carer", by=ALYS, now=at, emergency=True)
    other = rows["countered"].starts_at + dt.timedelta(hours=1)
    bookings.suggest(booking=rows["countered"], starts=[other], by=by, now=now)
    bookings.did_not_happen(booking=rows["nobody came"], party="carer", by=ALYS, now=rows["nobody came"].ends_at)
    bookings.decline(booking=rows["declined"], reason="full", by=by, now=now)
    bookings.time_out(booking=rows["timed out"], now=rows["timed out"].answer_by)
    bookings.cancel(booking=rows["cancelled"], party="carer", by=ALYS, now=now)


CHANGES = [
    ("claimed", "UPDATE voucher_booking SET state = 'delivered' WHERE id = {pk}"),
    ("claimed", "UPDATE voucher_booking SET state = 'confirmed' WHERE id = {pk}"),
    ("claimed", "UPDATE voucher_booking SET due_pence = 1 WHERE id = {pk}"),
    ("claimed", "UPDATE voucher_booking SET provider_id = {other} WHERE id = {pk}"),
    ("claimed", "UPDATE voucher_claimline SET amount_pence = 9999 WHERE booking_id = {pk}"),
    ("claimed", "DELETE FROM voucher_claimline WHERE booking_id = {pk}"),
    ("claimed", "UPDATE ledger_transfer SET payee = {other}, credit_id = {other} WHERE {paid}"),
    ("late", "UPDATE voucher_booking SET due_pence = NULL WHERE id = {pk}"),
    ("late", "UPDATE voucher_booking SET due_pence = 1 WHERE id = {pk}"),
    ("late claimed", "UPDATE voucher_booking SET state = 'cancelled' WHERE id = {pk}"),
    ("emergency", "UPDATE voucher_booking SET due_pence = 1 WHERE id = {pk}"),
    ("emergency", "UPDATE voucher_booking SET due_pence = NULL WHERE id = {pk}"),
    ("emergency", "UPDATE voucher_booking SET emergency = {no} WHERE id = {pk}"),
    ("emergency claimed", "DELETE FROM voucher_claimline WHERE booking_id = {pk}"),
    ("disputed", "UPDATE voucher_booking SET state = 'claimed' WHERE id = {pk}"),
    (
        "disputed claimed",
        "UPDATE voucher_booking SET in_question_pence = 0, in_question_amount = 0 WHERE id = {pk}",
    ),
    ("disputed claimed", "UPDATE voucher_claimline SET amount_pence = amount_pence + 1 WHERE booking_id = {pk}"),
    ("confirmed", "UPDATE voucher_booking SET amount = 1 WHERE id = {pk}"),
    ("confirmed", "UPDATE voucher_booking SET state = 'claimed' WHERE id = {pk}"),
    ("confirmed", "UPDATE voucher_booking SET state = 'timed_out' WHERE id = {pk}"),
    ("declined", "UPDATE voucher_booking SET state = 'confirmed' WHERE id = {pk}"),
]


NAMED = "Booking {pk} is {state}; its claim or its money in the books says otherwise."


def test_a_booking_that_was_changed_behind_the_books_is_named_and_what_the_verbs_did_is_not(world, caerphilly):
    """One world for all of it: to make it takes longer than everything that is asked of it."""
    assert claims.differences() == audit.differences() == []
    assert {row.state for row in world.values()} == set(State) - {State.UNPAID}

    other, unnamed = factories.provider(caerphilly, name="Caffi Arall").pk, []
    changes = [(world[unit, name], change, NAMED) for unit in ("pence", "minutes") for name, change in CHANGES]
    lost = "UPDATE voucher_booking SET hold_id = NULL, amount = 0 WHERE id = {pk}"
    changes.append((world["pence", "confirmed"], lost, "Hold {hold} is set aside or spent for no booking."))
    changes.append((world["free"], "UPDATE voucher_booking SET state = 'claimed' WHERE id = {pk}", NAMED))
    for row, change, sentence in changes:
        paid = f"hold_id = {row.hold_id} AND credit_kind = 'payable'"
        with transaction.atomic():
            tamper(change.format(pk=row.pk, other=other, paid=paid, no="FALSE"))
            now_is = Booking.objects.get(pk=row.pk).state
            if (found := claims.differences()) != [sentence.format(pk=row.pk, state=now_is, hold=row.hold_id)]:
                unnamed.append((row, change, found))
            transaction.set_rollback(True)

    assert unnamed == []
    assert claims.differences() == []
