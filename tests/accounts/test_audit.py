"""The auditor reads the whole history of their council, and nobody else's."""

import ast
import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from accounts import history
from tests import factories
from voucher.views import history_words

pytestmark = pytest.mark.django_db
HISTORY = "/audit/"


@pytest.fixture
def auditor(client, aled):
    client.force_login(aled)
    return client


def written(council, now, act="role.given", user=None, label="clock", **details):
    subject = factories.user(f"{act}{now:%j%H%M%S}@post.example")
    by = history.Who(user=user) if user else history.Who(label=label)
    return history.record(act=act, subject=subject, by=by, at=now, council=council, **details)


def shown(answer):
    return [row["entry"] for row in answer.context["rows"]]


@pytest.mark.parametrize("person", ["carys", "ffion", "gwen", "bryn", "dafydd"])
def test_the_history_does_not_exist_for_others(request, client, person):
    client.force_login(request.getfixturevalue(person))

    assert client.get(reverse("audit:history")).status_code == 404
    assert client.get(reverse("audit:history_csv")).status_code == 404


def test_an_auditor_reads_in_words_who_did_what(auditor, caerphilly, carys, now):
    written(caerphilly, now, user=carys, kind="team", price_pence=6250)

    page = auditor.get(reverse("audit:history")).content.decode()

    assert "Carys" in page
    assert "A role was given" in page
    assert "£62.50" in page


def test_another_councils_history_is_not_shown(auditor, flintshire, now):
    written(flintshire, now)

    assert shown(auditor.get(reverse("audit:history"))) == []


def test_the_history_can_be_narrowed_to_an_act_a_person_and_days(auditor, caerphilly, carys, ffion, now):
    yesterday = written(caerphilly, now - dt.timedelta(days=1), user=carys)
    today = written(caerphilly, now, act="role.removed", user=ffion)

    for asked, expected in (
        ({"act": "role.given"}, [yesterday]),
        ({"person": ffion.pk}, [today]),
        ({"first_day_day": 12, "first_day_month": 10, "first_day_year": 2026}, [today]),
        ({"last_day_day": 11, "last_day_month": 10, "last_day_year": 2026}, [yesterday]),
        ({}, [today, yesterday]),
    ):
        assert shown(auditor.get(reverse("audit:history"), asked)) == expected, asked


def test_a_day_ends_at_midnight_in_cardiff_not_in_greenwich(auditor, caerphilly):
    before = written(caerphilly, dt.datetime(2026, 7, 1, 22, 59, tzinfo=dt.UTC))
    written(caerphilly, dt.datetime(2026, 7, 1, 23, 1, tzinfo=dt.UTC))

    asked = {"last_day_day": 1, "last_day_month": 7, "last_day_year": 2026}

    assert shown(auditor.get(reverse("audit:history"), asked)) == [before]


def test_a_slip_in_the_question_is_said_and_breaks_nothing(auditor, caerphilly, now):
    written(caerphilly, now)

    for asked in (
        {"act": "no.such.act"},
        {"person": "x"},
        {"first_day_day": 31, "first_day_month": 2, "first_day_year": 2026},
        {"page": "x"},
    ):
        answer = auditor.get(reverse("audit:history"), asked)
        assert answer.status_code == 200
        assert bool(answer.context["form"].errors) == ("page" not in asked)


def test_the_file_has_the_same_rows_and_no_formula(auditor, caerphilly, now):
    written(caerphilly, now, label="=HYPERLINK(1)")
    written(caerphilly, now - dt.timedelta(days=2), act="role.removed")

    answer = auditor.get(reverse("audit:history_csv"), {"act": "role.given"})

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][:2] == ["2026-10-12T11:00:00+01:00", "'=HYPERLINK(1)"]


def test_a_long_history_comes_in_pages_and_costs_no_more_queries(
    auditor, caerphilly, carys, now, django_assert_num_queries
):
    def queries():
        with django_assert_num_queries(1000, exact=False) as counted:
            auditor.get(reverse("audit:history"))
        return len(counted)

    written(caerphilly, now, user=carys)
    few = queries()
    for number in range(60):
        written(caerphilly, now + dt.timedelta(seconds=number + 1), user=carys)

    assert queries() == few
    second = auditor.get(reverse("audit:history"), {"page": 2, "act": "role.given"})
    assert len(shown(second)) == 11
    assert "page=1" in second.content.decode()


def test_the_history_of_one_thing_is_found(carys, caerphilly, now):
    entry = history.record(act="role.given", subject=carys, by=history.CLOCK, at=now, council=caerphilly)
    written(caerphilly, now)

    assert list(history.history_of(carys)) == [entry]


def test_the_page_speaks_welsh(auditor):
    assert auditor.get("/cy" + HISTORY).status_code == 200


def test_every_act_that_the_programme_writes_has_words():
    written_acts = set()
    for room in ("accounts", "providers", "brochure", "voucher"):
        for source in Path(settings.BASE_DIR, room).rglob("*.py"):
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.keyword) and node.arg == "act":
                    written_acts |= {part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)}

    acts = {act for act in written_acts if isinstance(act, str) and "." in act.strip(".")}
    assert len(acts) > 15
    assert acts <= set(history_words.ACTS)


def test_a_code_holder_is_named_by_the_end_of_the_code_only(caerphilly, now):
    entry = history.record(act="award.opened", subject=caerphilly, by=history.Who(label="code 4K7P"), at=now)

    assert history_words.actor(entry) == "The holder of the code ending in 4K7P"


def test_an_award_and_a_booking_have_the_numbers_people_know(auditor, carys, caerphilly, now):
    award = factories.award(caerphilly, ref="A0078")
    by = history.Who(user=carys, on_behalf_of="award A0078")
    history.record(act="award.acted_for", subject=award, by=by, at=now, council=caerphilly)
    history.record(act="code.made", subject=carys, by=by, at=now, council=caerphilly, award=award.pk, amount=150)

    page = auditor.get("/cy" + HISTORY).content.decode()
    file = auditor.get(HISTORY + "history.csv").content.decode("utf-8-sig")

    assert page.count("ar ran: dyfarniad A0078") == 2
    assert "dyfarniad: A0078" in page
    assert "award A0078" not in page
    assert "amount, in pence or minutes: 150" in file
    assert "amount, in pence or minutes: 30000" in file
    assert "Carys,award A0078,The carers team opened the award to act for the carer,award A0078," in file


def test_what_each_file_was_is_said_in_words(auditor, carys, caerphilly, now):
    by = history.Who(user=carys)
    history.record(act="run.file_made", subject=carys, by=by, at=now, council=caerphilly, kind="remittance")

    assert "kind: Remittance advice" in auditor.get(HISTORY).content.decode()
