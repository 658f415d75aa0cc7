"""Who may enter which page: each role by each door, strangers and passers-by included."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import Http404, HttpResponse
from django.urls import reverse

from accounts import access
from accounts.models import Role
from providers import access as provider_access
from tests import factories

pytestmark = pytest.mark.django_db

DOORS = {
    "team": access.carers_team_required,
    "preparer": access.preparer_required,
    "approver": access.approver_required,
    "finance": access.finance_required,
    "history": access.history_reader_required,
    "finance to read": access.finance_reader_required,
    "administrator": access.administrator_required,
    "owner": provider_access.owner_required,
    "bookings": provider_access.bookings_required,
    "claims": provider_access.claims_required,
    "desk": provider_access.desk_required,
    "anyone": provider_access.anyone_required,
}
OPEN_TO = {
    "carys": {"team"},
    "ffion": {"preparer", "finance", "finance to read"},
    "gwen": {"approver", "finance", "finance to read"},
    "aled": {"history", "finance to read"},
    "mair": {"administrator", "history"},
    "bryn": {"owner", "bookings", "claims", "desk", "anyone"},
    "eira": {"bookings", "desk", "anyone"},
    "claims": {"claims", "anyone"},
    "desk": {"desk", "anyone"},
    "dafydd": set(),
}


@pytest.fixture
def mair(caerphilly):
    """The council's administrator."""
    return factories.user("mair@council.example", name="Mair", role="administrator", council=caerphilly)


@pytest.fixture
def eira(bryn_cafe):
    """Does the bookings of Bryn Café."""
    return factories.provider_staff(bryn_cafe, "eira@provider.example", kind="bookings")


@pytest.fixture
def claims(bryn_cafe):
    """Claims the money of Bryn Café."""
    return factories.provider_staff(bryn_cafe, "claims@provider.example", kind="claims")


@pytest.fixture
def desk(bryn_cafe):
    """At the desk of Bryn Café."""
    return factories.provider_staff(bryn_cafe, "desk@provider.example", kind="desk")


@pytest.fixture
def knock(rf):
    """Ask for a page behind a door as somebody; return (answer, request)."""

    def knock(door, user, **chosen):
        request = rf.get("/somewhere/")
        request.user, request.session = user, SessionStore()
        request.session.update(chosen)
        return DOORS[door](lambda request: HttpResponse("inside"))(request), request

    return knock


@pytest.mark.parametrize("person", OPEN_TO)
def test_each_door_opens_to_its_own_people_and_is_not_there_for_others(request, knock, person):
    user = request.getfixturevalue(person)
    opened = set()
    for door in DOORS:
        try:
            answer, _ = knock(door, user)
        except Http404:
            continue
        assert answer.content == b"inside"
        opened.add(door)

    assert opened == OPEN_TO[person]


@pytest.mark.parametrize("door", DOORS)
def test_whoever_has_not_signed_in_is_sent_to_do_so(knock, door):
    answer, _ = knock(door, AnonymousUser())

    assert answer.url == f"{reverse('account_login')}?next=/somewhere/"


def test_the_page_knows_the_council_and_the_roles_there(knock, carys, caerphilly):
    Role.objects.create(user=carys, council=caerphilly, kind="auditor")

    _, request = knock("team", carys)

    assert request.council == caerphilly
    assert request.roles == {"team", "auditor"}


def test_whoever_works_for_two_councils_chooses(knock, carys, flintshire):
    Role.objects.create(user=carys, council=flintshire, kind="team")

    answer, _ = knock("team", carys)
    assert answer.url == f"{reverse('choose_council')}?next=%2Fsomewhere%2F"
    _, request = knock("team", carys, council=flintshire.pk)
    assert request.council == flintshire


def test_a_role_in_one_council_opens_nothing_of_another(knock, carys, flintshire):
    Role.objects.create(user=carys, council=flintshire, kind="auditor")

    _, request = knock("team", carys, council=flintshire.pk)

    assert request.council != flintshire
    assert request.roles == {"team"}


def test_a_forged_choice_of_council_opens_nothing(knock, carys, flintshire):
    _, request = knock("team", carys, council=flintshire.pk)

    assert request.council.slug == "caerphilly"


def test_the_first_administrator_looks_after_every_council(knock, caerphilly):
    first = factories.user("first@council.example", role="administrator", council=None)

    answer, _ = knock("administrator", first)
    assert answer.url == f"{reverse('choose_council')}?next=%2Fsomewhere%2F"
    _, request = knock("administrator", first, council=caerphilly.pk)
    assert request.council == caerphilly
    with pytest.raises(Http404):
        knock("team", first)


def test_whoever_works_for_two_providers_chooses(knock, bryn, caerphilly):
    other = factories.provider(caerphilly, name="Canolfan")
    other.staff.create(user=bryn, kind="bookings")

    answer, _ = knock("bookings", bryn)
    assert answer.url.startswith(reverse("choose_provider"))
    _, request = knock("bookings", bryn, provider=other.pk)
    assert (request.provider, request.post.kind) == (other, "bookings")


def test_an_owner_of_one_provider_is_no_owner_of_the_one_where_they_are_at_the_desk(knock, bryn, bryn_cafe, caerphilly):
    other = factories.provider(caerphilly, name="Canolfan")
    other.staff.create(user=bryn, kind="bookings")

    answer, _ = knock("owner", bryn, provider=other.pk)

    # Nor does she act for the one that she owns while the page says the other.
    assert answer.url == f"{reverse('choose_provider')}?next=%2Fsomewhere%2F"
    assert knock("owner", bryn)[1].provider == bryn_cafe


def test_a_person_chooses_only_among_their_own_councils(client, carys, flintshire):
    client.force_login(carys)

    answer = client.post(reverse("choose_council"), {"choice": flintshire.pk})

    assert answer.status_code == 404


def test_choosing_leads_back_but_never_to_another_site(client, carys, caerphilly, flintshire):
    Role.objects.create(user=carys, council=flintshire, kind="team")
    client.force_login(carys)

    for wanted, led_to in (("/people/", "/people/"), ("https://evil.example/", reverse("after_sign_in"))):
        answer = client.post(reverse("choose_council"), {"choice": flintshire.pk, "next": wanted})
        assert answer.url == led_to
    assert client.session["council"] == flintshire.pk


def test_somebody_with_two_kinds_of_work_is_asked_which(client, carys, caerphilly):
    Role.objects.create(user=carys, council=caerphilly, kind="auditor")
    client.force_login(carys)

    page = client.get(reverse("after_sign_in")).content.decode()

    assert reverse("team:queue") in page
    assert reverse("audit:history") in page
