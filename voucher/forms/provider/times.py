"""The other times that a provider suggests: some that are really free, or any half hour of the next 60 days (R25)."""

import datetime as dt

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts import wording
from brochure import availability
from voucher import bookings
from voucher.forms.carer import as_typed

NO_SUCH_TIME = _("The clocks change in that night. Choose another time.")


def moment(form, day, time):
    """Return the moment of that time of the day; where the clocks jump over it, say so in the form and return None."""
    found = availability.at(day, time.hour * 60 + time.minute)
    if found is None:
        form.add_error("time", NO_SUCH_TIME)
    return found


class SuggestForm(forms.Form):
    """Up to three other times: ticked from a list of free ones, and one that is typed as a day and a time."""

    times = forms.MultipleChoiceField(
        label=_("Times that are free by your opening hours"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("One of these times is no longer free. Choose again.")},
    )
    day = forms.ChoiceField(
        label=_("Or another day"),
        required=False,
        error_messages={"invalid_choice": _("Choose a day from the list.")},
    )
    time = forms.ChoiceField(
        label=_("and time"),
        required=False,
        error_messages={"invalid_choice": _("Choose a time from the list.")},
    )

    # The button that asks for the hours of a day, where no script leaves out those that are over.
    HOURS = "hours"

    @classmethod
    def pressed(cls, data, **about):
        """Return the form as it was sent; where only hours were asked for, unchecked and with those that are left."""
        if data is None or cls.HOURS not in data:
            return cls(data, **about)
        filled_in = {"times": data.getlist("times"), "day": data.get("day"), "time": data.get("time")}
        return cls(initial=filled_in, only_hours_of=data.get("day"), **about)

    def __init__(self, *args, free, now, only_hours_of=None, **kwargs):
        super().__init__(*args, **kwargs)
        first, last = _can_be_typed(now)
        self.fields["times"].choices = [(as_typed(start), capfirst(wording.moment(start))) for start in free]
        ahead = [first.date() + dt.timedelta(days=number) for number in range((last.date() - first.date()).days + 1)]
        self.fields["day"].choices = [("", _("No other day"))] + [
            (str(day), capfirst(wording.day(day))) for day in ahead
        ]
        limits = {"data-first": f"{first:%Y-%m-%dT%H:%M}", "data-last": f"{last:%Y-%m-%dT%H:%M}"}
        clock = [dt.time(minute // 60, minute % 60) for minute in range(0, 24 * 60, availability.STEP_MINUTES)]
        if only_hours_of:
            begin, end = limits.values()
            clock = [time for time in clock if begin <= f"{only_hours_of}T{time:%H:%M}" <= end]
        self.fields["time"].choices = [("", _("No other time"))] + [
            (time.strftime("%H:%M"), wording.time(time)) for time in clock
        ]
        # voucher/assets/app.js offers on the first and the last day only the hours that are left of it.
        self.fields["time"].widget.attrs.update({"data-hours-of": "day"} | limits)
        self._free = {as_typed(start): start for start in free}

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        starts = [self._free[text] for text in cleaned["times"]]
        if bool(cleaned["day"]) != bool(cleaned["time"]):
            missing = "time" if cleaned["day"] else "day"
            self.add_error(missing, _("Choose a day and a time, or neither."))
            return cleaned
        if cleaned["day"]:
            start = moment(self, dt.date.fromisoformat(cleaned["day"]), dt.time.fromisoformat(cleaned["time"]))
            if start is None:
                return cleaned
            starts.append(start)
        if not 1 <= len(set(starts)) <= bookings.SUGGESTIONS_MOST:
            self.add_error("times", _("Choose one, two or three times."))
        cleaned["starts"] = starts
        return cleaned

    def say(self, bad):
        """Put a time that cannot be suggested into words, beside the field it came from."""
        self.add_error("times" if as_typed(bad.starts_at) in self._free else "day", why_not(bad))


def _can_be_typed(now):
    """Return the first half hour after now and the last that is not too far ahead, as London's clocks show them."""
    step = dt.timedelta(minutes=availability.STEP_MINUTES)
    now = now.astimezone(dt.UTC)
    begun = now.replace(minute=now.minute - now.minute % availability.STEP_MINUTES, second=0, microsecond=0)
    last = begun + dt.timedelta(days=availability.LOOK_AHEAD_DAYS)
    return (begun + step).astimezone(availability.LONDON), last.astimezone(availability.LONDON)


def why_not(bad):
    """Return the sentence for a bookings.BadTime."""
    when = {"when": wording.moment(bad.starts_at)}
    return {
        "past": _("%(when)s is over. Choose a later time."),
        "far": _("%(when)s is more than 60 days from now. Choose an earlier time."),
        "step": _("%(when)s is not on the hour or the half hour."),
        "course": _("No course begins on %(when)s. Choose the first session of another course."),
        "same": _("%(when)s is the time they asked for. If you can do it, confirm it."),
        "uninsured": _("Your insurance ends before %(when)s. Choose an earlier time, or send us the new papers."),
        "outside": _("%(when)s is outside the time for which the carer has this award. Choose another time."),
        "taken": _("%(when)s is taken by another booking. Choose another time."),
    }[bad.why] % when
