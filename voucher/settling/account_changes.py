"""A provider is paid elsewhere: asked for by its owner, made sure of by a call, agreed to by another person, then used.

Until the new account is used the old one goes on being paid, and a run that was prepared before pays the old one.
Whoever asks, whoever rings and whoever agrees are three people, or two at least; the database says so too (R63).
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import history
from providers import details, staff
from providers.models import BankAccount, Provider, Staff
from voucher import messages, rules
from voucher.settling import bacs

State = BankAccount.State
WAITS = (State.WAITING, State.AGREED)


class ChangeMoved(Exception):
    """Somebody was quicker: `account` is the row as it is now."""

    def __init__(self, account):
        super().__init__(f"account {account.pk} is {account.state}")
        self.account = account


class ChangeWaits(Exception):
    """A change is being looked at already; one waits at a time."""


class SameAccount(Exception):
    """It is the account that is paid now."""


class NotCalled(Exception):
    """Nobody has rung the provider about it yet."""


class SamePerson(Exception):
    """Who asked for the change, or rang about it, does not agree to it."""


class NoReason(Exception):
    """A change is refused without a reason in words."""


@dataclass(frozen=True)
class NumberToRing:
    """The number for the call back: one that was known before the change was asked for."""

    phone: str
    # The number now, where it is so new that it is not rung.
    too_new: str = ""


def ask(*, provider, name, sort_code, account_number, roll_number="", holds_payments=False, by, now):
    """Ask for the provider to be paid into another account; return the BankAccount, which waits.

    The provider's own address and every owner are told at once. The same change asked for again is the same row.
    Raises bacs.BacsFault, SameAccount, ChangeWaits.
    """
    wanted = {"name": name, "sort_code": sort_code, "account_number": account_number, "roll_number": roll_number}
    # A roll number stands where other payments have our own words: one that Bacs refuses would stop the whole file.
    bacs.check_payment(bacs.Payment(sort_code, account_number, name, 1, reference=roll_number or "BREAKS"))
    with transaction.atomic():
        provider = Provider.objects.locked(provider.pk)
        if waiting := provider.bank_accounts.filter(state__in=WAITS).first():
            if all(getattr(waiting, field) == value for field, value in wanted.items()):
                return waiting
            raise ChangeWaits
        if provider.bank_accounts.filter(**wanted, state=State.CHECKED).exists():
            raise SameAccount
        account = BankAccount.objects.create(
            provider=provider,
            **wanted,
            holds_payments=holds_payments and has_account(provider),
            asked_by=by.user,
            asked_at=now,
        )
        history.record(
            act="account.asked", subject=account, by=by, at=now, council=provider.council, provider=provider.ref
        )
        messages.account_change_asked(account)
    return account


def withdraw(*, account, by, now):
    """Take the wish back, for the provider, until the new account is used. Raises ChangeMoved."""
    _end(account, WAITS, "account.withdrawn", by, now, refusal="")


def record_call(*, account, spoke_to, by, now):
    """Write down that the provider was rung, on the number of `number_to_ring`, and by whom it was confirmed.

    Raises ChangeMoved, SamePerson, staff.WorksThere.
    """
    staff.refuse_colleague(account.provider, by)
    if account.asked_by_id == by.user.pk:
        raise SamePerson
    number = number_to_ring(account.provider, account.asked_at)
    with transaction.atomic():
        called = {"called_by": by.user, "called_at": now, "called_number": number.phone, "spoke_to": spoke_to.strip()}
        # A second call would hide who rang first, and let that one agree.
        if not BankAccount.objects.filter(pk=account.pk, state=State.WAITING, called_by=None).update(**called):
            raise ChangeMoved(BankAccount.objects.get(pk=account.pk))
        history.record(act="account.called", subject=account, by=by, at=now, council=account.provider.council)


def agree(*, account, by, now):
    """Agree, as a second person, to the account; it is used a few working days later. Return the day.

    Raises ChangeMoved, NotCalled, SamePerson, staff.WorksThere.
    """
    staff.refuse_colleague(account.provider, by)
    with transaction.atomic():
        rows = BankAccount.objects.select_for_update(of=["self"]).select_related("provider__council__scheme")
        account = rows.get(pk=account.pk)
        if account.called_by_id is None and account.state == State.WAITING:
            raise NotCalled
        if by.user.pk in {account.asked_by_id, account.called_by_id}:
            raise SamePerson
        days = account.provider.council.scheme.account_working_days
        used_from = rules.working_days_after(timezone.localdate(now), days)
        _move(account, (State.WAITING,), state=State.AGREED, checked_by=by.user, checked_at=now, used_from=used_from)
        account.refresh_from_db()
        council = account.provider.council
        history.record(act="account.agreed", subject=account, by=by, at=now, council=council, used_from=str(used_from))
        messages.account_change_agreed(account)
    return used_from


def refuse(*, account, reason, by, now):
    """Do not take the account; the provider is told the reason. Raises NoReason, ChangeMoved, staff.WorksThere."""
    if not (reason := reason.strip()):
        raise NoReason
    staff.refuse_colleague(account.provider, by)
    with transaction.atomic():
        _end(account, WAITS, "account.refused", by, now, refusal=reason)
        account.refresh_from_db()
        messages.account_change_refused(account)


def due(now):
    """Return the agreed accounts whose day has come."""
    return BankAccount.objects.filter(state=State.AGREED, used_from__lte=timezone.localdate(now)).order_by("pk")


def use(*, account, now):
    """Use an agreed account whose day has come, and replace the one before. Raises ChangeMoved."""
    with transaction.atomic():
        provider = Provider.objects.locked(account.provider_id)
        # Held, so that nobody takes it back or refuses it between here and its use.
        if due(now).select_for_update(no_key=True).filter(pk=account.pk).first() is None:
            raise ChangeMoved(BankAccount.objects.get(pk=account.pk))
        provider.bank_accounts.filter(state=State.CHECKED).update(state=State.REPLACED, replaced_at=now)
        BankAccount.objects.filter(pk=account.pk).update(state=State.CHECKED)
        council = provider.council
        history.record(act="account.used", subject=account, by=history.CLOCK, at=now, council=council)


def waiting(council):
    """Return the changes of a council's providers that wait for a call, for a second person or for their day."""
    rows = BankAccount.objects.filter(provider__council=council, state__in=WAITS)
    return rows.select_related("provider", "asked_by", "called_by", "checked_by").order_by("asked_at", "pk")


def has_account(provider):
    """True where the provider is paid into an account now."""
    return provider.bank_accounts.filter(state=State.CHECKED).exists()


def may_agree(account, user):
    """True for somebody who may be the second person for this account."""
    if account.state != State.WAITING or not account.called_by_id:
        return False
    return user.pk not in {account.asked_by_id, account.called_by_id} and not _works_there(account, user)


def may_call(account, user):
    """True for somebody who may ring the provider about this account."""
    if account.state != State.WAITING or account.called_by_id:
        return False
    return user.pk != account.asked_by_id and not _works_there(account, user)


def asker_has_left(account):
    """True where whoever asked for this account does not own the provider any more: whoever rings asks about that."""
    owners = Staff.objects.filter(provider=account.provider_id, kind=Staff.Kind.OWNER)
    return account.asked_by_id is not None and not owners.filter(user=account.asked_by_id).exists()


def number_to_ring(provider, asked_at):
    """Return the NumberToRing: of two numbers the older one, where the newer came within 30 days before the wish."""
    asked_on = timezone.localdate(asked_at)
    is_new = provider.phone_since and asked_on - provider.phone_since < details.NUMBER_IS_NEW
    if is_new and provider.phone_before:
        return NumberToRing(provider.phone_before, too_new=provider.phone)
    return NumberToRing(provider.phone)


def others_with(account):
    """Return the names of other providers that are paid, or would be, into the same account."""
    same = Q(bank_accounts__sort_code=account.sort_code, bank_accounts__account_number=account.account_number)
    live = Q(bank_accounts__state__in=[*WAITS, State.CHECKED])
    rows = Provider.objects.filter(same & live).exclude(pk=account.provider_id).distinct()
    return list(rows.values_list("name", flat=True))


def _works_there(account, user):
    return Staff.objects.filter(provider=account.provider_id, user=user).exists()


def _end(account, states, act, by, now, *, refusal):
    with transaction.atomic():
        _move(account, states, state=State.REFUSED, refused_by=by.user, refused_at=now, refusal=refusal)
        history.record(act=act, subject=account, by=by, at=now, council=account.provider.council)


def _move(account, states, **changes):
    if not BankAccount.objects.filter(pk=account.pk, state__in=states).update(**changes):
        raise ChangeMoved(BankAccount.objects.get(pk=account.pk))
