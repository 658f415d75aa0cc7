"""The papers of a payment run as PDF: the settlement report, and a remittance advice for each provider.

Setting a paper takes a part of a second; never inside a transaction. References stand for carers: no paper names one.
"""

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import paper, wording
from accounts.models import Language
from brochure.colours import colours_of
from providers.models import Provider
from voucher.models import LineLeftOut
from voucher.settling import charts
from voucher.settling.settlement_figures import RunFigures, Share

BOTH_LANGUAGES = (Language.WELSH, Language.ENGLISH)


def report(figures: RunFigures, *, language: str) -> bytes:
    """Return the settlement report as PDF. Raises accounts.paper.CannotPrint."""
    with translation.override(language):
        context = report_context(figures) | {"language": language}
        html = render_to_string("print/report.html", context)
        images = {"chart": chart(figures, font=paper.FONT_FAMILY).encode()}
    return paper.typeset(html, css=[render_to_string("print/report.css")], images=images).content


def report_context(figures: RunFigures) -> dict:
    """Return what the report shows, on screen and on paper, in the active language."""
    run = figures.run
    return {
        "run": run,
        "figures": figures,
        "scheme": run.council.scheme,
        "chart_title": chart_title(),
        "meaning": meaning(figures),
        "waiting": waiting(figures),
        "left_out": run.left_out.select_related("claim_line__claim__provider", "claim_line__booking"),
    }


def chart(figures: RunFigures, *, font: str = "inherit") -> str:
    """Return the bar chart of what the money bought, in the active language."""
    rows = [
        charts.Bar(share.of.name, share.pence, wording.money(share.pence, exact=True), colours_of(share.of.slug))
        for share in figures.by_category
    ]
    return charts.bars(rows, title=chart_title(), font=font)


def chart_title():
    """Return what the chart shows, as its heading."""
    return _("What the money bought, in pounds, by kind of break")


def meaning(figures: RunFigures) -> str:
    """Return the sentence that says what the chart shows."""
    if not figures.total_pence:
        return _("Nothing is paid in this run: what is given back comes to as much as what was claimed.")
    first = figures.by_category[0]
    percent = (200 * first.pence + figures.total_pence) // (2 * figures.total_pence)
    return _("%(kind)s had the largest share: %(money)s of %(total)s, which is %(percent)d%%.") % {
        "kind": first.of.name,
        "money": wording.money(first.pence, exact=True),
        "total": wording.money(figures.total_pence, exact=True),
        "percent": percent,
    }


def waiting(figures: RunFigures) -> str:
    """Return the sentence that says whether everybody was paid within 30 days."""
    if not figures.late:
        return _("Every claim is paid within 30 days.")
    number = len(figures.late)
    return ngettext(
        "%(number)d break is paid later than 30 days after its claim.",
        "%(number)d breaks are paid later than 30 days after their claims.",
        number,
    ) % {"number": number}


def remittance(figures: RunFigures, share: Share, *, language: str) -> bytes:
    """Return a provider's remittance advice as PDF; without a language in both, Welsh first. Raises CannotPrint."""
    provider: Provider = share.of
    left_out = list(
        LineLeftOut.objects.filter(run=figures.run, claim_line__claim__provider=provider).select_related(
            "claim_line__booking", "claim_line__claim"
        )
    )
    parts = []
    for each in [language] if language else BOTH_LANGUAGES:
        with translation.override(each):
            parts.append(
                render_to_string(
                    "print/remittance_part.html",
                    {
                        "language": each,
                        "run": figures.run,
                        "council": figures.run.council,
                        "scheme": figures.run.council.scheme,
                        "share": share,
                        "provider": provider,
                        "account": share.lines[0].bank_account,
                        "left_out": left_out,
                    },
                )
            )
    with translation.override(language or BOTH_LANGUAGES[0]):
        html = render_to_string(
            "print/remittance.html",
            {"language": language or BOTH_LANGUAGES[0], "parts": parts, "run": figures.run, "provider": provider},
        )
    return paper.typeset(html, css=[render_to_string("print/report.css")]).content
