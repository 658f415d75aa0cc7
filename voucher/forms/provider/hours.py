"""When a provider's offer can be had, as a plain form: the week, other days, courses, notice and limits."""

import datetime as dt

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.forms import DayField
from brochure import availability
from brochure.models import Offer
from brochure.opening import other_days_text
from brochure.wording import length
from brochure.wording_of_times import other_in_words
from voucher.forms.provider.offers import NOTICE, _hours_before

DAY_NAMES = [
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
]
# Twice a day: before and after a pause.
SPANS = (1, 2)
BUFFERS = (0, 15, 30, 45, 60, 90, 120)
MIDNIGHT = 24 * 60
# What is said of each where it is left empty.
NO_LIMIT = {"places": "", "week_hours": _("No limit"), "breaks_at_once": _("No limit")}


def _time(label):
    return forms.TimeField(
        label=label,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "govuk-input--width-10"}, format="%H:%M"),
        error_messages={"invalid": _("Write a time, like 09:30.")},
    )


def _number(label, help_text, most):
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=1,
        max_value=most,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-3", "inputmode": "numeric"}),
        error_messages={"invalid": _("Write a number, like 6.")},
    )


class HoursForm(forms.Form):
    """The week of one offer, the days on which other hours hold, and what limits how much is given."""

    all_is_optional = True

    first_day = DayField(label=_("First day"), required=False)
    last_day = DayField(label=_("Last day"), help_text=_("Leave it empty for a single day."), required=False)
    other_opens = _time(_("Open from"))
    other_closes = _time(_("Until"))
    everywhere = forms.BooleanField(label=_("For all our offers"), required=False)
    courses = forms.CharField(
        label=_("Days of the courses"),
        help_text=_("One course in a line, its sessions with a comma between: 2026-12-01 10:00, 2026-12-08 10:00"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    notice_hours = forms.TypedChoiceField(label=_("How early must a carer ask?"), coerce=int)
    least_minutes = forms.TypedChoiceField(label=_("The shortest you come for"), coerce=int)
    buffer_minutes = forms.TypedChoiceField(
        label=_("Time you need between two breaks"), help_text=_("To get there, or to tidy up."), coerce=int
    )
    places = _number(_("How many carers at the same time"), "", 500)
    week_hours = _number(
        _("Hours you can give in a week"), _("From Monday to Sunday. Leave it empty if there is no limit."), 1000
    )
    breaks_at_once = _number(
        _("Breaks at once in all your offers"),
        _("As many as you have staff for. Leave it empty if it does not matter."),
        500,
    )

    def __init__(self, *args, offer, today, **options):
        super().__init__(*args, **options)
        self.offer, self.today = offer, today
        week = availability.opening_hours(offer.hours).days if offer.hours else ((),) * 7
        for day in range(7):
            for span in SPANS:
                for end, label in enumerate((_("Open from"), _("Until"))):
                    field = _time(label)
                    openings = week[day]
                    field.initial = _as_time(openings[span - 1][end]) if len(openings) >= span else None
                    self.fields[_name(day, span, end)] = field
        self.kept_days = self._kept_days()
        for number, (words, _first) in enumerate(self.kept_days):
            self.fields[f"remove_{number}"] = forms.BooleanField(label=words, required=False)
        self.fields["notice_hours"].choices = _hours_before(NOTICE, offer.notice_hours, _("No notice"))
        self.fields["buffer_minutes"].choices = [
            (each, wording.hours(each) if each else _("None")) for each in sorted({*BUFFERS, offer.buffer_minutes})
        ]
        self._set_initial(offer)
        if offer.unit != Offer.Unit.COURSE:
            del self.fields["courses"]
        else:
            del self.fields["least_minutes"]

    def _kept_days(self):
        """Return the other days to come as [(words, (first, last, openings))…]."""
        days = availability.other_days(self.offer.other_days) if self.offer.other_days else {}
        runs = availability.in_runs({day: openings for day, openings in days.items() if day >= self.today})
        return [(other_in_words(*run), run) for run in runs]

    def _set_initial(self, offer):
        week_hours = None if offer.week_minutes is None else offer.week_minutes // 60
        self.initial = {
            "notice_hours": offer.notice_hours,
            "least_minutes": offer.least_minutes,
            "buffer_minutes": offer.buffer_minutes,
            "places": offer.places,
            "week_hours": week_hours,
            "breaks_at_once": offer.provider.breaks_at_once,
            "courses": "\n".join(part.strip() for part in offer.courses.split(";") if part.strip()),
        } | self.initial
        unit = offer.minutes
        if offer.unit == Offer.Unit.HOUR:
            choices = [(0, wording.hours(unit)), *((each, wording.hours(each)) for each in range(unit + 30, 361, 30))]
        elif offer.unit == Offer.Unit.NIGHT:
            choices = [(0 if each == 1 else unit * each, length(unit * each, offer.unit, unit)) for each in range(1, 8)]
        else:
            choices = [(0, wording.hours(unit))]
        known = {each for each, _words in choices}
        if offer.least_minutes not in known:
            choices.append((offer.least_minutes, length(offer.least_minutes, offer.unit, unit)))
        self.fields["least_minutes"].choices = choices

    @property
    def week(self):
        """Return [(name of the day, its hours in words, whether it has something to mend, its fields two by two)…]."""
        days = []
        for day, name in enumerate(DAY_NAMES):
            spans = [[self[_name(day, span, end)] for end in (0, 1)] for span in SPANS]
            spoken = [_in_words(*(field.value() for field in span)) for span in spans]
            words = wording.joined([each for each in spoken if each]) or gettext("Closed")
            days.append((name, words, any(field.errors for span in spans for field in span), spans))
        return days

    @property
    def adds_days(self):
        """True where something was typed to add other days, so that it stays in sight."""
        fields = [self[name] for name in ("first_day", "last_day", "other_opens", "other_closes")]
        # A day is typed in three parts.
        return self.is_bound and any(field.errors or any(field.data or ()) for field in fields)

    @property
    def limits(self):
        """Return [(field, what it says in words)…] of what limits how much is given, and of the courses."""
        found = []
        for name in ("courses", "notice_hours", "least_minutes", "buffer_minutes", *NO_LIMIT):
            if name in self.fields:
                field = self[name]
                found.append((field, self._limit_in_words(name, field.value())))
        return found

    def _limit_in_words(self, name, value):
        if name in NO_LIMIT:
            return value or NO_LIMIT[name]
        if name == "courses":
            count = sum(bool(line.strip()) for line in str(value or "").splitlines())
            return ngettext("%(count)s course", "%(count)s courses", count) % {"count": count}
        return dict(self.fields[name].choices).get(int(value) if str(value).isdecimal() else value, "")

    @property
    def removals(self):
        return [self[f"remove_{number}"] for number in range(len(self.kept_days))]

    def clean(self):
        cleaned = super().clean()
        parts = [part for day in range(7) for part in self._day_parts(day)]
        if not parts and not self.errors and self.offer.unit != Offer.Unit.COURSE:
            self.add_error(_name(0, 1, 0), _("Say when it can be had: on one day at least."))
        cleaned["hours"] = ""
        if parts and not self.errors:
            cleaned["hours"] = availability.opening_hours("; ".join(parts)).text()
            if len(cleaned["hours"]) > 200:
                self.add_error(
                    _name(0, 1, 0), _("These are more different hours than we can keep. Make some days alike.")
                )
        self._clean_other_days(cleaned)
        if "courses" in self.fields and "courses" not in self.errors:
            self._clean_courses(cleaned)
        if not cleaned.get("places") and "places" not in self.errors:
            self.add_error("places", _("Write a number, like 6."))
        return cleaned

    def _day_parts(self, day):
        """Return what a day's fields say as opening_hours reads it; what is wrong is said beside its field."""
        found = []
        for span in SPANS:
            opens, closes = (_name(day, span, end) for end in (0, 1))
            if opens in self.errors or closes in self.errors:
                continue
            start, end = self.cleaned_data.get(opens), self.cleaned_data.get(closes)
            if (start is None) != (end is None):
                self.add_error(closes if end is None else opens, _("Write from when and until when, or neither."))
            elif start is not None:
                minutes = _minute(start), _minute(end) or MIDNIGHT
                if minutes[1] <= minutes[0]:
                    self.add_error(
                        closes,
                        _("It closes before it opens. Past midnight: end at 00:00, and begin the next day at 00:00."),
                    )
                else:
                    found.append(f"{availability.DAYS[day]} {_clock(minutes[0])}-{_clock(minutes[1])}")
        return found

    def _clean_other_days(self, cleaned):
        first, last = cleaned.get("first_day"), cleaned.get("last_day") or cleaned.get("first_day")
        start, end = cleaned.get("other_opens"), cleaned.get("other_closes")
        cleaned["added"] = {}
        if self.errors.keys() & {"first_day", "last_day", "other_opens", "other_closes"}:
            return
        if first is None:
            if last or start or end:
                self.add_error("first_day", _("Write the first day."))
            return
        if last < first or first < self.today:
            self.add_error("last_day" if last < first else "first_day", _("Choose a day from today on, in order."))
        elif (last - first).days >= availability.OTHER_DAYS_MOST:
            self.add_error("last_day", _("Other hours hold for a year at most. Hide the offer instead."))
        elif (start is None) != (end is None):
            self.add_error("other_closes", _("Write from when and until when; leave both empty for closed."))
        elif start is not None and (_minute(end) or MIDNIGHT) <= _minute(start):
            self.add_error("other_closes", _("It closes before it opens. Check both times."))
        else:
            openings = () if start is None else ((_minute(start), _minute(end) or MIDNIGHT),)
            days = [first + dt.timedelta(days=ahead) for ahead in range((last - first).days + 1)]
            cleaned["added"] = dict.fromkeys(days, openings)

    def _clean_courses(self, cleaned):
        text = "; ".join(line.strip().rstrip(";") for line in cleaned["courses"].splitlines() if line.strip())
        try:
            found = availability.courses(text)
        except availability.HoursNotUnderstood as error:
            words = _("The course “%(part)s” cannot be read: %(reason)s.") % {
                "part": error.part,
                "reason": error.reason,
            }
            self.add_error("courses", words)
            return
        if any(len(sessions) != self.offer.sessions for sessions in found):
            words = _("Each course of this offer has %(sessions)s sessions. Write as many in each line.")
            self.add_error("courses", words % {"sessions": self.offer.sessions})
        cleaned["courses"] = text

    def changes(self, others=()):
        """Return {offer: {key: value}} as changed_hours takes it; `others` are the provider's other offers."""
        cleaned = self.cleaned_data
        keys = ("notice_hours", "least_minutes", "buffer_minutes", "places", "courses")
        own = {key: cleaned[key] for key in keys if key in self.fields}
        own["week_minutes"] = cleaned["week_hours"] and cleaned["week_hours"] * 60
        if cleaned["hours"]:
            own["hours"] = cleaned["hours"]
        removed = [
            self.kept_days[number][1] for number in range(len(self.kept_days)) if cleaned.get(f"remove_{number}")
        ]
        own["other_days"] = self._other_days(self.offer, removed)
        changes = {self.offer: own}
        if cleaned["everywhere"] and (cleaned["added"] or removed):
            changes |= {other: {"other_days": self._other_days(other, removed)} for other in others}
        return changes

    def _other_days(self, offer, removed):
        """Return the other days of an offer from today on, without what is removed, with what is added."""
        days = availability.other_days(offer.other_days) if offer.other_days else {}
        days = {day: openings for day, openings in days.items() if day >= self.today}
        for first, last, openings in removed:
            days = {day: hours for day, hours in days.items() if not (first <= day <= last and hours == openings)}
        return other_days_text(days | self.cleaned_data["added"])


def _name(day, span, end):
    return f"{availability.DAYS[day].lower()}_{span}_{('from', 'until')[end]}"


def _in_words(opens, closes):
    """Return "9am to 5pm" for two times as they stand in the fields, or nothing where they are empty or no times."""
    try:
        opens, closes = (each if isinstance(each, dt.time) else dt.time.fromisoformat(each) for each in (opens, closes))
    except (TypeError, ValueError):
        return ""
    return gettext("%(from)s to %(until)s") % {"from": wording.time(opens), "until": wording.time(closes)}


def _minute(time):
    return time.hour * 60 + time.minute


def _as_time(minute):
    return dt.time(minute // 60 % 24, minute % 60)


def _clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"
