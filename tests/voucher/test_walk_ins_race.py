"""Two reach for the last pounds, the last place or the same yes at one moment: one gets it, and the books balance."""

import datetime as dt
import uuid

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import ALYS, ask, confirm
from tests.voucher.ledger.desk import TURNS, at_once
from voucher import bookings
from voucher.door import day_entries, walk_ins
from voucher.ledger import audit
from voucher.models import Booking, WalkIn

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def owner(cafe):
    return Who(user=factories.provider_staff(cafe))


@pytest.fixture
def swim(cafe):
    return factories.offer(cafe, unit="session", minutes=60, price_pence=6_000, takes_walk_ins=True)


def take(award, offer, owner, now, verb=walk_ins.book, key=None):
    return verb(
        award=award,
        offer=offer,
        minutes=60,
        starts_at=now,
        seen_price_pence=6_000,
        by=owner,
        now=now,
        key=key or str(uuid.uuid4()),
    )


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def figures(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


@TURNS
def test_of_a_walk_in_and_a_request_for_the_last_60_pounds_one_is_made(cafe, swim, owner, now, turn):
    award = factories.award(cafe.council, value=6_000)
    other = factories.offer(cafe, unit="session", minutes=60, price_pence=6_000)

    results = at_once(lambda: take(award, swim, owner, now), lambda: ask(award, other, now, minutes=60))

    assert "NotEnough" in kinds(results) and len(set(kinds(results)) & {"WalkIn", "Booking"}) == 1
    assert Booking.objects.count() == 1
    assert figures(award) == (0, 6_000)
    assert audit.differences() == []


@TURNS
def test_of_four_at_the_door_one_gets_the_last_place(cafe, swim, owner, now, turn):
    awards = [factories.award(cafe.council, value=6_000) for _ in range(4)]

    results = at_once(*[lambda award=award: take(award, swim, owner, now) for award in awards])

    assert kinds(results) == ["Full", "Full", "Full", "WalkIn"]
    assert audit.differences() == []


@TURNS
def test_one_form_sent_four_times_takes_once(cafe, swim, owner, now, turn):
    award = factories.award(cafe.council, value=40_000)

    results = at_once(*[lambda: take(award, swim, owner, now, key="once")] * 4)

    assert results == [WalkIn.objects.get()] * 4
    assert figures(award) == (34_000, 6_000)


@TURNS
def test_two_windows_that_say_yes_at_once_say_it_once(cafe, swim, owner, now, turn):
    award = factories.award(cafe.council, value=40_000)
    row = take(award, swim, owner, now, walk_ins.ask)

    results = at_once(
        *[lambda: walk_ins.agree(walk_in=WalkIn.objects.get(pk=row.pk), by=ALYS, now=now)] * 2,
        lambda: walk_ins.refuse(walk_in=WalkIn.objects.get(pk=row.pk), by=ALYS, now=now),
        lambda: walk_ins.run_out(walk_in=WalkIn.objects.get(pk=row.pk), now=now + dt.timedelta(minutes=30)),
    )

    assert kinds(results).count("WalkInMoved") == 3
    row.refresh_from_db()
    taken = row.state == WalkIn.State.AGREED
    assert Booking.objects.count() == int(taken)
    assert figures(award) == ((34_000, 6_000) if taken else (40_000, 0))
    assert audit.differences() == []


@TURNS
def test_the_desk_asks_twice_at_once_and_the_carer_has_one_question(cafe, swim, owner, now, turn):
    award = factories.award(cafe.council, value=40_000)

    results = at_once(*[lambda: take(award, swim, owner, now, walk_ins.ask)] * 3)

    assert results == [WalkIn.objects.get()] * 3
    assert bookings.taken_by_offer([swim.pk], after=now, before=now + dt.timedelta(hours=1))[swim.pk] == []


@TURNS
def test_two_who_enter_the_same_paper_list_at_once_mark_each_booking_once(cafe, owner, now, turn):
    offer = factories.offer(cafe, places=3)
    booked = [confirm(factories.award(cafe.council), offer, owner.user, now) for _ in range(3)]
    after = booked[0].ends_at
    rows = [day_entries.Row(each.ref, whole=True) for each in booked]

    results = at_once(*[lambda rows=each: enter(cafe, rows, owner, after) for each in (rows, rows[::-1])])

    assert sorted(len(each.marked) + len(each.marked_before) for each in results) == [3, 3]
    assert sum(len(each.marked) for each in results) == 3
    assert Booking.objects.filter(state="delivered", due_pence=6_250).count() == 3
    assert audit.differences() == []


def enter(provider, rows, owner, now):
    return day_entries.enter(provider=provider, rows=rows, by=owner, now=now)
