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
from voucher.forms.scheme import ProviderSettingsForm, TeamSettingsForm


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def scheme(request):
    """The carers team and its awards, own money by card, and how things go with providers; each with its own button."""
    row, by, now = request.council.scheme, Who(user=request.user), timezone.now()
    possible = stripe_api.is_set_up()
    form = ProviderSettingsForm(instance=row, cards_possible=possible)
    team_form = TeamSettingsForm(initial={name: getattr(row, name) for name in TeamSettingsForm.base_fields})
    if request.method == "POST" and "about_providers" in request.POST:
        form = ProviderSettingsForm(request.POST, instance=row, cards_possible=possible)
        if form.is_valid():
            # The form has written into the row; what was there before is in the database.
            schemes.change(council=request.council, by=by, now=now, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("people:scheme")
    elif request.method == "POST" and "about_team" in request.POST:
        team_form = TeamSettingsForm(request.POST)
        if team_form.is_valid():
            schemes.change(council=request.council, by=by, now=now, **team_form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("people:scheme")
    elif request.method == "POST":
        cards = SchemeCardsForm(request.POST)
        cards.is_valid()
        schemes.set_takes_cards(council=request.council, takes=cards.cleaned_data["takes_cards"], by=by, now=now)
        messages.success(request, _("Saved."))
        return redirect("people:scheme")
    context = {
        "form": form,
        "team_form": team_form,
        "cards_form": SchemeCardsForm(initial={"takes_cards": row.takes_cards}),
        "cards_possible": possible,
    }
    return render(request, "people/scheme.html", context)
