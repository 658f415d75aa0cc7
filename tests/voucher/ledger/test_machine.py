"""Money in random order: after each act the books balance, and the search is good enough to find planted bugs."""

import os
from pathlib import Path
from types import ModuleType

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.voucher.ledger.machine import Machine
from voucher.ledger import acts, books, statements

# At night: MACHINE_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "50"))


def search(machine, examples, **named):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            **named,
        ),
    )


def test_the_books_balance_whatever_happens_in_whatever_order(db):
    search(Machine, EXAMPLES)


# Each planted bug: where, what is replaced, by what. A bug whose text is not there any more fails the test.
PLANTED = {
    "a hold looks at nothing": (statements, "SET_ASIDE", "AND available >= %(amount)s", ""),
    "the last penny cannot be used": (statements, "SET_ASIDE", "available >=", "available >"),
    "the last day is refused": (statements, "SET_ASIDE", "last_day >=", "last_day >"),
    "days before the first are allowed": (statements, "SET_ASIDE", "first_day <= %(on)s AND", ""),
    "a frozen award can be used": (statements, "SET_ASIDE", "state = 'active'", "state <> 'ended'"),
    "a fund issues without end": (statements, "FUND_ISSUES", "AND issued + %(amount)s <= allocated", ""),
    "a release gives back double": (statements, "LET_GO", "+ %(rest)s", "+ 2 * %(rest)s"),
    "a hold ends twice": (statements, "RESOLVE_HOLD", "AND state = 'open'", ""),
    "a refund is without limit": (statements, "REFUND_HOLD", "AND refunded + %(amount)s <= spent", ""),
    "a refund lands in an ended award": (statements, "AWARD_GETS_BACK", "AND state <> 'ended'", ""),
    "an award expires a day early": (statements, "END_AWARD", "last_day < ", "last_day <= "),
    "expiry forgets what is set aside": (statements, "END_AWARD", "state = 'ended',", "state = 'ended', held = 0,"),
    "what is kept is swept": (statements, "END_AWARD", "kept_until < %(on)s", "kept_until < '9999-01-01'"),
    "what is kept is never swept": (statements, "END_AWARD", "(kept_until IS NULL OR kept_until <", "(kept_until <"),
    "a keeping outlives an extension": (statements, "EXTEND", ", kept_until = NULL", ""),
    "an extension makes an award shorter": (statements, "EXTEND", "AND last_day < %(last_day)s", ""),
    "an ended award is extended": (statements, "EXTEND", "AND state <> 'ended'", ""),
    "an award that is over is kept": (statements, "KEEP", "AND last_day >= %(on)s", ""),
    "an award that goes on is opened again": (statements, "OPEN_AGAIN", "AND last_day < %(on)s", ""),
    "what was swept comes back twice": (statements, "SWEPT", "ELSE -amount", "ELSE 0"),
    "a spend keeps the rest": (books, "", "rest = held - amount", "rest = 0"),
    "hours are not charged": (
        books,
        "",
        'if charge:\n        act.write("charge"',
        'if charge < 0:\n        act.write("charge"',
    ),
    "a part that is spent gives back all the rest": (books, "", "rest=left - still_held,", "rest=left,"),
    "a part that is kept is forgotten": (books, "", "amount=held - still_held,", "amount=held,"),
    "a hold is covered twice": (statements, "COVER_HOLD", "AND covered = 0", ""),
    "the award pays for an emergency": (books, "", "amount=held, rest=held, state", "amount=held, rest=0, state"),
    "a refund keeps the charge": (
        books,
        "",
        'if charge:\n        act.write("refund", Unit.PENCE',
        'if charge < 0:\n        act.write("refund", Unit.PENCE',
    ),
    "expiry leaves the fund alone": (books, "", "taken = not left or one(", "taken = True or one("),
    "a correction has the wrong sign": (books, "", "if amount > 0:", "if amount < 0:"),
    "more is paid than is due": (
        books,
        "",
        "if whole(amount) > (is_due := due(payee) + whole(beside, least=0)):",
        "if (is_due := 0):",
    ),
    "a run pays twice": (
        books,
        "",
        'act.write("settle", Unit.PENCE, amount',
        'for _ in "12": act.write("settle", Unit.PENCE, amount',
    ),
    "the same key does it again": (acts, "", "if not cursor.fetchall():", "if cursor.fetchall() is None:"),
    "a key is not bound": (acts, "", "if tuple(stored) != bound_to or", "if"),
}


def with_bug(module, old, new):
    """Return a copy of the module with the text replaced."""
    source = Path(module.__file__).read_text()
    assert source.count(old) == 1
    copy = ModuleType(module.__name__)
    exec(compile(source.replace(old, new), module.__file__, "exec"), copy.__dict__)
    return copy


@pytest.fixture
def without_checks(db):
    """Take the net away: a bug that a CHECK makes harmless must be found all the same."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.sqlite
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(without_checks, monkeypatch, bug):
    module, name, old, new = PLANTED[bug]

    class Planted(Machine):
        pass

    if name:
        assert old in getattr(module, name)
        monkeypatch.setattr(module, name, getattr(module, name).replace(old, new))
    else:
        setattr(Planted, module.__name__.rpartition(".")[2], with_bug(module, old, new))

    with pytest.raises(Exception):  # noqa: B017  a bug shows as a wrong figure, or as whatever it breaks on the way
        search(Planted, 150, phases=[Phase.generate], derandomize=True)


@pytest.mark.sqlite
def test_without_a_bug_nothing_is_found(without_checks):
    class Planted(Machine):
        books = with_bug(books, "rest = held - amount", "rest = held - amount")
        acts = with_bug(acts, "bound_to or", "bound_to or")

    search(Planted, 10)
