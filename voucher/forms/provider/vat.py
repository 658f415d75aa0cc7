"""What the owner of a provider types about VAT."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField
from providers import vat
from providers.models import Provider
from voucher.pilot import cells


class VatForm(forms.Form):
    """The provider's VAT number, and for breaks of which days it counts (R50)."""

    vat_treatment = forms.ChoiceField(
        label=_("How are your breaks treated for VAT?"),
        choices=Provider.Vat,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    vat_number = forms.CharField(
        label=_("VAT number"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "spellcheck": "false"}),
    )
    vat_from = DayField(
        label=_("It counts for breaks from this day"),
        help_text=_("The day from which you are registered. Breaks before it have no VAT."),
        required=False,
    )
    vat_until = DayField(
        label=_("It counts for breaks until this day"),
        help_text=_("Only if you are no longer registered after it."),
        required=False,
    )

    def __init__(self, *args, was_registered, **options):
        super().__init__(*args, **options)
        self.was_registered = was_registered

    def clean_vat_number(self):
        typed = self.cleaned_data["vat_number"]
        try:
            return cells.vat_number(typed) if typed else ""
        except cells.Wrong as wrong:
            raise forms.ValidationError(str(wrong)) from None

    def clean(self):
        cleaned = super().clean()
        needs_number = cleaned.get("vat_treatment") in vat.NEEDS_A_NUMBER
        if needs_number and not cleaned.get("vat_number") and "vat_number" not in self.errors:
            self.add_error("vat_number", _("Enter your VAT number: without it there is no VAT in your prices."))
        first, last = cleaned.get("vat_from"), cleaned.get("vat_until")
        if needs_number and not self.was_registered and not first and "vat_from" not in self.errors:
            # Without it the breaks of before, not claimed yet, would all have VAT.
            self.add_error("vat_from", _("Enter the first day of your registration: it is on the letter from HMRC."))
        if first and last and last < first:
            self.add_error("vat_until", _("The last day is before the first. Check both."))
        return cleaned
