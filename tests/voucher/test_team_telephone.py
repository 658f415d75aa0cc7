"""A carer on the carers team's telephone: who it is, a lost code, the PIN, and bookings they did not make."""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import wording
from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.carer.pages import FRIDAY, TEAM, text_of
from voucher import bookings
from voucher.bookings import phone_bookings, tasks
from voucher.carers import bindings, carer_accounts, pins
from voucher.granting import awards, letters
from voucher.ledger import audit
from voucher.models import Booking, Carer, Code, Dispute, Task

pytestmark = pytest.mark.django_db
ASKED = {"facts": ["address", "booking"], "call_back": "rang_back"}


@pytest.fixture(autouse=True)
def clock(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def code(award, now):
    return awards.new_code(award=award, by=TEAM, now=now)


@pytest.fixture
def team(client, carys):
    client.force_login(carys)
    return client


@pytest.fixture
def by_finder(award, bryn_cafe, code, now):
    """A booking that whoever found the letter has made."""
    by = Who(label=f"code {code[-4:]}")
    terms = {"starts_at": FRIDAY, "minutes": 60, "seen_price_pence": 2500}
    return bookings.make(award=award, offer=factories.offer(bryn_cafe), by=by, now=now, key="finder", **terms)


def press(team, award, **typed):
    typed = ASKED | {"key": str(uuid.uuid4()), "way": "read_out"} | typed
    return team.post(reverse("team:new_code", args=[award.ref]), typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"facts": ["address"]}, "Tick at least two things"),
        ({"facts": []}, "Tick at least two things"),
        ({"call_back": ""}, "Say how you made sure"),
        ({"way": ""}, "Choose how the new code goes out."),
        ({"facts": ["address", "colour"]}, "Choose from the list."),
    ],
)
def test_without_two_facts_and_a_call_back_no_code_changes(team, award, code, typed, said):
    assert said in text_of(press(team, award, **typed))
    assert awards.open_with(code=code) == award


def test_what_was_asked_is_kept_as_kinds_and_never_as_values(team, award, code):
    press(team, award)

    entry = HistoryEntry.objects.get(act="carer.identity_checked")
    assert entry.details == {"facts": ["address", "booking"], "call_back": "rang_back"}
    assert award.carer.address not in f"{list(HistoryEntry.objects.values())}"


def test_by_letter_the_old_code_stops_now_and_the_letter_waits(team, award, code, today):
    award.printed_at = timezone.now()
    award.save()

    assert press(team, award, way="letter").url == award.get_absolute_url()

    with pytest.raises(awards.CodeRefused):
        awards.open_with(code=code)
    assert list(letters.waiting(on=today, council=award.council)) == [award]
    assert not Code.objects.filter(award=award, state="active").exists()


def test_what_was_booked_with_the_code_is_listed_and_can_be_disowned_at_no_cost(team, award, by_finder):
    page = text_of(team.get(reverse("team:new_code", args=[award.ref])))
    assert "Sitting at home" in page

    for _ in range(2):
        team.post(reverse("team:not_made", args=[by_finder.ref]))

    by_finder.refresh_from_db()
    award.account.refresh_from_db()
    assert (by_finder.state, by_finder.ended_by, by_finder.due_pence) == ("cancelled", "team", None)
    assert award.account.available == 40_000
    assert Task.objects.get(booking=by_finder).kind == Task.Kind.NOT_MINE
    assert HistoryEntry.objects.filter(act="booking.not_mine").count() == 1
    assert audit.differences() == []


def test_one_that_was_given_already_stays_and_is_on_the_list_of_what_to_look_into(team, award, by_finder, now):
    bookings.confirm(booking=by_finder, by=TEAM, now=now)
    over = FRIDAY + dt.timedelta(hours=2)
    bookings.deliver(booking=by_finder, minutes=60, by=TEAM, now=over)

    team.post(reverse("team:not_made", args=[by_finder.ref]))

    by_finder.refresh_from_db()
    assert by_finder.state == Booking.State.DELIVERED
    assert Task.objects.filter(booking=by_finder, kind=Task.Kind.NOT_MINE).exists()


def test_the_list_offers_to_dispute_all_of_one_that_was_given_and_then_to_note_it(
    team, award, carys, by_finder, now, monkeypatch
):
    bookings.confirm(booking=by_finder, by=TEAM, now=now)
    bookings.deliver(booking=by_finder, minutes=60, by=TEAM, now=by_finder.ends_at)
    after = by_finder.ends_at + dt.timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: after)
    team.force_login(carys)
    phone_bookings.disown(booking=by_finder, by=TEAM, now=after)
    task = Task.objects.get(booking=by_finder)
    address = reverse("team:task_dispute", args=[task.pk])

    page = team.get(reverse("team:tasks"))
    assert "The carer did not make this booking" in text_of(page)
    assert "Somebody says that it was given." in text_of(page)
    assert address in page.content.decode()
    assert reverse("team:new_code", args=[award.ref]) in page.content.decode()
    assert reverse("team:cancel", args=[by_finder.ref]) not in page.content.decode()

    assert team.post(address).url == reverse("team:booking", args=[by_finder.ref])
    assert team.post(address).url == reverse("team:booking", args=[by_finder.ref])
    dispute = Dispute.objects.get(booking=by_finder)
    assert (dispute.said_minutes, dispute.given_minutes) == (0, 60)
    by_finder.refresh_from_db()
    assert by_finder.in_question_pence == 2_500
    assert address not in team.get(reverse("team:tasks")).content.decode()
    team.post(reverse("team:task_done", args=[task.pk]), {"note": "The provider looks into it."})
    assert "did not make" not in text_of(team.get(reverse("team:tasks")))
    assert audit.differences() == []


def test_the_list_says_that_one_to_come_was_cancelled_and_offers_no_dispute(team, by_finder, now):
    phone_bookings.disown(booking=by_finder, by=TEAM, now=now)
    task = Task.objects.get(booking=by_finder)

    page = team.get(reverse("team:tasks"))

    assert "It is ended and costs the carer nothing. Find out who booked it." in text_of(page)
    assert reverse("team:task_dispute", args=[task.pk]) not in page.content.decode()
    team.post(reverse("team:task_dispute", args=[task.pk]))
    assert not Dispute.objects.exists()


def test_one_that_is_booked_still_can_be_cancelled_from_the_list_at_no_cost(team, award, by_finder, now):
    tasks.give(booking=by_finder, kind=Task.Kind.NOT_MINE, now=now)

    page = team.get(reverse("team:tasks")).content.decode()

    assert "It is still booked." in page
    address = reverse("team:cancel", args=[by_finder.ref])
    assert address in page
    team.post(address)
    by_finder.refresh_from_db()
    assert (by_finder.state, by_finder.due_pence) == ("cancelled", None)


def test_of_another_kind_of_task_no_dispute_is_made(team, by_finder, now):
    task = tasks.give(booking=by_finder, kind=Task.Kind.EMERGENCY, now=now)

    assert team.post(reverse("team:task_dispute", args=[task.pk])).status_code == 404


def test_what_the_team_booked_is_not_among_the_codes_bookings(team, award, bryn_cafe, carys, code, now):
    by = Who(user=carys, on_behalf_of=f"award {award.ref}")
    terms = {"starts_at": FRIDAY, "minutes": 60, "seen_price_pence": 2500}
    bookings.make(award=award, offer=factories.offer(bryn_cafe), by=by, now=now, key="k", **terms)

    assert "Nothing was booked with it." in text_of(team.get(reverse("team:new_code", args=[award.ref])))


def test_anothers_booking_cannot_be_disowned(team, flintshire, now):
    there = factories.award(flintshire)
    offer = factories.offer(factories.provider(flintshire))
    terms = {"starts_at": FRIDAY, "minutes": 60, "seen_price_pence": 2500}
    row = bookings.make(award=there, offer=offer, by=TEAM, now=now, key="k", **terms)

    assert team.post(reverse("team:not_made", args=[row.ref])).status_code == 404


def test_the_team_checks_a_pin_with_yes_or_no_and_it_is_written_down(team, award, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    check = reverse("team:check_pin", args=[award.ref])

    assert "No, that is not the PIN" in text_of(team.post(check, {"pin": "7295"}))
    right = team.post(check, {"pin": "7294"})

    assert "Yes, that is the PIN" in text_of(right)
    assert "7294" not in right.content.decode()
    told = [entry.details["right"] for entry in HistoryEntry.objects.filter(act="pin.checked").order_by("pk")]
    assert told == [False, True]


def test_a_locked_pin_says_until_when(team, award, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    check = reverse("team:check_pin", args=[award.ref])
    for _ in range(5):
        team.post(check, {"pin": "7295"})

    assert f"Try again after {wording.time(now + dt.timedelta(hours=1))}." in text_of(team.post(check, {"pin": "7294"}))


def test_after_two_facts_and_a_call_back_the_pin_is_taken_away(team, award, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    page = reverse("team:telephone", args=[award.ref])

    team.post(page, {"facts": ["address"], "call_back": "rang_back", "what": "pin"})
    assert Carer.objects.get(pk=award.carer_id).pin
    team.post(page, ASKED | {"what": "pin"})

    assert Carer.objects.get(pk=award.carer_id).pin == ""
    assert HistoryEntry.objects.filter(act="pin.reset").count() == 1


def test_a_carer_who_lost_the_e_mail_has_the_code_unbound_by_the_team(team, award, now):
    Carer.objects.filter(pk=award.carer_id).update(user=factories.user(award.carer.email), code_bound_at=now)

    team.post(reverse("team:telephone", args=[award.ref]), ASKED | {"what": "unbind"})

    assert Carer.objects.get(pk=award.carer_id).code_bound_at is None


def test_an_account_that_a_finder_made_is_taken_away_and_opens_nothing_any_more(team, award, code, now):
    finder = factories.user("finder@post.example")
    Carer.objects.filter(pk=award.carer_id).update(email="")
    carer_accounts.link(carer=award.carer, user=finder, by=Who(user=finder), now=now)
    award.carer.refresh_from_db()
    bindings.bind(carer=award.carer, by=Who(user=finder), now=now - dt.timedelta(hours=1))
    theirs = Client()
    theirs.force_login(finder)
    assert "£400" in text_of(theirs.get(reverse("my:award")))

    page = text_of(team.get(reverse("team:new_code", args=[award.ref])))
    assert "Whoever signs in with finder@post.example sees this award" in page
    assert "The code works only with that sign-in, a new one too." in page
    for _ in range(2):
        team.post(reverse("team:telephone", args=[award.ref]), ASKED | {"what": "account"})
    assert "finder@post.example" not in text_of(team.get(reverse("team:new_code", args=[award.ref])))

    carer = Carer.objects.get(pk=award.carer_id)
    assert (carer.user, carer.email, carer.code_bound_at) == (None, "", None)
    assert theirs.get(reverse("my:award")).url.startswith("/v/?")
    assert awards.open_with(code=code) == award
    assert HistoryEntry.objects.get(act="carer.account_unlinked").details == {"forgot_address": True}
    news = OutboxMessage.objects.filter(kind="code_bound").latest("pk")
    assert "finder@post.example" not in news.to


def test_an_address_that_the_team_had_noted_outlives_the_account(team, award, now):
    own = factories.user(award.carer.email)
    carer_accounts.link(carer=award.carer, user=own, by=Who(user=own), now=now)

    team.post(reverse("team:telephone", args=[award.ref]), ASKED | {"what": "account"})

    carer = Carer.objects.get(pk=award.carer_id)
    assert (carer.user, carer.email) == (None, award.carer.email)


def test_a_pin_is_not_set_by_anybody_but_the_carer(team, award):
    team.post(reverse("team:book_for", args=[award.ref]))

    assert team.post(reverse("my:pin"), {"pin": "7294", "again": "7294"}).status_code == 404
