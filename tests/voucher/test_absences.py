"""The carer did not come, and we could not: two different things (R61); and the carer may say that it was otherwise."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, SATURDAY, confirm, london
from tests.voucher.test_claims import claim
from voucher import bookings
from voucher.bookings import tasks
from voucher.claiming import absences, claims, disputes
from voucher.ledger import audit, books
from voucher.models import Booking, ClaimLine, Task
from voucher.settling import settlement, settlement_audit

pytestmark = pytest.mark.django_db
State, NotGiven = Booking.State, Booking.NotGiven
MONDAY = london(2026, 10, 19, 9)
THURSDAY = london(2026, 10, 22, 9)
UNITS = pytest.mark.parametrize(
    ("unit", "value", "whole", "half"), [("pence", 40_000, 6250, 3125), ("minutes", 960, 150, 75)]
)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def confirmed(award, sitting, bryn, now):
    return confirm(award, sitting, bryn, now)


@pytest.fixture
def absent(confirmed, bryn):
    say(confirmed, bryn, NotGiven.CARER_DID_NOT_COME)
    return fresh(confirmed)


def say(booking, owner, why, now=FRIDAY + dt.timedelta(minutes=15)):
    bookings.did_not_happen(booking=booking, party="provider", why=why, by=Who(owner), now=now)


def fresh(booking):
    return Booking.objects.select_related("award__account", "hold", "provider", "council__scheme").get(pk=booking.pk)


def figures(booking):
    account = fresh(booking).award.account
    return account.available, account.held


def differences():
    return audit.differences() + claims.differences() + settlement_audit.differences()


def otherwise(booking, now=MONDAY):
    return absences.say_otherwise(booking=fresh(booking), by=ALYS, now=now)


@UNITS
def test_where_the_carer_did_not_come_half_is_due_and_the_rest_goes_back(
    caerphilly, sitting, bryn, bryn_cafe, now, unit, value, whole, half
):
    booking = confirm(factories.award(caerphilly, value=value, unit=unit), sitting, bryn, now)

    say(booking, bryn, NotGiven.CARER_DID_NOT_COME)

    booking = fresh(booking)
    assert (booking.state, booking.not_given, booking.ended_by) == (State.DID_NOT_HAPPEN, "carer", "provider")
    assert (booking.due_pence, booking.due_amount, figures(booking)) == (3125, half, (value - half, 0))
    assert books.due(payee=bryn_cafe.pk) == 3125
    assert differences() == []
    [line] = claim([booking], bryn, SATURDAY).lines.all()
    assert (line.amount_pence, fresh(booking).state) == (3125, State.CLAIMED)
    assert differences() == []


def test_where_the_provider_could_not_everything_goes_back(confirmed, bryn, bryn_cafe):
    say(confirmed, bryn, NotGiven.PROVIDER_COULD_NOT)

    booking = fresh(confirmed)
    assert (booking.not_given, booking.due_pence, figures(booking)) == ("provider", None, (40_000, 0))
    assert books.due(payee=bryn_cafe.pk) == 0
    assert Task.objects.get(booking=booking).kind == Task.Kind.NOBODY_CAME
    assert "We are sorry." in OutboxMessage.objects.get(kind="break_not_given").body
    assert not claims.ready(bryn_cafe).exists()
    assert differences() == []


def test_the_carer_is_told_without_blame_and_the_team_is_asked_to_ring(absent, award, caerphilly):
    told = OutboxMessage.objects.get(kind="break_not_given", to=award.carer.email)
    assert "tells us that you could not come. We hope that you are all right." in told.body
    assert "£31.25 of £62.50 is used" in told.body
    assert "no-show" not in told.body.lower()
    team = OutboxMessage.objects.get(kind="booking_did_not_happen", to=caerphilly.scheme.team_email)
    assert "the provider can claim £31.25" in team.body
    assert tasks.waiting(caerphilly).get().kind == Task.Kind.NOBODY_CAME


@pytest.mark.parametrize("why", list(NotGiven))
def test_it_can_be_said_from_fifteen_minutes_after_the_start(confirmed, bryn, why):
    with pytest.raises(bookings.NotYet):
        say(confirmed, bryn, why, FRIDAY + dt.timedelta(minutes=14))

    assert fresh(confirmed).state == State.CONFIRMED


def test_terms_kinder_than_the_councils_cost_less_and_no_terms_cost_nothing(award, sitting, bryn, bryn_cafe, now):
    kind = confirm(award, sitting, bryn, now)
    free = confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4))
    Booking.objects.filter(pk=kind.pk).update(late_cancel_percent=20)
    Booking.objects.filter(pk=free.pk).update(late_cancel_percent=0)

    for booking in (kind, free):
        say(booking, bryn, NotGiven.CARER_DID_NOT_COME, SATURDAY)

    assert (fresh(kind).due_pence, fresh(free).due_pence) == (1250, None)
    assert books.due(payee=bryn_cafe.pk) == 1250
    assert differences() == []


def test_the_second_press_is_told_what_was_said(absent, bryn):
    with pytest.raises(bookings.BookingMoved) as moved:
        say(absent, bryn, NotGiven.PROVIDER_COULD_NOT, SATURDAY)

    assert moved.value.state == State.DID_NOT_HAPPEN
    assert fresh(absent).not_given == "carer"


@pytest.mark.parametrize("is_claimed", [False, True])
def test_the_carer_who_was_there_gets_everything_back_and_the_provider_may_object(
    absent, bryn, bryn_cafe, caerphilly, is_claimed
):
    if is_claimed:
        claim([absent], bryn, SATURDAY)
    task = tasks.waiting(caerphilly).get()
    tasks.done(task=task, by=Who(bryn), now=SATURDAY)

    assert otherwise(absent)

    booking = fresh(absent)
    assert (booking.state, booking.ended_by, booking.due_pence) == (State.DID_NOT_HAPPEN, "carer", None)
    assert (figures(booking), books.due(payee=bryn_cafe.pk)) == ((40_000, 0), 0)
    assert tasks.waiting(caerphilly).get() == task
    assert bookings.may_object(booking, MONDAY)
    assert not ClaimLine.objects.exists()
    assert not claims.ready(bryn_cafe).exists()
    assert differences() == []
    with pytest.raises(bookings.BookingMoved):
        otherwise(booking)


def test_what_a_run_has_is_not_stopped_and_the_carers_team_finds_how_it_was(
    absent, bryn, bryn_cafe, caerphilly, ffion, gwen, carys
):
    line = claim([absent], bryn, SATURDAY).lines.get()
    run = settlement.prepare(
        council=caerphilly, lines=[line], pay_on=dt.date(2026, 10, 27), by=Who(ffion), now=THURSDAY, key="run"
    )
    settlement.release(run=run, by=Who(gwen), now=THURSDAY)

    assert not otherwise(absent, THURSDAY)
    assert figures(absent) == (36_875, 0)
    assert absences.waits_for_a_finding(fresh(absent))

    absences.find_for_the_carer(booking=fresh(absent), by=Who(carys), now=THURSDAY)

    assert (figures(absent), books.due(payee=bryn_cafe.pk)) == ((40_000, 0), -3125)
    assert [each.amount_pence for each in settlement.given_back(caerphilly, [bryn_cafe])] == [-3125]
    assert differences() == []
    with pytest.raises(bookings.BookingMoved):
        absences.find_for_the_carer(booking=fresh(absent), by=Who(carys), now=THURSDAY)


def test_it_can_be_said_to_the_last_day_and_not_after(absent):
    last = absences.last_day(absent)

    assert last == dt.date(2026, 12, 15)
    assert absences.may_say_otherwise(absent, london(2026, 12, 15, 23))
    assert not absences.may_say_otherwise(absent, london(2026, 12, 16, 0))
    with pytest.raises(bookings.BookingMoved):
        otherwise(absent, london(2026, 12, 16, 9))


def test_what_the_provider_could_not_give_cannot_be_contradicted_and_is_no_dispute(confirmed, bryn):
    say(confirmed, bryn, NotGiven.PROVIDER_COULD_NOT)

    assert not absences.may_say_otherwise(fresh(confirmed), MONDAY)
    assert not disputes.may_dispute(fresh(confirmed), MONDAY)


def test_the_pages_of_both_say_what_happened_in_a_sentence(absent, client, bryn, clock):
    clock.now = SATURDAY
    client.force_login(bryn)

    page = client.get(reverse("provider:booking", args=[absent.ref])).content.decode()

    assert "Alys did not come. You can claim £31.25 for it" in page
    assert "no-show" not in page.lower()


def test_said_a_day_later_nobody_rings_at_once_unless_the_carer_says_otherwise(confirmed, bryn, caerphilly):
    """R67. On a paper list entered days later there is no alarm: somebody sees, among all else, that all is well."""
    say(confirmed, bryn, NotGiven.CARER_DID_NOT_COME, FRIDAY + dt.timedelta(hours=24, minutes=1))

    task = tasks.waiting(caerphilly).get()
    assert task.kind == Task.Kind.TOLD_LATE
    assert not OutboxMessage.objects.filter(kind="booking_did_not_happen").exists()
    assert OutboxMessage.objects.filter(kind="break_not_given").exists()

    otherwise(confirmed)

    assert [(each.pk, each.kind) for each in tasks.waiting(caerphilly)] == [(task.pk, Task.Kind.NOBODY_CAME)]


def test_a_day_later_to_the_minute_it_is_still_rung_about(confirmed, bryn, caerphilly):
    say(confirmed, bryn, NotGiven.PROVIDER_COULD_NOT, FRIDAY + dt.timedelta(hours=24))

    assert tasks.waiting(caerphilly).get().kind == Task.Kind.NOBODY_CAME


def test_the_teams_list_says_what_to_check_and_not_to_ring_now(confirmed, bryn, carys, client, caerphilly, clock):
    clock.now = MONDAY
    say(confirmed, bryn, NotGiven.CARER_DID_NOT_COME, MONDAY)
    client.force_login(carys)

    page = client.get(reverse("team:tasks")).content.decode()

    assert "we hear of it later: see that all is well" in page
    assert "To check, when you next speak" in page
    assert "Ring now" not in page
    assert "Ring now" not in client.get(reverse("team:queue")).content.decode()
