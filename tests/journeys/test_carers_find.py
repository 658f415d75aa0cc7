"""Journeys of carers who look: C1 what an award buys, C2 a sitter, C16 a young carer, C17 nothing suits."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from brochure.models import OfferPrice, PostcodeDistrict
from tests import factories
from voucher import bookings
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, Carer, Wish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def districts(db):
    for name, latitude in [("CF83", 51.58), ("CF82", 51.63), ("NP12", 51.67), ("NP44", 51.85)]:
        PostcodeDistrict.objects.create(district=name, latitude=latitude, longitude=-3.2)


def opened(award, clock):
    """A browser in which the code of an award has been typed."""
    client = Client()
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=clock.now)})
    return client


def text(response):
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_c1_an_award_of_400_pounds_is_told_as_about_16_hours_of_sitting(caerphilly, clock):
    """Eleri's £400, issued 3 March, last service date 2 September."""
    clock.now = dt.datetime(2026, 3, 3, 10, tzinfo=dt.UTC)
    for price in (2300, 2450, 2500, 2600, 2800):
        factories.offer(factories.provider(caerphilly, postcode="CF83 1AA"), price_pence=price)
    eleri = factories.carer(caerphilly, first_name="Eleri", postcode="CF83 2AA", language="cy")
    award = factories.award(caerphilly, carer_row=eleri, value=40_000, first_day=dt.date(2026, 3, 3), now=clock.now)

    page = text(opened(award, clock).get("/my/"))

    assert "£400 left to use" in page
    assert "about 16 hours of sitting" in page
    assert "Wednesday 2 September" in page
    assert "Set aside £0" in page
    assert "£400 to use, 26 weeks left: 5 offers you can still finish" in page


@pytest.fixture
def sitters(caerphilly):
    """Three who can, near, in Welsh, on Thursday from two; and those who cannot, each for one reason."""

    def sitter(name, price_pence=2500, *, postcode="CF83 1AA", welsh=True, hours="Mon-Sun 08:00-22:00", **fields):
        provider = factories.provider(caerphilly, name=name, postcode=postcode, speaks_welsh=welsh)
        return factories.offer(provider, price_pence=price_pence, hours=hours, **fields)

    found = [sitter("Sitters A"), sitter("Sitters B", 2300, postcode="CF82 7AA"), sitter("Sitters C", 2700)]
    sitter("Too far", postcode="NP44 1AA")
    sitter("English only", welsh=False)
    sitter("Mornings only", hours="Mon-Sun 08:00-13:00")
    sitter("Gone by four", hours="Mon-Sun 08:00-16:00")
    sitter("Wants a week", notice_hours=168)
    sitter("Too dear", 20_000)
    busy = sitter("Busy then")
    kind = factories.category("hair-and-beauty", name_en="Hair and beauty", name_cy="Gwallt a harddwch")
    sitter(
        "Plas Gwallt",
        3000,
        category=kind,
        unit="session",
        title_en="Wash and cut",
        title_cy="Golchi a thorri",
        description_en="In the salon.",
        description_cy="Yn y salon.",
    )
    return found, busy


@pytest.mark.parametrize(
    "typed",
    [
        "Thursday 14:00-16:30, sitter, within 5 miles, Welsh-speaking",
        "gwarchod dydd Iau 2-4.30yp o fewn 5 milltir, siarad Cymraeg",
    ],
)
def test_c2_a_sitter_for_thursday_from_two_to_half_past_four_near_and_in_welsh(caerphilly, clock, sitters, typed):
    found, busy = sitters
    thursday = dt.datetime(2026, 10, 15, 15, 0, tzinfo=dt.UTC)
    bookings.make(
        award=factories.award(caerphilly),
        offer=busy,
        starts_at=thursday,
        minutes=60,
        seen_price_pence=2500,
        by=factories.TESTS,
        now=clock.now,
        key="busy",
    )
    award = factories.award(caerphilly, carer_row=factories.carer(caerphilly, postcode="CF83 2AA"), value=40_000)
    eleri = opened(award, clock)

    page = eleri.get("/brochure/", {"words": typed, "affordable": "on"})

    assert "3 breaks found" in text(page)
    assert {card["offer"] for card in page.context["cards"]} == set(found)
    prices = {card["offer"].provider.name: card["price"] for card in page.context["cards"]}
    assert prices["Sitters A"] == "£62.50 for 2½ hours"
    assert prices["Sitters B"] == "£57.50 for 2½ hours"
    assert "Thursday 15 October, 2pm to 4.30pm" in text(page)

    a = next(card for card in page.context["cards"] if card["offer"] == found[0])
    offer_page = eleri.get(a["url"]).content.decode()
    ask = re.search(r'href="(/my/ask/[^"]*starts_at[^"]*)"', offer_page)[1].replace("&amp;", "&")
    last_look = eleri.get(ask)
    sent = dict(
        re.findall(r'name="(key|minutes|seen_price_pence|starts_at)" value="([^"]*)"', last_look.content.decode())
    )
    eleri.post(ask.split("?")[0], sent)

    booking = Booking.objects.get(award=award)
    award.account.refresh_from_db()
    assert (booking.offer, booking.minutes, booking.price_pence) == (found[0], 150, 6250)
    assert awards.balance(award).set_aside == 6250
    assert audit.differences() == []


def test_c16_a_young_carer_sees_nothing_for_adults_and_the_team_asks_for_her_nights_away(
    caerphilly, bryn_cafe, clock, carys
):
    """Aged 16: born on 13 October 2009, so she is 16 until tomorrow and not 18 for two years."""
    swim = factories.offer(bryn_cafe, title_en="Swim", unit="session", price_pence=500)
    wine = factories.offer(bryn_cafe, title_en="Wine evening", slug="wine", unit="session", adults_only=True)
    night = factories.offer(
        bryn_cafe, title_en="A night away", slug="night", unit="night", minutes=1440, price_pence=5000
    )
    award = factories.award(caerphilly, carer_row=factories.carer(caerphilly, born_on=dt.date(2009, 10, 13)))
    nia = opened(award, clock)

    page = text(nia.get("/brochure/"))
    assert "Swim" in page and "Wine evening" not in page
    assert "Wine evening" in text(Client().get("/brochure/"))
    assert nia.get("/offers/wine/").status_code == 404
    assert "This is for adults" in text(nia.get("/my/ask/wine/"))
    assert "Let us plan a night away together" in text(nia.get("/my/ask/night/"))
    assert "Wine evening" not in text(nia.get("/my/planner/"))

    wanted = {"award": award, "starts_at": dt.datetime(2026, 10, 16, 14, 0, tzinfo=dt.UTC), "now": clock.now}
    nia_herself = factories.TESTS
    with pytest.raises(bookings.AdultsOnly):
        bookings.make(**wanted, offer=wine, minutes=60, seen_price_pence=2500, by=nia_herself, key="wine")
    with pytest.raises(bookings.OvernightAlone):
        bookings.make(**wanted, offer=night, minutes=1440, seen_price_pence=5000, by=nia_herself, key="night")
    assert awards.balance(award).set_aside == 0

    team = Client()
    team.force_login(carys)
    team.post(reverse("team:book_for", args=[award.ref]))
    last_look = team.get("/my/ask/night/", {"minutes": 1440, "starts_at": "2026-10-16T14:00Z"})
    sent = dict(
        re.findall(r'name="(key|minutes|seen_price_pence|starts_at)" value="([^"]*)"', last_look.content.decode())
    )
    team.post("/my/ask/night/", sent)

    booking = Booking.objects.get()
    award.account.refresh_from_db()
    assert (booking.offer, awards.balance(award).set_aside) == (night, 5000)
    assert HistoryEntry.objects.get(act="booking.requested").actor == carys
    assert swim.adults_only is False


def test_c16_she_is_grown_up_on_her_eighteenth_birthday(caerphilly, bryn_cafe, clock):
    factories.offer(bryn_cafe, title_en="Wine evening", adults_only=True)
    turning = factories.carer(caerphilly, born_on=dt.date(2008, 10, 13))
    nia = opened(factories.award(caerphilly, carer_row=turning), clock)

    before = text(nia.get("/brochure/"))
    clock.now += dt.timedelta(days=1)
    nia = opened(factories.award(caerphilly, carer_row=turning), clock)

    assert "Wine evening" not in before
    assert "Wine evening" in text(nia.get("/brochure/"))


def test_c16_the_team_notes_a_date_of_birth_where_it_matters(caerphilly, clock, carys):
    fund = factories.fund(caerphilly)
    client = Client()
    client.force_login(carys)
    details = {
        "key": "6f1d6a5e-0000-4000-8000-000000000000",
        "first_name": "Nia",
        "last_name": "Rees",
        "address": "1 Stryd Fawr",
        "town": "Bargoed",
        "postcode": "CF81 8SD",
        "language": "cy",
        "contact_by": "post",
        "print_size": "standard",
        "assessment_ref": "CNA-1",
        "fund": fund.pk,
        "value": "300",
    }
    for name, day in [("assessment_date", "1 10 2026"), ("first_day", "12 10 2026"), ("born_on", "13 10 2009")]:
        details |= dict(zip([f"{name}_day", f"{name}_month", f"{name}_year"], day.split(), strict=True))

    later = details | {"born_on_year": "2027"}
    refused = text(client.post(reverse("team:issue"), later))
    client.post(reverse("team:issue"), details)

    assert "The date must be" in refused
    assert Carer.objects.get().born_on == dt.date(2009, 10, 13)


def test_c17_nothing_suits_becomes_a_group_and_then_an_offer_that_she_is_told_of(
    caerphilly, bryn_cafe, bryn, carys, clock, now
):
    """ "I needed X on Y": the sixth of one theme in 90 days; told once when an offer appears."""
    for days in (10, 20, 40, 60, 80):
        carer = factories.carer(caerphilly)
        made_at = now - dt.timedelta(days=days)
        Wish.objects.create(council=caerphilly, carer=carer, theme="games_social", words="Cards", made_at=made_at)
    award = factories.award(caerphilly)
    alys = opened(award, clock)
    team, provider = Client(), Client()
    team.force_login(carys)
    provider.force_login(bryn)

    nothing = alys.get("/brochure/", {"words": "a card evening on Friday"})
    wish_page = alys.get(re.search(r'href="(/wish/[^"]*)"', nothing.content.decode())[1].replace("&amp;", "&"))
    before = text(team.get("/team/wishes/"))
    alys.post(
        "/wish/", {"words": "A card evening I could bring Mam to", "theme": "games_social", "wanted_when": "Friday"}
    )
    after = text(team.get("/team/wishes/"))

    assert "Nothing found" in text(nothing)
    assert re.search(r'value="games_social"[^>]* checked', wish_page.content.decode())
    assert "5 people" in before and "Start a group?" not in before
    assert "6 people" in after and "Start a group?" in after
    seen_by_provider = text(provider.get("/provider/offers/"))
    assert "Games, cards, a group: 6 people" in seen_by_provider and "Mam" not in seen_by_provider

    clock.now += dt.timedelta(days=3)
    team.force_login(carys)
    kind = factories.category("food", name_en="Food and company", name_cy="Bwyd a chwmni")
    cards = factories.offer(bryn_cafe, title_en="Card evening", category=kind, unit="session", price_pence=300)
    OfferPrice.objects.filter(offer=cards).update(first_day=clock.now.date())
    page = text(team.get("/team/wishes/games_social/"))
    own = Wish.objects.get(carer=award.carer)
    team.post(f"/team/wishes/{own.pk}/theme/", {"theme": "games_social"})
    for _twice in range(2):
        team.post("/team/wishes/games_social/", {"wishes": [own.pk], "offer": cards.number})

    assert "New in the brochure since the first of these wishes" in page and "Card evening" in page
    own.refresh_from_db()
    assert (own.state, own.met_by, own.confirmed_by) == ("met", cards, carys)
    (message,) = OutboxMessage.objects.filter(kind="wish_met")
    assert "Card evening" in message.body
    assert Wish.objects.filter(state="open").count() == 5
