"""A day's list that was kept on paper is typed in afterwards: what was given, and who came without booking (R59)."""

import datetime as dt
from contextlib import suppress
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import wording
from accounts.history import Who
from brochure import catalogue
from providers.access import bookings_required
from voucher import bookings
from voucher.carers import pins
from voucher.door import code_checks, day_entries, walk_ins
from voucher.door.day_entries import Fault
from voucher.forms.provider.day_entries import BookedForm, ByNumberForm, CameForm, DayToEnterForm
from voucher.forms.provider.times import moment
from voucher.ledger.acts import KeyWasUsed
from voucher.models import Booking, WalkIn
from voucher.views.provider.desk import day_of, sessions_of_days
from voucher.views.provider.door import why_no_walk_in

ROWS_BY_NUMBER, ROWS_WITHOUT_BOOKING = 3, 3
# All that is sent is entered in one transaction, and nobody else shall wait for it long.
BOOKED_A_PAGE = 100
DAYS_NAMED = 8
State = Booking.State
# What was said of a break, or can still be said.
ON_A_LIST = [State.CONFIRMED, *Booking.GIVEN, State.DID_NOT_HAPPEN]


class NothingSaved(Exception):
    """A row cannot be entered, so none is."""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@bookings_required
@sensitive_post_parameters()
def enter_day(request, day):
    """The list of a day of the last weeks, to say row by row what was given; all that is sent is saved, or none."""
    now, day = timezone.now(), day_of(day)
    window = request.provider.council.scheme.claim_window_days
    first, last = day_entries.days_that_can_be_entered(timezone.localdate(now), window)
    if not first <= day <= last:
        # An old list is still in somebody's hand: that page says which days can be entered.
        asked_for = urlencode({"day_day": day.day, "day_month": day.month, "day_year": day.year})
        return redirect(f"{reverse('provider:choose_day')}?{asked_for}")
    page = _Page(request, day, now)
    if request.method == "POST" and page.save():
        return redirect(f"{reverse('provider:enter_day', args=[day.isoformat()])}?entered=1")
    context = {
        "day": day,
        "page": page,
        "window": window,
        "entered": "entered" in request.GET,
        # For the list of problems at the top: the first row with something to mend.
        "form": next((form for form in page.forms if form.is_bound and form.errors), None),
    }
    return render(request, "provider/enter_day.html", context)


@require_safe
@never_cache
@bookings_required
def choose_day(request):
    """Choose the day whose list is to be entered: the last week by its days, any other by its date."""
    today = timezone.localdate()
    first, last = day_entries.days_that_can_be_entered(today, request.provider.council.scheme.claim_window_days)
    form = DayToEnterForm(request.GET or None, first=first, last=last)
    if form.is_valid():
        return redirect("provider:enter_day", form.cleaned_data["day"].isoformat())
    week = [today - dt.timedelta(days=back) for back in range(DAYS_NAMED)]
    now, waiting = timezone.now(), {}
    for row in _each_once(sessions_of_days(request.provider, week[-1], today, ON_A_LIST)):
        if not day_entries.is_marked(row) and day_entries.can_be_marked_from(row) <= now:
            day = timezone.localdate(row.starts_at)
            waiting[day] = waiting.get(day, 0) + 1
    named = [(day, waiting.get(day, 0)) for day in week]
    return render(request, "provider/choose_day.html", {"form": form, "week": named})


def _each_once(sessions):
    """Return each booking once a day, by its first session on it."""
    return list({(row.pk, timezone.localdate(row.starts_at)): row for row in reversed(sessions)}.values())[::-1]


def _slot(booking):
    """Return what the rows of one time have in common."""
    return booking.starts_at, booking.offer_id, booking.session or 0


class _Page:
    """The rows of one day's list as forms, and what is saved of them."""

    def __init__(self, request, day, now):
        self.request, self.day, self.now, self.by = request, day, now, Who(user=request.user)
        data = request.POST if request.method == "POST" else None
        rows = _each_once(sessions_of_days(request.provider, day, day, ON_A_LIST))
        self.marked = [row for row in rows if day_entries.is_marked(row)]
        for row in self.marked:
            row.marked_at = day_entries.marked_at(row)
        # What was marked meanwhile has no row any more: what was chosen for it changes nothing.
        begun = [row for row in rows if not day_entries.is_marked(row) and row.starts_at <= now]
        waiting = sorted((row for row in begun if day_entries.can_be_marked_from(row) <= now), key=_slot)
        self.waiting = len(waiting)
        self.sheet = None
        if data is None:
            waiting = self.sheet = Paginator(waiting, BOOKED_A_PAGE).get_page(request.GET.get("page"))
        forms = [BookedForm(data, booking=row) for row in waiting]
        # What is sent is what stood on the page, whatever a colleague has entered since.
        self.booked = [form for form in forms if data is None or form.add_prefix("given") in data]
        self.go_on = [row for row in begun if day_entries.can_be_marked_from(row) > now]
        for row in self.go_on:
            row.can_be_marked_from = day_entries.can_be_marked_from(row)
        self.by_number = [ByNumberForm(data, prefix=f"number-{place}") for place in range(ROWS_BY_NUMBER)]
        live = catalogue.live_offers(on=timezone.localdate(now)).filter(provider=request.provider)
        own = walk_ins.taking_walk_ins(live)
        places = range(ROWS_WITHOUT_BOOKING) if own.exists() else ()
        self.looked_at, self.too_little = [], []
        self.came = [CameForm(data, prefix=f"came-{place}", offers=own) for place in places]

    @property
    def forms(self):
        return [*self.booked, *self.by_number, *self.came]

    @property
    def slots(self):
        """The rows by what begins at one time: [(its first booking, its forms)…]."""
        groups = [list(forms) for _at, forms in groupby(self.booked, key=lambda form: _slot(form.booking))]
        return [(forms[0].booking, forms) for forms in groups]

    @property
    def number_is_typed(self):
        return any(form.is_bound and form["ref"].value() for form in self.by_number)

    @property
    def code_is_typed(self):
        return any(form.is_bound and (form["code"].value() or form["time"].value()) for form in self.came)

    def save(self):
        """Enter all that was typed, or nothing; True where all is done."""
        # Each is looked at, so that everything there is to mend is said at once.
        if [form for form in self.forms if not form.is_valid()]:
            return False
        rows = [(form, row) for form in [*self.booked, *self.by_number] if (row := form.row())]
        came = [form for form in self.came if form.is_filled]
        if not rows and not came:
            messages.error(self.request, _("Nothing is filled in yet."))
            return False
        try:
            # Codes are counted whatever becomes of the list, so they are looked at before anything is written.
            awards = [self._award(form) for form in came]
            if None in awards:
                raise NothingSaved
            with transaction.atomic():
                entered = self._enter(rows)
                taken = [self._take(form, award) for form, award in zip(came, awards, strict=True)]
                if None in taken:
                    raise NothingSaved
        except NothingSaved:
            self._note_looks()
            return False
        self._say(entered, taken)
        return True

    def _enter(self, rows):
        try:
            return day_entries.enter(
                provider=self.request.provider, rows=[row for _form, row in rows], by=self.by, now=self.now
            )
        except day_entries.Faulty as faulty:
            for place, fault in faulty.faults.items():
                form = rows[place][0]
                field = "minutes" if fault == Fault.LENGTH and "minutes" in form.fields else None
                form.add_error(field or ("ref" if "ref" in form.fields else "given"), what_is_wrong(fault))
            raise NothingSaved from faulty

    def _award(self, form):
        """Return the award of the code in a row, or None with the sentence beside it."""
        tried = {"code": form.cleaned_data["code"], "pin": form.cleaned_data["pin"], "by": self.by, "now": self.now}
        try:
            award = code_checks.tried(provider=self.request.provider, **tried)
            code_checks.refuse_often(award=award, now=self.now)
            return award
        except code_checks.Locked as locked:
            sentence = _("Too many codes did not work. Try again from %(again)s on; what you typed above is kept.")
            form.add_error("code", sentence % {"again": wording.time(locked.again_at)})
        except code_checks.PinWanted:
            form.add_error("pin", _("This carer has a PIN. Without it they have to book themselves."))
        except pins.PinLocked:
            form.add_error("pin", _("Too many wrong PINs. Try again in an hour, or ask the carer to ring us."))
        except code_checks.TooOften:
            form.add_error("code", _("Try again in an hour, or ask the carer to ring the carers team."))
        except code_checks.Elsewhere:
            form.add_error("code", _("This code is good in another part of Wales. It cannot pay here."))
        except code_checks.Wrong:
            form.add_error("code", _("This code does not work, or the PIN does not belong to it."))
        return None

    def _take(self, form, award):
        """Book what the PIN vouches for and mark it as given, or ask the carer; return the WalkIn, or None."""
        given, offer = form.cleaned_data, form.cleaned_data["offer"]
        minutes = offer.minutes * given["units"]
        if (starts_at := moment(form, self.day, given["time"])) is None:
            return None
        take = walk_ins.book if award.carer.pin else walk_ins.ask
        self.looked_at.append(award)
        try:
            price = walk_ins.price(award=award, offer=offer, minutes=minutes, starts_at=starts_at)
            row = take(
                award=award,
                offer=offer,
                minutes=minutes,
                starts_at=starts_at,
                seen_price_pence=price.price_pence,
                by=self.by,
                now=self.now,
                key=f"paper/{self.request.provider.pk}/{given['key']}",
            )
        except bookings.AlreadyAsked as refusal:
            sentence = _("This is booked already, with the number %(ref)s. Enter it above by its number.")
            form.add_error("code", sentence % {"ref": refusal.booking.ref})
        except bookings.Refused as refusal:
            self.too_little += [award] if isinstance(refusal, bookings.NotEnough) else []
            form.add_error("code", why_no_walk_in(refusal))
        except KeyWasUsed:
            form.add_error("code", _("This row was sent before. Look at the list of the day."))
        else:
            if row.booking and row.booking.state == State.CONFIRMED:
                bookings.deliver(booking=row.booking, minutes=row.minutes, by=self.by, now=self.now)
            return row
        return None

    def _note_looks(self):
        """Write down what was answered about a code, though nothing was saved; what was too little counts (R72)."""
        about = {"provider": self.request.provider, "by": self.by, "now": self.now}
        for award in self.looked_at:
            code_checks.note_look(award=award, **about)
        for award in self.too_little:
            with suppress(code_checks.Locked):
                code_checks.not_enough(award=award, **about)

    def _say(self, entered, taken):
        asked = [row for row in taken if row.state == WalkIn.State.WAITING]
        marked = len(entered.marked) + len(taken) - len(asked)
        if marked:
            words = ngettext("Entered: %(count)s break.", "Entered: %(count)s breaks.", marked)
            messages.success(self.request, words % {"count": marked})
        for row in entered.marked_before:
            words = _("%(ref)s was already marked on %(day)s. Nothing has changed.")
            day = wording.day(day_entries.marked_at(row))
            messages.info(self.request, words % {"ref": row.ref, "day": day})
        if asked:
            words = ngettext(
                "%(count)s carer is asked for their yes. You find the booking on the list once they have said it.",
                "%(count)s carers are asked for their yes. You find the bookings on the list once they have said it.",
                len(asked),
            )
            messages.info(self.request, words % {"count": len(asked)})


def what_is_wrong(fault):
    """Say beside a row why it cannot be entered."""
    return {
        Fault.UNKNOWN: _("We find no booking of yours with this number. Check it against the paper."),
        Fault.TWICE: _("This number is on the list twice, with two different answers."),
        Fault.NOT_YET: _("This has not begun yet, or the course goes on. Say it once the last of it has begun."),
        Fault.TOO_LATE: _("This is too long ago to be entered here. Ring the carers team."),
        Fault.LENGTH: _("So much cannot be given of this break. Enter it in steps of 15 minutes, or as a whole."),
        Fault.ENDED: _("This booking was not confirmed, or it was cancelled. Ring the carers team if it was given."),
    }[fault]
