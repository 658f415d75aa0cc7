"""An invoice and a payment run reach for the same line at one moment: one has it, and money comes in once (R69)."""

import datetime as dt

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS
from tests.voucher.ledger.desk import at_once
from tests.voucher.test_invoices import DATED, FOUND, LATER, MONEY_IN, given, paid, run_of, sound
from voucher.claiming import disputes
from voucher.ledger import books
from voucher.models import Invoice
from voucher.settling import invoices, settlement

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("turn", range(3))
def test_a_line_is_taken_off_or_asked_for_and_an_invoice_is_paid_once(now, turn):
    council = factories.council()
    cafe = factories.provider(council)
    bryn, ffion, gwen, carys = (factories.user(f"{name}@example.org") for name in ("bryn", "ffion", "gwen", "carys"))
    offer = factories.offer(cafe)
    row = given(council, offer, bryn, now, 180)
    run_of(
        council, claimed.claim(cafe, [row], by=Who(bryn), now=row.ends_at), ffion, gwen, row.ends_at,
        dt.date(2026, 10, 30), "run 1",
    )  # fmt: skip
    dispute = disputes.make(booking=row, said_minutes=90, by=ALYS, now=FOUND)
    disputes.resolve(dispute=dispute, found_minutes=90, finding="Both were rung.", by=Who(carys), now=FOUND)
    more = given(council, offer, bryn, now, 240)
    lines = claimed.claim(cafe, [more], by=Who(bryn), now=more.ends_at)
    told = {"council": council, "provider": cafe, "dated": DATED, "by": Who(ffion), "now": LATER}

    results = at_once(
        lambda: settlement.prepare(
            council=council, lines=lines, pay_on=dt.date(2027, 1, 7), by=Who(ffion), now=LATER, key="run 2"
        ),
        lambda: invoices.write(**told, number="AR-1", key="1"),
        lambda: invoices.write(**told, number="AR-2", key="2"),
    )

    run, *written = results
    found = [each for each in written if isinstance(each, Invoice)]
    assert {type(each) for each in written} <= {Invoice, invoices.NothingToInvoice}
    assert run.total_pence == (10_000 if found else 10_000 - 3_750) and len(found) <= 1
    assert sound()
    settlement.release(run=run, by=Who(gwen), now=LATER)
    if found:
        answers = at_once(*[lambda: paid(Invoice.objects.get(), ffion, now=MONEY_IN)] * 3)
        assert sorted(type(each).__name__ for each in answers) == ["Moved", "Moved", "NoneType"]
    assert books.due(cafe.pk) == 0
    assert sound()
