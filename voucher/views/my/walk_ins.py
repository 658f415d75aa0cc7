"""The carer's own yes or no to what a provider would like to be paid for without a booking (R58)."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import wording
from voucher import bookings, rules
from voucher.door import walk_ins
from voucher.models import WalkIn
from voucher.views.my.open_award import award_required
from voucher.views.provider.door import walk_in_facts

State = WalkIn.State


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def walk_in(request, ref):
    """The question, and how it stands once it was answered."""
    row = _walk_in_of(request, ref)
    if request.method == "POST":
        _answer(request, row, timezone.now())
        return redirect("my:walk_in", row.ref)
    amount = rules.amount_for(row.price_pence, row.minutes, row.award.in_hours)
    context = {
        "walk_in": row,
        "state": walk_ins.state_of(row, timezone.now()),
        "amount": wording.amount(amount, row.award.unit),
        "facts": [{"key": _("Where"), "value": f"{row.provider.name}, {row.provider.town}"}, *walk_in_facts(row)],
    }
    return render(request, "my/walk_in.html", context)


def walk_ins_context(award, now):
    """Return what the carer's first page shows of walk-ins that wait for a yes."""
    return {"walk_ins": walk_ins.waiting_for(award, now)}


def _walk_in_of(request, ref):
    """Return the question about this award, or about another award of the carer who is signed in; else 404."""
    rows = WalkIn.objects.select_related("offer", "provider", "booking", "award__account", "award__council__scheme")
    carer, user = request.award.carer, request.user
    if user.is_authenticated and carer.user_id == user.pk:
        row = get_object_or_404(rows, award__carer=carer, ref=ref)
    else:
        row = get_object_or_404(rows, award=request.award, ref=ref)
        # Whoever works there has seen the code: their yes would not be the carer's.
        if user.is_authenticated and row.provider.staff.filter(user=user).exists():
            raise Http404
    return row


def _answer(request, row, now):
    says_yes = request.POST.get("answer") == "yes"
    if request.POST.get("answer") not in {"yes", "no"}:
        return
    verb, goal = (walk_ins.agree, State.AGREED) if says_yes else (walk_ins.refuse, State.REFUSED)
    try:
        verb(walk_in=row, by=request.who, now=now)
    except walk_ins.WalkInMoved as moved:
        if moved.state != goal:
            messages.error(request, _("This was answered already, or the time is over. See below how it stands."))
    except bookings.NotEnough:
        messages.error(request, _("Not enough is left on your award for this. Nothing was taken."))
    except bookings.AlreadyAsked:
        messages.error(request, _("You have this booked for that time already. Nothing more was taken."))
    except bookings.StalePrice:
        messages.error(request, _("The price has changed meanwhile, so nothing was taken. They can ask you again."))
    except bookings.Refused:
        messages.error(request, _("It can no longer be had, so nothing was taken. They can ask you again."))
