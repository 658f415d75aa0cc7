"""After a break two people press at the same moment: one act happens, nothing is paid twice, and the books balance."""

import datetime as dt

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, FRIDAY, confirm
from tests.voucher.ledger.desk import TURNS, at_once, faults
from voucher import bookings
from voucher.bookings import tasks
from voucher.claiming import absences, appeals, claims, disputes
from voucher.ledger import books
from voucher.models import Booking, ClaimLine, Dispute, FoundAnew, Task
from voucher.settling import settlement, settlement_audit

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
State = Booking.State
UNITS = pytest.mark.parametrize("unit", ["pence", "minutes"])
PAY_ON = dt.date(2026, 11, 5)
AFTER = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def council():
    return factories.council()


@pytest.fixture
def cafe(council):
    return factories.provider(council)


@pytest.fixture
def owner(cafe):
    return factories.provider_staff(cafe)


@pytest.fixture
def worker(council):
    return factories.user("carys@council.example", role="team", council=council)


@pytest.fixture
def money(council):
    """Who prepares and who releases."""
    return [
        factories.user(f"{role}@council.example", role=role, council=council)
        for role in ("finance_preparer", "finance_approver")
    ]


@pytest.fixture
def confirmed(council, cafe, owner, now):
    def confirmed(unit="pence", minutes=180, **award):
        row = factories.award(council, unit=unit, value=40_000 if unit == "pence" else 960, **award)
        return confirm(row, factories.offer(cafe), owner, now, minutes=minutes)

    return confirmed


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


def deliver(booking, owner):
    bookings.deliver(booking=fresh(booking), minutes=booking.minutes, by=Who(owner), now=booking.ends_at)


def dispute(booking, minutes=90):
    return disputes.make(booking=fresh(booking), said_minutes=minutes, by=ALYS, now=AFTER)


def claim(booking, owner):
    row = fresh(booking)
    return claimed.claim(row.provider, [row], by=Who(owner), now=AFTER)[0]


def prepare(council, line, money, key="run"):
    return settlement.prepare(council=council, lines=[line], pay_on=PAY_ON, by=Who(money[0]), now=AFTER, key=key)


def release(run, money):
    return settlement.release(run=run, by=Who(money[1]), now=AFTER)


def found(row, minutes, worker):
    return disputes.resolve(dispute=row, found_minutes=minutes, finding="Asked both.", by=Who(worker), now=AFTER)


def emergency(booking):
    at = FRIDAY - dt.timedelta(hours=1)
    return bookings.cancel(booking=fresh(booking), party="carer", by=ALYS, now=at, emergency=True)


def sound():
    return faults() + claims.differences() + settlement_audit.differences() == []


def failures(results):
    return [result for result in results if isinstance(result, Exception)]


@TURNS
@UNITS
def test_an_emergency_and_the_providers_delivery_make_one_of_the_two(confirmed, cafe, owner, unit, turn):
    booking = confirmed(unit)

    results = at_once(lambda: emergency(booking), lambda: deliver(booking, owner))

    [lost] = failures(results)
    assert isinstance(lost, bookings.BookingMoved)
    row = fresh(booking)
    if row.state == State.CANCELLED:
        assert (row.emergency, row.due_pence, books.due(cafe.pk)) == (True, 3750, 3750)
    else:
        assert (row.state, row.due_pence, books.due(cafe.pk)) == (State.DELIVERED, 7500, 0)
        assert not Task.objects.exists()
    assert sound()


@TURNS
def test_an_emergency_pressed_twice_at_once_is_paid_once(confirmed, cafe, turn):
    booking = confirmed()

    results = at_once(*[lambda: emergency(booking)] * 3)

    assert [type(each) for each in failures(results)] == [bookings.BookingMoved] * 2
    assert books.due(cafe.pk) == 3750
    assert sound()


@TURNS
def test_two_emergencies_share_no_more_than_the_fund_has_left(council, cafe, owner, now, turn):
    fund = factories.fund(council, allocated=80_000 + 5_000)
    rows = [
        confirm(factories.award(council, fund_row=fund, value=40_000), factories.offer(cafe), owner, now, minutes=180)
        for _each in range(2)
    ]

    assert failures(at_once(*[lambda row=row: emergency(row) for row in rows])) == []

    assert books.due(cafe.pk) == 3750
    assert Task.objects.filter(kind="pay_by_hand").count() == 1
    assert all(fresh(row).state == State.CANCELLED for row in rows)
    assert sound()


@TURNS
@UNITS
def test_a_dispute_and_a_claim_at_once_pay_the_undisputed_part_now(confirmed, cafe, owner, council, money, unit, turn):
    booking = confirmed(unit)
    deliver(booking, owner)

    results = at_once(lambda: dispute(booking), lambda: claim(booking, owner))

    # Whoever claims what was disputed a moment ago is shown the list anew.
    lost = failures(results)
    assert [type(each) for each in lost] in ([], [claims.NotReady])
    line = claim(booking, owner) if lost else ClaimLine.objects.get()
    line.refresh_from_db()
    assert (line.amount_pence, fresh(booking).in_question_pence) == (3750, 3750)
    assert Dispute.objects.count() == 1
    assert sound()
    assert release(prepare(council, line, money), money).total_pence == 3750
    assert sound()


@TURNS
def test_a_dispute_and_a_run_at_once_stop_the_line_or_nothing(confirmed, owner, council, money, worker, turn):
    booking = confirmed()
    deliver(booking, owner)
    line = claim(booking, owner)

    results = at_once(lambda: dispute(booking), lambda: prepare(council, line, money))

    assert failures(results) == []
    run = results[1]
    line.refresh_from_db()
    assert (run.total_pence, line.amount_pence) in [(7500, 7500), (3750, 3750)]
    assert fresh(booking).in_question_pence == 7500 - line.amount_pence
    release(run, money)
    assert sound()
    found(Dispute.objects.get(), 90, worker)
    assert fresh(booking).due_pence == 3750
    assert sound()


@TURNS
def test_a_finding_and_a_release_at_once_pay_once_and_the_rest_is_taken_off(
    confirmed, cafe, owner, council, money, worker, turn
):
    booking = confirmed()
    deliver(booking, owner)
    run = prepare(council, claim(booking, owner), money)
    row = dispute(booking)

    results = at_once(lambda: found(row, 90, worker), lambda: release(run, money))

    # A run that came second is refused: its line is no longer what is due.
    assert {type(each) for each in failures(results)} <= {settlement.LinesMoved}
    run.refresh_from_db()
    assert books.due(cafe.pk) == (-3750 if run.state == "released" else 3750)
    assert sorted(ClaimLine.objects.values_list("amount_pence", flat=True)) == [-3750, 7500]
    assert sound()


@TURNS
@UNITS
def test_two_findings_at_once_make_one(confirmed, cafe, owner, worker, unit, turn):
    booking = confirmed(unit)
    deliver(booking, owner)
    row = dispute(booking)
    claim(booking, owner)

    results = at_once(lambda: found(row, 90, worker), lambda: found(row, 180, worker))

    assert [type(each) for each in failures(results)] == [disputes.Resolved]
    assert books.due(cafe.pk) == fresh(booking).due_pence == {90: 3750, 180: 7500}[Dispute.objects.get().found_minutes]
    assert sound()


@TURNS
@pytest.mark.parametrize("rival", ["a colleague", "a run", "a claim"])
def test_what_is_found_anew_at_once_with_something_else_is_paid_once(
    confirmed, council, cafe, owner, money, worker, rival, turn
):
    booking = confirmed()
    deliver(booking, owner)
    row = dispute(booking)
    line = claim(booking, owner) if rival != "a claim" else None
    found(row, 90, worker)
    task = appeals.make(booking=fresh(booking), words="It was longer.", by=Who(owner), now=AFTER)
    colleague = Who(factories.user("glenys@council.example", role="team", council=council))

    def anew(minutes):
        act = {"task": Task.objects.get(pk=task.pk), "words": "Her list.", "by": colleague, "now": AFTER}
        return appeals.find_anew(minutes=minutes, **act)

    rivals = {
        "a colleague": lambda: anew(120),
        "a run": lambda: prepare(council, line, money),
        "a claim": lambda: claim(booking, owner),
    }

    results = at_once(lambda: anew(180), rivals[rival])

    lost = {type(each) for each in failures(results)}
    assert lost == {tasks.TaskDone} if rival == "a colleague" else lost <= {claims.NotReady, bookings.BookingMoved}
    if claims.NotReady in lost:
        claim(booking, owner)
    pence = FoundAnew.objects.get().pence
    assert pence == fresh(booking).due_pence == books.due(cafe.pk)
    assert pence == sum(ClaimLine.objects.values_list("amount_pence", flat=True))
    assert sound()
    if rival == "a run":
        paid = release(results[1], money).total_pence
        assert paid in {3750, 7500} and books.due(cafe.pk) == 7500 - paid
        assert sound()


@TURNS
def test_a_dispute_and_an_undone_mark_at_once_are_one_of_the_two(confirmed, owner, turn):
    booking = confirmed()
    deliver(booking, owner)

    def undo():
        bookings.undo(booking=fresh(booking), by=Who(owner), now=AFTER)

    results = at_once(lambda: dispute(booking), undo)

    [lost] = failures(results)
    assert isinstance(lost, bookings.BookingMoved | disputes.NotDisputable)
    row = fresh(booking)
    assert (row.state == State.DELIVERED) == Dispute.objects.filter(booking=row).exists()
    assert sound()


@TURNS
def test_a_finding_and_a_claim_at_once_pay_what_was_found(confirmed, cafe, owner, worker, turn):
    booking = confirmed()
    deliver(booking, owner)
    row = dispute(booking)

    results = at_once(lambda: found(row, 120, worker), lambda: claim(booking, owner))

    assert {type(each) for each in failures(results)} <= {claims.NotReady}
    if failures(results):
        claim(booking, owner)
    assert books.due(cafe.pk) == 5000
    assert sum(ClaimLine.objects.values_list("amount_pence", flat=True)) == 5000
    assert sound()


@TURNS
@pytest.mark.parametrize("rival", ["the same press", "the carer was there", "a claim"])
def test_an_absence_taken_back_at_once_with_something_else_moves_the_money_once(confirmed, cafe, owner, rival, turn):
    booking = confirmed()
    why = Booking.NotGiven.CARER_DID_NOT_COME
    said_at = booking.ends_at
    bookings.did_not_happen(booking=booking, party="provider", why=why, by=Who(owner), now=said_at)
    booking = fresh(booking)

    def undo():
        bookings.undo(booking=fresh(booking), by=Who(owner), now=AFTER)

    rivals = {
        "the same press": undo,
        "the carer was there": lambda: absences.say_otherwise(booking=fresh(booking), by=ALYS, now=AFTER),
        "a claim": lambda: claim(booking, owner),
    }

    results = at_once(undo, rivals[rival])

    [lost] = failures(results)
    assert isinstance(lost, bookings.BookingMoved | claims.NotReady)
    row = fresh(booking)
    is_undone = row.state == State.CONFIRMED
    assert is_undone or rival != "the same press"
    assert books.due(cafe.pk) == (row.due_pence or 0)
    assert (row.hold.state == "open") == is_undone
    assert sound()
