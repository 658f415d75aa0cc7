"""What finance types of an invoice to a provider: its number and day, what came in, why it is given up."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField, PoundsField
from voucher.forms.finance import REASON_MOST


class InvoiceForm(forms.Form):
    """The invoice as the council's finance system wrote it."""

    number = forms.CharField(
        label=_("Number of the invoice"),
        help_text=_("As your finance system numbers it."),
        max_length=30,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter the number of the invoice."),
            "max_length": _("An invoice number can be 30 letters and figures long."),
        },
    )
    dated = DayField(label=_("Day of the invoice"), error_messages={"required": _("Enter the day of the invoice.")})
    key = forms.CharField(widget=forms.HiddenInput, max_length=36)

    def __init__(self, *args, today, **kwargs):
        kwargs["initial"] = {"key": str(uuid.uuid4()), "dated": today} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["dated"].last = today


class PaidForm(forms.Form):
    """How much of an invoice came in, and on which day; what had come in before goes along unseen."""

    amount = PoundsField(
        label=_("How much came in?"),
        help_text=_("A part is noted as well: the invoice then shows what is still open."),
        least=1,
        error_messages={"required": _("Enter how much came in.")},
    )

    paid_on = DayField(
        label=_("On which day did the money come in?"),
        error_messages={"required": _("Enter the day on which the money came in.")},
    )

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, *args, invoice, today, **kwargs):
        kwargs["initial"] = {"amount": invoice.open_pence, "seen": invoice.paid_pence}
        super().__init__(*args, **kwargs)
        self.fields["paid_on"].first, self.fields["paid_on"].last = invoice.dated, today


class WithdrawForm(forms.Form):
    """Why an invoice need not be paid; the provider reads it."""

    reason = forms.CharField(
        label=_("Why is it withdrawn?"),
        help_text=_("The provider reads this."),
        max_length=REASON_MOST,
        error_messages={
            "required": _("Say why it is withdrawn."),
            "max_length": _("The reason can be 200 letters long. Make it a little shorter."),
        },
    )


class WriteOffForm(forms.Form):
    """Why the rest of an invoice will never come."""

    reason = forms.CharField(
        label=_("Why will it never come?"),
        help_text=_("Finance and the auditor read this, the provider does not."),
        max_length=REASON_MOST,
        error_messages={
            "required": _("Say why it will never come."),
            "max_length": _("The reason can be 200 letters long. Make it a little shorter."),
        },
    )
