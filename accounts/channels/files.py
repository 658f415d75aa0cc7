"""Writes messages into a folder instead of sending them: the way of a local copy, which writes to nobody."""

from django.conf import settings

from accounts import texts, window_letters
from accounts.channels import Channel, reference
from accounts.channels.smtp import e_mail

ENDINGS = {Channel.EMAIL: "eml", Channel.SMS: "txt", Channel.POST: "pdf"}


def send(row):
    content = {Channel.EMAIL: _e_mail, Channel.SMS: _text, Channel.POST: _letter}[row.channel](row)
    path = path_of(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all, and at a second try over the first one.
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def path_of(row):
    """Return the file in which a message is written."""
    return settings.OUTBOX_DIR / f"{reference(row)}-{row.kind}.{ENDINGS[row.channel]}"


def _e_mail(row):
    return e_mail(row).message().as_bytes()


def _text(row):
    return f"To: {row.to}\nParts: {texts.parts(row.body)}\n\n{row.body}\n".encode()


def _letter(row):
    return window_letters.typeset(row).content
