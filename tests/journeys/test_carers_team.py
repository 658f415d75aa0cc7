"""C4, C5, C7, C8, C13 to C15: what only the carers team can answer, through the pages, with the money in the books."""

import datetime as dt
import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import breaks
from tests.voucher.breaks import london
from voucher import jobs
from voucher.claiming import claims
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Application, Booking, Code

pytestmark = pytest.mark.django_db
State = Booking.State
YES = {"says": "yes", "yes-answer": ""}


@pytest.fixture
def clock(monkeypatch):
    """The time of the pages: a list with the one moment that it is now."""
    cache.clear()
    told = [london(2026, 3, 3, 10)]
    monkeypatch.setattr(timezone, "now", lambda: told[0])
    return told


@pytest.fixture
def eleri(caerphilly, clock):
    """Eleri's award of £400, from 3 March to 2 September."""
    carer = factories.carer(caerphilly, first_name="Eleri", last_name="Rees", email="eleri@post.example")
    return factories.award(caerphilly, carer_row=carer, value=40_000, first_day=dt.date(2026, 3, 3), now=clock[0])


@pytest.fixture
def her(client, eleri, clock):
    """A browser in which Eleri's award is open."""
    client.post(reverse("open_award"), {"code": awards.new_code(award=eleri, by=factories.TESTS, now=clock[0])})
    return client


@pytest.fixture
def team(carys):
    """A browser in which Carys of the carers team is signed in."""
    browser = Client()
    browser.force_login(carys)
    return browser


@pytest.fixture
def cafe(bryn):
    """A browser in which Bryn is signed in."""
    browser = Client()
    browser.force_login(bryn)
    return browser


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, slug="sitting", places=4)


def words(response):
    body = response.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def look(browser, name, *args, **query):
    return browser.get(reverse(name, args=args), query)


def press(browser, name, *args, **typed):
    return browser.post(reverse(name, args=args), typed, follow=True)


def day_typed(name, day):
    """Return a day as the three boxes of a form send it."""
    return {f"{name}_day": day.day, f"{name}_month": day.month, f"{name}_year": day.year}


def hidden(response, name):
    return re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())[1]


def ask_for_break(browser, offer, minutes, starts_at):
    """Ask on the page where everything is looked at once more; return the booking."""
    typed = starts_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")
    page = look(browser, "my:ask", offer.slug, minutes=minutes, starts_at=typed)
    names = ("key", "minutes", "seen_price_pence", "starts_at")
    press(browser, "my:ask", offer.slug, **{name: hidden(page, name) for name in names})
    return Booking.objects.latest("pk")


def stands(award):
    """Return (left, set aside, used, expired) as the books have them, which must balance."""
    award.account.refresh_from_db()
    assert audit.differences() == []
    balance = awards.balance(award)
    return balance.left, balance.set_aside, balance.used, balance.expired


def night(clock, day):
    clock[0] = day
    return {outcome.kind: outcome.done for outcome in jobs.run(day)}


def test_c4_the_price_is_above_the_balance_and_the_carers_team_adds_what_is_missing(
    client, caerphilly, bryn_cafe, team, clock
):
    clock[0] = london(2026, 6, 1, 9)
    carer = factories.carer(caerphilly, email="nia@post.example")
    award = factories.award(caerphilly, carer_row=carer, value=8_000, first_day=dt.date(2026, 3, 3), now=clock[0])
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=clock[0])})
    spa = factories.offer(bryn_cafe, slug="spa", unit="session", price_pence=12_000)

    ways_on = client.get(reverse("my:ask", args=[spa.slug]), follow=True).content.decode()
    to_ask = re.search(rf'href="({reverse("my:apply", args=["more-to-use"])}[^"]*)"', ways_on)[1].replace("&amp;", "&")
    page = client.get(to_ask)
    assert 'value="40.00"' in page.content.decode()
    # Asked on Monday, answered within two working days.
    assert "answers by Wednesday 3 June" in words(page)
    said = client.post(to_ask, {"amount": "40.00", "reason": "costs_more", "words": ""}, follow=True)

    assert "We answer by Wednesday 3 June at the latest." in words(said)
    row = Application.objects.get()
    assert (row.wanted_amount, row.offer, stands(award)) == (4_000, spa, (8_000, 0, 0, 0))
    assert "More to use: Alys Gŵyr" in words(look(team, "team:applications"))
    answered = press(team, "team:application", row.pk, says="yes", **{"yes-amount": "40.00", "yes-answer": "Enjoy it."})
    assert "You said yes, and the carer is told." in answered.content.decode()
    assert stands(award) == (12_000, 0, 0, 0)
    assert "we have added £40 to your award." in OutboxMessage.objects.get(kind="application_answered").body
    assert "Enjoy it." in words(look(client, "my:award"))

    ask_for_break(client, spa, 60, london(2026, 6, 10, 14))
    assert stands(award) == (0, 12_000, 0, 0)


def test_c5_ten_and_a_half_of_sixteen_hours_are_used_and_the_rest_goes_back(
    client, caerphilly, bryn_cafe, bryn, sitting, team, carys, clock
):
    carer = factories.carer(caerphilly, email="emyr@post.example")
    terms = {"carer_row": carer, "value": 960, "unit": "minutes", "first_day": dt.date(2026, 3, 3), "now": clock[0]}
    award = factories.award(caerphilly, **terms)
    code = awards.new_code(award=award, by=factories.TESTS, now=clock[0])
    client.post(reverse("open_award"), {"code": code})
    for minutes, day in ((360, 10), (270, 17)):
        booking = ask_for_break(client, sitting, minutes, london(2026, 3, day, 9))
        browser = Client()
        browser.force_login(bryn)
        press(browser, "provider:confirm", booking.ref)
        booking.refresh_from_db()
        clock[0] = booking.ends_at
        breaks.deliver(booking, minutes, bryn)
        claims.make(
            provider=bryn_cafe, council=caerphilly, bookings=[booking], invoice_number="", by=Who(user=bryn),
            now=clock[0], key=f"claim-{day}",
        )  # fmt: skip
    assert stands(award) == (330, 0, 630, 0)

    for weeks in (8, 4, 1):
        assert night(clock, london(2026, 9, 2, 12) - dt.timedelta(weeks=weeks))["reminders written"] == 1
        assert night(clock, london(2026, 9, 2, 13) - dt.timedelta(weeks=weeks))["reminders written"] == 0
    assert night(clock, london(2026, 9, 2, 23, 59))["awards ended"] == 0
    assert night(clock, london(2026, 9, 3, 0))["awards ended"] == 1

    assert stands(award) == (0, 0, 630, 330)
    award.fund.account.refresh_from_db()
    assert award.fund.account.issued == 630
    clock[0] = london(2027, 9, 2, 12)
    client.post(reverse("open_award"), {"code": code})
    assert "Not used by the last day, back to the council" in words(look(client, "my:statement"))
    page = words(look(client, "my:award"))
    assert "Ask for a new award" in page and "Ask for more time" not in page

    press(client, "my:apply", "new-award", words="We still need a sitter.")

    row = Application.objects.get()
    assert (row.kind, row.words, Application.objects.count()) == ("new_award", "We still need a sitter.", 1)
    # Staff who have been away for a year sign in again.
    team.force_login(carys)
    answered = press(team, "team:application", row.pk, **YES)
    # A review, not a renewal: the form for a new award opens, and nothing was issued.
    assert "Issue an award" in words(answered)
    assert carer.awards.count() == 1


def test_c7_a_request_of_the_last_day_but_one_holds_to_its_deadline_and_counts_after_the_end(
    her, eleri, cafe, bryn, bryn_cafe, sitting, clock
):
    clock[0] = london(2026, 9, 1, 9)
    booking = ask_for_break(her, sitting, 150, london(2026, 9, 2, 18))

    assert booking.answer_by == london(2026, 9, 2, 16)
    night(clock, london(2026, 9, 2, 15, 59))
    assert stands(eleri) == (33_750, 6_250, 0, 0)
    press(cafe, "provider:confirm", booking.ref)
    night(clock, london(2026, 9, 3, 0))
    assert stands(eleri) == (0, 6_250, 0, 33_750)

    booking.refresh_from_db()
    assert booking.state == State.CONFIRMED
    breaks.deliver(booking, 150, bryn)
    assert booking in claims.ready(bryn_cafe)
    claims.make(
        provider=bryn_cafe, council=eleri.council, bookings=[booking], invoice_number="", by=Who(user=bryn),
        now=clock[0], key="claim-1",
    )  # fmt: skip
    assert stands(eleri) == (0, 0, 6_250, 33_750)


def test_c7_a_request_that_nobody_answers_goes_straight_to_the_fund(her, eleri, sitting, clock):
    clock[0] = london(2026, 9, 1, 9)
    booking = ask_for_break(her, sitting, 150, london(2026, 9, 2, 18))

    night(clock, london(2026, 9, 2, 16))
    booking.refresh_from_db()
    assert (booking.state, stands(eleri)) == (State.TIMED_OUT, (40_000, 0, 0, 0))
    night(clock, london(2026, 9, 3, 0))
    assert stands(eleri) == (0, 0, 0, 40_000)


def test_c7_a_request_that_is_timed_out_only_after_the_end_goes_to_the_fund_in_the_same_run(her, eleri, sitting, clock):
    clock[0] = london(2026, 9, 1, 9)
    ask_for_break(her, sitting, 150, london(2026, 9, 2, 18))

    night(clock, london(2026, 9, 3, 0))

    assert stands(eleri) == (0, 0, 0, 40_000)


def test_c7_a_day_after_the_end_leads_to_more_time_and_what_is_left_waits_for_the_answer(
    her, eleri, sitting, team, clock
):
    clock[0] = london(2026, 9, 1, 9)
    page = look(her, "my:ask", sitting.slug, minutes=150, day="2026-09-05")
    assert "That day is after your award ends" in words(page)
    to_ask = re.search(rf'href="({reverse("my:apply", args=["more-time"])}[^"]*)"', page.content.decode())[1]
    form = her.get(to_ask.replace("&amp;", "&")).content.decode()
    assert [re.search(rf'name="until_{part}" value="(\d+)"', form)[1] for part in ("day", "month", "year")] == [
        "5", "9", "2026",
    ]  # fmt: skip
    said = press(her, "my:apply", "more-time", reason="illness", words="", **day_typed("until", dt.date(2026, 9, 5)))
    # Ten working days from Tuesday 1 September.
    assert "We answer by Tuesday 15 September at the latest." in words(said)

    night(clock, london(2026, 9, 15, 23))
    assert stands(eleri) == (40_000, 0, 0, 0)
    # What is kept pays for no break after the last day.
    assert "Your award cannot be used now" in words(look(her, "my:ask", sitting.slug, minutes=150, day="2026-09-18"))
    assert "1" in words(look(team, "team:queue"))
    row = Application.objects.get()
    press(
        team,
        "team:application",
        row.pk,
        says="yes",
        **{"yes-answer": ""},
        **day_typed("yes-until", dt.date(2026, 9, 30)),
    )

    assert "30 September" in words(look(her, "my:award"))
    ask_for_break(her, sitting, 150, london(2026, 9, 30, 9))
    assert stands(eleri) == (33_750, 6_250, 0, 0)
    night(clock, london(2026, 10, 1, 0))
    assert stands(eleri) == (0, 0, 0, 40_000)


def test_c7_asked_by_telephone_the_team_does_it_on_her_own_pages_and_both_are_named(eleri, team, carys, clock):
    clock[0] = london(2026, 9, 2, 16)
    press(team, "team:book_for", eleri.ref)

    said = press(team, "my:apply", "more-time", reason="illness", words="", **day_typed("until", dt.date(2026, 9, 30)))

    assert "You are acting for the carer of award" in said.content.decode()
    entry = HistoryEntry.objects.get(act="application.made")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"award {eleri.ref}")
    assert entry.details["until"] == "2026-09-30"
    night(clock, london(2026, 9, 3, 0))
    assert stands(eleri) == (40_000, 0, 0, 0)


def test_c7_an_answer_that_does_not_come_keeps_nothing_beyond_ten_working_days(her, eleri, clock):
    clock[0] = london(2026, 9, 2, 22)
    press(her, "my:apply", "more-time", reason="hospital", words="", **day_typed("until", dt.date(2026, 9, 30)))

    night(clock, london(2026, 9, 16, 23))
    assert stands(eleri) == (40_000, 0, 0, 0)
    night(clock, london(2026, 9, 17, 0))
    assert stands(eleri) == (0, 0, 0, 40_000)


def test_c8_two_of_three_nights_are_covered_and_nothing_is_part_paid(her, eleri, bryn_cafe, team, clock):
    clock[0] = london(2026, 8, 17, 9)
    stay = factories.offer(bryn_cafe, slug="stay", unit="night", minutes=1_440, price_pence=10_000)

    page = look(her, "my:ask", stay.slug, minutes=3 * 1_440, day="2026-09-01")
    assert "2 of 3 nights covered" in words(page)
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', page.content.decode())]
    to_ask = next(link for link in links if link.startswith(reverse("my:apply", args=["more-time"])))
    shorter = next(link for link in links if "minutes=2880" in link)
    assert "until=2026-09-03" in to_ask
    assert "2 nights" in words(her.get(shorter))
    assert (Booking.objects.count(), stands(eleri)) == (0, (40_000, 0, 0, 0))

    her.post(to_ask, {"reason": "other", "words": "", **day_typed("until", dt.date(2026, 9, 3))})
    row = Application.objects.get()
    assert row.wanted_until == dt.date(2026, 9, 3)
    press(
        team, "team:application", row.pk, says="yes", **{"yes-answer": ""}, **day_typed("yes-until", row.wanted_until)
    )

    booking = ask_for_break(her, stay, 3 * 1_440, london(2026, 9, 1, 15))
    assert (booking.amount, stands(eleri)) == (30_000, (10_000, 30_000, 0, 0))


def test_c13_her_own_move_changes_the_address_and_the_persons_move_closes_the_award_after_28_days(
    her, eleri, team, cafe, sitting, clock
):
    clock[0] = london(2026, 6, 1, 9)
    page = look(team, "team:carer", eleri.ref)
    typed = {
        "first_name": "Eleri", "last_name": "Rees", "address": "3 Heol y Gadlys", "town": "Newport",
        "postcode": "NP20 1AA", "phone": eleri.carer.phone, "email": eleri.carer.email, "language": "en",
        "contact_by": "post", "print_size": "large print",
    }  # fmt: skip
    assert "The carer's details" in page.content.decode()
    press(team, "team:carer", eleri.ref, **typed)
    eleri.carer.refresh_from_db()
    assert (eleri.carer.town, eleri.carer.print_size) == ("Newport", "large print")
    entry = HistoryEntry.objects.get(act="carer.changed")
    assert "town" in entry.details["fields"] and "Newport" not in str(entry.details)
    assert stands(eleri) == (40_000, 0, 0, 0)

    soon, late = (ask_for_break(her, sitting, 60, london(2026, 6, day, 9)) for day in (29, 30))
    press(cafe, "provider:confirm", soon.ref)
    address = ("team:circumstance", eleri.ref, "person-cared-for-moved")
    days = day_typed("happened_on", dt.date(2026, 5, 30)) | day_typed("honoured_until", dt.date(2026, 6, 29))
    shown = press(team, *address, **days)
    assert "What will happen" in words(shown)
    soon.refresh_from_db()
    assert soon.state == State.CONFIRMED
    press(team, *address, **days, seen=hidden(shown, "seen"))

    soon.refresh_from_db()
    late.refresh_from_db()
    assert (soon.state, late.state) == (State.CONFIRMED, State.CANCELLED)
    assert "Your award cannot be used now" in words(look(her, "my:ask", sitting.slug))
    night(clock, london(2026, 6, 29, 23))
    assert stands(eleri)[0] == 37_500
    night(clock, london(2026, 6, 30, 0))
    assert stands(eleri) == (0, 2_500, 0, 37_500)


def test_c14_the_person_cared_for_has_died(her, eleri, team, cafe, bryn, bryn_cafe, sitting, clock):
    clock[0] = london(2026, 6, 1, 9)
    hair = factories.category("hair-and-beauty", name_en="Hair and beauty", name_cy="Gwallt a harddwch")
    haircut = factories.offer(bryn_cafe, slug="haircut", category=hair, unit="session", price_pence=4_500)
    care = ask_for_break(her, sitting, 150, london(2026, 6, 12, 14))
    own = ask_for_break(her, haircut, 60, london(2026, 6, 12, 14))
    for booking in (care, own):
        press(cafe, "provider:confirm", booking.ref)
    OutboxMessage.objects.update(sent_at=clock[0])
    clock[0] = london(2026, 6, 8, 11)

    address = ("team:circumstance", eleri.ref, "person-cared-for-died")
    days = day_typed("happened_on", dt.date(2026, 6, 7)) | day_typed("honoured_until", dt.date(2026, 8, 3))
    shown = press(team, *address, **days)
    assert "From this minute no reminders" in words(shown)
    assert "Carer's Allowance" in shown.content.decode()
    assert stands(eleri) == (29_250, 10_750, 0, 0)
    press(team, *address, **days, seen=hidden(shown, "seen"))

    care.refresh_from_db()
    own.refresh_from_db()
    eleri.carer.refresh_from_db()
    assert (care.state, care.due_pence, own.state) == (State.CANCELLED, None, State.CONFIRMED)
    assert (eleri.carer.quiet_since, stands(eleri)) == (clock[0], (35_500, 4_500, 0, 0))
    assert HistoryEntry.objects.filter(act="carer.silence").count() == 1
    assert "The carers team has cancelled" in OutboxMessage.objects.get(kind="booking_cancelled_for_provider").body
    kind_words = look(her, "my:after_a_death")
    assert "We are so sorry" in words(kind_words)
    assert "Department for Work and Pensions" in words(kind_words)
    with translation.override("cy"):
        assert her.get(reverse("my:after_a_death")).status_code == 200

    # Eight, four and one weeks before the end, and long after it: not a word that was not asked for.
    for day in (london(2026, 7, 8, 12), london(2026, 8, 3, 23), london(2026, 8, 26, 12), london(2026, 12, 1, 12)):
        night(clock, day)
    later = OutboxMessage.objects.filter(sent_at=None, withdrawn_at=None, reader=f"carer {eleri.carer.pk}")
    assert list(later) == []
    assert not OutboxMessage.objects.filter(kind__in=["award_reminder", "questions_after", "questions_later"]).exists()
    assert stands(eleri) == (0, 4_500, 0, 35_500)
    breaks.deliver(own, 60, bryn)
    assert own in claims.ready(bryn_cafe)


@pytest.mark.parametrize("what", ["carer-died", "no-longer-cares"])
def test_c15_the_carer_dies_or_stops_caring(her, eleri, team, cafe, bryn, bryn_cafe, sitting, clock, what):
    clock[0] = london(2026, 6, 1, 9)
    given = ask_for_break(her, sitting, 150, london(2026, 6, 5, 14))
    coming = ask_for_break(her, sitting, 150, london(2026, 6, 19, 14))
    for booking in (given, coming):
        press(cafe, "provider:confirm", booking.ref)
    given.refresh_from_db()
    clock[0] = given.ends_at
    breaks.deliver(given, 150, bryn)
    press(her, "my:apply", "more-time", reason="hospital", words="", **day_typed("until", dt.date(2026, 9, 30)))
    clock[0] = london(2026, 6, 8, 11)

    address, days = ("team:circumstance", eleri.ref, what), day_typed("happened_on", dt.date(2026, 6, 7))
    shown = press(team, *address, **days)
    assert "is closed now" in words(shown)
    assert "The open question about" in words(shown)
    press(team, *address, **days, seen=hidden(shown, "seen"))
    again = press(team, *address, **days, seen=hidden(shown, "seen"))

    assert again.status_code == 200
    coming.refresh_from_db()
    assert (coming.state, coming.due_pence, stands(eleri)) == (State.CANCELLED, None, (0, 6_250, 0, 33_750))
    assert not Code.objects.filter(award=eleri, state="active").exists()
    assert her.get(reverse("my:award")).status_code == 302
    assert Application.objects.get().state == "withdrawn"
    told = OutboxMessage.objects.get(kind="booking_cancelled_for_provider").body
    assert "The carers team has cancelled" in told
    assert "died" not in told and "cares" not in told.replace("The carers team", "")
    claims.make(
        provider=bryn_cafe, council=eleri.council, bookings=[given], invoice_number="", by=Who(user=bryn),
        now=clock[0], key="claim-1",
    )  # fmt: skip
    assert stands(eleri) == (0, 0, 6_250, 33_750)
    assert HistoryEntry.objects.filter(act="award.closed").count() == 1


def test_t3_less_than_what_is_set_aside_is_refused_on_the_page(her, eleri, team, sitting, clock):
    clock[0] = london(2026, 6, 1, 9)
    ask_for_break(her, sitting, 150, london(2026, 6, 12, 14))
    page = look(team, "team:value", eleri.ref)
    typed = {"key": hidden(page, "key"), "way": "less", "reason": "mistake"}

    refused = press(team, "team:value", eleri.ref, amount="340", **typed)
    assert "Only £337.50 is not set aside." in words(refused)
    assert stands(eleri) == (33_750, 6_250, 0, 0)

    press(team, "team:value", eleri.ref, amount="100", **typed)
    press(team, "team:value", eleri.ref, amount="100", **typed)
    assert stands(eleri) == (23_750, 6_250, 0, 0)
    assert "smaller by £100" in OutboxMessage.objects.get(kind="award_changed").body
