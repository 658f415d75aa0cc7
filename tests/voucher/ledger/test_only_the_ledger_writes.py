"""Money moves only through the verbs: nobody else writes the ledger's tables, and its SQL is fixed text."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

TABLES = {"FundAccount", "AwardAccount", "Hold", "Transfer", "Op", "Seal"}
WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete"}
BALANCES = {"available", "held", "issued", "spent", "refunded", "charged", "charge_refunded"}
WRITING_SQL = re.compile(r"(insert\s+into|update|delete\s+from|truncate)\s+ledger_", re.IGNORECASE)
LEDGER = settings.BASE_DIR / "voucher" / "ledger"


def modules():
    for room in ("voucher", "brochure", "providers", "accounts"):
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            if "migrations" not in path.parts and LEDGER not in path.parents:
                yield path


def is_balance(target):
    """Tell whether `row.available` or the like is meant, and not an attribute of a class of its own."""
    return target.attr in BALANCES and not (isinstance(target.value, ast.Name) and target.value.id == "self")


def writes(source):
    """Return the lines that write the ledger's tables."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            names = {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
            if names & TABLES:
                found.append(node.lineno)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TABLES:
            found.append(node.lineno)
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and is_balance(target) for target in targets):
                found.append(node.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITING_SQL.search(node.value):
            found.append(node.lineno)
    return found


def test_nobody_but_the_ledger_writes_the_ledger():
    assert {str(path): lines for path in modules() if (lines := writes(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "AwardAccount.objects.filter(pk=1).update(available=5)",
        "Transfer.objects.create(amount=5)",
        "Hold(amount=5).save()",
        "award.account.available += 5",
        "fund.issued = 5",
        'cursor.execute("UPDATE ledger_awardaccount SET available = 5")',
        'cursor.execute("""insert\ninto ledger_transfer values (1)""")',
    ],
)
def test_the_search_sees_a_writer(source):
    assert writes(source) == [1]


@pytest.mark.parametrize(
    "name", ["acts.py", "audit.py", "books.py", "seals.py", "statements.py", "steps.py", "terms.py"]
)
def test_the_ledgers_sql_is_fixed_text(name):
    """A statement is a constant; figures are always parameters."""
    tree = ast.parse(Path(LEDGER / name).read_text())
    executes = [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "execute"
    ]

    assert all(isinstance(sql, ast.Name | ast.Attribute | ast.Constant) for sql in executes)
    built = [part.value for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values]
    assert not [text for text in built if isinstance(text, str) and re.search(r"\b(SELECT|UPDATE|INSERT)\b", text)]
