"""P13: what no payment took off in 60 days is asked for by invoice, noted, paid, and never asked for twice (R69)."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers import staff
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, confirm, london
from tests.voucher.ledger.desk import faults, tamper
from tests.voucher.test_provider_year import read
from voucher import bookings
from voucher.claiming import claims, disputes
from voucher.ledger import acts, books
from voucher.models import ClaimLine, Invoice, InvoiceLine, InvoicePaymentLine
from voucher.settling import (
    invoices,
    legal_forms,
    provider_tables,
    provider_year,
    settlement,
    settlement_audit,
    settlement_figures,
)

pytestmark = pytest.mark.django_db

FOUND = london(2026, 11, 1, 9)
LATER = london(2027, 1, 1, 9)  # the day after 60 days
DATED = dt.date(2027, 1, 1)
MONEY_IN = london(2027, 1, 20, 9)
State = Invoice.State


def given(council, offer, bryn, now, minutes):
    row = confirm(factories.award(council), offer, bryn, now, minutes=minutes)
    bookings.deliver(booking=row, minutes=minutes, by=Who(bryn), now=row.ends_at)
    return row


def run_of(council, lines, ffion, gwen, now, pay_on, key):
    row = settlement.prepare(council=council, lines=lines, pay_on=pay_on, by=Who(ffion), now=now, key=key)
    return settlement.release(run=row, by=Who(gwen), now=now)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe)


@pytest.fixture
def owed(caerphilly, sitting, bryn_cafe, bryn, carys, ffion, gwen, now):
    """Three hours of sitting at £25 were paid, and half of it is what was found: Bryn has £37.50 to give back."""
    row = given(caerphilly, sitting, bryn, now, 180)
    lines = claimed.claim(bryn_cafe, [row], by=Who(bryn), now=row.ends_at)
    run_of(caerphilly, lines, ffion, gwen, row.ends_at, dt.date(2026, 10, 30), "run 1")
    dispute = disputes.make(booking=row, said_minutes=90, by=ALYS, now=FOUND)
    disputes.resolve(dispute=dispute, found_minutes=90, finding="Both were rung.", by=Who(carys), now=FOUND)
    return row


@pytest.fixture
def write(owed, caerphilly, bryn_cafe, ffion):
    def written(**more):
        told = {"council": caerphilly, "provider": bryn_cafe, "number": "AR-77", "dated": DATED, "key": "write"} | more
        return invoices.write(**{"by": Who(ffion), "now": LATER} | told)

    return written


def paid(invoice, by, on=dt.date(2027, 1, 20), now=MONEY_IN, pence=None):
    invoices.paid(invoice=invoice, paid_on=on, amount_pence=pence, by=Who(by), now=now)


def sound():
    return faults() + claims.differences() + settlement_audit.differences() == []


def test_r69_an_invoice_is_to_be_written_from_the_day_after_60_days(owed, write, caerphilly):
    [line] = settlement.given_back(caerphilly, [owed.provider])

    assert invoices.first_day(line.claim) == DATED
    assert list(invoices.to_write(caerphilly, on=DATED - dt.timedelta(days=1))) == []
    assert list(invoices.to_write(caerphilly, on=DATED)) == [line]
    with pytest.raises(invoices.NothingToInvoice):
        write(now=LATER - dt.timedelta(days=1), dated=dt.date(2026, 12, 31))


def test_an_invoice_is_written_paid_and_settled_and_no_run_takes_it_off_as_well(
    owed, write, caerphilly, sitting, bryn_cafe, bryn, ffion, gwen, now
):
    invoice = write()

    assert (invoice.amount_pence, invoice.state, books.due(bryn_cafe.pk)) == (3_750, State.OPEN, -3_750)
    assert list(invoices.to_write(caerphilly, on=DATED)) == settlement.given_back(caerphilly, [bryn_cafe]) == []
    assert settlement_figures.to_come_in(caerphilly) == {"invoices": 1, "pence": 3_750}
    assert sound()
    # The next claim is paid whole, although the books say that the provider owes something.
    row = given(caerphilly, sitting, bryn, now, 60)
    lines = claimed.claim(bryn_cafe, [row], by=Who(bryn), now=row.ends_at)
    run = run_of(caerphilly, lines, ffion, gwen, LATER, dt.date(2027, 1, 7), "run 2")
    assert (run.total_pence, books.due(bryn_cafe.pk)) == (2_500, -3_750)
    assert sound()

    paid(invoice, ffion)

    invoice.refresh_from_db()
    assert (invoice.state, invoice.paid_on, invoice.paid_by) == (State.PAID, dt.date(2027, 1, 20), ffion)
    assert books.due(bryn_cafe.pk) == 0
    assert settlement_figures.to_come_in(caerphilly) == {"invoices": 0, "pence": 0}
    acts_done = HistoryEntry.objects.filter(act__startswith="invoice.").order_by("pk").values_list("act", flat=True)
    assert list(acts_done) == ["invoice.written", "invoice.paid"]
    assert sound()


def test_it_is_paid_in_parts_each_with_its_day_and_closed_when_it_is_whole(
    client, clock, owed, write, caerphilly, bryn_cafe, bryn, ffion
):
    """£37.50: £10 in January, £12.50 that is noted late, the rest in February; each month is less by its part."""
    invoice, seen = write(), Invoice.objects.get()
    with pytest.raises(invoices.MoreThanOpen) as refused:
        paid(invoice, ffion, pence=3_751)
    assert refused.value.open_pence == 3_750

    paid(invoice, ffion, pence=1_000)

    assert (invoice.state, invoice.open_pence, books.due(bryn_cafe.pk)) == (State.OPEN, 2_750, -2_750)
    assert settlement_figures.to_come_in(caerphilly) == {"invoices": 1, "pence": 2_750}
    [fund] = [each for each in settlement_figures.funds(caerphilly) if each.paid_pence]
    assert (fund.paid_pence, fund.not_paid_pence) == (6_500, -2_750)
    # Whoever saw the invoice before that part came in notes nothing.
    with pytest.raises(invoices.Moved):
        paid(seen, ffion, pence=1_000)
    with pytest.raises(invoices.MoreThanOpen):
        paid(invoice, ffion, pence=2_751)
    with pytest.raises(invoices.PartPaid):
        invoices.withdraw(invoice=invoice, reason="Too late", by=Who(ffion), now=MONEY_IN)
    assert sound()
    clock.now = MONEY_IN
    client.force_login(bryn)
    assert "We have £10.00 of it; £27.50 is still open." in client.get(reverse("provider:money")).content.decode()

    february = london(2027, 2, 10, 9)
    paid(invoice, ffion, on=dt.date(2027, 1, 19), now=february, pence=1_250)
    paid(invoice, ffion, on=dt.date(2027, 2, 9), now=february)

    assert (invoice.state, invoice.paid_on, invoice.open_pence) == (State.PAID, dt.date(2027, 2, 9), 0)
    assert books.due(bryn_cafe.pk) == 0
    acts_done = HistoryEntry.objects.filter(act__startswith="invoice.").order_by("pk").values_list("act", flat=True)
    assert list(acts_done) == ["invoice.written", "invoice.part_paid", "invoice.part_paid", "invoice.paid"]
    year = provider_year.period("fy2026", today=february.date())
    months = [(row.of.month, row.pence) for row in provider_year.by_month(bryn_cafe, year)]
    assert months == [(10, 7_500), (1, -2_250), (2, -1_500)]
    assert [row.pence for row in provider_year.by_council(bryn_cafe, year)] == [3_750]
    table = read(provider_tables.file("payments", bryn_cafe, year, extension="csv", now=february))
    assert [row[0] for row in table[-3:]] == ["2027-01-19", "2027-01-20", "2027-02-09"]
    assert sound()


def test_the_parts_of_an_invoice_with_vat_have_all_its_vat_to_the_penny(owed, write, ffion):
    invoice = write()
    line = invoice.lines.get().claim_line
    ClaimLine.objects.filter(pk=line.pk).update(vat_pence=-625)

    for pence in (1, 1_000, 1_374, 1_375):
        paid(invoice, ffion, pence=pence)

    parts = [each.vat_pence for each in InvoicePaymentLine.objects.order_by("pk")]
    assert (parts, sum(parts)) == ([0, -167, -229, -229], -625)


def test_the_figures_of_the_fund_count_what_was_given_back_once(owed, write, caerphilly, ffion):
    def figures():
        [fund] = [each for each in settlement_figures.funds(caerphilly) if each.paid_pence]
        return fund.paid_pence, fund.not_paid_pence

    assert figures() == (7_500, -3_750)
    invoice = write()
    assert figures() == (7_500, -3_750)

    paid(invoice, ffion)

    assert figures() == (3_750, 0)


def test_nothing_is_asked_for_or_paid_twice(owed, write, caerphilly, ffion):
    invoice = write()

    assert write() == invoice
    with pytest.raises(acts.KeyWasUsed):
        write(number="AR-78")
    with pytest.raises(invoices.NothingToInvoice):
        write(number="AR-78", key="another press")
    with pytest.raises(IntegrityError), transaction.atomic():
        again = Invoice.objects.create(**fields_of(invoice) | {"number": "AR-79"})
        InvoiceLine.objects.create(invoice=again, claim_line=invoice.lines.get().claim_line, amount_pence=-3_750)
    paid(invoice, ffion)
    with pytest.raises(invoices.Moved):
        paid(invoice, ffion)
    with pytest.raises(invoices.Moved):
        invoices.withdraw(invoice=invoice, reason="Too late", by=Who(ffion), now=MONEY_IN)
    assert books.due(owed.provider_id) == 0
    assert sound()


def fields_of(invoice):
    names = ("council", "provider", "dated", "amount_pence", "written_by", "written_at")
    return {name: getattr(invoice, name) for name in names}


def test_what_cannot_be_is_refused(owed, write, caerphilly, bryn_cafe, bryn, ffion):
    with pytest.raises(invoices.NotToday):
        write(dated=DATED + dt.timedelta(days=1))
    with pytest.raises(staff.WorksThere):
        write(by=Who(bryn))
    invoice = write()
    for day in (DATED - dt.timedelta(days=1), MONEY_IN.date() + dt.timedelta(days=1)):
        with pytest.raises(invoices.NotToday):
            paid(invoice, ffion, on=day)
    with pytest.raises(invoices.NoReason):
        invoices.withdraw(invoice=invoice, reason=" ", by=Who(ffion), now=MONEY_IN)
    invoice.refresh_from_db()
    assert invoice.state == State.OPEN


def test_withdrawn_it_is_taken_off_the_next_payment_and_can_be_asked_for_anew(
    owed, write, caerphilly, bryn_cafe, ffion
):
    invoice = write()

    invoices.withdraw(invoice=invoice, reason="They claim again", by=Who(ffion), now=LATER)

    assert [line.amount_pence for line in settlement.given_back(caerphilly, [bryn_cafe])] == [-3_750]
    told = OutboxMessage.objects.filter(kind="invoice_withdrawn")
    assert "They claim again" in told.first().body
    with pytest.raises(invoices.NumberUsed):
        write(key="again")
    assert write(number="AR-78", key="again").amount_pence == 3_750
    assert sound()


def test_the_provider_is_told_and_reads_it_on_its_page_and_in_its_statement(
    client, clock, owed, write, bryn, bryn_cafe, ffion
):
    invoice = write(number="=AR-77")
    clock.now = LATER
    client.force_login(bryn)
    told = OutboxMessage.objects.filter(kind="invoice_written")
    assert "£37.50" in told.first().body and owed.ref in told.first().body

    page = client.get(reverse("provider:money")).content.decode()
    assert "Invoice =AR-77 of" in page and "not yet paid" in page and "Your next payment is" not in page
    claim = owed.claim_lines.get(part=2).claim
    assert "Asked for by invoice" in client.get(reverse("provider:claim", args=[claim.number])).content.decode()
    clock.now = MONEY_IN
    client.force_login(bryn)
    paid(invoice, ffion)

    assert "Paid 20 Jan" in client.get(reverse("provider:money")).content.decode()
    year = provider_year.period("fy2026", today=MONEY_IN.date())
    assert [(row.of.month, row.pence) for row in provider_year.by_month(bryn_cafe, year)] == [(10, 7_500), (1, -3_750)]
    assert [row.pence for row in provider_year.by_council(bryn_cafe, year)] == [3_750]
    assert legal_forms.figures(bryn_cafe.council, year=2026).whole.pence == 3_750
    page = client.get(reverse("provider:figures"), {"period": "fy2026"}).content.decode()
    assert "Given back by invoice" in page and "£37.50" in page
    payments = read(provider_tables.file("payments", bryn_cafe, year, extension="csv", now=MONEY_IN))
    assert payments[-1][:3] == ["2027-01-20", str(bryn_cafe.council.name), "Invoice =AR-77"]
    assert provider_tables.statement(bryn_cafe, year, language="cy").startswith(b"%PDF")


def date(name, *parts):
    return {f"{name}_{part}": typed for part, typed in zip(("day", "month", "year"), parts, strict=True)}


def test_finance_writes_it_down_on_its_page(client, clock, owed, caerphilly, flintshire, bryn_cafe, ffion):
    clock.now = LATER
    client.force_login(ffion)
    page = client.get(reverse("finance:invoices"))
    [to_write] = page.context["to_write"]
    form = to_write["form"]
    day = date(f"{form.prefix}-dated", "1", "1", "2027")
    sent = {f"{form.prefix}-key": form.initial["key"], f"{form.prefix}-number": "AR-77"} | day
    address = reverse("finance:write_invoice", args=[bryn_cafe.ref])

    empty = client.post(address, sent | {f"{form.prefix}-number": ""}).content.decode()
    assert "Enter the number of the invoice." in empty
    # An invoice that says another sum than is to be asked for by now is not noted.
    assert 'name="seen" value="3750"' in page.content.decode()
    other = client.post(address, sent | {"seen": "2500"}).content.decode()
    assert "The sum has changed since you opened this page." in other and not Invoice.objects.exists()
    for _press in range(2):
        answer = client.post(address, sent | {"seen": "3750"}, follow=True)
        assert "Noted. The provider is told" in answer.content.decode()
    invoice = Invoice.objects.get()
    assert "1 invoice is written and not yet paid: £37.50" in client.get(reverse("finance:overdue")).content.decode()

    clock.now = MONEY_IN
    client.force_login(ffion)
    money_in = date(f"paid-{invoice.pk}-paid_on", "20", "1", "2027")
    address = reverse("finance:invoice_paid", args=[invoice.pk])
    empty = client.post(address, {}).content.decode()
    assert "Enter the day on which the money came in." in empty and "Enter how much came in." in empty
    part = money_in | {f"paid-{invoice.pk}-amount": "10", f"paid-{invoice.pk}-seen": "0"}
    too_much = client.post(address, part | {f"paid-{invoice.pk}-amount": "40"}).content.decode()
    assert "Only £37.50 is still open. Check the amount." in too_much
    assert "Of this invoice £27.50 is still open." in client.post(address, part, follow=True).content.decode()
    assert "This was noted already." in client.post(address, part, follow=True).content.decode()
    page = client.get(reverse("finance:invoices")).content.decode()
    assert "£10.00 came in 20 Jan" in page and "Still open: £27.50" in page and "Withdraw this invoice" not in page
    rest = money_in | {f"paid-{invoice.pk}-amount": "27.50", f"paid-{invoice.pk}-seen": "1000"}
    assert "Nothing is owed for this invoice" in client.post(address, rest, follow=True).content.decode()
    assert "This was noted already." in client.post(address, rest, follow=True).content.decode()
    assert "Paid 20 Jan" in client.get(reverse("finance:invoices")).content.decode()
    answer = client.post(
        reverse("finance:withdraw_invoice", args=[invoice.pk]), {f"withdraw-{invoice.pk}-reason": "no"}, follow=True
    )
    assert "paid or withdrawn already" in answer.content.decode()
    assert sound()


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE voucher_invoice SET amount_pence = 3751, paid_pence = 3751",
        "UPDATE voucher_invoiceline SET live = false",
        "UPDATE voucher_claimline SET amount_pence = -3700 WHERE part = 2",
        "UPDATE voucher_invoice SET state = 'open', paid_pence = 0, paid_on = NULL, paid_by_id = NULL, paid_at = NULL",
        "UPDATE voucher_invoicepayment SET amount_pence = 3700",
        "UPDATE voucher_invoicepaymentline SET amount_pence = -3700",
    ],
)
def test_the_audit_finds_what_no_verb_writes(owed, write, ffion, wrong):
    paid(write(), ffion)
    assert settlement_audit.differences() == []

    tamper(wrong)

    assert any("nvoice" in sentence for sentence in settlement_audit.differences())
