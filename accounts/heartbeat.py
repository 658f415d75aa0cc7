"""When something that must come round by the clock last came round."""

from accounts.models import Heartbeat


def beat(*, name, now):
    """Write down that `name` ("jobs") ran at `now`."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def last(name):
    """Return when `name` last ran, or None."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
