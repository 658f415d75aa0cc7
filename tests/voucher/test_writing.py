"""How a carer is written to: by the way she chose, in her language, and not at all where we keep silent."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import texts
from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import breaks
from tests.voucher.breaks import london
from voucher import jobs, rules
from voucher.messages import writing

pytestmark = pytest.mark.django_db

CARYS = Who(label="tests")
SITE = "http://localhost:8000"


def carer(council, **fields):
    return factories.carer(council, **fields)


def told(row):
    """Tell a carer something, and return what it became in the outbox."""
    award = factories.award(row.council, carer_row=row)
    writing.to_carer("award_reminder", row, {"account": award.account}, f"news/{row.pk}", about=award)
    return list(OutboxMessage.objects.filter(reader=f"carer {row.pk}").order_by("pk"))


WAYS = [
    # What was chosen, the e-mail address, the telephone, and the way it goes (R33).
    ("email", "alys@post.example", "07700 900123", "email"),
    ("email", "", "07700 900123", "sms"),
    ("email", "", "01495 123456", "post"),
    ("email", "no address", "01495 123456", "post"),
    ("sms", "alys@post.example", "07700 900123", "sms"),
    ("sms", "alys@post.example", "01495 123456", "email"),
    ("sms", "", "", "post"),
    ("post", "alys@post.example", "07700 900123", "post"),
    ("post", "", "", "post"),
]


@pytest.mark.parametrize(("chosen", "e_mail", "phone", "way"), WAYS)
def test_news_go_by_the_way_that_was_chosen_or_by_one_that_is_there(caerphilly, chosen, e_mail, phone, way):
    [row] = told(carer(caerphilly, contact_by=chosen, email=e_mail, phone=phone))

    assert row.channel == way
    assert row.council == caerphilly
    to = {"email": e_mail, "sms": "+447700900123", "post": row.to}[way]
    assert row.to == to


def test_every_combination_has_a_way():
    for chosen in ("email", "sms", "post"):
        for has_e_mail in (True, False):
            for has_mobile in (True, False):
                way = rules.way_to_write(chosen, has_e_mail=has_e_mail, has_mobile=has_mobile)
                assert way == chosen or not {"email": has_e_mail, "sms": has_mobile, "post": True}[chosen]


@pytest.mark.parametrize(
    ("written_on", "day", "late"),
    [
        (dt.date(2026, 10, 12), dt.date(2026, 10, 15), True),  # Monday, for Thursday
        (dt.date(2026, 10, 12), dt.date(2026, 10, 16), False),
        (dt.date(2026, 10, 16), dt.date(2026, 10, 21), True),  # over a weekend
        (dt.date(2026, 10, 16), dt.date(2026, 10, 22), False),
        (dt.date(2026, 12, 24), dt.date(2026, 12, 31), True),  # Christmas, Boxing Day and the day in lieu
        (dt.date(2026, 12, 24), dt.date(2027, 1, 4), False),
    ],
)
def test_a_letter_needs_four_working_days(written_on, day, late):
    assert rules.letter_is_too_late(written_on, day) == late


def test_a_letter_is_addressed_line_by_line_and_in_her_print_size(caerphilly):
    alys = carer(caerphilly, contact_by="post", address="Flat 2, 14 Stryd Fawr", print_size="large print")

    [row] = told(alys)

    assert row.to == "Alys Gŵyr\nFlat 2\n14 Stryd Fawr\nBlackwood\nNP12 1AA"
    assert row.large_print


@pytest.mark.parametrize("way", ["email", "sms", "post"])
@pytest.mark.parametrize("language", ["cy", "en"])
def test_news_are_in_the_carers_language(caerphilly, way, language):
    [row] = told(carer(caerphilly, contact_by=way, language=language))

    assert row.language == language
    assert (f"{SITE}/cy/" in row.body) == (language == "cy")


@pytest.mark.parametrize(("way", "between"), [("email", "-" * 40), ("post", "\f")])
def test_whoever_was_not_asked_for_a_language_has_both_welsh_first(caerphilly, way, between):
    [row] = told(carer(caerphilly, contact_by=way, language=""))

    welsh, english = row.body.split(between)
    assert f"{SITE}/cy/brochure/" in welsh
    assert f"{SITE}/brochure/" in english


def test_a_text_in_both_languages_goes_as_one_where_it_is_short_and_else_as_two(caerphilly, monkeypatch):
    [both] = told(carer(caerphilly, contact_by="sms", language=""))
    assert both.body.index("/cy/") < both.body.index(" / ") < both.body.rindex(f"{SITE}/ ")
    assert texts.parts(both.body) <= 3

    monkeypatch.setattr(texts, "PARTS_MOST", 1)
    welsh, english = told(carer(caerphilly, contact_by="sms", language=""))
    assert (welsh.language, english.language) == ("cy", "en")
    assert "/cy/" in welsh.body and "/cy/" not in english.body


def test_c12_two_carers_of_one_household_have_each_their_own_letter_in_their_own_language(caerphilly):
    home = {"address": "3 Heol y Parc", "postcode": "CF46 6DD", "contact_by": "post"}
    [welsh] = told(carer(caerphilly, first_name="Eleri", language="cy", **home))
    [english] = told(carer(caerphilly, first_name="John", language="en", **home))

    assert (welsh.language, english.language) == ("cy", "en")
    assert welsh.to.startswith("Eleri") and english.to.startswith("John")
    assert welsh.to.splitlines()[1:] == english.to.splitlines()[1:]


def test_the_same_news_are_told_once_in_one_text_or_two(caerphilly, monkeypatch):
    monkeypatch.setattr(texts, "PARTS_MOST", 1)
    alys = carer(caerphilly, contact_by="sms", language="")
    award = factories.award(caerphilly, carer_row=alys)
    for _twice in range(2):
        writing.to_carer("award_reminder", alys, {"account": award.account}, "news", about=award)

    assert OutboxMessage.objects.count() == 2


def test_a_carer_without_any_address_does_not_stop_the_act(caerphilly, caplog):
    nobody = carer(caerphilly, email="", phone="", contact_by="post", address="", town="", postcode="")
    nobody.first_name = nobody.last_name = ""

    assert told(nobody) == []
    assert "has no usable address" in caplog.text


def test_what_nobody_asked_for_is_not_written_in_silence_and_answers_are(caerphilly, bryn_cafe, sitting, bryn, now):
    quiet = carer(caerphilly)
    award = factories.award(caerphilly, carer_row=quiet, value=40_000)
    # After the award: a new award ends the silence.
    quiet.quiet_since = now
    quiet.save()

    writing.to_carer("award_reminder", quiet, {"account": award.account}, "news", about=award)
    breaks.confirm(award, sitting, bryn, now)

    assert set(OutboxMessage.objects.filter(reader=f"carer {quiet.pk}").values_list("kind", flat=True)) == {
        "booking_confirmed"
    }


def test_silence_that_begins_between_writing_and_sending_is_seen_at_the_moment_of_sending(caerphilly, mailoutbox):
    alys = carer(caerphilly)
    [row] = told(alys)
    # Somebody wrote the silence down without looking into the outbox.
    due = row.due_at
    type(alys).objects.filter(pk=alys.pk).update(quiet_since=due)

    list(jobs.run(due))

    assert mailoutbox == []
    row.refresh_from_db()
    assert (row.sent_at, row.withdrawn_at) == (None, due)
    assert HistoryEntry.objects.get(act="carer.message_kept_back").details == {"kind": "award_reminder"}


def test_an_answer_that_waits_is_sent_in_silence(caerphilly, sitting, bryn, now, mailoutbox):
    alys = carer(caerphilly)
    breaks.confirm(factories.award(caerphilly, carer_row=alys, value=40_000), sitting, bryn, now)
    type(alys).objects.filter(pk=alys.pk).update(quiet_since=now)

    list(jobs.run(OutboxMessage.objects.latest("due_at").due_at))

    assert [alys.email] in [message.to for message in mailoutbox]


@pytest.fixture
def coming(caerphilly, sitting, bryn, now):
    """A break on Friday 16 October at 2pm, confirmed on the Monday before."""
    return breaks.confirm(factories.award(caerphilly, value=40_000), sitting, bryn, now)


def reminders(kind="break_coming"):
    return list(OutboxMessage.objects.filter(kind=kind))


def run(now):
    return {outcome.kind: (outcome.done, outcome.failed) for outcome in jobs.run(now)}


def test_a_carer_is_reminded_of_a_break_two_days_before_once(coming):
    run(london(2026, 10, 14, 13, 59))
    assert reminders() == []

    for minute in range(3):
        run(london(2026, 10, 14, 14, minute))

    [reminder] = reminders()
    assert "Friday 16 October" in reminder.subject


def test_nobody_is_woken_by_a_reminder(coming):
    type(coming).objects.filter(pk=coming.pk).update(starts_at=london(2026, 10, 16, 7), ends_at=london(2026, 10, 16, 9))

    assert run(london(2026, 10, 14, 8, 59))["reminders of breaks written"] == (0, 0)
    assert run(london(2026, 10, 14, 20))["reminders of breaks written"] == (0, 0)
    assert run(london(2026, 10, 14, 9))["reminders of breaks written"] == (1, 0)


def test_a_break_that_was_confirmed_within_two_days_needs_no_reminder(caerphilly, sitting, bryn):
    now = london(2026, 10, 14, 15)
    breaks.confirm(factories.award(caerphilly, value=40_000), sitting, bryn, now)

    run(london(2026, 10, 15, 9))

    assert reminders() == []


def test_a_letter_would_be_too_late_to_remind_of_a_break(coming):
    type(coming.award.carer).objects.update(contact_by="post")

    run(london(2026, 10, 14, 15))

    assert reminders() == []


@pytest.mark.parametrize("state", ["requested", "cancelled", "did_not_happen", "declined"])
def test_only_what_is_confirmed_is_reminded_of(coming, state):
    type(coming).objects.filter(pk=coming.pk).update(state=state, decline_reason="full")

    run(london(2026, 10, 14, 15))

    assert reminders() == []


@pytest.mark.parametrize("way", ["email", "sms", "post"])
def test_the_last_day_comes_by_each_carers_own_way(caerphilly, way):
    factories.award(caerphilly, carer_row=carer(caerphilly, contact_by=way))

    run(london(2027, 2, 1, 9))

    [reminder] = reminders("award_reminder")
    assert reminder.channel == way


@pytest.mark.parametrize(("clock", "sent"), [(timezone.now, 1), (None, 0)])
def test_with_a_clock_what_a_round_writes_leaves_in_the_same_round(caerphilly, mailoutbox, monkeypatch, clock, sent):
    monkeypatch.setattr(rules, "is_by_day", lambda now: True)
    begun = timezone.localdate() - dt.timedelta(days=175)
    factories.award(caerphilly, first_day=begun, now=timezone.now() - dt.timedelta(days=175))

    list(jobs.run(timezone.now(), clock=clock))

    assert len(mailoutbox) == sent
    assert len(reminders("award_reminder")) == 1
