"""Two presses at the same moment, on a database that lets them meet: one claim comes out, and the books balance."""

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import FRIDAY, SATURDAY, confirm, deliver
from tests.voucher.ledger.desk import TURNS, at_once
from tests.voucher.test_claims import claim
from voucher import bookings
from voucher.claiming import claims
from voucher.ledger import audit, books
from voucher.models import Booking, Claim, ClaimLine

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
NOW = FRIDAY.replace(day=12, hour=11)


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def owner(cafe):
    return factories.provider_staff(cafe, "bryn@provider.example")


@pytest.fixture
def award(cafe):
    return factories.award(cafe.council, value=40_000)


@TURNS
def test_a_break_claimed_twice_at_the_same_moment_is_paid_once(award, cafe, owner, turn):
    booking = deliver(confirm(award, factories.offer(cafe), owner, NOW), 150, owner)
    press = lambda: claim([Booking.objects.get(pk=booking.pk)], owner, SATURDAY)  # noqa: E731

    results = at_once(press, press, press, press)

    made = [result for result in results if isinstance(result, Claim)]
    told = [result for result in results if isinstance(result, claims.AlreadyClaimed)]
    assert (len(made), len(told)) == (1, 3), results
    assert {(refused.when, refused.amount, refused.number) for refused in told} == {(SATURDAY, 6250, 1)}
    assert ClaimLine.objects.count() == 1
    assert books.due(payee=cafe.pk) == 6250
    assert audit.differences() == []


def test_one_press_sent_twice_makes_one_claim_and_both_are_shown_it(award, cafe, owner):
    booking = deliver(confirm(award, factories.offer(cafe), owner, NOW), 150, owner)
    press = lambda: claim([Booking.objects.get(pk=booking.pk)], owner, SATURDAY, key="k")  # noqa: E731

    results = at_once(press, press)

    assert results == [Claim.objects.get()] * 2
    assert books.due(payee=cafe.pk) == 6250


def test_claims_of_two_breaks_at_the_same_moment_get_two_numbers(award, cafe, owner):
    offer = factories.offer(cafe, places=2)
    other = factories.award(cafe.council, value=40_000)
    rows = [deliver(confirm(each, offer, owner, NOW), 150, owner) for each in (award, other)]

    results = at_once(*[lambda row=row: claim([row], owner, SATURDAY) for row in rows])

    assert sorted(made.number for made in results) == [1, 2]
    assert audit.differences() == []


@TURNS
def test_a_claim_and_an_undo_at_the_same_moment_never_both_happen(award, cafe, owner, turn):
    booking = deliver(confirm(award, factories.offer(cafe), owner, NOW), 150, owner)
    row = Booking.objects.get(pk=booking.pk)

    claimed, undone = at_once(
        lambda: claim([Booking.objects.get(pk=booking.pk)], owner, SATURDAY),
        lambda: bookings.undo(booking=row, by=Who(user=owner), now=SATURDAY),
    )

    booking.refresh_from_db()
    if isinstance(claimed, Claim):
        assert isinstance(undone, bookings.BookingMoved)
        assert (booking.state, books.due(payee=cafe.pk)) == (Booking.State.CLAIMED, 6250)
    else:
        assert isinstance(claimed, claims.NotReady), claimed
        assert undone is None
        assert (booking.state, books.due(payee=cafe.pk)) == (Booking.State.CONFIRMED, 0)
    assert audit.differences() == []


def test_two_providers_with_the_same_carers_never_wait_for_each_other_for_ever(cafe, owner):
    other = factories.provider(cafe.council, name="Caffi Arall")
    other_owner = factories.provider_staff(other, "arall@provider.example")
    awards = [factories.award(cafe.council, value=40_000) for _ in range(4)]
    mine = [deliver(confirm(each, factories.offer(cafe), owner, NOW), 150, owner) for each in awards]
    theirs = [
        deliver(confirm(each, factories.offer(other), other_owner, NOW, starts_at=FRIDAY.replace(hour=18)), 150, owner)
        for each in reversed(awards)
    ]

    results = at_once(lambda: claim(mine, owner, SATURDAY), lambda: claim(theirs, other_owner, SATURDAY))

    assert [type(made) for made in results] == [Claim, Claim], results
    assert books.due(payee=cafe.pk) == books.due(payee=other.pk) == 4 * 6250
    assert audit.differences() == []
