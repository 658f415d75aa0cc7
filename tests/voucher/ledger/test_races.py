"""Many at once, on a real PostgreSQL with a connection for each thread: exactly what is there is sold.

The last two tests are controls. They run designs that are known to oversell through the same races and must see them
do it: a race test that cannot see them fail proves nothing.
"""

import datetime as dt
import functools

import pytest
from django.db import connection, transaction

from tests.voucher.ledger.desk import Desk, at_once, faults
from voucher.ledger import acts, books
from voucher.ledger.models import AwardAccount, Hold, Op, Transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

BREAK = dt.date(2026, 11, 5)
ROUNDS = 10


@pytest.fixture
def award(now):
    """A maker of awards in pence, each of a fund of its own."""
    desk = Desk(now)

    def award(amount):
        fund = desk.fund("pence", amount)
        return desk.issue(fund=fund, amount=amount, first_day=BREAK, last_day=BREAK)

    return award


@pytest.fixture
def desk(now):
    return Desk(now)


def refusals(answers, kind):
    assert [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, kind)] == []
    return sum(isinstance(answer, kind) for answer in answers)


def test_the_last_sixty_pounds_are_taken_once(desk, award):
    for _ in range(ROUNDS):
        last = award(6_000)

        answers = at_once(*[functools.partial(desk.hold, award=last, amount=6_000, on=BREAK)] * 4)

        assert refusals(answers, books.NotEnough) == 3
        assert desk.left(last) == (0, 6_000)
    assert faults() == []


def test_a_hold_is_spent_once(desk, award):
    for _ in range(ROUNDS):
        of = award(10_000)
        held = desk.hold(award=of, amount=1_000, on=BREAK)
        desk.hold(award=of, amount=5_000, on=BREAK)

        spend = functools.partial(desk.spend, hold=held, amount=900, payee=7, effective_on=BREAK)
        answers = at_once(*[spend] * 4)

        assert refusals(answers, books.AlreadyResolved) == 3
        assert desk.left(of) == (4_100, 5_000)
    assert books.due(7) == 900 * ROUNDS
    assert faults() == []


def test_a_hold_is_spent_or_released_and_never_both(desk, award):
    for _ in range(ROUNDS):
        held = desk.hold(award=award(10_000), amount=1_000, on=BREAK)

        answers = at_once(
            functools.partial(desk.spend, hold=held, amount=1_000, payee=7, effective_on=BREAK),
            functools.partial(desk.release, hold=held),
            functools.partial(desk.release, hold=held),
        )

        assert refusals(answers, books.AlreadyResolved) == 2
    assert faults() == []


def test_what_was_spent_is_refunded_once(desk, award):
    for _ in range(ROUNDS):
        of = award(10_000)
        held = desk.hold(award=of, amount=1_000, on=BREAK)
        desk.spend(hold=held, amount=1_000, payee=7, effective_on=BREAK)

        answers = at_once(*[functools.partial(desk.refund, hold=held, amount=600)] * 4)

        assert refusals(answers, books.MoreThanSpent) == 3
        assert desk.left(of) == (9_600, 0)
    assert faults() == []


def test_an_award_expires_once_while_its_holds_come_back(desk, award):
    after = BREAK + dt.timedelta(days=1)
    for _ in range(ROUNDS):
        of = award(10_000)
        holds = [desk.hold(award=of, amount=1_000, on=BREAK) for _ in range(3)]

        answers = at_once(
            *[functools.partial(desk.release, hold=held) for held in holds],
            functools.partial(desk.expire, award=of, on=after),
            functools.partial(desk.expire, award=of, on=after),
        )

        assert refusals(answers, books.NotEnough) <= 1
        desk.expire(award=of, on=after)
        assert (desk.left(of), desk.issued(of)) == ((0, 0), 0)
    assert faults() == []


def test_more_time_and_the_night_after_the_last_day_are_decided_once(desk, award):
    after, later = BREAK + dt.timedelta(days=1), BREAK + dt.timedelta(days=9)
    for _ in range(ROUNDS):
        of = award(10_000)

        extended, expired = at_once(
            functools.partial(desk.extend, award=of, last_day=later), functools.partial(desk.expire, award=of, on=after)
        )

        row = AwardAccount.objects.get(pk=of.pk)
        if isinstance(extended, books.AwardEnded):
            assert (expired, row.state, row.last_day, row.available) == (10_000, "ended", BREAK, 0)
        else:
            assert isinstance(expired, books.NotYetOver)
            assert (extended, row.state, row.last_day, row.available) == (None, "active", later, 10_000)
    assert faults() == []


def test_what_was_swept_is_reinstated_once_while_late_money_is_swept(desk, award):
    after, later = BREAK + dt.timedelta(days=1), BREAK + dt.timedelta(days=9)
    for _ in range(ROUNDS):
        of = award(10_000)
        held = desk.hold(award=of, amount=1_000, on=BREAK)
        desk.expire(award=of, on=after)
        desk.release(hold=held)

        again = functools.partial(desk.reinstate, award=of, last_day=later, on=after)
        answers = at_once(again, again, functools.partial(desk.expire, award=of, on=after))

        assert refusals(answers, books.Refused) in {1, 2}
        row = AwardAccount.objects.get(pk=of.pk)
        assert (row.state, row.last_day, row.available, desk.issued(of)) == ("active", later, 10_000, 10_000)
    assert faults() == []


def test_a_fund_is_issued_to_the_last_pound_and_no_further(desk):
    fund = desk.fund("pence", 90_000)

    issue = functools.partial(desk.issue, fund=fund, amount=10_000, first_day=BREAK, last_day=BREAK)
    answers = at_once(*[issue] * 16)

    assert refusals(answers, books.FundExhausted) == 7
    assert AwardAccount.objects.count() == 9
    assert faults() == []


def test_the_same_key_sixteen_times_at_once_does_one_thing(desk, award, now):
    for round_ in range(ROUNDS):
        of, key = award(100_000), f"form {round_}"

        def do(of=of, key=key):
            return books.hold(award=of, amount=100, on=BREAK, op_key=key, actor="user:1", now=now).pk

        act = functools.partial(
            acts.once, key=key, actor="user:1", verb="booking.make", arguments={"award": of.pk}, now=now, do=do
        )
        answers = at_once(*[act] * 16)

        assert answers == [Hold.objects.get(award=of).pk] * 16
        assert desk.left(of) == (99_900, 100)
    assert Op.objects.count() == ROUNDS
    assert faults() == []


def test_a_storm_over_twenty_awards_sells_exactly_what_is_there(desk, award):
    awards = [award(1_000) for _ in range(20)]

    def shopper(number):
        def shop():
            sold = 0
            for turn in range(40):
                of = awards[(number * 7 + turn) % 20]
                try:
                    held = desk.hold(award=of, amount=100, on=BREAK)
                    if turn % 8 == 0:
                        desk.release(hold=held)
                    else:
                        sold += 1
                except books.NotEnough:
                    pass
            return sold

        return shop

    sold = sum(at_once(*[shopper(number) for number in range(12)]))

    assert sold == 200
    assert {desk.left(of) for of in awards} == {(0, 1_000)}
    assert faults() == []


def test_a_refused_act_leaves_no_row(desk, award):
    last = award(100)
    before = Transfer.objects.count()

    at_once(*[functools.partial(desk.hold, award=last, amount=101, on=BREAK)] * 4)

    assert Transfer.objects.count() == before
    assert not Hold.objects.exists()


# The controls. Both look sound when one person tries them.

READ_AVAILABLE = "SELECT available FROM ledger_awardaccount WHERE id = %s"
WRITE_AVAILABLE = "UPDATE ledger_awardaccount SET available = %s WHERE id = %s"
THINK = "SELECT pg_sleep(0.02)"

SUM_TRIGGER = """
CREATE TABLE control_sale (id bigserial PRIMARY KEY, award_id bigint NOT NULL, amount bigint NOT NULL);
CREATE FUNCTION control_not_enough() RETURNS trigger AS $$
BEGIN
    IF (SELECT SUM(amount) FROM control_sale WHERE award_id = NEW.award_id) > 6000 THEN
        RAISE EXCEPTION 'not enough';
    END IF;
    PERFORM pg_sleep(0.02);
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER control_not_enough AFTER INSERT ON control_sale FOR EACH ROW EXECUTE FUNCTION control_not_enough();
"""


def run(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchone() if cursor.description else None


def test_control_read_check_write_oversells(award):
    sold = 0
    for _ in range(ROUNDS):
        of = award(6_000)

        def buy(of=of):
            with transaction.atomic():
                (available,) = run(READ_AVAILABLE, of.pk)
                run(THINK)
                if available < 6_000:
                    return 0
                run(WRITE_AVAILABLE, available - 6_000, of.pk)
                return 1

        assert buy(award(6_000)) == 1
        sold += sum(at_once(*[buy] * 4))

    assert sold > ROUNDS, "The race is too slow to see an overselling design oversell."


@pytest.fixture
def sum_trigger():
    run(SUM_TRIGGER)
    yield
    run("DROP TABLE control_sale; DROP FUNCTION control_not_enough()")


def test_control_a_sum_in_a_trigger_without_a_lock_oversells(sum_trigger):
    def buy(award):
        try:
            with transaction.atomic():
                run("INSERT INTO control_sale (award_id, amount) VALUES (%s, 6000)", award)
            return 1
        except Exception as refusal:
            assert "not enough" in str(refusal)
            return 0

    assert [buy(0), buy(0)] == [1, 0]

    sold = sum(sum(at_once(*[functools.partial(buy, award)] * 4)) for award in range(1, ROUNDS + 1))

    assert sold > ROUNDS, "The race is too slow to see an overselling design oversell."
