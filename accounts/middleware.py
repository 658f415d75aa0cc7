"""What every page gets on its way in and out: a second factor asked of staff, and no stray copies of private pages."""

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode

from accounts.models import Role

# Only the scanner needs the camera, and only a search near here the place; nothing of ours needs the rest.
PERMISSIONS = "camera=(self), geolocation=(self), microphone=(), payment=(), usb=(), display-capture=()"


class SmallPages(GZipMiddleware):
    """Compress pages on their way out, so that a telephone with a weak signal has them soon.

    Django hides the true length behind some bytes of chance, so that nobody learns a secret from it. Files that are
    compact already, such as PDF, go as they are.
    """

    def process_response(self, request, response):
        if response.headers.get("Content-Type", "").startswith("text/"):
            return super().process_response(request, response)
        return response


class PrivatePages:
    """Forbid copies of every page shown to somebody we know: signed in, or with a code open."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not request.session.is_empty():
            patch_cache_control(response, private=True, no_store=True)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class OnlyPressed:
    """Lead a browser that opens an address which is only ever pressed to the page above it.

    A form that comes back with a sentence stands at such an address. Whoever then changes the language,
    loads the address again or follows an old bookmark would meet the browser's own page, in its own words.
    Only people are led: whoever asks for anything but a page is told 405.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        asks_for_a_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if response.status_code == 405 and asks_for_a_page:
            return redirect(_page_above(request.path))
        return response


def _page_above(path):
    """Return the nearest address above that has a page: one step up, and further up where there is nothing."""
    while path.count("/") > 2:
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"


class SecondFactor:
    """Lead council staff to their second factor before any page but those that set it up or explain the site.

    django-allauth asks those who have one when they sign in. Left over are two: who has none yet, and
    who was signed in elsewhere when it was set up.
    """

    OPEN = {"account_logout", "account_reauthenticate", "privacy", "accessibility", "cookies", "contact", "demo"}

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        # With its place in front ("provider:contact"), so that no page is open for its last name alone.
        name = request.resolver_match.view_name or ""
        if not request.user.is_authenticated or name in self.OPEN or name.startswith("mfa_"):
            return None
        factors = Authenticator.objects.filter(user=OuterRef("user"))
        role = (
            Role.objects.filter(user=request.user)
            .annotate(app=Exists(factors.filter(type="totp")), passkey=Exists(factors.filter(type="webauthn")))
            .first()
        )
        if role is None or ((role.app or role.passkey) and gave_second_factor(request)):
            return None
        if not (role.app or role.passkey):
            return redirect("mfa_index")
        page = reverse("mfa_reauthenticate" if role.app else "mfa_reauthenticate_webauthn")
        return redirect(f"{page}?{urlencode({'next': request.path})}")


def gave_second_factor(request):
    """Return True when this session has seen the second factor, at sign-in or while it was set up."""
    return any(each["method"] == "mfa" for each in get_authentication_records(request, request.user))
