"""A provider was right to disagree: what is found anew is paid, in both units, or nothing changes at all (R29)."""

import datetime as dt

import pytest
from django.db import transaction

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.test_absences import NotGiven, otherwise, say
from tests.voucher.test_disputes import (
    AFTER,
    UNITS,
    claim,
    confirm,
    dispute,
    found,
    given,
    left,
    lines_of,
    run,
    sound,
)
from tests.voucher.top_ups import own
from voucher import bookings
from voucher.claiming import absences, appeals, claims, disputes, found_anew, withdrawals
from voucher.granting import award_statement
from voucher.ledger import books
from voucher.models import Booking, ClaimLine, FoundAnew, Task
from voucher.settling import invoices, settlement

pytestmark = pytest.mark.django_db
State = Booking.State
WORDS = "Her list says half past four."

__all__ = ["given"]


@pytest.fixture
def glenys(caerphilly):
    """A colleague of the worker who makes the findings."""
    return factories.user("glenys@council.example", name="Glenys", role="team", council=caerphilly)


def appeal(booking, now=AFTER):
    row = Booking.objects.get(pk=booking.pk)
    return appeals.make(booking=row, words="It was longer.", by=Who(label="owner"), now=now)


def anew(booking, minutes, glenys, now=AFTER):
    """The provider does not agree, and a colleague finds that so much took place."""
    task = Task.objects.filter(booking=booking, kind=Task.Kind.APPEAL).first() or appeal(booking, now)
    return appeals.find_anew(task=task, minutes=minutes, words=WORDS, by=Who(glenys), now=now)


def start(unit):
    return 40_000 if unit == "pence" else 960


def used(unit, minutes):
    return minutes * 2500 // 60 if unit == "pence" else minutes


@UNITS
def test_before_the_claim_more_is_due_of_what_is_set_aside_still(given, bryn, bryn_cafe, carys, glenys, unit):
    booking = given(unit)
    found(dispute(booking), 90, carys)

    row = anew(booking, 135, glenys)

    assert (row.minutes_before, row.minutes, row.pence_before, row.pence, row.hold) == (90, 135, 3750, 5625, None)
    assert sound()
    assert claim(booking, bryn).amount_pence == books.due(bryn_cafe.pk) == 5625
    assert left(booking) == (start(unit) - used(unit, 135), 0)
    assert sound()


@UNITS
def test_where_none_of_it_was_found_no_more_than_is_due_is_set_aside_again(given, bryn, bryn_cafe, carys, glenys, unit):
    booking = given(unit)
    found(dispute(booking, 0), 0, carys)
    assert left(booking) == (start(unit), 0)

    anew(booking, 120, glenys)

    booking.refresh_from_db()
    assert (booking.state, booking.ended_by, booking.delivered_minutes) == (State.DELIVERED, "", 120)
    assert left(booking) == (start(unit) - used(unit, 120), used(unit, 120))
    assert sound()
    assert claim(booking, bryn).amount_pence == books.due(bryn_cafe.pk) == 5000
    assert left(booking) == (start(unit) - used(unit, 120), 0)
    assert sound()


@UNITS
def test_a_line_that_waits_pays_it_all(given, bryn, bryn_cafe, caerphilly, ffion, aled, carys, glenys, unit):
    booking = given(unit)
    row = dispute(booking)
    line = claim(booking, bryn)
    found(row, 105, carys)

    made = anew(booking, 180, glenys)

    made.hold.refresh_from_db()
    assert (made.hold.state, made.hold.spent) == ("spent", used(unit, 180) - used(unit, 105))
    assert lines_of(booking) == [(1, 7500)]
    assert left(booking) == (start(unit) - used(unit, 180), 0)
    assert sound()
    assert run(caerphilly, [line], ffion, aled).total_pence == 7500
    assert books.due(bryn_cafe.pk) == 0
    assert sound()


@UNITS
@pytest.mark.parametrize(("paid_first", "lines"), [("a part", [3750, 3750]), ("all of it", [7500, -3750, 3750])])
def test_what_was_paid_before_is_followed_by_a_line_of_its_own_with_the_vat_of_the_whole(
    given, bryn, bryn_cafe, caerphilly, ffion, aled, carys, glenys, unit, paid_first, lines
):
    type(bryn_cafe).objects.filter(pk=bryn_cafe.pk).update(vat_treatment="standard", vat_number="GB123456789")
    booking = given(unit)
    row = dispute(booking) if paid_first == "a part" else None
    run(caerphilly, [claim(booking, bryn)], ffion, aled)
    found(row or dispute(booking, at=AFTER), 90, carys)

    anew(booking, 180, glenys)

    assert [pence for _part, pence in lines_of(booking)] == lines
    assert sum(ClaimLine.objects.values_list("vat_pence", flat=True)) == 1250
    assert ClaimLine.objects.get(part=ClaimLine.Part.ANEW).claim.number == len(lines)
    assert left(booking) == (start(unit) - used(unit, 180), 0)
    assert sound()
    # A provider that was right is not asked by invoice for what was taken off.
    assert list(invoices.to_write(caerphilly, on=AFTER.date() + dt.timedelta(days=100))) == []
    waiting = list(settlement.awaiting(caerphilly))
    if sum(line.amount_pence for line in waiting):
        run(caerphilly, waiting, ffion, aled, key="run 2")
    assert books.due(bryn_cafe.pk) == 0
    assert sound()


def test_a_run_that_is_only_prepared_is_released_all_the_same(
    given, bryn, caerphilly, ffion, aled, carys, glenys, bryn_cafe
):
    booking = given()
    line = claim(booking, bryn)
    prepared = {"council": caerphilly, "lines": [line], "pay_on": dt.date(2026, 11, 5), "by": Who(ffion)}
    made = settlement.prepare(**prepared, now=AFTER, key="1")
    found(dispute(booking, at=AFTER), 90, carys)

    anew(booking, 180, glenys)

    settlement.release(run=made, by=Who(aled), now=AFTER)
    assert (books.due(bryn_cafe.pk), lines_of(booking)) == (0, [(1, 7500), (2, -3750), (3, 3750)])
    assert sound()


@UNITS
def test_that_the_carer_did_not_come_is_found_anew_and_paid_again(
    caerphilly, bryn, bryn_cafe, ffion, aled, carys, glenys, now, unit
):
    award = factories.award(caerphilly, unit=unit, value=start(unit))
    booking = confirm(award, factories.offer(bryn_cafe), bryn, now, minutes=180)
    say(booking, bryn, NotGiven.CARER_DID_NOT_COME)
    run(caerphilly, [claim(booking, bryn)], ffion, aled)
    otherwise(booking, AFTER)
    absences.find_for_the_carer(booking=booking, by=Who(carys), now=AFTER)
    assert left(booking) == (start(unit), 0)

    made = anew(booking, None, glenys)

    booking.refresh_from_db()
    assert (made.minutes, made.pence, booking.due_pence) == (None, 3750, 3750)
    assert lines_of(booking) == [(1, 3750), (2, -3750), (3, 3750)]
    assert (books.due(bryn_cafe.pk), left(booking)) == (0, (start(unit) - used(unit, 90), 0))
    assert sound()
    # It is not found for the carer once more, nor anew.
    with pytest.raises(bookings.BookingMoved):
        absences.find_for_the_carer(booking=booking, by=Who(carys), now=AFTER)
    assert found_anew.outcomes(booking) == []


def ended(booking):
    books.end(award=booking.award.account, reason="moved away", op_key="end", actor="user:1", now=AFTER)


def used_up(booking):
    books.adjust(award=booking.award.account, amount=-32_750, reason="less", op_key="u", actor="user:1", now=AFTER)


def stopped(booking):
    books.freeze(award=booking.award.account)


@pytest.mark.parametrize(
    ("what", "refusal"), [(ended, books.AwardEnded), (used_up, books.NotEnough), (stopped, books.AwardFrozen)]
)
def test_where_the_award_cannot_pay_it_nothing_half_happens_and_words_are_still_sent(
    given, bryn, bryn_cafe, carys, glenys, what, refusal
):
    booking = given()
    row = dispute(booking)
    claim(booking, bryn)
    found(row, 90, carys)
    with transaction.atomic():
        what(booking)
    task, before = appeal(booking), left(booking)

    with pytest.raises(refusal):
        anew(booking, 180, glenys)

    booking.refresh_from_db()
    task.refresh_from_db()
    assert (booking.due_pence, lines_of(booking), left(booking)) == (3750, [(1, 3750)], before)
    assert (task.done_at, books.due(bryn_cafe.pk), FoundAnew.objects.count()) == (None, 3750, 0)
    assert not OutboxMessage.objects.filter(kind__startswith="found_anew").exists()
    told = {outcome.minutes: found_anew.hindrance(booking, outcome) for outcome in found_anew.outcomes(booking)}
    assert isinstance(told[180], refusal)
    assert (told[165] is None) == (what is used_up)
    appeals.answer(task=task, words="You are right, and nothing is left.", by=Who(glenys), now=AFTER)
    assert sound()


def test_more_than_was_found_and_no_more_than_was_said_can_be_found_anew_and_once(given, bryn, carys, glenys):
    booking = given()
    found(dispute(booking), 90, carys)

    assert [outcome.minutes for outcome in found_anew.outcomes(booking)] == [*range(180, 90, -15)]
    for minutes in (90, 100, 195, None):
        with pytest.raises(disputes.BadMinutes):
            anew(booking, minutes, glenys)
    anew(booking, 120, glenys)
    booking.refresh_from_db()
    assert found_anew.outcomes(booking) == []
    with pytest.raises(appeals.AppealedBefore):
        appeal(booking)
    # Neither the dispute nor the mark is anybody's to undo.
    with pytest.raises(bookings.BookingMoved):
        bookings.undo(booking=booking, by=Who(bryn), now=AFTER)
    claim(booking, bryn)
    with pytest.raises(withdrawals.IsDisputed):
        withdrawals.withdraw(booking=booking, by=Who(bryn), now=AFTER)
    assert sound()


def test_who_made_the_finding_does_not_answer_and_both_versions_stay_in_the_history(given, carys, glenys):
    booking = given()
    row = found(dispute(booking), 90, carys)
    task = appeal(booking)

    for act in ({"minutes": 120}, {}):
        verb = appeals.find_anew if act else appeals.answer
        with pytest.raises(appeals.FoundItYourself):
            verb(task=task, words=WORDS, by=Who(carys), now=AFTER, **act)
    made = anew(booking, 120, glenys)

    row.refresh_from_db()
    assert (row.found_minutes, row.resolved_by, row.finding) == (90, carys, "Both were rung.")
    assert (made.minutes, made.found_by, made.finding) == (120, glenys, WORDS)
    first, second = HistoryEntry.objects.filter(act__in=["booking.dispute_resolved", "booking.found_anew"])
    assert {first.details["minutes"], second.details["minutes"]} == {90, 120}
    assert {first.actor, second.actor} == {carys, glenys}


def test_both_sides_are_told_and_the_statement_of_the_award_says_why(given, bryn, carys, glenys, bryn_cafe):
    booking = given()
    row = dispute(booking)
    claim(booking, bryn)
    found(row, 90, carys)

    anew(booking, 150, glenys)

    carer = OutboxMessage.objects.filter(kind="found_anew").first().body
    assert "We find now that 2½ hours of it took place. Why: Her list says half past four." in carer
    assert "So £25 more of your award is used than we told you before: £62.50 in all." in carer
    provider = OutboxMessage.objects.get(kind="found_anew_for_provider", to=bryn_cafe.email).body
    assert "You are due £62.50 for it in all: £25.00 more than was found first." in provider
    assert "it comes with one of your next payments" in provider
    assert not OutboxMessage.objects.filter(kind="appeal_answered").exists()
    *_before, aside, spent = award_statement.statement(booking.award)
    assert (aside.amount, aside.booking, spent.amount, spent.booking) == (-2500, booking, -2500, booking)
    assert aside.note == "The carers team looked once more at how much of it took place."


@pytest.mark.parametrize("way", ["card", "direct"])
def test_the_carers_own_share_follows_and_what_went_back_to_a_card_is_for_a_person(
    caerphilly, card_company, bryn, carys, glenys, now, way
):
    provider = own.shop(caerphilly)
    award = factories.award(caerphilly, value=8_000)
    sitting = factories.offer(provider, price_pence=5_000)
    row = own.ask(award, sitting, now, price_pence=12_500, own_pence=4_500, minutes=150, way=way)
    row = own.confirmed(row, card_company, now) if way == "card" else row
    if way == "direct":
        bookings.confirm(booking=row, by=own.BRYN, now=now)
    bookings.deliver(booking=own.fresh(row), minutes=150, by=own.BRYN, now=row.ends_at)
    said = disputes.make(booking=own.fresh(row), said_minutes=60, by=own.BRYN, now=row.ends_at)
    found(said, 60, carys)
    claims.make(provider=provider, council=caerphilly, bookings=[row], by=Who(bryn), now=row.ends_at, key="claim")

    anew(row, 150, glenys)

    assert (own.fresh(row).due_pence, own.top_up(row).kept_pence) == (8_000, 0 if way == "card" else 4_500)
    assert Task.objects.filter(booking=row, kind=Task.Kind.CARD).exists() == (way == "card")
    assert own.left(row) == (0, 0)
    assert sound()


def test_what_was_found_for_the_carer_is_not_taken_out_of_a_claim_that_a_voided_run_let_go(
    caerphilly, bryn, bryn_cafe, ffion, carys, glenys, now
):
    booking = confirm(factories.award(caerphilly, value=40_000), factories.offer(bryn_cafe), bryn, now, minutes=180)
    say(booking, bryn, NotGiven.CARER_DID_NOT_COME)
    line = claim(booking, bryn)
    prepared = {"council": caerphilly, "lines": [line], "pay_on": dt.date(2026, 11, 5), "by": Who(ffion)}
    made = settlement.prepare(**prepared, now=AFTER, key="1")
    otherwise(booking, AFTER)
    absences.find_for_the_carer(booking=booking, by=Who(carys), now=AFTER)
    settlement.void(run=made, reason="A carer was right.", by=Who(ffion), now=AFTER)

    assert not withdrawals.may_withdraw(Booking.objects.get(pk=booking.pk))
    with pytest.raises(withdrawals.IsDisputed):
        withdrawals.withdraw(booking=booking, by=Who(bryn), now=AFTER)
    anew(booking, None, glenys)

    assert lines_of(booking) == [(1, 3750), (2, -3750), (3, 3750)]
    assert sound()
