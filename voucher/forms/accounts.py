"""What is typed about where a provider is paid: by its owner, by who rings back, and when the bank sends money back."""

import re
import uuid

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField, LineField
from voucher.models import ReturnedPayment

MOST = 300
# A browser neither fills in an account nor looks at its spelling.
NOT_FILLED_IN = {"autocomplete": "off", "spellcheck": "false"}
# It stands in the bank file where other payments have our own words: in the letters that Bacs prints, 6 to 18 of them.
ROLL_NUMBER = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9.&/ -]{5,17}$",
    _("Enter the roll number as the building society writes it: 6 to 18 letters and numbers."),
)


class DigitsField(forms.CharField):
    """So many digits, which people write with spaces and dashes; kept without them."""

    def __init__(self, *, digits, words, width, **options):
        look = {"class": f"govuk-input--width-{width}", "inputmode": "numeric"} | NOT_FILLED_IN
        validators = [RegexValidator(rf"^[0-9]{{{digits}}}$", words)]
        super().__init__(validators=validators, widget=forms.TextInput(attrs=look), **options)

    def to_python(self, value):
        return re.sub(r"[\s–-]", "", super().to_python(value))


class AccountForm(forms.Form):
    """The bank account into which a provider would like to be paid."""

    name = LineField(
        label=_("Name on the account"),
        help_text=_("As it stands on your bank statement."),
        max_length=120,
        error_messages={"required": _("Enter the name on the account.")},
        widget=forms.TextInput(attrs=NOT_FILLED_IN),
    )
    sort_code = DigitsField(
        label=_("Sort code"),
        help_text=_("Six digits, as in 12-34-56."),
        digits=6,
        words=_("A sort code has six digits."),
        width=5,
        error_messages={"required": _("Enter the sort code.")},
    )
    account_number = DigitsField(
        label=_("Account number"),
        help_text=_("Eight digits. Put zeros before a shorter number."),
        digits=8,
        words=_("An account number has eight digits."),
        width=10,
        error_messages={"required": _("Enter the account number.")},
    )
    roll_number = LineField(
        label=_("Building society roll number"),
        help_text=_("Only if your account has one."),
        validators=[ROLL_NUMBER],
        max_length=18,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"} | NOT_FILLED_IN),
    )

    def refuse(self, fault):
        """Say which field Bacs cannot take."""
        field, words = {
            "sort_code": ("sort_code", _("Banks do not know this sort code. Look at it again.")),
            "account_number": ("account_number", _("Banks do not know this account number. Look at it again.")),
            # There it stands in the bank file.
            "reference": ("roll_number", ROLL_NUMBER.message),
        }.get(fault.field, ("name", _("Write the name with letters and digits that a bank can print.")))
        self.add_error(field, words)


class ChangedAccountForm(AccountForm):
    """Another account than the one into which a provider is paid now."""

    holds_payments = forms.BooleanField(
        label=_("The account you pay me into now is closed: hold my payments until the new one is used"),
        required=False,
    )


class CallForm(forms.Form):
    """Whom the provider was rung about, and that it was the provider who was rung."""

    spoke_to = forms.CharField(
        label=_("Whom did you speak to?"),
        max_length=120,
        error_messages={"required": _("Enter the name of who answered.")},
    )
    is_right = forms.BooleanField(
        label=_("I rang the number above, and they read the new account out to me themselves"),
        error_messages={"required": _("Ring the number above first, and let them read the account out to you.")},
    )


class RefuseAccountForm(forms.Form):
    """Why a change is not taken."""

    reason = forms.CharField(
        label=_("Why is the account not taken?"),
        help_text=_("The provider reads this."),
        max_length=MOST,
        error_messages={"required": _("Say in a few words why the account is not taken.")},
    )


class ReturnedForm(forms.Form):
    """A payment of a run that the bank sent back."""

    provider = forms.TypedChoiceField(
        label=_("Whose payment came back?"),
        coerce=int,
        error_messages={"required": _("Choose the provider whose payment came back.")},
    )
    reason = forms.ChoiceField(
        label=_("What does the bank say?"),
        choices=ReturnedPayment.Reason,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what the bank says.")},
    )
    returned_on = DayField(
        label=_("On which day did it come back?"),
        error_messages={"required": _("Enter the day on which it came back.")},
    )
    words = forms.CharField(label=_("Anything else (nobody outside finance reads it)"), max_length=200, required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=36)

    def __init__(self, *args, payees, **kwargs):
        kwargs["initial"] = {"key": str(uuid.uuid4())} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = [("", ""), *payees]
