"""A carer's own account: made from an open award with an e-mail address; and what is remembered of a carer."""

import datetime as dt

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts import history, people
from accounts.history import Who
from voucher import messages
from voucher.models import Award, Carer

# Ended awards stay to be looked at for so long.
SHOWN_FOR = dt.timedelta(days=365)
LINKED, UNLINKED = "carer.account_linked", "carer.account_unlinked"


class OtherAddress(Exception):
    """Another e-mail address is noted for this carer than the one that was given."""


class HasAccount(Exception):
    """This carer's award is kept in somebody's account already."""


def refuse_unless_own(carer, email):
    """Raise OtherAddress unless the address is the noted one, or none is noted; HasAccount where there is one.

    Whoever finds a letter must not be able to keep what is in it, so the address has to be the carer's own. Where
    none was noted, a letter to the door tells of it.
    """
    if carer.user_id:
        raise HasAccount
    if carer.email and carer.email.lower() != email.lower():
        raise OtherAddress


def make(*, carer, email, now):
    """Make an account for a carer whose e-mail address was just proved, or take the one there is; returns its user.

    Raises OtherAddress and HasAccount; then nothing was made.
    """
    with transaction.atomic():
        refuse_unless_own(Carer.objects.get(pk=carer.pk), email)
        by = Who(label="own address")
        user = people.known_or_new(email=email, name=str(carer), language=carer.language, by=by, now=now)
        if user.is_active:
            EmailAddress.objects.filter(user=user, email=user.email).update(verified=True)
            link(carer=carer, user=user, by=Who(user=user), now=now)
    return user


def link(*, carer, user, by, now):
    """Keep the carer's awards in this person's account, whose address is proved; a second time changes nothing.

    Raises OtherAddress and HasAccount.
    """
    with transaction.atomic():
        row = Carer.objects.select_for_update(of=("self",)).select_related("council__scheme").get(pk=carer.pk)
        if row.user_id == user.pk:
            return
        refuse_unless_own(row, user.email)
        noted = not row.email
        row.user, row.email = user, row.email or user.email
        row.save(update_fields=["user", "email"])
        history.record(act=LINKED, subject=row, by=by, at=now, council=row.council, noted_address=noted)
        messages.account_made(row, noted_address=noted)


def unlink(*, carer, by, now):
    """Take the carer's awards out of the account they are in, by the carers team; returns True if there was one.

    For an account that is not the carer's own, or that they can no longer sign in to. The code alone opens the award
    again, and an address that only that account had brought is forgotten: no more is written to it.
    """
    with transaction.atomic():
        row = Carer.objects.select_for_update(of=("self",)).select_related("user", "council__scheme").get(pk=carer.pk)
        if row.user is None:
            return False
        linked = history.history_of(row).filter(act=LINKED).order_by("-pk").first()
        brought = bool(linked and linked.details["noted_address"]) and row.email == row.user.email
        row.user, row.code_bound_at, row.email = None, None, "" if brought else row.email
        row.save(update_fields=["user", "code_bound_at", "email"])
        history.record(act=UNLINKED, subject=row, by=by, at=now, council=row.council, forgot_address=brought)
        messages.code_bound(row, now=now)
    return True


def awards_of(user, on):
    """Return the awards of this person's account, newest first; those that ended over twelve months ago no more."""
    rows = Award.objects.filter(carer__user=user, account__last_day__gte=on - SHOWN_FOR)
    return rows.select_related("account").order_by("-account__last_day", "-pk")


def change(*, carer, by, now, **fields):
    """Write down a new address, telephone, language, print size and the like; returns the names of what changed.

    The carer's own move changes nothing else: the award stays. The history says which fields, and never what stands
    in them.
    """
    with transaction.atomic():
        row = Carer.objects.select_for_update().get(pk=carer.pk)
        changed = sorted(name for name, value in fields.items() if getattr(row, name) != value)
        if changed:
            Carer.objects.filter(pk=row.pk).update(**{name: fields[name] for name in changed})
            history.record(act="carer.changed", subject=row, by=by, at=now, council=row.council, fields=changed)
    for name in changed:
        setattr(carer, name, fields[name])
    return changed
