"""What the carers team types for a provider that it has rung: what became of a break, and a claim after its time."""

from django import forms
from django.utils.translation import gettext_lazy as _

from voucher.claiming.claims import LateReason
from voucher.forms.provider.bookings import ClaimForm, DidNotHappenForm


class NotGivenForm(DidNotHappenForm):
    """What happened instead of the break, as the provider told it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["why"].choices = [
            (self.NOBODY_CAME, _("The carer did not come, or nobody was at home")),
            (self.WE_COULD_NOT, _("The provider could not give the break")),
        ]


class LateClaimForm(ClaimForm):
    """What to claim for a provider after the claim window (R15), and why it is late."""

    late_reason = forms.ChoiceField(
        label=_("Why is it late?"),
        choices=LateReason,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose why it is late."),
            "invalid_choice": _("Choose a reason from the list."),
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["bookings"].label = _("Which breaks do you claim?")
        self.fields["bookings"].help_text = _(
            "All of this provider's that were not claimed in time. Tick what it agrees."
        )
        self.fields["invoice_number"].label = _("The provider's invoice number")
        self.fields["invoice_number"].help_text = _("Only if it uses invoices. It is printed on the remittance advice.")
