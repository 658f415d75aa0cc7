"""What happens by the clock: deadlines pass, awards end, reminders and other mail go out, the ledger is sealed.

Every job is safe twice at once. Each row is a small transaction of its own, so that one that fails
is logged by its number and left for the next time, and never keeps the others waiting.
"""

import datetime as dt
import logging
from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts import heartbeat, history, limits, mail
from accounts.models import OutboxMessage
from providers import papers, pausing
from voucher import bookings, brochure_desk, messages, rules, top_ups
from voucher.bookings import waiting_list
from voucher.calendars import calendar_feeds
from voucher.carers import outcomes
from voucher.changes import circumstances
from voucher.claiming import claim_reminders
from voucher.door import walk_ins
from voucher.ledger import acts, books, seals
from voucher.ledger.models import AwardAccount, Transfer
from voucher.messages import writing
from voucher.models import Award, Booking, Task
from voucher.settling import account_changes, card_payments, payment_files
from voucher.standing import closing, endings, handovers, lapses, suspending, unanswered

log = logging.getLogger(__name__)

# Somebody was quicker: a person, or the same job in another process.
QUICKER = (
    *(bookings.BookingMoved, books.Refused, books.KeyWasUsed, pausing.NotPaused, walk_ins.WalkInMoved),
    *(closing.NotOpen, handovers.Over, account_changes.ChangeMoved),
)


@dataclass(frozen=True)
class Outcome:
    """How one kind of job went: how many were done, and how many failed and wait for the next time."""

    kind: str
    done: int
    failed: int = 0


def run(now, clock=None):
    """Do everything that is due at this moment; yield an Outcome a kind, in order. A job that raises has failed.

    With a `clock` each job asks it when it begins, so that what one job writes another sends in the same round.
    """
    for kind, job in JOBS.items():
        try:
            done, failed = job(clock() if clock else now)
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
    silent = [row.provider for row in due if row.state == Booking.State.REQUESTED]
    counts = _each(due, "booking", lambda booking: bookings.time_out(booking=booking, now=now))
    # Afterwards, so that a provider that cannot be paused keeps no carer from her money.
    _paused, failed = _each(
        {provider.pk: provider for provider in silent}.values(),
        "provider",
        lambda provider: unanswered.pause_if_silent(provider=provider, now=now),
    )
    return counts[0], counts[1] + failed


def end_pauses(now):
    """Bring back the providers whose pause had a last day that is over (R56)."""
    over = pausing.over(timezone.localdate(now)).select_related("council")
    return _each(over, "provider", lambda provider: unanswered.end_pause(provider=provider, now=now))


def follow_stopped(now):
    """Finish what stopping a provider began, where something came between (R65)."""
    return _each(
        suspending.left_undone(now), "booking", lambda row: suspending.settle(booking=row, by=history.CLOCK, now=now)
    )


def follow_closing(now):
    """Finish what the last day of a provider began, where something came between (R65)."""
    return _each(
        closing.left_undone(now), "booking", lambda row: closing.settle(booking=row, by=history.CLOCK, now=now)
    )


def time_out_handovers(now):
    """End what no carer said about a successor in time (R65)."""
    return _each(handovers.not_answered(now), "handover", lambda row: handovers.time_out(handover=row, now=now))


def close_providers(now):
    """Close the providers whose last day is over (R65)."""
    return _each(closing.past_their_last_day(now), "provider", lambda row: closing.close(provider=row, now=now))


def use_changed_accounts(now):
    """Use the accounts that were agreed to and whose day has come (R63)."""
    return _each(account_changes.due(now), "account", lambda row: account_changes.use(account=row, now=now))


def time_out_moves(now):
    """Let a break stay at its old time where its provider has not answered whether it can be moved (R39)."""
    due = bookings.moves_past_their_deadline(now).select_related(
        "booking__award__account", "booking__award__carer", "booking__council__scheme", "booking__offer"
    )
    return _each(due, "suggestion", lambda row: bookings.time_out_move(suggestion=row, now=now))


def end_walk_ins(now):
    """Close the questions to carers at a door that nobody answered in time (R58)."""
    return _each(walk_ins.past_their_time(now), "walk-in", lambda row: walk_ins.run_out(walk_in=row, now=now))


def warn_of_papers(now):
    """Warn providers of papers and checks that end in 60, 30 and 7 days (R47), by day."""
    if not rules.is_by_day(now):
        return 0, 0
    return _each(endings.to_warn(now), "provider", endings.warn)


def begin_papers(now):
    """Count the papers that were accepted before their first day and begin today (R45)."""
    return _each(papers.to_begin(on=timezone.localdate(now)), "paper", lambda row: lapses.begin(document=row, now=now))


def follow_lapses(now):
    """Give the carers team what is to be arranged anew where papers or checks have ended (R47)."""
    return _each(lapses.lapsed(now), "provider", lambda provider: lapses.follow(provider=provider, now=now))


def remind_to_claim(now):
    """Remind providers of what can be claimed for two weeks more at most (R15), once a week and by day."""
    if not rules.is_by_day(now):
        return 0, 0
    return _each(claim_reminders.to_remind(now), "provider", claim_reminders.remind)


def keep_places(now):
    """Keep places that fell free for who is next on the waiting list, and pass on what was kept long enough (R55)."""
    told = failed = 0
    for offer, day in waiting_list.lines_that_move(now):
        try:
            told += waiting_list.move_up(offer=offer, day=day, now=now)
        except Exception as error:
            log.error("waiting list of offer %s failed: %s", offer, type(error).__name__)
            failed += 1
    return told, failed


def end_awards(now):
    """End every award whose last day has passed, and return to its fund what came back to it later."""
    today = timezone.localdate(now)
    kept = Q(account__kept_until__gte=today) & ~Q(account__state=AwardAccount.State.ENDED)
    over = (
        Award.objects.filter(account__last_day__lt=today)
        .exclude(kept)
        .filter(~Q(account__state=AwardAccount.State.ENDED) | Q(account__available__gt=0))
    )
    return _each(over.select_related("account", "council"), "award", lambda award: _end(award, today, now))


def close_awards(now):
    """End the awards whose carer's own breaks were honoured up to a day that is over (R32)."""
    over = circumstances.honoured_to_the_end(timezone.localdate(now))

    def close(award):
        circumstances.close_honoured(award=award, by=history.CLOCK, now=now)

    return _each(over, "award", close)


def remind(now):
    """Remind carers who have something left 8, 4 and 1 weeks before the last day (R17), by day and not in silence."""
    today = timezone.localdate(now)
    if not rules.is_by_day(now):
        return 0, 0
    ahead = today + dt.timedelta(weeks=max(rules.REMINDER_WEEKS))
    awards = Award.objects.filter(
        account__state=AwardAccount.State.ACTIVE,
        account__available__gt=0,
        account__first_day__lte=today,
        account__last_day__range=(today, ahead),
        carer__quiet_since=None,
    )
    awards = list(awards.select_related("account", "carer__council__scheme"))
    weeks = {award.pk: rules.reminder_weeks(today, award.account.last_day) for award in awards}
    told = messages.reminders_told([(award, weeks[award.pk]) for award in awards])
    due = [award for award in awards if (award.pk, weeks[award.pk]) not in told]
    return _each(due, "award", lambda award: messages.award_reminder(award=award, weeks=weeks[award.pk]))


def invite_answers(now):
    """Invite carers to three short questions the day after their first break, and twelve weeks after it (R34)."""
    if not rules.is_by_day(now):
        return 0, 0
    failed = done = 0
    for award, moment in outcomes.to_invite(now):
        good, bad = _each([award], "award", lambda award, moment=moment: messages.questions(award=award, moment=moment))
        done, failed = done + good, failed + bad
    return done, failed


def remind_of_breaks(now):
    """Remind carers of a confirmed break two days before (R17), where it was confirmed earlier than that.

    Not of one that its provider cannot give, though nobody has arranged anything else yet (R47, R65).
    """
    if not rules.is_by_day(now):
        return 0, 0
    before = dt.timedelta(days=rules.BREAK_REMINDER_DAYS)
    coming = Booking.objects.filter(
        state=Booking.State.CONFIRMED,
        starts_at__range=(now, now + before),
        answered_at__lte=F("starts_at") - before,
    )
    anew = Task.objects.filter(kind=Task.Kind.REARRANGE, done_at=None, booking=OuterRef("pk"))
    coming = coming.exclude(Exists(anew)).exclude(provider__state__in=calendar_feeds.NOT_SHOWN_FOR)
    rows = list(coming.select_related("award__carer__council__scheme", "council__scheme", "offer", "provider"))
    keys = [messages.break_key(row) for row in rows]
    told = set(OutboxMessage.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    due = [row for row in rows if messages.break_key(row) not in told]
    due = [row for row in due if messages.is_reminded_of_breaks(row.award.carer)]
    return _each(due, "booking", messages.break_coming)


def _end(award, today, now):
    # Each sweep is an act of its own: what a provider lets go after the last day comes back later. Of two
    # processes at once the second finds the act done. It counts before it looks: the other way round, what
    # the first does in between would give the second a new key for the same work.
    earlier = Transfer.objects.filter(award=award.account, kind=Transfer.Kind.EXPIRE).count()
    award.account.refresh_from_db()
    state = award.account.state
    if state == AwardAccount.State.ENDED and not award.account.available:
        return
    # An award that got more time ends a second time, on another day.
    key = f"award:{award.pk}/{state}/{award.account.last_day}/{earlier}"
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
        except QUICKER:
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
    sent = mail.send_waiting(now, withdrawn=lambda row: writing.withdraw_if_silent(row, now))
    return sent, mail.given_up().count() - before


JOBS = {
    "card payments not made in time": top_ups.end_what_was_not_paid,
    "requests timed out": time_out_requests,
    "wishes to move timed out": time_out_moves,
    "places kept for who waits": keep_places,
    "pauses ended": end_pauses,
    "walk-ins not answered": end_walk_ins,
    "awards ended": end_awards,
    "awards closed": close_awards,
    "papers begun": begin_papers,
    "ends of papers told": warn_of_papers,
    "ended papers followed": follow_lapses,
    "ends of time to claim told": remind_to_claim,
    "reminders written": remind,
    "reminders of breaks written": remind_of_breaks,
    "questions sent": invite_answers,
    "card pages closed": top_ups.close_pages,
    "card payments given back": top_ups.give_back_what_is_due,
    "card company asked to pay": card_payments.send_what_is_due,
    "stopped providers followed": follow_stopped,
    "closing providers followed": follow_closing,
    "handovers timed out": time_out_handovers,
    "providers closed": close_providers,
    "changed accounts used": use_changed_accounts,
    "movements sealed": lambda now: (seals.seal(now), 0),
    "payment files made": payment_files.make_missing,
    "messages sent": _send_mail,
    "old sessions forgotten": lambda now: (Session.objects.filter(expire_date__lt=now).delete()[0], 0),
    "old counts forgotten": lambda now: (limits.forget_old(now), 0),
    "old messages emptied": lambda now: (mail.forget_old(now), 0),
    # Last, because it takes up to a minute.
    "edition files made": brochure_desk.make_a_missing_file,
}
