"""What an administrator says about a person: who they are and what they do."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import EmailField
from accounts.models import Language, Role
from providers.models import Provider, Staff

LANGUAGES = [("", _("Not known: we write in both")), *Language.choices]
POSTS = [
    (Staff.Kind.OWNER, _("Provider: owner")),
    (Staff.Kind.BOOKINGS, _("Provider: bookings")),
    (Staff.Kind.CLAIMS, _("Provider: claims")),
    (Staff.Kind.DESK, _("Provider: desk")),
]


class WorkForm(forms.Form):
    """What the person does, for the council or for one of its providers."""

    work = forms.ChoiceField(
        label=_("What does this person do?"),
        choices=[*Role.Kind.choices, *POSTS],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what this person does."),
            "invalid_choice": _("Choose one from the list."),
        },
    )
    provider = forms.ModelChoiceField(
        label=_("Which provider?"),
        help_text=_("Only for somebody who works for a provider."),
        queryset=Provider.objects.none(),
        required=False,
        empty_label=_("None"),
        error_messages={"invalid_choice": _("Choose one from the list.")},
    )

    def __init__(self, *args, council, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["provider"].queryset = Provider.objects.filter(council=council)

    @property
    def is_post(self):
        return self.cleaned_data["work"] in dict(POSTS)

    def clean(self):
        data = super().clean()
        if "work" in data and "provider" in data and data["work"] in dict(POSTS) and data["provider"] is None:
            self.add_error("provider", _("Choose the provider for whom this person works."))
        return data


class InviteForm(WorkForm):
    """A new person: how we reach them, and what they do."""

    email = EmailField(
        label=_("E-mail address"),
        help_text=_("This person signs in with this address."),
        error_messages={"required": _("Enter the person's e-mail address.")},
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        error_messages={
            "required": _("Enter the person's name."),
            "max_length": _("The name can have 120 letters at most."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language for our e-mails"),
        choices=LANGUAGES,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one from the list.")},
    )

    field_order = ["email", "name", "language", "work", "provider"]
