"""The SQL of the verbs: the same text on SQLite and PostgreSQL. Each limit stands in the WHERE of its UPDATE."""

WRITE_TRANSFER = """
INSERT INTO ledger_transfer (op_key, seq, kind, unit, amount, debit_kind, debit_id, credit_kind, credit_id,
    award_id, hold_id, payee, resolves, actor, reason, effective_on, written_at)
VALUES (%(op_key)s, %(seq)s, %(kind)s, %(unit)s, %(amount)s, %(debit_kind)s, %(debit_id)s, %(credit_kind)s,
    %(credit_id)s, %(award)s, %(hold)s, %(payee)s, %(resolves)s, %(actor)s, %(reason)s, %(on)s, %(now)s)
ON CONFLICT (op_key, seq) DO NOTHING
RETURNING id"""

FUND_ISSUES = """
UPDATE ledger_fundaccount SET issued = issued + %(amount)s
 WHERE id = %(fund)s AND issued + %(amount)s <= allocated
RETURNING unit"""

FUND_TAKES_BACK = """
UPDATE ledger_fundaccount SET issued = issued - %(amount)s
 WHERE id = %(fund)s AND issued >= %(amount)s
RETURNING unit"""

NEW_AWARD = """
INSERT INTO ledger_awardaccount (fund_id, unit, available, held, first_day, last_day, state)
VALUES (%(fund)s, %(unit)s, %(amount)s, 0, %(first_day)s, %(last_day)s, 'active')
RETURNING id"""

SET_ASIDE = """
UPDATE ledger_awardaccount SET available = available - %(amount)s, held = held + %(amount)s
 WHERE id = %(award)s AND state = 'active' AND first_day <= %(on)s AND last_day >= %(on)s
   AND available >= %(amount)s
RETURNING unit"""

NEW_HOLD = """
INSERT INTO ledger_hold (award_id, amount, spent, refunded, charged, charge_refunded, covered, state)
VALUES (%(award)s, %(amount)s, 0, 0, 0, 0, 0, 'open')
RETURNING id"""

# These four never change on a saved hold, so they may be read before the lock.
WHAT_WAS_HELD = """
SELECT h.award_id, h.amount, a.unit, a.fund_id
  FROM ledger_hold h JOIN ledger_awardaccount a ON a.id = h.award_id
 WHERE h.id = %(hold)s"""

LET_GO = """
UPDATE ledger_awardaccount SET held = held - %(amount)s, available = available + %(rest)s
 WHERE id = %(award)s AND held >= %(amount)s
RETURNING id"""

# What was spent is set aside again, whatever has become of the award; the rest comes out of what is left on it.
HOLD_AGAIN = """
UPDATE ledger_awardaccount SET held = held + %(amount)s + %(more)s, available = available - %(more)s
 WHERE id = %(award)s AND (%(more)s = 0 OR (state <> 'ended' AND available >= %(more)s))
RETURNING id"""

RESOLVE_HOLD = """
UPDATE ledger_hold SET state = %(state)s, spent = %(spent)s, charged = %(charged)s
 WHERE id = %(hold)s AND state = 'open'
RETURNING id"""

AWARD_GETS_BACK = """
UPDATE ledger_awardaccount SET available = available + %(amount)s
 WHERE id = %(award)s AND state <> 'ended'
RETURNING id"""

REFUND_HOLD = """
UPDATE ledger_hold SET refunded = refunded + %(amount)s, charge_refunded = charge_refunded + %(charge)s
 WHERE id = %(hold)s AND state = 'spent'
   AND refunded + %(amount)s <= spent AND charge_refunded + %(charge)s <= charged
RETURNING id"""

COVER_HOLD = """
UPDATE ledger_hold SET covered = %(amount)s
 WHERE id = %(hold)s AND state = 'released' AND covered = 0
RETURNING id"""

HOW_IT_ENDED = "SELECT state FROM ledger_hold WHERE id = %(hold)s"

WHO_WAS_PAID = "SELECT payee FROM ledger_transfer WHERE hold_id = %(hold)s AND kind = 'spend'"

WHAT_IS_LEFT = "SELECT fund_id, unit, available FROM ledger_awardaccount WHERE id = %(award)s"

# Money may still return to an ended award (a late release); the next sweep takes it too.
END_AWARD = """
UPDATE ledger_awardaccount SET state = 'ended', available = available - %(amount)s
 WHERE id = %(award)s AND available >= %(amount)s AND (state = 'ended' OR %(early)s
    OR (last_day < %(on)s AND (kept_until IS NULL OR kept_until < %(on)s)))
RETURNING id"""

EXTEND = """
UPDATE ledger_awardaccount SET last_day = %(last_day)s, kept_until = NULL
 WHERE id = %(award)s AND state <> 'ended' AND last_day < %(last_day)s
RETURNING id"""

KEEP = """
UPDATE ledger_awardaccount SET kept_until = %(until)s
 WHERE id = %(award)s AND state <> 'ended' AND last_day >= %(on)s
RETURNING id"""

KEEP_NO_LONGER = """
UPDATE ledger_awardaccount SET kept_until = NULL
 WHERE id = %(award)s AND state <> 'ended'
RETURNING id"""

SWEPT = """
SELECT COALESCE(SUM(CASE WHEN kind = 'expire' THEN amount ELSE -amount END), 0)
  FROM ledger_transfer
 WHERE award_id = %(award)s AND (kind = 'expire' OR (kind = 'adjust' AND reason = %(reinstated)s))"""

OPEN_AGAIN = """
UPDATE ledger_awardaccount
   SET state = 'active', last_day = %(last_day)s, kept_until = NULL, available = available + %(amount)s
 WHERE id = %(award)s AND state = 'ended' AND last_day < %(on)s AND last_day < %(last_day)s
RETURNING id"""

AWARD_GIVES_BACK = """
UPDATE ledger_awardaccount SET available = available - %(amount)s
 WHERE id = %(award)s AND state <> 'ended' AND available >= %(amount)s
RETURNING id"""

CHANGE_STATE = """
UPDATE ledger_awardaccount SET state = %(state)s
 WHERE id = %(award)s AND state <> 'ended'
RETURNING id"""

DUE = """
SELECT COALESCE(SUM(CASE WHEN credit_kind = 'payable' THEN amount ELSE 0 END)
              - SUM(CASE WHEN debit_kind = 'payable' THEN amount ELSE 0 END), 0)
  FROM ledger_transfer WHERE payee = %(payee)s"""

DUE_BY_PAYEE = """
SELECT payee, SUM(CASE WHEN credit_kind = 'payable' THEN amount ELSE 0 END)
            - SUM(CASE WHEN debit_kind = 'payable' THEN amount ELSE 0 END) AS due
  FROM ledger_transfer WHERE payee IS NOT NULL
 GROUP BY payee ORDER BY payee"""

PAID_BY_RUN = """
SELECT COALESCE(SUM(CASE WHEN kind = 'settle' THEN amount ELSE -amount END), 0)
  FROM ledger_transfer
 WHERE payee = %(payee)s
   AND ((kind = 'settle' AND credit_id = %(run)s) OR (kind = 'unsettle' AND debit_id = %(run)s))"""

PAID_IN_ALL = """
SELECT COALESCE(SUM(CASE kind WHEN 'settle' THEN amount WHEN 'unsettle' THEN -amount
                              WHEN 'repay' THEN -amount WHEN 'writeoff' THEN -amount ELSE 0 END), 0)
  FROM ledger_transfer WHERE payee = %(payee)s"""

TAKEN_BACK = """
SELECT COALESCE(SUM(CASE kind WHEN 'refund' THEN amount ELSE -amount END), 0)
  FROM ledger_transfer
 WHERE payee = %(payee)s AND (kind IN ('repay', 'writeoff') OR (kind = 'refund' AND debit_kind = 'payable'))"""
