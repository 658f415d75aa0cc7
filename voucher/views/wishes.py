"""Nothing here suits me: anybody may say what would, with a code or without."""

import datetime as dt

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits, wording
from accounts.history import Who
from voucher.carers import wishes
from voucher.forms.wishes import WishForm
from voucher.views.my.open_award import opened

# So many wishes from one place are a person's; more are a machine's.
WISHES_A_DAY = 20
A_DAY = 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def wish(request):
    """Take down what somebody needed and did not find; the words of a search come along."""
    award, who = opened(request)
    if request.method != "POST":
        form = WishForm(initial=_initial(request), award=award)
        return render(request, "brochure/wish.html", {"form": form, "award": award})
    form = WishForm(request.POST, award=award)
    if not form.is_valid():
        return render(request, "brochure/wish.html", {"form": form, "award": award})
    now = timezone.now()
    if not limits.allow(f"wish:{limits.client_key(request)}", WISHES_A_DAY, A_DAY, now):
        messages.error(request, _("That is a great many wishes for one day. Ring us, and we will take them down."))
        return render(request, "brochure/wish.html", {"form": form, "award": award}, status=429)
    given = form.cleaned_data
    wishes.make(
        council=award.council if award else given["council"],
        carer=award.carer if award else None,
        theme=given["theme"],
        words=given["words"],
        wanted_when=given["wanted_when"],
        by=who or Who(label="visitor"),
        now=now,
    )
    return redirect("wish_thanks")


@require_safe
@never_cache
def thanks(request):
    """Say what happens now."""
    award, _who = opened(request)
    return render(request, "brochure/wish_thanks.html", {"award": award})


def _initial(request):
    words = request.GET.get("words", "")[:500]
    try:
        day = dt.date.fromisoformat(request.GET.get("day", ""))
        when = capfirst(wording.day(day))
    except ValueError:
        when = ""
    return {"words": words, "wanted_when": when, "theme": wishes.theme_of(words) if words else None}
