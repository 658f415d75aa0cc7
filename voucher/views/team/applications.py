"""What carers have asked the carers team for: the list, oldest clock first, and the page where it is answered."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import wording
from accounts.access import carers_team_required
from accounts.history import Who
from voucher import rules
from voucher.changes import applications
from voucher.forms.applications import GrantForm, RefuseForm
from voucher.granting import award_changes, awards
from voucher.ledger import books
from voucher.models import Application

Kind, State = Application.Kind, Application.State
A_PAGE = 25


@require_safe
@never_cache
@carers_team_required
def applications_page(request):
    """What waits for an answer, and what was answered lately."""
    page = Paginator(applications.waiting(request.council), A_PAGE).get_page(request.GET.get("page"))
    answered = Application.objects.filter(award__council=request.council, decided_at__isnull=False)
    context = {
        "page": page,
        "answered": answered.select_related("award__carer", "award__account").order_by("-decided_at", "-pk")[:10],
        "today": timezone.localdate(),
    }
    return render(request, "team/applications.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@carers_team_required
def application(request, number):
    """Say yes, to the whole or to less, or no with the reason; whoever is quicker wins."""
    row = _of_council(request.council, number)
    now = timezone.now()
    days = applications.days_for_more_time(row.award, on=timezone.localdate(now))
    says = request.POST.get("says") if row.state == State.OPEN else None
    yes = GrantForm(request.POST if says in {"yes", "agree"} else None, application=row, days=days, prefix="yes")
    no = RefuseForm(request.POST if says == "no" else None, prefix="no")
    if says == "no" and no.is_valid():
        return _try(
            request, row, applications.refuse, _("You said no, and the carer is told why."), now, **no.cleaned_data
        )
    if says == "yes" and yes.is_valid():
        said = _("You said yes, and the carer is told.")
        return _try(request, row, applications.grant, said, now, form=yes, **yes.cleaned_data)
    if says == "agree" and yes.is_valid():
        said = _("You have agreed. A colleague looks at it and says yes.")
        return _try(request, row, applications.agree, said, now, amount=yes.cleaned_data["amount"])
    if request.method == "POST" and says is None:
        messages.info(request, _("This was answered already. Here is what was said."))
    return _page(request, row, yes, no, days)


def waiting_and_late(council, on):
    """Return how many applications wait for an answer, and how many of them are late."""
    rows = Application.objects.filter(award__council=council, state=State.OPEN)
    return rows.count(), rows.filter(answer_by__lt=on).count()


def _of_council(council, number):
    rows = Application.objects.select_related(
        "award__account",
        "award__carer",
        "award__council__scheme",
        "award__fund__account",
        "offer",
        "agreed_by",
        "decided_by",
    )
    return get_object_or_404(rows, pk=number, award__council=council)


def _try(request, row, verb, said, now, form=None, **given):
    """Call the verb; answer with the list, or with the page and the reason why nothing was changed."""
    try:
        verb(application=row, by=Who(user=request.user), now=now, **given)
    except applications.Decided as decided:
        messages.info(request, _("Somebody was quicker: %(state)s.") % {"state": State(decided.state).label})
        return redirect("team:application", row.pk)
    except applications.NeedsAColleague as alone:
        messages.error(request, _above_the_limit(row.award, alone))
        return redirect("team:application", row.pk)
    except applications.BadDay as days:
        sentence = _("The new last day can be from %(first)s to %(last)s.")
        messages.error(request, sentence % {"first": wording.day(days.first), "last": wording.day(days.last)})
        return redirect("team:application", row.pk)
    except applications.Refused:
        messages.error(request, _("Nothing was changed: this award was closed, or it was given more time once before."))
        return redirect("team:application", row.pk)
    except books.FundExhausted as short:
        sentence = _("Nothing was changed: the fund has only %(left)s left.")
        messages.error(request, sentence % {"left": wording.amount(short.left, row.award.unit)})
        return redirect("team:application", row.pk)
    except books.Refused:
        messages.error(request, _("Nothing was changed: this award has ended."))
        return redirect("team:application", row.pk)
    messages.success(request, said)
    if verb is applications.grant and row.kind == Kind.NEW_AWARD:
        return redirect(f"{reverse('team:issue')}?carer={row.award.carer_id}")
    return redirect("team:applications")


def _above_the_limit(award, alone):
    words = {
        "limit": wording.amount(alone.limit, award.unit),
        "given": wording.amount(alone.given, award.unit),
    }
    return (
        _(
            "One worker gives up to %(limit)s to one award, and this one was given %(given)s before. "
            "You can agree to it; a colleague then says yes, to that much at most."
        )
        % words
    )


def _page(request, row, yes, no, days):
    award = row.award
    balance, limit = awards.balance(award), award_changes.limit_for(award)
    alone = row.kind != Kind.MORE_VALUE or rules.one_worker_may_give(balance.given, row.wanted_amount, limit)
    context = {
        "application": row,
        "award": award,
        "facts": _facts(row, balance),
        "yes": yes,
        "no": no,
        # The form with something to mend, for the list of problems at the top.
        "form": yes if yes.is_bound else no,
        "today": timezone.localdate(),
        "too_late": days[0] > days[1] and row.kind == Kind.MORE_TIME,
        "needs_two": not alone,
        "agreed_by_me": row.agreed_by_id == request.user.pk,
        "limit": limit,
    }
    return render(request, "team/application.html", context)


def _facts(row, balance):
    award, unit = row.award, row.award.unit
    facts = [
        {"key": _("Carer"), "value": str(award.carer), "href": reverse("team:award", args=[award.ref])},
        {"key": _("Asked for"), "value": row.get_kind_display()},
        {"key": _("Reason"), "value": row.get_reason_display()},
        {"key": _("Asked on"), "value": wording.day(timezone.localdate(row.made_at))},
        {"key": _("Answer by"), "value": wording.day(row.answer_by)},
        {"key": _("Last day of the award"), "value": wording.day(award.account.last_day)},
        {"key": _("Left to use"), "value": wording.amount(balance.left, unit)},
        {"key": _("Back in the fund"), "value": wording.amount(balance.expired, unit)},
        {"key": _("Given in all"), "value": wording.amount(balance.given, unit)},
    ]
    if row.wanted_until:
        facts.insert(2, {"key": _("Until"), "value": wording.day(row.wanted_until)})
    if row.wanted_amount:
        facts.insert(2, {"key": _("How much more"), "value": wording.amount(row.wanted_amount, unit)})
    if row.offer:
        facts.insert(3, {"key": _("For"), "value": row.offer.title, "href": reverse("offer", args=[row.offer.slug])})
    if row.words:
        facts.append({"key": _("In the carer's words"), "value": row.words})
    return facts
