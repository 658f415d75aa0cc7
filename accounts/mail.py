"""The outbox: a message is written with the change it tells of, and sent after the commit, in the reader's language."""

import datetime as dt
import smtplib
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.db.models import F
from django.template import Context, engines
from django.utils import translation

from accounts.models import Language, OutboxMessage

# How long to wait after each failed try; after the last of them we give up.
WAITS = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 720, 1440)]
TRIES_MAX = len(WAITS) + 1
# Whoever takes a message has this long to send it before another may take it.
LEASE = dt.timedelta(minutes=5)
KEPT = dt.timedelta(days=90)
SUBJECT_MAX = 200
BETWEEN_LANGUAGES = "\n\n" + "-" * 40 + "\n\n"


class BadAddress(Exception):
    """This cannot be written to."""


class Text(NamedTuple):
    """A composed e-mail: its subject on one line, and its body."""

    subject: str
    body: str


class Attachment(NamedTuple):
    name: str
    type: str
    content: bytes


def compose(name, language, context):
    """Render templates/messages/<name>/subject.txt and body.txt in the language.

    An empty language means that the reader has not been asked: both, Welsh first. Templates
    also know `site_url`, the address of the site without a closing slash.
    """
    if language:
        return _in_one_language(name, language, context)
    welsh, english = (_in_one_language(name, each, context) for each in (Language.WELSH, Language.ENGLISH))
    return Text(_one_line(f"{welsh.subject} / {english.subject}"), welsh.body + BETWEEN_LANGUAGES + english.body)


def write(name, *, to, language, context, dedupe_key, attachment=None):
    """Compose the e-mail of that name in the reader's language and queue it; returns its row. Raises BadAddress."""
    text = compose(name, language, context)
    return queue(
        kind=name,
        to=to,
        language=language,
        subject=text.subject,
        body=text.body,
        dedupe_key=dedupe_key,
        attachment=attachment,
    )


def queue(*, kind, to, language, subject, body, dedupe_key, attachment=None):
    """Write a message into the outbox, inside the transaction of the act that it tells of.

    The same dedupe_key gives the first row back: the same news is told once. `attachment` is
    (name, type, bytes). Raises BadAddress.
    """
    try:
        validate_email(to)
    except ValidationError as error:
        raise BadAddress from error
    name, content_type, content = attachment or ("", "", None)
    row, _ = OutboxMessage.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "kind": kind,
            "to": to,
            "language": language,
            "subject": _one_line(subject),
            "body": body,
            "attachment_name": _one_line(name),
            "attachment_type": content_type,
            "attachment": content,
        },
    )
    return row


def send_waiting(now, most=500):
    """Send what is due, each message outside any transaction; returns how many were sent.

    Safe to run twice at once: a message is taken by a compare-and-set on its due time, which also
    is the lease. A message that fails is tried again later, and given up after TRIES_MAX tries.
    """
    due = OutboxMessage.objects.filter(sent_at=None, due_at__lte=now, attempts__lt=TRIES_MAX)
    sent = 0
    for key, due_at in list(due.order_by("due_at", "pk").values_list("pk", "due_at")[:most]):
        taken = OutboxMessage.objects.filter(pk=key, sent_at=None, due_at=due_at).update(
            due_at=now + LEASE, attempts=F("attempts") + 1
        )
        if taken:
            sent += _send(OutboxMessage.objects.get(pk=key), now)
    return sent


def send_now(row, now, *, keep_text=True):
    """Send one message at once, for somebody who waits for it on a page; if it fails the outbox tries again.

    Without keep_text its words are emptied once it is sent: a code that opens a door need not be kept.
    """
    taken = OutboxMessage.objects.filter(pk=row.pk, sent_at=None, attempts=0).update(due_at=now + LEASE, attempts=1)
    if taken and _send(OutboxMessage.objects.get(pk=row.pk), now) and not keep_text:
        OutboxMessage.objects.filter(pk=row.pk).update(body="")


def given_up():
    """Return the messages which we no longer try to send."""
    return OutboxMessage.objects.filter(sent_at=None, attempts__gte=TRIES_MAX)


def forget_old(now):
    """Empty the messages sent or given up more than 90 days ago; the row stays, so that its news is not told again."""
    return (
        OutboxMessage.objects.filter(created_at__lt=now - KEPT)
        .exclude(to="")
        .update(to="", subject="", body="", attachment_name="", attachment=None, attempts=TRIES_MAX)
    )


def _send(row, now):
    message = EmailMessage(
        subject=row.subject,
        body=row.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[row.to],
        # The same id at each try: a reader's programme drops the second copy of a mail that had gone after all.
        headers={"Message-ID": f"<outbox-{row.pk}@{_domain()}>", "Content-Language": row.language or "cy, en"},
        connection=get_connection(),
    )
    if row.attachment is not None:
        message.attach(row.attachment_name, bytes(row.attachment), row.attachment_type)
    try:
        message.send()
    except Exception as error:
        wait = WAITS[min(row.attempts, len(WAITS)) - 1]
        OutboxMessage.objects.filter(pk=row.pk).update(due_at=now + wait, last_error=_without_names(error))
        return 0
    return OutboxMessage.objects.filter(pk=row.pk, sent_at=None).update(sent_at=now, last_error="")


def _without_names(error):
    """Return the kind of the error and the server's number: its text may hold the address."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else getattr(error, "errno", None)
    return f"{type(error).__name__} {code or ''}".strip()


def _in_one_language(name, language, context):
    with translation.override(language):
        subject, body = (_plain(f"messages/{name}/{part}.txt", context) for part in ("subject", "body"))
    return Text(_one_line(subject), body.strip() + "\n")


def _plain(template, context):
    # Without escaping: in a plain text an apostrophe must stay an apostrophe.
    known = {"site_url": settings.SITE_URL, **context}
    return engines["django"].get_template(template).template.render(Context(known, autoescape=False))


def _one_line(text):
    """Return the text on one line: a line break in a header could start another header."""
    return " ".join(text.split())[:SUBJECT_MAX]


def _domain():
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
