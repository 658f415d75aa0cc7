"""A provider's pages: who may see them, and each thing that can be done there, through the page itself."""

import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry
from brochure import availability
from providers.access import CHOSEN_PROVIDER
from providers.models import Provider, Staff
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, SATURDAY, ask
from voucher import bookings
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.models import Booking, Carer

pytestmark = pytest.mark.django_db
State = Booking.State

PAGES = [
    ("provider:inbox", []),
    ("provider:diary", []),
    ("provider:day_list", ["2026-10-16"]),
    ("provider:offers", []),
    ("provider:check_code", []),
]
OWNERS_PAGES = [("provider:money", []), ("provider:claim", [1]), ("provider:remittance", [1])]
ACTS = ["confirm", "decline", "deliver", "undo", "did_not_happen", "cancel", "contact"]


@pytest.fixture
def clock(monkeypatch, settings, now):
    """The pages' clock: it says `now` until a test sets it; nobody is signed out meanwhile."""
    settings.SESSION_COOKIE_AGE = 10**8

    class Clock:
        at = now

    monkeypatch.setattr(timezone, "now", lambda: Clock.at)
    return Clock


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe)


@pytest.fixture
def asked(award, sitting, now):
    return ask(award, sitting, now, note="The dog is called Mot.")


@pytest.fixture
def confirmed(asked, bryn, now):
    bookings.confirm(booking=asked, by=Who(user=bryn), now=now)
    return asked


@pytest.fixture
def delivered(confirmed, bryn):
    bookings.deliver(booking=confirmed, minutes=150, by=Who(user=bryn), now=SATURDAY)
    return confirmed


@pytest.fixture
def desk(bryn_cafe):
    return factories.provider_staff(bryn_cafe, "desk@provider.example", name="Mair", kind="bookings")


@pytest.fixture
def page(client, bryn, clock):
    client.force_login(bryn)
    return client


def press(page, name, booking, **typed):
    return page.post(reverse(f"provider:{name}", args=[booking.ref]), typed, follow=True)


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def state(booking):
    booking.refresh_from_db()
    return booking.state


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


# Who may enter


@pytest.mark.parametrize(("name", "args"), [*PAGES, *OWNERS_PAGES])
def test_who_has_not_signed_in_is_sent_to_sign_in(client, db, name, args):
    answer = client.get(reverse(name, args=args))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("somebody", ["dafydd", "carys", "ffion", "gwen", "aled"])
@pytest.mark.parametrize(("name", "args"), [*PAGES, *OWNERS_PAGES])
def test_somebody_from_elsewhere_finds_nothing_here(client, request, bryn, somebody, name, args):
    client.force_login(request.getfixturevalue(somebody))

    assert client.get(reverse(name, args=args)).status_code == 404


@pytest.mark.parametrize(("name", "args"), PAGES)
def test_the_owner_and_the_desk_see_the_desks_pages(client, bryn, desk, sitting, clock, name, args):
    for person in (bryn, desk):
        client.force_login(person)

        assert client.get(reverse(name, args=args)).status_code == 200


@pytest.mark.parametrize(("name", "args"), OWNERS_PAGES)
def test_the_desk_sees_no_money(client, desk, delivered, bryn, clock, name, args):
    clock.at = SATURDAY
    make_claim(delivered, bryn)
    client.force_login(desk)

    assert client.get(reverse(name, args=args)).status_code == 404


def test_the_desk_cannot_claim(client, desk, delivered, clock):
    clock.at = SATURDAY
    client.force_login(desk)

    answer = client.post(reverse("provider:make_claim", args=["caerphilly"]), {"caerphilly-bookings": delivered.ref})

    assert answer.status_code == 404
    assert state(delivered) == State.DELIVERED


def test_an_owner_at_the_desk_elsewhere_sees_no_money_of_theirs(client, caerphilly, bryn, desk, delivered, clock):
    other = factories.provider(caerphilly, name="Caffi Arall")
    Staff.objects.create(user=bryn, provider=other, kind="bookings")
    client.force_login(bryn)
    session = client.session
    session[CHOSEN_PROVIDER] = other.pk
    session.save()

    assert client.get(reverse("provider:inbox")).context["request"].provider == other
    # Nothing is done for the one while they are at the other: they change over first.
    money = client.get(reverse("provider:money"))
    assert (money.status_code, money["Location"].partition("?")[0]) == (302, reverse("choose_provider"))
    assert client.get(reverse("provider:booking", args=[delivered.ref])).status_code == 404


def test_another_providers_booking_is_not_there(client, caerphilly, asked, clock):
    client.force_login(
        factories.provider_staff(factories.provider(caerphilly, name="Caffi Arall"), "a@provider.example")
    )

    assert client.get(reverse("provider:booking", args=[asked.ref])).status_code == 404
    for act in ACTS:
        assert client.post(reverse(f"provider:{act}", args=[asked.ref])).status_code == 404
    assert state(asked) == State.REQUESTED


def test_another_providers_claim_and_remittance_are_not_there(client, caerphilly, delivered, bryn, clock):
    make_claim(delivered, bryn)
    client.force_login(
        factories.provider_staff(factories.provider(caerphilly, name="Caffi Arall"), "a@provider.example")
    )

    assert client.get(reverse("provider:claim", args=[1])).status_code == 404


def test_reading_never_acts(page, asked):
    for act in ACTS:
        assert page.get(reverse(f"provider:{act}", args=[asked.ref])).status_code == 405
    assert page.get(reverse("provider:make_claim", args=["caerphilly"])).status_code == 405
    assert state(asked) == State.REQUESTED


def test_what_a_provider_sees_is_kept_by_no_browser(page, asked):
    for address in (reverse("provider:inbox"), reverse("provider:booking", args=[asked.ref])):
        assert "no-store" in page.get(address)["Cache-Control"]


# Requests


def test_the_inbox_shows_the_shortest_clock_first_in_words(page, caerphilly, award, sitting, asked, now):
    soon = ask(factories.award(caerphilly), sitting, now, starts_at=FRIDAY - dt.timedelta(days=2, hours=2), minutes=60)

    answer = page.get(reverse("provider:inbox"))

    assert [row.ref for row in answer.context["waiting"]] == [soon.ref, asked.ref]
    assert "2 requests wait for your answer" in text(answer)
    assert "Answer by Wednesday 14 October at 5pm" in text(answer)


def test_an_empty_inbox_says_so(page):
    assert "Nothing waits for your answer" in text(page.get(reverse("provider:inbox")))


def test_the_lists_ask_the_database_as_often_for_many_as_for_one(
    page, caerphilly, sitting, confirmed, bryn, now, clock
):
    ask(factories.award(caerphilly), sitting, now, starts_at=FRIDAY + dt.timedelta(days=1), minutes=60)
    addresses = [reverse(name) for name in ("provider:inbox", "provider:diary", "provider:offers", "provider:money")]
    before = [count_of_queries(page, address) for address in addresses]
    for number in range(6):
        factories.offer(sitting.provider)
        starts_at = FRIDAY + dt.timedelta(days=2 + number)
        row = ask(factories.award(caerphilly), sitting, now, starts_at=starts_at, minutes=60)
        if number % 2:
            bookings.confirm(booking=row, by=Who(user=bryn), now=now)

    assert [count_of_queries(page, address) for address in addresses] == before


def count_of_queries(page, address):
    with CaptureQueriesContext(connection) as queries:
        assert page.get(address).status_code == 200
    return len(queries)


def test_confirming_keeps_the_price_set_aside(page, asked, award):
    answer = press(page, "confirm", asked)

    assert state(asked) == State.CONFIRMED
    assert left(award) == (33_750, 6250)
    assert "Confirmed. We have told the carer." in text(answer)


def test_a_second_confirm_is_harmless(page, asked):
    press(page, "confirm", asked)

    answer = press(page, "confirm", asked)

    assert "Confirmed. We have told the carer." in text(answer)
    assert HistoryEntry.objects.filter(act="booking.confirmed").count() == 1


def test_a_request_that_timed_out_is_told_kindly(page, asked, clock):
    clock.at = asked.answer_by

    answer = press(page, "confirm", asked)

    assert "The time to answer had run out, so the request has gone back to the carer." in text(answer)
    assert state(asked) == State.REQUESTED  # the nightly job ends it


def test_a_request_that_the_carer_took_back_meanwhile_is_told_kindly(page, asked, award, now):
    bookings.cancel(booking=asked, party="carer", by=ALYS, now=now)

    answer = press(page, "confirm", asked)

    assert "This booking was cancelled a moment ago." in text(answer)
    assert left(award) == (40_000, 0)


def test_declining_needs_a_reason_and_keeps_the_note(page, asked, award):
    answer = press(page, "decline", asked, **{"decline-note": "We are at a wedding."})

    assert state(asked) == State.REQUESTED
    assert left(award) == (33_750, 6250)
    assert "Choose the reason that fits best." in text(answer)
    assert "We are at a wedding." in answer.content.decode()
    assert 'href="#id_decline-reason_0"' in answer.content.decode()


def test_another_reason_needs_a_word(page, asked):
    answer = press(page, "decline", asked, **{"decline-reason": "other"})

    assert state(asked) == State.REQUESTED
    assert "Say in a few words why you cannot do it." in text(answer)


def test_a_note_of_spaces_is_no_word(page, asked):
    press(page, "decline", asked, **{"decline-reason": "other", "decline-note": "   "})

    assert state(asked) == State.REQUESTED


def test_declining_gives_everything_back(page, asked, award):
    typed = {"decline-reason": "full", "decline-note": "Try Saturday."}

    press(page, "decline", asked, **typed)

    assert state(asked) == State.DECLINED
    assert (asked.decline_reason, asked.decline_note) == ("full", "Try Saturday.")
    assert left(award) == (40_000, 0)
    assert audit.differences() == []


def test_a_provider_that_is_paused_declines_but_does_not_confirm(page, asked, bryn_cafe):
    factories.put(bryn_cafe, "paused")
    address = reverse("provider:booking", args=[asked.ref])

    assert reverse("provider:confirm", args=[asked.ref]) not in page.get(address).content.decode()
    answer = press(page, "confirm", asked)
    assert "You cannot confirm while your service is paused." in text(answer)
    assert state(asked) == State.REQUESTED

    press(page, "decline", asked, **{"decline-reason": "closed"})
    assert state(asked) == State.DECLINED


def test_a_provider_whose_papers_end_before_the_break_is_not_told_that_it_is_paused(page, asked, bryn_cafe):
    Provider.objects.filter(pk=bryn_cafe.pk).update(insurance_until=asked.starts_at.date() - dt.timedelta(days=1))

    said = text(press(page, "confirm", asked))

    assert "something that the carers team needs of you ends before this break is over" in said
    assert "paused" not in said and state(asked) == State.REQUESTED


@pytest.mark.parametrize("provider_state", ["suspended", "closed"])
def test_a_provider_that_is_stopped_answers_nothing_that_is_to_come(page, asked, bryn_cafe, provider_state):
    factories.put(bryn_cafe, provider_state)

    looked = page.get(reverse("provider:booking", args=[asked.ref]))
    confirmed = page.post(reverse("provider:confirm", args=[asked.ref]))
    declined = page.post(reverse("provider:decline", args=[asked.ref]), {"decline-reason": "closed"})

    assert [looked.status_code, confirmed.status_code, declined.status_code] == [404, 404, 404]
    assert state(asked) == State.REQUESTED


# Privacy


def test_before_confirmation_a_provider_learns_a_first_name_and_a_town_and_no_more(page, asked):
    shown = page.get(reverse("provider:booking", args=[asked.ref])).content.decode()

    assert "Alys, Blackwood" in shown
    for private in ("Gŵyr", "07700", "post.example", "Stryd Fawr", "Mot"):
        assert private not in shown
    assert "Mot" not in text(press(page, "contact", asked))


def test_after_confirmation_a_press_shows_how_to_reach_the_carer_and_is_written_down(page, confirmed, bryn):
    assert "07700" not in text(page.get(reverse("provider:booking", args=[confirmed.ref])))

    shown = press(page, "contact", confirmed).content.decode()

    assert "07700 900123" in shown and "Stryd Fawr" in shown and "The dog is called Mot." in shown
    assert "Gŵyr" not in shown
    entry = HistoryEntry.objects.get(act="booking.contact_seen")
    assert (entry.actor, entry.subject_id, entry.details) == (bryn, confirmed.pk, {})


def test_where_the_carer_comes_to_the_provider_the_address_is_not_shown(page, award, bryn_cafe, bryn, now):
    haircut = factories.offer(bryn_cafe, category=factories.category("hair-and-beauty"))
    booking = ask(award, haircut, now)
    bookings.confirm(booking=booking, by=Who(user=bryn), now=now)

    shown = press(page, "contact", booking).content.decode()

    assert "07700 900123" in shown
    assert "Stryd Fawr" not in shown


def test_a_week_after_the_break_the_carer_can_no_longer_be_looked_up(page, delivered, clock):
    clock.at = delivered.ends_at + dt.timedelta(days=7)
    assert "07700" in text(press(page, "contact", delivered))

    clock.at += dt.timedelta(minutes=1)
    answer = press(page, "contact", delivered)

    assert "07700" not in text(answer)
    assert HistoryEntry.objects.filter(act="booking.contact_seen").count() == 1


def test_a_cancelled_booking_tells_nothing_more_of_the_carer(page, confirmed, now):
    bookings.cancel(booking=confirmed, party="carer", by=ALYS, now=now)

    assert "07700" not in text(press(page, "contact", confirmed))


# After the break


def test_marking_a_part_writes_what_is_due_and_moves_nothing(page, confirmed, award, clock):
    clock.at = SATURDAY

    answer = press(page, "deliver", confirmed, **{"delivered-minutes": "135"})

    assert state(confirmed) == State.DELIVERED
    assert (confirmed.delivered_minutes, confirmed.due_pence) == (135, 5625)
    assert left(award) == (33_750, 6250)
    assert "£56.25" in text(answer)


def test_the_lengths_are_offered_in_quarters_with_their_price(page, confirmed, clock):
    clock.at = SATURDAY

    shown = text(page.get(reverse("provider:booking", args=[confirmed.ref])))

    assert "All of it: 2½ hours, £62.50 2¼ hours, £56.25 2 hours, £50 1¾ hours" in shown


def test_nights_are_marked_in_nights(page, award, bryn_cafe, bryn, now, clock):
    respite = factories.offer(bryn_cafe, unit="night", minutes=1440, price_pence=6000)
    starts_at = availability.start_times(respite, FRIDAY.date(), 3 * 1440)[0]
    booking = ask(award, respite, now, starts_at=starts_at, minutes=3 * 1440)
    bookings.confirm(booking=booking, by=Who(user=bryn), now=now)
    clock.at = booking.ends_at

    shown = text(page.get(reverse("provider:booking", args=[booking.ref])))
    press(page, "deliver", booking, **{"delivered-minutes": str(2 * 1440)})

    assert "All of it: 3 nights, £180 2 nights, £120 1 night, £60" in shown
    assert (state(booking), booking.due_pence) == (State.DELIVERED, 12_000)


@pytest.mark.parametrize("typed", ["", "10", "165", "a"])
def test_a_length_that_is_not_in_the_list_is_refused_beside_the_field(page, confirmed, clock, typed):
    clock.at = SATURDAY

    answer = press(page, "deliver", confirmed, **{"delivered-minutes": typed})

    assert answer.status_code == 200
    assert 'id="id_delivered-minutes_error"' in answer.content.decode()
    assert state(confirmed) == State.CONFIRMED


def test_a_break_cannot_be_marked_before_it_starts(page, confirmed):
    answer = press(page, "deliver", confirmed, **{"delivered-minutes": "150"})

    assert "That can be said from Friday 16 October at 2pm." in text(answer)
    assert state(confirmed) == State.CONFIRMED


def test_marking_can_be_undone_until_it_is_claimed(page, delivered, bryn, clock):
    clock.at = SATURDAY
    press(page, "undo", delivered)
    assert state(delivered) == State.CONFIRMED

    press(page, "deliver", delivered, **{"delivered-minutes": "150"})
    make_claim(delivered, bryn)
    answer = press(page, "undo", delivered)

    assert "This break has been claimed, so it can no longer be changed here." in text(answer)
    assert state(delivered) == State.CLAIMED


@pytest.mark.parametrize(("why", "is_left"), [("nobody_came", 36_875), ("we_could_not", 40_000)])
def test_a_break_that_did_not_happen_costs_half_where_no_carer_came(page, confirmed, award, clock, why, is_left):
    clock.at = FRIDAY + dt.timedelta(minutes=15)

    press(page, "did_not_happen", confirmed, **{"not-why": why})

    assert state(confirmed) == State.DID_NOT_HAPPEN
    assert left(award) == (is_left, 0)
    assert HistoryEntry.objects.filter(act=f"booking.{why}", subject_id=confirmed.pk).count() == 1
    assert audit.differences() == []


def test_saying_that_it_did_not_happen_needs_what_happened(page, confirmed, clock):
    clock.at = SATURDAY

    answer = press(page, "did_not_happen", confirmed)

    assert "Choose what happened." in text(answer)
    assert state(confirmed) == State.CONFIRMED


def test_too_early_to_say_that_it_did_not_happen_leaves_no_trace(page, confirmed, clock):
    clock.at = FRIDAY + dt.timedelta(minutes=14)

    answer = press(page, "did_not_happen", confirmed, **{"not-why": "nobody_came"})

    assert "That can be said from Friday 16 October at 2.15pm." in text(answer)
    assert not HistoryEntry.objects.filter(act="booking.nobody_came").exists()


def test_a_provider_that_cancels_gives_everything_back_however_late(page, confirmed, award, clock):
    clock.at = FRIDAY - dt.timedelta(hours=1)

    press(page, "cancel", confirmed, **{"cancel-reason": "ill"})

    assert state(confirmed) == State.CANCELLED
    assert confirmed.due_pence is None
    assert left(award) == (40_000, 0)


# The diary


def test_the_diary_shows_confirmed_breaks_by_day_and_not_requests(page, confirmed, award, sitting, now):
    waiting = ask(award, sitting, now, starts_at=FRIDAY + dt.timedelta(days=1), minutes=60)

    shown = text(page.get(reverse("provider:diary")))

    assert confirmed.ref in shown
    assert waiting.ref not in shown
    assert "Friday 16 October" in shown
    assert "Nothing is booked today." in shown


def test_the_list_to_print_has_the_day_and_no_contact(page, confirmed):
    shown = text(page.get(reverse("provider:day_list", args=["2026-10-16"])))

    assert "2pm" in shown and "Alys" in shown and confirmed.ref in shown
    assert "07700" not in shown and "Gŵyr" not in shown
    assert confirmed.ref not in text(page.get(reverse("provider:day_list", args=["2026-10-17"])))


def test_a_day_that_does_not_exist_is_not_there(page):
    assert page.get(reverse("provider:day_list", args=["2026-02-30"])).status_code == 404


def test_offers_show_their_number_price_and_the_next_price(page, sitting):
    sitting.prices.create(price_pence=2800, first_day=dt.date(2026, 12, 1))

    shown = text(page.get(reverse("provider:offers")))

    assert str(sitting.number) in shown
    assert "£25 an hour" in shown
    assert "£28 an hour from Tuesday 1 December" in shown


def test_the_offers_of_a_paused_provider_are_shown_as_hidden(page, sitting, bryn_cafe):
    bryn_cafe.state = "paused"
    bryn_cafe.save()

    shown = text(page.get(reverse("provider:offers")))

    assert "Your service is paused" in shown
    assert "Hidden" in shown


@pytest.mark.parametrize("name", ["provider:inbox", "provider:diary", "provider:offers", "provider:money"])
def test_each_page_has_its_welsh_twin(page, delivered, clock, name):
    clock.at = SATURDAY
    address = reverse(name)

    answer = page.get(f"/cy{address}")

    assert answer.status_code == 200
    assert 'lang="cy"' in answer.content.decode()


def make_claim(booking, owner, at=SATURDAY):
    return claims.make(
        provider=booking.provider,
        council=booking.council,
        bookings=[booking],
        by=Who(user=owner),
        now=at,
        key=str(uuid.uuid4()),
    )


@pytest.mark.parametrize("act", ["confirm", "decline", "cancel"])
def test_nobody_is_said_to_know_whom_only_a_late_letter_reaches(page, asked, now, act, monkeypatch):
    if act == "cancel":
        bookings.confirm(booking=asked, by=Who(label="tests"), now=now)
    Carer.objects.update(contact_by="post")
    # The tests' Monday: the break is on Friday, and one more working day would be enough for a letter.
    monkeypatch.setattr("voucher.rules.working_days.LETTER_WORKING_DAYS", 5)
    answer = {f"{act}-reason": "closed"}

    page.post(reverse(f"provider:{act}", args=[asked.ref]), answer)

    said = page.get(reverse("provider:booking", args=[asked.ref])).content.decode()
    assert "the carers team tells them" in said
    assert "We have told the carer" not in said
    assert "knows that it will happen" not in said
