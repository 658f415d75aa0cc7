"""The provider's pages about times: other times as the third answer, and a carer who wants to move a break."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, ask, london
from voucher import bookings
from voucher.forms.carer import as_typed
from voucher.forms.provider.times import SuggestForm
from voucher.models import Booking

pytestmark = pytest.mark.django_db
State = Booking.State
MONDAY, TUESDAY = london(2026, 10, 19, 14), london(2026, 10, 20, 14)


@pytest.fixture(autouse=True)
def at_that_moment(monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=10_000)


@pytest.fixture
def offer(bryn_cafe):
    return factories.offer(bryn_cafe)


@pytest.fixture
def request_(award, offer, now):
    return ask(award, offer, now)


@pytest.fixture
def page(client, bryn, request_):
    client.force_login(bryn)
    return reverse("provider:suggest", args=[request_.ref])


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


def test_the_page_offers_free_times_nearest_to_the_one_asked_for_and_changes_nothing(client, page, request_):
    response = client.get(page)

    free = response.context["form"].fields["times"].choices
    assert len(free) == 9
    assert as_typed(FRIDAY) not in dict(free)
    assert as_typed(FRIDAY + dt.timedelta(minutes=30)) in dict(free)
    assert as_typed(MONDAY) in dict(free)
    assert fresh(request_).state == State.REQUESTED


def test_ticked_times_and_one_of_ones_own_are_suggested(client, page, request_):
    response = client.post(page, {"times": [as_typed(MONDAY)], "day": "2026-10-20", "time": "06:30"}, follow=True)

    assert fresh(request_).state == State.COUNTERED
    starts = list(request_.suggestions.values_list("starts_at", flat=True))
    assert starts == [MONDAY, london(2026, 10, 20, 6, 30)]
    assert "keep these times" in response.content.decode()
    inbox = client.get(reverse("provider:inbox")).content.decode()
    assert "Waiting for the carer" in inbox


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Choose one, two or three times."),
        ({"day": "2026-10-20"}, "Choose a day and a time, or neither."),
        ({"time": "10:00"}, "Choose a day and a time, or neither."),
        ({"day": "2029-10-20", "time": "10:00"}, "Choose a day from the list."),
        ({"times": ["yesterday"]}, "One of these times is no longer free."),
        ({"day": "2026-10-16", "time": "14:00"}, "is the time they asked for"),
        ({"day": "2026-10-12", "time": "09:00"}, "is over"),
        ({"day": "2026-10-25", "time": "01:30"}, ""),
    ],
)
def test_what_cannot_be_suggested_is_said_beside_the_field(client, page, request_, typed, sentence):
    response = client.post(page, typed)

    if sentence:
        assert sentence in response.content.decode()
        assert fresh(request_).state == State.REQUESTED
    else:
        assert fresh(request_).state == State.COUNTERED


@pytest.mark.parametrize(
    ("minute", "days", "first", "last"),
    [
        # 12 October at 21:30, then at 23:30, when nothing is left of the day; the clocks go back in between.
        (21 * 60 + 30, 61, "2026-10-12T22:00", "2026-12-11T20:30"),
        (23 * 60 + 30, 60, "2026-10-13T00:00", "2026-12-11T22:30"),
    ],
)
def test_a_day_of_which_nothing_is_left_is_not_offered_and_its_hours_end(minute, days, first, last):
    now = london(2026, 10, 12, minute // 60, minute % 60) + dt.timedelta(seconds=59)

    form = SuggestForm(free=[], now=now)

    offered = [value for value, _words in form.fields["day"].choices if value]
    assert (len(offered), offered[0], offered[-1]) == (days, first[:10], last[:10])
    shown = str(form["time"])
    assert f'data-first="{first}"' in shown
    assert f'data-last="{last}"' in shown


def test_without_scripts_a_press_shows_the_hours_that_are_left_of_a_day(client, page, request_):
    ticked = as_typed(MONDAY)

    # At eleven on Monday the next half hour is at half past; another press than this one suggests.
    answer = client.post(page, {"times": [ticked], "day": "2026-10-12", "time": "06:30", "hours": "1"})

    form = answer.context["form"]
    assert [value for value, _words in form.fields["time"].choices][:2] == ["", "11:30"]
    html = answer.content.decode()
    assert re.search(rf'value="{re.escape(ticked)}"[^>]* checked', html) and 'value="2026-10-12" selected' in html
    assert not form.errors and fresh(request_).state == State.REQUESTED
    later = client.post(page, {"day": "2026-10-13", "time": "", "hours": "1"}).context["form"]
    assert len(later.fields["time"].choices) == 49
    client.post(page, {"day": "no day", "hours": "1"})
    assert fresh(request_).state == State.REQUESTED


def test_four_times_are_too_many(client, page, request_):
    free = [text for text, _words in client.get(page).context["form"].fields["times"].choices][:4]

    assert "Choose one, two or three times." in client.post(page, {"times": free}).content.decode()
    assert fresh(request_).state == State.REQUESTED


def test_a_second_press_changes_nothing_and_says_so(client, page, request_):
    client.post(page, {"times": [as_typed(MONDAY)]})

    response = client.post(page, {"times": [as_typed(MONDAY)]}, follow=True)

    assert "you suggested other times" in response.content.decode()
    assert request_.suggestions.count() == 1


def test_a_paused_provider_suggests_nothing(client, page, request_, bryn_cafe):
    type(bryn_cafe).objects.filter(pk=bryn_cafe.pk).update(state="paused")

    response = client.post(page, {"times": [as_typed(MONDAY)]}, follow=True)

    assert "while your service is paused" in response.content.decode()
    assert fresh(request_).state == State.REQUESTED


def test_confirming_a_time_that_the_carer_has_changed_meanwhile_is_not_taken(client, page, request_, now):
    seen = request_.starts_at.isoformat()
    bookings.change_time(booking=request_, starts_at=MONDAY, by=ALYS, now=now)

    response = client.post(reverse("provider:confirm", args=[request_.ref]), {"seen": seen}, follow=True)

    assert "the carer may have changed it" in response.content.decode()
    assert fresh(request_).state == State.REQUESTED
    again = fresh(request_).starts_at.isoformat()
    client.post(reverse("provider:confirm", args=[request_.ref]), {"seen": again})
    assert fresh(request_).state == State.CONFIRMED


@pytest.mark.parametrize("answer", ["accept_move", "decline_move"])
def test_a_carer_who_wants_to_move_a_break_is_answered_from_the_booking_or_the_inbox(
    client, page, request_, now, answer
):
    bookings.confirm(booking=request_, by=ALYS, now=now)
    bookings.propose_move(booking=request_, starts_at=MONDAY, by=ALYS, now=now)
    press = reverse(f"provider:{answer}", args=[request_.ref])
    for name, arguments in (("provider:inbox", []), ("provider:booking", [request_.ref])):
        assert press in client.get(reverse(name, args=arguments)).content.decode()
    # A link, as a mail scanner follows it, changes nothing.
    assert client.get(press).status_code == 405
    assert fresh(request_).starts_at == FRIDAY

    inbox = client.get(reverse("provider:inbox")).content.decode()
    seen = re.search(rf'action="{press}".*?name="seen" value="([^"]+)"', inbox)
    # The carer takes it back and asks for another time: an old page answers nothing about that one.
    bookings.take_back_move(booking=fresh(request_), by=ALYS, now=now)
    bookings.propose_move(booking=fresh(request_), starts_at=TUESDAY, by=ALYS, now=now)
    client.post(press, {"seen": seen[1]})
    assert fresh(request_).starts_at == FRIDAY and bookings.proposed(request_).starts_at == TUESDAY

    client.post(press)
    response = client.post(press, follow=True)

    assert fresh(request_).starts_at == (TUESDAY if answer == "accept_move" else FRIDAY)
    assert response.status_code == 200
    assert bookings.proposed(request_) is None


def test_another_providers_request_is_not_there(client, request_, caerphilly):
    stranger = factories.provider_staff(factories.provider(caerphilly), "other@provider.example")
    client.force_login(stranger)

    for name in ("suggest", "accept_move", "decline_move"):
        assert client.post(reverse(f"provider:{name}", args=[request_.ref])).status_code == 404


def test_declining_and_suggesting_stand_for_the_time_that_was_on_the_page_and_for_no_other(client, page, request_, now):
    """The carer changes the time while her provider answers: nobody has said no to that one, nor suggested another."""
    booking_page, no = (reverse(f"provider:{name}", args=[request_.ref]) for name in ("booking", "decline"))

    def seen(address):
        return re.findall(r'<input type="hidden" name="seen" value="([^"]+)">', client.get(address).content.decode())[0]

    declined = {"seen": seen(booking_page), "decline-reason": "no_staff"}
    suggested = {"seen": seen(page), "times": [as_typed(TUESDAY)]}
    bookings.change_time(booking=request_, starts_at=MONDAY, by=ALYS, now=now)

    for address, typed in ((no, declined), (page, suggested)):
        answered = client.post(address, typed, follow=True).content.decode()
        assert "the carer may have changed it" in answered
        assert "Monday 19 October" in answered
        assert fresh(request_).state == State.REQUESTED
    assert not request_.suggestions.exists()
    client.post(no, declined | {"seen": seen(booking_page)})
    assert fresh(request_).state == State.DECLINED
