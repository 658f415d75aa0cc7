"""Two people press at once about papers: one answer counts, nothing is shown twice, tasks are given once."""

import datetime as dt

import pytest

from accounts.history import Who
from providers import papers
from providers.models import Document, Provider
from tests import factories
from tests.voucher import breaks
from tests.voucher.ledger.desk import at_once
from voucher.models import Task
from voucher.standing import lapses

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
TURNS = pytest.mark.parametrize("turn", range(4))
SPRING = dt.date(2027, 3, 31)


@pytest.fixture
def cafe():
    return factories.provider(factories.council())


@pytest.fixture
def team(cafe):
    """Two workers of the carers team."""
    names = ("carys@council.example", "mair@council.example")
    return [Who(user=factories.user(name, role="team", council=cafe.council)) for name in names]


@pytest.fixture
def owner(cafe):
    return Who(user=factories.provider_staff(cafe))


def show(cafe, owner, now, reference="PL 1", until=SPRING):
    provider = Provider.objects.get(pk=cafe.pk)
    kind = papers.Kind.PUBLIC_LIABILITY
    return papers.add(provider=provider, kind=kind, reference=reference, valid_until=until, by=owner, now=now)


def kinds(results):
    return sorted(type(result).__name__ for result in results)


@TURNS
def test_two_presses_show_a_paper_once(cafe, owner, now, turn):
    results = at_once(*[lambda: show(cafe, owner, now)] * 2)

    assert kinds(results) == ["Document", "Document"]
    assert Document.objects.count() == 1


@TURNS
def test_of_two_answers_at_once_one_counts(cafe, owner, team, now, turn):
    row = show(cafe, owner, now)

    def one(pk=row.pk):
        return Document.objects.select_related("provider__council").get(pk=pk)

    results = at_once(
        lambda: lapses.accept(document=one(), by=team[0], now=now),
        lambda: papers.refuse(document=one(), reason="Unreadable.", by=team[1], now=now),
    )

    assert kinds(results) == ["Answered", "NoneType"]
    row.refresh_from_db(), cafe.refresh_from_db()
    assert (cafe.insurance_until == SPRING) == (row.state == "accepted")


@TURNS
def test_a_round_of_the_clock_twice_at_once_gives_each_task_once(cafe, owner, team, now, turn):
    award, sitting = factories.award(cafe.council), factories.offer(cafe)
    breaks.confirm(award, sitting, owner.user, now, starts_at=breaks.SATURDAY, minutes=120)
    lapses.accept(document=show(cafe, owner, now, until=dt.date(2026, 10, 15)), by=team[0], now=now)

    def follow():
        return lapses.follow(provider=Provider.objects.get(pk=cafe.pk), now=breaks.FRIDAY)

    assert kinds(at_once(follow, follow)) == ["NoneType", "NoneType"]
    assert sorted(task.kind for task in Task.objects.all()) == ["papers", "rearrange"]
