"""A death, an emergency, a move, a finding or the clock at the very moment of something else: one after the other."""

import datetime as dt
import uuid

import pytest

from accounts.history import Who
from tests import factories, fakes
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, FRIDAY, confirm, london
from tests.voucher.ledger.desk import TURNS, at_once, faults
from tests.voucher.top_ups import own
from voucher import bookings, jobs, top_ups
from voucher.bookings import phone_bookings
from voucher.changes import circumstances
from voucher.claiming import claims, disputes
from voucher.ledger import books
from voucher.ledger.models import FundAccount
from voucher.models import Booking, BreakRequest, Circumstance, Task
from voucher.settling import settlement_audit

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
State = Booking.State
MONDAY = london(2026, 10, 19, 15)
LATE = FRIDAY - dt.timedelta(hours=1)


@pytest.fixture
def council():
    return factories.council()


@pytest.fixture
def cafe(council):
    return factories.provider(council)


@pytest.fixture
def owner(cafe):
    return Who(factories.provider_staff(cafe))


@pytest.fixture
def worker(council):
    return Who(factories.user("carys@council.example", role="team", council=council))


@pytest.fixture
def sitting(cafe):
    return factories.offer(cafe)


@pytest.fixture
def award(council):
    return factories.award(council, value=40_000)


def wanted(offer, starts_at=FRIDAY):
    return bookings.Wanted(offer, starts_at, 60, offer.prices.first().price_pence)


def ask(award, now, *parts):
    return bookings.ask(award=award, parts=parts, by=ALYS, now=now, key=str(uuid.uuid4()))


def fresh(booking):
    return Booking.objects.select_related("council__scheme", "provider").get(pk=booking.pk)


def figures(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held, award.account.state


def died(award, worker, now):
    """Record that the carer has died, as the page does: what is shown, and then done or shown anew."""
    for _each in range(3):
        given = {"carer": award.carer, "kind": Circumstance.Kind.CARER_DIED, "now": now}
        try:
            plan = circumstances.plan(**given)
            return circumstances.record(**given, happened_on=now.date(), seen=plan.seen, by=worker)
        except circumstances.StalePlan:
            continue
    raise AssertionError("The plan was stale three times.")


def kinds(results):
    return sorted(type(each).__name__ for each in results if isinstance(each, Exception))


def sound():
    return faults() + claims.differences() + settlement_audit.differences() == []


@TURNS
def test_nothing_asked_for_as_the_award_is_closed_outlives_it(award, sitting, worker, now, turn):
    ask(award, now, [wanted(sitting, MONDAY)])

    results = at_once(
        lambda: died(award, worker, now),
        lambda: ask(award, now, [wanted(sitting)]),
        lambda: ask(award, now, [wanted(sitting, FRIDAY + dt.timedelta(days=1))]),
    )

    assert set(kinds(results)) <= {"AwardClosed"}
    assert figures(award) == (0, 0, "ended")
    assert not Booking.objects.filter(state__in=bookings.IS_LIVE).exists()
    assert sound()


@TURNS
def test_a_death_and_a_yes_and_a_no_that_falls_to_the_next_choice(award, sitting, cafe, owner, worker, now, turn):
    other = factories.offer(cafe)
    [first] = ask(award, now, [wanted(sitting), wanted(other)])
    [second] = ask(award, now, [wanted(sitting, MONDAY)])

    results = at_once(
        lambda: died(award, worker, now),
        lambda: bookings.decline(booking=fresh(first), reason="full", by=owner, now=now),
        lambda: bookings.confirm(booking=fresh(second), by=owner, now=now),
    )

    assert set(kinds(results)) <= {"BookingMoved"}
    assert figures(award) == (0, 0, "ended")
    assert not Booking.objects.filter(state__in=bookings.IS_LIVE).exists()
    assert sound()


@TURNS
def test_a_death_and_a_suggested_time_that_is_taken(award, sitting, owner, worker, now, turn):
    [row] = ask(award, now, [wanted(sitting)])
    [one] = bookings.suggest(booking=row, starts=[MONDAY], by=owner, now=now)

    results = at_once(
        lambda: died(award, worker, now),
        lambda: bookings.take(booking=fresh(row), suggestion=one, by=ALYS, now=now),
    )

    assert set(kinds(results)) <= {"BookingMoved"}
    assert (fresh(row).state, figures(award)) == (State.CANCELLED, (0, 0, "ended"))
    assert sound()


@TURNS
def test_an_emergency_and_the_providers_own_cancellation_pay_once_or_not_at_all(award, sitting, owner, now, turn):
    row = confirm(award, sitting, owner.user, now, minutes=60)

    results = at_once(
        lambda: bookings.cancel(booking=fresh(row), party="carer", by=ALYS, now=LATE, emergency=True),
        lambda: bookings.cancel(booking=fresh(row), party="provider", by=owner, now=LATE),
    )

    assert kinds(results) == ["BookingMoved"]
    assert books.due(sitting.provider_id) == (1_250 if fresh(row).emergency else 0)
    assert figures(award)[:2] == (40_000, 0)
    assert Task.objects.filter(kind="emergency").count() == int(fresh(row).emergency)
    assert sound()


@TURNS
def test_a_late_cancellation_as_the_provider_moves_the_break_costs_what_was_seen_or_nothing(
    award, sitting, owner, now, turn
):
    sitting.notice_hours = 0
    sitting.save()
    row = confirm(award, sitting, owner.user, now, minutes=60)
    bookings.propose_move(booking=fresh(row), starts_at=london(2026, 11, 5, 14), by=ALYS, now=now)

    def cancel():
        bookings.cancel(booking=fresh(row), party="carer", by=ALYS, now=now, seen_due_pence=0)

    results = at_once(cancel, lambda: bookings.accept_move(booking=fresh(row), by=owner, now=now))

    assert set(kinds(results)) <= {"BookingMoved"}
    assert (fresh(row).state, fresh(row).due_pence) == (State.CANCELLED, None)
    assert sound()


@TURNS
def test_one_half_cancelled_as_the_other_falls_away_costs_nothing_afterwards(award, sitting, cafe, owner, now, turn):
    swim, sitter = ask(award, now, [wanted(sitting)], [wanted(factories.offer(cafe))])
    for each in (swim, sitter):
        bookings.confirm(booking=fresh(each), by=owner, now=now)

    def cancel():
        """A carer who has seen that it costs half, and would rather pay nothing."""
        cost = bookings.cost_of_cancelling(fresh(swim), LATE).due_pence
        bookings.cancel(booking=fresh(swim), party="carer", by=ALYS, now=LATE, seen_due_pence=cost)

    results = at_once(
        lambda: bookings.cancel(booking=fresh(sitter), party="provider", by=owner, now=LATE),
        cancel,
    )

    assert set(kinds(results)) <= {"StaleCost"}
    row = fresh(swim)
    assert (row.state, bool(row.due_pence)) in {
        (State.CONFIRMED, False),
        (State.CANCELLED, False),
        (State.CANCELLED, True),
    }
    assert (row.may_cancel_free and bool(row.due_pence)) is False
    assert sound()


@TURNS
def test_a_half_that_was_given_is_paid_though_the_other_says_no_at_the_same_moment(
    award, sitting, cafe, owner, now, turn
):
    soon = london(2026, 10, 13, 14)
    swim, sitter = ask(award, now, [wanted(sitting, soon)], [wanted(factories.offer(cafe), MONDAY)])
    bookings.confirm(booking=fresh(swim), by=owner, now=now)
    after = soon + dt.timedelta(hours=2)

    results = at_once(
        lambda: bookings.deliver(booking=fresh(swim), minutes=60, by=owner, now=after),
        lambda: bookings.decline(booking=fresh(sitter), reason="full", by=owner, now=after),
    )

    assert kinds(results) == []
    assert (fresh(swim).state, fresh(sitter).state) == (State.DELIVERED, State.DECLINED)
    assert BreakRequest.objects.get().settled_at
    assert sound()


@TURNS
def test_what_a_carer_did_not_book_is_given_or_cancelled_as_she_says_so(award, sitting, owner, worker, now, turn):
    row = confirm(award, sitting, owner.user, now, minutes=60)
    after = row.ends_at

    results = at_once(
        lambda: phone_bookings.disown(booking=fresh(row), by=worker, now=after),
        lambda: bookings.deliver(booking=fresh(row), minutes=60, by=owner, now=after),
        lambda: phone_bookings.disown(booking=fresh(row), by=worker, now=after),
    )

    assert set(kinds(results)) <= {"BookingMoved"}
    assert fresh(row).state in {State.CANCELLED, State.DELIVERED}
    assert figures(award)[1] == (2_500 if fresh(row).state == State.DELIVERED else 0)
    assert sound()


@TURNS
def test_a_fund_that_has_more_again_pays_a_provider_once(council, sitting, owner, worker, now, turn):
    fund = factories.fund(council, allocated=40_000)
    row = confirm(factories.award(council, fund_row=fund, value=40_000), sitting, owner.user, now, minutes=60)
    bookings.cancel(booking=fresh(row), party="carer", by=ALYS, now=LATE, emergency=True)
    FundAccount.objects.filter(pk=fund.account_id).update(allocated=42_500)
    task = Task.objects.get(kind="pay_by_hand")

    results = at_once(*[lambda: bookings.pay_late(task=Task.objects.get(pk=task.pk), by=worker, now=LATE)] * 3)

    assert kinds(results) == ["TaskDone", "TaskDone"]
    assert books.due(sitting.provider_id) == fresh(row).due_pence == 1_250
    assert sound()


@pytest.fixture
def company(monkeypatch, card_company):
    return card_company


@TURNS
def test_a_finding_and_the_refund_job_give_a_card_back_what_is_due_and_no_more(
    council, owner, worker, company: fakes.FakeStripe, now, turn
):
    """£120, of which she paid £40: 45 of 60 minutes are claimed, so £10 stays; then half is what is found."""
    provider = own.shop(council, name="Shop")
    offer = factories.offer(provider, price_pence=12_000)
    award = factories.award(council, value=8_000)
    row = own.confirmed(own.ask(award, offer, now), company, now)
    after = row.ends_at
    bookings.deliver(booking=fresh(row), minutes=45, by=owner, now=after)
    claimed.claim(provider, [fresh(row)], by=owner, now=after)
    dispute = disputes.make(booking=fresh(row), said_minutes=30, by=ALYS, now=after)

    results = at_once(
        lambda: disputes.resolve(dispute=dispute, found_minutes=30, finding="Both rung.", by=worker, now=after),
        lambda: top_ups.give_back_what_is_due(after),
        lambda: top_ups.give_back_what_is_due(after),
    )

    assert kinds(results) == []
    later = after + dt.timedelta(days=1)
    jobs.top_ups.give_back_what_is_due(later)
    [refund] = company.refunds.values()
    assert (refund["amount"], own.top_up(row).state, own.top_up(row).kept_pence) == (3_000, "refunded", 1_000)
    assert Task.objects.filter(kind="card").count() == 1
    assert fresh(row).due_pence == 6_000
    assert sound()


@TURNS
def test_a_death_as_the_card_payment_comes_in_gives_everything_back(council, worker, company, now, turn):
    provider = own.shop(council, name="Shop")
    award = factories.award(council, value=8_000)
    row = own.ask(award, factories.offer(provider, price_pence=12_000, unit="session"), now)
    company.pay(own.page(row, now))

    results = at_once(
        lambda: died(award, worker, now),
        lambda: top_ups.look(booking=fresh(row), now=now) and None,
    )

    assert kinds(results) == []
    top_ups.give_back_what_is_due(now)
    assert (fresh(row).state, own.top_up(row).state, figures(award)) == (State.CANCELLED, "refunded", (0, 0, "ended"))
    assert [each["amount"] for each in company.refunds.values()] == [4_000]
    assert sound()


@TURNS
def test_the_night_after_the_last_day_and_a_claim_and_a_late_no(council, sitting, owner, now, turn):
    award = factories.award(council, value=40_000, first_day=dt.date(2026, 4, 17))
    given = confirm(award, sitting, owner.user, now, minutes=60)
    [asked] = ask(award, now, [wanted(sitting, FRIDAY + dt.timedelta(hours=each)) for each in (2, 4)])
    bookings.deliver(booking=fresh(given), minutes=60, by=owner, now=given.ends_at)
    midnight = london(2026, 10, 17, 0, 1)

    results = at_once(
        lambda: jobs.end_awards(midnight),
        lambda: jobs.time_out_requests(midnight),
        lambda: claimed.claim(sitting.provider, [fresh(given)], by=owner, now=midnight),
        lambda: jobs.end_awards(midnight),
    )

    assert kinds(results) == []
    jobs.end_awards(midnight + dt.timedelta(minutes=1))
    assert fresh(asked).state == State.TIMED_OUT
    assert (figures(award), books.due(sitting.provider_id)) == ((0, 0, "ended"), 2_500)
    assert sound()
