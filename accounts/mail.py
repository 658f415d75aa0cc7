"""The outbox: a message is written with the change it tells of, and sent after the commit, in the reader's language."""

import datetime as dt
import smtplib
import time
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F

from accounts import channels, composing, texts
from accounts.models import OutboxMessage

Channel = OutboxMessage.Channel
# How long to wait after each failed try; after the last of them we give up.
WAITS = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 720, 1440)]
TRIES_MAX = len(WAITS) + 1
# Whoever takes a message has this long to send it before another may take it.
LEASE = dt.timedelta(minutes=5)
# So that a server which answers slowly does not keep the other jobs waiting.
ROUND_MOST = dt.timedelta(minutes=2)
KEPT = dt.timedelta(days=90)
LAST_ERROR_MAX = 200


class BadAddress(Exception):
    """This cannot be written to."""


class Attachment(NamedTuple):
    name: str
    type: str
    content: bytes


def write(name, *, to, language, context, dedupe_key, attachment=None, **about):
    """Compose the e-mail of that name in the reader's language and queue it; returns its row. Raises BadAddress.

    `about` may say for which `council` it goes and which `reader` it is for, as queue takes them.
    """
    text = composing.e_mail(name, language, context)
    return queue(
        kind=name,
        to=to,
        language=language,
        subject=text.subject,
        body=text.body,
        dedupe_key=dedupe_key,
        attachment=attachment,
        **about,
    )


def write_text(name, *, to, language, context, dedupe_key, **about):
    """Compose the text message of that name and queue it, as one or as two (Welsh first). Raises BadAddress."""
    for number, (spoken, words) in enumerate(composing.text_messages(name, language, context)):
        # The second of two is a piece of the same news, and has a key of its own.
        key = f"{dedupe_key}/{spoken}" if number else dedupe_key
        queue(
            kind=name,
            channel=Channel.SMS,
            to=texts.mobile(to),
            language=spoken,
            subject="",
            body=words,
            dedupe_key=key,
            **about,
        )


def write_letter(name, *, to, language, context, dedupe_key, large_print=False, **about):
    """Compose the letter of that name and queue it; `to` is the address in lines. It is set as PDF when it is sent."""
    letter = composing.letter(name, language, context)
    return queue(
        kind=name,
        channel=Channel.POST,
        to=to,
        language=language,
        subject=letter.subject,
        body=letter.body,
        dedupe_key=dedupe_key,
        large_print=large_print,
        **about,
    )


def queue(*, kind, to, language, subject, body, dedupe_key, channel=Channel.EMAIL, attachment=None, **about):
    """Write a message into the outbox, inside the transaction of the act that it tells of.

    The same dedupe_key gives the first row back: the same news is told once. `attachment` is
    (name, type, bytes). `about` may hold `reader` ("carer 12"), `council` and `large_print`. Raises BadAddress.
    """
    _refuse_bad_address(channel, to)
    name, content_type, content = attachment or ("", "", None)
    row, _ = OutboxMessage.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "kind": kind,
            "channel": channel,
            "to": to,
            "language": language,
            "subject": composing.one_line(subject),
            "body": body,
            "attachment_name": composing.one_line(name),
            "attachment_type": content_type,
            "attachment": content,
            **about,
        },
    )
    return row


def withdraw(*, reader, now, kinds=None):
    """Take back all that waits for that reader, within the caller's transaction; returns how many messages.

    With `kinds` only those. What a worker has in its hands at this moment may still leave.
    """
    waiting = OutboxMessage.objects.filter(reader=reader, sent_at=None, withdrawn_at=None)
    if kinds is not None:
        waiting = waiting.filter(kind__in=kinds)
    return waiting.update(withdrawn_at=now) if reader else 0


def is_address(text):
    """True where an e-mail can be written to that."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _refuse_bad_address(channel, to):
    can_reach = {Channel.EMAIL: is_address, Channel.SMS: texts.mobile, Channel.POST: str.strip}[channel]
    if not can_reach(to):
        raise BadAddress


def send_waiting(now, most=500, withdrawn=lambda row: False):
    """Send what is due, each message outside any transaction; returns how many were sent.

    Safe to run twice at once: a message is taken by a compare-and-set on its due time, which also
    is the lease. A message that fails is tried again later, and given up after TRIES_MAX tries. `withdrawn`
    is asked before each whether it has taken that message back. After ROUND_MOST the rest waits for the next round.
    """
    due = OutboxMessage.objects.filter(sent_at=None, withdrawn_at=None, due_at__lte=now, attempts__lt=TRIES_MAX)
    sent, begun = 0, time.monotonic()
    for key, due_at in list(due.order_by("due_at", "pk").values_list("pk", "due_at")[:most]):
        # A round may last, and a lease is counted from when the message is taken, not from when the round began.
        lasted = dt.timedelta(seconds=time.monotonic() - begun)
        if lasted > ROUND_MOST:
            break
        waiting = OutboxMessage.objects.filter(pk=key, sent_at=None, withdrawn_at=None, due_at=due_at)
        if waiting.update(due_at=now + lasted + LEASE, attempts=F("attempts") + 1):
            row = OutboxMessage.objects.select_related("council__scheme").get(pk=key)
            sent += 0 if withdrawn(row) else _send(row, now)
    return sent


def send_now(row, now, *, keep_text=True):
    """Send one message at once, for somebody who waits for it on a page; if it fails the outbox tries again.

    Without keep_text its words are emptied once it is sent: a code that opens a door need not be kept.
    """
    waiting = OutboxMessage.objects.filter(pk=row.pk, sent_at=None, withdrawn_at=None, attempts=0)
    taken = waiting.update(due_at=now + LEASE, attempts=1)
    if taken and _send(OutboxMessage.objects.get(pk=row.pk), now) and not keep_text:
        OutboxMessage.objects.filter(pk=row.pk).update(body="")


def given_up():
    """Return the messages which we no longer try to send."""
    return OutboxMessage.objects.filter(sent_at=None, withdrawn_at=None, attempts__gte=TRIES_MAX).exclude(to="")


def try_again(*, row, now, to=""):
    """Begin anew with a message that was given up, to another address if that is given; return whether it was so.

    Raises BadAddress.
    """
    changes = {"attempts": 0, "due_at": now, "last_error": ""}
    if to:
        _refuse_bad_address(row.channel, to)
        changes["to"] = to
    return bool(given_up().filter(pk=row.pk).update(**changes))


def set_aside(*, row, now):
    """Send a message no more that was given up: it was told in another way; returns whether it was still given up."""
    return bool(given_up().filter(pk=row.pk).update(withdrawn_at=now))


def forget_old(now):
    """Empty the messages sent or given up more than 90 days ago; the row stays, so that its news is not told again."""
    return (
        OutboxMessage.objects.filter(created_at__lt=now - KEPT)
        .exclude(to="")
        .update(to="", subject="", body="", attachment_name="", attachment=None, attempts=TRIES_MAX)
    )


def _send(row, now):
    try:
        channels.deliver(row)
    except channels.CannotSend as error:
        changes = {"attempts": TRIES_MAX, "last_error": str(error)[:LAST_ERROR_MAX]}
    except Exception as error:
        wait = WAITS[min(row.attempts, len(WAITS)) - 1]
        changes = {"due_at": now + wait, "last_error": _without_names(error)}
    else:
        return OutboxMessage.objects.filter(pk=row.pk, sent_at=None).update(sent_at=now, last_error="")
    OutboxMessage.objects.filter(pk=row.pk).update(**changes)
    return 0


def _without_names(error):
    """Return the kind of the error and the server's number: its text may hold the address."""
    code = getattr(error, "errno", None)
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        # One message has one reader, so there is one answer.
        code = next((answer[0] for answer in error.recipients.values()), None)
    return f"{type(error).__name__} {code or ''}".strip()
