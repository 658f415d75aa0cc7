"""The owner's money pages: claim what is ready, each line's way to payment, statements and remittance advice."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Prefetch, Subquery, Sum
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
from voucher.claiming import claims, pay_days, withdrawals, withholding
from voucher.forms.provider.bookings import ClaimForm, length_in_words
from voucher.ledger import acts
from voucher.models import Booking, Claim, ClaimLine, InvoiceLine, RunFile
from voucher.settling import invoices
from voucher.views.provider import coming_payments, ways
from voucher.views.provider.bank import paid_inside_the_council

A_PAGE = 20
# Of the newest payments the money page itself shows the papers; all are a page further.
PAPERS_SHOWN = 5
_INVOICED = Prefetch("lines", InvoiceLine.objects.select_related("claim_line__booking__offer"))
# Every line of a claim with what its way is told from; a line that was taken out is shown as such.
_LINES = ClaimLine.with_struck.select_related("claim__council__scheme", "booking").prefetch_related(*ways.AROUND)


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
            own_reference=form.cleaned_data["own_reference"],
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
        messages.success(request, _claimed(made, total))
    return redirect("provider:claim", made.number)


@require_safe
@never_cache
@claims_required
def statement(request, number):
    """One claim, line by line, with each line's way to payment."""
    claim = get_object_or_404(request.provider.claims.select_related("council__scheme"), number=number)
    lines = list(_LINES.filter(claim=claim).select_related("booking__offer", "booking__award__carer").order_by("pk"))
    today = timezone.localdate()
    found = ways.ways_of(request.provider, lines, today=today)
    for line in lines:
        line.way = found[line.pk]
        line.length = length_in_words(line.booking, line.booking.delivered_minutes or line.booking.minutes)
        line.can_withdraw = line.struck_at is None and withdrawals.may_withdraw_line(line)
    standing = [line for line in lines if line.struck_at is None]
    total = sum(line.amount_pence for line in standing)
    facts = [
        (_("Claimed"), wording.moment(claim.made_at)),
        (_("From"), claim.council.name),
        (_("Together"), wording.money(total, exact=True)),
    ]
    if claim.pay_promised_on and standing:
        facts.append((_("Promised for"), wording.day(claim.pay_promised_on)))
    if claim.invoice_number:
        facts.append((_("Your invoice number"), claim.invoice_number))
    if claim.own_reference:
        facts.append((_("Your own reference"), claim.own_reference))
    context = {
        "claim": claim,
        "lines": lines,
        "total": total,
        "vat": sum(line.vat_pence for line in standing),
        "facts": [{"key": key, "value": value} for key, value in facts],
    }
    return render(request, "provider/statement.html", context)


@require_safe
@never_cache
@claims_required
def remittances(request):
    """The remittance advice of every payment, the newest first."""
    page = Paginator(_remittances(request.provider), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "provider/remittances.html", {"page": page})


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


@require_POST
@claims_required
def withdraw(request, ref):
    """Take a booking out of its claim again, until it is in a payment run; a second press says what happened."""
    row = get_object_or_404(Booking, provider=request.provider, ref=ref)
    number = row.claim_line.claim.number if row.claim_line else None
    try:
        withdrawals.withdraw(booking=row, by=Who(user=request.user), now=timezone.now())
    except withdrawals.NotClaimed:
        messages.info(request, _withdrawn_before(row))
    except withdrawals.InARun as late:
        messages.error(request, _in_a_run(row, late.day))
    except withdrawals.IsDisputed:
        messages.error(
            request, _("The carer says that it was less, so it stays as it is until the carers team has decided.")
        )
    except withdrawals.RestWasUsed:
        messages.error(
            request,
            _(
                "The carer has used meanwhile what the claim gave back, so it cannot be undone here. "
                "Ring the carers team, and they put it right in the next payment."
            ),
        )
    else:
        messages.success(request, _("Taken out of the claim. You can mark it anew, or claim it again."))
    return redirect("provider:claim", number) if number else redirect("provider:money")


def _withdrawn_before(row):
    line = ClaimLine.with_struck.filter(booking=row).exclude(struck_at=None).order_by("-struck_at").first()
    if line is None:
        return _("This is in no claim.")
    return _("It was taken out of the claim already, on %(day)s.") % {"day": wording.moment(line.struck_at)}


def _in_a_run(row, day):
    sentence = _(
        "It is in the payment of %(day)s already, so it can no longer be taken out. Was it less? Ring the carers team, "
        "%(phone)s: what they find is taken off your next payment."
    )
    return sentence % {"day": wording.day(day), "phone": row.council.scheme.team_phone}


def _money_page(request, *, typed=None):
    """Show the money page; `typed` is the council whose form was sent and has something to mend."""
    provider = request.provider
    today = timezone.localdate()
    withheld = withholding.from_provider(provider)
    groups = _ready_by_council(provider, today, typed, request.POST, withheld)
    given_back = _given_back(provider)
    claimed = Claim.objects.filter(provider=provider).select_related("council").order_by("-made_at", "-pk")
    page = Paginator(claimed, A_PAGE).get_page(request.GET.get("page"))
    lines = list(_LINES.filter(claim__in=list(page)).order_by("pk"))
    found = ways.by_claim(ways.ways_of(provider, lines, today=today))
    for claim in page:
        claim.ways = ways.together(found[claim.pk])
        standing = [way["line"] for way in found[claim.pk] if way["line"].struck_at is None]
        claim.total, claim.line_count = sum(line.amount_pence for line in standing), len(standing)
    is_recharged = paid_inside_the_council(provider)
    context = {
        "groups": groups,
        "form": next((group["form"] for group in groups if group["council"] == typed), None),
        "claims": page,
        "next_payment": coming_payments.released(provider, today),
        "planned_payment": coming_payments.planned(provider, today),
        "withheld": withheld,
        "given_back": given_back,
        "without_vat": withdrawals.claimed_without_vat(provider, on=today),
        "invoices": provider.invoices.select_related("council__scheme").prefetch_related(_INVOICED)[:A_PAGE],
        "given_back_pence": -sum(line.amount_pence for line in given_back),
        "invoice_from": given_back and invoices.first_day(given_back[0].claim),
        "remittances": _remittances(provider)[:PAPERS_SHOWN],
        "returned": provider.returned_payments.filter(cleared_at=None).order_by("-returned_on", "-pk"),
        "is_recharged": is_recharged,
        "has_account": is_recharged or provider.bank_accounts.filter(state=BankAccount.State.CHECKED).exists(),
    }
    return render(request, "provider/money.html", context)


def _remittances(provider):
    papers = RunFile.objects.filter(kind=RunFile.Kind.REMITTANCE, provider=provider).select_related("run__council")
    return papers.defer("content").order_by("-made_at", "-pk")


def _ready_by_council(provider, today, typed, data, withheld):
    """Return what can be claimed of each council: its form, and what is too late to claim here."""
    rows = list(claims.ready(provider).select_related("offer", "award__carer", "council__scheme"))
    groups = []
    for council in sorted({row.council for row in rows}, key=lambda council: council.name):
        own = [row for row in rows if row.council == council]
        days = council.scheme.claim_window_days
        in_time = [row for row in own if claims.last_day_to_claim(row, days) >= today]
        form = ClaimForm(data if council == typed else None, prefix=council.slug, ready=in_time)
        late = [row for row in own if row not in in_time]
        paid_on = None if council in withheld else pay_days.promised(claimed_on=today, scheme=council.scheme)
        groups.append({"council": council, "form": form, "late": late, "paid_on": paid_on})
    return groups


def _given_back(provider):
    """Return the lines that are taken off the provider's next payment after disputes, the oldest first.

    Not those of a break that was found anew: its lines come to nothing together.
    """
    waiting = ClaimLine.objects.waiting().filter(claim__provider=provider)
    together = waiting.filter(booking=OuterRef("booking")).order_by().values("booking")
    together = Subquery(together.annotate(pence=Sum("amount_pence")).values("pence"))
    lines = waiting.annotate(together=together).filter(amount_pence__lt=0).exclude(together=0)
    lines = lines.select_related("claim__council__scheme", "booking__offer", "booking__dispute")
    return list(lines.order_by("claim__made_at", "pk"))


def _claimed(made, total):
    if made.pay_promised_on is None:
        sentence = _("Claimed: %(price)s. Your payments wait for now, so we cannot say the day.")
        return sentence % {"price": wording.money(total)}
    sentence = _("Claimed: %(price)s. It is paid on %(day)s. You do not need to do anything else.")
    return sentence % {"price": wording.money(total), "day": wording.day(made.pay_promised_on)}


def _already(when, pence):
    return _("Already claimed on %(day)s, %(amount)s.") % {
        "day": wording.day(timezone.localdate(when)),
        "amount": wording.money(pence),
    }
