"""What a carer chooses to wait for: a day that is booked out, and for how long."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts import wording
from brochure import availability
from brochure.wording import length


class WaitForm(forms.Form):
    """One of the days on which the offer is booked out; of an offer with several lengths how long as well."""

    minutes = forms.TypedChoiceField(
        label=_("How long would you like?"),
        coerce=int,
        error_messages={
            "required": _("Choose how long."),
            "invalid_choice": _("Choose how long from the list."),
        },
    )
    day = forms.ChoiceField(
        label=_("Which day would you like to wait for?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a day."),
            "invalid_choice": _("That day is not booked out any more. Ask for it, or choose another."),
        },
    )

    def __init__(self, *args, offer, days, **kwargs):
        super().__init__(*args, **kwargs)
        lengths = availability.lengths(offer)
        self.fields["minutes"].choices = [
            (minutes, capfirst(length(minutes, offer.unit, offer.minutes))) for minutes in lengths
        ]
        if len(lengths) == 1:
            self.fields["minutes"].widget = forms.HiddenInput()
        self.fields["day"].choices = [(day.isoformat(), capfirst(wording.day(day))) for day in days]


class TakeForm(forms.Form):
    """One press that takes a kept place, at the time and the price that were seen; its key makes a second harmless."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen_price_pence = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    seen_starts_at = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
