"""Where somebody begins who would like to offer breaks: what it is, a code by e-mail, a name and a county."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import address_codes, limits, mail, people, sign_in, wording
from accounts.history import Who
from accounts.models import Language, Scheme
from providers import joining
from providers.access import CHOSEN_PROVIDER
from voucher import carers_teams
from voucher import messages as news
from voucher.forms.account import AddressCodeForm, AddressForm
from voucher.forms.provider.joining import BeginForm
from voucher.navigation import OPEN_AWARD
from voucher.views.my.account import is_the_code

PROVING = "joining"  # the key in the session under which an address is proved
CODES_AN_ADDRESS, CODES_A_SENDER = 5, 20
BEGUN_A_SENDER = 10

pages = require_http_methods(["GET", "HEAD", "POST"])


@pages
@never_cache
def join(request):
    """Say what joining is, what is asked and how long it takes; the e-mail address begins it."""
    signed_in = request.user.is_authenticated
    form = AddressForm(request.POST if request.method == "POST" and not signed_in else None)
    if form.is_bound and form.is_valid() and _send_code(request, form):
        return redirect("join_code")
    own = carers_teams.scheme_of(request)
    # Where the council is not known yet, as long as any of them takes.
    schemes = [own] if own else list(carers_teams.every()) or [Scheme()]
    answered_within = max(each.joining_working_days for each in schemes)
    return render(request, "join/join.html", {"form": None if signed_in else form, "answered_within": answered_within})


def _send_code(request, form):
    """Send a code to the address, whoever it belongs to, so that nobody learns who is known here; False if too many."""
    now, email = timezone.now(), form.cleaned_data["email"].lower()
    counts = (
        (f"joining-of:{email}", CODES_AN_ADDRESS),
        (f"joining-from:{limits.client_key(request)}", CODES_A_SENDER),
    )
    # Each is counted, also where another has been used up.
    allowed = [limits.allow(key, limit, address_codes.DAY, now) for key, limit in counts]
    if not all(allowed):
        form.add_error(None, _("There have been too many tries today. Try again tomorrow, or ring us."))
        return False
    code = address_codes.begin(request.session, PROVING, email=email, now=now)
    with transaction.atomic():
        row = news.joining_code(email=email, language=_language(), code=code)
    mail.send_now(row, now, keep_text=sign_in.keeps_codes())
    return True


@pages
@never_cache
@sensitive_post_parameters("code")
def code(request):
    """The code from the e-mail signs in; only now is anybody made who was not known."""
    proving, now = request.session.get(PROVING), timezone.now()
    if not proving:
        return redirect("join")
    form = AddressCodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and is_the_code(request, PROVING, form, now):
        request.session.pop(PROVING)
        by = Who(label="own address")
        user = people.with_proved_address(email=proving["email"], language=_language(), by=by, now=now)
        return sign_in.with_proved_address(request, user, "join_begin")
    return render(request, "join/code.html", {"form": form, "email": proving["email"]})


@pages
@never_cache
@login_required
def begin(request):
    """Ask for a name and a county; then the list of what is to be told begins. Who has begun goes on."""
    begun = joining.joining_of(request.user)
    if begun is None:
        form = BeginForm(request.POST if request.method == "POST" else None)
        if not (form.is_valid() and _may_begin(request, form)):
            return render(request, "join/begin.html", {"form": form})
        begun = joining.begin(
            user=request.user,
            name=form.cleaned_data["name"],
            council=form.cleaned_data["council"],
            language=_language(),
            by=Who(user=request.user),
            now=timezone.now(),
        )
    # An award that is open in this browser has nothing to do with it.
    request.session.pop(OPEN_AWARD, None)
    request.session[CHOSEN_PROVIDER] = begun.pk
    return redirect("provider:joining")


def _may_begin(request, form):
    key = f"begun-from:{limits.client_key(request)}"
    if limits.allow(key, BEGUN_A_SENDER, address_codes.DAY, timezone.now()):
        return True
    form.add_error(None, _("There have been too many tries today. Try again tomorrow, or ring us."))
    return False


@require_safe
def terms(request):
    """The terms, to be read by anybody beforehand: with the reader's council's figures, else with those of each."""
    own = carers_teams.scheme_of(request)
    schemes = [own] if own else list(carers_teams.every()) or [Scheme()]
    alike = len({(each.price_notice_days, each.claim_window_days, each.provisional_months) for each in schemes}) == 1
    context = {"edition": joining.TERMS_EDITION, "figures": schemes[0] if alike else None}
    if not alike:
        context["councils"] = [
            {
                "name": each.council.name,
                "notice": wording.numbered(each.price_notice_days, "day"),
                "claim": wording.numbered(each.claim_window_days, "day"),
                "looked_after": wording.numbered(each.provisional_months, "month"),
            }
            for each in schemes
        ]
    return render(request, "join/terms.html", context)


def _language():
    return Language.WELSH if (get_language() or "en").startswith("cy") else Language.ENGLISH
