"""What the carers team types: whom an award is for, how much it is, and what to look for."""

import uuid

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.forms import DayField
from accounts.models import Language
from voucher import rules
from voucher.models import Award, Carer, Fund
from voucher.pilot import cells

NOT_ASKED = "not-asked"


class SearchForm(forms.Form):
    """One box for a name, a reference, the last four of a code, a booking or a provider."""

    words = forms.CharField(
        label=_("Find a carer, an award, a booking or a provider"),
        help_text=_("A name, a postcode, a reference, or the last four of a code."),
        max_length=80,
        error_messages={"required": _("Enter what you are looking for.")},
    )


class FundField(forms.ModelChoiceField):
    def label_from_instance(self, fund):
        left = wording.amount(fund.account.allocated - fund.account.issued, fund.account.unit)
        return gettext("%(fund)s (%(left)s left)") % {"fund": fund.name, "left": left}


class CellField(forms.CharField):
    """Text that is read as the first day's files are read, with the same sentences."""

    def __init__(self, *, read, **options):
        self.read = read
        super().__init__(**options)

    def clean(self, value):
        typed = super().clean(value)
        try:
            return self.read(typed) if typed else typed
        except cells.Wrong as wrong:
            raise forms.ValidationError(str(wrong)[:1].upper() + str(wrong)[1:]) from None


class AwardForm(forms.Form):
    """The award itself: from which fund, how much, from when, and on which assessment."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    assessment_ref = forms.CharField(
        label=_("Reference of the carer's needs assessment"),
        max_length=40,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
        error_messages={"required": _("Enter the reference of the assessment.")},
    )
    assessment_date = DayField(label=_("Day of the assessment"))
    fund = FundField(
        label=_("Fund"),
        queryset=Fund.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose a fund."), "invalid_choice": _("Choose a fund from the list.")},
    )
    value = forms.CharField(
        label=_("How much"),
        help_text=_("Pounds like 300 or 62.50, or hours like 16, as the fund is."),
        max_length=12,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "inputmode": "decimal"}),
        error_messages={"required": _("Enter how much the award is.")},
    )
    first_day = DayField(label=_("First day"), help_text=_("The award can be used for six months from this day."))

    def __init__(self, *args, council, today, **options):
        super().__init__(*args, **options)
        self.council, self.today = council, today
        self.fields["fund"].queryset = Fund.objects.filter(council=council).select_related("account")
        self.fields["assessment_date"].last = today
        self.fields["first_day"].initial = today

    def clean(self):
        given = super().clean()
        fund, value, assessed = given.get("fund"), given.get("value"), given.get("assessment_date")
        if fund and value:
            self._read_value(fund.account, value)
        if assessed and given.get("first_day") and given["first_day"] < assessed:
            self.add_error("first_day", gettext("The award cannot begin before the assessment."))
        ref = given.get("assessment_ref")
        other = ref and Award.objects.filter(council=self.council, assessment_ref__iexact=ref).first()
        # The same form sent twice is answered with the award that the first one made.
        if other and other.account.transfers.first().op_key != f"{given.get('key')}/award":
            words = gettext("This assessment has award %(ref)s already.")
            self.add_error("assessment_ref", words % {"ref": other.ref})
        return given

    def _read_value(self, account, value):
        try:
            read = cells.pence if account.unit == "pence" else cells.minutes_of_hours
            amount = read(value.strip().lstrip("£").replace(",", ""))
        except cells.Wrong as wrong:
            return self.add_error("value", str(wrong)[:1].upper() + str(wrong)[1:])
        most = rules.worker_limit(self.council.scheme, account.unit)
        if not amount:
            return self.add_error("value", gettext("An award must be of more than nothing."))
        if amount > most:
            words = gettext("You can issue up to %(most)s on your own. Enter that or less.")
            return self.add_error("value", words % {"most": wording.amount(most, account.unit)})
        if amount > account.allocated - account.issued:
            words = gettext("The fund has only %(left)s left.")
            return self.add_error(
                "value", words % {"left": wording.amount(account.allocated - account.issued, account.unit)}
            )
        self.cleaned_data["amount"] = amount


class NewCarerForm(AwardForm):
    """An award for a carer we do not know yet."""

    DETAILS = (
        *("first_name", "last_name", "address", "town", "postcode", "phone", "email"),
        *("born_on", "language", "contact_by", "print_size"),
    )

    first_name = forms.CharField(
        label=_("First name"), max_length=60, error_messages={"required": _("Enter the carer's first name.")}
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=60, error_messages={"required": _("Enter the carer's last name.")}
    )
    address = forms.CharField(
        label=_("House and street"), max_length=160, error_messages={"required": _("Enter the house and the street.")}
    )
    town = forms.CharField(label=_("Town"), max_length=60, error_messages={"required": _("Enter the town.")})
    postcode = CellField(
        label=_("Postcode"),
        read=cells.postcode,
        max_length=10,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5"}),
        error_messages={"required": _("Enter the postcode.")},
    )
    born_on = DayField(
        label=_("Date of birth"),
        help_text=_("Only where the carer is under 18: then we hide what is for adults."),
        required=False,
    )
    phone = CellField(label=_("Telephone"), read=cells.phone, max_length=30, required=False)
    email = CellField(label=_("E-mail"), read=cells.email, max_length=254, required=False)
    language = forms.ChoiceField(
        label=_("Language for letters and calls"),
        choices=[
            (Language.WELSH, _("Welsh")),
            (Language.ENGLISH, _("English")),
            (NOT_ASKED, _("Not asked yet: write in both")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a language, or say that it was not asked yet.")},
    )
    contact_by = forms.ChoiceField(
        label=_("How we reach them"),
        choices=Carer.ContactBy,
        widget=forms.RadioSelect,
        initial=Carer.ContactBy.POST,
        error_messages={"required": _("Choose how we reach them.")},
    )
    print_size = forms.ChoiceField(
        label=_("Print"),
        choices=Carer.PrintSize,
        widget=forms.RadioSelect,
        initial=Carer.PrintSize.STANDARD,
        error_messages={"required": _("Choose a size of print.")},
    )
    someone_else = forms.BooleanField(label=_("This is someone else"), required=False, widget=forms.CheckboxInput)
    field_order = [*DETAILS, "someone_else"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["born_on"].last = self.today
        # Asked only when somebody like this is known.
        self.alike = self._known() if self.is_bound else None
        if self.alike is None:
            del self.fields["someone_else"]

    def _known(self):
        name, postcode = (str(self.data.get(field, "")).strip() for field in ("last_name", "postcode"))
        email = str(self.data.get("email", "")).strip()
        postcode = " ".join(postcode.upper().split())
        if " " not in postcode and len(postcode) > 3:
            postcode = f"{postcode[:-3]} {postcode[-3:]}"
        same = Q(last_name__iexact=name, postcode=postcode) | (Q(email__iexact=email) if email else Q(pk=None))
        # The same form sent twice finds the carer that the first one added; that is no double.
        return (
            Carer.objects.filter(same, council=self.council)
            .exclude(awards__account__transfers__op_key=f"{self.data.get('key')}/award")
            .first()
        )

    def clean(self):
        given = super().clean()
        way = {"email": "email", "sms": "phone"}.get(given.get("contact_by"))
        if way and not given.get(way) and way not in self.errors:
            self.add_error(way, gettext("To reach the carer this way we need this."))
        if self.alike and not given.get("someone_else"):
            words = gettext("We know %(name)s, %(postcode)s. Tick that this is someone else, or use what we know.")
            known = {"name": self.alike, "postcode": self.alike.postcode}
            self.add_error("someone_else", words % known)
        return given

    def clean_language(self):
        language = self.cleaned_data["language"]
        return "" if language == NOT_ASKED else language

    def details(self):
        return {name: self.cleaned_data[name] for name in self.DETAILS}
