"""C5, C9, C11, C12 and C14 in the letter box: what a carer is written, by which way, in which language, when not."""

import datetime as dt
import email
import io
import re

import icalendar
import pikepdf
import pypdfium2
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.breaks import london
from voucher import jobs
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking

pytestmark = pytest.mark.django_db

LAST_DAY = dt.date(2026, 9, 2)


@pytest.fixture
def clock(monkeypatch):
    """The time of the pages: a list with the one moment that it is now."""
    cache.clear()
    told = [london(2026, 3, 3, 10)]
    monkeypatch.setattr(timezone, "now", lambda: told[0])
    # A message is due when it is written, by the same clock.
    monkeypatch.setattr(OutboxMessage._meta.get_field("due_at"), "_get_default", lambda: told[0])
    return told


@pytest.fixture
def post(settings, tmp_path):
    """A local copy: everything is written into a folder. Call it for what has come since the last time."""
    settings.MESSAGES_EMAIL = settings.MESSAGES_TEXT = settings.MESSAGES_POST = "files"
    settings.OUTBOX_DIR = tmp_path / "outbox"
    seen = set()

    def come():
        new = set(settings.OUTBOX_DIR.glob("*")) - seen
        seen.update(new)
        return sorted(new, key=lambda path: int(path.name.split("-")[1]))

    return come


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, slug="sitting", places=9, title_cy="Gwarchod gartref")


@pytest.fixture
def cafe(bryn):
    browser = Client()
    browser.force_login(bryn)
    return browser


@pytest.fixture
def team(carys):
    browser = Client()
    browser.force_login(carys)
    return browser


def award_of(council, first_name, clock, *, unit="pence", value=40_000, **fields):
    """An award of £400 from 3 March to 2 September."""
    carer = factories.carer(council, first_name=first_name, **fields)
    return factories.award(
        council, carer_row=carer, unit=unit, value=value, first_day=dt.date(2026, 3, 3), now=clock[0]
    )


def opened(award, clock):
    browser = Client()
    browser.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=clock[0])})
    return browser


def hidden(response, name):
    return re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())[1]


def ask(browser, offer, minutes, starts_at):
    typed = starts_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")
    page = browser.get(reverse("my:ask", args=[offer.slug]), {"minutes": minutes, "starts_at": typed})
    names = ("key", "minutes", "seen_price_pence", "starts_at")
    browser.post(reverse("my:ask", args=[offer.slug]), {name: hidden(page, name) for name in names}, follow=True)
    return Booking.objects.latest("pk")


def press(browser, name, *args, **typed):
    return browser.post(reverse(name, args=args), typed, follow=True)


def run(clock, moment):
    """Let the clock come to a moment and do what it does then."""
    clock[0] = moment
    outcomes = {outcome.kind: (outcome.done, outcome.failed) for outcome in jobs.run(moment)}
    # What is given up counts as failed, and is what one of these stories is about.
    assert not any(failed for kind, (_done, failed) in outcomes.items() if kind != "messages sent"), outcomes
    return outcomes


def kinds(files, ending=""):
    return [path.stem.split("-", 2)[2] for path in files if path.suffix.endswith(ending)]


def words_of(pdf):
    pages = pypdfium2.PdfDocument(pdf.read_bytes())
    return [re.sub(r"\s+", " ", page.get_textpage().get_text_bounded()) for page in pages]


def reminded(*several):
    """Return how often each carer was reminded of the last day."""
    rows = OutboxMessage.objects.filter(kind="award_reminder")
    return [rows.filter(reader=f"carer {award.carer.pk}").count() for award in several]


def calendar_in(file):
    message = email.message_from_bytes(file.read_bytes())
    [part] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == calendar["METHOD"]
    return calendar


def test_c5_three_carers_are_reminded_by_three_ways_until_all_is_used_or_over(caerphilly, sitting, cafe, clock, post):
    hours = {"unit": "minutes", "value": 960}
    mail, text, letter = (
        award_of(caerphilly, "Eleri", clock, contact_by="email", language="cy", **hours),
        award_of(caerphilly, "Nia", clock, contact_by="sms", language="en", **hours),
        award_of(caerphilly, "Gwen", clock, contact_by="post", language="", **hours),
    )
    # Of 16 hours Eleri uses ten and a half; Nia uses all after the first reminder.
    browser = opened(mail, clock)
    for day, minutes in ((10, 360), (12, 270)):
        row = ask(browser, sitting, minutes, london(2026, 3, day, 10))
        press(cafe, "provider:confirm", row.ref)
        clock[0] = row.ends_at
        press(cafe, "provider:deliver", row.ref, minutes=minutes)
    run(clock, london(2026, 3, 13, 9))
    post()

    run(clock, london(2026, 7, 8, 8, 59))
    assert kinds(post()) == []
    eight = run(clock, london(2026, 7, 8, 9))
    files = post()
    assert eight["reminders written"] == (3, 0)
    assert sorted(path.suffix for path in files) == [".eml", ".pdf", ".txt"]
    by_end = {path.suffix: path for path in files}
    assert f"To: {mail.carer.email}" in by_end[".eml"].read_text()
    text_words = by_end[".txt"].read_text()
    assert text_words.startswith("To: +447700900123\nParts: 1\n")
    assert "until Wednesday 2 September" in text_words and "http://localhost:8000/" in text_words
    welsh, english = words_of(by_end[".pdf"])
    assert "Gwen" in welsh and "Wednesday 2 September" in english

    for day, hour in ((8, 12), (9, 9), (31, 9)):
        run(clock, london(2026, 7, day, hour))
    assert kinds(post()) == []

    # Nia has all sixteen hours set aside for two breaks, so there is nothing to remind her of.
    browser = opened(text, clock)
    for day, minutes in ((20, 720), (21, 240)):
        press(cafe, "provider:confirm", ask(browser, sitting, minutes, london(2026, 8, day, 8)).ref)
    run(clock, london(2026, 8, 5, 9))
    assert reminded(mail, text, letter) == [2, 1, 2]
    run(clock, london(2026, 8, 26, 9))
    run(clock, london(2026, 9, 2, 9))
    assert reminded(mail, text, letter) == [3, 1, 3]

    over = run(clock, london(2026, 9, 3, 0, 0))
    assert over["awards ended"][0] >= 2
    run(clock, london(2026, 9, 3, 9))
    assert reminded(mail, text, letter) == [3, 1, 3]
    mail.account.refresh_from_db()
    assert (awards.balance(mail).left, awards.balance(mail).expired) == (0, 330)
    assert audit.differences() == []


def test_c9_what_is_cancelled_goes_out_of_the_calendar_again(caerphilly, sitting, cafe, clock, post):
    award = award_of(caerphilly, "Eleri", clock, language="cy")
    browser = opened(award, clock)
    row = ask(browser, sitting, 150, london(2026, 3, 12, 14))
    press(cafe, "provider:confirm", row.ref)
    run(clock, london(2026, 3, 3, 11))
    confirmed = {path.stem.split("-", 2)[2]: path for path in post()}

    clock[0] = london(2026, 3, 10, 2)  # 60 hours before: free of charge
    press(browser, "my:cancel", row.ref, seen_due_pence=0)
    run(clock, london(2026, 3, 10, 9))

    gone = {path.stem.split("-", 2)[2]: path for path in post()}
    for kind, end in (
        ("booking_confirmed", "booking_cancelled"),
        ("booking_confirmed_for_provider", "booking_cancelled_for_provider"),
    ):
        entry, leaves = calendar_in(confirmed[kind]), calendar_in(gone[end])
        assert (entry["METHOD"], leaves["METHOD"]) == ("REQUEST", "CANCEL")
        assert entry.events[0]["UID"] == leaves.events[0]["UID"]
        assert leaves.events[0]["SEQUENCE"] > entry.events[0]["SEQUENCE"]
    assert calendar_in(confirmed["booking_confirmed"]).events[0]["SUMMARY"] == "Gwarchod gartref, Bryn Café"
    # 2pm in winter.
    assert calendar_in(confirmed["booking_confirmed"]).events[0].start == dt.datetime(2026, 3, 12, 14, tzinfo=dt.UTC)
    assert awards.balance(award).left == 40_000
    # What no longer takes place is not reminded of.
    run(clock, london(2026, 3, 10, 15))
    assert kinds(post()) == []


def test_c11_without_the_internet_news_come_by_letter_and_by_telephone_where_that_is_too_late(
    caerphilly, sitting, cafe, team, clock, post
):
    award = award_of(caerphilly, "Eleri", clock, contact_by="post", email="", language="cy", print_size="large print")
    # On the telephone with the carers team, on the same pages.
    press(team, "team:book_for", award.ref)
    far = ask(team, sitting, 120, london(2026, 3, 20, 14))
    near = ask(team, sitting, 60, london(2026, 3, 6, 14))
    said = press(cafe, "provider:confirm", far.ref).content.decode()
    assert "We have told the carer" in said
    said = press(cafe, "provider:confirm", near.ref).content.decode()
    assert "the carers team tells them" in said

    run(clock, london(2026, 3, 3, 11))
    letters = [path for path in post() if path.suffix == ".pdf"]
    assert kinds(letters) == ["booking_confirmed", "booking_confirmed"]
    [page, *_more] = words_of(letters[0])
    assert "Eleri Gŵyr" in page and "NP12 1AA" in page and "Tîm gofalwyr" in page
    with pikepdf.open(io.BytesIO(letters[0].read_bytes())) as letter:
        assert str(letter.Root.Lang) == "cy"

    waiting = team.get(reverse("team:listing", args=["to-tell"]))
    assert list(waiting.context["page"]) == [near]
    assert award.carer.phone in waiting.content.decode()
    press(team, "team:told", near.ref)
    assert list(team.get(reverse("team:listing", args=["to-tell"])).context["page"]) == []
    assert HistoryEntry.objects.get(act="booking.carer_told").subject_id == near.pk
    # A reminder by letter would come after the break.
    run(clock, london(2026, 3, 18, 15))
    assert kinds(post(), "pdf") == []


def test_c11_a_message_that_cannot_be_sent_is_told_by_telephone(caerphilly, sitting, cafe, team, clock, post, settings):
    settings.MESSAGES_TEXT, settings.NOTIFY_URL = "notify", "http://127.0.0.1:9"
    settings.NOTIFY_API_KEY = "key-11111111-2222-4333-8444-555555555555-66666666-7777-4888-9999-aaaaaaaaaaaa"
    award = award_of(caerphilly, "Eleri", clock, contact_by="sms")
    row = ask(opened(award, clock), sitting, 120, london(2026, 3, 20, 14))
    press(cafe, "provider:confirm", row.ref)
    for hours in (1, 2, 3, 5, 9, 24, 60, 90):
        run(clock, london(2026, 3, 3, 11) + dt.timedelta(hours=hours))

    page = team.get(reverse("team:not_sent")).content.decode()
    assert award.ref in page and "NotifyRefused 503" in page
    press(team, "team:message_told", OutboxMessage.objects.get(channel="sms").pk)

    assert award.ref not in team.get(reverse("team:not_sent")).content.decode()
    assert HistoryEntry.objects.get(act="carer.message_told").subject_id == award.carer.pk


def test_c12_two_carers_of_one_person_are_each_written_to_in_their_own_language(caerphilly, sitting, cafe, clock, post):
    home = {"address": "3 Heol y Parc", "town": "Nelson", "postcode": "CF46 6DD", "contact_by": "post"}
    for first_name, language in (("Eleri", "cy"), ("John", "en")):
        award = award_of(caerphilly, first_name, clock, language=language, **home)
        press(cafe, "provider:confirm", ask(opened(award, clock), sitting, 120, london(2026, 3, 20, 14)).ref)

    run(clock, london(2026, 3, 3, 11))

    letters = [path for path in post() if path.suffix == ".pdf"]
    written = [words_of(path) for path in letters]
    assert [len(pages) for pages in written] == [1, 1]
    assert (
        "Eleri Gŵyr" in written[0][0] and "Tîm gofalwyr" in written[0][0] and "dydd Gwener 20 Mawrth" in written[0][0]
    )
    assert "John Gŵyr" in written[1][0] and "Carers team" in written[1][0] and "Friday 20 March" in written[1][0]
    assert all("3 Heol y Parc" in pages[0] and "CF46 6DD" in pages[0] for pages in written)


def test_c14_from_the_minute_that_a_death_is_recorded_nothing_unasked_leaves(caerphilly, team, clock, post):
    eleri = award_of(caerphilly, "Eleri", clock)
    other = award_of(caerphilly, "Nia", clock)
    # Four weeks before the end the reminders are written, and the mail server is away.
    clock[0] = london(2026, 8, 5, 9)
    assert jobs.remind(clock[0]) == (2, 0)

    days = {"happened_on_day": 4, "happened_on_month": 8, "happened_on_year": 2026}
    days |= {"honoured_until_day": 2, "honoured_until_month": 9, "honoured_until_year": 2026}
    address = ("team:circumstance", eleri.ref, "person-cared-for-died")
    shown = press(team, *address, **days)
    press(team, *address, **days, seen=hidden(shown, "seen"))
    run(clock, london(2026, 8, 5, 9, 1))

    [only] = [path for path in post() if "award_reminder" in path.name]
    assert f"To: {other.carer.email}" in only.read_text()
    row = OutboxMessage.objects.get(kind="award_reminder", reader=f"carer {eleri.carer.pk}")
    assert (row.sent_at, row.withdrawn_at) == (None, london(2026, 8, 5, 9))
    assert HistoryEntry.objects.filter(act="carer.silence", subject_id=eleri.carer.pk).count() == 1
    # And one week before, only the other carer is reminded.
    run(clock, london(2026, 8, 26, 9))
    assert OutboxMessage.objects.filter(kind="award_reminder", reader=f"carer {eleri.carer.pk}").count() == 1
    assert OutboxMessage.objects.filter(kind="award_reminder", reader=f"carer {other.carer.pk}").count() == 2
