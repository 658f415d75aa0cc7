"""How requests were answered in a financial year, for the carers team, finance and auditors."""

import datetime as dt

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import days
from voucher.settling import legal_forms
from voucher.standing import fill_rate
from voucher.views.team.legal_forms import FIRST_YEAR, year_asked
from voucher.views.team.outcomes import outcomes_reader_required


@require_safe
@never_cache
@outcomes_reader_required
def report(request):
    """One sentence, a table by kind of break, and the reasons of those who said no."""
    this_year = legal_forms.year_of(timezone.localdate())
    year = year_asked(request, this_year)
    first, after = dt.date(year, legal_forms.APRIL, 1), dt.date(year + 1, legal_forms.APRIL, 1)
    context = {
        "figures": fill_rate.figures(request.council, after=days.midnight(first), before=days.midnight(after)),
        "first_day": first,
        "last_day": after - dt.timedelta(days=1),
        "earlier": year - 1 if year > FIRST_YEAR else None,
        "later": year + 1 if year < this_year else None,
    }
    return render(request, "team/fill_rate.html", context)
