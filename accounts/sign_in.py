"""How people sign in, on top of django-allauth: its mails in the reader's language, its limits kept in our database."""

import base64
import hashlib
import uuid

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.views import LoginView
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.utils import get_form_class
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import limits, mail
from accounts.models import User

FAILED_TRIES_A_PERSON = 5
FAILED_TRIES_AN_ADDRESS = 50
TRIES_WINDOW_SECONDS = 15 * 60


def keeps_codes():
    """Return True where the words of a sent code are kept: a local copy has no other letter box than its own page."""
    return settings.DEMO


def with_proved_address(request, user, page):
    """Sign somebody in whose e-mail address was proved just now, by way of a second factor where there is one."""
    record_authentication(request, user, method="code", email=user.email)
    return perform_login(request, Login(user=user, redirect_url=reverse(page), email=user.email))


class SignIn(LoginView):
    """The page on which one signs in: with a code by e-mail, with a password, or with a passkey."""

    def get_context_data(self, **context):
        form_class = get_form_class(settings.ACCOUNT_FORMS, "request_login_code", RequestLoginCodeForm)
        return super().get_context_data(code_form=form_class(), **context)


class Adapter(DefaultAccountAdapter):
    """What we do otherwise than django-allauth."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("That e-mail address and password do not belong together. Check both."),
        "incorrect_code": _("That is not the code. Check the code and type it again."),
        "incorrect_password": _("That is not your password. Check it and type it again."),
        "enter_current_password": _("That is not your password. Check it and type it again."),
        "too_many_login_attempts": _("There have been too many tries. Wait 15 minutes, then try again."),
        "rate_limited": _("There have been too many tries. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request):
        """Refuse: staff are invited, and a carer's account grows out of an award."""
        return False

    def get_client_ip(self, request):
        return limits.client_key(request)

    def send_mail(self, template_prefix, email, context):
        """Write templates/messages/<name>/ in the reader's language, and send it as soon as the transaction is over."""
        name = template_prefix.rpartition("/")[2]
        reader = User.objects.filter(email=email.lower()).first()
        row = mail.write(
            name,
            to=email,
            language=reader.language if reader else "",
            context={"code": context["code"]} if "code" in context else {},
            dedupe_key=f"{name}:{uuid.uuid4()}",
        )
        # A used code need not be kept, but in a local copy the demonstration page is the only letter box.
        transaction.on_commit(lambda: mail.send_now(row, timezone.now(), keep_text=settings.DEMO))

    def pre_authenticate(self, request, **credentials):
        """Refuse a password, right or wrong, after too many wrong ones for this person or from this address."""
        for key, limit in self._failures(request, credentials):
            if limits.is_used_up(key, limit, TRIES_WINDOW_SECONDS, timezone.now()):
                raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request, **credentials):
        for key, _limit in self._failures(request, credentials):
            limits.count(key, TRIES_WINDOW_SECONDS, timezone.now())

    def _failures(self, request, credentials):
        return (
            (f"password-of:{credentials.get('email', '').lower()}", FAILED_TRIES_A_PERSON),
            (f"password-from:{limits.client_key(request)}", FAILED_TRIES_AN_ADDRESS),
        )

    def get_password_change_redirect_url(self, request):
        return reverse("mfa_index")

    def add_message(self, request, level, message_template=None, message_context=None, extra_tags="", message=None):
        """Say only what is worth a sentence: the page after signing in speaks for itself."""
        name = (message_template or "").rpartition("/")[2]
        if name in {"logged_in.txt", "login_code_sent.txt", "email_confirmed.txt"}:
            return
        super().add_message(request, level, message_template, message_context, extra_tags, message)


class SecondFactorAdapter(DefaultMFAAdapter):
    """The second factor: its secrets are stored encrypted, and staff cannot take their last one away."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That is not the code. Wait for the next one in your app and type that."),
        "cannot_delete_authenticator": _("Your role needs a second step. Add a passkey before you remove the app."),
    }

    def encrypt(self, text):
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        """Return the secret, or a text that opens nothing when it was stored under a key that is gone."""
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""

    def can_delete_authenticator(self, authenticator):
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists() or not authenticator.user.roles.exists()

    def _get_site_name(self):
        return settings.MFA_TOTP_ISSUER


def _keys():
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"second factor:" + secret.encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
