"""How long an award can be used: more time, keeping what is left while somebody decides, opening it again."""

import datetime as dt

import pytest
from django.db import transaction

from tests.voucher.ledger.desk import faults
from voucher.ledger import audit, books
from voucher.ledger.models import AwardAccount, Transfer

LAST = dt.date(2027, 3, 2)
LATER = dt.date(2027, 4, 20)


def day(number):
    """Return the day so many days after the last one of the awards in these tests."""
    return LAST + dt.timedelta(days=number)


def fresh(award):
    return AwardAccount.objects.get(pk=award.pk)


def test_more_time_moves_the_last_day_and_no_money(desk, pounds):
    desk.extend(award=pounds, last_day=LATER)

    assert (fresh(pounds).last_day, desk.left(pounds)) == (LATER, (30_000, 0))
    assert Transfer.objects.count() == 1
    desk.hold(award=pounds, amount=100, on=LATER)
    with pytest.raises(books.OutsidePeriod):
        desk.hold(award=pounds, amount=100, on=LATER + dt.timedelta(days=1))
    with pytest.raises(books.NotYetOver):
        desk.expire(award=pounds, on=LATER)
    assert faults() == []


@pytest.mark.parametrize("days", [0, -1])
def test_a_last_day_only_ever_becomes_later(desk, pounds, days):
    with pytest.raises(books.NotLater) as refused:
        desk.extend(award=pounds, last_day=day(days))

    assert (refused.value.last_day, fresh(pounds).last_day) == (LAST, LAST)


def test_an_award_that_ended_is_not_extended(desk, pounds):
    desk.end(award=pounds, reason="moved away")

    with pytest.raises(books.AwardEnded):
        desk.extend(award=pounds, last_day=LATER)


def test_what_is_kept_is_swept_the_day_after_and_pays_for_no_later_break(desk, pounds):
    desk.keep(award=pounds, until=day(10), on=LAST)

    with pytest.raises(books.NotYetOver) as refused:
        desk.expire(award=pounds, on=day(10))
    assert refused.value.last_day == day(10)
    with pytest.raises(books.OutsidePeriod):
        desk.hold(award=pounds, amount=100, on=day(1))

    assert desk.expire(award=pounds, on=day(11)) == 30_000
    assert faults() == []


def test_what_is_kept_no_longer_is_swept_that_night(desk, pounds):
    desk.keep(award=pounds, until=day(10), on=LAST)
    desk.keep(award=pounds, until=None, on=day(5))

    assert desk.expire(award=pounds, on=day(5)) == 30_000


def test_an_award_is_kept_up_to_its_last_day_and_not_after(desk, pounds, hours):
    desk.keep(award=pounds, until=day(10), on=LAST)
    with pytest.raises(books.AlreadyOver):
        desk.keep(award=hours, until=day(10), on=day(1))
    desk.expire(award=hours, on=day(1))
    with pytest.raises(books.AwardEnded):
        desk.keep(award=hours, until=day(10), on=LAST)


def test_whoever_closes_an_award_waits_for_no_keeping(desk, pounds):
    desk.keep(award=pounds, until=day(10), on=LAST)

    assert desk.end(award=pounds, reason="carer died") == 30_000
    assert fresh(pounds).state == "ended"


def test_what_was_swept_comes_back_out_of_the_fund_once(desk, pounds):
    held = desk.hold(award=pounds, amount=5_000, on=LAST)
    desk.expire(award=pounds, on=day(1))
    desk.release(hold=held)
    desk.expire(award=pounds, on=day(2))
    assert (desk.left(pounds), desk.issued(pounds)) == ((0, 0), 0)

    assert desk.reinstate(award=pounds, last_day=LATER, on=day(3)) == 30_000

    assert (desk.left(pounds), desk.issued(pounds), fresh(pounds).state) == ((30_000, 0), 30_000, "active")
    with pytest.raises(books.NotYetOver):
        desk.reinstate(award=pounds, last_day=LATER + dt.timedelta(days=9), on=LATER)
    desk.hold(award=pounds, amount=30_000, on=LATER)
    assert faults() == []


def test_an_award_with_nothing_swept_is_opened_again_all_the_same(desk, pounds):
    desk.hold(award=pounds, amount=30_000, on=LAST)
    desk.expire(award=pounds, on=day(1))

    assert desk.reinstate(award=pounds, last_day=LATER, on=day(3)) == 0
    assert (fresh(pounds).state, Transfer.objects.filter(kind="adjust").count()) == ("active", 0)


def test_what_the_fund_gave_to_others_meanwhile_does_not_come_back(desk):
    fund = desk.fund("pence", 1_000)
    days = {"first_day": dt.date(2026, 9, 3), "last_day": LAST}
    mine = desk.issue(fund=fund, amount=1_000, **days)
    desk.expire(award=mine, on=day(1))
    desk.issue(fund=fund, amount=1, **days)

    with pytest.raises(books.FundExhausted) as refused:
        desk.reinstate(award=mine, last_day=LATER, on=day(2))

    assert (refused.value.left, fresh(mine).state) == (999, "ended")
    assert faults() == []


def test_an_award_closed_before_its_last_day_is_not_opened_again_before_it(desk, pounds):
    desk.end(award=pounds, reason="moved away")

    with pytest.raises(books.NotYetOver):
        desk.reinstate(award=pounds, last_day=LATER, on=LAST)


@pytest.mark.parametrize(
    "verb, named",
    [
        (books.extend, {"last_day": LATER}),
        (books.keep, {"until": LATER, "on": LAST}),
        (books.reinstate, {"last_day": LATER, "op_key": "k", "actor": "a", "now": None}),
    ],
)
def test_an_award_that_is_not_there_is_said_to_be_missing(db, now, verb, named):
    if "now" in named:
        named = named | {"now": now}

    with pytest.raises(AwardAccount.DoesNotExist), transaction.atomic():
        verb(award=999, **named)


def test_the_audit_asks_why_an_award_has_not_ended_and_knows_what_is_kept(desk, pounds, hours, now):
    noon = dt.datetime(2027, 3, 4, 12, tzinfo=dt.UTC)
    assert audit.differences(noon - dt.timedelta(days=1)) == []
    assert len(audit.differences(noon)) == 2

    desk.expire(award=hours, on=day(1))
    assert audit.differences(noon) == [f"Award account {pounds.pk}: its last day was 2027-03-02, and it has not ended."]

    desk.keep(award=pounds, until=day(10), on=LAST)
    assert audit.differences(noon + dt.timedelta(days=9)) == []
    assert len(audit.differences(noon + dt.timedelta(days=12))) == 1
