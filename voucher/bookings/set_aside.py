"""Whether all that is set aside or spent belongs to something, and nothing is left of what was taken back (I12)."""

from django.db.models import F, Q

from voucher.ledger.models import Hold
from voucher.models import ClaimLine, HoldBefore


def differences():
    """Return a sentence for each hold of nothing, and for each that was taken back and is not whole again (R60)."""
    lost = Hold.objects.filter(booking=None, dispute=None, struck_line=None, taken_back=None, found_anew=None)
    lost = lost.order_by("pk").values_list("pk", flat=True)
    struck = ClaimLine.with_struck.exclude(struck_at=None).order_by("pk")
    paid = struck.filter(Q(run_lines__live=True) | ~(Q(struck_hold=None) | _refunded("struck_hold"))).distinct()
    given_back = Q(hold__state=Hold.State.RELEASED, hold__covered=0)
    kept = HoldBefore.objects.exclude(given_back | Q(hold__state=Hold.State.SPENT) & _refunded("hold"))
    return [
        *(f"Hold {pk} is set aside or spent for no booking." for pk in lost),
        *(f"Line {pk} was struck, and is paid or spent all the same." for pk in paid.values_list("pk", flat=True)),
        *(
            f"Hold {pk} was set aside anew, and is set aside or spent all the same."
            for pk in kept.values_list("hold", flat=True)
        ),
    ]


def _refunded(hold):
    """Return the condition that all which that hold had spent was taken back."""
    spent = {f"{hold}__refunded": F(f"{hold}__spent"), f"{hold}__charge_refunded": F(f"{hold}__charged")}
    return Q(**spent)
