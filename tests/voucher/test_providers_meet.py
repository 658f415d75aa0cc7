"""Where two things of the provider's side meet: courses, the waiting list, walk-ins, and a provider that stops."""

import datetime as dt
import uuid

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure import care_checks, offering, price_changes
from brochure.models import OfferPrice
from providers.models import Document, Provider
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, london
from tests.voucher.ledger.desk import faults
from tests.voucher.top_ups import own
from voucher import bookings, jobs, top_ups
from voucher.bookings import waiting_list
from voucher.carers import carer_file
from voucher.changes import circumstances
from voucher.claiming import claims, disputes
from voucher.door import walk_ins
from voucher.granting import awards
from voucher.models import Booking, Handover, Task, WaitingPlace, WalkIn
from voucher.standing import closing, lapses, offer_desk, suspending

pytestmark = pytest.mark.django_db
State, Place = Booking.State, WaitingPlace.State
SATURDAY, NEXT_SATURDAY = london(2026, 10, 24, 10), london(2026, 10, 31, 10)
PLAITING = "2026-11-03 10:00, 2026-11-10 10:00, 2026-11-17 10:00; 2027-02-02 10:00, 2027-02-09 10:00, 2027-02-16 10:00"
FIRST, SECOND_COURSE = london(2026, 11, 3, 10), london(2027, 2, 2, 10)
SECOND_SESSION, THIRD_SESSION = london(2026, 11, 10, 10), london(2026, 11, 17, 10)
SESSION = 120


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=20_000)


@pytest.fixture
def owner(bryn):
    return Who(user=bryn)


@pytest.fixture
def course(bryn_cafe):
    """Three sessions of two hours for £60, with three places."""
    fields = {"unit": "course", "minutes": 360, "sessions": 3, "courses": PLAITING, "places": 3}
    return factories.offer(bryn_cafe, price_pence=6_000, hours="Tue 10:00-12:00", title_en="Plaiting", **fields)


@pytest.fixture
def swim(bryn_cafe):
    """One place on Saturday mornings for £20, with a waiting list; whoever comes by may come in."""
    fields = {"unit": "session", "minutes": 120, "has_waiting_list": True, "takes_walk_ins": True}
    return factories.offer(bryn_cafe, price_pence=2_000, hours="Sat 10:00-12:00", title_en="A swim", **fields)


@pytest.fixture
def booked(caerphilly, swim, now):
    """Somebody has the one place on Saturday."""
    return made(factories.award(caerphilly), swim, SATURDAY, 120, now)


@pytest.fixture
def waits(award, swim, booked, now):
    return waiting_list.join(award=award, offer=swim, day=SATURDAY.date(), minutes=120, by=ALYS, now=now)


def made(award, offer, starts_at, minutes, now):
    seen = offer.prices.first().price_pence * minutes // offer.minutes
    asked = {"award": award, "offer": offer, "starts_at": starts_at, "minutes": minutes, "seen_price_pence": seen}
    return bookings.make(**asked, by=ALYS, now=now, key=str(uuid.uuid4()))


def confirmed(award, offer, starts_at, minutes, by, now):
    row = made(award, offer, starts_at, minutes, now)
    bookings.confirm(booking=row, by=by, now=now)
    return fresh(row)


def falls_free(booked, now):
    bookings.cancel(booking=fresh(booked), party="carer", by=ALYS, now=now)


def run(kind, now):
    return jobs.JOBS[kind](now)


def keep(place, now):
    run("places kept for who waits", now)
    place.refresh_from_db()
    return place.state


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def sound():
    return faults() + claims.differences() == []


# --- The waiting list -----------------------------------------------------------------------------------------------


def test_who_is_moved_to_the_day_no_longer_waits_for_a_second_place(award, swim, waits, booked, owner, now):
    mine = confirmed(award, swim, NEXT_SATURDAY, 120, owner, now)
    # The provider offers the day on the telephone and finds room for her beside the list.
    swim.places = 2
    swim.save()
    bookings.propose_move(booking=mine, starts_at=SATURDAY, by=ALYS, now=now)
    bookings.accept_move(booking=fresh(mine), by=owner, now=now)
    falls_free(booked, now)

    assert keep(waits, now) == Place.ENDED
    assert not OutboxMessage.objects.filter(dedupe_key__startswith="place_kept").exists()


def test_nobody_is_kept_a_place_at_a_provider_that_pauses_until_it_is_back(waits, booked, bryn_cafe, now):
    Provider.objects.filter(pk=bryn_cafe.pk).update(state="paused", pause_reason="own")
    falls_free(booked, now)
    assert keep(waits, now) == Place.WAITING

    Provider.objects.filter(pk=bryn_cafe.pk).update(state="live", pause_reason="")
    assert keep(waits, now) == Place.KEPT


def test_a_kept_place_goes_back_into_the_line_when_its_provider_is_stopped(waits, booked, award, bryn_cafe, carys, now):
    falls_free(booked, now)
    assert keep(waits, now) == Place.KEPT

    suspending.suspend(provider=bryn_cafe, reason="A report is looked into", by=Who(user=carys), now=now)

    assert keep(waits, now) == Place.WAITING
    with pytest.raises(waiting_list.PlaceGone):
        waiting_list.take(place=waits, seen_price_pence=2_000, by=ALYS, now=now, key="take")
    assert left(award) == (20_000, 0)

    suspending.resume(provider=fresh(bryn_cafe), by=Who(user=carys), now=now)
    assert keep(waits, now) == Place.KEPT
    assert sound()


def test_nobody_waits_for_a_day_after_its_provider_has_closed(waits, booked, bryn_cafe, owner, now):
    closing.announce(provider=bryn_cafe, last_day=now.date(), by=owner, now=now, by_team=True)

    assert keep(waits, now) == Place.ENDED
    assert fresh(booked).state == State.CANCELLED
    assert sound()


def test_a_place_kept_at_an_old_price_is_not_taken_at_a_new_one(waits, booked, award, swim, now):
    falls_free(booked, now)
    assert keep(waits, now) == Place.KEPT
    OfferPrice.objects.create(offer=swim, rate="weekend", price_pence=2_800, first_day=dt.date(2026, 1, 1))

    with pytest.raises(bookings.StalePrice) as stale:
        waiting_list.take(place=waits, seen_price_pence=2_000, by=ALYS, now=now, key="take")

    assert stale.value.price_pence == 2_800
    assert (keep(waits, now), left(award)) == (Place.KEPT, (20_000, 0))


def test_a_helper_waits_for_the_carer_and_the_history_has_both_names(award, swim, booked, now):
    helper = Who(user=factories.user("nia@helper.example", name="Nia"), on_behalf_of=f"award {award.ref}")

    waiting_list.join(award=award, offer=swim, day=SATURDAY.date(), minutes=120, by=helper, now=now)

    entry = HistoryEntry.objects.get(act="award.waits")
    assert (entry.actor, entry.on_behalf_of) == (helper.user, f"award {award.ref}")


# --- Courses --------------------------------------------------------------------------------------------------------


def test_a_course_that_spans_the_last_day_of_its_provider_is_arranged_anew(award, course, bryn_cafe, owner, now):
    mine = confirmed(award, course, FIRST, 360, owner, now)

    closing.announce(provider=bryn_cafe, last_day=dt.date(2026, 11, 12), by=owner, now=now, by_team=True)

    assert Task.objects.get(kind=Task.Kind.REARRANGE).booking == mine
    assert fresh(mine).may_cancel_free
    course.refresh_from_db()
    with pytest.raises(bookings.NotLive):
        made(factories.award(bryn_cafe.council), course, FIRST, 360, now)


def test_closing_is_called_off_and_what_waited_takes_place_after_all(award, course, bryn_cafe, owner, now):
    mine = confirmed(award, course, FIRST, 360, owner, now)
    closing.announce(provider=bryn_cafe, last_day=dt.date(2026, 11, 12), by=owner, now=now, by_team=True)

    closing.call_off(provider=bryn_cafe, by=owner, now=now, by_team=True)

    assert Task.objects.get().done_at is not None
    assert OutboxMessage.objects.filter(kind="break_goes_on").count() == 1
    assert (fresh(mine).state, left(award)) == (State.CONFIRMED, (14_000, 6_000))
    assert sound()


def test_who_was_asked_about_a_successor_is_told_that_it_goes_on(award, bryn_cafe, caerphilly, owner, now):
    heir = factories.provider(caerphilly, name="Siop Goffi")
    factories.offer(heir)
    mine = confirmed(award, factories.offer(bryn_cafe), london(2026, 11, 12, 10), 120, owner, now)
    last_day = dt.date(2026, 11, 9)
    closing.announce(provider=bryn_cafe, last_day=last_day, successor=heir, by=owner, now=now, by_team=True)
    assert Handover.objects.get(booking=mine).state == Handover.State.OPEN

    closing.call_off(provider=bryn_cafe, by=owner, now=now, by_team=True)

    assert OutboxMessage.objects.filter(kind="break_goes_on").count() == 1
    assert Handover.objects.get().state == Handover.State.ENDED


def test_a_provider_stopped_while_it_closes_stays_on_the_list_when_closing_is_called_off(
    award, course, bryn_cafe, owner, carys, now
):
    confirmed(award, course, FIRST, 360, owner, now)
    closing.announce(provider=bryn_cafe, last_day=dt.date(2026, 11, 12), by=owner, now=now, by_team=True)
    suspending.suspend(provider=fresh(bryn_cafe), reason="A report", by=Who(user=carys), now=now)

    closing.call_off(provider=fresh(bryn_cafe), by=Who(user=carys), now=now, by_team=True)

    assert Task.objects.get(kind=Task.Kind.REARRANGE).done_at is None
    assert not OutboxMessage.objects.filter(kind="break_goes_on").exists()


def test_a_confirmed_course_moves_whole_and_keeps_its_price(award, course, owner, now):
    mine = confirmed(award, course, FIRST, 360, owner, now)

    bookings.propose_move(booking=mine, starts_at=SECOND_COURSE, by=ALYS, now=now)
    bookings.accept_move(booking=fresh(mine), by=owner, now=now)

    moved = fresh(mine)
    assert [start for start, _end in bookings.spans_of(moved)] == [
        SECOND_COURSE + dt.timedelta(days=7 * number) for number in range(3)
    ]
    assert (moved.price_pence, left(award)) == (6_000, (14_000, 6_000))
    assert sound()


def test_a_course_is_disputed_and_settled_by_the_session(award, course, bryn_cafe, owner, carys, now):
    mine = confirmed(award, course, FIRST, 360, owner, now)
    after = mine.ends_at
    bookings.deliver(booking=mine, minutes=360, by=owner, now=after)
    assert disputes.what_can_be_said(fresh(mine)) == [2 * SESSION, SESSION, 0]

    dispute = disputes.make(booking=fresh(mine), said_minutes=SESSION, by=ALYS, now=after)
    claimed.claim(bryn_cafe, [fresh(mine)], by=owner, now=after)
    assert disputes.what_can_be_found(dispute) == [360, 240, 120]
    disputes.resolve(dispute=dispute, found_minutes=240, finding="Two of three.", by=Who(user=carys), now=after)

    assert (fresh(mine).due_pence, left(award)[0]) == (4_000, 16_000)
    assert sound()


def test_a_course_is_paid_for_partly_with_own_money_and_all_of_hers_comes_back_in_an_emergency(
    caerphilly, card_company, now
):
    shop = own.shop(caerphilly, name="Shop")
    fields = {"unit": "course", "minutes": 360, "sessions": 3, "courses": PLAITING}
    course = factories.offer(shop, price_pence=12_000, hours="Tue 10:00-12:00", **fields)
    award = factories.award(caerphilly, value=8_000)
    row = own.confirmed(own.ask(award, course, now, minutes=360, starts_at=FIRST), card_company, now)

    late = FIRST - dt.timedelta(hours=1)
    bookings.cancel(booking=own.fresh(row), party="carer", by=ALYS, now=late, emergency=True)
    top_ups.give_back_what_is_due(late)

    assert [each["amount"] for each in card_company.refunds.values()] == [4_000]
    assert own.left(row) == (8_000, 0)
    assert sound()


def test_after_a_course_comes_the_second_choice_and_its_money_with_it(award, course, swim, owner, now):
    first = bookings.Wanted(course, FIRST, 360, 6_000)
    [asked] = bookings.ask(
        award=award, parts=[[first, bookings.Wanted(swim, SATURDAY, 120, 2_000)]], by=ALYS, now=now, key="two"
    )

    second = bookings.decline(booking=asked, reason="full", by=owner, now=now)

    assert (second.offer, second.starts_at, left(award)) == (swim, SATURDAY, (18_000, 2_000))
    assert sound()


def test_a_course_and_a_sitter_for_its_first_session_are_both_or_neither(award, course, caerphilly, owner, now):
    sitting = factories.offer(factories.provider(caerphilly, name="Mair"))
    mair = Who(user=factories.provider_staff(sitting.provider, "mair@provider.example"))
    parts = [[bookings.Wanted(course, FIRST, 360, 6_000)], [bookings.Wanted(sitting, FIRST, 120, 5_000)]]
    lesson, sitter = bookings.ask(award=award, parts=parts, by=ALYS, now=now, key="pair")
    bookings.confirm(booking=lesson, by=owner, now=now)

    bookings.decline(booking=sitter, reason="full", by=mair, now=now)

    assert fresh(lesson).state == State.CANCELLED
    assert left(award) == (20_000, 0)
    assert sound()


def test_every_session_of_a_course_is_in_the_diary_on_its_list_and_at_the_door(
    client, award, course, bryn, owner, clock
):
    confirmed(award, course, FIRST, 360, owner, clock.now)
    code = awards.new_code(award=award, by=owner, now=clock.now)
    clock.now = SECOND_SESSION - dt.timedelta(hours=1)
    client.force_login(bryn)

    inbox = client.get(reverse("provider:inbox"))
    assert [(row.starts_at, row.session) for row in inbox.context["today"]] == [(SECOND_SESSION, 2)]
    assert [(row.starts_at, row.session) for row in inbox.context["following"]] == [(THIRD_SESSION, 3)]
    diary = client.get(reverse("provider:diary"))
    assert [row.starts_at for row in diary.context["rows"]] == [SECOND_SESSION, THIRD_SESSION]
    page = words(client.get(reverse("provider:day_list", args=[SECOND_SESSION.date()])))
    assert "session 2 of 3" in page and "2 hours" in page
    check = {"offer": course.pk, "units": 1, "code": code}
    assert "Yes, this is booked" in words(client.post(reverse("provider:check_code"), check, follow=True))

    clock.now = SECOND_SESSION + dt.timedelta(days=2)
    client.force_login(bryn)
    inbox = client.get(reverse("provider:inbox"))
    assert inbox.context["today"] == []
    assert "Yes, this is booked" not in words(client.post(reverse("provider:check_code"), check, follow=True))


# --- Walk-ins -------------------------------------------------------------------------------------------------------


def asked_at_the_door(award, swim, bryn, at, **changes):
    usual = {"award": award, "offer": swim, "minutes": 120, "starts_at": at, "seen_price_pence": 2_000, "now": at}
    return walk_ins.ask(by=Who(user=bryn), key=str(uuid.uuid4()), **(usual | changes))


def test_after_the_carers_death_no_yes_is_taken_from_the_door(award, swim, bryn, carys, now):
    row = asked_at_the_door(award, swim, bryn, now)
    given = {"carer": award.carer, "kind": "carer_died", "now": now}
    seen = circumstances.plan(**given).seen
    circumstances.record(**given, happened_on=now.date(), seen=seen, by=Who(user=carys))

    with pytest.raises(bookings.AwardClosed):
        walk_ins.agree(walk_in=row, by=ALYS, now=now)

    assert not Booking.objects.exists()
    assert fresh(row).state == WalkIn.State.WAITING
    assert sound()


def test_a_question_from_the_door_ends_with_its_provider(award, swim, bryn, bryn_cafe, carys, now):
    row = asked_at_the_door(award, swim, bryn, now)

    suspending.suspend(provider=bryn_cafe, reason="A report", by=Who(user=carys), now=now)

    with pytest.raises(walk_ins.WalkInMoved):
        walk_ins.agree(walk_in=fresh(row), by=ALYS, now=now)
    assert left(award) == (20_000, 0)


def test_whoever_lives_outside_the_area_may_come_in_person(award, swim, bryn, now):
    swim.areas = ["CF81"]
    swim.save()

    assert asked_at_the_door(award, swim, bryn, now).state == WalkIn.State.WAITING


@pytest.mark.parametrize(("limit", "minutes"), [("week_minutes", 60), ("breaks_at_once", 0)])
def test_the_limits_of_the_provider_hold_at_its_door(
    award, swim, bryn, bryn_cafe, caerphilly, owner, now, limit, minutes
):
    if limit == "week_minutes":
        swim.week_minutes = minutes
        swim.save()
    else:
        Provider.objects.filter(pk=bryn_cafe.pk).update(breaks_at_once=1)
        beside = factories.offer(bryn_cafe, hours="Mon 08:00-20:00", notice_hours=0)
        confirmed(factories.award(caerphilly), beside, now + dt.timedelta(hours=1), 60, owner, now)

    with pytest.raises(bookings.Full):
        asked_at_the_door(award, swim, bryn, now)


def test_a_kept_place_is_not_given_away_at_the_door(award, swim, waits, booked, caerphilly, bryn, now):
    """It is Saturday at eight minutes past ten, and the one place is kept for who waited."""
    WaitingPlace.objects.filter(pk=waits.pk).update(
        state="kept", starts_at=SATURDAY, ends_at=SATURDAY + dt.timedelta(hours=2), kept_until=SATURDAY
    )
    falls_free(booked, now)
    other = factories.award(caerphilly)

    with pytest.raises(bookings.Full):
        asked_at_the_door(other, swim, bryn, SATURDAY + dt.timedelta(minutes=8))


# --- What each side reads -------------------------------------------------------------------------------------------


def test_the_carers_file_tells_of_the_door_the_line_and_who_did_not_come(award, swim, waits, bryn, owner, now):
    asked_at_the_door(award, swim, bryn, now)
    absent = confirmed(award, swim, NEXT_SATURDAY, 120, owner, now)
    after = NEXT_SATURDAY + dt.timedelta(hours=3)
    why = Booking.NotGiven.CARER_DID_NOT_COME
    bookings.did_not_happen(booking=absent, party="provider", why=why, by=owner, now=after)

    held = carer_file.data(award.carer, [])
    page = carer_file.page(award.carer, [], after)

    assert [len(held[table]) for table in ("walk_ins", "waiting_places", "handovers")] == [1, 1, 0]
    assert "What providers asked you for without a booking" in page
    assert "What you waited for on a booked-out day" in page
    assert str(why.label) in page


def test_an_answer_to_new_prices_tells_the_provider_from_when_they_hold(swim, owner, carys, now):
    first_day = now.date() + dt.timedelta(days=30)
    price_changes.propose(offer=swim, rates={"standard": 2_700}, first_day=first_day, by=owner, now=now)

    offer_desk.approve(version=offering.waiting_version(swim), by=Who(user=carys), now=now)

    body = OutboxMessage.objects.get(kind="offer_agreed").body
    assert "Weekdays: £27, for whoever asks from Wednesday 11 November 2026 on" in body
    assert "Carers see it now" not in body


def test_a_no_to_new_prices_tells_the_provider_why(swim, owner, carys, now):
    first_day = now.date() + dt.timedelta(days=30)
    price_changes.propose(offer=swim, rates={"standard": 2_700}, first_day=first_day, by=owner, now=now)

    version = offering.waiting_version(swim)
    offer_desk.refuse(version=version, reason="More than awards pay", by=Who(user=carys), now=now)

    assert "More than awards pay" in OutboxMessage.objects.get(kind="offer_refused").body


def test_prices_by_the_time_of_day_stand_at_the_door_on_the_telephone_and_on_the_teams_page(
    client, swim, bryn, bryn_cafe, carys, clock
):
    OfferPrice.objects.create(offer=swim, rate="weekend", price_pence=2_800, first_day=dt.date(2026, 1, 1))
    client.force_login(bryn)

    assert "A swim, £20 a session" in words(client.get(reverse("provider:check_code")))
    clock.now = SATURDAY
    client.force_login(bryn)
    assert "A swim, £28 a session" in words(client.get(reverse("provider:check_code")))
    assert "A swim, £20 a session; weekends £28" in words(client.get(reverse("provider:phone")))
    team = Client()
    team.force_login(carys)
    assert "£20 a session; weekends £28" in words(team.get(reverse("team:provider", args=[bryn_cafe.ref])))


def words(page):
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


# --- Papers and the number ------------------------------------------------------------------------------------------


def test_a_provider_that_gives_its_number_later_has_its_registration_counted(
    client, swim, bryn, bryn_cafe, carys, clock
):
    swim.personal_care = True
    swim.save()
    Document.objects.create(
        provider=bryn_cafe,
        kind="ciw",
        reference="W123456",
        state="accepted",
        valid_until=dt.date(2026, 12, 31),
        added_at=clock.now,
        seen_by=carys,
        seen_at=clock.now,
    )
    client.force_login(bryn)
    assert reverse("provider:registration") in words(client.get(reverse("provider:papers")))

    page = client.post(reverse("provider:registration"), {"ciw_number": "w123456"}, follow=True)

    assert "Your number with Care Inspectorate Wales is W123456." in words(page)
    assert fresh(swim).checked_until == dt.date(2026, 12, 31)
    assert [each.kind for each in care_checks.missing(fresh(swim), on=clock.now.date())] == ["dbs"]
    told = OutboxMessage.objects.get(kind="provider_changed")
    assert "the number with Care Inspectorate Wales" in told.body
    assert "Enter the number." in words(client.post(reverse("provider:registration"), {"ciw_number": ""}))


def test_papers_that_have_ended_are_said_on_every_page_of_the_provider(client, swim, bryn, bryn_cafe, clock):
    client.force_login(bryn)
    pages = [reverse(f"provider:{name}") for name in ("inbox", "money", "offers", "service")]
    said = "Something that we ask for has ended."
    assert not [page for page in pages if said in words(client.get(page))]

    Provider.objects.filter(pk=bryn_cafe.pk).update(insurance_until=clock.now.date() - dt.timedelta(days=1))

    assert [page for page in pages if said in words(client.get(page))] == pages


def test_what_lapsed_while_the_provider_was_stopped_stays_on_the_list_when_it_goes_on(
    award, swim, bryn_cafe, owner, carys, now
):
    mine = confirmed(award, swim, SATURDAY, 120, owner, now)
    suspending.suspend(provider=bryn_cafe, reason="A report", by=Who(user=carys), now=now)
    Provider.objects.filter(pk=bryn_cafe.pk).update(insurance_until=now.date())

    suspending.resume(provider=fresh(bryn_cafe), by=Who(user=carys), now=now)

    assert Task.objects.get(booking=mine).done_at is None
    tomorrow = now + dt.timedelta(days=1)
    assert [row.pk for row in lapses.lapsed(tomorrow)] == [bryn_cafe.pk]


def test_the_clock_and_the_audit_find_nothing_wrong_after_all_of_it(
    award, course, swim, waits, booked, owner, bryn, bryn_cafe, now, capsys
):
    """A course, a walk-in, a kept place and a closing in one provider; then two months go by."""
    confirmed(award, course, FIRST, 360, owner, now)
    bookings.confirm(booking=fresh(booked), by=owner, now=now)
    walk_ins.book(
        award=award, offer=swim, minutes=120, starts_at=now, seen_price_pence=2_000, by=owner, now=now, key="door"
    )
    closing.announce(provider=bryn_cafe, last_day=dt.date(2026, 11, 9), by=owner, now=now)
    skipped = {"edition files made", "messages sent"}

    for days in (1, 7, 14, 29, 61):
        then = now + dt.timedelta(days=days)
        failed = {kind: job(then)[1] for kind, job in jobs.JOBS.items() if kind not in skipped}
        assert not any(failed.values()), failed

    assert fresh(bryn_cafe).state == "closed"
    assert awards.balance(fresh(award)) is not None
    call_command("audit_ledger")
    assert " 0 differences" in capsys.readouterr().out
    assert sound()
