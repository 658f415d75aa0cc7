"""How breaks did a council's carers good: figures about ten carers or more, for the team, finance and auditors."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import roles_required
from accounts.models import Language, Role
from voucher.carers import outcomes
from voucher.models import Answers
from voucher.settling import charts, exports

QUESTIONS = {
    "rested": gettext_lazy("Rested"),
    "in_control": gettext_lazy("In control of their own life"),
    "able_to_carry_on": gettext_lazy("Able to carry on caring"),
}
LANGUAGES = {
    Language.ENGLISH: gettext_lazy("Carers who read English"),
    Language.WELSH: gettext_lazy("Carers who read Welsh"),
    "": gettext_lazy("Carers who were not asked for their language"),
}
COLOURS = {
    Answers.Moment.AFTER: {"mid": "#8cc3a4", "ink": "#17694a"},
    Answers.Moment.LATER: {"mid": "#c7a2c0", "ink": "#5a2350"},
}

outcomes_reader_required = roles_required(
    Role.Kind.TEAM, Role.Kind.FINANCE_PREPARER, Role.Kind.FINANCE_APPROVER, Role.Kind.AUDITOR
)


@require_safe
@never_cache
@outcomes_reader_required
def report(request):
    """How many carers feel better than at the start: one sentence, one chart, and the table that says the same."""
    found = outcomes.figures(request.council)
    shown = [each for each in found.everybody if each.is_shown]
    title = _("Carers who answered higher than at the start, in per cent")
    rows = [
        charts.Bar(_label(each), each.percent, _percent_of(each), COLOURS[each.moment])
        for each in sorted(shown, key=lambda each: list(QUESTIONS).index(each.question))
    ]
    context = {
        "meaning": meaning(found),
        "chart_title": title,
        "chart": charts.bars(rows, title=title, most=100) if rows else "",
        "moments": _moments(found),
        "split": [_row(each) | {"who": LANGUAGES[each.language]} for each in found.split],
    }
    return render(request, "team/outcomes.html", context)


@require_safe
@never_cache
@outcomes_reader_required
def report_csv(request):
    """The same figures as a file; what the page does not show is not in it either."""
    found = outcomes.figures(request.council)
    columns = [_("Question"), _("When"), _("Carers"), _("Answered both times"), _("Answered higher"), _("Per cent")]
    rows = [
        [
            str(QUESTIONS[each.question]),
            str(Answers.Moment(each.moment).label),
            _("All carers") if each.language is None else str(LANGUAGES[each.language]),
            each.carers,
            each.improved,
            each.percent,
        ]
        for each in found.shown
    ]
    response = HttpResponse(exports.to_csv(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="outcomes.csv"'
    return response


def meaning(found):
    """Return the sentence that says what to see: the largest change after the first break."""
    after = [each for each in found.everybody if each.moment == Answers.Moment.AFTER and each.is_shown]
    if not after:
        return _("Fewer than 10 carers have answered both at the start and after a break, so nothing is shown yet.")
    best = max(after, key=lambda each: each.percent)
    sentence = {
        "rested": _("%(percent)d%% of %(carers)d carers feel more rested after their first break than at the start."),
        "in_control": _(
            "%(percent)d%% of %(carers)d carers feel more in control after their first break than at the start."
        ),
        "able_to_carry_on": _(
            "%(percent)d%% of %(carers)d carers feel better able to carry on after their first break than at the start."
        ),
    }[best.question]
    return sentence % {"percent": best.percent, "carers": best.carers}


def _moments(found):
    """Return the table's parts: each later moment with a row for each question, shown or not."""
    return [
        {"title": moment.label, "rows": [_row(each) for each in found.everybody if each.moment == moment]}
        for moment in (Answers.Moment.AFTER, Answers.Moment.LATER)
    ]


def _row(each):
    return {"figure": each, "question": QUESTIONS[each.question], "moment": Answers.Moment(each.moment).label}


def _label(each):
    return _("%(question)s: %(moment)s") % {
        "question": QUESTIONS[each.question],
        "moment": Answers.Moment(each.moment).label,
    }


def _percent_of(each):
    return _("%(percent)d%% of %(carers)d") % {"percent": each.percent, "carers": each.carers}
