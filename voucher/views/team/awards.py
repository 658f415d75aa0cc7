"""Awards in the carers team's hands: granting one, its code, its letter, and acting for its carer."""

import functools
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import history
from accounts.access import carers_team_required
from accounts.history import Who
from voucher.carers import looks
from voucher.changes import mistakes
from voucher.forms.team.awards import AwardForm, NewCarerForm
from voucher.granting import awards, letters
from voucher.ledger.acts import KeyWasUsed
from voucher.models import Award, Carer, Code
from voucher.paper import spelling
from voucher.views import history_words
from voucher.views.my.open_award import act_for
from voucher.views.numbers import whole

HISTORY_SHOWN = 30
LETTERS_SHOWN = 200
# As many as are set while a person waits; manage.py print_vouchers prints any number.
PRINTED_AT_ONCE = 50


def award_of(council, ref):
    """Return the council's own award with all that its page shows, or 404: another council's is not there."""
    return get_object_or_404(awards.of_council(council), ref=ref)


@require_safe
@never_cache
@carers_team_required
def award(request, ref):
    row = award_of(request.council, ref)
    looks.note(award=row, by=Who(user=request.user), now=timezone.now())
    entries = [
        {"entry": entry, "act": history_words.act(entry), "actor": history_words.actor(entry)}
        for entry in history.history_of(row)[:HISTORY_SHOWN]
    ]
    codes = list(row.codes.order_by("-made_at", "-pk"))
    context = {
        "award": row,
        "balance": awards.balance(row),
        "lines": list(reversed(awards.statement(row))),
        "bookings": row.bookings.select_related("offer", "provider").order_by("-starts_at", "-pk"),
        "earlier": [code for code in codes if code.ended_at],
        "live_code": next((code for code in codes if code.state == Code.State.ACTIVE), None),
        "entries": entries,
        "applications": row.applications.order_by("-made_at", "-pk"),
        "circumstances": [
            {"row": each, "may_take_back": mistakes.may_take_back(each, timezone.now())}
            for each in row.carer.circumstances.all()
        ],
        "today": timezone.localdate(),
        "key": uuid.uuid4(),
    }
    return render(request, "team/award.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
@sensitive_post_parameters()
def issue(request):
    """Grant one award and show its code once. `?carer=7` grants it to a carer we know."""
    number = whole(request.GET.get("carer", ""))
    mine = Carer.objects.filter(council=request.council)
    carer = get_object_or_404(mine, pk=number) if number is not None else None
    if carer:
        looks.note_each(carers=[carer], council=request.council, by=Who(user=request.user), now=timezone.now())
    kind = functools.partial(AwardForm if carer else NewCarerForm, council=request.council, today=timezone.localdate())
    form = kind(request.POST) if request.method == "POST" else kind()
    if form.is_valid() and (made := _issue(request, form, carer)):
        row, code = made
        return show_code(request, row, code, issued=True)
    return render(request, "team/issue.html", {"form": form, "carer": carer})


def _issue(request, form, carer):
    """Return (award, code or None), or None with the reason on the form."""
    given = form.cleaned_data
    try:
        return awards.issue_with_code(
            council=request.council,
            carer=carer,
            new_carer=None if carer else form.details(),
            fund=given["fund"],
            value=given["amount"],
            first_day=given["first_day"],
            assessment_ref=given["assessment_ref"],
            assessment_date=given["assessment_date"],
            by=Who(user=request.user),
            now=timezone.now(),
            key=str(given["key"]),
        )
    except KeyWasUsed:
        form.add_error(None, _("This form has issued an award already. Open a new form for another one."))
    except awards.FundExhausted:
        form.add_error("value", _("Somebody else was quicker: the fund has too little left now."))
    except awards.RefTaken:
        form.add_error(None, _("Somebody else issued an award at the same moment. Press Issue again."))


def show_code(request, row, code, issued=False):
    """Answer with the code itself, the only time that it can be seen."""
    context = {"award": row, "carer": row.carer, "code": code, "issued": issued}
    context["spoken"] = spelling.spoken(code) if code else []
    return render(request, "team/code.html", context)


@require_POST
@carers_team_required
def revoke(request, ref):
    row = award_of(request.council, ref)
    if awards.revoke_code(award=row, by=Who(user=request.user), now=timezone.now()):
        messages.success(request, _("The code is stopped. The money and the bookings stay as they are."))
    else:
        messages.info(request, _("There was no code to stop."))
    return redirect(row)


@require_POST
@carers_team_required
def book_for(request, ref):
    """Open the carer's own pages for the member of staff, who acts for the carer on the telephone."""
    row = award_of(request.council, ref)
    act_for(request, row)
    by = Who(user=request.user, on_behalf_of=f"award {row.ref}")
    history.record(act="award.acted_for", subject=row, by=by, at=timezone.now(), council=row.council)
    return redirect("my:award")


@require_safe
@never_cache
@carers_team_required
def letters_page(request):
    """The letters that wait, in postal order, and the ones printed lately."""
    waiting = letters.waiting(on=timezone.localdate(), council=request.council)
    printed = awards.of_council(request.council).exclude(printed_at=None).order_by("-printed_at", "-pk")
    shown = list(waiting[:LETTERS_SHOWN])
    carers, by = [award.carer for award in shown], Who(user=request.user)
    looks.note_each(carers=carers, council=request.council, by=by, now=timezone.now())
    context = {"waiting": shown, "count": waiting.count(), "printed": printed[:20]}
    context["at_once"] = PRINTED_AT_ONCE
    return render(request, "team/letters.html", context)


@require_POST
@never_cache
@carers_team_required
def print_letters(request):
    """Answer with one PDF of the waiting letters, at most PRINTED_AT_ONCE of them."""
    chosen = list(letters.waiting(on=timezone.localdate(), council=request.council)[:PRINTED_AT_ONCE])
    return _printed(request, chosen, back="team:letters", first_print=True)


@require_POST
@never_cache
@carers_team_required
def print_letter(request, ref):
    """Answer with one award's letter, printed again or for the first time; its code is fresh."""
    row = award_of(request.council, ref)
    return _printed(request, [row], back=row, first_print=False)


def _printed(request, chosen: list[Award], *, back, first_print):
    now = timezone.now()
    if not chosen:
        messages.info(request, _("No letter is waiting."))
        return redirect(back)
    large = request.POST.get("large") == "yes"
    try:
        batch = letters.prepare(chosen=chosen, on=timezone.localdate(now), large_print=large, first_print=first_print)
        letters.keep(batch=batch, by=Who(user=request.user), now=now)
    except letters.CannotPrint as missing:
        messages.error(request, str(missing))
        return redirect(back)
    except letters.PrintedMeanwhile:
        messages.error(request, _("Someone else is printing the same letters. Nothing was changed."))
        return redirect(back)
    carers, by = [award.carer for award in chosen], Who(user=request.user)
    looks.note_each(carers=carers, council=request.council, by=by, now=now)
    answer = HttpResponse(batch.paper.content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="letters-{timezone.localtime(now):%Y-%m-%d-%H%M}.pdf"'
    return answer
