"""Pages for everybody: the first page, what the law wants said, and whether the site is well."""

import datetime as dt

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import heartbeat
from brochure.models import Category
from voucher import carers_teams
from voucher.forms.codes import CodeForm

# manage.py run_jobs comes every minute and may take some, when it sets an edition; so long without it is news.
JOBS_LATE_AFTER = dt.timedelta(minutes=20)


@require_safe
def home(request):
    """Show the box for a code, and the way into the brochure without one."""
    return render(request, "site/home.html", {"form": CodeForm(), "categories": Category.objects.all()})


@require_safe
def privacy(request):
    return render(request, "site/privacy.html")


@require_safe
def accessibility(request):
    return render(request, "site/accessibility.html", {"reviewed_on": dt.date(2026, 11, 22)})


@require_safe
def cookies(request):
    names = {
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "messages_cookie": CookieStorage.cookie_name,
    }
    return render(request, "site/cookies.html", names)


@require_safe
def contact(request):
    """The carers team of whoever reads; each council's own, where it may be any of them."""
    return render(request, "site/contact.html", {"schemes": carers_teams.every()})


@require_safe
@never_cache
def healthz(request):
    """Say that the process is alive; asks nothing of anybody."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request):
    """Say whether the site can serve: database, migrations, jobs.

    Without a database or with migrations to do, the answer is 503. Late jobs are told but do not take the
    site away: people can still use it.
    """
    found = {"database": "down", "migrations": "unknown", "jobs": "unknown"}
    try:
        found["migrations"] = "waiting" if _migrations_waiting() else "done"
        found["database"] = "up"
        if found["migrations"] == "done":
            found["jobs"] = _jobs(timezone.now())
    except DatabaseError:
        pass  # what is known so far says enough
    ready = found["database"] == "up" and found["migrations"] == "done"
    return JsonResponse({"ready": ready} | found, status=200 if ready else 503)


def _migrations_waiting():
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _jobs(now):
    last = heartbeat.last("jobs")
    if last is None:
        return "never ran"
    return "late" if now - last > JOBS_LATE_AFTER else "running"
