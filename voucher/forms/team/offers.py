"""What the carers team says to an offer, a change or a photo that it does not agree to."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RefuseForm(forms.Form):
    """Why not, in words that the provider reads."""

    reason = forms.CharField(
        label=_("Why not?"),
        help_text=_("The provider reads this. Say what should be different."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write why, so that the provider can put it right.")},
    )
