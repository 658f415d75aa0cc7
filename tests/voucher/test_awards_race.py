"""Two of the carers team at the same moment: each award has its own reference, and each award one live code."""

import datetime as dt
from functools import partial

import pytest

from accounts.history import Who
from tests import factories
from tests.voucher.ledger.desk import TURNS, at_once
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Award, Carer, Code

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
SIAN = {"first_name": "Siân", "last_name": "ap Huw", "address": "3 Heol y Parc", "town": "Blackwood"}


@pytest.fixture
def issue(caerphilly, carys, now):
    return partial(
        awards.issue_with_code,
        council=caerphilly,
        new_carer=SIAN | {"postcode": "NP12 1AA"},
        fund=factories.fund(caerphilly),
        value=10_000,
        first_day=dt.date(2026, 10, 12),
        assessment_ref="CNA-1",
        assessment_date=dt.date(2026, 9, 1),
        by=Who(user=carys),
        now=now,
    )


@TURNS
def test_awards_issued_at_once_get_a_reference_each_or_are_asked_to_press_again(issue, turn):
    answers = at_once(*(partial(issue, key=f"key-{number}") for number in range(4)))

    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert {type(answer) for answer in refused} <= {awards.RefTaken}, refused
    assert Award.objects.count() == Carer.objects.count() == Code.objects.count() == 4 - len(refused) >= 1
    assert audit.differences() == []


def test_one_form_sent_four_times_issues_one_award_and_shows_its_code_once(issue):
    answers = at_once(*(partial(issue, key="key") for _ in range(4)))

    assert Award.objects.count() == Carer.objects.count() == 1
    assert sorted(code is None for _award, code in answers) == [False, True, True, True]


def test_codes_made_and_stopped_at_once_leave_one_live_code_at_most(caerphilly, now):
    award = factories.award(caerphilly)
    make = partial(awards.new_code, award=award, by=factories.TESTS, now=now)

    answers = at_once(make, make, make, partial(awards.revoke_code, award=award, by=factories.TESTS, now=now))

    assert not any(isinstance(answer, Exception) for answer in answers), answers
    assert Code.objects.filter(state=Code.State.ACTIVE).count() <= 1
    assert Code.objects.count() == 3
