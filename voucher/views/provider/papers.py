"""A provider's papers and checks: what is asked, how each stands, until when; a newer one is shown here."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from accounts.history import Who
from brochure import care_checks, exemptions
from brochure.models import Offer
from providers import cover, papers
from providers.access import papers_readers_required, papers_required
from providers.models import Document, Staff
from voucher.forms.provider.papers import CheckForm, ExemptionForm, PaperForm, RegistrationForm, WhatYouDoForm
from voucher.standing import endings, lapses
from voucher.views.provider import uploads

Kind = Document.Kind


@require_safe
@never_cache
@papers_readers_required
def papers_page(request):
    """What is asked of the provider and of each offer, how it stands and until when; seven queries at most."""
    today = timezone.localdate()
    shown = care_checks.shown_by(request.provider)
    offers = _offers(request.provider)
    # Without the day on which it closes itself, which no newer paper changes.
    until = min(filter(None, [request.provider.insurance_until, request.provider.papers_until]), default=None)
    context = {
        "papers": paper_lines(request.provider, today, offers),
        "ciw_number": request.provider.ciw_number,
        "offers": [offer_line(offer, shown, today) for offer in offers],
        "checks": [check for check in shown.checks if check.ended_at is None],
        "needs_checks": any(care_checks.level_needed(offer) != care_checks.Level.NONE for offer in offers),
        "untold": None in (request.provider.has_staff, request.provider.serves_food),
        "is_owner": request.post.kind == Staff.Kind.OWNER,
        "good_until": until,
        "in_order": until is None or until >= today,
        "soon": endings.soon(until, on=today),
    }
    return render(request, "provider/papers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@papers_required
@uploads.counted
def paper(request, kind):
    """Show a paper of one kind: what we have, and a form for a newer one."""
    kind = _kind(kind)
    form = PaperForm(*_sent(request), kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            papers.add(
                provider=request.provider, kind=kind, by=Who(request.user), now=timezone.now(), **form.cleaned_data
            )
        except papers.BadPaper as fault:
            form.refuse(fault)
        else:
            messages.success(request, _("Thank you. The carers team looks at it. What counts now goes on counting."))
            return redirect("provider:papers")
    standing = papers.standings(request.provider).get(kind)
    covered = standing.cover if standing else cover.Cover()
    today = timezone.localdate()
    context = {"form": form, "kind": kind, "standing": standing, "is_ciw": kind == Kind.CIW}
    context |= {"end": covered.until(today), "gap": (gap := covered.gap(today)) and gap_in_words(gap)}
    return render(request, "provider/paper.html", context)


@require_safe
@never_cache
@papers_readers_required
def paper_file(request, pk):
    """Hand over the file of one of the provider's own papers."""
    row = get_object_or_404(request.provider.documents.exclude(content=None), pk=pk)
    return download(row)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@papers_required
def what_you_do(request):
    """Tell whether anybody is employed and whether food is served."""
    form = WhatYouDoForm.of(request.provider, _sent(request)[0])
    if request.method == "POST" and form.is_valid():
        try:
            papers.say(provider=request.provider, **form.told, by=Who(request.user), now=timezone.now())
        except papers.HasEnded as fault:
            form.refuse(fault, request.provider.council.scheme.team_phone)
        else:
            messages.success(request, _("Noted. See below what is asked of you."))
            return redirect("provider:papers")
    return render(request, "provider/what_you_do.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@papers_required
def registration(request):
    """Tell the number with Care Inspectorate Wales, or another one; the registration itself is shown after it."""
    provider = request.provider
    form = RegistrationForm(_sent(request)[0], initial={"ciw_number": provider.ciw_number})
    if form.is_valid():
        number = form.cleaned_data["ciw_number"]
        try:
            lapses.change_number(provider=provider, number=number, by=Who(request.user), now=timezone.now())
        except lapses.Registered:
            form.refuse(provider.ciw_number)
        else:
            messages.success(request, _("Noted. See below what is asked of you."))
            return redirect("provider:papers")
    return render(request, "provider/registration.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@papers_required
def add_check(request):
    """Say that a worker was checked."""
    now = timezone.now()
    form = CheckForm(_sent(request)[0], today=timezone.localdate(now))
    if request.method == "POST" and form.is_valid():
        lapses.add_check(provider=request.provider, by=Who(request.user), now=now, **form.cleaned_data)
        messages.success(request, _("Noted. The certificate stays with your worker."))
        return redirect("provider:papers")
    return render(request, "provider/worker_check.html", {"form": form})


@require_POST
@papers_required
def end_check(request, pk):
    """Say that a worker has left; a second press changes nothing."""
    check = get_object_or_404(request.provider.dbs_checks, pk=pk)
    care_checks.end_check(check=check, by=Who(request.user), now=timezone.now())
    messages.success(request, _("Noted. This check no longer counts."))
    return redirect("provider:papers")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@papers_required
def exemption(request, number, duty):
    """Ask for an exemption from registration for one duty of one offer."""
    offer = get_object_or_404(_offers(request.provider), number=number)
    if duty not in care_checks.duties(offer):
        raise Http404
    waits = offer.exemptions.filter(duty=duty, reviewed_by=None).first()
    form = ExemptionForm(_sent(request)[0])
    if request.method == "POST" and form.is_valid():
        exemptions.ask(offer=offer, duty=duty, **form.cleaned_data, by=Who(request.user), now=timezone.now())
        messages.success(request, _("Thank you. Somebody of the carers team looks at it."))
        return redirect("provider:papers")
    context = {"form": form, "offer": offer, "duty": care_checks.Duty(duty), "waits": waits}
    return render(request, "provider/exemption.html", context)


def _sent(request):
    """Return what was typed and the files that came with it, also where both are empty; of a mere look, nothing."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def download(document):
    """Return the file of a paper, never shown within a page: under a name of ours, as what it was recognised as."""
    response = HttpResponse(bytes(document.content), content_type=document.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{document.file_name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def paper_lines(provider, today, offers):
    """Return each kind of paper that is asked or was shown, with how it stands."""
    shown = papers.standings(provider)
    kinds = papers.asked(provider)
    # The registration is asked where an offer needs it and there is a number.
    if provider.ciw_number and any(care_checks.duties(offer) for offer in offers):
        kinds.append(Kind.CIW)
    others = [kind for kind in shown if kind not in kinds]
    lines = []
    for kind in [*kinds, *others]:
        standing = shown.get(kind) or papers.Standing(kind, is_asked=False)
        reason = standing.reason(on=today)
        end, gap = standing.cover.until(today), standing.cover.gap(today)
        lines.append(
            {
                "kind": kind,
                "slug": kind.replace("_", "-"),
                "standing": standing,
                "is_asked": kind in kinds,
                "reason": reason,
                "state": _state(provider, kind, reason, today),
                "end": end,
                "begins": standing.accepted and not standing.cover.has_begun(today) and standing.cover.again(today),
                "gap": gap and gap_in_words(gap),
                "soon": endings.soon(end, on=today),
                "from_file": _from_file(provider, kind, standing),
            }
        )
    return lines


def gap_in_words(gap):
    """Return the days that nothing covers, a cover.Span between two papers, in a sentence or two."""
    words = {
        "until": wording.day(gap.first - cover.DAY, "long"),
        "again": wording.day(gap.last + cover.DAY, "long"),
        "first": wording.day(gap.first, "long"),
        "last": wording.day(gap.last, "long"),
    }
    if gap.first == gap.last:
        return _("Covered to %(until)s, then from %(again)s: on %(first)s nothing covers.") % words
    return _("Covered to %(until)s, then from %(again)s: from %(first)s to %(last)s nothing covers.") % words


def offer_line(offer, shown, today):
    """Return what an offer needs, what it lacks, and for which duties an exemption can be asked."""
    found = care_checks.missing(offer, on=today, shown=shown)
    duties = [each.kind for each in found if each.kind in set(care_checks.Duty)]
    waiting = {duty for duty in duties if any(not each.reviewed_by_id for each in shown.exemptions_for(offer, duty))}
    return {
        "offer": offer,
        "missing": found,
        "level": care_checks.level_needed(offer),
        "needs_check": care_checks.level_needed(offer) != care_checks.Level.NONE,
        "can_ask": [care_checks.Duty(duty) for duty in duties if duty not in waiting],
        "is_hidden": offer.state == Offer.State.LIVE and not offer.is_in_order(on=today),
    }


def _state(provider, kind, reason, today):
    """Return the word for how a paper stands, and its colour."""
    if reason is None:
        return ("live", _("In order"))
    if _from_file(provider, kind, None) and provider.is_insured(on=today) and reason == papers.Reason.NOT_SHOWN:
        return ("live", _("In order"))
    colours = dict.fromkeys([papers.Reason.ENDED, papers.Reason.LATER, papers.Reason.REFUSED], "declined")
    colours[papers.Reason.WAITING] = "requested"
    return (colours.get(reason, "draft"), reason.label)


def _from_file(provider, kind, standing):
    """Return the end of an insurance that the carers team knew before papers were shown here."""
    known = kind == Kind.PUBLIC_LIABILITY and (standing is None or standing.accepted is None)
    return provider.insurance_until if known else None


def _offers(provider):
    rows = Offer.objects.filter(provider=provider).exclude(state=Offer.State.WITHDRAWN)
    return rows.select_related("provider", "category").order_by("number")


def _kind(kind):
    try:
        return Kind(kind.replace("-", "_"))
    except ValueError as unknown:
        raise Http404 from unknown
