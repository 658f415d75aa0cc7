"""Which award is open in this browser: by its code, in a carer's own account, or for a carer who is helped.

The session holds numbers only, never the code. Every door is looked at again at each request: a code that is
replaced or bound closes it at once, as do a permission that has ended and the end of a helper's 20 minutes.
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
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import history, limits
from accounts.history import Who
from accounts.models import Language, Role
from providers.models import Provider, Staff
from voucher import codes
from voucher.carers import carer_accounts, helping
from voucher.forms.carer import OpenForm
from voucher.granting import awards
from voucher.models import Award, Carer, Code
from voucher.navigation import HELPING, LARGE_PRINT, OPEN_AWARD

# Who checks codes at a provider's door (providers.access.desk_required).
DOOR_POSTS = (Staff.Kind.OWNER, Staff.Kind.BOOKINGS, Staff.Kind.DESK)
log = logging.getLogger(__name__)

OPENED_BY = "code"  # the key in the session: the number of the code that opened the award
ACTING_USER = "acting_user"  # the key in the session: the member of staff who acts for the carer
WRONG_CODES = 10
WRONG_CODES_SECONDS = 15 * 60
# So many wrong codes in a minute from everywhere are no slips of the finger.
ALARM_A_MINUTE = 60
# All that a helper needs: what is left, asking for a break, and what becomes of it. Every other page of the
# carer's is closed to helpers, and so is each new one until it is named here.
HELPERS_PAGES = {
    *("award", "planner", "ask", "ask_another", "ask_sitter", "too_dear", "asked", "booking", "slip", "leave"),
    *("take", "take_none", "change_time", "keep_time", "cancel", "did_not_happen"),
    # More time or more to use is asked for where a break needs it; what was asked for before is not shown with it.
    *("emergency", "agree", "how_much", "apply"),
    *("wait", "waiting", "take_place", "leave_line", "handover"),
}


def award_required(view):
    """Let only a browser in which an award is open reach the page; others are asked for the code.

    Sets request.award, request.council, request.who (for history and ledger), request.acting (the carers team
    acts for the carer) and request.helping (the Help by which a helper does, or None).
    """

    @wraps(view)
    def guarded(request, *args, **kwargs):
        award, who = opened(request)
        if award is None and HELPING in request.session:
            return _help_is_over(request)
        if award is None:
            return redirect(f"{reverse('voucher')}?{urlencode({'next': _back_to(request)})}")
        request.award, request.council, request.who = award, award.council, who
        request.acting = bool(who.on_behalf_of) and not request.helping
        if request.helping and request.resolver_match.url_name not in HELPERS_PAGES:
            return render(request, "helping/not_for_helpers.html", status=404)
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return never_cache(guarded)


def opened(request):
    """Return the award that is open in this browser and who acts, or (None, None); sets request.helping."""
    number, code = request.session.get(OPEN_AWARD), request.session.get(OPENED_BY)
    acting, user = request.session.get(ACTING_USER), request.user
    rows = Award.objects.select_related("account", "carer", "council__scheme")
    request.helping = None
    if HELPING in request.session:
        return _helped(request, rows)
    live = Code.objects.filter(pk=code, award=number, state=Code.State.ACTIVE).first() if code else None
    award = rows.get(pk=number) if live else None
    if award and award.carer.user_id and award.carer.user_id == user.pk:
        return award, Who(user=user)
    if award and awards.opens_for(award.carer, None):
        return award, Who(label=f"code {live.last_four}")
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


def _helped(request, rows):
    """Return the award that a helper has open and both names, while the leave to help lasts."""
    help_ = helping.standing(
        request.session[HELPING],
        user=request.user,
        award=request.session.get(OPEN_AWARD),
        code=request.session.get(OPENED_BY),
        now=timezone.now(),
    )
    if help_ is None:
        return None, None
    request.helping, award = help_, rows.get(pk=request.session[OPEN_AWARD])
    return award, Who(user=request.user, on_behalf_of=f"award {award.ref}", role=help_.kind)


def _help_is_over(request):
    _close(request)
    messages.warning(request, _("Your time to help is over, and the award is closed. Nothing more was done."))
    return redirect("helping:start")


def act_for(request, award):
    """Open the award for the member of the carers team who is signed in and acts for the carer."""
    _open(request, award, **{ACTING_USER: request.user.pk})


def help_with(request, award, leave, code=None):
    """Open the award for a helper who is signed in: `leave` is what helping gave, `code` the number of the code."""
    _open(request, award, **{HELPING: leave}, **({OPENED_BY: code} if code else {}))


@require_safe
@never_cache
def voucher(request):
    """The page a voucher's QR points to: the code follows # and stays in the browser, a script fills it in.

    Whoever is signed in at a provider's door checks the code there: a browser takes what follows # along. Somebody who
    may also have an award of their own chooses.
    """
    if "next" not in request.GET and _is_at_a_door(request.user):
        if OPEN_AWARD in request.session or request.user.carer_records.exists():
            return render(request, "my/which_door.html")
        return redirect("provider:check_code")
    return _ask_for_code(request, OpenForm(initial={"next": request.GET.get("next", "")}))


@require_POST
@never_cache
@sensitive_post_parameters("code")
def open_award(request):
    """Open an award with its code. Every bad code gets the same sentence; too many get none, right or wrong."""
    now, key = timezone.now(), f"code:{limits.client_key(request)}"
    if limits.is_used_up(key, WRONG_CODES, WRONG_CODES_SECONDS, now):
        return too_many(request, now)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _ask_for_code(request, form)
    # Counted before it is looked at, and given back if it is right: however many come at once, ten are looked at.
    if not limits.allow(key, WRONG_CODES, WRONG_CODES_SECONDS, now):
        return too_many(request, now)
    try:
        award = awards.open_with(code=form.cleaned_data["code"], user=request.user)
    except awards.CodeRefused as refusal:
        note_wrong_code(refusal, now)
        form.add_error("code", wrong_code())
        return _ask_for_code(request, form)
    limits.give_back(key, WRONG_CODES_SECONDS, now)
    _open_by_code(request, award, form.cleaned_data["code"], now)
    return redirect(_next(request, award.carer, form.cleaned_data["next"]))


@require_POST
def leave(request):
    """Close the award in this browser; staff who acted for a carer go back to the award they came from."""
    award, who = opened(request)
    was_helping = HELPING in request.session
    _close(request)
    if was_helping:
        messages.success(request, _("You have stopped helping. The award is closed in this browser."))
        return redirect("helping:start")
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
    try:
        carer_accounts.link(carer=carer, user=user, by=Who(user=user), now=timezone.now())
    except carer_accounts.OtherAddress:
        messages.error(request, not_noted(user.email, request.council))
    except carer_accounts.HasAccount:
        messages.error(request, _("This award is kept in an account already. If it is not yours, ring us."))
    else:
        messages.success(request, _("Done. Next time, sign in and your award is here."))
    return redirect("my:award")


def not_noted(email, council):
    """Return the sentence for an e-mail address that is not the one the carers team has noted."""
    sentence = _("We do not have %(email)s as your e-mail address. Ring us, and we will note it: %(phone)s.")
    return sentence % {"email": email, "phone": council.scheme.team_phone}


def _is_at_a_door(user):
    """True for whoever may check codes for a provider that has joined; before that nobody comes to its door."""
    if not user.is_authenticated:
        return False
    return user.provider_posts.filter(kind__in=DOOR_POSTS).exclude(provider__state__in=Provider.NOT_JOINED).exists()


def follow_language(carer, name):
    """Return the address of a page in the carer's remembered language.

    Somebody who reads in Welsh has chosen it, and stays there whatever was noted.
    """
    with override(Language.WELSH if carer.language == Language.WELSH else get_language()):
        return reverse(name)


def _open_by_code(request, award, code, now):
    row = Code.objects.get(digest__in=codes.candidates(code))
    _open(request, award, **{OPENED_BY: row.pk})
    history.record(
        act="award.opened", subject=award, by=Who(label=f"code {row.last_four}"), at=now, council=award.council
    )


def _open(request, award, **marks):
    _close(request)
    # A new key for the session and for forms: whoever planted the old ones here gains nothing.
    request.session.cycle_key()
    rotate_token(request)
    request.session[OPEN_AWARD] = award.pk
    request.session.update(marks)
    remember_print(request, award.carer)


def remember_print(request, carer):
    """Let the pages outside the carer's own follow the print size as well."""
    if carer.print_size == Carer.PrintSize.LARGE:
        request.session[LARGE_PRINT] = True
    else:
        request.session.pop(LARGE_PRINT, None)


def _close(request):
    for key in (OPEN_AWARD, OPENED_BY, ACTING_USER, HELPING, LARGE_PRINT):
        request.session.pop(key, None)


def wrong_code():
    """Return the one sentence for every code that opens nothing, whatever the reason."""
    return _("This code does not open an award. Check it against your letter, or ring us.")


def note_wrong_code(refusal, now):
    """Write the reason into the log, and raise the alarm when they come from everywhere."""
    log.info("A code was refused: %s", refusal.reason)
    if limits.count("codes:everywhere", 60, now) == ALARM_A_MINUTE:
        log.critical("%s wrong codes in one minute", ALARM_A_MINUTE)


def _back_to(request):
    """Return where to go once the code is typed: this page, or the first one where this was only a press."""
    name = request.resolver_match.url_name
    return request.get_full_path() if request.method == "GET" or name == "ask" else reverse("my:award")


def _ask_for_code(request, form):
    return render(request, "my/open.html", {"form": form})


def too_many(request, now):
    """Answer that there were too many wrong codes, and from when on one may try again."""
    moment = int(now.timestamp())
    seconds = WRONG_CODES_SECONDS - moment % WRONG_CODES_SECONDS
    again_at = now + dt.timedelta(seconds=seconds)
    # To the next whole minute, so that nobody comes back some seconds early.
    again_at += dt.timedelta(seconds=-again_at.second % 60, microseconds=-again_at.microsecond)
    response = render(request, "my/too_many.html", {"again_at": again_at}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _next(request, carer, wanted):
    inside = (reverse("my:award"), "/my/", "/cy/my/")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith(inside)
    return wanted if safe else follow_language(carer, "my:award")
