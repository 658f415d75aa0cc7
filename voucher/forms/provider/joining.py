"""What somebody tells who would like to offer breaks: step by step, each kept as far as it is told."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import TOO_LONG, EmailField, LineField
from accounts.models import Council, Language
from providers.models import Provider
from voucher.pilot import cells

YES_NO = [("yes", _("Yes")), ("no", _("No"))]
Vat = Provider.Vat
CHARGED = (Vat.STANDARD, Vat.REDUCED, Vat.ZERO)
CHOOSE = {"invalid_choice": _("Choose one from the list.")}


class ReadField(LineField):
    """A text that is read as a cell of a spreadsheet is; what cannot be read is refused with `words`."""

    def __init__(self, *, read, words, **options):
        self.read, self.words = read, words
        super().__init__(**options)

    def clean(self, value):
        text = super().clean(value)
        try:
            return self.read(text) if text else ""
        except cells.Wrong:
            raise ValidationError(self.words) from None


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not said yet (None)."""

    def __init__(self, **options):
        def read(text):
            return text == "yes"

        super().__init__(
            choices=YES_NO,
            coerce=read,
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            error_messages=CHOOSE,
            **options,
        )

    def prepare_value(self, value):
        return {True: "yes", False: "no"}.get(value, value)


class BeginForm(forms.Form):
    """What is needed to begin: what they are called, and in which county they are."""

    name = LineField(
        label=_("What are you called?"),
        help_text=_("Your own name, or that of your business or group, as carers should read it."),
        max_length=120,
        error_messages={"required": _("Enter your name, or that of your business or group.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    council = forms.ModelChoiceField(
        label=_("In which county are you?"),
        help_text=_("Its carers team looks at what you tell us. Carers of the counties round it can book you too."),
        queryset=Council.objects.none(),
        empty_label=_("Choose a county"),
        error_messages={
            "required": _("Choose the county in which you are."),
            "invalid_choice": _("Choose one from the list."),
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["council"].queryset = Council.objects.filter(scheme__isnull=False)
        self.fields["council"].label_from_instance = lambda council: council.name


class StepForm(forms.Form):
    """A step of joining: everything may be left out for now, and what is right is kept even where the rest is not."""

    all_is_optional = True
    # The columns of Provider that it asks for.
    columns = ()

    def __init__(self, data=None, *, provider):
        super().__init__(data, initial={name: getattr(provider, name) for name in self.columns})
        self.provider = provider

    @property
    def told(self):
        """What was told and can be kept, as {column: value}; what was not posted at all stays as it is."""
        return {name: self.cleaned_data[name] for name in self.columns if name in self.cleaned_data}


class OrganisationForm(StepForm):
    """Who they are."""

    columns = ("name", "legal_form", "is_user_led", "has_staff", "serves_food", "ciw_number")

    name = LineField(
        label=_("What are you called?"),
        help_text=_("Your own name, or that of your business or group, as carers should read it."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    legal_form = forms.ChoiceField(
        label=_("What kind of organisation are you?"),
        help_text=_("Each year the council says how much went to social enterprises, co-operatives and charities."),
        choices=Provider.LegalForm,
        required=False,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    is_user_led = forms.BooleanField(
        label=_("We are led by people who use services or by carers"),
        help_text=_("Most of those who decide are disabled people, older people or carers themselves."),
        required=False,
    )
    has_staff = YesNoField(
        label=_("Do you employ anybody?"), help_text=_("Then we ask for your employers’ liability insurance.")
    )
    serves_food = YesNoField(label=_("Do you serve food?"), help_text=_("Then we ask for your food hygiene rating."))
    ciw_number = ReadField(
        label=_("Number with Care Inspectorate Wales"),
        help_text=_("Only if you are registered. Whoever gives no personal care needs none."),
        max_length=12,
        required=False,
        read=cells.ciw_number,
        words=_("Enter the number as it stands on your registration, like W123456."),
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "off"}),
    )

    def clean_name(self):
        # Everything else may be emptied; what has no name at all could not be found again.
        return self.cleaned_data["name"] or self.provider.name


class ContactForm(StepForm):
    """How they are reached, by carers and by us."""

    columns = (
        "contact_name",
        "address",
        "town_en",
        "town_cy",
        "postcode",
        "phone",
        "email",
        "website",
        "language",
        "speaks_welsh",
    )

    contact_name = LineField(
        label=_("Whom do we ask for?"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    address = forms.CharField(
        label=_("Address"),
        help_text=_("Where carers come to, or where you start from. It is told to a carer whose break you confirm."),
        max_length=400,
        required=False,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )
    town_en = LineField(
        label=_("Town, as it is called in English"),
        help_text=_("Where both languages have one name, write it once."),
        max_length=60,
        required=False,
    )
    town_cy = LineField(label=_("Town, as it is called in Welsh"), max_length=60, required=False)
    postcode = ReadField(
        label=_("Postcode"),
        max_length=8,
        required=False,
        read=cells.postcode,
        words=_("Enter a whole postcode, like CF82 7PG."),
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "postal-code"}),
    )
    phone = ReadField(
        label=_("Telephone number"),
        help_text=_("A carer whose break you confirm can ring it, and so can we."),
        max_length=30,
        required=False,
        read=cells.phone,
        words=_("Enter a telephone number, like 01443 815588."),
        widget=forms.TextInput(attrs={"type": "tel", "class": "govuk-input--width-20", "autocomplete": "tel"}),
    )
    email = EmailField(
        label=_("E-mail address for requests"),
        help_text=_("Requests of carers and our news come here. You go on signing in with your own address."),
        max_length=254,
        required=False,
        autocomplete="email",
    )
    website = forms.URLField(
        label=_("Website"),
        help_text=_("If you have one."),
        max_length=200,
        required=False,
        assume_scheme="https",
        error_messages={"invalid": _("Enter an address like www.example.com.")},
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "url", "spellcheck": "false"}),
    )
    language = forms.ChoiceField(
        label=_("In which language do we write to you?"),
        choices=Language,
        required=False,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    speaks_welsh = forms.BooleanField(
        label=_("A carer can speak Welsh with us"),
        help_text=_("It is shown with your offers."),
        required=False,
    )

    def clean_email(self):
        return self.cleaned_data["email"].lower()

    def clean(self):
        data = super().clean()
        # One name for both languages is the rule and not the exception.
        for name, other in (("town_en", "town_cy"), ("town_cy", "town_en")):
            if name in data and not data[name]:
                data[name] = data.get(other, "")
        return data


class VatForm(StepForm):
    """Whether VAT is in their prices."""

    columns = ("vat_treatment", "vat_number")

    vat_treatment = forms.ChoiceField(
        label=_("Are you registered for VAT?"),
        help_text=_("Choose what holds for most of what you offer. An offer can differ."),
        choices=[
            (Vat.NOT_REGISTERED, _("No, we are not registered")),
            (Vat.STANDARD, _("Yes, and our prices hold VAT at the standard rate")),
            (Vat.REDUCED, _("Yes, and our prices hold VAT at the reduced rate")),
            (Vat.ZERO, _("Yes, and what we offer is zero-rated")),
            (Vat.EXEMPT, _("What we offer is exempt, as welfare services can be")),
            (Vat.OUTSIDE, _("What we offer is outside the scope of VAT")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE | {"required": _("Choose one. If you are not sure, choose “No” and ring us.")},
    )
    vat_number = ReadField(
        label=_("VAT number"),
        help_text=_("9 numbers, with or without GB in front. Only if you are registered."),
        max_length=20,
        required=False,
        read=cells.vat_number,
        words=_("Enter a VAT number with 9 numbers, like GB123456789."),
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20", "autocomplete": "off"}),
    )

    def __init__(self, data=None, *, provider):
        super().__init__(data, provider=provider)
        if not provider.vat_told:
            self.initial.pop("vat_treatment")

    def clean(self):
        data = super().clean()
        treatment = data.get("vat_treatment")
        if treatment in CHARGED and "vat_number" in data and not data["vat_number"]:
            self.add_error("vat_number", _("Enter your VAT number, or choose “No, we are not registered”."))
        elif treatment == Vat.NOT_REGISTERED:
            data["vat_number"] = ""
        return data

    @property
    def told(self):
        # A rate without its number, or a number without its rate, says nothing that can be kept.
        return {} if self.errors else super().told | {"vat_told": True}


class TermsForm(forms.Form):
    """That the terms were read, and are agreed to."""

    edition = forms.CharField(widget=forms.HiddenInput)
    agrees = forms.BooleanField(
        label=_("I have read the terms and agree to them for the provider"),
        error_messages={"required": _("Tick that you agree. If something in the terms does not suit you, ring us.")},
    )

    def __init__(self, data=None, *, edition):
        super().__init__(data, initial={"edition": edition})


class SendForm(forms.Form):
    """What they would like to say with it; the answer, where the carers team has asked."""

    words = forms.CharField(
        label=_("Would you like to tell us anything else?"),
        max_length=2000,
        required=False,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data=None, *, asked):
        super().__init__(data)
        if asked:
            words = self.fields["words"]
            words.label, words.required = _("Your answer"), True
            words.error_messages["required"] = _("Write your answer to our question.")
