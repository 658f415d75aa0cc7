"""The audit finds what is wrong with the books, says it in a plain sentence, and is quiet otherwise."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connection

from tests.voucher.ledger.desk import tamper
from voucher.claiming import claims
from voucher.ledger import audit, seals
from voucher.settling import settlement_audit

BREAK = dt.date(2026, 11, 5)


@pytest.fixture(autouse=True)
def no_bookings_and_no_payment_runs(monkeypatch):
    """The runs in these tests are only numbers, and their holds have no bookings; that would rightly be asked about."""
    monkeypatch.setattr(claims, "differences", list)
    monkeypatch.setattr(settlement_audit, "differences", list)


@pytest.fixture
def used(desk, pounds, hours):
    """Books with every kind of row in them."""
    spent = desk.hold(award=hours, amount=120, on=BREAK)
    desk.spend(hold=spent, amount=90, charge_pence=3_600, payee=7, effective_on=BREAK)
    desk.refund(hold=spent, amount=30, charge_pence=1_200)
    desk.settle(payee=7, amount=2_400, run=1)
    desk.unsettle(payee=7, amount=2_400, run=1, reason="account closed")
    desk.adjust(award=pounds, amount=100, reason="topped up")
    return desk.hold(award=pounds, amount=6_000, on=BREAK)


def audited(capsys):
    """Run the command; return its exit code and its lines."""
    code = 0
    try:
        call_command("audit_ledger")
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out.splitlines()


def test_sound_books_have_no_differences(used, now, capsys):
    seals.seal(now)

    assert audited(capsys) == (0, ["12 transfers, 2 awards, 0 differences"])


def test_empty_books_have_no_differences(db, capsys):
    assert audited(capsys) == (0, ["0 transfers, 0 awards, 0 differences"])


def test_what_is_not_sealed_yet_is_said_and_is_no_difference(used, capsys):
    assert audited(capsys) == (
        0,
        [
            "Not sealed yet: 12 (the next run of the jobs seals them).",
            "12 transfers, 2 awards, 0 differences",
        ],
    )


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            "UPDATE ledger_awardaccount SET available = available + 1 WHERE id = {award}",
            ["Award account {award}: left to use is 24101, its transfers say 24100."],
        ),
        (
            "UPDATE ledger_awardaccount SET held = held - 1 WHERE id = {award}",
            [
                "Award account {award}: set aside is 5999, its transfers say 6000.",
                "Award account {award}: set aside is 5999, its open holds say 6000.",
            ],
        ),
        (
            "UPDATE ledger_hold SET state = 'released' WHERE id = {hold}",
            [
                "Award account {award}: set aside is 6000, its open holds say 0.",
                "Hold {hold} (released): set aside should be 0, its transfers say 6000.",
                "Hold {hold} (released): ended by so many transfers should be 1, its transfers say 0.",
            ],
        ),
        (
            "UPDATE ledger_hold SET spent = 80, charged = 3601, refunded = 31, charge_refunded = 1201 WHERE spent = 90",
            [
                "Hold {spent} (spent): spent should be 80, its transfers say 90.",
                "Hold {spent} (spent): charged should be 3601, its transfers say 3600.",
                "Hold {spent} (spent): refunded should be 31, its transfers say 30.",
                "Hold {spent} (spent): refunded of the charge should be 1201, its transfers say 1200.",
            ],
        ),
        (
            "UPDATE ledger_fundaccount SET issued = issued - 1 WHERE id = {fund}",
            ["Fund {fund}: issued is 30099, its transfers say 30100."],
        ),
        (
            "UPDATE ledger_transfer SET effective_on = '2027-03-03' WHERE kind = 'hold' AND hold_id = {hold}",
            ["Transfer {transfer}: set aside from award {award} for a day outside its period."],
        ),
        (
            "UPDATE ledger_transfer SET debit_id = debit_id + 1 WHERE kind = 'hold' AND hold_id = {hold}",
            ["Transfer {transfer}: its sides or its unit are not those of the award, hold, fund and payee it names."],
        ),
        (
            "UPDATE ledger_transfer SET unit = 'minutes' WHERE kind = 'hold' AND hold_id = {hold}",
            ["Transfer {transfer}: its sides or its unit are not those of the award, hold, fund and payee it names."],
        ),
        (
            "UPDATE ledger_transfer SET amount = 9999 WHERE kind = 'settle'",
            ["Payee 7: paid 7599 pence, but only 3600 pence was ever spent there."],
        ),
        (
            "UPDATE ledger_transfer SET seq = 2, op_key = 'k' WHERE kind = 'hold' AND hold_id = {hold}",
            ["Act k: its 1 transfers are not numbered 1 to 2, or have several writers."],
        ),
        (
            "INSERT INTO ledger_op (key, actor, verb, digest, written_at) VALUES ('k', 'a', 'v', '', '2026-01-01')",
            ["Act row {op} (v) was begun and never answered."],
        ),
    ],
)
def test_a_difference_is_told_in_a_sentence_and_the_command_exits_1(used, pounds, capsys, change, sentences):
    names = {"award": pounds.pk, "fund": pounds.fund_id, "hold": used.pk, "spent": used.pk - 1}
    names["transfer"] = used.transfers.get().pk
    tamper(change.format(**names))
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM ledger_op")
        names["op"] = cursor.fetchone()[0]

    code, lines = audited(capsys)

    assert code == 1
    assert [line for line in lines if "sealed" not in line] == [
        *(sentence.format(**names) for sentence in sentences),
        f"12 transfers, 2 awards, {len(sentences)} differences",
    ]


def test_what_a_fund_covered_is_told_where_it_differs(desk, used, capsys):
    desk.cover(hold=used, pence=3_000, payee=8)
    desk.settle(payee=8, amount=3_000, run=2)
    assert audited(capsys)[0] == 0

    tamper(f"UPDATE ledger_hold SET covered = 2999 WHERE id = {used.pk}")

    assert f"Hold {used.pk} (released): covered should be 2999, its transfers say 3000." in audited(capsys)[1]


def test_a_broken_seal_is_a_difference(used, now, capsys):
    seals.seal(now)
    tamper("UPDATE ledger_transfer SET reason = 'x' WHERE kind = 'settle'")

    code, lines = audited(capsys)

    assert code == 1
    assert "not as it was sealed" in lines[0]
    assert lines[-1] == "12 transfers, 2 awards, 1 differences"


def test_what_settlement_finds_is_a_difference_too(db, capsys, monkeypatch):
    monkeypatch.setattr(settlement_audit, "differences", lambda: ["Run 1: it paid 5 pence too much."])

    assert audited(capsys) == (1, ["Run 1: it paid 5 pence too much.", "0 transfers, 0 awards, 1 differences"])


def test_what_claims_find_is_a_difference_too(db, capsys, monkeypatch):
    monkeypatch.setattr(claims, "differences", lambda: ["Booking 1 is claimed; the books say otherwise."])

    assert audited(capsys) == (
        1,
        ["Booking 1 is claimed; the books say otherwise.", "0 transfers, 0 awards, 1 differences"],
    )


def test_each_unit_of_the_trial_balance_sums_to_nothing(used):
    balance = audit.trial_balance()

    for unit in ("pence", "minutes"):
        assert sum(amount for (_side, of), amount in balance.items() if of == unit) == 0
