"""The three short questions to a carer: numbers with words, and at each the choice not to say."""

from django import forms
from django.utils.translation import gettext_lazy as _

from voucher.carers.outcomes import QUESTIONS
from voucher.models import Answers

NOT_SAID = "not_said"
# The words at each step; a number alone says nothing to who hears it read out.
STEPS = {
    "rested": [
        ("1", _("1: not at all rested")),
        ("2", _("2: a little rested")),
        ("3", _("3: so-so")),
        ("4", _("4: quite rested")),
        ("5", _("5: well rested")),
    ],
    "in_control": [
        ("1", _("1: not at all in control")),
        ("2", _("2: a little in control")),
        ("3", _("3: so-so")),
        ("4", _("4: quite in control")),
        ("5", _("5: very much in control")),
    ],
    "able_to_carry_on": [
        ("1", _("1: not at all able")),
        ("2", _("2: only just able")),
        ("3", _("3: so-so")),
        ("4", _("4: quite able")),
        ("5", _("5: well able")),
    ],
}
TITLES = {
    "rested": _("How rested do you feel these days?"),
    "in_control": _("How much do you feel in control of your own life?"),
    "able_to_carry_on": _("How able do you feel to carry on caring?"),
}


class QuestionsForm(forms.Form):
    """Three questions, each with five steps and "rather not say"; nothing has to be answered."""

    # Left out is as good an answer as any, so "(optional)" at each would only be noise.
    all_is_optional = True

    moment = forms.ChoiceField(choices=Answers.Moment, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for question in QUESTIONS:
            self.fields[question] = forms.TypedChoiceField(
                label=TITLES[question],
                choices=[*STEPS[question], (NOT_SAID, _("I would rather not say"))],
                widget=forms.RadioSelect,
                coerce=lambda said: None if said == NOT_SAID else int(said),
                empty_value=None,
                required=False,
                error_messages={"invalid_choice": _("Choose one of the answers, or leave it out.")},
            )

    def given(self):
        """Return {question: 1 to 5, or None where it was left out}."""
        return {question: self.cleaned_data[question] for question in QUESTIONS}
