"""What a carer types about themself: an address and its code, a PIN, how we write, and who may help."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import composing
from accounts.forms import DayField, EmailField
from accounts.models import Language
from voucher import rules
from voucher.forms.codes import CodeForm
from voucher.models import Carer, Permission

FOUR = {"inputmode": "numeric", "autocomplete": "off", "class": "govuk-input--width-4", "maxlength": "4"}
PIN_WORDS = {
    "required": _("Type the 4 numbers of the PIN."),
    "invalid": _("A PIN has 4 numbers, like 7 2 9 4, and nothing else."),
}


class PinField(forms.RegexField):
    """Four digits, hidden while they are typed."""

    def __init__(self, **options):
        words = PIN_WORDS | options.pop("error_messages", {})
        options.setdefault("widget", forms.PasswordInput(attrs=FOUR))
        super().__init__(r"^[0-9]{4}\Z", error_messages=words, **options)


class AddressForm(forms.Form):
    """The e-mail address with which the carer will sign in."""

    email = EmailField(
        label=_("Your e-mail address"),
        help_text=_("We send a code to it, to see that it is yours."),
        error_messages={"required": _("Enter your e-mail address.")},
        autocomplete="email",
    )


class AddressCodeForm(forms.Form):
    """The code that came by e-mail."""

    code = forms.CharField(
        label=_("Code from the e-mail"),
        max_length=20,
        error_messages={
            "required": _("Enter the code from the e-mail."),
            "max_length": _("That is not the code. Check the code and type it again."),
        },
        widget=forms.TextInput(
            attrs={
                "class": "govuk-input--width-10",
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
    )


class PinForm(forms.Form):
    """A new PIN, typed twice because nobody sees it; with the old one where only the code is at hand."""

    current = PinField(label=_("Your PIN now"))
    pin = PinField(label=_("Your new PIN"), help_text=_("4 numbers that nobody would guess. Not 1234, not a year."))
    again = PinField(label=_("The same PIN again"), error_messages={"required": _("Type the PIN a second time.")})

    def __init__(self, *args, carer, asks_current, **kwargs):
        super().__init__(*args, **kwargs)
        self.carer = carer
        if not asks_current:
            del self.fields["current"]

    def clean_pin(self):
        pin = self.cleaned_data["pin"]
        if rules.is_weak_pin(pin, phone=self.carer.phone):
            raise forms.ValidationError(_("Many people would try this PIN first. Choose another."))
        return pin

    def clean(self):
        data = super().clean()
        if "pin" in data and "again" in data and data["pin"] != data["again"]:
            self.add_error("again", _("The two PINs are not the same. Type them again."))
        return data


class PreferencesForm(forms.Form):
    """In which language, by what way and in what print we write."""

    # The empty answer is one of the answers: both languages.
    all_is_optional = True

    language = forms.ChoiceField(
        label=_("Which language shall we write in?"),
        choices=[*Language.choices, ("", _("Both"))],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one from the list.")},
    )
    contact_by = forms.ChoiceField(
        label=_("How shall we write to you?"),
        choices=Carer.ContactBy,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how we write to you."), "invalid_choice": _("Choose one from the list.")},
    )
    print_size = forms.ChoiceField(
        label=_("How large shall the print be?"),
        help_text=_("For our letters, and for these pages."),
        choices=Carer.PrintSize,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a print size."), "invalid_choice": _("Choose one from the list.")},
    )

    def __init__(self, *args, carer, **kwargs):
        initial = {name: getattr(carer, name) for name in ("language", "contact_by", "print_size")}
        super().__init__(*args, initial=initial, **kwargs)
        self.carer = carer

    def clean_contact_by(self):
        way = self.cleaned_data["contact_by"]
        if way == Carer.ContactBy.EMAIL and not self.carer.email:
            raise forms.ValidationError(_("We have no e-mail address for you. Ring us, and we will note it."))
        if way == Carer.ContactBy.SMS and not self.carer.phone:
            raise forms.ValidationError(_("We have no telephone number for you. Ring us, and we will note it."))
        return way


class PermissionForm(forms.Form):
    """Who may act for the carer, as what, and from which day to which."""

    name = forms.CharField(
        label=_("Their name"),
        max_length=120,
        error_messages={
            "required": _("Enter the name of the person who helps you."),
            "max_length": _("The name can have 120 letters at most."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = EmailField(
        label=_("Their e-mail address"),
        help_text=_("They sign in with it. We write to them how."),
        error_messages={"required": _("Enter the e-mail address of the person who helps you.")},
    )
    kind = forms.ChoiceField(
        label=_("Who are they?"),
        choices=[choice for choice in Permission.Kind.choices if choice[0] != Permission.Kind.VOLUNTEER],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose who they are to you."),
            "invalid_choice": _("Choose one from the list."),
        },
    )
    first_day = DayField(label=_("From which day?"))
    last_day = DayField(
        label=_("Until which day?"), help_text=_("At most 12 months. You can end it sooner at any time.")
    )

    def __init__(self, *args, today, **kwargs):
        super().__init__(*args, initial={"first_day": today}, **kwargs)
        self.fields["first_day"].first = today

    def clean_name(self):
        # It stands in messages to the carer, where a line break would begin words of its own.
        return composing.one_line(self.cleaned_data["name"])

    def clean(self):
        data = super().clean()
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day must be on the first day or after it."))
        elif first and last and not rules.permission_may_last(first, last):
            self.add_error("last_day", _("It can last 12 months at most. Choose an earlier day."))
        return data


class HelpForm(CodeForm):
    """A helper at the desk: the carer's code, and that the carer is there and agrees."""

    agrees = forms.BooleanField(
        label=_("The carer is here with me and agrees that I act for them"),
        required=False,
    )
    pin = PinField(
        label=_("The carer’s PIN"),
        help_text=_("Instead of the tick, or where the code is kept in an account. The carer types it."),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("The carer’s code")


class ProveForm(forms.Form):
    """The PIN, where more is at stake than a break."""

    pin = PinField(label=_("Your PIN"))
