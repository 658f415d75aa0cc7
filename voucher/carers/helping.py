"""Helpers: someone acts for a carer, for twenty minutes with the code, or by a permission from day to day (R36)."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import history, people
from accounts.history import Who
from accounts.models import Role
from voucher import messages, rules
from voucher.carers import pins
from voucher.granting import awards
from voucher.models import Award, Carer, Code, Permission

HELPERS_MOST = 5
Kind = Permission.Kind


class NotAgreed(Exception):
    """Neither the carer's agreement nor the PIN was given; `by_pin`: the code is bound, so only a PIN will do."""

    def __init__(self, *, by_pin):
        super().__init__()
        self.by_pin = by_pin


class WrongPin(Exception):
    """That is not the carer's PIN."""


class OwnAddress(Exception):
    """A carer needs no permission to act for themself."""


class TooLong(Exception):
    """A permission lasts twelve months at most (R36)."""


class TooMany(Exception):
    """A carer has five helpers at most at one time."""


@dataclass(frozen=True)
class Help:
    """By what leave a helper acts: as what, for whom, and until which moment or day."""

    kind: str
    whom: str
    until: dt.datetime | None = None
    last_day: dt.date | None = None
    # Whole minutes, begun ones counted, for the page that is being made now.
    minutes_left: int = 0


def desk_kind(user, council):
    """Return as what this person may help with a carer's code in the council, or None.

    A desk volunteer by the administrator's role; an advocate by the standing permission of any carer there.
    """
    if Role.objects.filter(user=user, council=council, kind=Role.Kind.VOLUNTEER).exists():
        return Kind.VOLUNTEER
    known = live(timezone.localdate()).filter(helper=user, kind=Kind.ADVOCATE, carer__council=council)
    return Kind.ADVOCATE if known.exists() else None


def may_help_at_a_desk(user):
    """Return True where this person may help with a code in some council."""
    volunteers = Role.objects.filter(user=user, kind=Role.Kind.VOLUNTEER)
    return volunteers.exists() or live(timezone.localdate()).filter(helper=user, kind=Kind.ADVOCATE).exists()


def begin(*, code, user, agrees, pin, now):
    """Let a helper act for twenty minutes from now; returns (award, code's row, leave for the session).

    The carer is there and agrees, or gives the PIN; a bound code needs the PIN (R36, R42). Raises
    awards.CodeRefused (also where this person may not help), NotAgreed, WrongPin and pins.PinLocked.
    """
    award = awards.named_by(code=code)
    kind = desk_kind(user, award.council)
    if kind is None:
        raise awards.CodeRefused("no helper here")
    bound = not awards.opens_for(award.carer, None)
    if bound and not award.carer.pin:
        raise awards.CodeRefused("bound")
    if not pin and (bound or not agrees):
        raise NotAgreed(by_pin=bound)
    if pin and not pins.is_right(carer=award.carer, pin=pin, now=now):
        raise WrongPin
    row = Code.objects.get(award=award, state=Code.State.ACTIVE)
    _remember_opening(award, user, kind, now, agreed="pin" if pin else "present")
    return award, row, {"user": user.pk, "until": rules.help_until(now).isoformat(), "by_pin": bool(pin)}


def open_by(*, permission, user, now):
    """Let a helper act by a standing permission of their own; returns (award, leave), or None where it is over."""
    row = live(timezone.localdate(now)).filter(pk=permission, helper=user).select_related("carer").first()
    award = _award_of(row.carer) if row else None
    if award is None:
        return None
    _remember_opening(award, user, row.kind, now, permission=row.pk)
    return award, {"user": user.pk, "permission": row.pk}


def standing(leave, *, user, award, code, now):
    """Return the Help that a leave from the session still gives for the award with this number, or None."""
    if not user.is_authenticated or leave.get("user") != user.pk or award is None:
        return None
    if "permission" in leave:
        rows = live(timezone.localdate(now)).filter(helper=user, carer__awards=award).select_related("carer")
        row = rows.filter(pk=leave["permission"]).first()
        return Help(row.kind, row.carer.first_name, last_day=row.last_day) if row else None
    until = dt.datetime.fromisoformat(leave["until"])
    if now >= until:
        return None
    rows = Code.objects.filter(pk=code, award=award, state=Code.State.ACTIVE).select_related("award__carer__council")
    row = rows.first()
    if row and not (leave.get("by_pin") or awards.opens_for(row.award.carer, None)):
        # Bound since then: from that moment on it takes the PIN.
        return None
    kind = desk_kind(user, row.award.carer.council) if row else None
    minutes = -((now - until) // dt.timedelta(minutes=1))
    return Help(kind, row.award.carer.first_name, until=until, minutes_left=minutes) if kind else None


def live(on):
    """Return the permissions that hold on a day."""
    return Permission.objects.filter(ended_at=None, first_day__lte=on, last_day__gte=on)


def of_helper(user, on):
    """Return the permissions of a helper that hold, or will, with the carer."""
    rows = Permission.objects.filter(helper=user, ended_at=None, last_day__gte=on)
    return rows.select_related("carer__council__scheme").order_by("carer__first_name", "pk")


def of_carer(carer, on):
    """Return the permissions a carer has given that hold, or will, with the helper."""
    return Permission.objects.filter(carer=carer, ended_at=None, last_day__gte=on).select_related("helper")


def give(*, carer, email, name, kind, first_day, last_day, by, now):
    """Give someone leave to act for the carer from a day to a day; returns the Permission, in place of any before.

    Whoever does not sign in here yet is made known and written to. The carer is told as well. Raises OwnAddress,
    TooLong and TooMany.
    """
    own = {carer.email.lower(), carer.user.email if carer.user else ""}
    if email.lower() in own:
        raise OwnAddress
    if not rules.permission_may_last(first_day, last_day):
        raise TooLong
    with transaction.atomic():
        # Whoever gives a permission for the same carer waits here, so that five stay five.
        Carer.objects.select_for_update().get(pk=carer.pk)
        helper = people.known_or_new(email=email, name=name, council=carer.council, by=by, now=now)
        before = Permission.objects.filter(carer=carer, ended_at=None)
        before.filter(helper=helper).update(ended_at=now)
        if before.filter(last_day__gte=timezone.localdate(now)).count() >= HELPERS_MOST:
            raise TooMany
        row = Permission.objects.create(
            carer=carer, helper=helper, name=name, kind=kind, first_day=first_day, last_day=last_day, given_at=now
        )
        days = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
        history.record(
            act="permission.given",
            subject=carer,
            by=by,
            at=now,
            council=carer.council,
            kind=kind,
            permission=row.pk,
            user=helper.pk,
            **days,
        )
        messages.permission_given(row)
    return row


def end(*, permission, by, now):
    """End a permission at once, by the carer, by the helper or by the carers team; returns True if it held."""
    with transaction.atomic():
        ended = Permission.objects.filter(pk=permission.pk, ended_at=None).update(ended_at=now)
        if ended:
            history.record(
                act="permission.ended",
                subject=permission.carer,
                by=by,
                at=now,
                council=permission.carer.council,
                permission=permission.pk,
            )
    return bool(ended)


def _award_of(carer):
    """Return the award that a helper opens: the carer's newest."""
    rows = Award.objects.filter(carer=carer).select_related("account", "council")
    return rows.order_by("-account__last_day", "-pk").first()


def _remember_opening(award, user, kind, now, **details):
    by = Who(user=user, on_behalf_of=f"award {award.ref}", role=kind)
    history.record(act="award.helped", subject=award, by=by, at=now, council=award.council, **details)
