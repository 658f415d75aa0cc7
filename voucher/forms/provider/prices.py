"""What a provider types about its prices: one a rate, and the day from which they hold."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField, PoundsField
from brochure.models import Offer
from brochure.prices import Rate

MOST_PENCE = 500_000
TOO_MUCH = {"too_much": _("A price can be %(most)s at most. Ring the carers team if it is more.")}


class PricesForm(forms.Form):
    """The prices of one offer from a day on; what is left as it is stays, and one that is emptied is left out."""

    standard = PoundsField(label=_("Monday to Friday"), most=MOST_PENCE, error_messages=TOO_MUCH)
    evening = PoundsField(
        label=_("Monday to Friday, from 6pm"), required=False, most=MOST_PENCE, error_messages=TOO_MUCH
    )
    weekend = PoundsField(label=_("Saturday and Sunday"), required=False, most=MOST_PENCE, error_messages=TOO_MUCH)
    bank_holiday = PoundsField(
        label=_("Bank holidays"),
        help_text=_("Of England and Wales: also Christmas Day and Boxing Day on a weekend."),
        required=False,
        most=MOST_PENCE,
        error_messages=TOO_MUCH,
    )
    first_day = DayField(
        label=_("From which day?"),
        help_text=_("By the day on which a carer asks. A break that is asked for before then keeps its price."),
    )

    def __init__(self, *args, offer, known, today, **kwargs):
        super().__init__(*args, **kwargs)
        self.known, self.is_draft = known, offer.state == Offer.State.DRAFT
        for rate, pence in known.items():
            self.fields[rate].initial = pence
        self.fields["first_day"].first = today
        if offer.unit == Offer.Unit.COURSE:
            self.fields["standard"].label = _("Price of a course")
            for rate in (Rate.EVENING, Rate.WEEKEND, Rate.BANK_HOLIDAY):
                del self.fields[rate]
        elif offer.unit == Offer.Unit.NIGHT:
            # A night counts by the day of arrival, whatever the hour.
            del self.fields[Rate.EVENING]
        if self.is_draft:
            del self.fields["first_day"]

    @property
    def rates(self):
        """{rate: pence} of what was changed; None where the box of a price that is there was emptied.

        A box that says what it said stays out of it: it may say a price that is to come, and none of that day. Where
        no box was changed, all are meant from another day. Of a draft they are all that count.
        """
        typed = {rate: self.cleaned_data[rate] for rate in Rate if rate in self.fields}
        if self.is_draft:
            return {rate: pence for rate, pence in typed.items() if pence is not None}
        typed = {rate: pence for rate, pence in typed.items() if pence is not None or rate in self.known}
        return {rate: pence for rate, pence in typed.items() if pence != self.known.get(rate)} or typed
