"""What a provider is owed and what it gives back are the same: a run settles both, sends nothing, nothing is late."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from tests import factories
from tests.voucher import claimed
from tests.voucher.test_disputes import AFTER, PAY_ON, claim, dispute, found, given, lines_of, run, sound
from tests.voucher.test_found_anew import anew, glenys
from tests.voucher.test_settlement_files import rows_of, text_of
from voucher.ledger import books
from voucher.ledger.models import Transfer
from voucher.models import ClaimLine, RunFile
from voucher.settling import line_checks, payment_files, returned_payments, settlement, settlement_figures

pytestmark = pytest.mark.django_db
MUCH_LATER = AFTER + dt.timedelta(days=60)
NOTHING_IS_OWED = "With the other line of this break it comes to nothing, so nothing is owed."
NO_MONEY_IS_SENT = "What you give back is as much as what you claimed, so no money is sent."

__all__ = ["given", "glenys"]


@pytest.fixture
def even(given, bryn, caerphilly, ffion, gwen, carys, glenys):
    """A break of £75 that was paid, of which £37.50 was taken back, and found anew: both lines wait."""
    booking = given()
    run(caerphilly, [claim(booking, bryn)], ffion, gwen)
    found(dispute(booking, at=AFTER), 90, carys)
    anew(booking, 180, glenys)
    assert lines_of(booking) == [(1, 7500), (2, -3750), (3, 3750)]
    return list(settlement.awaiting(caerphilly))


def way_in_words(client, reader, line):
    client.force_login(reader)
    return client.get(reverse("provider:claim", args=[line.claim.number])).content.decode()


def test_lines_of_one_break_that_come_to_nothing_are_never_overdue(client, clock, even, caerphilly, bryn, ffion):
    taken_off, found_anew = even
    clock.now = MUCH_LATER
    assert found_anew.claim.pay_promised_on < MUCH_LATER.date()
    assert not settlement_figures.overdue(caerphilly, on=MUCH_LATER.date())
    assert not settlement_figures.promises_missed(caerphilly, on=MUCH_LATER.date())
    client.force_login(ffion)
    assert [row["overdue"] for row in client.get(reverse("finance:prepare")).context["rows"]] == [False]
    for line in even:
        page = way_in_words(client, bryn, line)
        assert NOTHING_IS_OWED in page and "Later than we said" not in page
    money = client.get(reverse("provider:money")).content.decode()
    assert "smaller" not in money

    # Where less was taken off, something is owed, and late.
    ClaimLine.objects.filter(pk=taken_off.pk).update(amount_pence=-3_000)

    assert list(settlement_figures.overdue(caerphilly, on=MUCH_LATER.date())) == [found_anew]
    assert list(settlement_figures.promises_missed(caerphilly, on=MUCH_LATER.date())) == [found_anew]
    assert NOTHING_IS_OWED not in way_in_words(client, bryn, found_anew)
    assert "smaller" in client.get(reverse("provider:money")).content.decode()


def test_a_run_of_nothing_else_takes_two_people_and_sends_nothing(
    client, clock, even, caerphilly, bryn_cafe, bryn, ffion, gwen
):
    clock.now = AFTER
    client.force_login(ffion)
    page = client.get(reverse("finance:prepare"))
    [shown] = page.context["rows"]
    data = {"key": page.context["form"]["key"].value(), "shown": [shown["line"].pk], f"take-{shown['line'].pk}": "on"}
    days = {f"pay_on_{part}": getattr(PAY_ON, part) for part in ("day", "month", "year")}
    client.post(reverse("finance:prepare"), data | days)
    made = caerphilly.runs.get(number=2)
    assert (made.total_pence, made.line_count) == (0, 2)
    assert NO_MONEY_IS_SENT in way_in_words(client, bryn, even[0])
    with pytest.raises(settlement.SamePerson):
        settlement.release(run=made, by=Who(ffion), now=AFTER)

    client.force_login(gwen)
    assert "Release: settle these, nothing is paid" in client.get(made.get_absolute_url()).content.decode()
    client.post(reverse("finance:release", args=[2]), follow=True)

    made.refresh_from_db()
    payment_files.make_files(made, now=AFTER)
    assert made.state == "released"
    assert not Transfer.objects.filter(op_key__startswith=f"run:{made.pk}:").exists()
    assert books.due(bryn_cafe.pk) == 0 and not settlement.awaiting(caerphilly)
    assert returned_payments.may_be_returned(made) == {}
    assert sound()
    # The files: none for the bank, and each of the others tells it.
    assert not made.files.filter(kind=RunFile.Kind.BACS).exists()
    rows = rows_of(made.files.get(kind=RunFile.Kind.FINANCE_CSV))
    assert {(row["method"], row["bacs_reference"], row["gross"]) for row in rows} == {
        ("SET_OFF", "", "-37.50"),
        ("SET_OFF", "", "37.50"),
    }
    report = text_of(made.files.get(kind=RunFile.Kind.REPORT_PDF, language="en").content)
    assert "Nothing is paid in this run" in report and "Nothing to pay" in report
    assert "so no money is sent" in text_of(made.files.get(kind=RunFile.Kind.REMITTANCE).content)
    letter = OutboxMessage.objects.get(dedupe_key=f"remittance/{made.pk}/{bryn_cafe.pk}")
    assert "with nothing to pay" in letter.subject and "no money is sent" in letter.body
    # The pages.
    page = client.get(made.get_absolute_url()).content.decode()
    assert "Nothing goes through the bank. Bring the file into the finance system." in page
    assert "Settled" in page and "Paid" not in page.partition("<h2>The checks")[0].partition("Who did what")[2]
    assert "Nothing is paid in this run" in client.get(reverse("finance:report", args=[2])).content.decode()
    words = way_in_words(client, bryn, even[1])
    assert "Settled" in words and NO_MONEY_IS_SENT in words and "Credited within" not in words
    assert "Your next payment: <" not in client.get(reverse("provider:money")).content.decode()


def test_beside_others_that_are_paid_the_totals_add_up(even, caerphilly, bryn_cafe, bryn, ffion, gwen):
    shop = factories.provider(caerphilly, name="Siop Goffi")
    owner = factories.provider_staff(shop, "o@p.example")
    # Of another break of its own more is waiting: it is left out, and what is left comes to nothing.
    [more] = claimed.lines(bryn_cafe, factories.award(caerphilly), pence=1_900, by=Who(bryn))
    lines = claimed.lines(shop, factories.award(caerphilly), by=Who(owner))
    named = {"council": caerphilly, "pay_on": PAY_ON, "by": Who(ffion), "now": AFTER, "key": "run 2"}
    made = settlement.prepare(**named, lines=[even[1], *lines], left_out={more: "A question."})
    assert set(made.lines.filter(provider=bryn_cafe).values_list("bank_account", flat=True)) == {None}

    made = settlement.release(run=made, by=Who(gwen), now=AFTER)
    payment_files.make_files(made, now=AFTER)

    told = settlement_figures.figures(made)
    assert (told.total_pence, told.bank_pence, told.recharge_pence) == (2_500, 2_500, 0)
    assert [share.of for share in told.paid] == [shop]
    assert [payment.amount_pence for payment in payment_files.bacs_payments(told)] == [2_500]
    assert list(settlement.awaiting(caerphilly)) == [more] and made.left_out.count() == 1
    assert settlement_figures.promptness(caerphilly, on=PAY_ON).lines == 2
    assert sound()


def test_a_provider_without_an_account_is_settled_and_one_that_gives_back_more_is_not(
    even, caerphilly, bryn_cafe, bryn, ffion
):
    bryn_cafe.bank_accounts.update(state="replaced")
    assert [each.failed for each in line_checks.looked_at(settlement.awaiting(caerphilly))] == [(), ()]

    ClaimLine.objects.filter(pk=even[0].pk).update(amount_pence=-3_751)

    for each in line_checks.looked_at(settlement.awaiting(caerphilly)):
        assert "more" in [check.key for check in each.failed]
    with pytest.raises(settlement.LinesMoved):
        settlement.prepare(council=caerphilly, lines=even, pay_on=PAY_ON, by=Who(ffion), now=AFTER, key="run 2")
