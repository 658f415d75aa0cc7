"""What the carers team types when it stops a provider, or writes down that one closes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField


class StopForm(forms.Form):
    """Why a provider is stopped at once."""

    reason = forms.CharField(
        label=_("Why is it stopped?"),
        help_text=_("Only the carers team reads this. Do not name a carer or the person they care for."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a few words why it is stopped.")},
    )


class LastDayForm(forms.Form):
    """The last day on which a provider gives breaks."""

    last_day = DayField(
        label=_("Which is the last day with breaks?"),
        error_messages={"required": _("Enter the last day.")},
    )


class ClosingForm(LastDayForm):
    """The last day, and who takes over what is booked later."""

    successor = forms.ModelChoiceField(
        label=_("Does another provider take over what is booked later?"),
        help_text=_(
            "Each carer is asked first. Talk with the other provider before you choose it. If nobody does, you arrange "
            "something else with each carer."
        ),
        queryset=None,
        required=False,
        empty_label=_("Nobody"),
    )
    has_agreed = forms.BooleanField(
        label=_("The other provider has agreed to give these breaks"),
        required=False,
    )

    def __init__(self, *args, successors, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = successors

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("successor") and not cleaned.get("has_agreed"):
            self.add_error("has_agreed", _("Ask the other provider first, then tick that it has agreed."))
        return cleaned
