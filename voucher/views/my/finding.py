"""A carer's own way to breaks: what can still be finished before the last day, and the offers that were saved."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brochure import catalogue
from brochure.models import Offer
from voucher import rules
from voucher.bookings import planner
from voucher.models import SavedOffer
from voucher.views import offer_cards
from voucher.views.my.open_award import award_required

# So many offers of a kind stand on the planner; the rest is a link away.
OF_A_KIND = 5
SAVED_MOST = 50


@require_safe
@award_required
def plan(request):
    """Show which offers can still be finished before the last day, with two dates for each: ask by, and go by."""
    now = timezone.now()
    possible = still_possible(request.award, now)
    kinds = [
        {"category": category, "shown": rows[:OF_A_KIND], "more": len(rows) - OF_A_KIND, "count": len(rows)}
        for category, rows in planner.by_category(possible)
    ]
    context = {
        "award": request.award,
        "today": timezone.localdate(now),
        "possible": possible,
        "soon": [each for each in possible if (each.ask_by - timezone.localdate(now)).days < 7],
        "kinds": kinds,
        "is_over": is_over(request.award, timezone.localdate(now)),
    }
    return render(request, "my/planner.html", context)


@require_safe
@award_required
def saved(request):
    """List what the carer saved, with the price now and the next free time."""
    now, carer = timezone.now(), request.award.carer
    today = timezone.localdate(now)
    rows = list(SavedOffer.objects.filter(carer=carer).select_related("offer__category", "offer__provider__council"))
    live = catalogue.live_offers(on=today, young=rules.is_young(carer.born_on, today)).in_bulk(
        [row.offer_id for row in rows]
    )
    cards = offer_cards.cards([live[row.offer_id] for row in rows if row.offer_id in live], now, carer=carer)
    gone = [row.offer for row in rows if row.offer_id not in live]
    return render(request, "my/saved.html", {"cards": cards, "gone": gone, "this_page": request.path})


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def save(request, slug):
    """Save an offer with a press; looked at, the page asks for that press, for who came here by way of the code."""
    offer = get_object_or_404(catalogue.known_offers(), slug=slug)
    carer = request.award.carer
    if request.method != "POST":
        is_saved = SavedOffer.objects.filter(carer=carer, offer=offer).exists()
        return render(request, "my/save.html", {"offer": offer, "is_saved": is_saved})
    if SavedOffer.objects.filter(carer=carer).count() >= SAVED_MOST:
        messages.error(request, _("You have saved as many as we can keep. Take one away first."))
        return redirect("my:saved")
    try:
        with transaction.atomic():
            SavedOffer.objects.create(carer=carer, offer=offer, saved_at=timezone.now())
    except IntegrityError:
        # Saved a moment ago, or long ago: it is there, and that is what was wanted.
        pass
    messages.success(request, _("Saved. You find it on your page of saved breaks."))
    return _back(request)


@require_POST
@award_required
def unsave(request, slug):
    """Take a saved offer away; taken away twice it is still away."""
    if not Offer.objects.filter(slug=slug).exists():
        raise Http404
    SavedOffer.objects.filter(carer=request.award.carer, offer__slug=slug).delete()
    messages.success(request, _("Taken away from your saved breaks."))
    return _back(request)


def still_possible(award, now):
    """Return the planner's Possibles of an award, with what is booked until its last day; three queries."""
    taken = offer_cards.taken_times(now, until=award.account.last_day)
    return planner.still_possible(award, now=now, taken=taken)


def is_over(award, today):
    """True when nothing can be asked for with the award any more."""
    return today > award.account.last_day or award.account.state != award.account.State.ACTIVE


def _back(request):
    """Go back to the page of the press, where that is a page of ours; else to what is saved."""
    page = request.POST.get("next", "")
    safe = page.startswith("/") and url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    return redirect(page if safe else "my:saved")
