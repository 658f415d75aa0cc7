"""What a provider shows: a paper with its number and its end, a worker's check, why an offer needs no registration."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField
from providers import paper_files
from providers.models import DbsCheck, Document
from providers.papers import LET_GO, WITH_AN_END
from voucher.forms.provider.joining import ReadField
from voucher.forms.provider.offer_photos import PHONE_FORMAT
from voucher.pilot import cells

Kind = Document.Kind
BAD_FILES = {
    "empty": _("The file is empty. Choose another."),
    "large": _("The file is larger than 5 MB. Choose a smaller one, or take a photograph of it."),
    "kind": _("We can read PDF files and photographs (JPEG or PNG). Choose one of those."),
    "heic": PHONE_FORMAT,
    "pixels": _("The picture is too large or too small. Take a photograph of the paper with your phone."),
    "damaged": _("The file cannot be read. Save it again, or take a photograph of the paper."),
    "acts": _("The PDF holds a programme or another file. Print it to a new PDF, or take a photograph of it."),
}
BAD_PAPERS = {
    "nothing": ("file", _("Choose a file, or give the number on the paper.")),
    "no_end": ("valid_until", _("Give the last day on which it counts.")),
    "ended": ("valid_until", _("This paper has ended. Show the newer one.")),
    "backwards": ("valid_until", _("The last day is before the first one.")),
}
REFERENCES = {
    Kind.PUBLIC_LIABILITY: _("Policy number"),
    Kind.EMPLOYERS_LIABILITY: _("Policy number"),
    Kind.SAFEGUARDING: _("What it is called, or its version"),
    Kind.DATA_SHARING: _("What it is called, or its version"),
    Kind.CIW: _("Registration number"),
    Kind.FOOD: _("The rating, and where it is shown"),
}
YES_OR_NO = [("yes", _("Yes")), ("no", _("No"))]


class PaperForm(forms.Form):
    """A paper of one kind: a file or its number, its first day and its last."""

    file = forms.FileField(
        label=_("The paper"),
        help_text=_("A PDF or a photograph, up to 5 MB. Only you and the carers team can open it."),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )
    reference = forms.CharField(max_length=60, required=False)

    def __init__(self, *args, kind, **options):
        super().__init__(*args, **options)
        self.fields["reference"].label = REFERENCES[kind]
        self.fields["reference"].help_text = _("Instead of a file, or beside it.")
        has_an_end = kind in WITH_AN_END
        first = _("The day on which it begins to count, also where that is still to come.")
        self.fields["valid_from"] = DayField(label=_("First day"), help_text=first, required=has_an_end)
        hint = _("As it stands on the paper.") if has_an_end else _("Leave it empty where it has no end.")
        self.fields["valid_until"] = DayField(label=_("Last day"), help_text=hint, required=has_an_end)

    def clean(self):
        cleaned = super().clean()
        if self.errors and cleaned.get("file"):
            # A browser sends a file once: without this it would be missing the next time.
            self.add_error("file", _("Choose the file once more, because it could not be kept."))
        return cleaned

    def clean_file(self):
        if self.cleaned_data["file"] is None:
            return None
        try:
            return paper_files.read(self.cleaned_data["file"])
        except paper_files.BadFile as fault:
            raise forms.ValidationError(BAD_FILES[fault.why]) from fault

    def refuse(self, fault):
        """Say what papers.BadPaper says."""
        self.add_error(*BAD_PAPERS[fault.why])


class WhatYouDoForm(forms.Form):
    """Two questions on which it depends what is asked."""

    has_staff = forms.ChoiceField(
        label=_("Does anybody work for you, paid or as a volunteer?"),
        choices=YES_OR_NO,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether anybody works for you.")},
    )
    serves_food = forms.ChoiceField(
        label=_("Do you serve food?"),
        choices=YES_OR_NO,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether you serve food.")},
    )

    @classmethod
    def of(cls, provider, data=None):
        words = {True: "yes", False: "no", None: ""}
        told = {name: words[getattr(provider, name)] for name in ("has_staff", "serves_food")}
        return cls(data, initial=told)

    @property
    def told(self):
        return {name: self.cleaned_data[name] == "yes" for name in ("has_staff", "serves_food")}

    def refuse(self, fault, phone):
        """Say what papers.HasEnded says, beside each answer that it is about."""
        words = _("What you showed for this has ended. If you no longer need it, ring the carers team: %(phone)s.")
        for kind in fault.kinds:
            self.add_error(LET_GO[kind], words % {"phone": phone})


class RegistrationForm(forms.Form):
    """The number of who is registered; once joined it may change, and is never empty again."""

    ciw_number = ReadField(
        label=_("The number"),
        help_text=_("As it stands on your registration."),
        max_length=12,
        read=cells.ciw_number,
        words=_("Enter the number as it stands on your registration, like W123456."),
        error_messages={"required": _("Enter the number.")},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "off"}),
    )

    def refuse(self, number):
        """Say what lapses.Registered says, of the number so far."""
        words = _(
            "The registration that we have accepted has the number %(number)s. Show the new registration with its own "
            "number under “Checks and papers”: once it is accepted, the number changes with it."
        )
        self.add_error("ciw_number", words % {"number": number})


class CheckForm(forms.Form):
    """A provider's word that a worker was checked."""

    person = forms.CharField(
        label=_("Who was checked?"),
        help_text=_("The name you use at work."),
        max_length=80,
        error_messages={"required": _("Say who was checked.")},
    )
    level = forms.ChoiceField(
        label=_("At which level?"),
        choices=[choice for choice in DbsCheck.Level.choices if choice[0] != DbsCheck.Level.NONE],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say at which level.")},
    )
    on_update_service = forms.BooleanField(label=_("It is kept up to date by the DBS Update Service"), required=False)

    def __init__(self, *args, today, **options):
        super().__init__(*args, **options)
        self.fields["issued_on"] = DayField(label=_("Date on the certificate"), last=today)
        self.order_fields(["person", "level", "issued_on", "on_update_service"])


class ExemptionForm(forms.Form):
    """Why an offer with care needs no registration, and what shows it."""

    grounds = forms.CharField(
        label=_("Why do you not have to be registered?"),
        help_text=_("For example: care for four people or fewer at a time."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why you do not have to be registered.")},
    )
    evidence = forms.CharField(
        label=_("What shows it?"),
        help_text=_("For example: a letter of Care Inspectorate Wales and its date. Name nobody you care for."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what shows it.")},
    )
