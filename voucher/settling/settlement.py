"""Settlement: claim lines are gathered into a payment run, which a second person releases.

Preparing moves no money; releasing moves all of it, each provider's lines together, or nothing.
Files and letters come after the commit (voucher.settling.payment_files).
"""

from collections import defaultdict
from functools import partial

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from accounts import history
from accounts.models import Council
from providers.models import Staff
from voucher import messages, rules
from voucher.ledger import acts, books, seals
from voucher.models import ClaimLine, LineLeftOut, PaymentRun, RunLine
from voucher.settling import line_checks

State = PaymentRun.State


class NothingToPay(Exception):
    """No line was chosen."""


class LinesMoved(Exception):
    """A chosen line is no longer waiting: it is in another run, or it does not pass the checks any more."""

    def __init__(self, lines):
        super().__init__(f"{len(lines)} lines")
        self.lines = lines


class MoreToGiveBack(Exception):
    """What is chosen of a provider's lines comes to less than it has to give back."""

    def __init__(self, provider):
        super().__init__(f"provider {provider.pk}")
        self.provider = provider


class NoReason(Exception):
    """A line is left out, or a run is voided, without a reason in words."""


class PayDayTooSoon(Exception):
    """Bacs cannot pay on that day; `earliest` is the first day on which it can."""

    def __init__(self, earliest):
        super().__init__(f"not before {earliest}")
        self.earliest = earliest


class NotAPayDay(PayDayTooSoon):
    """Bacs rests on that day; `earliest` is the first day on which it can pay."""


class SamePerson(Exception):
    """Who prepared a run may not release it."""


class WorksForPayee(Exception):
    """Who works for a provider in the run may not release it."""

    def __init__(self, provider):
        super().__init__(f"provider {provider.pk}")
        self.provider = provider


class RunMoved(Exception):
    """The run is no longer waiting for release; `run` is the row as it is now."""

    def __init__(self, run):
        super().__init__(f"run {run.number} is {run.state}")
        self.run = run


def awaiting(council):
    """Return the claim lines of a council that are in no live run, the oldest claim first.

    A line that pays nothing while its whole break is in question is not among them; one that takes something back is,
    unless an invoice asks for it (R69).
    """
    return (
        ClaimLine.objects.waiting()
        .filter(claim__council=council)
        .exclude(amount_pence=0)
        .order_by("claim__made_at", "claim__provider__name", "pk")
    )


def given_back(council, providers):
    """Return what these providers have to give back after disputes: lines below nothing that no run has taken off."""
    lines = awaiting(council).filter(amount_pence__lt=0, claim__provider__in=providers)
    return list(lines.select_related("claim__provider", "booking"))


def lines_of(run):
    """Return the claim lines of a run, live or voided."""
    return ClaimLine.objects.filter(run_lines__run=run).order_by("claim__provider__name", "claim__number", "pk")


def prepare(*, council, lines, pay_on, by, now, key, left_out=None) -> PaymentRun:
    """Gather claim lines into a run that pays on a day, and return it; no money moves.

    `left_out` maps each line that could have been paid and was not chosen to the reason, in words. The same
    `key` again returns the same run. What a provider in the run has to give back, after a dispute, is taken off its
    payment whether it was chosen or not. Lines that come to nothing together are settled in the run, and nothing is
    sent for them.

    Raises NothingToPay, LinesMoved, MoreToGiveBack, NoReason, PayDayTooSoon, NotAPayDay and ledger.acts.KeyWasUsed.
    """
    left_out = {line.pk: reason.strip() for line, reason in (left_out or {}).items()}
    if not lines:
        raise NothingToPay
    if not all(left_out.values()):
        raise NoReason
    check_pay_day(pay_on, today=timezone.localdate(now))
    ids = sorted(line.pk for line in lines)
    answer = acts.once(
        key=key,
        actor=by.actor,
        verb="prepare_run",
        arguments={
            "council": council.pk,
            "lines": ids,
            "pay_on": pay_on,
            "left_out": {str(pk): reason for pk, reason in left_out.items()},
        },
        now=now,
        do=partial(_prepare, council=council, ids=ids, pay_on=pay_on, left_out=left_out, by=by, now=now),
    )
    return PaymentRun.objects.get(pk=answer["run"])


def release(*, run, by, now, pay_on=None) -> PaymentRun:
    """Pay every line of a run, as a second person; each provider's lines move from payable to paid together.

    Everything is checked again first. `pay_on` moves the pay day where the prepared one has come too near.

    Raises RunMoved, SamePerson, WorksForPayee, PayDayTooSoon, NotAPayDay and LinesMoved.
    """
    day = pay_on or run.pay_on
    check_pay_day(day, today=timezone.localdate(now))
    # The report prints a seal that stands for every movement before this one.
    seals.seal(now)
    with transaction.atomic():
        _refuse_wrong_person(run, by)
        newest = seals.newest()
        moved = PaymentRun.objects.filter(pk=run.pk, state=State.PREPARED).update(
            state=State.RELEASED,
            released_by=by.user,
            released_at=now,
            pay_on=day,
            seal=newest.hash if newest else "",
        )
        run = _as_it_is(run)
        if not moved:
            raise RunMoved(run)
        checked = line_checks.looked_at(lines_of(run), run=run)
        _refuse_changed(run, checked)
        PaymentRun.objects.filter(pk=run.pk).update(checks=line_checks.passed(checked))
        _pay(run, day, by, now)
        _tell_of_lines_left_out(run)
        history.record(
            act="run.released",
            subject=run,
            by=by,
            at=now,
            council=run.council,
            number=run.number,
            lines=run.line_count,
            pence=run.total_pence,
            pay_on=day.isoformat(),
        )
        return _as_it_is(run)


def void(*, run, reason, by, now) -> PaymentRun:
    """Give a run up before its release, with the reason: its lines wait for another run. Raises NoReason, RunMoved."""
    reason = reason.strip()
    if not reason:
        raise NoReason
    with transaction.atomic():
        moved = PaymentRun.objects.filter(pk=run.pk, state=State.PREPARED).update(
            state=State.VOIDED, voided_by=by.user, voided_at=now, void_reason=reason
        )
        run = _as_it_is(run)
        if not moved:
            raise RunMoved(run)
        run.lines.update(live=False)
        history.record(
            act="run.voided",
            subject=run,
            by=by,
            at=now,
            council=run.council,
            number=run.number,
            lines=run.line_count,
            pence=run.total_pence,
        )
        return run


def may_release(run, user):
    """True for an approver who did not prepare the run and works for nobody it pays."""
    return run.state == State.PREPARED and run.prepared_by_id != user.pk and not _paid_employer(run, user)


def check_pay_day(day, *, today):
    """Raise unless a run that is released today can be paid on that day (R18)."""
    earliest = rules.earliest_pay_day(today)
    if day < earliest:
        raise PayDayTooSoon(earliest)
    if not rules.is_working_day(day):
        raise NotAPayDay(rules.working_days_after(day, 1))


def _prepare(*, council, ids, pay_on, left_out, by, now):
    # One run of a council at a time, so that numbers follow one another; that a line is paid once is kept
    # by an index without this lock.
    Council.objects.select_for_update(no_key=True).get(pk=council.pk)
    ids = _with_what_is_given_back(council, ids)
    left_out = {pk: reason for pk, reason in left_out.items() if pk not in ids}
    # Without what is left out: whether the rest comes to nothing together decides where it is sent.
    checked = {each.line.pk: each for each in line_checks.looked_at(awaiting(council).filter(pk__in=ids))}
    left_out_now = set(awaiting(council).filter(pk__in=left_out).values_list("pk", flat=True))
    chosen = [checked[pk] for pk in ids if pk in checked]
    if left_out_now and len(chosen) == len(ids):
        _refuse_more_given_back(chosen)
    if moved := [pk for pk in ids if pk not in checked or not checked[pk].passes]:
        raise LinesMoved(moved)
    run = PaymentRun.objects.create(
        council=council,
        number=(council.runs.aggregate(last=Max("number"))["last"] or 0) + 1,
        pay_on=pay_on,
        total_pence=sum(each.line.amount_pence for each in chosen),
        line_count=len(chosen),
        prepared_by=by.user,
        prepared_at=now,
        checks=line_checks.passed(chosen),
    )
    RunLine.objects.bulk_create(
        RunLine(
            run=run,
            claim_line=each.line,
            provider=each.provider,
            bank_account=each.account,
            stripe_account=each.stripe_account,
            amount_pence=each.line.amount_pence,
        )
        for each in chosen
    )
    LineLeftOut.objects.bulk_create(
        LineLeftOut(run=run, claim_line_id=pk, reason=reason) for pk, reason in left_out.items() if pk in left_out_now
    )
    history.record(
        act="run.prepared",
        subject=run,
        by=by,
        at=now,
        council=council,
        number=run.number,
        lines=run.line_count,
        pence=run.total_pence,
        left_out=len(left_out),
    )
    return {"run": run.pk}


def _with_what_is_given_back(council, ids):
    """Return the chosen lines with all lines of their providers that take something back, in order."""
    paid = set(ClaimLine.objects.filter(pk__in=ids).values_list("claim__provider", flat=True))
    return sorted({*ids, *(line.pk for line in given_back(council, paid))})


def _refuse_more_given_back(chosen):
    for provider in {each.provider for each in chosen}:
        if sum(each.line.amount_pence for each in chosen if each.provider == provider) < 0:
            raise MoreToGiveBack(provider)


def _as_it_is(run):
    return PaymentRun.objects.select_related("council__scheme", "prepared_by", "released_by", "voided_by").get(
        pk=run.pk
    )


def _refuse_wrong_person(run, by):
    if by.user is None or run.prepared_by_id == by.user.pk:
        raise SamePerson
    if employer := _paid_employer(run, by.user):
        raise WorksForPayee(employer)


def _paid_employer(run, user):
    """Return a provider that the run pays and this person works for, or None."""
    post = Staff.objects.filter(user=user, provider__run_lines__run=run).select_related("provider").first()
    return post and post.provider


def _refuse_changed(run, checked):
    """Raise LinesMoved where a line fails a check now, or its bank account is another one than was prepared."""
    prepared = dict(run.lines.values_list("claim_line_id", "bank_account_id"))
    changed = [
        each.line.pk
        for each in checked
        if not each.passes or prepared[each.line.pk] != (each.account.pk if each.account else None)
    ]
    if changed:
        raise LinesMoved(changed)


def _pay(run, day, by, now):
    """Settle each provider's lines together, always in the same order; what comes to nothing moves nothing."""
    act = {"run": run.pk, "actor": by.actor, "now": now, "on": day}
    owed = line_checks.owed_by(run.lines.values("provider"))
    shares = run.lines.order_by("provider").values_list("provider").annotate(pence=Sum("amount_pence"))
    for provider, pence in shares.filter(pence__gt=0):
        try:
            beside = line_checks.owed_elsewhere(owed, provider, run.council_id)
            books.settle(payee=provider, amount=pence, beside=beside, op_key=f"run:{run.pk}:provider:{provider}", **act)
        except books.MoreThanDue as less:
            # A finding took something off since the lines were checked.
            raise LinesMoved(
                list(lines_of(run).filter(claim__provider=provider).values_list("pk", flat=True))
            ) from less


def _tell_of_lines_left_out(run):
    """Tell each provider of which nothing is paid in the run; the others read it on their remittance advice."""
    told = defaultdict(list)
    left_out = run.left_out.exclude(claim_line__claim__provider__run_lines__run=run)
    for each in left_out.select_related("claim_line__claim__provider", "claim_line__booking"):
        told[each.claim_line.claim.provider].append(each)
    for provider, lines in told.items():
        messages.lines_left_out(run=run, provider=provider, left_out=lines)
