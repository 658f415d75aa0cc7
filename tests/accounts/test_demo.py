"""A newcomer can come in as anybody in a local copy, and as nobody anywhere else."""

import datetime as dt

import pytest
from allauth.mfa.adapter import get_adapter
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.checks import demonstration_stays_at_home
from accounts.models import Role, User
from tests import factories
from voucher.demo import people as demo
from voucher.granting import awards, letters

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def codes_file(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "CODES_FILE", tmp_path / "demo.json")
    return tmp_path / "demo.json"


@pytest.fixture
def pilot(settings, bryn_cafe):
    settings.DEMO = True
    factories.offer(bryn_cafe)
    return bryn_cafe


def make(now):
    return demo.make_people(now=now, on=now.date())


def test_there_is_somebody_for_every_kind_of_work(pilot, now):
    make(now)

    assert set(Role.objects.values_list("kind", flat=True)) == set(Role.Kind.values)
    assert set(pilot.staff.values_list("kind", flat=True)) == {"owner", "bookings", "claims", "desk"}
    assert User.objects.count() == len(demo.PEOPLE)


def test_made_twice_they_are_the_same(pilot, now):
    make(now)
    before = list(User.objects.values_list("pk", "password").order_by("pk"))
    make(now + dt.timedelta(days=1))

    assert list(User.objects.values_list("pk", "password").order_by("pk")) == before


def test_made_again_they_are_mended(pilot, now, settings):
    make(now)
    carys = User.objects.get(email="carys@council.example")
    carys.set_password("something else")
    carys.save()
    settings.SECRET_KEY = "the file with the old one was lost"
    make(now)

    carys.refresh_from_db()
    assert carys.check_password(demo.PASSWORD)
    [person] = [each for each in demo.PEOPLE if each.email == carys.email]
    assert get_adapter().decrypt(carys.authenticator_set.get().data["secret"]) == person.secret


@pytest.mark.parametrize("person", demo.PEOPLE, ids=lambda person: person.email)
def test_each_can_sign_in_with_what_the_page_says(client, pilot, now, person):
    make(now)
    assert person.email in client.get(reverse("demo")).content.decode()

    client.post(reverse("account_login"), {"login": person.email, "password": demo.PASSWORD})
    if person.is_council_staff:
        assert "_auth_user_id" not in client.session
        client.post(reverse("mfa_authenticate"), {"code": person.code_now})

    assert client.session["_auth_user_id"] == str(User.objects.get(email=person.email).pk)


def test_outside_a_local_copy_there_is_no_such_page_and_no_such_people(client, pilot, settings):
    settings.DEMO = False

    assert client.get(reverse("demo")).status_code == 404
    with pytest.raises(CommandError, match="local copy"):
        call_command("make_demo_people")
    assert not User.objects.exists()


def test_production_refuses_the_demonstration(settings):
    settings.PRODUCTION, settings.DEMO = True, True
    assert [error.id for error in demonstration_stays_at_home(None)] == ["accounts.E001"]

    settings.DEMO = False
    assert demonstration_stays_at_home(None) == []


def test_without_the_pilot_one_is_told_to_load_it(settings, db):
    settings.DEMO = True

    with pytest.raises(CommandError, match="load_pilot"):
        call_command("make_demo_people")


def test_the_letter_box_shows_the_code_that_was_mailed(client, pilot, now, settings, monkeypatch):
    monkeypatch.setattr("django.db.transaction.on_commit", lambda do, using=None, robust=False: do())
    make(now)
    client.post(reverse("account_request_login_code"), {"email": "bryn@provider.example"})

    page = client.get(reverse("demo")).content.decode()

    assert "bryn@provider.example" in page
    assert "<details" in page


def test_printing_all_letters_leaves_the_codes_of_the_page_alive(pilot, now):
    award = factories.award(pilot.council)
    [row] = make(now)

    assert award not in letters.waiting(on=now.date())
    assert awards.open_with(code=row["code"]) == award
