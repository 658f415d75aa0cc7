"""What finance types to withhold the payments to a provider, and to let them go again."""

from django import forms
from django.utils.translation import gettext_lazy as _

from providers.models import Provider
from voucher.claiming import withholding

REASON_MOST = 500
TOO_LONG = _("The reason can be 500 letters long. Make it a little shorter.")


class WithholdForm(forms.Form):
    """Whose payments wait, and why."""

    provider = forms.ModelChoiceField(
        Provider.objects.none(),
        to_field_name="ref",
        empty_label=_("Choose"),
        label=_("Whose payments should wait?"),
        error_messages={
            "required": _("Choose a provider."),
            "invalid_choice": _("Choose a provider that has claimed, and is still paid."),
        },
    )
    reason = forms.CharField(
        label=_("Why should they wait?"),
        help_text=_("Finance and the auditor read this; the provider does not. Do not name a carer."),
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the payments should wait."), "max_length": TOO_LONG},
    )

    def __init__(self, *args, council, **kwargs):
        super().__init__(*args, **kwargs)
        claimed = Provider.objects.filter(claims__council=council).distinct().order_by("name", "pk")
        held = withholding.standing(council).values("provider")
        self.fields["provider"].queryset = claimed.exclude(pk__in=held)


class LetGoForm(forms.Form):
    """Why payments that waited are made again."""

    reason = forms.CharField(
        label=_("Why can they be paid again?"),
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the payments can be made again."), "max_length": TOO_LONG},
    )
