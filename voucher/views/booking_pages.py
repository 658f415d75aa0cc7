"""What the pages of a booking share, a provider's and the carers team's: doing one thing to it, and its facts."""

from django.contrib import messages
from django.db import transaction
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import history, wording
from voucher import bookings
from voucher.forms.provider.bookings import length_in_words


def do(request, row, verb, *, by, goal, said, moved, remember="", **arguments):
    """Do one thing to a booking and say so; where somebody was quicker, say `moved` of how it stands now.

    Where it came to what was wanted, `goal`, it is said as if it were done now. `remember` names one more line of
    history, written with the act or not at all. What else the verb raises goes to the caller.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            verb(booking=row, by=by, now=now, **arguments)
            if remember:
                history.record(act=remember, subject=row, by=by, at=now, council=row.council)
    except bookings.BookingMoved as quicker:
        if quicker.state == goal:
            messages.success(request, said)
        else:
            messages.error(request, moved(quicker.state))
    except bookings.NotYet as early:
        messages.error(request, _("That can be said from %(moment)s.") % {"moment": wording.moment(early.at)})
    else:
        messages.success(request, said)


def facts_agreed(row):
    """Return what both sides agreed to: when, how long, at what price."""
    return [
        {"key": _("When"), "value": capfirst(wording.span(row.starts_at, row.ends_at))},
        {"key": _("How long"), "value": length_in_words(row, row.minutes)},
        {"key": _("Price agreed"), "value": wording.money(row.price_pence) if row.price_pence else _("Free")},
    ]


def facts_after(row, paid):
    """Return how it came out: how much was given, what the provider is paid (in the words of `paid`), what waits."""
    facts = []
    if row.delivered_minutes is not None:
        facts.append({"key": _("Given"), "value": length_in_words(row, row.delivered_minutes)})
    if row.due_pence:
        facts.append({"key": paid, "value": wording.money(row.undisputed_pence)})
    if row.in_question_pence:
        facts.append({"key": _("In question"), "value": wording.money(row.in_question_pence)})
    return facts
