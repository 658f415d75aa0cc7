"""Calendar files: a calendar puts the entry in, moves it and takes it away, in Welsh too, without a word of care."""

import datetime as dt
import email
import re

import icalendar
import pytest
from django.core import mail as django_mail
from django.urls import reverse

from accounts import mail
from accounts.history import Who
from accounts.models import OutboxMessage
from tests import factories
from tests.voucher import breaks
from voucher import bookings
from voucher.bookings import moving, suggesting
from voucher.calendars import calendar_files
from voucher.granting import awards
from voucher.models import Booking

pytestmark = pytest.mark.django_db

ALYS = Who(label="code 4K7P")
LONG = "Gwasanaeth Gwarchod a Chwmnïaeth Tŷ’r Gŵr, Ystrad Mynach; Hengoed a’r Cylch"


@pytest.fixture
def provider(caerphilly):
    return factories.provider(caerphilly, name=LONG)


@pytest.fixture
def sitting(provider):
    return factories.offer(provider, title_cy="Gŵyl, te a chân \\ y tŷ", title_en="Tea, song; and more")


def award_of(council, language="en"):
    return factories.award(council, value=40_000, carer_row=factories.carer(council, language=language))


@pytest.fixture
def award(caerphilly):
    return award_of(caerphilly)


@pytest.fixture
def bryn(provider):
    return factories.provider_staff(provider)


@pytest.fixture
def confirmed(award, sitting, bryn, now):
    return breaks.confirm(award, sitting, bryn, now)


def read(entry):
    """Return the calendar and its one event, read back by a library that calendars use."""
    calendar = icalendar.Calendar.from_ical(entry.content)
    [event] = calendar.events
    return calendar, event


def test_the_entry_says_what_with_whom_and_when_in_utc(confirmed):
    calendar, event = read(calendar_files.for_carer(confirmed))

    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "REQUEST")
    assert event["SUMMARY"] == f"Tea, song; and more, {LONG}"
    # 2pm in summer time.
    assert event.start == dt.datetime(2026, 10, 16, 13, 0, tzinfo=dt.UTC)
    assert event.end == dt.datetime(2026, 10, 16, 15, 30, tzinfo=dt.UTC)
    assert event["UID"] == f"{confirmed.ref}@localhost"
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 0)
    assert event["DTSTAMP"].dt == confirmed.answered_at


def test_times_are_written_in_utc_so_that_no_rule_of_summer_time_is_needed(confirmed):
    written = calendar_files.for_carer(confirmed).content.decode()

    assert re.findall(r"DTSTART:\d{8}T\d{6}Z\r\n", written)
    assert "TZID" not in written and "VTIMEZONE" not in written


def test_the_method_stands_in_the_calendar_and_not_in_the_event(confirmed):
    written = calendar_files.for_carer(confirmed).content.decode()

    before, _, event = written.partition("BEGIN:VEVENT")
    assert "METHOD:REQUEST" in before
    assert "METHOD" not in event


@pytest.mark.parametrize("language", ["cy", "en", ""])
def test_lines_are_folded_by_bytes_and_end_as_the_standard_asks(caerphilly, sitting, bryn, now, language):
    booking = breaks.confirm(award_of(caerphilly, language), sitting, bryn, now)

    content = calendar_files.for_carer(booking).content

    lines = content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert any(len(line) > 70 for line in lines)
    assert b"\n" not in content.replace(b"\r\n", b"")
    # Every line is whole letters: none is cut within ŵ or ŷ.
    assert all(line.decode() is not None for line in lines)
    title = {"cy": "Gŵyl, te a chân \\ y tŷ", "en": "Tea, song; and more"}.get(
        language, "Gŵyl, te a chân \\ y tŷ / Tea, song; and more"
    )
    assert read(calendar_files.for_carer(booking))[1]["SUMMARY"] == f"{title}, {LONG}"


def test_the_entry_says_nothing_about_care_nor_what_was_told_to_the_provider(award, sitting, bryn, now):
    booking = breaks.confirm(award, sitting, bryn, now, note="The dog is called Mot.")

    for entry in (calendar_files.for_carer(booking), calendar_files.for_provider(booking)):
        _calendar, event = read(entry)
        assert "Mot" not in entry.content.decode()
        assert event["CLASS"] == "PRIVATE"
        assert "LOCATION" not in event
        assert "62.50" not in entry.content.decode()


def test_an_alarm_rings_a_day_before(confirmed):
    _calendar, event = read(calendar_files.for_carer(confirmed))

    [alarm] = event.alarms.times
    assert alarm.trigger == dt.datetime(2026, 10, 15, 13, 0, tzinfo=dt.UTC)


def test_a_request_is_tentative(award, sitting, now):
    _calendar, event = read(calendar_files.for_carer(breaks.ask(award, sitting, now)))

    assert event["STATUS"] == "TENTATIVE"


def test_organiser_and_attendee_are_named_so_that_a_calendar_takes_a_cancellation(confirmed, award, now):
    bookings.cancel(booking=confirmed, party=Booking.Party.CARER, by=ALYS, now=now)

    _calendar, event = read(calendar_files.for_carer(confirmed))
    assert str(event["ORGANIZER"]) == "mailto:breaks@council.example"
    assert str(event["ATTENDEE"]) == f"mailto:{award.carer.email}"
    # Nobody is asked for an answer: nobody is there to read it.
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"


def test_a_carer_without_an_e_mail_address_can_put_it_in_all_the_same(confirmed, award):
    award.carer.email = ""
    confirmed.award = award

    _calendar, event = read(calendar_files.for_carer(confirmed))
    assert "ATTENDEE" not in event


def test_a_name_cannot_begin_a_line_of_its_own(confirmed, award):
    award.carer.first_name = 'Al"ys\r\nSTATUS:CANCELLED'
    confirmed.award = award

    _calendar, event = read(calendar_files.for_carer(confirmed))
    assert event["STATUS"] == "CONFIRMED"
    assert b"\r\nSTATUS:CANCELLED" not in calendar_files.for_carer(confirmed).content


ENDS = {
    "cancelled by the carer": lambda row, now: bookings.cancel(
        booking=row, party=Booking.Party.CARER, by=ALYS, now=now
    ),
    "cancelled by the provider": lambda row, now: bookings.cancel(
        booking=row, party=Booking.Party.PROVIDER, by=ALYS, now=now
    ),
    "did not happen": lambda row, now: bookings.did_not_happen(
        booking=row, party=Booking.Party.CARER, by=ALYS, now=row.ends_at
    ),
}


@pytest.mark.parametrize("ended", ENDS)
def test_what_ends_is_taken_away_under_the_same_name_with_a_higher_number(confirmed, now, ended):
    before = read(calendar_files.for_carer(confirmed))[1]

    ENDS[ended](confirmed, now + dt.timedelta(hours=1))

    confirmed.refresh_from_db()
    for entry in (calendar_files.for_carer(confirmed), calendar_files.for_provider(confirmed)):
        calendar, event = read(entry)
        assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
        assert entry.type == "text/calendar; method=CANCEL; charset=UTF-8"
        assert event["UID"] == before["UID"]
        assert event["SEQUENCE"] > before["SEQUENCE"]
        assert event["DTSTAMP"].dt >= before["DTSTAMP"].dt
        assert event.start == before.start
        assert list(event.alarms.times) == []


def test_a_declined_request_is_taken_away_too(award, sitting, now):
    booking = breaks.ask(award, sitting, now)
    before = read(calendar_files.for_carer(booking))[1]

    bookings.decline(booking=booking, reason="full", by=ALYS, now=now)

    booking.refresh_from_db()
    calendar, event = read(calendar_files.for_carer(booking))
    assert (calendar["METHOD"], event["UID"]) == ("CANCEL", before["UID"])
    assert event["SEQUENCE"] > before["SEQUENCE"]


def test_a_break_at_another_time_moves_the_same_entry(award, sitting, bryn, now):
    booking = breaks.ask(award, sitting, now)
    before = read(calendar_files.for_carer(booking))[1]
    other = breaks.SATURDAY
    suggesting.suggest(booking=booking, starts=[other], by=Who(user=bryn), now=now)

    suggesting.take(booking=booking, suggestion=booking.suggestions.get(), by=ALYS, now=now)

    booking.refresh_from_db()
    _calendar, event = read(calendar_files.for_carer(booking))
    assert event["UID"] == before["UID"]
    assert event["SEQUENCE"] > before["SEQUENCE"]
    assert event.start == other


def attached(kind):
    """Return the calendar part of the newest message of a kind as it leaves."""
    row = OutboxMessage.objects.filter(kind=kind).latest("pk")
    OutboxMessage.objects.exclude(pk=row.pk).update(sent_at=row.due_at)
    mail.send_waiting(row.due_at)
    message = email.message_from_bytes(django_mail.outbox[-1].message().as_bytes())
    [part] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return part


@pytest.mark.parametrize("kind", ["booking_confirmed", "booking_confirmed_for_provider"])
def test_the_confirmation_brings_the_entry_with_the_method_in_both_places(confirmed, kind):
    part = attached(kind)

    assert (part.get_param("method"), part.get_param("charset").lower()) == ("REQUEST", "utf-8")
    assert icalendar.Calendar.from_ical(part.get_payload(decode=True))["METHOD"] == "REQUEST"
    assert part.get_filename() == f"{confirmed.ref}.ics"


@pytest.mark.parametrize(("way", "speaks"), [("smtp", True), ("notify", False)])
def test_an_e_mail_speaks_of_a_file_only_where_one_comes_with_it(settings, award, sitting, bryn, now, way, speaks):
    settings.MESSAGES_EMAIL = way

    breaks.confirm(award, sitting, bryn, now)

    row = OutboxMessage.objects.get(kind="booking_confirmed_for_provider")
    assert ("The file with this e-mail" in row.body) == speaks
    assert "\n\n\n" not in row.body


@pytest.mark.parametrize("kind", ["booking_cancelled", "booking_cancelled_for_provider"])
def test_the_cancellation_takes_it_away_with_the_method_in_both_places(confirmed, now, kind):
    bookings.cancel(booking=confirmed, party=Booking.Party.CARER, by=ALYS, now=now)

    part = attached(kind)
    assert part.get_param("method") == "CANCEL"
    assert icalendar.Calendar.from_ical(part.get_payload(decode=True))["METHOD"] == "CANCEL"


def test_a_break_that_is_moved_moves_in_both_calendars(confirmed, bryn, now):
    moving.propose_move(booking=confirmed, starts_at=breaks.SATURDAY, by=ALYS, now=now)

    moving.accept_move(booking=confirmed, by=Who(user=bryn), now=now)

    for kind in ("move_answered", "booking_confirmed_for_provider"):
        [event] = icalendar.Calendar.from_ical(attached(kind).get_payload(decode=True)).events
        assert (event.start, event["SEQUENCE"]) == (breaks.SATURDAY, 1)


def test_a_request_that_nobody_answered_takes_nothing_out_of_the_providers_calendar(award, sitting, now):
    booking = breaks.ask(award, sitting, now)

    bookings.time_out(booking=booking, now=booking.answer_by)

    assert OutboxMessage.objects.get(kind="booking_timed_out").attachment is not None
    assert OutboxMessage.objects.get(kind="booking_missed").attachment is None


@pytest.mark.parametrize("page", ["my:calendar", "provider:calendar"])
def test_each_side_has_its_entry_on_its_page(client, confirmed, award, bryn, now, page):
    if page.startswith("my"):
        client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=ALYS, now=now)})
    else:
        client.force_login(bryn)

    answer = client.get(reverse(page, args=[confirmed.ref]))

    assert answer["Content-Type"] == "text/calendar; method=REQUEST; charset=UTF-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{confirmed.ref}.ics"'
    assert "no-store" in answer["Cache-Control"]
    [event] = icalendar.Calendar.from_ical(answer.content).events
    assert f"{reverse(page.replace('calendar', 'booking'), args=[confirmed.ref])}" in event["DESCRIPTION"]
