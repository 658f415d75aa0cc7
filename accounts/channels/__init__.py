"""The ways out of the building: files in a folder, a mail server, GOV.UK Notify. The settings say which takes what.

Each module has `send(row)`, which hands one message of the outbox over, or raises. It is never called inside a
transaction. Whatever it raises is tried again later; only CannotSend is not, because a second try would end alike.
"""

import importlib

from django.conf import settings

from accounts.models import OutboxMessage

Channel = OutboxMessage.Channel
# Which ways each kind of message may take, and the setting that names one.
WAYS = {
    Channel.EMAIL: ("MESSAGES_EMAIL", ("files", "smtp", "notify")),
    Channel.SMS: ("MESSAGES_TEXT", ("files", "notify")),
    Channel.POST: ("MESSAGES_POST", ("files", "notify")),
}


class CannotSend(Exception):
    """This message will never go; the text says why, and names nobody."""


def deliver(row):
    """Hand a message over by the way that the settings name for its channel; never inside a transaction."""
    setting, ways = WAYS[row.channel]
    way = getattr(settings, setting)
    if way not in ways:
        raise CannotSend(f"{setting} is not one of {', '.join(ways)}")
    importlib.import_module(f"accounts.channels.{way}").send(row)


def reference(row):
    """Return the name under which a message is known outside: the number of its row, the same at each try."""
    return f"outbox-{row.pk}"
