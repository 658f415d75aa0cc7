"""The auditor's page: who did what, when, for whom. It reads everything and changes nothing."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import days
from accounts.access import history_reader_required
from accounts.models import HistoryEntry, User
from voucher.forms.history import HistoryForm
from voucher.settling import exports
from voucher.views import history_words

A_PAGE = 50
ROWS_MOST = 50_000


@history_reader_required
def history_list(request):
    form, entries = _asked(request)
    page = Paginator(entries, A_PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    known = history_words.references(page.object_list)
    rows = [
        {
            "entry": entry,
            "act": history_words.act(entry),
            "actor": history_words.actor(entry),
            "for_whom": history_words.for_whom(entry),
            "subject": history_words.subject(entry, known),
            "details": history_words.details(entry, known),
        }
        for entry in page
    ]
    context = {"form": form, "page": page, "rows": rows, "query": asked.urlencode(), "council": request.council}
    return render(request, "audit/history.html", context)


@history_reader_required
def history_csv(request):
    """Give the same rows as a file for a spreadsheet, the newest first, at most ROWS_MOST of them."""
    _form, entries = _asked(request)
    entries = entries[:ROWS_MOST]
    known = history_words.references(entries)
    columns = [_("When"), _("Who"), _("For whom"), _("What was done"), _("To what"), _("Details")]
    rows = (
        [
            timezone.localtime(entry.at).isoformat(timespec="seconds"),
            history_words.actor(entry),
            history_words.for_whom(entry),
            str(history_words.act(entry)),
            history_words.subject(entry, known),
            history_words.details(entry, known),
        ]
        for entry in entries
    )
    answer = HttpResponse(exports.to_csv(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="history.csv"'
    return answer


def _asked(request):
    """Return the form and the rows that it asks for; a form with a slip asks for everything."""
    mine = HistoryEntry.objects.filter(council=request.council)
    found = mine.order_by().values_list("act", flat=True).distinct()
    acts = sorted(((act, str(history_words.ACTS.get(act, act))) for act in found), key=lambda pair: pair[1])
    people = User.objects.filter(pk__in=mine.order_by().values("actor").distinct()).order_by("name", "email")
    form = HistoryForm(request.GET or None, acts=acts, people=people)
    entries = mine.select_related("actor")
    if not form.is_valid():
        return form, entries
    said = form.cleaned_data
    if said["act"]:
        entries = entries.filter(act=said["act"])
    if said["person"]:
        entries = entries.filter(actor=said["person"])
    if said["first_day"]:
        entries = entries.filter(at__gte=days.midnight(said["first_day"]))
    if said["last_day"]:
        entries = entries.filter(at__lt=days.end_of(said["last_day"]))
    return form, entries
