"""The number of a booking, as it is read out or copied from a list."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from voucher.bookings.making import REF_LENGTH


class FindForm(forms.Form):
    """A booking by its number; spaces, dashes and small letters are forgiven."""

    number = forms.CharField(
        label=_("Booking number"),
        help_text=_("It stands on the list of the day, in our messages, and on the carer’s page."),
        max_length=30,
        widget=forms.TextInput(
            attrs={
                "class": "govuk-input--width-10",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": _("Enter the number of a booking."),
            "max_length": _("A booking number has 8 letters and figures."),
        },
    )

    def clean_number(self):
        number = re.sub(r"[\s\-]", "", self.cleaned_data["number"]).upper()
        if len(number) != REF_LENGTH:
            raise forms.ValidationError(self.fields["number"].error_messages["max_length"])
        return number
