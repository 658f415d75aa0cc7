"""Settings of the scheme, for the council's administrators."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import schemes
from accounts.access import administrator_required
from accounts.history import Who
from providers import stripe_api
from voucher.forms.own_money import SchemeCardsForm


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def scheme(request):
    """Whether carers may pay the difference by card."""
    if request.method == "POST":
        form = SchemeCardsForm(request.POST)
        form.is_valid()
        takes = form.cleaned_data["takes_cards"]
        schemes.set_takes_cards(council=request.council, takes=takes, by=Who(user=request.user), now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("people:scheme")
    form = SchemeCardsForm(initial={"takes_cards": request.council.scheme.takes_cards})
    return render(request, "people/scheme.html", {"form": form, "cards_possible": stripe_api.is_set_up()})
