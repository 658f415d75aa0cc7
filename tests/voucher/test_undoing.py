"""What a provider said of a break is taken back again, given or not given, until it is claimed (R60)."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, SATURDAY, ask, confirm
from tests.voucher.test_absences import MONDAY, UNITS, differences, figures, fresh, otherwise, say
from tests.voucher.test_claims import claim
from tests.voucher.test_courses import FIRST, course, owner  # noqa: F401
from tests.voucher.test_courses import ask as ask_for_course
from voucher import bookings
from voucher.bookings import tasks
from voucher.claiming import claims, withdrawals
from voucher.granting import award_statement
from voucher.ledger import books
from voucher.models import Booking, HoldBefore, Task

pytestmark = pytest.mark.django_db
State, NotGiven = Booking.State, Booking.NotGiven
ABSENT, COULD_NOT = NotGiven.CARER_DID_NOT_COME, NotGiven.PROVIDER_COULD_NOT


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def confirmed(award, sitting, bryn, now):
    return confirm(award, sitting, bryn, now)


def undo(booking, by, now=SATURDAY):
    bookings.undo(booking=fresh(booking), by=Who(by), now=now)
    return fresh(booking)


def to_carer():
    return OutboxMessage.objects.filter(kind__in=["break_not_given", "not_given_taken_back"]).order_by("pk")


@UNITS
@pytest.mark.parametrize("why", [ABSENT, COULD_NOT])
def test_it_is_as_it_was_before_and_can_be_marked_and_claimed(
    caerphilly, sitting, bryn, bryn_cafe, now, unit, value, whole, half, why
):
    booking = confirm(factories.award(caerphilly, value=value, unit=unit), sitting, bryn, now)
    before = figures(booking)
    say(booking, bryn, why)

    booking = undo(booking, bryn)

    assert (booking.state, booking.not_given, booking.ended_by, booking.ended_at) == (State.CONFIRMED, "", "", None)
    assert (booking.due_pence, booking.due_amount, figures(booking)) == (None, None, before)
    assert books.due(payee=bryn_cafe.pk) == 0
    assert HistoryEntry.objects.filter(act="booking.not_given_undone", subject_id=booking.pk).count() == 1
    assert differences() == []
    bookings.deliver(booking=booking, minutes=150, by=Who(bryn), now=SATURDAY)
    claim([booking], bryn, SATURDAY)
    assert (books.due(payee=bryn_cafe.pk), figures(booking)) == (6250, (value - whole, 0))
    assert differences() == []


def test_said_taken_back_and_said_again_as_often_as_anybody_likes(confirmed, bryn, caerphilly):
    for why in (ABSENT, COULD_NOT, ABSENT):
        say(fresh(confirmed), bryn, why)
        undo(confirmed, bryn)
    say(fresh(confirmed), bryn, ABSENT)

    assert figures(confirmed) == (36_875, 0)
    assert HoldBefore.objects.filter(booking=confirmed).count() == 3
    assert tasks.waiting(caerphilly).get().kind == Task.Kind.NOBODY_CAME
    # Nothing had been sent of the first three, so only the last is.
    assert [each.kind for each in to_carer().filter(withdrawn_at=None)] == ["break_not_given"]
    words = [each.words for each in award_statement.statement(confirmed.award)][1:]
    assert all("Sitting at home" in each for each in words), words
    assert differences() == []


def test_whoever_was_told_is_told_of_the_change_and_nobody_need_ring(confirmed, bryn, caerphilly, award):
    say(confirmed, bryn, ABSENT)
    OutboxMessage.objects.update(sent_at=timezone.now(), attempts=1)

    undo(confirmed, bryn)

    told = OutboxMessage.objects.get(kind="not_given_taken_back", to=award.carer.email)
    assert "this was a slip, and has taken it back" in told.body
    assert "£62.50 is set aside for it again" in told.body
    assert b"METHOD:REQUEST" in bytes(told.attachment)
    team = OutboxMessage.objects.get(kind="not_given_taken_back_for_team", to=caerphilly.scheme.team_email)
    assert f"No need to ring any more: booking {confirmed.ref}" in team.subject
    assert not tasks.waiting(caerphilly).exists()


def test_the_carer_who_was_not_told_yet_hears_of_neither(confirmed, bryn):
    say(confirmed, bryn, ABSENT)

    undo(confirmed, bryn)

    assert [(each.kind, each.withdrawn_at) for each in to_carer()] == [("break_not_given", SATURDAY)]
    assert not OutboxMessage.objects.filter(kind="not_given_taken_back_for_team").exists()


def test_what_is_claimed_is_taken_out_of_its_claim_first(confirmed, bryn, bryn_cafe):
    say(confirmed, bryn, ABSENT)
    claim([fresh(confirmed)], bryn, SATURDAY)

    with pytest.raises(bookings.BookingMoved):
        undo(confirmed, bryn)
    withdrawals.withdraw(booking=fresh(confirmed), by=Who(bryn), now=MONDAY)
    undo(confirmed, bryn, MONDAY)

    assert (figures(confirmed), books.due(payee=bryn_cafe.pk)) == ((33_750, 6_250), 0)
    assert differences() == []


def test_what_the_carer_says_is_not_the_providers_to_undo(award, sitting, bryn, now):
    said_otherwise = confirm(award, sitting, bryn, now)
    say(said_otherwise, bryn, ABSENT)
    otherwise(said_otherwise)
    nobody_came = confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4))
    bookings.did_not_happen(booking=nobody_came, party="carer", by=ALYS, now=SATURDAY)

    for booking in (said_otherwise, nobody_came):
        with pytest.raises(bookings.BookingMoved):
            undo(booking, bryn, MONDAY)

    assert figures(award.bookings.first()) == (40_000, 0)


def test_it_can_be_undone_as_long_as_it_could_be_claimed_for(confirmed, bryn):
    say(confirmed, bryn, COULD_NOT)

    assert bookings.may_undo(fresh(confirmed), dt.datetime(2026, 12, 15, 23, tzinfo=dt.UTC))
    assert not bookings.may_undo(fresh(confirmed), dt.datetime(2026, 12, 16, 1, tzinfo=dt.UTC))


def test_what_was_used_for_something_else_is_not_taken_twice(caerphilly, sitting, bryn, now, client, clock):
    booking = confirm(factories.award(caerphilly, value=6_250), sitting, bryn, now)
    say(booking, bryn, COULD_NOT)
    ask(booking.award, sitting, now, starts_at=FRIDAY + dt.timedelta(days=7))
    clock.now = SATURDAY
    client.force_login(bryn)

    answer = client.post(reverse("provider:undo", args=[booking.ref]), follow=True)

    assert "has been used for something else" in answer.content.decode()
    assert (fresh(booking).state, fresh(booking).not_given) == (State.DID_NOT_HAPPEN, "provider")
    assert differences() == []


def test_a_place_that_is_needed_still_and_was_given_away_stays_given_away(caerphilly, course, owner, bryn, now):  # noqa: F811
    course.places = 1
    course.save()
    booking = ask_for_course(factories.award(caerphilly), course, now)
    bookings.confirm(booking=booking, by=Who(owner), now=now)
    began = FIRST + dt.timedelta(minutes=20)
    say(booking, owner, ABSENT, began)
    elsewhere = factories.offer(booking.provider, hours="Tue 10:00-12:00", minutes=60)
    course.provider.breaks_at_once = 1
    course.provider.save()
    ask(factories.award(caerphilly), elsewhere, began, starts_at=FIRST + dt.timedelta(days=14), minutes=60)

    with pytest.raises(bookings.Full):
        undo(booking, owner, began)

    # Once the last session is over its place is nobody's any more.
    assert undo(booking, owner, FIRST + dt.timedelta(days=15)).state == State.CONFIRMED


def test_the_page_offers_it_and_says_what_follows(confirmed, bryn, client, clock):
    say(confirmed, bryn, ABSENT)
    clock.now = SATURDAY
    client.force_login(bryn)
    page = reverse("provider:booking", args=[confirmed.ref])
    assert "Said by mistake? You can undo it until it is claimed." in client.get(page).content.decode()

    answer = client.post(reverse("provider:undo", args=[confirmed.ref]), follow=True)

    assert "Undone. The break is confirmed again, and all of it is set aside." in answer.content.decode()
    assert fresh(confirmed).state == State.CONFIRMED


def test_the_audit_finds_a_hold_that_was_taken_back_and_of_which_the_books_still_have_something(confirmed, bryn):
    say(confirmed, bryn, ABSENT)
    undo(confirmed, bryn)
    before = HoldBefore.objects.get(booking=confirmed).hold
    type(before).objects.filter(pk=before.pk).update(refunded=0)

    assert f"Hold {before.pk} was set aside anew, and is set aside or spent all the same." in claims.differences()
