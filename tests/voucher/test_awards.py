"""An award from its granting to its statement, and the code that opens it."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from voucher import codes, rules
from voucher.granting import awards
from voucher.ledger import books
from voucher.ledger.models import Transfer
from voucher.models import Award, Code

pytestmark = pytest.mark.django_db


@pytest.fixture
def carys_acts(carys):
    return Who(user=carys)


@pytest.fixture
def terms(caerphilly, carys_acts, now):
    """All that an award of £300 is granted with."""
    return {
        "council": caerphilly,
        "carer": factories.carer(caerphilly),
        "fund": factories.fund(caerphilly, allocated=50_000),
        "value": 30_000,
        "first_day": dt.date(2026, 9, 1),
        "assessment_ref": "CNA-1",
        "assessment_date": dt.date(2026, 8, 1),
        "by": carys_acts,
        "now": now,
        "key": "key-1",
    }


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [
        (dt.date(2026, 3, 3), dt.date(2026, 9, 2)),
        (dt.date(2026, 8, 31), dt.date(2027, 2, 28)),
        (dt.date(2027, 8, 31), dt.date(2028, 2, 29)),
        (dt.date(2026, 8, 29), dt.date(2027, 2, 28)),
        (dt.date(2026, 3, 31), dt.date(2026, 9, 30)),
        (dt.date(2026, 7, 1), dt.date(2026, 12, 31)),
        (dt.date(2026, 12, 31), dt.date(2027, 6, 30)),
    ],
)
def test_r1_an_award_lasts_six_calendar_months(first_day, last_day):
    assert rules.last_day(first_day, 6) == last_day


def test_an_award_is_granted_from_its_fund_for_six_months(terms):
    award = awards.issue(**terms)

    assert award.account.available == award.value == 30_000
    assert (award.account.first_day, award.account.last_day) == (dt.date(2026, 9, 1), dt.date(2027, 2, 28))
    terms["fund"].account.refresh_from_db()
    assert terms["fund"].account.issued == 30_000
    assert not award.codes.exists()
    entry = HistoryEntry.objects.get(act="award.issued")
    assert (entry.subject_id, entry.actor, entry.details) == (award.pk, terms["by"].user, {"value": 30_000})


def test_the_same_key_twice_grants_one_award(terms):
    first, second = awards.issue(**terms), awards.issue(**terms)

    assert first == second
    assert Award.objects.count() == Transfer.objects.count() == 1


def test_a_fund_without_room_grants_nothing_and_says_what_is_left(terms):
    awards.issue(**terms | {"value": 40_000})

    with pytest.raises(awards.FundExhausted) as refused:
        awards.issue(**terms | {"value": 10_001, "key": "key-2"})

    assert refused.value.left == 10_000
    assert Award.objects.count() == 1


def test_a_reference_is_used_once_a_council(terms):
    awards.issue(**terms | {"ref": "A0007", "value": 100})

    with pytest.raises(awards.RefTaken):
        awards.issue(**terms | {"ref": "A0007", "value": 100, "key": "key-2"})

    assert awards.next_ref() == "A0008"


def test_a_carer_or_a_fund_of_another_council_is_refused(terms, flintshire):
    for stranger in ({"carer": factories.carer(flintshire)}, {"fund": factories.fund(flintshire)}):
        with pytest.raises(awards.WrongCouncil):
            awards.issue(**terms | stranger)


def test_r19_one_worker_issues_up_to_the_limit(terms):
    awards.issue(**terms | {"value": 50_000})

    with pytest.raises(awards.OverTheLimit) as refused:
        awards.issue(**terms | {"value": 50_001, "key": "key-2"})

    assert refused.value.limit == 50_000


def test_a_code_opens_its_award_however_it_is_typed(caerphilly, carys_acts, now):
    award = factories.award(caerphilly)
    factories.award(caerphilly)

    code = awards.new_code(award=award, by=carys_acts, now=now)

    assert awards.open_with(code=code.lower().replace("-", " ")) == award
    assert code[-4:] == award.codes.get().last_four
    assert code not in str(award.codes.values())


def test_a_new_code_ends_the_old_one_at_once_and_leaves_the_money(caerphilly, carys_acts, now, today):
    award = factories.award(caerphilly)
    with transaction.atomic():
        books.hold(award=award.account, amount=6_000, on=today, op_key="h", actor="t", now=now)
    lost = awards.new_code(award=award, by=carys_acts, now=now)

    found = awards.new_code(award=award, by=carys_acts, now=now)

    with pytest.raises(awards.CodeRefused) as refused:
        awards.open_with(code=lost)
    assert refused.value.reason == "ended"
    balance = awards.balance(awards.open_with(code=found))
    assert (balance.left, balance.set_aside) == (24_000, 6_000)
    assert award.codes.filter(state=Code.State.ACTIVE).count() == 1


def test_a_revoked_code_opens_nothing(caerphilly, carys_acts, now):
    award = factories.award(caerphilly)
    code = awards.new_code(award=award, by=carys_acts, now=now)

    assert awards.revoke_code(award=award, by=carys_acts, now=now)

    with pytest.raises(awards.CodeRefused):
        awards.open_with(code=code)
    assert not awards.revoke_code(award=award, by=carys_acts, now=now)
    assert HistoryEntry.objects.filter(act="code.revoked").count() == 1


def test_every_well_formed_code_is_looked_up_in_the_same_way(caerphilly, carys_acts, now):
    award = factories.award(caerphilly)
    ended = awards.new_code(award=award, by=carys_acts, now=now)
    awards.new_code(award=award, by=carys_acts, now=now)

    seen = []
    for code in (ended, codes.generate()):
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            pytest.raises(awards.CodeRefused),
        ):
            awards.open_with(code=code)
        seen.append([query["sql"].split("WHERE")[0] for query in queries])

    assert seen[0] == seen[1]
    assert len(seen[0]) == 1


def test_a_malformed_code_never_asks_the_database(django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(awards.CodeRefused):
        awards.open_with(code="0000-0000-0001")


def test_a_code_made_under_an_earlier_key_still_opens(caerphilly, carys_acts, now, settings):
    award = factories.award(caerphilly)
    settings.CODE_KEYS = {"k1": "first"}
    code = awards.new_code(award=award, by=carys_acts, now=now)
    settings.CODE_KEYS = {"k1": "first", "k2": "second"}

    assert awards.open_with(code=code) == award
    assert award.codes.get().key_id == "k1"


def test_a_code_still_opens_after_the_last_day_so_that_the_statement_can_be_read(caerphilly, carys_acts, now):
    award = factories.award(caerphilly, first_day=dt.date(2020, 1, 1))
    code = awards.new_code(award=award, by=carys_acts, now=now)

    assert awards.open_with(code=code) == award


def test_codes_are_put_for_all_awards_or_for_none(caerphilly, carys_acts, now):
    printed, waiting = factories.award(caerphilly), factories.award(caerphilly)
    fresh = {award: codes.generate() for award in (printed, waiting)}
    with transaction.atomic():
        awards.put_codes(codes_by_award={printed: codes.generate()}, by=carys_acts, now=now, printed=True)

    with pytest.raises(awards.PrintedMeanwhile), transaction.atomic():
        awards.put_codes(codes_by_award=fresh, by=carys_acts, now=now, printed=True, first_print=True)

    waiting.refresh_from_db()
    assert waiting.printed_at is None
    assert Code.objects.count() == 1


def test_the_parts_of_a_balance_make_up_what_was_given(caerphilly, now, today):
    award = factories.award(caerphilly)
    movement = {"actor": "t", "now": now}
    with transaction.atomic():
        spent = books.hold(award=award.account, amount=6_000, on=today, op_key="1", **movement)
        books.spend(hold=spent, amount=4_500, payee=1, effective_on=today, op_key="2", **movement)
        books.hold(award=award.account, amount=2_000, on=today, op_key="3", **movement)
        books.expire(award=award.account, on=dt.date(2027, 3, 1), op_key="4", **movement)
    award.account.refresh_from_db()

    balance = awards.balance(award)

    assert (balance.left, balance.set_aside, balance.used, balance.expired) == (0, 2_000, 4_500, 23_500)
    assert balance.given == 30_000


def test_the_balance_of_an_hours_award_counts_minutes_and_never_the_pounds_behind_them(caerphilly, now, today):
    award = factories.award(caerphilly, unit="minutes", value=960)
    movement = {"actor": "t", "now": now}
    with transaction.atomic():
        hold = books.hold(award=award.account, amount=120, on=today, op_key="1", **movement)
        books.spend(hold=hold, amount=90, payee=1, charge_pence=4_000, effective_on=today, op_key="2", **movement)
        books.refund(hold=hold, amount=30, charge_pence=1_300, op_key="3", **movement)
    award.account.refresh_from_db()

    balance = awards.balance(award)

    assert (balance.unit, balance.given, balance.left, balance.used) == ("minutes", 960, 900, 60)
    assert [line.left_after for line in awards.statement(award)] == [960, 840, 840, 870, 900]


def test_balances_of_many_awards_take_one_query(caerphilly, django_assert_num_queries):
    many = [factories.award(caerphilly) for _ in range(3)]

    with django_assert_num_queries(1):
        found = awards.balances(many)

    assert [found[award.pk].left for award in many] == [30_000] * 3


def test_a_statement_tells_each_movement_in_words(caerphilly, now, today):
    award = factories.award(caerphilly)
    with transaction.atomic():
        hold = books.hold(award=award.account, amount=6_000, on=today, op_key="1", actor="t", now=now)
        books.spend(hold=hold, amount=4_500, payee=1, effective_on=today, op_key="2", actor="t", now=now)

    lines = awards.statement(award)

    assert [(line.words, line.amount, line.left_after) for line in lines] == [
        ("Your award", 30_000, 30_000),
        ("Set aside for a break", -6_000, 24_000),
        ("Used for a break", -4_500, 24_000),
        ("Given back", 1_500, 25_500),
    ]


@pytest.mark.parametrize(("contact_by", "channel"), [("email", "email"), ("sms", "sms"), ("post", None)])
def test_a_carer_is_told_that_an_award_is_granted_and_that_the_letter_comes(terms, contact_by, channel):
    carer = terms["carer"]
    carer.contact_by, carer.phone, carer.language = contact_by, "07700 900123", "en"
    carer.save()

    for _ in range(2):
        award, code = awards.issue_with_code(**terms)

    rows = list(OutboxMessage.objects.filter(kind="award_granted"))
    assert [row.channel for row in rows] == ([channel] if channel else [])
    for row in rows:
        assert "A letter with your code is on its way" in row.body
        # Neither the code nor how much: that stands in the letter.
        assert not any(secret in row.subject + row.body for secret in ("£", "300", award.codes.get().last_four))
    assert code is None
