"""The settings of the scheme, for the council's administrators: the carers team and its awards, and providers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import composing
from accounts.forms import TOO_LONG, EmailField
from accounts.models import Scheme
from voucher.forms.provider.joining import ReadField
from voucher.pilot import cells

WEEKDAYS = [(0, _("Monday")), (1, _("Tuesday")), (2, _("Wednesday")), (3, _("Thursday")), (4, _("Friday"))]


class TeamSettingsForm(forms.Form):
    """How the carers team is reached, as every page, letter and paper says it, and how long an award lasts (R1)."""

    team_phone = ReadField(
        label=_("The carers team’s telephone number"),
        help_text=_("It stands on every page and every voucher. What is printed already keeps the number it has."),
        max_length=30,
        read=cells.phone,
        words=_("Enter a telephone number, like 01443 815588."),
        error_messages={"required": _("Enter a telephone number.")},
        widget=forms.TextInput(attrs={"type": "tel", "class": "govuk-input--width-20", "autocomplete": "off"}),
    )
    team_email = EmailField(
        label=_("The carers team’s e-mail address"),
        help_text=_("What waits for the team is written here too."),
        max_length=254,
        error_messages={"required": _("Enter an e-mail address."), "max_length": TOO_LONG},
    )
    team_address = forms.CharField(
        label=_("The carers team’s postal address"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off"}),
        error_messages={"required": _("Enter a postal address."), "max_length": TOO_LONG},
    )
    validity_months = forms.IntegerField(
        label=_("Months for which a new award lasts"),
        help_text=_("Awards that carers have already keep their last day."),
        min_value=1,
        max_value=24,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["validity_months"]
        words = _("Enter a whole number from %(least)s to %(most)s.") % {"least": 1, "most": 24}
        field.error_messages = dict.fromkeys(["required", "invalid"], words)
        for validator in field.validators:
            validator.message = words

    def clean_team_address(self):
        lines = map(composing.one_line, self.cleaned_data["team_address"].splitlines())
        return "\n".join(filter(None, lines))


class ProviderSettingsForm(forms.ModelForm):
    """How long providers are given, when they are paid, and from when on the carers team looks in."""

    run_weekday = forms.TypedChoiceField(
        label=_("On which day of the week are claims gathered for payment?"),
        help_text=_("Providers are told their pay day from this. After a bank holiday it is the next working day."),
        choices=WEEKDAYS,
        coerce=int,
        widget=forms.RadioSelect,
    )

    # Least and most of each figure, so that a slip of the finger promises nothing impossible.
    LIMITS = {
        "pay_working_days": (2, 15),
        "account_working_days": (1, 10),
        "joining_working_days": (1, 40),
        "provisional_months": (0, 12),
        "price_notice_days": (0, 90),
        "price_rise_percent": (0, 100),
        "unanswered_before_pause": (2, 10),
        "answer_working_days": (1, 10),
        "answer_working_days_overnight": (1, 15),
        "claim_window_days": (14, 365),
        "free_cancel_hours": (0, 168),
        "late_cancel_percent": (0, 100),
    }

    class Meta:
        model = Scheme
        fields = [
            *("run_weekday", "pay_working_days", "account_working_days", "joining_working_days"),
            *("provisional_months", "price_notice_days", "price_rise_percent", "unanswered_before_pause"),
            *("answer_working_days", "answer_working_days_overnight", "claim_window_days"),
            *("free_cancel_hours", "late_cancel_percent"),
            "pays_by_card_company",
        ]
        labels = {
            "pay_working_days": _("Working days from that day until the money is there"),
            "account_working_days": _("Working days until a changed bank account is used"),
            "joining_working_days": _("Working days in which you answer a provider who would like to join"),
            "provisional_months": _("Months in which somebody looks after a new provider"),
            "price_notice_days": _("Days before a dearer price may begin"),
            "price_rise_percent": _("Per cent above which you look at a dearer price first"),
            "unanswered_before_pause": _("Requests in a row without an answer until a provider is paused"),
            "answer_working_days": _("Working days in which a provider answers a request"),
            "answer_working_days_overnight": _("Working days in which a provider answers a request for a night"),
            "claim_window_days": _("Days after a break in which it is claimed"),
            "free_cancel_hours": _("Hours before a break until which a carer cancels free of charge"),
            "late_cancel_percent": _("Per cent of the price that a later cancellation costs"),
            "pays_by_card_company": _("Pay providers through the card company, where they have an account there"),
        }
        help_texts = {
            "pay_working_days": _("Bacs needs two at least, counted from the release of the payment run."),
            "answer_working_days": _(
                "What is asked for already keeps its time. A carer has as many to take one of the times suggested."
            ),
            "claim_window_days": _(
                "It counts for what was given already too, and for how long a carer may say that less took place."
            ),
            "free_cancel_hours": _("What is booked keeps its terms. A provider can be kinder, never stricter."),
            "pays_by_card_company": _(
                "Only where the council itself has its account with Stripe, and keeps enough money there on pay days."
            ),
        }

    def __init__(self, *args, cards_possible, **kwargs):
        super().__init__(*args, **kwargs)
        for name, (least, most) in self.LIMITS.items():
            limits = {"min_value": least, "max_value": most}
            old = self.fields[name]
            self.fields[name] = forms.IntegerField(label=old.label, help_text=old.help_text, **limits)
            words = _("Enter a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
            self.fields[name].error_messages = dict.fromkeys(["required", "invalid"], words)
            for validator in self.fields[name].validators:
                validator.message = words
        if not cards_possible:
            del self.fields["pays_by_card_company"]
