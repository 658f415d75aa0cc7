"""Recomputes every balance from the transfers and says, in plain sentences, where the books differ from them.

This is the one definition of a balance: the nightly audit and the tests call the same function. Each question is one
set-based statement, so that a million transfers take seconds. The names I1 … I11 are those of docs/money.md.
"""

import datetime as dt

from django.db import connection
from django.utils import timezone

# I1: what an award has left and set aside is what its transfers brought in, less what they took out.
AWARDS = """
WITH moved AS (
    SELECT award_id,
           SUM(CASE 'award' WHEN credit_kind THEN amount WHEN debit_kind THEN -amount ELSE 0 END) AS available,
           SUM(CASE 'held' WHEN credit_kind THEN amount WHEN debit_kind THEN -amount ELSE 0 END) AS held
      FROM ledger_transfer WHERE award_id IS NOT NULL GROUP BY award_id)
SELECT a.id, a.available, COALESCE(m.available, 0), a.held, COALESCE(m.held, 0)
  FROM ledger_awardaccount a LEFT JOIN moved m ON m.award_id = a.id
 WHERE a.available <> COALESCE(m.available, 0) OR a.held <> COALESCE(m.held, 0)
 ORDER BY a.id"""

# I2: what is set aside in an award is the sum of its open holds.
OPEN_HOLDS = """
WITH opened AS (
    SELECT award_id, SUM(amount) AS amount FROM ledger_hold WHERE state = 'open' GROUP BY award_id)
SELECT a.id, a.held, COALESCE(o.amount, 0)
  FROM ledger_awardaccount a LEFT JOIN opened o ON o.award_id = a.id
 WHERE a.held <> COALESCE(o.amount, 0)
 ORDER BY a.id"""

# I3, I4, I7: a hold nets to its amount while it is open and to nothing afterwards; what it says was spent, charged,
# refunded and covered is what its transfers say; it was ended by exactly one of them, or by none while it is open.
HOLDS = """
WITH moved AS (
    SELECT hold_id,
           SUM(CASE 'held' WHEN credit_kind THEN amount WHEN debit_kind THEN -amount ELSE 0 END) AS net,
           SUM(CASE WHEN kind = 'spend' THEN amount ELSE 0 END) AS spent,
           SUM(CASE WHEN kind = 'charge' THEN amount ELSE 0 END) AS charged,
           SUM(CASE WHEN kind = 'refund' AND credit_kind <> 'cost' THEN amount ELSE 0 END) AS refunded,
           SUM(CASE WHEN kind = 'refund' AND credit_kind = 'cost' THEN amount ELSE 0 END) AS charge_refunded,
           SUM(CASE WHEN kind = 'cover' THEN amount ELSE 0 END) AS covered,
           SUM(CASE WHEN resolves THEN 1 ELSE 0 END) AS ends
      FROM ledger_transfer WHERE hold_id IS NOT NULL GROUP BY hold_id),
told AS (
    SELECT h.id, h.state,
           CASE WHEN h.state = 'open' THEN h.amount ELSE 0 END AS net_told, COALESCE(m.net, 0) AS net,
           h.spent AS spent_told, COALESCE(m.spent, 0) AS spent,
           h.charged AS charged_told, COALESCE(m.charged, 0) AS charged,
           h.refunded AS refunded_told, COALESCE(m.refunded, 0) AS refunded,
           h.charge_refunded AS charge_refunded_told, COALESCE(m.charge_refunded, 0) AS charge_refunded,
           h.covered AS covered_told, COALESCE(m.covered, 0) AS covered,
           CASE WHEN h.state = 'open' THEN 0 ELSE 1 END AS ends_told, COALESCE(m.ends, 0) AS ends
      FROM ledger_hold h LEFT JOIN moved m ON m.hold_id = h.id)
SELECT id, state, net_told, net, spent_told, spent, charged_told, charged, refunded_told, refunded,
       charge_refunded_told, charge_refunded, covered_told, covered, ends_told, ends
  FROM told
 WHERE net_told <> net OR spent_told <> spent OR charged_told <> charged OR refunded_told <> refunded
    OR charge_refunded_told <> charge_refunded OR covered_told <> covered OR ends_told <> ends
 ORDER BY id"""
OF_A_HOLD = (
    *("set aside", "spent", "charged", "refunded", "refunded of the charge", "covered"),
    "ended by so many transfers",
)

# I5: what a fund has issued is what left it for awards, less what came back.
FUNDS = """
WITH sides AS (
    SELECT debit_id AS fund_id, amount FROM ledger_transfer WHERE debit_kind = 'fund'
    UNION ALL
    SELECT credit_id, -amount FROM ledger_transfer WHERE credit_kind = 'fund'),
moved AS (SELECT fund_id, SUM(amount) AS issued FROM sides GROUP BY fund_id)
SELECT f.id, f.issued, COALESCE(m.issued, 0)
  FROM ledger_fundaccount f LEFT JOIN moved m ON m.fund_id = f.id
 WHERE f.issued <> COALESCE(m.issued, 0)
 ORDER BY f.id"""

# I6: each row is one amount in one unit, and its two sides are those of the award, hold, fund and payee it names.
MISDIRECTED = """
SELECT t.id
  FROM ledger_transfer t
  JOIN ledger_awardaccount a ON a.id = t.award_id
  JOIN ledger_fundaccount f ON f.id = a.fund_id
  LEFT JOIN ledger_hold h ON h.id = t.hold_id
 WHERE (t.debit_kind IN ('award', 'used') AND t.debit_id <> t.award_id)
    OR (t.credit_kind IN ('award', 'used') AND t.credit_id <> t.award_id)
    OR (t.debit_kind IN ('fund', 'cost') AND t.debit_id <> a.fund_id)
    OR (t.credit_kind IN ('fund', 'cost') AND t.credit_id <> a.fund_id)
    OR (t.debit_kind = 'held' AND t.debit_id <> t.hold_id)
    OR (t.credit_kind = 'held' AND t.credit_id <> t.hold_id)
    OR (t.debit_kind = 'payable' AND t.debit_id <> t.payee)
    OR (t.credit_kind = 'payable' AND t.credit_id <> t.payee)
    OR (t.hold_id IS NOT NULL AND h.award_id <> t.award_id)
    OR ((t.debit_kind IN ('award', 'held', 'used', 'fund') OR t.credit_kind IN ('award', 'held', 'used', 'fund'))
        AND (t.unit <> a.unit OR a.unit <> f.unit))
 ORDER BY t.id"""

# I8, as far as the books know it: nobody is paid, and has kept, more than was ever spent with them.
OVERPAID = """
SELECT payee, paid, earned FROM (
    SELECT payee,
           SUM(CASE WHEN kind = 'settle' THEN amount WHEN kind IN ('unsettle', 'repay') THEN -amount
                    ELSE 0 END) AS paid,
           SUM(CASE WHEN kind IN ('spend', 'charge', 'cover') AND credit_kind = 'payable'
                    THEN amount ELSE 0 END) AS earned
      FROM ledger_transfer WHERE payee IS NOT NULL GROUP BY payee) sums
 WHERE paid > earned
 ORDER BY payee"""

# I9: an award that ended gave back what was left within a day (a late release is swept by the next night's job).
UNSWEPT = """
SELECT a.id, a.available
  FROM ledger_awardaccount a
 WHERE a.state = 'ended' AND a.available > 0
   AND NOT EXISTS (SELECT 1 FROM ledger_transfer t WHERE t.award_id = a.id AND t.written_at > %(since)s)
 ORDER BY a.id"""

# I9 too: an award ends in the night after its last day, or after the day until which it is kept.
NOT_ENDED = """
SELECT a.id, a.last_day FROM ledger_awardaccount a
 WHERE a.state <> 'ended' AND a.last_day < %(yesterday)s AND (a.kept_until IS NULL OR a.kept_until < %(yesterday)s)
 ORDER BY a.id"""

# I11: an act's rows are numbered from 1 without a gap and have one writer; every act was answered.
ACTS = """
SELECT op_key, COUNT(*), MAX(seq)
  FROM ledger_transfer
 GROUP BY op_key
HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*) OR MIN(actor) <> MAX(actor)
 ORDER BY op_key"""
UNANSWERED = "SELECT id, verb FROM ledger_op WHERE answer IS NULL ORDER BY id"

# The rule of the period: nothing is set aside for a day outside the award's own.
OUTSIDE = """
SELECT t.id, t.award_id
  FROM ledger_transfer t JOIN ledger_awardaccount a ON a.id = t.award_id
 WHERE t.kind = 'hold' AND (t.effective_on < a.first_day OR t.effective_on > a.last_day)
 ORDER BY t.id"""

TRIAL_BALANCE = """
SELECT side, unit, SUM(amount) FROM (
    SELECT credit_kind AS side, unit, amount FROM ledger_transfer
    UNION ALL
    SELECT debit_kind, unit, -amount FROM ledger_transfer) sides
 GROUP BY side, unit ORDER BY unit, side"""


def differences(now=None):
    """Return a sentence for each place where the books differ from their transfers; an empty list if none.

    With `now`, also for each award that ended more than a day ago and still has something left, or has not ended.
    """
    return [
        *_awards(),
        *_holds(),
        *(f"Fund {fund}: issued is {told}, its transfers say {found}." for fund, told, found in _rows(FUNDS)),
        *(
            f"Transfer {transfer}: its sides or its unit are not those of the award, hold, fund and payee it names."
            for (transfer,) in _rows(MISDIRECTED)
        ),
        *(
            f"Payee {payee}: paid {paid} pence, but only {earned} pence was ever spent there."
            for payee, paid, earned in _rows(OVERPAID)
        ),
        *(
            f"Transfer {transfer}: set aside from award {award} for a day outside its period."
            for transfer, award in _rows(OUTSIDE)
        ),
        *_acts(),
        *(_unswept(now) if now else []),
    ]


def trial_balance():
    """Return the sum of each kind of account in each unit, as {(side, unit): amount}; each unit sums to nothing."""
    return {(side, unit): int(amount) for side, unit, amount in _rows(TRIAL_BALANCE)}


def counts():
    """Return how many transfers and how many awards there are."""
    [(transfers,)] = _rows("SELECT COUNT(*) FROM ledger_transfer")
    [(awards,)] = _rows("SELECT COUNT(*) FROM ledger_awardaccount")
    return transfers, awards


def _awards():
    for award, available, found, held, found_held in _rows(AWARDS):
        if available != found:
            yield f"Award account {award}: left to use is {available}, its transfers say {found}."
        if held != found_held:
            yield f"Award account {award}: set aside is {held}, its transfers say {found_held}."
    for award, held, found in _rows(OPEN_HOLDS):
        yield f"Award account {award}: set aside is {held}, its open holds say {found}."


def _holds():
    for hold, state, *figures in _rows(HOLDS):
        for name, told, found in zip(OF_A_HOLD, figures[::2], figures[1::2], strict=True):
            if told != found:
                yield f"Hold {hold} ({state}): {name} should be {told}, its transfers say {found}."


def _acts():
    for key, count, last in _rows(ACTS):
        yield f"Act {key}: its {count} transfers are not numbered 1 to {last}, or have several writers."
    for number, verb in _rows(UNANSWERED):
        yield f"Act row {number} ({verb}) was begun and never answered."


def _unswept(now):
    since = connection.ops.adapt_datetimefield_value(now - dt.timedelta(days=1))
    for award, left in _rows(UNSWEPT, since=since):
        yield f"Award account {award}: it ended more than a day ago and still has {left} left."
    yesterday = connection.ops.adapt_datefield_value(timezone.localdate(now) - dt.timedelta(days=1))
    for award, last_day in _rows(NOT_ENDED, yesterday=yesterday):
        yield f"Award account {award}: its last day was {last_day}, and it has not ended."


def _rows(sql, **parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall()
