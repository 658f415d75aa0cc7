"""Links in a message to a provider that let it answer a request without signing in: each means one thing only (R57).

A link names its booking, the provider, one purpose, the time that was asked for, and the colleague to whom it was
written if it was one, all under a signature. It is kept nowhere: what it still means follows from how the booking
stands, and whether the colleague still answers requests there.
"""

import datetime as dt
from dataclasses import dataclass

from django.core import signing

from providers import staff
from providers.models import Staff
from voucher.models import Booking

ACCEPT, DECLINE, SUGGEST = "yes", "no", "times"
PURPOSES = (ACCEPT, DECLINE, SUGGEST)
# So long after the break a link still says what became of the request; then it is as unknown as any other.
TOLD_FOR = dt.timedelta(days=7)


class Unknown(Exception):
    """A link that is forged, mistyped, or too old: nothing is said about any booking."""


@dataclass(frozen=True)
class Answer:
    """What a link stands for: its Booking as it is now, the purpose, and the time for which it was written."""

    booking: Booking
    purpose: str
    starts_at: dt.datetime
    post: Staff | None = None

    def is_open(self, now):
        """True while the request waits for its provider's answer, at the very time that the link was written for."""
        row = self.booking
        waits = row.state == Booking.State.REQUESTED and row.answer_by > now
        return waits and row.starts_at == self.starts_at

    def token(self, purpose):
        """Return the secret part of the same reader's link for another purpose."""
        return token(self.booking, purpose, self.post)


def token(booking, purpose, post=None):
    """Return the secret part of the link with which the provider, or a colleague there, can do one of PURPOSES."""
    assert purpose in PURPOSES
    said = [booking.pk, booking.provider_id, purpose, int(booking.starts_at.timestamp()), *([post.pk] if post else [])]
    return _signer().sign("-".join(map(str, said)))


def tokens(booking, post=None):
    """Return the secret part of each link, by its purpose."""
    return {purpose: token(booking, purpose, post) for purpose in PURPOSES}


def read(text, now):
    """Return the Answer that the secret part of a link stands for. Raises Unknown."""
    try:
        number, provider, purpose, moment, *colleague = _signer().unsign(text).split("-")
        number, provider, starts_at = int(number), int(provider), dt.datetime.fromtimestamp(int(moment), dt.UTC)
    except (signing.BadSignature, ValueError) as bad:
        raise Unknown from bad
    rows = Booking.objects.select_related(
        "offer__category", "award__carer", "award__account", "council__scheme", "hold", "asked_in", "provider"
    )
    booking = rows.filter(pk=number, provider=provider).first()
    if booking is None or now > max(booking.ends_at, starts_at) + TOLD_FOR:
        raise Unknown
    return Answer(booking, purpose, starts_at, _post(booking, *colleague) if colleague else None)


def _post(booking, number):
    """Return the post to whose person a link was written. Raises Unknown where they answer no requests any more."""
    posts = Staff.objects.select_related("user").filter(pk=number, provider=booking.provider_id, user__is_active=True)
    if (post := posts.filter(kind__in=staff.WITH_DIARY).first()) is None:
        raise Unknown
    return post


def _signer():
    return signing.Signer(salt="voucher.messages.answer_links", sep=".")
