"""Writes into the history who signed in, and who changed how they sign in."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import password_changed, password_set, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.utils import timezone

from accounts import history
from accounts.middleware import gave_second_factor


def listen():
    """Connect the signals of django-allauth; called once, when the application is ready."""
    user_logged_in.connect(signed_in, dispatch_uid="history")
    authenticator_added.connect(second_factor_added, dispatch_uid="history")
    authenticator_removed.connect(second_factor_removed, dispatch_uid="history")
    password_set.connect(password_was_changed, dispatch_uid="history")
    password_changed.connect(password_was_changed, dispatch_uid="history")


def signed_in(sender, request, user, **more):
    _record("person.signed_in", user, second_factor=gave_second_factor(request))


def second_factor_added(sender, request, user, authenticator, **more):
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return _record("recovery_codes.made", user)
    # Whoever has just shown the new app or key has given the second factor: not to be asked again at once.
    record_authentication(request, user, method="mfa", type=authenticator.type, reauthenticated=True)
    return _record("second_factor.added", user, type=authenticator.type)


def second_factor_removed(sender, request, user, authenticator, **more):
    _record("second_factor.removed", user, type=authenticator.type)


def password_was_changed(sender, request, user, **more):
    _record("password.changed", user)


def _record(act, user, **details):
    role = user.roles.first()
    history.record(
        act=act,
        subject=user,
        by=history.Who(user=user),
        at=timezone.now(),
        council=role.council if role else None,
        **details,
    )
