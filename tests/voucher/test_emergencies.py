"""In an emergency the carer pays nothing, the fund pays the provider, and somebody rings; in both units."""

import datetime as dt

import pytest
from django.db import connection, transaction

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, FRIDAY, ask, confirm
from tests.voucher.ledger.desk import faults
from tests.voucher.ledger.test_faults import FailOn
from voucher import bookings, rules
from voucher.bookings import tasks
from voucher.claiming import claims
from voucher.granting import awards
from voucher.ledger import books
from voucher.ledger.models import AwardAccount, FundAccount, Hold, Transfer
from voucher.models import Booking, ClaimLine, Task
from voucher.settling import settlement_figures

pytestmark = pytest.mark.django_db
State, Kind = Booking.State, Task.Kind
LATE = FRIDAY - dt.timedelta(hours=20)
UNITS = pytest.mark.parametrize("unit", ["pence", "minutes"])


@pytest.fixture
def confirmed(caerphilly, bryn_cafe, bryn, now):
    """Two and a half hours for Friday at £25, of an award of £400 or of 16 hours."""

    def confirmed(unit="pence", **more):
        award = factories.award(caerphilly, unit=unit, value=40_000 if unit == "pence" else 960, **more)
        return confirm(award, factories.offer(bryn_cafe), bryn, now)

    return confirmed


def emergency(booking, now=LATE, **more):
    bookings.cancel(booking=booking, party="carer", by=ALYS, now=now, emergency=True, **more)
    return booking


def left(booking):
    account = Booking.objects.get(pk=booking.pk).award.account
    return account.available, account.held


def sound():
    return faults() + claims.differences() == []


@UNITS
def test_r28_an_emergency_costs_the_carer_nothing_and_the_fund_pays_the_late_share(confirmed, bryn_cafe, unit):
    booking = emergency(confirmed(unit))

    assert left(booking) == (40_000 if unit == "pence" else 960, 0)
    assert (booking.state, booking.emergency, booking.ended_by) == (State.CANCELLED, True, "carer")
    assert (booking.due_pence, booking.due_amount) == (3125, 0)
    assert books.due(bryn_cafe.pk) == 3125
    fund = settlement_figures.funds(booking.council)[0]
    assert fund.allocated == fund.free + fund.left + fund.set_aside + fund.used
    assert fund.used == (3125 if unit == "pence" else 0)
    assert sound()


@UNITS
def test_the_provider_claims_it_as_any_late_cancellation(confirmed, bryn_cafe, bryn, unit):
    booking = emergency(confirmed(unit))

    [line] = claimed.claim(bryn_cafe, [booking], by=Who(bryn), now=booking.ends_at)

    assert line.amount_pence == 3125
    assert books.due(bryn_cafe.pk) == 3125
    assert sound()
    with pytest.raises(claims.AlreadyClaimed):
        claimed.claim(bryn_cafe, [booking], by=Who(bryn), now=booking.ends_at)
    assert ClaimLine.objects.count() == 1


@UNITS
def test_the_carer_sees_that_everything_came_back_and_nothing_of_the_fund(confirmed, unit):
    booking = emergency(confirmed(unit))

    award = Booking.objects.select_related("award__account").get(pk=booking.pk).award
    lines = awards.statement(award)
    balance = awards.balance(award)
    whole = 40_000 if unit == "pence" else 960
    assert (balance.left, balance.used, balance.given) == (whole, 0, whole)
    assert [line.left_after for line in lines][-1] == whole
    assert len(lines) == 3


def test_in_good_time_an_emergency_is_free_for_everybody(confirmed, bryn_cafe):
    booking = emergency(confirmed(), now=FRIDAY - dt.timedelta(hours=60))

    assert (booking.due_pence, books.due(bryn_cafe.pk)) == (None, 0)
    assert list(Task.objects.values_list("kind", flat=True)) == [Kind.EMERGENCY]
    assert sound()


def test_a_request_that_nobody_answered_is_free_for_everybody(caerphilly, bryn_cafe, now):
    booking = ask(factories.award(caerphilly), factories.offer(bryn_cafe), now)

    emergency(booking, now=now + dt.timedelta(hours=1))

    assert (booking.state, booking.due_pence) == (State.CANCELLED, None)
    assert sound()


@pytest.mark.parametrize("please_ring", [True, False])
def test_the_carers_team_is_asked_to_ring_and_says_when_it_has(confirmed, carys, caerphilly, please_ring):
    booking = emergency(confirmed(), please_ring=please_ring)

    [task] = tasks.waiting(caerphilly)
    assert (task.booking, task.kind, task.please_ring) == (booking, Kind.EMERGENCY, please_ring)
    told = OutboxMessage.objects.get(kind="emergency")
    assert told.to == caerphilly.scheme.team_email
    assert ("asks you to ring" in told.body) is please_ring
    assert booking.award.carer.last_name not in told.body + told.subject

    tasks.done(task=task, by=Who(carys), now=LATE, note="She is all right.")

    assert not tasks.waiting(caerphilly)
    entry = HistoryEntry.objects.get(act="booking.carer_rung")
    assert (entry.actor, entry.subject_id) == (carys, booking.pk)
    assert "note" not in entry.details
    task.refresh_from_db()
    assert (task.note, task.done_by, task.done_at) == ("She is all right.", carys, LATE)
    with pytest.raises(tasks.TaskDone):
        tasks.done(task=task, by=Who(carys), now=LATE)


def test_emergencies_are_counted_over_twelve_months_and_stop_nobody(caerphilly, bryn_cafe, bryn, now):
    award = factories.award(caerphilly, value=90_000)
    offer = factories.offer(bryn_cafe)
    for day in range(3):
        emergency(confirm(award, offer, bryn, now, starts_at=FRIDAY + dt.timedelta(days=day)))

    other = factories.carer(caerphilly)
    assert tasks.emergencies_of([award.carer, other], LATE) == {award.carer_id: 3}
    assert tasks.emergencies_of([award.carer], LATE + dt.timedelta(days=366)) == {}


def test_after_the_start_it_is_no_longer_cancelled_by_the_carer(confirmed):
    booking = confirmed()

    with pytest.raises(bookings.HasStarted):
        emergency(booking, now=FRIDAY)
    assert sound()


@pytest.fixture
def poor(caerphilly, bryn_cafe, bryn, now):
    """A break of an award that has taken all there was in its fund."""
    fund = factories.fund(caerphilly, allocated=40_000)
    return confirm(factories.award(caerphilly, fund_row=fund, value=40_000), factories.offer(bryn_cafe), bryn, now)


def test_where_the_fund_has_nothing_left_the_carer_is_free_and_the_team_settles_by_hand(
    poor, bryn_cafe, bryn, carys, caerphilly
):
    emergency(poor)

    assert left(poor) == (40_000, 0)
    assert (poor.state, poor.emergency, poor.due_pence) == (State.CANCELLED, True, None)
    assert not claims.ready(bryn_cafe).exists()
    assert [task.kind for task in tasks.waiting(caerphilly)] == [Kind.EMERGENCY, Kind.PAY_BY_HAND]
    assert sound()
    task = Task.objects.get(kind=Kind.PAY_BY_HAND)
    with pytest.raises(bookings.FundExhausted):
        bookings.pay_late(task=task, by=Who(carys), now=LATE)
    task.refresh_from_db()
    assert task.done_at is None
    assert sound()

    FundAccount.objects.filter(pk=poor.award.account.fund_id).update(allocated=43_125)
    bookings.pay_late(task=task, by=Who(carys), now=LATE)

    poor.refresh_from_db()
    assert (poor.due_pence, poor.due_amount, books.due(bryn_cafe.pk)) == (3125, 0, 3125)
    assert list(claims.ready(bryn_cafe)) == [poor]
    assert claimed.claim(bryn_cafe, [poor], by=Who(bryn), now=poor.ends_at)[0].amount_pence == 3125
    assert sound()
    with pytest.raises(tasks.TaskDone):
        bookings.pay_late(task=task, by=Who(carys), now=LATE)


def test_what_the_team_settled_by_hand_is_not_paid_by_the_fund_as_well(poor, carys):
    emergency(poor)
    task = Task.objects.get(kind=Kind.PAY_BY_HAND)
    tasks.done(task=task, by=Who(carys), now=LATE, note="Paid by invoice 17.")
    FundAccount.objects.update(allocated=90_000)

    with pytest.raises(tasks.TaskDone):
        bookings.pay_late(task=task, by=Who(carys), now=LATE)
    assert sound()


def test_r12_the_share_is_never_more_than_the_award_pays(confirmed):
    booking = confirmed()

    assert bookings.late_share(booking) == rules.late_cancel_share(6250, 50) == 3125
    booking.own_pence = 4000
    assert bookings.late_share(booking) == 2250


@UNITS
def test_an_emergency_whose_nth_statement_fails_leaves_nothing_and_can_be_pressed_again(confirmed, unit):
    booking = confirmed(unit)

    def everything():
        models = (FundAccount, AwardAccount, Hold, Transfer, Booking, Task, HistoryEntry, OutboxMessage)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = everything()
    for n in range(1, 90):
        try:
            with connection.execute_wrapper(FailOn(n)), transaction.atomic():
                emergency(Booking.objects.get(pk=booking.pk))
            break
        except Exception as failure:
            assert "went dead" in str(failure) or isinstance(failure, transaction.TransactionManagementError)
            assert everything() == before
            assert sound()

    assert n > 12
    booking.refresh_from_db()
    assert booking.emergency
    assert sound()


# Nobody came


@pytest.mark.parametrize(("party", "tasks_given"), [("carer", 1), ("provider", 1), ("team", 0)])
def test_r40_the_team_is_told_at_once_and_the_break_stands_first_until_somebody_has_rung(
    confirmed, caerphilly, party, tasks_given
):
    older = emergency(confirmed())
    booking = confirmed()

    bookings.did_not_happen(booking=booking, party=party, by=ALYS, now=FRIDAY + dt.timedelta(minutes=15))

    assert OutboxMessage.objects.get(kind="booking_did_not_happen").to == caerphilly.scheme.team_email
    waiting = [(task.kind, task.booking) for task in tasks.waiting(caerphilly)]
    assert waiting == [(Kind.NOBODY_CAME, booking)] * tasks_given + [(Kind.EMERGENCY, older)]
    assert OutboxMessage.objects.filter(kind="nobody_came_for_provider").count() == (party == "carer")
    assert sound()


def test_a_provider_cannot_claim_a_break_to_which_nobody_came(confirmed, bryn_cafe, bryn):
    booking = confirmed()
    bookings.did_not_happen(booking=booking, party="carer", by=ALYS, now=booking.ends_at)

    assert not claims.ready(bryn_cafe).exists()
    with pytest.raises(claims.NotReady):
        claimed.claim(bryn_cafe, [booking], by=Who(bryn), now=booking.ends_at)
    with pytest.raises(bookings.BookingMoved):
        bookings.deliver(booking=booking, minutes=150, by=Who(bryn), now=booking.ends_at)
    assert books.due(bryn_cafe.pk) == 0
