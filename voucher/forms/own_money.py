"""What is typed about own money: how a carer pays her share, and what a provider and a council allow."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import wording
from voucher.forms.carer import AskForm
from voucher.models import TopUp


class AskWithOwnMoneyForm(AskForm):
    """The last look before asking for a break of which the carer pays a share herself."""

    seen_own_pence = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    way = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how you will pay."),
            "invalid_choice": _("It can no longer be paid in that way. Choose again."),
        },
    )

    field_order = ["key", "minutes", "seen_price_pence", "seen_own_pence", "starts_at", "way", "note", "share"]

    def __init__(self, *args, ways, provider, own_pence, **kwargs):
        super().__init__(*args, **kwargs)
        field, sum_of_money = self.fields["way"], wording.money(own_pence)
        field.label = _("How will you pay your %(money)s?") % {"money": sum_of_money}
        names = {
            TopUp.Way.CARD: _("By card, on the next page (in English only)"),
            TopUp.Way.DIRECT: _("To %(provider)s directly, on the day") % {"provider": provider.name},
        }
        field.choices = [(way, names[way]) for way in ways]
        if len(ways) == 1:
            field.widget = forms.HiddenInput()
            field.initial = ways[0]


class ProviderOwnMoneyForm(forms.Form):
    """Whether carers may pay the difference to this provider themselves."""

    takes_own_money = forms.BooleanField(
        label=_("Carers may pay the difference themselves"),
        help_text=_("Where a break costs more than is left on the award. We tell you each time who pays how much."),
        required=False,
    )


class SchemeCardsForm(forms.Form):
    """Whether the council's carers may pay the difference by card."""

    takes_cards = forms.BooleanField(
        label=_("Carers may pay the difference by card"),
        help_text=_("Their money goes straight to the provider. Without this they pay the provider on the day."),
        required=False,
    )
