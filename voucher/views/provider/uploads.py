"""How many files a provider sends in a day: each is read, drawn anew and kept, and anybody can begin to join."""

from functools import wraps

from django.shortcuts import render
from django.utils import timezone

from accounts import limits

UPLOADS_A_DAY, A_DAY = 60, 24 * 60 * 60


def counted(view):
    """Answer 429 where the provider has sent too many files today, before anything of the file is looked at."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if request.FILES and not limits.allow(
            f"uploads-of:{request.provider.pk}", UPLOADS_A_DAY, A_DAY, timezone.now()
        ):
            return render(request, "429.html", status=429)
        return view(request, *args, **kwargs)

    return guarded
