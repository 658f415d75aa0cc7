"""What the carers team notes while a carer is on the telephone: who it is, and what is to be done."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from voucher.carers import identity
from voucher.forms.account import PinField


class IdentityForm(forms.Form):
    """Two facts at least, and how we made sure."""

    facts = forms.MultipleChoiceField(
        label=_("What could they tell you? Tick at least two."),
        help_text=_("Ask; do not read it out. Only the ticks are kept."),
        choices=identity.FACTS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick at least two things that they could tell you."),
            "invalid_choice": _("Choose from the list."),
        },
    )
    call_back = forms.ChoiceField(
        label=_("How did you make sure?"),
        choices=identity.CALL_BACKS,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Say how you made sure that it is the carer."),
            "invalid_choice": _("Choose one from the list."),
        },
    )

    def clean_facts(self):
        facts = self.cleaned_data["facts"]
        if len(facts) < identity.FACTS_LEAST:
            raise forms.ValidationError(_("Tick at least two things that they could tell you."))
        return facts


class NewCodeForm(IdentityForm):
    """A new code for a lost one, and by what way it goes out."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    way = forms.ChoiceField(
        label=_("How does the new code go out?"),
        choices=[
            ("read_out", _("I read it out now")),
            ("letter", _("By letter: the old code stops now, and the letter waits to be printed")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how the new code goes out."),
            "invalid_choice": _("Choose one from the list."),
        },
    )


class TelephoneForm(IdentityForm):
    """What to take away for a carer who cannot do it alone."""

    what = forms.ChoiceField(
        label=_("What do they want?"),
        choices=[
            ("pin", _("To have the PIN taken away, so that they can set another")),
            ("unbind", _("To use the code without signing in again")),
            ("account", _("To have the award taken out of its account: it is not theirs, or they cannot sign in")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what they want."), "invalid_choice": _("Choose one from the list.")},
    )


class CheckPinForm(forms.Form):
    """The PIN as the carer says it."""

    pin = PinField(label=_("The PIN the carer says"))
