"""Money and hours in stories that an accountant can read and add up."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection

from tests.voucher.ledger.desk import faults
from voucher.ledger import audit, books
from voucher.ledger.models import AwardAccount, FundAccount, Hold

BREAK = dt.date(2026, 11, 5)
SITTERS, CAFE = 71, 72  # payees are numbers to the books
RUN = 9


def test_alys_uses_three_hundred_pounds(desk, pounds):
    sitting = desk.hold(award=pounds, amount=10_000, on=BREAK)
    haircut = desk.hold(award=pounds, amount=4_500, on=BREAK)
    assert desk.left(pounds) == (15_500, 14_500)

    assert desk.spend(hold=sitting, amount=10_000, payee=SITTERS, effective_on=BREAK) == 0
    assert desk.release(hold=haircut) == 4_500
    assert desk.left(pounds) == (20_000, 0)
    assert books.due_by_payee() == {SITTERS: 10_000}

    desk.settle(payee=SITTERS, amount=10_000, run=RUN)
    assert books.due(SITTERS) == 0

    assert desk.expire(award=pounds, on=dt.date(2027, 3, 3)) == 20_000
    assert desk.left(pounds) == (0, 0)
    assert desk.issued(pounds) == 10_000
    assert audit.trial_balance() == {
        ("fund", "pence"): -10_000,
        ("award", "pence"): 0,
        ("held", "pence"): 0,
        ("payable", "pence"): 0,
        ("paid", "pence"): 10_000,
    }
    assert faults() == []


def test_two_and_a_half_hours_are_set_aside_and_two_are_delivered(desk, hours):
    sitting = desk.hold(award=hours, amount=150, on=BREAK)

    rest = desk.spend(hold=sitting, amount=120, charge_pence=4_800, payee=SITTERS, effective_on=BREAK)

    assert rest == 30
    assert desk.left(hours) == (2_280, 0)
    assert books.due(SITTERS) == 4_800
    balance = audit.trial_balance()
    assert (balance["used", "minutes"], balance["cost", "pence"]) == (120, -4_800)
    assert sum(amount for (_side, unit), amount in balance.items() if unit == "minutes") == 0
    assert faults() == []


def test_hours_that_cost_nothing_write_no_charge(desk, hours):
    sitting = desk.hold(award=hours, amount=60, on=BREAK)

    desk.spend(hold=sitting, amount=60, charge_pence=0, payee=SITTERS, effective_on=BREAK)

    assert not hours.transfers.filter(kind="charge").exists()
    assert books.due(SITTERS) == 0
    assert faults() == []


def test_a_late_cancellation_spends_half_and_gives_half_back(desk, pounds):
    sitting = desk.hold(award=pounds, amount=6_250, on=BREAK)

    assert desk.spend(hold=sitting, amount=3_125, payee=SITTERS, effective_on=BREAK) == 3_125

    assert desk.left(pounds) == (26_875, 0)
    assert [(row.seq, row.kind, row.amount, row.resolves) for row in sitting.transfers.all()] == [
        (1, "hold", 6_250, False),
        (1, "spend", 3_125, True),
        (2, "release", 3_125, False),
    ]
    assert faults() == []


def test_a_refund_goes_back_to_the_award_and_lowers_what_is_due(desk, pounds):
    lunch = desk.hold(award=pounds, amount=2_000, on=BREAK)
    desk.spend(hold=lunch, amount=2_000, payee=CAFE, effective_on=BREAK)
    desk.settle(payee=CAFE, amount=2_000, run=RUN)

    assert desk.refund(hold=lunch, amount=500) == "award"

    assert desk.left(pounds) == (28_500, 0)
    assert books.due(CAFE) == -500
    with pytest.raises(books.MoreThanSpent) as refusal:
        desk.refund(hold=lunch, amount=1_501)
    assert refusal.value.left == 1_500
    assert faults() == []


def test_a_refund_of_hours_gives_back_the_minutes_and_the_pounds(desk, hours):
    sitting = desk.hold(award=hours, amount=120, on=BREAK)
    desk.spend(hold=sitting, amount=120, charge_pence=4_800, payee=SITTERS, effective_on=BREAK)

    desk.refund(hold=sitting, amount=60, charge_pence=2_400)

    assert desk.left(hours) == (2_340, 0)
    assert books.due(SITTERS) == 2_400
    with pytest.raises(books.MoreThanSpent) as refusal:
        desk.refund(hold=sitting, amount=60, charge_pence=2_401)
    assert (refusal.value.left, refusal.value.charge_left) == (60, 2_400)
    assert faults() == []


@pytest.mark.parametrize("charge_pence", [0, 1_200])
def test_a_refund_after_the_award_has_ended_goes_to_the_fund(desk, hours, charge_pence):
    sitting = desk.hold(award=hours, amount=120, on=BREAK)
    desk.spend(hold=sitting, amount=120, charge_pence=4_800, payee=SITTERS, effective_on=BREAK)
    desk.expire(award=hours, on=dt.date(2027, 3, 3))

    assert desk.refund(hold=sitting, amount=30, charge_pence=charge_pence) == "fund"

    assert desk.left(hours) == (0, 0)
    assert desk.issued(hours) == 90
    assert faults() == []


def test_what_comes_back_after_the_last_day_is_swept_by_the_next_night(desk, pounds, now):
    sitting = desk.hold(award=pounds, amount=10_000, on=BREAK)
    first, second = dt.date(2027, 3, 3), dt.date(2027, 3, 4)
    assert desk.expire(award=pounds, on=first) == 20_000
    assert desk.expire(award=pounds, on=first) == 0

    desk.release(hold=sitting)
    assert desk.left(pounds) == (10_000, 0)
    assert audit.differences(now) == []
    assert audit.differences(now + dt.timedelta(days=2)) == [
        f"Award account {pounds.pk}: it ended more than a day ago and still has 10000 left."
    ]

    assert desk.expire(award=pounds, on=second) == 10_000
    assert desk.issued(pounds) == 0
    assert audit.differences(now + dt.timedelta(days=2)) == []


def test_a_hold_made_before_the_end_can_be_spent_after_it(desk, pounds):
    sitting = desk.hold(award=pounds, amount=10_000, on=pounds.last_day)
    desk.expire(award=pounds, on=dt.date(2027, 3, 3))

    desk.spend(hold=sitting, amount=10_000, payee=SITTERS, effective_on=pounds.last_day)

    assert books.due(SITTERS) == 10_000
    assert desk.issued(pounds) == 10_000
    assert faults() == []


def test_an_award_does_not_expire_on_its_last_day(desk, pounds):
    with pytest.raises(books.NotYetOver) as refusal:
        desk.expire(award=pounds, on=pounds.last_day)

    assert refusal.value.last_day == pounds.last_day
    assert desk.left(pounds) == (30_000, 0)


def test_an_award_ended_early_gives_its_rest_to_the_fund_and_takes_no_more(desk, pounds):
    assert desk.end(award=pounds, reason="moved away") == 30_000

    with pytest.raises(books.AwardEnded):
        desk.hold(award=pounds, amount=1, on=BREAK)
    with pytest.raises(books.AwardEnded):
        desk.adjust(award=pounds, amount=1, reason="too late")
    with pytest.raises(books.AwardEnded):
        desk.adjust(award=pounds, amount=-1, reason="too late")
    with pytest.raises(books.AwardEnded):
        desk.unfreeze(award=pounds)
    assert desk.issued(pounds) == 0
    assert faults() == []


def test_a_frozen_award_sets_nothing_aside_until_it_thaws(desk, pounds):
    before = desk.hold(award=pounds, amount=1_000, on=BREAK)
    desk.freeze(award=pounds)

    with pytest.raises(books.AwardFrozen):
        desk.hold(award=pounds, amount=1, on=BREAK)
    desk.spend(hold=before, amount=1_000, payee=CAFE, effective_on=BREAK)
    desk.unfreeze(award=pounds)

    desk.hold(award=pounds, amount=29_000, on=BREAK)
    assert faults() == []


def test_a_payment_the_bank_sends_back_is_due_again(desk, pounds):
    lunch = desk.hold(award=pounds, amount=2_000, on=BREAK)
    desk.spend(hold=lunch, amount=2_000, payee=CAFE, effective_on=BREAK)
    desk.settle(payee=CAFE, amount=2_000, run=RUN)

    desk.unsettle(payee=CAFE, amount=2_000, run=RUN, reason="account closed")

    assert books.due(CAFE) == 2_000
    with pytest.raises(books.MoreThanDue):
        desk.unsettle(payee=CAFE, amount=1, run=RUN, reason="again")
    with pytest.raises(books.MoreThanDue) as refusal:
        desk.settle(payee=CAFE, amount=2_001, run=RUN + 1)
    assert refusal.value.due == 2_000
    assert faults() == []


def test_what_was_paid_too_much_is_paid_back_by_invoice_in_parts_each_once(desk, pounds):
    lunch = desk.hold(award=pounds, amount=2_000, on=BREAK)
    desk.spend(hold=lunch, amount=2_000, payee=CAFE, effective_on=BREAK)
    desk.settle(payee=CAFE, amount=2_000, run=RUN)
    desk.refund(hold=lunch, amount=500)
    assert books.due(CAFE) == -500

    desk.repay(payee=CAFE, amount=300, receipt=1, reason="found after payment")
    assert books.due(CAFE) == -200
    desk.repay(payee=CAFE, amount=200, receipt=2, reason="found after payment")

    assert books.due(CAFE) == 0
    with pytest.raises(books.MoreThanDue) as refusal:
        desk.repay(payee=CAFE, amount=1_501, receipt=3, reason="found after payment")
    assert refusal.value.due == 1_500
    with pytest.raises(IntegrityError):
        desk.repay(payee=CAFE, amount=1, receipt=1, reason="found after payment")
    assert faults() == []


def test_the_rest_of_an_invoice_that_never_comes_is_lost_once(desk, pounds):
    lunch = desk.hold(award=pounds, amount=2_000, on=BREAK)
    desk.spend(hold=lunch, amount=2_000, payee=CAFE, effective_on=BREAK)
    desk.settle(payee=CAFE, amount=2_000, run=RUN)
    desk.refund(hold=lunch, amount=500)
    desk.repay(payee=CAFE, amount=300, receipt=1, reason="found after payment")
    # Of 1,700 that it was paid and kept, 200 are taken back: no more is lost, or it would be paid twice.
    with pytest.raises(books.MoreThanDue) as refusal:
        desk.write_off(payee=CAFE, amount=201, invoice=9, reason="will never come")
    assert refusal.value.due == 200

    desk.write_off(payee=CAFE, amount=200, invoice=9, reason="will never come")

    assert books.due(CAFE) == 0
    assert audit.trial_balance()["lost", "pence"] == -200
    desk.refund(hold=lunch, amount=1)
    with pytest.raises(IntegrityError):
        desk.write_off(payee=CAFE, amount=1, invoice=9, reason="will never come")
    # What was given up is not owed any more: it is neither paid back nor given up again.
    with pytest.raises(books.MoreThanDue):
        desk.repay(payee=CAFE, amount=1_501, receipt=2, reason="found after payment")
    assert faults() == []


def test_corrections_are_signed_rows_with_a_reason(desk, pounds):
    desk.adjust(award=pounds, amount=2_500, reason="topped up after review")
    desk.adjust(award=pounds, amount=-500, reason="entered twice")

    assert desk.left(pounds) == (32_000, 0)
    assert desk.issued(pounds) == 32_000
    assert list(pounds.transfers.filter(kind="adjust").values_list("debit_kind", "amount", "reason")) == [
        ("fund", 2_500, "topped up after review"),
        ("award", 500, "entered twice"),
    ]
    with pytest.raises(books.NotEnough):
        desk.adjust(award=pounds, amount=-32_001, reason="too much")
    with pytest.raises(books.FundExhausted) as refusal:
        desk.adjust(award=pounds, amount=968_001, reason="too much")
    assert refusal.value.left == 968_000
    assert faults() == []


def test_a_fund_issues_no_more_than_was_allocated(desk):
    fund = desk.fund("pence", 50_000)
    days = {"first_day": dt.date(2026, 10, 1), "last_day": dt.date(2027, 3, 31)}
    desk.issue(fund=fund, amount=30_000, **days)

    with pytest.raises(books.FundExhausted) as refusal:
        desk.issue(fund=fund, amount=20_001, **days)

    assert refusal.value.left == 20_000
    assert AwardAccount.objects.count() == 1
    desk.issue(fund=fund, amount=20_000, **days)
    assert faults() == []


def test_the_last_penny_can_be_set_aside_and_not_one_more(desk, pounds):
    desk.hold(award=pounds, amount=29_940, on=BREAK)

    with pytest.raises(books.NotEnough) as refusal:
        desk.hold(award=pounds, amount=61, on=BREAK)

    assert refusal.value.available == 60
    desk.hold(award=pounds, amount=60, on=BREAK)
    assert desk.left(pounds) == (0, 30_000)


@pytest.mark.parametrize("days", [-1, 181])
def test_a_break_outside_the_awards_days_is_refused(desk, pounds, days):
    with pytest.raises(books.OutsidePeriod) as refusal:
        desk.hold(award=pounds, amount=1, on=pounds.first_day + dt.timedelta(days=days))

    assert (refusal.value.first_day, refusal.value.last_day) == (pounds.first_day, pounds.last_day)


@pytest.mark.parametrize("days", [0, 180])
def test_the_first_and_the_last_day_are_within_the_period(desk, pounds, days):
    desk.hold(award=pounds, amount=1, on=pounds.first_day + dt.timedelta(days=days))

    assert desk.left(pounds) == (29_999, 1)


def test_a_hold_ends_once(desk, pounds):
    spent = desk.hold(award=pounds, amount=100, on=BREAK)
    released = desk.hold(award=pounds, amount=100, on=BREAK)
    desk.hold(award=pounds, amount=100, on=BREAK)
    desk.spend(hold=spent, amount=100, payee=CAFE, effective_on=BREAK)
    desk.release(hold=released)

    for hold, state in ((spent, "spent"), (released, "released")):
        with pytest.raises(books.AlreadyResolved) as refusal:
            desk.release(hold=hold)
        assert refusal.value.state == state
        with pytest.raises(books.AlreadyResolved):
            desk.spend(hold=hold, amount=1, payee=CAFE, effective_on=BREAK)
    assert desk.left(pounds) == (29_800, 100)
    assert faults() == []


def test_no_more_is_spent_than_was_set_aside(desk, pounds):
    lunch = desk.hold(award=pounds, amount=100, on=BREAK)

    with pytest.raises(books.MoreThanHeld) as refusal:
        desk.spend(hold=lunch, amount=101, payee=CAFE, effective_on=BREAK)

    assert refusal.value.held == 100
    assert desk.state(lunch) == "open"


def test_in_an_emergency_the_fund_pays_and_the_award_gets_everything_back(desk, pounds):
    sitting = desk.hold(award=pounds, amount=6_250, on=BREAK)

    assert desk.cover(hold=sitting, pence=3_125, payee=SITTERS) == 6_250

    assert desk.left(pounds) == (30_000, 0)
    assert desk.issued(pounds) == 33_125
    assert books.due(SITTERS) == 3_125
    assert Hold.objects.values_list("state", "covered").get(pk=sitting.pk) == ("released", 3_125)
    assert faults() == []


def test_in_an_emergency_the_pounds_for_hours_are_a_cost_of_the_fund(desk, hours):
    sitting = desk.hold(award=hours, amount=150, on=BREAK)

    assert desk.cover(hold=sitting, pence=3_125, payee=SITTERS) == 150

    assert desk.left(hours) == (2_400, 0)
    assert desk.issued(hours) == 2_400
    assert books.due(SITTERS) == 3_125
    assert audit.trial_balance()["cost", "pence"] == -3_125
    assert faults() == []


def test_a_fund_that_has_nothing_left_covers_nothing_until_it_has(desk):
    fund = desk.fund("pence", 10_000)
    award = desk.issue(fund=fund, amount=10_000, first_day=BREAK, last_day=BREAK)
    sitting = desk.hold(award=award, amount=6_250, on=BREAK)

    with pytest.raises(books.FundExhausted) as refusal:
        desk.cover(hold=sitting, pence=3_125, payee=SITTERS)
    assert refusal.value.left == 0
    assert desk.left(award) == (3_750, 6_250)

    desk.release(hold=sitting)
    FundAccount.objects.filter(pk=fund.pk).update(allocated=13_125)
    assert desk.cover(hold=sitting, pence=3_125, payee=SITTERS) == 0
    assert (desk.left(award), desk.issued(award)) == ((10_000, 0), 13_125)
    assert faults() == []


def test_what_was_spent_or_covered_is_not_covered_again(desk, pounds):
    spent, covered = (desk.hold(award=pounds, amount=100, on=BREAK) for _ in range(2))
    desk.spend(hold=spent, amount=100, payee=CAFE, effective_on=BREAK)
    desk.cover(hold=covered, pence=50, payee=CAFE)

    for hold in (spent, covered):
        with pytest.raises(books.AlreadyResolved):
            desk.cover(hold=hold, pence=50, payee=CAFE)
    for pence in (101, 10_000):
        with pytest.raises(books.MoreThanHeld):
            desk.cover(hold=covered, pence=pence, payee=CAFE)
    assert books.due(CAFE) == 150
    assert faults() == []


def test_half_of_a_break_is_paid_and_half_stays_set_aside_even_in_an_award_that_has_ended(desk, pounds):
    sitting = desk.hold(award=pounds, amount=10_000, on=BREAK)
    desk.expire(award=pounds, on=dt.date(2027, 3, 3))

    kept = desk.spend_part(hold=sitting, amount=4_000, still_held=4_500, payee=SITTERS, effective_on=BREAK)

    assert (kept.amount, kept.state) == (4_500, "open")
    assert desk.left(pounds) == (1_500, 4_500)
    assert books.due(SITTERS) == 4_000
    assert faults() == []
    assert desk.spend(hold=kept, amount=500, payee=SITTERS, effective_on=BREAK) == 4_000
    assert (desk.left(pounds), books.due(SITTERS)) == ((5_500, 0), 4_500)
    assert faults() == []


def test_no_more_is_spent_and_kept_together_than_was_set_aside(desk, hours):
    sitting = desk.hold(award=hours, amount=120, on=BREAK)
    split = {"hold": sitting, "payee": SITTERS, "effective_on": BREAK, "charge_pence": 2_400}

    with pytest.raises(books.MoreThanHeld) as refusal:
        desk.spend_part(amount=60, still_held=61, **split)
    assert refusal.value.held == 120

    desk.spend_part(amount=60, still_held=60, **split)
    with pytest.raises(books.AlreadyResolved):
        desk.spend_part(amount=60, still_held=60, **split)
    assert desk.left(hours) == (2_280, 60)
    assert faults() == []


@pytest.mark.parametrize("amount", [0, -1, 1.0, True, "1", 10**15 + 1])
def test_an_amount_is_a_whole_number_of_pence(desk, pounds, amount):
    with pytest.raises(ValueError, match="whole number"):
        desk.hold(award=pounds, amount=amount, on=BREAK)


def test_hours_say_what_they_cost_and_pounds_do_not(desk, pounds, hours):
    of_pounds = desk.hold(award=pounds, amount=60, on=BREAK)
    of_hours = desk.hold(award=hours, amount=60, on=BREAK)

    with pytest.raises(ValueError, match="no charge"):
        desk.spend(hold=of_pounds, amount=60, charge_pence=60, payee=CAFE, effective_on=BREAK)
    with pytest.raises(ValueError, match="cost"):
        desk.spend(hold=of_hours, amount=60, payee=CAFE, effective_on=BREAK)


def test_a_moment_without_a_time_zone_is_refused(desk, pounds):
    with pytest.raises(ValueError, match="time zone"):
        desk.hold(award=pounds, amount=60, on=BREAK, now=dt.datetime(2026, 10, 12, 10, 0))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["freeze", "unfreeze"])
def test_a_verb_outside_a_transaction_is_refused(verb):
    assert not connection.in_atomic_block

    with pytest.raises(books.NoTransaction, match=verb):
        getattr(books, verb)(award=1)


def test_what_is_not_in_the_books_cannot_be_moved(desk):
    for verb in ("freeze", "unfreeze"):
        with pytest.raises(AwardAccount.DoesNotExist):
            getattr(desk, verb)(award=1)
    with pytest.raises(AwardAccount.DoesNotExist):
        desk.hold(award=1, amount=1, on=BREAK)
    with pytest.raises(AwardAccount.DoesNotExist):
        desk.expire(award=1, on=BREAK)
    with pytest.raises(Hold.DoesNotExist):
        desk.release(hold=1)
    with pytest.raises(FundAccount.DoesNotExist):
        desk.issue(fund=1, amount=1, first_day=BREAK, last_day=BREAK)


def test_figures_that_somebody_changed_by_hand_stop_the_verbs(desk, pounds):
    lunch, sitting = (desk.hold(award=pounds, amount=100, on=BREAK) for _ in range(2))
    desk.spend(hold=lunch, amount=100, payee=CAFE, effective_on=BREAK)
    AwardAccount.objects.update(held=0)
    FundAccount.objects.update(issued=0)

    with pytest.raises(books.BooksDiffer, match="set aside"):
        desk.release(hold=sitting)
    with pytest.raises(books.BooksDiffer, match="issued"):
        desk.adjust(award=pounds, amount=-1, reason="entered twice")
    with pytest.raises(books.BooksDiffer, match="issued"):
        desk.end(award=pounds, reason="moved away")
    AwardAccount.objects.update(state="ended")
    with pytest.raises(books.BooksDiffer, match="issued"):
        desk.refund(hold=lunch, amount=1)
