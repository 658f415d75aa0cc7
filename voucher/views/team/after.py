"""What the carers team does after a break: rings where somebody may be alone, and settles what two sides dispute."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import carers_team_required
from accounts.history import Who
from voucher import bookings
from voucher.bookings import tasks, waiting_list
from voucher.carers import looks
from voucher.claiming import absences, disputes
from voucher.forms.disputes import DoneForm, FindingForm
from voucher.forms.provider.bookings import length_in_words
from voucher.models import Booking, Dispute, Task
from voucher.views.dispute_words import anew_context, dispute_context
from voucher.views.team.colleagues import not_by_colleagues

A_PAGE = 25
AROUND = (
    "booking__award__carer",
    "booking__award__account",
    "booking__offer",
    "booking__provider",
    "booking__council__scheme",
)
AROUND_A_PLACE = ("place__award__carer", "place__offer__provider")


def to_ring(council, now):
    """Return the tasks that cannot wait, where somebody may be alone, ready to be shown."""
    return _shown(tasks.waiting(council).filter(kind=Task.Kind.NOBODY_CAME).select_related(*AROUND)[:A_PAGE], now)


def after_context(row):
    """Return what the team's page of a booking shows of a dispute and of what is to be done, in two queries."""
    dispute = Dispute.objects.filter(booking=row).select_related("resolved_by").first()
    context = dispute_context(row, dispute)
    if dispute:
        dispute.booking = row
        lengths = disputes.what_can_be_found(dispute)
        context["finding_form"] = FindingForm(prefix="finding", booking=row, lengths=lengths)
    elif row.not_given:
        context |= anew_context(row)
    context["can_find_for_the_carer"] = absences.waits_for_a_finding(row)
    return context | {"tasks": list(Task.objects.filter(booking=row).select_related("done_by"))}


@require_safe
@never_cache
@carers_team_required
def task_list(request):
    """Everything to do after breaks and for providers: who may be alone first, then the oldest."""
    rows = tasks.waiting(request.council).select_related("provider", *AROUND, *AROUND_A_PLACE)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    page.object_list = _shown(page.object_list, now)
    carers = [(task.booking or task.place).award.carer for task in page if task.booking or task.place]
    looks.note_each(carers=carers, council=request.council, by=Who(user=request.user), now=now)
    return render(request, "team/tasks.html", {"page": page})


@require_POST
@carers_team_required
def carer_was_there(request, ref):
    """Find for the carer, of whom it was said that she did not come, after a payment run had the claim (R61)."""
    row = get_object_or_404(Booking, council=request.council, ref=ref)
    try:
        absences.find_for_the_carer(booking=row, by=Who(user=request.user), now=timezone.now())
    except bookings.BookingMoved:
        messages.info(request, _("Nothing was changed: somebody was quicker. See below how this booking stands."))
    else:
        messages.success(request, _("Everything has gone back to the carer. The provider’s next payment is smaller."))
    return redirect("team:booking", row.ref)


@require_POST
@carers_team_required
def task_done(request, pk):
    """Say that somebody has rung, or that it is settled; a second press finds it done.

    What is about a kept place is done by the carer's answer and by nothing else; what a provider says against a finding
    has a page of its own.
    """
    task, form = _task_of(request.council, pk, place=None), DoneForm(request.POST)
    if task.kind == Task.Kind.APPEAL:
        return redirect("team:appeal", task.pk)
    if not form.is_valid():
        messages.error(request, form.errors["note"][0])
        return redirect("team:tasks")
    said = {"by": _who(request, task.booking), "now": timezone.now()}
    try:
        tasks.done(task=task, note=form.cleaned_data["note"], **said)
    except tasks.TaskDone:
        messages.info(request, _("A colleague has done this already."))
    else:
        messages.success(request, _("Noted. It is off the list."))
    return redirect("team:queue" if task.kind == Task.Kind.NOBODY_CAME else "team:tasks")


@require_POST
@carers_team_required
@not_by_colleagues("team:tasks")
def task_pay(request, pk):
    """Let the fund pay a provider now, for an emergency for which it had too little."""
    task = _task_of(request.council, pk, kind=Task.Kind.PAY_BY_HAND)
    try:
        bookings.pay_late(task=task, by=_who(request, task.booking), now=timezone.now())
    except bookings.FundExhausted:
        messages.error(request, _("The fund still has too little. Ask finance to add to it, or settle it another way."))
    except (tasks.TaskDone, bookings.BookingMoved):
        messages.info(request, _("A colleague has done this already."))
    else:
        messages.success(request, _("The fund pays. The provider can claim it now."))
    return redirect("team:tasks")


@require_POST
@carers_team_required
def task_dispute(request, pk):
    """Dispute all of a break that the carer did not ask for, though somebody says that it was given."""
    task, now = _task_of(request.council, pk, kind=Task.Kind.NOT_MINE), timezone.now()
    booking = task.booking
    try:
        disputes.make(booking=booking, said_minutes=0, by=_who(request, booking), now=now)
    except disputes.AlreadyDisputed:
        messages.info(request, _("There is a dispute about this already. Here it is."))
    except disputes.NotDisputable:
        messages.error(request, _("This break was not given, or the time to dispute it is over."))
    else:
        messages.success(request, _("There is a dispute now. The provider is asked for its own account."))
    return redirect("team:booking", booking.ref)


@require_POST
@carers_team_required
def task_let_go(request, pk):
    """Let a kept place go to the next in line, because the carer said so on the telephone; that is her answer."""
    rows = Task.objects.select_related("place__award__council").filter(council=request.council, place__isnull=False)
    place = get_object_or_404(rows, pk=pk).place
    by = Who(user=request.user, on_behalf_of=f"award {place.award.ref}")
    if waiting_list.let_go(place=place, by=by, now=timezone.now()):
        messages.success(request, _("Noted. The next in line is asked."))
    else:
        messages.info(request, _("The carer’s answer is there already, or the time is over."))
    return redirect("team:tasks")


@require_safe
@never_cache
@carers_team_required
def dispute_list(request):
    """The disputes that wait for a finding, the oldest first."""
    rows = disputes.waiting(request.council).select_related(*AROUND)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    for dispute in page:
        dispute.said = length_in_words(dispute.booking, dispute.said_minutes)
        dispute.given = length_in_words(dispute.booking, dispute.given_minutes)
    return render(request, "team/disputes.html", {"page": page})


@require_POST
@carers_team_required
@not_by_colleagues("team:disputes")
def resolve(request, ref):
    """Write down what was found; both sides are told."""
    rows = Dispute.objects.select_related("booking__offer", "booking__award")
    dispute = get_object_or_404(rows, booking__council=request.council, booking__ref=ref)
    lengths = disputes.what_can_be_found(dispute)
    form = FindingForm(request.POST, prefix="finding", booking=dispute.booking, lengths=lengths)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, errors[0])
        return redirect("team:booking", ref)
    try:
        disputes.resolve(
            dispute=dispute,
            found_minutes=form.cleaned_data["minutes"],
            finding=form.cleaned_data["finding"],
            by=_who(request, dispute.booking),
            now=timezone.now(),
        )
    except disputes.Resolved:
        messages.info(request, _("A colleague has decided this already. See below what was found."))
    except (disputes.BadMinutes, disputes.NoFinding, bookings.BookingMoved):
        messages.error(request, _("Something has changed meanwhile, so nothing was decided. Look at it again."))
    else:
        messages.success(request, _("Noted. Both sides are told."))
    return redirect("team:booking", ref)


def _shown(rows, now):
    """Return the tasks with what their line shows beside them, in one query more."""
    rows = list(rows)
    about_bookings = [task for task in rows if task.booking]
    counts = tasks.emergencies_of({task.booking.award.carer_id for task in about_bookings}, now)
    not_mine = [task.booking for task in rows if task.kind == Task.Kind.NOT_MINE]
    disputable = disputes.disputable(not_mine, now) if not_mine else set()
    for task in about_bookings:
        task.may_dispute = task.booking_id in disputable
        task.may_cancel = task.kind == Task.Kind.NOT_MINE and task.booking.state in bookings.IS_LIVE
        task.emergencies = counts.get(task.booking.award.carer_id, 0)
        task.late_share = bookings.late_share(task.booking) if task.kind == Task.Kind.PAY_BY_HAND else 0
    return rows


def _task_of(council, pk, **which):
    rows = Task.objects.select_related("booking__award__account", "booking__hold", "booking__council")
    return get_object_or_404(rows, pk=pk, council=council, **which)


def _who(request, booking):
    if booking is None:
        return Who(user=request.user)
    return Who(user=request.user, on_behalf_of=f"award {booking.award.ref}")
