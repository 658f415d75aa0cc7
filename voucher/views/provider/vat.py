"""Where the owner of a provider says how its breaks are treated for VAT."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.history import Who
from providers import vat
from providers.access import owner_required
from voucher.claiming import withdrawals
from voucher.forms.provider.vat import VatForm


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def vat_page(request):
    """The provider's VAT number, its treatment, and for breaks of which days it counts (R50)."""
    provider = request.provider
    names = ("vat_treatment", "vat_number", "vat_from", "vat_until")
    initial = {name: getattr(provider, name) for name in names}
    data = request.POST if request.method == "POST" else None
    form = VatForm(data, initial=initial, was_registered=bool(provider.vat_number))
    if form.is_valid():
        vat.set_vat(provider=provider, **form.cleaned_data, by=Who(user=request.user), now=timezone.now())
        messages.success(request, _("Saved. What you have claimed already stays as it was claimed."))
        return redirect("provider:vat")
    without_vat = withdrawals.claimed_without_vat(provider, on=timezone.localdate())
    return render(request, "provider/vat.html", {"form": form, "without_vat": without_vat})
