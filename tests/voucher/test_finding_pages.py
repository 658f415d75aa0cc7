"""Finding a break on the pages: plain words, real free times, the next best, and saving and wishing."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from brochure.models import PostcodeDistrict
from tests import factories
from tests.voucher import breaks
from voucher.granting import awards
from voucher.models import Booking, Code, SavedOffer, Wish

pytestmark = pytest.mark.django_db

FRIDAY = "2026-10-16"


@pytest.fixture(autouse=True)
def now_in_pages(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def sitting(bryn_cafe):
    PostcodeDistrict.objects.create(district="NP12", latitude=51.67, longitude=-3.20)
    PostcodeDistrict.objects.create(district="CF83", latitude=51.58, longitude=-3.21)
    return factories.offer(bryn_cafe, slug="sitting-at-home")


@pytest.fixture
def haircut(sitting):
    kind = factories.category("hair-and-beauty", name_en="Hair and beauty", name_cy="Gwallt a harddwch")
    return factories.offer(
        sitting.provider,
        category=kind,
        title_en="Wash, cut and blow dry",
        title_cy="Golchi, torri a sychu",
        description_en="In the salon.",
        description_cy="Yn y salon.",
        unit="session",
        price_pence=3050,
        hours="Thu,Fri 10:00-15:00",
        slug="wash-and-cut",
    )


@pytest.fixture
def alys(client, caerphilly, now):
    """A browser in which Alys has opened an award of £300."""
    award = factories.award(caerphilly)
    awards.new_code(award=award, by=Who(label="tests"), now=now)
    session = client.session
    session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
    session.save()
    client.award = award
    return client


def text(response):
    return " ".join(response.content.decode().split())


def find(client, words, **more):
    return client.get("/brochure/", {"words": words} | more)


@pytest.mark.parametrize(
    ("address", "words"), [("/brochure/", "a haircut on Friday"), ("/cy/brochure/", "torri gwallt ddydd Gwener")]
)
def test_a_haircut_on_friday_is_found_in_both_languages(client, haircut, address, words):
    page = client.get(address, {"words": words})

    (card,) = page.context["cards"]
    assert card["offer"] == haircut
    assert card["starts_at"] == breaks.london(2026, 10, 16, 10)


def test_what_was_understood_stands_in_the_fields_where_it_can_be_changed(client, haircut):
    page = find(client, "a haircut on Friday")

    assert 'value="a haircut"' in text(page)
    assert f'<option value="{FRIDAY}" selected>Friday 16 October</option>' in text(page)
    assert page.context["asked_for"] == [
        ("“a haircut”", f"/brochure/?words=&day={FRIDAY}"),
        ("Friday 16 October", "/brochure/?words=a+haircut"),
    ]


def test_what_is_chosen_in_a_field_counts_more_than_the_words(client, haircut):
    page = find(client, "a haircut on Friday", day="2026-10-15")

    assert page.context["result"].criteria.day == dt.date(2026, 10, 15)


def test_a_link_with_day_time_and_kind_alone_finds_who_is_free_then(alys, sitting, haircut):
    page = alys.get(f"/brochure/?day={FRIDAY}&time=14:15&until=16:45&category=sitting")
    half_past = alys.get(f"/brochure/?day={FRIDAY}&time=14:00&until=16:30&category=sitting")

    assert page.context["cards"] == [] and '<option value="14:15" selected>2.15pm</option>' in text(page)
    (card,) = half_past.context["cards"]
    assert (card["price"], card["unit_price"]) == ("£62.50 for 2½ hours", "£25 an hour")
    assert "Free Friday 16 October, 2pm to 4.30pm" in text(half_past)
    assert "Only what you can pay for with the £300 you have left." in text(half_past)


def test_the_time_goes_along_to_the_offer_and_to_asking(alys, sitting):
    (card,) = alys.get(f"/brochure/?day={FRIDAY}&time=14:00&until=16:30").context["cards"]
    page = text(alys.get(card["url"]))
    ask = re.search(r'href="(/my/ask/[^"]*)"', page)[1].replace("&amp;", "&")
    last_look = text(alys.get(ask))

    assert "Friday 16 October, 2pm to 4.30pm" in page and "£62.50 for 2½ hours" in page
    assert ask == "/my/ask/sitting-at-home/?minutes=150&starts_at=2026-10-16T13%3A00Z"
    assert "Friday 16 October, 2pm to 4.30pm" in last_look and "£62.50" in last_look
    assert not Booking.objects.exists()


def test_a_day_goes_along_while_the_length_is_chosen(alys, sitting):
    (card,) = find(alys, "a sitter on Friday").context["cards"]
    page = text(alys.get(card["url"]))

    assert card["url"].endswith(f"?near=NP12&day={FRIDAY}") or f"day={FRIDAY}" in card["url"]
    assert f"/my/ask/sitting-at-home/?day={FRIDAY}" in page
    asked = text(alys.get(f"/my/ask/sitting-at-home/?day={FRIDAY}"))
    assert f'name="day" value="{FRIDAY}"' in asked and "How long would you like?" in asked


def test_a_time_that_was_taken_meanwhile_is_said_on_the_offer(alys, sitting, caerphilly, now):
    breaks.ask(factories.award(caerphilly), sitting, now)

    page = text(alys.get("/offers/sitting-at-home/?minutes=150&starts_at=2026-10-16T13:00Z"))

    assert "Friday 16 October at 2pm is no longer free." in page
    assert 'href="/my/ask/sitting-at-home/"' in page


@pytest.mark.parametrize(
    "query",
    [
        "minutes=x&starts_at=2026-10-16T13:00Z",
        "minutes=99999999&starts_at=2026-10-16T13:00Z",
        "starts_at=yesterday",
        "starts_at=9999-12-31T23:59Z&minutes=60",
        "starts_at=0001-01-01T00:00Z",
        "day=2026-02-31",
        "day=0000",
    ],
)
def test_nonsense_in_the_address_of_an_offer_is_left_out(alys, sitting, query):
    assert alys.get(f"/offers/sitting-at-home/?{query}").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "words=%00",
        "words=' OR 1=1 --",
        "words=%25%25%5f",
        "words=" + "x" * 5000,
        "q=swim&words=",
        "day=2026-02-31",
        "day=1999-01-01",
        "time=25:00",
        "time=x&until=y",
        "time=16:00&until=14:00&day=2026-10-16",
        "until=00:00",
        "within=0",
        "within=-5",
        "within=²",
        "within=5",
        "part=night",
        "day=2026-10-16&day=2026-10-17",
        "words=99pm+on+30+February+within+999+miles",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/cy"])
def test_nonsense_in_a_search_still_gives_a_page(alys, sitting, query, prefix):
    assert alys.get(f"{prefix}/brochure/?{query}").status_code == 200


def test_an_end_before_the_start_and_a_distance_from_nowhere_are_said_beside_their_fields(client, sitting):
    end = text(client.get("/brochure/?words=&time=16:00&until=14:00"))
    nowhere = text(client.get("/brochure/?words=&within=5"))

    assert "The end must be later than the start." in end
    assert "To look within a distance, we need your postcode." in nowhere


def test_within_so_many_miles_of_home(client, sitting, caerphilly):
    far = factories.provider(caerphilly, name="Far Away", postcode="CF83 1AA")
    factories.offer(far, title_en="Another")

    near = find(client, "someone to sit", postcode="NP12", within="5")
    all_of_them = find(client, "someone to sit within 20 miles", postcode="NP12")

    assert [card["offer"].provider.name for card in near.context["cards"]] == ["Bryn Café"]
    assert [card["offer"].provider.name for card in all_of_them.context["cards"]] == ["Bryn Café", "Far Away"]


def test_nothing_found_offers_the_nearest_other_time_first(client, haircut):
    page = find(client, "a haircut on Saturday at 2")

    (card,) = page.context["near_in_time"]
    assert card["starts_at"] == breaks.london(2026, 10, 16, 14)
    assert "Nothing found" in text(page) and "Free at another time" in text(page)
    assert ("On any day", 1, "/brochure/?words=a+haircut&time=14%3A00") in page.context["ways_on"]


def test_nothing_found_in_a_town_offers_the_next_town(client, haircut):
    page = find(client, "a haircut on Friday", place="town:Blackwood", care="yes")
    elsewhere = factories.provider(haircut.provider.council, town_en="Bargoed", town_cy="Bargod", postcode="CF83 8AA")
    factories.offer(elsewhere, title_en="Something else")
    other_town = find(client, "a haircut on Friday", place="town:Bargoed")

    assert page.context["farther_away"] == []
    (card,) = other_town.context["farther_away"]
    assert card["offer"] == haircut and "A little farther away" in text(other_town)


def test_a_search_by_time_asks_as_few_questions_however_much_there_is(alys, sitting, django_assert_max_num_queries):
    for _ in range(20):
        factories.offer(sitting.provider)

    with django_assert_max_num_queries(16):
        find(alys, "a sitter on Friday at 2pm")
    with django_assert_max_num_queries(17):
        find(alys, "a sitter on Friday at 2pm", care="yes")


def test_a_break_is_saved_with_a_press_and_found_again_with_its_price_and_next_time(alys, sitting):
    before = text(alys.get("/my/saved/"))
    for _twice in range(2):
        pressed = alys.post("/my/saved/sitting-at-home/", {"next": "/brochure/?words=sitter"})
    page = text(alys.get("/my/saved/"))

    assert "Nothing saved yet" in before
    assert pressed.url == "/brochure/?words=sitter"
    assert SavedOffer.objects.get().offer == sitting
    assert "Sitting at home" in page and "£25 an hour" in page and "Next free:" in page


def test_a_saved_break_can_be_taken_away_twice(alys, sitting):
    alys.post("/my/saved/sitting-at-home/")
    for _twice in range(2):
        assert alys.post("/my/saved/sitting-at-home/remove/").url == "/my/saved/"

    assert not SavedOffer.objects.exists()


def test_a_saved_break_that_is_no_longer_offered_says_so(alys, sitting):
    alys.post("/my/saved/sitting-at-home/")
    sitting.state = "withdrawn"
    sitting.save()

    assert "No longer offered" in text(alys.get("/my/saved/"))


def test_looking_at_the_page_to_save_saves_nothing_and_other_sites_are_not_gone_to(alys, sitting):
    looked = alys.get("/my/saved/sitting-at-home/")
    pressed = alys.post("/my/saved/sitting-at-home/", {"next": "https://evil.example/"})

    assert "Save this to find it again?" in text(looked)
    assert pressed.url == "/my/saved/"


def test_whoever_saves_without_a_code_is_asked_for_it_and_comes_back(client, sitting, caerphilly, now):
    code = awards.new_code(award=factories.award(caerphilly), by=Who(label="tests"), now=now)
    page = text(client.get("/offers/sitting-at-home/"))
    asked = client.get("/my/saved/sitting-at-home/")
    opened = client.post(reverse("open_award"), {"code": code, "next": "/my/saved/sitting-at-home/"})

    assert 'class="save" href="/my/saved/sitting-at-home/"' in page
    assert asked.url == "/v/?next=%2Fmy%2Fsaved%2Fsitting-at-home%2F"
    assert opened.url == "/my/saved/sitting-at-home/"
    assert not SavedOffer.objects.exists()


def test_saved_breaks_are_listed_with_as_many_questions_for_two_as_for_twenty(
    alys, sitting, now, django_assert_max_num_queries
):
    for _ in range(20):
        offer = factories.offer(sitting.provider)
        SavedOffer.objects.create(carer=alys.award.carer, offer=offer, saved_at=now)

    with django_assert_max_num_queries(14):
        alys.get("/my/saved/")


def test_a_visitor_wishes_for_her_county_and_is_told_what_happens(client, sitting, caerphilly):
    form = text(client.get("/wish/?words=a+card+evening&day=2026-10-16"))
    without = client.post("/wish/", {"words": "A card evening", "theme": "games_social"})
    sent = client.post("/wish/", {"words": "A card evening", "theme": "games_social", "council": "caerphilly"})

    assert "a card evening</textarea>" in form and 'value="Friday 16 October"' in form
    assert re.search(r'value="games_social"[^>]* checked', form)
    assert "Choose a county." in text(without)
    assert sent.url == "/wish/thank-you/"
    assert (Wish.objects.get().carer, Wish.objects.get().council) == (None, caerphilly)
    assert "What happens now" in text(client.get(sent.url))


def test_with_a_code_open_the_wish_is_the_carers(alys):
    alys.post("/wish/", {"words": "A card evening", "theme": "games_social", "wanted_when": "Fridays"})

    assert (Wish.objects.get().carer, Wish.objects.get().wanted_when) == (alys.award.carer, "Fridays")
    assert "we tell you once" in text(alys.get("/wish/thank-you/"))


def test_a_flood_of_wishes_is_stopped(client, caerphilly):
    answers = [
        client.post("/wish/", {"words": f"Wish {number}", "theme": "other", "council": "caerphilly"}).status_code
        for number in range(22)
    ]

    assert answers == [302] * 20 + [429] * 2
    assert Wish.objects.count() == 20


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"words": "x" * 600, "theme": "other", "council": "caerphilly"},
        {"words": "x", "theme": "nonsense", "council": "caerphilly"},
        {"words": "x", "theme": "other", "council": "atlantis"},
        {"words": "\x00", "theme": "other", "council": "caerphilly"},
    ],
)
def test_a_wish_that_is_no_wish_is_shown_again(client, caerphilly, sent):
    assert client.post("/wish/", sent).status_code == 200
    assert not Wish.objects.exists()


def test_a_wish_of_another_council_is_not_there_for_the_team(client, carys, flintshire, now):
    wish = Wish.objects.create(council=flintshire, theme="other", words="x", made_at=now)
    client.force_login(carys)

    assert client.post(f"/team/wishes/{wish.pk}/close/").status_code == 404
    assert client.get("/team/wishes/nonsense/").status_code == 404


def test_the_planner_page_names_both_dates(alys, sitting, haircut):
    page = text(alys.get("/my/planner/"))

    assert "£300 to use, 19 weeks left, 2 offers you can still finish." in page
    assert "Ask by" in page and "Go by" in page
    assert "Sunday 28 February" in page
    assert "£300 to use, 19 weeks left: 2 offers you can still finish" in text(alys.get("/my/"))


def test_the_award_page_and_the_planner_ask_as_few_questions_however_much_there_is(
    alys, sitting, django_assert_max_num_queries
):
    for _ in range(20):
        factories.offer(sitting.provider)

    with django_assert_max_num_queries(25):
        alys.get("/my/")
    with django_assert_max_num_queries(15):
        alys.get("/my/planner/")


def test_the_statement_tells_what_the_carer_pays_herself_and_what_an_emergency_cost(alys, sitting, now):
    booking = breaks.ask(alys.award, sitting, now)
    Booking.objects.filter(pk=booking.pk).update(own_pence=1000)

    page = text(alys.get("/my/statement/"))

    assert "Set aside for Sitting at home, Bryn Café" in page
    assert "You pay £10 of the price yourself." in page
    assert f"/my/bookings/{booking.ref}/" in page
