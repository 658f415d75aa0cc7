"""P13: a provider that does not agree with a finding says so once, and is answered in words (R29)."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers import staff
from tests import factories
from tests.voucher.breaks import ALYS, confirm
from tests.voucher.test_provider_pages import clock, text
from voucher import appeals, bookings, disputes, tasks
from voucher.models import Task

pytestmark = pytest.mark.django_db
FOUND = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
LAST = dt.datetime(2026, 11, 29, 23, 0, tzinfo=dt.UTC)
WORDS = "Mair stayed until five; her list says so."

__all__ = ["clock"]


@pytest.fixture
def finding(caerphilly, bryn_cafe, bryn, carys, now, clock):
    """Three hours were said to be given; so much is found, of the hour and a half that the carer says."""

    def found(minutes=90):
        row = confirm(factories.award(caerphilly, value=40_000), factories.offer(bryn_cafe), bryn, now, minutes=180)
        bookings.deliver(booking=row, minutes=180, by=Who(bryn), now=row.ends_at)
        dispute = disputes.make(booking=row, said_minutes=90, by=ALYS, now=row.ends_at + dt.timedelta(days=1))
        disputes.resolve(dispute=dispute, found_minutes=minutes, finding="Both rung.", by=Who(carys), now=FOUND)
        clock.at = FOUND
        row.refresh_from_db()
        return row

    return found


def test_it_is_said_once_within_28_days_of_a_finding_that_costs_something(finding, bryn):
    row = finding()
    with pytest.raises(appeals.TooLate):
        appeals.make(booking=row, words=WORDS, by=Who(bryn), now=LAST + dt.timedelta(hours=1))
    with pytest.raises(appeals.NoWords):
        appeals.make(booking=row, words=" ", by=Who(bryn), now=LAST)
    appeals.make(booking=row, words=WORDS, by=Who(bryn), now=LAST)
    with pytest.raises(appeals.AppealedBefore):
        appeals.make(booking=row, words="And more.", by=Who(bryn), now=LAST)


def test_where_the_provider_was_right_there_is_nothing_to_appeal_against(finding, bryn):
    with pytest.raises(appeals.TooLate):
        appeals.make(booking=finding(180), words=WORDS, by=Who(bryn), now=FOUND)


def test_the_provider_reads_the_answer_of_the_carers_team_beside_the_finding(client, finding, bryn, carys, bryn_cafe):
    row = finding()
    page, press = reverse("provider:booking", args=[row.ref]), reverse("provider:appeal", args=[row.ref])
    client.force_login(bryn)
    assert "tell us by Sunday 29 November, once" in text(client.get(page))
    assert "Write in a few words why you do not agree." in text(client.post(press, {}, follow=True))
    assert "looks at it once more" in text(client.post(press, {"appeal-words": WORDS}, follow=True))
    assert "You have told us already." in text(client.post(press, {"appeal-words": "More."}, follow=True))
    assert f"You do not, and wrote: “{WORDS}”" in text(client.get(page))

    client.force_login(carys)
    task = Task.objects.get(kind=Task.Kind.APPEAL)
    shown, done = reverse("team:tasks"), reverse("team:task_done", args=[task.pk])
    assert WORDS in text(client.get(shown)) and "Your answer, which the provider reads" in text(client.get(shown))
    assert "Write the answer to the provider in a few words." in text(client.post(done, {"note": ""}, follow=True))
    client.post(done, {"note": "The list says half past three."})
    with pytest.raises(tasks.TaskDone):
        appeals.answer(task=task, words="Again.", by=Who(carys), now=FOUND)

    client.force_login(bryn)
    assert "answered on 1 November 2026: “The list says half past three.”" in text(client.get(page))
    told = OutboxMessage.objects.get(kind="appeal_answered", to=bryn_cafe.email)
    assert "Its answer: The list says half past three." in told.body
    acts = set(HistoryEntry.objects.filter(subject_id=row.pk, subject_kind="booking").values_list("act", flat=True))
    assert {"booking.appealed", "booking.appeal_answered"} <= acts


def test_who_works_for_the_provider_does_not_answer_it(finding, bryn, carys, bryn_cafe):
    task = appeals.make(booking=finding(), words=WORDS, by=Who(bryn), now=FOUND)
    staff.give_post(user=carys, provider=bryn_cafe, kind="claims", by=Who(bryn), now=FOUND)

    with pytest.raises(staff.WorksThere):
        appeals.answer(task=task, words="They are right.", by=Who(carys), now=FOUND)
