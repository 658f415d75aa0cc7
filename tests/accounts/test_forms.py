"""Every form is drawn the same way: question, hint, what to check beside it, and a list that leads there."""

import datetime as dt
import re

import pytest
from django import forms
from django.template import Context, Template

from accounts.forms import DayField, PoundsField


class BreakForm(forms.Form):
    name = forms.CharField(
        label="Your name",
        help_text="As it stands on the letter.",
        error_messages={"required": "Enter your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name", "class": "govuk-input--width-20"}),
    )
    when = DayField(
        label="Which day?", help_text="Like 27 3 2027.", first=dt.date(2026, 12, 1), last=dt.date(2027, 3, 1)
    )
    price = PoundsField(label="Price", least=100, most=50_000)
    whom = forms.ChoiceField(
        label="For whom?",
        choices=[("me", "Me"), ("us", "Both of us")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say for whom."},
    )
    marks = forms.MultipleChoiceField(
        label="What matters?", choices=[("w", "Welsh"), ("s", "Step-free")], widget=forms.CheckboxSelectMultiple
    )
    town = forms.ChoiceField(label="Town", choices=[("", "Choose"), ("b", "Blackwood")])
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    share = forms.BooleanField(label="Share my number", error_messages={"required": "Tick the box."})
    key = forms.CharField(widget=forms.HiddenInput)

    def clean(self):
        if self.data.get("name") == "nobody":
            raise forms.ValidationError("That cannot be.")


GOOD = {
    "name": "Alys",
    "when_day": "3",
    "when_month": "12",
    "when_year": "2026",
    "price": "£62.50",
    "whom": "us",
    "marks": ["w"],
    "town": "b",
    "note": "",
    "share": "on",
    "key": "k",
}


def group(html, identifier):
    """Return the form group in which an id stands."""
    groups = html.split('<div class="govuk-form-group')
    return next(part for part in reversed(groups) if f'id="{identifier}"' in part)


def attributes(html, identifier):
    tag = re.search(rf'<[^>]*\bid="{identifier}"[^>]*>', html)[0]
    return dict(re.findall(r'([\w-]+)="([^"]*)"', tag))


def test_a_good_form_gives_clean_answers():
    form = BreakForm(GOOD)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["when"] == dt.date(2026, 12, 3)
    assert form.cleaned_data["price"] == 6250


def test_each_question_has_its_look_and_its_label():
    html = str(BreakForm())

    assert attributes(html, "id_name")["class"] == "govuk-input govuk-input--width-20"
    assert attributes(html, "id_name")["autocomplete"] == "name"
    assert attributes(html, "id_town")["class"] == "govuk-select"
    assert attributes(html, "id_note")["class"] == "govuk-textarea"
    assert attributes(html, "id_share")["class"] == "govuk-checkboxes__input"
    assert attributes(html, "id_whom_0")["class"] == "govuk-radios__input"
    for identifier in [
        "id_name",
        "id_town",
        "id_note",
        "id_share",
        "id_whom_0",
        "id_marks_1",
        "id_when_0",
        "id_when_2",
    ]:
        assert f'for="{identifier}"' in html
    assert html.count("<fieldset") == html.count("<legend") == 3
    assert "govuk-input__prefix" in group(html, "id_price")


def test_a_hint_is_read_with_its_question():
    html = str(BreakForm())

    assert attributes(html, "id_name")["aria-describedby"] == "id_name_helptext"
    assert 'aria-describedby="id_when_helptext"' in html
    assert 'id="id_name_helptext"' in html and 'id="id_when_helptext"' in html
    assert "aria-invalid" not in html


def test_what_to_check_stands_beside_the_question_and_is_read_with_it():
    html = str(BreakForm({}))

    assert "Enter your name." in group(html, "id_name")
    assert attributes(html, "id_name")["aria-describedby"] == "id_name_helptext id_name_error"
    assert attributes(html, "id_name")["aria-invalid"] == "true"
    assert "govuk-input--error" in attributes(html, "id_name")["class"]
    assert "govuk-select--error" in attributes(html, "id_town")["class"]
    assert 'aria-describedby="id_when_helptext id_when_error"' in html
    assert 'aria-describedby="id_whom_error"' in html
    assert "govuk-input--error" in attributes(html, "id_when_0")["class"]
    for identifier in re.findall(r'aria-describedby="([^"]*)"', html):
        for each in identifier.split():
            assert f'id="{each}"' in html


def test_the_browser_never_complains_in_its_own_language():
    assert not re.search(r"\srequired\b", str(BreakForm()))


def test_only_a_question_that_can_stay_open_says_so():
    html = str(BreakForm())

    assert html.count("(optional)") == 1
    assert "(optional)" in group(html, "id_note")


def test_nothing_typed_is_lost():
    typed = GOOD | {
        "name": '<b>"Alys"</b>',
        "when_day": "31",
        "when_month": "2",
        "price": "abc",
        "note": "Ring the bell",
    }
    html = str(BreakForm(typed))

    assert attributes(html, "id_name")["value"] == "&lt;b&gt;&quot;Alys&quot;&lt;/b&gt;"
    assert (attributes(html, "id_when_0")["value"], attributes(html, "id_when_1")["value"]) == ("31", "2")
    assert attributes(html, "id_price")["value"] == "abc"
    assert "Ring the bell" in html
    assert re.search(r'<option value="b" selected>', html)
    assert re.search(r'id="id_whom_1"[^>]*checked', html)
    assert re.search(r'id="id_share"[^>]*checked|checked[^>]*id="id_share"', html)


def test_the_list_of_problems_leads_to_where_each_is_mended():
    form = BreakForm({"name": "nobody"})
    html = Template('{% include "components/error_summary.html" %}').render(Context({"form": form}))

    assert "<li>That cannot be.</li>" in html
    page = str(form)
    links = re.findall(r'href="#([^"]*)"', html)
    assert links == ["id_when_0", "id_price", "id_whom_0", "id_marks_0", "id_town", "id_share"]
    for identifier in links:
        assert f'id="{identifier}"' in page
    assert 'role="alert"' in html and 'tabindex="-1"' in html


def test_a_hidden_field_that_fails_is_told_without_a_link():
    form = BreakForm(GOOD | {"key": ""})
    html = Template('{% include "components/error_summary.html" %}').render(Context({"form": form}))

    assert not form.is_valid()
    assert 'href="#id_key"' not in html and "<li>" in html


def test_no_list_where_there_is_nothing_to_check():
    assert (
        Template('{% include "components/error_summary.html" %}').render(Context({"form": BreakForm(GOOD)})).strip()
        == ""
    )


@pytest.mark.parametrize(
    "parts, wanted",
    [
        (("3", "12", "2026"), dt.date(2026, 12, 3)),
        ((" 03 ", "12", "2026"), dt.date(2026, 12, 3)),
        (("3", "December", "2026"), dt.date(2026, 12, 3)),
        (("3", "dec", "2026"), dt.date(2026, 12, 3)),
        (("3", "Rhagfyr", "2026"), dt.date(2026, 12, 3)),
        (("3", "rhag", "2026"), dt.date(2026, 12, 3)),
        (("29", "chwefror", "2028"), dt.date(2028, 2, 29)),
    ],
)
def test_a_day_is_understood_as_people_write_it(parts, wanted):
    assert DayField().clean(list(parts)) == wanted


@pytest.mark.parametrize(
    "parts, code",
    [
        (("", "", ""), "required"),
        (("", "12", "2026"), "no_day"),
        (("3", " ", "2026"), "no_month"),
        (("3", "12", ""), "no_year"),
        (("3", "12", "26"), "short_year"),
        (("31", "2", "2027"), "invalid"),
        (("29", "2", "2027"), "invalid"),
        (("3", "de", "2026"), "invalid"),
        (("3", "13", "2026"), "invalid"),
        (("x", "12", "2026"), "invalid"),
        (("3", "12", "99999999999999999999"), "invalid"),
        (("-3", "12", "2026"), "invalid"),
    ],
)
def test_a_day_that_is_not_one_is_refused_in_its_own_words(parts, code):
    with pytest.raises(forms.ValidationError) as refused:
        DayField().clean(list(parts))

    assert refused.value.code == code


def test_a_day_outside_the_period_names_the_limit():
    field = DayField(first=dt.date(2026, 12, 1), last=dt.date(2027, 3, 1))

    assert field.clean(["1", "12", "2026"]) == dt.date(2026, 12, 1)
    assert field.clean(["1", "3", "2027"]) == dt.date(2027, 3, 1)
    with pytest.raises(forms.ValidationError, match="Tuesday 1 December 2026 or later"):
        field.clean(["30", "11", "2026"])
    with pytest.raises(forms.ValidationError, match="Monday 1 March 2027 or earlier"):
        field.clean(["2", "3", "2027"])


def test_a_day_may_stay_open_where_it_is_not_required():
    assert DayField(required=False).clean(["", "", ""]) is None
    assert not DayField().has_changed(dt.date(2026, 12, 3), ["3", "12", "2026"])
    assert DayField().has_changed(dt.date(2026, 12, 3), ["x", "12", "2026"])


def test_a_known_day_stands_in_its_boxes():
    html = str(BreakForm(initial={"when": dt.date(2026, 12, 3), "price": 6205}))

    assert [attributes(html, f"id_when_{n}")["value"] for n in range(3)] == ["3", "12", "2026"]
    assert attributes(html, "id_price")["value"] == "62.05"


@pytest.mark.parametrize(
    "typed, pence",
    [("62.50", 6250), ("£62.5", 6250), ("62", 6200), ("1,250.05", 125_005), (" £ 1250 ", 125_000), ("0.07", 7)],
)
def test_pounds_become_whole_pence(typed, pence):
    assert PoundsField().clean(typed) == pence


@pytest.mark.parametrize(
    "typed", ["abc", "62,50", "-5", "1.234", "12.", "1e3", "NaN", "٣", "99999999999", "1,25", "5p"]
)
def test_what_is_not_pounds_is_refused(typed):
    with pytest.raises(forms.ValidationError) as refused:
        PoundsField().clean(typed)

    assert refused.value.code == "invalid"


def test_too_few_or_too_many_pounds_are_refused_with_the_limit():
    field = PoundsField(least=100, most=50_000)

    assert field.clean("1") == 100
    assert field.clean("500") == 50_000
    with pytest.raises(forms.ValidationError, match="£1 or more"):
        field.clean("0.99")
    with pytest.raises(forms.ValidationError, match="£500 or less"):
        field.clean("500.01")
