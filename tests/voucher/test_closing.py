"""A provider closes: its last day, its successor, and each carer's yes (R65)."""

import datetime as dt
import re
import threading

import pytest
from django.db import connections
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from brochure import catalogue
from providers.models import Provider
from tests import factories
from tests.voucher import breaks, claimed
from voucher import bookings, jobs
from voucher.claiming import claims
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, Handover, Task
from voucher.standing import closing, handovers, suspending

LAST_DAY = dt.date(2026, 11, 9)  # four weeks after the fixed now
AFTER = breaks.london(2026, 11, 12, 10)

pytestmark = pytest.mark.django_db


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=20_000)


@pytest.fixture
def heir(caerphilly):
    """Siop Goffi, that takes over; an hour costs £26 there."""
    row = factories.provider(caerphilly, name="Siop Goffi")
    factories.offer(row, price_pence=2600)
    return row


@pytest.fixture
def booked(award, sitting, now):
    """A confirmed break of two hours after the last day."""
    row = breaks.ask(award, sitting, now, starts_at=AFTER, minutes=120)
    bookings.confirm(booking=row, by=factories.TESTS, now=now)
    return Booking.objects.get(pk=row.pk)


@pytest.fixture
def close(bryn_cafe, bryn, now):
    def closed(**more):
        closing.announce(**{"provider": bryn_cafe, "last_day": LAST_DAY, "by": Who(bryn), "now": now} | more)

    return closed


@pytest.fixture
def handover(booked, close, heir):
    close(successor=heir)
    return Handover.objects.get(booking=booked)


def test_only_another_provider_that_is_live_takes_over(booked, close, bryn_cafe, caerphilly):
    for successor in (bryn_cafe, factories.provider(caerphilly, name="Caffi Arall", state="closed")):
        with pytest.raises(closing.NoSuccessor):
            close(successor=successor)

    bryn_cafe.refresh_from_db()
    assert (bryn_cafe.closes_on, bryn_cafe.successor) == (None, None)


def money_of(award):
    """Return what is left and what is set aside."""
    award.account.refresh_from_db()
    balance = awards.balance(award)
    return balance.left, balance.set_aside


def sound(now):
    return claims.differences() == audit.differences(now) == []


def test_the_owner_gives_28_days_notice_and_the_carers_team_need_not(booked, close, bryn_cafe, now):
    with pytest.raises(closing.TooSoon) as refusal:
        close(last_day=LAST_DAY - dt.timedelta(days=1))
    assert refusal.value.earliest == LAST_DAY

    close(last_day=now.date(), by_team=True)
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.closes_on == now.date()


def test_who_has_nothing_booked_may_close_today(close, bryn_cafe, now):
    close(last_day=now.date())
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.closes_on == now.date()


def test_nothing_can_be_booked_for_after_the_last_day(award, sitting, close, now):
    close()
    sitting.refresh_from_db()

    with pytest.raises(bookings.NotLive):
        breaks.ask(award, sitting, now, starts_at=AFTER, minutes=120)
    assert breaks.ask(award, sitting, now, minutes=120).state == "requested"
    assert catalogue.live_offers(on=LAST_DAY).filter(pk=sitting.pk).exists()
    assert not catalogue.live_offers(on=LAST_DAY + dt.timedelta(days=1)).filter(pk=sitting.pk).exists()


def test_without_a_successor_what_is_booked_later_is_arranged_anew(booked, award, close, now):
    left = awards.balance(award)
    close()

    assert Task.objects.get(booking=booked).kind == "rearrange"
    assert OutboxMessage.objects.filter(kind="break_to_rearrange").count() == 1
    assert awards.balance(award) == left
    assert sound(now)


def test_what_a_crash_left_undone_is_done_by_the_clock_and_once(booked, close, heir, monkeypatch, now):
    monkeypatch.setattr(closing, "settle", lambda **about: None)
    close(successor=heir)
    monkeypatch.undo()
    assert not Handover.objects.exists()

    assert jobs.follow_closing(now + dt.timedelta(minutes=1)) == (1, 0)
    assert jobs.follow_closing(now + dt.timedelta(minutes=2)) == (0, 0)

    assert Handover.objects.get(booking=booked).offer.provider == heir
    assert OutboxMessage.objects.filter(kind="handover_offered").count() == 1


def test_a_request_for_a_later_day_goes_back(award, sitting, close, now):
    row = breaks.ask(award, sitting, now, starts_at=AFTER, minutes=120)
    close()
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert sound(now)


@pytest.mark.parametrize(("asked", "suggested", "state"), [(12, 5, "countered"), (5, 12, "cancelled")])
def test_of_a_request_with_other_times_those_decide(award, sitting, bryn, close, now, asked, suggested, state):
    row = breaks.ask(award, sitting, now, starts_at=AFTER.replace(day=asked), minutes=120)
    bookings.suggest(booking=row, starts=[AFTER.replace(day=suggested)], by=Who(bryn), now=now)

    close()

    row.refresh_from_db()
    assert row.state == state
    assert sound(now)


def test_a_carers_yes_moves_one_break_and_its_money(handover, booked, award, heir, now):
    assert (handover.price_pence, handover.offer.provider) == (5200, heir)
    assert OutboxMessage.objects.filter(kind="handover_offered").count() == 1

    new = handovers.agree(handover=handover, by=factories.TESTS, now=now)

    booked.refresh_from_db()
    assert (booked.state, new.state, new.provider, new.starts_at) == ("cancelled", "confirmed", heir, booked.starts_at)
    assert money_of(award) == (20_000 - 5_200, 5_200)
    assert handovers.agree(handover=handover, by=factories.TESTS, now=now) == new
    assert sound(now)


def test_a_no_leaves_the_money_set_aside_and_a_worker_looks(handover, booked, award, now):
    handovers.refuse(handover=handover, by=factories.TESTS, now=now)
    handovers.refuse(handover=handover, by=factories.TESTS, now=now)

    assert Task.objects.filter(booking=booked, kind="rearrange").count() == 1
    assert money_of(award) == (15_000, 5_000)
    with pytest.raises(handovers.Over):
        handovers.agree(handover=handover, by=factories.TESTS, now=now)
    assert sound(now)


def test_no_answer_is_a_task_after_fourteen_days(handover, booked, now):
    assert jobs.time_out_handovers(now + dt.timedelta(days=13)) == (0, 0)
    later = now + dt.timedelta(days=14)
    assert jobs.time_out_handovers(later) == (1, 0)

    assert Task.objects.filter(booking=booked, kind="rearrange").exists()
    with pytest.raises(handovers.Over):
        handovers.agree(handover=handover, by=factories.TESTS, now=later)


def test_where_the_successor_is_full_meanwhile_nothing_changes(handover, booked, caerphilly, now):
    breaks.ask(factories.award(caerphilly), handover.offer, now, starts_at=AFTER, minutes=120)

    with pytest.raises(bookings.Full):
        handovers.agree(handover=handover, by=factories.TESTS, now=now)
    booked.refresh_from_db()
    handover.refresh_from_db()
    assert (booked.state, handover.state) == ("confirmed", "open")
    assert sound(now)


def test_a_yes_that_comes_too_late_for_the_successor_is_on_the_list_at_once(
    client, clock, handover, booked, award, caerphilly, now
):
    breaks.ask(factories.award(caerphilly), handover.offer, now, starts_at=AFTER, minutes=120)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=now)})

    said = {"answer": "yes", "handover": handover.pk}
    page = client.post(reverse("my:handover", args=[booked.ref]), said, follow=True).content.decode()

    assert "The carers team rings you." in page
    assert Task.objects.get(kind="rearrange", done_at=None).booking == booked
    handover.refresh_from_db()
    assert (handover.state, money_of(award)) == ("ended", (15_000, 5_000))


def test_a_successor_found_later_takes_it_off_the_list_and_nobody_is_told_the_same_twice(booked, close, heir):
    close()
    close(last_day=LAST_DAY - dt.timedelta(days=1), by_team=True)
    assert OutboxMessage.objects.filter(kind="break_to_rearrange").count() == 1

    close(successor=heir, by_team=True)

    assert Handover.objects.get().booking == booked
    assert not Task.objects.filter(done_at=None).exists()


def test_a_successor_that_is_too_dear_for_the_award_is_not_suggested(caerphilly, sitting, close, heir, now):
    poor = factories.award(caerphilly, value=5_000)
    row = breaks.ask(poor, sitting, now, starts_at=AFTER, minutes=120)
    bookings.confirm(booking=row, by=factories.TESTS, now=now)

    close(successor=heir)

    assert not Handover.objects.exists()
    assert Task.objects.get(booking=row).kind == "rearrange"


def test_what_was_called_off_as_its_turn_came_is_offered_to_nobody(booked, close, heir, monkeypatch, now):
    price = handovers._price

    def called_off_first(award, booking, offer, now):
        bookings.cancel(booking=Booking.objects.get(pk=booking.pk), party="carer", by=breaks.ALYS, now=now)
        return price(award, booking, offer, now)

    monkeypatch.setattr(handovers, "_price", called_off_first)
    close(successor=heir)

    booked.refresh_from_db()
    assert (booked.state, booked.may_cancel_free) == ("cancelled", False)
    assert not Handover.objects.exists() and not Task.objects.exists()
    assert not OutboxMessage.objects.filter(kind="handover_offered").exists()
    assert sound(now)


def test_each_is_settled_by_how_it_stands_when_its_turn_comes(award, sitting, close, heir, bryn_cafe, bryn, now):
    row = breaks.ask(award, sitting, now, starts_at=AFTER, minutes=120)
    as_listed = Booking.objects.get(pk=row.pk)
    close(last_day=AFTER.date() + dt.timedelta(days=1), successor=heir)
    bookings.confirm(booking=row, by=factories.TESTS, now=now)

    # It is given before the last day after all; then the last day is an earlier one; then nobody closes any more.
    closing.settle(booking=as_listed, by=Who(bryn), now=now)
    assert not Handover.objects.exists() and not Task.objects.exists()
    Provider.objects.filter(pk=bryn_cafe.pk).update(closes_on=LAST_DAY)
    closing.settle(booking=as_listed, by=Who(bryn), now=now)
    assert Handover.objects.get().booking == row
    closing.call_off(provider=bryn_cafe, by=Who(bryn), now=now)
    closing.settle(booking=as_listed, by=Who(bryn), now=now)
    assert Handover.objects.get().state == "ended" and not Task.objects.exists()


def test_a_handover_takes_the_offer_before_the_money(handover, now, django_assert_max_num_queries):
    with django_assert_max_num_queries(200) as caught:
        handovers.agree(handover=handover, by=factories.TESTS, now=now)

    said = [each["sql"] for each in caught.captured_queries]
    offers = next(place for place, sql in enumerate(said) if sql.startswith('UPDATE "brochure_offer"'))
    money = next(place for place, sql in enumerate(said) if "ledger_award" in sql and "UPDATE" in sql)
    assert offers < money


def test_one_handover_that_cannot_be_ended_keeps_no_other_waiting(booked, caerphilly, sitting, close, heir, now):
    other = breaks.ask(factories.award(caerphilly), sitting, now, starts_at=AFTER + dt.timedelta(days=1), minutes=120)
    bookings.confirm(booking=other, by=factories.TESTS, now=now)
    close(successor=heir)
    arrange_anew = suspending.arrange_anew

    def not_the_first(*, booking, now):
        assert booking.pk != booked.pk
        arrange_anew(booking=booking, now=now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suspending, "arrange_anew", not_the_first)
        assert jobs.time_out_handovers(now + dt.timedelta(days=14)) == (1, 1)

    assert Task.objects.get().booking == other
    assert jobs.time_out_handovers(now + dt.timedelta(days=14)) == (1, 0)


def test_it_is_taken_back_and_what_was_open_ends(handover, bryn_cafe, bryn, now):
    closing.call_off(provider=bryn_cafe, by=Who(bryn), now=now)

    bryn_cafe.refresh_from_db()
    handover.refresh_from_db()
    assert (bryn_cafe.closes_on, bryn_cafe.successor, handover.state) == (None, None, "ended")
    with pytest.raises(closing.NotOpen):
        closing.call_off(provider=bryn_cafe, by=Who(bryn), now=now)
    # Whoever does it themself need not be told.
    assert not OutboxMessage.objects.filter(kind="provider_closes_not").exists()


@pytest.mark.parametrize("successor", [False, True])
def test_with_a_later_day_what_it_leaves_room_for_takes_place_after_all(booked, award, close, heir, successor, now):
    close(successor=heir if successor else None)
    later = booked.starts_at.date()

    close(last_day=later)

    assert not Handover.objects.filter(state="open").exists()
    assert not Task.objects.filter(done_at=None).exists()
    assert OutboxMessage.objects.filter(kind="break_goes_on").count() == 1
    booked.refresh_from_db()
    assert (booked.state, money_of(award)) == ("confirmed", (15_000, 5_000))


@pytest.mark.parametrize("successor", [False, True])
def test_a_break_moved_before_the_last_day_is_arranged_by_nobody_else(booked, close, heir, bryn, successor, now):
    close(successor=heir if successor else None)
    booked.refresh_from_db()
    bookings.propose_move(booking=booked, starts_at=AFTER - dt.timedelta(days=7), by=breaks.ALYS, now=now)

    bookings.accept_move(booking=booked, by=Who(bryn), now=now)

    assert jobs.time_out_handovers(now + dt.timedelta(days=14)) == (0, 0)
    assert not Task.objects.filter(done_at=None).exists() and not Handover.objects.filter(state="open").exists()


@pytest.mark.parametrize("because", ["stopped", "papers"])
def test_what_cannot_be_given_after_all_is_on_the_list_again(booked, close, heir, bryn_cafe, carys, because):
    if because == "stopped":
        suspending.suspend(provider=bryn_cafe, reason="A report", by=Who(carys), now=booked.requested_at)
    else:
        Provider.objects.filter(pk=bryn_cafe.pk).update(insurance_until=dt.date(2026, 10, 1))
    close(successor=heir, by_team=True)
    assert Handover.objects.get().state == "open" and not Task.objects.filter(done_at=None).exists()

    closing.call_off(provider=bryn_cafe, by=Who(carys), now=booked.requested_at, by_team=True)

    assert Task.objects.get(kind="rearrange", done_at=None).booking == booked
    assert not OutboxMessage.objects.filter(kind="break_goes_on").exists()


def test_another_successor_is_asked_about_and_the_one_before_no_more(handover, booked, close, caerphilly, bryn_cafe):
    other = factories.provider(caerphilly, name="Canolfan")
    factories.offer(other, price_pence=2400)

    close(successor=other, by_team=True)

    assert [(row.offer.provider.name, row.state) for row in Handover.objects.order_by("pk")] == [
        ("Siop Goffi", "ended"),
        ("Canolfan", "open"),
    ]


def test_said_again_no_carer_is_asked_twice_about_the_same_successor(handover, booked, close, heir, now):
    close(successor=heir)

    assert Handover.objects.get() == handover
    assert OutboxMessage.objects.filter(kind="handover_offered").count() == 1
    handovers.refuse(handover=handover, by=breaks.ALYS, now=now)
    close(successor=heir)
    assert Handover.objects.get().state == "refused"
    assert Task.objects.get(booking=booked, done_at=None).kind == "rearrange"


def test_the_owner_changes_no_day_of_the_carers_team_and_keeps_its_successor(
    client, close, heir, bryn_cafe, bryn, carys, now, clock
):
    close()
    # Whoever adds a successor has not set the day.
    close(successor=heir, by=Who(carys), by_team=True)
    close(last_day=LAST_DAY + dt.timedelta(days=1))
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.successor == heir

    close(last_day=dt.date(2026, 10, 20), by=Who(carys), by_team=True)
    client.force_login(bryn)
    said = "only they can change it"
    assert said in client.get(reverse("provider:close")).content.decode()
    days = {"last_day_day": "30", "last_day_month": "11", "last_day_year": "2026"}
    for name, data in (("close", days), ("not_close", {})):
        assert said in client.post(reverse(f"provider:{name}"), data, follow=True).content.decode()
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.closes_on == dt.date(2026, 10, 20)
    closing.call_off(provider=bryn_cafe, by=Who(carys), now=now, by_team=True)
    letter = OutboxMessage.objects.get(kind="provider_closes_not")
    assert (letter.to, letter.language) == (bryn_cafe.email, bryn_cafe.language)
    assert "20 October" in letter.subject
    assert "Carers can book with you for later days again." in letter.body


def test_the_day_after_it_is_closed_and_its_people_still_claim(award, sitting, bryn, bryn_cafe, close, client, clock):
    given = claimed.delivered(award, sitting, by=Who(bryn))
    close()
    later = clock.now = clock.now + dt.timedelta(days=28)
    assert jobs.close_providers(later) == (0, 0)
    later = clock.now = clock.now + dt.timedelta(days=1)
    assert jobs.close_providers(later) == (1, 0)
    assert jobs.close_providers(later) == (0, 0)

    client.force_login(bryn)
    assert given.ref in client.get(reverse("provider:money")).content.decode()
    (line,) = claimed.claim(bryn_cafe, [given], by=Who(bryn), now=later)
    assert line.claim.provider == bryn_cafe and line.amount_pence == 5000
    assert sound(later)


def test_p10_the_pages_name_a_successor_and_ask_the_carer(client, booked, award, heir, bryn_cafe, carys, clock, now):
    client.force_login(carys)
    page = reverse("team:close_provider", args=[bryn_cafe.ref])
    day = {"last_day_day": "9", "last_day_month": "11", "last_day_year": "2026"}
    refused = client.post(page, day | {"successor": heir.pk}).content.decode()
    assert "Ask the other provider first" in refused
    done = client.post(page, day | {"successor": heir.pk, "has_agreed": "on"}, follow=True).content.decode()
    assert "Siop Goffi" in done and "Monday 9 November" in done

    code = awards.new_code(award=award, by=factories.TESTS, now=now)
    client.logout()
    client.post(reverse("open_award"), {"code": code})
    for name, args in (("my:award", ()), ("my:booking", (booked.ref,))):
        page = client.get(reverse(name, args=args)).content.decode()
        assert "May Siop Goffi give it?" in page
    assert "£52" in page
    # Of another question than the one on her page nothing is answered.
    [number] = re.findall(r'name="handover" value="(\d+)"', page)
    address, other = reverse("my:handover", args=[booked.ref]), str(int(number) + 1)
    for answer in ("yes", "no"):
        done = client.post(address, {"answer": answer, "handover": other}, follow=True).content.decode()
        assert "This was answered already" in done and Handover.objects.get().state == "open"
    done = client.post(address, {"answer": "yes", "handover": number}, follow=True).content.decode()
    assert "Booked and confirmed." in done
    assert Booking.objects.filter(provider=heir, state="confirmed").count() == 1
    told = OutboxMessage.objects.filter(to=heir.email, withdrawn_at=None)
    assert [each.kind for each in told] == ["booking_confirmed_for_provider"]
    old = client.get(reverse("my:booking", args=[booked.ref])).content.decode()
    assert "Siop Goffi gives it instead." in old


def test_p10_the_owner_closes_with_notice_through_the_page(client, booked, bryn, bryn_cafe, clock):
    client.force_login(bryn)
    page = reverse("provider:close")
    soon = {"last_day_day": "20", "last_day_month": "10", "last_day_year": "2026"}
    assert "Monday 9 November" in client.post(page, soon).content.decode()

    late = {"last_day_day": "9", "last_day_month": "11", "last_day_year": "2026"}
    assert "Your last day is Monday 9 November" in client.post(page, late, follow=True).content.decode()
    assert "no longer yours to give" in client.get(reverse("provider:inbox")).content.decode()
    # Its papers hold: nothing ends but its own wish.
    assert "Something that we ask for" not in client.get(reverse("provider:papers")).content.decode()
    assert "Taken back. You go on." in client.post(reverse("provider:not_close"), follow=True).content.decode()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_presses_of_yes_at_once_book_one_break(handover, booked, heir, now):
    found, together = [], threading.Barrier(2)

    def press():
        together.wait()
        try:
            found.append(handovers.agree(handover=handover, by=factories.TESTS, now=now).pk)
        except (handovers.Over, bookings.BookingMoved):
            found.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Booking.objects.filter(provider=heir).count() == 1
    assert any(found)
    assert sound(now)
