"""Journeys of providers with prices: P2, a weekday, a weekend and a bank holiday; P7, a new rate from a day on."""

import datetime as dt
import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry
from brochure import editions, offering
from brochure.models import OfferPrice
from tests import factories
from tests.voucher.breaks import london
from voucher import bookings
from voucher.claiming import claims
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, Choice, ClaimLine

pytestmark = pytest.mark.django_db
State = Booking.State
ENTERED = dt.datetime(2026, 8, 28, 9, tzinfo=dt.UTC)  # a Friday
OCTOBER = dt.date(2026, 10, 1)


@pytest.fixture
def clock(clock):
    clock.now = ENTERED
    return clock


@pytest.fixture
def agency(caerphilly):
    return factories.provider(caerphilly, name="Gofal Gwent")


@pytest.fixture
def sitting(agency):
    return factories.offer(agency, price_pence=2400, slug="sitting")


@pytest.fixture
def owner(agency):
    return factories.provider_staff(agency)


@pytest.fixture
def office(owner):
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 8, 1))


@pytest.fixture
def carer(award, sitting, clock):
    """A browser in which the code of an award of £400 has been typed."""
    client = Client()
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=clock.now)})
    return client


def text(response):
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", body).split()))


def sent(response):
    """Return the hidden fields of a page, as its form sends them."""
    page = response.content.decode()
    found = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', page)
    return {name: html.unescape(value) for name, value in found}


def typed(day, **prices):
    return prices | {"first_day_day": day.day, "first_day_month": day.month, "first_day_year": day.year}


def new_prices(office, offer, day, **prices):
    """Type new prices, look at them once more, and press; return the page that follows."""
    address = reverse("provider:prices", args=[offer.number])
    check = office.post(address, typed(day, **prices))
    assert "Is this right?" in text(check), text(check)
    return office.post(address, sent(check) | {"agreed": "1"}, follow=True)


def last_look(carer, offer, starts_at, minutes):
    address = reverse("my:ask", args=[offer.slug])
    moment = starts_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")
    return carer.get(address, {"minutes": minutes, "starts_at": moment})


def ask(carer, offer, starts_at, minutes=120):
    """Go to the last look of a break and press; return the Booking and what the last look said."""
    page = last_look(carer, offer, starts_at, minutes)
    answer = carer.post(reverse("my:ask", args=[offer.slug]), sent(page) | {"note": ""})
    assert answer.status_code == 302, text(answer)
    return Booking.objects.latest("pk"), text(page)


def test_p7_new_rate_from_1_october_entered_28_august_leaves_bookings_made_before_at_the_old_rate(
    office, owner, carer, award, sitting, clock
):
    said = text(new_prices(office, sitting, OCTOBER, standard="26"))
    assert "The new price begins on Thursday 1 October; what is booked keeps its price." in said
    assert "Monday to Friday: £26 an hour from Thursday 1 October" in said

    # In September it still costs £24, and whoever looks is told what comes.
    clock.now = dt.datetime(2026, 9, 21, 9, tzinfo=dt.UTC)
    page = text(carer.get(sitting.get_absolute_url()))
    assert "£24 an hour" in page and "From Thursday 1 October: £26 an hour" in page
    before, said = ask(carer, sitting, london(2026, 10, 5, 10))
    assert "Ask: £48 will be set aside" in said

    clock.now = dt.datetime(2026, 10, 1, 9, tzinfo=dt.UTC)
    assert "£26 an hour" in text(carer.get(sitting.get_absolute_url()))
    after, said = ask(carer, sitting, london(2026, 10, 6, 10))
    assert "Ask: £52 will be set aside" in said
    assert (before.unit_price_pence, before.price_pence) == (2400, 4800)
    assert (after.unit_price_pence, after.price_pence) == (2600, 5200)

    # Both are given in October; of the first an hour and a half, at the old rate.
    for row, minutes in ((before, 90), (after, 120)):
        bookings.confirm(booking=row, by=Who(user=owner), now=row.requested_at)
        clock.now = row.ends_at + dt.timedelta(minutes=5)
        office.post(reverse("provider:deliver", args=[row.ref]), {"delivered-minutes": minutes})
    rows = list(Booking.objects.filter(provider=sitting.provider).order_by("pk"))
    claims.make(
        provider=sitting.provider,
        council=award.council,
        bookings=rows,
        invoice_number="",
        by=Who(user=owner),
        now=clock.now,
        key="october",
    )
    award.account.refresh_from_db()
    assert sorted(ClaimLine.objects.values_list("amount_pence", flat=True)) == [3600, 5200]
    assert (award.account.held, award.account.available) == (0, 40_000 - 8800)
    assert audit.differences() == []


def test_p7_a_rise_with_too_little_notice_is_told_from_when_it_can_begin(office, sitting, clock):
    page = office.post(reverse("provider:prices", args=[sitting.number]), typed(dt.date(2026, 9, 24), standard="26"))

    assert "This can begin on Friday 25 September at the earliest." in text(page)
    assert sitting.prices.count() == 1


def test_p7_a_rise_of_more_than_ten_percent_goes_to_the_carers_team_first(office, sitting, clock, carys):
    said = text(new_prices(office, sitting, OCTOBER, standard="27"))
    assert "The carers team looks at it first" in said and "Waiting for the carers team" in said
    assert sitting.prices.count() == 1

    offering.approve(version=offering.waiting_version(sitting), by=Who(user=carys), now=clock.now)

    assert sitting.prices.get(first_day=OCTOBER).price_pence == 2700
    assert "Waiting for the carers team" not in text(office.get(reverse("provider:prices", args=[sitting.number])))


def test_p7_a_price_that_has_not_begun_is_taken_back_with_one_press(office, sitting, clock):
    new_prices(office, sitting, OCTOBER, standard="26")
    taken = {"rate": "standard", "first_day": "2026-10-01"}

    first = office.post(reverse("provider:take_back_price", args=[sitting.number]), taken, follow=True)
    second = office.post(reverse("provider:take_back_price", args=[sitting.number]), taken, follow=True)

    assert "Taken back." in text(first) and "Nothing has changed." in text(second)
    assert sitting.prices.count() == 1


def test_p7_the_printed_promise_is_shown_and_holds(office, carer, sitting, clock, carys):
    edition = editions.freeze(by=Who(user=carys), now=clock.now)
    new_prices(office, sitting, OCTOBER, standard="26")
    # A carer who looks in August is told the day from which they really pay it.
    said = text(carer.get(sitting.get_absolute_url()))
    assert "From Sunday 28 February 2027: £26 an hour" in said and "From Thursday 1 October" not in said
    clock.now = dt.datetime(2026, 10, 2, 9, tzinfo=dt.UTC)

    page = text(office.get(reverse("provider:prices", args=[sitting.number])))
    row, _said = ask(carer, sitting, london(2026, 10, 6, 10))

    assert f"Brochure number {edition.number} has printed: £24 an hour." in page
    assert row.price_pence == 4800
    assert "it still holds" in text(carer.get(sitting.get_absolute_url()))


@pytest.fixture
def three_rates(sitting):
    for rate, pence in (("weekend", 2800), ("bank_holiday", 3600)):
        OfferPrice.objects.create(offer=sitting, rate=rate, price_pence=pence, first_day=dt.date(2026, 1, 1))
    return sitting


@pytest.fixture
def at_easter(caerphilly, clock, three_rates):
    """A browser with an award of £400 in March 2027, before Easter."""
    clock.now = dt.datetime(2027, 3, 15, 9, tzinfo=dt.UTC)
    award = factories.award(caerphilly, value=40_000, first_day=dt.date(2027, 3, 1))
    client = Client()
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=clock.now)})
    client.award = award
    return client


def test_p2_weekday_24_weekend_28_bank_holiday_36(at_easter, three_rates):
    asked = [
        ask(at_easter, three_rates, london(2027, 3, 29, 10)),  # Easter Monday
        ask(at_easter, three_rates, london(2027, 3, 20, 10)),  # a Saturday
        ask(at_easter, three_rates, london(2027, 3, 24, 19)),  # a Wednesday evening: no rate of its own
        ask(at_easter, three_rates, london(2027, 3, 24, 10)),
    ]

    assert [row.unit_price_pence for row, _said in asked] == [3600, 2800, 2400, 2400]
    assert [re.search(r"Ask: (\S+) will", said)[1] for _row, said in asked] == ["£72", "£56", "£48", "£48"]
    assert "Left to use after that £328" in asked[0][1]
    at_easter.award.account.refresh_from_db()
    assert (at_easter.award.account.held, at_easter.award.account.available) == (22_400, 17_600)
    assert audit.differences() == []


def test_p2_an_evening_with_a_rate_of_its_own_begins_at_six(at_easter, three_rates):
    OfferPrice.objects.create(offer=three_rates, rate="evening", price_pence=2600, first_day=dt.date(2026, 1, 1))

    before, after = (ask(at_easter, three_rates, london(2027, 3, *time), 60) for time in ((23, 17, 30), (24, 18)))

    assert (before[0].price_pence, after[0].price_pence) == (2400, 2600)


def test_p2_the_pages_say_from_and_then_what_the_day_costs(at_easter, three_rates):
    found = text(at_easter.get(reverse("brochure"), {"words": "sitting"}))
    page = text(at_easter.get(three_rates.get_absolute_url()))
    address = reverse("my:ask", args=[three_rates.slug])
    lengths = text(at_easter.get(address))
    days = text(at_easter.get(address, {"minutes": 120, "later": 1}))

    assert "from £24 an hour" in found
    assert "Monday to Friday: £24 an hour Saturday and Sunday: £28 an hour Bank holidays: £36 an hour" in page
    assert "2 hours: from £48" in lengths
    assert "Saturday 20 March: £28 an hour" in days and "Monday 29 March: £36 an hour" in days


def test_p2_a_break_that_is_too_dear_only_on_a_bank_holiday_leads_to_other_times(at_easter, three_rates):
    page = last_look(at_easter, three_rates, london(2027, 3, 29, 9), 12 * 60)  # £432
    assert page.status_code == 302 and page.url.startswith(reverse("my:too_dear", args=[three_rates.slug]))

    ways = at_easter.get(page.url)

    assert "costs £432 on Monday 29 March" in text(ways)
    assert "It costs less at other times" in text(ways)
    assert last_look(at_easter, three_rates, london(2027, 3, 24, 9), 12 * 60).status_code == 200  # £288


def test_p2_a_price_seen_for_one_time_is_not_agreed_to_for_another(at_easter, three_rates):
    seen = sent(last_look(at_easter, three_rates, london(2027, 3, 24, 10), 120))
    easter = seen | {"starts_at": "2027-03-29T09:00Z", "note": ""}

    answer = at_easter.post(reverse("my:ask", args=[three_rates.slug]), easter)

    assert "The price has changed. It is now £72, and was £48." in text(answer)
    assert not Booking.objects.exists()


def test_p2_the_hours_of_an_award_are_hours_whatever_they_cost(caerphilly, clock, three_rates):
    clock.now = dt.datetime(2027, 3, 15, 9, tzinfo=dt.UTC)
    award = factories.award(caerphilly, unit="minutes", value=960, first_day=dt.date(2027, 3, 1))
    client = Client()
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=clock.now)})

    row, _said = ask(client, three_rates, london(2027, 3, 29, 10))

    assert (row.amount, row.price_pence) == (120, 7200)
    assert audit.differences() == []


def test_p2_the_time_a_break_is_moved_to_leaves_its_price(at_easter, three_rates, office):
    row, _said = ask(at_easter, three_rates, london(2027, 3, 20, 10))
    at_easter.post(reverse("my:change_time", args=[row.ref]), {"starts_at": "2027-03-24T10:00Z"})

    row.refresh_from_db()

    assert (timezone.localdate(row.starts_at), row.price_pence) == (dt.date(2027, 3, 24), 5600)


@pytest.mark.parametrize("page", ["prices", "take_back_price"])
def test_another_provider_does_not_find_the_prices_of_this_one(caerphilly, sitting, page):
    stranger = Client()
    stranger.force_login(factories.provider_staff(factories.provider(caerphilly), "other@provider.example"))

    assert stranger.post(reverse(f"provider:{page}", args=[sitting.number]), {}).status_code == 404


def test_a_first_price_is_typed_once_and_counts_at_once(office, agency, sitting):
    draft = factories.offer(agency, state="draft", slug="draft")
    draft.prices.all().delete()
    address = reverse("provider:prices", args=[draft.number])

    answer = office.post(address, {"standard": "24", "weekend": "28", "bank_holiday": "36"}, follow=True)

    assert "Saved." in text(answer)
    rates = {row.rate: row.price_pence for row in draft.prices.all()}
    assert rates == {"standard": 2400, "weekend": 2800, "bank_holiday": 3600}


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ({"standard": ""}, "Enter an amount in pounds"),
        ({"standard": "-1"}, "numbers only"),
        ({"standard": "abc"}, "numbers only"),
        ({"standard": "5000.01"}, "A price can be £5,000 at most"),
        ({"standard": "24", "weekend": "28"}, "These are the prices you have already"),
    ],
)
def test_what_cannot_be_a_price_is_said_beside_its_box(office, sitting, clock, prices, words):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=2800, first_day=dt.date(2026, 1, 1))

    page = office.post(
        reverse("provider:prices", args=[sitting.number]), typed(OCTOBER, **({"weekend": "28"} | prices))
    )

    assert words in text(page)
    assert sitting.prices.count() == 2


def test_p7_an_emptied_box_leaves_a_rate_out_and_says_so_before_and_after(office, sitting, clock):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=2800, first_day=dt.date(2026, 1, 1))
    address = reverse("provider:prices", args=[sitting.number])
    typing = typed(OCTOBER, standard="24", weekend="")

    check = office.post(address, typing)
    said = text(office.post(address, sent(check) | {"agreed": "1"}, follow=True))

    assert "£24 an hour (until then £28 an hour) The same as from Monday to Friday" in text(check)
    assert "Saturday and Sunday: the same as from Monday to Friday from Thursday 1 October" in said
    page = text(Client().get(sitting.get_absolute_url()))
    assert "Saturday and Sunday: £28 an hour" in page
    assert "From Thursday 1 October: Saturday and Sunday: £24 an hour" in page


def test_p7_a_box_that_is_left_as_it_is_changes_nothing_though_it_says_a_price_to_come(office, sitting, clock):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=2800, first_day=dt.date(2026, 1, 1))
    new_prices(office, sitting, OCTOBER, standard="26", weekend="28")
    today = timezone.localdate(ENTERED)

    said = text(new_prices(office, sitting, today, standard="26", weekend="25"))

    assert "Saved." in said and "Saturday and Sunday £25 an hour" in said
    assert "Monday to Friday: £26 an hour from Thursday 1 October" in said
    assert sitting.prices.filter(rate="standard", first_day=today).count() == 0


def test_p7_what_is_printed_is_said_before_a_dearer_price_is_saved(office, owner, sitting, clock):
    editions.freeze(by=Who(user=owner), now=clock.now)
    address = reverse("provider:prices", args=[sitting.number])

    dearer = text(office.post(address, typed(OCTOBER, standard="26")))
    cheaper = text(office.post(address, typed(OCTOBER, standard="20")))

    assert "Brochure number 1 has printed: £24 an hour. Until Saturday 27 February 2027 no carer pays" in dearer
    assert "has printed" not in cheaper


def test_the_carers_team_sees_which_rate_would_be_left_out(office, sitting, clock, carys):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=2000, first_day=dt.date(2026, 1, 1))
    new_prices(office, sitting, OCTOBER, standard="24", weekend="")
    team = Client()
    team.force_login(carys)

    page = text(team.get(reverse("team:offer", args=[sitting.number])))

    assert "Saturdays and Sundays: the same as from Monday to Friday from 1 October 2026" in page


def test_a_press_twice_sets_one_price(office, sitting, clock):
    address = reverse("provider:prices", args=[sitting.number])
    check = sent(office.post(address, typed(OCTOBER, standard="26"))) | {"agreed": "1"}

    office.post(address, check)
    again = office.post(address, check)

    assert "These are the prices you have already" in text(again)
    assert sitting.prices.count() == 2
    assert HistoryEntry.objects.filter(act="offer.prices_set").count() == 1


def test_p2_a_sitter_costs_what_her_own_start_costs(at_easter, three_rates, agency):
    """The swim begins at six in the evening; a sitter who comes half an hour earlier comes for the price of the day."""
    OfferPrice.objects.create(offer=three_rates, rate="evening", price_pence=2600, first_day=dt.date(2026, 1, 1))
    swim = factories.offer(
        agency, category=factories.category("swimming"), slug="swim", unit="session", price_pence=700
    )
    query = {"minutes": 60, "starts_at": "2027-03-24T18:00Z"}

    early = text(at_easter.get(reverse("my:ask_sitter", args=[swim.slug]), query | {"margin": 30}))
    late = text(at_easter.get(reverse("my:ask_sitter", args=[swim.slug]), query | {"margin": 0}))

    # From 17:30 for two hours at £24; from 18:00 for an hour at £26.
    assert "£48" in early and "£26" not in early
    assert "£26" in late


def test_p2_another_time_as_second_choice_has_its_own_price_and_sets_aside_only_the_first(at_easter, three_rates):
    page = reverse("my:ask_another", args=[three_rates.slug])
    shown = at_easter.get(page, {"minutes": 120, "starts_at": "2027-03-19T10:00Z"})  # a Friday
    saturday = next(each for each in shown.context["times"] if timezone.localdate(each["one"].starts_at).day == 20)
    look = at_easter.get(saturday["href"])

    assert saturday["one"].quote.price_pence == 5600
    at_easter.post(reverse("my:ask", args=[three_rates.slug]), sent(look) | {"also": saturday["sent"], "note": ""})

    booking = Booking.objects.get()
    assert list(Choice.objects.order_by("position").values_list("price_pence", flat=True)) == [4800, 5600]
    at_easter.award.account.refresh_from_db()
    assert at_easter.award.account.held == 4800

    bookings.decline(booking=booking, reason="full", note="", by=Who(label="office"), now=booking.requested_at)
    at_easter.award.account.refresh_from_db()
    assert at_easter.award.account.held == 5600
    assert audit.differences() == []


def test_p2_own_money_pays_what_a_bank_holiday_costs_more_than_is_left(at_easter, three_rates, agency):
    agency.takes_own_money = True
    agency.save()
    dear = at_easter.get(last_look(at_easter, three_rates, london(2027, 3, 29, 9), 12 * 60).url)  # £432 of £400
    address = html.unescape(
        re.search(r'href="([^"]*/ask/sitting/own/[^"]*|[^"]*own[^"]*minutes=720[^"]*)"', dear.content.decode())[1]
    )

    look = at_easter.get(address)
    answer = at_easter.post(address.partition("?")[0], sent(look) | {"way": "direct", "agrees": "on", "note": ""})

    assert "£432" in text(look) and "£32" in text(look)
    assert answer.status_code == 302, text(answer)
    row = Booking.objects.get()
    assert (row.price_pence, row.own_pence, row.amount) == (43_200, 3_200, 40_000)
    assert audit.differences() == []
