"""Giving own money back: when it is due, how much, once, and what happens when the card company does not want to."""

import datetime as dt

import pytest

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers import stripe_api
from tests import factories
from tests.voucher.breaks import FRIDAY
from tests.voucher.top_ups import own
from tests.voucher.top_ups.own import ask, confirmed, fresh, left, page, paid, shop, top_up
from voucher import bookings, top_ups
from voucher.claiming import claims, disputes
from voucher.ledger import audit, books
from voucher.models import Task

pytestmark = pytest.mark.django_db

LATE = FRIDAY - dt.timedelta(hours=20)
EARLY = FRIDAY - dt.timedelta(hours=60)


@pytest.fixture
def provider(caerphilly, card_company):
    return shop(caerphilly)


@pytest.fixture
def booking(caerphilly, provider, now):
    return asked(caerphilly, provider, now)


def asked(council, provider, now, *, value=8_000, own_pence=4_000, way="card"):
    offer = factories.offer(provider, price_pence=12_000, unit="session")
    return ask(factories.award(council, value=value), offer, now, own_pence=own_pence, way=way)


def back(company):
    return sum(row["amount"] for row in company.refunds.values())


ENDS = {
    "declined": lambda booking, now: bookings.decline(booking=booking, reason="full", by=own.BRYN, now=now),
    "not answered": lambda booking, now: bookings.time_out(booking=booking, now=booking.answer_by),
    "cancelled before an answer": lambda booking, now: cancel(booking, now, "carer"),
}
ENDS_AFTER_YES = {
    "cancelled in time": lambda booking: cancel(booking, EARLY, "carer"),
    "cancelled by the provider": lambda booking: cancel(booking, LATE, "provider"),
    "cancelled by the team": lambda booking: cancel(booking, LATE, "team"),
    "an emergency": lambda booking: cancel(booking, LATE, "carer", emergency=True),
    "it did not happen": lambda booking: bookings.did_not_happen(
        booking=booking, party="carer", by=own.BRYN, now=FRIDAY + dt.timedelta(hours=1)
    ),
}


def cancel(booking, now, party, **how):
    bookings.cancel(booking=booking, party=party, by=own.BRYN, now=now, **how)


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_before_a_yes_comes_back_whole_once(booking, card_company, now, end):
    row = paid(booking, card_company, now)
    ENDS[end](row, now)
    assert (top_up(row).state, back(card_company)) == ("refund_due", 0)

    given = [top_ups.give_back_what_is_due(FRIDAY) for _ in range(2)]

    assert given == [(1, 0), (0, 0)]
    assert (top_up(row).state, top_up(row).kept_pence, back(card_company)) == ("refunded", 0, 4_000)
    assert left(row) == (8_000, 0)
    assert OutboxMessage.objects.filter(kind="own_money_given_back").count() == 1
    assert HistoryEntry.objects.filter(act="booking.card_refunded").count() == 1
    assert audit.differences() == []


@pytest.mark.parametrize("end", ENDS_AFTER_YES)
def test_what_ends_without_being_given_comes_back_whole(booking, card_company, now, end):
    row = confirmed(booking, card_company, now)

    ENDS_AFTER_YES[end](row)
    top_ups.give_back_what_is_due(FRIDAY + dt.timedelta(hours=2))

    assert (top_up(row).state, back(card_company), left(row)) == ("refunded", 4_000, (8_000, 0))
    assert audit.differences() == []


def test_late_the_award_pays_half_of_the_price_and_the_card_gets_all_back(booking, card_company, now):
    row = confirmed(booking, card_company, now)
    cost = bookings.cost_of_cancelling(row, LATE)

    cancel(row, LATE, "carer")
    top_ups.give_back_what_is_due(LATE)

    assert (cost.due_pence, cost.own_due_pence, cost.own_back_pence) == (6_000, 0, 4_000)
    assert (left(row), books.due(row.provider_id), back(card_company)) == ((2_000, 0), 6_000, 4_000)


def test_late_and_with_little_on_the_award_the_provider_keeps_the_rest_of_its_half(
    caerphilly, provider, card_company, now
):
    row = confirmed(asked(caerphilly, provider, now, value=3_000, own_pence=9_000), card_company, now)
    cost = bookings.cost_of_cancelling(row, LATE)

    cancel(row, LATE, "carer")
    top_ups.give_back_what_is_due(LATE)

    # Half of £120 is £60: £30 of the award, £30 of the £90 that were paid by card.
    assert (cost.due_pence, cost.own_due_pence, cost.own_back_pence) == (3_000, 3_000, 6_000)
    assert (left(row), books.due(row.provider_id), back(card_company)) == ((0, 0), 3_000, 6_000)
    assert (top_up(row).state, top_up(row).kept_pence) == ("refunded", 3_000)
    assert audit.differences() == []


def claimed(row, minutes, provider):
    bookings.deliver(booking=row, minutes=minutes, by=own.BRYN, now=row.ends_at)
    return claim(row, provider)


def claim(row, provider):
    who, key = Who(user=factories.provider_staff(provider)), f"claim-{row.pk}"
    made = claims.make(provider=provider, council=row.council, bookings=[row], by=who, now=row.ends_at, key=key)
    return made.lines.get()


def test_a_break_that_was_given_is_claimed_without_her_share_and_its_vat_is_of_the_councils_part(
    caerphilly, card_company, now
):
    provider = shop(caerphilly, vat_treatment="standard", vat_number="GB123456789")
    row = confirmed(asked(caerphilly, provider, now), card_company, now)

    line = claimed(row, 60, provider)

    # A sixth of £80, and not of £120.
    assert (line.amount_pence, line.vat_pence) == (8_000, 1_333)
    assert (top_up(row).state, top_up(row).kept_pence) == ("paid", 4_000)
    assert (books.due(provider.pk), left(row)) == (8_000, (0, 0))
    assert top_ups.give_back_what_is_due(row.ends_at) == (0, 0)
    assert audit.differences() == []


@pytest.mark.parametrize(
    "minutes, of_award, kept", [(150, 8_000, 4_500), (120, 8_000, 2_000), (105, 8_000, 750), (90, 7_500, 0)]
)
def test_of_a_break_given_in_part_her_own_money_comes_back_first_when_it_is_claimed(
    caerphilly, provider, card_company, now, minutes, of_award, kept
):
    sitting = factories.offer(provider, price_pence=5_000)
    award = factories.award(caerphilly, value=8_000)
    row = ask(award, sitting, now, price_pence=12_500, own_pence=4_500, minutes=150)
    row = confirmed(row, card_company, now)
    bookings.deliver(booking=row, minutes=minutes, by=own.BRYN, now=row.ends_at)
    # It can still be undone, so nothing goes back yet.
    assert top_up(row).state == "paid"
    bookings.undo(booking=row, by=own.BRYN, now=row.ends_at)

    line = claimed(fresh(row), minutes, provider)
    top_ups.give_back_what_is_due(row.ends_at)

    assert (line.amount_pence, top_up(row).kept_pence) == (of_award, kept)
    assert back(card_company) == 4_500 - kept
    # What the provider has is the price of what it gave, to the penny.
    assert of_award + kept == minutes * 5_000 // 60
    assert audit.differences() == []


def test_of_an_award_in_hours_the_parts_are_the_price_of_what_was_given(caerphilly, provider, card_company, now):
    sitting = factories.offer(provider, price_pence=2_500)
    award = factories.award(caerphilly, unit="minutes", value=100)
    row = confirmed(ask(award, sitting, now, price_pence=6_250, own_pence=2_083, minutes=150), card_company, now)

    line = claimed(row, 120, provider)
    top_ups.give_back_what_is_due(row.ends_at)

    # Two hours are £50: 100 minutes of the award are £41.67, and £8.33 are her own.
    assert (line.amount_pence, top_up(row).kept_pence, back(card_company)) == (4_167, 833, 1_250)
    assert left(row) == (0, 0)
    assert audit.differences() == []


@pytest.mark.parametrize("found, of_award, kept", [(150, 8_000, 4_500), (120, 8_000, 2_000), (60, 5_000, 0)])
def test_while_a_dispute_is_open_her_own_money_waits_for_the_finding(
    caerphilly, provider, card_company, carys, now, found, of_award, kept
):
    sitting = factories.offer(provider, price_pence=5_000)
    award = factories.award(caerphilly, value=8_000)
    row = ask(award, sitting, now, price_pence=12_500, own_pence=4_500, minutes=150)
    row = confirmed(row, card_company, now)
    bookings.deliver(booking=row, minutes=150, by=own.BRYN, now=row.ends_at)
    dispute = disputes.make(booking=row, said_minutes=60, by=own.BRYN, now=row.ends_at)

    claimed_line = claim(fresh(row), provider)
    assert (claimed_line.amount_pence, top_up(row).state, top_up(row).kept_pence) == (5_000, "paid", None)
    who = Who(user=carys)
    disputes.resolve(dispute=dispute, found_minutes=found, finding="We asked both.", by=who, now=row.ends_at)
    top_ups.give_back_what_is_due(row.ends_at)

    assert books.due(provider.pk) == of_award
    assert (top_up(row).kept_pence, back(card_company)) == (kept, 4_500 - kept)
    assert of_award + kept == found * 5_000 // 60
    assert audit.differences() == []


def test_paid_directly_nothing_goes_back_through_us(caerphilly, provider, card_company, now):
    row = asked(caerphilly, provider, now, way="direct")

    bookings.decline(booking=row, reason="full", by=own.BRYN, now=now)

    assert top_up(row).state == "not_needed"
    assert top_ups.give_back_what_is_due(now) == (0, 0)
    assert card_company.asked == []


@pytest.fixture
def due(booking, card_company, now):
    row = paid(booking, card_company, now)
    bookings.decline(booking=row, reason="full", by=own.BRYN, now=now)
    return row


def test_while_nobody_answers_it_is_tried_again_and_made_once(due, card_company, now):
    card_company.loses_answers = True
    assert top_ups.give_back_what_is_due(now) == (0, 0)
    card_company.loses_answers = False
    assert top_ups.give_back_what_is_due(now + dt.timedelta(minutes=9)) == (0, 0)

    assert top_ups.give_back_what_is_due(now + dt.timedelta(minutes=10)) == (1, 0)

    assert (back(card_company), top_up(due).state) == (4_000, "refunded")


def test_when_a_key_is_forgotten_a_refund_is_still_made_once(due, card_company, now):
    asks = {"account": own.SHOP, "key": str(top_up(due).key), "payment_intent": top_up(due).payment_intent}
    stripe_api.refund(**asks, pence=4_000)
    card_company._answers.clear()

    top_ups.give_back_what_is_due(now + dt.timedelta(days=2))

    assert (back(card_company), top_up(due).state) == (4_000, "refunded")


def test_after_a_day_without_an_answer_a_person_is_told(due, card_company, now):
    card_company.down = True

    top_ups.give_back_what_is_due(now + dt.timedelta(hours=23))
    assert not Task.objects.exists()
    top_ups.give_back_what_is_due(now + dt.timedelta(hours=25))

    assert Task.objects.get().kind == "card"


def test_what_is_refused_is_shown_to_the_carers_team_and_tried_again_under_a_new_key(due, card_company, now):
    card_company.refuses_refunds = "insufficient_funds"
    assert top_ups.give_back_what_is_due(now) == (0, 0)
    assert (top_up(due).state, top_up(due).problem, Task.objects.get().kind) == ("refund_due", "refund", "card")
    card_company.refuses_refunds = ""

    assert top_ups.give_back_what_is_due(now + dt.timedelta(hours=6)) == (1, 0)

    assert (top_up(due).state, top_up(due).problem, back(card_company)) == ("refunded", "", 4_000)
    assert [entry.act for entry in HistoryEntry.objects.filter(act__contains="refund").order_by("pk")] == [
        "booking.refund_refused",
        "booking.card_refunded",
    ]


def test_what_the_provider_has_given_back_itself_is_not_given_back_again(due, card_company, now):
    card_company.refuses_refunds = "charge_already_refunded"

    assert top_ups.give_back_what_is_due(now) == (1, 0)

    assert (top_up(due).state, top_up(due).problem) == ("refunded", "")


def test_a_refund_on_its_way_is_looked_at_until_it_has_arrived(due, card_company, now):
    card_company.refunds_wait = True
    assert top_ups.give_back_what_is_due(now) == (0, 0)
    assert top_up(due).state == "refund_due"
    next(iter(card_company.refunds.values()))["status"] = "succeeded"

    assert top_ups.give_back_what_is_due(now + dt.timedelta(hours=6)) == (1, 0)

    assert (back(card_company), len(card_company.refunds)) == (4_000, 1)


def test_what_was_paid_after_the_end_goes_back_at_once(booking, card_company, now):
    number = page(booking, now)
    cancel(booking, now, "carer")
    card_company.pay(number)

    top_ups.close_pages(now)
    top_ups.give_back_what_is_due(now)

    assert (top_up(booking).state, back(card_company)) == ("refunded", 4_000)
    assert HistoryEntry.objects.filter(act="booking.paid_too_late").count() == 1
