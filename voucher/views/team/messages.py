"""Messages that could not be sent: the carers team tries again, or tells the news by telephone."""

import re

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import history, mail
from accounts.access import carers_team_required
from accounts.history import Who
from accounts.models import OutboxMessage
from voucher.carers import looks
from voucher.messages import writing
from voucher.models import Award, Carer

A_PAGE = 25


@require_safe
@never_cache
@carers_team_required
def not_sent(request):
    """What was given up, the oldest first, with the award of whom it is for."""
    rows = mail.given_up().filter(council=request.council).defer("attachment").order_by("created_at", "pk")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    numbers = [number for row in page if (number := writing.carer_number(row))]
    awards = Award.objects.filter(council=request.council, carer__in=numbers).select_related("carer").order_by("pk")
    newest = {award.carer_id: award for award in awards}
    carers, by = [award.carer for award in newest.values()], Who(user=request.user)
    looks.note_each(carers=carers, council=request.council, by=by, now=timezone.now())
    lines = [{"message": row, "award": newest.get(writing.carer_number(row)), "why": _why(row)} for row in page]
    return render(request, "team/not_sent.html", {"page": page, "lines": lines})


@require_POST
@carers_team_required
def try_again(request, pk):
    """Begin anew with one message, where an address was mended or a server is back."""
    row = _message(request, pk)
    if writing.try_again(row=row, now=timezone.now()):
        messages.success(request, _("We try again now. If it fails once more, it comes back here."))
    else:
        messages.info(request, _("That was done already."))
    return redirect("team:not_sent")


@require_POST
@carers_team_required
def told(request, pk):
    """Write down that the news was told by telephone: it is sent no more."""
    row, now = _message(request, pk), timezone.now()
    with transaction.atomic():
        if mail.set_aside(row=row, now=now):
            _remember(request, row, now)
    messages.success(request, _("Noted: they know now."))
    return redirect("team:not_sent")


def _why(row):
    """Return in words what became of the last try; the server's own short answer stands beside it."""
    # 400 from Notify, and from 550 to 553 from a mail server.
    if re.search(r"\b(400|55[0-3])\b", row.last_error):
        return _("The address or the number was refused. Please check it.")
    if re.search(r"\b403\b", row.last_error):
        return _("Our key was refused. Please tell those who run this site.")
    return _("Nobody took it. It may go through now.")


def _message(request, pk):
    return get_object_or_404(OutboxMessage.objects.defer("attachment"), pk=pk, council=request.council)


def _remember(request, row, now):
    carer = Carer.objects.filter(council=request.council, pk=writing.carer_number(row)).first()
    if carer:
        by = Who(user=request.user)
        history.record(act="carer.message_told", subject=carer, by=by, at=now, council=request.council, kind=row.kind)
