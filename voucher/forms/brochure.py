"""Looking for a break: the wishes a carer can state, as one form that goes into the address."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.forms import PoundsField
from brochure import access, catalogue
from brochure.catalogue import Criteria


class SearchForm(forms.Form):
    """Every wish is optional; `criteria` makes them into what the catalogue takes."""

    all_is_optional = True

    words = forms.CharField(
        label=_("What are you looking for?"),
        help_text=_("For example: yoga, sitting, haircut"),
        required=False,
        max_length=80,
        error_messages={"max_length": _("Use fewer words.")},
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    postcode = forms.CharField(
        label=_("Your postcode"),
        help_text=_("The first half is enough, like CF81. The nearest come first."),
        required=False,
        max_length=9,
        error_messages={"max_length": _("A postcode is shorter, like CF81.")},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "autocomplete": "off", "spellcheck": "false"}),
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

    def __init__(self, data, *, categories, places, award=None, category=None):
        """Offer only places with live breaks; `category` is fixed by the page, `award` is open in this browser."""
        asked = "words" in data
        super().__init__(data if asked else {"affordable": "on"} if award else {})
        self.asked, self.award, self.fixed_category = asked, award, category
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

    @property
    def more_chosen(self):
        """How many of the wishes folded away below "More choices" are stated."""
        folded = ("category", "max_price", "care", "access", "welsh", "free")
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
            access=tuple(wishes.get("access", [])),
            personal_care={"yes": True, "no": False}.get(wishes.get("care", "")),
            left_pence=None if in_hours else left,
            left_minutes=left if in_hours else None,
            # A carer whose code is open need not type where home is.
            postcode=wishes.get("postcode") or (self.award.carer.postcode if self.award else ""),
            sort=wishes.get("sort") or catalogue.SORTS[0],
        )
