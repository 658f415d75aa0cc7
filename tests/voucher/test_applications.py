"""What carers ask the carers team for: more time, more to use, a new award; the answers; and who wins."""

import datetime as dt

import pytest
from django.db import IntegrityError

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import breaks
from tests.voucher.breaks import london
from voucher import jobs
from voucher.changes import applications
from voucher.granting import award_changes, awards
from voucher.ledger import audit, books
from voucher.models import Application

pytestmark = pytest.mark.django_db

ALYS = Who(label="code 4K7P")
Kind, State = Application.Kind, Application.State
# Six months from 3 March 2026: the figures of C5 and C7.
LAST = dt.date(2026, 9, 2)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 3, 3))


@pytest.fixture
def by(carys):
    return Who(user=carys)


@pytest.fixture
def colleague(caerphilly):
    return Who(user=factories.user("eleri@council.example", name="Eleri", role="team", council=caerphilly))


def ask(award, now, kind=Kind.MORE_TIME, **wanted):
    wanted = {"wanted_until": dt.date(2026, 9, 30)} | wanted if kind == Kind.MORE_TIME else wanted
    return applications.apply(award=award, kind=kind, reason="hospital", by=ALYS, now=now, **wanted)


def account(award):
    award.account.refresh_from_db()
    return award.account


def sweep(day):
    list(jobs.run(london(2026, 9, day, 0)))


def test_asked_by_the_last_day_what_is_left_waits_for_the_answer_and_no_longer(award):
    row = ask(award, london(2026, 9, 2, 23))

    assert row.answer_by == dt.date(2026, 9, 16)
    assert account(award).kept_until == dt.date(2026, 9, 16)
    sweep(16)
    assert (account(award).state, account(award).available) == ("active", 40_000)
    assert audit.differences(london(2026, 9, 16, 12)) == []
    sweep(17)
    assert (account(award).state, account(award).available) == ("ended", 0)


def test_more_time_is_granted_whole_or_less_and_the_carer_is_told(award, by):
    row = ask(award, london(2026, 9, 1, 10))

    applications.grant(
        application=row, until=dt.date(2026, 9, 20), answer="Rest well.", by=by, now=london(2026, 9, 3, 9)
    )

    assert (row.state, row.granted_until, row.decided_by) == (State.GRANTED, dt.date(2026, 9, 20), by.user)
    assert (account(award).last_day, account(award).kept_until) == (dt.date(2026, 9, 20), None)
    message = OutboxMessage.objects.get(kind="application_answered")
    assert message.to == award.carer.email
    assert "20 September" in message.body
    assert "Rest well." in message.body
    assert list(HistoryEntry.objects.filter(act__startswith="application.").values_list("act", flat=True)) == [
        "application.granted",
        "application.made",
    ]


def test_a_no_gives_its_reason_and_lets_the_night_have_what_was_kept(award, by):
    row = ask(award, london(2026, 9, 2, 10))

    applications.refuse(application=row, answer="There is no more.", by=by, now=london(2026, 9, 4, 9))
    sweep(4)

    assert (row.state, account(award).state) == (State.REFUSED, "ended")
    assert "There is no more." in OutboxMessage.objects.get(kind="application_answered").body


def test_what_is_taken_back_is_kept_no_longer(award):
    row = ask(award, london(2026, 9, 2, 10))

    applications.withdraw(application=row, by=ALYS, now=london(2026, 9, 2, 11))

    assert (row.state, account(award).kept_until) == (State.WITHDRAWN, None)
    with pytest.raises(applications.Decided):
        applications.withdraw(application=row, by=ALYS, now=london(2026, 9, 2, 12))


def test_the_same_is_asked_for_once_at_a_time(award):
    row = ask(award, london(2026, 9, 1, 10))

    with pytest.raises(applications.AlreadyAsked) as earlier:
        ask(award, london(2026, 9, 1, 11))

    assert earlier.value.application == row


def test_asked_within_14_days_after_the_end_what_was_swept_comes_back(award, by):
    sweep(3)
    row = ask(award, london(2026, 9, 16, 22), wanted_until=dt.date(2026, 10, 28))
    assert account(award).kept_until is None

    applications.grant(application=row, until=dt.date(2026, 10, 28), by=by, now=london(2026, 9, 28, 9))

    assert (account(award).state, account(award).available, account(award).last_day) == (
        "active",
        40_000,
        dt.date(2026, 10, 28),
    )
    balance = awards.balance(award)
    assert (balance.given, balance.left, balance.expired) == (40_000, 40_000, 0)
    assert [line.words for line in awards.statement(award)][-1] == "Given back to you: you have more time"
    assert audit.differences(london(2026, 10, 1, 12)) == []
    list(jobs.run(london(2026, 10, 29, 0)))
    assert (account(award).state, account(award).available) == ("ended", 0)


def test_on_the_15th_day_after_the_end_only_a_new_award_can_be_asked_for(award):
    sweep(3)

    assert applications.may_ask(award, on=dt.date(2026, 9, 16)) == [Kind.MORE_TIME, Kind.NEW_AWARD]
    assert applications.may_ask(award, on=dt.date(2026, 9, 17)) == [Kind.NEW_AWARD]
    with pytest.raises(applications.NotTheTime):
        ask(award, london(2026, 9, 17, 0))


@pytest.mark.parametrize("until", [dt.date(2026, 9, 2), dt.date(2026, 10, 29)])
def test_more_time_is_later_than_the_last_day_and_by_eight_weeks_at_most(award, by, until):
    with pytest.raises(applications.BadDay) as days:
        ask(award, london(2026, 9, 1, 10), wanted_until=until)
    assert (days.value.first, days.value.last) == (dt.date(2026, 9, 3), dt.date(2026, 10, 28))

    row = ask(award, london(2026, 9, 1, 10))
    with pytest.raises(applications.BadDay):
        applications.grant(application=row, until=until, by=by, now=london(2026, 9, 1, 12))
    assert Application.objects.get().state == State.OPEN


def test_more_time_is_given_once(award, by):
    row = ask(award, london(2026, 9, 1, 10))
    applications.grant(application=row, until=dt.date(2026, 9, 20), by=by, now=london(2026, 9, 1, 12))

    with pytest.raises(applications.GivenBefore):
        ask(award, london(2026, 9, 1, 13))
    twin = Application(
        award=award, kind=Kind.MORE_TIME, reason="other", made_at=row.made_at, answer_by=LAST,
        state=State.GRANTED, decided_by=by.user, decided_at=row.made_at,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match=r"more_time_is_given_once|award_id"):
        twin.save()


def test_more_to_use_comes_out_of_the_fund_with_its_reason(award, by):
    row = ask(award, london(2026, 8, 3, 10), Kind.MORE_VALUE, wanted_amount=4_000)
    assert row.answer_by == dt.date(2026, 8, 5)

    applications.grant(application=row, amount=4_000, by=by, now=london(2026, 8, 4, 10))

    assert account(award).available == 44_000
    assert awards.balance(award).given == 44_000
    assert [line.words for line in awards.statement(award)][-1] == "Added by the carers team"
    assert audit.differences() == []


def test_above_the_limit_of_one_worker_two_must_agree(award, by, colleague):
    row, now = ask(award, london(2026, 8, 3, 10), Kind.MORE_VALUE, wanted_amount=12_000), london(2026, 8, 4, 10)
    with pytest.raises(applications.NeedsAColleague) as alone:
        applications.grant(application=row, amount=12_000, by=by, now=now)
    assert (alone.value.limit, alone.value.given) == (50_000, 40_000)

    applications.agree(application=row, amount=11_000, by=by, now=now)
    for who, amount in [(by, 11_000), (colleague, 12_000)]:
        with pytest.raises(applications.NeedsAColleague):
            applications.grant(application=row, amount=amount, by=who, now=now)
    assert account(award).available == 40_000

    applications.grant(application=row, amount=11_000, by=colleague, now=now)
    assert (account(award).available, row.agreed_by, row.decided_by) == (51_000, by.user, colleague.user)


def test_what_one_may_give_alone_after_all_needs_no_second(award, by):
    row, now = ask(award, london(2026, 8, 3, 10), Kind.MORE_VALUE, wanted_amount=12_000), london(2026, 8, 4, 10)
    applications.agree(application=row, amount=12_000, by=by, now=now)

    applications.grant(application=row, amount=10_000, by=by, now=now)

    assert (account(award).available, row.agreed_by) == (50_000, None)


def test_a_fund_that_is_used_up_gives_nothing_and_the_question_stays_open(caerphilly, by):
    fund = factories.fund(caerphilly, allocated=40_000)
    award = factories.award(caerphilly, value=40_000, fund_row=fund, first_day=dt.date(2026, 3, 3))
    row = ask(award, london(2026, 8, 3, 10), Kind.MORE_VALUE, wanted_amount=4_000)

    with pytest.raises(books.FundExhausted):
        applications.grant(application=row, amount=4_000, by=by, now=london(2026, 8, 4, 10))

    assert Application.objects.get().state == State.OPEN


def test_a_new_award_is_asked_for_when_the_old_one_is_over_and_moves_nothing(award, by):
    with pytest.raises(applications.NotTheTime):
        ask(award, london(2026, 9, 2, 10), Kind.NEW_AWARD)
    sweep(3)
    row = ask(award, london(2026, 9, 3, 10), Kind.NEW_AWARD)

    applications.grant(application=row, by=by, now=london(2026, 9, 4, 10))

    assert (row.state, account(award).state) == (State.GRANTED, "ended")
    with pytest.raises(applications.NotTheTime):
        ask(award, london(2026, 9, 3, 10), Kind.MORE_VALUE, wanted_amount=100)


def test_what_is_waiting_comes_in_the_order_of_its_clock(caerphilly, flintshire):
    slow, quick, elsewhere = (
        factories.award(council, value=10_000) for council in (caerphilly, caerphilly, flintshire)
    )
    later = ask(slow, london(2026, 9, 7, 10), wanted_until=dt.date(2027, 3, 20))
    sooner = ask(quick, london(2026, 9, 7, 11), Kind.MORE_VALUE, wanted_amount=100)
    ask(elsewhere, london(2026, 9, 7, 11), Kind.MORE_VALUE, wanted_amount=100)

    assert list(applications.waiting(caerphilly)) == [sooner, later]


def test_an_award_is_made_larger_with_a_reason_and_once_for_one_key(award, by, now):
    for _ in "12":
        award_changes.change(award=award, amount=5_000, reason="assessment", by=by, now=now, key="form-1")

    assert account(award).available == 45_000
    entry = HistoryEntry.objects.get(act="award.added_to")
    assert entry.details == {"amount": 5_000, "reason": "assessment"}
    assert "£50" in OutboxMessage.objects.get(kind="award_changed").body


def test_an_award_is_not_reduced_below_what_is_set_aside(award, bryn_cafe, by):
    """The edge case of the list: blocked; bookings are cancelled first."""
    sitting = factories.offer(bryn_cafe)
    breaks.ask(award, sitting, london(2026, 8, 3, 10), starts_at=london(2026, 8, 10, 14), minutes=150)

    with pytest.raises(award_changes.NotEnough) as short:
        award_changes.change(
            award=award, amount=-34_000, reason="mistake", by=by, now=london(2026, 8, 3, 11), key="form-1"
        )
    assert short.value.available == 33_750
    award_changes.change(award=award, amount=-33_750, reason="mistake", by=by, now=london(2026, 8, 3, 11), key="form-2")

    assert (account(award).available, account(award).held) == (0, 6_250)
    assert [line.words for line in awards.statement(award)][-1] == "Taken back by the carers team"
    assert audit.differences() == []


def test_one_worker_makes_an_award_no_larger_than_one_may_give(award, by, now):
    with pytest.raises(awards.OverTheLimit):
        award_changes.change(award=award, amount=10_001, reason="agreed", by=by, now=now, key="form-1")

    assert (account(award).available, OutboxMessage.objects.count()) == (40_000, 0)
