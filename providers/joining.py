"""How a provider joins: what it tells about itself step by step, what is still missing, what its mentor goes through.

Every step is kept as it is typed, whole or not; what is missing is said in words. What needs offers, messages or the
carers team is in voucher.standing.joining_desk.
"""

import secrets
from dataclasses import dataclass

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import history
from accounts.models import User
from providers import papers
from providers.models import BankAccount, MentorPoint, Provider, Staff

State = Provider.State
# The edition of the terms that is agreed to now: another wording gets another name, and is agreed to anew.
TERMS_EDITION = "2026-11"
REF_NUMBERS = 1_000_000


class AlreadySent(Exception):
    """It lies with the carers team, or has joined: nothing of it is changed here now."""


class OtherEdition(Exception):
    """The terms have changed since they were read."""


class Step(models.TextChoices):
    """The parts of joining, in the order in which they are listed; each can be left and taken up again."""

    ORGANISATION = "organisation", _("Who you are")
    CONTACT = "contact", _("How to reach you")
    OFFERS = "offers", _("Your offers")
    PAPERS = "papers", _("Checks and documents")
    BANK = "bank", _("Where you are paid")
    VAT = "vat", _("VAT")
    TERMS = "terms", _("The terms")


@dataclass(frozen=True)
class Missing:
    """Something without which it cannot be sent: the Step where it belongs, and a sentence."""

    step: str
    words: object


# What must be told of the columns of Provider, with the sentence where it is empty.
ASKED = {
    Step.ORGANISATION: {
        "name": _("Say what you are called."),
        "legal_form": _("Say what kind of organisation you are."),
        "has_staff": _("Say whether you employ anybody."),
        "serves_food": _("Say whether you serve food."),
    },
    Step.CONTACT: {
        "contact_name": _("Say whom we ask for."),
        "address": _("Give your address."),
        "town": _("Say in which town you are."),
        "postcode": _("Give your postcode."),
        "phone": _("Give a telephone number."),
        "email": _("Give an e-mail address."),
        "language": _("Say in which language we write to you."),
    },
}


class Point(models.TextChoices):
    """What a mentor goes through with a new provider in its first months, in this order."""

    FIRST_CALL = "first-call", _("We rang, and all was clear")
    WELSH = "welsh", _("The offers read well in Welsh too, or are labelled")
    FIRST_BOOKING = "first-booking", _("The first request was answered in time")
    SIGNS = "signs-at-the-door", _("Carers find the door: signs, parking, access as described")
    CODE = "first-code", _("A code was checked without help")
    FIRST_CLAIM = "first-claim", _("The first claim was made, and paid")
    FIRST_MONTH = "first-month", _("We looked back together on the first month")
    CARERS = "carers-say", _("We heard from a carer how it was")


def joining_of(user):
    """Return the provider that this person is joining with, or None; who refuses to start twice finds the first."""
    posts = Staff.objects.filter(user=user, kind=Staff.Kind.OWNER, provider__state__in=Provider.NOT_JOINED)
    post = posts.select_related("provider__council").order_by("pk").first()
    return post.provider if post else None


@transaction.atomic
def begin(*, user, name, council, language, by, now):
    """Let somebody begin to join as its owner; a second press finds what was begun. Opens nothing that was there."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if begun := joining_of(user):
        return begun
    provider = Provider.objects.create(
        ref=_free_ref(),
        council=council,
        name=name,
        state=State.JOINING,
        contact_name=user.name,
        email=user.email,
        language=language,
    )
    Staff.objects.create(user=user, provider=provider, kind=Staff.Kind.OWNER)
    history.record(act="provider.began", subject=provider, by=by, at=now, council=council)
    return provider


def save(*, provider, step, values, by, now):
    """Keep what was told in one step, whole or not; returns the names of what changed. Raises AlreadySent."""
    with transaction.atomic():
        row = Provider.objects.locked(provider.pk)
        if row.state not in Provider.MAY_CHANGE:
            raise AlreadySent
        changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
        if changed:
            Provider.objects.filter(pk=row.pk).update(**{name: values[name] for name in changed})
            history.record(
                act="provider.told", subject=row, by=by, at=now, council=row.council, step=str(step), fields=changed
            )
            row.refresh_from_db()
            # What papers are asked for hangs on what was told (R45).
            papers.recount(row, on=timezone.localdate(now))
    for name, value in values.items():
        setattr(provider, name, value)
    return changed


def agree_to_terms(*, provider, edition, by, now):
    """Write down who agreed to the terms, when, and to which edition. Raises AlreadySent and OtherEdition."""
    if edition != TERMS_EDITION:
        raise OtherEdition
    agreed = {"terms_agreed_at": now, "terms_agreed_by": by.user, "terms_edition": edition}
    with transaction.atomic():
        open_to_change = Provider.objects.filter(pk=provider.pk, state__in=Provider.MAY_CHANGE)
        if open_to_change.exclude(terms_edition=edition).update(**agreed):
            history.record(
                act="provider.agreed", subject=provider, by=by, at=now, council=provider.council, edition=edition
            )
        elif not open_to_change.exists():
            raise AlreadySent
    provider.refresh_from_db()


def account_of(provider):
    """Return the account where it is or will be paid, or None."""
    states = BankAccount.State
    wanted = (states.WAITING, states.AGREED, states.CHECKED)
    return provider.bank_accounts.filter(state__in=wanted).order_by("-pk").first()


def needs_account(provider):
    """True for all but a council's own service, which is recharged inside the council."""
    return provider.legal_form != Provider.LegalForm.COUNCIL


def not_told(provider):
    """Return what is Missing of what the provider tells about itself; offers and papers are looked at elsewhere."""
    found = [
        Missing(step, words)
        for step, asked in ASKED.items()
        for name, words in asked.items()
        if getattr(provider, name) in ("", None)
    ]
    if needs_account(provider) and account_of(provider) is None:
        found.append(Missing(Step.BANK, _("Say where you would like to be paid.")))
    if not provider.vat_told:
        found.append(Missing(Step.VAT, _("Say whether you charge VAT.")))
    if provider.terms_edition != TERMS_EDITION:
        found.append(Missing(Step.TERMS, _("Read the terms and agree to them.")))
    return found


@transaction.atomic
def go_through(*, provider, point, note, by, now):
    """Write down that a mentor went through a Point with a new provider; a second time changes nothing."""
    row, is_new = MentorPoint.objects.get_or_create(
        provider=provider, point=Point(point), defaults={"note": note, "done_by": by.user, "done_at": now}
    )
    if is_new:
        history.record(
            act="provider.mentored", subject=provider, by=by, at=now, council=provider.council, point=str(point)
        )
    return row


def _free_ref():
    """Return a reference that no provider has: J and six numbers."""
    while True:
        ref = f"J{secrets.randbelow(REF_NUMBERS):06}"
        if not Provider.objects.filter(ref=ref).exists():
            return ref
