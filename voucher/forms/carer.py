"""What a carer types or chooses: a code, a length, a day, a time, and what the provider should know."""

import datetime as dt
import uuid

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from brochure.models import Offer
from brochure.wording import length, price_at
from voucher.forms.codes import CodeForm

NOTE_LENGTH = 500


class OpenForm(CodeForm):
    """The code on the voucher, and the page of the carer's own to go on to."""

    # Of any length: whoever typed a good code is let in, wherever they were to go on to.
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # voucher/assets/code.js takes the code from behind the # of the address.
        self.fields["code"].widget.attrs["data-code-from-address"] = ""


class LengthForm(forms.Form):
    """How long the break is, with what each length costs."""

    minutes = forms.TypedChoiceField(
        coerce=int,
        error_messages={
            "required": _("Choose how long."),
            "invalid_choice": _("Choose how long from the list."),
        },
    )

    def __init__(self, *args, offer, quotes, unit, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["minutes"]
        field.label = _("How many nights?") if offer.unit == Offer.Unit.NIGHT else _("How long?")
        field.choices = [(minutes, length_and_amount(offer, minutes, quote, unit)) for minutes, quote in quotes.items()]


class DayForm(forms.Form):
    """One of the days on which the offer is really free."""

    day = forms.ChoiceField(
        label=_("Which day?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a day."),
            "invalid_choice": _("That day is no longer free. Choose another."),
        },
    )

    def __init__(self, *args, days, rates=None, why_not="", **kwargs):
        """Offer these days; `why_not` says why the one that was chosen cannot be had, where it is known."""
        super().__init__(*args, **kwargs)
        if why_not:
            self.fields["day"].error_messages["invalid_choice"] = why_not
        self.fields["day"].choices = [
            (free.day.isoformat(), with_price(capfirst(wording.day(free.day)), free.starts, rates)) for free in days
        ]


class TimeForm(forms.Form):
    """One of the times of that day at which the offer is really free."""

    starts_at = forms.ChoiceField(
        label=_("What time?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a time."),
            "invalid_choice": _("That time is no longer free. Choose another."),
        },
    )

    def __init__(self, *args, starts, rates=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["starts_at"].choices = [
            (as_typed(start), with_price(wording.time(start), [start], rates)) for start in starts
        ]


class AskForm(forms.Form):
    """The last look before asking. What was seen goes along, so that nothing else can be agreed to."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    minutes = forms.IntegerField(widget=forms.HiddenInput)
    seen_price_pence = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    starts_at = forms.DateTimeField(
        label=_("Another time"),
        widget=forms.HiddenInput,
        error_messages={"required": _("Choose a time."), "invalid": _("Choose a time from the list.")},
    )
    note = forms.CharField(
        label=_("Is there anything they should know?"),
        help_text=_("For example how to get in, or what the person you care for likes. Only what they need."),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
        error_messages={"max_length": _("This can be 500 letters long. Make it a little shorter.")},
    )
    share = forms.BooleanField(
        label=_("Show this to the provider when they say yes"),
        help_text=_("Without your tick nobody sees it."),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4

    def clean_starts_at(self):
        starts_at = self.cleaned_data["starts_at"]
        if not is_a_day_of_ours(starts_at):
            raise forms.ValidationError(self.fields["starts_at"].error_messages["invalid"], code="invalid")
        return starts_at

    def offer_times(self, days, rates=None):
        """Show a choice of times instead of the one that is gone."""
        groups = [
            (
                wording.day(free.day),
                [(as_typed(start), with_price(wording.time(start), [start], rates)) for start in free.starts],
            )
            for free in days
        ]
        widget = forms.Select(choices=[("", gettext("Choose another time")), *groups])
        self.fields["starts_at"].widget = widget

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("note") and not cleaned.get("share") and not self.errors:
            self.add_error("share", _("Tick to show what you wrote, or take your words out."))
        return cleaned


def is_a_day_of_ours(moment):
    """True for a moment that every clock can show: the first and the last days of the calendar have no neighbours."""
    return 2000 <= moment.year <= 2100


def as_typed(moment):
    """Return a moment as it stands in an address or a hidden field: "2026-10-16T13:00Z"."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")


def with_price(words, starts, rates):
    """Return a day or a time with what it costs then, where that is not the same at all times."""
    if rates is None or not rates.differ:
        return words
    return gettext("%(when)s: %(price)s") % {"when": words, "price": price_at(rates, starts)}


def length_and_amount(offer, minutes, quote, unit):
    """Return "2½ hours: £62.50", or the length alone where the award is in hours; "from" where the day decides."""
    words = {"length": length(minutes, offer.unit, offer.minutes), "amount": wording.amount(quote.amount, unit)}
    if unit == "minutes" and offer.unit != Offer.Unit.NIGHT:
        return words["length"]
    if quote.is_from and unit != "minutes":
        return gettext("%(length)s: from %(amount)s") % words
    if not quote.amount:
        return gettext("%(length)s: free") % words
    return gettext("%(length)s: %(amount)s") % words
