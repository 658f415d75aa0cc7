"""What a provider types: answers to requests, what was delivered, claims, and a carer's code."""

import uuid

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.forms import DayField
from brochure.models import Offer
from brochure.wording import length
from voucher import rules
from voucher.forms.account import PinField
from voucher.forms.codes import CodeField
from voucher.forms.provider.times import moment
from voucher.models import Booking


class DeclineForm(forms.Form):
    """Why the answer is no: the carer is told the reason, and the note if there is one."""

    reason = forms.ChoiceField(
        label=_("Why can you not do it?"),
        help_text=_("We tell the carer, so that they know what to try next."),
        # Who could only do it at another time suggests one.
        choices=[pair for pair in Booking.DeclineReason.choices if pair[0] != Booking.DeclineReason.OTHER_TIME],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the reason that fits best."),
            "invalid_choice": _("Choose a reason from the list."),
        },
    )
    note = forms.CharField(
        label=_("A word to the carer"),
        help_text=_("If you chose “Another reason”, say here what it is."),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("The note can be 300 letters long. Make it a little shorter.")},
    )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("reason") == Booking.DeclineReason.OTHER and not cleaned.get("note"):
            self.add_error("note", _("Say in a few words why you cannot do it."))
        return cleaned


class CancelForm(DeclineForm):
    """Why a break that was confirmed cannot be kept: the carer is told as above."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.label, reason.choices = _("Why can you not keep it?"), Booking.CancelReason.choices
        self.fields["note"].help_text = _("If you chose “Another reason”, say what it is here: an emergency, perhaps.")


class DeliveredForm(forms.Form):
    """How much of the break was given: all of it, or a part in the steps of R13."""

    minutes = forms.TypedChoiceField(
        label=_("How much of it was given?"),
        coerce=int,
        error_messages={
            "required": _("Choose how much of the break was given."),
            "invalid_choice": _("Choose how much was given from the list."),
        },
    )

    def __init__(self, *args, booking, **kwargs):
        super().__init__(*args, **kwargs)
        lengths = rules.delivered_lengths(
            booking.offer.unit, booking.unit_minutes, booking.minutes, booking.session_count
        )
        self.fields["minutes"].choices = [(minutes, length_and_price(booking, minutes)) for minutes in lengths]


class DidNotHappenForm(forms.Form):
    """What happened instead of the break, said without blame: two different things (R61)."""

    NOBODY_CAME, WE_COULD_NOT = "nobody_came", "we_could_not"
    NOT_GIVEN = {
        NOBODY_CAME: Booking.NotGiven.CARER_DID_NOT_COME,
        WE_COULD_NOT: Booking.NotGiven.PROVIDER_COULD_NOT,
    }

    why = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            (NOBODY_CAME, _("The carer did not come, or nobody was at home")),
            (WE_COULD_NOT, _("We could not give the break")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what happened."),
            "invalid_choice": _("Choose what happened from the list."),
        },
    )

    @property
    def not_given(self):
        """What the form says, as a Booking.NotGiven."""
        return self.NOT_GIVEN[self.cleaned_data["why"]]


class BookingsToClaim(forms.MultipleChoiceField):
    """Booking references. What is not the provider's own, or not ready, is refused by the claim, in better words."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value):
        return True


class ClaimForm(forms.Form):
    """What to claim from one council in one press; everything that is ready is ticked at first."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    bookings = BookingsToClaim(error_messages={"required": _("Tick at least one break to claim.")})
    invoice_number = forms.CharField(
        label=_("Your invoice number"),
        help_text=_("Only if you use invoices. It is printed on your remittance advice."),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "off"}),
        error_messages={"max_length": _("An invoice number can be 30 letters and figures long.")},
    )
    own_reference = forms.CharField(
        label=_("Your own reference"),
        help_text=_(
            "Only if it helps you: a customer or job number, but no name. "
            "You find it again on your remittance advice, your statement and in your files."
        ),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "off"}),
        error_messages={"max_length": _("A reference can be 30 letters and figures long.")},
    )

    def __init__(self, *args, ready=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4
        field = self.fields["bookings"]
        field.choices = [(booking.ref, _claimable(booking)) for booking in ready]
        field.initial = [booking.ref for booking in ready]
        field.label = gettext("Ready: %(price)s together") % {
            "price": wording.money(sum(booking.undisputed_pence for booking in ready), exact=True)
        }
        field.help_text = _("Untick what you do not want to claim yet.")


class ScannedCodeField(CodeField):
    """A typed code, or what a scanner reads from a voucher: the whole address, with the code behind its #."""

    def clean(self, value):
        return super().clean(str(value or "").rpartition("#")[2])


class UnitsField(forms.IntegerField):
    """How many of what an offer is sold by: 1 to 99."""

    def __init__(self, **options):
        super().__init__(
            label=_("How many?"),
            min_value=1,
            max_value=99,
            initial=1,
            widget=forms.NumberInput(attrs={"class": "govuk-input--width-2"}),
            error_messages={
                "required": _("Say how many, for example 1."),
                "invalid": _("Say how many in figures, for example 1."),
                "min_value": _("Say how many: 1 or more."),
                "max_value": _("Say how many: 99 at the most."),
            },
            **options,
        )


class CheckCodeForm(forms.Form):
    """A carer's code against the price of one offer of the provider's own."""

    offer = forms.ModelChoiceField(
        label=_("What is it for?"),
        queryset=Offer.objects.none(),
        empty_label=None,
        error_messages={
            "required": _("Choose what the code is for."),
            "invalid_choice": _("Choose one of your own offers from the list."),
        },
    )
    units = UnitsField(help_text=_("Hours, sessions, nights or journeys, as you sell it."))
    code = ScannedCodeField(
        label=_("The carer’s code"),
        help_text=_("Type it from the voucher, or scan the voucher."),
        max_length=200,
        error_messages={"empty": _("Enter the code on the carer’s voucher.")},
    )
    pin = PinField(
        label=_("The carer’s PIN"),
        help_text=_("Only if the carer has one. Then the code alone is not enough."),
        required=False,
    )

    def __init__(self, *args, offers, priced, is_kept=False, needs_pin=False, **kwargs):
        """`priced` is {offer's id: its price in words}, for whatever the page is about.

        With `is_kept` the code of the check before is still known, so that its box may stay empty. With `needs_pin`
        its carer has a PIN, and the page waits for that alone.
        """
        super().__init__(*args, **kwargs)
        if needs_pin:
            self.fields["pin"].required = True
            self.fields["pin"].widget.attrs["autofocus"] = True
        self.fields["offer"].queryset = offers
        self.fields["offer"].label_from_instance = lambda offer: _offer_and_price(offer, priced[offer.pk])
        # voucher/assets/code.js takes the code from behind the # of the address.
        code = self.fields["code"]
        code.widget.attrs["data-code-from-address"] = ""
        if is_kept:
            code.required, code.widget.attrs["data-code-kept"] = False, ""
            code.help_text = _("Leave it empty for the code you have just checked, or type another.")


class PhoneForm(CheckCodeForm):
    """A break for a carer who rings: which, when, how many, and the code and PIN as they are read out."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    day = DayField(label=_("Which day?"))
    time = forms.TimeField(
        label=_("At what time?"),
        help_text=_("For example 14:30."),
        input_formats=["%H:%M", "%H.%M", "%H"],
        widget=forms.TimeInput(format="%H:%M", attrs={"class": "govuk-input--width-5", "autocomplete": "off"}),
        error_messages={
            "required": _("Say at what time it begins, for example 14:30."),
            "invalid": _("Say the time with hours and minutes, for example 14:30."),
        },
    )

    field_order = ["offer", "day", "time", "units", "code", "pin", "key"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["pin"].required = True
        self.fields["code"].help_text = _("As the carer reads it out.")
        self.fields["pin"].help_text = _("The carer's own 4 numbers. Do not write them down.")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("day") and cleaned.get("time"):
            cleaned["starts_at"] = moment(self, cleaned["day"], cleaned["time"])
        return cleaned


def length_in_words(booking, minutes):
    """Return how long that part of a booking is as people say it, by the units that were agreed."""
    return length(minutes, booking.offer.unit, booking.unit_minutes)


def length_and_price(booking, minutes):
    """Return "1 hour, £25" for a part of a booking, and as much in words for all of it; no price where it is free."""
    price = booking.price_pence
    if not price:
        length = part_in_words(booking, minutes)
        return gettext("All of it: %(length)s") % {"length": length} if minutes == booking.minutes else length
    if minutes < booking.minutes:
        price = rules.price_for(booking.unit_price_pence, minutes, booking.unit_minutes)
    words = {"length": part_in_words(booking, minutes), "price": wording.money(price)}
    if minutes == booking.minutes:
        return gettext("All of it: %(length)s, %(price)s") % words
    return gettext("%(length)s, %(price)s") % words


def part_in_words(booking, minutes):
    """Return how much of a booking that is: of a course how many sessions, of everything else how long."""
    all_sessions = booking.session_count
    if all_sessions == 1:
        return length_in_words(booking, minutes)
    count = minutes * all_sessions // booking.minutes
    return ngettext("%(count)s session", "%(count)s sessions", count) % {"count": count}


def _claimable(booking):
    words = {
        "offer": booking.offer.title,
        "day": wording.day(booking.starts_at),
        "price": wording.money(booking.undisputed_pence, exact=True),
        "name": booking.award.carer.first_name,
    }
    if booking.not_given:
        return gettext("%(price)s: %(offer)s for %(name)s, %(day)s (the carer did not come)") % words
    if booking.delivered_minutes is None:
        return gettext("%(price)s: %(offer)s for %(name)s, %(day)s (cancelled late)") % words
    words["length"] = length_in_words(booking, booking.delivered_minutes)
    if booking.in_question_pence:
        words["waits"] = wording.money(booking.in_question_pence, exact=True)
        return gettext("%(price)s: %(offer)s for %(name)s, %(day)s; %(waits)s more is in question") % words
    return gettext("%(price)s: %(offer)s for %(name)s, %(day)s, %(length)s") % words


def _offer_and_price(offer, price):
    return gettext("%(offer)s, %(price)s") % {"offer": offer.title, "price": price}
