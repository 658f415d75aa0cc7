"""Journeys of carers who pay: C4, a break costs £120 and £80 are left; and a provider that takes no own money."""

import datetime as dt
import html
import json
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from tests import factories, fakes
from tests.voucher.top_ups import own
from voucher import bookings, jobs
from voucher.granting import awards
from voucher.ledger import audit, books
from voucher.models import Booking, Claim, ClaimLine, Task, TopUp

pytestmark = pytest.mark.django_db
State = Booking.State
FOUR_HOURS = 240
ON_FRIDAY = "2026-10-16T13:00Z"


@pytest.fixture
def sitters(caerphilly):
    """Sitters at £30 an hour, who take money from carers."""
    return factories.provider(caerphilly, name="Sitters Gwent", takes_own_money=True)


@pytest.fixture
def sitting(sitters):
    return factories.offer(sitters, price_pence=3_000, slug="sitting")


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=8_000, ref="A0080")


@pytest.fixture
def carer(award, sitting, clock):
    """A browser in which the code of the award with £80 has been typed."""
    client = Client()
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=clock.now)})
    return client


@pytest.fixture
def owner(sitters):
    client = Client()
    client.force_login(factories.provider_staff(sitters))
    return client


def text(response):
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", body).split()))


def link(response, words):
    """Return where the link with these words leads."""
    [found] = re.findall(rf'<a [^>]*href="([^"]+)"[^>]*>{re.escape(words)}', response.content.decode())
    return html.unescape(found)


def left(award):
    award.account.refresh_from_db()
    balance = awards.balance(award)
    return balance.left, balance.set_aside, balance.used


def hidden(response):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()))


def four_ways(carer):
    page = carer.get(reverse("my:ask", args=["sitting"]), {"minutes": FOUR_HOURS}, follow=True)
    assert page.redirect_chain == [(f"/my/ask/sitting/more/?minutes={FOUR_HOURS}", 302)]
    return page


def last_look(carer):
    page = carer.get(link(four_ways(carer), "Go on, and pay £40 myself") + f"&starts_at={ON_FRIDAY}")
    assert "From your award £80" in text(page)
    assert "From you £40" in text(page)
    return page


def send(carer, page, **said):
    return carer.post(reverse("my:ask_own", args=["sitting"]), hidden(page) | said)


def test_c4_the_page_says_what_it_costs_what_is_left_and_four_ways_on(carer, award):
    page = text(four_ways(carer))

    assert "Sitting at home, 4 hours, costs £120. You have £80 left." in page
    for way in ("Take a shorter time", "Choose something else", "Ask us for more", "Pay the difference yourself"):
        assert way in page
    assert left(award) == (8_000, 0, 0)


def test_c4_shorten_two_and_a_half_hours_fit_and_one_press_goes_there(carer, award):
    shorter = carer.get(link(four_ways(carer), "2½ hours, for £75"))
    assert "Which day suits you?" in text(shorter)
    check = carer.get(reverse("my:ask", args=["sitting"]), {"minutes": 150, "starts_at": ON_FRIDAY})

    carer.post(reverse("my:ask", args=["sitting"]), hidden(check))

    assert left(award) == (500, 7_500, 0)
    assert Booking.objects.get().own_pence == 0


def test_c4_choose_another_shows_only_what_the_80_pounds_pay(carer, caerphilly, sitting):
    factories.offer(factories.provider(caerphilly, name="Bryn"), price_pence=7_900, unit="session", title_en="Spa day")
    factories.offer(factories.provider(caerphilly, name="Plas"), price_pence=8_100, unit="session", title_en="Castle")

    found = text(carer.get(link(four_ways(carer), "Show breaks that fit into what I have left")))

    assert "Spa day" in found
    assert "Castle" not in found


def test_c4_ask_the_carers_team_for_the_40_pounds_that_are_missing(carer):
    address = link(four_ways(carer), "Ask the carers team to add to my award")

    page = carer.get(address)

    assert address.startswith(reverse("my:apply", args=["more-to-use"]))
    assert "amount=4000" in address
    assert page.status_code == 200


def test_c4_pay_the_difference_directly_is_recorded_and_never_in_the_claim(carer, owner, award, sitters, clock):
    page = last_look(carer)
    assert "Your £40 goes to Sitters Gwent and to nobody else. Neither the council nor this website holds it." in text(
        page
    )

    asked = send(carer, page)
    booking = Booking.objects.get()
    assert asked["Location"] == reverse("my:asked", args=[booking.ref])
    assert (booking.state, booking.own_pence, left(award)) == (State.REQUESTED, 4_000, (0, 8_000, 0))
    for address in ("provider:inbox", "provider:booking"):
        told = text(owner.get(reverse(address, args=[booking.ref] if address.endswith("booking") else [])))
        assert "£40" in told
        assert "claim £80" in told

    owner.post(reverse("provider:confirm", args=[booking.ref]))
    assert "You pay £40 to Sitters Gwent directly, on the day." in text(
        carer.get(reverse("my:booking", args=[booking.ref]))
    )
    assert "£40 of it from the carer on the day; you claim £80" in text(
        owner.get(reverse("provider:day_list", args=["2026-10-16"]))
    )
    clock.now = booking.ends_at + dt.timedelta(hours=1)
    owner.post(reverse("provider:deliver", args=[booking.ref]), {"delivered-minutes": FOUR_HOURS})
    claim = {"caerphilly-bookings": [booking.ref], "caerphilly-key": str(uuid.uuid4())}
    owner.post(reverse("provider:make_claim", args=["caerphilly"]), claim)

    assert ClaimLine.objects.get(claim=Claim.objects.get()).amount_pence == 8_000
    assert (left(award), books.due(sitters.pk)) == ((0, 0, 8_000), 8_000)
    assert audit.differences() == []


@pytest.fixture
def cards(caerphilly, sitters, card_company):
    """The council, the provider and the site all take cards."""
    caerphilly.scheme.takes_cards = True
    caerphilly.scheme.save()
    sitters.stripe_account, sitters.takes_cards = own.SHOP, True
    sitters.save()
    return card_company


def to_the_card_page(carer, page):
    """Choose the card, and press on the page before leaving; returns that page and what the press led to."""
    sent = send(carer, page, way="card")
    booking = Booking.objects.get()
    assert sent["Location"].endswith(reverse("my:pay", args=[booking.ref]))
    # First the place and the money, committed; only then is anybody spoken to about a card.
    assert (booking.state, booking.hold.amount) == (State.UNPAID, 8_000)
    before = carer.get(sent["Location"])
    return booking, before, carer.post(sent["Location"])


def signed(event, clock):
    body = json.dumps(event).encode()
    header = fakes.signature(body, at=int(dt.datetime.now().timestamp()))
    return Client().post(reverse("stripe_events"), body, "application/json", headers={"Stripe-Signature": header})


def test_c4_pay_the_difference_by_card_goes_straight_to_the_provider(carer, owner, award, cards, clock):
    page = last_look(carer)
    assert "By card, on the next page (in English only)" in text(page)

    booking, before, away = to_the_card_page(carer, page)

    assert "Pay £40 to Sitters Gwent" in text(before)
    assert "The card page is in English only." in text(before)
    assert (away.status_code, away["Location"][:28]) == (303, "https://checkout.stripe.com/")
    [session] = cards.sessions.values()
    # The award's part and the card's are the price, and the card's is in the provider's own account.
    assert session["amount_total"] + left(award)[1] == booking.price_pence == 12_000
    assert session["account"] == own.SHOP
    assert owner.get(reverse("provider:booking", args=[booking.ref])).status_code == 404
    assert not OutboxMessage.objects.exists()

    clock.now += dt.timedelta(minutes=12)
    assert signed(cards.pay(session["id"]), clock).status_code == 200
    back = carer.get(reverse("my:paid", args=[booking.ref]), follow=True)

    assert "You have asked Sitters Gwent" in text(back)
    assert "You paid £40 to Sitters Gwent by card on Monday 12 October." in text(back)
    assert Booking.objects.get().state == State.REQUESTED
    assert "£40 of it paid to you by card; you claim £80" in text(owner.get(reverse("provider:inbox")))
    assert left(award) == (0, 8_000, 0)
    assert audit.differences() == []


def test_c4_the_welsh_pages_lead_to_the_card_page_and_back_in_welsh(carer, award, cards):
    page = carer.get("/cy/my/ask/sitting/own/", {"minutes": FOUR_HOURS, "starts_at": ON_FRIDAY})
    sent = carer.post("/cy/my/ask/sitting/own/", hidden(page) | {"way": "card"})
    booking = Booking.objects.get()

    assert sent["Location"] == f"/cy/my/bookings/{booking.ref}/pay/"
    before = carer.get(sent["Location"])
    assert 'lang="cy">' in before.content.decode()
    carer.post(sent["Location"])
    [session] = cards.sessions.values()
    assert f"/cy/my/bookings/{booking.ref}/paid/" in session["sent"]["success_url"]


def test_c4_declined_the_80_pounds_and_the_card_both_come_back(carer, owner, award, cards, clock):
    booking, _before, _away = to_the_card_page(carer, last_look(carer))
    cards.pay(TopUp.objects.get().session_id)
    carer.get(reverse("my:paid", args=[booking.ref]))

    owner.post(reverse("provider:decline", args=[booking.ref]), {"decline-reason": "full"})
    assert "£40 of it goes back to your card" in text(carer.get(reverse("my:booking", args=[booking.ref])))
    list(jobs.run(clock.now))

    assert [refund["amount"] for refund in cards.refunds.values()] == [4_000]
    assert "£40 of it was given back to your card" in text(carer.get(reverse("my:booking", args=[booking.ref])))
    assert left(award) == (8_000, 0, 0)
    assert audit.differences() == []


def test_c4_what_cancelling_late_costs_is_said_before_the_press(carer, owner, award, cards, clock):
    booking, _before, _away = to_the_card_page(carer, last_look(carer))
    cards.pay(TopUp.objects.get().session_id)
    carer.get(reverse("my:paid", args=[booking.ref]))
    owner.post(reverse("provider:confirm", args=[booking.ref]))
    clock.now = booking.starts_at - dt.timedelta(hours=20)

    page = carer.get(reverse("my:booking", args=[booking.ref]))
    assert "£60 would be used, and £20 given back" in text(page)
    assert "The £40 that you paid by card goes back to your card." in text(page)
    carer.post(reverse("my:cancel", args=[booking.ref]), {"seen_due_pence": 6_000})
    list(jobs.run(clock.now))

    assert left(award) == (2_000, 0, 6_000)
    assert TopUp.objects.get().state == "refunded"


def test_when_the_card_page_does_not_answer_the_booking_waits_and_she_is_told_kindly(carer, award, cards, clock):
    sent = send(carer, last_look(carer), way="card")
    cards.down = True

    trouble = carer.post(sent["Location"])

    assert trouble.status_code == 503
    assert "The card page does not answer just now. Nothing was taken from your card." in text(trouble).replace(
        "just now Nothing", "just now. Nothing"
    )
    assert (Booking.objects.get().state, left(award)) == (State.UNPAID, (0, 8_000, 0))
    cards.down = False
    assert carer.post(sent["Location"]).status_code == 303
    assert carer.post(sent["Location"])["Location"] == carer.post(sent["Location"])["Location"]
    assert len(cards.sessions) == 1


def test_whoever_changes_her_mind_on_the_page_before_leaving_has_everything_back(carer, award, cards, sitters):
    booking, _before, _away = to_the_card_page(carer, last_look(carer))

    ended = carer.post(reverse("my:cancel", args=[booking.ref]), {"seen_due_pence": "0"}, follow=True)

    assert "Ended. Everything is given back." in text(ended)
    assert left(award) == (8_000, 0, 0)
    assert not OutboxMessage.objects.filter(to=sitters.email).exists()


def test_what_is_not_paid_within_the_hour_is_given_back_and_she_is_told(carer, award, cards, clock):
    booking, _before, _away = to_the_card_page(carer, last_look(carer))
    clock.now += dt.timedelta(minutes=61)

    list(jobs.run(clock.now))

    page = text(carer.get(reverse("my:booking", args=[booking.ref])))
    assert "Your card payment did not come in time" in page
    assert left(award) == (8_000, 0, 0)
    assert next(iter(cards.sessions.values()))["status"] == "expired"
    assert carer.get(reverse("my:pay", args=[booking.ref]))["Location"] == reverse("my:booking", args=[booking.ref])


def test_coming_back_before_anybody_has_told_us_says_so_and_asks_for_nothing_twice(carer, cards):
    booking, _before, _away = to_the_card_page(carer, last_look(carer))
    cards.pay(TopUp.objects.get().session_id)
    cards.down = True

    waiting = carer.get(reverse("my:paid", args=[booking.ref]))

    assert "We have not heard of your payment yet" in text(waiting)
    cards.down = False
    assert carer.get(reverse("my:paid", args=[booking.ref]))["Location"] == reverse("my:asked", args=[booking.ref])


def test_only_the_page_before_leaving_may_lead_to_the_card_page(carer, cards):
    page = last_look(carer)
    booking, before, _away = to_the_card_page(carer, page)
    rule = "form-action 'self' https://checkout.stripe.com;"

    assert rule in before["Content-Security-Policy"] + ";"
    others = [page, four_ways_again(carer), carer.get(reverse("my:booking", args=[booking.ref]))]
    assert [rule in each["Content-Security-Policy"] + ";" for each in others] == [False] * 3
    assert all("form-action 'self'" in each["Content-Security-Policy"] for each in others)


def four_ways_again(carer):
    return carer.get(reverse("my:award"))


def test_a_council_without_cards_sees_only_pay_the_provider(carer, card_company, sitters):
    sitters.stripe_account, sitters.takes_cards = own.SHOP, True
    sitters.save()

    page = last_look(carer)

    assert "card" not in text(page).lower().replace("discard", "")
    assert hidden(page)["way"] == "direct"


def test_nobody_types_a_carers_card_for_her(caerphilly, award, sitting, cards, clock, carys):
    staff = Client()
    staff.force_login(carys)
    staff.post(reverse("team:book_for", args=[award.ref]))

    page = staff.get(reverse("my:ask_own", args=["sitting"]), {"minutes": FOUR_HOURS, "starts_at": ON_FRIDAY})

    assert hidden(page)["way"] == "direct"


def test_edge_case_top_up_refused_by_provider(carer, award, sitters):
    """The booking needs the provider's tick; without it the page says why, and no press gets past it."""
    sitters.takes_own_money = False
    sitters.save()

    page = four_ways(carer)

    assert "Sitters Gwent does not take money from carers, so this is not possible here." in text(page)
    assert "pay £40 myself" not in text(page)
    forced = carer.get(reverse("my:ask_own", args=["sitting"]), {"minutes": FOUR_HOURS, "starts_at": ON_FRIDAY})
    assert forced["Location"] == f"/my/ask/sitting/more/?minutes={FOUR_HOURS}"
    assert left(award) == (8_000, 0, 0)


def test_edge_case_top_up_refused_by_provider_between_the_look_and_the_press(carer, award, sitters):
    page = last_look(carer)
    sitters.takes_own_money = False
    sitters.save()

    sent = send(carer, page)

    assert sent["Location"] == f"/my/ask/sitting/more/?minutes={FOUR_HOURS}"
    assert not Booking.objects.exists()


def test_a_share_that_changed_between_the_look_and_the_press_is_shown_again(carer, award, caerphilly, clock):
    page = last_look(carer)
    other = factories.offer(factories.provider(caerphilly), price_pence=1_000, unit="session")
    bookings.make(
        award=award,
        offer=other,
        starts_at=dt.datetime(2026, 10, 19, 9, tzinfo=dt.UTC),
        minutes=60,
        seen_price_pence=1_000,
        by=own.ALYS,
        now=clock.now,
        key="in another tab",
    )

    again = send(carer, page)

    assert "What you would pay yourself has changed. It is now £50, and was £40." in text(again)
    assert Booking.objects.count() == 1
    send(carer, again)
    assert Booking.objects.get(own_pence=5_000).amount == 7_000


def test_the_same_form_sent_twice_and_a_second_tab_lead_to_the_one_booking(carer, award, cards):
    page, other_tab = last_look(carer), last_look(carer)

    first, again = send(carer, page, way="card"), send(carer, page, way="card")

    assert first["Location"] == again["Location"]
    lost = send(carer, other_tab, way="card")
    # Enough is no longer left for a second one, and nothing of the first is lost.
    assert lost.status_code == 302
    assert Booking.objects.count() == TopUp.objects.count() == 1
    assert left(award) == (0, 8_000, 0)


def test_a_payment_in_question_is_on_the_carers_teams_page_of_the_booking(carer, cards, carys, award):
    booking, _before, _away = to_the_card_page(carer, last_look(carer))
    cards.pay(TopUp.objects.get().session_id)
    carer.get(reverse("my:paid", args=[booking.ref]))
    TopUp.objects.update(problem="disputed")
    staff = Client()
    staff.force_login(carys)

    page = text(staff.get(reverse("team:booking", args=[booking.ref])))

    assert "£40, paid to the provider by card on Monday 12 October." in page
    assert "Talk to the carer before the break." in page
    assert not Task.objects.exists()
    assert HistoryEntry.objects.filter(act="booking.paid").exists()
