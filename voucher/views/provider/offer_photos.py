"""A provider's photos of an offer: added, put first, described anew, removed."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.history import Who
from brochure import photos
from brochure.models import Offer, Photo
from providers.access import offers_required
from voucher.forms.provider.offer_photos import PhotoForm, WordsForm
from voucher.views.provider import uploads
from voucher.views.provider.offers import not_possible, own_offer

State = Offer.State


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@offers_required
@uploads.counted
def offer_photos(request, number):
    """The photos of an offer, and room for one more."""
    row = own_offer(request, number)
    kept = photos.kept(row)
    form = PhotoForm()
    if request.method == "POST":
        form = PhotoForm(request.POST, request.FILES)
        if row.state == State.WITHDRAWN:
            return not_possible(request, row, row.state)
        if form.is_valid():
            given, by = form.cleaned_data, Who(user=request.user)
            try:
                photos.add(
                    offer=row,
                    drawn=given["photo"],
                    alt_en=given["alt_en"],
                    alt_cy=given["alt_cy"],
                    by=by,
                    now=timezone.now(),
                )
            except photos.TooManyPhotos:
                messages.error(request, _("There are four photos already. Remove one first."))
            else:
                messages.success(request, _("Thank you. Carers see the photo when the carers team has looked at it."))
            return redirect("provider:offer_photos", row.number)
    refused = row.photos.filter(state=Photo.State.REFUSED).defer("small", "large").order_by("-added_at", "-pk")[:4]
    context = {
        "offer": row,
        "photos": kept,
        "refused": refused,
        "form": form,
        "may_add": len(kept) < photos.PHOTOS_MOST and row.state != State.WITHDRAWN,
        "most": photos.PHOTOS_MOST,
    }
    return render(request, "provider/offer_photos.html", context)


@require_POST
@offers_required
def change_photo(request, number, pk):
    """Remove a photo, or show it before the others."""
    row = own_offer(request, number)
    kept = [Photo.State.SHOWN, Photo.State.WAITING]
    photo = get_object_or_404(row.photos.defer("small", "large"), pk=pk)
    by, now = Who(user=request.user), timezone.now()
    if request.POST.get("do") == "remove":
        photos.remove(photo=photo, by=by, now=now)
        messages.success(request, _("The photo is gone."))
    elif request.POST.get("do") == "first" and photo.state in kept:
        photos.put_first(photo=photo, by=by, now=now)
        messages.success(request, _("This photo comes first now."))
    return redirect("provider:offer_photos", row.number)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@offers_required
def describe_photo(request, number, pk):
    """Say anew what a photo shows; it counts at once, because the picture is the same."""
    row = own_offer(request, number)
    shown = row.photos.filter(state__in=[Photo.State.SHOWN, Photo.State.WAITING]).defer("small", "large")
    photo = get_object_or_404(shown, pk=pk)
    known = {"alt_en": photo.alt_en, "alt_cy": photo.alt_cy}
    form = WordsForm(request.POST if request.method == "POST" else None, initial=known)
    if form.is_valid():
        photos.describe(photo=photo, **form.cleaned_data, by=Who(user=request.user), now=timezone.now())
        messages.success(request, _("Saved. This is what people who cannot see the photo are told."))
        return redirect("provider:offer_photos", row.number)
    return render(request, "provider/offer_photo.html", {"offer": row, "photo": photo, "form": form})
