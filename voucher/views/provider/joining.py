"""The pages of a provider that joins: a list of what is to be told, a page for each part, and sending it."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.context import WELSH_PREFIX, twins
from accounts.history import Who
from providers import joining, papers
from providers.access import joining_required
from providers.joining import Step
from providers.models import JoiningNote, Provider
from voucher.forms.accounts import AccountForm
from voucher.forms.provider.joining import ContactForm, OrganisationForm, SendForm, TermsForm, VatForm
from voucher.navigation import address
from voucher.settling import account_changes, bacs
from voucher.standing import joining_checks, joining_desk

OTHER_LANGUAGE = "other-language"  # what a press says that keeps the page and goes on in the other language
FORMS = {
    Step.ORGANISATION: OrganisationForm,
    Step.CONTACT: ContactForm,
    Step.VAT: VatForm,
}
# These parts have pages of their own.
ELSEWHERE = {Step.OFFERS: "provider:offers", Step.PAPERS: "provider:papers"}
HINTS = {
    Step.ORGANISATION: gettext_lazy("Your name, and what kind of organisation you are."),
    Step.CONTACT: gettext_lazy("Address, telephone, e-mail, and your language."),
    Step.OFFERS: gettext_lazy("What carers can book with you, when, and what it costs. One is enough to begin."),
    Step.PAPERS: gettext_lazy("Insurance, safeguarding, and DBS checks."),
    Step.BANK: gettext_lazy("A second person here checks it before anything is paid."),
    Step.VAT: gettext_lazy("One question."),
    Step.TERMS: gettext_lazy("Two pages to read."),
}

pages = require_http_methods(["GET", "HEAD", "POST"])


@pages
@never_cache
@joining_required
def task_list(request):
    """Every part with how it stands; once it was sent, what happens now and by which day."""
    provider, today = request.provider, timezone.localdate()
    if provider.state not in Provider.NOT_JOINED:
        return redirect("provider:inbox")
    lacks = joining_checks.missing(provider, on=today)
    context = {
        "provider": provider,
        "may_change": provider.state in Provider.MAY_CHANGE,
        "steps": [_line(step, lacks) for step in Step],
        "missing": lacks,
        "remarks": joining_checks.remarks(provider, on=today),
        "asked": joining_desk.asked(provider),
        "refused": _reasons(provider),
        "papers_url": address(ELSEWHERE[Step.PAPERS]),
        "is_late": provider.answer_by is not None and provider.answer_by < today,
    }
    return render(request, "provider/joining.html", context)


def _line(step, lacks):
    name = ELSEWHERE.get(step)
    return {
        "step": step,
        "title": step.label,
        "hint": HINTS[step],
        "url": address(name) if name else reverse("provider:joining_step", args=[step]),
        "missing": [each.words for each in lacks if each.step == step],
    }


def _reasons(provider):
    if provider.state != Provider.State.REFUSED:
        return ""
    return provider.joining_notes.filter(kind=JoiningNote.Kind.REFUSED).values_list("words", flat=True).last()


@sensitive_post_parameters("sort_code", "account_number", "roll_number", "name")
@pages
@never_cache
@joining_required
def step(request, step):
    """One part: what is right is kept with every press, whole or not, and the page may go on in the other language."""
    if step not in Step.values or step in ELSEWHERE:
        raise Http404
    provider = request.provider
    if provider.state not in Provider.MAY_CHANGE:
        return redirect("provider:joining")
    form = _form(request, Step(step))
    if request.method == "POST" and _keep(request, Step(step), form):
        if request.POST.get("then") == OTHER_LANGUAGE:
            english, welsh = twins(request)
            return redirect((english if request.path.startswith(WELSH_PREFIX) else welsh).path)
        messages.success(request, _("Saved."))
        return redirect("provider:joining")
    context = {
        "form": form,
        "step": step,
        "title": Step(step).label,
        "account": joining.account_of(provider),
        "edition": joining.TERMS_EDITION,
        "other_language": OTHER_LANGUAGE,
        "agreed": provider.terms_edition == joining.TERMS_EDITION,
    }
    return render(request, "provider/joining_step.html", context)


def _form(request, step):
    data = request.POST if request.method == "POST" else None
    if step == Step.TERMS:
        return TermsForm(data, edition=joining.TERMS_EDITION)
    if step == Step.BANK:
        return AccountForm(data)
    return FORMS[step](data, provider=request.provider)


def _keep(request, step, form):
    """Keep what can be kept of a part; True where nothing is left to mend."""
    fits = form.is_valid()
    provider, by, now = request.provider, Who(user=request.user), timezone.now()
    # Terms that are only read in the other language are not agreed to by it, and an empty account is none.
    only_turned = request.POST.get("then") == OTHER_LANGUAGE and step in (Step.TERMS, Step.BANK)
    if only_turned and not fits and not form.has_changed():
        return True
    try:
        if step == Step.BANK:
            return fits and _keep_account(form, provider, by, now)
        if step == Step.TERMS:
            if fits and request.POST.get("then") != OTHER_LANGUAGE:
                joining.agree_to_terms(provider=provider, edition=form.cleaned_data["edition"], by=by, now=now)
            return fits or only_turned
        joining.save(provider=provider, step=step, values=form.told, by=by, now=now)
    except joining.AlreadySent:
        messages.info(request, _("This was sent to the carers team meanwhile. Take it back to change something."))
        return True
    except joining.OtherEdition:
        form.add_error(None, _("The terms have changed since you opened them. Read them again below."))
        form.data = form.data.copy()
        form.data["edition"] = joining.TERMS_EDITION
        return False
    return fits


def _keep_account(form, provider, by, now):
    try:
        joining_desk.give_account(provider=provider, **form.cleaned_data, by=by, now=now)
    except bacs.BacsFault as fault:
        form.refuse(fault)
        return False
    except account_changes.SameAccount:
        pass
    return True


@pages
@never_cache
@joining_required
def send(request):
    """See once more what goes to the carers team, and send it; where something is missing, it says what."""
    provider, now = request.provider, timezone.now()
    if provider.state not in Provider.MAY_CHANGE:
        return redirect("provider:joining")
    question = joining_desk.asked(provider)
    form = SendForm(request.POST if request.method == "POST" else None, asked=question)
    if request.method == "POST" and form.is_valid():
        try:
            words = form.cleaned_data["words"]
            joining_desk.send(provider=provider, words=words, by=Who(user=request.user), now=now)
        except (joining_desk.StillMissing, joining_desk.Moved):
            messages.error(request, _("Something is still missing. It is listed below."))
            return redirect("provider:joining")
        except joining_desk.NoWords:
            messages.error(request, _("The carers team has asked you something meanwhile. Answer it first."))
            return redirect("provider:joining_send")
        messages.success(request, _("Sent. Thank you."))
        return redirect("provider:joining")
    context = {
        "provider": provider,
        "form": form,
        "asked": question,
        "missing": joining_checks.missing(provider, on=timezone.localdate(now)),
        "offers": joining_checks.drafts(provider),
        "account": joining.account_of(provider),
        "papers": papers.standings(provider).values(),
        "checks": provider.dbs_checks.filter(ended_at=None),
    }
    return render(request, "provider/joining_send.html", context)


@require_POST
@joining_required
def take_back(request):
    """Take it back from the carers team to change something."""
    try:
        joining_desk.take_back(provider=request.provider, by=Who(user=request.user), now=timezone.now())
    except joining_desk.Moved:
        messages.info(request, _("The carers team has answered meanwhile."))
    else:
        messages.success(request, _("You have it back. Send it again when you have changed what you wanted."))
    return redirect("provider:joining")


@pages
@never_cache
@joining_required
def withdraw(request):
    """Ask once more, then let the provider join no more."""
    if request.provider.state not in Provider.NOT_JOINED:
        return redirect("provider:inbox")
    if request.method != "POST":
        return render(request, "provider/joining_withdraw.html", {"provider": request.provider})
    try:
        joining_desk.withdraw(provider=request.provider, by=Who(user=request.user), now=timezone.now())
    except joining_desk.Moved:
        messages.info(request, _("The carers team has answered meanwhile."))
        return redirect("provider:joining")
    messages.success(request, _("You have withdrawn. Nobody asks you for anything more. You may begin again any time."))
    return redirect("join")
