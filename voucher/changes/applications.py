"""What a carer asks the carers team for: more time, more to use, a new award; and what the team answers.

While somebody decides about more time, what is left is not swept into the fund. Of two who decide at the same moment
one wins; whoever closed the award meanwhile wins over both.
"""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import history
from accounts.models import HistoryEntry
from voucher import messages, rules
from voucher.granting import award_changes, awards
from voucher.ledger import books
from voucher.ledger.models import AwardAccount
from voucher.models import Application, Circumstance

Kind, State = Application.Kind, Application.State


class Refused(Exception):
    """This cannot be asked for, or cannot be granted; the kinds below say why. Nothing was changed."""


class AlreadyAsked(Refused):
    """The same was asked for before and waits for an answer: `application`."""

    def __init__(self, application):
        super().__init__(application.pk)
        self.application = application


class GivenBefore(Refused):
    """More time is given once an award (R30)."""


class NotTheTime(Refused):
    """More to use is asked for while the award lasts, a new award when it is over, more time until `last` (R30)."""

    def __init__(self, last=None):
        super().__init__(last)
        self.last = last


class BadDay(Refused):
    """The award can be given a last day from `first` to `last` and no other (R30)."""

    def __init__(self, first, last):
        super().__init__(f"{first} to {last}")
        self.first, self.last = first, last


class Closed(Refused):
    """The award was closed after a death, a move or the end of caring; whoever closed it wins."""


class Decided(Refused):
    """Somebody was quicker: `state` is what the application is now."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


class NeedsAColleague(Refused):
    """More than one worker may give alone (R31): somebody agrees to it first, and somebody else grants at most that."""

    def __init__(self, limit, given):
        super().__init__(f"{given} of {limit}")
        self.limit, self.given = limit, given


def may_ask(award, *, on):
    """Return the kinds that can be asked for now, in the order of the list, whether or not one waits for an answer."""
    if is_closed(award):
        return []
    last_day, over = award.account.last_day, _is_over(award, on)
    kinds = []
    in_time = on <= rules.last_day_to_ask_for_more_time(last_day)
    if in_time and not _was_given_time(award) and not _was_ended(award):
        kinds.append(Kind.MORE_TIME)
    kinds.append(Kind.NEW_AWARD if over else Kind.MORE_VALUE)
    return kinds


def is_closed(award):
    """Tell whether the award was closed, or is being closed, for a change in the carer's life (R32)."""
    return Circumstance.objects.standing().filter(carer=award.carer_id, recorded_at__gte=award.issued_at).exists()


def days_for_more_time(award, *, on):
    """Return the first and the last day that the award can be given as its last day (R30)."""
    first = max(award.account.last_day + dt.timedelta(days=1), on)
    return first, rules.latest_more_time(award.account.last_day, award.council.scheme.extension_weeks_most)


def answer_by(award, kind, *, on):
    """Return the day by which the carers team answers what is asked for on that day (R30, R31)."""
    scheme = award.council.scheme
    days = scheme.more_value_working_days if kind == Kind.MORE_VALUE else scheme.extension_working_days
    return rules.team_answers_by(on, days)


def apply(*, award, kind, reason, words="", wanted_until=None, wanted_amount=None, offer=None, by, now) -> Application:
    """Ask the carers team for more time until a day, for so much more to use, or for a new award.

    Asked by the last day, more time keeps what is left from being swept until the answer is due. Raises AlreadyAsked,
    Closed, GivenBefore, NotTheTime, BadDay.
    """
    today = timezone.localdate(now)
    if open_one := Application.objects.filter(award=award, kind=kind, state=State.OPEN).first():
        raise AlreadyAsked(open_one)
    _refuse_unless_possible(award, kind, wanted_until, today)
    row = Application(
        award=award,
        kind=kind,
        reason=reason,
        words=words,
        wanted_until=wanted_until,
        wanted_amount=wanted_amount,
        offer=offer,
        made_at=now,
        answer_by=answer_by(award, kind, on=today),
    )
    try:
        with transaction.atomic():
            row.save()
            figures = {"kind": kind, "reason": reason, "until": wanted_until, "amount": wanted_amount}
            _keep(row, until=row.answer_by, on=today)
            _remember(row, "application.made", by, now, **figures)
    except IntegrityError as earlier:
        # Two tabs, or a press sent twice at the same moment: the database lets one have it.
        open_one = Application.objects.filter(award=award, kind=kind, state=State.OPEN).first()
        if open_one is None:
            raise
        raise AlreadyAsked(open_one) from earlier
    return row


def withdraw(*, application, by, now):
    """Take back what was asked for. Raises Decided."""
    with transaction.atomic():
        _move(application, State.WITHDRAWN)
        _keep(application, until=None, on=timezone.localdate(now))
        _remember(application, "application.withdrawn", by, now)


def agree(*, application, amount, by, now):
    """Agree as the first of two to more than one worker may give alone (R31), of `amount` at most. Raises Decided."""
    rows = Application.objects.filter(pk=application.pk, state=State.OPEN, kind=Kind.MORE_VALUE)
    with transaction.atomic():
        if not rows.update(agreed_by=by.user, agreed_amount=amount):
            raise Decided(Application.objects.get(pk=application.pk).state)
        application.refresh_from_db()
        _remember(application, "application.agreed", by, now, amount=amount)


def grant(*, application, until=None, amount=None, answer="", by, now):
    """Say yes, to the whole or to less: a later last day, or so much more to use. The carer is told.

    A yes to a new award moves nothing: the award is issued like any other. Raises Decided, Closed, GivenBefore,
    BadDay, NeedsAColleague, and the ledger's FundExhausted and AwardEnded; then nothing was changed.
    """
    kind = application.kind
    granted = {"granted_until": until} if kind == Kind.MORE_TIME else {}
    granted |= {"granted_amount": amount} if kind == Kind.MORE_VALUE else {}
    with transaction.atomic():
        _move(application, State.OPEN)  # takes the row's turn before anything is looked at
        if is_closed(application.award):
            raise Closed
        if kind == Kind.MORE_TIME:
            _give_time(application, until, by, now)
        elif kind == Kind.MORE_VALUE:
            _give_value(application, amount, by, now)
        _move(application, State.GRANTED, decided_by=by.user, decided_at=now, answer=answer, **granted)
        _remember(application, "application.granted", by, now, until=until, amount=amount)
        messages.application_answered(application)


def refuse(*, application, answer, by, now):
    """Say no, with the reason in words; what was kept goes to the fund in the next night. Raises Decided."""
    with transaction.atomic():
        _move(application, State.REFUSED, decided_by=by.user, decided_at=now, answer=answer)
        _keep(application, until=None, on=timezone.localdate(now))
        _remember(application, "application.refused", by, now)
        messages.application_answered(application)


def close_all(*, awards_closed, by, now):
    """End what these awards asked for and nobody has answered, because they are closed; nobody is told of it."""
    closed = []
    for row in Application.objects.filter(award__in=awards_closed, state=State.OPEN).order_by("pk"):
        try:
            _move(row, State.WITHDRAWN)
        except Decided:
            # Somebody has just answered; whoever closes the award wins over the answer too.
            continue
        closed.append(row)
    for row in closed:
        _keep(row, until=None, on=timezone.localdate(now))
        _remember(row, "application.closed", by, now)


def waiting(council):
    """Return the council's applications that wait for an answer, the oldest clock first."""
    rows = Application.objects.filter(award__council=council, state=State.OPEN).order_by("answer_by", "pk")
    return rows.select_related("award__account", "award__carer", "award__council__scheme", "offer")


def _refuse_unless_possible(award, kind, wanted_until, today):
    if is_closed(award):
        raise Closed
    if kind == Kind.MORE_TIME and _was_given_time(award):
        raise GivenBefore
    if kind not in may_ask(award, on=today):
        raise NotTheTime(rules.last_day_to_ask_for_more_time(award.account.last_day))
    if kind == Kind.MORE_TIME:
        first, last = days_for_more_time(award, on=today)
        if not first <= wanted_until <= last:
            raise BadDay(first, last)


def _is_over(award, on):
    return award.account.state == AwardAccount.State.ENDED or on > award.account.last_day


def _was_ended(award):
    """Tell whether somebody ended the award, which stays so even where the reason was a mistake (R32)."""
    return HistoryEntry.objects.filter(act="award.closed", subject_kind="award", subject_id=award.pk).exists()


def _was_given_time(award):
    return Application.objects.filter(award=award, kind=Kind.MORE_TIME, state=State.GRANTED).exists()


def _give_time(application, until, by, now):
    award, today = application.award, timezone.localdate(now)
    first, last = days_for_more_time(award, on=today)
    if not first <= until <= last:
        raise BadDay(first, last)
    if _was_given_time(award):
        raise GivenBefore
    if _was_ended(award):
        raise Closed
    try:
        books.extend(award=award.account, last_day=until)
    except books.AwardEnded:
        # The night was quicker, or it was asked for after the last day: what was swept comes back.
        key = f"application:{application.pk}/reinstate"
        books.reinstate(award=award.account, last_day=until, op_key=key, actor=by.actor, now=now)
    award.account.refresh_from_db()


def _give_value(application, amount, by, now):
    award = application.award
    given, limit = awards.balance(award).given, award_changes.limit_for(award)
    if not rules.one_worker_may_give(given, amount, limit):
        agreed = application.agreed_amount or 0
        if amount > agreed or application.agreed_by_id == by.user.pk:
            raise NeedsAColleague(limit, given)
    elif application.agreed_by_id == by.user.pk:
        # It is little enough after all, so nobody needs to have agreed before.
        Application.objects.filter(pk=application.pk).update(agreed_by=None, agreed_amount=None)
    key = f"application:{application.pk}/adjust"
    award_changes.add(award=award, amount=amount, reason=Kind.MORE_VALUE.value, by=by, now=now, op_key=key)


def _move(application, state, **changes):
    """Set the state if nobody has decided yet, else raise Decided."""
    if not Application.objects.filter(pk=application.pk, state=State.OPEN).update(state=state, **changes):
        raise Decided(Application.objects.get(pk=application.pk).state)
    application.refresh_from_db()


def _keep(application, *, until, on):
    """Keep what is left until the answer is due, or no longer; an award that has ended has nothing to keep."""
    if application.kind != Kind.MORE_TIME:
        return
    try:
        books.keep(award=application.award.account, until=until, on=on)
    except (books.AlreadyOver, books.AwardEnded):
        return
    application.award.account.refresh_from_db()


def _remember(application, act, by, now, **figures):
    award = application.award
    figures = {name: value for name, value in figures.items() if value}
    if "until" in figures:
        figures["until"] = figures["until"].isoformat()
    history.record(act=act, subject=award, by=by, at=now, council=award.council, application=application.pk, **figures)
