"""Who works for a provider: posts given and taken, each in the history."""

from django.db import transaction

from accounts import history
from accounts.people import OwnMoneyRole
from providers.models import Staff


def works_elsewhere(*, user, council):
    """True for somebody who has a post with a provider of another council."""
    return Staff.objects.filter(user=user).exclude(provider__council=council).exists()


@transaction.atomic
def give_post(*, user, provider, kind, by, now):
    """Give the person a post with the provider, or change the one they have.

    Raises OwnMoneyRole: an owner claims money, and nobody makes themself one.
    """
    if by.user == user and kind == Staff.Kind.OWNER:
        raise OwnMoneyRole
    post, is_new = Staff.objects.get_or_create(user=user, provider=provider, defaults={"kind": kind})
    if not is_new and post.kind == kind:
        return post
    post.kind = kind
    post.save(update_fields=["kind"])
    history.record(
        act="post.given", subject=user, by=by, at=now, council=provider.council, kind=kind, provider=provider.ref
    )
    return post


@transaction.atomic
def remove_post(*, user, provider, by, now):
    """Take the person's post with the provider away; a second press changes nothing."""
    removed, _ = Staff.objects.filter(user=user, provider=provider).delete()
    if removed:
        history.record(act="post.removed", subject=user, by=by, at=now, council=provider.council, provider=provider.ref)
