"""The brochure on the web: open to all, honest about what is there, and gone only with a kind word."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from brochure import editions
from brochure.models import Activity, EditionFile, OfferPrice, PostcodeDistrict
from tests import factories
from tests.voucher import breaks
from voucher.granting import awards
from voucher.models import Code

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now_in_pages(monkeypatch, now):
    """Every page of these tests lives at the fixed now."""
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def sitting(bryn_cafe):
    PostcodeDistrict.objects.create(district="NP12", latitude=51.67, longitude=-3.20)
    PostcodeDistrict.objects.create(district="CF83", latitude=51.58, longitude=-3.21)
    return factories.offer(bryn_cafe, price_pence=2450, access=["step-free"], personal_care=True)


@pytest.fixture
def wellbeing(db):
    return factories.category("wellbeing", name_en="Wellbeing", name_cy="Lles")


def text(response):
    return " ".join(response.content.decode().split())


def test_anyone_may_look_without_a_code(client, sitting):
    page = text(client.get("/brochure/"))

    assert "1 break found" in page
    assert "£24.50 an hour" in page
    assert "Bryn Café · Blackwood" in page
    assert "Next free:" in page


def test_a_category_has_its_own_page(client, sitting, wellbeing):
    factories.offer(sitting.provider, category=wellbeing, title_en="Yoga")

    page = text(client.get("/brochure/wellbeing/"))

    assert "Yoga" in page
    assert "Sitting at home" not in page


def test_a_category_that_is_not_there_is_404(client):
    assert client.get("/brochure/skydiving/").status_code == 404


def test_a_search_says_how_far_each_break_is(client, sitting):
    page = text(client.get("/brochure/?words=sitting&postcode=CF83"))

    assert "Bryn Café · Blackwood · 6 miles" in page
    assert "?near=CF83" in page


def test_only_the_district_of_a_whole_postcode_goes_into_later_addresses(client, sitting):
    answer = client.get("/brochure/?words=&postcode=cf83+1aa&welsh=&page=2", follow=True)
    page = text(answer)

    assert answer.redirect_chain == [("/brochure/?words=&postcode=CF83&welsh=&page=2", 302)]
    assert "1aa" not in page.lower()
    assert "?near=CF83&" not in page
    assert '?near=CF83"' in page


def test_an_unknown_postcode_is_said_beside_its_field_and_the_search_goes_on(client, sitting):
    page = text(client.get("/brochure/?words=sitting&postcode=ZZ99"))

    assert "We do not know where that postcode is." in page
    assert 'value="ZZ99"' in page
    assert "1 break found" in page


def test_the_order_is_called_what_it_is(client, sitting):
    factories.offer(sitting.provider)
    PostcodeDistrict.objects.get_or_create(district="NP12", latitude=51.67, longitude=-3.20)

    without_a_place = text(client.get("/brochure/?words="))
    at_home = text(client.get("/brochure/?words=&postcode=NP12"))

    assert "A mix" in without_a_place and "The nearest</option>" not in without_a_place
    assert "The nearest</option>" in at_home and "A mix" not in at_home


def test_a_price_that_is_no_price_is_said_and_nothing_typed_is_lost(client, sitting):
    page = text(client.get("/brochure/?words=sitting&max_price=cheap"))

    assert "Enter an amount in pounds with numbers only" in page
    assert 'value="cheap"' in page and 'value="sitting"' in page


@pytest.mark.parametrize(
    "query", ["place=town:Atlantis", "category=skydiving", "page=minus", "sort=luck", "care=maybe"]
)
def test_an_address_with_nonsense_in_it_still_gives_a_page(client, sitting, query):
    assert client.get(f"/brochure/?words=&{query}").status_code == 200


def test_a_search_without_results_says_which_wish_to_drop(client, sitting):
    page = text(client.get("/brochure/?words=sitting&welsh=on"))

    assert "Nothing found" in page
    assert "Also without Welsh-speaking staff" in page
    assert 'href="/brochure/?words=sitting"' in page


def test_the_number_of_queries_does_not_grow(client, sitting, django_assert_max_num_queries):
    for _ in range(30):
        factories.offer(sitting.provider)

    with django_assert_max_num_queries(12):
        client.get("/brochure/?words=&postcode=CF83")


def test_an_offer_says_everything_that_a_carer_asks(client, sitting):
    page = text(client.get(sitting.get_absolute_url()))

    assert "A trained sitter stays with the person you care for." in page
    assert "£24.50 an hour" in page
    assert "Every day, 8am to 10pm" in page
    assert "Ask at least 1 day before" in page
    assert "Yes: staff help with washing, dressing or medicines" in page
    assert "Step-free" in page
    assert "Cancel up to 48 hours before and you get everything back; later, 50% of the price is kept." in page
    assert f'<dd class="facts__value number">{sitting.number}</dd>' in page
    assert reverse("my:ask", args=[sitting.slug]) in page
    assert "starting between" in page


def test_text_in_the_other_language_says_so_and_carries_its_language(client, sitting):
    sitting.title_cy = sitting.description_cy = ""
    sitting.save()

    page = text(client.get("/cy" + sitting.get_absolute_url()))

    assert '<h1 class="title" lang="en">Sitting at home</h1>' in page
    assert '<p lang="en">A trained sitter' in page


@pytest.mark.parametrize("state", ["paused", "suspended", "closed"])
def test_an_offer_of_a_paused_provider_is_kindly_gone(client, sitting, state):
    factories.put(sitting.provider, state)

    response = client.get(sitting.get_absolute_url())

    assert response.status_code == 404
    assert "This break is no longer offered" in text(response)


def test_a_withdrawn_offer_shows_what_is_like_it(client, sitting):
    factories.offer(sitting.provider, title_en="Evening sitting", slug="evening-sitting")
    sitting.state = "withdrawn"
    sitting.save()

    response = client.get(sitting.get_absolute_url())

    assert response.status_code == 404
    assert "/offers/evening-sitting/" in text(response)


def test_a_draft_is_not_there_at_all(client, sitting):
    sitting.state = "draft"
    sitting.save()

    response = client.get(sitting.get_absolute_url())

    assert response.status_code == 404
    assert "no longer offered" not in text(response)
    assert client.get(f"/o/{sitting.number}").status_code == 404


@pytest.mark.parametrize("prefix", ["", "/cy"])
def test_a_printed_number_leads_to_the_offer_in_its_language(client, sitting, prefix):
    response = client.get(f"{prefix}/o/{sitting.number}")

    assert response.status_code == 302
    assert response.url == f"{prefix}/offers/{sitting.slug}/"


def test_a_number_that_is_in_no_brochure_is_said_kindly(client, sitting):
    response = client.get("/o/99999")

    assert response.status_code == 404
    assert "No break has the number 99999." in text(response)


def test_a_new_price_shows_on_its_first_day(client, sitting):
    OfferPrice.objects.create(offer=sitting, price_pence=2600, first_day=timezone.localdate())
    OfferPrice.objects.create(offer=sitting, price_pence=9900, first_day=timezone.localdate() + dt.timedelta(days=1))

    assert "£26 an hour" in text(client.get(sitting.get_absolute_url()))


def test_community_activities_are_listed_without_a_code(client, caerphilly):
    Activity.objects.create(name="Garden project", council=caerphilly, kind="garden", facts="Growing plants")

    assert "Garden project" in text(client.get("/brochure/activities/"))


@pytest.fixture
def printed(sitting, now):
    edition = editions.freeze(by=Who(label="clock"), now=now)
    return EditionFile.objects.create(edition=edition, language="en", pages=40, sha256="a" * 64, content=b"%PDF-1.7 x")


def test_editions_are_listed_and_can_be_downloaded(client, printed):
    page = text(client.get("/brochure/editions/"))
    file = client.get("/brochure/editions/1/en.pdf")

    assert "Edition 1" in page and "PDF, 40 pages" in page
    assert '/brochure/editions/1/en.pdf"' in page
    assert file.content == b"%PDF-1.7 x"
    assert file["Content-Type"] == "application/pdf"
    assert "immutable" in file["Cache-Control"]


def test_a_copy_that_is_already_there_is_not_sent_again(client, printed):
    seal = client.get("/brochure/editions/1/en.pdf")["ETag"]

    assert client.get("/brochure/editions/1/en.pdf", headers={"if-none-match": seal}).status_code == 304


@pytest.mark.parametrize("path", ["1/cy.pdf", "1/en-large-print.pdf", "2/en.pdf", "1/de.pdf"])
def test_a_file_that_was_not_made_is_404_and_is_not_made_by_looking(client, printed, path):
    assert client.get(f"/brochure/editions/{path}").status_code == 404
    assert EditionFile.objects.count() == 1


@pytest.mark.parametrize("path", ["/brochure/", "/brochure/activities/", "/brochure/editions/", "/o/1"])
def test_looking_is_only_looking(client, sitting, path):
    assert client.post(path).status_code == 405


@pytest.fixture
def opened(client, caerphilly, now):
    """A browser in which a code is open: an award of so many pence, or minutes, of a carer in Blackwood."""

    def open_award(**terms):
        award = factories.award(caerphilly, **terms)
        awards.new_code(award=award, by=Who(label="tests"), now=now)
        session = client.session
        session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
        session.save()
        return award

    return open_award


def test_with_a_code_open_only_what_can_be_afforded_is_shown_at_first(client, sitting, opened):
    factories.offer(sitting.provider, title_en="Spa day", price_pence=9000)
    opened(value=5000)

    page = text(client.get("/brochure/"))

    assert "Only what you can pay for with the £50 you have left." in page
    assert "Sitting at home" in page and "Spa day" not in page
    assert "Spa day" in text(client.get("/brochure/?words="))


def test_an_award_in_hours_buys_by_the_hour(client, sitting, opened):
    factories.offer(sitting.provider, title_en="Day out", unit="session", minutes=360)
    opened(value=120, unit="minutes")

    page = text(client.get("/brochure/"))

    assert "the 2 hours you have left" in page
    assert "Sitting at home" in page and "Day out" not in page


def test_with_a_code_open_the_nearest_to_home_come_first_without_typing(client, sitting, opened, caerphilly):
    far = factories.provider(caerphilly, name="Far Away", postcode="CF83 1AA")
    factories.offer(far, title_en="Another")
    opened()

    page = text(client.get("/brochure/"))

    assert page.index("Bryn Café") < page.index("Far Away")
    assert "NP12" not in page


def test_a_carer_sees_the_breaks_of_the_own_region(client, sitting, opened, flintshire):
    away = factories.offer(factories.provider(flintshire, name="Up North"))
    opened()

    page = text(client.get(away.get_absolute_url()))

    assert "Up North" not in text(client.get("/brochure/"))
    assert "this provider is outside it" in page
    assert "Ask for this" not in page


def test_an_offer_that_costs_more_than_is_left_says_so(client, sitting, opened):
    opened(value=1000)

    page = text(client.get(sitting.get_absolute_url()))

    assert "You have £10 left." in page
    assert "This costs more than you have left." in page
    assert "Ask for this" not in page


def test_a_time_that_somebody_has_asked_for_is_not_the_next_free_one(client, sitting, caerphilly, now):
    sitting.hours = "Fri 14:00-15:00"
    sitting.save()
    breaks.ask(factories.award(caerphilly), sitting, now, minutes=60)

    page = text(client.get("/brochure/"))

    assert "Next free: Friday 23 October at 2pm" in page
    assert "Friday 16 October" not in text(client.get(sitting.get_absolute_url()))
