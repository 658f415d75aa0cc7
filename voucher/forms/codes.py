"""The field for a voucher's code, wherever one is typed: forgiving, and checked before the database is asked."""

from django import forms
from django.utils.translation import gettext_lazy as _

from voucher import codes


class CodeField(forms.CharField):
    """A typed code; cleans to twelve bare symbols (codes.normalise).

    The sentences also stand on the input as data-code-empty, -short, -long, -symbol and -check, where
    voucher/assets/code.js finds them and says them before anything is sent.
    """

    default_error_messages = {
        "empty": _("Enter the code on your voucher."),
        "short": _("A code has 12 letters and numbers. This is too short."),
        "long": _("A code has 12 letters and numbers. This is too long."),
        "symbol": _("A code has only letters and numbers, and never the letter U."),
        "check": _("This code has a slip in it. Check each letter and number."),
    }

    def __init__(self, **options):
        options.setdefault("label", _("Your code"))
        options.setdefault("max_length", 80)
        super().__init__(**options)
        self.error_messages["required"] = self.error_messages["empty"]
        self.error_messages["max_length"] = self.error_messages["long"]
        self.widget.attrs |= {f"data-code-{fault}": self.error_messages[fault] for fault in codes.Fault}

    def widget_attrs(self, widget):
        by_hand = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "data-code": ""}
        return super().widget_attrs(widget) | by_hand

    def clean(self, value):
        typed = super().clean(value)
        if not typed and not self.required:
            return ""
        if found := codes.fault(typed):
            raise forms.ValidationError(self.error_messages[found], code=found)
        return codes.normalise(typed)


class CodeForm(forms.Form):
    """The box on the first page."""

    code = CodeField(
        label=_("Type the code from your letter"),
        help_text=_("12 letters and numbers, in three groups. Small letters and spaces are fine."),
    )
