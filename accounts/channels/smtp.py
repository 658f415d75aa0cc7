"""Hands an e-mail to a mail server."""

from email.mime.text import MIMEText

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from accounts.channels import reference

CALENDAR = "text/calendar"


def send(row):
    e_mail(row).send()


def e_mail(row):
    """Return a message of the outbox as Django sends it."""
    message = EmailMessage(
        subject=row.subject,
        body=row.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[row.to],
        # The same id at each try: a reader's programme drops the second copy of a mail that had gone after all.
        headers={"Message-ID": f"<{reference(row)}@{_domain()}>", "Content-Language": row.language or "cy, en"},
        connection=get_connection(),
    )
    if row.attachment is not None:
        if row.attachment_type.startswith(CALENDAR):
            message.attach(_calendar_part(row))
        else:
            message.attach(row.attachment_name, bytes(row.attachment), row.attachment_type)
    return message


def _calendar_part(row):
    """Return a calendar file as a part whose method is also in its type: without it a cancelled event stays."""
    part = MIMEText(bytes(row.attachment).decode(), "calendar", "utf-8")
    for parameter in row.attachment_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        part.set_param(name, value)
    part.add_header("Content-Disposition", "attachment", filename=row.attachment_name)
    return part


def _domain():
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
