"""The provider's times, through the pages: limits, a booked-out Saturday, two staff at once, nights, holidays.

The names are those of the design's journeys; the figures are worked out by hand.
"""

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.history import Who
from brochure.models import PostcodeDistrict
from tests import factories
from tests.voucher.breaks import ALYS, london
from voucher import bookings, jobs
from voucher.calendars.places_taken import taken_by_offer
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, WaitingPlace

SATURDAY = dt.date(2026, 10, 24)
TEN = london(2026, 10, 24, 10)
State = Booking.State


def opened(award, now):
    """A browser in which the code of an award has been typed."""
    client = Client()
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=factories.TESTS, now=now)})
    return client


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def text(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def as_typed(moment):
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")


def ask_on_the_page(client, offer, starts_at, minutes, pence):
    """Send the last page of asking, as a browser does, and return the answer."""
    sent = {"key": uuid.uuid4(), "minutes": minutes, "starts_at": as_typed(starts_at), "seen_price_pence": pence}
    return client.post(reverse("my:ask", args=[offer.slug]), sent, follow=True)


def ask(award, offer, now, *, starts_at, minutes, pence):
    return bookings.make(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=pence,
        by=ALYS,
        now=now,
        key=str(uuid.uuid4()),
    )


def account_of(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


# --- P2: an agency --------------------------------------------------------------------------------------------------


@pytest.fixture
def agency(caerphilly):
    """Four staff, two hours at least, three postcode districts, 30 hours a week; £24 an hour."""
    provider = factories.provider(caerphilly, name="Gofal Gartref", breaks_at_once=4)
    return factories.offer(
        provider,
        price_pence=2_400,
        hours="Mon-Sun 07:00-22:00",
        least_minutes=120,
        areas=["CF81", "CF82", "NP12"],
        places=4,
        week_minutes=30 * 60,
        personal_care=True,
        title_en="Care at home",
    )


def carer_at(council, postcode, **award):
    return factories.award(council, carer_row=factories.carer(council, postcode=postcode), **award)


def test_p2_an_agency_comes_for_two_hours_at_least(caerphilly, agency, clock, now):
    award = carer_at(caerphilly, "CF81 8AA")
    carer = opened(award, now)

    page = carer.get(reverse("my:ask", args=[agency.slug])).content.decode()

    assert '<option value="120"' in page
    assert '<option value="60"' not in page
    answer = ask_on_the_page(carer, agency, TEN, 120, 4_800)
    assert answer.redirect_chain
    assert account_of(award) == (25_200, 4_800)
    assert not ask_on_the_page(carer, agency, TEN + dt.timedelta(days=1), 60, 2_400).redirect_chain[1:]
    assert Booking.objects.count() == 1


def test_p2_an_agency_comes_to_three_districts_and_says_so_to_others(caerphilly, agency, clock, now):
    """R66. Outside she is told and cannot ask; where we do not know her district she can; the team can for her."""
    inside, outside, unknown = (
        opened(carer_at(caerphilly, postcode), now) for postcode in ("CF82 7AA", "NP44 1AA", "nowhere")
    )
    address = reverse("my:ask", args=[agency.slug])

    assert "They do not come to where you live" in text(outside.get(address))
    assert "CF81, CF82 and NP12" in text(outside.get(address))
    assert "you live outside that area" in text(outside.get(agency.get_absolute_url()))
    assert "They do not come to where you live" in text(ask_on_the_page(outside, agency, TEN, 120, 4_800))
    assert "They do not come" not in text(inside.get(address))
    assert "They do not come" not in text(unknown.get(address))
    assert Booking.objects.count() == 0

    carys = factories.user("carys@council.example", role="team", council=caerphilly)
    award = carer_at(caerphilly, "NP44 1AA")
    by = Who(user=carys, on_behalf_of=f"award {award.ref}")
    wanted = bookings.Wanted(agency, TEN, 120, 4_800)
    assert bookings.ask(award=award, parts=[[wanted]], by=by, now=now, key="team")


def test_p2_the_finder_shows_who_comes_to_my_home(client, caerphilly, agency, bryn_cafe, clock):
    for name, latitude in [("CF81", 51.69), ("NP44", 51.85), ("NP12", 51.67)]:
        PostcodeDistrict.objects.create(district=name, latitude=latitude, longitude=-3.2)
    factories.offer(bryn_cafe, title_en="A visit to the café")

    def found(postcode):
        answer = client.get(reverse("brochure"), {"words": "", "postcode": postcode, "comes": "on"})
        return [offer.title_en for offer in answer.context["result"].offers]

    assert found("CF81") == ["Care at home"]
    assert found("NP44") == []
    assert "Also who does not come to my home" in text(
        client.get(reverse("brochure"), {"words": "", "postcode": "NP44", "comes": "on"})
    )
    assert "we need your postcode" in text(client.get(reverse("brochure"), {"words": "", "comes": "on"}))


def test_p2_an_agency_gives_30_hours_a_week(caerphilly, agency, clock, now):
    """Three calls of nine and a half hours are 28½; two hours more are too many, one and a half is under the least."""
    for day in (19, 20, 21):
        ask(
            carer_at(caerphilly, "CF81 8AA"),
            agency,
            now,
            starts_at=london(2026, 10, day, 8),
            minutes=570,
            pence=22_800,
        )
    award = carer_at(caerphilly, "CF81 8AA")
    carer = opened(award, now)

    same_week = ask_on_the_page(carer, agency, TEN, 120, 4_800)
    assert "Someone else has just taken that time" in text(same_week)
    ask_on_the_page(carer, agency, london(2026, 10, 26, 10), 120, 4_800)

    assert Booking.objects.get(award=award).starts_at == london(2026, 10, 26, 10)


def test_p2_four_staff_are_four_breaks_at_once_in_all_offers_together(caerphilly, agency, now):
    nights = factories.offer(agency.provider, price_pence=3_000, places=4)
    for offer, pence in ((agency, 4_800), (agency, 4_800), (nights, 6_000), (nights, 6_000)):
        ask(carer_at(caerphilly, "CF81 8AA"), offer, now, starts_at=TEN, minutes=120, pence=pence)

    for offer, pence in ((agency, 4_800), (nights, 6_000)):
        with pytest.raises(bookings.Full):
            ask(carer_at(caerphilly, "CF81 8AA"), offer, now, starts_at=TEN, minutes=120, pence=pence)


def test_p2_suggested_times_keep_to_the_agencys_limits(caerphilly, agency, now):
    """A fifth break at that hour cannot be suggested either: nobody is there to give it."""
    owner = Who(user=factories.provider_staff(agency.provider))
    for _staff in range(4):
        ask(carer_at(caerphilly, "CF81 8AA"), agency, now, starts_at=TEN, minutes=120, pence=4_800)
    late = ask(
        carer_at(caerphilly, "CF81 8AA"), agency, now, starts_at=TEN + dt.timedelta(hours=3), minutes=120, pence=4_800
    )

    with pytest.raises(bookings.BadTime) as refused:
        bookings.suggest(booking=late, starts=[TEN + dt.timedelta(hours=1)], by=owner, now=now)

    assert refused.value.why == "taken"


# --- A booked-out Saturday ------------------------------------------------------------------------------------------


@pytest.fixture
def swim(bryn_cafe):
    return factories.offer(
        bryn_cafe,
        unit="session",
        minutes=120,
        price_pence=2_000,
        hours="Sat 10:00-12:00",
        has_waiting_list=True,
        title_en="A swim",
    )


def test_a_booked_out_saturday_from_the_finder_to_the_last_in_line(caerphilly, swim, clock, now):
    """One place and five carers: one books, the finder and the asking say so to the rest, three wait, in turn."""
    first, second, third, fourth, stranger = (factories.award(caerphilly) for _ in range(5))
    browsers = {award.pk: opened(award, now) for award in (first, second, third, fourth, stranger)}

    def finds(award):
        answer = browsers[award.pk].get(reverse("brochure"), {"words": "", "day": SATURDAY.isoformat()})
        return [offer.pk for offer in answer.context["result"].offers]

    def asks(award):
        return ask_on_the_page(browsers[award.pk], swim, TEN, 120, 2_000)

    def waits(award):
        return browsers[award.pk].post(reverse("my:wait", args=[swim.slug]), {"day": "2026-10-24", "minutes": 120})

    assert finds(first) == [swim.pk]
    asks(first)
    booking = Booking.objects.get()
    assert finds(second) == []
    assert "Someone else has just taken that time" in text(asks(second))
    assert account_of(second) == (30_000, 0)
    for award in (second, third, fourth):
        assert waits(award).status_code == 302
    line = list(WaitingPlace.objects.order_by("pk"))

    # The first cancels: the place is kept for the second, and taken for everybody else.
    browsers[first.pk].post(reverse("my:cancel", args=[booking.ref]))
    assert "Someone else has just taken that time" in text(asks(stranger))
    list(jobs.run(clock.now))
    assert finds(stranger) == []
    assert "Someone else has just taken that time" in text(asks(stranger))
    assert [place.state for place in WaitingPlace.objects.order_by("pk")] == ["kept", "waiting", "waiting"]

    # The second lets it go, the third does not answer, the fourth takes it.
    browsers[second.pk].post(reverse("my:leave_line", args=[line[0].pk]))
    list(jobs.run(clock.now))
    clock.now += dt.timedelta(hours=2)
    list(jobs.run(clock.now))
    assert [place.state for place in WaitingPlace.objects.order_by("pk")] == ["passed", "passed", "kept"]
    form = browsers[fourth.pk].get(reverse("my:waiting", args=[line[2].pk])).context["form"]
    sent = {"key": form.initial["key"], "seen_price_pence": form.initial["seen_price_pence"]}
    browsers[fourth.pk].post(reverse("my:take_place", args=[line[2].pk]), sent)

    taken = Booking.objects.filter(starts_at=TEN, state__in=Booking.TAKES_A_PLACE)
    assert [row.award for row in taken] == [fourth]
    assert [account_of(award) for award in (first, second, third, fourth)] == [(30_000, 0)] * 3 + [(28_000, 2_000)]
    assert audit.differences() == []


# --- Two staff press at once ----------------------------------------------------------------------------------------


@pytest.fixture
def two_staff(bryn_cafe):
    """Siwan and Macsen both have the same booking open in their browsers."""
    users = [
        factories.provider_staff(bryn_cafe, f"{name}@provider.example", kind=kind)
        for name, kind in (("siwan", "owner"), ("macsen", "bookings"))
    ]
    return [signed_in(user) for user in users]


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, title_en="Sitting at home")


def test_two_staff_answer_one_request_and_the_second_is_told_what_happened(caerphilly, sitting, two_staff, clock, now):
    award = factories.award(caerphilly)
    booking = ask(award, sitting, now, starts_at=TEN, minutes=150, pence=6_250)
    siwan, macsen = two_staff
    for browser in two_staff:
        assert "confirm" in browser.get(reverse("provider:booking", args=[booking.ref])).content.decode()

    siwan.post(reverse("provider:confirm", args=[booking.ref]), {"seen_starts_at": booking.starts_at.isoformat()})
    booking.refresh_from_db()
    assert booking.state == State.CONFIRMED
    answer = macsen.post(
        reverse("provider:decline", args=[booking.ref]), {"decline-reason": "full", "reason": "full"}, follow=True
    )

    booking.refresh_from_db()
    assert (answer.status_code, booking.state) == (200, State.CONFIRMED)
    assert account_of(award) == (23_750, 6_250)
    assert audit.differences() == []


def test_two_staff_mark_one_break_as_given_once(caerphilly, sitting, two_staff, clock, now):
    award = factories.award(caerphilly)
    booking = ask(award, sitting, now, starts_at=TEN, minutes=150, pence=6_250)
    siwan, macsen = two_staff
    siwan.post(reverse("provider:confirm", args=[booking.ref]), {"seen_starts_at": booking.starts_at.isoformat()})
    clock.now = booking.ends_at

    for browser, minutes in ((siwan, 150), (macsen, 60)):
        browser.post(reverse("provider:deliver", args=[booking.ref]), {"delivered-minutes": minutes}, follow=True)

    booking.refresh_from_db()
    assert (booking.state, booking.delivered_minutes, booking.due_pence) == (State.DELIVERED, 150, 6_250)
    assert audit.differences() == []


# --- The nights in which the clocks change --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("night", "hours", "pence", "ends"),
    [
        # From ten at night to seven: ten hours pass in October, eight in March.
        (london(2026, 10, 24, 22), 10, 25_000, london(2026, 10, 25, 7)),
        (london(2027, 3, 27, 22), 8, 20_000, london(2027, 3, 28, 7)),
    ],
)
def test_a_night_sit_is_paid_by_the_hours_that_pass(caerphilly, bryn_cafe, clock, night, hours, pence, ends):
    sit = factories.offer(
        bryn_cafe, unit="session", minutes=hours * 60, price_pence=pence, hours="Sat 22:00-23:00", notice_hours=48
    )
    clock.now = night - dt.timedelta(days=5)
    award = factories.award(caerphilly, first_day=clock.now.date(), now=clock.now)

    answer = ask_on_the_page(opened(award, clock.now), sit, night, hours * 60, pence)

    booking = Booking.objects.get()
    assert answer.redirect_chain
    assert booking.ends_at == ends
    assert (booking.ends_at - booking.starts_at).total_seconds() == hours * 3600
    assert account_of(award) == (30_000 - pence, pence)


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 10, 25), 25), (dt.date(2027, 3, 28), 23)])
def test_a_whole_day_lasts_25_or_23_hours_and_a_stay_over_it_costs_its_nights(caerphilly, bryn_cafe, clock, day, hours):
    """Two nights over the change: the price of two nights, whatever the clocks do; from 3pm to 3pm."""
    stay = factories.offer(bryn_cafe, unit="night", minutes=1440, price_pence=9_000, hours="Mon-Sun 15:00-18:00")
    arrives = london(day.year, day.month, day.day, 15) - dt.timedelta(days=1)
    clock.now = arrives - dt.timedelta(days=5)
    award = factories.award(caerphilly, first_day=clock.now.date(), now=clock.now)

    ask_on_the_page(opened(award, clock.now), stay, arrives, 2880, 18_000)

    booking = Booking.objects.get()
    assert booking.ends_at == london(day.year, day.month, day.day, 15) + dt.timedelta(days=1)
    assert (booking.ends_at - booking.starts_at).total_seconds() == (24 + hours) * 3600
    assert account_of(award) == (12_000, 18_000)
    assert taken_by_offer([stay.pk], after=clock.now, before=booking.ends_at)[stay.pk] == [
        (booking.starts_at, booking.ends_at)
    ]


# --- Bank holidays --------------------------------------------------------------------------------------------------


def test_a_bank_holiday_is_closed_where_the_provider_says_so(caerphilly, bryn_cafe, clock):
    """Easter 2027: closed from Good Friday to Easter Monday, told by one line; the week around it stays."""
    sitting = factories.offer(bryn_cafe, other_days="2027-03-26/2027-03-29 closed")
    clock.now = london(2027, 3, 22, 10)
    award = factories.award(caerphilly, first_day=dt.date(2027, 3, 1), now=clock.now)
    carer = opened(award, clock.now)

    answer = carer.get(reverse("my:ask", args=[sitting.slug]), {"minutes": 60})
    days = [value for value, _words in answer.context["form"].fields["day"].choices]

    assert days[:4] == ["2027-03-23", "2027-03-24", "2027-03-25", "2027-03-30"]
    assert "Closed from Friday 26 March to Monday 29 March" in text(carer.get(sitting.get_absolute_url()))
    refused = ask_on_the_page(carer, sitting, london(2027, 3, 27, 10), 60, 2_500)
    assert "They are closed at that time." in text(refused)
    assert Booking.objects.count() == 0


def test_a_request_before_easter_is_answered_by_working_days(caerphilly, sitting, clock):
    """R7. Asked on Maundy Thursday: Friday to Monday are no working days, so two of them end on Wednesday at five."""
    clock.now = london(2027, 3, 25, 10)
    award = factories.award(caerphilly, first_day=dt.date(2027, 3, 1), now=clock.now)

    ask_on_the_page(opened(award, clock.now), sitting, london(2027, 4, 9, 10), 60, 2_500)

    booking = Booking.objects.get()
    assert booking.answer_by == london(2027, 3, 31, 17)
    staff = signed_in(factories.provider_staff(sitting.provider))
    assert "Wednesday 31 March at 5pm" in text(staff.get(reverse("provider:booking", args=[booking.ref])))
