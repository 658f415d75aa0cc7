"""What an auditor asks of the history: which act, which days, which person."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField
from accounts.models import User


class HistoryForm(forms.Form):
    act = forms.ChoiceField(
        label=_("What was done"),
        required=False,
        error_messages={"invalid_choice": _("Choose one from the list.")},
    )
    person = forms.ModelChoiceField(
        label=_("By whom"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Everybody"),
        error_messages={"invalid_choice": _("Choose one from the list.")},
    )
    first_day = DayField(label=_("From this day"), required=False)
    last_day = DayField(label=_("To this day"), required=False)

    def __init__(self, *args, acts, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["act"].choices = [("", _("Everything")), *acts]
        self.fields["person"].queryset = people

    def clean(self):
        data = super().clean()
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day must not be before the first."))
        return data
