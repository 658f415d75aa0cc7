"""Whose telephone number a page has that everybody may open."""

import pytest
from django.urls import reverse

from accounts.models import Scheme
from tests import factories
from tests.voucher.carer.pages import text_of
from voucher.navigation import OPEN_AWARD

pytestmark = pytest.mark.django_db

PHONES = {"caerphilly": "01443 815588", "newport": "01633 656656", "monmouthshire": "01633 644644"}
DEFAULT = "01632 960000"


def reached(slug):
    """Return the council of that name, whose carers team has a number of its own."""
    council = factories.council(slug)
    Scheme.objects.filter(council=council).update(team_phone=PHONES[slug], team_email=f"team@{slug}.example")
    council.refresh_from_db()
    return council


@pytest.fixture
def caerphilly(db):
    return reached("caerphilly")


@pytest.fixture
def newport(db):
    return reached("newport")


def test_with_one_council_everybody_sees_its_team(client, caerphilly):
    for name in ["home", "contact", "accessibility", "join"]:
        page = text_of(client.get(reverse(name)))
        assert PHONES["caerphilly"] in page and DEFAULT not in page


def test_with_several_councils_a_stranger_finds_the_team_of_each(
    client, caerphilly, newport, django_assert_num_queries
):
    with django_assert_num_queries(2):
        english = text_of(client.get("/contact/"))

    assert english.index("Caerphilly") < english.index(PHONES["caerphilly"]) < english.index("Newport")
    assert english.index("Newport") < english.index("team@newport.example")
    home = client.get("/").content.decode()
    assert f'<a href="{reverse("contact")}">Find the telephone number of your council’s carers team</a>' in home
    assert DEFAULT not in english + home + text_of(client.get("/accessibility/"))
    reached("monmouthshire")
    with django_assert_num_queries(2):
        assert PHONES["monmouthshire"] in text_of(client.get("/contact/"))
    # Sir Fynwy is Monmouthshire, and Casnewydd Newport.
    welsh = text_of(client.get("/cy/contact/"))
    assert welsh.index(PHONES["caerphilly"]) < welsh.index(PHONES["newport"]) < welsh.index(PHONES["monmouthshire"])


def test_whoever_has_an_award_or_works_for_somebody_sees_their_own_councils_team(client, caerphilly, newport):
    award = factories.award(newport)
    session = client.session
    session[OPEN_AWARD] = award.pk
    session.save()
    carers = text_of(client.get("/contact/"))
    client.logout()

    client.force_login(factories.provider_staff(factories.provider(newport)))
    providers = text_of(client.get("/contact/"))
    client.force_login(factories.user("mair@council.example", role="team", council=newport))
    teams = text_of(client.get("/contact/"))

    for page in (carers, providers, teams):
        assert PHONES["newport"] in page and PHONES["caerphilly"] not in page


def test_whoever_works_for_two_councils_sees_the_one_chosen(client, caerphilly, newport):
    mair = factories.user("mair@council.example", role="team", council=newport)
    mair.roles.create(kind="team", council=caerphilly)
    client.force_login(mair)

    both = text_of(client.get("/contact/"))
    assert PHONES["caerphilly"] in both and PHONES["newport"] in both
    session = client.session
    session["council"] = newport.pk
    session.save()
    assert PHONES["caerphilly"] not in text_of(client.get("/contact/"))


def test_the_terms_have_each_councils_figures_only_where_they_differ(client, caerphilly, newport):
    Scheme.objects.update(claim_window_days=90, joining_working_days=5)
    alike = text_of(client.get(reverse("join_terms")))
    Scheme.objects.filter(council=newport).update(claim_window_days=45, joining_working_days=8)
    differing = text_of(client.get(reverse("join_terms")))

    assert "after it was given, within 90 days." in alike and "What your council says" not in alike
    assert "within the days that your council says below." in differing
    assert "Caerphilly 28 days 90 days 6 months Newport 28 days 45 days 6 months" in differing
    assert "answers within 8 working days." in text_of(client.get(reverse("join")))
