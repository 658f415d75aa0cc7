"""What share of the breaks, and of the money, went to each kind of organisation, in one financial year.

A break counts on the day it was given, also one that cost nothing; money counts on the day on which it was paid, and
what a provider gave back by invoice (R69) is less on the day on which that came in.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Sum

from accounts import days
from providers.models import Provider
from voucher.carers.outcomes import given_breaks
from voucher.models import InvoicePaymentLine, PaymentRun, RunLine

Form = Provider.LegalForm
# What section 16 of the Social Services and Well-being (Wales) Act 2014 asks a council to promote.
PROMOTED = (Form.CHARITY, Form.CIC, Form.SOCIAL_ENTERPRISE, Form.CO_OPERATIVE, Form.VOLUNTEERS)
APRIL = 4


@dataclass
class Share:
    """How many breaks and how much money went to some providers, and of how many and how much; pence."""

    breaks: int
    all_breaks: int
    pence: int
    all_pence: int

    @property
    def breaks_percent(self):
        return percent(self.breaks, self.all_breaks)

    @property
    def pence_percent(self):
        return percent(self.pence, self.all_pence)


@dataclass
class Figures:
    """A year's shares: of each legal form, of those that are promoted, and of those that are led by their users."""

    first_day: dt.date
    last_day: dt.date
    by_form: list
    promoted: Share
    user_led: Share
    whole: Share


def percent(part, whole):
    """Return whole per cent, half up; of nothing it is nothing. Less than nothing was taken back."""
    return (200 * part + whole) // (2 * whole) if whole > 0 else 0


def year_of(day):
    """Return the year in which the financial year of a day began: April to March."""
    return day.year - (day.month < APRIL)


def figures(council, *, year):
    """Return the Figures of a council for April of that year to the March after it, in three queries."""
    first, last = dt.date(year, APRIL, 1), dt.date(year + 1, APRIL - 1, 31)
    given = given_breaks().filter(council=council, starts_at__gte=days.midnight(first), starts_at__lt=days.end_of(last))
    keys = ("provider__legal_form", "provider__is_user_led")
    breaks = {row[:2]: row[2] for row in given.order_by().values_list(*keys).annotate(Count("pk"))}
    paid = RunLine.objects.filter(run__council=council, run__state=PaymentRun.State.RELEASED, live=True)
    paid = paid.filter(run__pay_on__range=(first, last)).order_by()
    money = Counter({row[:2]: row[2] for row in paid.values_list(*keys).annotate(Sum("amount_pence"))})
    back = InvoicePaymentLine.objects.filter(payment__invoice__council=council, payment__paid_on__range=(first, last))
    of_invoice = [f"payment__invoice__{key}" for key in keys]
    money.update({row[:2]: row[2] for row in back.order_by().values_list(*of_invoice).annotate(Sum("amount_pence"))})
    every = {*breaks, *money}

    def share(wanted):
        chosen = [key for key in every if wanted(key)]
        return Share(
            sum(breaks.get(key, 0) for key in chosen),
            sum(breaks.values()),
            sum(money.get(key, 0) for key in chosen),
            sum(money.values()),
        )

    return Figures(
        first_day=first,
        last_day=last,
        by_form=[(form, share(lambda key, form=form: key[0] == form)) for form in Form],
        promoted=share(lambda key: key[0] in PROMOTED),
        user_led=share(lambda key: key[1]),
        whole=share(lambda key: True),
    )
