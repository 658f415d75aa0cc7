"""A paper list as it is typed in afterwards: a row for each booking of the day, rows by number, and walk-ins."""

import re
import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField
from brochure.models import Offer
from voucher import rules
from voucher.bookings.making import REF_LENGTH
from voucher.door import day_entries
from voucher.forms.account import PinField
from voucher.forms.codes import CodeField
from voucher.forms.provider.bookings import UnitsField, length_and_price
from voucher.models import Booking

WHOLE, PART = "whole", "part"
NOT_GIVEN = [
    (Booking.NotGiven.CARER_DID_NOT_COME, _("The carer did not come")),
    (Booking.NotGiven.PROVIDER_COULD_NOT, _("We could not give it")),
]
NOT_KNOWN = ("", _("Not said yet"))


class DayToEnterForm(forms.Form):
    """The day whose list is to be entered."""

    day = DayField(label=_("Another day"))

    def __init__(self, *args, first, last, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["day"].first, self.fields["day"].last = first, last


class BookedForm(forms.Form):
    """What became of a booking of that day."""

    # Every row may be left as it is, and saying so at each would only be noise.
    all_is_optional = True

    given = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": _("Choose what was given from the list.")},
    )

    def __init__(self, *args, booking, **kwargs):
        super().__init__(*args, prefix=f"booking-{booking.ref}", **kwargs)
        self.booking = booking
        # The time and what it was stand above all rows of one time.
        self.fields["given"].label = f"{booking.award.carer.first_name}, {booking.ref}"
        lengths = rules.delivered_lengths(
            booking.offer.unit, booking.unit_minutes, booking.minutes, booking.session_count
        )
        parts = [(str(minutes), length_and_price(booking, minutes)) for minutes in lengths]
        self.fields["given"].choices = [NOT_KNOWN, *parts, *NOT_GIVEN]

    def row(self):
        """Return the day_entries.Row, or None where nothing was chosen."""
        given = self.cleaned_data["given"]
        if not given:
            return None
        if given.isdecimal():
            return day_entries.Row(self.booking.ref, minutes=int(given))
        return day_entries.Row(self.booking.ref, not_given=given)


class ByNumberForm(forms.Form):
    """A row by the number of the booking."""

    all_is_optional = True

    ref = forms.CharField(
        label=_("Booking number"),
        required=False,
        max_length=30,
        widget=forms.TextInput(
            attrs={
                "class": "govuk-input--width-10",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
        error_messages={"max_length": _("A booking number has 8 letters and figures.")},
    )
    given = forms.ChoiceField(
        label=_("What was given?"),
        required=False,
        choices=[(WHOLE, _("All of it")), (PART, _("A part of it")), *NOT_GIVEN],
        error_messages={"invalid_choice": _("Choose what was given from the list.")},
    )
    minutes = forms.IntegerField(
        label=_("If a part: how many minutes?"),
        required=False,
        min_value=1,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-4"}),
        error_messages={
            "invalid": _("Say how many minutes in figures, for example 90."),
            "min_value": _("Say how many minutes, 1 or more."),
            "max_value": _("That is longer than any break."),
        },
    )

    def clean_ref(self):
        ref = re.sub(r"[\s\-]", "", self.cleaned_data["ref"]).upper()
        if ref and len(ref) != REF_LENGTH:
            raise forms.ValidationError(self.fields["ref"].error_messages["max_length"])
        return ref

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("ref") and cleaned.get("given") == PART and not cleaned.get("minutes") and not self.errors:
            self.add_error("minutes", _("Say how many minutes were given."))
        return cleaned

    def row(self):
        """Return the day_entries.Row, or None for an empty one."""
        cleaned = self.cleaned_data
        if not cleaned["ref"]:
            return None
        if cleaned["given"] == PART:
            return day_entries.Row(cleaned["ref"], minutes=cleaned["minutes"])
        if cleaned["given"] in Booking.NotGiven.values:
            return day_entries.Row(cleaned["ref"], not_given=cleaned["given"])
        return day_entries.Row(cleaned["ref"], whole=True)


class OptionalCodeField(CodeField):
    """A code, or nothing: the row is empty then. It is never kept by the browser."""

    def widget_attrs(self, widget):
        attrs = super().widget_attrs(widget)
        return {name: attrs[name] for name in ("autocomplete", "autocapitalize", "spellcheck")} | {"data-not-kept": ""}

    def clean(self, value):
        return super().clean(value) if str(value or "").strip() else ""


class CameForm(forms.Form):
    """Somebody came that day without having booked."""

    all_is_optional = True

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    offer = forms.ModelChoiceField(label=_("What was it?"), queryset=Offer.objects.none(), empty_label=None)
    time = forms.TimeField(
        label=_("At what time did it begin?"),
        required=False,
        input_formats=["%H:%M", "%H.%M", "%H"],
        widget=forms.TimeInput(format="%H:%M", attrs={"class": "govuk-input--width-5", "autocomplete": "off"}),
        error_messages={"invalid": _("Say the time with hours and minutes, for example 14:30.")},
    )
    units = UnitsField()
    code = OptionalCodeField(
        label=_("The carer’s code"),
        required=False,
        error_messages={"empty": _("Enter the code on the carer’s voucher.")},
    )
    pin = PinField(label=_("The carer’s PIN"), required=False)

    def __init__(self, *args, offers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["offer"].queryset = offers
        self.fields["offer"].label_from_instance = lambda offer: offer.title
        # The sentences for the script that looks at a code before it is sent: here an empty row is no fault.
        attrs = self.fields["code"].widget.attrs
        for name in [name for name in attrs if name.startswith("data-code")]:
            del attrs[name]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("code") and not cleaned.get("time") and "time" not in self.errors:
            self.add_error("time", _("Say at what time it began, for example 14:30."))
        if cleaned.get("time") and not cleaned.get("code") and "code" not in self.errors:
            self.add_error("code", self.fields["code"].error_messages["empty"])
        return cleaned

    @property
    def is_filled(self):
        return bool(self.cleaned_data.get("code"))
