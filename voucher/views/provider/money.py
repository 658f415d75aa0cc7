"""The owner's money pages: claim what is ready, each line's way to payment, statements and remittance advice."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import wording
from accounts.history import Who
from accounts.models import Council
from providers.access import claims_required
from providers.models import BankAccount
from voucher import claims
from voucher.forms.provider.bookings import ClaimForm, length_in_words
from voucher.ledger import acts
from voucher.models import Claim, ClaimLine, PaymentRun, RunFile, RunLine

A_PAGE = 20


@require_safe
@never_cache
@claims_required
def money(request):
    return _money_page(request)


@require_POST
@claims_required
def make_claim(request, council):
    """Claim what is ticked. A second press of the same page is shown the claim that the first one made."""
    council = get_object_or_404(Council.objects.select_related("scheme"), slug=council)
    form = ClaimForm(request.POST, prefix=council.slug)
    if not form.is_valid():
        return _money_page(request, typed=council)
    refs = set(form.cleaned_data["bookings"])
    rows = list(request.provider.bookings.filter(council=council, ref__in=refs))
    now = timezone.now()
    try:
        if len(rows) < len(refs):
            raise claims.NotReady
        made = claims.make(
            provider=request.provider,
            council=council,
            bookings=rows,
            invoice_number=form.cleaned_data["invoice_number"],
            by=Who(user=request.user),
            now=now,
            key=f"claim:{form.cleaned_data['key']}",
        )
    except claims.AlreadyClaimed as earlier:
        messages.info(request, _already(earlier.when, earlier.amount))
        return redirect("provider:claim", earlier.number)
    except claims.TooLate:
        messages.error(
            request, _("The time to claim one of these has passed. Ring the carers team: they can claim it for you.")
        )
        return redirect("provider:money")
    except (claims.NotReady, acts.KeyWasUsed):
        messages.error(
            request,
            _("The list has changed since you opened it, so nothing was claimed. Look at it again."),
        )
        return redirect("provider:money")
    total = sum(line.amount_pence for line in made.lines.all())
    if made.made_at < now:
        messages.info(request, _already(made.made_at, total))
    else:
        messages.success(
            request,
            _("Claimed: %(price)s. You do not need to do anything else.") % {"price": wording.money(total)},
        )
    return redirect("provider:claim", made.number)


@require_safe
@never_cache
@claims_required
def statement(request, number):
    """One claim, line by line, with each line's way to payment."""
    claim = get_object_or_404(request.provider.claims.select_related("council"), number=number)
    lines = list(
        claim.lines.select_related("booking__offer", "booking__award__carer").prefetch_related(_LIVE_RUN).order_by("pk")
    )
    today = timezone.localdate()
    for line in lines:
        line.way = _way(line, today)
        line.length = length_in_words(line.booking, line.booking.delivered_minutes or line.booking.minutes)
    total = sum(line.amount_pence for line in lines)
    facts = [
        (_("Claimed"), wording.moment(claim.made_at)),
        (_("From"), claim.council.name),
        (_("Together"), wording.money(total, exact=True)),
    ]
    if claim.invoice_number:
        facts.append((_("Your invoice number"), claim.invoice_number))
    context = {
        "claim": claim,
        "lines": lines,
        "total": total,
        "vat": sum(line.vat_pence for line in lines),
        "facts": [{"key": key, "value": value} for key, value in facts],
    }
    return render(request, "provider/statement.html", context)


@require_safe
@never_cache
@claims_required
def remittance(request, number):
    """The provider's own remittance advice, as it was made when the run was released."""
    file = get_object_or_404(RunFile, pk=number, kind=RunFile.Kind.REMITTANCE, provider=request.provider)
    return HttpResponse(
        bytes(file.content),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
    )


_LIVE_RUN = Prefetch("run_lines", RunLine.objects.filter(live=True).select_related("run"), to_attr="live_run_lines")


def _money_page(request, *, typed=None):
    """Show the money page; `typed` is the council whose form was sent and has something to mend."""
    provider = request.provider
    today = timezone.localdate()
    groups = _ready_by_council(provider, today, typed, request.POST)
    claimed = (
        Claim.objects.filter(provider=provider)
        .select_related("council")
        .annotate(total=Sum("lines__amount_pence"), line_count=Count("lines"))
        .prefetch_related(Prefetch("lines", ClaimLine.objects.prefetch_related(_LIVE_RUN)))
        .order_by("-made_at", "-pk")
    )
    page = Paginator(claimed, A_PAGE).get_page(request.GET.get("page"))
    for claim in page:
        claim.ways = _ways(claim.lines.all(), today)
    remittances = RunFile.objects.filter(kind=RunFile.Kind.REMITTANCE, provider=provider)
    context = {
        "groups": groups,
        "form": next((group["form"] for group in groups if group["council"] == typed), None),
        "claims": page,
        "next_payment": _next_payment(provider, today),
        "given_back": _given_back(provider),
        "remittances": remittances.select_related("run__council").defer("content").order_by("-made_at")[:A_PAGE],
        # The council's own service is recharged inside the council; no bank is asked.
        "has_account": provider.legal_form == provider.LegalForm.COUNCIL
        or provider.bank_accounts.filter(state=BankAccount.State.CHECKED).exists(),
    }
    return render(request, "provider/money.html", context)


def _ready_by_council(provider, today, typed, data):
    """Return what can be claimed of each council: its form, and what is too late to claim here."""
    rows = list(claims.ready(provider).select_related("offer", "award__carer", "council__scheme"))
    groups = []
    for council in sorted({row.council for row in rows}, key=lambda council: council.name):
        own = [row for row in rows if row.council == council]
        days = council.scheme.claim_window_days
        in_time = [row for row in own if claims.last_day_to_claim(row, days) >= today]
        form = ClaimForm(data if council == typed else None, prefix=council.slug, ready=in_time)
        groups.append({"council": council, "form": form, "late": [row for row in own if row not in in_time]})
    return groups


def _ways(lines, today):
    """Return where the lines of a claim stand, each way once, with how many stand there."""
    found = {}
    for line in lines:
        way = _way(line, today)
        found.setdefault((way["kind"], way["day"]), way | {"count": 0})["count"] += 1
    return list(found.values())


def _way(line, today):
    """Return where a claim line is on its way to payment, and the pay day if there is one."""
    if not line.live_run_lines:
        return {"kind": "waiting", "day": None}
    run = line.live_run_lines[0].run
    if run.state != PaymentRun.State.RELEASED:
        return {"kind": "in_run", "day": run.pay_on}
    return {"kind": "paid" if run.pay_on <= today else "released", "day": run.pay_on}


def _next_payment(provider, today):
    """Return the day and the sum of the provider's next payment, or None."""
    return (
        RunLine.objects.filter(provider=provider, live=True, run__pay_on__gte=today)
        .values("run__pay_on")
        .annotate(pence=Sum("amount_pence"))
        .order_by("run__pay_on")
        .first()
    )


def _given_back(provider):
    """Return what is taken off the provider's next payment after disputes, in pence; 0 where it is nothing."""
    lines = ClaimLine.objects.filter(claim__provider=provider, amount_pence__lt=0).exclude(run_lines__live=True)
    return -(lines.aggregate(pence=Sum("amount_pence"))["pence"] or 0)


def _already(when, pence):
    return _("Already claimed on %(day)s, %(amount)s.") % {
        "day": wording.day(timezone.localdate(when)),
        "amount": wording.money(pence),
    }
