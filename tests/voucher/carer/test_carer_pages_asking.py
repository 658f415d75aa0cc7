"""Asking for a break, and every refusal: said beside its field, nothing lost, nothing half-written."""

import datetime as dt

import pytest
from django.urls import reverse

from brochure.models import OfferPrice
from tests import factories
from tests.voucher.carer.pages import (
    FRIDAY,
    TEAM,
    forged,
    form_of,
    look,
    nothing_was_written,
    send,
    text_of,
)
from tests.voucher.test_bookings import london
from voucher import bookings
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking

pytestmark = pytest.mark.django_db


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


def test_a_day_that_cannot_be_asked_for_is_not_called_taken(alys, award, sitting):
    """It is too far ahead, outside the award, or later than the provider takes bookings; why is not said of a paper."""
    page = reverse("my:ask", args=[sitting.slug])

    def said(day):
        return text_of(alys.get(page, {"minutes": 60, "day": day}))

    far = said("2026-12-18")
    assert "A day so far ahead cannot be asked for yet. Choose one up to Friday 11 December." in far
    assert "Your award is for breaks from" in said("2029-10-19")
    # What stands in the last look is looked at again when it is sent.
    data = form_of(look(alys, sitting))
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(insurance_until=dt.date(2026, 10, 15))
    until = "They take bookings only up to Thursday 15 October just now"
    assert until in said("2026-10-16")
    assert until in text_of(send(alys, sitting, data))
    type(sitting.provider).objects.filter(pk=sitting.provider.pk).update(insurance_until=dt.date(2026, 10, 12))
    none_left = said("2026-10-16")
    assert "Bryn Café takes bookings only up to Monday 12 October just now" in none_left
    assert "is taken" not in none_left
    assert "nsurance" not in none_left
    nothing_was_written(award)


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

    response = client.get(send(client, sitting, form_of(second))["Location"])

    assert "Sitting at home, 2½ hours, costs £62.50. You have £2.50 left." in text_of(response)
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

    response = alys.get(reverse("my:ask", args=["dear"]), follow=True)
    forced = alys.get(send(alys, dear, forged(price_pence=45_000))["Location"])

    assert "costs £450. You have £400 left." in text_of(response)
    assert "costs £450. You have £400 left." in text_of(forced)
    nothing_was_written(award)


def test_only_lengths_that_can_be_paid_for_are_offered(client, caerphilly, sitting, now):
    award = factories.award(caerphilly, value=6_000)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})

    page = text_of(client.get(reverse("my:ask", args=[sitting.slug])))

    assert "2 hours: £50" in page
    assert "2½ hours: " not in page
    # What is longer leads to the ways on, and is no choice of the form.
    assert "2½ hours, £62.50" in page


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


def test_the_day_after_the_last_day_is_refused_and_leads_to_more_time(client, caerphilly, sitting, now):
    award = factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 4, 17))  # to 16 October
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})
    page = look(client, sitting)

    response = send(client, sitting, form_of(page, starts_at="2026-10-17T13:00Z", note="Ring twice.", share="on"))

    assert "That day is after your award ends" in text_of(response)
    assert f"{reverse('my:apply', args=['more-time'])}?until=2026-10-17" in response.content.decode()
    assert "Saturday 17 October" not in text_of(client.get(reverse("my:ask", args=[sitting.slug]), {"minutes": 60}))
    nothing_was_written(award)


@pytest.mark.parametrize("state", ["paused", "suspended", "closed"])
def test_a_provider_that_is_not_live_is_refused(alys, award, sitting, state):
    data = form_of(look(alys, sitting))
    factories.put(sitting.provider, state)

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


@pytest.mark.parametrize("moment", ["0001-01-01T00:00Z", "9999-12-31T23:59-14:00", "1999-12-31T12:00Z", "when"])
def test_a_moment_that_no_clock_shows_is_refused_beside_the_time(alys, award, sitting, moment):
    page = look(alys, sitting)

    response = send(alys, sitting, form_of(page, starts_at=moment, note="Ring twice.", share="on"))

    assert "Another time Choose a time from the list." in text_of(response)
    assert "Ring twice." in text_of(response)
    nothing_was_written(award)
    assert alys.get(reverse("my:ask", args=[sitting.slug]), {"minutes": 60, "starts_at": moment}).status_code == 200


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-10-16T03:00Z", "They are closed at that time. Choose another."),
        ("2026-10-12T14:00Z", "They need 24 hours to get ready. Choose a later time."),
        ("2026-10-02T13:00Z", "They need 24 hours to get ready. Choose a later time."),
    ],
)
def test_a_time_that_was_never_offered_is_refused_beside_it(alys, award, sitting, moment, words):
    page = look(alys, sitting)

    response = send(alys, sitting, form_of(page, starts_at=moment, note="Ring twice.", share="on"))

    assert words in text_of(response)
    assert "Ring twice." in text_of(response)
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

    assert "2 of 3 nights covered" in text_of(response)
    nothing_was_written(award)


def test_an_hours_award_speaks_of_hours(client, caerphilly, sitting, now):
    award = factories.award(caerphilly, unit="minutes", value=960)
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})

    assert "Set aside when you ask 2½ hours" in text_of(look(client, sitting))
    send(client, sitting, form_of(look(client, sitting)))
    assert "13½ hours left to use" in text_of(client.get(reverse("my:award")))


def test_a_length_that_costs_nothing_is_said_to_be_free(alys, bryn_cafe):
    offer = factories.offer(bryn_cafe, price_pence=0)

    page = text_of(alys.get(reverse("my:ask", args=[offer.slug])))

    assert "2 hours: free" in page and "£0" not in page
