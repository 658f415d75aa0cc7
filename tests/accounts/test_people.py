"""The administrator invites people and gives roles; nobody else does, and all of it is remembered."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage, Role, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mair(caerphilly):
    """The council's administrator."""
    return factories.user("mair@council.example", name="Mair", role="administrator", council=caerphilly)


@pytest.fixture
def office(client, mair):
    """The administrator's browser."""
    client.force_login(mair)
    return client


def invitation(**changes):
    return {"email": "New@Council.Example", "name": "Nia", "language": "cy", "work": "team", "provider": ""} | changes


def acts(user):
    return list(HistoryEntry.objects.filter(subject_kind="user", subject_id=user.pk).values_list("act", flat=True))


@pytest.mark.parametrize("person", ["carys", "ffion", "gwen", "aled", "bryn", "dafydd"])
def test_the_people_page_does_not_exist_for_others(request, client, mair, person):
    client.force_login(request.getfixturevalue(person))

    for address in (reverse("people:list"), reverse("people:invite"), reverse("people:person", args=[mair.pk])):
        assert client.get(address).status_code == 404
    assert client.post(reverse("people:close", args=[mair.pk])).status_code == 404


def test_an_invited_person_has_the_role_and_is_told_how_to_sign_in(office, caerphilly):
    office.post(reverse("people:invite"), invitation())

    nia = User.objects.get(email="new@council.example")
    assert list(nia.roles.values_list("kind", "council")) == [("team", caerphilly.pk)]
    assert not nia.has_usable_password()
    letter = OutboxMessage.objects.get(to=nia.email)
    assert (letter.kind, letter.language) == ("invitation", "cy")
    assert "/cy/account/sign-in/" in letter.body
    assert acts(nia) == ["role.given", "person.invited"]


def test_inviting_twice_makes_one_person_one_role_and_one_letter(office):
    for _ in range(2):
        office.post(reverse("people:invite"), invitation())

    assert User.objects.filter(email="new@council.example").count() == 1
    assert Role.objects.filter(user__email="new@council.example").count() == 1
    assert OutboxMessage.objects.count() == 1


def test_the_owner_of_a_provider_is_given_a_post(office, bryn_cafe):
    office.post(reverse("people:invite"), invitation(work="owner", provider=bryn_cafe.pk))

    assert bryn_cafe.staff.get().user.email == "new@council.example"
    assert not Role.objects.filter(user__email="new@council.example").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"name": ""}, "name"),
        ({"work": ""}, "work"),
        ({"work": "king"}, "work"),
        ({"work": "owner"}, "provider"),
        ({"work": "owner", "provider": "999999"}, "provider"),
        ({"language": "fr"}, "language"),
    ],
)
def test_a_slip_is_named_beside_its_field_and_nothing_is_lost_or_written(office, wrong, field):
    people = User.objects.count()

    answer = office.post(reverse("people:invite"), invitation(**wrong))

    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"]["name"].value() == invitation(**wrong)["name"]
    assert User.objects.count() == people
    assert not OutboxMessage.objects.exists()


def test_nobody_gives_themself_a_role_that_moves_money(office, mair):
    for kind in ("finance_preparer", "finance_approver"):
        answer = office.post(reverse("people:person", args=[mair.pk]), {"work": kind})
        assert answer.context["form"].errors["work"]
        answer = office.post(reverse("people:invite"), invitation(email=mair.email, work=kind))
        assert answer.context["form"].errors["work"]

    assert [role.kind for role in mair.roles.all()] == ["administrator"]


def test_nobody_makes_themself_the_owner_of_a_provider_for_owners_claim_money(office, mair, bryn_cafe):
    answer = office.post(reverse("people:person", args=[mair.pk]), {"work": "owner", "provider": bryn_cafe.pk})

    assert "You cannot give yourself a role that moves money." in answer.content.decode()
    assert not mair.provider_posts.exists()


def test_another_administrator_can_give_it(office, caerphilly):
    other = factories.user("other@council.example", role="administrator", council=caerphilly)

    office.post(reverse("people:person", args=[other.pk]), {"work": "finance_preparer"})

    assert set(other.roles.values_list("kind", flat=True)) == {"administrator", "finance_preparer"}


def test_a_role_is_taken_away_once(office, carys):
    for _ in range(2):
        office.post(reverse("people:remove_role", args=[carys.pk, "team"]))

    assert not carys.roles.exists()
    assert acts(carys) == ["role.removed"]


def test_an_administrator_cannot_shut_themself_out(office, mair):
    office.post(reverse("people:remove_role", args=[mair.pk, "administrator"]))
    office.post(reverse("people:close", args=[mair.pk]))

    mair.refresh_from_db()
    assert mair.is_active
    assert mair.roles.exists()


def test_a_closed_account_loses_its_open_sessions_at_once(office, carys):
    browser = Client()
    browser.force_login(carys)

    office.post(reverse("people:close", args=[carys.pk]))

    assert "_auth_user_id" not in browser.session
    assert browser.get(reverse("people:list")).url.startswith(reverse("account_login"))
    assert acts(carys) == ["person.closed"]


def test_a_lost_second_step_is_taken_away_and_the_person_signed_out(office, carys):
    browser = Client()
    browser.force_login(carys)

    office.post(reverse("people:reset", args=[carys.pk]))

    assert not carys.authenticator_set.exists()
    assert "_auth_user_id" not in browser.session
    assert acts(carys) == ["second_factor.reset"]


def test_nobody_takes_away_their_own_second_step_this_way(office, mair):
    office.post(reverse("people:reset", args=[mair.pk]))

    assert mair.authenticator_set.exists()


def test_a_reopened_account_has_its_roles_still(office, carys):
    office.post(reverse("people:close", args=[carys.pk]))
    office.post(reverse("people:reopen", args=[carys.pk]))

    carys.refresh_from_db()
    assert carys.is_active
    assert carys.roles.exists()


def test_an_administrator_sees_and_touches_only_their_own_council(office, flintshire):
    stranger = factories.user("far@council.example", name="Far", role="team", council=flintshire)

    assert "far@council.example" not in office.get(reverse("people:list")).content.decode()
    assert office.get(reverse("people:person", args=[stranger.pk])).status_code == 404
    assert office.post(reverse("people:close", args=[stranger.pk])).status_code == 404
    assert office.post(reverse("people:remove_role", args=[stranger.pk, "team"])).status_code == 404


def test_whoever_works_elsewhere_too_is_not_shut_out_by_one_council(office, carys, flintshire):
    Role.objects.create(user=carys, council=flintshire, kind="team")

    office.post(reverse("people:close", args=[carys.pk]))

    carys.refresh_from_db()
    assert carys.is_active


def test_a_provider_of_another_council_cannot_be_given(office, flintshire, carys):
    far = factories.provider(flintshire)

    office.post(reverse("people:person", args=[carys.pk]), {"work": "owner", "provider": far.pk})

    assert not far.staff.exists()


def test_a_long_list_costs_no_more_queries(office, caerphilly, bryn_cafe, django_assert_num_queries):
    def queries():
        with django_assert_num_queries(1000, exact=False) as counted:
            office.get(reverse("people:list"))
        return len(counted)

    few = queries()
    for number in range(15):
        factories.user(f"{number}@council.example", role="team", council=caerphilly)
        factories.provider_staff(bryn_cafe, f"{number}@provider.example")

    assert queries() == few


def test_the_first_administrator_of_all_councils_chooses_one(client, caerphilly):
    first = factories.user("first@council.example", role="administrator", council=None)
    client.force_login(first)

    answer = client.get(reverse("people:list"))
    client.post(answer.url, {"choice": caerphilly.pk})

    assert client.get(reverse("people:list")).context["council"] == caerphilly


@pytest.mark.parametrize("address", ["people:list", "people:invite"])
def test_the_pages_speak_welsh(office, address):
    answer = office.get("/cy" + reverse(address))

    assert answer.status_code == 200
    assert 'lang="cy"' in answer.content.decode()


def test_the_first_administrator_is_made_on_the_command_line(capsys):
    call_command("create_administrator", "Mair@Council.Example")

    mair = User.objects.get(email="mair@council.example")
    assert [(role.kind, role.council) for role in mair.roles.all()] == [("administrator", None)]
    assert "/account/sign-in/" in capsys.readouterr().out
    assert acts(mair) == ["role.given"]


def test_the_same_administrator_is_not_made_twice():
    call_command("create_administrator", "mair@council.example")

    with pytest.raises(CommandError, match="signs in as"):
        call_command("create_administrator", "MAIR@council.example")
    assert User.objects.count() == 1


def test_an_administrator_needs_an_address():
    with pytest.raises(CommandError, match="not an e-mail address"):
        call_command("create_administrator", "mair")


def test_nobody_can_change_or_delete_history(office, carys):
    office.post(reverse("people:remove_role", args=[carys.pk, "team"]))

    for statement in ("UPDATE accounts_historyentry SET act = 'nothing'", "DELETE FROM accounts_historyentry"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert acts(carys) == ["role.removed"]
