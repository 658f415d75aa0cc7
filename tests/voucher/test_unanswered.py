"""Two requests in a row without an answer, and the provider is paused: told kindly, back with one press (R56)."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure import catalogue
from providers import pausing
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import FRIDAY, ask, confirm
from voucher import bookings, jobs
from voucher.models import Booking, Task
from voucher.standing import unanswered

pytestmark = pytest.mark.django_db
A_DAY = dt.timedelta(days=1)
LATER = FRIDAY + dt.timedelta(days=12)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, places=9)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=90_000)


@pytest.fixture(autouse=True)
def in_time(clock, settings):
    settings.SESSION_COOKIE_AGE = 10**8
    return clock


def leave_unanswered(award, offer, moment, number=0):
    """Ask at that moment, and let the clock pass the deadline; return the request and the moment after."""
    row = ask(award, offer, moment, starts_at=LATER + number * dt.timedelta(hours=3), minutes=60)
    after = row.answer_by + dt.timedelta(minutes=1)
    jobs.time_out_requests(after)
    return row, after


def state(provider):
    return Provider.objects.get(pk=provider.pk).state


def test_one_silence_is_no_reason_and_the_second_pauses(award, sitting, bryn_cafe, caerphilly, now):
    _first, after = leave_unanswered(award, sitting, now)
    assert state(bryn_cafe) == "live"

    _second, after = leave_unanswered(award, sitting, after, 1)

    paused = Provider.objects.get(pk=bryn_cafe.pk)
    assert (paused.state, paused.pause_reason, paused.paused_until) == ("paused", "unanswered", None)
    assert sitting not in catalogue.live_offers(on=after.date(), council=caerphilly)
    letter = OutboxMessage.objects.get(kind="provider_paused")
    assert letter.to == bryn_cafe.email
    assert "/provider/service/pause/" in letter.body
    task = Task.objects.get(kind="unanswered")
    assert (task.provider, task.booking, task.council) == (bryn_cafe, None, caerphilly)
    entry = HistoryEntry.objects.get(act="provider.paused")
    assert (entry.actor_label, entry.details) == ("clock", {"reason": "unanswered"})


@pytest.mark.parametrize("how", ["confirm", "decline", "suggest"])
def test_any_answer_in_between_begins_the_count_anew(award, sitting, bryn_cafe, bryn, now, how):
    _first, after = leave_unanswered(award, sitting, now)
    row = ask(award, sitting, after, starts_at=LATER + 2 * A_DAY, minutes=60)
    more = {
        "confirm": {},
        "decline": {"reason": "full"},
        "suggest": {"starts": [LATER + 3 * A_DAY]},
    }[how]
    getattr(bookings, how)(booking=row, by=Who(user=bryn), now=after + dt.timedelta(minutes=5), **more)

    _second, after = leave_unanswered(award, sitting, after + dt.timedelta(minutes=10), 1)
    assert state(bryn_cafe) == "live"
    leave_unanswered(award, sitting, after, 2)
    assert state(bryn_cafe) == "paused"


def test_what_nobody_asked_for_is_no_answer(client, award, sitting, bryn_cafe, bryn, carys, now):
    """R56. A walk-in between two requests, booked and confirmed in one moment, is no yes to either of them."""
    _first, after = leave_unanswered(award, sitting, now)
    confirm(award, sitting, bryn, after + dt.timedelta(minutes=5), starts_at=LATER + 2 * A_DAY, minutes=60)

    leave_unanswered(award, sitting, after + dt.timedelta(minutes=10), 1)

    assert state(bryn_cafe) == "paused"
    # Nor does a mentor read of it that the first request was answered.
    client.force_login(carys)
    assert "First answered" not in client.get(reverse("team:mentor", args=[bryn_cafe.ref])).content.decode()


def test_what_the_carer_took_back_or_did_not_choose_counts_neither_way(award, sitting, bryn_cafe, bryn, now):
    _first, after = leave_unanswered(award, sitting, now)
    taken_back = ask(award, sitting, after, starts_at=LATER + A_DAY, minutes=60)
    bookings.cancel(booking=taken_back, party=Booking.Party.CARER, by=factories.TESTS, now=after)
    assert unanswered.in_a_row(bryn_cafe) == 1

    not_chosen = ask(award, sitting, after, starts_at=LATER + 2 * A_DAY, minutes=60)
    a_minute_later = after + dt.timedelta(minutes=1)
    bookings.suggest(booking=not_chosen, starts=[LATER + 3 * A_DAY], by=Who(user=bryn), now=a_minute_later)
    not_chosen.refresh_from_db()
    jobs.time_out_requests(not_chosen.answer_by)

    assert unanswered.in_a_row(bryn_cafe) == 0


def test_the_number_is_the_councils_setting(award, sitting, bryn_cafe, caerphilly, now):
    caerphilly.scheme.unanswered_before_pause = 3
    caerphilly.scheme.save()
    after = now
    for number in range(2):
        _row, after = leave_unanswered(award, sitting, after, number)
    assert state(bryn_cafe) == "live"

    leave_unanswered(award, sitting, after, 2)
    assert state(bryn_cafe) == "paused"


def test_a_second_look_of_the_clock_writes_nothing_twice(award, sitting, bryn_cafe, now):
    after = paused(award, sitting, now)

    assert not unanswered.pause_if_silent(provider=bryn_cafe, now=after)

    assert OutboxMessage.objects.filter(kind="provider_paused").count() == 1
    assert Task.objects.filter(kind="unanswered").count() == 1
    assert HistoryEntry.objects.filter(act="provider.paused").count() == 1


def paused(award, offer, moment):
    for number in range(2):
        _row, moment = leave_unanswered(award, offer, moment, number)
    return moment


def test_what_was_asked_before_the_pause_can_still_be_accepted(client, award, sitting, bryn_cafe, bryn, now, clock):
    _first, after = leave_unanswered(award, sitting, now)
    second = ask(award, sitting, after, starts_at=LATER + 3 * A_DAY, minutes=60)
    soon = after + dt.timedelta(hours=8)
    waits = ask(award, sitting, soon + A_DAY, starts_at=LATER + 4 * A_DAY, minutes=60)
    clock.now = second.answer_by + dt.timedelta(minutes=1)
    jobs.time_out_requests(clock.now)
    assert state(bryn_cafe) == "paused"
    assert waits.answer_by > clock.now
    client.force_login(bryn)

    client.post(reverse("provider:confirm", args=[waits.ref]))

    waits.refresh_from_db()
    assert waits.state == "confirmed"


def test_one_press_and_the_provider_is_back_and_counted_anew(client, award, sitting, bryn_cafe, bryn, now, clock):
    clock.now = paused(award, sitting, now)
    client.force_login(bryn)
    assert "We are back" in client.get(reverse("provider:pause")).content.decode()

    page = client.post(reverse("provider:back"), follow=True)

    assert "Welcome back." in page.content.decode()
    back = Provider.objects.get(pk=bryn_cafe.pk)
    assert (back.state, back.pause_reason) == ("live", "")
    assert unanswered.in_a_row(back) == 0
    leave_unanswered(award, sitting, clock.now + dt.timedelta(minutes=1), 2)
    assert state(bryn_cafe) == "live"
    again = client.post(reverse("provider:back"), follow=True)
    assert again.status_code == 200
    assert HistoryEntry.objects.filter(act="provider.back").count() == 1


def test_the_team_finds_the_task_and_settles_it(client, award, sitting, bryn_cafe, carys, now, clock, dafydd):
    clock.now = paused(award, sitting, now)
    client.force_login(carys)
    page = client.get(reverse("team:tasks"))
    assert "The provider did not answer, and is paused" in page.content.decode()
    assert bryn_cafe.phone in page.content.decode()
    task = Task.objects.get(kind="unanswered")

    client.post(reverse("team:task_done", args=[task.pk]), {"note": "On holiday"})

    task.refresh_from_db()
    assert (task.done_by, task.note) == (carys, "On holiday")
    assert HistoryEntry.objects.get(act="provider.task_done").subject_id == bryn_cafe.pk
    assert "is paused" not in client.get(reverse("team:tasks")).content.decode()


def test_a_pause_with_a_last_day_ends_by_itself_on_the_day_after(bryn_cafe, bryn, now, today):
    until = today + 3 * A_DAY
    pausing.pause(provider=bryn_cafe, reason="own", until=until, by=Who(user=bryn), now=now)

    assert jobs.end_pauses(now + 3 * A_DAY) == (0, 0)
    assert state(bryn_cafe) == "paused"
    assert jobs.end_pauses(now + 4 * A_DAY) == (1, 0)

    assert state(bryn_cafe) == "live"
    assert jobs.end_pauses(now + 4 * A_DAY) == (0, 0)


def test_the_owner_takes_a_pause_and_is_told_what_stays(client, award, sitting, bryn_cafe, bryn, now):
    row = ask(award, sitting, now, starts_at=LATER, minutes=60)
    bookings.confirm(booking=row, by=Who(user=bryn), now=now)
    waits = ask(award, sitting, now, starts_at=LATER + A_DAY, minutes=60)
    client.force_login(bryn)
    page = client.get(reverse("provider:pause")).content.decode()
    assert "1 confirmed break stays booked" in page
    assert "1 request waits, and can still be answered." in page

    day = {"until_day": "1", "until_month": "11", "until_year": "2026"}
    page = client.post(reverse("provider:pause"), {f"{key}": value for key, value in day.items()}, follow=True)

    provider = Provider.objects.get(pk=bryn_cafe.pk)
    assert (provider.state, provider.pause_reason, provider.paused_until) == ("paused", "own", dt.date(2026, 11, 1))
    row.refresh_from_db()
    assert row.state == "confirmed"
    client.post(reverse("provider:confirm", args=[waits.ref]))
    waits.refresh_from_db()
    assert waits.state == "confirmed"


def test_a_pause_cannot_end_before_it_begins(client, bryn_cafe, bryn):
    client.force_login(bryn)

    page = client.post(reverse("provider:pause"), {"until_day": "1", "until_month": "1", "until_year": "2026"})

    assert page.context["form"].errors
    assert state(bryn_cafe) == "live"


@pytest.mark.parametrize(("reason", "comes_back"), [("unanswered", True), ("own", False), ("team", False)])
def test_who_may_end_a_pause(client, bryn_cafe, now, reason, comes_back):
    pausing.pause(provider=bryn_cafe, reason=reason, by=factories.TESTS, now=now)
    client.force_login(factories.provider_staff(bryn_cafe, "eira@provider.example", name="Eira", kind="bookings"))

    page = client.post(reverse("provider:back"), follow=True)

    assert (state(bryn_cafe) == "live") == comes_back
    assert page.status_code == 200
    assert client.post(reverse("provider:pause")).status_code == 404


def test_what_the_team_has_paused_the_owner_does_not_end(client, bryn_cafe, bryn, now):
    pausing.pause(provider=bryn_cafe, reason="team", by=factories.TESTS, now=now)
    client.force_login(bryn)

    client.post(reverse("provider:back"))

    assert state(bryn_cafe) == "paused"
    with pytest.raises(pausing.NotPaused):
        pausing.come_back(provider=bryn_cafe, by=Who(user=bryn), now=now)
