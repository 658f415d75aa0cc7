"""A provider's breaks in a person's own calendar: the page that makes and stops its address, and the address."""

import hashlib

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.history import Who
from providers.access import bookings_required
from voucher.calendars import calendar_feeds

KEPT_SECONDS = 15 * 60


@require_safe
@never_cache
@bookings_required
def page(request):
    """What the address is for, and whether this person has one."""
    return _page(request)


@require_POST
@never_cache
@bookings_required
@sensitive_variables("secret")
def make(request):
    """Make a new address and show it, once; the one before stops."""
    language = calendar_feeds.language_of(request.user)
    secret = calendar_feeds.make(post=request.post, language=language, by=Who(user=request.user), now=timezone.now())
    return _page(request, address=f"{settings.SITE_URL}{reverse('calendar_feed', args=[secret])}")


@require_POST
@bookings_required
def stop(request):
    calendar_feeds.stop(post=request.post, by=Who(user=request.user), now=timezone.now())
    messages.success(request, _("Stopped. Calendars that had the address get nothing more."))
    return redirect("provider:feed")


@require_safe
@sensitive_variables("token")
def calendar(request, token):
    """The calendar behind a private address; 304 where the reader has it already, 404 for whatever is none."""
    now = timezone.now()
    try:
        content = calendar_feeds.content(calendar_feeds.open_with(token), now)
    except calendar_feeds.Unknown:
        raise Http404 from None
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8", headers={"ETag": etag})
    response = get_conditional_response(request, etag=etag, response=response)
    patch_cache_control(response, private=True, max_age=KEPT_SECONDS)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _page(request, *, address=""):
    return render(request, "provider/feed.html", {"feed": calendar_feeds.of_post(request.post), "address": address})
