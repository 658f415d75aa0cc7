"""Hands e-mails, texts and letters to GOV.UK Notify.

The wording stays here: Notify holds one bare template a channel, with the places ((subject)) and ((body)). A letter
goes as the PDF that we set. Notify knows each message by our row number, never by a name.
"""

import io
import re

from django.conf import settings
from notifications_python_client import prepare_upload
from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

from accounts import window_letters
from accounts.channels import CannotSend, Channel, reference
from accounts.channels.smtp import CALENDAR

TIMEOUT_SECONDS = 10
# What is wrong with the message itself stays wrong; all else (a key, a limit, a fault of theirs) may pass.
WRONG = 400
FIELDS = re.compile(r"\b(email_address|phone_number|personalisation|template_id|reference|content|postage)\b")


def send(row):
    """Hand one message over; at a second try only if the first did not arrive after all. Raises CannotSend."""
    client = NotificationsAPIClient(settings.NOTIFY_API_KEY, base_url=settings.NOTIFY_URL, timeout=TIMEOUT_SECONDS)
    try:
        if row.attempts > 1 and client.get_all_notifications(reference=_name(row))["notifications"]:
            return
        {Channel.EMAIL: _e_mail, Channel.SMS: _text, Channel.POST: _letter}[row.channel](client, row)
    except APIError as error:
        if error.status_code == WRONG:
            raise CannotSend(_reason(error)) from None
        raise NotifyRefused(error.status_code) from None
    finally:
        client.request_session.close()


class NotifyRefused(Exception):
    """Notify did not take it now; `errno` is what it answered with, and nothing it said is repeated."""

    def __init__(self, status):
        super().__init__(status)
        self.errno = status


def _name(row):
    # With the second it was written in: after a restore the same row number may stand for other news.
    return f"{reference(row)}-{int(row.created_at.timestamp())}"


def _e_mail(client, row):
    words, template = {"subject": row.subject, "body": row.body}, settings.NOTIFY_EMAIL_TEMPLATE
    # Notify takes no calendar files; the entry can be had from the page of the booking.
    if row.attachment is not None and not row.attachment_type.startswith(CALENDAR):
        words["file"] = prepare_upload(io.BytesIO(bytes(row.attachment)), filename=row.attachment_name)
        template = settings.NOTIFY_EMAIL_FILE_TEMPLATE
    client.send_email_notification(row.to, template, personalisation=words, reference=_name(row))


def _text(client, row):
    template, words = settings.NOTIFY_TEXT_TEMPLATE, {"body": row.body}
    client.send_sms_notification(row.to, template, personalisation=words, reference=_name(row))


def _letter(client, row):
    client.send_precompiled_letter_notification(_name(row), io.BytesIO(window_letters.typeset(row).content))


def _reason(error):
    """Return which field was wrong and what kind of error it was: the rest of the answer may repeat an address."""
    try:
        errors = error.response.json()["errors"]
        kinds = {re.sub(r"[^A-Za-z]", "", str(each["error"]))[:40] for each in errors}
        fields = {field for each in errors for field in FIELDS.findall(str(each["message"]))}
    except (AttributeError, KeyError, TypeError, ValueError):
        kinds, fields = set(), set()
    return " ".join(["Notify 400", *sorted(kinds), *sorted(fields)])
