"""Where a carer asks the carers team for more time, for more to use, or for a new award, and takes it back."""

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from brochure import catalogue
from brochure.models import Offer
from voucher import rules
from voucher.changes import applications
from voucher.forms.applications import ApplyForm, day_of
from voucher.models import Application, Circumstance
from voucher.views.my.open_award import award_required
from voucher.views.numbers import whole

Kind, State = Application.Kind, Application.State
# As the addresses write them.
KINDS = {"more-time": Kind.MORE_TIME, "more-to-use": Kind.MORE_VALUE, "new-award": Kind.NEW_AWARD}
SHOWN = 3
A_YEAR = dt.timedelta(days=366)
# A new award is asked for without a reason: that the old one is used up is reason enough.
NO_REASON = Application.Reason.OTHER


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def apply(request, kind):
    """Ask for one kind; an offer that led here fills in what it needs (`?until=2026-09-03`, `?amount=4000&offer=…`)."""
    if kind not in KINDS:
        raise Http404
    kind, award, now = KINDS[kind], request.award, timezone.now()
    if request.helping and kind == Kind.NEW_AWARD:
        # That is a talk between the carer and the carers team, and no part of helping with a break.
        return render(request, "helping/not_for_helpers.html", status=404)
    today = timezone.localdate(now)
    waits = award.applications.filter(kind=kind, state=State.OPEN).first()
    if waits or kind not in applications.may_ask(award, on=today):
        return _cannot_ask(request, kind, waits, today)
    days = applications.days_for_more_time(award, on=today) if kind == Kind.MORE_TIME else None
    offer = _offer(request)
    if request.method == "POST":
        form = ApplyForm(request.POST, kind=kind, award=award, days=days)
        if form.is_valid():
            return _send(request, kind, form, offer, now)
    else:
        form = ApplyForm(initial=_wanted(request, days), kind=kind, award=award, days=days)
    context = {
        "kind": kind.value,
        "form": form,
        "offer": offer,
        "answer_by": applications.answer_by(award, kind, on=today),
        "is_over": today > award.account.last_day,
        "is_kept": kind == Kind.MORE_TIME and today <= award.account.last_day,
        "award": award,
    }
    return render(request, "my/apply.html", context)


@require_POST
@award_required
def withdraw(request, number):
    """Take back what was asked for; somebody may have answered meanwhile."""
    row = get_object_or_404(Application, pk=number, award=request.award)
    try:
        applications.withdraw(application=row, by=request.who, now=timezone.now())
    except applications.Decided as decided:
        if decided.state == State.WITHDRAWN:
            messages.info(request, _("You have taken this back already."))
        else:
            messages.info(request, _("The carers team has answered meanwhile. Here is the answer."))
    else:
        messages.success(request, _("You have taken it back. Nothing else has changed."))
    return redirect("my:award")


@require_safe
@award_required
def after_a_death(request):
    """Kind words, what happens with the award, and whom to tell; only for whom we know to have lost somebody."""
    row = _loss(request.award)
    if row is None:
        raise Http404
    return render(request, "my/after_a_death.html", {"circumstance": row, "award": request.award})


def applications_context(award, now):
    """Return what the page of an award shows of this: what can be asked for, what waits, what was answered lately."""
    today = timezone.localdate(now)
    rows = list(award.applications.order_by("-made_at", "-pk")[:SHOWN])
    names = {kind: name for name, kind in KINDS.items()}
    waits = {row.kind for row in rows if row.state == State.OPEN}
    may_ask = [kind for kind in applications.may_ask(award, on=today) if kind not in waits]
    return {
        "applications": rows,
        "may_ask": [{"kind": kind.value, "url": reverse("my:apply", args=[names[kind]])} for kind in may_ask],
        "loss": _loss(award) if award.carer.quiet_since else None,
    }


def after_the_end(request, offer, day, minutes):
    """Answer to a wish for a day after the award's last one, or for a stay that runs past it; None where all is well.

    It says how many of the nights are covered, and leads to more time with the day filled in, or to a shorter stay.
    """
    account, is_stay = request.award.account, offer.unit == Offer.Unit.NIGHT
    nights = minutes // offer.minutes if is_stay else 1
    if day is None or not account.first_day <= day <= account.last_day + A_YEAR:
        return None
    covered = rules.nights_covered(account.first_day, account.last_day, day, nights)
    if covered == nights:
        return None
    now, wanted = timezone.now(), day + dt.timedelta(days=nights - 1)
    may_ask = Kind.MORE_TIME in applications.may_ask(request.award, on=timezone.localdate(now))
    query = urlencode({"until": wanted.isoformat(), "offer": offer.slug})
    shorter = urlencode({"minutes": covered * offer.minutes, "day": day.isoformat()})
    context = {
        "offer": offer,
        "last_day": account.last_day,
        "nights": nights if is_stay else 0,
        "covered": covered,
        "more_time": f"{reverse('my:apply', args=['more-time'])}?{query}" if may_ask else "",
        "waits": request.award.applications.filter(kind=Kind.MORE_TIME, state=State.OPEN).first(),
        "shorter": f"{reverse('my:ask', args=[offer.slug])}?{shorter}" if covered else "",
    }
    return render(request, "my/beyond_the_end.html", context)


def _send(request, kind, form, offer, now):
    given = form.cleaned_data
    try:
        row = applications.apply(
            award=request.award,
            kind=kind,
            reason=given.get("reason", NO_REASON),
            words=given["words"],
            wanted_until=given.get("until"),
            wanted_amount=given.get("amount"),
            offer=offer,
            by=request.who,
            now=now,
        )
    except applications.AlreadyAsked as earlier:
        messages.info(request, _already(earlier.application))
    except applications.Refused:
        messages.error(request, _("Something has changed meanwhile. Here is how your award stands now."))
    else:
        sentence = _("We have your question. We answer by %(day)s at the latest.")
        messages.success(request, sentence % {"day": wording.day(row.answer_by)})
    return redirect("my:award")


def _already(application):
    return _("You have asked already. We answer by %(day)s at the latest.") % {
        "day": wording.day(application.answer_by)
    }


def _cannot_ask(request, kind, waits, today):
    """Lead back to the award with the reason; nothing was asked."""
    account = request.award.account
    if waits:
        messages.info(request, _already(waits))
    elif applications.is_closed(request.award):
        phone = request.council.scheme.team_phone
        messages.info(request, _("Please ring us about this: %(phone)s.") % {"phone": phone})
    elif kind == Kind.MORE_TIME and today <= rules.last_day_to_ask_for_more_time(account.last_day):
        messages.info(request, _("Your award has been given more time once, and that cannot be done twice."))
    elif kind == Kind.MORE_TIME:
        messages.info(request, _("It is too late to ask for more time. You can ask for a new award."))
    elif kind == Kind.MORE_VALUE:
        messages.info(request, _("Your award is over, so nothing can be added to it. You can ask for a new one."))
    else:
        messages.info(request, _("Your award still lasts. You can ask for a new one when it is over."))
    return redirect("my:award")


def _wanted(request, days):
    """Return what the address asks for, as far as it can be asked for."""
    until, amount = day_of(request.GET.get("until", "")), whole(request.GET.get("amount", ""), digits_most=8)
    wanted = {"amount": amount} if amount else {}
    if days and until and days[0] <= until <= days[1]:
        wanted["until"] = until
    if "offer" in request.GET and amount:
        wanted["reason"] = Application.Reason.COSTS_MORE
    return wanted


def _offer(request):
    slug = request.GET.get("offer", "")
    return catalogue.known_offers().filter(slug=slug).first() if slug else None


def _loss(award):
    kind = Circumstance.Kind.CARED_FOR_DIED
    return Circumstance.objects.standing().filter(carer=award.carer_id, kind=kind).first()
