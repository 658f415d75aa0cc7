"""A provider suggests other times instead of a no: they and the money are kept until the carer answers (R25)."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse

from accounts.models import OutboxMessage
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, ask, london
from voucher import bookings, jobs
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.models import Booking, Suggestion

pytestmark = pytest.mark.django_db
State = Booking.State
MONDAY, TUESDAY, WEDNESDAY = (london(2026, 10, day, 15) for day in (19, 20, 21))


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=10_000)


@pytest.fixture
def offer(bryn_cafe):
    return factories.offer(bryn_cafe)


@pytest.fixture
def request_(award, offer, now):
    return ask(award, offer, now)


def suggest(booking, now, *starts):
    return bookings.suggest(booking=booking, starts=starts, by=ALYS, now=now)


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def sound():
    return audit.differences() == [] and claims.differences() == []


def test_the_money_stays_set_aside_while_the_carer_chooses(request_, award, now):
    suggest(request_, now, TUESDAY, MONDAY)

    assert request_.state == State.COUNTERED
    assert left(award) == (3_750, 6_250)
    # Two working days, by 5pm: the answer comes before the first of the times.
    assert request_.answer_by == london(2026, 10, 14, 17)
    told = OutboxMessage.objects.get(kind="times_suggested", to=award.carer.email)
    assert "Monday 19 October" in told.body and f"/my/bookings/{request_.ref}/" in told.body
    assert sound()


def test_a_time_soon_is_answered_two_hours_before_it(request_, now):
    suggest(request_, now, london(2026, 10, 13, 15))

    assert request_.answer_by == london(2026, 10, 13, 13)


def test_the_carer_takes_one_and_it_is_confirmed_at_once_without_notice(request_, award, offer, now):
    tomorrow = london(2026, 10, 13, 8)
    _monday, soon = suggest(request_, now, tomorrow, MONDAY)[::-1]

    bookings.take(booking=request_, suggestion=soon, by=ALYS, now=now)

    assert (request_.state, request_.starts_at, request_.ends_at) == (
        State.CONFIRMED,
        tomorrow,
        tomorrow + dt.timedelta(minutes=150),
    )
    assert request_.calendar_sequence == 1
    assert sorted(Suggestion.objects.values_list("state", flat=True)) == ["passed", "taken"]
    assert OutboxMessage.objects.filter(kind="suggestion_taken", to=offer.provider.email).exists()
    [hers] = OutboxMessage.objects.filter(to=award.carer.email, kind="booking_confirmed")
    assert "You have taken a time that" in hers.body
    assert b"METHOD:REQUEST" in bytes(hers.attachment)
    # The provider has one message about it, not two.
    assert not OutboxMessage.objects.filter(kind="booking_confirmed_for_provider").exists()
    assert left(award) == (3_750, 6_250)
    assert sound()


def test_suggested_times_have_places_and_the_time_asked_for_has_none_any_more(request_, caerphilly, offer, now):
    other = factories.award(caerphilly, value=40_000)
    suggest(request_, now, MONDAY, TUESDAY)

    with pytest.raises(bookings.Full):
        ask(other, offer, now, starts_at=MONDAY)
    kept = [(start, start + dt.timedelta(minutes=150)) for start in (MONDAY, TUESDAY)]
    assert bookings.taken_times(offer, now, WEDNESDAY) == kept
    assert ask(other, offer, now, starts_at=FRIDAY).state == State.REQUESTED


def test_times_not_taken_are_free_again(request_, caerphilly, offer, now):
    [suggestion, _] = suggest(request_, now, MONDAY, TUESDAY)
    bookings.take(booking=request_, suggestion=suggestion, by=ALYS, now=now)

    assert ask(factories.award(caerphilly), offer, now, starts_at=TUESDAY).state == State.REQUESTED


def test_none_of_these_suits_asks_the_next_choice_or_ends(request_, award, offer, now):
    suggest(request_, now, MONDAY)

    bookings.take_none(booking=request_, by=ALYS, now=now)

    assert (request_.state, request_.decline_reason) == (State.DECLINED, "other_time")
    assert left(award) == (10_000, 0)
    assert OutboxMessage.objects.filter(kind="suggestions_not_taken", to=offer.provider.email).count() == 1
    assert sound()


def test_none_of_these_suits_goes_on_to_the_second_choice(award, offer, caerphilly, now):
    mair = factories.offer(factories.provider(caerphilly, name="Mair"), price_pence=2_300)
    parts = [[bookings.Wanted(offer, FRIDAY, 150, 6_250), bookings.Wanted(mair, FRIDAY, 150, 5_750)]]
    [booking] = bookings.ask(award=award, parts=parts, by=ALYS, now=now, key=str(uuid.uuid4()))
    suggest(booking, now, MONDAY)

    following = bookings.take_none(booking=booking, by=ALYS, now=now)

    assert (following.offer, following.state, left(award)) == (mair, State.REQUESTED, (4_250, 5_750))
    assert sound()


def test_times_that_the_carer_does_not_answer_end_by_themselves_once(request_, award, now):
    suggest(request_, now, MONDAY)
    assert jobs.time_out_requests(request_.answer_by - dt.timedelta(seconds=1)) == (0, 0)

    assert jobs.time_out_requests(request_.answer_by) == (1, 0)
    assert jobs.time_out_requests(request_.answer_by) == (0, 0)

    request_.refresh_from_db()
    assert (request_.state, request_.ended_by) == (State.TIMED_OUT, "carer")
    assert left(award) == (10_000, 0)
    assert [row.kind for row in OutboxMessage.objects.filter(to=award.carer.email)] == [
        "times_suggested",
        "suggestions_ran_out",
    ]
    assert not Suggestion.objects.filter(state="open").exists()
    assert sound()


def test_at_the_deadline_a_time_can_no_longer_be_taken(request_, now):
    [suggestion] = suggest(request_, now, MONDAY)

    with pytest.raises(bookings.BookingMoved) as caught:
        bookings.take(booking=request_, suggestion=suggestion, by=ALYS, now=request_.answer_by)

    assert caught.value.state == State.TIMED_OUT


def test_a_carer_may_cancel_while_times_are_suggested(request_, award, now):
    suggest(request_, now, MONDAY)

    bookings.cancel(booking=request_, party="carer", by=ALYS, now=now)

    assert (request_.state, left(award)) == (State.CANCELLED, (10_000, 0))
    assert not Suggestion.objects.filter(state="open").exists()


def test_a_provider_neither_confirms_nor_cancels_what_waits_for_the_carer(request_, now):
    suggest(request_, now, MONDAY)

    with pytest.raises(bookings.BookingMoved):
        bookings.confirm(booking=request_, by=ALYS, now=now)
    with pytest.raises(bookings.BookingMoved):
        bookings.cancel(booking=request_, party="provider", by=ALYS, now=now)
    with pytest.raises(bookings.BookingMoved):
        suggest(request_, now, TUESDAY)


def test_a_provider_takes_its_times_back_and_says_no_until_the_carer_has_chosen(
    client, request_, award, caerphilly, offer, bryn, now, clock
):
    one, _other = suggest(request_, now, MONDAY, TUESDAY)
    client.force_login(bryn)
    page, back = (reverse(f"provider:{name}", args=[request_.ref]) for name in ("booking", "take_back_times"))
    assert back in client.get(page).content.decode()
    # Who has the page of before open takes nothing back by declining.
    client.post(reverse("provider:decline", args=[request_.ref]), {"decline-reason": "no_staff"})
    client.post(back, {"decline-reason": ""})
    request_.refresh_from_db()
    assert (request_.state, left(award)) == (State.COUNTERED, (3_750, 6_250))

    for _press in range(2):
        client.post(back, {"decline-reason": "no_staff", "decline-note": "Mair has flu."})

    request_.refresh_from_db()
    assert (request_.state, request_.decline_reason, left(award)) == (State.DECLINED, "no_staff", (10_000, 0))
    assert "Mair has flu." in OutboxMessage.objects.get(kind="booking_declined").body
    assert back not in client.get(page).content.decode()
    ask(factories.award(caerphilly), offer, now, starts_at=MONDAY)
    with pytest.raises(bookings.BookingMoved):
        bookings.take(booking=request_, suggestion=one, by=ALYS, now=now)
    assert sound()


def test_another_bookings_suggestion_is_not_taken(request_, caerphilly, offer, now):
    suggest(request_, now, MONDAY)
    other = ask(factories.award(caerphilly), offer, now, starts_at=WEDNESDAY)
    [foreign] = suggest(other, now, TUESDAY)

    with pytest.raises(bookings.BookingMoved):
        bookings.take(booking=request_, suggestion=foreign, by=ALYS, now=now)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (london(2026, 10, 12, 10), "past"),
        (london(2026, 12, 13, 10), "far"),
        (london(2026, 10, 20, 10, 10), "step"),
        (FRIDAY, "same"),
    ],
)
def test_a_time_that_cannot_be_suggested_says_why(request_, now, start, why):
    with pytest.raises(bookings.BadTime) as caught:
        suggest(request_, now, MONDAY, start)

    assert (caught.value.why, caught.value.starts_at) == (why, start)
    request_.refresh_from_db()
    assert (request_.state, Suggestion.objects.count()) == (State.REQUESTED, 0)


def test_a_time_that_is_taken_or_outside_the_award_or_uninsured_is_not_suggested(caerphilly, offer, now):
    ask(factories.award(caerphilly), offer, now, starts_at=MONDAY)
    booking = ask(factories.award(caerphilly, first_day=dt.date(2026, 4, 21)), offer, now)

    def why(start):
        with pytest.raises(bookings.BadTime) as caught:
            suggest(booking, now, start)
        return caught.value.why

    assert why(MONDAY) == "taken"
    assert why(WEDNESDAY) == "outside"
    Provider.objects.filter(pk=offer.provider_id).update(insurance_until=dt.date(2026, 10, 19))
    assert why(TUESDAY) == "uninsured"
    Provider.objects.filter(pk=offer.provider_id).update(state="paused")
    with pytest.raises(bookings.NotLive):
        suggest(booking, now, TUESDAY)


def test_a_time_outside_the_opening_hours_may_be_suggested(request_, now):
    [suggestion] = suggest(request_, now, london(2026, 10, 20, 6, 30))

    bookings.take(booking=request_, suggestion=suggestion, by=ALYS, now=now)

    assert request_.starts_at == london(2026, 10, 20, 6, 30)


@pytest.mark.parametrize("number", [0, 4])
def test_one_to_three_times_are_suggested(request_, now, number):
    with pytest.raises(ValueError, match="One to three"):
        suggest(request_, now, *[MONDAY + dt.timedelta(days=day) for day in range(number)])


def test_over_easter_the_carer_has_two_working_days(caerphilly, offer):
    """Good Friday and Easter Monday are no working days: asked on Thursday 25 March 2027, answered by Wednesday."""
    thursday = london(2027, 3, 25, 10)
    booking = ask(
        factories.award(caerphilly, first_day=dt.date(2027, 1, 4)), offer, thursday, starts_at=london(2027, 4, 8, 14)
    )
    assert booking.answer_by == london(2027, 3, 31, 17)

    suggest(booking, thursday, london(2027, 4, 12, 14))

    assert booking.answer_by == london(2027, 3, 31, 17)
