"""Whoever waits for a place on a booked-out day is asked in turn, and nobody walks past anybody (R55)."""

import datetime as dt
import uuid

import pytest
from django.core import mail as post
from django.urls import reverse

from accounts import mail
from accounts.history import Who
from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import ALYS, london
from voucher import bookings, jobs, rules
from voucher.bookings import tasks, waiting_list
from voucher.changes import circumstances
from voucher.granting import awards
from voucher.models import Booking, Task, WaitingPlace
from voucher.standing import suspending

State = WaitingPlace.State
SATURDAY = dt.date(2026, 10, 24)
TEN = london(2026, 10, 24, 10)


@pytest.fixture
def swim(bryn_cafe):
    """One session on Saturdays with one place, for £20."""
    return factories.offer(
        bryn_cafe,
        unit="session",
        minutes=120,
        price_pence=2_000,
        hours="Sat 10:00-12:00",
        has_waiting_list=True,
        title_en="A swim",
    )


@pytest.fixture
def booked(caerphilly, swim, now):
    """The one place is booked by somebody."""
    return ask(factories.award(caerphilly), swim, now)


def ask(award, offer, now, starts_at=TEN, minutes=120, seen=2_000):
    return bookings.make(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=seen,
        by=ALYS,
        now=now,
        key=str(uuid.uuid4()),
    )


def wait(council, offer, now, day=SATURDAY, minutes=120, award=None, **carer):
    award = award or factories.award(council, carer_row=factories.carer(council, **carer))
    return waiting_list.join(award=award, offer=offer, day=day, minutes=minutes, by=ALYS, now=now)


def cancel(booking, now):
    bookings.cancel(booking=booking, party="carer", by=ALYS, now=now)


def run_jobs(now):
    list(jobs.run(now))


def states(*places):
    for place in places:
        place.refresh_from_db()
    return [place.state for place in places]


def close(carer, kind, now):
    until = dt.date(2026, 10, 30) if kind == "cared_for_died" else None
    plan = circumstances.plan(carer=carer, kind=kind, honoured_until=until, now=now)
    circumstances.record(
        carer=carer,
        kind=kind,
        happened_on=dt.date(2026, 10, 10),
        honoured_until=until,
        seen=plan.seen,
        by=Who(user=factories.user(f"{kind}@council.example")),
        now=now,
    )


def take(place, now, key=None, seen=2_000):
    return waiting_list.take(place=place, seen_price_pence=seen, by=ALYS, now=now, key=key or str(uuid.uuid4()))


# --- Joining --------------------------------------------------------------------------------------------------------


def test_one_waits_for_a_day_that_is_booked_out_once(caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)

    assert wait(caerphilly, swim, now, award=place.award) == place
    assert [each.pk for each in waiting_list.in_line(place.award)] == [place.pk]


def test_one_does_not_wait_for_a_day_that_has_a_place(caerphilly, swim, booked, now):
    with pytest.raises(waiting_list.NotBookedOut):
        wait(caerphilly, swim, now, day=SATURDAY + dt.timedelta(days=7))


def test_one_does_not_wait_for_a_day_that_cannot_be_had(caerphilly, swim, booked, now):
    """A Friday is closed, a day after the award is not paid for, tomorrow is too soon."""
    for day in (SATURDAY - dt.timedelta(days=1), dt.date(2027, 3, 6), dt.date(2026, 10, 13)):
        with pytest.raises(waiting_list.NotBookedOut):
            wait(caerphilly, swim, now, day=day)


def test_where_no_list_is_kept_nobody_waits(caerphilly, swim, booked, now):
    swim.has_waiting_list = False
    swim.save()

    with pytest.raises(waiting_list.NoWaitingList):
        wait(caerphilly, swim, now)


def test_who_could_not_book_cannot_wait_either(caerphilly, flintshire, swim, booked, now):
    with pytest.raises(bookings.OtherRegion):
        wait(flintshire, swim, now)
    swim.areas = ["CF81"]
    swim.save()
    with pytest.raises(bookings.OutsideArea):
        wait(caerphilly, swim, now)
    with pytest.raises(bookings.BadLength):
        wait(caerphilly, swim, now, minutes=60, postcode="CF81 1AA")


def test_a_place_that_falls_free_while_the_line_is_gone_through_is_not_for_the_last(
    caerphilly, swim, booked, now, monkeypatch
):
    first, second, third = (wait(caerphilly, swim, now) for _ in range(3))
    keep = waiting_list._keep

    def and_then_it_falls_free(place, *rest):
        kept = keep(place, *rest)
        if place == second:
            cancel(booked, now)
        return kept

    monkeypatch.setattr(waiting_list, "_keep", and_then_it_falls_free)
    waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)
    meanwhile = states(first, second, third)
    monkeypatch.undo()
    waiting_list.move_up(offer=swim.pk, day=SATURDAY, now=now)

    assert meanwhile == [State.WAITING] * 3
    assert states(first, second, third) == [State.KEPT, State.WAITING, State.WAITING]


# --- A place falls free ---------------------------------------------------------------------------------------------


def test_a_place_that_falls_free_is_kept_two_hours_for_the_first_in_line(caerphilly, swim, booked, now):
    first, second = wait(caerphilly, swim, now), wait(caerphilly, swim, now + dt.timedelta(minutes=1))
    cancel(booked, now)

    run_jobs(now)

    assert states(first, second) == [State.KEPT, State.WAITING]
    assert (first.starts_at, first.kept_until) == (TEN, now + dt.timedelta(hours=2))
    assert OutboxMessage.objects.filter(dedupe_key=f"place_kept/{first.pk}").count() == 1
    assert not OutboxMessage.objects.filter(dedupe_key=f"place_kept/{second.pk}").exists()


@pytest.mark.parametrize("end", ["decline", "time_out", "cancel", "provider", "suggestions"])
def test_a_place_falls_free_however_a_booking_comes_to_nothing(caerphilly, swim, booked, now, end):
    place, owner = wait(caerphilly, swim, now), Who(label="somebody")
    later = now
    if end == "decline":
        bookings.decline(booking=booked, reason="full", by=owner, now=now)
    elif end == "time_out":
        later = booked.answer_by
        bookings.time_out(booking=booked, now=later)
    elif end == "suggestions":
        bookings.suggest(booking=booked, starts=[TEN + dt.timedelta(days=7)], by=owner, now=now)
    elif end == "provider":
        bookings.confirm(booking=booked, by=owner, now=now)
        bookings.cancel(booking=booked, party="provider", by=owner, now=now)
    else:
        cancel(booked, now)

    run_jobs(later)

    assert states(place) == [State.KEPT]


def test_a_suggested_time_that_is_passed_over_falls_free_too(caerphilly, swim, booked, now):
    """The place was held by a suggestion to somebody else."""
    other = ask(factories.award(caerphilly), swim, now, starts_at=TEN + dt.timedelta(days=7))
    cancel(booked, now)
    bookings.suggest(booking=other, starts=[TEN], by=ALYS, now=now)
    place = wait(caerphilly, swim, now)
    bookings.take_none(booking=other, by=ALYS, now=now)

    run_jobs(now)

    assert states(place) == [State.KEPT]


def test_who_is_kept_a_place_takes_it_in_one_press(caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)
    cancel(booked, now)
    run_jobs(now)
    key = str(uuid.uuid4())

    booking = take(place, now, key)

    assert (booking.state, booking.starts_at, booking.price_pence) == (Booking.State.REQUESTED, TEN, 2_000)
    assert take(place, now, key) == booking == take(place, now)
    place.refresh_from_db()
    assert (place.state, place.booking) == (State.TAKEN, booking)
    place.award.account.refresh_from_db()
    assert place.award.account.held == 2_000


def test_a_kept_place_is_taken_for_everybody_else(caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)
    cancel(booked, now)
    run_jobs(now)

    with pytest.raises(bookings.Full):
        ask(factories.award(caerphilly), swim, now)
    taken = bookings.taken_times(swim, now, TEN + dt.timedelta(days=1))
    assert (TEN, TEN + dt.timedelta(hours=2)) in taken
    # She herself may ask for it in the ordinary way.
    booking = ask(place.award, swim, now)
    assert states(place) == [State.TAKEN]
    assert Booking.objects.filter(starts_at=TEN, state__in=Booking.TAKES_A_PLACE).get() == booking


def test_nobody_walks_past_who_waits_in_the_minute_before_the_place_is_kept(caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)
    cancel(booked, now)

    with pytest.raises(bookings.Full):
        ask(factories.award(caerphilly), swim, now)
    run_jobs(now)

    assert states(place) == [State.KEPT]


def test_what_who_waits_cannot_use_is_free_to_others(caerphilly, bryn_cafe, now):
    """Somebody waits for four hours; one hour is free between two bookings, and may be had."""
    sitter = factories.offer(bryn_cafe, hours="Sat 08:00-13:00", has_waiting_list=True)
    ask(factories.award(caerphilly), sitter, now, minutes=120, seen=5_000, starts_at=london(2026, 10, 24, 9))
    place = wait(caerphilly, sitter, now, minutes=240)

    run_jobs(now)
    booking = ask(factories.award(caerphilly), sitter, now, minutes=60, seen=2_500, starts_at=london(2026, 10, 24, 8))

    assert booking.state == Booking.State.REQUESTED
    assert states(place) == [State.WAITING]


def test_a_place_not_taken_in_time_goes_to_the_next(caerphilly, swim, booked, now):
    first, second = wait(caerphilly, swim, now), wait(caerphilly, swim, now)
    cancel(booked, now)
    run_jobs(now)
    late = now + dt.timedelta(hours=2)

    with pytest.raises(waiting_list.PlaceGone):
        take(first, late)
    run_jobs(late)

    assert states(first, second) == [State.PASSED, State.KEPT]


def test_a_place_that_is_let_go_goes_to_the_next(caerphilly, swim, booked, now):
    first, second = wait(caerphilly, swim, now), wait(caerphilly, swim, now)
    cancel(booked, now)
    run_jobs(now)

    waiting_list.leave(place=first, by=ALYS, now=now)
    waiting_list.leave(place=first, by=ALYS, now=now)
    run_jobs(now)

    assert states(first, second) == [State.PASSED, State.KEPT]


def test_who_has_not_enough_left_does_not_hold_up_the_line(caerphilly, swim, booked, now):
    poor = wait(caerphilly, swim, now, award=factories.award(caerphilly, value=1_999))
    second = wait(caerphilly, swim, now)
    cancel(booked, now)

    run_jobs(now)

    assert states(poor, second) == [State.WAITING, State.KEPT]


def test_two_places_go_to_two(caerphilly, swim, booked, now):
    line = [wait(caerphilly, swim, now) for _ in range(3)]
    swim.places = 2
    swim.save()
    cancel(booked, now)

    run_jobs(now)

    assert states(*line) == [State.KEPT, State.KEPT, State.WAITING]


def test_at_the_end_of_its_time_the_wait_ends(caerphilly, swim, booked, now):
    """From 24 hours before on the provider takes no more requests, so nobody waits any longer."""
    place = wait(caerphilly, swim, now)

    run_jobs(london(2026, 10, 24, 9))

    assert states(place) == [State.ENDED]


# --- Nothing can come of it -----------------------------------------------------------------------------------------


def told_in_vain():
    return list(OutboxMessage.objects.filter(kind="waited_in_vain").order_by("pk"))


def test_who_waited_in_vain_is_told_once_by_day_and_what_is_like_it(caerphilly, bryn_cafe, swim, booked, now):
    """The last places were never given up; at midnight it is too late, and nobody is woken for it."""
    like = factories.offer(bryn_cafe, category=swim.category, title_en="Another swim", title_cy="Nofio arall")
    far = factories.offer(bryn_cafe, category=swim.category, title_en="A far swim", areas=["LL11"])
    welsh = wait(caerphilly, swim, now, language="cy", email="alys@example.org", contact_by="email")
    by_text = wait(caerphilly, swim, now, contact_by="sms", phone="07700 900123", language="en")
    by_letter = wait(caerphilly, swim, now, contact_by="post", language="en")
    midnight = london(2026, 10, 24, 0, 30)

    run_jobs(midnight)
    run_jobs(midnight)

    assert states(welsh, by_text, by_letter) == [State.ENDED] * 3
    assert {place.ended_because for place in (welsh, by_text, by_letter)} == {"late"}
    told = told_in_vain()
    assert [(row.channel, row.language) for row in told] == [("email", "cy"), ("sms", "en"), ("post", "en")]
    assert {row.due_at for row in told} == {london(2026, 10, 24, 9)}
    assert "Nofio arall" in told[0].body and "/cy/" in told[0].body
    assert "Another swim" in told[2].body and like.get_absolute_url() in told[2].body
    assert far.title_en not in told[2].body
    assert reverse("category", args=[swim.category.slug]) in told[2].body


@pytest.mark.parametrize("what", ["withdrawn", "no list", "closes"])
def test_who_waits_for_what_is_there_no_longer_is_told(caerphilly, bryn_cafe, swim, booked, now, what):
    place = wait(caerphilly, swim, now)
    if what == "closes":
        bryn_cafe.closes_on = SATURDAY - dt.timedelta(days=1)
        bryn_cafe.save()
    else:
        swim.state, swim.has_waiting_list = ("withdrawn", True) if what == "withdrawn" else ("live", False)
        swim.save()

    run_jobs(now)

    assert states(place) == [State.ENDED]
    assert place.ended_because == "gone"
    [told] = told_in_vain()
    assert "no longer offered" in told.body
    assert told.due_at <= dt.datetime.now(dt.UTC)


def test_one_message_tells_of_all_that_an_award_waited_for(caerphilly, swim, booked, now):
    """The carer no longer cares, the award is closed, and what she waits for ends with it."""
    ask(factories.award(caerphilly), swim, now, starts_at=TEN + dt.timedelta(days=7))
    place = wait(caerphilly, swim, now)
    later = wait(caerphilly, swim, now, day=SATURDAY + dt.timedelta(days=7), award=place.award)

    close(place.award.carer, "no_longer_cares", now)

    assert states(place, later) == [State.ENDED] * 2
    [told] = told_in_vain()
    assert "24 October" in told.body and "31 October" in told.body
    assert caerphilly.scheme.team_phone in told.body


def test_who_has_the_break_by_another_way_is_not_told_that_the_wait_is_over(caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)
    Booking.objects.filter(pk=booked.pk).update(award=place.award)

    run_jobs(now)

    assert states(place) == [State.ENDED]
    assert told_in_vain() == []


def test_the_page_says_why_the_wait_is_over_and_leads_on(opened, caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now, award=opened.award)
    WaitingPlace.objects.update(state="ended", ended_because="late")

    page = opened.get(reverse("my:waiting", args=[place.pk])).content.decode()

    assert "No place came free for you in time" in page
    assert reverse("category", args=[swim.category.slug]) in page


# --- Who is rung ----------------------------------------------------------------------------------------------------


@pytest.fixture
def rung(caerphilly, swim, booked, now):
    """A place is kept for a carer who is reached by letter and telephone only."""
    place = wait(caerphilly, swim, now, contact_by="post", phone="01443 900999")
    cancel(booked, now)
    run_jobs(now)
    place.refresh_from_db()
    return place


def to_ring(council):
    return [task.place for task in tasks.waiting(council)]


def test_the_carers_team_has_to_ring_until_the_place_is_let_go(client, caerphilly, carys, swim, rung, clock, now):
    second = wait(caerphilly, swim, now)
    run_jobs(now)
    client.force_login(carys)

    page = client.get(reverse("team:tasks")).content.decode()

    assert to_ring(caerphilly) == [rung]
    assert "It is kept until Tuesday 13 October at 5pm" in page
    assert "01443 900999" in page
    task = Task.objects.get()
    assert client.post(reverse("team:task_done", args=[task.pk])).status_code == 404
    for sentence in ("The next in line is asked", "The carer’s answer is there already"):
        answer = client.post(reverse("team:task_let_go", args=[task.pk]), follow=True).content.decode()
        assert sentence in answer
    run_jobs(now)
    assert states(rung, second) == [State.PASSED, State.KEPT]
    task.refresh_from_db()
    assert (task.done_by, task.done_at) == (carys, now)
    assert to_ring(caerphilly) == []


def test_a_worker_takes_the_place_for_the_carer_and_is_done_with_it(client, caerphilly, carys, rung, clock, now):
    client.force_login(carys)
    client.post(reverse("team:book_for", args=[rung.award.ref]))
    assert reverse("my:waiting", args=[rung.pk]) in client.get("/my/").content.decode()
    form = client.get(reverse("my:waiting", args=[rung.pk])).context["form"]

    client.post(reverse("my:take_place", args=[rung.pk]), form.initial)

    assert states(rung) == [State.TAKEN]
    assert to_ring(caerphilly) == []
    assert Task.objects.get().done_by == carys


@pytest.mark.parametrize("end", ["time", "carer", "closed", "stopped"])
def test_nobody_rings_about_what_is_over(caerphilly, bryn_cafe, carys, rung, now, end):
    if end == "time":
        run_jobs(rung.kept_until)
    elif end == "carer":
        take(rung, now)
    elif end == "closed":
        close(rung.award.carer, "no_longer_cares", now)
    else:
        suspending.suspend(provider=bryn_cafe, reason="Somebody was hurt.", by=Who(carys), now=now)
        assert states(rung) == [State.WAITING]

    assert to_ring(caerphilly) == []
    assert Task.objects.get().done_at is not None


def test_who_is_written_to_by_letter_is_rung(caerphilly, swim, booked, now):
    """The letter would come too late: the carers team is asked to ring, and the place kept to the next working day."""
    place = wait(caerphilly, swim, now, contact_by="post")
    cancel(booked, now)

    run_jobs(now)

    place.refresh_from_db()
    assert place.kept_until == london(2026, 10, 13, 17)
    mail.send_waiting(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
    told = next(each for each in post.outbox if each.to == [caerphilly.scheme.team_email])
    assert place.award.ref in told.body
    assert "Tuesday 13 October at 5pm" in told.body


@pytest.mark.parametrize("kind", ["carer_died", "no_longer_cares", "cared_for_died"])
def test_when_an_award_is_closed_or_stopped_nothing_is_waited_for(caerphilly, swim, booked, now, kind):
    place = wait(caerphilly, swim, now)

    close(place.award.carer, kind, now)
    cancel(booked, now)
    run_jobs(now)

    assert states(place) == [State.ENDED]
    assert not OutboxMessage.objects.filter(dedupe_key__startswith="place_kept").exists()
    # Whoever grieves is left in peace.
    assert len(told_in_vain()) == (kind == "no_longer_cares")


def test_while_we_keep_silent_no_place_is_kept(caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)
    place.award.carer.quiet_since = now
    place.award.carer.save()
    cancel(booked, now)

    run_jobs(now)

    assert states(place) == [State.ENDED]


def test_a_price_that_has_changed_is_shown_again(caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)
    cancel(booked, now)
    run_jobs(now)

    with pytest.raises(bookings.StalePrice):
        take(place, now, seen=1_999)

    assert states(place) == [State.KEPT]


# --- Until when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "until"),
    [
        (london(2026, 10, 12, 11), london(2026, 10, 12, 13)),
        (london(2026, 10, 12, 19), london(2026, 10, 13, 10)),
        (london(2026, 10, 12, 22), london(2026, 10, 13, 11)),
        (london(2026, 10, 13, 3), london(2026, 10, 13, 11)),
        # The night in which the clocks go back.
        (london(2026, 10, 24, 21), london(2026, 10, 25, 11)),
    ],
)
def test_a_place_is_kept_for_two_hours_by_day(told, until):
    """R55."""
    assert rules.place_kept_until(told, london(2026, 11, 30, 10), 48) == until


def test_a_place_is_kept_at_most_until_the_notice_begins_or_two_hours_before():
    start = london(2026, 10, 12, 14)

    assert rules.place_kept_until(london(2026, 10, 12, 11), start, 0) == london(2026, 10, 12, 12)
    assert rules.place_kept_until(london(2026, 10, 10, 13), start, 48) == london(2026, 10, 10, 14)


def test_who_is_rung_has_until_five_of_the_next_working_day():
    """The Friday before Easter Monday: Tuesday at five."""
    told = london(2027, 3, 25, 11)  # Maundy Thursday

    assert rules.place_kept_until(told, london(2027, 4, 30, 10), 0, is_rung=True) == london(2027, 3, 30, 17)


# --- Pages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(client, caerphilly, clock, now):
    award = factories.award(caerphilly)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=now)})
    client.award = award
    return client


def test_a_carer_waits_is_kept_a_place_and_takes_it_on_her_pages(opened, swim, booked, now):
    offer_page = opened.get(swim.get_absolute_url()).content.decode()
    assert reverse("my:wait", args=[swim.slug]) in offer_page

    page = opened.get(reverse("my:wait", args=[swim.slug])).content.decode()
    assert "Saturday 24 October" in page
    assert "Saturday 31 October" not in page
    answer = opened.post(reverse("my:wait", args=[swim.slug]), {"day": "2026-10-24", "minutes": 120}, follow=True)
    assert "You wait for a place" in answer.content.decode()
    assert "A swim, Saturday 24 October" in opened.get("/my/").content.decode()

    cancel(booked, now)
    run_jobs(now)

    assert "A place is kept for you" in opened.get("/my/").content.decode()
    place = WaitingPlace.objects.get()
    page = opened.get(reverse("my:waiting", args=[place.pk]))
    form = page.context["form"]
    assert "Take it: £20 will be set aside" in page.content.decode()
    sent = form.initial
    # Kept anew at another time since then, it is not this one that is taken.
    earlier = opened.post(reverse("my:take_place", args=[place.pk]), sent | {"seen_starts_at": "2026-10-24T08:00Z"})
    assert earlier.url == reverse("my:waiting", args=[place.pk])
    assert not Booking.objects.filter(award=opened.award).exists()
    answer = opened.post(reverse("my:take_place", args=[place.pk]), sent, follow=True)

    booking = Booking.objects.get(award=opened.award)
    assert answer.redirect_chain[-1][0] == reverse("my:asked", args=[booking.ref])
    assert opened.get(reverse("my:waiting", args=[place.pk])).status_code == 302


def test_a_carer_lets_a_place_go(opened, caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now, award=opened.award)

    opened.post(reverse("my:leave_line", args=[place.pk]))

    assert states(place) == [State.ENDED]
    assert "You wait for this no longer" in opened.get(reverse("my:waiting", args=[place.pk])).content.decode()


def test_another_awards_place_is_not_there(opened, caerphilly, swim, booked, now):
    place = wait(caerphilly, swim, now)

    for page, how in (("my:waiting", opened.get), ("my:take_place", opened.post), ("my:leave_line", opened.post)):
        assert how(reverse(page, args=[place.pk])).status_code == 404
    assert states(place) == [State.WAITING]


def test_nonsense_is_answered_beside_its_field(opened, swim, booked):
    page = reverse("my:wait", args=[swim.slug])

    for day in ("", "2026-10-31", "nonsense"):
        assert opened.post(page, {"day": day, "minutes": "120"}).status_code == 200
    assert opened.get(page, {"minutes": "x"}).status_code == 200
    assert WaitingPlace.objects.count() == 0


def test_an_offer_without_a_list_has_no_page_to_wait_on(opened, swim, booked):
    swim.has_waiting_list = False
    swim.save()

    assert opened.get(reverse("my:wait", args=[swim.slug])).status_code == 404
