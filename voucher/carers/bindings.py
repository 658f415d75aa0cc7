"""Binding a code to the carer's own sign-in (R42): then the code on the letter opens nothing for whoever finds it."""

from django.db import transaction

from accounts import history
from voucher import messages
from voucher.models import Carer


class NoAccount(Exception):
    """There is no account to bind the code to."""


def bind(*, carer, by, now):
    """From now on the carer's codes open nothing without the carer's own sign-in; returns True if that is new.

    It holds for every code of the carer, today's and any later one. Raises NoAccount.
    """
    with transaction.atomic():
        bound = Carer.objects.filter(pk=carer.pk, code_bound_at=None).exclude(user=None).update(code_bound_at=now)
        if bound:
            _remember(carer, "code.bound", by, now)
        elif not Carer.objects.filter(pk=carer.pk).exclude(user=None).exists():
            raise NoAccount
    return bool(bound)


def unbind(*, carer, by, now):
    """Let the code alone open the award again; returns True if it was bound."""
    with transaction.atomic():
        freed = Carer.objects.filter(pk=carer.pk).exclude(code_bound_at=None).update(code_bound_at=None)
        if freed:
            _remember(carer, "code.unbound", by, now)
    return bool(freed)


def _remember(carer, act, by, now):
    carer.refresh_from_db()
    history.record(act=act, subject=carer, by=by, at=now, council=carer.council)
    messages.code_bound(carer, now=now)
