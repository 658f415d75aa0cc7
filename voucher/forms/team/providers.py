"""What the carers team types about a provider that has joined: its name, and what kind of organisation it is."""

from django import forms
from django.utils.translation import gettext_lazy as _

from providers.models import Provider


class WhatItIsForm(forms.Form):
    """The name that carers read, the legal form that is reported, and whether its users lead it."""

    name = forms.CharField(
        label=_("What is it called?"),
        help_text=_("As carers should read it. The name on the bank account is changed by the provider itself."),
        max_length=120,
        error_messages={"required": _("Enter the name.")},
    )
    legal_form = forms.ChoiceField(
        label=_("What kind of organisation is it?"),
        help_text=_("Breaks and money of every year are counted by the kind it has today."),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what kind of organisation it is.")},
    )
    is_user_led = forms.BooleanField(
        label=_("It is led by people who use services or by carers"),
        help_text=_("Most of those who decide are disabled people, older people or carers themselves."),
        required=False,
    )

    def __init__(self, *args, provider, **kwargs):
        initial = {name: getattr(provider, name) for name in ("name", "legal_form", "is_user_led")}
        super().__init__(*args, initial=initial, **kwargs)
        # The council's own service is recharged and not paid through the bank: nobody becomes one by a press.
        in_house, is_one = Provider.LegalForm.COUNCIL, provider.legal_form == Provider.LegalForm.COUNCIL
        self.fields["legal_form"].choices = [
            (form.value, form.label) for form in Provider.LegalForm if (form == in_house) == is_one
        ]
