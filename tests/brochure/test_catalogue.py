"""What a carer finds: live offers only, by words, place, price, purpose, access and distance."""

import datetime as dt

import pytest

from brochure import catalogue, places, prices
from brochure.catalogue import Criteria
from brochure.models import OfferPrice, PostcodeDistrict
from tests import factories

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 10, 12)


@pytest.fixture
def districts(db):
    PostcodeDistrict.objects.create(district="NP12", latitude=51.67, longitude=-3.20)
    PostcodeDistrict.objects.create(district="CF83", latitude=51.58, longitude=-3.21)
    PostcodeDistrict.objects.create(district="LL20", latitude=52.97, longitude=-3.17)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, title_en="Sitting at home", title_cy="Gwarchod gartref", price_pence=2450)


@pytest.fixture
def yoga(caerphilly):
    gwyl = factories.provider(
        caerphilly,
        name="Pen-y Ŵyl Leisure",
        town_en="Caerphilly",
        town_cy="Caerffili",
        postcode="CF83 1AA",
        speaks_welsh=True,
    )
    wellbeing = factories.category("wellbeing", name_en="Wellbeing", name_cy="Lles", purpose_en="Rest")
    return factories.offer(
        gwyl,
        category=wellbeing,
        title_en="Carers' yoga",
        title_cy="Ioga i ofalwyr",
        description_en="Gentle class.",
        description_cy="Dosbarth ysgafn.",
        unit="session",
        price_pence=700,
        access=["step-free", "quiet space"],
    )


def found(**wishes):
    return [offer.title_en for offer in catalogue.search(Criteria(**wishes), on=TODAY).offers]


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_an_offer_that_is_not_live_is_not_found(sitting, state):
    sitting.state = state
    sitting.save()

    assert found() == []


@pytest.mark.parametrize("state", ["applied", "paused", "suspended", "closed"])
def test_an_offer_of_a_provider_that_is_not_live_is_not_found(sitting, state):
    factories.put(sitting.provider, state)

    assert found() == []


def test_an_offer_is_found_until_the_last_day_of_insurance(sitting):
    sitting.provider.insurance_until = TODAY
    sitting.provider.save()

    assert found() == ["Sitting at home"]
    assert catalogue.search(Criteria(), on=TODAY + dt.timedelta(days=1)).total == 0


def test_an_offer_without_a_price_yet_is_not_found(sitting):
    OfferPrice.objects.update(first_day=TODAY + dt.timedelta(days=1))

    assert found() == []


def test_the_price_of_a_day_is_the_newest_that_has_begun(sitting):
    OfferPrice.objects.create(offer=sitting, price_pence=2600, first_day=TODAY)
    OfferPrice.objects.create(offer=sitting, price_pence=9900, first_day=TODAY + dt.timedelta(days=1))

    assert catalogue.live_offers(on=TODAY).get().price_pence == 2600
    assert prices.rates_of(sitting, TODAY).standard == 2600
    assert prices.rates_of(sitting, TODAY - dt.timedelta(days=1)).standard == 2450


def test_there_is_no_price_before_the_first(sitting):
    with pytest.raises(prices.NoPrice):
        prices.rates_of(sitting, dt.date(2025, 12, 31))


def test_a_council_sees_the_offers_of_its_own_region(sitting, caerphilly, flintshire):
    assert catalogue.live_offers(on=TODAY, council=caerphilly).count() == 1
    assert catalogue.live_offers(on=TODAY, council=flintshire).count() == 0


@pytest.mark.parametrize(
    "words", ["ŵyl", "wyl", "WYL", "ioga", "YOGA", "carers’ yoga", "lles", "dosbarth ysgafn", "leisure yoga"]
)
def test_words_are_found_whatever_their_accents_capitals_and_language(sitting, yoga, words):
    assert found(words=words) == ["Carers' yoga"]


def test_every_word_must_be_there(yoga):
    assert found(words="yoga swimming") == []


@pytest.mark.parametrize(
    ("wishes", "titles"),
    [
        ({"categories": ("wellbeing",)}, ["Carers' yoga"]),
        ({"categories": ("sitting", "wellbeing")}, ["Carers' yoga", "Sitting at home"]),
        ({"place": "town:Blackwood"}, ["Sitting at home"]),
        ({"place": "county:caerphilly"}, ["Carers' yoga", "Sitting at home"]),
        ({"place": "county:flintshire"}, []),
        ({"max_price_pence": 700}, ["Carers' yoga"]),
        ({"max_price_pence": 699}, []),
        ({"welsh": True}, ["Carers' yoga"]),
        ({"access": ("step-free",)}, ["Carers' yoga"]),
        ({"access": ("step-free", "hearing loop")}, []),
        ({"personal_care": True}, []),
        ({"personal_care": False}, ["Carers' yoga", "Sitting at home"]),
        ({"free": True}, []),
        ({"left_pence": 2449}, ["Carers' yoga"]),
        ({"left_pence": 2450}, ["Carers' yoga", "Sitting at home"]),
        ({"left_minutes": 59}, []),
        ({"left_minutes": 60}, ["Carers' yoga", "Sitting at home"]),
        ({"sort": "price"}, ["Carers' yoga", "Sitting at home"]),
    ],
)
def test_each_wish_narrows_the_search(sitting, yoga, wishes, titles):
    assert found(**{"sort": "name"} | wishes) == titles


def test_a_free_offer_can_be_had_with_nothing_left(bryn_cafe):
    factories.offer(bryn_cafe, title_en="Digital skills", price_pence=0)

    assert found(left_pence=0) == found(left_minutes=0) == found(free=True) == ["Digital skills"]


def test_without_a_place_each_kind_comes_in_turn_on_every_page(bryn_cafe):
    taxi = factories.category("a-lift", name_en="A lift", position=2001)
    yoga = factories.category("yoga", name_en="Yoga", position=2002)
    for title in ("Taxi C", "Taxi A", "Taxi B"):
        factories.offer(bryn_cafe, category=taxi, title_en=title)
    for title in ("Yoga B", "Yoga A"):
        factories.offer(bryn_cafe, category=yoga, title_en=title)

    dealt = ["Taxi A", "Yoga A", "Taxi B", "Yoga B", "Taxi C"]
    assert found() == found(postcode="ZZ99") == dealt
    pages = [catalogue.search(Criteria(), on=TODAY, page=page, page_size=2).offers for page in (1, 2, 3)]
    assert [offer.title_en for page in pages for offer in page] == dealt
    assert found(sort="name") == ["Taxi A", "Taxi B", "Taxi C", "Yoga A", "Yoga B"]


def test_within_one_kind_each_town_comes_in_turn(bryn_cafe, caerphilly):
    risca = factories.provider(caerphilly, town_en="Risca", town_cy="Rhisga")
    for title, provider in (("Taxi A", bryn_cafe), ("Taxi B", bryn_cafe), ("Taxi C", risca)):
        factories.offer(provider, title_en=title)

    assert found(categories=("sitting",)) == ["Taxi A", "Taxi C", "Taxi B"]


def test_the_nearest_comes_first(districts, sitting, yoga):
    near_blackwood = catalogue.search(Criteria(postcode="np12 3zz"), on=TODAY).offers
    near_caerphilly = catalogue.search(Criteria(postcode="CF83"), on=TODAY).offers

    assert [offer.title_en for offer in near_blackwood] == ["Sitting at home", "Carers' yoga"]
    assert [offer.title_en for offer in near_caerphilly] == ["Carers' yoga", "Sitting at home"]
    assert near_blackwood[0].miles == 0
    assert 6 < near_blackwood[1].miles < 7


@pytest.mark.parametrize("postcode", ["ZZ99 9ZZ", "nowhere", "12345"])
def test_a_postcode_we_do_not_know_is_said_and_the_search_goes_on(districts, sitting, postcode):
    result = catalogue.search(Criteria(postcode=postcode), on=TODAY)

    assert result.postcode_unknown
    assert result.total == 1
    assert result.offers[0].miles is None


def test_a_provider_whose_place_we_do_not_know_comes_last(districts, sitting, yoga):
    yoga.provider.postcode = "EH1 1AA"
    yoga.provider.save()

    assert found(postcode="CF83 1AA") == ["Sitting at home", "Carers' yoga"]


@pytest.mark.parametrize(
    ("postcode", "district"),
    [
        ("CF81 8SD", "CF81"),
        ("cf818sd", "CF81"),
        ("NP4 1AA", "NP4"),
        ("NP4", "NP4"),
        ("LL20", "LL20"),
        ("E1W 1AA", "E1W"),
    ],
)
def test_a_postcode_gives_its_district(postcode, district):
    assert places.district(postcode) == district


def test_no_results_say_which_wish_to_drop(sitting, yoga):
    result = catalogue.search(Criteria(words="yoga", max_price_pence=500), on=TODAY)

    assert result.total == 0
    assert result.relaxations == [("max_price_pence", 1)]


def test_the_category_counts_follow_the_other_wishes(sitting, yoga):
    result = catalogue.search(Criteria(categories=("sitting",), welsh=True), on=TODAY)

    assert result.total == 0
    assert result.by_category == {"wellbeing": 1}
    assert catalogue.counts(on=TODAY) == {"sitting": 1, "wellbeing": 1}


def test_pages_hold_a_dozen_and_a_page_too_far_is_the_last(bryn_cafe):
    for _ in range(14):
        factories.offer(bryn_cafe)

    first = catalogue.search(Criteria(), on=TODAY)
    last = catalogue.search(Criteria(), on=TODAY, page=99)

    assert (len(first.offers), first.total, first.pages) == (12, 14, 2)
    assert (len(last.offers), last.page) == (2, 2)
    assert not {offer.pk for offer in first.offers} & {offer.pk for offer in last.offers}


@pytest.mark.parametrize("offers", [1, 30])
def test_a_search_takes_five_queries_however_many_offers(districts, bryn_cafe, offers, django_assert_num_queries):
    for _ in range(offers):
        factories.offer(bryn_cafe)

    with django_assert_num_queries(5):
        result = catalogue.search(Criteria(postcode="CF83", words="gwarchod"), on=TODAY)
        assert [offer.provider.council.name for offer in result.offers]


def test_places_to_choose_are_those_with_live_offers(sitting, yoga, flintshire):
    factories.provider(flintshire, town_en="Holywell")

    [(county, towns)] = catalogue.places_to_choose(on=TODAY)

    assert county.slug == "caerphilly"
    assert towns == [("Blackwood", "Blackwood"), ("Caerphilly", "Caerphilly")]
