"""What has changed since an edition, side by side."""

import datetime as dt

import pytest
from django.utils import translation

from accounts.history import Who
from brochure import changes, editions
from brochure.models import Activity, Offer, OfferPrice
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=2450)


@pytest.fixture
def edition(sitting, now):
    return editions.freeze(by=Who(label="tests"), now=now)


def since(edition, today):
    return changes.since(edition, on=today + dt.timedelta(days=1))


def sides(found):
    return [(each.what, each.was, each.now) for each in found]


def test_without_an_edition_only_the_offers_are_counted(sitting, today):
    found = changes.since(None, on=today)

    assert (found.offers, bool(found)) == (1, False)


def test_nothing_has_changed_since_an_edition_just_made(edition, today):
    found = since(edition, today)

    assert (found.offers, bool(found)) == (1, False)


def test_a_new_offer_is_shown_with_its_price(edition, bryn_cafe, today):
    yoga = factories.offer(bryn_cafe, title_en="Yoga", title_cy="", unit="session", price_pence=700)

    (new,) = since(edition, today).new

    assert (new.number, new.title, new.note, new.now) == (yoga.number, "Yoga", "Bryn Café, Blackwood", "£7 a session")


@pytest.mark.parametrize(
    "offer_state, provider_state, insurance, reason",
    [
        ("withdrawn", "live", dt.date(2028, 3, 31), "Withdrawn"),
        ("draft", "live", dt.date(2028, 3, 31), "Hidden for now"),
        ("live", "paused", dt.date(2028, 3, 31), "Provider: Paused"),
        ("live", "live", dt.date(2026, 10, 12), "Insurance ended on 12 October 2026"),
    ],
)
def test_an_offer_that_is_gone_is_shown_with_the_reason(
    edition, sitting, bryn_cafe, today, offer_state, provider_state, insurance, reason
):
    Offer.objects.update(state=offer_state)
    bryn_cafe.state, bryn_cafe.insurance_until = provider_state, insurance
    bryn_cafe.save()

    found = since(edition, today)

    assert [(each.number, each.was, each.now) for each in found.gone] == [(sitting.number, "£24.50 an hour", reason)]
    assert found.offers == 0


def test_an_offer_whose_price_was_taken_away_says_so(edition, sitting, today):
    # An edition's promise needs no price of the provider's own, but a live offer does.
    sitting.prices.all().delete()

    assert [each.now for each in since(edition, today).gone] == ["Has no price"]


@pytest.mark.parametrize("pence, kind", [(3000, "dearer"), (2000, "cheaper")])
def test_a_price_is_shown_as_the_provider_asks_it_now(edition, sitting, today, pence, kind):
    OfferPrice.objects.create(offer=sitting, price_pence=pence, first_day=today + dt.timedelta(days=1))

    found = since(edition, today)

    assert sides(getattr(found, kind)) == [("", "£24.50 an hour", f"£{pence // 100} an hour")]
    assert len(found.dearer + found.cheaper) == 1
    assert found.other == []


def test_every_other_difference_of_an_offer_is_named(edition, sitting, bryn_cafe, today):
    sitting.description_cy, sitting.hours, sitting.minutes = "Newydd.", "Mon-Fri 09:00-17:00", 90
    sitting.notice_hours, sitting.personal_care, sitting.access = 72, True, ["step-free"]
    sitting.category = factories.category("wellbeing", name_en="Wellbeing", name_cy="Lles")
    sitting.save()
    bryn_cafe.name, bryn_cafe.phone, bryn_cafe.speaks_welsh = "Bryn Bakery", "01632 960999", True
    bryn_cafe.town_en, bryn_cafe.town_cy, bryn_cafe.postcode = "Risca", "Rhisga", "NP11 6GN"
    bryn_cafe.save()

    found = {each.what: (each.was, each.now) for each in since(edition, today).other}

    assert found.pop("Text in Welsh")[1] == "Newydd."
    assert found == {
        "Kind of break": ("Sitting service", "Wellbeing"),
        "Provider": ("Bryn Café", "Bryn Bakery"),
        "Town": ("Blackwood", "Risca"),
        "Postcode area": ("NP12", "NP11"),
        "Telephone": ("01632 960100", "01632 960999"),
        "Opening hours": ("Every day, 8am to 10pm", "Monday to Friday, 9am to 5pm"),
        "Length": ("an hour: 1 hour", "an hour: 1½ hours"),
        "Notice": ("Ask at least 1 day before", "Ask at least 3 days before"),
        "Personal care": ("Not available", "Available"),
        "Welsh-speaking staff": ("Not available", "Available"),
        "Access": ("", "Step-free"),
    }


def test_a_text_keeps_its_own_language_on_either_page(edition, sitting, today):
    sitting.title_en = "Sitting with you"
    sitting.save()

    with translation.override("cy"):
        (title,) = since(edition, today).other

    assert (title.title, title.language) == ("Gwarchod gartref", "en")
    assert (title.was, title.now) == ("Sitting at home", "Sitting with you")


def test_carers_teams_and_free_activities_are_compared_too(edition, caerphilly, today):
    caerphilly.scheme.team_phone = "01632 960555"
    caerphilly.scheme.save()
    Activity.objects.create(name="Garden project", council=caerphilly, kind="garden", facts="Growing plants")

    telephone, garden = since(edition, today).around

    assert (telephone.title, telephone.what, telephone.now) == (
        "Caerphilly",
        "Telephone of the carers team",
        "01632 960555",
    )
    assert (garden.title, garden.note, garden.was, garden.now) == ("Garden project", "Caerphilly", "", "Growing plants")


def test_the_number_of_queries_never_grows(edition, bryn_cafe, today, django_assert_max_num_queries):
    for _each in range(12):
        factories.offer(bryn_cafe)

    with django_assert_max_num_queries(9):
        assert len(since(edition, today).new) == 12
