"""What the carers team says to a paper, to an exemption, and about an offer that needs no check."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField
from providers.papers import WITH_AN_END


class AcceptForm(forms.Form):
    """When a paper or an exemption counts; the team reads it on the paper itself."""

    def __init__(self, *args, kind=None, today, begins=None, until=None, **options):
        super().__init__(*args, **options)
        if kind:
            hint = _("As you read it on the paper. Empty: it counts from now on, in place of what we have.")
            self.fields["valid_from"] = DayField(label=_("First day"), help_text=hint, required=False, initial=begins)
        # An exemption always has an end.
        needs_an_end = kind is None or kind in WITH_AN_END
        hint = _("As you read it on the paper.") if kind else _("Then it is looked at again.")
        self.fields["valid_until"] = DayField(
            label=_("Last day"), help_text=hint, required=needs_an_end, first=today, initial=until
        )


class RefuseForm(forms.Form):
    """Why not; the provider reads it."""

    reason = forms.CharField(
        label=_("Why not?"),
        help_text=_("The provider reads this."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why not.")},
    )


class NoCheckForm(forms.Form):
    """Why whoever sits with somebody needs no check; empty: a check is asked for."""

    words = forms.CharField(
        label=_("Why no check is needed"),
        help_text=_("Empty it to ask for a check again. The provider does not see it."),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
