"""An answer, the night after the last day, and a death, at the same moment: one of them wins, and the books balance."""

import datetime as dt

import pytest

from accounts.history import Who
from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.breaks import london
from tests.voucher.ledger.desk import TURNS, at_once
from voucher import jobs
from voucher.changes import applications, circumstances
from voucher.ledger import audit
from voucher.models import Application, Award, Circumstance

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
ALYS = Who(label="code 4K7P")
UNTIL = dt.date(2026, 9, 30)


@pytest.fixture
def council():
    return factories.council()


@pytest.fixture
def by(council):
    return Who(user=factories.user("carys@council.example", name="Carys", role="team", council=council))


@pytest.fixture
def award(council):
    return factories.award(council, value=40_000, first_day=dt.date(2026, 3, 3))


def ask(award, now):
    terms = {"kind": "more_time", "reason": "hospital", "wanted_until": UNTIL}
    return applications.apply(award=award, **terms, by=ALYS, now=now)


def fresh(row):
    return Application.objects.select_related("award__account", "award__council__scheme").get(pk=row.pk)


def account(award):
    return Award.objects.select_related("account").get(pk=award.pk).account


def kinds(results):
    return sorted(type(result).__name__ for result in results)


@TURNS
def test_more_time_granted_as_the_night_sweeps_keeps_everything(award, by, turn):
    row = fresh(ask(award, london(2026, 9, 2, 22)))
    # The day after the last one on which it is kept: the sweep is due, and the answer comes late.
    midnight = london(2026, 9, 17, 0)

    results = at_once(
        lambda: applications.grant(application=row, until=UNTIL, by=by, now=midnight),
        lambda: jobs.end_awards(midnight),
    )

    assert results[0] is None and results[1][1] == 0
    row = account(award)
    assert (row.state, row.available, row.last_day) == ("active", 40_000, UNTIL)
    assert audit.differences(midnight) == []


@TURNS
def test_two_who_answer_at_the_same_moment_answer_once(award, by, turn):
    asked = ask(award, london(2026, 9, 1, 10))
    first, second, now = fresh(asked), fresh(asked), london(2026, 9, 1, 12)

    results = at_once(
        lambda: applications.grant(application=first, until=UNTIL, by=by, now=now),
        lambda: applications.refuse(application=second, answer="No.", by=by, now=now),
    )

    assert kinds(results) == ["Decided", "NoneType"]
    is_granted = fresh(asked).state == "granted"
    assert account(award).last_day == (UNTIL if is_granted else dt.date(2026, 9, 2))
    assert HistoryEntry.objects.filter(act__in=["application.granted", "application.refused"]).count() == 1


@TURNS
def test_one_form_sent_four_times_asks_once(award, turn):
    now = london(2026, 9, 1, 10)

    results = at_once(*[lambda: ask(award, now)] * 4)

    assert kinds(results) == ["AlreadyAsked"] * 3 + ["Application"]
    assert Application.objects.count() == 1


@TURNS
def test_whoever_closes_the_award_wins_over_more_time_granted_at_the_same_moment(award, by, turn):
    row, now = fresh(ask(award, london(2026, 9, 1, 10))), london(2026, 9, 1, 12)
    terms = {"carer": award.carer, "kind": Circumstance.Kind.CARER_DIED, "now": now}
    seen = circumstances.plan(**terms).seen

    results = at_once(
        lambda: applications.grant(application=row, until=UNTIL, by=by, now=now),
        lambda: circumstances.record(**terms, happened_on=now.date(), seen=seen, by=by),
    )

    assert isinstance(results[1], Circumstance)
    assert results[0] is None or isinstance(results[0], applications.Refused)
    assert (account(award).state, account(award).available) == ("ended", 0)
    assert audit.differences(now) == []


@TURNS
def test_a_death_recorded_as_the_night_sweeps_ends_the_award_once(award, by, turn):
    midnight = london(2026, 9, 3, 0)
    terms = {"carer": award.carer, "kind": Circumstance.Kind.CARER_DIED, "now": midnight}
    seen = circumstances.plan(**terms).seen

    results = at_once(
        lambda: circumstances.record(**terms, happened_on=midnight.date(), seen=seen, by=by),
        lambda: jobs.end_awards(midnight),
    )

    # Where the night was quicker there is nothing left to freeze, and the page shows what is so now.
    assert isinstance(results[0], (Circumstance, circumstances.StalePlan))
    assert results[1][1] == 0
    assert (account(award).state, account(award).available) == ("ended", 0)
    assert audit.differences(midnight) == []
