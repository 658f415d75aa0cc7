"""What the carers team does for a provider it has rung: answering, saying what became of a break, claiming late."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import history, wording
from accounts.access import carers_team_required
from accounts.history import Who
from accounts.templatetags.look import phone_link
from voucher import bookings
from voucher.carers import looks
from voucher.claiming import claims
from voucher.forms.provider.bookings import DeclineForm, DeliveredForm
from voucher.forms.team.bookings import LateClaimForm, NotGivenForm
from voucher.ledger import acts
from voucher.models import Booking
from voucher.views import booking_pages, history_words
from voucher.views.offer_cards import moment_of
from voucher.views.own_money_words import payment_context
from voucher.views.provider.requests import told
from voucher.views.team.after import after_context
from voucher.views.team.colleagues import not_by_colleagues

State = Booking.State


def booking_of(council, ref):
    """Return the council's own booking with all that its page shows, or 404: another council's is not there."""
    rows = Booking.objects.select_related(
        "offer", "offer_version", "provider", "award__carer", "award__account", "council__scheme", "hold"
    ).prefetch_related("claim_lines__claim")
    return get_object_or_404(rows, council=council, ref=ref)


@require_safe
@never_cache
@carers_team_required
def booking(request, ref):
    row = booking_of(request.council, ref)
    looks.note(award=row.award, by=Who(user=request.user), now=timezone.now())
    return _booking_page(request, row)


@require_POST
@carers_team_required
def confirm(request, ref):
    """The provider said yes on the telephone, to the time that was seen."""
    row = booking_of(request.council, ref)
    said = told(
        row,
        _("Confirmed for the provider. We have told the carer."),
        _("Confirmed for the provider. A letter would come too late, so ring the carer: it is on your list."),
    )
    try:
        seen = moment_of(request.POST.get("seen", ""))
        return _say(request, row, bookings.confirm, goal=State.CONFIRMED, said=said, seen_starts_at=seen)
    except bookings.NotLive:
        messages.error(
            request, _("This provider takes nothing on just now, or a paper of it ends before the break is over.")
        )
        return _to(row)


@require_POST
@carers_team_required
def decline(request, ref):
    """The provider said no on the telephone, and why; the carer is told the reason."""
    row = booking_of(request.council, ref)
    form = DeclineForm(request.POST, prefix="decline")
    if not form.is_valid():
        return _booking_page(request, row, decline=form)
    said = told(
        row,
        _("Declined for the provider. We have told the carer, and everything has gone back to them."),
        _("Declined for the provider, and all has gone back. A letter would come too late, so ring the carer."),
    )
    seen = moment_of(request.POST.get("seen", ""))
    return _say(
        request, row, bookings.decline, goal=State.DECLINED, said=said, seen_starts_at=seen, **form.cleaned_data
    )


@require_POST
@carers_team_required
def deliver(request, ref):
    """The provider said on the telephone how much of the break it gave."""
    row = booking_of(request.council, ref)
    form = DeliveredForm(request.POST, booking=row, prefix="delivered")
    if not form.is_valid():
        return _booking_page(request, row, delivered=form)
    said = _("Marked as given. The provider can claim it, and you can when the time to claim has passed.")
    if not row.price_pence:
        said = _("Marked as given. It was free, so there is nothing to claim.")
    return _say(request, row, bookings.deliver, goal=State.DELIVERED, said=said, **form.cleaned_data)


@require_POST
@carers_team_required
def did_not_happen(request, ref):
    """The provider said on the telephone that there was no break, and why; the reason is kept in the history."""
    row = booking_of(request.council, ref)
    form = NotGivenForm(request.POST, prefix="not")
    if not form.is_valid():
        return _booking_page(request, row, not_given=form)
    return _say(
        request,
        row,
        bookings.did_not_happen,
        goal=State.DID_NOT_HAPPEN,
        said=_("Noted: it did not happen."),
        party=Booking.Party.TEAM,
        why=form.not_given,
        remember=f"booking.{form.cleaned_data['why']}",
    )


@require_POST
@carers_team_required
def cancel(request, ref):
    """The carers team cancels, free for the carer, but no course that has begun; in an emergency the fund pays."""
    row, emergency = booking_of(request.council, ref), "emergency" in request.POST
    said = _("Cancelled. Everything has gone back to the carer, and the provider has been told.")
    how = {"party": Booking.Party.TEAM, "emergency": emergency}
    try:
        return _say(request, row, bookings.cancel, goal=State.CANCELLED, said=said, **how)
    except bookings.HasStarted:
        messages.error(request, _("Nothing was cancelled: the course has begun. Its page says what you can do."))
        return _to(row)


@require_POST
@carers_team_required
@not_by_colleagues("team:queue")
def claim(request, ref):
    """Claim for a provider whose time to claim has passed (R15). The same page sent twice makes one claim."""
    row, now = booking_of(request.council, ref), timezone.now()
    late = _out_of_time(row, now)
    form = LateClaimForm(request.POST, prefix="claim", ready=late)
    if not form.is_valid():
        return _booking_page(request, row, claim=form)
    refs = set(form.cleaned_data["bookings"])
    rows = list(row.provider.bookings.filter(council=request.council, ref__in=refs))
    in_time = [each for each in rows if each not in late and each.state != State.CLAIMED]
    try:
        if len(rows) < len(refs) or in_time:
            raise claims.NotReady
        made = claims.make(
            provider=row.provider,
            council=request.council,
            bookings=rows,
            invoice_number=form.cleaned_data["invoice_number"],
            late_reason=form.cleaned_data["late_reason"],
            by=_who(request, row),
            now=now,
            key=f"claim:{form.cleaned_data['key']}",
        )
    except claims.AlreadyClaimed as earlier:
        messages.info(request, _already(earlier.when, earlier.amount))
    except (claims.NotReady, acts.KeyWasUsed):
        messages.error(
            request, _("The list has changed since you opened it, so nothing was claimed. Look at it again.")
        )
    else:
        total = sum(line.amount_pence for line in made.lines.all())
        if made.made_at < now:
            messages.info(request, _already(made.made_at, total))
        else:
            said = _("Claimed for the provider: %(price)s. It waits for the next payment run.")
            messages.success(request, said % {"price": wording.money(total)})
    return _to(row)


def _who(request, row):
    return Who(user=request.user, on_behalf_of=f"provider {row.provider.ref}")


def _to(row):
    return redirect("team:booking", row.ref)


def _already(when, pence):
    words = {"day": wording.day(timezone.localdate(when)), "amount": wording.money(pence)}
    return _("Already claimed on %(day)s, %(amount)s.") % words


def _say(request, row, verb, **what):
    """Do one thing to a booking for its provider and say so, as booking_pages.do."""
    booking_pages.do(request, row, verb, by=_who(request, row), moved=_somebody_was_quicker, **what)
    return _to(row)


def _somebody_was_quicker(_state):
    return _("Nothing was changed: somebody was quicker. See below how this booking stands.")


def _out_of_time(row, now):
    """Return all that only the carers team can still claim for the provider of this booking."""
    late = claims.out_of_time(council=row.council, on=timezone.localdate(now)).filter(provider=row.provider_id)
    return list(late.select_related("offer", "award__carer"))


def _booking_page(request, row, *, decline=None, delivered=None, not_given=None, claim=None):
    now = timezone.now()
    confirmed, late = row.state == State.CONFIRMED, _out_of_time(row, now)
    # A course is counted from its last session on (R54).
    counted_from, course_goes_on = bookings.spans_of(row)[-1][0], bookings.has_started(row, Booking.Party.TEAM, now)
    context = {
        "booking": row,
        # The form with something to mend, for the list of problems at the top.
        "form": decline or delivered or not_given or claim,
        "facts": _facts(row),
        "can_answer": row.state == State.REQUESTED and row.answer_by > now,
        "can_take_on": row.provider.may_say_yes,
        "decline_form": decline or DeclineForm(prefix="decline"),
        "is_over": row.ends_at <= now,
        "last_day_to_claim": claims.last_day_to_claim(row, row.council.scheme.claim_window_days),
        "can_deliver": confirmed and counted_from <= now,
        "can_say_not_given": confirmed and now >= bookings.not_given_from(row, Booking.Party.TEAM, now),
        "can_cancel": confirmed and not course_goes_on,
        "counted_from": counted_from,
        "course_goes_on": course_goes_on,
        "can_claim": row in late,
        "delivered_form": delivered or DeliveredForm(booking=row, prefix="delivered"),
        "not_given_form": not_given or NotGivenForm(prefix="not"),
        "waiting_cost": bookings.due_for_waiting(row, now) if confirmed else None,
        "claim_form": claim or LateClaimForm(prefix="claim", ready=late, initial={"bookings": [row.ref]}),
        "entries": [
            {"entry": entry, "act": history_words.act(entry), "actor": history_words.actor(entry)}
            for entry in history.history_of(row)
        ],
    }
    return render(request, "team/booking.html", context | after_context(row) | payment_context(row, now))


def _facts(row):
    """Return what the page of a booking lists: who it is between, when, the price, and what came of it."""
    carer, provider = row.award.carer, row.provider
    facts = [
        {"key": _("Provider"), "value": provider.name, "href": reverse("team:provider", args=[provider.ref])},
        {"key": _("Telephone"), "value": provider.phone, "href": f"tel:{phone_link(provider.phone)}"},
        {"key": _("Carer"), "value": str(carer), "href": reverse("team:award", args=[row.award.ref])},
        *booking_pages.facts_agreed(row),
        {"key": _("Booking"), "value": row.ref},
    ]
    if row.offer_version:
        said = {"number": row.offer_version.number, "day": wording.day(row.offer_version.made_at, "long")}
        facts.append({"key": _("Offer"), "value": _("version %(number)s of the offer, of %(day)s") % said})
    return facts + booking_pages.facts_after(row, paid=_("The provider is paid"))
