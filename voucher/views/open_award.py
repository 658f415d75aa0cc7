"""Which award is open in this browser: by its code, in a carer's own account, or by staff for a carer on the phone.

The session holds numbers only, never the code. A door opened by a code is looked at again at each
request, so a code that is replaced closes it at once.
"""

import datetime as dt
import logging
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import history, limits
from accounts.history import Who
from accounts.models import Role
from voucher import awards, codes
from voucher.forms.carer import OpenForm
from voucher.models import Award, Carer, Code
from voucher.navigation import OPEN_AWARD

log = logging.getLogger(__name__)

OPENED_BY = "code"  # the key in the session: the number of the code that opened the award
ACTING_USER = "acting_user"  # the key in the session: the member of staff who acts for the carer
WRONG_CODES = 10
WRONG_CODES_SECONDS = 15 * 60
# So many wrong codes in a minute from everywhere are no slips of the finger.
ALARM_A_MINUTE = 60


def award_required(view):
    """Let only a browser in which an award is open reach the page; others are asked for the code.

    Sets request.award, request.council, request.who (for history and ledger) and request.acting.
    """

    @wraps(view)
    def guarded(request, *args, **kwargs):
        award, who = opened(request)
        if award is None:
            return redirect(f"{reverse('voucher')}?{urlencode({'next': _back_to(request)})}")
        request.award, request.council, request.who = award, award.council, who
        request.acting = bool(who.on_behalf_of)
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return never_cache(guarded)


def opened(request):
    """Return the award that is open in this browser and who acts, or (None, None)."""
    number, code = request.session.get(OPEN_AWARD), request.session.get(OPENED_BY)
    acting, user = request.session.get(ACTING_USER), request.user
    rows = Award.objects.select_related("account", "carer", "council__scheme")
    live = Code.objects.filter(pk=code, award=number, state=Code.State.ACTIVE).first() if code else None
    if live:
        return rows.get(pk=number), Who(label=f"code {live.last_four}")
    if not user.is_authenticated:
        return None, None
    if acting is not None:
        award = rows.filter(pk=number, council__roles__user=user, council__roles__kind=Role.Kind.TEAM).first()
        if award is None or acting != user.pk:
            return None, None
        return award, Who(user=user, on_behalf_of=f"award {award.ref}")
    own = rows.filter(carer__user=user).order_by("-account__last_day", "-pk")
    award = own.filter(pk=number).first() or own.first()
    return (award, Who(user=user)) if award else (None, None)


def act_for(request, award):
    """Open the award for the member of the carers team who is signed in and acts for the carer."""
    _close(request)
    request.session[OPEN_AWARD], request.session[ACTING_USER] = award.pk, request.user.pk


@require_safe
@never_cache
def voucher(request):
    """The page a voucher's QR points to: the code follows # and stays in the browser, a script fills it in."""
    return _ask_for_code(request, OpenForm(initial={"next": request.GET.get("next", "")}))


@require_POST
@never_cache
@sensitive_post_parameters("code")
def open_award(request):
    """Open an award with its code. Every bad code gets the same sentence; too many get none, right or wrong."""
    now, key = timezone.now(), f"code:{limits.client_key(request)}"
    if limits.is_used_up(key, WRONG_CODES, WRONG_CODES_SECONDS, now):
        return _too_many(request, now)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _ask_for_code(request, form)
    try:
        award = awards.open_with(code=form.cleaned_data["code"])
    except awards.CodeRefused as refusal:
        return _refuse(request, form, refusal, key, now)
    _open_by_code(request, award, form.cleaned_data["code"], now)
    return redirect(_next(request, form.cleaned_data["next"]))


@require_POST
def leave(request):
    """Close the award in this browser; staff who acted for a carer go back to the award they came from."""
    award, who = opened(request)
    _close(request)
    if award and who.on_behalf_of:
        messages.success(request, _("You have stopped acting for this carer."))
        return redirect("team:award", award.ref)
    if not request.user.is_authenticated:
        request.session.flush()
    messages.success(request, _("You have left. Nobody can see the award in this browser now."))
    return redirect("home")


@require_POST
@award_required
def keep(request):
    """Keep an award that is open by its code in the carer's own account, so that no code is needed again."""
    carer, user = request.award.carer, request.user
    if not user.is_authenticated or request.acting:
        return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': reverse('my:award')})}")
    # Whoever finds a letter must not be able to keep what is in it: the address has to be the carer's own.
    if carer.email.lower() != user.email.lower():
        messages.error(
            request,
            _("We do not have %(email)s as your e-mail address. Ring us, and we will note it: %(phone)s.")
            % {"email": user.email, "phone": request.council.scheme.team_phone},
        )
        return redirect("my:award")
    if Carer.objects.filter(pk=carer.pk, user=None).update(user=user):
        history.record(
            act="carer.account_linked", subject=carer, by=Who(user=user), at=timezone.now(), council=carer.council
        )
    messages.success(request, _("Done. Next time, sign in and your award is here."))
    return redirect("my:award")


def _open_by_code(request, award, code, now):
    row = Code.objects.get(digest__in=codes.candidates(code))
    _close(request)
    # A new key for the session and for forms: whoever planted the old ones here gains nothing.
    request.session.cycle_key()
    rotate_token(request)
    request.session[OPEN_AWARD], request.session[OPENED_BY] = award.pk, row.pk
    history.record(
        act="award.opened", subject=award, by=Who(label=f"code {row.last_four}"), at=now, council=award.council
    )


def _close(request):
    for key in (OPEN_AWARD, OPENED_BY, ACTING_USER):
        request.session.pop(key, None)


def _refuse(request, form, refusal, key, now):
    log.info("A code was refused: %s", refusal.reason)
    if limits.count("codes:everywhere", 60, now) == ALARM_A_MINUTE:
        log.critical("%s wrong codes in one minute", ALARM_A_MINUTE)
    if not limits.allow(key, WRONG_CODES, WRONG_CODES_SECONDS, now):
        return _too_many(request, now)
    form.add_error("code", _("This code does not open an award. Check it against your letter, or ring us."))
    return _ask_for_code(request, form)


def _back_to(request):
    """Return where to go once the code is typed: this page, or the first one where this was only a press."""
    name = request.resolver_match.url_name
    return request.get_full_path() if request.method == "GET" or name == "ask" else reverse("my:award")


def _ask_for_code(request, form):
    return render(request, "my/open.html", {"form": form})


def _too_many(request, now):
    moment = int(now.timestamp())
    seconds = WRONG_CODES_SECONDS - moment % WRONG_CODES_SECONDS
    again_at = now + dt.timedelta(seconds=seconds)
    # To the next whole minute, so that nobody comes back some seconds early.
    again_at += dt.timedelta(seconds=-again_at.second % 60, microseconds=-again_at.microsecond)
    response = render(request, "my/too_many.html", {"again_at": again_at}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _next(request, wanted):
    inside = (reverse("my:award"), "/my/", "/cy/my/")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith(inside)
    return wanted if safe else reverse("my:award")
