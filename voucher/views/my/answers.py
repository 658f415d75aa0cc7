"""What a carer is asked: three short questions at three moments, and after a break whether it would be used again."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from voucher.carers import outcomes
from voucher.forms.questions import QuestionsForm
from voucher.models import Answers
from voucher.views.my.open_award import award_required
from voucher.views.my.own_booking import booking_of

AGAIN = {"yes": True, "no": False, "not_said": None}


@require_http_methods(["GET", "HEAD", "POST"])
@award_required
def questions(request):
    """The three questions that are due now; nothing has to be answered, and nothing is asked twice."""
    now = timezone.now()
    if request.method == "POST":
        form = QuestionsForm(request.POST)
        if form.is_valid():
            return _kept(request, form.cleaned_data["moment"], form.given(), now)
        if "moment" not in form.errors:
            return render(request, "my/questions.html", {"form": form, "moment": form.cleaned_data["moment"]})
    due = outcomes.moment_due(request.award, on=timezone.localdate(now))
    form = QuestionsForm(initial={"moment": due}) if due else None
    return render(request, "my/questions.html", {"form": form, "moment": due})


@require_POST
@award_required
def skip_questions(request):
    """Leave the questions of this moment out for good, in one press."""
    moment = request.POST.get("moment", "")
    return _kept(request, moment if moment in Answers.Moment.values else "", {}, timezone.now())


@require_POST
@award_required
def again(request, ref):
    """Keep whether the carer would use the offer again; another press changes it."""
    row = booking_of(request.award, ref)
    said = request.POST.get("again", "")
    try:
        if said in AGAIN:
            outcomes.say_whether_again(booking=row, again=AGAIN[said], by=request.who, now=timezone.now())
            messages.success(request, _("Thank you. We have noted it."))
    except outcomes.NotGiven:
        messages.error(request, _("You can say this once the break was given."))
    return redirect("my:booking", row.ref)


def _kept(request, moment, given, now):
    try:
        outcomes.answer(award=request.award, moment=moment, given=given, by=request.who, now=now)
    except outcomes.NotDue:
        messages.info(request, _("These questions are no longer asked. Nothing was changed."))
    else:
        if any(given.values()):
            messages.success(request, _("Thank you for telling us."))
        else:
            messages.success(request, _("That is all right. We do not ask this again."))
    return redirect("my:award")
