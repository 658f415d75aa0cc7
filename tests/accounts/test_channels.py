"""The ways out of the building: files and a mail server; and that production has one for each kind of message."""

import email
import email.policy

import pytest
from django.core import checks
from django.core import mail as django_mail

from accounts import channels, mail
from accounts.models import OutboxMessage

pytestmark = pytest.mark.django_db

CALENDAR = mail.Attachment("B2C3.ics", "text/calendar; method=REQUEST; charset=UTF-8", "SUMMARY:Tŷ\r\n".encode())


@pytest.fixture
def box(settings, tmp_path):
    """The folder into which a local copy writes everything."""
    settings.MESSAGES_EMAIL = "files"
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return settings.OUTBOX_DIR


def queued(**changes):
    message = {"kind": "news", "to": "alys@post.example", "language": "cy", "subject": "Tŷ", "body": "Croeso i'r tŷ.\n"}
    return mail.queue(**({"dedupe_key": "news/1"} | message | changes))


def send(row):
    assert mail.send_waiting(row.due_at) == 1
    row.refresh_from_db()
    return row


def test_an_e_mail_becomes_a_file_that_a_mail_programme_opens(box):
    row = send(queued())

    [file] = box.iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert file.name == f"outbox-{row.pk}-news.eml"
    assert (message["To"], message["Subject"]) == ("alys@post.example", "Tŷ")
    assert message["Message-ID"].startswith(f"<outbox-{row.pk}@")
    assert message.get_content() == "Croeso i'r tŷ.\n"


def test_a_text_becomes_a_file_that_says_how_many_parts_it_has(box):
    send(queued(channel="sms", to="+447700900123", subject="", body="ŵ" * 71))

    [file] = box.iterdir()
    assert file.suffix == ".txt"
    assert file.read_text() == f"To: +447700900123\nParts: 2\n\n{'ŵ' * 71}\n"


def test_a_letter_becomes_a_pdf(box, caerphilly):
    lines = "Alys Gŵyr\n1 Stryd Fawr\nBlackwood\nNP12 1AA"
    send(queued(channel="post", to=lines, body="Pennawd\n\nGeiriau.\n", council=caerphilly))

    [file] = box.iterdir()
    assert file.suffix == ".pdf"
    assert file.read_bytes().startswith(b"%PDF")


def test_a_second_try_writes_over_the_first(box):
    row = send(queued())
    OutboxMessage.objects.filter(pk=row.pk).update(sent_at=None)

    send(row)

    assert len(list(box.iterdir())) == 1


def test_a_calendar_file_keeps_its_method_in_the_type_of_its_part():
    send(queued(attachment=CALENDAR))

    [message] = django_mail.outbox
    [_body, part] = email.message_from_bytes(message.message().as_bytes()).get_payload()
    assert part.get_content_type() == "text/calendar"
    assert (part.get_param("method"), part.get_param("charset").lower()) == ("REQUEST", "utf-8")
    assert part.get_filename() == "B2C3.ics"
    assert part.get_payload(decode=True) == CALENDAR.content


def test_no_text_message_and_no_letter_goes_by_the_mail_server(settings):
    settings.MESSAGES_TEXT = "smtp"

    row = queued(channel="sms", to="+447700900123", subject="")
    assert mail.send_waiting(row.due_at) == 0

    row.refresh_from_db()
    assert row.last_error == "MESSAGES_TEXT is not one of files, notify"
    assert list(mail.given_up()) == [row]


def test_a_number_that_no_text_reaches_is_refused():
    with pytest.raises(mail.BadAddress):
        queued(channel="sms", to="01495 123456", subject="")


def test_what_was_given_up_can_be_tried_again_or_set_aside(caerphilly, now):
    again, told = (queued(dedupe_key=key, channel="sms", to="+447700900123", subject="") for key in "ab")
    OutboxMessage.objects.update(attempts=mail.TRIES_MAX, last_error="Notify 400")

    assert mail.try_again(row=again, now=again.due_at)
    assert mail.set_aside(row=told, now=now)

    assert not mail.try_again(row=again, now=now)
    assert not mail.set_aside(row=again, now=now)
    assert not mail.given_up().exists()
    assert mail.send_waiting(again.due_at) == 1
    assert OutboxMessage.objects.get(sent_at=None) == told


def test_what_is_withdrawn_is_not_sent_and_nobody_elses_mail_is_touched(now):
    mine, _other, old, last = (
        queued(dedupe_key=key, reader=reader)
        for key, reader in zip("abcd", ["carer 1", "carer 12", "carer 1", ""], strict=True)
    )
    OutboxMessage.objects.filter(pk=old.pk).update(sent_at=now)

    assert mail.withdraw(reader="carer 1", now=now) == 1
    assert mail.withdraw(reader="", now=now) == 0

    assert mail.send_waiting(last.due_at) == 2
    mine.refresh_from_db()
    assert (mine.sent_at, mine.withdrawn_at) == (None, now)


def test_a_round_that_lasts_leaves_the_rest_for_the_next(monkeypatch, settings):
    rows = [queued(dedupe_key=key) for key in "abc"]
    minutes = iter([0, 0, 60, 121, 122])
    monkeypatch.setattr("accounts.mail.time.monotonic", lambda: next(minutes))

    assert mail.send_waiting(rows[-1].due_at) == 2
    assert OutboxMessage.objects.filter(sent_at=None).count() == 1


def production(settings, **changes):
    values = {"PRODUCTION": True, "DEMO": False, "MESSAGES_EMAIL": "smtp", "MESSAGES_TEXT": "notify"}
    values |= {"MESSAGES_POST": "notify", "NOTIFY_API_KEY": "key", "NOTIFY_TEXT_TEMPLATE": "id"} | changes
    for name, value in values.items():
        setattr(settings, name, value)
    return [error.id for error in checks.run_checks(tags=[checks.Tags.security]) if error.id.startswith("accounts.")]


def test_production_with_a_way_for_each_kind_may_start(settings):
    assert production(settings) == []


@pytest.mark.parametrize("name", [setting for setting, _ways in channels.WAYS.values()])
def test_production_refuses_to_write_into_files(settings, name):
    assert production(settings, **{name: "files"}) == ["accounts.E003"]


@pytest.mark.parametrize("name", [setting for setting, _ways in channels.WAYS.values()])
def test_a_way_that_does_not_exist_is_refused(settings, name):
    assert production(settings, **{name: "pigeon"}) == ["accounts.E002"]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"NOTIFY_API_KEY": ""}, 1),
        ({"NOTIFY_TEXT_TEMPLATE": ""}, 1),
        ({"MESSAGES_EMAIL": "notify"}, 2),
    ],
)
def test_notify_is_refused_without_its_key_and_templates(settings, changes, missing):
    assert production(settings, **changes) == ["accounts.E004"] * missing
