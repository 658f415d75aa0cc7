"""Looking for a break: the wishes a carer can state, as one form that goes into the address.

One box takes what somebody says in plain words; what was read out of them stands in the other fields afterwards,
where it can be changed.
"""

import datetime as dt

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import wording
from accounts.forms import PoundsField
from brochure import access, catalogue, plain_words
from brochure.availability import LOOK_AHEAD_DAYS
from brochure.catalogue import Criteria

PARTS = {
    plain_words.MORNING: _("In the morning"),
    plain_words.AFTERNOON: _("In the afternoon"),
    plain_words.EVENING: _("In the evening"),
}
# Breaks are looked for at the half hours from seven in the morning to ten at night.
FIRST_MINUTE, LAST_MINUTE = 7 * 60, 22 * 60
MILES = (2, 5, 10, 20)


def clock(minute):
    """Return a minute of the day as an address has it: "14:30"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(text):
    """Return the minute of the day that "14:30" means, or None."""
    try:
        time = dt.time.fromisoformat(text) if len(text) == 5 else None
    except ValueError:
        return None
    return time.hour * 60 + time.minute if time else None


class TimeField(forms.ChoiceField):
    """A time of day from a list of half hours; an address may name another. The answer is a minute of the day."""

    def __init__(self, *, empty, **options):
        self.empty = empty
        super().__init__(
            required=False, error_messages={"invalid_choice": _("Choose a time from the list.")}, **options
        )

    def offer(self, typed):
        """List the half hours, and the time that an address names."""
        minutes = set(range(FIRST_MINUTE, LAST_MINUTE + 1, 30)) | ({minute_of(typed)} - {None})
        times = [(clock(minute), wording.time(dt.time(minute // 60, minute % 60))) for minute in sorted(minutes)]
        self.choices = [("", self.empty), *times]

    def clean(self, value):
        return minute_of(super().clean(value))


class SearchForm(forms.Form):
    """Every wish is optional; `criteria` makes them into what the catalogue takes."""

    all_is_optional = True

    words = forms.CharField(
        label=_("What do you need, and when?"),
        help_text=_("For example: a haircut on Thursday, or someone to sit on Saturday afternoon"),
        required=False,
        max_length=120,
        error_messages={"max_length": _("Use fewer words.")},
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "enterkeyhint": "search"}),
    )
    day = forms.ChoiceField(
        label=_("Day"),
        required=False,
        error_messages={"invalid_choice": _("Choose a day from the list.")},
    )
    part = forms.ChoiceField(
        label=_("Time of day"),
        required=False,
        choices=[("", pgettext_lazy("time of day", "Any time")), *PARTS.items()],
        error_messages={"invalid_choice": _("Choose a time of day from the list.")},
    )
    time = TimeField(label=_("From"), empty=pgettext_lazy("from when", "Any time"))
    until = TimeField(label=_("Until"), empty=pgettext_lazy("until when", "It does not matter"))
    postcode = forms.CharField(
        label=_("Your postcode"),
        help_text=_("The first half is enough, like CF81. The nearest come first."),
        required=False,
        max_length=9,
        error_messages={"max_length": _("A postcode is shorter, like CF81.")},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "autocomplete": "off", "spellcheck": "false"}),
    )
    within = forms.ChoiceField(
        label=_("How far"),
        required=False,
        error_messages={"invalid_choice": _("Choose a distance from the list.")},
    )
    place = forms.ChoiceField(
        label=_("Where"),
        required=False,
        error_messages={"invalid_choice": _("Choose a place from the list.")},
    )
    category = forms.MultipleChoiceField(
        label=_("What would you like to do?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose kinds of break from the list.")},
    )
    max_price = PoundsField(label=_("Price at most"), required=False)
    care = forms.ChoiceField(
        label=_("Help with personal care"),
        help_text=_("Washing, dressing or medicines for the person you care for."),
        required=False,
        choices=[
            ("", pgettext_lazy("personal care", "It does not matter")),
            ("yes", _("Only breaks with personal care")),
            ("no", _("Only breaks without personal care")),
        ],
        error_messages={"invalid_choice": _("Choose an answer from the list.")},
    )
    access = forms.MultipleChoiceField(
        label=_("It must have"),
        required=False,
        choices=access.FEATURES.items(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the list.")},
    )
    welsh = forms.BooleanField(label=_("Welsh-speaking staff"), required=False)
    comes = forms.BooleanField(label=_("Only who comes to my home"), required=False)
    free = forms.BooleanField(label=_("Only what is free"), required=False)
    affordable = forms.BooleanField(label=_("Only what I can afford with what is left"), required=False)
    sort = forms.ChoiceField(
        label=_("Show first"),
        required=False,
        choices=[
            ("nearest", _("The nearest")),
            ("price", _("The cheapest")),
            ("name", pgettext_lazy("order", "By name")),
        ],
        error_messages={"invalid_choice": _("Choose an order from the list.")},
    )

    def __init__(self, data, *, categories, places, today, award=None, category=None):
        """Offer only places with live breaks; `category` is fixed by the page, `award` is open in this browser."""
        sent = "words" in data or "q" in data
        self.asked = sent or any(data.get(name) for name in self.base_fields)
        self.award, self.fixed_category = award, category
        super().__init__(_read(data, today))
        if self.asked:
            # Whoever has asked knows how; what was found comes into view sooner.
            self.fields["words"].help_text = ""
        if award and not sent:
            # Nobody has unticked it, so it counts.
            self.data["affordable"] = "on"
        self.fields["day"].choices = [("", _("Any day")), *_days(today, award)]
        for name in ("time", "until"):
            self.fields[name].offer(self.data.get(name, ""))
        self.fields["within"].choices = [("", _("Any distance")), *_distances(self.data.get("within", ""))]
        self.fields["place"].choices = [("", _("Anywhere"))] + [
            (
                county.name,
                [(f"county:{county.slug}", _("All of %(county)s") % {"county": county.name})]
                + [(f"town:{key}", town) for key, town in towns],
            )
            for county, towns in places
        ]
        if category:
            del self.fields["category"]
        else:
            self.fields["category"].choices = [(each.slug, each.name) for each in categories]
        if not award:
            del self.fields["affordable"]
        if not award and not data.get("postcode"):
            # While nobody has said where home is, the choice that gives the nearest gives some of everything.
            self.fields["sort"].choices = [
                ("nearest", pgettext_lazy("order", "A mix")),
                *self.fields["sort"].choices[1:],
            ]

    def clean(self):
        wishes = super().clean()
        if wishes.get("within") and not wishes.get("postcode") and not self.award and "postcode" not in self.errors:
            self.add_error("postcode", _("To look within a distance, we need your postcode."))
        if wishes.get("comes") and not wishes.get("postcode") and not self.award and "postcode" not in self.errors:
            self.add_error("postcode", _("To look for who comes to your home, we need your postcode."))
        if wishes.get("time") is not None and wishes.get("until") is not None and wishes["until"] <= wishes["time"]:
            self.add_error("until", _("The end must be later than the start."))
        return wishes

    @property
    def more_chosen(self):
        """How many of the wishes folded away below "More choices" are stated."""
        folded = (
            "part",
            "time",
            "until",
            "within",
            "place",
            "category",
            "max_price",
            "care",
            "access",
            "welsh",
            "comes",
            "free",
        )
        return sum(self.cleaned_data.get(name) not in (None, "", False, []) for name in folded)

    def criteria(self):
        """Return the Criteria of what was stated; what was not understood is left out and said beside its field."""
        self.is_valid()
        wishes = self.cleaned_data
        left = self.award.account.available if self.award and wishes.get("affordable") else None
        in_hours = bool(self.award and self.award.in_hours)
        return Criteria(
            words=wishes.get("words", ""),
            categories=(self.fixed_category.slug,) if self.fixed_category else tuple(wishes.get("category", [])),
            place=wishes.get("place", ""),
            max_price_pence=wishes.get("max_price"),
            free=wishes.get("free", False),
            welsh=wishes.get("welsh", False),
            comes=wishes.get("comes", False),
            access=tuple(wishes.get("access", [])),
            personal_care={"yes": True, "no": False}.get(wishes.get("care", "")),
            left_pence=None if in_hours else left,
            left_minutes=left if in_hours else None,
            day=dt.date.fromisoformat(wishes["day"]) if wishes.get("day") else None,
            part=wishes.get("part", ""),
            time=wishes.get("time"),
            until=wishes.get("until"),
            within_miles=int(wishes["within"]) if wishes.get("within") else None,
            # A carer whose code is open need not type where home is.
            postcode=wishes.get("postcode") or (self.award.carer.postcode if self.award else ""),
            sort=wishes.get("sort") or catalogue.SORTS[0],
        )


def _read(data, today):
    """Return what was sent with the days and times of its plain words moved into their fields.

    What somebody chose in a field counts more than the same thing in the words.
    """
    typed = data.copy() if isinstance(data, QueryDict) else QueryDict(mutable=True)
    if "words" not in typed and "q" in typed:
        typed["words"] = typed["q"]
    typed.pop("q", None)
    words = typed.get("words", "")
    if not words or len(words) > SearchForm.base_fields["words"].max_length:
        return typed
    read = plain_words.read(words, today=today)
    found = {
        "day": read.day and read.day.isoformat(),
        "part": read.part,
        "time": read.time is not None and clock(read.time),
        "until": read.until is not None and clock(min(read.until, 24 * 60 - 1)),
        "within": read.within_miles and str(read.within_miles),
        "welsh": read.welsh and "on",
    }
    typed["words"] = read.words
    for name, text in found.items():
        if text and not typed.get(name):
            typed[name] = text
    return typed


def _days(today, award):
    last = today + dt.timedelta(days=LOOK_AHEAD_DAYS)
    if award:
        last = min(last, award.account.last_day)
    days = [today + dt.timedelta(days=ahead) for ahead in range((last - today).days + 1)]
    return [(day.isoformat(), capfirst(wording.day(day, today=today))) for day in days]


def _distances(typed):
    distances = {*MILES, int(typed)} if typed.isascii() and typed.isdecimal() and 0 < len(typed) < 3 else {*MILES}
    within = _("Within %(distance)s")
    return [(str(miles), within % {"distance": wording.miles(miles)}) for miles in sorted(distances - {0})]
