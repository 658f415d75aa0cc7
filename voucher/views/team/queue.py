"""The carers team's first pages: what needs a person today, finding someone, and the providers."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import history, mail
from accounts.access import carers_team_required
from accounts.history import Who
from accounts.models import HistoryEntry
from brochure import catalogue, prices
from brochure.models import Offer
from brochure.wording import all_rates
from providers.models import Provider
from voucher import bookings as breaks
from voucher import codes
from voucher.bookings import tasks
from voucher.carers import looks
from voucher.claiming import claims, disputes
from voucher.forms.team.awards import SearchForm
from voucher.granting import letters
from voucher.ledger.models import AwardAccount
from voucher.messages import writing
from voucher.models import Award, Booking, Carer, Code
from voucher.standing import first_months, joining_desk, offer_desk
from voucher.views.team.after import to_ring
from voucher.views.team.applications import waiting_and_late
from voucher.views.team.papers import papers_context
from voucher.views.team.papers import waiting_count as papers_waiting
from voucher.views.team.standing import standing_context

A_PAGE = 25
FOUND_MOST = 20
ENDING_WITHIN = dt.timedelta(weeks=4)
NEAR_DEADLINE = dt.timedelta(hours=24)
# As long as a provider may take to mark a break before somebody rings.
TIME_TO_MARK = dt.timedelta(days=2)
TOLD = "booking.carer_told"
# Four working days, with a Christmas in between.
LETTER_LONGEST = dt.timedelta(days=14)

# What needs a person, in the order in which it should be looked at.
KINDS = {
    "unanswered": _("Requests whose time to answer ends within a day"),
    "to-tell": _("Answers to tell by telephone: a letter would come too late"),
    "problems": _("Breaks that did not happen this week"),
    "not-marked": _("Breaks that nobody has marked"),
    "not-claimed": _("Breaks not claimed in time"),
    "no-code": _("Awards whose code was stopped and that have no new one"),
    "ending": _("Awards that end within four weeks, with most left to use"),
}


@require_safe
@never_cache
@carers_team_required
def queue(request):
    now = timezone.now()
    today = timezone.localdate(now)
    waiting = letters.waiting(on=today, council=request.council)
    kinds = [
        {"kind": kind, "title": title, "count": _waiting_for(kind, request.council, now).count()}
        for kind, title in KINDS.items()
    ]
    ending = list(_waiting_for("ending", request.council, now)[:5])
    unanswered = list(_waiting_for("unanswered", request.council, now)[:5])
    waiting_applications, late_applications = waiting_and_late(request.council, today)
    ring = to_ring(request.council, now)
    _note_looks(request, [*(task.booking.award for task in ring), *ending], now)
    context = {
        "search": SearchForm(),
        "applications": waiting_applications,
        "applications_late": late_applications,
        "letters": waiting.count(),
        "to_ring": ring,
        "tasks": tasks.waiting(request.council).count(),
        "disputes": disputes.waiting(request.council).count(),
        "offers_waiting": offer_desk.waiting_count(request.council),
        "papers": papers_waiting(request.council),
        "joining": joining_desk.waiting(request.council).count(),
        "joining_late": joining_desk.late(request.council, on=today).count(),
        "first_months": first_months.to_look_back(request.council, on=today).count(),
        "not_sent": mail.given_up().filter(council=request.council).count(),
        "kinds": kinds,
        "ending": ending,
        "unanswered": unanswered,
        "today": today,
    }
    return render(request, "team/queue.html", context)


@require_safe
@never_cache
@carers_team_required
def listing(request, kind):
    """One kind of what needs a person, page by page."""
    if kind not in KINDS:
        raise Http404
    now = timezone.now()
    page = Paginator(_waiting_for(kind, request.council, now), A_PAGE).get_page(request.GET.get("page"))
    of_bookings = kind in {"unanswered", "to-tell", "problems", "not-marked", "not-claimed"}
    if kind == "to-tell" or not of_bookings:
        _note_looks(request, [row.award if of_bookings else row for row in page], now)
    context = {
        "title": KINDS[kind],
        "page": page,
        "of_bookings": of_bookings,
        "to_tell": kind == "to-tell",
        "to_settle": kind in {"not-marked", "not-claimed"},
    }
    return render(request, "team/listing.html", context | {"today": timezone.localdate(now)})


def _note_looks(request, awards, now):
    """These lists show how to reach the carers of these awards: each carer is told who saw it."""
    carers = [award.carer for award in awards]
    looks.note_each(carers=carers, council=request.council, by=Who(user=request.user), now=now)


def _waiting_for(kind, council, now):
    today = timezone.localdate(now)
    awards = Award.objects.filter(council=council).select_related("account", "carer")
    bookings = Booking.objects.filter(council=council).select_related("award__carer", "offer", "provider")
    usable = awards.filter(account__state=AwardAccount.State.ACTIVE, account__last_day__gte=today)
    if kind == "unanswered":
        waiting = bookings.filter(state=Booking.State.REQUESTED, answer_by__lte=now + NEAR_DEADLINE)
        return waiting.order_by("answer_by", "pk")
    if kind == "to-tell":
        return _to_tell(bookings, now)
    if kind == "not-marked":
        marks = breaks.not_marked(council=council, over_before=now - TIME_TO_MARK)
        return marks.select_related("award__carer", "offer", "provider")
    if kind == "not-claimed":
        return claims.out_of_time(council=council, on=today).select_related("award__carer", "offer", "provider")
    if kind == "problems":
        recent = bookings.filter(state=Booking.State.DID_NOT_HAPPEN, ended_at__gte=now - dt.timedelta(days=7))
        return recent.order_by("-ended_at", "-pk")
    if kind == "no-code":
        live = Code.objects.filter(state=Code.State.ACTIVE).values("award")
        # An award whose letter still waits gets its first code with the letter.
        return usable.exclude(pk__in=live).filter(Q(printed_at__isnull=False) | Q(codes__isnull=False)).distinct()
    soon = usable.filter(account__last_day__lte=today + ENDING_WITHIN, account__available__gt=0)
    return soon.order_by((F("account__available") * 100 / F("value")).desc(), "account__last_day", "pk")


def _to_tell(bookings, now):
    """Return coming breaks with news from their provider that a letter would bring too late to their carer (R33).

    What was told since then is left out: TOLD is written in the history of the booking.
    """
    state = Booking.State
    answered = Q(state__in=[state.COUNTERED, state.CONFIRMED, state.DECLINED, state.TIMED_OUT])
    dropped = Q(state=state.CANCELLED, ended_by=Booking.Party.PROVIDER)
    told = HistoryEntry.objects.filter(
        act=TOLD, subject_kind="booking", subject_id=OuterRef("pk"), at__gte=OuterRef("news_at")
    )
    news = bookings.filter(answered | dropped, starts_at__range=(now, now + LETTER_LONGEST))
    news = news.annotate(news_at=Coalesce("ended_at", "answered_at", "requested_at")).exclude(Exists(told))
    rung = [row.pk for row in news.select_related("award__carer") if _is_rung(row)]
    return news.filter(pk__in=rung).order_by("starts_at", "pk")


def _is_rung(row):
    # A suggestion waits for an answer, so whoever reads letters only is rung however far away the break is.
    suggested = row.state == Booking.State.COUNTERED
    day = timezone.localdate(row.answer_by if suggested else row.starts_at)
    return writing.is_rung(row.award.carer, day=day, on=timezone.localdate(row.news_at))


@require_POST
@carers_team_required
def told(request, ref):
    """Write down that the carer was told how their booking stands, so that nobody rings a second time."""
    booking = get_object_or_404(Booking, council=request.council, ref=ref)
    now = timezone.now()
    if _to_tell(Booking.objects.filter(pk=booking.pk), now).exists():
        by = Who(user=request.user, on_behalf_of=f"award {booking.award.ref}")
        history.record(act=TOLD, subject=booking, by=by, at=now, council=request.council)
    messages.success(request, _("Noted: this carer knows."))
    return redirect("team:listing", "to-tell")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def search(request):
    """Find by words. They are posted, because a name in an address would stay in logs and histories."""
    form = SearchForm(request.POST) if request.method == "POST" else SearchForm()
    found = _find(form.cleaned_data["words"], request.council) if form.is_valid() else None
    if found:
        carers = [*found["carers"], *(award.carer for award in [*found["awards"], *found["by_code"]])]
        looks.note_each(carers=carers, council=request.council, by=Who(user=request.user), now=timezone.now())
    context = {"form": form, "found": found, "nothing": found is not None and not any(found.values())}
    return render(request, "team/search.html", context)


def _find(words, council):
    """Return what the words may mean, each kind in one query and at most FOUND_MOST of each."""
    named = Q()
    for word in words.split():
        named &= Q(first_name__icontains=word) | Q(last_name__icontains=word)
    known = Q(postcode__istartswith=words) | Q(email__iexact=words) | Q(phone__iexact=words)
    with_awards = Prefetch("awards", Award.objects.select_related("account").order_by("-pk"))
    last_four = codes.normalise(words)[-4:]
    live = Q(codes__last_four=last_four, codes__state=Code.State.ACTIVE) if len(last_four) == 4 else Q(pk=None)
    awards = Award.objects.filter(council=council).select_related("carer", "account")
    return {
        "carers": list(Carer.objects.filter(named | known, council=council).prefetch_related(with_awards)[:FOUND_MOST]),
        "awards": list(awards.filter(Q(ref__iexact=words) | Q(assessment_ref__iexact=words))[:FOUND_MOST]),
        "by_code": list(awards.filter(live)[:FOUND_MOST]),
        "bookings": list(
            Booking.objects.filter(council=council, ref__iexact=words.replace(" ", "")).select_related(
                "award__carer", "offer", "provider"
            )[:FOUND_MOST]
        ),
        "providers": list(_providers(council).filter(Q(name__icontains=words) | Q(ref__iexact=words))[:FOUND_MOST]),
    }


def _providers(council):
    """Return the providers that carers of this council can use: all of its region, and its own that are joining."""
    others_joining = ~Q(council=council) & Q(state__in=Provider.NOT_JOINED)
    rows = Provider.objects.filter(council__region=council.region).exclude(others_joining)
    return rows.select_related("council")


@require_safe
@never_cache
@carers_team_required
def providers(request):
    rows = _providers(request.council).annotate(
        live_offers=Count("offers", filter=Q(offers__state=Offer.State.LIVE), distinct=True),
    )
    page = Paginator(rows.order_by("name", "pk"), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "team/providers.html", {"page": page, "today": timezone.localdate()})


@require_safe
@never_cache
@carers_team_required
def provider(request, ref):
    row = get_object_or_404(_providers(request.council), ref=ref)
    today = timezone.localdate()
    context = {
        "provider": row,
        "in_order": row.is_in_order(on=today),
        "offers": [
            {"offer": each, "price": all_rates(each.rates.shown, each.unit)}
            for each in prices.attach(list(catalogue.live_offers(on=today).filter(provider=row)), today)
        ],
        "bookings": Booking.objects.filter(provider=row, council=request.council)
        .select_related("award__carer", "offer", "provider")
        .order_by("-starts_at", "-pk")[:A_PAGE],
    }
    context |= papers_context(row, request.council, today) | standing_context(row, request.council)
    return render(request, "team/provider.html", context)
