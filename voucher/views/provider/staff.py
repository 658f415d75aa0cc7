"""Who works for a provider: the owner invites, changes and removes; everybody leaves by themself."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits, people
from accounts.history import Who
from providers import staff
from providers.access import anyone_required, news_required, owner_required
from providers.models import Staff
from voucher.forms.provider.details import LEAVE, WORK, HandOverForm, InviteForm, PostForm

INVITATIONS_A_DAY, A_DAY = 20, 24 * 60 * 60


@require_safe
@never_cache
@owner_required
def people_here(request):
    """Everybody who works here, and what each post may do."""
    rows = list(staff.colleagues(request.provider))
    for row in rows:
        row.is_oneself = row.user_id == request.user.pk
    work = [{"key": kind.label, "value": WORK[kind]} for kind in Staff.Kind]
    return render(request, "provider/staff.html", {"people": rows, "work": work})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def invite(request):
    form, now = InviteForm(request.POST if request.method == "POST" else None), timezone.now()
    if request.method == "POST" and form.is_valid():
        if not limits.allow(f"staff-of:{request.provider.pk}", INVITATIONS_A_DAY, A_DAY, now):
            form.add_error(None, _("That is a great many invitations for one day. Go on tomorrow."))
            return render(request, "provider/staff_invite.html", {"form": form}, status=429)
        try:
            post = staff.invite(**form.cleaned_data, provider=request.provider, by=Who(user=request.user), now=now)
        except staff.WorksHere:
            form.add_error("email", _("This person works here already. Change what they do in the list."))
        else:
            messages.success(request, _("We have written to %(email)s how to sign in.") % {"email": post.user.email})
            return redirect("provider:staff")
    return render(request, "provider/staff_invite.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def colleague(request, pk):
    """One person here: a POST changes what they do."""
    post = _colleague(request, pk)
    form = PostForm(request.POST if request.method == "POST" else None, initial={"kind": post.kind})
    if request.method == "POST" and form.is_valid():
        try:
            staff.change_post(post=post, by=Who(user=request.user), now=timezone.now(), **form.cleaned_data)
        except staff.LastOwner:
            form.add_error("kind", last_owner())
        except people.OwnMoneyRole:
            form.add_error("kind", _("Nobody makes themself an owner. Ask another owner."))
        except staff.NotHere:
            messages.info(request, _("This person no longer works here."))
            return redirect("provider:staff")
        else:
            messages.success(request, _("Changed. It holds from now on."))
            # An owner who gave up owning has this page no more.
            return redirect("provider:service" if post.user_id == request.user.pk else "provider:staff")
    return render(request, "provider/staff_colleague.html", {"form": form, "colleague": post})


@require_POST
@owner_required
def remove(request, pk):
    """Take a colleague's post away; what it opened is shut at once."""
    post = Staff.objects.filter(pk=pk).select_related("provider__council").first()
    if post and post.provider_id != request.provider.pk:
        raise Http404
    if post is None:
        messages.info(request, _("This person no longer works here."))
        return redirect("provider:staff")
    try:
        staff.take_post(post=post, by=Who(user=request.user), now=timezone.now())
    except staff.LastOwner:
        messages.error(request, last_owner())
        return redirect("provider:staff")
    messages.success(request, _("Removed. They can open nothing here any more."))
    return redirect("after_sign_in" if post.user_id == request.user.pk else "provider:staff")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def hand_over(request):
    """Make a colleague an owner, beside oneself or instead."""
    others = [row for row in staff.colleagues(request.provider) if row.user_id != request.user.pk and row.has_signed_in]
    form = HandOverForm(request.POST if request.method == "POST" else None, colleagues=others)
    if request.method == "POST" and form.is_valid():
        to = next(row for row in others if str(row.pk) == form.cleaned_data["to"])
        then = form.cleaned_data["then"]
        try:
            staff.hand_over(
                post=request.post,
                to=to,
                then="" if then == LEAVE else then,
                by=Who(user=request.user),
                now=timezone.now(),
            )
        except (staff.NeverSignedIn, staff.NotHere):
            messages.error(request, _("This person can no longer take it over. Look at the list again."))
        except staff.LastOwner:
            form.add_error("then", last_owner())
            return render(request, "provider/staff_hand_over.html", {"form": form, "others": others})
        else:
            words = _("%(name)s is an owner now. We have written to your provider’s address too.")
            messages.success(request, words % {"name": to.user})
            return redirect("after_sign_in" if then == LEAVE else "provider:service")
        return redirect("provider:staff")
    return render(request, "provider/staff_hand_over.html", {"form": form, "others": others})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@anyone_required
def leave(request):
    """Give one's own post up."""
    if request.method == "POST":
        try:
            staff.take_post(post=request.post, by=Who(user=request.user), now=timezone.now())
        except staff.LastOwner:
            messages.error(request, last_owner())
            return redirect("provider:leave")
        messages.success(request, _("You have left. Thank you for everything you did."))
        return redirect("after_sign_in")
    return render(request, "provider/leave.html", {"provider": request.provider})


@require_POST
@news_required
def news(request):
    """Write to whoever asks for it too about requests and breaks, or claims, or no more."""
    wanted = request.POST.get("wanted") == "yes"
    staff.choose_news(post=request.post, wanted=wanted)
    said = _("From now on we write to you too.") if wanted else _("We write to you no more.")
    messages.success(request, said)
    return redirect("provider:service")


def last_owner():
    return _("There must be an owner who has signed in. Make a colleague an owner first.")


def _colleague(request, pk):
    rows = Staff.objects.select_related("user", "provider__council")
    return get_object_or_404(rows, provider=request.provider, pk=pk)
