"""What follows when papers or checks end: warnings, hidden offers, tasks, and everything back (R47)."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who, history_of
from accounts.models import OutboxMessage
from brochure import care_checks, catalogue, exemptions
from brochure.models import Exemption, Offer
from providers import papers
from providers.models import Provider
from providers.papers import Kind
from tests import factories
from tests.voucher import breaks
from voucher import bookings, jobs
from voucher.bookings import asking, tasks
from voucher.claiming import claims
from voucher.ledger import books
from voucher.models import Task
from voucher.standing import endings, lapses

# A Thursday of the tests' month; the Friday after it is breaks.FRIDAY.
THURSDAY = dt.date(2026, 10, 15)
SATURDAY_MORNING = breaks.london(2026, 10, 17, 8)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly)


@pytest.fixture
def owner(bryn):
    return Who(user=bryn)


@pytest.fixture
def team(carys):
    return Who(user=carys)


@pytest.fixture
def shown(bryn_cafe, owner, now):
    def shown(kind=Kind.PUBLIC_LIABILITY, until=dt.date(2027, 3, 31), reference="PL 1", at=now):
        return papers.add(provider=bryn_cafe, kind=kind, by=owner, now=at, reference=reference, valid_until=until)

    return shown


@pytest.fixture
def accepted(shown, team, now):
    def accepted(*options, at=now, **more):
        row = shown(*options, at=at, **more)
        lapses.accept(document=row, by=team, now=at)
        return row

    return accepted


@pytest.fixture
def lapsed_with_a_booking(award, sitting, bryn, accepted, now):
    """A break is booked for Saturday; then a paper is accepted that ends on Thursday, and Friday comes."""
    booking = breaks.confirm(award, sitting, bryn, now, starts_at=breaks.SATURDAY, minutes=120)
    accepted(until=THURSDAY)
    return booking


def warned(now):
    jobs.warn_of_papers(now)
    return list(OutboxMessage.objects.filter(kind="papers_ending").order_by("pk"))


def noon(day):
    return dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "days, stage", [(61, None), (60, 60), (45, 60), (31, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7), (-1, None)]
)
def test_a_warning_is_due_when_its_day_has_come(today, days, stage):
    assert endings.stage(until=today + dt.timedelta(days=days), on=today) == stage


def test_each_warning_is_written_once(bryn_cafe, accepted):
    accepted(until=dt.date(2027, 3, 31))
    counts = {}
    day = dt.date(2027, 1, 20)
    while day < dt.date(2027, 4, 5):
        counts[day] = len(warned(noon(day)))
        warned(noon(day) + dt.timedelta(hours=1))
        day += dt.timedelta(days=1)

    new = [day for day, count in counts.items() if count > counts.get(day - dt.timedelta(days=1), 0)]
    assert new == [dt.date(2027, 1, 30), dt.date(2027, 3, 1), dt.date(2027, 3, 24)]
    assert {row.to for row in warned(noon(day))} == {bryn_cafe.email}


def test_a_warning_says_what_ends_when_and_what_then(bryn_cafe, accepted):
    accepted(until=dt.date(2027, 3, 31))

    [message] = warned(noon(dt.date(2027, 3, 1)))

    assert message.subject == "Public liability insurance: it ends on Wednesday 31 March 2027"
    assert "no longer see any of your offers" in message.body and "/provider/papers/" in message.body


def test_a_warning_is_written_by_day_and_in_the_providers_language(bryn_cafe, accepted):
    Provider.objects.update(language="cy")
    accepted(until=dt.date(2027, 3, 31))
    assert warned(dt.datetime(2027, 3, 1, 3, tzinfo=dt.UTC)) == []

    [message] = warned(noon(dt.date(2027, 3, 1)))

    assert message.language == "cy" and "31 Mawrth 2027" in message.subject


def test_a_provider_of_the_pilot_is_warned_of_its_insurance(bryn_cafe):
    [message] = warned(noon(bryn_cafe.insurance_until - dt.timedelta(days=5)))

    assert message.subject.startswith("Public liability insurance")


@pytest.mark.parametrize("state", ["joining", "suspended", "closed"])
def test_a_provider_that_does_not_work_is_not_warned(bryn_cafe, state):
    Provider.objects.update(state=state, stopped_because="Looked into")

    assert warned(noon(bryn_cafe.insurance_until)) == []


def test_what_is_not_asked_is_not_warned_of(accepted):
    accepted(Kind.EMPLOYERS_LIABILITY, until=dt.date(2027, 3, 31))
    accepted(Kind.CIW, until=dt.date(2027, 3, 31))

    assert warned(noon(dt.date(2027, 3, 1))) == []


def test_a_registered_provider_has_another_number_only_with_its_registration(
    bryn_cafe, accepted, shown, owner, team, now, client, bryn
):
    lapses.change_number(provider=bryn_cafe, number="W1234567", by=owner, now=now)
    bathing = factories.offer(bryn_cafe, personal_care=True)
    accepted(Kind.CIW, reference="our registration", until=dt.date(2027, 3, 31))
    client.force_login(bryn)

    page = client.post(reverse("provider:registration"), {"ciw_number": "W7654321"})

    assert "has the number W1234567" in page.content.decode()
    newer = shown(Kind.CIW, reference="w 7654321")
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.ciw_number == "W1234567"
    lapses.accept(document=newer, by=team, now=now)
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.ciw_number == "W7654321"
    bathing.refresh_from_db()
    assert bathing.is_in_order(on=dt.date(2027, 3, 31)) and not bathing.is_in_order(on=dt.date(2027, 4, 1))


def test_a_registration_and_an_exemption_name_the_offers_that_depend_on_them(
    bryn_cafe, sitting, accepted, owner, team, now
):
    Provider.objects.update(ciw_number="W1")
    bryn_cafe.refresh_from_db()
    bathing = factories.offer(bryn_cafe, personal_care=True, title_en="Help with a bath")
    accepted(Kind.CIW, until=dt.date(2027, 3, 31))
    [message] = warned(noon(dt.date(2027, 3, 1)))
    assert "- Help with a bath" in message.body and "Sitting at home" not in message.body

    row = exemptions.ask(
        offer=bathing, duty=care_checks.Duty.PERSONAL_CARE, grounds="Four", evidence="List", by=owner, now=now
    )
    lapses.agree(exemption=row, valid_until=dt.date(2027, 4, 2), by=team, now=now)
    assert [each.subject for each in warned(noon(dt.date(2027, 3, 3)))[1:]] == [
        "Exemption for personal care: it ends on Friday 2 April 2027"
    ]


def test_a_slip_in_the_address_keeps_nobody_else_waiting(bryn_cafe, caerphilly):
    Provider.objects.update(email="no address")
    other = factories.provider(caerphilly, insurance_until=bryn_cafe.insurance_until)

    assert [row.to for row in warned(noon(bryn_cafe.insurance_until))] == [other.email]


def test_warnings_ask_the_same_number_of_questions_however_many_there_are(
    caerphilly, today, django_assert_num_queries, now
):
    def many(count):
        for _each in range(count):
            provider = factories.provider(caerphilly, insurance_until=today)
            factories.offer(provider, personal_care=True, checked_until=today)
            Exemption.objects.create(
                offer=provider.offers.get(),
                duty="personal_care",
                grounds="x",
                evidence="x",
                asked_at=now,
                reviewed_on=today,
                reviewed_by=factories.user(f"{provider.ref}@council.example"),
                valid_until=today,
            )

    many(1)
    with django_assert_num_queries(4):
        assert len(endings.to_warn(now)) == 2
    many(4)
    with django_assert_num_queries(4):
        assert len(endings.to_warn(now)) == 10


def test_an_offer_hides_on_the_day_after_by_itself(sitting, accepted, award, now):
    accepted(until=THURSDAY)
    sitting.provider.refresh_from_db()

    assert sitting in catalogue.live_offers(on=THURSDAY)
    assert sitting not in catalogue.live_offers(on=THURSDAY + dt.timedelta(days=1))
    with pytest.raises(asking.NotLive):
        breaks.ask(award, sitting, now, starts_at=breaks.FRIDAY)
    assert breaks.ask(award, sitting, now, starts_at=breaks.FRIDAY - dt.timedelta(days=1))


def test_a_request_from_before_is_not_confirmed_beyond_the_end(award, sitting, accepted, bryn, now):
    booking = breaks.ask(award, sitting, now)
    accepted(until=THURSDAY)

    with pytest.raises(bookings.NotLive):
        bookings.confirm(booking=booking, by=Who(user=bryn), now=now)


def test_the_team_is_given_its_tasks_the_provider_is_told_and_the_carer_is_not(lapsed_with_a_booking, bryn_cafe, now):
    before = set(OutboxMessage.objects.values_list("pk", flat=True))
    assert jobs.follow_lapses(now) == (0, 0)

    for _round in range(2):
        assert jobs.follow_lapses(breaks.FRIDAY) == (1, 0)

    assert {(task.kind, task.booking, task.provider) for task in Task.objects.all()} == {
        ("papers", None, bryn_cafe),
        ("rearrange", lapsed_with_a_booking, None),
    }
    [told] = OutboxMessage.objects.exclude(pk__in=before)
    assert (told.kind, told.to) == ("offers_hidden", bryn_cafe.email)
    assert "- Sitting at home" in told.body


def test_a_break_that_its_provider_could_not_have_given_costs_nothing_to_cancel_late(
    award, sitting, accepted, bryn, bryn_cafe, now
):
    """R12, R47. Two hours before a break of £62.50 it costs half, but not where the insurance ended the day before."""
    late = breaks.FRIDAY - dt.timedelta(hours=2)
    booking = breaks.confirm(award, sitting, bryn, now)
    assert bookings.cost_of_cancelling(booking, late).due_pence == 3_125

    Provider.objects.filter(pk=bryn_cafe.pk).update(insurance_until=THURSDAY)

    assert bookings.cost_of_cancelling(booking, late).due_pence == 0
    assert bookings.due_for_waiting(booking, breaks.FRIDAY).due_pence == 0


def test_a_break_that_is_over_or_came_to_nothing_is_no_task(lapsed_with_a_booking, award, sitting, bryn, now):
    bookings.cancel(booking=lapsed_with_a_booking, party="carer", by=breaks.ALYS, now=now)

    jobs.follow_lapses(breaks.FRIDAY)

    assert {task.kind for task in Task.objects.all()} == {"papers"}


def test_what_a_worker_settled_does_not_come_back_in_the_same_lapse(lapsed_with_a_booking, team):
    jobs.follow_lapses(breaks.FRIDAY)
    for task in Task.objects.all():
        tasks.done(task=task, by=team, now=breaks.FRIDAY)

    jobs.follow_lapses(breaks.FRIDAY + dt.timedelta(hours=1))

    assert not Task.objects.filter(done_at=None).exists()


def test_a_newer_paper_brings_everything_back_and_a_later_lapse_begins_anew(
    lapsed_with_a_booking, accepted, sitting, carys
):
    jobs.follow_lapses(breaks.FRIDAY)
    accepted(until=dt.date(2026, 10, 16), reference="PL 2", at=breaks.FRIDAY)
    assert not Task.objects.filter(done_at=None).exists()
    assert {task.done_by for task in Task.objects.all()} == {carys}
    assert sitting in catalogue.live_offers(on=breaks.FRIDAY.date())
    assert history_of(lapsed_with_a_booking).first().act == "booking.rearranged"

    jobs.follow_lapses(SATURDAY_MORNING)

    assert sorted(task.kind for task in Task.objects.filter(done_at=None)) == ["papers", "rearrange"]


def test_what_was_accepted_after_a_provider_was_listed_as_lapsed_gives_no_task(lapsed_with_a_booking, accepted):
    as_listed = lapses.lapsed(breaks.FRIDAY).get()
    accepted(reference="PL 2", at=breaks.FRIDAY)

    lapses.follow(provider=as_listed, now=breaks.FRIDAY)

    assert not Task.objects.exists()


def test_a_paper_that_does_not_bring_it_back_ends_no_task(lapsed_with_a_booking, accepted):
    jobs.follow_lapses(breaks.FRIDAY)

    accepted(Kind.SAFEGUARDING, at=breaks.FRIDAY)

    assert Task.objects.filter(done_at=None).count() == 2


@pytest.mark.parametrize(
    "changes", [{"state": "suspended", "stopped_because": "Looked into"}, {"closes_on": dt.date(2026, 10, 16)}]
)
def test_a_break_that_cannot_be_given_for_another_reason_stays_on_the_list(
    lapsed_with_a_booking, bryn_cafe, accepted, changes
):
    jobs.follow_lapses(breaks.FRIDAY)
    Provider.objects.filter(pk=bryn_cafe.pk).update(**changes)

    accepted(reference="PL 2", at=breaks.FRIDAY)

    assert Task.objects.filter(kind="rearrange", done_at=None).exists()


def test_a_worker_who_leaves_leaves_tasks_and_a_new_one_ends_them(bryn_cafe, sitting, award, bryn, owner, now):
    about = {"level": "enhanced", "issued_on": dt.date(2026, 5, 1), "by": owner, "now": now}
    mari = lapses.add_check(provider=bryn_cafe, person="Mari", **about)
    booking = breaks.confirm(award, sitting, bryn, now)
    care_checks.end_check(check=mari, by=owner, now=now)

    jobs.follow_lapses(now)
    assert {(task.kind, task.booking) for task in Task.objects.all()} == {("papers", None), ("rearrange", booking)}

    lapses.add_check(provider=bryn_cafe, person="Ann", **about)
    assert not Task.objects.filter(done_at=None).exists()
    assert Offer.objects.get(pk=sitting.pk).checked_until is None


def test_what_was_given_before_is_claimed_and_paid_as_ever(award, sitting, bryn, accepted, now, caerphilly, bryn_cafe):
    booking = breaks.confirm(award, sitting, bryn, now, starts_at=breaks.london(2026, 10, 14, 14), minutes=120)
    breaks.deliver(booking, 120, bryn)
    accepted(until=THURSDAY)

    claim = claims.make(
        provider=bryn_cafe, council=caerphilly, bookings=[booking], by=Who(user=bryn), now=breaks.FRIDAY, key="one"
    )

    booking.refresh_from_db(), award.account.refresh_from_db()
    assert (booking.state, books.due(bryn_cafe.pk), award.account.available) == ("claimed", 5000, 25_000)
    assert claim.provider == bryn_cafe


def test_how_many_breaks_would_have_to_be_arranged_anew(lapsed_with_a_booking, bryn_cafe, now):
    saturday = breaks.SATURDAY.date()

    assert lapses.booked_after(provider=bryn_cafe, day=THURSDAY, now=now) == 1
    assert lapses.booked_after(provider=bryn_cafe, day=saturday, now=now) == 0


def test_what_is_in_order_again_as_its_turn_comes_gives_nobody_anything_to_do(bryn_cafe, sitting, now):
    lapses.follow(provider=bryn_cafe, now=now)

    assert not Task.objects.exists()
