"""The rest of an invoice will never come: one person says so, another agrees, and it is the council's loss (R69)."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry
from providers import staff
from tests import factories
from tests.voucher import claimed
from tests.voucher.ledger.desk import at_once, tamper
from tests.voucher.test_invoices import DATED, FOUND, LATER, MONEY_IN, given, owed, paid, run_of, sitting, sound, write
from voucher.claiming import appeals
from voucher.ledger import books
from voucher.ledger.models import Transfer
from voucher.models import Booking, Invoice, InvoiceWriteOff, Task
from voucher.settling import invoices, settlement_audit, settlement_figures

pytestmark = pytest.mark.django_db
State = Invoice.State
WHY = "The firm was dissolved in November."

__all__ = ["owed", "sitting", "write"]


def ask(invoice, by, reason=WHY):
    return invoices.ask_to_write_off(invoice=invoice, reason=reason, by=Who(by), now=MONEY_IN)


def agree(asked, by, seen=0):
    asked.invoice.refresh_from_db()
    return invoices.write_off(asked=asked, seen_paid_pence=seen, by=Who(by), now=MONEY_IN)


def acts_of(provider):
    rows = HistoryEntry.objects.filter(act__startswith="invoice.").order_by("pk")
    return [(row.act.removeprefix("invoice."), row.details["pence"]) for row in rows]


def test_what_will_never_come_is_lost_when_a_second_person_agrees(
    owed, write, caerphilly, sitting, bryn_cafe, bryn, ffion, gwen, now
):
    """£37.50 was asked for, £10 came in: £27.50 is lost, and the next claim is paid whole."""
    invoice = write()
    paid(invoice, ffion, pence=1_000)
    asked = ask(invoice, ffion)
    assert (books.due(bryn_cafe.pk), Invoice.objects.get().state) == (-2_750, State.OPEN)
    assert sound()

    agree(asked, gwen, seen=1_000)

    invoice.refresh_from_db()
    asked.refresh_from_db()
    assert (invoice.state, invoice.paid_pence, invoice.written_off_on) == (State.WRITTEN_OFF, 1_000, MONEY_IN.date())
    assert (asked.state, asked.amount_pence, asked.asked_by, asked.decided_by) == ("agreed", 2_750, ffion, gwen)
    lost = Transfer.objects.get(kind="writeoff")
    assert (lost.debit_kind, lost.debit_id, lost.amount, lost.payee) == ("lost", invoice.pk, 2_750, bryn_cafe.pk)
    assert books.due(bryn_cafe.pk) == 0
    assert acts_of(bryn_cafe) == [
        ("written", 3_750),
        ("part_paid", 1_000),
        ("write_off_asked", 2_750),
        ("written_off", 2_750),
    ]
    # The figures: of £75 that was paid £10 came back; £37.50 was used, and £27.50 is lost.
    assert settlement_figures.to_come_in(caerphilly) == {"invoices": 0, "pence": 0}
    [fund] = [each for each in settlement_figures.funds(caerphilly) if each.paid_pence]
    assert (fund.used, fund.paid_pence, fund.not_paid_pence, fund.lost_pence) == (3_750, 6_500, 0, 2_750)
    assert sound()
    # Nobody asks for it any more: no run, no second invoice.
    row = given(caerphilly, sitting, bryn, now, 60)
    lines = claimed.claim(bryn_cafe, [row], by=Who(bryn), now=row.ends_at)
    run = run_of(caerphilly, lines, ffion, gwen, LATER, DATED.replace(day=7), "run 2")
    assert (run.total_pence, books.due(bryn_cafe.pk)) == (2_500, 0)
    assert not invoices.to_write(caerphilly, on=DATED.replace(year=2028))
    assert sound()


def test_who_said_so_does_not_agree_and_nothing_is_closed_twice(owed, write, caerphilly, bryn_cafe, ffion, gwen):
    invoice = write()
    with pytest.raises(invoices.NoReason):
        ask(invoice, ffion, " ")
    asked = ask(invoice, ffion)
    with pytest.raises(invoices.Moved):
        ask(invoice, gwen)
    with pytest.raises(invoices.SamePerson):
        agree(asked, ffion)
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceWriteOff.objects.update(state="agreed", decided_by=ffion, decided_at=MONEY_IN, amount_pence=1)
    nia = factories.user("nia@council.example", role="finance_approver", council=caerphilly)
    bryn_cafe.staff.create(user=nia, kind="owner")
    for verb in (lambda: agree(asked, nia), lambda: invoices.keep_open(asked=asked, by=Who(nia), now=MONEY_IN)):
        with pytest.raises(staff.WorksThere):
            verb()
    # A part came in since the second person opened the page: nothing is written off that was not seen.
    paid(invoice, ffion, pence=1_000)
    with pytest.raises(invoices.Moved):
        agree(asked, gwen, seen=0)
    assert Invoice.objects.get().state == State.OPEN and not Transfer.objects.filter(kind="writeoff").exists()

    agree(asked, gwen, seen=1_000)

    for again in (
        lambda: agree(asked, gwen, seen=1_000),
        lambda: ask(invoice, ffion),
        lambda: paid(Invoice.objects.get(), ffion, pence=1),
        lambda: invoices.withdraw(invoice=invoice, reason="Wrong.", by=Who(ffion), now=MONEY_IN),
        lambda: invoices.keep_open(asked=asked, by=Who(ffion), now=MONEY_IN),
    ):
        with pytest.raises(invoices.Moved):
            again()
    assert [row.amount for row in Transfer.objects.filter(kind="writeoff")] == [2_750]
    assert sound()


def test_what_the_carers_team_looks_at_once_more_is_not_written_off(client, clock, owed, write, ffion, gwen, carys):
    invoice = write()
    about = {"words": "It was longer.", "by": Who(label="owner"), "now": FOUND}
    task = appeals.make(booking=Booking.objects.get(pk=owed.pk), **about)
    with pytest.raises(invoices.AppealWaits):
        ask(invoice, ffion)
    Task.objects.filter(pk=task.pk).update(done_at=MONEY_IN, done_by=carys)
    asked = ask(invoice, ffion)
    Task.objects.filter(pk=task.pk).update(done_at=None, done_by=None)
    clock.now = MONEY_IN
    client.force_login(gwen)

    answer = client.post(reverse("finance:write_off", args=[invoice.pk]), {"seen": "0"}, follow=True)

    assert "The carers team looks at one of these breaks once more." in answer.content.decode()
    asked.refresh_from_db()
    assert (asked.state, Invoice.objects.get().state) == ("waiting", State.OPEN)


@pytest.mark.parametrize("way", ["kept open", "paid whole", "withdrawn"])
def test_an_invoice_that_is_not_written_off_goes_its_own_way(owed, write, ffion, gwen, way):
    invoice = write()
    asked = ask(invoice, ffion)

    if way == "kept open":
        invoices.keep_open(asked=asked, by=Who(gwen), now=MONEY_IN)
        again = ask(invoice, gwen)
        assert agree(again, ffion).state == State.WRITTEN_OFF
    elif way == "paid whole":
        paid(invoice, ffion)
    else:
        invoices.withdraw(invoice=invoice, reason="It was ours.", by=Who(ffion), now=MONEY_IN)

    asked.refresh_from_db()
    assert (asked.state, asked.decided_at) == ("dropped", MONEY_IN)
    with pytest.raises(invoices.Moved):
        agree(asked, gwen)
    assert sound()


def test_finance_does_it_on_its_pages_and_the_provider_reads_that_it_is_settled(
    client, clock, owed, write, caerphilly, bryn, ffion, gwen, aled
):
    invoice = write()
    clock.now = MONEY_IN
    pages = {name: reverse(f"finance:{name}", args=[invoice.pk]) for name in ("ask_write_off", "write_off")}

    def press(name, who, **sent):
        client.force_login(who)
        return client.post(pages[name], sent, follow=True).content.decode()

    assert "Say why it will never come." in press("ask_write_off", ffion)
    assert "nothing moves before" in press("ask_write_off", ffion, **{f"off-{invoice.pk}-reason": WHY})
    assert "It has changed since" in press("ask_write_off", ffion, **{f"off-{invoice.pk}-reason": WHY})
    page = client.get(reverse("finance:invoices")).content.decode()
    assert WHY in page and "Agree: write it off" not in page and "Leave it open" in page
    client.force_login(aled)
    page = client.get(reverse("finance:invoices")).content.decode()
    assert WHY in page and "Leave it open" not in page
    client.force_login(gwen)
    assert "waits for a second person" in client.get(reverse("finance:runs")).content.decode()
    page = client.get(reverse("finance:invoices")).content.decode()
    assert "£37.50 becomes the council’s loss" in page and 'name="seen" value="0"' in page

    assert "Written off. The provider reads" in press("write_off", gwen, seen="0")
    assert "It has changed since" in press("write_off", gwen, seen="0")

    page = client.get(reverse("finance:invoices")).content.decode()
    assert f"£37.50 never came. Said by Ffion, agreed by Gwen: “{WHY}”" in page
    assert "Of that, paid too much and written off" in client.get(reverse("finance:funds")).content.decode()
    client.force_login(bryn)
    money = client.get(reverse("provider:money")).content.decode()
    assert "Settled 20 January 2027: you need not pay any more of it." in money and WHY not in money
    line = invoice.lines.get().claim_line
    claim = client.get(reverse("provider:claim", args=[line.claim.number])).content.decode()
    assert "Invoice AR-77. You need not pay any more of it." in claim
    assert sound()


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE voucher_invoice SET state = 'open', written_off_on = NULL",
        "UPDATE voucher_invoicewriteoff SET amount_pence = 3749",
        "UPDATE ledger_transfer SET amount = 3749 WHERE kind = 'writeoff'",
        "DELETE FROM ledger_transfer WHERE kind = 'writeoff'",
    ],
)
def test_the_audit_finds_a_loss_that_was_not_agreed(owed, write, ffion, gwen, wrong):
    agree(ask(write(), ffion), gwen)
    assert settlement_audit.differences() == []

    tamper(wrong)

    assert any("written off" in sentence for sentence in settlement_audit.differences())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_what_comes_in_at_that_moment_is_not_lost_as_well(owed, write, caerphilly, bryn_cafe, ffion, gwen, turn):
    """Two agree, one notes what came in, one asks anew: it is lost once, or it came in."""
    invoice = write()
    asked = ask(invoice, ffion)
    nia = factories.user("nia@council.example", role="finance_approver", council=caerphilly)

    def own():
        return InvoiceWriteOff.objects.select_related("invoice__provider", "invoice__council").get(pk=asked.pk)

    rows = [own() for _thread in range(2)]
    seen = Invoice.objects.get()
    answers = at_once(
        lambda: agree(rows[0], gwen),
        lambda: agree(rows[1], nia),
        lambda: paid(seen, ffion),
    )

    refused = [each for each in answers if isinstance(each, Exception)]
    assert len(refused) == 2 and {type(each) for each in refused} == {invoices.Moved}, answers
    invoice.refresh_from_db()
    moved = Transfer.objects.filter(kind__in=["writeoff", "repay"])
    assert [row.amount for row in moved] == [3_750] and books.due(bryn_cafe.pk) == 0
    assert invoice.state == (State.PAID if moved[0].kind == "repay" else State.WRITTEN_OFF)
    assert sound()
