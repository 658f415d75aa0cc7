"""C9, C10 and what goes wrong after a break, driven through the pages, in pounds; the figures are the design's own."""

import datetime as dt
import re
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import FRIDAY, confirm
from tests.voucher.ledger.desk import faults
from voucher import bookings
from voucher.claiming import claims, disputes
from voucher.granting import awards
from voucher.ledger import books
from voucher.models import Booking, ClaimLine, Dispute, Task
from voucher.settling import settlement, settlement_audit, settlement_figures

pytestmark = pytest.mark.django_db
State = Booking.State
PAY_ON = dt.date(2026, 11, 5)


@pytest.fixture
def clock(monkeypatch, now):
    """The pages' clock: clock(moment) sets it."""
    at = {"now": now}
    monkeypatch.setattr(timezone, "now", lambda: at["now"])
    return lambda moment: at.update(now=moment)


@pytest.fixture
def eleri(caerphilly):
    return factories.carer(caerphilly, first_name="Eleri", phone="01632 960555", email="eleri@post.example")


@pytest.fixture
def sitting(bryn_cafe):
    """A sitter at £25 an hour: 2½ hours are £62.50."""
    return factories.offer(bryn_cafe, title_en="Sitting at home")


@pytest.fixture
def booked(caerphilly, eleri, sitting, bryn, now):
    """2½ hours for Friday at 2pm, confirmed: £62.50 of an award of £400 are set aside."""
    award = factories.award(caerphilly, carer_row=eleri, value=40_000)
    return confirm(award, sitting, bryn, now)


@pytest.fixture
def carer(booked, clock, now):
    """Eleri's browser, with her award open."""
    code = awards.new_code(award=booked.award, by=factories.TESTS, now=now)
    browser = Client()
    browser.post("/open/", {"code": code})
    return browser


@pytest.fixture
def provider(bryn):
    browser = Client()
    browser.force_login(bryn)
    return browser


@pytest.fixture
def team(carys):
    browser = Client()
    browser.force_login(carys)
    return browser


def text_of(response):
    """Return a page as one line of words."""
    words = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", words.replace("&#x27;", "’"))


def page(browser, booking, room="my"):
    return text_of(browser.get(f"/{room}/bookings/{booking.ref}/"))


def press(browser, booking, what, room="my", **fields):
    return text_of(browser.post(f"/{room}/bookings/{booking.ref}/{what}/", fields, follow=True))


def left(booking):
    """Return (left to use, set aside, used), in pence."""
    award = booking.award
    award.account.refresh_from_db()
    balance = awards.balance(award)
    return balance.left, balance.set_aside, balance.used


def sound():
    return faults() + claims.differences() + settlement_audit.differences() == []


# C9


def test_c9_sixty_hours_before_everything_comes_back(carer, booked, bryn_cafe, clock):
    clock(FRIDAY - dt.timedelta(hours=60))
    shown = page(carer, booked)
    assert "It costs nothing: £62.50 is given back." in shown
    assert "emergency" not in shown

    press(carer, booked, "cancel", seen_due_pence="0")

    assert left(booked) == (40_000, 0, 0)
    assert books.due(bryn_cafe.pk) == 0
    assert sound()


def test_c9_twenty_hours_before_half_is_used_as_was_shown_before_she_pressed(carer, booked, bryn_cafe, clock):
    clock(FRIDAY - dt.timedelta(hours=20))
    assert "£31.25 would be used, and £31.25 given back." in page(carer, booked)

    press(carer, booked, "cancel", seen_due_pence="3125")

    assert left(booked) == (36_875, 0, 3_125)
    assert books.due(bryn_cafe.pk) == 3_125
    assert sound()


def test_c9_her_husband_is_taken_to_hospital_and_it_costs_her_nothing(
    carer, booked, provider, team, bryn_cafe, caerphilly, clock
):
    clock(FRIDAY - dt.timedelta(hours=20))
    shown = page(carer, booked)
    assert "In an emergency it costs you nothing: £62.50 is given back. We ask for no reason and no proof." in shown

    said = press(carer, booked, "emergency", please_ring="yes")

    assert "It is cancelled, and it costs you nothing." in said
    assert "You cancelled this in an emergency. It costs you nothing, and everything is given back." in said
    assert left(booked) == (40_000, 0, 0)
    # The provider is paid the same late share, out of the fund.
    assert books.due(bryn_cafe.pk) == 3_125
    assert settlement_figures.funds(caerphilly)[0].used == 3_125
    assert "You can claim £31.25 for it" in page(provider, booked, "provider")
    # The team rings, and says so.
    tasks = text_of(team.get("/team/tasks/"))
    assert "Ring now: 01632 960555" in tasks and "The carer asks to be rung" in tasks
    assert "1 emergency in twelve months" in tasks
    task = Task.objects.get()
    assert "It is off the list." in text_of(
        team.post(f"/team/tasks/{task.pk}/done/", {"note": "They are home again."}, follow=True)
    )
    assert HistoryEntry.objects.filter(act="booking.carer_rung").count() == 1
    # Twice does nothing more.
    assert "That was done already." in press(carer, booked, "emergency")
    assert "A colleague has done this already." in text_of(team.post(f"/team/tasks/{task.pk}/done/", follow=True))
    assert books.due(bryn_cafe.pk) == 3_125
    assert sound()


def test_c9_the_carers_team_presses_it_for_her_on_the_telephone(team, booked, bryn_cafe, clock):
    clock(FRIDAY - dt.timedelta(hours=20))

    press(team, booked, "cancel", room="team", emergency="yes")

    booked.refresh_from_db()
    assert (booked.state, booked.emergency, booked.ended_by) == (State.CANCELLED, True, "team")
    assert left(booked) == (40_000, 0, 0)
    assert books.due(bryn_cafe.pk) == 3_125
    assert sound()


def test_c9_half_of_a_pair_that_fell_away_may_be_cancelled_free_to_the_last_minute(carer, booked, bryn_cafe, clock):
    Booking.objects.update(may_cancel_free=True)
    clock(FRIDAY - dt.timedelta(minutes=10))
    assert "It costs nothing: £62.50 is given back." in page(carer, booked)

    press(carer, booked, "cancel", seen_due_pence="0")

    assert left(booked) == (40_000, 0, 0)
    assert books.due(bryn_cafe.pk) == 0


def test_c9_where_the_fund_has_nothing_left_the_team_settles_with_the_provider(carer, booked, team, bryn_cafe, clock):
    account = booked.award.account.fund
    type(account).objects.filter(pk=account.pk).update(allocated=40_000)
    clock(FRIDAY - dt.timedelta(hours=20))

    press(carer, booked, "emergency")

    assert left(booked) == (40_000, 0, 0)
    task = Task.objects.get(kind="pay_by_hand")
    assert "The provider is due £31.25 for an emergency." in text_of(team.get("/team/tasks/"))
    again = text_of(team.post(f"/team/tasks/{task.pk}/pay/", follow=True))
    assert "The fund still has too little." in again
    type(account).objects.filter(pk=account.pk).update(allocated=50_000)
    assert "The fund pays." in text_of(team.post(f"/team/tasks/{task.pk}/pay/", follow=True))
    assert books.due(bryn_cafe.pk) == 3_125
    assert sound()


# C10


def test_c10_nobody_came_and_the_team_is_told_at_once(carer, booked, provider, team, caerphilly, clock, bryn_cafe):
    clock(FRIDAY + dt.timedelta(minutes=14))
    assert "Has nobody come? Ring" in page(carer, booked)
    assert "You can say this from" in press(carer, booked, "did-not-happen")
    clock(FRIDAY + dt.timedelta(minutes=15))

    said = press(carer, booked, "did-not-happen")

    assert "the carers team will ring you" in said
    assert left(booked) == (40_000, 0, 0)
    told = OutboxMessage.objects.get(kind="booking_did_not_happen")
    assert (told.to, told.sent_at) == (caerphilly.scheme.team_email, None)
    first = text_of(team.get("/team/"))
    assert first.index("Ring now: somebody may be alone") < first.index("Letters to print")
    assert "Ring now: 01632 960555" in first
    # The provider cannot claim it, reads why in kind words, and can say that it was there.
    shown = page(provider, booked, "provider")
    assert "Were you there? Ring us on" in shown
    assert not claims.ready(bryn_cafe).exists()
    assert "£62.50" not in text_of(provider.get("/provider/money/"))
    assert "looks into it and rings you" in press(
        provider, booked, "we-were-there", "provider", **{"account-words": "I rang the bell twice."}
    )
    tasks = text_of(team.get("/team/tasks/"))
    assert "I rang the bell twice." in tasks
    # It is done when somebody has rung.
    task = Task.objects.get(kind="nobody_came")
    done = text_of(team.post(f"/team/tasks/{task.pk}/done/", follow=True))
    assert "Ring now: somebody may be alone" not in done
    assert sound()


# "Carer confirms 1.5 h, provider claims 3 h"


@pytest.fixture
def three_hours(booked, bryn):
    """Three hours, £75, marked as given whole."""
    return _given(booked.award, booked.offer, bryn, 180)


def _given(award, offer, bryn, minutes, day=5):
    now = FRIDAY - dt.timedelta(days=3)
    row = confirm(award, offer, bryn, now, starts_at=FRIDAY + dt.timedelta(days=day), minutes=minutes)
    bookings.deliver(booking=row, minutes=minutes, by=Who(bryn), now=row.ends_at)
    return row


def claim(provider, clock):
    """Press "claim what is ticked" as the provider's money page offers it."""
    html = provider.get("/provider/money/").content.decode()
    action = re.search(r'action="(/provider/money/claim/[^"]+)"', html)
    if action is None:
        return None
    fields = dict(re.findall(r'name="([^"]*key)" value="([^"]+)"', html))
    refs = re.findall(r'name="([^"]*-bookings)" value="([^"]+)"', html)
    fields[refs[0][0]] = [ref for _name, ref in refs]
    return text_of(provider.post(action[1], fields, follow=True))


def dispute(carer, booking, minutes, words=""):
    return press(carer, booking, "how-much", minutes=str(minutes), words=words)


def test_she_says_one_and_a_half_of_three_hours_and_those_are_paid_now(
    carer, provider, team, three_hours, bryn_cafe, caerphilly, ffion, aled, clock
):
    clock(three_hours.ends_at + dt.timedelta(days=1))
    assert "Did it happen as they say? Bryn Café says: 3 hours." in page(carer, three_hours)
    assert "You have told us already" not in dispute(carer, three_hours, 90, "She left at half past three.")
    assert "Bryn Café says: 3 hours. You say: 1½ hours." in page(carer, three_hours)
    assert "£37.50 is in question; you can claim £37.50 now" in page(provider, three_hours, "provider")

    assert "£37.50" in claim(provider, clock)

    line = ClaimLine.objects.get()
    assert (line.amount_pence, books.due(bryn_cafe.pk)) == (3_750, 3_750)
    assert left(three_hours) == (40_000 - 6_250 - 7_500, 6_250 + 3_750, 3_750)
    run = settlement.prepare(
        council=caerphilly, lines=[line], pay_on=PAY_ON, by=Who(ffion), now=timezone.now(), key="run"
    )
    assert settlement.release(run=run, by=Who(aled), now=timezone.now()).total_pence == 3_750
    # Both are heard, and the team decides.
    answer = {"account-words": "We stayed until five and have the note."}
    assert "reads it before it decides" in press(provider, three_hours, "how-it-was", "provider", **answer)
    assert "The provider says 3 hours, the carer says 1½ hours. In question: £37.50." in text_of(
        team.get("/team/disputes/")
    )
    heard = page(team, three_hours, "team")
    assert "She left at half past three." in heard and "We stayed until five" in heard
    found = {"finding-minutes": "120", "finding-finding": "The neighbour saw her go at four."}
    assert "Both sides are told." in press(team, three_hours, "dispute", "team", **found)

    assert left(three_hours) == (40_000 - 6_250 - 5_000, 6_250, 5_000)
    assert books.due(bryn_cafe.pk) == 1_250
    assert list(settlement.awaiting(caerphilly).values_list("part", "amount_pence")) == [(2, 1_250)]
    assert "We have found that 2 hours of it took place. The neighbour saw her go at four." in page(carer, three_hours)
    assert "The carers team has found that 2 hours of it took place." in page(provider, three_hours, "provider")
    assert "A colleague has decided this already." in press(team, three_hours, "dispute", "team", **found)
    assert sound()


def test_yes_it_happened_as_they_say_is_one_line_of_history(carer, three_hours, bryn, clock):
    clock(three_hours.ends_at + dt.timedelta(days=1))
    agreed = HistoryEntry.objects.filter(act="booking.carer_agrees", subject_id=three_hours.pk)

    assert "This booking has changed since" in press(carer, three_hours, "yes", minutes="60")
    for _press in "12":
        assert "It happened as they say" in press(carer, three_hours, "yes", minutes="180")

    assert agreed.count() == 1
    assert "No, it was less" in page(carer, three_hours)
    # What the provider says after that she has not agreed to.
    for act in (bookings.undo, partial(bookings.deliver, minutes=120)):
        act(booking=Booking.objects.get(pk=three_hours.pk), by=Who(bryn), now=three_hours.ends_at)
    assert "Did it happen as they say?" in page(carer, three_hours)


def test_nothing_chosen_is_asked_again_and_nothing_is_said(carer, three_hours, clock):
    clock(three_hours.ends_at + dt.timedelta(days=1))

    shown = text_of(carer.post(f"/my/bookings/{three_hours.ref}/how-much/", {"minutes": "", "words": "Hm."}))

    assert "Choose how much of it took place." in shown and "Hm." in shown
    assert not Dispute.objects.exists()
    assert "You have told us already" in dispute(carer, three_hours, 90) + dispute(carer, three_hours, 60)
    assert Dispute.objects.get().said_minutes == 90


def test_another_carer_and_another_provider_find_nothing(three_hours, caerphilly, clock, now):
    clock(three_hours.ends_at + dt.timedelta(days=1))
    stranger, code = Client(), awards.new_code(award=factories.award(caerphilly), by=factories.TESTS, now=now)
    stranger.post("/open/", {"code": code})
    other = Client()
    other.force_login(factories.provider_staff(factories.provider(caerphilly), "huw@provider.example"))

    for what in ("emergency", "yes", "how-much"):
        assert stranger.post(f"/my/bookings/{three_hours.ref}/{what}/").status_code == 404
    for what in ("how-it-was", "we-were-there"):
        assert other.post(f"/provider/bookings/{three_hours.ref}/{what}/").status_code == 404


# Edge cases and F11


def test_double_claim_is_one_claim_with_the_same_reference(provider, three_hours, bryn_cafe, clock):
    clock(three_hours.ends_at + dt.timedelta(days=1))
    html = provider.get("/provider/money/").content.decode()
    action = re.search(r'action="(/provider/money/claim/[^"]+)"', html)[1]
    [(key_name, key)] = re.findall(r'name="([^"]*key)" value="([^"]+)"', html)
    [(name, ref)] = re.findall(r'name="([^"]*-bookings)" value="([^"]+)"', html)

    answers = []
    for minute in range(2):
        clock(three_hours.ends_at + dt.timedelta(days=1, minutes=minute))
        answers.append(text_of(provider.post(action, {key_name: key, name: [ref]}, follow=True)))

    assert "Claim 1" in answers[0] and "Claim 1" in answers[1]
    assert "Already claimed on" in answers[1] and "£75" in answers[1]
    assert ClaimLine.objects.count() == 1
    assert books.due(bryn_cafe.pk) == 7_500
    assert sound()


def test_a_provider_suspended_between_delivered_and_claimed_can_still_claim(provider, three_hours, bryn_cafe, clock):
    clock(three_hours.ends_at + dt.timedelta(days=1))
    Provider.objects.filter(pk=bryn_cafe.pk).update(
        state=Provider.State.SUSPENDED, stopped_because="To be looked into."
    )

    assert "£75" in claim(provider, clock)

    assert books.due(bryn_cafe.pk) == 7_500
    assert sound()


def test_f11_a_paid_break_to_which_nobody_came_is_taken_back_from_the_next_payment(
    carer, provider, team, three_hours, bryn, bryn_cafe, caerphilly, ffion, aled, clock
):
    clock(three_hours.ends_at + dt.timedelta(days=1))
    claim(provider, clock)
    run = settlement.prepare(
        council=caerphilly,
        lines=list(settlement.awaiting(caerphilly)),
        pay_on=PAY_ON,
        by=Who(ffion),
        now=timezone.now(),
        key="run 1",
    )
    settlement.release(run=run, by=Who(aled), now=timezone.now())
    dispute(carer, three_hours, 0)
    assert "Nothing is stopped." in page(provider, three_hours, "provider")

    press(team, three_hours, "dispute", "team", **{"finding-minutes": "0", "finding-finding": "Nobody was there."})

    # The carer has it back even though the scheme has recovered nothing yet.
    assert left(three_hours) == (40_000 - 6_250, 6_250, 0)
    assert books.due(bryn_cafe.pk) == -7_500
    assert "−£75" in text_of(provider.get("/provider/money/")) or "-£75" in text_of(provider.get("/provider/money/"))
    other = _given(factories.award(caerphilly), three_hours.offer, bryn, 240, day=6)
    clock(other.ends_at + dt.timedelta(days=1))
    assert "£100" in claim(provider, clock)
    lines = [line for line in settlement.awaiting(caerphilly) if line.amount_pence > 0]
    run = settlement.prepare(
        council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=timezone.now(), key="run 2"
    )
    run = settlement.release(run=run, by=Who(aled), now=timezone.now())
    assert (run.total_pence, run.line_count) == (2_500, 2)
    assert books.due(bryn_cafe.pk) == 0
    assert sound()


def test_the_lists_cost_the_same_number_of_queries_for_one_and_for_many(team, caerphilly, bryn_cafe, bryn, now, clock):
    counts = []
    for number in (1, 3):
        for _each in range(number):
            award = factories.award(caerphilly, value=40_000)
            clock(FRIDAY - dt.timedelta(days=3))
            offer = factories.offer(bryn_cafe)
            first, second, third = (
                confirm(award, offer, bryn, now, starts_at=FRIDAY + dt.timedelta(days=day)) for day in range(3)
            )
            bookings.did_not_happen(booking=first, party="carer", by=Who(label="code"), now=first.ends_at)
            at = second.starts_at - dt.timedelta(hours=20)
            bookings.cancel(booking=second, party="carer", by=Who(label="code"), now=at, emergency=True)
            bookings.deliver(booking=third, minutes=150, by=Who(bryn), now=third.ends_at)
            disputes.make(booking=third, said_minutes=60, by=Who(label="code"), now=third.ends_at)
        clock(FRIDAY + dt.timedelta(days=4))
        found = []
        for address in ("/team/", "/team/tasks/", "/team/disputes/"):
            with CaptureQueriesContext(connection) as queries:
                assert team.get(address).status_code == 200
            found.append(len(queries))
        counts.append(found)

    assert counts[0] == counts[1]
