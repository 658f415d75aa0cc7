"""Between a provider that would like to join and the carers team: sent, asked, answered, refused, approved, invited.

The provider writes alone while it is joining, the carers team alone while it lies there: the state says whose turn
it is, and each turn is taken by comparing and setting it, so that two presses are one.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import history, people
from accounts.models import User
from brochure import offering
from brochure.models import Offer
from providers import joining, staff
from providers.models import JoiningNote, Provider, Staff
from voucher import messages, rules
from voucher.settling import account_changes
from voucher.standing import first_months, joining_checks

State, Kind = Provider.State, JoiningNote.Kind
# An invitation is not sent anew within this time.
INVITED_AGAIN_AFTER = dt.timedelta(days=1)


class Moved(Exception):
    """It does not stand so that this could be done; `state` is how it stands."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


class StillMissing(Exception):
    """Something is missing; `missing` lists what, each with its Step and a sentence."""

    def __init__(self, missing):
        super().__init__(", ".join(str(each.step) for each in missing))
        self.missing = missing


class NoWords(Exception):
    """A question, a refusal and an answer are given in words."""


class NotOfTheTeam(Exception):
    """Only somebody of the carers team looks after a new provider."""


class AlreadyHere(Exception):
    """This person works for a provider that has joined or is joining; `provider` is that one."""

    def __init__(self, provider):
        super().__init__(provider.ref)
        self.provider = provider


@dataclass(frozen=True)
class Asked:
    """What the carers team asked last and the provider has not answered yet."""

    words: str
    at: dt.datetime


# --- The provider's turn -----------------------------------------------------------------------------------------


def asked(provider):
    """Return what the carers team Asked and what waits for the provider's answer, or None."""
    last = provider.joining_notes.filter(kind__in=[Kind.ASKED, Kind.SENT, Kind.ANSWERED]).order_by("-pk").first()
    return Asked(last.words, last.at) if last and last.kind == Kind.ASKED else None


def give_account(*, provider, name, sort_code, account_number, roll_number, by, now):
    """Say where the provider would like to be paid; before it is checked it may be said again.

    Raises joining.AlreadySent, bacs.BacsFault, account_changes.SameAccount.
    """
    with transaction.atomic():
        row = Provider.objects.locked(provider.pk)
        if row.state not in Provider.MAY_CHANGE:
            raise joining.AlreadySent
        told = {"name": name, "sort_code": sort_code, "account_number": account_number, "roll_number": roll_number}
        before = joining.account_of(row)
        if before and all(getattr(before, field) == value for field, value in told.items()):
            return before
        if before and before.state in account_changes.WAITS:
            account_changes.withdraw(account=before, by=by, now=now)
        return account_changes.ask(provider=row, **told, by=by, now=now)


def send(*, provider, words="", by, now):
    """Send it to the carers team, which answers within the days of R43; a second press changes nothing.

    Every draft that is complete goes with it. Raises StillMissing, Moved, and NoWords where a question was asked and
    is not answered.
    """
    today = timezone.localdate(now)
    with transaction.atomic():
        row = Provider.objects.locked(provider.pk)
        if row.state == State.APPLIED:
            return row
        if row.state not in Provider.MAY_CHANGE:
            raise Moved(row.state)
        if lacks := joining_checks.missing(row, on=today):
            raise StillMissing(lacks)
        question = asked(row)
        if question and not words.strip():
            raise NoWords
        for offer in joining_checks.drafts(row):
            if offer.state == Offer.State.DRAFT and not offering.missing(offer):
                offering.send(offer=offer, by=by, now=now)
        row.state, row.sent_at = State.APPLIED, now
        row.answer_by = rules.joining_answered_by(today, row.council.scheme.joining_working_days)
        row.save(update_fields=["state", "sent_at", "answer_by"])
        note = _note(row, Kind.ANSWERED if question else Kind.SENT, words, "provider.sent", by, now)
        messages.joining_sent(row, note=note)
    return row


def take_back(*, provider, by, now):
    """Take it back from the carers team to change something; a second press changes nothing. Raises Moved."""
    with transaction.atomic():
        row = Provider.objects.locked(provider.pk)
        if row.state in Provider.MAY_CHANGE:
            return row
        _move(row, State.APPLIED, State.JOINING, sent_at=None, answer_by=None)
        history.record(act="provider.taken_back", subject=row, by=by, at=now, council=row.council)
    return row


def withdraw(*, provider, by, now):
    """Let a provider join no more: what it told is closed, and nobody signs in for it any longer. Raises Moved."""
    with transaction.atomic():
        row = Provider.objects.locked(provider.pk)
        if row.state not in Provider.NOT_JOINED:
            raise Moved(row.state)
        account = joining.account_of(row)
        if account and account.state in account_changes.WAITS:
            account_changes.withdraw(account=account, by=by, now=now)
        for offer in joining_checks.drafts(row):
            if offer.state == Offer.State.DRAFT:
                offering.take_back(offer=offer, by=by, now=now)
        row.state, row.answer_by = State.CLOSED, None
        row.save(update_fields=["state", "answer_by"])
        Staff.objects.filter(provider=row).delete()
        _note(row, Kind.WITHDRAWN, "", "provider.withdrew", by, now)
    return row


# --- The carers team's turn --------------------------------------------------------------------------------------


def waiting(council):
    """Return who waits for the carers team's answer, the longest first."""
    return Provider.objects.filter(council=council, state=State.APPLIED).order_by("answer_by", "sent_at", "pk")


def late(council, *, on):
    """Return those of them whose day has passed (R43)."""
    return waiting(council).filter(answer_by__lt=on)


def on_their_way(council):
    """Return who has begun or was invited or refused, and has not sent anything that waits; the newest first."""
    return Provider.objects.filter(council=council, state__in=Provider.MAY_CHANGE).order_by("-pk")


def ask(*, provider, words, by, now):
    """Ask the provider a question; it answers with what it sends next. Raises NoWords, Moved and WorksThere."""
    return _answer(provider, Kind.ASKED, words, State.JOINING, "provider.asked", by, now, messages.joining_asked)


def refuse(*, provider, words, by, now):
    """Do not approve it, with reasons; it may send it again. Raises NoWords, Moved and WorksThere."""
    return _answer(provider, Kind.REFUSED, words, State.REFUSED, "provider.refused", by, now, messages.joining_refused)


def approve(*, provider, offers, mentor, by, now):
    """Let a provider join: it is live with the offers chosen, looked after by a mentor for the months of R44.

    The other drafts stay drafts. A second press changes nothing. Raises StillMissing, Moved, WorksThere, NotOfTheTeam.
    """
    today = timezone.localdate(now)
    staff.refuse_colleague(provider, by)
    with transaction.atomic():
        row = Provider.objects.locked(provider.pk)
        if row.state == State.LIVE:
            return row
        if row.state != State.APPLIED:
            raise Moved(row.state)
        if not first_months.mentors(row.council).filter(pk=mentor.pk).exists():
            raise NotOfTheTeam
        chosen = [offer for offer in joining_checks.drafts(row) if offer.pk in {each.pk for each in offers}]
        if lacks := joining_checks.not_in_order(row, chosen, on=today):
            raise StillMissing(lacks)
        for offer in chosen:
            if offer.state == Offer.State.DRAFT:
                offering.approve(version=offering.waiting_version(offer), by=by, now=now)
        row.state, row.approved_on, row.mentor = State.LIVE, today, mentor
        # A council may do without those months.
        months = row.council.scheme.provisional_months
        row.provisional_until = rules.provisional_until(today, months) if months else None
        row.answer_by = None
        row.save(update_fields=["state", "approved_on", "mentor", "provisional_until", "answer_by"])
        note = _note(row, Kind.APPROVED, "", "provider.approved", by, now, offers=[each.pk for each in chosen])
        messages.joining_approved(row, note=note)
    return row


def invite(*, email, person, name, language, council, by, now):
    """Invite somebody by e-mail to join with a provider of that name; return the provider, and whether it was written.

    Within a day of it nothing is written anew. Raises AlreadyHere where the person works for a provider that has
    joined, or is joining with one of another council.
    """
    with transaction.atomic():
        user = people.known_or_new(email=email, name=person, language=language, council=council, by=by, now=now)
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        joined = Provider.objects.filter(~Q(state__in=Provider.NOT_JOINED), staff__user=user).first()
        begun = joining.joining_of(user)
        if joined or (begun and begun.council_id != council.pk):
            raise AlreadyHere(joined or begun)
        provider = begun or joining.begin(user=user, name=name, council=council, language=language, by=by, now=now)
        recently = now - INVITED_AGAIN_AFTER
        if provider.joining_notes.filter(kind=Kind.INVITED, at__gt=recently).exists():
            return provider, False
        note = _note(provider, Kind.INVITED, "", "provider.invited", by, now)
        messages.joining_invited(provider, user=user, note=note)
    return provider, True


def _answer(provider, kind, words, to, act, by, now, tell):
    staff.refuse_colleague(provider, by)
    if not words.strip():
        raise NoWords
    with transaction.atomic():
        row = Provider.objects.locked(provider.pk)
        _move(row, State.APPLIED, to, answer_by=None)
        note = _note(row, kind, words, act, by, now)
        tell(row, note=note)
    return row


def _move(row, before, after, **changes):
    if not Provider.objects.filter(pk=row.pk, state=before).update(state=after, **changes):
        raise Moved(row.state)
    row.refresh_from_db()


def _note(provider, kind, words, act, by, now, **details):
    history.record(act=act, subject=provider, by=by, at=now, council=provider.council, **details)
    return JoiningNote.objects.create(provider=provider, kind=kind, words=words.strip(), by=by.user, at=now)
