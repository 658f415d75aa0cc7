"""The carer's own account: making it, binding the code to it, and what is remembered: language, print, PIN."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import address_codes, limits, mail, sign_in, wording
from voucher import messages as news
from voucher.carers import bindings, carer_accounts, pins
from voucher.forms.account import AddressCodeForm, AddressForm, PinForm, PreferencesForm
from voucher.views.my.open_award import award_required, not_noted, remember_print

MAKING = "making_account"  # the key in the session: the address, for which award, the code's hash, until when
ADDRESSES_A_DAY = 5
DAY = 24 * 60 * 60

pages = require_http_methods(["GET", "HEAD", "POST"])


def is_own(request):
    """Return True where the carer is there with their own sign-in."""
    return request.user.is_authenticated and request.award.carer.user_id == request.user.pk and not request.acting


@pages
@award_required
def account(request):
    """What belongs to the carer: the account and how it is made, and the way to all that is remembered."""
    carer = request.award.carer
    can_make = not (carer.user_id or request.acting or request.user.is_authenticated)
    form = AddressForm(request.POST if request.method == "POST" and can_make else None)
    if form.is_bound and form.is_valid() and _send_code(request, form):
        return redirect("my:account_code")
    context = {
        "award": request.award,
        "carer": carer,
        "form": form if can_make else None,
        "can_keep": request.user.is_authenticated and not (carer.user_id or request.acting),
        "is_own": is_own(request),
    }
    return render(request, "my/account.html", context)


def _send_code(request, form):
    """Send a code to the address and remember it; False with the reason on the form."""
    now, award, email = timezone.now(), request.award, form.cleaned_data["email"].lower()
    counts = ((f"account-of:{award.pk}", ADDRESSES_A_DAY), (f"account-from:{limits.client_key(request)}", 20))
    allowed = [limits.allow(key, limit, DAY, now) for key, limit in counts]
    if not all(allowed):
        form.add_error(None, _("There have been too many tries today. Try again tomorrow, or ring us."))
        return False
    try:
        carer_accounts.refuse_unless_own(award.carer, email)
    except carer_accounts.OtherAddress:
        form.add_error("email", not_noted(email, request.council))
        return False
    code = address_codes.begin(request.session, MAKING, email=email, now=now, award=award.pk)
    with transaction.atomic():
        row = news.address_code(award.carer, email=email, code=code, now=now)
    mail.send_now(row, now, keep_text=sign_in.keeps_codes())
    return True


@pages
@award_required
@sensitive_post_parameters("code")
def account_code(request):
    """The second step: the code from the e-mail makes the account, and signs in."""
    making, now = request.session.get(MAKING), timezone.now()
    if not making or making["award"] != request.award.pk or request.acting or request.award.carer.user_id:
        return redirect("my:account")
    form = AddressCodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and is_the_code(request, MAKING, form, now):
        return _made(request, making, now)
    return render(request, "my/account_code.html", {"form": form, "email": making["email"]})


def is_the_code(request, key, form, now):
    """Return True where the code that was sent to the address was typed; else False with the reason at the field."""
    try:
        address_codes.check(request.session, key, form.cleaned_data["code"], now)
    except address_codes.NoLongerGood:
        form.add_error("code", _("This code is no longer good. Go back and ask for a new one."))
    except address_codes.NotTheCode:
        form.add_error("code", _("That is not the code. Check the code and type it again."))
    return not form.errors


def _made(request, making, now):
    request.session.pop(MAKING)
    try:
        user = carer_accounts.make(carer=request.award.carer, email=making["email"], now=now)
    except (carer_accounts.OtherAddress, carer_accounts.HasAccount):
        messages.error(request, not_noted(making["email"], request.council))
        return redirect("my:account")
    messages.success(request, _("Done. Your award is in your account now."))
    return sign_in.with_proved_address(request, user, "my:account")


@require_POST
@award_required
def bind(request):
    """The carer's code works only with the carer's sign-in from now on."""
    _own_only(request)
    bindings.bind(carer=request.award.carer, by=request.who, now=timezone.now())
    messages.success(request, _("Done. Your code works only when you are signed in."))
    return redirect("my:account")


@require_POST
@award_required
def unbind(request):
    """The code alone opens the award again."""
    _own_only(request)
    bindings.unbind(carer=request.award.carer, by=request.who, now=timezone.now())
    messages.success(request, _("Done. Your code works without signing in, as before."))
    return redirect("my:account")


def _own_only(request):
    if not is_own(request):
        raise Http404


@pages
@award_required
def preferences(request):
    """Language, way of writing and print size: remembered, and followed by letters and pages."""
    carer = request.award.carer
    form = PreferencesForm(request.POST if request.method == "POST" else None, carer=carer)
    if form.is_valid():
        carer_accounts.change(carer=carer, by=request.who, now=timezone.now(), **form.cleaned_data)
        if not request.acting:
            remember_print(request, carer)
        messages.success(request, _("Noted. We write to you like this from now on."))
        return redirect("my:preferences")
    return render(request, "my/preferences.html", {"form": form, "carer": carer})


@pages
@award_required
@sensitive_post_parameters("pin", "again")
def pin(request):
    """Set a PIN for the telephone, or a new one."""
    carer = request.award.carer
    if request.acting:
        # Only the carer may know it, so nobody else types it in.
        raise Http404
    # Whoever found a letter must not put their own PIN in place of the carer's.
    asks_current = bool(carer.pin) and not is_own(request)
    form = PinForm(request.POST if request.method == "POST" else None, carer=carer, asks_current=asks_current)
    if form.is_valid() and (not asks_current or pin_fits(form, "current", carer)):
        pins.put(carer=carer, pin=form.cleaned_data["pin"], by=request.who, now=timezone.now())
        messages.success(
            request, _("Your PIN is set. Tell it to nobody but us or a provider, when you ring or are there.")
        )
        return redirect("my:account")
    return render(request, "my/pin.html", {"form": form, "has_pin": bool(carer.pin)})


def pin_fits(form, field, carer):
    """Return True where the PIN typed into the field is the carer's; else False with the reason at the field."""
    now = timezone.now()
    try:
        if pins.is_right(carer=carer, pin=form.cleaned_data[field], now=now):
            return True
        form.add_error(field, _("That is not the PIN. Check it and type it again."))
    except pins.PinLocked:
        sentence = _("There have been too many wrong PINs. Try again after %(time)s, or ring us.")
        form.add_error(field, sentence % {"time": wording.time(pins.free_again_at(now))})
    return False
