"""The share of breaks and of money that went to each kind of organisation."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import OutboxMessage
from providers.models import Provider
from tests import factories
from tests.voucher import claimed
from tests.voucher.carer.pages import text_of
from voucher.models import Booking
from voucher.settling import legal_forms, settlement

pytestmark = pytest.mark.django_db
PAY_ON = dt.date(2026, 10, 15)


@pytest.fixture
def paid(caerphilly, ffion, gwen, now):
    """A co-operative led by its users had £75 for three breaks, a sole trader £25 for one; one more costs nothing."""
    co_operative = factories.provider(caerphilly, name="Y Criw", legal_form="co-operative", is_user_led=True)
    trader = factories.provider(caerphilly, name="Siân", legal_form="sole trader")
    lines = []
    for number, (provider, breaks) in enumerate([(co_operative, 3), (trader, 1)]):
        by = Who(factories.provider_staff(provider, f"owner{number}@provider.example"))
        award = factories.award(caerphilly, value=40_000)
        lines += claimed.lines(provider, award, number=breaks, by=by)
    by = Who(ffion)
    run = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=by, now=now, key="prepare-1")
    settlement.release(run=run, by=Who(gwen), now=now)
    free = factories.offer(trader, price_pence=0)
    owner = Who(trader.staff.get().user)
    claimed.delivered(award, free, minutes=60, by=owner, starts_at=claimed.BREAK + dt.timedelta(days=9))
    return run


def test_breaks_and_money_are_shared_by_kind_and_a_break_that_cost_nothing_counts(paid, caerphilly):
    found = legal_forms.figures(caerphilly, year=2026)

    shares = {str(form): (share.breaks, share.pence) for form, share in found.by_form if share.breaks}
    assert shares == {"co-operative": (3, 7_500), "sole trader": (2, 2_500)}
    assert (found.promoted.breaks_percent, found.promoted.pence_percent) == (60, 75)
    assert (found.user_led.breaks, found.user_led.pence) == (3, 7_500)
    assert (found.whole.breaks, found.whole.pence) == (5, 10_000)


def test_the_shares_of_money_are_what_the_run_paid(paid, caerphilly):
    found = legal_forms.figures(caerphilly, year=2026)

    assert found.whole.pence == paid.total_pence


def test_another_year_and_another_council_have_none_of_it(paid, caerphilly, flintshire):
    for council, year in ((caerphilly, 2025), (caerphilly, 2027), (flintshire, 2026)):
        found = legal_forms.figures(council, year=year)
        assert (found.whole.breaks, found.whole.pence, found.promoted.pence_percent) == (0, 0, 0)


def test_a_year_begins_in_april(caerphilly, paid):
    assert [legal_forms.year_of(dt.date(2027, *day)) for day in ((3, 31), (4, 1))] == [2026, 2027]
    free, counted = Booking.objects.filter(price_pence=0), []
    # Midnight comes at 11pm by the world's clock, because summer time has begun.
    for start in (dt.datetime(2027, 3, 31, 22, 59, tzinfo=dt.UTC), dt.datetime(2027, 3, 31, 23, 0, tzinfo=dt.UTC)):
        free.update(starts_at=start, ends_at=start + dt.timedelta(hours=1))
        counted.append(legal_forms.figures(caerphilly, year=2026).whole.breaks)

    assert counted == [5, 4]


def test_the_figures_take_three_queries(paid, caerphilly, django_assert_num_queries):
    with django_assert_num_queries(3):
        legal_forms.figures(caerphilly, year=2026)


def test_the_page_and_the_file_say_the_same(paid, client, carys, clock):
    client.force_login(carys)

    page = text_of(client.get(reverse("team:legal_forms")))
    file = client.get(reverse("team:legal_forms_csv"), {"year": "2026"}).content.decode("utf-8-sig")

    assert "75% of the money and 60% of the breaks went to charities" in page
    assert "Co-operative 3 60% £75.00 75%" in page
    assert "Co-operative,3,60,75.00,75" in file
    assert "All,5,100,100.00,100" in file


@pytest.mark.parametrize("year", ["", "1066", "9999", "two", "２０２６", "9" * 30])
def test_a_year_that_cannot_be_is_this_year(client, carys, clock, year):
    client.force_login(carys)

    page = client.get(reverse("team:legal_forms"), {"year": year})

    assert page.context["year"] == 2026


def test_the_carers_team_writes_down_what_a_provider_has_become(paid, client, carys, clock, caerphilly, flintshire):
    trader = Provider.objects.get(name="Siân")
    address = reverse("team:what_it_is", args=[trader.ref])
    client.force_login(carys)
    assert address in client.get(reverse("team:provider", args=[trader.ref])).content.decode()
    assert "Council in-house" not in text_of(client.get(address))

    typed = {"name": "Siân a’i Chriw", "legal_form": "community interest company", "is_user_led": "on"}
    for _twice in range(2):
        assert "Saved. The provider is told." in text_of(client.post(address, typed, follow=True))

    found = legal_forms.figures(caerphilly, year=2026)
    assert (found.user_led.breaks, found.promoted.breaks_percent) == (5, 100)
    told = OutboxMessage.objects.get(kind="provider_renamed")
    assert (told.to, "Siân a’i Chriw (Community interest company)" in told.body) == (trader.email, True)
    assert client.post(address, typed | {"legal_form": "council in-house"}).status_code == 200
    trader.refresh_from_db()
    assert (trader.name, trader.legal_form) == ("Siân a’i Chriw", "community interest company")


def test_nothing_can_be_pressed_on_the_page_of_another_councils_provider(client, carys, clock, now):
    torfaen = factories.council(slug="torfaen", name_en="Torfaen", name_cy="Torfaen")
    theirs = factories.provider(torfaen, state="suspended", stopped_because="Somebody was hurt.", stopped_at=now)
    client.force_login(carys)

    page = client.get(reverse("team:provider", args=[theirs.ref])).content.decode()

    assert "Somebody was hurt." not in page
    for act in ("what_it_is", "stop", "close_provider"):
        assert reverse(f"team:{act}", args=[theirs.ref]) not in page
        assert client.get(reverse(f"team:{act}", args=[theirs.ref])).status_code == 404
