"""A provider's own tables as files, for a period: its bookings, claims, payments, and the summary of a year.

No table names a carer. Headings are in the language of the page; money is figures.
"""

import datetime as dt

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import days, paper, wording
from voucher.models import Booking, ClaimLine, TopUp
from voucher.settling import exports, provider_year
from voucher.settling.exports import Pence, Sheet

# More rows than any provider has in a year; who has more chooses a shorter period.
MOST_ROWS = 20_000


class TooMany(Exception):
    """The period holds more rows than fit into one file."""


def sheet(kind, provider, of, *, until=None):
    """Return the Sheet of one kind ("bookings", "claims", "payments", "summary") for a period. Raises TooMany.

    With `until` it holds no booking that begins after that moment: whoever was stopped sees nobody to come (R65).
    """
    return _SHEETS[kind](provider, of, **({"until": until} if kind == "bookings" else {}))


def file(kind, provider, of, *, extension, now, until=None):
    """Return the content of one table as CSV or XLSX, in the active language; as sheet. Raises TooMany."""
    table = sheet(kind, provider, of, until=until)
    if extension == "csv":
        return exports.to_csv(table.columns, table.rows)
    return exports.to_xlsx([table], title=table.name, language=wording.language(), made_at=now)


def statement(provider, of, *, language):
    """Return the provider's statement of a period as PDF. Raises TooMany and accounts.paper.CannotPrint."""
    with translation.override(language):
        context = statement_context(provider, of) | {"language": language}
        html = render_to_string("print/provider_statement.html", context)
    return paper.typeset(html, css=[render_to_string("print/report.css")]).content


def statement_context(provider, of):
    """Return what a statement shows, on screen and on paper, in the active language. Raises TooMany."""
    months = provider_year.by_month(provider, of)
    return {
        "provider": provider,
        "period": of,
        "months": [(provider_year.month_in_words(row.of), row) for row in months],
        "councils": provider_year.by_council(provider, of),
        "total": provider_year.total(months),
        "payments": _bounded(_paid(provider, of)),
        "given_back": _bounded(_paid_back(provider, of)),
    }


def _bookings(provider, of, until):
    columns = [
        _("Booking"), _("Break"), _("Begins"), _("Minutes"), _("State"), _("Council"),
        _("Price"), _("The carer pays"), _("Minutes given"), _("You are paid"),
    ]  # fmt: skip
    rows = Booking.objects.filter(provider=provider, **_within("starts_at", of)).select_related("offer", "council")
    # Of what a carer has not paid by card yet, or did not, the provider was never asked.
    rows = rows.exclude(top_up__way=TopUp.Way.CARD, top_up__paid_at=None)
    rows = rows.filter(starts_at__lte=until) if until else rows
    return Sheet(_("Bookings"), columns, [
        [
            row.ref, row.offer.title, row.starts_at, row.minutes, row.get_state_display(), row.council.name,
            Pence(row.price_pence), Pence(row.own_pence), row.delivered_minutes, Pence(row.undisputed_pence),
        ]
        for row in _bounded(rows.order_by("starts_at", "pk"))
    ])  # fmt: skip


def _claims(provider, of):
    columns = [
        _("Claim"), _("Your invoice number"), _("Your own reference"), _("Claimed"), _("Booking"), _("Break"),
        _("Day of the break"),
        _("Council"), _("Amount"), _("VAT"), _("Promised for"), _("Paid"), _("Taken out"), _("Kind of line"),
    ]  # fmt: skip
    lines = ClaimLine.with_struck.filter(claim__provider=provider, **_within("claim__made_at", of))
    lines = lines.select_related("claim__council", "booking__offer")
    lines = lines.prefetch_related("run_lines__run", "invoice_lines__invoice")
    return Sheet(_("Claims"), columns, [
        [
            line.claim.number, line.claim.invoice_number, line.claim.own_reference, _day(line.claim.made_at),
            line.booking.ref, line.booking.offer.title, _day(line.booking.starts_at), line.claim.council.name,
            Pence(line.amount_pence), Pence(line.vat_pence), line.claim.pay_promised_on, _paid_on(line),
            _day(line.struck_at) if line.struck_at else None, line.get_part_display(),
        ]
        for line in _bounded(lines.order_by("claim__number", "pk"))
    ])  # fmt: skip


def _payments(provider, of):
    columns = [
        _("Paid"), _("Council"), _("Payment run"), _("Claim"), _("Your invoice number"), _("Your own reference"),
        _("Booking"), _("Break"), _("Day of the break"), _("Amount"), _("VAT"), _("Without VAT"),
        _("Kind of line"),
    ]  # fmt: skip
    return Sheet(_("Payments"), columns, [
        [
            row.run.pay_on, row.run.council.name, row.run.number, row.claim_line.claim.number,
            row.claim_line.claim.invoice_number, row.claim_line.claim.own_reference,
            row.claim_line.booking.ref, row.claim_line.booking.offer.title,
            _day(row.claim_line.booking.starts_at), Pence(row.amount_pence), Pence(row.claim_line.vat_pence),
            Pence(row.amount_pence - row.claim_line.vat_pence), row.claim_line.get_part_display(),
        ]
        for row in _bounded(_paid(provider, of))
    ] + [
        [
            row.payment.paid_on, row.payment.invoice.council.name,
            _("Invoice %(number)s") % {"number": row.payment.invoice.number},
            line.claim.number, line.claim.invoice_number, line.claim.own_reference,
            line.booking.ref, line.booking.offer.title, _day(line.booking.starts_at),
            Pence(row.amount_pence), Pence(row.vat_pence), Pence(row.amount_pence - row.vat_pence),
            line.get_part_display(),
        ]
        for row in _bounded(_paid_back(provider, of))
        for line in [row.invoice_line.claim_line]
    ])  # fmt: skip


def _summary(provider, of):
    columns = [_("Month or council"), _("Paid"), _("VAT"), _("Without VAT"), _("Breaks paid"), _("Breaks given free")]
    months = provider_year.by_month(provider, of)
    named = [(provider_year.month_in_words(row.of), row) for row in months]
    named += [(row.of, row) for row in provider_year.by_council(provider, of)]
    named.append((_("Together"), provider_year.total(months)))
    rows = [
        [name, Pence(row.pence), Pence(row.vat_pence), Pence(row.net_pence), row.breaks, row.free]
        for name, row in named
    ]
    return Sheet(_("Summary"), columns, rows, total=True)


_SHEETS = {"bookings": _bookings, "claims": _claims, "payments": _payments, "summary": _summary}
KINDS = frozenset(_SHEETS)


def _paid(provider, of):
    return (
        provider_year.paid_lines(provider, of)
        .select_related("run__council", "claim_line__claim", "claim_line__booking__offer")
        .order_by("run__pay_on", "run", "pk")
    )


def _paid_back(provider, of):
    return (
        provider_year.paid_back_lines(provider, of)
        .select_related(
            "payment__invoice__council", "invoice_line__claim_line__claim", "invoice_line__claim_line__booking__offer"
        )
        .order_by("payment__paid_on", "payment", "pk")
    )


def _paid_on(line):
    if invoiced := next((each.invoice for each in line.invoice_lines.all() if each.live), None):
        return invoiced.paid_on
    paid = (each.run for each in line.run_lines.all() if each.live and each.run.state == each.run.State.RELEASED)
    return next((run.pay_on for run in paid), None)


def _within(name, of):
    after = of.last + dt.timedelta(days=1)
    return {f"{name}__gte": days.midnight(of.first), f"{name}__lt": days.midnight(after)}


def _bounded(rows):
    found = list(rows[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        raise TooMany
    return found


def _day(moment):
    return timezone.localdate(moment)
