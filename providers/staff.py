"""Who works for a provider: posts given and taken, handed over and left, each in the history."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, Value, When

from accounts import history, mail, people
from accounts.models import HistoryEntry, User
from accounts.people import OwnMoneyRole
from providers.models import CalendarFeed, Provider, Staff
from providers.telling import tell

# Posts that have the diary, and so may have it in a calendar of their own.
WITH_DIARY = (Staff.Kind.OWNER, Staff.Kind.BOOKINGS)
# Posts that claim, and see what is paid.
WITH_MONEY = (Staff.Kind.OWNER, Staff.Kind.CLAIMS)
LEFT_SHOWN = 5


class LastOwner(Exception):
    """A provider is never left without an owner who has signed in and can act."""


class NeverSignedIn(Exception):
    """Whoever is to own it has not come in yet, so their address may have a slip in it."""


class WorksHere(Exception):
    """This person works for the provider already."""


class NotHere(Exception):
    """This person no longer works for the provider."""


class WorksThere(Exception):
    """Nobody decides for the council about a provider for which they work."""


def refuse_colleague(provider, by):
    """Raise WorksThere for somebody who works for the provider about which they would decide."""
    if by.user is not None and Staff.objects.filter(provider=provider, user=by.user).exists():
        raise WorksThere


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
    # Whoever is taken on for bookings or claims hears of them; an owner mostly reads the provider's own post.
    new = {"kind": kind, "wants_news": kind in {Staff.Kind.BOOKINGS, Staff.Kind.CLAIMS}}
    post, is_new = Staff.objects.get_or_create(user=user, provider=provider, defaults=new)
    if not is_new and post.kind == kind:
        return post
    was_owner, post.kind = not is_new and post.kind == Staff.Kind.OWNER, kind
    post.save(update_fields=["kind"])
    if kind not in WITH_DIARY:
        CalendarFeed.objects.filter(post=post, stopped_at=None).update(stopped_at=now)
    history.record(
        act="post.given", subject=user, by=by, at=now, council=provider.council, kind=kind, provider=provider.ref
    )
    if was_owner:
        _tell_former_owner(user, provider, by, now, work=Staff.Kind(kind).label)
    return post


@transaction.atomic
def remove_post(*, user, provider, by, now):
    """Take the person's post with the provider away; a second press changes nothing."""
    posts = Staff.objects.filter(user=user, provider=provider)
    was_owner = posts.filter(kind=Staff.Kind.OWNER).exists()
    removed, _ = posts.delete()
    if removed:
        history.record(act="post.removed", subject=user, by=by, at=now, council=provider.council, provider=provider.ref)
        if was_owner:
            _tell_former_owner(user, provider, by, now)


@transaction.atomic
def invite(*, email, name, language, kind, provider, by, now):
    """Give somebody a post by their e-mail address, and write to them how to come in; return their Staff row.

    Whoever is not known yet is made a person. Raises WorksHere, OwnMoneyRole.
    """
    user = people.known_or_new(email=email, name=name, language=language, council=provider.council, by=by, now=now)
    if Staff.objects.filter(user=user, provider=provider).exists():
        raise WorksHere
    post = give_post(user=user, provider=provider, kind=kind, by=by, now=now)
    mail.write(
        "post_given",
        to=user.email,
        language=user.language,
        context={"provider": provider, "by": by.user, "scheme": provider.council.scheme},
        dedupe_key=f"post_given/{post.pk}",
        council=provider.council,
    )
    if kind == Staff.Kind.OWNER:
        _tell_of_owner(post, now)
    return post


@transaction.atomic
def change_post(*, post, kind, by, now):
    """Give a colleague another post. Raises LastOwner, NotHere, OwnMoneyRole."""
    post = _locked(post)
    if post.kind == kind:
        return
    if post.kind == Staff.Kind.OWNER:
        _refuse_without_owner(post)
    give_post(user=post.user, provider=post.provider, kind=kind, by=by, now=now)
    if kind == Staff.Kind.OWNER:
        _tell_of_owner(post, now)


@transaction.atomic
def take_post(*, post, by, now):
    """Take a colleague's post away, or leave one's own: what it opened is shut with the next page they ask for.

    Their private calendar goes with it. A second press changes nothing. Raises LastOwner.
    """
    try:
        post = _locked(post)
    except NotHere:
        return
    if post.kind == Staff.Kind.OWNER:
        _refuse_without_owner(post)
    remove_post(user=post.user, provider=post.provider, by=by, now=now)


@transaction.atomic
def hand_over(*, post, to, then, by, now):
    """Make a colleague an owner; the owner who does so becomes `then`: a kind of post, OWNER too, or "" to leave.

    `post` is that of the one who hands over, `to` the colleague's. Raises NeverSignedIn, NotHere, LastOwner.
    """
    # Who was an owner when the page was opened may have been made something else since.
    if _locked(post).kind != Staff.Kind.OWNER:
        raise NotHere
    to = _locked(to)
    if not _can_act(Staff.objects.filter(pk=to.pk)).exists():
        raise NeverSignedIn
    change_post(post=to, kind=Staff.Kind.OWNER, by=by, now=now)
    if then:
        change_post(post=post, kind=then, by=by, now=now)
    else:
        take_post(post=post, by=by, now=now)


def colleagues(provider):
    """Return the posts of a provider in the order of their work, each with its person and `has_signed_in`."""
    order = [When(kind=kind, then=Value(place)) for place, kind in enumerate(Staff.Kind.values)]
    rows = provider.staff.select_related("user").annotate(
        has_signed_in=Exists(EmailAddress.objects.filter(user=OuterRef("user"), verified=True)),
        place=Case(*order, output_field=IntegerField()),
    )
    return rows.order_by("place", "user__name", "pk")


def who_left(provider):
    """Return the last few people whose post ended and who have none here now, as (person, when), the newest first."""
    ended = HistoryEntry.objects.filter(act="post.removed", details__provider=provider.ref, council=provider.council)
    ended = ended.exclude(subject_id__in=provider.staff.values("user")).order_by("at", "pk")
    # Somebody may have come back and left again: the last time counts.
    found = dict(ended.values_list("subject_id", "at"))
    newest = sorted(found.items(), key=lambda each: each[1], reverse=True)[:LEFT_SHOWN]
    persons = User.objects.in_bulk([pk for pk, _ in newest])
    return [(persons[pk], at) for pk, at in newest if pk in persons]


def told_of_breaks(provider):
    """Return the posts whose people are written to about requests and breaks, besides the provider's own address.

    They have the diary, wish it, and have come in once: what is written holds a carer's first name.
    """
    return _told(provider, WITH_DIARY)


def told_of_money(provider):
    """Return the posts whose people are written to about claims and payments, besides the provider's own address."""
    return _told(provider, WITH_MONEY)


def tell_of_money(name, provider, /, *, key, council, **context):
    """Tell the provider some news of claims and payments, as tell does, and whoever there wishes it and may claim."""
    tell(name, provider, key=key, council=council, **context)
    tell_colleagues_of_money(name, provider, key=key, council=council, **context)


def tell_colleagues_of_money(name, provider, /, *, key, council, **context):
    """Tell only those in told_of_money, each once and in their own language, where the provider has its own copy."""
    for post in told_of_money(provider):
        reader = {"to": post.user.email, "language": post.user.language}
        tell(name, provider, key=f"{key}/to-{post.pk}", council=council, **reader, **context)


def choose_news(*, post, wanted):
    """Write to this person too about what their post is about, or no more; a second press changes nothing."""
    Staff.objects.filter(pk=post.pk).update(wants_news=wanted)


def _told(provider, kinds):
    rows = _can_act(provider.staff.filter(wants_news=True, kind__in=kinds)).select_related("user")
    own = provider.email.casefold()
    return [row for row in rows.order_by("pk").distinct() if row.user.email.casefold() != own]


def _locked(post):
    """Return the post as it is now, while nobody else changes a post of that provider. Raises NotHere."""
    Provider.objects.locked(post.provider_id)
    found = Staff.objects.select_related("user", "provider__council__scheme").filter(pk=post.pk).first()
    if found is None:
        raise NotHere
    return found


def _refuse_without_owner(post):
    others = Staff.objects.filter(provider=post.provider_id, kind=Staff.Kind.OWNER).exclude(pk=post.pk)
    # One that nobody has come in with yet may be removed, as long as somebody else can act.
    if not _can_act(others).exists():
        raise LastOwner


def _can_act(posts):
    return posts.filter(user__is_active=True, user__emailaddress__verified=True)


def _tell_of_owner(post, now):
    """Tell the provider's own address that somebody else owns it now: an owner can change where money goes."""
    key = f"{post.pk}/{now:%Y-%m-%dT%H:%M:%S}"
    tell("owner_added", post.provider, key=key, name=str(post.user))


def _tell_former_owner(user, provider, by, now, work=""):
    """Tell a person that somebody else took her ownership, and the `work` she has now, if any; her own act tells her.

    It goes to her own address: the provider's may be in the hands of whoever did it.
    """
    if by.user == user:
        return
    key = f"{provider.pk}-{user.pk}/{now:%Y-%m-%dT%H:%M:%S}"
    tell("owner_no_more", provider, key=key, to=user.email, language=user.language, by=by.user, work=work)
