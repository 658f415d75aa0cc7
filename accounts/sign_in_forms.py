"""The forms of the sign-in pages: django-allauth's own, with our words."""

from functools import partial

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

EMAIL = {
    "label": _("E-mail address"),
    "error_messages": {
        "required": _("Enter your e-mail address."),
        "invalid": _("Enter an e-mail address in the form name@example.com."),
    },
}
PASSWORD = {"label": _("Password"), "error_messages": {"required": _("Enter your password.")}}
NEW_PASSWORD = {
    "label": _("New password"),
    "help_text": _("At least 12 characters. Three words that do not belong together make a good one."),
    "error_messages": {"required": _("Enter a new password.")},
}
SAME_PASSWORD = {
    "label": _("The new password again"),
    "error_messages": {"required": _("Enter the new password a second time.")},
}
APP_CODE = {
    "label": _("Code from your app"),
    "help_text": _("It has 6 numbers and changes every 30 seconds."),
    "error_messages": {"required": _("Enter the 6 numbers that your app shows.")},
}
NUMBERS = {"inputmode": "numeric", "class": "govuk-input--width-10"}


def reword(form, **words):
    """Give the named fields of a form our label, hint and messages, and take their placeholders away."""
    for name, wording in words.items():
        field = form.fields[name]
        field.label = wording["label"]
        field.help_text = wording.get("help_text", "")
        field.error_messages = field.error_messages | wording["error_messages"]
        if "invalid" in wording["error_messages"]:
            field.validators = [
                partial(refuse_in_our_words, each, wording["error_messages"]["invalid"]) for each in field.validators
            ]
        field.widget.attrs.pop("placeholder", None)
        field.widget.attrs.update(wording.get("attrs", {}))


def refuse_in_our_words(validator, message, value):
    """Refuse what the validator refuses, but say it our way."""
    try:
        validator(value)
    except ValidationError:
        raise ValidationError(message, code="invalid") from None


class SignInForm(account.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reword(self, login=EMAIL, password=PASSWORD)


class AskForCodeForm(account.RequestLoginCodeForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reword(self, email=EMAIL)


class CodeForm(account.ConfirmLoginCodeForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        words = {
            "label": _("Code from the e-mail"),
            "error_messages": {"required": _("Enter the code from the e-mail.")},
            "attrs": {"class": "govuk-input--width-10", "autocapitalize": "characters", "spellcheck": "false"},
        }
        reword(self, code=words)


class PasswordAgainForm(account.ReauthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reword(self, password=PASSWORD)


class ChangePasswordForm(account.ChangePasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reword(self, oldpassword=PASSWORD | {"label": _("Your password now")})
        reword(self, password1=NEW_PASSWORD, password2=SAME_PASSWORD)


class SetPasswordForm(account.SetPasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reword(self, password1=NEW_PASSWORD, password2=SAME_PASSWORD)


class SecondStepForm(mfa.AuthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # A recovery code goes into the same box and is not made of numbers only.
        help_text = _("It has 6 numbers and changes every 30 seconds. A recovery code works too.")
        reword(self, code=APP_CODE | {"help_text": help_text, "attrs": {"class": "govuk-input--width-10"}})


class SecondStepAgainForm(mfa.ReauthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reword(self, code=APP_CODE | {"attrs": {"class": "govuk-input--width-10"}})


class AddAppForm(totp.ActivateTOTPForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reword(self, code=APP_CODE | {"attrs": NUMBERS})


class AddPasskeyForm(webauthn.AddWebAuthnForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        words = {
            "label": _("A name for this passkey"),
            "help_text": _("So that you can tell it from another one: “work laptop”, say."),
            "error_messages": {},
        }
        alone = {
            "label": _("Sign in with this passkey alone"),
            "help_text": _("Your device will ask for your fingerprint, your face or its own number."),
            "error_messages": {},
        }
        reword(self, name=words, passwordless=alone)


class RenamePasskeyForm(webauthn.EditWebAuthnForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        words = {"label": _("A name for this passkey"), "error_messages": {"required": _("Enter a name.")}}
        reword(self, name=words)
