"""How every form of the site is drawn, and the fields that are ours: one line, a day in three boxes, pounds."""

import datetime as dt
import re

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from accounts import composing, wording

TOO_LONG = _("This is too long. Use %(limit_value)s letters at most.")


class PageField(BoundField):
    """A field on a page: it knows its own classes, whether it is optional, and where an answer can be mended."""

    # What the look of each kind of widget hangs on; a widget's own class (govuk-input--width-5) is kept beside it.
    LOOKS = (
        (forms.HiddenInput, ""),
        (forms.CheckboxInput, "govuk-checkboxes__input"),
        (forms.RadioSelect, ""),
        (forms.CheckboxSelectMultiple, ""),
        (forms.MultiWidget, ""),
        (forms.Textarea, "govuk-textarea"),
        (forms.Select, "govuk-select"),
        (forms.FileInput, "govuk-file-upload"),
        (forms.Widget, "govuk-input"),
    )

    def build_widget_attrs(self, attrs, widget=None):
        """Add the classes; leave "required" out, because the browser would then complain in its own language."""
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        attrs.pop("required", None)
        look = next(look for kind, look in self.LOOKS if isinstance(widget, kind))
        wanted = [look, f"{look}--error" if look and self.errors else "", widget.attrs.get("class", "")]
        if classes := " ".join(filter(None, wanted)):
            attrs["class"] = classes
        return attrs

    @property
    def first_id(self):
        """The id of the first thing that takes the answer: where the list of problems leads."""
        if isinstance(self.field.widget, (forms.RadioSelect, forms.CheckboxSelectMultiple, forms.MultiWidget)):
            return f"{self.auto_id}_0"
        return self.id_for_label

    @property
    def is_single_checkbox(self):
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def says_optional(self):
        """Most questions need an answer, so the others say that they do not; a lone tick box never does."""
        # In a search every wish is optional, and saying so at each would only be noise.
        quiet = getattr(self.form, "all_is_optional", False) or self.is_single_checkbox or self.field.disabled
        return not self.field.required and not quiet


class PageForms(TemplatesSetting):
    """Draws fields with the design system's classes, from templates/django/forms/."""

    form_template_name = "django/forms/page_form.html"
    field_template_name = "django/forms/page_field.html"
    bound_field_class = PageField


class LineField(forms.CharField):
    """One line of text; a line break in it would begin words of its own in a message."""

    def __init__(self, **options):
        options["error_messages"] = {"max_length": TOO_LONG} | options.get("error_messages", {})
        super().__init__(**options)

    def clean(self, value):
        return composing.one_line(super().clean(value))


class EmailField(forms.EmailField):
    """An e-mail address, of which no browser looks at the spelling; `autocomplete` says whose it is."""

    default_error_messages = {"invalid": _("Enter an e-mail address in the form name@example.com.")}

    def __init__(self, *, autocomplete="off", **options):
        look = {"autocomplete": autocomplete, "spellcheck": "false"}
        super().__init__(widget=forms.EmailInput(attrs=look), **options)


class DateParts(forms.MultiWidget):
    """A day in three boxes, as people write it: day, month, year. Faster and clearer than any calendar."""

    template_name = "django/forms/widgets/date_parts.html"
    use_fieldset = True

    def __init__(self, attrs=None, autocomplete=""):
        boxes = [
            forms.TextInput(
                attrs={
                    "inputmode": "numeric",
                    "class": f"govuk-input govuk-date-input__input govuk-input--width-{width}",
                }
                | ({"autocomplete": f"{autocomplete}-{part}"} if autocomplete else {})
            )
            for part, width in (("day", 2), ("month", 2), ("year", 4))
        ]
        super().__init__(dict(enumerate_parts(boxes)), attrs)

    def decompress(self, value):
        return [value.day, value.month, value.year] if isinstance(value, dt.date) else [None, None, None]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        invalid = (attrs or {}).get("aria-invalid")
        for box, label in zip(context["widget"]["subwidgets"], (_("Day"), _("Month"), _("Year")), strict=True):
            box["label"] = label
            if invalid:
                box["attrs"]["class"] += " govuk-input--error"
        return context


def enumerate_parts(boxes):
    """Name the three boxes as they are posted: when_day, when_month, when_year."""
    return zip(("day", "month", "year"), boxes, strict=True)


class DayField(forms.Field):
    """A date typed in three boxes. Months may be words in either language: "3 Rhagfyr 2026", "3 dec 2026".

    The answer is a `datetime.date`. `first` and `last` (dates, inclusive) may be set on the field of a form.
    """

    widget = DateParts
    default_error_messages = {
        "required": _("Enter a day, a month and a year, like 27 3 2027."),
        "no_day": _("The date needs a day."),
        "no_month": _("The date needs a month."),
        "no_year": _("The date needs a year."),
        "short_year": _("Write the year with 4 numbers, like 2027."),
        "invalid": _("That day does not exist. Check the day, the month and the year."),
        "too_early": _("The date must be %(day)s or later."),
        "too_late": _("The date must be %(day)s or earlier."),
    }

    def __init__(self, *, first=None, last=None, **options):
        self.first, self.last = first, last
        super().__init__(**options)

    def to_python(self, value):
        if not value or not any(str(part or "").strip() for part in value):
            return None
        parts = [str(part or "").strip() for part in value]
        for part, problem in zip(parts, ("no_day", "no_month", "no_year"), strict=True):
            if not part:
                raise self.problem(problem)
        if re.fullmatch(r"\d{1,3}", parts[2]):
            raise self.problem("short_year")
        try:
            return dt.date(int(parts[2]), month_number(parts[1]), int(parts[0]))
        except (ValueError, OverflowError):
            raise self.problem("invalid") from None

    def validate(self, value):
        super().validate(value)
        if value and self.first and value < self.first:
            raise self.problem("too_early", day=wording.day(self.first, "long"))
        if value and self.last and value > self.last:
            raise self.problem("too_late", day=wording.day(self.last, "long"))

    def problem(self, code, **figures):
        return ValidationError(self.error_messages[code], code=code, params=figures)

    def has_changed(self, initial, data):
        try:
            return initial != self.to_python(data)
        except ValidationError:
            return True


def month_number(text):
    """Return the number of a month written as a number or, in either language, as a word of at least three letters."""
    if text.isdecimal():
        return int(text)
    for names in wording.MONTHS.values():
        for number, name in enumerate(names, 1):
            if len(text) >= 3 and name.lower().startswith(text.lower()):
                return number
    raise ValueError(text)


class PoundsInput(forms.TextInput):
    """A box with a pound sign before it."""

    template_name = "django/forms/widgets/pounds.html"

    def __init__(self, attrs=None):
        super().__init__(
            {"inputmode": "decimal", "spellcheck": "false", "class": "govuk-input--width-5"} | (attrs or {})
        )


class PoundsField(forms.Field):
    """Money as people type it ("62.50", "£1,250", "60"); the answer is whole pence."""

    widget = PoundsInput
    default_error_messages = {
        "required": _("Enter an amount in pounds, like 62.50."),
        "invalid": _("Enter an amount in pounds with numbers only, like 62.50."),
        "too_little": _("The amount must be %(least)s or more."),
        "too_much": _("The amount must be %(most)s or less."),
    }

    def __init__(self, *, least=0, most=None, **options):
        self.least, self.most = least, most
        super().__init__(**options)

    def prepare_value(self, value):
        return f"{value // 100}.{value % 100:02}" if isinstance(value, int) else value

    def to_python(self, value):
        text = re.sub(r"[£\s]", "", str(value or ""))
        if not text:
            return None
        if not (found := re.fullmatch(r"(\d{1,7}|\d{1,3}(?:,\d{3}){1,2})(?:\.(\d{1,2}))?", text, re.ASCII)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))

    def validate(self, value):
        super().validate(value)
        if value is not None and value < self.least:
            raise ValidationError(
                self.error_messages["too_little"], code="too_little", params={"least": wording.money(self.least)}
            )
        if value is not None and self.most is not None and value > self.most:
            raise ValidationError(
                self.error_messages["too_much"], code="too_much", params={"most": wording.money(self.most)}
            )
