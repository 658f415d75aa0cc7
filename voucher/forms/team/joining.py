"""What the carers team says to a provider that would like to join, and notes in its first months."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import composing
from accounts.forms import TOO_LONG, EmailField, LineField
from accounts.models import Language
from brochure.models import Offer
from voucher.forms.provider.joining import CHOOSE


class WordsForm(forms.Form):
    """A question or reasons, as the provider reads them."""

    words = forms.CharField(
        max_length=2000,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args, label, help_text, empty, **kwargs):
        super().__init__(*args, **kwargs)
        words = self.fields["words"]
        words.label, words.help_text = label, help_text
        words.error_messages["required"] = empty


class TitlesField(forms.ModelMultipleChoiceField):
    """Offers, each by its title."""

    def label_from_instance(self, offer):
        return f"{offer.title} ({offer.category.name})"


class ApproveForm(forms.Form):
    """Which offers go into the brochure, and who looks after the provider."""

    offers = TitlesField(
        label=_("Which offers go into the brochure?"),
        help_text=_("The others stay drafts."),
        queryset=Offer.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one offer."), "invalid_choice": _("Choose from the list.")},
    )
    mentor = forms.ModelChoiceField(
        label=_("Who looks after them in the first months?"),
        queryset=None,
        empty_label=_("Choose somebody"),
        error_messages={"required": _("Choose who looks after them.")} | CHOOSE,
    )

    def __init__(self, *args, offers, mentors, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["offers"].queryset = offers
        self.fields["mentor"].queryset = mentors
        self.initial.setdefault("offers", [offer.pk for offer in offers])


class PointForm(forms.Form):
    """A note with what was gone through."""

    note = LineField(label=_("Note"), max_length=300, required=False)


class InviteForm(forms.Form):
    """Whom we invite, and as which provider."""

    name = LineField(
        label=_("Name of the provider"),
        max_length=120,
        error_messages={"required": _("Enter the name of the provider.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    person = LineField(
        label=_("Whom do you write to?"),
        help_text=_("The name of the person."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = EmailField(
        label=_("E-mail address"),
        help_text=_("This person signs in with this address."),
        error_messages={"required": _("Enter the person's e-mail address.")},
    )
    language = forms.ChoiceField(
        label=_("In which language do you invite them?"),
        choices=[*Language.choices, ("", _("Both"))],
        required=False,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )

    def clean_email(self):
        return composing.one_line(self.cleaned_data["email"]).lower()
