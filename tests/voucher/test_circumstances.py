"""A death, the end of caring, a move: what is cancelled, what stays, who hears of it, and that closing wins."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import mail
from accounts.history import CLOCK, Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import breaks
from tests.voucher.breaks import london
from voucher import bookings, jobs, rules
from voucher.carers import carer_accounts, outcomes
from voucher.changes import applications, circumstances, mistakes
from voucher.claiming import claims
from voucher.granting import awards
from voucher.ledger import audit, books
from voucher.models import Application, Booking, Circumstance, Code

pytestmark = pytest.mark.django_db

Kind, State = Circumstance.Kind, Booking.State
NEXT_WEEK = london(2026, 10, 22, 14)
TODAY = dt.date(2026, 10, 12)
EIGHT_WEEKS = dt.date(2026, 12, 7)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def by(carys):
    return Who(user=carys)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, places=4)


@pytest.fixture
def haircut(bryn_cafe):
    hair = factories.category("hair-and-beauty", name_en="Hair and beauty", name_cy="Gwallt a harddwch")
    return factories.offer(bryn_cafe, category=hair, unit="session", price_pence=4_500, places=4)


def record(award, kind, by, now, honoured_until=None, happened_on=TODAY):
    given = {"carer": award.carer, "kind": kind, "honoured_until": honoured_until, "now": now}
    seen = circumstances.plan(**given).seen
    return circumstances.record(**given, happened_on=happened_on, seen=seen, by=by)


def account(award):
    award.account.refresh_from_db()
    return award.account


def state(booking):
    booking.refresh_from_db()
    return booking.state


def test_after_a_death_care_is_cancelled_and_her_own_breaks_stay(award, sitting, haircut, bryn, by, now):
    care = breaks.confirm(award, sitting, bryn, now, starts_at=NEXT_WEEK)
    own = breaks.confirm(award, haircut, bryn, now, starts_at=NEXT_WEEK, minutes=60)
    request = breaks.ask(award, haircut, now, starts_at=london(2026, 10, 23, 14), minutes=60)
    late = breaks.confirm(award, haircut, bryn, now, starts_at=london(2026, 12, 8, 14), minutes=60)

    row = record(award, Kind.CARED_FOR_DIED, by, now, EIGHT_WEEKS)

    assert [state(each) for each in (care, own, request, late)] == [
        State.CANCELLED,
        State.CONFIRMED,
        State.REQUESTED,
        State.CANCELLED,
    ]
    assert (care.ended_by, care.due_pence, row.honoured_until) == ("team", None, EIGHT_WEEKS)
    assert (account(award).state, account(award).available, account(award).held) == ("frozen", 31_000, 9_000)
    assert audit.differences() == []


@pytest.mark.parametrize(
    "fields, stays",
    [
        ({"category": "sitting"}, False),
        ({"category": "day-opportunities"}, False),
        ({"category": "overnight", "personal_care": True}, False),
        ({"category": "overnight", "accommodation": True}, False),
        ({"category": "overnight"}, True),
        ({"category": "help-at-home"}, True),
        ({"category": "transport"}, True),
    ],
)
def test_what_is_for_the_person_cared_for_is_told_by_category_and_care(award, bryn_cafe, by, now, fields, stays):
    offer = factories.offer(bryn_cafe, **fields | {"category": factories.category(fields["category"])})
    booking = breaks.ask(award, offer, now, starts_at=NEXT_WEEK)

    plan = circumstances.plan(carer=award.carer, kind=Kind.CARED_FOR_DIED, honoured_until=EIGHT_WEEKS, now=now)

    assert (plan.kept if stays else plan.cancelled) == [booking]


def test_from_the_same_minute_there_is_silence_and_it_is_written_down(award, sitting, bryn, by, now):
    breaks.confirm(award, sitting, bryn, now, starts_at=NEXT_WEEK)
    unsent = OutboxMessage.objects.filter(reader=f"carer {award.carer.pk}", withdrawn_at=None)
    assert unsent.exists()

    record(award, Kind.CARED_FOR_DIED, by, now, EIGHT_WEEKS)

    award.carer.refresh_from_db()
    assert award.carer.quiet_since == now
    assert HistoryEntry.objects.filter(act="carer.silence", subject_id=award.carer.pk).count() == 1
    assert not unsent.exists()
    told = OutboxMessage.objects.get(kind="booking_cancelled_for_provider")
    assert "The carers team has cancelled" in told.body
    assert "died" not in told.body
    # Neither the reminders of the last weeks nor the questions about how it was, ever.
    for days in range(0, 200, 7):
        list(jobs.run(now + dt.timedelta(days=days)))
    assert not unsent.exclude(kind="booking_confirmed").exists()
    assert not OutboxMessage.objects.filter(kind__in=["award_reminder", "questions_after", "questions_later"]).exists()


def test_what_is_left_goes_to_the_fund_after_the_day_to_which_breaks_are_honoured(award, haircut, bryn, by, now):
    own = breaks.confirm(award, haircut, bryn, now, starts_at=london(2026, 12, 7, 14), minutes=60)
    record(award, Kind.CARED_FOR_DIED, by, now, EIGHT_WEEKS)

    list(jobs.run(london(2026, 12, 7, 23)))
    assert account(award).state == "frozen"
    list(jobs.run(london(2026, 12, 8, 0)))

    assert (account(award).state, account(award).available, account(award).held) == ("ended", 0, 4_500)
    assert HistoryEntry.objects.get(act="award.closed").details["amount"] == 35_500
    list(jobs.run(london(2026, 12, 8, 1)))
    assert HistoryEntry.objects.filter(act="award.closed").count() == 1
    breaks.deliver(own, 60, bryn)
    assert own in claims.ready(own.provider)
    assert audit.differences() == []


def test_an_award_that_goes_on_is_not_closed_by_a_job_that_had_listed_it_before(award, by, now):
    row = record(award, Kind.CARED_FOR_DIED, by, now, dt.date(2026, 10, 14))
    after = london(2026, 10, 15, 1)
    [listed] = circumstances.honoured_to_the_end(after.date())

    mistakes.take_back(circumstance=row, by=by, now=after)
    circumstances.close_honoured(award=listed, by=CLOCK, now=after)

    assert account(award).state == "active"
    assert account(award).available == 40_000


def test_the_job_asks_once_however_many_changes_are_past(award, caerphilly, by, now, django_assert_num_queries):
    rows = [award, *(factories.award(caerphilly, carer_row=factories.carer(caerphilly)) for _each in range(3))]
    for each in rows:
        record(each, Kind.CARED_FOR_DIED, by, now, dt.date(2026, 10, 14))

    with django_assert_num_queries(1):
        assert list(circumstances.honoured_to_the_end(dt.date(2026, 10, 15))) == rows


@pytest.mark.parametrize("day", [None, TODAY - dt.timedelta(days=1), EIGHT_WEEKS + dt.timedelta(days=1)])
def test_breaks_are_honoured_for_eight_weeks_at_most(award, by, now, day):
    with pytest.raises(circumstances.BadDay) as days:
        record(award, Kind.CARED_FOR_DIED, by, now, day)

    assert (days.value.first, days.value.last) == (TODAY, EIGHT_WEEKS)
    assert Circumstance.objects.count() == 0


@pytest.mark.parametrize("kind", [Kind.CARER_DIED, Kind.STOPPED_CARING])
def test_when_the_carer_has_died_or_no_longer_cares_all_is_closed_at_once(award, sitting, haircut, bryn, by, now, kind):
    awards.new_code(award=award, by=by, now=now)
    given = breaks.deliver(breaks.confirm(award, sitting, bryn, now), 150, bryn)
    later = given.ends_at + dt.timedelta(hours=1)
    coming = breaks.confirm(award, haircut, bryn, later, starts_at=NEXT_WEEK, minutes=60)
    asked = breaks.ask(award, haircut, later, starts_at=london(2026, 10, 23, 14), minutes=60)

    record(award, kind, by, later, happened_on=dt.date(2026, 10, 15))

    assert [state(each) for each in (given, coming, asked)] == [State.DELIVERED, State.CANCELLED, State.CANCELLED]
    assert coming.due_pence is None
    assert (account(award).state, account(award).available, account(award).held) == ("ended", 0, 6_250)
    assert not Code.objects.filter(award=award, state="active").exists()
    assert given in claims.ready(given.provider)
    claims.make(
        provider=given.provider, council=award.council, bookings=[given], invoice_number="", by=Who(user=bryn),
        now=later, key="claim-1",
    )  # fmt: skip
    assert books.due(given.provider_id) == 6_250
    assert audit.differences() == []
    to_her = OutboxMessage.objects.filter(reader=f"carer {award.carer.pk}", withdrawn_at=None)
    # One who is alive should know what was cancelled; for one who has died nothing is sent any more.
    kinds = set() if kind == Kind.CARER_DIED else {"booking_cancelled"}
    assert set(to_her.values_list("kind", flat=True)) == kinds


def test_when_the_person_has_moved_away_what_is_booked_stays_for_28_days(award, sitting, bryn, by, now):
    soon = breaks.confirm(award, sitting, bryn, now, starts_at=london(2026, 11, 9, 14))
    late = breaks.confirm(award, sitting, bryn, now, starts_at=london(2026, 11, 10, 14))

    record(award, Kind.CARED_FOR_MOVED, by, now, dt.date(2026, 11, 9))

    assert (state(soon), state(late), account(award).state) == (State.CONFIRMED, State.CANCELLED, "frozen")
    award.carer.refresh_from_db()
    assert award.carer.quiet_since is None
    with pytest.raises(bookings.AwardClosed):
        breaks.ask(award, sitting, now, starts_at=london(2026, 10, 20, 14))
    list(jobs.run(london(2026, 11, 10, 0)))
    assert account(award).state == "ended"


def test_an_extension_is_granted_and_then_the_carer_dies_and_closing_wins(award, by, now):
    """The edge case of the list, in both orders."""
    wanted = dt.date(2027, 3, 20)
    terms = {"award": award, "kind": "more_time", "reason": "hospital", "wanted_until": wanted, "by": by}
    row = applications.apply(**terms, now=now)
    applications.grant(application=row, until=wanted, by=by, now=now)

    record(award, Kind.CARER_DIED, by, now)

    assert (account(award).state, account(award).available) == ("ended", 0)
    with pytest.raises(applications.Closed):
        applications.apply(award=award, kind="new_award", reason="other", by=by, now=now)
    with pytest.raises(books.AwardEnded):
        books.extend(award=award.account, last_day=dt.date(2027, 4, 1))


def test_what_was_asked_for_is_closed_with_the_award_and_cannot_be_granted(award, by, now):
    wanted = dt.date(2027, 3, 20)
    row = applications.apply(award=award, kind="more_time", reason="hospital", wanted_until=wanted, by=by, now=now)

    record(award, Kind.CARED_FOR_DIED, by, now, EIGHT_WEEKS)

    with pytest.raises(applications.Decided) as decided:
        applications.grant(application=row, until=wanted, by=by, now=now)
    assert decided.value.state == Application.State.WITHDRAWN
    assert not OutboxMessage.objects.filter(kind="application_answered").exists()


def test_nothing_is_done_that_was_not_shown(award, sitting, bryn, by, now):
    seen = circumstances.plan(carer=award.carer, kind=Kind.CARER_DIED, now=now).seen
    booking = breaks.confirm(award, sitting, bryn, now, starts_at=NEXT_WEEK)

    with pytest.raises(circumstances.StalePlan) as stale:
        circumstances.record(carer=award.carer, kind=Kind.CARER_DIED, happened_on=TODAY, seen=seen, by=by, now=now)

    assert stale.value.plan.cancelled == [booking]
    assert (state(booking), Circumstance.objects.count()) == (State.CONFIRMED, 0)


def test_the_same_is_written_down_once(award, by, now):
    record(award, Kind.CARER_DIED, by, now)

    with pytest.raises(circumstances.AlreadyRecorded):
        record(award, Kind.CARER_DIED, by, now)

    assert HistoryEntry.objects.filter(act="circumstance.recorded").count() == 1


def test_all_awards_of_the_carer_are_closed_and_a_later_one_is_not(award, by, now):
    second = factories.award(award.council, carer_row=award.carer, value=10_000)
    record(award, Kind.STOPPED_CARING, by, now)
    later = factories.award(award.council, carer_row=award.carer, value=10_000, now=now + dt.timedelta(days=90))

    assert (account(award).state, account(second).state, account(later).state) == ("ended", "ended", "active")
    assert applications.is_closed(second)
    assert not applications.is_closed(later)


def test_a_carers_own_move_changes_the_address_alone_and_history_keeps_no_values(award, by, now):
    before = account(award).available
    details = {"address": "2 Heol y Parc", "town": "Newport", "postcode": "NP20 1AA", "phone": award.carer.phone}

    changed = carer_accounts.change(carer=award.carer, by=by, now=now, **details)

    assert changed == ["address", "postcode", "town"]
    entry = HistoryEntry.objects.get(act="carer.changed")
    assert entry.details == {"fields": ["address", "postcode", "town"]}
    assert (account(award).available, account(award).state) == (before, "active")
    assert carer_accounts.change(carer=award.carer, by=by, now=now, **details) == []
    assert mail.withdraw(reader="", now=now) == 0


def test_a_death_written_down_by_mistake_is_taken_back_and_what_is_cancelled_stays_so(
    award, sitting, haircut, bryn, by, now
):
    care = breaks.confirm(award, sitting, bryn, now, starts_at=NEXT_WEEK)
    own = breaks.confirm(award, haircut, bryn, now, starts_at=NEXT_WEEK, minutes=60)
    row = record(award, Kind.CARED_FOR_DIED, by, now, EIGHT_WEEKS)
    later = now + dt.timedelta(days=14)

    follows = mistakes.take_back(circumstance=row, by=by, now=later)

    assert (follows.goes_on, follows.stays_closed, follows.stays_cancelled) == ([award], [], [care])
    assert (state(care), state(own)) == (State.CANCELLED, State.CONFIRMED)
    assert (account(award).state, account(award).available, account(award).held) == ("active", 35_500, 4_500)
    award.carer.refresh_from_db()
    assert award.carer.quiet_since is None
    acts = HistoryEntry.objects.filter(at=later).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["circumstance.taken_back", "award.goes_on", "carer.silence_ended"]
    assert (row.undone_by, row.undone_at) == (by.user, later)
    # It can be used and asked about again, and no clock closes it after the day to which breaks were honoured.
    assert breaks.ask(award, haircut, later, starts_at=london(2026, 11, 6, 14), minutes=60).state == State.REQUESTED
    assert not applications.is_closed(award)
    list(jobs.run(london(2026, 12, 9, 1)))
    assert account(award).state == "active"
    assert audit.differences() == []


def test_what_was_closed_stays_closed_and_its_money_with_the_fund(award, by, now):
    row = record(award, Kind.CARER_DIED, by, now)

    follows = mistakes.take_back(circumstance=row, by=by, now=now)

    assert (follows.goes_on, follows.stays_closed) == ([], [award])
    assert (account(award).state, account(award).available) == ("ended", 0)
    award.carer.refresh_from_db()
    assert award.carer.quiet_since is None
    assert audit.differences() == []


def test_while_another_change_stands_the_award_stays_stopped(award, by, now):
    death = record(award, Kind.CARED_FOR_DIED, by, now, EIGHT_WEEKS)
    move = record(award, Kind.CARED_FOR_MOVED, by, now, dt.date(2026, 11, 9))

    assert mistakes.take_back(circumstance=move, by=by, now=now).goes_on == []

    assert account(award).state == "frozen"
    award.carer.refresh_from_db()
    assert award.carer.quiet_since == now
    assert mistakes.take_back(circumstance=death, by=by, now=now).goes_on == [award]
    assert account(award).state == "active"


def test_a_mistake_is_taken_back_once_and_for_14_days_and_can_be_written_down_again(award, by, now):
    row = record(award, Kind.CARED_FOR_MOVED, by, now, dt.date(2026, 11, 9))

    with pytest.raises(mistakes.TooLate) as late:
        mistakes.take_back(circumstance=row, by=by, now=now + dt.timedelta(days=15))
    assert late.value.last_day == dt.date(2026, 10, 26)
    assert account(award).state == "frozen"
    mistakes.take_back(circumstance=row, by=by, now=now)
    with pytest.raises(mistakes.TakenBack):
        mistakes.take_back(circumstance=row, by=by, now=now)
    assert HistoryEntry.objects.filter(act="circumstance.taken_back").count() == 1
    record(award, Kind.CARED_FOR_MOVED, by, now, dt.date(2026, 11, 9))
    assert account(award).state == "frozen"


def test_the_team_takes_a_mistake_back_on_a_page_that_says_first_what_stays(
    client, award, sitting, bryn, carys, by, now, monkeypatch
):
    monkeypatch.setattr(timezone, "now", lambda: now)
    breaks.confirm(award, sitting, bryn, now, starts_at=NEXT_WEEK)
    row = record(award, Kind.CARED_FOR_DIED, by, now, EIGHT_WEEKS)
    client.force_login(carys)
    page = client.get(award.get_absolute_url()).content.decode()
    address = reverse("team:mistake", args=[award.ref, row.pk])
    assert address in page

    page = client.get(address).content.decode()
    assert "can be used again. It has £400 left to use." in page
    assert "These bookings stay cancelled." in page
    row.refresh_from_db()
    assert row.undone_at is None

    assert client.post(address).status_code == 302
    assert account(award).state == "active"
    page = client.get(award.get_absolute_url()).content.decode()
    assert "It was taken back on" in page
    assert address not in page
    assert client.get(reverse("team:mistake", args=[award.ref, row.pk + 1])).status_code == 404


def test_the_silence_ends_when_she_is_granted_a_new_award_for_somebody_else(award, caerphilly, sitting, bryn, by, now):
    given = breaks.deliver(breaks.confirm(award, sitting, bryn, now), 150, bryn)
    later = given.ends_at + rules.QUESTIONS_LATER + dt.timedelta(days=1)
    assert [each for each, _moment in outcomes.to_invite(later)] == [award]
    record(award, Kind.CARED_FOR_DIED, by, given.ends_at, EIGHT_WEEKS)

    fresh = factories.award(caerphilly, carer_row=award.carer, value=40_000)

    award.carer.refresh_from_db()
    assert award.carer.quiet_since is None
    assert HistoryEntry.objects.filter(act="carer.silence_ended", subject_id=award.carer.pk).count() == 1
    assert applications.is_closed(award)
    assert fresh.carer == award.carer
    # Of the breaks with the person who has died nobody asks her how they were.
    assert outcomes.to_invite(later) == []


def test_the_silence_about_a_carer_who_has_died_ends_with_no_new_award(award, caerphilly, by, now):
    record(award, Kind.CARER_DIED, by, now)

    factories.award(caerphilly, carer_row=award.carer, value=40_000)

    award.carer.refresh_from_db()
    assert award.carer.quiet_since == now
