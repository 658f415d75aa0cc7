"""Carers and their codes: the first one, a lost one, no internet at all, and who looked; told through the pages."""

import datetime as dt
import io
import json
import re
import uuid
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.breaks import london
from tests.voucher.carer.pages import form_of, hidden, text_of
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Award, Booking, Task

pytestmark = pytest.mark.django_db
State = Booking.State
ISSUED = london(2026, 3, 3, 9)
PIN = "7294"
ASKED = {"facts": ["address", "booking"], "call_back": "rang_back"}


@pytest.fixture
def clock(clock, settings):
    # Codes that were sent stay readable.
    settings.DEMO, clock.now = True, ISSUED
    return clock


@pytest.fixture
def sitting(bryn_cafe):
    """£25 an hour."""
    return factories.offer(bryn_cafe, slug="sitting-at-home")


@pytest.fixture
def team(clock, carys):
    return browser(carys)


@pytest.fixture
def desk(clock, bryn):
    return browser(bryn)


def browser(user=None):
    client = Client()
    if user:
        client.force_login(user)
    return client


def issue(team, council, **changes):
    """The carers team grants Eleri £400 from 3 March; returns (award, code)."""
    fund = factories.fund(council)
    typed = {
        "key": str(uuid.uuid4()),
        "first_name": "Eleri",
        "last_name": "Puw",
        "address": "3 Heol y Parc",
        "town": "Nelson",
        "postcode": "CF46 6DD",
        "phone": "07700 900123",
        "email": "eleri@post.example",
        "language": "cy",
        "contact_by": "email",
        "print_size": "standard",
        "assessment_ref": "CNA-1",
        "assessment_date_day": "20",
        "assessment_date_month": "2",
        "assessment_date_year": "2026",
        "fund": fund.pk,
        "value": "400",
        "first_day_day": "3",
        "first_day_month": "3",
        "first_day_year": "2026",
    }
    page = team.post(reverse("team:issue"), typed | changes)
    return Award.objects.get(carer__first_name="Eleri"), page.context["code"]


def ask(client, offer, starts_at, minutes=150, language=""):
    address = language + reverse("my:ask", args=[offer.slug])
    typed = {"minutes": minutes, "starts_at": starts_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")}
    page = client.get(address, typed)
    return client.post(address, {name: value for name, value in form_of(page).items() if value is not None})


def figures(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def test_c1_the_first_code_opens_in_welsh_with_400_pounds_until_2_september(team, caerphilly, sitting, clock):
    award, code = issue(team, caerphilly)
    assert award.account.last_day == dt.date(2026, 9, 2)
    assert award.ref in text_of(team.get(reverse("team:letters")))
    eleri = browser()

    opened = eleri.post("/open/", {"code": code}, follow=True)

    assert opened.redirect_chain[-1][0] == "/cy/my/"
    english = text_of(eleri.get("/my/"))
    assert "£400 left to use" in english
    assert "Set aside £0" in english
    assert "Use by Wednesday 2 September 2026" in english or "Use by Wednesday 2 September" in english
    assert "about 16 hours of sitting" in english
    eleri.post("/cy/my/pin/", {"pin": PIN, "again": PIN})
    told = OutboxMessage.objects.get(kind="pin_changed")
    assert (told.to, told.language) == ("eleri@post.example", "cy")
    # With an account she needs no code any more, and nobody who finds the letter can use it.
    eleri.post("/cy/my/account/", {"email": "eleri@post.example"})
    body = OutboxMessage.objects.get(kind="address_code").body
    eleri.post("/cy/my/account/code/", {"code": re.search(r"\b[2-9BCDFGHJKMNPQRSTVWXZ]{8}\b", body)[0]})
    eleri.post("/cy/my/account/bind/")
    assert browser().post("/open/", {"code": code}).status_code == 200
    eleri.post("/my/leave/")
    assert "£400 left to use" in text_of(eleri.get("/my/"))
    assert figures(award) == (40_000, 0)
    assert audit.differences() == []


def test_c6_a_lost_code_is_dead_at_once_and_what_the_finder_booked_costs_her_nothing(
    team, caerphilly, sitting, clock, bryn
):
    award, code = issue(team, caerphilly)
    eleri = browser()
    eleri.post("/open/", {"code": code})
    ask(eleri, sitting, london(2026, 3, 12, 14))
    own = Booking.objects.get()
    browser(bryn).post(reverse("provider:confirm", args=[own.ref]))
    # On 5 March the letter is lost, and somebody books with it.
    clock.now = london(2026, 3, 5, 10)
    finder = browser()
    finder.post("/open/", {"code": code})
    ask(finder, sitting, london(2026, 3, 20, 14))
    stranger = Booking.objects.exclude(pk=own.pk).get()
    assert figures(award) == (27_500, 12_500)
    # On 6 March she rings. Two facts, a call back, and a new code.
    clock.now = london(2026, 3, 6, 9)
    page = team.get(reverse("team:new_code", args=[award.ref]))
    assert [row.ref for row in page.context["by_code"]] == [stranger.ref, own.ref]
    made = team.post(reverse("team:new_code", args=[award.ref]), ASKED | {"key": str(uuid.uuid4()), "way": "read_out"})
    fresh = made.context["code"]

    assert finder.get("/my/").status_code == 302
    with pytest.raises(awards.CodeRefused):
        awards.open_with(code=code)
    assert figures(award) == (27_500, 12_500)
    team.post(reverse("team:not_made", args=[stranger.ref]))

    stranger.refresh_from_db()
    own.refresh_from_db()
    assert (stranger.state, stranger.due_pence) == (State.CANCELLED, None)
    assert own.state == State.CONFIRMED
    assert figures(award) == (33_750, 6_250)
    assert Task.objects.get().booking == stranger
    asked = HistoryEntry.objects.get(act="carer.identity_checked").details
    assert asked == {"facts": ["address", "booking"], "call_back": "rang_back"}
    eleri.post("/open/", {"code": fresh})
    assert "£337.50 left to use" in text_of(eleri.get("/my/"))
    assert audit.differences() == []


def test_c11_without_internet_she_books_by_telephone_and_at_the_desk_and_every_act_has_two_names(
    team, desk, caerphilly, sitting, clock, bryn, carys
):
    award, code = issue(team, caerphilly, email="", contact_by="post")
    # The team sets nothing for her: she sets the PIN herself, at the library, once.
    library = browser()
    library.post("/open/", {"code": code})
    library.post("/my/pin/", {"pin": PIN, "again": PIN})
    # She rings Bryn Café and reads out code and PIN.
    typed = {"code": code, "pin": PIN, "offer": sitting.pk, "units": 2, "time": "14:00", "key": str(uuid.uuid4())}
    typed |= {"day_day": "12", "day_month": "3", "day_year": "2026"}
    desk.post(reverse("provider:phone"), typed)
    by_phone = Booking.objects.get()
    assert (by_phone.state, by_phone.price_pence) == (State.CONFIRMED, 5_000)
    letter = OutboxMessage.objects.get(kind="booked_by_phone")
    assert letter.channel == "post"
    assert "3 Heol y Parc" in letter.to
    assert figures(award) == (35_000, 5_000)
    # The carers team books for her with the same screens.
    team.post(reverse("team:book_for", args=[award.ref]))
    ask(team, sitting, london(2026, 3, 19, 14))
    entry = HistoryEntry.objects.filter(act="booking.requested").latest("pk")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"award {award.ref}")
    # A volunteer at the desk does, for twenty minutes, while she stands there.
    hywel = factories.user("hywel@council.example", name="Hywel", role="volunteer", council=caerphilly)
    stand = browser(hywel)
    stand.post(reverse("helping:begin"), {"code": code, "agrees": "on"})
    ask(stand, sitting, london(2026, 3, 26, 14))
    entry = HistoryEntry.objects.filter(act="booking.requested").latest("pk")
    assert (entry.actor, entry.on_behalf_of) == (hywel, f"award {award.ref}")
    assert OutboxMessage.objects.get(kind="booked_by_helper").channel == "post"
    clock.now += dt.timedelta(minutes=20)
    assert stand.get("/my/").url == reverse("helping:start")
    assert figures(award) == (22_500, 17_500)
    # On the third day she has read the letter, and says that the first was not so.
    clock.now = london(2026, 3, 6, 9)
    team.post(reverse("my:not_mine", args=[by_phone.ref]))
    by_phone.refresh_from_db()
    assert (by_phone.state, by_phone.due_pence) == (State.CANCELLED, None)
    assert figures(award) == (27_500, 12_500)
    assert Task.objects.get().kind == Task.Kind.NOT_MINE
    assert audit.differences() == []


def test_c19_she_sees_who_looked_takes_her_data_and_changes_the_language_on_the_same_page_with_the_same_data(
    team, caerphilly, sitting, clock
):
    award, code = issue(team, caerphilly)
    team.get(reverse("team:award", args=[award.ref]))
    eleri = browser()
    eleri.post("/open/", {"code": code})
    eleri.post("/my/pin/", {"pin": PIN, "again": PIN})

    looked = eleri.get("/my/looks/")
    assert [each.who for each in looked.context["looks"]] == [
        f"Whoever had the code ending in {code[-4:]}",
        "Carers team, Caerphilly",
    ]
    assert "Carys" not in text_of(looked)
    given = eleri.post("/my/data/", {"pin": PIN})
    file = zipfile.ZipFile(io.BytesIO(given.content))
    assert json.loads(file.read("data.json"))["carer"]["first_name"] == "Eleri"
    assert len(file.namelist()) == 3

    # In the middle of asking, at the last look before the press.
    typed = {"minutes": 150, "starts_at": "2026-03-12T14:00Z"}
    english = eleri.get("/my/ask/sitting-at-home/", typed)
    welsh = eleri.get(english.context["other"].path)
    assert welsh.request["PATH_INFO"] == "/cy/my/ask/sitting-at-home/"
    for name in ("minutes", "starts_at", "seen_price_pence"):
        assert hidden(welsh, name) == hidden(english, name)
    assert "£62.50" in text_of(welsh)
    back = eleri.get(welsh.context["other"].path)
    assert back.request["PATH_INFO"] == "/my/ask/sitting-at-home/"
    pressed = {name: value for name, value in form_of(welsh).items() if value is not None}
    eleri.post("/cy/my/ask/sitting-at-home/", pressed)
    assert Booking.objects.get().price_pence == 6_250
    assert figures(award) == (33_750, 6_250)
    assert audit.differences() == []
