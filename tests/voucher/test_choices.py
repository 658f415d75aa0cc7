"""First, second and third choice: where one cannot be had the next is asked, and the money moves along (R24)."""

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.history import Who
from accounts.models import OutboxMessage
from brochure.models import Offer, OfferPrice
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, london
from tests.voucher.ledger.test_faults import FailOn
from voucher import bookings, jobs
from voucher.claiming import claims
from voucher.ledger import audit, books
from voucher.ledger.models import AwardAccount, Hold, Transfer
from voucher.models import Booking, BreakRequest, Choice

pytestmark = pytest.mark.django_db
State = Booking.State


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=10_000)


@pytest.fixture
def first(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=2_500)


@pytest.fixture
def mair(caerphilly):
    return factories.provider(caerphilly, name="Mair")


@pytest.fixture
def second(mair):
    return factories.offer(mair, price_pence=2_300)


@pytest.fixture
def third(caerphilly):
    return factories.offer(factories.provider(caerphilly, name="Nant"), price_pence=2_000)


def wanted(offer, *, starts_at=FRIDAY, minutes=150):
    price = offer.prices.first().price_pence * minutes // offer.minutes
    return bookings.Wanted(offer, starts_at, minutes, price)


def ask(award, *choices, now, key=None):
    parts = [[choice if isinstance(choice, bookings.Wanted) else wanted(choice) for choice in choices]]
    return bookings.ask(award=award, parts=parts, by=ALYS, now=now, key=key or str(uuid.uuid4()))[0]


def decline(booking, now):
    return bookings.decline(booking=booking, reason="full", by=ALYS, now=now)


def left(award):
    account = AwardAccount.objects.get(pk=award.account_id)
    return account.available, account.held


def sound():
    return audit.differences() == [] and claims.differences() == []


def states(booking):
    return [choice.state for choice in Choice.objects.filter(asked_in=booking.asked_in_id)]


def to_carer(award):
    return [message.kind for message in OutboxMessage.objects.filter(to=award.carer.email).order_by("pk")]


def test_only_the_money_of_the_first_choice_is_set_aside(award, first, second, now):
    booking = ask(award, first, second, now=now)

    assert left(award) == (3_750, 6_250)
    assert Booking.objects.get() == booking
    assert states(booking) == ["asked", "waiting"]
    assert sound()


def test_a_no_moves_the_money_to_the_second_choice_in_one_message(award, first, second, now):
    booking = ask(award, first, second, now=now)

    following = decline(booking, now)

    assert (following.offer, following.state, following.price_pence) == (second, State.REQUESTED, 5_750)
    assert left(award) == (4_250, 5_750)
    assert to_carer(award) == ["next_choice_asked"]
    told = OutboxMessage.objects.get(kind="next_choice_asked")
    assert told.subject == "Bryn Café could not; we have asked Mair"
    assert "£57.50 is set aside instead of £62.50." in told.body
    assert OutboxMessage.objects.filter(kind="booking_asked", to=second.provider.email).exists()
    assert sound()


def test_the_next_has_its_deadline_from_the_moment_it_is_asked(award, first, second, now):
    booking = ask(award, wanted(first, starts_at=london(2026, 10, 26, 14)), wanted(second, starts_at=FRIDAY), now=now)

    jobs.time_out_requests(booking.answer_by)

    following = Booking.objects.get(offer=second)
    assert booking.answer_by == london(2026, 10, 14, 17)
    # Two working days later would be Friday at 5pm: two hours before the start come first.
    assert following.answer_by == london(2026, 10, 16, 12)
    assert OutboxMessage.objects.filter(kind="booking_missed", to=first.provider.email).exists()
    assert to_carer(award) == ["next_choice_asked"]
    assert sound()


def test_the_price_that_was_shown_counts_when_the_turn_comes(award, first, second, now):
    booking = ask(award, first, second, now=now)
    OfferPrice.objects.create(offer=second, price_pence=9_900, first_day=dt.date(2026, 10, 13))

    following = decline(booking, now + dt.timedelta(days=1))

    assert following.price_pence == 5_750


def take_the_place(second, award, now):
    other = factories.award(award.council, value=40_000)
    bookings.make(
        award=other,
        offer=second,
        starts_at=FRIDAY,
        minutes=150,
        seen_price_pence=5_750,
        by=ALYS,
        now=now,
        key=str(uuid.uuid4()),
    )


def use_the_money(second, award, now):
    factories_offer = factories.offer(second.provider, price_pence=3_750, unit="session", minutes=60)
    bookings.make(
        award=award,
        offer=factories_offer,
        starts_at=london(2026, 10, 20, 10),
        minutes=60,
        seen_price_pence=3_750,
        by=ALYS,
        now=now,
        key=str(uuid.uuid4()),
    )


GONE = {
    "Full": take_the_place,
    "NotLive": lambda second, award, now: Provider.objects.filter(pk=second.provider_id).update(state="paused"),
    "TooSoon": lambda second, award, now: Offer.objects.filter(pk=second.pk).update(notice_hours=24 * 30),
    "NotOpen": lambda second, award, now: Offer.objects.filter(pk=second.pk).update(hours="Mon 08:00-20:00"),
    "NotEnough": lambda second, award, now: (
        Choice.objects.filter(offer=second).update(amount=9_000),
        use_the_money(second, award, now),
    ),
    "AwardClosed": lambda second, award, now: AwardAccount.objects.filter(pk=award.account_id).update(state="frozen"),
    "OutsidePeriod": lambda second, award, now: AwardAccount.objects.filter(pk=award.account_id).update(
        last_day=dt.date(2026, 10, 15)
    ),
}


@pytest.mark.parametrize("why", [why for why in GONE if why not in {"AwardClosed", "OutsidePeriod"}])
def test_a_choice_that_can_no_longer_be_had_is_passed_over_and_the_next_is_asked(award, first, second, third, now, why):
    booking = ask(award, first, second, third, now=now)
    GONE[why](second, award, now)

    following = decline(booking, now)

    assert following.offer == third
    passed = Choice.objects.get(asked_in=booking.asked_in_id, offer=second)
    assert (passed.state, passed.passed_over_for, passed.booking) == ("passed_over", why, None)
    assert sound()


@pytest.mark.parametrize("why", ["AwardClosed", "OutsidePeriod"])
def test_where_the_award_no_longer_pays_nothing_more_is_asked(award, first, second, now, why):
    booking = ask(award, first, second, now=now)
    GONE[why](second, award, now)

    assert decline(booking, now) is None

    assert Choice.objects.get(offer=second).passed_over_for == why
    assert left(award) == (10_000, 0)
    assert to_carer(award) == ["choices_used_up"]


def test_when_none_is_left_the_carer_is_told_once_with_everything_given_back(award, first, second, now):
    booking = ask(award, first, second, now=now)

    following = decline(booking, now)
    assert decline(following, now) is None

    assert left(award) == (10_000, 0)
    assert to_carer(award) == ["next_choice_asked", "choices_used_up"]
    body = OutboxMessage.objects.get(kind="choices_used_up").body
    assert "Bryn Café" in body and "Mair" in body
    assert sound()


def test_a_yes_lets_the_other_choices_go(award, first, second, now):
    booking = ask(award, first, second, now=now)

    bookings.confirm(booking=booking, by=ALYS, now=now)

    assert states(booking) == ["asked", "not_needed"]
    assert BreakRequest.objects.get().settled_at == now
    assert left(award) == (3_750, 6_250)
    # What ends after that does not come back to life.
    bookings.cancel(booking=booking, party="provider", by=ALYS, now=now)
    assert Booking.objects.count() == 1
    assert left(award) == (10_000, 0)


def test_a_carer_who_cancels_withdraws_all_choices(award, first, second, now):
    booking = ask(award, first, second, now=now)

    bookings.cancel(booking=booking, party="carer", by=ALYS, now=now)

    assert states(booking) == ["asked", "not_needed"]
    assert Booking.objects.count() == 1
    assert left(award) == (10_000, 0)
    assert sound()


def test_a_choice_at_another_price_than_was_shown_is_refused_with_its_position(award, first, second, now):
    with pytest.raises(bookings.StalePrice) as caught:
        ask(award, first, bookings.Wanted(second, FRIDAY, 150, 5_000), now=now)

    assert (caught.value.part, caught.value.position, caught.value.price_pence) == (1, 2, 5_750)
    assert left(award) == (10_000, 0)
    assert not BreakRequest.objects.exists()


@pytest.mark.parametrize("number", [0, 4])
def test_there_are_one_to_three_choices(award, first, now, number):
    with pytest.raises(ValueError, match="one to three"):
        ask(award, *[first] * number, now=now)


def test_the_same_press_twice_is_one_request(award, first, second, now):
    key = str(uuid.uuid4())

    assert ask(award, first, second, now=now, key=key) == ask(award, first, second, now=now, key=key)

    assert BreakRequest.objects.count() == 1
    assert left(award) == (3_750, 6_250)


def test_the_second_choice_may_be_the_same_offer_at_another_time(award, first, now):
    booking = ask(award, first, wanted(first, starts_at=FRIDAY + dt.timedelta(minutes=30)), now=now)

    assert decline(booking, now).starts_at == FRIDAY + dt.timedelta(minutes=30)


def test_whatever_statement_of_a_fall_fails_nothing_of_it_remains(award, first, second, now):
    booking = ask(award, first, second, now=now)

    def everything():
        tables = (AwardAccount, Hold, Transfer, Booking, Choice, OutboxMessage)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before = everything()
    for n in range(1, 120):
        row = Booking.objects.get(pk=booking.pk)
        try:
            with transaction.atomic(), connection.execute_wrapper(FailOn(n)):
                decline(row, now)
            break
        except DatabaseError as failure:
            assert "went dead" in str(failure)
            assert everything() == before
    assert n > 30, "A fall has more statements than that."
    assert left(award) == (4_250, 5_750)
    assert sound()


def test_what_is_due_for_a_second_choice_is_its_own_price(award, first, second, bryn, now):
    following = decline(ask(award, first, second, now=now), now)
    bookings.confirm(booking=following, by=ALYS, now=now)
    bookings.deliver(booking=following, minutes=150, by=ALYS, now=following.ends_at)

    claims.make(
        provider=following.provider,
        council=following.council,
        bookings=[following],
        by=Who(user=bryn),
        now=following.ends_at,
        key="claim",
    )

    assert books.due(following.provider_id) == 5_750
    assert sound()
