"""The share of breaks and of money that went to each kind of organisation, for the team, finance and auditors."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from voucher.settling import exports, legal_forms
from voucher.views.numbers import whole
from voucher.views.team.outcomes import outcomes_reader_required

FIRST_YEAR = 2023


@require_safe
@never_cache
@outcomes_reader_required
def report(request):
    """One sentence, and the table that says the same; a financial year at a time."""
    this_year = legal_forms.year_of(timezone.localdate())
    year = year_asked(request, this_year)
    context = {
        "figures": legal_forms.figures(request.council, year=year),
        "year": year,
        "earlier": year - 1 if year > FIRST_YEAR else None,
        "later": year + 1 if year < this_year else None,
    }
    return render(request, "team/legal_forms.html", context)


@require_safe
@never_cache
@outcomes_reader_required
def report_csv(request):
    """The same figures as a file."""
    year = year_asked(request, legal_forms.year_of(timezone.localdate()))
    found = legal_forms.figures(request.council, year=year)
    columns = [_("Kind of organisation"), _("Breaks"), _("Per cent of breaks"), _("Paid, in pounds"), _("Per cent")]
    named = [
        *((str(form.label), share) for form, share in found.by_form),
        (_("Together: charities, social enterprises, co-operatives and groups"), found.promoted),
        (_("Led by people who use services or by carers, of whatever kind"), found.user_led),
        (_("All"), found.whole),
    ]
    rows = [
        [name, each.breaks, each.breaks_percent, exports.Pence(each.pence), each.pence_percent] for name, each in named
    ]
    response = HttpResponse(exports.to_csv(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="legal-forms-{year}.csv"'
    return response


def year_asked(request, latest):
    asked = whole(request.GET.get("year", ""))
    return asked if asked is not None and FIRST_YEAR <= asked <= latest else latest
