"""A provider that leaves one request after another without an answer is paused, so that no more carers wait in vain."""

from django.db import transaction
from django.db.models import F, Max

from accounts import history
from providers import pausing
from providers.models import Provider
from providers.telling import tell
from voucher.bookings import tasks
from voucher.models import Booking, Task


def in_a_row(provider):
    """Return how many requests have ended without an answer since the provider's last answer, or since it came back.

    A yes, a no and other times are answers. What the carer took back, or did not choose, counts neither way; nor does
    what was booked at the door, on the telephone or by handing over: nobody had asked.
    """
    ours = Booking.objects.filter(provider=provider)
    # What nobody was asked for is confirmed in the moment in which it is booked.
    answered = ours.filter(answered_at__gt=F("requested_at"))
    since = [answered.aggregate(last=Max("answered_at"))["last"], provider.counted_since]
    rows = ours.filter(state=Booking.State.TIMED_OUT, ended_by="")
    if moment := max(filter(None, since), default=None):
        rows = rows.filter(ended_at__gt=moment)
    return rows.count()


@transaction.atomic
def pause_if_silent(*, provider, now):
    """R56. Pause a live provider that has left so many requests in a row (a setting) unanswered; return whether it was.

    The provider is told kindly, with one press to be back, and the carers team is given the task to ring it.
    """
    provider = Provider.objects.select_related("council__scheme").get(pk=provider.pk)
    scheme, count = provider.council.scheme, in_a_row(provider)
    if provider.state != Provider.State.LIVE or count < scheme.unanswered_before_pause:
        return False
    try:
        pausing.pause(provider=provider, reason=pausing.Reason.UNANSWERED, by=history.CLOCK, now=now)
    except pausing.NotLive:
        return False
    tasks.give_about_provider(provider=provider, kind=Task.Kind.UNANSWERED, now=now)
    tell("provider_paused", provider, key=f"{provider.pk}/{now:%Y-%m-%dT%H:%M}")
    return True


def end_pause(*, provider, now):
    """Bring a provider back whose pause had a last day that is over. Raises pausing.NotPaused."""
    pausing.come_back(provider=provider, by=history.CLOCK, now=now)
