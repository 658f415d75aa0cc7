"""What a provider types: answers to requests, what was delivered, claims, and a carer's code."""

import uuid

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import wording
from brochure.models import Offer
from voucher import codes, rules
from voucher.models import Booking


class DeclineForm(forms.Form):
    """Why the answer is no: the carer is told the reason, and the note if there is one."""

    reason = forms.ChoiceField(
        label=_("Why can you not do it?"),
        help_text=_("We tell the carer, so that they know what to try next."),
        choices=Booking.DeclineReason,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the reason that fits best."),
            "invalid_choice": _("Choose a reason from the list."),
        },
    )
    note = forms.CharField(
        label=_("A word to the carer"),
        help_text=_("If you chose “Another reason”, say here what it is. Otherwise you can leave it empty."),
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
        lengths = rules.delivered_lengths(booking.offer.unit, booking.unit_minutes, booking.minutes)
        self.fields["minutes"].choices = [(minutes, _length_and_price(booking, minutes)) for minutes in lengths]


class DidNotHappenForm(forms.Form):
    """Whose side a break that did not happen fell on; said without blame."""

    party = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            (Booking.Party.CARER, _("Nobody came, or nobody was at home")),
            (Booking.Party.PROVIDER, _("We could not give the break")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what happened."),
            "invalid_choice": _("Choose what happened from the list."),
        },
    )


class BookingsToClaim(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


class ClaimForm(forms.Form):
    """What to claim from one council in one press; everything that is ready is ticked at first."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    bookings = BookingsToClaim(
        label=_("What to claim"),
        queryset=Booking.objects.none(),
        to_field_name="ref",
        error_messages={
            "required": _("Tick at least one break to claim."),
            "invalid_choice": _("One of these breaks can no longer be claimed. Look at the list again."),
            "invalid_pk_value": _("One of these breaks can no longer be claimed. Look at the list again."),
        },
    )
    invoice_number = forms.CharField(
        label=_("Your invoice number"),
        help_text=_("Only if you use invoices. It is printed on what the council pays."),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "off"}),
        error_messages={"max_length": _("An invoice number can be 30 letters and figures long.")},
    )

    def __init__(self, *args, bookings, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["bookings"].queryset = bookings
        self.fields["key"].initial = uuid.uuid4


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
    units = forms.IntegerField(
        label=_("How many?"),
        help_text=_("Sessions, hours, nights or journeys, as the offer is sold."),
        min_value=1,
        max_value=99,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-2", "inputmode": "numeric"}),
        error_messages={
            "required": _("Say how many, for example 1."),
            "invalid": _("Say how many in figures, for example 1."),
            "min_value": _("Say how many: 1 or more."),
            "max_value": _("Say how many: 99 at the most."),
        },
    )
    code = forms.CharField(
        label=_("The carer's code"),
        help_text=_("Twelve letters and figures, for example ABCD-EFGH-JKMN. Capitals and dashes do not matter."),
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "class": "govuk-input--width-20 app-code-input",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": _("Type or scan the carer's code."),
            "max_length": _("This is too long for a code. Type the twelve letters and figures."),
        },
    )

    def __init__(self, *args, offers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["offer"].queryset = offers
        self.fields["offer"].label_from_instance = lambda offer: offer.title

    def clean_code(self):
        # A scanner reads the whole address of the QR code: the code itself follows the last #.
        code = codes.normalise(self.cleaned_data["code"].rpartition("#")[2])
        if not codes.is_well_formed(code):
            raise forms.ValidationError(_("There is a slip in this code. Read it again, letter by letter."))
        return code


def ticked(bookings, *, council_id):
    """Return the starting values of a ClaimForm: every booking of the council ticked, and a fresh key."""
    return {"bookings": [booking.ref for booking in bookings if booking.council_id == council_id], "key": uuid.uuid4()}


def _length_and_price(booking, minutes):
    price = rules.price_for(booking.unit_price_pence, minutes, booking.unit_minutes)
    return f"{booking_length(booking, minutes)}: {wording.money(price)}"


def booking_length(booking, minutes):
    return wording.hours(minutes)
