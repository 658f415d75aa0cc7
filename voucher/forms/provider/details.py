"""What a provider says about itself and its people: how it is reached, who works there, when it pauses."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField, EmailField, LineField
from accounts.models import Language
from providers.models import Staff
from voucher.forms.provider.joining import ContactForm

Kind = Staff.Kind
PAUSE_MOST = dt.timedelta(days=366)
# What each post may do, in the words of whoever gives it.
WORK = {
    Kind.OWNER: _("Everything: requests, codes, money, prices, the papers, and who works here."),
    Kind.BOOKINGS: _(
        "Answers requests, marks what was given, checks codes, and sees the diary and the offers. No money."
    ),
    Kind.CLAIMS: _("Claims money and sees statements and payments. No requests, and no way to reach a carer."),
    Kind.DESK: _("Checks a carer’s code at the door and sees the diary of the day. Nothing else."),
}
POSTS = [(kind.value, kind.label) for kind in Kind]
LEAVE = "leave"


class DetailsForm(ContactForm):
    """How a provider that has joined is reached; what carers and the carers team need cannot be left empty."""

    all_is_optional = False
    needed = {
        "town_en": _("Enter the town."),
        "postcode": _("Enter the postcode."),
        "phone": _("Enter a telephone number."),
        "email": _("Enter an e-mail address."),
    }

    def __init__(self, data=None, *, provider):
        super().__init__(data, provider=provider)
        for name, words in self.needed.items():
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = words


class PostField(forms.ChoiceField):
    """One of the four posts, each with what it may do."""

    def __init__(self, **options):
        super().__init__(
            choices=[(kind.value, _WithWork(kind)) for kind in Kind],
            widget=forms.RadioSelect,
            error_messages={
                "required": _("Choose what this person does."),
                "invalid_choice": _("Choose one from the list."),
            },
            **options,
        )


class _WithWork:
    """The name of a post and what it may do, put together in the language of whoever reads it."""

    def __init__(self, kind):
        self.kind = kind

    def __str__(self):
        return f"{self.kind.label}: {WORK[self.kind]}"


class InviteForm(forms.Form):
    """A new colleague: how we reach them, and what they do."""

    email = EmailField(
        label=_("Their e-mail address"),
        help_text=_("They sign in with it. Everybody needs one of their own."),
        max_length=254,
        error_messages={"required": _("Enter their e-mail address.")},
    )
    name = LineField(
        label=_("Their name"),
        max_length=120,
        error_messages={"required": _("Enter their name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("In which language do we write to them?"),
        choices=[("", _("Not known: we write in both")), *Language.choices],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one from the list.")},
    )
    kind = PostField(label=_("What do they do?"))


class PostForm(forms.Form):
    """What a colleague does from now on."""

    kind = PostField(label=_("What do they do?"))


class HandOverForm(forms.Form):
    """To whom the ownership goes, and what the present owner does afterwards."""

    to = forms.ChoiceField(
        label=_("Who becomes an owner?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a colleague."), "invalid_choice": _("Choose one from the list.")},
    )
    then = forms.ChoiceField(
        label=_("And you?"),
        choices=[
            (Kind.OWNER, _("I stay an owner too")),
            (Kind.BOOKINGS, _("I only answer requests from now on")),
            (Kind.CLAIMS, _("I only claim money from now on")),
            (LEAVE, _("I leave: I no longer work here")),
        ],
        initial=Kind.OWNER,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what you do afterwards."), "invalid_choice": _("Choose one from the list.")},
    )

    def __init__(self, *args, colleagues, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(str(post.pk), str(post.user)) for post in colleagues]


class PauseForm(forms.Form):
    """How long a pause lasts: up to a day, or until somebody ends it."""

    until = DayField(
        label=_("Up to which day?"),
        help_text=_("On the day after, carers find you again by themselves. Leave it empty to come back by a press."),
        required=False,
    )

    def __init__(self, *args, today, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["until"].first, self.fields["until"].last = today, today + PAUSE_MOST
