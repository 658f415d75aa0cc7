"""A provider books for a carer who rings: with the code and the PIN read out, asked and confirmed in one act."""

import uuid
from contextlib import suppress

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import wording
from accounts.history import Who
from brochure import catalogue, prices
from brochure.wording import all_rates
from providers.access import bookings_required
from voucher import bookings
from voucher.bookings import phone_bookings
from voucher.carers import pins
from voucher.door import code_checks
from voucher.forms.provider.bookings import PhoneForm
from voucher.ledger.acts import KeyWasUsed
from voucher.views.provider.door import why_no_walk_in

NOT_ENOUGH = gettext_lazy("This code is not enough for this break. The carer can ring the carers team.")


class Refusal(Exception):
    """The booking cannot be made: `sentence` says why, beside `field` (None: above all)."""

    def __init__(self, field, sentence):
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@bookings_required
@sensitive_post_parameters("code", "pin")
def phone(request):
    """The form, and the booking that comes of it."""
    now = timezone.now()
    own = catalogue.live_offers(on=timezone.localdate(now)).filter(provider=request.provider)
    rows = prices.attach(list(own), timezone.localdate(now))
    priced = {offer.pk: all_rates(offer.rates.shown, offer.unit) for offer in rows}
    typed = request.POST if request.method == "POST" else None
    form = PhoneForm(typed, offers=own, priced=priced, initial={"key": uuid.uuid4()})
    if form.is_valid():
        try:
            booking = _book(request, form.cleaned_data, now)
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.sentence)
        else:
            messages.success(request, _("Booked and confirmed. We tell the carer, who has 7 days to say it is not so."))
            return redirect("provider:booking", booking.ref)
    return render(request, "provider/phone.html", {"form": form, "has_offers": bool(rows)})


def _book(request, given, now):
    award = _award_on_the_phone(request, given, now)
    offer, starts_at, minutes = given["offer"], given["starts_at"], given["offer"].minutes * given["units"]
    by = Who(user=request.user, on_behalf_of=f"award {award.ref}")
    try:
        on = timezone.localdate(now)
        price = bookings.quote(award=award, offer=offer, starts_at=starts_at, minutes=minutes, on=on)
        return phone_bookings.book(
            award=award,
            offer=offer,
            starts_at=starts_at,
            minutes=minutes,
            seen_price_pence=price.price_pence,
            by=by,
            now=now,
            key=str(given["key"]),
        )
    except (bookings.NotEnough, bookings.OutsidePeriod, bookings.AwardClosed, bookings.OtherRegion) as refusal:
        # One sentence for all of them, or the days of the award could be felt for as well as what is on it.
        _count_no(request, award, now)
        raise Refusal("code", NOT_ENOUGH) from refusal
    except bookings.OwnAward as refusal:
        raise Refusal("code", why_no_walk_in(refusal)) from refusal
    except bookings.BadLength as refusal:
        raise Refusal("units", _("You do not offer it for that long.")) from refusal
    except (bookings.AdultsOnly, bookings.OvernightAlone, bookings.OutsideArea) as refusal:
        # Not which of them: how old the carer is, and where she lives, is for her to tell.
        sentence = _("You cannot book this for this carer. The carer can ring the carers team, who can.")
        raise Refusal("offer", sentence) from refusal
    except bookings.NotThatLate as refusal:
        sentence = _("Just now you can be booked only up to %(day)s: something under “Papers” ends then.")
        raise Refusal("day", sentence % {"day": wording.day(refusal.last_day)}) from refusal
    except bookings.NotLive as refusal:
        raise Refusal(None, _("You cannot take on new bookings just now. Ring the carers team.")) from refusal
    except bookings.Refused as refusal:
        raise Refusal("time", _why_not_then(refusal)) from refusal
    except KeyWasUsed as refusal:
        raise Refusal(None, _("This form has made a booking already. Open it again for another one.")) from refusal


def _why_not_then(refusal):
    """Say to a provider why it cannot be booked at that time: by its own diary, hours and notice."""
    if isinstance(refusal, bookings.AlreadyAsked):
        return _("This carer has it at that time already, with the number %(ref)s.") % {"ref": refusal.booking.ref}
    if isinstance(refusal, bookings.Full):
        return _("All your places are taken at this time.")
    if isinstance(refusal, bookings.TooSoon):
        return ngettext(
            "You ask for %(hours)s hour of notice for this. Choose a later time.",
            "You ask for %(hours)s hours of notice for this. Choose a later time.",
            refusal.notice_hours,
        ) % {"hours": refusal.notice_hours}
    return _("You are closed at that time, by the hours of this offer. Choose another.")


def _award_on_the_phone(request, given, now):
    """Return the award of the code that was read out, where the PIN is the carer's; raise Refusal."""

    def with_its_pin(award):
        # Whoever has no PIN cannot be booked for on the telephone.
        if not award.carer.pin:
            raise code_checks.Wrong
        code_checks.refuse_often(award=award, now=now)
        return award

    tried = {"code": given["code"], "pin": given["pin"], "by": Who(user=request.user), "now": now}
    try:
        return code_checks.tried(provider=request.provider, then=with_its_pin, **tried)
    except code_checks.Locked as locked:
        sentence = _("Too many codes did not work. Try again in an hour, or ring the carers team.")
        raise Refusal(None, sentence) from locked
    except code_checks.TooOften as often:
        raise Refusal("code", NOT_ENOUGH) from often
    except code_checks.Elsewhere as elsewhere:
        sentence = _("This code is good in another part of Wales. It cannot pay here.")
        raise Refusal("code", sentence) from elsewhere
    except code_checks.Wrong as wrong:
        # One sentence for a wrong code and a wrong PIN: whoever guesses learns nothing.
        raise Refusal("code", _("The code and the PIN do not belong together. Ask for both again.")) from wrong
    except pins.PinLocked as locked:
        raise Refusal("pin", _("Too many wrong PINs. Try again in an hour, or ask the carer to ring us.")) from locked


def _count_no(request, award, now):
    """Write down and count that it was more than there is: asked so, a balance could be felt without a trace."""
    by = Who(user=request.user)
    code_checks.note_look(award=award, provider=request.provider, by=by, now=now)
    with suppress(code_checks.Locked):
        code_checks.not_enough(provider=request.provider, award=award, by=by, now=now)
