"""What the carers team types about a carer's life and award: a death, a move, an address, more or less to use."""

import copy
import uuid

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.forms import DayField
from accounts.models import Language
from voucher.forms.applications import amount_field
from voucher.forms.team.awards import NOT_ASKED, NewCarerForm
from voucher.granting.award_changes import ChangeReason

REACHED_BY = {"email": "email", "sms": "phone"}


class CircumstanceForm(forms.Form):
    """When it happened, and up to which day the carer's own breaks are honoured."""

    def __init__(self, *args, kind, days, today, **options):
        super().__init__(*args, **options)
        moved = kind == "cared_for_moved"
        label = (
            _("Day of the move") if moved else _("Since when") if kind == "stopped_caring" else _("Day of the death")
        )
        self.fields["happened_on"] = DayField(label=label, last=today)
        if days:
            first, last = days
            words = _("From %(first)s to %(last)s. What is booked later than that is cancelled.")
            words = words % {"first": wording.day(first), "last": wording.day(last)}
            self.fields["honoured_until"] = DayField(
                label=_("Breaks are honoured up to this day"), help_text=words, first=first, last=last, initial=last
            )


class ChangeForm(forms.Form):
    """More to use, or less, and why."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    way = forms.ChoiceField(
        label=_("What is to change?"),
        choices=[("more", _("More to use")), ("less", _("Less to use"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose more or less.")},
    )
    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=ChangeReason,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose a reason from the list.")},
    )

    def __init__(self, *args, unit, **options):
        super().__init__(*args, **options)
        self.fields["amount"] = amount_field(unit, label=_("By how much?"))
        self.order_fields(["key", "way", "amount", "reason"])

    @property
    def signed(self):
        """The amount, less than nothing where the award is to be made smaller."""
        return self.cleaned_data["amount"] * (1 if self.cleaned_data["way"] == "more" else -1)


class CarerForm(forms.Form):
    """Who a carer is and how to reach them; the same fields as when an award is issued."""

    def __init__(self, *args, carer, **options):
        known = {name: getattr(carer, name) for name in NewCarerForm.DETAILS}
        known["language"] = carer.language or NOT_ASKED
        super().__init__(*args, initial=known, **options)
        for name in NewCarerForm.DETAILS:
            self.fields[name] = copy.deepcopy(NewCarerForm.base_fields[name])
        self.fields["language"].choices = [
            (Language.WELSH, _("Welsh")),
            (Language.ENGLISH, _("English")),
            (NOT_ASKED, _("Not asked yet: write in both")),
        ]

    def clean(self):
        given = super().clean()
        way = REACHED_BY.get(given.get("contact_by"))
        if way and not given.get(way) and way not in self.errors:
            self.add_error(way, gettext("To reach the carer this way we need this."))
        return given

    def details(self):
        """Return the fields of a Carer as they are to be."""
        given = {name: self.cleaned_data[name] for name in NewCarerForm.DETAILS}
        return given | {"language": "" if given["language"] == NOT_ASKED else given["language"]}
