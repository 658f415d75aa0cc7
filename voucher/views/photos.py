"""Photos of offers: for everybody once they are shown; before, for the provider and the carers team."""

import datetime as dt

from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.models import Role
from brochure.models import Offer, Photo

# A photo never changes under its address; one that was taken away is forgotten by copies after a week.
KEPT_BY_BROWSERS = dt.timedelta(days=7)


@require_safe
def photo(request, key, size):
    """Give the JPEG of a photo, small or large."""
    row = get_object_or_404(Photo.objects.select_related("offer__provider").defer("small", "large"), key=key)
    is_public = row.state == Photo.State.SHOWN and row.offer.state != Offer.State.DRAFT
    if not is_public and not _may_look(request.user, row):
        raise Http404
    content = Photo.objects.filter(pk=row.pk).values_list(F(size), flat=True).get()
    response = HttpResponse(bytes(content), content_type="image/jpeg")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    seconds = int(KEPT_BY_BROWSERS.total_seconds())
    response["Cache-Control"] = f"public, max-age={seconds}, immutable" if is_public else "private, no-store"
    return response


def _may_look(user, row):
    if not user.is_authenticated or row.state == Photo.State.REMOVED:
        return False
    provider = row.offer.provider
    works_there = provider.staff.filter(user=user).exists()
    return works_there or Role.objects.filter(user=user, kind=Role.Kind.TEAM, council=provider.council_id).exists()
