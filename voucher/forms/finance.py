"""What finance types: which lines a run pays and when, and why a run is given up."""

import uuid

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField

REASON_MOST = 200


class Reason(forms.CharField):
    """A reason that is asked for only where the tick beside it is gone."""

    def validate(self, value):
        """Leave an empty reason to the form, which knows of the tick."""


class PrepareForm(forms.Form):
    """The lines of a run, all ticked at first; a line that is left out needs a reason."""

    pay_on = DayField(
        label=_("Which day should providers be paid?"),
        help_text=_("A working day. Bacs needs two working days from the release."),
        error_messages={"required": _("Enter the day on which providers are paid.")},
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=36)

    def __init__(self, *args, lines, earliest, **kwargs):
        kwargs["initial"] = {"pay_on": earliest, "key": str(uuid.uuid4())} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.lines = {str(line.pk): line for line in lines}
        for pk, line in self.lines.items():
            self.fields[f"take-{pk}"] = forms.BooleanField(label=line.booking.ref, required=False, initial=True)
            self.fields[f"why-{pk}"] = Reason(
                label=gettext("Why is %(booking)s left out?") % {"booking": line.booking.ref},
                help_text=_("The provider reads this. Do not name a carer."),
                max_length=REASON_MOST,
                error_messages={"max_length": _("The reason can be 200 letters long. Make it a little shorter.")},
            )

    def clean(self):
        cleaned = super().clean()
        for pk in self.lines:
            has_reason = cleaned.get(f"why-{pk}", "").strip() or f"why-{pk}" in self.errors
            if not cleaned.get(f"take-{pk}") and not has_reason:
                self.add_error(f"why-{pk}", _("Say why this line is left out, or tick it."))
        if self.lines and not self.taken and not self.errors:
            self.add_error(None, _("Tick at least one line."))
        return cleaned

    @property
    def taken(self):
        """The lines that are ticked."""
        return [line for pk, line in self.lines.items() if self.cleaned_data.get(f"take-{pk}")]

    @property
    def left_out(self):
        """The lines that are not ticked, each with its reason."""
        return {
            line: self.cleaned_data[f"why-{pk}"].strip()
            for pk, line in self.lines.items()
            if not self.cleaned_data.get(f"take-{pk}")
        }

    def rows(self):
        """Return each line with its two fields."""
        return [(line, self[f"take-{pk}"], self[f"why-{pk}"]) for pk, line in self.lines.items()]


class AskedForm(forms.Form):
    """What two providers said of the same carer and hour."""

    note = forms.CharField(
        label=_("What did they say?"),
        help_text=_("Do not name a carer."),
        max_length=REASON_MOST,
        error_messages={
            "required": _("Say in a few words what the providers told you."),
            "max_length": _("The note can be 200 letters long. Make it a little shorter."),
        },
    )


class VoidForm(forms.Form):
    """Why a run is given up."""

    reason = forms.CharField(
        label=_("Why is this run given up?"),
        max_length=REASON_MOST,
        error_messages={
            "required": _("Say in a few words why the run is given up."),
            "max_length": _("The reason can be 200 letters long. Make it a little shorter."),
        },
    )
