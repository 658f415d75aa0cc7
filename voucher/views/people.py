"""The administrator's pages: who works for the council and its providers, and what each may do."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import people
from accounts.access import administrator_required
from accounts.history import Who
from accounts.models import Role, User
from providers import staff
from providers.models import Provider, Staff
from voucher.forms.people import InviteForm, WorkForm

A_PAGE = 50


def people_of(council):
    """Return the people who work for the council or for one of its providers, with their roles and posts there."""
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type="recovery_codes")
    roles = Role.objects.filter(council=council).order_by("kind")
    posts = Staff.objects.filter(provider__council=council).select_related("provider").order_by("provider__name")
    return (
        User.objects.filter(Q(Exists(roles.filter(user=OuterRef("pk")))) | Q(Exists(posts.filter(user=OuterRef("pk")))))
        .annotate(has_second_factor=Exists(factors))
        .prefetch_related(
            Prefetch("roles", roles, to_attr="roles_here"), Prefetch("provider_posts", posts, to_attr="posts_here")
        )
        .order_by("name", "email")
    )


@administrator_required
def people_list(request):
    page = Paginator(people_of(request.council), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/list.html", {"page": page, "council": request.council})


@administrator_required
def invite(request):
    form = InviteForm(request.POST if request.method == "POST" else None, council=request.council)
    if request.method == "POST" and form.is_valid():
        said, by, now = form.cleaned_data, Who(user=request.user), timezone.now()
        try:
            with transaction.atomic():
                person = people.invite(
                    email=said["email"],
                    name=said["name"],
                    language=said["language"],
                    council=request.council,
                    by=by,
                    now=now,
                )
                _give_work(form, person, request.council, by, now)
        except people.OwnMoneyRole:
            form.add_error("work", _("You cannot give yourself a role that moves money. Ask another administrator."))
        else:
            messages.success(request, _("We have written to %(email)s how to sign in.") % {"email": person.email})
            return redirect("people:person", person.pk)
    return render(request, "people/invite.html", {"form": form, "council": request.council})


@administrator_required
def person(request, pk):
    """Show what one person does here; a POST gives them more to do."""
    who = get_object_or_404(people_of(request.council), pk=pk)
    form = WorkForm(request.POST if request.method == "POST" else None, council=request.council)
    if request.method == "POST" and form.is_valid():
        try:
            _give_work(form, who, request.council, Who(user=request.user), timezone.now())
        except people.OwnMoneyRole:
            form.add_error("work", _("You cannot give yourself a role that moves money. Ask another administrator."))
        else:
            messages.success(request, _("The role is given."))
            return redirect("people:person", pk)
    return render(request, "people/person.html", {"form": form, "person": who, "council": request.council})


@administrator_required
@require_POST
def remove_role(request, pk, kind):
    who = get_object_or_404(people_of(request.council), pk=pk)
    if kind not in Role.Kind.values:
        raise Http404
    try:
        people.remove_role(user=who, council=request.council, kind=kind, by=Who(user=request.user), now=timezone.now())
    except people.OwnAccount:
        messages.error(request, _("You cannot take this role from yourself. Ask another administrator."))
    else:
        messages.success(request, _("The role is taken away."))
    return _back_to(request, pk)


@administrator_required
@require_POST
def remove_post(request, pk, provider):
    who = get_object_or_404(people_of(request.council), pk=pk)
    where = get_object_or_404(Provider, pk=provider, council=request.council)
    staff.remove_post(user=who, provider=where, by=Who(user=request.user), now=timezone.now())
    messages.success(request, _("The post is taken away."))
    return _back_to(request, pk)


@administrator_required
@require_POST
def close(request, pk):
    who = get_object_or_404(people_of(request.council), pk=pk)
    try:
        if staff.works_elsewhere(user=who, council=request.council):
            raise people.WorksElsewhere
        people.close_account(user=who, council=request.council, by=Who(user=request.user), now=timezone.now())
    except people.OwnAccount:
        messages.error(request, _("You cannot close your own account. Ask another administrator."))
    except people.WorksElsewhere:
        messages.error(request, _("This person works for another council too. Take their roles here away instead."))
    else:
        messages.success(request, _("The account is closed, and the person is signed out everywhere."))
    return redirect("people:person", pk)


@administrator_required
@require_POST
def reset(request, pk):
    who = get_object_or_404(people_of(request.council), pk=pk)
    try:
        if staff.works_elsewhere(user=who, council=request.council):
            raise people.WorksElsewhere
        people.reset_second_factor(user=who, council=request.council, by=Who(user=request.user), now=timezone.now())
    except people.OwnAccount:
        messages.error(request, _("You cannot do this for yourself. Ask another administrator."))
    except people.WorksElsewhere:
        messages.error(request, _("This person works for another council too. Ask for both administrators together."))
    else:
        messages.success(request, _("The old second step is gone. The person sets up a new one at the next sign-in."))
    return redirect("people:person", pk)


@administrator_required
@require_POST
def reopen(request, pk):
    who = get_object_or_404(people_of(request.council), pk=pk)
    people.reopen_account(user=who, council=request.council, by=Who(user=request.user), now=timezone.now())
    messages.success(request, _("The person can sign in again."))
    return redirect("people:person", pk)


def _give_work(form, who, council, by, now):
    said = form.cleaned_data
    if form.is_post:
        staff.give_post(user=who, provider=said["provider"], kind=said["work"], by=by, now=now)
    else:
        people.give_role(user=who, council=council, kind=said["work"], by=by, now=now)


def _back_to(request, pk):
    """Return to the person's page, or to the list when nothing keeps them in this council any more."""
    if people_of(request.council).filter(pk=pk).exists():
        return redirect("people:person", pk)
    return redirect("people:list")
