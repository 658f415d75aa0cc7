"""Who looked at a carer's record, and everything that is held about a carer, given as one file."""

import datetime as dt
import io
import json
import zipfile

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from accounts import history
from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage, User
from tests import factories
from tests.voucher.carer.pages import FRIDAY, TEAM, form_of, look, send, text_of
from voucher import bookings, messages
from voucher.carers import carer_file, helping, looks, pins
from voucher.granting import awards
from voucher.messages import writing
from voucher.models import Award, Booking, Carer, Wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(carys):
    browser = Client()
    browser.force_login(carys)
    return browser


@pytest.fixture
def own(award):
    """Alys, signed in to her own account."""
    Carer.objects.filter(pk=award.carer_id).update(user=factories.user(award.carer.email))
    award.carer.refresh_from_db()
    browser = Client()
    browser.force_login(award.carer.user)
    return browser


def rows_of(page):
    return [(each.who, each.what) for each in page.context["looks"]]


def test_a_look_by_the_team_is_shown_by_role_and_organisation_and_not_by_name(alys, team, award):
    team.get(reverse("team:award", args=[award.ref]))

    page = alys.get(reverse("my:who_looked"))

    assert ("Carers team, Caerphilly", "Looked at your record") in rows_of(page)
    assert "Carys" not in text_of(page)


@pytest.mark.parametrize("page", ["award", "carer", "new_code", "telephone", "booking"])
def test_every_page_of_the_team_with_a_carers_details_is_a_look(team, award, bryn_cafe, now, page):
    terms = {"starts_at": FRIDAY, "minutes": 60, "seen_price_pence": 2500}
    row = bookings.make(award=award, offer=factories.offer(bryn_cafe), by=TEAM, now=now, key="k", **terms)

    team.get(reverse(f"team:{page}", args=[row.ref if page == "booking" else award.ref]))

    assert HistoryEntry.objects.get(act=looks.SEEN).subject_id == award.carer_id


def test_a_person_is_written_down_once_a_day_and_again_the_next(team, carys, award, clock, now):
    for _ in range(3):
        team.get(reverse("team:award", args=[award.ref]))
    assert HistoryEntry.objects.filter(act=looks.SEEN).count() == 1

    clock.now = now + dt.timedelta(days=1)
    team.force_login(carys)
    team.get(reverse("team:award", args=[award.ref]))
    assert HistoryEntry.objects.filter(act=looks.SEEN).count() == 2


def test_providers_the_team_on_the_telephone_and_codes_are_all_told_newest_first(
    alys, team, award, bryn, bryn_cafe, code
):
    sitting = factories.offer(bryn_cafe)
    send(alys, sitting, form_of(look(alys, sitting)))
    booking = award.bookings.get()
    provider = Client()
    provider.force_login(bryn)
    provider.post(reverse("provider:check_code"), {"code": code, "offer": sitting.pk, "units": 1})
    provider.post(reverse("provider:confirm", args=[booking.ref]))
    provider.post(reverse("provider:contact", args=[booking.ref]))
    team.post(reverse("team:book_for", args=[award.ref]))

    told = rows_of(alys.get(reverse("my:who_looked")))

    assert told == [
        ("Carers team, Caerphilly", "Opened your award to act for you"),
        ("Bryn Café", "Looked at your telephone number and address"),
        ("Bryn Café", "Checked whether your code is enough"),
        (f"Whoever had the code ending in {code[-4:]}", "Opened your award with its code"),
    ]


def test_what_a_helper_does_is_told_with_the_name_the_carer_knows(alys, award, bryn_cafe, today, now):
    mair = factories.user("mair@post.example", name="Mair")
    permission = factories.permission(award.carer, mair, today)
    helping.open_by(permission=permission.pk, user=mair, now=now)
    by = Who(user=mair, on_behalf_of=f"award {award.ref}", role="relative")
    terms = {"starts_at": FRIDAY, "minutes": 60, "seen_price_pence": 2500}
    bookings.make(award=award, offer=factories.offer(bryn_cafe), by=by, now=now, key="k", **terms)

    told = rows_of(alys.get(reverse("my:who_looked")))

    assert ("Mair, whom you gave leave to help", "Asked for a break for you") in told
    assert ("Mair, whom you gave leave to help", "Opened your award to help you") in told


def test_a_volunteer_is_told_without_a_name(alys, caerphilly, award, code, now):
    hywel = factories.user("h@council.example", name="Hywel", role="volunteer", council=caerphilly)
    helping.begin(code=code, user=hywel, agrees=True, pin="", now=now)

    page = alys.get(reverse("my:who_looked"))

    assert ("A desk volunteer, Caerphilly", "Opened your award to help you") in rows_of(page)
    assert "Hywel" not in text_of(page)


def test_looks_at_another_carer_are_not_told(alys, team, caerphilly, award):
    other = factories.award(caerphilly)
    team.get(reverse("team:award", args=[other.ref]))

    assert rows_of(alys.get(reverse("my:who_looked")))[0][1] == "Opened your award with its code"
    assert len(rows_of(alys.get(reverse("my:who_looked")))) == 1


def test_the_list_of_looks_takes_as_many_queries_for_thirty_as_for_three(
    alys, award, bryn_cafe, bryn, now, django_assert_max_num_queries
):
    by = Who(user=bryn)
    for number in range(30):
        at = now + dt.timedelta(minutes=number)
        terms = {"starts_at": FRIDAY + dt.timedelta(days=number), "minutes": 60, "seen_price_pence": 2500}
        if number < 10:
            offer = factories.offer(bryn_cafe)
            row = bookings.make(award=award, offer=offer, by=TEAM, now=now, key=f"{number}", **terms)
            history_of_a_look(row, by, at)
        history_of_a_check(award, by, bryn_cafe, at)

    with django_assert_max_num_queries(14):
        alys.get(reverse("my:who_looked"))


def history_of_a_look(row, by, at):
    history.record(act="booking.contact_seen", subject=row, by=by, at=at, council=row.council)


def history_of_a_check(award, by, provider, at):
    history.record(act="code.checked", subject=award, by=by, at=at, council=award.council, provider=provider.pk)


def files_of(answer):
    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    file = zipfile.ZipFile(io.BytesIO(answer.content))
    return {name: file.read(name).decode() for name in file.namelist()}


def test_one_press_gives_everything_in_both_languages_and_nothing_about_others(own, award, caerphilly, bryn_cafe, now):
    mair = factories.user("mair@post.example", name="Mair Private")
    factories.permission(award.carer, mair, now.date())
    terms = {"starts_at": FRIDAY, "minutes": 60, "seen_price_pence": 2500}
    row = bookings.make(
        award=award, offer=factories.offer(bryn_cafe), note="He wakes at six.", by=TEAM, now=now, key="k", **terms
    )
    bookings.confirm(booking=row, by=TEAM, now=now)
    Wish.objects.create(carer=award.carer, council=caerphilly, theme="body", words="A quiet hairdresser", made_at=now)
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    other = factories.carer(caerphilly, first_name="Heledd", last_name="Arall")
    factories.award(caerphilly, carer_row=other)

    files = files_of(own.post(reverse("my:data")))

    assert set(files) == {"what-we-hold-about-you.html", "amdanoch-chi.html", "data.json"}
    english, held = files["what-we-hold-about-you.html"], json.loads(files["data.json"])
    for own_words in ("He wakes at six.", "A quiet hairdresser", award.carer.address, award.ref, row.ref, "£25"):
        assert own_words in english
    assert held["bookings"][0]["note"] == "He wakes at six."
    assert [line["amount"] for line in held["movements"]] == [40_000, -2_500]
    assert held["messages"][0]["subject"]
    award.carer.refresh_from_db()
    for private in ("Heledd", "Mair Private", "mair@post.example", award.carer.pin, "digest", "7294"):
        assert private not in "".join(files.values())
    assert 'lang="cy"' in files["amdanoch-chi.html"]


def test_of_two_carers_who_share_an_address_each_has_their_own_messages_only(own, award, caerphilly, now):
    sister = factories.carer(caerphilly, first_name="Heledd", email=award.carer.email)
    messages.pin_changed(sister, has_pin=True, now=now)
    messages.pin_changed(award.carer, has_pin=True, now=now)
    alone = OutboxMessage.objects.get(kind="pin_changed", reader=writing.reader(sister))

    held = json.loads(files_of(own.post(reverse("my:data")))["data.json"])

    kinds = [each for each in held["messages"] if each["subject"] == alone.subject]
    assert len(kinds) == 1


def test_every_table_that_leads_to_a_carer_is_in_the_file():
    """A new table about carers must be given to them as well, or be named here with the reason why not."""
    elsewhere = {
        "ClaimLine": "the provider's own claim",
        "RunLine": "the provider's own payment",
        "LineLeftOut": "the provider's own payment",
        "Task": "the carers team's own list",
        "HoldBefore": "an amount set aside before; it is among the movements",
        "StripeEvent": "holds no person",
    }
    given = {model.__name__ for model, _path in carer_file.TABLES.values()}
    leads = {
        model.__name__
        for model in apps.get_app_config("voucher").get_models()
        if any(field.related_model in {Carer, Award, Booking} for field in model._meta.fields if field.is_relation)
    }

    assert leads - given - set(elsewhere) == set()


def test_the_file_names_nobody_of_the_staff_and_no_helper(award):
    models = [Carer, *(model for model, _path in carer_file.TABLES.values())]
    people = {field.name for model in models for field in model._meta.fields if field.related_model is User}
    held = carer_file.data(award.carer, [])

    assert people >= {"issued_by", "resolved_by", "helper"}
    assert people.isdisjoint(held["carer"]) and people.isdisjoint(held["awards"][0])


def test_with_the_code_alone_the_file_is_not_given(alys, award):
    page = alys.get(reverse("my:data"))

    assert "With the code alone we do not give it" in text_of(page)
    assert alys.post(reverse("my:data")).status_code == 404
    assert not HistoryEntry.objects.filter(act="carer.file_made").exists()


def test_with_the_code_and_the_pin_it_is(alys, award, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)

    wrong = alys.post(reverse("my:data"), {"pin": "7295"})
    right = alys.post(reverse("my:data"), {"pin": "7294"})

    assert "That is not the PIN." in text_of(wrong)
    assert award.carer.address in files_of(right)["what-we-hold-about-you.html"]
    assert HistoryEntry.objects.filter(act="carer.file_made").count() == 1


def test_a_look_at_the_page_makes_no_file(own):
    own.get(reverse("my:data"))

    assert not HistoryEntry.objects.filter(act="carer.file_made").exists()


def test_the_team_makes_the_file_for_a_carer_on_paper(team, award):
    team.post(reverse("team:book_for", args=[award.ref]))

    assert award.carer.address in files_of(team.post(reverse("my:data")))["what-we-hold-about-you.html"]


def test_a_code_of_another_council_shows_its_own_council_and_nothing_of_this_one(client, flintshire, award, now):
    there = factories.award(flintshire, carer_row=factories.carer(flintshire, first_name="Heledd"), value=7_700)
    client.post(reverse("open_award"), {"code": awards.new_code(award=there, by=TEAM, now=now)})

    for page in ("award", "statement", "account", "helpers", "who_looked", "data", "preferences"):
        shown = text_of(client.get(reverse(f"my:{page}")))
        assert award.ref not in shown
        assert "Caerphilly" not in shown
    assert "£77" in text_of(client.get(reverse("my:award")))
