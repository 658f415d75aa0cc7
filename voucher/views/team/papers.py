"""What the carers team looks at before a provider works: its papers, and why an offer needs no registration."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import wording
from accounts.access import carers_team_required
from accounts.history import Who
from brochure import care_checks, exemptions
from brochure.models import Exemption, Offer
from providers import cover, papers, staff
from providers.models import Document, Provider
from voucher import bookings
from voucher.bookings import alternatives
from voucher.carers import looks
from voucher.forms.provider.papers import BAD_PAPERS
from voucher.forms.team.papers import AcceptForm, NoCheckForm, RefuseForm
from voucher.models import Booking, Task
from voucher.standing import lapses
from voucher.views.provider.papers import download, gap_in_words, offer_line, paper_lines
from voucher.views.team.colleagues import not_by_colleagues

A_PAGE = 25


def waiting_count(council):
    """Return how many papers and exemptions wait for this council's carers team."""
    return papers.waiting(council).count() + exemptions.waiting(council).count()


def papers_context(provider, council, today):
    """Return what the team's page of a provider shows of its papers and checks; nothing of another council's."""
    if provider.council_id != council.pk:
        return {}
    shown = care_checks.shown_by(provider)
    offers = Offer.objects.filter(provider=provider).exclude(state=Offer.State.WITHDRAWN)
    offers = list(offers.select_related("provider", "category").order_by("number"))
    lines = paper_lines(provider, today, offers)
    for line in lines:
        line["can_let_go"] = line["is_asked"] and line["reason"] is not None and line["kind"] in papers.LET_GO
    return {
        "papers": lines,
        "checks": [check for check in shown.checks if check.ended_at is None],
        "offers_checked": [
            line | {"waived": line["offer"].dbs_note, "can_waive": _can_waive(line["offer"])}
            for line in (offer_line(offer, shown, today) for offer in offers)
        ],
    }


@require_safe
@never_cache
@carers_team_required
def waiting(request):
    """The papers that wait for an answer, and the exemptions to review, the oldest first."""
    page = Paginator(papers.waiting(request.council), A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "exemptions": exemptions.waiting(request.council)[:A_PAGE]}
    return render(request, "team/papers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
@not_by_colleagues()
def paper(request, pk):
    """One paper: open it, accept it or say why not."""
    row, now = _paper_of(request.council, pk), timezone.now()
    today, says = timezone.localdate(now), request.POST.get("says")
    days = {"today": today, "begins": row.valid_from, "until": row.valid_until}
    accept = AcceptForm(request.POST if says == "yes" else None, prefix="yes", kind=row.kind, **days)
    refuse = RefuseForm(request.POST if says == "no" else None, prefix="no")
    try:
        if accept.is_valid():
            lapses.accept(document=row, **accept.cleaned_data, by=Who(request.user), now=now)
            messages.success(request, _accepted(row, today))
            return redirect("team:papers")
        if refuse.is_valid():
            papers.refuse(document=row, reason=refuse.cleaned_data["reason"], by=Who(request.user), now=now)
            messages.success(request, _("Not accepted. The provider sees why."))
            return redirect("team:papers")
    except papers.Answered:
        messages.info(request, _("A colleague has answered already, or a newer one has come."))
        return redirect("team:paper", pk)
    except papers.BadPaper as fault:
        accept.add_error("valid_until", BAD_PAPERS[fault.why][1])
    counts = papers.standings(row.provider).get(row.kind)
    waits = row.state == Document.State.WAITING
    gap = papers.gap_if_accepted(document=row, now=now) if waits else None
    context = {
        "gap": gap,
        "booked_in_gap": gap
        and lapses.booked_after(provider=row.provider, day=gap.first - cover.DAY, last=gap.last, now=now),
        "gap_words": gap and gap_in_words(gap),
        "paper": row,
        "accept": accept,
        "refuse": refuse,
        "counts": counts.accepted if counts and counts.accepted != row else None,
        "booked_after": row.valid_until and lapses.booked_after(provider=row.provider, day=row.valid_until, now=now),
    }
    return render(request, "team/paper.html", context)


@require_safe
@never_cache
@carers_team_required
def paper_file(request, pk):
    """Hand over the file of a paper; the look is written down."""
    row = get_object_or_404(Document.objects.exclude(content=None), pk=pk, provider__council=request.council)
    if request.method == "GET":
        papers.note_look(document=row, by=Who(request.user), now=timezone.now())
    return download(row)


@require_POST
@carers_team_required
@not_by_colleagues("team:papers")
def let_go(request, ref, kind):
    """Ask for a paper no more, because the provider no longer does what it is for."""
    row = get_object_or_404(Provider.objects.select_related("council"), council=request.council, ref=ref)
    if kind not in papers.LET_GO:
        raise Http404
    lapses.let_go(provider=row, kind=Document.Kind(kind), by=Who(request.user), now=timezone.now())
    messages.success(request, _("Noted: this is asked of the provider no more."))
    return redirect("team:provider", row.ref)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
@not_by_colleagues()
def exemption(request, pk):
    """One exemption: agree up to a day, or say why not; never by whoever asked."""
    rows = Exemption.objects.select_related("offer__provider__council", "offer__category", "reviewed_by", "asked_by")
    row = get_object_or_404(rows, pk=pk, offer__provider__council=request.council)
    now = timezone.now()
    says = request.POST.get("says")
    agree = AcceptForm(request.POST if says == "yes" else None, prefix="yes", today=timezone.localdate(now))
    refuse = RefuseForm(request.POST if says == "no" else None, prefix="no")
    try:
        if agree.is_valid():
            lapses.agree(exemption=row, valid_until=agree.cleaned_data["valid_until"], by=Who(request.user), now=now)
            messages.success(request, _("Agreed. The offer may be shown until that day."))
            return redirect("team:papers")
        if refuse.is_valid():
            exemptions.refuse(exemption=row, reason=refuse.cleaned_data["reason"], by=Who(request.user), now=now)
            messages.success(request, _("Not agreed. The provider sees why."))
            return redirect("team:papers")
    except exemptions.Reviewed:
        messages.info(request, _("A colleague has decided already. See below."))
        return redirect("team:exemption", pk)
    except exemptions.SamePerson:
        messages.error(request, _("You asked for this yourself. Somebody else decides."))
    return render(request, "team/exemption.html", {"exemption": row, "agree": agree, "refuse": refuse})


@require_POST
@carers_team_required
@not_by_colleagues("team:papers")
def no_check(request, number):
    """Write down why whoever sits with somebody needs no check, or ask for it again."""
    rows = Offer.objects.select_related("provider__council", "category")
    offer = get_object_or_404(rows, provider__council=request.council, number=number)
    form = NoCheckForm(request.POST)
    if form.is_valid():
        staff.refuse_colleague(offer.provider, Who(request.user))
        words = form.cleaned_data["words"]
        care_checks.note_why_no_check(offer=offer, words=words, by=Who(request.user), now=timezone.now())
        messages.success(request, _("Noted."))
    else:
        messages.error(request, form.errors["words"][0])
    return redirect("team:provider", offer.provider.ref)


@require_safe
@never_cache
@carers_team_required
def rearrange(request, pk):
    """A break that its provider cannot give: whom to ring, and who else is free then."""
    around = ("booking__award__carer", "booking__award__account", "booking__award__council__scheme")
    rows = Task.objects.select_related(*around, "booking__offer__category", "booking__provider")
    task = get_object_or_404(rows, pk=pk, council=request.council, kind=Task.Kind.REARRANGE)
    booking, now = task.booking, timezone.now()
    award = booking.award
    by = Who(user=request.user, on_behalf_of=f"award {award.ref}")
    looks.note_each(carers=[award.carer], council=request.council, by=by, now=now)
    others, is_open = [], booking.state in Booking.LIVE and booking.starts_at > now
    if is_open:
        # What is set aside for this break is free again once it is cancelled.
        most = award.account.available + (booking.amount or 0)
        others = alternatives.somebody_else(
            award=award,
            offer=booking.offer,
            starts_at=booking.starts_at,
            minutes=booking.minutes,
            most=most,
            now=now,
            by=by,
        )
    context = {"task": task, "booking": booking, "carer": award.carer, "award": award, "others": others}
    context |= {"open": is_open, "other_half": bookings.other_half(booking)}
    return render(request, "team/rearrange.html", context)


def _accepted(row, today):
    """Return what is said once a paper is accepted: from when it counts, and which days nothing covers."""
    standing = papers.standings(row.provider)[row.kind]
    if gap := standing.cover.gap(today):
        return _("Accepted. %(gap)s") % {"gap": gap_in_words(gap)}
    if row.valid_from and row.valid_from > today:
        return _("Accepted. It counts from %(day)s on.") % {"day": wording.day(row.valid_from, "long")}
    return _("Accepted. It counts from now on.")


def _paper_of(council, pk):
    rows = Document.objects.defer("content").select_related("provider__council", "added_by", "seen_by")
    return get_object_or_404(rows, pk=pk, provider__council=council)


def _can_waive(offer):
    return offer.category.slug == care_checks.SITTING and not care_checks.NEVER_WAIVED & set(care_checks.duties(offer))
