"""A carer on the carers team's telephone: who it is, a lost code, the PIN, and bookings they did not make."""

import datetime as dt

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import history, wording
from accounts.access import carers_team_required
from accounts.history import Who
from accounts.models import HistoryEntry
from voucher.bookings import phone_bookings
from voucher.carers import bindings, carer_accounts, helping, identity, looks, pins
from voucher.forms.telephone import CheckPinForm, NewCodeForm, TelephoneForm
from voucher.granting import awards
from voucher.ledger.acts import KeyWasUsed
from voucher.models import Booking
from voucher.views.team.awards import award_of, show_code

# As long as a carer may not have noticed that the letter is gone.
LOOKED_BACK = dt.timedelta(days=60)

pages = require_http_methods(["GET", "HEAD", "POST"])


@pages
@never_cache
@carers_team_required
def new_code(request, ref):
    """A lost code: who rings, a new one in answer to the press itself, and what was done with the old one meanwhile."""
    row, now = award_of(request.council, ref), timezone.now()
    looks.note(award=row, by=Who(user=request.user), now=now)
    form = NewCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (answer := _replace(request, row, form, now)):
        return answer
    context = {
        "award": row,
        "form": form,
        "by_code": _made_with_the_code(row, now),
        "permissions": list(helping.of_carer(row.carer, timezone.localdate(now))),
    }
    return render(request, "team/new_code.html", context)


def _replace(request, row, form, now):
    given, by = form.cleaned_data, Who(user=request.user)
    asked = {"facts": given["facts"], "call_back": given["call_back"]}
    if given["way"] == "letter":
        identity.note(carer=row.carer, by=by, now=now, **asked)
        awards.letter_instead(award=row, by=by, now=now)
        messages.success(request, _("The old code is stopped. A letter with a new one waits to be printed."))
        return redirect(row)
    try:
        code = awards.new_code_once(award=row, by=by, now=now, key=str(given["key"]))
    except KeyWasUsed:
        form.add_error(None, _("Nothing was changed. Open this page again."))
        return None
    if code:
        identity.note(carer=row.carer, by=by, now=now, **asked)
    return show_code(request, row, code)


def _made_with_the_code(award, now):
    """Return the bookings that were asked for with a code of this award lately, newest first."""
    asked = HistoryEntry.objects.filter(
        act="booking.requested",
        subject_kind="booking",
        subject_id=OuterRef("pk"),
        actor_label__startswith="code ",
        at__gte=now - LOOKED_BACK,
    )
    rows = Booking.objects.filter(Exists(asked), award=award)
    return rows.select_related("offer", "provider").order_by("-requested_at", "-pk")


@require_POST
@carers_team_required
def not_made(request, ref):
    """The carer says on the telephone that they did not make this booking: it costs them nothing."""
    row = get_object_or_404(
        Booking.objects.select_related("award", "council__scheme", "hold"), council=request.council, ref=ref
    )
    by = Who(user=request.user, on_behalf_of=f"award {row.award.ref}")
    if phone_bookings.is_disowned(row):
        messages.info(request, _("That was noted already."))
    else:
        phone_bookings.disown(booking=row, by=by, now=timezone.now())
        messages.success(request, _("Noted. It costs the carer nothing, and it is on the list of what to look into."))
    return redirect("team:new_code", row.award.ref)


@pages
@never_cache
@carers_team_required
def telephone(request, ref):
    """Check a carer's PIN, or take away what they cannot take away alone."""
    row, now = award_of(request.council, ref), timezone.now()
    looks.note(award=row, by=Who(user=request.user), now=now)
    form = TelephoneForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _take_away(request, row, form.cleaned_data, now)
        return redirect("team:telephone", row.ref)
    return _telephone_page(request, row, form=form)


def _take_away(request, row, given, now):
    by = Who(user=request.user, on_behalf_of=f"award {row.ref}")
    identity.note(carer=row.carer, facts=given["facts"], call_back=given["call_back"], by=by, now=now)
    if given["what"] == "pin":
        done = pins.take_away(carer=row.carer, by=by, now=now)
        said = _("The PIN is taken away. The carer can set another on their own page.")
    elif given["what"] == "account":
        done = carer_accounts.unlink(carer=row.carer, by=by, now=now)
        said = _("The award is in no account any more. If the letter is lost as well, give a new code now.")
    else:
        done = bindings.unbind(carer=row.carer, by=by, now=now)
        said = _("The code works without signing in again.")
    if done:
        messages.success(request, said)
    else:
        messages.info(request, _("There was nothing to take away."))


@require_POST
@never_cache
@carers_team_required
@sensitive_post_parameters("pin")
def check_pin(request, ref):
    """Say yes or no to a PIN that a carer says; each time is written down, the PIN is not."""
    row, now = award_of(request.council, ref), timezone.now()
    form = CheckPinForm(request.POST)
    if not form.is_valid():
        return _telephone_page(request, row, pin_form=form)
    try:
        right = pins.is_right(carer=row.carer, pin=form.cleaned_data["pin"], now=now)
    except pins.PinLocked:
        sentence = _("There have been too many wrong PINs. Try again after %(time)s.")
        form.add_error("pin", sentence % {"time": wording.time(pins.free_again_at(now))})
        return _telephone_page(request, row, pin_form=form)
    by = Who(user=request.user, on_behalf_of=f"award {row.ref}")
    history.record(act="pin.checked", subject=row.carer, by=by, at=now, council=row.council, right=right)
    return _telephone_page(request, row, answer="yes" if right else "no")


def _telephone_page(request, row, *, form=None, pin_form=None, answer=None):
    context = {
        "award": row,
        "form": form or TelephoneForm(),
        "pin_form": pin_form or CheckPinForm(),
        "answer": answer,
        "has_pin": bool(row.carer.pin),
    }
    return render(request, "team/telephone.html", context)
