"""A provider does not agree with what was found: a colleague of whoever found it looks once more, and answers (R29)."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import wording
from accounts.access import carers_team_required
from accounts.history import Who
from providers import staff
from voucher import bookings
from voucher.bookings import tasks
from voucher.carers import looks
from voucher.claiming import appeals, disputes, found_anew
from voucher.forms.disputes import AppealAnswerForm
from voucher.forms.provider.bookings import length_in_words
from voucher.ledger import books
from voucher.models import Dispute, Task

AROUND = (
    *("booking__award__carer", "booking__award__account", "booking__hold", "booking__offer", "booking__provider"),
    "booking__council__scheme",
)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def answer(request, pk):
    """Show what each side said and what each answer does, and send the answer; whoever made the finding only looks."""
    rows = Task.objects.select_related(*AROUND)
    task = get_object_or_404(rows, pk=pk, council=request.council, kind=Task.Kind.APPEAL)
    if task.done_at:
        if request.method == "POST":
            messages.info(request, _("A colleague has done this already."))
        return redirect("team:booking", task.booking.ref)
    who = Who(user=request.user, on_behalf_of=f"award {task.booking.award.ref}")
    all_of_them = found_anew.outcomes(task.booking)
    payable = [outcome for outcome in all_of_them if found_anew.hindrance(task.booking, outcome) is None]
    form = AppealAnswerForm(request.POST if request.method == "POST" else None, booking=task.booking, outcomes=payable)
    if request.method == "POST" and form.is_valid():
        return _send(request, task, form.cleaned_data, who)
    looks.note(award=task.booking.award, by=Who(user=request.user), now=timezone.now())
    context = {
        "task": task,
        "booking": task.booking,
        "form": form,
        "refusal": _who_may_not(task, who),
        "hindrance": _hindrance(task.booking, all_of_them, payable),
        "rows": _what_was_said(task.booking),
    }
    return render(request, "team/appeal.html", context)


def _send(request, task, cleaned, who):
    said = {"task": task, "words": cleaned["words"], "by": who, "now": timezone.now()}
    try:
        if cleaned["answer"] == AppealAnswerForm.ANEW:
            appeals.find_anew(minutes=cleaned.get("minutes"), **said)
        else:
            appeals.answer(**said)
    except tasks.TaskDone:
        messages.info(request, _("A colleague has done this already."))
    except (staff.WorksThere, appeals.FoundItYourself):
        messages.error(request, _who_may_not(task, who))
        return redirect("team:appeal", task.pk)
    except books.Refused:
        messages.error(request, _("The award can no longer pay that, so nothing was decided. Look at it again."))
        return redirect("team:appeal", task.pk)
    except (disputes.BadMinutes, bookings.BookingMoved):
        messages.error(request, _("Something has changed meanwhile, so nothing was decided. Look at it again."))
        return redirect("team:appeal", task.pk)
    else:
        is_anew = cleaned["answer"] == AppealAnswerForm.ANEW
        messages.success(request, _("Noted. Both sides are told.") if is_anew else _("Noted. The provider is told."))
    return redirect("team:booking", task.booking.ref)


def _who_may_not(task, who):
    """Return why this worker does not answer, in a sentence; or nothing."""
    if appeals.found_it(task, who.user):
        return _("You made this finding, so a colleague looks at it once more and answers.")
    try:
        staff.refuse_colleague(task.booking.provider_id, who)
    except staff.WorksThere:
        return _("You work for this provider, so somebody else of the team does this.")
    return ""


def _hindrance(booking, all_of_them, payable):
    """Return in a sentence why not all that the provider said can be found anew, where the award cannot pay it."""
    if len(payable) == len(all_of_them):
        return ""
    why = found_anew.hindrance(booking, all_of_them[0])
    if isinstance(why, books.AwardEnded):
        return _("The award has ended, so nothing more can be paid out of it. You can still answer in words.")
    if isinstance(why, books.AwardFrozen):
        return _(
            "The award is stopped for now, so nothing more can be paid out of it. Let it be used again first, "
            "or answer in words."
        )
    if not isinstance(why, books.NotEnough):
        return _("The day of the break is not within the award any more, so no more can be paid. Answer in words.")
    left = wording.amount(booking.award.account.available, booking.award.unit)
    if payable:
        sentence = _("Only %(left)s is left on the award, so less can be found anew than the provider said.")
    else:
        sentence = _("Only %(left)s is left on the award: too little to find more. You can still answer in words.")
    return sentence % {"left": left}


def _what_was_said(row):
    """Return what each side said, what was found, and how it stands now, as rows of a list."""
    finding = appeals.finding_of(row)
    facts = [{"key": _("Booking"), "value": row.ref}]
    dispute = Dispute.objects.filter(booking=row).first()
    if dispute:
        facts += [
            {"key": _("The provider says"), "value": _how_much(row, dispute.given_minutes)},
            {"key": _("The carer says"), "value": _how_much(row, dispute.said_minutes)},
            {"key": _("What was found"), "value": _how_much(row, dispute.found_minutes)},
            {"key": _("Why"), "value": dispute.finding},
        ]
    elif finding:
        facts.append({"key": _("What was found"), "value": _("The carer was there, and everything was given back")})
    if finding:
        facts.append({"key": _("Found by"), "value": f"{finding.by}, {wording.day(timezone.localdate(finding.at))}"})
    return [
        *facts,
        {"key": _("Used of the award now"), "value": wording.amount(row.due_amount or 0, row.award.unit)},
        {"key": _("The provider is due now"), "value": wording.money(row.due_pence or 0)},
    ]


def _how_much(row, minutes):
    return length_in_words(row, minutes) if minutes else _("None of it: it did not take place")
