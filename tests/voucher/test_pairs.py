"""A paired break: an activity and a sitter in one request, both or neither; later the carer chooses (R26)."""

import datetime as dt
import uuid

import pytest

from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY
from voucher import bookings, jobs
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.models import Booking, BreakRequest, Choice

pytestmark = pytest.mark.django_db
State = Booking.State


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=20_000)


@pytest.fixture
def swim(caerphilly):
    pool = factories.provider(caerphilly, name="Pool")
    kind = factories.category("swimming", name_en="Swimming", name_cy="Nofio")
    return factories.offer(pool, price_pence=1_500, unit="session", minutes=60, category=kind)


@pytest.fixture
def sitter(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=2_500)


@pytest.fixture
def mair(caerphilly):
    return factories.offer(factories.provider(caerphilly, name="Mair"), price_pence=2_300)


def swimming(swim):
    return bookings.Wanted(swim, FRIDAY, 60, 1_500)


def sitting(offer):
    price = offer.prices.first().price_pence * 2
    return bookings.Wanted(offer, FRIDAY - dt.timedelta(minutes=30), 120, price)


def ask(award, swim, *sitters, now):
    parts = [[swimming(swim)], [sitting(each) for each in sitters]]
    return bookings.ask(award=award, parts=parts, by=ALYS, now=now, key=str(uuid.uuid4()))


def confirm(booking, now):
    bookings.confirm(booking=booking, by=ALYS, now=now)


def decline(booking, now):
    return bookings.decline(booking=booking, reason="full", by=ALYS, now=now)


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def state(booking):
    booking.refresh_from_db()
    return booking.state


def sound():
    return audit.differences() == [] and claims.differences() == []


def to_carer(award):
    return [message.kind for message in OutboxMessage.objects.filter(to=award.carer.email).order_by("pk")]


def test_the_money_for_both_is_set_aside_in_one_press(award, swim, sitter, now):
    first, second = ask(award, swim, sitter, now=now)

    assert (first.price_pence, second.price_pence, left(award)) == (1_500, 5_000, (13_500, 6_500))
    assert first.asked_in == second.asked_in
    assert (first.part, second.part, first.asked_in.parts) == (1, 2, 2)
    assert sound()


def test_only_the_sitter_is_told_what_the_carer_wrote(award, swim, sitter, mair, now):
    parts = [[swimming(swim)], [sitting(sitter), sitting(mair)]]
    first, second = bookings.ask(award=award, parts=parts, note="The key is next door.", by=ALYS, now=now, key="pair")

    assert (first.note, second.note) == ("", "The key is next door.")
    assert decline(second, now).note == "The key is next door."


def test_where_the_money_is_not_enough_for_both_nothing_is_set_aside(caerphilly, swim, sitter, now):
    award = factories.award(caerphilly, value=6_000)

    with pytest.raises(bookings.NotEnough) as caught:
        ask(award, swim, sitter, now=now)

    assert (caught.value.needed, caught.value.available, caught.value.part) == (6_500, 6_000, 2)
    assert left(award) == (6_000, 0)
    assert not BreakRequest.objects.exists()
    assert sound()


def test_where_one_half_is_taken_neither_is_asked(award, caerphilly, swim, sitter, now):
    ask(factories.award(caerphilly, value=20_000), swim, sitter, now=now)
    other = factories.offer(swim.provider, price_pence=1_500, unit="session", minutes=60, category=swim.category)

    with pytest.raises(bookings.Full) as caught:
        ask(award, other, sitter, now=now)

    assert (caught.value.part, left(award)) == (2, (20_000, 0))


def test_the_first_yes_waits_for_the_second(award, swim, sitter, now):
    first, second = ask(award, swim, sitter, now=now)

    confirm(first, now)
    assert (state(first), first.waits_for_the_other_half, to_carer(award)) == (
        State.CONFIRMED,
        True,
        ["half_confirmed"],
    )
    confirm(second, now)

    first.refresh_from_db()
    assert not first.waits_for_the_other_half
    assert BreakRequest.objects.get().settled_at == now
    assert to_carer(award) == ["half_confirmed", "pair_confirmed"]
    assert OutboxMessage.objects.filter(kind="pair_settled", to=swim.provider.email).count() == 1
    assert left(award) == (13_500, 6_500)
    assert sound()


def test_a_half_with_no_choice_left_withdraws_the_other_free_of_charge(award, swim, sitter, now):
    first, second = ask(award, swim, sitter, now=now)
    confirm(first, now)

    decline(second, now)

    assert (state(first), first.ended_by, first.due_pence) == (State.CANCELLED, "", None)
    assert left(award) == (20_000, 0)
    assert OutboxMessage.objects.filter(kind="pair_not_needed", to=swim.provider.email).count() == 1
    assert to_carer(award) == ["half_confirmed", "pair_ended"]
    assert sound()


def test_each_half_has_its_own_second_choice(award, swim, sitter, mair, now):
    first, second = ask(award, swim, sitter, mair, now=now)
    confirm(first, now)

    following = decline(second, now)

    assert (following.offer, following.part, following.amount) == (mair, 2, 4_600)
    assert state(first) == State.CONFIRMED
    confirm(following, now)
    assert BreakRequest.objects.get().settled_at
    assert left(award) == (13_900, 6_100)
    assert sound()


def test_a_half_that_said_yes_and_takes_it_back_is_a_no(award, swim, sitter, mair, now):
    _first, second = ask(award, swim, sitter, mair, now=now)
    confirm(second, now)

    bookings.cancel(booking=second, party="provider", by=ALYS, now=now)

    following = Booking.objects.get(offer=mair)
    assert (following.state, to_carer(award)) == (State.REQUESTED, ["half_confirmed", "next_choice_asked"])
    assert sound()


def test_a_carer_who_cancels_one_half_before_both_are_confirmed_withdraws_both(award, swim, sitter, mair, now):
    first, second = ask(award, swim, sitter, mair, now=now)
    confirm(first, now)
    late = FRIDAY - dt.timedelta(hours=20)
    assert bookings.cost_of_cancelling(first, late).due_pence == 0

    bookings.cancel(booking=second, party="carer", by=ALYS, now=now)

    assert (state(first), state(second)) == (State.CANCELLED, State.CANCELLED)
    assert left(award) == (20_000, 0)
    assert not Choice.objects.filter(state="waiting").exists()
    assert Booking.objects.count() == 2
    assert sound()


@pytest.mark.parametrize("fall", ["provider", "team", "did not happen"])
def test_if_one_settled_half_falls_away_the_carer_and_the_other_side_are_told_at_once(award, swim, sitter, now, fall):
    first, second = ask(award, swim, sitter, now=now)
    confirm(first, now)
    confirm(second, now)
    moment = FRIDAY - dt.timedelta(hours=3)

    if fall == "did not happen":
        moment = second.starts_at + dt.timedelta(minutes=20)
        bookings.did_not_happen(booking=second, party="carer", by=ALYS, now=moment)
    else:
        bookings.cancel(booking=second, party=fall, by=ALYS, now=moment)

    assert (state(first), first.may_cancel_free) == (State.CONFIRMED, True)
    assert bookings.lost_half(first) == second
    assert "half_fell_away" in to_carer(award)
    assert OutboxMessage.objects.filter(kind="other_half_fell_away", to=swim.provider.email).count() == 1
    # Hours before the start: still free.
    assert bookings.cost_of_cancelling(first, moment).due_pence == 0
    bookings.cancel(booking=first, party="carer", by=ALYS, now=moment)
    assert left(award) == (20_000, 0)
    assert sound()


def test_a_carer_who_cancels_one_settled_half_keeps_the_other_on_its_own_terms(award, swim, sitter, now):
    first, second = ask(award, swim, sitter, now=now)
    confirm(first, now)
    confirm(second, now)

    bookings.cancel(booking=second, party="carer", by=ALYS, now=now)

    assert (state(first), first.may_cancel_free) == (State.CONFIRMED, False)
    assert bookings.lost_half(first) is None


def test_a_half_that_times_out_withdraws_the_other_once(award, swim, sitter, now):
    first, second = ask(award, swim, sitter, now=now)
    confirm(first, now)

    bookings.time_out(booking=second, now=second.answer_by)

    assert (state(first), left(award)) == (State.CANCELLED, (20_000, 0))
    with pytest.raises(bookings.BookingMoved):
        bookings.time_out(booking=second, now=second.answer_by)


def test_both_halves_that_time_out_end_once(award, swim, sitter, now):
    ask(award, swim, sitter, now=now)

    moment = Booking.objects.order_by("-answer_by").first().answer_by
    assert jobs.time_out_requests(moment)[1] == 0

    assert sorted(Booking.objects.values_list("state", flat=True)) == ["cancelled", "timed_out"]
    assert left(award) == (20_000, 0)
    assert to_carer(award) == ["pair_ended"]
    assert sound()


def test_another_time_for_one_half_settles_the_pair_when_it_is_taken(award, swim, sitter, now):
    first, second = ask(award, swim, sitter, now=now)
    confirm(first, now)
    [other_time] = bookings.suggest(booking=second, starts=[FRIDAY - dt.timedelta(hours=1)], by=ALYS, now=now)

    bookings.take(booking=second, suggestion=other_time, by=ALYS, now=now)

    assert BreakRequest.objects.get().settled_at == now
    assert sound()
