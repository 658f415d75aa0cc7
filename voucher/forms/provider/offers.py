"""What a provider types about an offer, in short steps."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.forms import PoundsField
from brochure import access, availability, typed_hours
from brochure.models import Category, Offer
from providers.models import DbsCheck, Provider
from voucher.pilot import cells

DAY_MINUTES = 24 * 60
# A session or a journey: quarters of an hour first, then halves, up to a whole day.
LENGTHS = [*range(15, 120, 15), *range(120, 12 * 60 + 1, 30), DAY_MINUTES]
NOTICE = (0, 2, 12, 24, 48, 72, 120, 168, 336)
FREE_UNTIL = (0, 2, 6, 12, 24, 36, 48, 72)
KEPT = (0, 10, 20, 25, 30, 40, 50)
AREAS_MOST = 40
PRICE_MOST = 500_000


class PartForm(forms.Form):
    """One step of an offer; `content` gives what was typed as brochure.offering.change takes it."""

    def content(self):
        return dict(self.cleaned_data)


class WordsForm(PartForm):
    """What it is, in one language or both."""

    category = forms.ModelChoiceField(
        label=_("Kind of break"),
        queryset=Category.objects.all(),
        to_field_name="slug",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a kind of break."), "invalid_choice": _("Choose a kind of break.")},
    )
    title_en = forms.CharField(label=_("Title in English"), max_length=120, required=False)
    title_cy = forms.CharField(label=_("Title in Welsh"), max_length=120, required=False)
    description_en = forms.CharField(
        label=_("What happens, in English"),
        help_text=_("Two or three plain sentences: what a carer can look forward to."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    description_cy = forms.CharField(
        label=_("What happens, in Welsh"),
        help_text=_("Leave it empty if you have none: the offer then says that it is in English only."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["category"].label_from_instance = lambda category: category.name
        for name in ("title_cy", "description_cy"):
            self.fields[name].widget.attrs["lang"] = "cy"

    def clean(self):
        cleaned = super().clean()
        if not (cleaned.get("title_en") or cleaned.get("title_cy")) and "title_en" not in self.errors:
            self.add_error("title_en", _("Give it a title, in English or in Welsh."))
        if not (cleaned.get("description_en") or cleaned.get("description_cy")) and "description_en" not in self.errors:
            self.add_error("description_en", _("Say what happens, in English or in Welsh."))
        return cleaned

    def content(self):
        return self.cleaned_data | {"category": self.cleaned_data["category"].slug}


class LengthForm(PartForm):
    """What it is sold by, how long it lasts and, of a draft, what it costs."""

    unit = forms.ChoiceField(
        label=_("What do you sell it by?"),
        choices=Offer.Unit,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    length = forms.TypedChoiceField(
        label=_("How long does one session or one journey last?"),
        help_text=_("Leave it if you sell by the hour or by the night."),
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("Choose a length from the list.")},
    )
    sessions = forms.IntegerField(
        label=_("How many sessions has the course?"),
        help_text=_("Only for a course."),
        min_value=1,
        max_value=52,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-3", "inputmode": "numeric"}),
        error_messages={"invalid": _("Write a number, like 6.")},
    )

    def __init__(self, *args, offer, **options):
        super().__init__(*args, **options)
        minutes = offer.minutes // (offer.sessions or 1)
        lengths = sorted({*LENGTHS, minutes})
        self.fields["length"].choices = [("", _("Choose a length")), *((each, wording.hours(each)) for each in lengths)]
        self.is_draft = offer.state == Offer.State.DRAFT
        if self.is_draft:
            self.fields["price"] = PoundsField(
                label=_("Price"),
                help_text=_("For one session, hour, night, journey or course. 0 if you give it free of charge."),
                most=PRICE_MOST,
            )
        else:
            # Bookings were made by it; another unit is another offer.
            del self.fields["unit"]
            self.unit = offer.unit
            if offer.unit != Offer.Unit.COURSE:
                del self.fields["sessions"]

    def clean(self):
        cleaned = super().clean()
        unit = cleaned.get("unit") if self.is_draft else self.unit
        timed = {Offer.Unit.SESSION, Offer.Unit.JOURNEY, Offer.Unit.COURSE}
        if unit in timed and not cleaned.get("length") and "length" not in self.errors:
            self.add_error("length", _("Choose how long it lasts."))
        if unit == Offer.Unit.COURSE and (cleaned.get("sessions") or 0) < 2 and "sessions" not in self.errors:
            self.add_error("sessions", _("A course has two sessions or more."))
        return cleaned

    def content(self):
        unit = self.cleaned_data["unit"] if self.is_draft else self.unit
        sessions = self.cleaned_data["sessions"] if unit == Offer.Unit.COURSE else 1
        minutes = {Offer.Unit.HOUR: 60, Offer.Unit.NIGHT: DAY_MINUTES}.get(unit) or self.cleaned_data[
            "length"
        ] * sessions
        return {"unit": unit, "minutes": minutes, "sessions": sessions}


class WhenForm(PartForm):
    """When it can be had, and how early to ask."""

    hours = forms.CharField(
        label=_("When can it be had?"),
        help_text=_("Days, then hours: Monday to Friday 9am to 5pm. More than one line of hours: put ; between them."),
        max_length=200,
        error_messages={"required": _("Write days and hours, as in: Monday to Friday 9am to 5pm.")},
    )
    notice_hours = forms.TypedChoiceField(label=_("How early must a carer ask?"), coerce=int)

    def __init__(self, *args, offer, **options):
        super().__init__(*args, **options)
        self.fields["notice_hours"].choices = _hours_before(NOTICE, offer.notice_hours, _("No notice"))

    def clean_hours(self):
        try:
            return availability.opening_hours(typed_hours.kept_form(self.cleaned_data["hours"])).text()
        except availability.HoursNotUnderstood as error:
            words = _("The hours “%(part)s” cannot be read: %(reason)s.")
            raise forms.ValidationError(words % {"part": error.part, "reason": error.reason}) from None


class CareForm(PartForm):
    """What the law asks about: care, staying overnight, children, checks."""

    personal_care = forms.BooleanField(
        label=_("Staff give personal care"),
        help_text=_("Help with washing, dressing, the toilet or medicines. It needs a registration with CIW."),
        required=False,
    )
    accommodation = forms.BooleanField(label=_("People stay overnight"), required=False)
    accommodation_with_care = forms.BooleanField(
        label=_("People who stay are cared for"),
        help_text=_("It needs a registration with CIW."),
        required=False,
    )
    childcare = forms.BooleanField(
        label=_("Staff look after children under 12"),
        help_text=_("For more than two hours in a day it needs a registration with CIW."),
        required=False,
    )
    adults_only = forms.BooleanField(
        label=_("For people of 18 and over only"),
        help_text=_("Young carers then do not see it."),
        required=False,
    )
    dbs_level = forms.ChoiceField(
        label=_("Which DBS check do the people have who give this break?"),
        choices=DbsCheck.Level,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )


class KnowForm(PartForm):
    """What helps a carer to come: access, what to know beforehand, places."""

    access = forms.MultipleChoiceField(
        label=_("Access"),
        choices=access.FEATURES.items(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    know_en = forms.CharField(
        label=_("What carers should know, in English"),
        help_text=_("What to bring, where to park, where to ring the bell."),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    know_cy = forms.CharField(
        label=_("What carers should know, in Welsh"),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "lang": "cy"}),
    )
    areas = forms.CharField(
        label=_("Where do you come to?"),
        help_text=_("First halves of postcodes, like CF81, CF82. Leave it empty if carers come to you."),
        max_length=300,
        required=False,
    )
    places = forms.IntegerField(
        label=_("How many carers can come at the same time?"),
        min_value=1,
        max_value=500,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-3", "inputmode": "numeric"}),
        error_messages={"required": _("Write a number, like 1."), "invalid": _("Write a number, like 1.")},
    )
    has_waiting_list = forms.BooleanField(
        label=_("When it is full, carers can wait for a place"),
        required=False,
    )
    takes_walk_ins = forms.BooleanField(
        label=_("Carers may come without booking"),
        help_text=_("You scan the code at the door."),
        required=False,
    )

    def clean_areas(self):
        typed = [each for each in re.split(r"[,;\s]+", self.cleaned_data["areas"]) if each]
        try:
            found = [cells.district(each) for each in typed]
        except cells.Wrong as wrong:
            raise forms.ValidationError(str(wrong)) from None
        if len(found) > AREAS_MOST:
            raise forms.ValidationError(_("Write %(most)s postcode areas at most.") % {"most": AREAS_MOST})
        return list(dict.fromkeys(found))

    def clean_access(self):
        return [key for key in access.FEATURES if key in self.cleaned_data["access"]]


class TermsForm(PartForm):
    """Cancellation terms that are kinder than the council's (R49), and VAT where it differs."""

    free_cancel_hours = forms.TypedChoiceField(
        label=_("Until when can a carer cancel free of charge?"), coerce=int, empty_value=None, required=False
    )
    late_cancel_percent = forms.TypedChoiceField(
        label=_("How much do you keep when it is cancelled later?"), coerce=int, empty_value=None, required=False
    )
    vat_treatment = forms.ChoiceField(
        label=_("VAT of this offer"),
        help_text=_("Only where it is not your usual one."),
        choices=[("", _("As usual")), *Provider.Vat.choices],
        required=False,
    )

    def __init__(self, *args, offer, **options):
        super().__init__(*args, **options)
        scheme = offer.provider.council.scheme
        hours, percent = scheme.free_cancel_hours, scheme.late_cancel_percent
        councils = _("As the council’s: %(hours)s hours before") % {"hours": hours}
        kinder = [each for each in FREE_UNTIL if each < hours]
        self.fields["free_cancel_hours"].choices = [
            ("", councils),
            *_hours_before(kinder, None, _("Until it starts")),
        ]
        self.fields["late_cancel_percent"].choices = [
            ("", _("As the council’s: %(percent)s%% of the price") % {"percent": percent}),
            *((each, _("%(percent)s%% of the price") % {"percent": each}) for each in KEPT if 0 < each < percent),
            *([(0, _("Nothing"))] if percent else []),
        ]
        for name in ("free_cancel_hours", "late_cancel_percent"):
            # What was chosen before the council's terms changed is as good as the council's now.
            known = {key for key, _label in self.fields[name].choices}
            if self.initial.get(name) not in known:
                self.initial[name] = ""


PARTS = {
    "words": (WordsForm, _("What it is")),
    "length": (LengthForm, _("How long and how much")),
    "when": (WhenForm, _("When")),
    "care": (CareForm, _("Care and checks")),
    "know": (KnowForm, _("What carers should know")),
    "terms": (TermsForm, _("If plans change, and VAT")),
}
WITH_OFFER = (LengthForm, WhenForm, TermsForm)


def form_of(part, offer, content, data=None, price_pence=None):
    """Return the form of one part of an offer, filled with what the provider wants it to be."""
    make = PARTS[part][0]
    initial = content | {"areas": ", ".join(content["areas"]), "length": content["minutes"] // content["sessions"]}
    initial |= {"price": price_pence}
    return make(data, initial=initial, **({"offer": offer} if make in WITH_OFFER else {}))


def _hours_before(choices, chosen, none):
    """Return hours before the start as choices in words, with the one that was chosen among them."""
    known = sorted({*choices, *({chosen} if chosen is not None else ())})
    return [(each, _in_hours_or_days(each) if each else none) for each in known]


def _in_hours_or_days(hours):
    if hours % 24 or hours < 48:
        return _("%(hours)s hours before") % {"hours": hours}
    return _("%(days)s days before") % {"days": hours // 24}
