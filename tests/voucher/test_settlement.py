"""Settlement: lines are gathered, checked, and paid once, by two people."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers.models import BankAccount, Provider
from tests import factories
from tests.voucher import claimed
from voucher.ledger import audit, books, seals
from voucher.ledger.models import Transfer
from voucher.models import Booking, ClaimLine, LineLeftOut, PaymentRun, RunLine
from voucher.settling import line_checks, settlement, settlement_audit

PAY_ON = dt.date(2026, 10, 15)  # a Thursday, three working days after the fixed now


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly)


@pytest.fixture
def lines(bryn_cafe, bryn, award):
    """Two lines of £25, claimed by Bryn Café on 28 September."""
    return claimed.lines(bryn_cafe, award, number=2, by=Who(bryn))


@pytest.fixture
def prepare(caerphilly, ffion, now):
    def prepared(lines, *, key="prepare-1", by=ffion, pay_on=PAY_ON, council=caerphilly, **more):
        return settlement.prepare(
            council=council, lines=lines, pay_on=pay_on, by=Who(by), now=more.pop("at", now), key=key, **more
        )

    return prepared


@pytest.fixture
def run(prepare, lines):
    return prepare(lines)


def failed(council):
    return {
        each.line.pk: [check.key for check in each.failed]
        for each in line_checks.looked_at(settlement.awaiting(council))
    }


def no_difference(now):
    return audit.differences(now) == [] and settlement_audit.differences() == []


# Preparing


def test_a_run_gathers_the_lines_that_wait_and_moves_no_money(run, lines, bryn_cafe, caerphilly, ffion, now):
    assert (run.number, run.state, run.total_pence, run.line_count) == (1, "prepared", 5000, 2)
    assert (run.prepared_by, run.prepared_at, run.pay_on) == (ffion, now, PAY_ON)
    assert not settlement.awaiting(caerphilly).exists()
    assert books.due(bryn_cafe.pk) == 5000
    assert HistoryEntry.objects.get(act="run.prepared").details["pence"] == 5000
    assert no_difference(now)


def test_runs_are_numbered_in_each_council_from_one(prepare, lines, flintshire, caerphilly, now):
    other = factories.provider(flintshire, name="Siop Goffi")
    owner = factories.provider_staff(other, "siop@provider.example")
    theirs = claimed.lines(other, factories.award(flintshire), by=Who(owner))

    runs = [prepare(lines[:1]), prepare(lines[1:], key="prepare-2")]
    their_run = prepare(theirs, key="prepare-3", council=flintshire)

    assert [each.number for each in runs] == [1, 2]
    assert their_run.number == 1


def test_the_same_press_again_gives_the_same_run(prepare, lines, run):
    assert prepare(lines) == run
    assert PaymentRun.objects.count() == 1


def test_a_line_left_out_keeps_its_reason_and_waits_for_the_next_run(prepare, lines, caerphilly, now):
    run = prepare(lines[:1], left_out={lines[1]: "Asked for a new invoice."})

    assert [each.claim_line for each in run.lines.all()] == lines[:1]
    assert run.total_pence == 2500
    assert LineLeftOut.objects.get().reason == "Asked for a new invoice."
    assert list(settlement.awaiting(caerphilly)) == lines[1:]
    assert no_difference(now)


def test_a_provider_of_which_nothing_is_paid_is_told_why_when_the_run_is_released(
    prepare, lines, caerphilly, award, gwen, now
):
    other = factories.provider(caerphilly, name="Siop Goffi", language="cy")
    [left] = claimed.lines(other, award, by=Who(factories.provider_staff(other, "siop@provider.example")))
    reasons = {left: "Asked for a new invoice.", lines[1]: "The day is not clear."}
    run = prepare(lines[:1], left_out=reasons)
    assert not OutboxMessage.objects.filter(kind="lines_left_out").exists()

    settlement.release(run=run, by=Who(gwen), now=now)

    # Bryn Café is paid for its other line, and reads the reason on its remittance advice.
    message = OutboxMessage.objects.get(kind="lines_left_out")
    assert (message.to, message.language) == (other.email, "cy")
    assert "Asked for a new invoice." in message.body
    assert left.booking.ref in message.body


def test_a_line_is_not_left_out_without_a_reason(prepare, lines):
    with pytest.raises(settlement.NoReason):
        prepare(lines[:1], left_out={lines[1]: "  "})

    assert not PaymentRun.objects.exists()


def test_a_run_of_nothing_is_refused(prepare, lines):
    with pytest.raises(settlement.NothingToPay):
        prepare([])


def test_a_line_in_a_run_cannot_be_put_in_a_second_one(prepare, lines, run):
    with pytest.raises(settlement.LinesMoved):
        prepare(lines, key="prepare-2")

    assert PaymentRun.objects.count() == 1


def test_the_database_refuses_a_line_in_two_live_runs(run, lines, bryn_cafe, caerphilly, ffion, now):
    second = PaymentRun.objects.create(
        council=caerphilly, number=2, pay_on=PAY_ON, total_pence=2500, line_count=1, prepared_by=ffion, prepared_at=now
    )

    with pytest.raises(IntegrityError, match="claim_line"), transaction.atomic():
        RunLine.objects.create(run=second, claim_line=lines[0], provider=bryn_cafe, amount_pence=2500)


def test_another_councils_line_cannot_be_paid(prepare, lines, flintshire):
    with pytest.raises(settlement.LinesMoved):
        prepare(lines, council=flintshire)


@pytest.mark.parametrize(
    ("day", "refusal", "earliest"),
    [
        (dt.date(2026, 10, 12), settlement.PayDayTooSoon, dt.date(2026, 10, 14)),
        (dt.date(2026, 10, 13), settlement.PayDayTooSoon, dt.date(2026, 10, 14)),
        (dt.date(2026, 10, 17), settlement.NotAPayDay, dt.date(2026, 10, 19)),
        (dt.date(2026, 12, 25), settlement.NotAPayDay, dt.date(2026, 12, 29)),
    ],
)
def test_a_pay_day_that_bacs_cannot_keep_is_refused_with_the_next_that_it_can(prepare, lines, day, refusal, earliest):
    with pytest.raises(refusal) as told:
        prepare(lines, pay_on=day)

    assert told.value.earliest == earliest


# The automatic checks


def test_every_check_passes_for_a_break_that_was_given_and_claimed(lines, caerphilly):
    assert failed(caerphilly) == {lines[0].pk: [], lines[1].pk: []}


def test_a_part_delivered_break_and_one_cancelled_late_pass(bryn_cafe, bryn, award, caerphilly):
    offer = factories.offer(bryn_cafe, price_pence=2500)
    part = claimed.delivered(award, offer, given=60, by=Who(bryn))
    late = claimed.booking(award, offer, starts_at=claimed.BREAK + dt.timedelta(days=1), by=Who(bryn))
    claimed.bookings.cancel(
        booking=late, party="carer", by=Who(label="code TEST"), now=late.starts_at - dt.timedelta(hours=1)
    )
    lines = claimed.claim(bryn_cafe, [part, Booking.objects.get(pk=late.pk)], by=Who(bryn))

    assert [line.amount_pence for line in lines] == [2500, 2500]
    assert failed(caerphilly) == {line.pk: [] for line in lines}


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        ("delivered", lambda line: Booking.objects.filter(pk=line.booking_id).update(state="confirmed")),
        (
            "period",
            lambda line: type(line.booking.award.account).objects.update(first_day=dt.date(2026, 9, 23)),
        ),
        ("amount", lambda line: ClaimLine.objects.filter(pk=line.pk).update(amount_pence=2499)),
        ("amount", lambda line: Booking.objects.filter(pk=line.booking_id).update(due_pence=2400)),
        ("vat", lambda line: ClaimLine.objects.filter(pk=line.pk).update(vat_pence=1)),
        ("bank", lambda line: BankAccount.objects.update(state="waiting")),
        ("bank", lambda line: BankAccount.objects.update(sort_code="12")),
        ("bank", lambda line: BankAccount.objects.all().delete()),
    ],
)
def test_a_check_sees_what_is_wrong_and_the_line_cannot_be_paid(lines, caerphilly, prepare, check, spoil):
    spoil(lines[0])

    assert check in failed(caerphilly)[lines[0].pk]
    with pytest.raises(settlement.LinesMoved) as refusal:
        prepare(lines)
    assert lines[0].pk in refusal.value.lines


def test_a_line_whose_award_is_another_councils_fails(lines, caerphilly, flintshire):
    award = lines[0].booking.award
    award.council = flintshire
    award.save()

    assert failed(caerphilly)[lines[0].pk] == ["council"]


def test_the_second_claim_of_the_same_award_offer_and_time_is_held_and_the_first_is_paid(
    bryn_cafe, bryn, award, caerphilly
):
    offer = factories.offer(bryn_cafe, places=2)
    first, again = [claimed.delivered(award, offer, by=Who(bryn)) for _ in range(2)]
    lines = claimed.claim(bryn_cafe, [first, again], by=Who(bryn))

    assert failed(caerphilly) == {lines[0].pk: [], lines[1].pk: ["once"]}


def test_a_break_booked_again_after_a_late_cancellation_is_paid_beside_it(bryn_cafe, bryn, award, caerphilly):
    offer = factories.offer(bryn_cafe)
    late = claimed.booking(award, offer, by=Who(bryn))
    claimed.bookings.cancel(
        booking=late, party="carer", by=Who(label="code TEST"), now=late.starts_at - dt.timedelta(hours=30)
    )
    again = claimed.delivered(award, offer, by=Who(bryn))
    lines = claimed.claim(bryn_cafe, [Booking.objects.get(pk=late.pk), again], by=Who(bryn))

    assert failed(caerphilly) == {line.pk: [] for line in lines}


def test_what_was_refunded_since_the_claim_is_not_paid(lines, caerphilly, now):
    with transaction.atomic():
        books.refund(hold=lines[0].booking.hold, amount=100, op_key="refund-1", actor="clock", now=now)

    assert failed(caerphilly) == {lines[0].pk: ["amount", "due"], lines[1].pk: ["due"]}


def test_the_councils_own_service_needs_no_bank_account_and_another_councils_does(caerphilly, flintshire, award):
    def service_of(council, email):
        provider = factories.provider(council, bank=False, legal_form=Provider.LegalForm.COUNCIL)
        provider.council = council
        return provider, factories.provider_staff(provider, email)

    flintshire.region = caerphilly.region
    flintshire.save()
    ours, our_owner = service_of(caerphilly, "ours@council.example")
    theirs, their_owner = service_of(flintshire, "theirs@council.example")
    [our_line] = claimed.lines(ours, award, by=Who(our_owner))
    [their_line] = claimed.lines(theirs, factories.award(caerphilly), by=Who(their_owner))

    assert failed(caerphilly) == {our_line.pk: [], their_line.pk: ["bank"]}


def test_checking_costs_the_same_number_of_queries_for_one_line_and_for_many(
    bryn_cafe, bryn, award, caerphilly, django_assert_num_queries, django_assert_max_num_queries
):
    claimed.lines(bryn_cafe, award, number=1, by=Who(bryn))
    with django_assert_max_num_queries(16) as for_one:
        line_checks.looked_at(settlement.awaiting(caerphilly))
    for number in range(3):
        provider = factories.provider(caerphilly, name=f"Provider {number}")
        owner = factories.provider_staff(provider, f"owner{number}@provider.example")
        claimed.lines(provider, factories.award(caerphilly), number=2, by=Who(owner))

    with django_assert_num_queries(len(for_one)):
        assert len(line_checks.looked_at(settlement.awaiting(caerphilly))) == 7


# Releasing


def test_a_second_person_releases_and_every_provider_is_paid_its_sum(run, bryn_cafe, gwen, now):
    seals.seal(now)

    released = settlement.release(run=run, by=Who(gwen), now=now)

    assert (released.state, released.released_by, released.released_at) == ("released", gwen, now)
    assert released.seal == seals.newest().hash
    assert released.checks == {check.key: 2 for check in line_checks.CHECKS}
    assert books.due(bryn_cafe.pk) == 0
    settled = Transfer.objects.get(kind="settle")
    assert (settled.amount, settled.payee, settled.credit_id, settled.effective_on) == (
        5000,
        bryn_cafe.pk,
        run.pk,
        PAY_ON,
    )
    assert HistoryEntry.objects.get(act="run.released").actor == gwen
    assert no_difference(now)


def test_who_prepared_a_run_may_not_release_it(run, ffion, now):
    with pytest.raises(settlement.SamePerson):
        settlement.release(run=run, by=Who(ffion), now=now)

    run.refresh_from_db()
    assert run.state == "prepared"
    assert not Transfer.objects.filter(kind="settle").exists()


def test_the_clock_may_not_release_a_run(run, now):
    with pytest.raises(settlement.SamePerson):
        settlement.release(run=run, by=Who(label="clock"), now=now)


def test_the_database_itself_refuses_the_same_person(run, ffion, now):
    raw = "UPDATE voucher_paymentrun SET state = 'released', released_by_id = %s, released_at = %s WHERE id = %s"

    refused = pytest.raises(IntegrityError, match="run_is_released_by_a_second_person")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(raw, [ffion.pk, now, run.pk])


def test_who_works_for_a_paid_provider_may_not_release(run, bryn_cafe, gwen, now):
    factories.Staff.objects.create(user=gwen, provider=bryn_cafe, kind="desk")

    with pytest.raises(settlement.WorksForPayee) as refusal:
        settlement.release(run=run, by=Who(gwen), now=now)

    assert refusal.value.provider == bryn_cafe
    assert not settlement.may_release(run, gwen)


def test_a_run_is_released_once(run, gwen, now, bryn_cafe):
    settlement.release(run=run, by=Who(gwen), now=now)

    with pytest.raises(settlement.RunMoved) as refusal:
        settlement.release(run=run, by=Who(gwen), now=now)

    assert refusal.value.run.state == "released"
    assert Transfer.objects.filter(kind="settle").count() == 1
    assert no_difference(now)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: BankAccount.objects.update(state="waiting"),
        lambda line: Booking.objects.filter(pk=line.booking_id).update(due_pence=1),
    ],
)
def test_everything_is_checked_again_before_the_money_moves(run, lines, gwen, now, spoil):
    spoil(lines[0])

    with pytest.raises(settlement.LinesMoved):
        settlement.release(run=run, by=Who(gwen), now=now)

    run.refresh_from_db()
    assert run.state == "prepared"
    assert not Transfer.objects.filter(kind="settle").exists()


def test_an_account_that_was_refused_since_stops_the_release(run, bryn_cafe, gwen, now):
    BankAccount.objects.update(state="refused")
    BankAccount.objects.create(
        provider=bryn_cafe, name="Bryn", sort_code="445566", account_number="00000001", state="checked"
    )

    with pytest.raises(settlement.LinesMoved):
        settlement.release(run=run, by=Who(gwen), now=now)


def test_a_run_that_is_released_too_late_for_its_day_is_paid_on_a_later_one(run, gwen, now):
    two_days_later = now + dt.timedelta(days=2)

    with pytest.raises(settlement.PayDayTooSoon) as refusal:
        settlement.release(run=run, by=Who(gwen), now=two_days_later)
    released = settlement.release(run=run, by=Who(gwen), now=two_days_later, pay_on=refusal.value.earliest)

    assert released.pay_on == dt.date(2026, 10, 16)


def test_hours_awards_are_settled_in_pence(bryn_cafe, bryn, caerphilly, prepare, gwen, now):
    award = factories.award(caerphilly, unit="minutes", value=960)
    lines = claimed.lines(bryn_cafe, award, pence=2250, number=2, by=Who(bryn))
    run = prepare(lines)

    settlement.release(run=run, by=Who(gwen), now=now)

    assert run.total_pence == 4500
    assert Transfer.objects.get(kind="settle").amount == 4500
    assert award.account.__class__.objects.get(pk=award.account_id).available == 840
    assert no_difference(now)


# Voiding


def test_a_void_run_frees_its_lines_for_another(run, lines, prepare, ffion, gwen, now, caerphilly):
    voided = settlement.void(run=run, reason="Wrong day.", by=Who(ffion), now=now)

    assert (voided.state, voided.voided_by, voided.void_reason) == ("voided", ffion, "Wrong day.")
    assert set(settlement.awaiting(caerphilly)) == set(lines)
    again = prepare(lines, key="prepare-2")
    settlement.release(run=again, by=Who(gwen), now=now)
    assert again.number == 2
    assert no_difference(now)


def test_a_run_is_not_voided_without_a_reason(run, ffion, now):
    with pytest.raises(settlement.NoReason):
        settlement.void(run=run, reason=" ", by=Who(ffion), now=now)


def test_a_released_run_cannot_be_voided_nor_a_voided_one_released(run, prepare, ffion, gwen, now):
    settlement.release(run=run, by=Who(gwen), now=now)
    with pytest.raises(settlement.RunMoved):
        settlement.void(run=run, reason="Too late.", by=Who(ffion), now=now)

    assert RunLine.objects.filter(live=True).count() == 2


def test_a_voided_run_cannot_be_released(run, ffion, gwen, now):
    settlement.void(run=run, reason="Wrong day.", by=Who(ffion), now=now)

    with pytest.raises(settlement.RunMoved):
        settlement.release(run=run, by=Who(gwen), now=now)

    assert not Transfer.objects.filter(kind="settle").exists()


# The audit


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda run: PaymentRun.objects.update(total_pence=4999), "says 2 lines and 4999 pence"),
        (lambda run: PaymentRun.objects.update(line_count=3), "says 3 lines"),
        (lambda run: RunLine.objects.update(live=False), "has 0 live lines, not 2"),
        (lambda run: RunLine.objects.filter(pk=run.lines.first().pk).update(amount_pence=2501), "another amount"),
    ],
)
def test_the_audit_sees_a_run_that_does_not_add_up(run, gwen, now, spoil, told):
    settlement.release(run=run, by=Who(gwen), now=now)
    spoil(run)

    assert told in " ".join(settlement_audit.differences())


def test_the_audit_sees_that_the_books_were_sealed_anew_since_a_report_was_printed(run, gwen, now):
    settlement.release(run=run, by=Who(gwen), now=now)
    PaymentRun.objects.filter(pk=run.pk).update(seal="0" * 64)

    assert settlement_audit.differences() == [f"Run {run.pk} prints a seal that the books no longer have."]


def test_the_audit_sees_money_that_was_paid_without_a_run(run, bryn_cafe, now):
    with transaction.atomic():
        books.settle(payee=bryn_cafe.pk, amount=1, run=run.pk, op_key="x", actor="clock", now=now)
        books.settle(payee=bryn_cafe.pk, amount=1, run=999, op_key="y", actor="clock", now=now)

    assert settlement_audit.differences() == [
        f"Run {run.pk} is prepared; the books paid 1 pence in it, not 0.",
        "The books paid in run 999, which does not exist.",
    ]
