"""A provider's statement of a month or a year on the screen, and its tables and its PDF to take along."""

import logging

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import paper, wording
from providers.access import claims_required
from voucher.settling import provider_tables, provider_year

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
log = logging.getLogger(__name__)


@require_safe
@never_cache
@claims_required
def figures(request):
    """What was paid in a period, by month and by council, with every payment; without a period, this financial year."""
    today = timezone.localdate()
    periods = provider_year.periods(today=today)
    first_year = next(each for each in periods if each.key.startswith("fy"))
    of = provider_year.period(request.GET.get("period", ""), today=today) or first_year
    try:
        context = provider_tables.statement_context(request.provider, of)
    except provider_tables.TooMany:
        messages.error(request, _("That is more than fits on a page. Choose a shorter period."))
        if of.key == periods[0].key:
            # There is none that is shorter.
            return redirect("provider:money")
        return redirect(f"{reverse('provider:figures')}?period={periods[0].key}")
    return render(request, "provider/figures.html", context | {"periods": periods, "files": _files(of)})


@require_safe
@never_cache
@claims_required
def table(request, kind, key, extension):
    """One table of a period as a file."""
    now = timezone.now()
    of = provider_year.period(key, today=timezone.localdate(now))
    if of is None or kind not in provider_tables.KINDS or extension not in TYPES:
        raise Http404
    try:
        until = now if request.provider.is_stopped else None
        content = provider_tables.file(kind, request.provider, of, extension=extension, now=now, until=until)
    except provider_tables.TooMany:
        return _too_many(request, key)
    return _file(content, TYPES[extension], f"{kind}-{key}.{extension}")


@require_safe
@never_cache
@claims_required
def paper_statement(request, key):
    """The statement of a period as PDF."""
    of = provider_year.period(key, today=timezone.localdate())
    if of is None:
        raise Http404
    try:
        content = provider_tables.statement(request.provider, of, language=wording.language())
    except provider_tables.TooMany:
        return _too_many(request, key)
    except paper.CannotPrint as fault:
        log.warning("The statement of a provider: %s", fault)
        messages.error(request, _("The PDF files cannot be made on this machine yet. The other files are ready."))
        return redirect(f"{reverse('provider:figures')}?period={key}")
    return _file(content, "application/pdf", f"statement-{key}.pdf")


def _files(of):
    names = {
        "summary": _("The summary"),
        "payments": _("What was paid"),
        "claims": _("What was claimed"),
        "bookings": _("All bookings"),
    }
    return [
        {"name": name, "csv": _address(kind, of, "csv"), "xlsx": _address(kind, of, "xlsx")}
        for kind, name in names.items()
    ]


def _address(kind, of, extension):
    return reverse("provider:table", args=[kind, of.key, extension])


def _too_many(request, key):
    messages.error(request, _("That is more than fits into one file. Choose a shorter period."))
    return redirect(f"{reverse('provider:figures')}?period={key}")


def _file(content, content_type, name):
    return HttpResponse(
        content, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
