"""Where a provider says that carers may pay the difference themselves, and opens its account for card payments."""

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.history import Who
from providers import own_money, stripe_api
from providers.access import owner_required
from voucher.forms.own_money import ProviderOwnMoneyForm
from voucher.views.my.own_money import SeeOther

TO_THE_CARD_COMPANY = {"form-action": ["https://connect.stripe.com"]}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csp_update(TO_THE_CARD_COMPANY)
@owner_required
def own_money_page(request):
    """Whether carers may pay the difference themselves, and how card payments stand."""
    provider = request.provider
    form = ProviderOwnMoneyForm(initial={"takes_own_money": provider.takes_own_money})
    if request.method == "POST":
        form = ProviderOwnMoneyForm(request.POST)
        form.is_valid()
        takes = form.cleaned_data["takes_own_money"]
        own_money.set_takes_own_money(provider=provider, takes=takes, by=Who(user=request.user), now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("provider:own_money")
    return _page(request, form)


@require_POST
@never_cache
@csp_update(TO_THE_CARD_COMPANY)
@owner_required
def card_account(request):
    """Lead the owner to the card company, to open the provider's own account there or to go on with it."""
    if not (stripe_api.is_set_up() and request.provider.takes_own_money):
        return redirect("provider:own_money")
    try:
        address = own_money.connect(
            provider=request.provider,
            return_url=settings.SITE_URL + reverse("provider:card_account_back"),
            refresh_url=settings.SITE_URL + reverse("provider:own_money"),
            by=Who(user=request.user),
            now=timezone.now(),
        )
    except (stripe_api.Unavailable, stripe_api.Refused):
        messages.error(request, _("The card company does not answer just now. Nothing has changed. Try again later."))
        return redirect("provider:own_money")
    return SeeOther(address)


@require_safe
@never_cache
@owner_required
def card_account_back(request):
    """Where the card company leads back to: ask how the account stands, in case nobody has told us yet."""
    try:
        own_money.look_again(account=request.provider.stripe_account, now=timezone.now())
    except stripe_api.Unavailable:
        messages.info(request, _("The card company has not answered yet. Look again in a few minutes."))
    return redirect("provider:own_money")


def _page(request, form):
    context = {"form": form, "provider": request.provider, "cards_possible": stripe_api.is_set_up()}
    return render(request, "provider/own_money_page.html", context)
