"""GOV.UK Notify, played by a double on this machine: what it is told, and what we do when it says no."""

import base64
import datetime as dt
import io

import pikepdf
import pytest

from accounts import mail
from accounts.models import OutboxMessage
from tests import notify_double

pytestmark = pytest.mark.django_db

PDF = mail.Attachment("remittance.pdf", "application/pdf", b"%PDF-1.7")
CALENDAR = mail.Attachment("B2C3.ics", "text/calendar; method=REQUEST; charset=UTF-8", b"BEGIN:VCALENDAR")


@pytest.fixture
def notify(settings):
    with notify_double.listening() as (double, address):
        settings.MESSAGES_EMAIL = settings.MESSAGES_TEXT = settings.MESSAGES_POST = "notify"
        settings.NOTIFY_URL, settings.NOTIFY_API_KEY = address, notify_double.API_KEY
        settings.NOTIFY_EMAIL_TEMPLATE = "e-mail"
        settings.NOTIFY_EMAIL_FILE_TEMPLATE = "e-mail with a file"
        settings.NOTIFY_TEXT_TEMPLATE = "text"
        yield double


def queued(**changes):
    message = {"kind": "news", "to": "alys@post.example", "language": "cy", "subject": "Tŷ", "body": "Croeso.\n"}
    return mail.queue(**({"dedupe_key": "news/1"} | message | changes))


def text_message():
    return queued(channel="sms", to="+447700900123", subject="", body="Mae'r tŷ'n barod.")


def send(row, after=dt.timedelta(0)):
    row.refresh_from_db()
    sent = mail.send_waiting(row.due_at + after)
    row.refresh_from_db()
    return sent


def name_of(row):
    return f"outbox-{row.pk}-{int(row.created_at.timestamp())}"


def test_an_e_mail_fills_the_two_places_of_the_bare_template(notify):
    row = queued()

    assert send(row) == 1
    assert notify.sent == [
        (
            "email",
            {
                "email_address": "alys@post.example",
                "template_id": "e-mail",
                "personalisation": {"subject": "Tŷ", "body": "Croeso.\n"},
                "reference": name_of(row),
            },
        )
    ]
    assert row.sent_at


def test_a_text_goes_with_all_its_accents(notify):
    row = text_message()

    assert send(row) == 1
    [(kind, what)] = notify.sent
    assert kind == "sms"
    assert (what["phone_number"], what["personalisation"]) == ("+447700900123", {"body": "Mae'r tŷ'n barod."})


def test_a_letter_goes_as_our_own_pdf(notify, caerphilly):
    lines = "Alys Gŵyr\n1 Stryd Fawr\nBlackwood\nNP12 1AA"
    row = queued(channel="post", to=lines, body="Pennawd\n\nGeiriau.\n", council=caerphilly)

    assert send(row) == 1
    [(kind, what)] = notify.sent
    assert kind == "letter"
    assert what["reference"] == name_of(row)
    with pikepdf.open(io.BytesIO(base64.b64decode(what["content"]))) as letter:
        assert len(letter.pages) == 1


def test_a_file_goes_with_the_template_that_has_a_place_for_it(notify):
    assert send(queued(attachment=PDF)) == 1

    [(_kind, what)] = notify.sent
    assert what["template_id"] == "e-mail with a file"
    assert base64.b64decode(what["personalisation"]["file"]["file"]) == PDF.content


def test_a_calendar_file_stays_behind_because_notify_takes_none(notify):
    assert send(queued(attachment=CALENDAR)) == 1

    [(_kind, what)] = notify.sent
    assert (what["template_id"], set(what["personalisation"])) == ("e-mail", {"subject", "body"})


def test_outside_a_message_is_known_by_numbers_only(notify):
    send(text_message())

    [(_kind, what)] = notify.sent
    assert set(what["reference"]) <= set("outbox-0123456789")


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_what_may_pass_is_tried_again_and_goes_through(notify, status):
    row = text_message()
    notify.answers = [status]

    due = row.due_at
    assert send(row) == 0
    assert row.last_error == f"NotifyRefused {status}"
    assert row.due_at == due + mail.WAITS[0]
    assert send(row) == 1
    assert (row.attempts, row.last_error) == (2, "")
    assert len(notify.sent) == 1


def test_a_message_that_is_wrong_is_given_up_at_once_and_the_reason_names_nobody(notify, caplog):
    caplog.set_level("DEBUG")
    row = text_message()
    notify.answers = [400]

    assert send(row) == 0
    assert send(row, after=dt.timedelta(days=3)) == 0

    assert notify.tries == 1
    assert list(mail.given_up()) == [row]
    assert row.last_error == "Notify 400 BadRequestError phone_number"
    assert "07700" not in caplog.text and "Alys" not in caplog.text


@pytest.mark.parametrize("words", ["<html>Sorry</html>", '["Sorry"]', '{"errors": "Sorry"}', '{"errors": [{}]}'])
def test_a_refusal_in_other_words_is_a_refusal(notify, words):
    row = text_message()
    notify.answers, notify.words = [400], words

    assert send(row) == 0
    assert row.last_error == "Notify 400"


def test_a_wrong_key_is_refused_and_tried_again_once_it_is_mended(notify, settings):
    settings.NOTIFY_API_KEY = notify_double.API_KEY[:-4] + "0000"
    row = text_message()

    assert send(row) == 0
    assert (row.last_error, notify.tries) == ("NotifyRefused 403", 0)
    settings.NOTIFY_API_KEY = notify_double.API_KEY
    assert send(row) == 1


def test_we_give_up_after_the_last_try(notify):
    row = text_message()
    notify.answers = [500] * 20

    for _ in range(mail.TRIES_MAX + 2):
        send(row)

    assert notify.tries == mail.TRIES_MAX
    assert list(mail.given_up()) == [row]


def test_a_message_that_arrived_before_the_line_went_dead_is_not_sent_twice(notify):
    row = text_message()
    notify.forgets_to_answer = True

    assert send(row) == 0
    assert row.last_error == "NotifyRefused 503"
    assert send(row) == 1

    assert len(notify.sent) == 1


def test_a_message_whose_worker_died_after_sending_is_not_sent_twice(notify):
    row = text_message()
    send(row)
    OutboxMessage.objects.update(sent_at=None)

    assert send(row) == 1

    assert len(notify.sent) == notify.tries == 1


def test_nobody_at_the_other_end_is_no_reason_to_stop(notify, settings):
    settings.NOTIFY_URL = "http://127.0.0.1:9"
    row = text_message()

    assert send(row) == 0
    assert row.last_error == "NotifyRefused 503"
