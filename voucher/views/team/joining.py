"""Who would like to join: the carers team's list, one page with everything about each, its answer, the first months."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from accounts.access import carers_team_required
from accounts.history import Who
from accounts.models import HistoryEntry
from providers import joining, papers, staff
from providers.models import Provider
from voucher.forms.team.joining import ApproveForm, InviteForm, PointForm, WordsForm
from voucher.models import Booking, Claim, RunLine
from voucher.standing import first_months, joining_checks, joining_desk

A_PAGE = 25
SHOWN_MOST = 50
QUESTION = {
    "label": gettext_lazy("Your question"),
    "help_text": gettext_lazy("It is sent as you write it. They answer on their page, and can change their details."),
    "empty": gettext_lazy("Write your question."),
}
REASONS = {
    "label": gettext_lazy("Your reasons"),
    "help_text": gettext_lazy(
        "They are sent as you write them. Say what would have to change: they may send it again."
    ),
    "empty": gettext_lazy("Write your reasons."),
}


def joiner_of(council, ref):
    """Return a provider of the council that joins or has joined, or 404: another council's is not there."""
    rows = Provider.objects.select_related("council__scheme", "mentor", "terms_agreed_by")
    return get_object_or_404(rows, council=council, ref=ref)


@require_safe
@never_cache
@carers_team_required
def joiners(request):
    """Who waits for an answer, the longest first; who is on the way; who is in the first months."""
    council, today = request.council, timezone.localdate()
    context = {
        "page": Paginator(joining_desk.waiting(council), A_PAGE).get_page(request.GET.get("page")),
        "on_their_way": joining_desk.on_their_way(council)[:SHOWN_MOST],
        "looked_after": first_months.looked_after(council)[:SHOWN_MOST],
        "look_back_by": today + first_months.LOOK_BACK_WITHIN,
        "today": today,
    }
    return render(request, "team/joining.html", context)


@require_safe
@never_cache
@carers_team_required
def joiner(request, ref):
    return _joiner_page(request, joiner_of(request.council, ref))


def _joiner_page(request, provider, **forms):
    today = timezone.localdate()
    offers = joining_checks.drafts(provider)
    approve = ApproveForm(
        offers=offers, mentors=first_months.mentors(request.council), initial={"mentor": request.user}
    )
    context = {
        "provider": provider,
        "offers": list(offers),
        "account": joining.account_of(provider),
        "papers": papers.standings(provider).values(),
        "checks": provider.dbs_checks.filter(ended_at=None),
        "notes": provider.joining_notes.select_related("by"),
        "waits": provider.state == Provider.State.APPLIED,
        "is_late": provider.answer_by is not None and provider.answer_by < today,
        "not_in_order": joining_checks.not_in_order(provider, list(offers), on=today),
        "approve_form": approve,
        "ask_form": WordsForm(prefix="ask", **QUESTION),
        "refuse_form": WordsForm(prefix="refuse", **REASONS),
    }
    wrong = next((form for form in forms.values() if form.errors), None)
    return render(request, "team/joiner.html", context | forms | {"form": wrong})


@require_POST
@carers_team_required
def ask(request, ref):
    """Ask a question: it goes out as an e-mail, and the provider answers on its page."""
    form = WordsForm(request.POST, prefix="ask", **QUESTION)
    return _answer(request, ref, joining_desk.ask, form, "ask_form", _("Your question is on its way."))


@require_POST
@carers_team_required
def refuse(request, ref):
    """Do not approve, with reasons."""
    form = WordsForm(request.POST, prefix="refuse", **REASONS)
    return _answer(request, ref, joining_desk.refuse, form, "refuse_form", _("Your answer is on its way."))


def _answer(request, ref, verb, form, name, done):
    provider = joiner_of(request.council, ref)
    if not form.is_valid():
        return _joiner_page(request, provider, **{name: form})
    words, by = form.cleaned_data["words"], Who(user=request.user)
    if _took(request, lambda now: verb(provider=provider, words=words, by=by, now=now)):
        messages.success(request, done)
    return redirect("team:joiner", ref)


@require_POST
@carers_team_required
def approve(request, ref):
    """Let the provider join with the offers chosen; where something is missing, say what."""
    provider = joiner_of(request.council, ref)
    offers, mentors = joining_checks.drafts(provider), first_months.mentors(request.council)
    form = ApproveForm(request.POST, offers=offers, mentors=mentors)
    if not form.is_valid():
        return _joiner_page(request, provider, approve_form=form)
    chosen, mentor, by = form.cleaned_data["offers"], form.cleaned_data["mentor"], Who(user=request.user)
    try:
        took = _took(
            request,
            lambda now: joining_desk.approve(provider=provider, offers=chosen, mentor=mentor, by=by, now=now),
        )
    except joining_desk.StillMissing as refusal:
        for each in refusal.missing:
            form.add_error(None, each.words)
        return _joiner_page(request, provider, approve_form=form)
    if not took:
        return redirect("team:joiner", ref)
    messages.success(request, _("Approved. Their offers are in the brochure now, and they are told."))
    return redirect("team:mentor", ref)


def _took(request, act):
    """Do it; False with the sentence on the page where it was not possible."""
    try:
        act(timezone.now())
    except staff.WorksThere:
        messages.error(request, _("You work for this provider, so somebody else of the team answers."))
    except joining_desk.Moved:
        messages.info(request, _("It does not wait for an answer any more. This is how it stands now."))
    else:
        return True
    return False


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def mentor(request, ref):
    """What is gone through with a new provider, point by point; a press writes one down."""
    provider = joiner_of(request.council, ref)
    if provider.approved_on is None:
        raise Http404
    form = PointForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        point = request.POST.get("point")
        if point not in joining.Point.values:
            raise Http404
        note, by = form.cleaned_data["note"], Who(user=request.user)
        joining.go_through(provider=provider, point=point, note=note, by=by, now=timezone.now())
        messages.success(request, _("Written down."))
        return redirect("team:mentor", ref)
    done = {row.point: row for row in provider.mentor_points.select_related("done_by")}
    seen = _seen_of(provider)
    context = {
        "provider": provider,
        "points": [
            {
                "point": point,
                "row": done.get(point),
                "seen": seen.get(point),
                "form": PointForm(auto_id=f"id_{point}_%s"),
            }
            for point in joining.Point
        ],
        "today": timezone.localdate(),
    }
    return render(request, "team/mentor.html", context)


def _seen_of(provider):
    """Return {Point: what the records themselves say of it}, so that a mentor need not ask; four queries."""
    seen, now = {}, timezone.now()
    # What was booked at the door or on the telephone is confirmed in the moment in which it is booked: nobody asked.
    asked = Booking.objects.filter(provider=provider, answered_at__gt=F("requested_at"))
    answered = asked.order_by("answered_at").first()
    if answered:
        seen[joining.Point.FIRST_BOOKING] = _("First answered: %(when)s.") % {
            "when": wording.moment(answered.answered_at)
        }
    checks = HistoryEntry.objects.filter(act="code.checked", details__provider=provider.pk)
    if check := checks.order_by("at").first():
        seen[joining.Point.CODE] = _("First checked: %(when)s.") % {"when": wording.moment(check.at)}
    if claim := Claim.objects.filter(provider=provider).order_by("made_at", "pk").first():
        words = {"when": wording.moment(claim.made_at)}
        paid = RunLine.objects.filter(claim_line__claim=claim, live=True, run__state="released")
        row = paid.filter(run__pay_on__lte=timezone.localdate(now)).select_related("run").first()
        sentence = _("First claimed: %(when)s; not paid yet.")
        if row:
            sentence, words["day"] = _("First claimed: %(when)s, and paid on %(day)s."), wording.day(row.run.pay_on)
        seen[joining.Point.FIRST_CLAIM] = sentence % words
    return seen


@require_POST
@carers_team_required
def end_first_months(request, ref):
    """Say that the new provider stands on its own feet."""
    provider = joiner_of(request.council, ref)
    first_months.end(provider=provider, by=Who(user=request.user), now=timezone.now())
    messages.success(request, _("Noted: the first months are over."))
    return redirect("team:provider", ref)


@require_POST
@carers_team_required
def look_longer(request, ref):
    """Look after a new provider three months longer."""
    provider = joiner_of(request.council, ref)
    try:
        seen_until = parse_date(request.POST.get("until", ""))
    except ValueError:
        seen_until = None
    if seen_until and seen_until.year < 3000:
        by = Who(user=request.user)
        first_months.look_longer(provider=provider, seen_until=seen_until, by=by, now=timezone.now())
        messages.success(request, _("Noted: three months more."))
    return redirect("team:mentor", ref)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def invite(request):
    """Invite somebody by e-mail to join with a provider."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        by, now = Who(user=request.user), timezone.now()
        try:
            provider, written = joining_desk.invite(**form.cleaned_data, council=request.council, by=by, now=now)
        except joining_desk.AlreadyHere:
            form.add_error("email", _("This person works for a provider already, or is joining elsewhere."))
        else:
            if written:
                words = _("We have written to %(email)s where to begin.")
            else:
                words = _("%(email)s was invited less than a day ago, so nothing was written anew.")
            messages.success(request, words % {"email": form.cleaned_data["email"]})
            return redirect("team:joiner", provider.ref)
    return render(request, "team/invite_provider.html", {"form": form})
