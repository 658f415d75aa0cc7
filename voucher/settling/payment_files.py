"""The files that come out of a released run: each is made once, kept with its hash, and never made again.

They are made after the commit of the release. Making them again makes only those that are missing, so a press of
a button, the nightly job and a crash half-way all end the same.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import history, mail
from accounts.models import Council, Language, OutboxMessage
from providers import staff
from providers.models import Provider
from voucher.models import PaymentRun, RunFile, RunLine
from voucher.settling import bacs, exports, payment_papers
from voucher.settling.exports import Pence, Sheet
from voucher.settling.settlement_figures import RunFigures, Share, figures

Kind = RunFile.Kind
log = logging.getLogger(__name__)

CONTENT_TYPES = {
    ".txt": "text/plain; charset=us-ascii",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
}
# Read by a machine, so the same in both languages and never translated.
FINANCE_COLUMNS = (
    "run",
    "pay_date",
    "method",
    "supplier_ref",
    "supplier_name",
    "supplier_vat_no",
    "invoice_no",
    "invoice_date",
    "our_ref",
    "service_date",
    "cost_code",
    "net",
    "vat",
    "gross",
    "bacs_reference",
)


class NotReleased(Exception):
    """Files come only out of a released run."""


@dataclass(frozen=True)
class Plan:
    """A file that a run must have, and how its content is made."""

    kind: str
    name: str
    build: Callable[[], bytes] | None
    language: str = ""
    share: Share | None = None

    @property
    def provider(self) -> Provider | None:
        return self.share.of if self.share else None

    @property
    def key(self):
        """What there is one of in a run: a provider has one remittance, even if it asks for another language later."""
        return (self.kind, self.provider.pk) if self.provider else (self.kind, self.language)


def make_files(run: PaymentRun, *, now, progress=None, enough=bool) -> list[RunFile]:
    """Make the files that a released run does not have yet, and return them; remittances are queued by e-mail.

    `progress` is called after each file, and `enough` before each: where it says so the rest is left to the nightly
    job. Files that need no typesetting come first, so that the bank can be paid where PDF cannot be made.

    Raises NotReleased, bacs.BacsFault, accounts.paper.CannotPrint; what was made before stays.
    """
    made = []
    for plan in missing(run):
        if enough():
            break
        content = plan.build() if plan.build else None
        file = _keep(run, plan, content, now)
        made += [file] if file else []
        if progress:
            progress()
    return made


def missing(run: PaymentRun) -> list[Plan]:
    """Return the files that the run should have and has not. Raises NotReleased."""
    if run.state != PaymentRun.State.RELEASED:
        raise NotReleased
    kept = {
        (kind, provider or language)
        for kind, language, provider in run.files.values_list("kind", "language", "provider")
    }
    return [plan for plan in _plans(figures(run)) if plan.key not in kept]


def make_missing(now) -> tuple[int, int]:
    """Make what is missing of every released run; safe to run twice at once.

    Returns how many files were made, and how many runs still lack some.
    """
    # Remittances are made last, so a run of which nobody lacks one has everything.
    remittance = RunFile.objects.filter(run=OuterRef("run"), provider=OuterRef("provider"), kind=Kind.REMITTANCE)
    unfinished = RunLine.objects.filter(~Exists(remittance), run=OuterRef("pk"))
    runs = PaymentRun.objects.filter(Exists(unfinished), state=PaymentRun.State.RELEASED)
    made, failed = [], 0
    for run in runs.select_related("council__scheme"):
        try:
            make_files(run, now=now, progress=partial(made.append, run.pk))
        except Exception as error:
            # One run that cannot be written must not keep the others waiting; its page says what is missing.
            log.error("The files of run %s could not all be made: %s", run.pk, type(error).__name__)
            failed += 1
    return len(made), failed


def content_type(file: RunFile) -> str:
    return CONTENT_TYPES["." + file.name.rpartition(".")[2]]


def e_mailed(run: PaymentRun) -> dict[int, OutboxMessage]:
    """Return the message with each provider's remittance advice, by the provider's number."""
    start = f"remittance/{run.pk}/"
    rows = OutboxMessage.objects.filter(dedupe_key__startswith=start).defer("attachment", "body")
    of = {row: row.dedupe_key.removeprefix(start) for row in rows}
    # Colleagues who are told as well have a longer key.
    return {int(key): row for row, key in of.items() if key.isdecimal()}


def bacs_payments(run_figures: RunFigures) -> list[bacs.Payment]:
    """Return one payment a provider that is paid through the bank, numbered in the order of their names."""
    return [
        bacs.Payment(
            sort_code=share.lines[0].bank_account.sort_code,
            account_number=share.lines[0].bank_account.account_number,
            name=share.lines[0].bank_account.name,
            amount_pence=share.pence,
            reference=_reference(run_figures.run, number, share),
        )
        for number, share in enumerate(run_figures.paid, start=1)
    ]


def _plans(of):
    """Return every file of a run: those that need no typesetting first, and the many remittances last."""
    run = of.run
    start = f"{run.council.slug}-run-{run.number}"
    plans = []
    if of.paid:
        # Its content needs its serial number, which is taken when it is kept.
        plans.append(Plan(Kind.BACS, f"{start}-bacs.txt", None))
    plans.append(Plan(Kind.FINANCE_CSV, f"{start}-finance.csv", partial(_finance_csv, of)))
    for language in Language.values:
        plans.append(
            Plan(Kind.REPORT_CSV, f"{start}-report-{language}.csv", partial(_report_csv, of, language), language)
        )
        plans.append(
            Plan(Kind.REPORT_XLSX, f"{start}-report-{language}.xlsx", partial(_report_xlsx, of, language), language)
        )
    for language in Language.values:
        build = partial(payment_papers.report, of, language=language)
        plans.append(Plan(Kind.REPORT_PDF, f"{start}-report-{language}.pdf", build, language))
    for share in of.by_provider:
        language = share.of.language
        name = f"{start}-remittance-{slugify(share.of.ref)}.pdf"
        build = partial(payment_papers.remittance, of, share, language=language)
        plans.append(Plan(Kind.REMITTANCE, name, build, language, share))
    return plans


def _keep(run, plan, content, now):
    """Write the file down with its hash, or return None where somebody else just did."""
    serial = None
    try:
        with transaction.atomic():
            if plan.kind == Kind.BACS:
                serial, content = _bacs_file(run)
            file = RunFile.objects.create(
                run=run,
                council=run.council,
                kind=plan.kind,
                provider=plan.provider,
                language=plan.language,
                name=plan.name,
                serial=serial,
                sha256=hashlib.sha256(content).hexdigest(),
                content=content,
                made_at=now,
            )
            if plan.kind == Kind.REMITTANCE:
                _queue_remittance(file, plan.share)
            history.record(
                act="run.file_made",
                subject=file,
                by=history.CLOCK,
                at=now,
                council=run.council,
                run=run.number,
                kind=plan.kind,
                sha256=file.sha256,
            )
    except IntegrityError:
        if run.files.filter(kind=plan.kind, language=plan.language, provider=plan.provider).exists():
            return None
        raise
    return file


def _bacs_file(run):
    """Return the next serial number of the council and the file that carries it."""
    # Numbers follow one another; that none is used twice is kept by an index without this lock.
    council = Council.objects.select_for_update(no_key=True).get(pk=run.council_id)
    scheme = run.council.scheme
    serial = (RunFile.objects.filter(council=council).aggregate(last=Max("serial"))["last"] or 0) + 1
    same_day = RunFile.objects.filter(council=council, kind=Kind.BACS, run__pay_on=run.pay_on).count()
    text = bacs.standard_18(
        originator=bacs.Originator(scheme.bacs_user_number, scheme.bacs_name, scheme.sort_code, scheme.account_number),
        payments=bacs_payments(figures(run)),
        serial=serial,
        file_number=same_day + 1,
        processing_on=bacs.processing_day(run.pay_on),
        created_on=timezone.localdate(run.released_at),
    )
    return serial, text.encode("ascii")


def _queue_remittance(file, share):
    run, provider = file.run, share.of
    context = {"run": run, "council": run.council, "scheme": run.council.scheme, "provider": provider, "share": share}
    key = f"{run.pk}/{provider.pk}"
    # The paper names the end of an account number, so colleagues open it where they sign in.
    about = {"run": run, "share": share, "is_copy": True}
    staff.tell_colleagues_of_money("remittance", provider, key=key, council=run.council, **about)
    try:
        with transaction.atomic():
            mail.write(
                "remittance",
                to=provider.email,
                language=file.language,
                context=context,
                dedupe_key=f"remittance/{key}",
                attachment=(file.name, CONTENT_TYPES[".pdf"], bytes(file.content)),
                council=run.council,
            )
    except mail.BadAddress:
        # The run's page says that this one has to be posted.
        log.warning("Remittance %s cannot be e-mailed.", file.pk)


def _reference(run, number, share):
    """Return the words beside a payment; a building society finds its member by the roll number that stands there."""
    if roll_number := share.lines[0].bank_account.roll_number:
        return roll_number
    reference = f"BREAKS RUN {run.number} L{number}"
    return reference if len(reference) <= 18 else f"RUN {run.number} L{number}"


def _finance_csv(of):
    """Return the file for the council's finance system: one row a claim line, with its cost code."""
    references = {share.of.pk: _reference(of.run, number, share) for number, share in enumerate(of.paid, start=1)}
    methods = {share.of.pk: _method(share) for share in of.by_provider}
    rows = []
    for line in of.lines:
        claim, booking = line.claim_line.claim, line.claim_line.booking
        rows.append(
            [
                of.run.number,
                of.run.pay_on,
                methods[line.provider_id],
                line.provider.ref,
                line.provider.name,
                line.provider.vat_number,
                invoice_number(claim, line.provider),
                timezone.localdate(claim.made_at),
                booking.ref,
                timezone.localdate(booking.starts_at),
                booking.award.fund.cost_code,
                Pence(line.amount_pence - line.claim_line.vat_pence),
                Pence(line.claim_line.vat_pence),
                Pence(line.amount_pence),
                references.get(line.provider_id, ""),
            ]
        )
    return exports.to_csv(FINANCE_COLUMNS, rows)


def _method(share):
    """Return the word by which the finance system tells how a provider's lines are paid; SET_OFF: nothing is sent."""
    if share.is_nought:
        return "SET_OFF"
    return "RECHARGE" if share.is_recharge else "STRIPE" if share.goes_by_card_company else "BACS"


def invoice_number(claim, provider) -> str:
    """Return the provider's own invoice number, or one of ours that is never given twice."""
    return claim.invoice_number or f"{provider.ref}-{claim.number}"


def _report_csv(of, language):
    with translation.override(language):
        sheet = _lines_sheet(of)
        return exports.to_csv(sheet.columns, sheet.rows)


def _report_xlsx(of, language):
    with translation.override(language):
        title = _("Settlement report, payment run %(number)d") % {"number": of.run.number}
        sheets = [
            _summary_sheet(of),
            _shares_sheet(_("By provider"), _("Provider"), of.by_provider, lambda each: each.name, of),
            _shares_sheet(_("By fund"), _("Fund"), of.by_fund, lambda each: f"{each.name} ({each.cost_code})", of),
            _shares_sheet(_("By kind of break"), _("Kind of break"), of.by_category, lambda each: each.name, of),
            _lines_sheet(of),
        ]
        return exports.to_xlsx(sheets, title=title, language=language, made_at=of.run.released_at)


def _summary_sheet(of):
    run = of.run
    return Sheet(
        _("Summary"),
        [_("What"), _("Figure")],
        [
            [_("Council"), run.council.name],
            [_("Payment run"), run.number],
            [_("Pay day"), run.pay_on],
            [_("Prepared by"), str(run.prepared_by)],
            [_("Released by"), str(run.released_by)],
            [_("Released at"), run.released_at],
            [_("Breaks"), len(of.lines)],
            [_("Providers"), len(of.by_provider)],
            [_("Total"), Pence(of.total_pence)],
            [_("VAT within it"), Pence(of.vat_pence)],
            [_("Paid through the bank"), Pence(of.bank_pence)],
            *([[_("Paid through the card company"), Pence(of.card_company_pence)]] if of.card_company_pence else []),
            [_("Recharged within the council"), Pence(of.recharge_pence)],
            [_("Days from claim to payment, on average"), of.days_to_pay],
            [_("Newest seal of the books"), run.seal],
        ],
    )


def _shares_sheet(name, what, shares, words, of):
    rows = [
        [words(share.of), share.count, Pence(share.net_pence), Pence(share.vat_pence), Pence(share.pence)]
        for share in shares
    ]
    rows.append([_("Total"), len(of.lines), Pence(of.net_pence), Pence(of.vat_pence), Pence(of.total_pence)])
    return Sheet(name, [what, _("Breaks"), _("Net"), _("VAT"), _("Total")], rows, total=True)


def _lines_sheet(of):
    columns = [
        _("Provider"),
        _("Reference"),
        _("Claim"),
        _("Invoice"),
        _("Booking"),
        _("Day of the break"),
        _("Kind of break"),
        _("Fund"),
        _("Net"),
        _("VAT"),
        _("Total"),
    ]
    rows = []
    for line in of.lines:
        claim, booking = line.claim_line.claim, line.claim_line.booking
        rows.append(
            [
                line.provider.name,
                line.provider.ref,
                claim.number,
                invoice_number(claim, line.provider),
                booking.ref,
                timezone.localdate(booking.starts_at),
                booking.offer.category.name,
                booking.award.fund.name,
                Pence(line.amount_pence - line.claim_line.vat_pence),
                Pence(line.claim_line.vat_pence),
                Pence(line.amount_pence),
            ]
        )
    return Sheet(_("Breaks"), columns, rows)
