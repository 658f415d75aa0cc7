"""Messages wait in the outbox with the change they tell of, and leave it once."""

import datetime as dt
import smtplib
import threading

import pytest
from django.core import mail as django_mail
from django.db import connections, transaction

from accounts import composing, mail
from accounts.models import OutboxMessage

pytestmark = pytest.mark.django_db


def queued(**changes):
    message = {
        "kind": "booking_confirmed",
        "to": "alys@post.example",
        "language": "en",
        "subject": "Your break is confirmed",
        "body": "See you on Thursday.",
        "dedupe_key": "booking_confirmed:1",
    }
    return mail.queue(**(message | changes))


@pytest.fixture
def deaf_server(monkeypatch):
    """A mail server that refuses everything, and names the address in its refusal."""

    def refuse(self, fail_silently=False):
        raise smtplib.SMTPDataError(550, f"no such person {self.to}")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)


def waiting(now):
    """The moment at which a freshly queued message is surely due."""
    return OutboxMessage.objects.latest("pk").due_at + dt.timedelta(seconds=1)


def test_a_message_is_sent_once(now):
    message = queued()

    assert mail.send_waiting(waiting(now)) == 1
    assert mail.send_waiting(waiting(now)) == 0
    [sent] = django_mail.outbox
    assert (sent.to, sent.subject, sent.body) == (
        ["alys@post.example"],
        "Your break is confirmed",
        "See you on Thursday.",
    )
    message.refresh_from_db()
    assert message.sent_at


def test_the_same_news_is_told_once(now):
    assert queued() == queued(body="Another text.")

    mail.send_waiting(waiting(now))
    assert len(django_mail.outbox) == 1


def test_a_message_of_an_act_that_failed_is_never_sent(now):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queued()
        raise ZeroDivisionError

    assert mail.send_waiting(now + dt.timedelta(days=365)) == 0
    assert django_mail.outbox == []


def test_a_message_that_fails_is_tried_again_later_without_naming_anybody(now, deaf_server):
    message = queued()
    first_try = waiting(now)

    assert mail.send_waiting(first_try) == 0
    message.refresh_from_db()
    assert message.sent_at is None
    assert message.due_at == first_try + dt.timedelta(minutes=1)
    assert message.last_error == "SMTPDataError 550"


def test_a_server_that_does_not_know_the_reader_is_remembered_by_its_number_only(now, monkeypatch):
    def refuse(self, fail_silently=False):
        raise smtplib.SMTPRecipientsRefused({self.to[0]: (550, b"no such person " + self.to[0].encode())})

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    message = queued()

    mail.send_waiting(waiting(now))

    message.refresh_from_db()
    assert message.last_error == "SMTPRecipientsRefused 550"


def test_a_message_that_goes_through_at_the_second_try_is_sent_once(now, deaf_server, monkeypatch):
    message = queued()
    mail.send_waiting(waiting(now))
    monkeypatch.undo()

    message.refresh_from_db()
    assert mail.send_waiting(message.due_at) == 1
    message.refresh_from_db()
    assert (message.attempts, message.last_error) == (2, "")


def test_we_give_up_after_the_last_try(now, deaf_server):
    message = queued()
    for _ in range(mail.TRIES_MAX + 3):
        message.refresh_from_db()
        mail.send_waiting(message.due_at)

    message.refresh_from_db()
    assert message.attempts == mail.TRIES_MAX
    assert list(mail.given_up()) == [message]


def test_a_message_that_another_worker_has_taken_is_left_alone(now, monkeypatch):
    message = queued()
    due = waiting(now)
    seen = []

    def send_while_another_worker_runs(self, fail_silently=False):
        seen.append(mail.send_waiting(due))

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send_while_another_worker_runs)

    assert mail.send_waiting(due) == 1
    assert seen == [0]
    message.refresh_from_db()
    assert message.attempts == 1


def test_a_message_whose_worker_died_is_taken_up_after_the_lease(now):
    message = queued()
    due = waiting(now)
    OutboxMessage.objects.filter(pk=message.pk).update(due_at=due + mail.LEASE, attempts=1)

    assert mail.send_waiting(due) == 0
    assert mail.send_waiting(due + mail.LEASE) == 1


def test_nothing_is_sent_inside_a_transaction_of_ours(now, monkeypatch, transactional_db):
    queued()
    inside = []
    monkeypatch.setattr(
        "django.core.mail.EmailMessage.send",
        lambda self, fail_silently=False: inside.append(transaction.get_connection().in_atomic_block),
    )

    mail.send_waiting(waiting(now))

    assert inside == [False]


def test_no_text_of_a_person_can_start_a_header(now):
    queued(subject="A break with\r\nBcc: everybody@post.example")

    mail.send_waiting(waiting(now))

    [sent] = django_mail.outbox
    assert "\n" not in sent.subject
    assert sent.recipients() == ["alys@post.example"]


@pytest.mark.parametrize("address", ["", "nobody", "alys@post.example\nBcc: x@post.example"])
def test_what_is_not_an_address_is_refused(address):
    with pytest.raises(mail.BadAddress):
        queued(to=address)


def test_an_attachment_goes_with_the_message(now):
    queued(attachment=mail.Attachment("remittance.pdf", "application/pdf", b"%PDF-1.7"))

    mail.send_waiting(waiting(now))

    assert django_mail.outbox[0].attachments == [("remittance.pdf", b"%PDF-1.7", "application/pdf")]


@pytest.fixture
def letter(settings, tmp_path):
    """A template of an e-mail, with a name that has an apostrophe in it."""
    folder = tmp_path / "messages" / "trial"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("{% translate 'English' %}\n")
    (folder / "body.txt").write_text("{{ name }} {% get_current_language as now_in %}{{ now_in }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


def test_an_e_mail_is_written_in_the_readers_language(letter):
    assert composing.e_mail("trial", "cy", {"name": "Siân O'Neill"}).body == "Siân O'Neill cy\n"
    assert composing.e_mail("trial", "en", {"name": "Siân O'Neill"}).body == "Siân O'Neill en\n"


def test_a_reader_whose_language_we_do_not_know_gets_both_welsh_first(letter):
    text = composing.e_mail("trial", "", {"name": "Siân"})

    assert text.body.index("Siân cy") < text.body.index("Siân en")
    assert " / " in text.subject


def test_old_messages_lose_every_word_about_people(now):
    message = queued()
    mail.send_waiting(waiting(now))

    assert mail.forget_old(message.created_at + dt.timedelta(days=91)) == 1
    message.refresh_from_db()
    assert (message.to, message.subject, message.body) == ("", "", "")
    assert queued() == message


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_message_once(monkeypatch):
    for number in range(30):
        queued(dedupe_key=f"news:{number}", subject=f"News {number}")
    due = waiting(None)
    sent, start = [], threading.Barrier(3)
    monkeypatch.setattr(
        "django.core.mail.EmailMessage.send", lambda self, fail_silently=False: sent.append(self.subject)
    )

    def work():
        start.wait()
        mail.send_waiting(due)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(sent) == sorted(f"News {number}" for number in range(30))
