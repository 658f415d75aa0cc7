"""What people write when nothing in the brochure suits them, and what the carers team makes of it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Council
from brochure.models import Offer
from voucher.models import Wish


class WishForm(forms.Form):
    """A theme, words of one's own and when; whoever has no code open chooses the county."""

    theme = forms.ChoiceField(
        label=_("What is it about?"),
        choices=Wish.Theme,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is about."), "invalid_choice": _("Choose from the list.")},
    )
    words = forms.CharField(
        label=_("What would suit you?"),
        help_text=_("In your own words, without names. For example: a card evening where I can bring my mother."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _("Tell us in a few words what would suit you."),
            "max_length": _("Use fewer words: 500 letters at most."),
        },
    )
    wanted_when = forms.CharField(
        label=_("When would you need it?"),
        help_text=_("For example: Thursday afternoons"),
        required=False,
        max_length=120,
        error_messages={"max_length": _("Use fewer words.")},
    )
    council = forms.ModelChoiceField(
        label=_("Where do you live?"),
        queryset=Council.objects.none(),
        to_field_name="slug",
        empty_label=_("Choose a county"),
        error_messages={"required": _("Choose a county."), "invalid_choice": _("Choose a county from the list.")},
    )

    def __init__(self, *args, award=None, **options):
        super().__init__(*args, **options)
        if award:
            del self.fields["council"]
        else:
            self.fields["council"].queryset = Council.objects.order_by("name_en")
            self.fields["council"].label_from_instance = lambda council: council.name


class ThemeForm(forms.Form):
    """The theme of one wish, as the carers team confirms it."""

    theme = forms.ChoiceField(
        label=_("Theme"), choices=Wish.Theme, error_messages={"invalid_choice": _("Choose from the list.")}
    )


class OfferField(forms.ModelChoiceField):
    def label_from_instance(self, offer):
        return f"{offer.title} · {offer.provider.name}, {offer.provider.town}"


class MeetForm(forms.Form):
    """Which offer meets which of the wishes of a theme."""

    wishes = forms.ModelMultipleChoiceField(
        label=_("Which wishes does it meet?"),
        queryset=Wish.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick the wishes that it meets."),
            "invalid_choice": _("One of these wishes was ended meanwhile. Look again."),
            "invalid_pk_value": _("One of these wishes was ended meanwhile. Look again."),
        },
    )
    offer = OfferField(
        label=_("Which offer meets them?"),
        queryset=Offer.objects.none(),
        to_field_name="number",
        empty_label=_("Choose an offer"),
        error_messages={"required": _("Choose an offer."), "invalid_choice": _("Choose an offer from the list.")},
    )

    def __init__(self, *args, wishes, offers, **options):
        super().__init__(*args, **options)
        self.fields["wishes"].queryset, self.fields["offer"].queryset = wishes, offers
        self.fields["wishes"].label_from_instance = lambda wish: wish.words or wish.get_theme_display()
