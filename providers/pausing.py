"""A provider that takes a pause: hidden from carers who look for a break, while what was asked and booked goes on."""

from django.db import transaction

from accounts import history
from providers.models import Provider, Staff

State, Reason = Provider.State, Provider.PauseReason


class NotLive(Exception):
    """Only a provider that works can be paused."""


class NotPaused(Exception):
    """It is not paused, or not so that it can come back itself: the carers team, or somebody else, has been quicker."""


@transaction.atomic
def pause(*, provider, reason, until=None, by, now):
    """Pause a live provider for a PauseReason, up to the day `until` included, or until somebody brings it back.

    What is confirmed stays, and what was asked for before can still be answered, with yes too, unless it was the carers
    team that paused it (R56). Raises NotLive.
    """
    rows = Provider.objects.filter(pk=provider.pk, state=State.LIVE)
    if not rows.update(state=State.PAUSED, pause_reason=reason, paused_until=until):
        raise NotLive
    provider.refresh_from_db()
    details = {"until": until.isoformat()} if until else {}
    history.record(
        act="provider.paused", subject=provider, by=by, at=now, council=provider.council, reason=reason, **details
    )


@transaction.atomic
def come_back(*, provider, by, now):
    """End a pause that was the provider's own wish, or that came from silence; whoever did not answer begins anew.

    Raises NotPaused, also where the carers team has paused it: then only the team ends the pause.
    """
    rows = Provider.objects.filter(pk=provider.pk, state=State.PAUSED, pause_reason__in=Provider.HIDES_ONLY)
    if not rows.update(state=State.LIVE, pause_reason="", paused_until=None, counted_since=now):
        raise NotPaused
    provider.refresh_from_db()
    history.record(act="provider.back", subject=provider, by=by, at=now, council=provider.council)


def may_come_back(post):
    """True where whoever has this post ends the pause: one from silence, or an owner one of the provider's own wish.

    The post is one that answers requests. A pause that the carers team began is the team's alone (R56).
    """
    provider = post.provider
    if provider.state != State.PAUSED or provider.pause_reason not in Provider.HIDES_ONLY:
        return False
    return post.kind == Staff.Kind.OWNER or provider.pause_reason == Reason.UNANSWERED


def over(today):
    """Return the providers whose pause has a last day that is over."""
    rows = Provider.objects.filter(state=State.PAUSED, pause_reason__in=Provider.HIDES_ONLY, paused_until__lt=today)
    return rows.order_by("pk")
