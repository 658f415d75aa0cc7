"""Does an act once: the same key again is given the first answer and moves nothing.

A key comes from a form's hidden field (or names a job's work). It is bound to who acts, what is done and with which
arguments; the row that keeps it is written in the same transaction as the act, so both happen or neither.
"""

import datetime as dt
import hashlib
import json
import uuid

from django.db import connection, transaction

BEGIN = """
INSERT INTO ledger_op (key, actor, verb, digest, answer, written_at)
VALUES (%(key)s, %(actor)s, %(verb)s, %(digest)s, NULL, %(now)s)
ON CONFLICT (key) DO NOTHING
RETURNING id"""

ANSWERED = "SELECT actor, verb, digest, answer FROM ledger_op WHERE key = %(key)s"

ANSWER = "UPDATE ledger_op SET answer = %(answer)s WHERE key = %(key)s"


class KeyWasUsed(Exception):
    """The key belongs to another act: another actor, another verb or other arguments."""

    def __init__(self, key):
        super().__init__(f"The key {key} was used for another act.")
        self.key = key


def once(*, key, actor, verb, arguments, now, do):
    """Call `do` in one transaction unless the key was done before; return its answer as JSON gives it back.

    `arguments` is a dict of plain values (text, whole numbers, dates, lists); `do` takes nothing and returns
    something JSON can hold. Two at once with one key: the second waits, then gets the first one's answer.
    An act that raises leaves nothing behind, so its key is free to try again.

    Raises KeyWasUsed where the key was used by another actor, for another verb or with other arguments.
    """
    digest = _digest(arguments)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            BEGIN,
            {
                "key": key,
                "actor": actor,
                "verb": verb,
                "digest": digest,
                "now": connection.ops.adapt_datetimefield_value(now),
            },
        )
        # All rows are fetched, so that the statement is over before the next begins (SQLite).
        if not cursor.fetchall():
            return _answer_of(cursor, key, (actor, verb, digest))
        answer = json.dumps(do())
        cursor.execute(ANSWER, {"key": key, "answer": answer})
        return json.loads(answer)


def answered(*, key, actor, verb):
    """Return the answer that the key was given for this actor and verb, or None; its arguments are not looked at."""
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED, {"key": key})
        rows = cursor.fetchall()
    return json.loads(rows[0][3]) if rows and tuple(rows[0][:2]) == (actor, verb) and rows[0][3] else None


def _answer_of(cursor, key, bound_to):
    cursor.execute(ANSWERED, {"key": key})
    [(*stored, answer)] = cursor.fetchall()
    # No answer yet: the act is being done right now, by this same transaction; it cannot contain itself.
    if tuple(stored) != bound_to or answer is None:
        raise KeyWasUsed(key)
    return json.loads(answer)


def _digest(arguments):
    text = json.dumps(arguments, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value):
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no plain form; give its number.")
