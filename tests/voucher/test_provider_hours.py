"""A provider changes its hours by a plain form; live bookings outside the new ones are shown and never cancelled."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.history import Who
from tests import factories
from tests.voucher.breaks import FRIDAY, ask, confirm
from voucher import bookings
from voucher.models import Booking

SAVED = "Saved. Carers see the new hours now."


@pytest.fixture
def owner(bryn_cafe):
    return factories.provider_staff(bryn_cafe, "siwan@provider.example")


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, hours="Mon-Fri 09:00-17:00", title_en="Sitting at home")


@pytest.fixture
def desk(client, owner, clock):
    client.force_login(owner)
    return client


def page_of(offer):
    return reverse("provider:hours", args=[offer.number])


def as_it_stands(client, offer):
    """Return what a browser sends when only Save is pressed."""
    form = client.get(page_of(offer)).context["form"]
    sent = {}
    for field in form:
        value = field.value()
        if isinstance(value, dt.time):
            value = value.strftime("%H:%M")
        if not field.name.startswith(("first_day", "last_day")) and value is not None and value is not False:
            sent[field.html_name] = value
    return sent


def save(client, offer, **changes):
    sent = as_it_stands(client, offer) | changes
    return client.post(page_of(offer), {name: value for name, value in sent.items() if value != ""}, follow=True)


def day(name, date):
    return dict(zip((f"{name}_day", f"{name}_month", f"{name}_year"), (date.day, date.month, date.year), strict=True))


def text(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_saving_what_stands_changes_nothing(desk, sitting):
    assert SAVED in text(save(desk, sitting))

    sitting.refresh_from_db()
    assert (sitting.hours, sitting.other_days, sitting.places, sitting.notice_hours) == (
        "Mon-Fri 09:00-17:00",
        "",
        1,
        24,
    )


def test_a_day_can_be_open_twice_and_another_closed(desk, sitting):
    save(desk, sitting, mon_1_until="12:30", mon_2_from="13:30", mon_2_until="00:00", fri_1_from="", fri_1_until="")

    sitting.refresh_from_db()
    assert sitting.hours == "Mon 09:00-12:30; Mon 13:30-24:00; Tue-Thu 09:00-17:00"


def test_everything_that_limits_an_offer_is_set(desk, sitting, bryn_cafe):
    """P2. Least two hours, half an hour between, 30 hours a week, two at once, four staff."""
    save(
        desk,
        sitting,
        least_minutes="120",
        buffer_minutes="30",
        week_hours="30",
        places="2",
        breaks_at_once="4",
        notice_hours="48",
    )

    sitting.refresh_from_db()
    bryn_cafe.refresh_from_db()
    assert (sitting.least_minutes, sitting.buffer_minutes, sitting.week_minutes) == (120, 30, 1800)
    assert (sitting.places, sitting.notice_hours, bryn_cafe.breaks_at_once) == (2, 48, 4)
    assert SAVED in text(save(desk, sitting, week_hours="", breaks_at_once=""))
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.breaks_at_once is None


def test_other_days_hold_for_one_offer_or_for_all(desk, sitting, bryn_cafe, flintshire):
    """Closed over Christmas in every offer, and one Saturday open in this one alone."""
    trip = factories.offer(bryn_cafe, other_days="2026-12-01 closed")
    elsewhere = factories.offer(factories.provider(flintshire))
    christmas = day("first_day", dt.date(2026, 12, 24)) | day("last_day", dt.date(2027, 1, 2))

    save(desk, sitting, **christmas, everywhere="on")
    save(desk, sitting, **day("first_day", dt.date(2026, 12, 5)), other_opens="10:00", other_closes="12:00")

    for offer in (sitting, trip, elsewhere):
        offer.refresh_from_db()
    assert sitting.other_days == "2026-12-05 10:00-12:00; 2026-12-24/2027-01-02 closed"
    assert trip.other_days == "2026-12-01 closed; 2026-12-24/2027-01-02 closed"
    assert elsewhere.other_days == ""


def test_other_days_can_be_removed_and_old_ones_fall_away(desk, sitting):
    sitting.other_days = "2026-01-01 closed; 2026-12-05 10:00-12:00; 2026-12-24/2027-01-02 closed"
    sitting.save()
    assert "Closed from Thursday 24 December to Saturday 2 January 2027" in text(desk.get(page_of(sitting)))

    save(desk, sitting, remove_1="on")

    sitting.refresh_from_db()
    assert sitting.other_days == "2026-12-05 10:00-12:00"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mon_1_until": ""}, "Write from when and until when, or neither."),
        ({"mon_1_until": "08:00"}, "It closes before it opens."),
        ({"mon_1_from": "nine"}, "Write a time, like 09:30."),
        ({"places": ""}, "Write a number, like 6."),
        ({"week_hours": "0"}, "greater than or equal to 1"),
        ({"other_opens": "10:00"}, "Write the first day."),
        (day("first_day", dt.date(2026, 10, 1)), "Choose a day from today on"),
        (day("first_day", dt.date(2026, 12, 5)) | {"other_opens": "10:00"}, "leave both empty for closed"),
        (day("first_day", dt.date(2026, 12, 5)) | day("last_day", dt.date(2026, 12, 1)), "in order"),
        (day("first_day", dt.date(2026, 12, 5)) | day("last_day", dt.date(2028, 12, 5)), "for a year at most"),
        ({"notice_hours": "1"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(desk, sitting, changes, sentence):
    page = text(save(desk, sitting, **changes))

    assert sentence in page
    assert SAVED not in page
    sitting.refresh_from_db()
    assert (sitting.hours, sitting.other_days) == ("Mon-Fri 09:00-17:00", "")


def test_a_week_without_any_hours_is_refused(desk, sitting):
    days = ("mon", "tue", "wed", "thu", "fri")

    page = text(save(desk, sitting, **{f"{name}_1_{end}": "" for name in days for end in ("from", "until")}))

    assert "on one day at least" in page


def test_courses_are_written_a_line_each(desk, bryn_cafe):
    course = factories.offer(bryn_cafe, unit="course", minutes=240, sessions=2, hours="Tue 10:00-12:00")

    page = text(save(desk, course, courses="2026-12-01 10:00"))
    assert "has 2 sessions" in page
    assert "cannot be read" in text(save(desk, course, courses="1 December"))
    lines = "2026-12-01 10:00, 2026-12-08 10:00\n2027-01-12 10:00, 2027-01-19 10:00"
    assert SAVED in text(save(desk, course, courses=lines))

    course.refresh_from_db()
    assert course.courses == lines.replace("\n", "; ")


# --- What is booked already -----------------------------------------------------------------------------------------


@pytest.fixture
def request_on_friday(caerphilly, sitting, now):
    return ask(factories.award(caerphilly), sitting, now)


def no_fridays(client, offer, **more):
    return save(client, offer, fri_1_from="", fri_1_until="", **more)


def test_bookings_outside_the_new_hours_are_shown_before_anything_is_saved(
    desk, caerphilly, sitting, request_on_friday, owner, now
):
    confirmed = confirm(factories.award(caerphilly), sitting, owner, now, starts_at=FRIDAY + dt.timedelta(days=7))
    thursday = ask(factories.award(caerphilly), sitting, now, starts_at=FRIDAY - dt.timedelta(days=1))

    answer = no_fridays(desk, sitting)
    page = answer.content.decode()

    assert "Nothing is cancelled by itself" in page
    assert reverse("provider:suggest", args=[request_on_friday.ref]) in page
    assert reverse("provider:booking", args=[confirmed.ref]) in page
    assert reverse("provider:suggest", args=[confirmed.ref]) not in page
    assert thursday.ref not in page
    sitting.refresh_from_db()
    assert sitting.hours == "Mon-Fri 09:00-17:00"


def pressed(answer, name=""):
    """Return what the form of a page sends."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    sent = {key: value for key, value in fields if key != "csrfmiddlewaretoken"}
    return sent | ({name: "1"} if name else {})


def test_they_can_be_kept_as_exceptions_and_are_not_told_again(desk, sitting, request_on_friday):
    answer = no_fridays(desk, sitting)

    saved = desk.post(page_of(sitting), pressed(answer), follow=True)

    assert SAVED in text(saved)
    sitting.refresh_from_db()
    assert sitting.hours == "Mon-Thu 09:00-17:00"
    request_on_friday.refresh_from_db()
    assert request_on_friday.state == Booking.State.REQUESTED
    assert SAVED in text(save(desk, sitting, mon_1_until="16:00"))


def test_going_back_keeps_what_was_typed_and_saves_nothing(desk, sitting, request_on_friday):
    answer = no_fridays(desk, sitting)

    back = desk.post(page_of(sitting), pressed(answer, "back"))

    assert back.context["form"]["fri_1_from"].value() in (None, "")
    sitting.refresh_from_db()
    assert sitting.hours == "Mon-Fri 09:00-17:00"


def test_a_booking_that_came_meanwhile_is_shown_too(desk, caerphilly, sitting, request_on_friday, now):
    answer = no_fridays(desk, sitting)
    later = ask(factories.award(caerphilly), sitting, now, starts_at=FRIDAY + dt.timedelta(days=7))

    again = desk.post(page_of(sitting), pressed(answer), follow=True)

    assert later.ref in again.content.decode()
    sitting.refresh_from_db()
    assert sitting.hours == "Mon-Fri 09:00-17:00"


def test_closed_days_show_what_is_booked_in_every_offer(desk, caerphilly, sitting, bryn_cafe, now):
    trip = factories.offer(bryn_cafe)
    booking = ask(factories.award(caerphilly), trip, now)

    page = save(desk, sitting, **day("first_day", FRIDAY.date()), everywhere="on").content.decode()

    assert booking.ref in page


def test_a_time_that_was_suggested_is_shown_and_no_longer_the_one_that_was_asked_for(
    desk, caerphilly, sitting, owner, now
):
    asked = ask(factories.award(caerphilly), sitting, now)
    bookings.suggest(booking=asked, starts=[FRIDAY + dt.timedelta(days=3)], by=Who(user=owner), now=now)

    def closed_on(date):
        return text(save(desk, sitting, **day("first_day", date), other_hours="closed"))

    page = closed_on(FRIDAY + dt.timedelta(days=3))
    assert "Bookings outside the new hours" in page and "Monday 19 October" in page
    assert SAVED in closed_on(FRIDAY)


def test_nobody_else_changes_the_hours(sitting, owner, flintshire, bryn_cafe, clock):
    """Another provider, the desk and claims find nothing; the bookings post may."""
    other = factories.provider_staff(factories.provider(flintshire), "other@provider.example")
    posts = {
        kind: factories.provider_staff(bryn_cafe, f"{kind}@provider.example", kind=kind)
        for kind in ("bookings", "claims", "desk")
    }

    def status(user):
        client = Client()
        client.force_login(user)
        return client.get(page_of(sitting)).status_code

    assert [status(other), status(posts["claims"]), status(posts["desk"]), status(posts["bookings"])] == [404] * 3 + [
        200
    ]


def test_a_withdrawn_offer_has_no_hours(desk, sitting):
    sitting.state = "withdrawn"
    sitting.save()

    assert desk.get(page_of(sitting)).status_code == 404


def test_the_page_says_in_rows_how_it_is_and_opens_only_what_is_to_be_mended(desk, sitting):
    sitting.hours = "Mon 09:00-12:30; Mon 13:30-24:00; Tue 09:00-17:00"
    sitting.save()
    page = text(desk.get(page_of(sitting)))
    assert "Monday 9am to 12.30pm and 1.30pm to midnight Change" in page
    assert "Tuesday 9am to 5pm Change" in page and "Wednesday Closed Change" in page
    assert "How early must a carer ask? 24 hours before Change" in page
    assert "Hours you can give in a week No limit Change" in page

    wrong = save(desk, sitting, tue_1_until="08:00", places="0").content.decode()

    opened = re.findall(r'<details class="to-change" open>\s*<summary><span[^>]*>([^<]*)', wrong)
    assert opened == ["Tuesday", "How many carers at the same time"]
    assert wrong.count("data-error-summary") == 1


def test_who_would_be_one_too_many_is_shown_before_there_are_fewer_places(desk, bryn_cafe, owner, caerphilly, now):
    swim = factories.offer(bryn_cafe, places=3, hours="Mon-Fri 09:00-17:00")
    rows = [confirm(factories.award(caerphilly), swim, owner, now) for _number in range(3)]
    confirm(factories.award(caerphilly), swim, owner, now, starts_at=FRIDAY - dt.timedelta(hours=4))

    shown = save(desk, swim, places="2")

    edit = reverse("provider:edit_offer", args=[swim.number, "know"])
    assert desk.post(edit, {"places": "2"}).context["form"].errors["places"]
    # Whoever asked last; the others have their places.
    assert [each["booking"].ref for each in shown.context["outside"]] == [rows[2].ref]
    assert "one too many at that time" in text(shown)
    swim.refresh_from_db()
    assert swim.places == 3
    sent = dict(shown.context["sent"]) | {"seen": shown.context["seen"]}
    assert SAVED in text(desk.post(page_of(swim), sent, follow=True))
    swim.refresh_from_db()
    assert swim.places == 2
    # What is an exception already is not told again.
    assert SAVED in text(save(desk, swim, places="2"))


def test_who_would_be_one_too_many_of_all_offers_is_shown_before_fewer_are_given_at_once(
    desk, bryn_cafe, owner, caerphilly, sitting, now
):
    swim = factories.offer(bryn_cafe, places=3, hours="Mon-Fri 09:00-17:00")
    first = confirm(factories.award(caerphilly), swim, owner, now)
    last = confirm(factories.award(caerphilly), sitting, owner, now + dt.timedelta(minutes=5))
    assert first.starts_at == last.starts_at

    shown = save(desk, swim, breaks_at_once="1")

    assert [each["booking"].ref for each in shown.context["outside"]] == [last.ref]
    assert "one too many at that time" in text(shown)
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.breaks_at_once is None
    sent = dict(shown.context["sent"]) | {"seen": shown.context["seen"]}
    assert SAVED in text(desk.post(page_of(swim), sent, follow=True))
    assert SAVED in text(save(desk, swim, breaks_at_once="1"))
