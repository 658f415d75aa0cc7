"""A carer says that less took place: what nobody disputes is paid now, the rest waits for a finding, in both units."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, confirm
from tests.voucher.ledger.desk import faults
from tests.voucher.ledger.test_faults import FailOn
from voucher import bookings
from voucher.claiming import claims, disputes
from voucher.ledger import books
from voucher.ledger.models import AwardAccount, Hold, Transfer
from voucher.models import Booking, Claim, ClaimLine, Dispute
from voucher.settling import line_checks, settlement, settlement_audit, settlement_figures

pytestmark = pytest.mark.django_db
State = Booking.State
PAY_ON = dt.date(2026, 11, 5)
AFTER = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
UNITS = pytest.mark.parametrize("unit", ["pence", "minutes"])


@pytest.fixture
def given(caerphilly, bryn_cafe, bryn, now):
    """Three hours of sitting at £25, marked as given whole; of an award in pounds, or of one in hours."""

    def given(unit="pence", **award):
        row = factories.award(caerphilly, unit=unit, value=40_000 if unit == "pence" else 960, **award)
        booking = confirm(row, factories.offer(bryn_cafe), bryn, now, minutes=180)
        bookings.deliver(booking=booking, minutes=180, by=Who(bryn), now=booking.ends_at)
        return booking

    return given


def dispute(booking, minutes=90, words="", at=None):
    at = at or booking.ends_at + dt.timedelta(days=1)
    return disputes.make(booking=booking, said_minutes=minutes, words=words, by=ALYS, now=at)


def claim(booking, bryn, now=None):
    fresh = Booking.objects.get(pk=booking.pk)
    return claimed.claim(fresh.provider, [fresh], by=Who(bryn), now=now or fresh.ends_at + dt.timedelta(days=2))[0]


def found(row, minutes, carys, now=AFTER):
    return disputes.resolve(dispute=row, found_minutes=minutes, finding="Both were rung.", by=Who(carys), now=now)


def run(council, lines, ffion, aled, key="run", now=AFTER):
    """Prepare a run of these lines and release it."""
    row = settlement.prepare(council=council, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key=key)
    return settlement.release(run=row, by=Who(aled), now=now)


def left(booking):
    """Return (left to use, set aside) of the booking's award."""
    account = Booking.objects.get(pk=booking.pk).award.account
    return account.available, account.held


def sound():
    return faults() + claims.differences() + settlement_audit.differences() == []


def lines_of(booking):
    return list(ClaimLine.objects.filter(booking=booking).order_by("part").values_list("part", "amount_pence"))


# Before the claim: the claim takes what nobody disputes


@UNITS
def test_a_carer_says_one_and_a_half_hours_and_only_those_are_claimed_the_rest_stays_set_aside(
    given, bryn, bryn_cafe, unit
):
    booking = given(unit)
    all_of_it, half = (7500, 3750) if unit == "pence" else (180, 90)
    start = 40_000 if unit == "pence" else 960

    row = dispute(booking)
    assert left(booking) == (start - all_of_it, all_of_it)
    assert list(claims.ready(bryn_cafe)) == [booking]
    line = claim(booking, bryn)

    assert (line.amount_pence, books.due(bryn_cafe.pk)) == (3750, 3750)
    assert left(booking) == (start - all_of_it, half)
    row.refresh_from_db()
    assert (row.hold.amount, row.hold.state) == (half, "open")
    assert sound()


@UNITS
@pytest.mark.parametrize(
    ("minutes", "paid"), [(90, 3750), (135, 5625), (180, 7500)], ids=["for the carer", "between", "for the provider"]
)
def test_what_is_found_of_a_part_that_was_kept_is_paid_and_the_rest_given_back(
    given, bryn, bryn_cafe, carys, unit, minutes, paid
):
    booking = given(unit)
    row = dispute(booking)
    claim(booking, bryn)

    found(row, minutes, carys)

    booking.refresh_from_db()
    used = paid if unit == "pence" else minutes
    assert left(booking) == ((40_000 if unit == "pence" else 960) - used, 0)
    assert (books.due(bryn_cafe.pk), booking.due_pence, booking.delivered_minutes) == (paid, paid, minutes)
    assert lines_of(booking) == [(1, paid)]
    assert sound()


@UNITS
def test_a_finding_before_the_claim_is_what_is_claimed(given, bryn, bryn_cafe, carys, unit):
    booking = given(unit)
    row = dispute(booking, 60)
    found(row, 120, carys)

    line = claim(booking, bryn)

    assert (line.amount_pence, books.due(bryn_cafe.pk)) == (5000, 5000)
    assert left(booking) == ((35_000, 0) if unit == "pence" else (840, 0))
    assert sound()


@UNITS
def test_where_none_of_it_took_place_nothing_can_be_claimed_and_everything_goes_back(
    given, bryn, bryn_cafe, carys, unit
):
    booking = given(unit)
    row = dispute(booking, 0)
    assert not claims.ready(bryn_cafe).exists()
    with pytest.raises(claims.NotReady):
        claim(booking, bryn)

    found(row, 0, carys)

    booking.refresh_from_db()
    assert (booking.state, booking.ended_by, booking.due_pence) == (State.DID_NOT_HAPPEN, "team", None)
    assert left(booking) == ((40_000, 0) if unit == "pence" else (960, 0))
    assert sound()


def test_a_free_break_is_disputed_for_the_record_only(caerphilly, bryn_cafe, bryn, carys, now):
    booking = confirm(factories.award(caerphilly), factories.offer(bryn_cafe, price_pence=0), bryn, now)
    bookings.deliver(booking=booking, minutes=150, by=Who(bryn), now=booking.ends_at)

    row = dispute(booking, 60)
    assert row.booking.in_question_pence == 0
    found(row, 60, carys)

    booking.refresh_from_db()
    assert (booking.delivered_minutes, booking.due_pence) == (60, 0)
    assert sound()


# Claimed, and in no run: the line pays what nobody disputes


@UNITS
def test_a_line_that_waits_pays_only_what_nobody_disputes(given, bryn, caerphilly, ffion, aled, unit):
    booking = given(unit)
    line = claim(booking, bryn)

    dispute(booking)

    line.refresh_from_db()
    assert line.amount_pence == 3750
    assert sound()
    assert run(caerphilly, [line], ffion, aled).total_pence == 3750
    assert sound()


@UNITS
@pytest.mark.parametrize(("minutes", "paid"), [(90, 3750), (135, 5625), (180, 7500)])
@pytest.mark.parametrize("paid_before", [True, False])
def test_what_is_found_of_a_claimed_break_is_paid_in_all_and_never_twice(
    given, bryn, bryn_cafe, caerphilly, ffion, aled, carys, unit, minutes, paid, paid_before
):
    booking = given(unit)
    line = claim(booking, bryn)
    row = dispute(booking)
    if paid_before:
        run(caerphilly, [line], ffion, aled)

    found(row, minutes, carys)

    assert sound()
    more = [(2, paid - 3750)] if paid_before and paid > 3750 else []
    assert lines_of(booking) == [(1, 3750 if paid_before else paid), *more]
    waiting = list(settlement.awaiting(caerphilly))
    if waiting:
        run(caerphilly, waiting, ffion, aled, key="run 2")
    assert books.due(bryn_cafe.pk) == 0
    assert settlement_figures.funds(caerphilly)[0].paid_pence == paid
    used = paid if unit == "pence" else minutes
    assert left(booking) == ((40_000 if unit == "pence" else 960) - used, 0)
    assert sound()


def test_a_line_whose_whole_break_is_in_question_waits_and_is_not_overdue(given, bryn, caerphilly, carys):
    booking = given()
    line = claim(booking, bryn)
    row = dispute(booking, 0)

    assert not settlement.awaiting(caerphilly).exists()
    assert not settlement_figures.overdue(caerphilly, on=dt.date(2027, 3, 1)).exists()
    assert sound()

    found(row, 180, carys)
    assert list(settlement.awaiting(caerphilly)) == [line]
    assert sound()


def test_a_dispute_that_is_lost_after_the_award_has_ended_gives_back_to_the_fund(given, bryn, caerphilly, carys):
    booking = given()
    claim(booking, bryn)
    row = dispute(booking)
    with transaction.atomic():
        books.end(award=booking.award.account, reason="moved away", op_key="end", actor="user:1", now=AFTER)

    found(row, 90, carys)

    assert left(booking) == (0, 0)
    assert settlement_figures.funds(caerphilly)[0].issued == 3750
    assert sound()


# In a run or paid: nothing is stopped, and the next payment is smaller


@UNITS
def test_a_paid_break_that_is_found_to_be_less_makes_the_next_payment_smaller_as_a_line_of_its_own(
    given, bryn, bryn_cafe, caerphilly, ffion, aled, carys, now, unit
):
    booking = given(unit)
    run(caerphilly, [claim(booking, bryn)], ffion, aled)

    row = dispute(booking, at=AFTER)
    assert row.booking.in_question_pence == 0
    found(row, 90, carys)

    used = 3750 if unit == "pence" else 90
    assert left(booking) == ((40_000 if unit == "pence" else 960) - used, 0)
    assert books.due(bryn_cafe.pk) == -3750
    assert lines_of(booking) == [(1, 7500), (2, -3750)]
    assert sound()
    # Alone it can be paid in no run; with the next claim it is taken off.
    [alone] = line_checks.looked_at(settlement.awaiting(caerphilly))
    assert [check.key for check in alone.failed] == ["more"]
    next_break = confirm(factories.award(caerphilly), booking.offer, bryn, now, minutes=240)
    bookings.deliver(booking=next_break, minutes=240, by=Who(bryn), now=next_break.ends_at)
    paid = run(caerphilly, [claim(next_break, bryn)], ffion, aled, key="run 2")
    assert (paid.total_pence, paid.line_count) == (10_000 - 3750, 2)
    assert books.due(bryn_cafe.pk) == 0
    assert sound()


def test_a_provider_that_has_more_to_give_back_than_it_is_due_waits_until_it_is_due_more(
    given, bryn, caerphilly, ffion, aled, carys, now
):
    booking = given()
    run(caerphilly, [claim(booking, bryn)], ffion, aled)
    found(dispute(booking, 0, at=AFTER), 0, carys)
    small = confirm(factories.award(caerphilly), booking.offer, bryn, now, minutes=60)
    bookings.deliver(booking=small, minutes=60, by=Who(bryn), now=small.ends_at)
    line = claim(small, bryn)

    assert all(not each.passes for each in line_checks.looked_at(settlement.awaiting(caerphilly)))
    with pytest.raises(settlement.LinesMoved):
        run(caerphilly, [line], ffion, aled, key="run 2")
    assert sound()


def test_what_is_left_out_of_a_run_cannot_be_so_much_that_more_is_given_back_than_paid(
    given, bryn, caerphilly, ffion, aled, carys, now
):
    booking = given()
    run(caerphilly, [claim(booking, bryn)], ffion, aled)
    found(dispute(booking, at=AFTER), 90, carys)
    award = factories.award(caerphilly)
    more = [
        confirm(award, booking.offer, bryn, now, minutes=minutes, starts_at=booking.starts_at + dt.timedelta(days=day))
        for day, minutes in enumerate([60, 240])
    ]
    for each in more:
        bookings.deliver(booking=each, minutes=each.minutes, by=Who(bryn), now=each.ends_at)
    small, large = (claim(each, bryn, AFTER) for each in more)

    with pytest.raises(settlement.MoreToGiveBack) as refusal:
        settlement.prepare(
            council=caerphilly,
            lines=[small],
            left_out={large: "Asked about."},
            pay_on=PAY_ON,
            by=Who(ffion),
            now=AFTER,
            key="run 2",
        )
    assert refusal.value.provider == booking.provider


def test_a_run_that_was_prepared_before_the_finding_is_not_released_and_is_right_when_prepared_anew(
    given, bryn, bryn_cafe, caerphilly, ffion, aled, carys
):
    booking = given()
    line = claim(booking, bryn)
    made = settlement.prepare(council=caerphilly, lines=[line], pay_on=PAY_ON, by=Who(ffion), now=AFTER, key="1")
    row = dispute(booking, at=AFTER)
    line.refresh_from_db()
    assert line.amount_pence == 7500

    found(row, 90, carys)

    with pytest.raises(settlement.LinesMoved):
        settlement.release(run=made, by=Who(aled), now=AFTER)
    assert sound()
    settlement.void(run=made, reason="A carer was right about one line.", by=Who(ffion), now=AFTER)
    assert lines_of(booking) == [(1, 7500), (2, -3750)]
    assert run(caerphilly, [line], ffion, aled, key="2").total_pence == 3750
    assert books.due(bryn_cafe.pk) == 0
    assert sound()


def test_a_run_that_was_voided_before_the_finding_leaves_the_line_to_be_put_right(
    given, bryn, bryn_cafe, caerphilly, ffion, aled, carys
):
    booking = given()
    line = claim(booking, bryn)
    made = settlement.prepare(council=caerphilly, lines=[line], pay_on=PAY_ON, by=Who(ffion), now=AFTER, key="1")
    row = dispute(booking, at=AFTER)
    settlement.void(run=made, reason="A carer disputes one line.", by=Who(ffion), now=AFTER)

    found(row, 90, carys)

    assert lines_of(booking) == [(1, 3750)]
    line.refresh_from_db()
    assert run(caerphilly, [line], ffion, aled, key="2").total_pence == 3750
    assert books.due(bryn_cafe.pk) == 0
    assert sound()


def test_the_vat_of_both_lines_is_the_vat_of_the_whole(given, bryn, bryn_cafe, caerphilly, ffion, aled, carys):
    type(bryn_cafe).objects.filter(pk=bryn_cafe.pk).update(vat_treatment="standard", vat_number="GB123456789")
    booking = given()
    line = claim(booking, bryn)
    row = dispute(booking, 75)
    line.refresh_from_db()
    assert (line.amount_pence, line.vat_pence) == (3125, 521)
    run(caerphilly, [line], ffion, aled)

    found(row, 180, carys)

    more = ClaimLine.objects.get(booking=booking, part=2)
    assert (more.amount_pence, more.vat_pence) == (4375, 1250 - 521)
    assert more.claim != line.claim
    assert sound()


@pytest.mark.parametrize("since", [{"vat_treatment": "exempt"}, {"vat_treatment": "not registered", "vat_number": ""}])
def test_what_is_taken_back_takes_the_vat_along_with_which_it_was_paid(
    given, bryn, bryn_cafe, caerphilly, ffion, aled, carys, since
):
    rows = type(bryn_cafe).objects.filter(pk=bryn_cafe.pk)
    rows.update(vat_treatment="standard", vat_number="GB123456789")
    booking = given()
    run(caerphilly, [claim(booking, bryn)], ffion, aled)
    row = dispute(booking, 60)
    rows.update(**since)

    found(row, 60, carys)

    paid, taken = ClaimLine.objects.filter(booking=booking).order_by("part")
    # A third of the break remains, with a third of its VAT.
    assert (paid.amount_pence, paid.vat_pence) == (7500, 1250)
    assert (taken.amount_pence, taken.vat_pence) == (-5000, 417 - 1250)
    [checked] = line_checks.looked_at(settlement.awaiting(caerphilly))
    assert [check.key for check in checked.failed] == ["more"]
    assert sound()


# What can be said, and by when


def test_less_than_was_said_can_be_said_in_the_offers_steps_down_to_none(given):
    booking = given()

    assert disputes.what_can_be_said(booking) == [*range(165, 0, -15), 0]
    for minutes in (180, 100, -15, 195):
        with pytest.raises(disputes.BadMinutes):
            dispute(booking, minutes)
    assert not Dispute.objects.exists()


def test_r29_a_dispute_can_be_made_until_60_days_after_it_was_said(given):
    booking = given()
    last = booking.delivered_at + dt.timedelta(days=60)

    assert disputes.may_dispute(booking, last)
    with pytest.raises(disputes.NotDisputable):
        dispute(booking, at=last + dt.timedelta(days=1))
    assert dispute(booking, at=last).state == Dispute.State.OPEN


def test_a_break_is_disputed_once(given):
    booking = given()
    first = dispute(booking, 90)

    with pytest.raises(disputes.AlreadyDisputed) as refusal:
        dispute(booking, 60)
    assert refusal.value.dispute == first


@pytest.mark.parametrize("state", ["confirmed", "cancelled", "did not happen"])
def test_only_a_break_that_was_given_is_disputed(caerphilly, bryn_cafe, bryn, now, state):
    booking = confirm(factories.award(caerphilly), factories.offer(bryn_cafe), bryn, now)
    if state == "cancelled":
        bookings.cancel(booking=booking, party="carer", by=ALYS, now=booking.starts_at - dt.timedelta(hours=1))
        claim(booking, bryn, booking.ends_at)
    elif state == "did not happen":
        bookings.did_not_happen(booking=booking, party="carer", by=ALYS, now=booking.ends_at)

    with pytest.raises(disputes.NotDisputable):
        dispute(booking)
    with pytest.raises(disputes.NotDisputable):
        disputes.agree(booking=Booking.objects.get(pk=booking.pk), by=ALYS, now=booking.ends_at)


def test_a_finding_lies_between_what_the_two_say_and_has_a_reason(given, carys):
    row = dispute(given(), 90)

    assert disputes.what_can_be_found(row) == [180, 165, 150, 135, 120, 105, 90]
    for minutes in (75, 195, 100):
        with pytest.raises(disputes.BadMinutes):
            found(row, minutes, carys)
    with pytest.raises(disputes.NoFinding):
        disputes.resolve(dispute=row, found_minutes=90, finding="  ", by=Who(carys), now=AFTER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.filter(pk=row.pk).update(
            state="resolved", resolved_by=carys, resolved_at=AFTER, found_minutes=195, finding="x"
        )


def test_a_dispute_is_resolved_once(given, carys, bryn):
    row = dispute(given(), 90)
    found(row, 90, carys)

    with pytest.raises(disputes.Resolved):
        found(row, 180, carys)
    with pytest.raises(disputes.Resolved):
        disputes.answer(dispute=row, words="It was three hours.", by=Who(bryn), now=AFTER)


def test_a_disputed_break_can_no_longer_be_unmarked(given, bryn):
    booking = given()
    dispute(booking)

    with pytest.raises(bookings.BookingMoved):
        bookings.undo(booking=booking, by=Who(bryn), now=AFTER)


def test_the_provider_gives_its_own_account(given, bryn):
    row = dispute(given(), 90)

    disputes.answer(dispute=row, words=" We were there until five. ", by=Who(bryn), now=AFTER)

    row.refresh_from_db()
    assert (row.answer, row.answered_at) == ("We were there until five.", AFTER)


def test_everybody_is_told_in_words_and_the_history_says_who(given, bryn, carys):
    booking = given()
    row = dispute(booking, 90, words="She left at half past three.")
    assert sorted(OutboxMessage.objects.filter(kind__startswith="dispute").values_list("kind", flat=True)) == [
        "dispute_made",
        "dispute_to_settle",
    ]
    made = OutboxMessage.objects.get(kind="dispute_made")
    assert "3 hours" in made.body and "1½ hours" in made.body and "£37.50" in made.body

    found(row, 135, carys)

    told = OutboxMessage.objects.filter(kind__startswith="dispute_resolved")
    assert {each.kind for each in told} >= {"dispute_resolved_for_provider"}
    assert "2¼ hours" in told.get(kind="dispute_resolved_for_provider").body
    acts = HistoryEntry.objects.filter(subject_kind="booking", subject_id=booking.pk).values_list("act", flat=True)
    assert {"booking.disputed", "booking.dispute_resolved"} <= set(acts)


def test_yes_it_did_is_written_down_and_changes_nothing(given):
    booking = given()

    disputes.agree(booking=booking, by=ALYS, now=AFTER)

    assert HistoryEntry.objects.filter(act="booking.carer_agrees", subject_id=booking.pk).count() == 1
    assert disputes.may_dispute(booking, AFTER)


# What the database keeps


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("INSERT INTO voucher_claimline (claim_id, booking_id, part, amount_pence, vat_pence, asked_note) "
         "SELECT claim_id, booking_id, part, amount_pence, vat_pence, '' FROM voucher_claimline", "part"),
        ("UPDATE voucher_claimline SET amount_pence = -1", "only_a_finding_takes_back"),
        ("UPDATE voucher_claimline SET part = 2, amount_pence = 0", "only_a_finding_takes_back"),
        ("UPDATE voucher_claimline SET vat_pence = amount_pence + 1", "vat_is_within_the_amount"),
        ("UPDATE voucher_claimline SET part = 2, amount_pence = -5, vat_pence = -6", "vat_is_within_the_amount"),
        ("UPDATE voucher_booking SET in_question_pence = due_pence + 1", "no_more_in_question_than_due"),
        ("UPDATE voucher_dispute SET said_minutes = given_minutes", "carer_disputes_a_part"),
    ],
)  # fmt: skip
def test_no_hand_writes_what_the_verbs_would_not(given, bryn, change, name):
    booking = given()
    claim(booking, bryn)
    dispute(booking)

    with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


# Whatever statement fails, nothing of the act remains


@UNITS
@pytest.mark.parametrize("act", ["dispute", "claim", "resolve", "resolve a claim", "resolve what was paid", "kept"])
def test_a_dispute_whose_nth_statement_fails_leaves_nothing_and_can_be_done_again(
    given, bryn, bryn_cafe, caerphilly, carys, ffion, aled, unit, act
):
    booking = given(unit)
    do = {"dispute": lambda: dispute(booking, 90, at=AFTER)}.get(act)
    if act == "claim":
        dispute(booking)
        do = lambda: claims.make(  # noqa: E731
            provider=bryn_cafe, council=caerphilly, bookings=[booking], by=Who(bryn), now=AFTER, key="again"
        )
    elif act != "dispute":
        line = claim(booking, bryn) if act in {"resolve a claim", "resolve what was paid"} else None
        if act == "resolve what was paid":
            run(caerphilly, [line], ffion, aled)
        row = dispute(booking, 60, at=AFTER)
        if act == "kept":
            claim(booking, bryn, AFTER)
        do = lambda: found(row, 120, carys)  # noqa: E731

    before = _everything()
    for n in range(1, 90):
        try:
            with connection.execute_wrapper(FailOn(n)), transaction.atomic():
                do()
            break
        except Exception as failure:
            assert "went dead" in str(failure) or isinstance(failure, transaction.TransactionManagementError)
            assert _everything() == before
            assert sound()

    assert n > 8
    assert _everything() != before
    assert sound()


def _everything():
    models = (AwardAccount, Hold, Transfer, Booking, Dispute, Claim, ClaimLine, HistoryEntry, OutboxMessage)
    return [list(model.objects.order_by("pk").values()) for model in models]
