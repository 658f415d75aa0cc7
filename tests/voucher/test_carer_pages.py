"""What a carer sees and presses: the code, the award, asking, and each refusal with nothing half-written."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure.models import OfferPrice
from tests import factories
from tests.voucher.test_bookings import london
from voucher import awards, bookings
from voucher.ledger import audit
from voucher.models import Booking, Code

pytestmark = pytest.mark.django_db
TEAM = Who(label="tests")
FRIDAY = london(2026, 10, 16, 14)
FRIDAY_TYPED = "2026-10-16T13:00Z"


class Clock:
    """The time of the pages in a test."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch, now):
    clock = Clock(now)
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture(autouse=True)
def now_in_pages(clock):
    """Every page of these tests lives at the fixed now."""


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def code(award, now):
    return awards.new_code(award=award, by=TEAM, now=now)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, slug="sitting-at-home")


@pytest.fixture
def alys(client, code):
    """A browser in which Alys has opened her award."""
    client.post(reverse("open_award"), {"code": code})
    return client


@pytest.fixture
def later(alys, clock, code):
    """Let time pass, and open the award again: a browser forgets it after eight hours."""

    def move(moment):
        clock.now = moment
        alys.post(reverse("open_award"), {"code": code})

    return move


def text_of(response):
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def hidden(response, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    return found[1] if found else None


def look(client, offer, minutes=150, starts_at=FRIDAY_TYPED):
    return client.get(reverse("my:ask", args=[offer.slug]), {"minutes": minutes, "starts_at": starts_at})


def form_of(page, **changes):
    names = ("key", "minutes", "seen_price_pence", "starts_at")
    return {name: hidden(page, name) for name in names} | changes


def forged(*, price_pence):
    """What a press would send for an hour on Friday, from a page that was never shown."""
    return {
        "key": "6f1d6a5e-0000-4000-8000-000000000000",
        "minutes": 60,
        "seen_price_pence": price_pence,
        "starts_at": FRIDAY_TYPED,
    }


def send(client, offer, data):
    return client.post(reverse("my:ask", args=[offer.slug]), data)


def nothing_was_written(award, available=40_000):
    award.account.refresh_from_db()
    assert (award.account.available, award.account.held) == (available, 0)
    assert not Booking.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert not HistoryEntry.objects.filter(act__startswith="booking").exists()
    assert audit.differences() == []


# The code


def test_a_code_opens_the_award_however_it_is_typed(client, award, code):
    typed = f" {code.lower().replace('-', ' ')} ".replace("0", "o").replace("1", "l")

    response = client.post(reverse("open_award"), {"code": typed}, follow=True)

    assert response.redirect_chain[-1][0] == reverse("my:award")
    assert "£400" in text_of(response)
    assert "Use by Sunday 28 February 2027" in text_of(response)


def test_what_is_left_is_also_told_in_hours_of_sitting(alys, sitting):
    assert "That is enough for about 16 hours with a sitter." in text_of(alys.get(reverse("my:award")))


def test_the_code_is_nowhere_in_the_session_the_address_or_the_log(client, award, code, caplog):
    caplog.set_level("DEBUG")

    response = client.post(reverse("open_award"), {"code": code})

    bare = code.replace("-", "")
    assert not any(part in f"{dict(client.session)} {response.url} {caplog.text}" for part in (code, bare))
    assert set(client.session.keys()) == {"award", "code"}


def test_opening_gives_the_session_a_new_key(client, code):
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key

    client.post(reverse("open_award"), {"code": code})

    assert client.session.session_key != before


@pytest.mark.parametrize("kind", ["unknown", "replaced", "revoked"])
def test_every_bad_code_gets_the_same_answer(client, award, code, now, kind):
    unknown = client.post(reverse("open_award"), {"code": "0000-0000-0000"})
    typed = {"unknown": "0000-0000-0000"}.get(kind, code)
    if kind == "replaced":
        awards.new_code(award=award, by=TEAM, now=now)
    if kind == "revoked":
        awards.revoke_code(award=award, by=TEAM, now=now)

    response = client.post(reverse("open_award"), {"code": typed})

    assert response.status_code == unknown.status_code == 200
    assert "This code does not open an award." in text_of(response)
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", response.content.decode()) == strip.sub("", unknown.content.decode())
    assert "award" not in client.session


def test_a_slip_of_the_finger_is_said_beside_the_field_and_is_no_try(client, code):
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")

    for _ in range(12):
        response = client.post(reverse("open_award"), {"code": wrong})

    assert "This code has a slip in it." in text_of(response)
    assert wrong in response.content.decode()
    assert client.post(reverse("open_award"), {"code": code}).status_code == 302


def test_after_ten_wrong_codes_even_the_right_one_waits_and_the_page_says_until_when(client, clock, code):
    for _ in range(10):
        assert client.post(reverse("open_award"), {"code": "0000-0000-0000"}).status_code == 200

    wrong = client.post(reverse("open_award"), {"code": "0000-0000-0000"})
    right = client.post(reverse("open_award"), {"code": code})

    assert wrong.status_code == right.status_code == 429
    assert text_of(wrong) == text_of(right)
    assert "You can try again at 11.15am." in text_of(right)
    assert "award" not in client.session
    clock.now += dt.timedelta(minutes=15)
    assert client.post(reverse("open_award"), {"code": code}).status_code == 302


def test_a_limit_in_one_place_leaves_others_alone(client, code):
    for _ in range(11):
        client.post(reverse("open_award"), {"code": "0000-0000-0000"}, REMOTE_ADDR="10.0.0.1")

    assert client.post(reverse("open_award"), {"code": code}, REMOTE_ADDR="10.0.0.2").status_code == 302


def test_many_wrong_codes_from_everywhere_raise_an_alarm(client, caplog):
    for number in range(60):
        client.post(reverse("open_award"), {"code": "0000-0000-0000"}, REMOTE_ADDR=f"10.0.1.{number}")

    assert "60 wrong codes in one minute" in caplog.text


def test_a_replaced_code_closes_the_door_at_once(alys, award, now):
    assert alys.get(reverse("my:award")).status_code == 200

    fresh = awards.new_code(award=award, by=TEAM, now=now)

    assert alys.get(reverse("my:award")).status_code == 302
    alys.post(reverse("open_award"), {"code": fresh})
    assert "£400" in text_of(alys.get(reverse("my:award")))


def test_a_page_asked_for_without_a_code_comes_after_the_code(client, sitting, code):
    asked = client.get(reverse("my:ask", args=[sitting.slug]), follow=True)

    response = client.post(reverse("open_award"), {"code": code, "next": hidden(asked, "next")})

    assert response.url == reverse("my:ask", args=[sitting.slug])


def test_a_press_without_a_code_comes_back_to_a_page_that_can_be_opened(client, code):
    pressed = client.post(reverse("my:cancel", args=["ABCD"]), follow=True)

    response = client.post(reverse("open_award"), {"code": code, "next": hidden(pressed, "next")}, follow=True)

    assert response.status_code == 200
    assert response.redirect_chain[-1][0] == reverse("my:award")


def test_the_page_of_the_qr_leaves_the_code_in_the_browser(client):
    page = client.get(reverse("voucher")).content.decode()

    assert "data-code-from-address" in page
    assert f'action="{reverse("open_award")}"' in page


@pytest.mark.parametrize("wanted", ["https://bad.example/my/", "//bad.example/my/", "/team/", "javascript:alert(1)"])
def test_the_way_on_leads_only_to_the_carers_own_pages(client, code, wanted):
    response = client.post(reverse("open_award"), {"code": code, "next": wanted})

    assert response.url == reverse("my:award")


def test_leaving_closes_the_award_in_this_browser(alys):
    alys.post(reverse("my:leave"))

    assert alys.get(reverse("my:award")).status_code == 302


def test_an_award_that_has_ended_still_shows_its_statement_but_books_nothing(alys, award, sitting, later):
    later(london(2027, 3, 1, 9))

    page = alys.get(reverse("my:award"))
    refused = alys.get(reverse("my:ask", args=[sitting.slug]))

    assert "Your award ended on Sunday 28 February" in text_of(page)
    assert "Your award cannot be used now" in text_of(refused)
    assert alys.get(reverse("my:statement")).status_code == 200


# An account


def test_a_carer_keeps_the_award_in_an_account_of_the_same_address(alys, award):
    user = factories.user(award.carer.email)
    alys.force_login(user)
    session = alys.session
    session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
    session.save()

    alys.post(reverse("my:keep"))
    alys.post(reverse("my:leave"))

    assert "£400" in text_of(alys.get(reverse("my:award")))
    assert HistoryEntry.objects.get(act="carer.account_linked").actor == user


def test_somebody_else_who_found_the_letter_cannot_keep_the_award(alys, award, dafydd):
    alys.force_login(dafydd)
    session = alys.session
    session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
    session.save()

    alys.post(reverse("my:keep"))

    award.carer.refresh_from_db()
    assert award.carer.user is None


def test_an_account_still_shows_its_award_when_the_code_is_replaced(alys, award, now):
    award.carer.user = factories.user(award.carer.email)
    award.carer.save()
    alys.force_login(award.carer.user)
    session = alys.session
    session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
    session.save()

    awards.new_code(award=award, by=TEAM, now=now)

    assert "£400" in text_of(alys.get(reverse("my:award")))


def test_a_signed_in_stranger_sees_no_award_and_is_asked_for_a_code(client, award, dafydd):
    client.force_login(dafydd)

    assert client.get(reverse("my:award")).url.startswith(reverse("voucher"))


def test_a_stranger_cannot_choose_anothers_award(client, caerphilly, award, dafydd):
    own = factories.award(caerphilly, carer_row=factories.carer(caerphilly, user=dafydd))
    client.force_login(dafydd)

    assert client.post(reverse("my:choose"), {"award": award.pk}).status_code == 404
    assert client.get(reverse("my:award")).context["award"] == own


def test_staff_who_act_for_a_carer_are_named_with_the_award(client, award, sitting, carys):
    client.force_login(carys)
    session = client.session
    session["award"], session["acting_user"] = award.pk, carys.pk
    session.save()

    page = look(client, sitting)
    send(client, sitting, form_of(page))

    assert "You are acting for the carer of award" in text_of(page)
    entry = HistoryEntry.objects.get(act="booking.requested")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"award {award.ref}")


def test_staff_of_another_council_cannot_act(client, award, flintshire):
    stranger = factories.user("team@north.example", role="team", council=flintshire)
    client.force_login(stranger)
    session = client.session
    session["award"], session["acting_user"] = award.pk, stranger.pk
    session.save()

    assert client.get(reverse("my:award")).status_code == 302


def test_staff_cancel_for_a_carer_in_an_emergency_and_it_costs_the_carer_nothing(
    client, award, sitting, carys, clock, now
):
    booking = bookings.make(
        award=award,
        offer=sitting,
        starts_at=FRIDAY,
        minutes=150,
        seen_price_pence=6250,
        by=TEAM,
        now=now,
        key="phone",
    )
    bookings.confirm(booking=booking, by=TEAM, now=now)
    clock.now = FRIDAY - dt.timedelta(hours=2)
    client.force_login(carys)
    session = client.session
    session["award"], session["acting_user"] = award.pk, carys.pk
    session.save()

    page = client.get(reverse("my:booking", args=[booking.ref]))
    client.post(reverse("my:cancel", args=[booking.ref]), {"waive": "yes"})

    assert "Cancel it free of charge: an emergency" in text_of(page)
    booking.refresh_from_db()
    assert (booking.state, booking.ended_by, booking.due_pence) == ("cancelled", "team", None)
    award.account.refresh_from_db()
    assert award.account.available == 40_000


# Asking


def test_asking_leads_from_length_to_day_to_time_to_a_last_look(alys, award, sitting):
    page = reverse("my:ask", args=[sitting.slug])

    assert "How long would you like?" in text_of(alys.get(page))
    days = alys.get(page, {"minutes": 150})
    assert "Which day suits you?" in text_of(days)
    assert "Tuesday 13 October" in text_of(days)
    assert "Monday 12 October" not in text_of(days)
    times = alys.get(page, {"minutes": 150, "day": "2026-10-16"})
    assert "2pm" in text_of(times)
    check = look(alys, sitting)
    assert "Set aside when you ask £62.50" in text_of(check)
    assert "Left to use after that £337.50" in text_of(check)
    assert "Bryn Café has until Wednesday 14 October at 5pm to answer." in text_of(check)
    assert "You can cancel free of charge until Wednesday 14 October at 2pm." in text_of(check)
    nothing_was_written(award)


def test_going_on_without_an_answer_asks_again_beside_the_question(alys, sitting):
    page = reverse("my:ask", args=[sitting.slug])

    assert "Choose how long." in text_of(alys.get(page, {"step": "length"}))
    assert "Choose a day." in text_of(alys.get(page, {"minutes": 60, "step": "day"}))
    assert "Choose a time." in text_of(alys.get(page, {"minutes": 60, "day": "2026-10-16", "step": "time"}))
    assert "That day is no longer free." in text_of(alys.get(page, {"minutes": 60, "day": "2026-10-12"}))


@pytest.mark.parametrize(
    "typed",
    [
        {"minutes": "abc"},
        {"minutes": "99999999999999999999"},
        {"minutes": "60", "day": "2026-13-45"},
        {"minutes": "60", "day": "x"},
        {"minutes": "60", "starts_at": "2026-99-99T99:99Z"},
        {"minutes": "60", "starts_at": "2026-10-16T13:00"},
        {"minutes": "60", "day": "2026-10-16", "starts_at": "now"},
    ],
)
def test_an_address_that_was_tampered_with_asks_again(alys, sitting, typed):
    assert alys.get(reverse("my:ask", args=[sitting.slug]), typed).status_code == 200


def test_sending_sets_the_price_aside_and_says_what_happens_now(alys, award, sitting):
    response = alys.post(
        reverse("my:ask", args=[sitting.slug]),
        form_of(look(alys, sitting), note="The key is under the pot.", share="on"),
        follow=True,
    )

    booking = Booking.objects.get()
    assert response.redirect_chain == [(reverse("my:asked", args=[booking.ref]), 302)]
    assert "You have asked Bryn Café" in text_of(response)
    assert booking.note == "The key is under the pot."
    page = text_of(alys.get(reverse("my:award")))
    assert "£337.50 left to use" in page
    assert audit.differences() == []


def test_a_double_press_makes_one_booking_and_shows_it_twice(alys, award, sitting):
    data = form_of(look(alys, sitting))

    first, second = send(alys, sitting, data), send(alys, sitting, data)

    assert first.url == second.url
    assert Booking.objects.count() == 1
    award.account.refresh_from_db()
    assert award.account.held == 6250
    assert audit.differences() == []


def test_the_same_form_sent_with_something_else_is_told_it_was_sent_already(alys, award, sitting):
    data = form_of(look(alys, sitting))
    send(alys, sitting, data)

    response = alys.post(
        reverse("my:ask", args=[sitting.slug]), data | {"minutes": 60, "seen_price_pence": 2500}, follow=True
    )

    assert "You have sent this already." in text_of(response)
    assert Booking.objects.count() == 1


def test_two_tabs_with_the_same_break_lead_to_the_one_booking(alys, award, sitting):
    first, second = look(alys, sitting), look(alys, sitting)
    send(alys, sitting, form_of(first))

    response = alys.post(reverse("my:ask", args=[sitting.slug]), form_of(second), follow=True)

    assert "You have asked for this already." in text_of(response)
    assert Booking.objects.count() == 1
    assert audit.differences() == []


def test_two_tabs_that_want_more_than_is_left_get_one_break_and_the_new_balance(client, caerphilly, sitting, now):
    award = factories.award(caerphilly, value=6_500)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})
    first, second = look(client, sitting), look(client, sitting, starts_at="2026-10-17T13:00Z")
    send(client, sitting, form_of(first))

    response = send(client, sitting, form_of(second))

    assert "It costs £62.50, and you have £2.50 left." in text_of(response)
    assert Booking.objects.count() == 1
    assert audit.differences() == []


def test_a_stale_price_is_shown_again_and_the_next_press_agrees_to_the_new_one(alys, award, sitting):
    page = look(alys, sitting)
    OfferPrice.objects.create(offer=sitting, price_pence=2600, first_day=dt.date(2026, 10, 12))

    response = send(alys, sitting, form_of(page, note="Ring twice.", share="on"))

    assert "The price has changed. It is now £65, and was £62.50." in text_of(response)
    assert "Ring twice." in text_of(response)
    nothing_was_written(award)
    send(alys, sitting, form_of(response))
    assert Booking.objects.get().price_pence == 6500


def test_overspending_is_refused_with_both_figures(alys, award, bryn_cafe):
    dear = factories.offer(bryn_cafe, price_pence=45_000, unit="session", slug="dear")

    response = alys.get(reverse("my:ask", args=["dear"]))
    forced = send(alys, dear, forged(price_pence=45_000))

    assert "It costs £450, and you have £400 left." in text_of(response)
    assert "It costs £450, and you have £400 left." in text_of(forced)
    nothing_was_written(award)


def test_only_lengths_that_can_be_paid_for_are_offered(client, caerphilly, sitting, now):
    award = factories.award(caerphilly, value=6_000)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})

    page = text_of(client.get(reverse("my:ask", args=[sitting.slug])))

    assert "2 hours: £50" in page
    assert "2½ hours" not in page


def test_an_expired_award_sends_nothing(alys, award, sitting, later):
    data = form_of(look(alys, sitting))
    later(london(2027, 3, 1, 0, 0))

    response = send(alys, sitting, data)

    assert "Your award cannot be used now" in text_of(response)
    nothing_was_written(award)


def test_another_countys_offer_is_refused_by_name(alys, award, flintshire):
    far = factories.offer(factories.provider(flintshire), slug="far")

    response = alys.get(reverse("my:ask", args=["far"]))
    forced = send(alys, far, forged(price_pence=2500))

    assert "This provider works for carers of Flintshire." in text_of(response)
    assert "Flintshire" in text_of(forced)
    nothing_was_written(award)


def test_the_day_after_the_last_day_is_refused_beside_the_time_with_what_was_typed(client, caerphilly, sitting, now):
    award = factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 4, 17))  # to 16 October
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})
    page = look(client, sitting)

    response = send(client, sitting, form_of(page, starts_at="2026-10-17T13:00Z", note="Ring twice.", share="on"))

    assert "Your award is for breaks from Friday 17 April to Friday 16 October." in text_of(response)
    assert "Ring twice." in text_of(response)
    assert "Saturday 17 October" not in text_of(client.get(reverse("my:ask", args=[sitting.slug]), {"minutes": 60}))
    nothing_was_written(award)


@pytest.mark.parametrize("state", ["paused", "suspended", "closed"])
def test_a_provider_that_is_not_live_is_refused(alys, award, sitting, state):
    data = form_of(look(alys, sitting))
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(state=state)

    response = send(alys, sitting, data)

    assert "Bryn Café is not taking bookings for this now." in text_of(response)
    nothing_was_written(award)


def test_a_code_that_is_revoked_between_look_and_press_books_nothing(alys, award, sitting, now):
    data = form_of(look(alys, sitting))
    awards.revoke_code(award=award, by=TEAM, now=now)

    response = send(alys, sitting, data)

    assert response.url.startswith(reverse("voucher"))
    nothing_was_written(award)


def test_a_time_that_somebody_else_took_offers_others_and_keeps_the_note(alys, award, caerphilly, sitting, now):
    page = look(alys, sitting)
    bookings.make(
        award=factories.award(caerphilly),
        offer=sitting,
        starts_at=FRIDAY,
        minutes=60,
        seen_price_pence=2500,
        by=TEAM,
        now=now,
        key="other",
    )

    response = send(alys, sitting, form_of(page, note="Ring twice.", share="on"))
    again = send(alys, sitting, form_of(response, starts_at="2026-10-16T14:00Z", note="Ring twice.", share="on"))

    assert "Someone else has just taken that time." in text_of(response)
    assert "Ring twice." in text_of(response)
    assert again.status_code == 302
    assert Booking.objects.filter(award=award).count() == 1


def test_a_note_without_a_tick_is_not_sent_and_not_lost(alys, award, sitting):
    response = send(alys, sitting, form_of(look(alys, sitting), note="Ring twice."))

    assert "Tick to show what you wrote, or take your words out." in text_of(response)
    assert "Ring twice." in text_of(response)
    nothing_was_written(award)


def test_a_note_that_is_too_long_is_refused_and_kept(alys, award, sitting):
    note = "x" * 501

    response = send(alys, sitting, form_of(look(alys, sitting), note=note, share="on"))

    assert "This can be 500 letters long." in text_of(response)
    assert note in text_of(response)
    nothing_was_written(award)


def test_a_form_whose_hidden_parts_were_lost_starts_again(alys, award, sitting):
    response = alys.post(reverse("my:ask", args=[sitting.slug]), {"note": "hello"}, follow=True)

    assert "Something was missing. Please choose again." in text_of(response)
    nothing_was_written(award)


def test_a_stay_that_runs_past_the_last_day_says_how_many_nights_are_covered(client, caerphilly, bryn_cafe, now):
    award = factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 4, 18))  # to 17 October
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})
    factories.offer(bryn_cafe, unit="night", minutes=1440, price_pence=10_000, slug="stay")

    response = client.get(reverse("my:ask", args=["stay"]), {"minutes": 3 * 1440, "day": "2026-10-16"})

    assert "2 of these 3 nights are covered." in text_of(response)
    nothing_was_written(award)


def test_an_hours_award_speaks_of_hours(client, caerphilly, sitting, now):
    award = factories.award(caerphilly, unit="minutes", value=960)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})

    assert "Set aside when you ask 2½ hours" in text_of(look(client, sitting))
    send(client, sitting, form_of(look(client, sitting)))
    assert "13½ hours left to use" in text_of(client.get(reverse("my:award")))


# A booking


@pytest.fixture
def booked(alys, sitting):
    send(alys, sitting, form_of(look(alys, sitting)))
    return Booking.objects.get()


def test_a_booking_says_its_state_with_the_deadline(alys, booked):
    page = text_of(alys.get(reverse("my:booking", args=[booked.ref])))

    assert "Waiting for Bryn Café. They have until Wednesday 14 October at 5pm to answer." in page
    assert "It costs nothing: £62.50 is given back." in page


def test_anothers_booking_is_not_there(client, caerphilly, booked, now):
    other = factories.award(caerphilly)
    client.post(reverse("open_award"), {"code": awards.new_code(award=other, by=TEAM, now=now)})

    for name in ("my:booking", "my:asked"):
        assert client.get(reverse(name, args=[booked.ref])).status_code == 404
    for name in ("my:cancel", "my:did_not_happen"):
        assert client.post(reverse(name, args=[booked.ref])).status_code == 404


def test_late_cancelling_shows_its_cost_first_and_then_costs_just_that(alys, award, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    later(FRIDAY - dt.timedelta(hours=20))
    page = alys.get(reverse("my:booking", args=[booked.ref]))

    alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": hidden(page, "seen_due_pence")})

    assert "£31.25 would be used, and £31.25 given back." in text_of(page)
    assert "You cancelled this late, so £31.25 was used." in text_of(alys.get(reverse("my:booking", args=[booked.ref])))
    award.account.refresh_from_db()
    assert award.account.available == 36_875


def test_cancelling_that_has_become_dearer_is_not_done_unseen(alys, award, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    page = alys.get(reverse("my:booking", args=[booked.ref]))
    later(FRIDAY - dt.timedelta(hours=47))

    for figure in (hidden(page, "seen_due_pence"), "", "x", "-1", "9" * 30):
        response = alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": figure}, follow=True)
        assert "What cancelling costs has changed." in text_of(response)

    booked.refresh_from_db()
    assert booked.state == Booking.State.CONFIRMED


def test_a_carer_cannot_waive_what_cancelling_costs(alys, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    later(FRIDAY - dt.timedelta(hours=20))

    alys.post(reverse("my:cancel", args=[booked.ref]), {"waive": "yes"})

    booked.refresh_from_db()
    assert booked.state == Booking.State.CONFIRMED


def test_cancelling_twice_says_that_it_was_done(alys, booked):
    alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": "0"})

    response = alys.post(reverse("my:cancel", args=[booked.ref]), {"seen_due_pence": "0"}, follow=True)

    assert "That was done already." in text_of(response)


def test_nobody_came_can_be_said_from_fifteen_minutes_after_the_start(alys, award, booked, later, now):
    bookings.confirm(booking=booked, by=TEAM, now=now)
    url = reverse("my:did_not_happen", args=[booked.ref])
    later(FRIDAY + dt.timedelta(minutes=5))

    early = alys.post(url, follow=True)
    later(FRIDAY + dt.timedelta(minutes=15))
    page = alys.get(reverse("my:booking", args=[booked.ref]))
    done = alys.post(url, follow=True)

    assert "You can say this from 2.15pm." in text_of(early)
    assert url in page.content.decode()
    assert "This did not happen. Everything is given back." in text_of(done)
    award.account.refresh_from_db()
    assert award.account.available == 40_000


def test_the_statement_lists_every_movement_in_words(alys, booked):
    page = text_of(alys.get(reverse("my:statement")))

    assert "Your award" in page
    assert "Set aside for Sitting at home, Bryn Café" in page
    assert "£337.50 left" in page


# All of them


def pages_of(booking):
    return [
        reverse("my:award"),
        reverse("my:statement"),
        reverse("my:ask", args=[booking.offer.slug]),
        reverse("my:ask", args=[booking.offer.slug]) + "?minutes=60",
        reverse("my:ask", args=[booking.offer.slug]) + "?minutes=60&starts_at=2026-10-17T13:00Z",
        reverse("my:booking", args=[booking.ref]),
        reverse("my:asked", args=[booking.ref]),
    ]


def test_every_page_has_one_h1_is_never_indexed_and_never_kept(alys, booked):
    for prefix in ("", "/cy"):
        for page in pages_of(booked):
            response = alys.get(prefix + page)
            assert response.status_code == 200, page
            assert response.content.decode().count("<h1") == 1, page
            assert response["X-Robots-Tag"] == "noindex, nofollow"
            assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("name", ["my:award", "my:statement"])
def test_lists_ask_the_database_no_more_often_when_they_grow(
    alys, award, booked, bryn_cafe, now, name, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    alys.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        alys.get(reverse(name))
    for number in range(6):
        offer = factories.offer(bryn_cafe)
        booking = bookings.make(
            award=award,
            offer=offer,
            starts_at=FRIDAY + dt.timedelta(days=number),
            minutes=60,
            seen_price_pence=2500,
            by=TEAM,
            now=now,
            key=f"n{number}",
        )
        if number % 2:
            bookings.decline(booking=booking, reason="full", by=TEAM, now=now)

    with django_assert_max_num_queries(len(few)):
        alys.get(reverse(name))


def test_looking_changes_nothing(alys, booked):
    before = HistoryEntry.objects.count(), Booking.objects.values().get()

    for page in [*pages_of(booked), reverse("voucher")]:
        alys.get(page)
    for name in ("my:leave", "my:keep", "my:choose", "open_award"):
        assert alys.get(reverse(name)).status_code == 405

    assert (HistoryEntry.objects.count(), Booking.objects.values().get()) == before
