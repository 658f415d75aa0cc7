"""What is typed after a break: how much of it took place, how it was for the provider, what the carers team found."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from voucher.forms.provider.bookings import length_in_words

WORDS_MOST = 1000
NOTE_MOST = 300


class WordsField(forms.CharField):
    """A few sentences."""

    def __init__(self, **options):
        errors = {"max_length": _("Please write it in 1,000 letters or fewer.")} | options.pop("error_messages", {})
        super().__init__(max_length=WORDS_MOST, widget=forms.Textarea({"rows": 4}), error_messages=errors, **options)


class HowMuchForm(forms.Form):
    """How much of a break took place, in the carer's own account."""

    minutes = forms.TypedChoiceField(
        label=_("How much of it took place?"),
        coerce=int,
        error_messages={
            "required": _("Choose how much of it took place."),
            "invalid_choice": _("Choose how much from the list."),
        },
    )
    words = WordsField(
        label=_("What happened?"),
        help_text=_("A sentence is enough, or nothing at all. The provider does not read it."),
        required=False,
    )

    def __init__(self, *args, booking, lengths, **kwargs):
        super().__init__(*args, **kwargs)
        # Nothing is chosen beforehand: what a tired hand sends by mistake would say that nobody came.
        self.fields["minutes"].choices = [("", gettext("Choose")), *_lengths(booking, lengths)]


class FindingForm(forms.Form):
    """What the carers team found, and why."""

    minutes = forms.TypedChoiceField(
        label=_("How much of it took place?"),
        coerce=int,
        error_messages={
            "required": _("Choose how much of it took place."),
            "invalid_choice": _("Choose how much from the list."),
        },
    )
    finding = forms.CharField(
        label=_("Why do you think so?"),
        help_text=_("Both sides read this."),
        max_length=NOTE_MOST,
        error_messages={
            "required": _("Say in a sentence why. Both sides read it."),
            "max_length": _("The reason can be 300 letters long. Make it a little shorter."),
        },
    )

    def __init__(self, *args, booking, lengths, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["minutes"].choices = [("", gettext("Choose")), *_lengths(booking, lengths)]


class AccountForm(forms.Form):
    """How it was, as the provider tells it."""

    words = WordsField(
        label=_("How was it for you?"),
        help_text=_("Only the carers team reads this."),
        error_messages={"required": _("Write in a few words how it was.")},
    )


class AppealForm(forms.Form):
    """Why the provider does not agree with what was found."""

    words = WordsField(
        label=_("Why do you not agree?"),
        help_text=_("Only the carers team reads this. You can send it once."),
        error_messages={"required": _("Write in a few words why you do not agree.")},
    )


class AppealAnswerForm(forms.Form):
    """What the carers team answers a provider that does not agree: what was found stands, or it is found anew."""

    STANDS, ANEW = "stands", "anew"
    # The length is needed with one of the answers, which its question says better than "(optional)".
    all_is_optional = True

    answer = forms.ChoiceField(
        label=_("What do you answer?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose whether what was found stands."),
            "invalid_choice": _("Choose one of the answers."),
        },
    )
    minutes = forms.TypedChoiceField(
        label=_("How much took place, if you find anew?"),
        help_text=_("Beside each: what is used of the award then, and what the provider is due."),
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("Choose how much from the list.")},
    )
    words = forms.CharField(
        label=_("Why do you think so?"),
        help_text=_("The provider reads this. If you find anew, the carer reads it too."),
        max_length=NOTE_MOST,
        error_messages={
            "required": _("Write the answer in a few words."),
            "max_length": _("The answer can be 300 letters long. Make it a little shorter."),
        },
    )

    def __init__(self, *args, booking, outcomes, **kwargs):
        """`outcomes` are those that the award can pay; without one, only words are left to choose."""
        super().__init__(*args, **kwargs)
        lengths = [outcome for outcome in outcomes if outcome.minutes is not None]
        answers = [(self.STANDS, gettext("What was found stands"))]
        if lengths:
            answers.append((self.ANEW, gettext("We find anew: more took place")))
        elif outcomes:
            answers.append((self.ANEW, _did_not_come(booking, outcomes[0])))
        self.fields["answer"].choices = answers
        if lengths:
            rows = [(outcome.minutes, _what_it_does(booking, outcome)) for outcome in lengths]
            self.fields["minutes"].choices = [("", gettext("Choose")), *rows]
        else:
            del self.fields["minutes"]

    def clean(self):
        cleaned = super().clean()
        if "minutes" in self.fields and "minutes" not in self.errors:
            is_anew, minutes = cleaned.get("answer") == self.ANEW, cleaned.get("minutes")
            if is_anew and minutes is None:
                self.add_error("minutes", gettext("Choose how much of it took place."))
            if cleaned.get("answer") == self.STANDS and minutes is not None:
                self.add_error("minutes", gettext("Choose no length where it stands, or say that you find anew."))
        return cleaned


class DoneForm(forms.Form):
    """A word on how something on the list was settled."""

    note = forms.CharField(
        label=_("A word on it, if you like"),
        max_length=NOTE_MOST,
        required=False,
        error_messages={"max_length": _("The note can be 300 letters long. Make it a little shorter.")},
    )


def _what_it_does(booking, outcome):
    sentence = gettext(
        "%(length)s: %(amount)s of the award (%(more)s more), %(due)s for the provider (%(more_due)s more)"
    )
    return sentence % {"length": length_in_words(booking, outcome.minutes), **_figures(booking, outcome)}


def _did_not_come(booking, outcome):
    sentence = gettext("We find anew: the carer did not come (%(amount)s of the award, %(due)s for the provider)")
    return sentence % _figures(booking, outcome)


def _figures(booking, outcome):
    unit = booking.award.unit
    return {
        "amount": wording.amount(outcome.amount, unit),
        "more": wording.amount(outcome.more_amount, unit),
        "due": wording.money(outcome.pence),
        "more_due": wording.money(outcome.more_pence),
    }


def _lengths(booking, lengths):
    return [
        (minutes, length_in_words(booking, minutes) if minutes else gettext("None of it: it did not take place"))
        for minutes in lengths
    ]
