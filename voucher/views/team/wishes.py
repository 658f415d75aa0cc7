"""The carers team's pages about wishes: how often each theme, and which offer meets whose wish."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import carers_team_required
from accounts.history import Who
from voucher.carers import wishes
from voucher.forms.wishes import MeetForm, ThemeForm
from voucher.models import Wish

A_PAGE = 25


@require_safe
@never_cache
@carers_team_required
def themes(request):
    """List the themes with what they came to in 90 days, and what is new in the brochure for them."""
    now = timezone.now()
    new = wishes.new_offers(council=request.council, on=timezone.localdate(now))
    rows = [
        {"count": count, "new": new.get(count.theme, 0)} for count in wishes.counts(now=now, council=request.council)
    ]
    return render(request, "team/wishes.html", {"rows": rows, "days": wishes.DAYS})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def theme(request, theme):
    """Show the open wishes of one theme and the offers that fit; a press says which offer meets which."""
    if theme not in wishes.Theme:
        raise Http404
    now = timezone.now()
    waiting = wishes.waiting(council=request.council, theme=theme)
    offers = wishes.offers_that_fit(theme=theme, council=request.council, on=timezone.localdate(now))
    if request.method == "POST":
        form = MeetForm(request.POST, wishes=waiting, offers=offers)
        if form.is_valid():
            return _meet(request, theme, form.cleaned_data, now)
    else:
        form = MeetForm(wishes=waiting, offers=offers)
    page = Paginator(waiting, A_PAGE).get_page(request.GET.get("page"))
    oldest = waiting.first()
    counted = {count.theme: count for count in wishes.counts(now=now, council=request.council)}
    context = {
        "theme": wishes.Theme(theme),
        "count": counted.get(theme),
        "form": form,
        "page": page,
        "themes": wishes.Theme.choices,
        "new": [row for row in offers[:A_PAGE] if oldest and row.appeared_on > timezone.localdate(oldest.made_at)],
        "days": wishes.DAYS,
    }
    return render(request, "team/wishes_theme.html", context)


@require_POST
@carers_team_required
def confirm(request, pk):
    """Confirm or change the theme of a wish."""
    wish, form = _wish(request, pk), ThemeForm(request.POST)
    before = wish.theme
    if form.is_valid():
        _try(
            request,
            lambda: wishes.confirm(wish=wish, theme=form.cleaned_data["theme"], by=_by(request), now=timezone.now()),
            _("The theme is noted."),
        )
    return redirect("team:wishes_theme", before)


@require_POST
@carers_team_required
def close(request, pk):
    """End a wish that nobody can meet."""
    wish = _wish(request, pk)
    _try(request, lambda: wishes.close(wish=wish, by=_by(request), now=timezone.now()), _("The wish is closed."))
    return redirect("team:wishes_theme", wish.theme)


def _meet(request, theme, chosen, now):
    told = met = 0
    for wish in chosen["wishes"]:
        try:
            wishes.meet(wish=wish, offer=chosen["offer"], by=_by(request), now=now)
        except wishes.NotOpen:
            continue
        met, told = met + 1, told + bool(wish.carer and not wish.carer.quiet_since)
    messages.success(request, ngettext("%(n)s wish is met.", "%(n)s wishes are met.", met) % {"n": met})
    if told:
        messages.info(request, ngettext("%(n)s carer is told.", "%(n)s carers are told.", told) % {"n": told})
    return redirect("team:wishes_theme", theme)


def _try(request, act, said):
    try:
        act()
    except wishes.NotOpen:
        messages.info(request, _("That wish was ended meanwhile."))
    else:
        messages.success(request, said)


def _wish(request, pk):
    """Return a wish of this council, or 404: another council's is not there."""
    return get_object_or_404(Wish.objects.select_related("carer", "council"), pk=pk, council=request.council)


def _by(request):
    return Who(user=request.user)
