"""Opening hours are understood as people type them, in Welsh and in English."""

import pytest

from brochure.opening import HoursNotUnderstood, opening_hours
from brochure.typed_hours import kept_form


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Llun-Gwener 9yb-5yp", "Mon-Fri 09:00-17:00"),
        ("Dydd Llun i ddydd Gwener, 9.30yb tan 3.30yp", "Mon-Fri 09:30-15:30"),
        ("dydd Mawrth a dydd Iau 10-12; Sul hanner dydd tan hanner nos", "Tue,Thu 10:00-12:00; Sun 12:00-24:00"),
        ("Bob dydd o 8yb tan 10yh", "Mon-Sun 08:00-22:00"),
        ("Monday to Friday 9am to 5pm", "Mon-Fri 09:00-17:00"),
        ("Saturday and Sunday, midnight to 12pm", "Sat,Sun 00:00-12:00"),
        ("Mon-Fri 09:00-17:00; Sat 10:00-24:00", "Mon-Fri 09:00-17:00; Sat 10:00-24:00"),
    ],
)
def test_days_and_hours_of_either_language_become_the_one_form(typed, kept):
    assert kept_form(typed) == kept
    assert opening_hours(kept).text()


@pytest.mark.parametrize("typed", ["whenever you like", "Llun 9yb", "Llun 15yp-4yp", "Mon 9-17 or so", "Llon 9-17"])
def test_what_is_not_understood_is_named_as_it_stands(typed):
    with pytest.raises(HoursNotUnderstood):
        opening_hours(kept_form(typed))
