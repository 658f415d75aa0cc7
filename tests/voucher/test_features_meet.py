"""Where two features meet: halves of a pair on two days, a move under a cancellation, a death under other times."""

import datetime as dt

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher import breaks, claimed
from tests.voucher.breaks import ALYS, london
from tests.voucher.ledger.desk import faults
from tests.voucher.top_ups import own
from voucher import bookings, top_ups
from voucher.bookings import phone_bookings
from voucher.changes import applications, circumstances, mistakes
from voucher.claiming import claims, disputes
from voucher.granting import awards
from voucher.models import Booking, BreakRequest, Choice, Circumstance, Task

pytestmark = pytest.mark.django_db
State = Booking.State
TUESDAY, THURSDAY, NEXT_THURSDAY = london(2026, 10, 13, 14), london(2026, 10, 15, 14), london(2026, 10, 22, 14)
HALF_PAST = dt.timedelta(minutes=30)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def owner(bryn):
    return Who(user=bryn)


@pytest.fixture
def pool(bryn_cafe):
    pool = factories.category("leisure", name_en="Leisure", name_cy="Hamdden")
    return factories.offer(bryn_cafe, category=pool)


@pytest.fixture
def sitting(caerphilly):
    return factories.offer(factories.provider(caerphilly, name="Mair"))


@pytest.fixture
def mair(sitting):
    return Who(user=factories.provider_staff(sitting.provider, "mair@provider.example"))


def wanted(offer, starts_at, minutes=60):
    return bookings.Wanted(offer, starts_at, minutes, 2_500 * minutes // 60)


def sound():
    return faults() + claims.differences() == []


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


@pytest.fixture
def on_two_days(award, pool, sitting, owner, now):
    """A pair whose sitter is asked for nine days after the pool, and answers after it."""
    parts = [[wanted(pool, TUESDAY), wanted(pool, THURSDAY)], [wanted(sitting, NEXT_THURSDAY)]]
    swim, sitter = bookings.ask(award=award, parts=parts, by=ALYS, now=now, key="pair")
    bookings.confirm(booking=swim, by=owner, now=now)
    return fresh(swim), fresh(sitter)


def test_a_half_that_has_begun_is_not_withdrawn_with_the_other(on_two_days, owner, mair, award):
    swim, sitter = on_two_days
    after = TUESDAY + dt.timedelta(hours=2)

    bookings.decline(booking=sitter, reason="full", by=mair, now=after)

    assert fresh(swim).state == State.CONFIRMED
    bookings.deliver(booking=fresh(swim), minutes=60, by=owner, now=after)
    assert fresh(swim).due_pence == 2_500
    assert sound()


def test_a_half_that_was_given_leaves_the_other_to_stand_by_itself(on_two_days, owner, mair):
    swim, sitter = on_two_days

    bookings.deliver(booking=swim, minutes=60, by=owner, now=TUESDAY + dt.timedelta(hours=2))

    assert BreakRequest.objects.get().settled_at is not None
    assert not Choice.objects.filter(state="waiting").exists()
    bookings.confirm(booking=sitter, by=mair, now=TUESDAY + dt.timedelta(hours=3))
    late = bookings.cost_of_cancelling(fresh(sitter), NEXT_THURSDAY - dt.timedelta(hours=1))
    assert late.due_pence == 1_250
    assert sound()


def test_a_half_that_did_not_happen_takes_the_other_along(on_two_days, award):
    swim, sitter = on_two_days

    bookings.did_not_happen(booking=swim, party="carer", by=ALYS, now=TUESDAY + HALF_PAST)

    assert fresh(sitter).state == State.CANCELLED
    award.account.refresh_from_db()
    assert (award.account.available, award.account.held) == (40_000, 0)
    assert sound()


def test_two_halves_never_share_one_place(award, pool, now):
    parts = [[wanted(pool, THURSDAY, 120)], [wanted(pool, THURSDAY + dt.timedelta(hours=1), 120)]]

    with pytest.raises(bookings.Refused) as refused:
        bookings.ask(award=award, parts=parts, by=ALYS, now=now, key="pair")

    assert refused.value.part == 2
    assert not Booking.objects.exists()
    assert sound()


def test_cancelling_costs_what_it_costs_at_the_time_the_break_has_now(award, pool, owner, now):
    booking = breaks.confirm(award, pool, owner.user, now, starts_at=NEXT_THURSDAY, minutes=60)
    opened_in_a_tab = fresh(booking)
    later = london(2026, 11, 5, 14)
    bookings.propose_move(booking=booking, starts_at=later, by=ALYS, now=now)
    bookings.accept_move(booking=fresh(booking), by=owner, now=now)

    bookings.cancel(
        booking=opened_in_a_tab, party="carer", by=ALYS, now=NEXT_THURSDAY - dt.timedelta(hours=1), seen_due_pence=None
    )

    assert fresh(booking).due_pence is None
    assert sound()


def test_a_half_that_may_go_free_goes_free_also_from_a_tab_that_was_open(award, pool, sitting, owner, mair, now):
    parts = [[wanted(pool, THURSDAY)], [wanted(sitting, THURSDAY)]]
    swim, sitter = bookings.ask(award=award, parts=parts, by=ALYS, now=now, key="pair")
    bookings.confirm(booking=swim, by=owner, now=now)
    bookings.confirm(booking=sitter, by=mair, now=now)
    an_hour_before = THURSDAY - dt.timedelta(hours=1)
    opened_in_a_tab = fresh(swim)
    bookings.cancel(booking=fresh(sitter), party="provider", by=mair, now=an_hour_before)

    bookings.cancel(booking=opened_in_a_tab, party="carer", by=ALYS, now=an_hour_before)

    assert fresh(swim).due_pence is None
    assert sound()


def test_a_request_seen_as_free_to_cancel_is_not_cancelled_at_a_cost(award, pool, owner, now):
    booking = breaks.ask(award, pool, now, starts_at=THURSDAY, minutes=60)
    seen = fresh(booking)
    bookings.confirm(booking=booking, by=owner, now=now)

    with pytest.raises(bookings.BookingMoved):
        bookings.cancel(booking=seen, party="carer", by=ALYS, now=THURSDAY - dt.timedelta(hours=1))

    assert fresh(booking).state == State.CONFIRMED


def test_a_death_ends_a_request_with_other_times_though_its_first_time_has_passed(award, sitting, mair, carys, now):
    booking = breaks.ask(award, sitting, now, starts_at=london(2026, 10, 13, 14), minutes=60)
    bookings.suggest(booking=booking, starts=[NEXT_THURSDAY], by=mair, now=now)
    later = london(2026, 10, 13, 16)
    given = {"carer": award.carer, "kind": Circumstance.Kind.CARER_DIED, "now": later}

    plan = circumstances.plan(**given)
    circumstances.record(**given, happened_on=later.date(), seen=plan.seen, by=Who(user=carys))

    assert fresh(booking).state == State.CANCELLED
    award.account.refresh_from_db()
    assert (award.account.available, award.account.held, award.account.state) == (0, 0, "ended")
    assert sound()


def test_a_break_the_carer_disowns_is_cancelled_while_other_times_are_open_too(award, sitting, mair, carys, now):
    booking = breaks.ask(award, sitting, now, starts_at=THURSDAY, minutes=60)
    bookings.suggest(booking=booking, starts=[NEXT_THURSDAY], by=mair, now=now)

    phone_bookings.disown(booking=fresh(booking), by=Who(user=carys), now=now)

    assert fresh(booking).state == State.CANCELLED
    assert sound()


def test_a_choice_is_passed_over_where_its_offer_is_sold_by_another_length_now(award, pool, sitting, owner, now):
    """Its price was frozen for a length; a part of it would be paid by the wrong one."""
    [swim] = bookings.ask(
        award=award, parts=[[wanted(pool, THURSDAY), wanted(sitting, THURSDAY)]], by=ALYS, now=now, key="two"
    )
    sitting.minutes = 30
    sitting.save()

    assert bookings.decline(booking=swim, reason="full", by=owner, now=now) is None

    assert Choice.objects.get(position=2).passed_over_for == "StalePrice"
    assert sound()


def test_an_award_that_was_ended_by_mistake_is_not_filled_again_by_more_time(award, carys, now):
    """It stays ended, and a new award takes its place: what was swept must not come back beside that."""
    by, last_day = Who(user=carys), award.account.last_day
    late = london(2027, 2, 26, 10)
    given = {"carer": award.carer, "kind": Circumstance.Kind.CARER_DIED, "now": late}
    asked = {"kind": "more_time", "reason": "other", "wanted_until": last_day + dt.timedelta(weeks=2), "by": ALYS}
    seen = circumstances.plan(**given).seen
    row = circumstances.record(**given, happened_on=late.date(), seen=seen, by=by)
    mistakes.take_back(circumstance=row, by=by, now=late + dt.timedelta(hours=1))
    a_week_on = late + dt.timedelta(days=7)
    award = awards.of_council(award.council).get(pk=award.pk)

    with pytest.raises(applications.NotTheTime):
        applications.apply(award=award, **asked, now=a_week_on)

    assert applications.may_ask(award, on=a_week_on.date()) == ["new_award"]
    assert (award.account.state, award.account.available) == ("ended", 0)
    assert sound()


def test_own_money_waits_for_the_finding_and_goes_back_in_one_sum(caerphilly, owner, carys, card_company, now):
    """£120, of which she paid £40: 45 of 60 minutes are claimed, and she says 30. Then nothing of hers is kept."""
    shop = own.shop(caerphilly, name="Shop")
    award = factories.award(caerphilly, value=8_000)
    row = own.confirmed(own.ask(award, factories.offer(shop, price_pence=12_000), now), card_company, now)
    after = row.ends_at
    bookings.deliver(booking=row, minutes=45, by=owner, now=after)
    dispute = disputes.make(booking=fresh(row), said_minutes=30, by=ALYS, now=after)
    claimed.claim(shop, [fresh(row)], by=owner, now=after)
    top_ups.give_back_what_is_due(after)

    assert (own.top_up(row).state, own.top_up(row).kept_pence) == ("paid", None)

    disputes.resolve(dispute=dispute, found_minutes=30, finding="Both rung.", by=Who(user=carys), now=after)
    top_ups.give_back_what_is_due(after)

    assert [each["amount"] for each in card_company.refunds.values()] == [4_000]
    assert (fresh(row).due_pence, own.top_up(row).state) == (6_000, "refunded")
    assert not Task.objects.exists()
    assert sound()


def test_in_an_emergency_all_of_her_own_money_comes_back_however_dear_a_late_no_is(caerphilly, card_company, now):
    caerphilly.scheme.late_cancel_percent = 100
    shop = own.shop(caerphilly, name="Shop")
    award = factories.award(caerphilly, value=8_000)
    row = own.confirmed(own.ask(award, factories.offer(shop, price_pence=12_000), now), card_company, now)
    late = row.starts_at - dt.timedelta(hours=1)
    assert bookings.cost_of_cancelling(fresh(row), late).own_due_pence == 4_000

    bookings.cancel(booking=fresh(row), party="carer", by=ALYS, now=late, emergency=True)
    top_ups.give_back_what_is_due(late)

    assert [each["amount"] for each in card_company.refunds.values()] == [4_000]
    assert (fresh(row).due_pence, own.left(row)) == (8_000, (8_000, 0))
    assert sound()
