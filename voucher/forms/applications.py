"""What a carer asks the carers team for, and what the team answers."""

import datetime as dt

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.forms import DayField, PoundsField
from voucher.ledger.models import Unit
from voucher.models import Application
from voucher.pilot import cells

Reason = Application.Reason
LONGEST_WORDS = 1_000


class HoursField(forms.CharField):
    """Hours as people type them, "2.5" or "16"; the answer is whole minutes, from `least` to `most`."""

    def __init__(self, *, least=1, most=None, **options):
        self.least, self.most = least, most
        box = forms.TextInput(attrs={"class": "govuk-input--width-5", "inputmode": "decimal"})
        super().__init__(max_length=12, widget=box, **options)

    def prepare_value(self, value):
        return f"{value / 60:g}" if isinstance(value, int) else value

    def clean(self, value):
        typed = super().clean(value)
        try:
            minutes = cells.minutes_of_hours(typed)
        except cells.Wrong:
            raise forms.ValidationError(gettext("Enter hours in quarters, like 2.5 or 16.")) from None
        if minutes < self.least:
            raise forms.ValidationError(gettext("Enter more than nothing."))
        if self.most is not None and minutes > self.most:
            words = gettext("Enter %(most)s or less.")
            raise forms.ValidationError(words % {"most": wording.hours(self.most)})
        return minutes


def amount_field(unit, **options):
    """Return the field for an amount in pounds or in hours, as the award is."""
    if unit == Unit.MINUTES:
        required = {"required": _("Enter how many hours, like 2.5.")}
        return HoursField(error_messages=required, **options)
    return PoundsField(least=1, **options)


class ApplyForm(forms.Form):
    """The reason, from a short list, and words for whoever wants to say more; nobody has to."""

    REASONS = {
        Application.Kind.MORE_TIME: [
            Reason.ILLNESS,
            Reason.HOSPITAL,
            Reason.NOBODY_FREE,
            Reason.BEREAVEMENT,
            Reason.SAVING_UP,
            Reason.OTHER,
        ],
        Application.Kind.MORE_VALUE: [Reason.COSTS_MORE, Reason.ILLNESS, Reason.HOSPITAL, Reason.OTHER],
    }

    reason = forms.ChoiceField(
        label=_("Why do you ask?"),
        help_text=_("Nobody asks you to prove it."),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose a reason from the list.")},
    )
    words = forms.CharField(
        label=_("Is there anything else we should know?"),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args, kind, award, days=None, **options):
        super().__init__(*args, **options)
        if reasons := self.REASONS.get(kind):
            self.fields["reason"].choices = [(each.value, each.label) for each in reasons]
        else:
            del self.fields["reason"]
        if kind == Application.Kind.MORE_TIME:
            first, last = days
            words = _("From %(first)s to %(last)s, the most we can give.")
            words = words % {"first": wording.day(first), "last": wording.day(last)}
            self.fields["until"] = DayField(
                label=_("Until when do you need it?"), help_text=words, first=first, last=last
            )
        if kind == Application.Kind.MORE_VALUE:
            label = _("How many more hours do you need?") if award.in_hours else _("How much more do you need?")
            self.fields["amount"] = amount_field(award.unit, label=label)
        self.order_fields(["until", "amount", "reason", "words"])


class GrantForm(forms.Form):
    """Yes, to the whole or to less."""

    answer = forms.CharField(
        label=_("A word to the carer"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, application, days=None, **options):
        super().__init__(*args, **options)
        award = application.award
        if application.kind == Application.Kind.MORE_TIME:
            first, last = days
            words = _("From %(first)s to %(last)s.")
            words = words % {"first": wording.day(first), "last": wording.day(last)}
            self.fields["until"] = DayField(
                label=_("New last day"),
                help_text=words,
                first=first,
                last=last,
                initial=min(max(application.wanted_until, first), last),
            )
        if application.kind == Application.Kind.MORE_VALUE:
            agreed = application.agreed_amount
            self.fields["amount"] = amount_field(
                award.unit,
                label=_("How many hours to add") if award.in_hours else _("How much to add"),
                most=agreed or application.wanted_amount,
                initial=agreed or application.wanted_amount,
            )
        self.order_fields(["until", "amount", "answer"])


class RefuseForm(forms.Form):
    """No, with the reason, which the carer reads."""

    answer = forms.CharField(
        label=_("Why not"),
        help_text=_("The carer reads this, so write it as you would say it."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write why not: the carer is owed a reason.")},
    )


def day_of(text):
    """Return the day in an address ("2026-09-05"), or None."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
