"""P1 and the beginning of P2: who would like to offer breaks begins, tells, sends, is asked and is approved."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse as reverse_in
from django.utils import timezone, translation

from accounts.history import Who
from accounts.models import OutboxMessage, User
from brochure import catalogue, offering
from brochure.models import Offer
from providers import papers
from providers.models import Provider, Staff
from tests import factories
from tests.providers import joiners
from tests.voucher.breaks import london
from tests.voucher.carer.pages import text_of
from voucher.ledger import audit
from voucher.settling import account_changes

pytestmark = pytest.mark.django_db
BEGUN = london(2026, 10, 12, 19)
State = Provider.State


@pytest.fixture
def clock(clock, settings):
    # Codes that were sent stay readable.
    settings.DEMO, clock.now = True, BEGUN
    return clock


def reverse(name, args=()):
    """The English address: a page asked for in Welsh leaves Welsh behind in the thread."""
    with translation.override("en"):
        return reverse_in(name, args=args)


def ask_for_a_code(client, email, prefix=""):
    return client.post(prefix + reverse("join"), {"email": email})


def code_of(email):
    row = OutboxMessage.objects.filter(kind="joining_code", to=email).latest("pk")
    return re.search(r"\b[2-9B-DF-HJ-NP-TV-Z]{8}\b", row.body)[0]


def sign_up(client, email, prefix=""):
    ask_for_a_code(client, email, prefix)
    return client.post(prefix + reverse("join_code"), {"code": code_of(email)})


def begin(client, council, *, name, prefix=""):
    return client.post(prefix + reverse("join_begin"), {"name": name, "council": council.pk})


def told(client, step, prefix="", **typed):
    return client.post(prefix + reverse("provider:joining_step", args=[step]), typed)


def tell_about_sian(client, prefix=""):
    """All of Siân's own answers: a sole trader, no staff, no food, no number with the inspectorate, no VAT."""
    told(
        client,
        "organisation",
        prefix,
        name="Siân Morgan",
        legal_form="sole trader",
        has_staff="no",
        serves_food="no",
        ciw_number="",
    )
    told(
        client,
        "contact",
        prefix,
        contact_name="Siân Morgan",
        address="2 Heol y Bont",
        town_en="Blackwood",
        town_cy="Coed-duon",
        postcode="np12 1aa",
        phone="01632 960111",
        email="sian@provider.example",
        language="cy",
        speaks_welsh="on",
    )
    told(client, "vat", prefix, vat_treatment="not registered")
    told(client, "terms", prefix, edition="2026-11", agrees="on")
    return told(
        client, "bank", prefix, name="S Morgan", sort_code="11-22-33", account_number="12345670", roll_number=""
    )


def two_offers_and_papers(provider, user, now):
    """Two offers in English, one of them in Welsh too: company, and no personal care; insured until 31 March."""
    joiners.draft(provider, user, now, title_en="Company at home", price_pence=1800)
    joiners.draft(provider, user, now, title_en="A walk together", title_cy="Tro gyda'n gilydd")
    joiners.show_papers(provider, user, now)


def rung_about_and_agreed_to(provider, first, second, now):
    account = provider.bank_accounts.get()
    account_changes.record_call(account=account, spoke_to="Siân", by=Who(user=first), now=now)
    account_changes.agree(account=account, by=Who(user=second), now=now)
    account.refresh_from_db()
    return account


def test_p1_sian_joins_in_welsh_is_asked_and_is_approved_for_six_months(clock, caerphilly, carys, ffion, gwen):
    home, team = Client(), Client()
    team.force_login(carys)

    # Monday evening: an e-mail address, a code, a name and a county; then the baby wakes up.
    sign_up(home, "sian@provider.example", "/cy")
    begin(home, caerphilly, name="Siân Morgan", prefix="/cy")
    user = User.objects.get(email="sian@provider.example")
    provider = user.provider_posts.get().provider
    assert (provider.state, provider.language, user.language) == (State.JOINING, "cy", "cy")

    # Wednesday, on another telephone and in English: the same address leads back to the same list.
    clock.now = london(2026, 10, 14, 21)
    home = Client()
    sign_up(home, "sian@provider.example")
    assert home.get(reverse("join_begin"))["Location"] == reverse("provider:joining")
    tell_about_sian(home)
    two_offers_and_papers(provider, user, clock.now)
    assert home.get(reverse("provider:joining")).context["missing"] == []

    # She sends it, and reads by which day she hears.
    home.post(reverse("provider:joining_send"), {"words": "Evenings suit me too."})
    provider.refresh_from_db()
    assert (provider.state, provider.answer_by) == (State.APPLIED, dt.date(2026, 10, 28))
    assert "Wednesday 28 October 2026" in text_of(home.get(reverse("provider:joining")))
    queue = text_of(team.get(reverse("team:queue")))
    assert "1 Providers who would like to join" in queue

    # The team asks; she answers; nobody may approve while papers wait.
    clock.now = london(2026, 10, 20, 10)
    team.post(reverse("team:ask_joiner", args=[provider.ref]), {"ask-words": "Do you drive?"})
    asked = OutboxMessage.objects.get(kind="joining_asked")
    assert asked.language == "cy"
    assert "Do you drive?" in text_of(home.get(reverse("provider:joining")))
    home.post(reverse("provider:joining_send"), {"words": "I do."})
    offers = list(provider.offers.values_list("pk", flat=True))
    approve = reverse("team:approve_joiner", args=[provider.ref])
    refused = team.post(approve, {"offers": offers, "mentor": carys.pk})
    assert refused.status_code == 200
    assert "Public liability insurance: Waiting for the carers team" in text_of(refused)
    assert not catalogue.live_offers(on=timezone.localdate()).exists()

    # The papers are looked at: insured until 31 March. Approved, within the ten working days.
    joiners.accept_papers(provider, carys, clock.now)
    team.post(approve, {"offers": offers, "mentor": carys.pk})
    provider.refresh_from_db()
    assert (provider.state, provider.approved_on) == (State.LIVE, dt.date(2026, 10, 20))
    assert provider.insurance_until == dt.date(2027, 3, 31)
    assert provider.provisional_until == dt.date(2027, 4, 19)
    live = catalogue.live_offers(on=dt.date(2026, 10, 20))
    assert sorted((bool(each.title_en), bool(each.title_cy)) for each in live) == [(True, False), (True, True)]
    assert all(not each.personal_care for each in live)
    assert not catalogue.live_offers(on=dt.date(2027, 4, 1)).exists()

    # Welcome, in Welsh; the mentor's list; the account is rung about by one and agreed to by another.
    assert OutboxMessage.objects.get(kind="joining_approved").language == "cy"
    assert home.get(reverse("provider:joining"))["Location"] == reverse("provider:inbox")
    assert home.get(reverse("provider:inbox")).status_code == 200
    team.post(reverse("team:mentor", args=[provider.ref]), {"point": "first-call", "note": "All clear."})
    assert "All clear." in text_of(team.get(reverse("team:mentor", args=[provider.ref])))
    account = rung_about_and_agreed_to(provider, ffion, gwen, clock.now)
    assert (account.state, account.asked_by) == ("agreed", user)
    assert audit.differences() == []


def test_p2_an_agency_with_care_tells_its_number_and_its_care_waits_for_the_registration(clock, caerphilly, carys):
    home = Client()
    sign_up(home, "office@agency.example")
    begin(home, caerphilly, name="Gofal Cwm Cyf")
    provider = Provider.objects.get(name="Gofal Cwm Cyf")
    told(
        home,
        "organisation",
        name="Gofal Cwm Cyf",
        legal_form="co-operative",
        is_user_led="on",
        has_staff="yes",
        serves_food="no",
        ciw_number="w123456",
    )
    provider.refresh_from_db()
    user = User.objects.get(email="office@agency.example")

    care = joiners.draft(provider, user, clock.now, title_en="Care at home", price_pence=2400)
    offering.change(offer=care, to={"personal_care": True}, by=Who(user=user), now=clock.now)
    page = text_of(home.get(reverse("provider:joining")))

    assert (provider.legal_form, provider.is_user_led, provider.ciw_number) == ("co-operative", True, "W123456")
    assert papers.Kind.EMPLOYERS_LIABILITY in papers.asked(provider)
    assert "Employers’ liability insurance: Not shown yet" in page
    assert "Care at home: Personal care: show your registration with Care Inspectorate Wales." in page


# --- The door ----------------------------------------------------------------------------------------------------


def test_nobody_is_made_before_the_code_is_typed(clock, caerphilly):
    client = Client()
    ask_for_a_code(client, "new@provider.example")
    wrong = client.post(reverse("join_code"), {"code": "22222222"})

    assert wrong.status_code == 200
    assert not User.objects.filter(email="new@provider.example").exists()


def test_a_known_and_an_unknown_address_look_the_same(clock, caerphilly, bryn):
    pages = []
    for email in (bryn.email, "new@provider.example"):
        client = Client()
        sent = ask_for_a_code(client, email)
        page = client.get(sent["Location"]).content.decode().replace(email, "…")
        pages.append((sent.status_code, sent["Location"], re.sub(r'value="[A-Za-z0-9]{64}"', "", page)))

    assert pages[0] == pages[1]
    assert OutboxMessage.objects.filter(kind="joining_code").count() == 2


def test_a_code_works_in_the_browser_that_asked_and_for_five_tries_of_fifteen_minutes(clock, caerphilly):
    asked, other = Client(), Client()
    ask_for_a_code(asked, "new@provider.example")
    code = code_of("new@provider.example")

    elsewhere = other.post(reverse("join_code"), {"code": code})
    for _try in range(5):
        asked.post(reverse("join_code"), {"code": "22222222"})
    too_often = asked.post(reverse("join_code"), {"code": code})
    ask_for_a_code(asked, "new@provider.example")
    clock.now += dt.timedelta(minutes=15)
    too_late = asked.post(reverse("join_code"), {"code": code_of("new@provider.example")})

    assert elsewhere["Location"] == reverse("join")
    assert "no longer good" in text_of(too_often)
    assert "no longer good" in text_of(too_late)
    assert not User.objects.exists()


def test_an_address_is_sent_five_codes_a_day(clock, caerphilly):
    pages = [ask_for_a_code(Client(REMOTE_ADDR=f"192.0.2.{n}"), "new@provider.example") for n in range(6)]

    assert [page.status_code for page in pages] == [302] * 5 + [200]
    assert OutboxMessage.objects.filter(kind="joining_code").count() == 5


def test_a_member_of_the_council_still_needs_the_second_step(clock, caerphilly, carys):
    client = Client()

    answer = sign_up(client, carys.email)

    assert answer["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("team:queue"))["Location"].startswith(reverse("account_login"))


def test_a_closed_account_stays_closed(clock, caerphilly, bryn, bryn_cafe):
    User.objects.filter(pk=bryn.pk).update(is_active=False)
    client = Client()

    sign_up(client, bryn.email)

    assert client.get(reverse("provider:inbox"))["Location"].startswith(reverse("account_login"))


def test_two_presses_of_begin_are_one_and_an_open_award_is_left(clock, caerphilly):
    client = Client()
    sign_up(client, "sian@provider.example")

    for name in ("Siân", "Siân again"):
        assert begin(client, caerphilly, name=name)["Location"] == reverse("provider:joining")

    assert Provider.objects.get().name == "Siân"
    assert Staff.objects.count() == 1


@pytest.mark.parametrize(
    "typed", [{}, {"name": " "}, {"name": "S", "council": "999999"}, {"name": "S", "council": "x"}]
)
def test_a_beginning_that_says_too_little_comes_back(clock, caerphilly, dafydd, typed):
    client = Client()
    client.force_login(dafydd)

    page = client.post(reverse("join_begin"), typed)

    assert page.status_code == 200
    assert "Please check your answers" in text_of(page)
    assert not Provider.objects.exists()


def test_a_county_without_the_scheme_cannot_be_chosen(clock, caerphilly, dafydd):
    elsewhere = factories.council(slug="conwy", name_en="Conwy", name_cy="Conwy")
    elsewhere.scheme.delete()
    client = Client()
    client.force_login(dafydd)

    assert begin(client, elsewhere, name="Siân").status_code == 200
    assert not Provider.objects.exists()


def test_who_withdraws_leaves_nothing_open_and_may_begin_again(clock, caerphilly):
    client = Client()
    sign_up(client, "sian@provider.example")
    begin(client, caerphilly, name="Siân")

    client.post(reverse("provider:joining_withdraw"))

    assert Provider.objects.get().state == State.CLOSED
    assert client.get(reverse("provider:joining")).status_code == 404
    begin(client, caerphilly, name="Siân")
    assert Provider.objects.filter(state=State.JOINING).count() == 1


def test_an_invited_provider_begins_with_the_same_address(clock, caerphilly, carys):
    team, home = Client(), Client()
    team.force_login(carys)
    typed = {"name": "Gardd Mair", "person": "Mair", "email": "mair@provider.example", "language": "cy"}

    for _press in range(2):
        team.post(reverse("team:invite_provider"), typed)
    sign_up(home, "mair@provider.example", "/cy")
    answer = home.get("/cy" + reverse("join_begin"))

    assert answer["Location"] == "/cy" + reverse("provider:joining")
    assert "Gardd Mair" in text_of(home.get(answer["Location"]))
    assert OutboxMessage.objects.filter(kind="joining_invited").count() == 1


def test_drafts_of_who_joins_are_seen_by_nobody_else(clock, caerphilly):
    provider, user = joiners.begun(caerphilly, clock.now)
    offer = joiners.draft(provider, user, clock.now)

    assert Client().get(offer.get_absolute_url()).status_code == 404
    assert offer.title_en not in text_of(Client().get(reverse("brochure")))
    assert Offer.objects.get().state == Offer.State.DRAFT


def test_who_joins_is_not_told_that_its_service_is_stopped_nor_led_to_what_comes_later(client, clock, caerphilly):
    sign_up(client, "gwen@cwtsh.example")
    begin(client, caerphilly, name="Cwtsh")

    page = client.get(reverse("provider:offers"))

    assert "Make a new offer" in text_of(page) and "Your service is stopped" not in text_of(page)
    assert reverse("provider:vat") not in page.content.decode()
