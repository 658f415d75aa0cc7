"""The owner of a service closes it: the last day, and what happens to whatever is booked later."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import wording
from accounts.history import Who
from providers.access import owner_required
from voucher.forms.team.standing import LastDayForm
from voucher.standing import closing


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def close(request):
    """Ask for the last day; the service itself gives notice to those who have booked."""
    row, now = request.provider, timezone.now()
    form = LastDayForm(request.POST if request.method == "POST" else None, initial={"last_day": row.closes_on})
    if request.method == "POST" and form.is_valid():
        try:
            closing.announce(provider=row, last_day=form.cleaned_data["last_day"], by=Who(request.user), now=now)
        except closing.TooSoon as refusal:
            day = wording.day(refusal.earliest, "long")
            words = _("Carers have booked with you, so the last day is %(day)s or later. Ring us if it cannot wait.")
            form.add_error("last_day", words % {"day": day})
        except closing.NotOpen:
            messages.info(request, _("Your service has closed already."))
            return redirect("provider:service")
        except closing.SetByTeam:
            messages.error(request, not_yours(row))
            return redirect("provider:close")
        else:
            messages.success(request, _("Noted. Whoever has booked for later is told, and we ring you."))
            return redirect("provider:close")
    context = {"provider": row, "form": form, "set_by_team": closing.is_set_by_team(row)}
    return render(request, "provider/close.html", context)


@require_POST
@owner_required
def not_close(request):
    """Take it back before the day."""
    try:
        closing.call_off(provider=request.provider, by=Who(request.user), now=timezone.now())
    except closing.NotOpen:
        messages.info(request, _("Nothing has changed: no last day was set, or it has closed."))
    except closing.SetByTeam:
        messages.error(request, not_yours(request.provider))
    else:
        messages.success(request, _("Taken back. You go on."))
    return redirect("provider:close")


def not_yours(provider):
    """Say who alone changes a last day that the carers team has set."""
    words = _("The carers team has set this day, and only they can change it. Ring them: %(phone)s.")
    return words % {"phone": provider.council.scheme.team_phone}
