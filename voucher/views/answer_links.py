"""Answering a request from the message itself: one page that asks once more, and afterwards says what became of it.

Whoever has the link needs no sign-in, so the page shows what the message showed and no more: never how to reach
the carer, nor what the carer wrote.
"""

from functools import wraps

from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import limits, wording
from accounts.history import Who
from voucher import bookings
from voucher.forms.provider.bookings import DeclineForm, length_in_words
from voucher.forms.provider.times import SuggestForm
from voucher.messages import answer_links
from voucher.models import Booking
from voucher.views.provider.clocks import clock
from voucher.views.provider.times import free_times

BY = Who(label="link in a message")
PRESSES, SECONDS = 30, 15 * 60
State = Booking.State


def kept_to_itself(view):
    """Send no address of this page to anybody, keep no copy of it, and let no search engine list it.

    Only the site's name goes along as the referrer. Without any, a browser would not say either that the form comes
    from here, and the press would be refused.
    """

    @wraps(view)
    def guarded(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return never_cache(guarded)


@require_http_methods(["GET", "HEAD", "POST"])
@kept_to_itself
@sensitive_variables("token")
def answer(request, token):
    """Ask whether to accept, decline or suggest other times; a press does it, once. R57."""
    now = timezone.now()
    try:
        link = answer_links.read(token, now)
    except answer_links.Unknown:
        return render(request, "answer/unknown.html", status=404)
    row = link.booking
    if not link.is_open(now):
        return _page(request, "answer/over.html", row, became=became(link, now))
    if link.purpose != answer_links.DECLINE and not row.provider.may_say_yes:
        return _page(request, "answer/paused.html", row, decline=link.token(answer_links.DECLINE))
    pressed = request.method == "POST"
    if pressed and not limits.allow(f"answer_link:{limits.client_key(request)}", PRESSES, SECONDS, now):
        return render(request, "429.html", status=429)
    form = _form(link, request.POST if pressed else None, now)
    if pressed and form is None:
        return _do(request, link, form, now, bookings.confirm)
    if pressed and form.is_valid():
        if link.purpose == answer_links.DECLINE:
            return _do(request, link, form, now, bookings.decline, **form.cleaned_data)
        return _do(request, link, form, now, bookings.suggest, starts=form.cleaned_data["starts"])
    return _ask(request, link, form, now)


def became(link, now):
    """Say in a sentence how the request of a link stands that can no longer be answered with it."""
    row = link.booking
    if row.state == State.REQUESTED and row.answer_by > now:
        return _("The carer has asked for another time since then. You have a newer message, with new links.")
    return {
        State.UNPAID: _("The carer has not paid their own share yet, so there is nothing to answer."),
        State.REQUESTED: _("The time to answer has run out, so the request goes back to the carer."),
        State.COUNTERED: _("Other times were suggested. The carer has not chosen yet."),
        State.CONFIRMED: _("This request is confirmed, and the carer is told."),
        State.DECLINED: _("This request was declined. The carer is told, and everything has gone back to them."),
        State.TIMED_OUT: _("The time to answer had run out, so the request has gone back to the carer."),
        State.CANCELLED: _("This was cancelled, so there is nothing to answer."),
        State.DELIVERED: _("This break has been given."),
        State.DID_NOT_HAPPEN: _("This break did not take place."),
        State.CLAIMED: _("This break has been given, and claimed."),
    }[row.state]


def _form(link, data, now):
    """Return what is to be filled in, or None where a single press is enough."""
    if link.purpose == answer_links.DECLINE:
        return DeclineForm(data)
    if link.purpose == answer_links.SUGGEST:
        return SuggestForm.pressed(data, free=free_times(link.booking, now), now=now)
    return None


def _do(request, link, form, now, verb, **arguments):
    try:
        by = Who(user=link.post.user) if link.post else BY
        # A link answers the time for which it was written, also where the carer changes it in this very moment.
        verb(booking=link.booking, by=by, now=now, seen_starts_at=link.starts_at, **arguments)
    except bookings.BadTime as bad:
        form.say(bad)
        return _ask(request, link, form, now)
    except bookings.NotLive:
        return _page(request, "answer/paused.html", link.booking, decline=link.token(answer_links.DECLINE))
    except bookings.BookingMoved:
        # Somebody was quicker, or the time has just run out: the page itself says what became of it.
        pass
    return redirect(request.path)


def _ask(request, link, form, now):
    others = {purpose: link.token(purpose) for purpose in answer_links.PURPOSES if purpose != link.purpose}
    asked = {"form": form, "purpose": link.purpose, "others": others, "clock": clock(link.booking.answer_by, now)}
    return _page(request, "answer/ask.html", link.booking, **asked)


def _page(request, template, row, **context):
    price = wording.money(row.price_pence) if row.price_pence else _("Free")
    facts = [
        (_("When"), capfirst(wording.span(row.starts_at, row.ends_at))),
        (_("How long"), length_in_words(row, row.minutes)),
        (_("Price agreed"), price),
        (_("Booking"), row.ref),
    ]
    context |= {
        "booking": row,
        "facts": [{"key": key, "value": value} for key, value in facts],
        "scheme": row.council.scheme,
    }
    return render(request, template, context)
