"""What a provider says when the carer tells it otherwise: how it was, or that somebody was there."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.history import Who
from providers.access import bookings_required
from voucher import bookings
from voucher.claiming import appeals, disputes
from voucher.forms.disputes import AccountForm, AppealForm
from voucher.models import Booking, Dispute, Task
from voucher.views.dispute_words import anew_context, dispute_context


def after_context(row, now):
    """Return what the page of a booking shows of what the carer says, and of what was found."""
    return _said(row, now) | _found(row, now)


def _found(row, now):
    found = appeals.found_at(row)
    if found is None:
        return {}
    appeal, last = appeals.of(row), appeals.last_day(found)
    return (anew_context(row) if appeal else {}) | {
        "found_on": found,
        "appeal": appeal,
        "appeal_by": last,
        "can_appeal": appeal is None and timezone.localdate(now) <= last,
        "appeal_form": AppealForm(prefix="appeal"),
    }


def _said(row, now):
    if row.state == Booking.State.DID_NOT_HAPPEN:
        objection = Task.objects.filter(booking=row, kind=Task.Kind.OBJECTION).first()
        can_object = objection is None and bookings.may_object(row, now)
        return {"objection": objection, "can_object": can_object, "account_form": AccountForm(prefix="account")}
    if row.state not in disputes.GIVEN:
        return {}
    dispute = Dispute.objects.filter(booking=row).first()
    if dispute is None:
        return {}
    return dispute_context(row, dispute) | {
        # What the carer disputes is no longer a slip of the finger.
        "can_undo": False,
        "account_form": AccountForm(prefix="account", initial={"words": dispute.answer}),
    }


@require_POST
@bookings_required
def account(request, ref):
    """Tell the carers team how a disputed break was."""
    row = _booking_of(request.provider, ref)
    dispute = get_object_or_404(Dispute, booking=row)

    def tell(**told):
        try:
            disputes.answer(dispute=dispute, **told)
        except disputes.Resolved:
            messages.info(request, _("The carers team has decided already. See below what it found."))
        else:
            messages.success(request, _("Thank you. The carers team reads it before it decides."))

    return _with_words(request, row, AccountForm(request.POST, prefix="account"), tell)


@require_POST
@bookings_required
def we_were_there(request, ref):
    """Say that somebody was there, where the carer says that nobody came."""
    row = _booking_of(request.provider, ref)

    def tell(**told):
        try:
            bookings.object_to(booking=row, **told)
        except bookings.BookingMoved:
            messages.error(request, _("This can no longer be changed here. Please ring the carers team."))
        else:
            messages.success(request, _("Thank you. The carers team looks into it and rings you."))

    return _with_words(request, row, AccountForm(request.POST, prefix="account"), tell)


@require_POST
@bookings_required
def appeal(request, ref):
    """Say once that one does not agree with what was found; a second press says that it is there."""
    row = _booking_of(request.provider, ref)

    def tell(**told):
        try:
            appeals.make(booking=row, **told)
        except appeals.AppealedBefore:
            messages.info(request, _("You have told us already. See below how it stands."))
        except appeals.TooLate:
            messages.error(request, _("This can no longer be changed here. Please ring the carers team."))
        else:
            messages.success(request, _("Thank you. The carers team looks at it once more and answers you."))

    return _with_words(request, row, AppealForm(request.POST, prefix="appeal"), tell)


def _with_words(request, row, form, tell):
    """Tell what was written about a booking, or say what is wrong with it; then show the booking."""
    if form.is_valid():
        tell(words=form.cleaned_data["words"], by=Who(request.user), now=timezone.now())
    else:
        messages.error(request, form.errors["words"][0])
    return redirect("provider:booking", row.ref)


def _booking_of(provider, ref):
    rows = Booking.objects.select_related("offer", "award", "council__scheme")
    return get_object_or_404(rows, provider=provider, ref=ref)
