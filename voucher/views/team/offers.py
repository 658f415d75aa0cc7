"""The carers team and the offers: what waits, side by side with what carers see now; yes, or no with a reason."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import carers_team_required
from accounts.history import Who
from brochure import care_checks, offer_content, offering
from brochure.models import Offer, OfferVersion, Photo
from brochure.wording import price_or_left_out
from voucher.forms.team.offers import RefuseForm
from voucher.standing import offer_desk
from voucher.views.team.colleagues import not_by_colleagues

A_PAGE = 25
VERSIONS_SHOWN = 20


@require_safe
@never_cache
@carers_team_required
def offer_list(request):
    """What waits: new offers and changes, the oldest first; then photos of offers that are in the brochure."""
    page = Paginator(offering.waiting(request.council), A_PAGE).get_page(request.GET.get("page"))
    pictures = offering.photos_waiting(request.council).select_related("offer__provider").defer("small", "large")
    return render(request, "team/offers.html", {"page": page, "photos": pictures[:A_PAGE]})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
@not_by_colleagues()
def offer(request, number):
    """One offer: what would change, word by word, its photos, and every version before."""
    row = _of_council(request.council, number)
    waiting = offering.waiting_version(row)
    form = RefuseForm()
    if request.method == "POST" and "version" in request.POST:
        version = get_object_or_404(OfferVersion, pk=_number(request.POST["version"]), offer=row)
        if request.POST.get("says") == "yes":
            return _approve(request, row, version)
        form = RefuseForm(request.POST)
        if form.is_valid():
            return _refuse(request, row, version, form.cleaned_data["reason"])
    before, after = offering.before_and_after(waiting, row) if waiting else (None, None)
    is_new = row.state == Offer.State.DRAFT
    context = {
        "offer": row,
        "is_new": is_new,
        "waiting": waiting,
        "differences": offer_content.differences({} if is_new else before, after) if waiting else [],
        "form": form,
        "lacks": offering.checks_missing(waiting, row, on=timezone.localdate()) if waiting else [],
        "photos": offer_desk.photos_of(row),
        "versions": row.versions.select_related("made_by", "answered_by").order_by("-number")[:VERSIONS_SHOWN],
        "prices": [(each, price_or_left_out(each.rate, each.price_pence, row.unit)) for each in row.prices.all()],
    }
    return render(request, "team/offer.html", context)


@require_POST
@carers_team_required
@not_by_colleagues("team:offers")
def offer_photo(request, number, pk):
    """Agree to a photo, or say why not."""
    row = _of_council(request.council, number)
    photo = get_object_or_404(Photo.objects.defer("small", "large"), pk=pk, offer=row)
    photo.offer = row
    by, now = Who(user=request.user), timezone.now()
    if request.POST.get("says") == "yes":
        offer_desk.answer_photo(photo=photo, by=by, now=now)
        messages.success(request, _("The photo is in the brochure."))
    else:
        form = RefuseForm(request.POST)
        if form.is_valid():
            offer_desk.answer_photo(photo=photo, reason=form.cleaned_data["reason"], by=by, now=now)
            messages.success(request, _("You said no, and the provider is told why."))
        else:
            messages.error(request, _("Write why, so that the provider can put it right."))
    return redirect("team:offer", row.number)


def _approve(request, row, version):
    try:
        offer_desk.approve(version=version, by=Who(user=request.user), now=timezone.now())
    except offering.ChangedSince:
        _say_changed(request)
    except offering.NotPossible:
        messages.error(request, _("This offer was withdrawn meanwhile. Nothing has changed."))
    except care_checks.NotChecked:
        messages.error(request, _("Something is missing before carers may see it. It stands under the offer."))
    else:
        messages.success(request, _("Agreed. Carers see it now, and the provider is told."))
        return redirect("team:offers")
    return redirect("team:offer", row.number)


def _refuse(request, row, version, reason):
    try:
        offer_desk.refuse(version=version, reason=reason, by=Who(user=request.user), now=timezone.now())
    except (offering.ChangedSince, offering.NotPossible):
        _say_changed(request)
        return redirect("team:offer", row.number)
    messages.success(request, _("You said no, and the provider is told why."))
    return redirect("team:offers")


def _say_changed(request):
    messages.error(request, _("It was changed or answered while you looked. Nothing was done: look again."))


def _of_council(council, number):
    rows = Offer.objects.select_related("provider__council__scheme", "category")
    return get_object_or_404(rows, provider__council=council, number=number)


def _number(text):
    return int(text) if text.isdecimal() and len(text) < 16 else 0
