"""Helpers: the carer's page of who may act for them, and the helper's own pages to begin and to end."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, wording
from accounts.history import Who
from voucher.carers import helping, pins
from voucher.forms.account import HelpForm, PermissionForm
from voucher.granting import awards
from voucher.models import Permission
from voucher.views.my.open_award import (
    WRONG_CODES,
    WRONG_CODES_SECONDS,
    award_required,
    help_with,
    note_wrong_code,
    too_many,
    wrong_code,
)

INVITATIONS_A_DAY = 5
DAY = 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def helpers(request):
    """Who may act for the carer, and giving someone leave to."""
    carer, today = request.award.carer, timezone.localdate()
    form = PermissionForm(request.POST if request.method == "POST" else None, today=today)
    if form.is_valid() and _give(request, form, carer):
        messages.success(request, _("Done. We have written to them how to sign in."))
        return redirect("my:helpers")
    context = {"form": form, "permissions": list(helping.of_carer(carer, today))}
    return render(request, "my/helpers.html", context)


def _give(request, form, carer):
    now = timezone.now()
    if not limits.allow(f"helpers-of:{carer.pk}", INVITATIONS_A_DAY, DAY, now):
        form.add_error(None, _("You have named five people today. Go on tomorrow, or ring us."))
        return False
    try:
        return helping.give(carer=carer, by=request.who, now=now, **form.cleaned_data)
    except helping.OwnAddress:
        form.add_error("email", _("That is your own address. Enter the address of the person who helps you."))
    except helping.TooMany:
        form.add_error(None, _("Five people may act for you already. End one first."))
    return False


@require_POST
@award_required
def end_helper(request, pk):
    """The carer ends a permission at once."""
    row = get_object_or_404(Permission.objects.select_related("carer__council"), pk=pk, carer=request.award.carer)
    helping.end(permission=row, by=request.who, now=timezone.now())
    messages.success(request, _("Ended. They can no longer act for you."))
    return redirect("my:helpers")


@login_required
@never_cache
def start(request):
    """A helper's first page: for whom to act, or the code of a carer who is there."""
    return _start_page(request, HelpForm())


def _start_page(request, form):
    today = timezone.localdate()
    at_desk = helping.may_help_at_a_desk(request.user)
    permissions = list(helping.of_helper(request.user, today))
    if not (at_desk or permissions):
        raise Http404
    context = {"form": form if at_desk else None, "permissions": permissions, "today": today}
    return render(request, "helping/start.html", context)


@login_required
@require_POST
@never_cache
@sensitive_post_parameters("code", "pin")
def begin(request):
    """Open an award for twenty minutes with the carer's code and agreement."""
    now, key = timezone.now(), f"code:{limits.client_key(request)}"
    if not helping.may_help_at_a_desk(request.user):
        raise Http404
    form = HelpForm(request.POST)
    if not form.is_valid():
        return _start_page(request, form)
    if not limits.allow(key, WRONG_CODES, WRONG_CODES_SECONDS, now):
        return too_many(request, now)
    given = form.cleaned_data
    try:
        award, code, leave = helping.begin(now=now, user=request.user, **given)
    except awards.CodeRefused as refusal:
        note_wrong_code(refusal, now)
        form.add_error("code", wrong_code())
        return _start_page(request, form)
    except (helping.NotAgreed, helping.WrongPin, pins.PinLocked) as refusal:
        # The code was right: only the PIN counts its own tries.
        limits.give_back(key, WRONG_CODES_SECONDS, now)
        _say_why_not(form, refusal, now)
        return _start_page(request, form)
    limits.give_back(key, WRONG_CODES_SECONDS, now)
    help_with(request, award, leave, code=code.pk)
    return redirect("my:award")


def _say_why_not(form, refusal, now):
    if isinstance(refusal, helping.WrongPin):
        form.add_error("pin", _("That is not the PIN. Check it and type it again."))
    elif isinstance(refusal, pins.PinLocked):
        sentence = _("There have been too many wrong PINs. Try again after %(time)s, or ring us.")
        form.add_error("pin", sentence % {"time": wording.time(pins.free_again_at(now))})
    elif refusal.by_pin:
        form.add_error("pin", _("This code is kept in an account. The carer types the PIN."))
    else:
        form.add_error("agrees", _("Tick this when the carer is there and agrees, or let the carer type the PIN."))


@login_required
@require_POST
def act_by_permission(request, pk):
    """Open the award of a carer who gave this person leave."""
    found = helping.open_by(permission=pk, user=request.user, now=timezone.now())
    if found is None:
        raise Http404
    award, leave = found
    help_with(request, award, leave)
    return redirect("my:award")


@login_required
@require_POST
def give_up(request, pk):
    """The helper no longer helps this carer."""
    row = get_object_or_404(Permission.objects.select_related("carer__council"), pk=pk, helper=request.user)
    helping.end(permission=row, by=Who(user=request.user), now=timezone.now())
    messages.success(request, _("Ended. You can no longer act for them."))
    return redirect("after_sign_in")
