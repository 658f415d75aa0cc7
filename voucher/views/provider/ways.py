"""Where each claim line stands on its way to payment, with dates and reasons, in words for the provider.

Claimed, checked, in a payment run, paid; or held, left out, returned by the bank, taken out again.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db.models import Prefetch, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import wording
from voucher import rules
from voucher.claiming import pay_days, withholding
from voucher.models import ClaimLine, Invoice, InvoiceLine, LineLeftOut, PaymentRun, ReturnedPayment, RunLine
from voucher.settling import line_checks

# What a failed check means to a provider: what happens next, and no accusation.
HELD = {
    "withheld": gettext_lazy("Your payments wait for now. What you claimed stays owed to you."),
    "delivered": gettext_lazy("It is not clear to us whether this break was given, so the carers team will ask you."),
    "council": gettext_lazy("Something in our own records does not fit. We are putting it right."),
    "period": gettext_lazy("The break lies outside the days of the award. The carers team sees to it."),
    "amount": gettext_lazy("The amount differs from what our books say. We are looking into it."),
    "more": gettext_lazy("You have more to give back than this comes to. It is paid with your next claims."),
    "vat": gettext_lazy(
        "There is VAT in it, but your VAT number does not count on the day of this break. Put the day right under VAT,"
        " or take the break out of the claim and claim it again."
    ),
    "once": gettext_lazy("The same break stands in our list twice. We are looking into it."),
    "same_time": gettext_lazy(
        "Another break of the same carer was at the same hour. That is often right; we ask before we pay."
    ),
    # Not why: which of one's own people is a carer is for her to tell.
    "own": gettext_lazy("We look at some breaks once more before we pay them. You need do nothing."),
    "due": gettext_lazy("The amount differs from what our books say. We are looking into it."),
    "bank": gettext_lazy("We have no bank account of yours that we may pay into just now. See to it under “Bank”."),
}

IN_RUNS = Prefetch("run_lines", RunLine.objects.select_related("run").order_by("pk"))
AROUND = (
    IN_RUNS,
    Prefetch("invoice_lines", InvoiceLine.objects.filter(live=True).select_related("invoice")),
    Prefetch("left_out", LineLeftOut.objects.select_related("run").order_by("-run__number")),
)


def ways_of(provider, lines, *, today):
    """Return the way of each of these lines of one provider, by its number; lines come with AROUND prefetched.

    A way has a `kind`, a `day`, a `note` in a sentence, and its `steps` so far. The number of queries is constant.
    """
    around = _around(provider)
    withheld = {council.pk for council in withholding.from_provider(provider)}
    return {line.pk: _withheld(line, withheld) or _way(line, around, today) for line in lines}


def in_runs(provider, lines, *, today):
    """Return the ways of those lines that are in a payment run or paid, by number, as ways_of, without the notes.

    Whoever sees no money pages may see these; lines come with their claims and IN_RUNS prefetched.
    """
    withheld = {council.pk for council in withholding.from_provider(provider)}
    lines = [line for line in lines if any(each.live for each in line.run_lines.all())]
    around = _Around(runs_of_nothing=_runs_of_nothing(provider))
    return {line.pk: _way(line, around, today) | {"note": ""} for line in lines if not _withheld(line, withheld)}


def together(ways):
    """Return these ways, each once, with how many lines stand there."""
    found = {}
    for way in ways:
        key = (way["kind"], way["day"], way["note"])
        found.setdefault(key, way | {"count": 0})["count"] += 1
    return list(found.values())


@dataclass(frozen=True)
class _Around:
    """What stands around the lines of one provider, asked once."""

    # What the checks find now against each line that waits.
    held: dict = field(default_factory=dict)
    # What the bank sent back, by run.
    returned: dict = field(default_factory=dict)
    # The breaks whose waiting lines come to nothing together: nothing is owed for them, either way.
    even: frozenset = frozenset()
    # The runs in which all lines of the provider come to nothing together: they are settled, and nothing is sent.
    runs_of_nothing: frozenset = frozenset()


def _around(provider):
    waiting = ClaimLine.objects.waiting().filter(claim__provider=provider).exclude(amount_pence=0)
    checked, of_a_break = line_checks.looked_at(waiting), Counter()
    for each in checked:
        of_a_break[each.line.booking_id] += each.line.amount_pence
    return _Around(
        held={each.line.pk: each.failed for each in checked},
        returned={row.run_id: row for row in ReturnedPayment.objects.filter(provider=provider)},
        even=frozenset(booking for booking, pence in of_a_break.items() if not pence),
        runs_of_nothing=_runs_of_nothing(provider),
    )


def _runs_of_nothing(provider):
    rows = RunLine.objects.filter(provider=provider, live=True).order_by().values("run")
    return frozenset(rows.annotate(pence=Sum("amount_pence")).filter(pence=0).values_list("run", flat=True))


def _withheld(line, councils):
    """Return the way of a line whose council withholds its payments (R73), while no released run pays it; else None."""
    if line.claim.council_id not in councils or line.struck_at or line.amount_pence <= 0:
        return None
    if any(each.live and each.run.state == PaymentRun.State.RELEASED for each in line.run_lines.all()):
        return None
    scheme = line.claim.council.scheme
    ring = _("To ask about it, ring %(team)s, %(phone)s.") % {"team": scheme.team_name, "phone": scheme.team_phone}
    steps = [_("Claimed on %(day)s") % {"day": _short(line.claim.made_at)}]
    return {"line": line, "steps": steps, "kind": "withheld", "day": None, "note": f"{HELD['withheld']} {ring}"}


def _way(line, around, today):
    claim, steps = line.claim, [_("Claimed on %(day)s") % {"day": _short(line.claim.made_at)}]
    way = {"line": line, "steps": steps, "note": "", "day": None}
    if line.struck_at:
        return way | {"kind": "struck", "day": timezone.localdate(line.struck_at)}
    live = next((each for each in line.run_lines.all() if each.live), None)
    if live is not None:
        steps.append(_("Checked"))
        steps.append(_("In a payment run since %(day)s") % {"day": _short(live.run.prepared_at)})
        # Not every payment goes to a bank: a council's own service is credited inside the council.
        way["by_card_company"] = bool(live.stripe_account)
        way["inside"] = not live.bank_account_id and not live.stripe_account
        if live.run_id in around.runs_of_nothing:
            return way | _settled(live.run, today)
        return way | _in_run(claim, live.run, today)
    failed = around.held.get(line.pk, ())
    if line.pk in around.held and line.booking_id in around.even and all(each.key == "more" for each in failed):
        note = _(
            "With the other line of this break it comes to nothing, so nothing is owed. A payment run settles both."
        )
        return way | {"kind": "even", "note": note}
    back = _sent_back(line, around.returned)
    if back:
        steps.append(_("Sent to your bank for %(day)s") % {"day": _short(back.run.pay_on)})
        return way | {"kind": "returned", "day": back.returned_on, "note": _why_returned(back)}
    if not line.amount_pence:
        return way | {"kind": "in_question", "note": _("All of it waits until the carers team has found how it was.")}
    if invoiced := next(iter(line.invoice_lines.all()), None):
        return way | _invoiced(invoiced.invoice)
    if line.amount_pence < 0:
        return way | {"kind": "given_back", "note": _("It is taken off your next payment.")}
    if failed:
        return way | {"kind": "held", "note": str(HELD[failed[0].key])}
    steps.append(_("Checked"))
    return _waiting(way, line, today)


def _invoiced(invoice):
    """Return where a line stands that the council asks for by invoice (R69)."""
    if invoice.state == Invoice.State.PAID:
        note = _("Invoice %(number)s, which you have paid.") % {"number": invoice.number}
        return {"kind": "paid_back", "day": invoice.paid_on, "note": note}
    if invoice.state == Invoice.State.WRITTEN_OFF:
        note = _("Invoice %(number)s. You need not pay any more of it.") % {"number": invoice.number}
        return {"kind": "settled", "day": invoice.written_off_on, "note": note}
    note = _("Invoice %(number)s, not yet paid.") % {"number": invoice.number}
    if invoice.paid_pence:
        still = wording.money(invoice.open_pence, "exact")
        note = _("Invoice %(number)s, of which %(still)s is still open.") % {"number": invoice.number, "still": still}
    return {"kind": "invoiced", "day": invoice.dated, "note": note}


def _waiting(way, line, today):
    left_out = next(iter(line.left_out.all()), None)
    promised = line.claim.pay_promised_on
    note = ""
    if left_out is not None:
        note = _("Left out of the payment of %(day)s: %(reason)s") % {
            "day": _short(left_out.run.pay_on),
            "reason": left_out.reason,
        }
    if promised and promised < today:
        day = pay_days.new_day(today=today, scheme=line.claim.council.scheme)
        late = _("We are sorry: we had said %(day)s. It is planned for %(new)s now.") % {
            "day": _short(promised),
            "new": _short(day),
        }
        return way | {"kind": "late", "day": day, "note": f"{late} {note}".strip()}
    return way | {"kind": "left_out" if left_out else "waiting", "day": promised, "note": note}


def _in_run(claim, run, today):
    """Return where a line of a run stands; until that is released its day is planned, while Bacs can keep it (R18)."""
    if run.state == PaymentRun.State.RELEASED:
        kind = "paid" if run.pay_on <= today else "released"
        return {"kind": kind, "day": run.pay_on, "note": _kept(claim, run.pay_on, today)}
    earliest = rules.earliest_pay_day(today)
    day = run.pay_on if run.pay_on >= earliest else None
    return {"kind": "in_run", "day": day, "note": _kept(claim, day or earliest, today)}


def _settled(run, today):
    """Return where a line stands in a run that sends the provider nothing: one line is as much as the others take."""
    note = _("What you give back is as much as what you claimed, so no money is sent.")
    if run.state == PaymentRun.State.RELEASED:
        return {"kind": "settled", "day": run.pay_on, "note": note}
    day = run.pay_on if run.pay_on >= rules.earliest_pay_day(today) else None
    return {"kind": "in_run", "day": day, "note": note}


def _kept(claim, pay_on, today):
    """Return the sentence for a payment that comes later than was promised, while it is still to come."""
    promised = claim.pay_promised_on
    if promised is None or pay_on <= promised or pay_on <= today:
        return ""
    return _("We are sorry that it comes later than %(day)s, as we had said.") % {"day": _short(promised)}


def _sent_back(line, returned):
    runs = [each.run_id for each in line.run_lines.all() if not each.live]
    return next((returned[run] for run in reversed(runs) if run in returned), None)


def _why_returned(back):
    why = _("The bank sent it back: %(reason)s.") % {"reason": back.get_reason_display()}
    if back.cleared_at:
        return f"{why} {_('The account is made sure of, so it goes into the next payment run.')}"
    return f"{why} {_('It is paid again when we have made sure of your account with you.')}"


def by_claim(ways):
    """Return the ways by the number of their claim's row."""
    found = defaultdict(list)
    for way in ways.values():
        found[way["line"].claim_id].append(way)
    return found


def _short(day):
    return wording.day(day, "short")
