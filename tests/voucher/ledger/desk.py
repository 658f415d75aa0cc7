"""Calls the verbs as the rooms above do: one transaction an act, a key of its own unless the test gives one."""

import itertools
import os
import threading

import pytest
from django.db import connection, transaction

from accounts import immutable
from tests.emptying import protected_tables
from voucher.ledger import audit, books, seals
from voucher.ledger.models import AwardAccount, FundAccount, Hold

ACTOR = "user:1"
_numbers = itertools.count(1)
# A race is run some times, because most turns end as if nobody met; RACE_TURNS=50 hunts for what is rare.
TURNS = pytest.mark.parametrize("turn", range(int(os.environ.get("RACE_TURNS", "4"))))


class Desk:
    """books, with who, when and the key filled in: desk.hold(award=…, amount=…, on=…)."""

    def __init__(self, now):
        self.now = now

    def __getattr__(self, verb):
        function = getattr(books, verb)

        def act(**named):
            if verb not in {"freeze", "unfreeze", "extend", "keep", "take_turn"}:
                named = {"op_key": f"test {next(_numbers)}", "actor": ACTOR, "now": self.now} | named
            with transaction.atomic():
                return function(**named)

        return act

    def fund(self, unit, allocated):
        return books.open_fund(unit=unit, allocated=allocated)

    def left(self, award):
        """Return (left to use, set aside)."""
        return AwardAccount.objects.values_list("available", "held").get(pk=award.pk)

    def issued(self, award):
        return FundAccount.objects.get(pk=award.fund_id).issued

    def state(self, hold):
        return Hold.objects.get(pk=hold.pk).state


def faults():
    """Return everything that is wrong with the books."""
    return audit.differences() + seals.differences()


def tamper(*statements):
    """Do what only an owner of the database can: change rows behind the books' back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            for table in protected_tables():
                immutable.remove(connection, table)
        for statement in statements:
            cursor.execute(statement)


def at_once(*acts):
    """Start all acts at the same moment, each in a thread with a connection of its own; return their answers.

    An act that raises gives its exception as the answer.
    """
    barrier, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        try:
            connection.ensure_connection()
            barrier.wait(20)
            answers[place] = act()
        except Exception as exception:
            answers[place] = exception
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        # On a machine that does much else three presses that set papers take their time, one after another.
        thread.join(240)
    assert not any(thread.is_alive() for thread in threads), "An act is still waiting after four minutes."
    return answers
