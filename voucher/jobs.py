"""What happens by the clock: deadlines pass, awards end, reminders and other mail go out, the ledger is sealed.

Every job is safe twice at once. Each row is a small transaction of its own, so that one that fails
is logged by its number and left for the next time, and never keeps the others waiting.
"""

import datetime as dt
import logging
from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import heartbeat, history, limits, mail
from accounts.models import OutboxMessage
from voucher import bookings, brochure_desk, messages, outcomes, payment_files, rules
from voucher.ledger import acts, books, seals
from voucher.ledger.models import AwardAccount, Transfer
from voucher.models import Award

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How one kind of job went: how many were done, and how many failed and wait for the next time."""

    kind: str
    done: int
    failed: int = 0


def run(now):
    """Do everything that is due at this moment; yield an Outcome a kind, in order. A job that raises has failed."""
    for kind, job in JOBS.items():
        try:
            done, failed = job(now)
        except Exception as error:
            log.error("%s failed: %s", kind, type(error).__name__)
            done, failed = 0, 1
        yield Outcome(kind, done, failed)
    heartbeat.beat(name="jobs", now=now)


def time_out_requests(now):
    """End every request that was not answered by its deadline, by its provider (R7) or its carer (R25)."""
    due = bookings.requests_past_their_deadline(now).select_related(
        "award__account", "award__carer", "council__scheme", "offer", "provider", "hold"
    )
    return _each(due, "booking", lambda booking: bookings.time_out(booking=booking, now=now))


def time_out_moves(now):
    """Let a break stay at its old time where its provider has not answered whether it can be moved (R39)."""
    due = bookings.moves_past_their_deadline(now).select_related(
        "booking__award__account", "booking__award__carer", "booking__council__scheme", "booking__offer"
    )
    return _each(due, "suggestion", lambda row: bookings.time_out_move(suggestion=row, now=now))


def end_awards(now):
    """End every award whose last day has passed, and return to its fund what came back to it later."""
    today = timezone.localdate(now)
    over = Award.objects.filter(account__last_day__lt=today).filter(
        ~Q(account__state=AwardAccount.State.ENDED) | Q(account__available__gt=0)
    )
    return _each(over.select_related("account", "council"), "award", lambda award: _end(award, today, now))


def remind(now):
    """Remind carers who have something left and can be written to, 8, 4 and 1 weeks before the last day (R17)."""
    today = timezone.localdate(now)
    ahead = today + dt.timedelta(weeks=max(rules.REMINDER_WEEKS))
    awards = Award.objects.filter(
        account__state=AwardAccount.State.ACTIVE,
        account__available__gt=0,
        account__first_day__lte=today,
        account__last_day__range=(today, ahead),
    ).exclude(carer__email="")
    awards = list(awards.select_related("account", "carer", "council__scheme"))
    told = set(OutboxMessage.objects.filter(kind="award_reminder").values_list("dedupe_key", flat=True))
    weeks = {award.pk: rules.reminder_weeks(today, award.account.last_day) for award in awards}
    due = [award for award in awards if messages.reminder_key(award, weeks[award.pk]) not in told]
    return _each(due, "award", lambda award: messages.award_reminder(award=award, weeks=weeks[award.pk]))


def invite_answers(now):
    """Invite carers to three short questions the day after their first break, and twelve weeks after it (R34)."""
    failed = done = 0
    for award, moment in outcomes.to_invite(now):
        good, bad = _each([award], "award", lambda award, moment=moment: messages.questions(award=award, moment=moment))
        done, failed = done + good, failed + bad
    return done, failed


def _end(award, today, now):
    # Each sweep is an act of its own: what a provider lets go after the last day comes back later. Of two
    # processes at once the second finds the act done. It counts before it looks: the other way round, what
    # the first does in between would give the second a new key for the same work.
    earlier = Transfer.objects.filter(award=award.account, kind=Transfer.Kind.EXPIRE).count()
    award.account.refresh_from_db()
    state = award.account.state
    if state == AwardAccount.State.ENDED and not award.account.available:
        return
    key = f"award:{award.pk}/{state}/{earlier}"
    act = "award.swept" if state == AwardAccount.State.ENDED else "award.ended"

    def sweep():
        amount = books.expire(award=award.account, on=today, op_key=f"{key}/expire", actor=history.CLOCK.actor, now=now)
        history.record(act=act, subject=award, by=history.CLOCK, at=now, council=award.council, amount=amount)

    acts.once(key=key, actor=history.CLOCK.actor, verb=act, arguments={"award": award.pk}, now=now, do=sweep)


def _each(rows, name, do):
    """Call `do` for each row in a transaction of its own; return how many were done and how many failed."""
    done = failed = 0
    for row in list(rows):
        try:
            with transaction.atomic():
                do(row)
        except (bookings.BookingMoved, books.Refused, books.KeyWasUsed):
            # Somebody was quicker: a person, or the same job in another process.
            continue
        except Exception as error:
            # The number only: a text of the error may hold what people wrote.
            log.error("%s %s failed: %s", name, row.pk, type(error).__name__)
            failed += 1
        else:
            done += 1
    return done, failed


def _send_mail(now):
    before = mail.given_up().count()
    sent = mail.send_waiting(now)
    return sent, mail.given_up().count() - before


JOBS = {
    "requests timed out": time_out_requests,
    "wishes to move timed out": time_out_moves,
    "awards ended": end_awards,
    "reminders written": remind,
    "questions sent": invite_answers,
    "movements sealed": lambda now: (seals.seal(now), 0),
    "payment files made": payment_files.make_missing,
    "messages sent": _send_mail,
    "old sessions forgotten": lambda now: (Session.objects.filter(expire_date__lt=now).delete()[0], 0),
    "old counts forgotten": lambda now: (limits.forget_old(now), 0),
    "old messages emptied": lambda now: (mail.forget_old(now), 0),
    # Last, because it takes up to a minute.
    "edition files made": brochure_desk.make_a_missing_file,
}
