"""A carer comes without having booked: every rule holds but notice and opening hours, and nothing is taken twice."""

import datetime as dt

import pytest

from accounts.history import Who
from accounts.models import OutboxMessage
from brochure.models import Offer, OfferPrice
from providers.models import Provider
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, london
from voucher import bookings, rules
from voucher.door import walk_ins
from voucher.ledger import audit
from voucher.models import Booking, WalkIn

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def swim(bryn_cafe):
    """£12.50 for an hour and a half, Mondays to Fridays from nine to five, two at a time, with a day's notice."""
    return factories.offer(
        bryn_cafe,
        unit="session",
        minutes=90,
        price_pence=1_250,
        places=2,
        takes_walk_ins=True,
        hours="Mon-Fri 09:00-17:00",
    )


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=6_250)


@pytest.fixture
def take(award, swim, bryn, now):
    """Take a walk-in, with whatever is different from the usual one."""

    def take(verb=walk_ins.book, *, key="1", **changes):
        usual = {"award": award, "offer": swim, "minutes": 90, "starts_at": now, "seen_price_pence": 1_250, "now": now}
        return verb(by=Who(user=bryn), key=key, **(usual | changes))

    return take


def left(award):
    award.account.refresh_from_db()
    return award.account.available


def test_it_begins_now_without_notice_and_between_the_half_hours(take, award, now):
    at = now + dt.timedelta(minutes=7)

    booking = take(starts_at=at, now=at).booking

    assert (booking.state, booking.is_walk_in, booking.starts_at) == ("confirmed", True, at)
    assert left(award) == 5_000
    assert audit.differences() == []


def test_opening_hours_do_not_keep_anybody_out_who_was_let_in(take, now):
    evening = london(2026, 10, 12, 19)

    assert take(starts_at=evening, now=evening).booking.starts_at == evening


def test_the_price_is_that_of_the_start(take, swim, award):
    OfferPrice.objects.create(offer=swim, price_pence=1_800, first_day=dt.date(2026, 1, 1), rate="weekend")
    saturday = london(2026, 10, 10, 11)

    with pytest.raises(bookings.StalePrice) as stale:
        take(starts_at=saturday, now=saturday)

    assert stale.value.price_pence == 1_800
    assert take(starts_at=saturday, now=saturday, seen_price_pence=1_800).booking.price_pence == 1_800


def test_an_hours_award_pays_with_hours(take, caerphilly):
    hours = factories.award(caerphilly, value=120, unit="minutes")

    take(award=hours)

    assert left(hours) == 30


def test_the_same_key_is_the_same_booking(take, award):
    assert take() == take()
    assert left(award) == 5_000


@pytest.mark.parametrize("verb", [walk_ins.book, walk_ins.ask])
def test_each_rule_that_forbids_it_leaves_nothing_behind(
    verb, take, award, swim, caerphilly, flintshire, bryn_cafe, now
):
    refused = [
        (walk_ins.NoWalkIns, {"offer": factories.offer(bryn_cafe)}),
        (walk_ins.NoWalkIns, {"offer": factories.offer(bryn_cafe, unit="night", minutes=1440, takes_walk_ins=True)}),
        (walk_ins.NotThen, {"starts_at": now + HOUR}),
        (walk_ins.NotThen, {"starts_at": now - dt.timedelta(days=61)}),
        (bookings.BadLength, {"minutes": 60}),
        (bookings.OtherRegion, {"award": factories.award(flintshire)}),
        (bookings.OutsidePeriod, {"award": factories.award(caerphilly, first_day=dt.date(2026, 10, 13))}),
        (bookings.NotEnough, {"award": factories.award(caerphilly, value=1_249)}),
        (bookings.StalePrice, {"seen_price_pence": 1_249}),
    ]
    for error, changes in refused:
        with pytest.raises(error):
            take(verb, **changes)

    assert (Booking.objects.count(), WalkIn.objects.count()) == (0, 0)


def test_an_uninsured_or_paused_provider_takes_nobody_in(take, bryn_cafe):
    bryn_cafe.insurance_until = dt.date(2026, 10, 11)
    bryn_cafe.save()
    with pytest.raises(bookings.NotLive):
        take()

    bryn_cafe.insurance_until = None
    bryn_cafe.save()
    factories.put(bryn_cafe, "suspended")
    with pytest.raises(bookings.NotLive):
        take()


def test_a_third_carer_finds_both_places_taken(take, caerphilly):
    for number in range(2):
        take(award=factories.award(caerphilly), key=f"{number}")

    with pytest.raises(bookings.Full):
        take(key="3")


def test_who_is_booked_for_that_time_is_not_taken_in_twice(take, award, now):
    first = take().booking
    later = now + dt.timedelta(minutes=30)

    with pytest.raises(bookings.AlreadyAsked) as again:
        take(starts_at=later, now=later, key="2")

    assert again.value.booking == first


@pytest.fixture
def noon(now):
    """Noon on the Friday before: visits that are entered afterwards, from a list on paper."""
    return now - dt.timedelta(days=3) + HOUR


@pytest.fixture
def had(take, caerphilly, bryn, noon):
    """Enter a visit of a carer for that noon, and mark it as given."""
    keys = iter(range(100, 200))

    def had(award=None, starts_at=noon):
        row = take(award=award or factories.award(caerphilly), starts_at=starts_at, key=f"{next(keys)}").booking
        bookings.deliver(booking=row, minutes=90, by=Who(user=bryn), now=noon + 3 * HOUR)

    return had


@pytest.fixture
def cancelled_late(award, swim, bryn, bryn_cafe, noon):
    """A visit for that noon that was booked, cancelled two hours before, and claimed: nobody came."""
    row = claimed.booking(award, swim, minutes=90, starts_at=noon, by=Who(user=bryn))
    bookings.cancel(booking=row, party=Booking.Party.CARER, by=ALYS, now=noon - 2 * HOUR)
    claimed.claim(bryn_cafe, [Booking.objects.get(pk=row.pk)], by=Who(user=bryn), now=noon + HOUR)
    row.refresh_from_db()
    assert (row.state, row.ended_at) == ("claimed", noon - 2 * HOUR)
    return row


def test_who_is_marked_as_given_had_a_place_when_another_visit_is_entered_afterwards(take, had, noon):
    had()
    had(starts_at=noon + HOUR)

    with pytest.raises(bookings.Full):
        take(starts_at=noon)
    # In the last half hour both were there; two hours before noon neither was.
    with pytest.raises(bookings.Full):
        take(starts_at=noon + HOUR)
    assert take(starts_at=noon - 2 * HOUR).booking.state == "confirmed"


def test_the_time_between_two_is_kept_after_what_was_given_too(take, had, swim, noon):
    Offer.objects.filter(pk=swim.pk).update(places=1, buffer_minutes=30)
    had()

    for starts_at in (noon + 1.5 * HOUR, noon - 1.5 * HOUR):
        with pytest.raises(bookings.Full):
            take(starts_at=starts_at)
    assert take(starts_at=noon + 2 * HOUR).booking.state == "confirmed"


def test_who_cancelled_late_had_no_place_and_nothing_was_given(take, had, cancelled_late, award, noon, caerphilly):
    had()

    assert take(award=factories.award(caerphilly), starts_at=noon, key="2").booking.state == "confirmed"
    # Of the two places one is given and one is taken now: the carer who had cancelled would be the third.
    with pytest.raises(bookings.Full):
        take(starts_at=noon)


def test_a_carer_who_cancelled_late_and_came_all_the_same_is_taken_in(take, cancelled_late, noon):
    assert take(starts_at=noon).booking.pk != cancelled_late.pk


def test_a_visit_that_was_given_is_not_entered_a_second_time(take, had, award, noon):
    had(award)

    with pytest.raises(bookings.AlreadyAsked) as again:
        take(starts_at=noon + HOUR / 2)

    assert again.value.booking == Booking.objects.get()


def test_what_was_given_counts_once_in_the_hours_of_the_week(take, had, swim, noon):
    """Three hours a week: one visit of an hour and a half was given, and another carer came with it."""
    Offer.objects.filter(pk=swim.pk).update(week_minutes=180)
    had()

    assert take(starts_at=noon).booking.state == "confirmed"
    with pytest.raises(bookings.Full):
        take(award=factories.award(swim.provider.council), starts_at=noon - 3 * HOUR, key="2")


def test_a_question_takes_nothing_until_the_carer_says_yes(take, award, now):
    row = take(walk_ins.ask)

    assert (row.state, row.answer_by, left(award)) == ("waiting", now + dt.timedelta(minutes=30), 6_250)
    booking = walk_ins.agree(walk_in=row, by=ALYS, now=now + dt.timedelta(minutes=29))
    assert (booking.state, left(award), row.state) == ("confirmed", 5_000, "agreed")
    with pytest.raises(walk_ins.WalkInMoved):
        walk_ins.agree(walk_in=row, by=ALYS, now=now)
    assert left(award) == 5_000


def test_a_yes_after_the_money_went_elsewhere_takes_nothing_and_may_be_said_again(take, award, bryn_cafe, now):
    row = take(walk_ins.ask)
    dear = factories.offer(bryn_cafe, price_pence=6_000, unit="session", minutes=60, takes_walk_ins=True)
    other = take(offer=dear, minutes=60, seen_price_pence=6_000, key="2").booking

    with pytest.raises(bookings.NotEnough):
        walk_ins.agree(walk_in=row, by=ALYS, now=now)

    row.refresh_from_db()
    assert (row.state, left(award), Booking.objects.get()) == ("waiting", 250, other)
    assert audit.differences() == []


def test_a_yes_to_a_visit_that_was_given_counts_though_the_provider_has_closed_since(take, award, swim, bryn_cafe, now):
    row = take(walk_ins.ask, starts_at=now - dt.timedelta(days=1))
    Provider.objects.filter(pk=bryn_cafe.pk).update(state="closed", closes_on=now.date() - dt.timedelta(days=1))
    Offer.objects.filter(pk=swim.pk).update(takes_walk_ins=False)
    with pytest.raises(bookings.NotLive):
        take(walk_ins.ask, key="2", starts_at=now - dt.timedelta(days=1, hours=3))

    booking = walk_ins.agree(walk_in=row, by=ALYS, now=now + HOUR)

    assert (booking.state, left(award)) == ("confirmed", 5_000)
    assert audit.differences() == []


def test_a_question_is_not_sent_by_letter_to_who_stands_at_the_door(take, award, now):
    award.carer.contact_by, award.carer.email, award.carer.phone = "post", "", ""
    award.carer.save()

    row = take(walk_ins.ask)
    assert not OutboxMessage.objects.filter(kind="walk_in_asked").exists()

    walk_ins.agree(walk_in=row, by=ALYS, now=now)
    assert OutboxMessage.objects.get(kind="walk_in_booked").channel == "post"


def test_r58_who_was_there_days_ago_has_a_week_to_answer(now):
    assert rules.walk_in_answered_by(now, now - HOUR) == now + dt.timedelta(minutes=30)
    assert rules.walk_in_answered_by(now, now - 2 * HOUR) == now + dt.timedelta(days=7)


def test_r59_a_paper_list_is_as_old_as_can_be_claimed():
    assert rules.earliest_walk_in(dt.date(2026, 10, 12), 60) == dt.date(2026, 8, 13)
