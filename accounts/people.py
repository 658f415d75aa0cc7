"""Who works for a council: inviting people, giving and taking roles, closing accounts. All of it is in the history."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts import history, mail
from accounts.models import Role, User

MONEY_ROLES = {Role.Kind.FINANCE_PREPARER, Role.Kind.FINANCE_APPROVER}


class AlreadyKnown(Exception):
    """Somebody signs in with this address already."""


class OwnMoneyRole(Exception):
    """Nobody gives themself a role that moves money."""


class OwnAccount(Exception):
    """Nobody shuts themself out: a council without an administrator could not mend it."""


class WorksElsewhere(Exception):
    """This person works for another council too, so only their roles here can be taken."""


@transaction.atomic
def create_administrator(*, email, now):
    """Make the first administrator, who looks after every council; raises AlreadyKnown."""
    if User.objects.filter(email=email.lower()).exists():
        raise AlreadyKnown
    user = _create(email=email, name="", language="")
    role = Role.objects.create(user=user, council=None, kind=Role.Kind.ADMINISTRATOR)
    history.record(act="role.given", subject=user, by=history.Who(label="command line"), at=now, kind=role.kind)
    return user


@transaction.atomic
def invite(*, email, name, language, council, by, now):
    """Return the person with this address, made now if unknown, and write them how to sign in.

    The same person is written to once a day at most, however often the button is pressed.
    """
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        user = _create(email=email, name=name, language=language)
        history.record(act="person.invited", subject=user, by=by, at=now, council=council)
    mail.write(
        "invitation",
        to=user.email,
        language=user.language,
        context={"council": council},
        dedupe_key=f"invitation:{user.pk}:{council.pk}:{now:%Y-%m-%d}",
    )
    return user


@transaction.atomic
def known_or_new(*, email, name, language="", council=None, by, now):
    """Return the person with this address, made now if unknown; who asks is not told which."""
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        user = _create(email=email, name=name, language=language)
        history.record(act="person.added", subject=user, by=by, at=now, council=council)
    return user


@transaction.atomic
def with_proved_address(*, email, language, by, now):
    """Return the person whose e-mail address was proved just now, made if unknown; the address counts as proved."""
    user = known_or_new(email=email, name="", language=language, by=by, now=now)
    if user.is_active:
        EmailAddress.objects.filter(user=user, email=user.email).update(verified=True)
    return user


@transaction.atomic
def give_role(*, user, council, kind, by, now):
    """Give a role; a second press changes nothing. Raises OwnMoneyRole."""
    if by.user == user and kind in MONEY_ROLES:
        raise OwnMoneyRole
    role, is_new = Role.objects.get_or_create(user=user, council=council, kind=kind)
    if is_new:
        history.record(act="role.given", subject=user, by=by, at=now, council=council, kind=kind)
    return role


@transaction.atomic
def remove_role(*, user, council, kind, by, now):
    """Take a role away; a second press changes nothing. Raises OwnAccount."""
    if by.user == user and kind == Role.Kind.ADMINISTRATOR:
        raise OwnAccount
    removed, _ = Role.objects.filter(user=user, council=council, kind=kind).delete()
    if removed:
        history.record(act="role.removed", subject=user, by=by, at=now, council=council, kind=kind)


@transaction.atomic
def close_account(*, user, council, by, now):
    """Keep the person out from now on: no new sign-in, and every open session ends.

    Raises OwnAccount and WorksElsewhere.
    """
    if by.user == user:
        raise OwnAccount
    if user.roles.exclude(council=council).exists():
        raise WorksElsewhere
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        history.record(act="person.closed", subject=user, by=by, at=now, council=council)
    end_sessions(user)


@transaction.atomic
def reopen_account(*, user, council, by, now):
    """Let the person sign in again, with the roles they had."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        history.record(act="person.reopened", subject=user, by=by, at=now, council=council)


@transaction.atomic
def reset_second_factor(*, user, council, by, now):
    """Take away the second step of somebody who lost theirs; the next sign-in sets up a new one.

    Ask them in person or by a number known before: whoever can read their e-mail could come in now. Raises
    OwnAccount and WorksElsewhere.
    """
    if by.user == user:
        raise OwnAccount
    if user.roles.exclude(council=council).exists():
        raise WorksElsewhere
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if removed:
        history.record(act="second_factor.reset", subject=user, by=by, at=now, council=council)
    end_sessions(user)


def end_sessions(user):
    """Sign the person out everywhere."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def sign_in_address():
    """Return the whole address of the sign-in page, to be told to people."""
    return f"{settings.SITE_URL}/account/sign-in/"


def _create(*, email, name, language):
    user = User.objects.create_user(email, name=name, language=language)
    # Not verified: the first code that comes back from the address verifies it.
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    return user
