"""A provider is stopped at once, and goes on when all is well (R65)."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers import pausing, staff
from providers.models import Provider
from tests import factories
from tests.voucher import breaks, claimed
from voucher import bookings, jobs
from voucher.bookings import tasks
from voucher.claiming import claims
from voucher.door import day_entries
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, Carer, Task
from voucher.standing import suspending

pytestmark = pytest.mark.django_db

START = breaks.london(2026, 10, 12, 10)
WHY = "A worry about safety was raised."


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=100_000)


def confirmed(award, offer, now, *, days=7):
    row = breaks.ask(award, offer, now, starts_at=START + dt.timedelta(days=days), minutes=60)
    bookings.confirm(booking=row, by=factories.TESTS, now=now)
    return Booking.objects.get(pk=row.pk)


@pytest.fixture
def twelve(award, sitting, now):
    """Twelve confirmed breaks to come."""
    return [confirmed(award, sitting, now, days=7 + number) for number in range(12)]


@pytest.fixture
def stop(bryn_cafe, carys, now):
    def stopped(**more):
        suspending.suspend(**{"provider": bryn_cafe, "reason": WHY, "by": Who(carys), "now": now} | more)

    return stopped


def test_twelve_breaks_are_arranged_anew_and_their_carers_told_neutrally(twelve, award, stop, bryn_cafe, now):
    left = awards.balance(award)

    stop()

    bryn_cafe.refresh_from_db()
    assert bryn_cafe.state == "suspended"
    assert Task.objects.filter(kind="rearrange", booking__in=twelve, done_at=None).count() == 12
    told = OutboxMessage.objects.filter(kind="break_to_rearrange")
    assert told.count() == 12
    assert not any(word in row.body.lower() for row in told for word in ("worry", "safety", "stopped", "suspended"))
    # What is set aside stays so, and the carer may cancel free.
    assert awards.balance(award) == left
    assert all(Booking.objects.filter(pk=row.pk, may_cancel_free=True, state="confirmed").exists() for row in twelve)
    assert audit.differences(now) == []


def test_nobody_is_reminded_of_a_break_that_is_arranged_anew(twelve, stop, bryn_cafe, carys):
    stop()
    two_days_before = twelve[0].starts_at - dt.timedelta(days=2)
    assert jobs.remind_of_breaks(two_days_before) == (0, 0)

    suspending.resume(provider=bryn_cafe, by=Who(carys), now=two_days_before)

    assert jobs.remind_of_breaks(two_days_before) == (1, 0)


def test_what_a_crash_left_undone_is_done_by_the_clock_and_once(twelve, stop, bryn_cafe, carys, monkeypatch, now):
    done = []

    def crash_at_the_fifth(**about):
        if len(done) == 4:
            raise RuntimeError
        done.append(about)
        return arrange_anew(**about)

    arrange_anew = suspending.arrange_anew
    monkeypatch.setattr(suspending, "arrange_anew", crash_at_the_fifth)
    with pytest.raises(RuntimeError):
        stop()
    monkeypatch.undo()
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.state == "suspended"
    assert Task.objects.filter(kind="rearrange").count() == 4

    later = now + dt.timedelta(minutes=1)
    assert jobs.follow_stopped(later) == (8, 0)
    assert OutboxMessage.objects.filter(kind="break_to_rearrange").count() == 12
    # What a worker has settled is not given back to them.
    tasks.done(task=Task.objects.filter(kind="rearrange").first(), by=Who(carys), now=later)
    assert jobs.follow_stopped(later + dt.timedelta(minutes=1)) == (0, 0)
    assert Task.objects.filter(kind="rearrange", done_at=None).count() == 11
    assert OutboxMessage.objects.filter(kind="break_to_rearrange").count() == 12


def test_what_is_confirmed_in_the_moment_of_stopping_is_arranged_anew_too(award, sitting, bryn_cafe, stop, now):
    row = confirmed(award, sitting, now)
    Booking.objects.filter(pk=row.pk).update(state="delivered")
    stop()
    # As if another press had confirmed it just after the provider's breaks were read.
    Booking.objects.filter(pk=row.pk).update(state="confirmed")

    assert jobs.follow_stopped(now + dt.timedelta(minutes=1)) == (1, 0)

    assert Task.objects.get(booking=row).kind == "rearrange"


@pytest.mark.parametrize("moment", ["state_now", "give_back"])
def test_a_yes_given_as_its_turn_comes_is_arranged_anew_too(award, sitting, stop, monkeypatch, moment, now):
    row = breaks.ask(award, sitting, now, starts_at=START + dt.timedelta(days=7), minutes=60)
    untouched = getattr(suspending.steps, moment)

    def yes_first(*about, **more):
        Booking.objects.filter(pk=row.pk).update(state="confirmed")
        return untouched(*about, **more)

    # Before or after the state is looked at again; the second finds it when it wants to end the request.
    monkeypatch.setattr(suspending.steps, moment, yes_first)
    stop()
    monkeypatch.undo()

    # The last one took its own yes back with it.
    Booking.objects.filter(pk=row.pk).update(state="confirmed")
    assert jobs.follow_stopped(now + dt.timedelta(minutes=1)) == ((0, 0) if moment == "state_now" else (1, 0))
    assert Task.objects.get(booking=row).kind == "rearrange"
    assert audit.differences(now) == []


def test_what_went_on_before_its_turn_came_is_left_alone(award, sitting, stop, bryn_cafe, carys, now):
    row = confirmed(award, sitting, now)
    as_listed = Booking.objects.get(pk=row.pk)
    stop()
    suspending.resume(provider=bryn_cafe, by=Who(carys), now=now)

    suspending.settle(booking=as_listed, by=Who(carys), now=now)

    assert not Task.objects.filter(done_at=None).exists()


def test_a_worker_who_arranges_one_in_the_same_moment_does_not_keep_the_provider_stopped(
    twelve, stop, bryn_cafe, carys, monkeypatch, now
):
    stop()
    done, first = tasks.done, Task.objects.order_by("pk").first()

    def the_worker_was_quicker(*, task, **about):
        if task == first:
            done(task=Task.objects.get(pk=task.pk), **about)
        done(task=task, **about)

    monkeypatch.setattr(tasks, "done", the_worker_was_quicker)
    suspending.resume(provider=bryn_cafe, by=Who(carys), now=now)

    bryn_cafe.refresh_from_db()
    assert bryn_cafe.state == "live"
    assert OutboxMessage.objects.filter(kind="break_goes_on").count() == 11


def test_what_was_on_the_list_before_the_stop_is_told_once_and_not_by_every_turn_of_the_clock(
    award, sitting, stop, bryn_cafe, carys, now
):
    row = confirmed(award, sitting, now)
    # As papers that ended leave it: a worker has it on the list, and the carer has heard nothing.
    tasks.give(booking=row, kind=Task.Kind.REARRANGE, now=now - dt.timedelta(days=1))
    stop()

    assert not suspending.left_undone(now).exists()
    suspending.settle(booking=row, by=Who(carys), now=now + dt.timedelta(minutes=1))
    assert OutboxMessage.objects.filter(kind="break_to_rearrange").count() == 1


def test_a_break_that_was_on_the_list_before_the_stop_is_not_forgotten_after_a_crash(award, sitting, bryn_cafe, now):
    row = confirmed(award, sitting, now)
    tasks.give(booking=row, kind=Task.Kind.REARRANGE, now=now - dt.timedelta(days=1))
    # The stop itself was written, and nothing that follows from it.
    stopped = {"state": "suspended", "stopped_at": now, "stopped_because": WHY}
    Provider.objects.filter(pk=bryn_cafe.pk).update(**stopped)

    assert [each.pk for each in suspending.left_undone(now)] == [row.pk]


def test_the_reason_stands_in_no_message_and_no_history(twelve, stop):
    stop()

    assert not OutboxMessage.objects.filter(body__contains=WHY).exists()
    assert WHY not in str(list(HistoryEntry.objects.values_list("details", flat=True)))


def test_an_open_request_goes_to_the_next_choice(award, sitting, caerphilly, stop, now):
    other = factories.offer(factories.provider(caerphilly, name="Siop Goffi"))
    wanted = [bookings.Wanted(offer, START + dt.timedelta(days=7), 120, 5000) for offer in (sitting, other)]
    (first,) = bookings.ask(award=award, parts=[wanted], by=factories.TESTS, now=now, key="two choices")

    stop()

    first.refresh_from_db()
    assert (first.state, first.ended_by) == ("cancelled", "team")
    assert Booking.objects.get(offer=other).state == "requested"
    assert audit.differences(now) == []


def test_a_second_press_finds_it_stopped_and_writes_to_nobody_again(twelve, stop):
    stop()
    with pytest.raises(suspending.NotWorking):
        stop()
    assert OutboxMessage.objects.filter(kind="break_to_rearrange").count() == 12


def test_a_reason_is_needed_and_nobody_stops_their_own_employer(stop, bryn_cafe, carys):
    with pytest.raises(suspending.NoReason):
        stop(reason=" ")
    bryn_cafe.staff.create(user=carys, kind="desk")
    with pytest.raises(staff.WorksThere):
        stop()
    with pytest.raises(IntegrityError), transaction.atomic():
        Provider.objects.filter(pk=bryn_cafe.pk).update(state="suspended")


def test_what_was_given_is_claimed_and_paid_as_ever(award, sitting, bryn, bryn_cafe, stop, caerphilly, now):
    given = claimed.delivered(award, sitting, by=Who(bryn))
    stop()

    (line,) = claimed.claim(bryn_cafe, [given], by=Who(bryn), now=now)

    assert line.amount_pence == 5000
    assert claims.differences() == audit.differences(now) == []


def test_a_break_of_a_time_at_which_it_was_stopped_is_not_marked_as_given_by_it(
    client, twelve, stop, bryn, bryn_cafe, clock
):
    """R65. Nobody had arranged it anew; that it was given all the same is for the carers team to say."""
    stop()
    row, bryn_cafe = twelve[0], Provider.objects.get(pk=bryn_cafe.pk)
    clock.now = row.ends_at
    client.force_login(bryn)

    assert row.ref not in client.get(reverse("provider:inbox")).content.decode()
    address = reverse("provider:deliver", args=[row.ref])
    page = client.post(address, {"delivered-minutes": str(row.minutes)}, follow=True).content.decode()
    assert "Your service was stopped or closed at that time" in page and 'id="given"' not in page
    with pytest.raises(day_entries.Faulty):
        listed = [day_entries.Row(row.ref, whole=True)]
        day_entries.enter(provider=bryn_cafe, rows=listed, by=Who(bryn), now=clock.now)
    row.refresh_from_db()
    assert row.state == "confirmed"
    # Nor when it has closed since, without ever having gone on.
    bryn_cafe.state = Provider.State.CLOSED
    assert bryn_cafe.is_stopped_at(row.starts_at)


def test_it_goes_on_and_what_nobody_had_arranged_takes_place_after_all(twelve, stop, bryn_cafe, carys, now):
    stop()
    bookings.cancel(booking=twelve[0], party="team", by=Who(carys), now=now)

    suspending.resume(provider=bryn_cafe, by=Who(carys), now=now)

    bryn_cafe.refresh_from_db()
    assert (bryn_cafe.state, bryn_cafe.stopped_because) == ("live", "")
    assert Task.objects.filter(kind="rearrange", done_at=None).count() == 1
    assert OutboxMessage.objects.filter(kind="break_goes_on").count() == 11
    with pytest.raises(suspending.NotStopped):
        suspending.resume(provider=bryn_cafe, by=Who(carys), now=now)


@pytest.mark.parametrize(
    ("until", "days_later", "expected"),
    [
        (dt.date(2026, 11, 1), 2, ("paused", "own", dt.date(2026, 11, 1))),
        (None, 2, ("paused", "own", None)),
        (dt.date(2026, 11, 1), 21, ("live", "", None)),
    ],
)
def test_a_pause_stands_when_a_stopped_provider_goes_on(stop, bryn_cafe, carys, now, until, days_later, expected):
    """R56. Stopped and let go on within its holiday until 1 November, it is found again from the 2nd on."""
    pausing.pause(provider=bryn_cafe, reason="own", until=until, by=factories.TESTS, now=now)
    stop()

    suspending.resume(provider=bryn_cafe, by=Who(carys), now=now + dt.timedelta(days=days_later))

    bryn_cafe.refresh_from_db()
    assert (bryn_cafe.state, bryn_cafe.pause_reason, bryn_cafe.paused_until) == expected
    body = OutboxMessage.objects.filter(kind="provider_goes_on").first().body
    assert ("Carers find your offers again" in body) == (expected[0] == "live")


def test_its_people_see_nobody_to_come_and_no_telephone_number(client, twelve, award, sitting, bryn, stop, clock, now):
    past = claimed.delivered(award, sitting, by=Who(bryn))
    stop()
    client.force_login(bryn)

    assert client.get(reverse("provider:booking", args=[twelve[0].ref])).status_code == 404
    assert client.get(reverse("provider:booking", args=[past.ref])).status_code == 200
    page = client.post(reverse("provider:contact", args=[past.ref]), follow=True).content.decode()
    assert past.award.carer.phone not in page
    for name in ("provider:inbox", "provider:diary"):
        page = client.get(reverse(name)).content.decode()
        assert twelve[0].ref not in page and "Please give none of the breaks to come" in page
    assert client.get(reverse("provider:money")).status_code == 200


def test_the_page_says_what_stopping_means_and_does_it(client, twelve, carys, bryn_cafe, clock):
    client.force_login(carys)
    page = client.get(reverse("team:stop", args=[bryn_cafe.ref])).content.decode()
    assert "ring 999 first" in page and "12 confirmed breaks" in page
    assert "Say in a few words why" in client.post(reverse("team:stop", args=[bryn_cafe.ref])).content.decode()

    page = client.post(reverse("team:stop", args=[bryn_cafe.ref]), {"reason": WHY}, follow=True).content.decode()

    assert WHY in page and "Let it go on" in page
    page = client.post(reverse("team:go_on", args=[bryn_cafe.ref]), follow=True).content.decode()
    assert "take place after all" in page


def test_another_councils_team_cannot_stop_it(client, bryn_cafe, flintshire, clock):
    client.force_login(factories.user("t@flintshire.example", role="team", council=flintshire))

    assert client.post(reverse("team:stop", args=[bryn_cafe.ref]), {"reason": WHY}).status_code == 404


def test_the_carers_page_says_neutrally_that_it_is_arranged_anew(client, twelve, award, stop, now, clock):
    stop()
    code = awards.new_code(award=award, by=factories.TESTS, now=now)
    client.post(reverse("open_award"), {"code": code})

    page = client.get(reverse("my:booking", args=[twelve[0].ref])).content.decode()

    assert "The carers team rings you to find something else" in page and WHY not in page
    # However late: so nothing is said of a share, and a provider that gives nothing is asked for no other time.
    assert "It costs nothing" in page and "% of it is used" not in page
    assert reverse("my:change_time", args=[twelve[0].ref]) not in page
    assert "We are arranging something else with you" in client.get(reverse("my:award")).content.decode()


def test_the_worker_reads_that_the_carer_knows_and_how_to_reach_them_without_a_telephone(
    client, twelve, award, carys, stop, clock
):
    Carer.objects.filter(pk=award.carer_id).update(phone="", email="", address="3 Heol y Cwm")
    stop()
    client.force_login(carys)
    task = Task.objects.get(kind="rearrange", booking=twelve[0])

    page = client.get(reverse("team:rearrange", args=[task.pk])).content.decode()
    assert "they know that this provider cannot give it" in page and "3 Heol y Cwm" in page

    page = client.get(reverse("team:booking", args=[twelve[0].ref])).content.decode()
    assert "Cancel this booking" in page and "an emergency" not in page
    client.post(reverse("team:cancel", args=[twelve[0].ref]))
    page = client.get(reverse("team:rearrange", args=[task.pk])).content.decode()
    assert "This booking has ended" in page and "Ring the carer first" not in page
