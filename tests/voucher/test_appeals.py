"""P13: a provider that does not agree with a finding says so once, and is answered in words (R29)."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers import staff
from tests import factories
from tests.voucher.breaks import ALYS, confirm
from tests.voucher.claimed import claim
from tests.voucher.test_found_anew import glenys
from tests.voucher.test_provider_pages import clock, text
from voucher import bookings
from voucher.bookings import tasks
from voucher.claiming import appeals, disputes
from voucher.granting import awards
from voucher.ledger import books
from voucher.models import Code, Task

pytestmark = pytest.mark.django_db
FOUND = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
LAST = dt.datetime(2026, 11, 29, 23, 0, tzinfo=dt.UTC)
WORDS = "Mair stayed until five; her list says so."

__all__ = ["clock", "glenys"]


@pytest.fixture
def finding(caerphilly, bryn_cafe, bryn, carys, now, clock):
    """Three hours were said to be given; so much is found, of the hour and a half that the carer says."""

    def found(minutes=90, claimed=False):
        row = confirm(factories.award(caerphilly, value=40_000), factories.offer(bryn_cafe), bryn, now, minutes=180)
        bookings.deliver(booking=row, minutes=180, by=Who(bryn), now=row.ends_at)
        dispute = disputes.make(booking=row, said_minutes=90, by=ALYS, now=row.ends_at + dt.timedelta(days=1))
        if claimed:
            row.refresh_from_db()
            claim(row.provider, [row], by=Who(bryn), now=row.ends_at + dt.timedelta(days=2))
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


def test_the_provider_reads_the_answer_of_the_carers_team_beside_the_finding(client, finding, bryn, glenys, bryn_cafe):
    row = finding()
    page, press = reverse("provider:booking", args=[row.ref]), reverse("provider:appeal", args=[row.ref])
    client.force_login(bryn)
    assert "tell us by Sunday 29 November, once" in text(client.get(page))
    assert "Write in a few words why you do not agree." in text(client.post(press, {}, follow=True))
    assert "looks at it once more" in text(client.post(press, {"appeal-words": WORDS}, follow=True))
    assert "You have told us already." in text(client.post(press, {"appeal-words": "More."}, follow=True))
    assert f"You do not, and wrote: “{WORDS}”" in text(client.get(page))

    client.force_login(glenys)
    task = Task.objects.get(kind=Task.Kind.APPEAL)
    listed, answer = client.get(reverse("team:tasks")), reverse("team:appeal", args=[task.pk])
    assert WORDS in text(listed) and answer in listed.content.decode()
    # The list alone cannot send it off.
    assert client.post(reverse("team:task_done", args=[task.pk]), {"note": "Done."}).url == answer
    assert "Write the answer in a few words." in text(client.post(answer, {"answer": "stands", "words": " "}))
    client.post(answer, {"answer": "stands", "minutes": "", "words": "The list says half past three."})
    row.refresh_from_db()
    assert (row.due_pence, row.delivered_minutes) == (3750, 90)
    with pytest.raises(tasks.TaskDone):
        appeals.answer(task=task, words="Again.", by=Who(glenys), now=FOUND)

    client.force_login(bryn)
    assert "answered on 1 November 2026: “The list says half past three.”" in text(client.get(page))
    told = OutboxMessage.objects.get(kind="appeal_answered", to=bryn_cafe.email)
    assert "Its answer: The list says half past three." in told.body
    acts = set(HistoryEntry.objects.filter(subject_id=row.pk, subject_kind="booking").values_list("act", flat=True))
    assert {"booking.appealed", "booking.appeal_answered"} <= acts


def test_the_page_says_what_each_answer_does_and_all_three_read_what_was_found_anew(
    client, finding, bryn, glenys, caerphilly
):
    row = finding()
    task = appeals.make(booking=row, words=WORDS, by=Who(bryn), now=FOUND)
    page = reverse("team:appeal", args=[task.pk])
    client.force_login(glenys)
    shown = text(client.get(page))
    assert "Found by Carys, Sunday 1 November" in shown and "Used of the award now £37.50" in shown
    assert "2 hours: £50 of the award (£12.50 more), £50 for the provider (£12.50 more)" in shown

    for wrong, said in [
        ({}, "Choose whether what was found stands."),
        ({"answer": "anew"}, "Choose how much of it took place."),
        ({"answer": "stands", "minutes": "120"}, "Choose no length where it stands, or say that you find anew."),
        ({"answer": "anew", "minutes": "90"}, "Choose how much from the list."),
    ]:
        assert said in text(client.post(page, {"words": "Both asked.", **wrong}))
    told = client.post(page, {"answer": "anew", "minutes": "120", "words": "Both asked again."}, follow=True)
    assert "Noted. Both sides are told." in text(told)
    assert "Glenys found on Sunday 1 November: 2 hours. Both asked again." in text(told)
    assert "£50 of the award is used, and was £37.50 before" in text(told)
    # A second press finds it done, and moves nothing more.
    again = client.post(page, {"answer": "anew", "minutes": "180", "words": "More."}, follow=True)
    assert "A colleague has done this already." in text(again)
    row.refresh_from_db()
    assert (row.due_pence, row.delivered_minutes) == (5000, 120)

    client.force_login(bryn)
    its_own = text(client.get(reverse("provider:booking", args=[row.ref])))
    assert "found on 1 November 2026 that 2 hours of it took place. Both asked again." in its_own
    assert "You are due £50.00 for it in all, £12.50 more than was found first." in its_own
    assert "We do not agree" not in its_own
    client.logout()
    awards.new_code(award=row.award, by=factories.TESTS, now=FOUND)
    session = client.session
    session["award"], session["code"] = row.award.pk, Code.objects.get(award=row.award).pk
    session.save()
    hers = text(client.get(reverse("my:booking", args=[row.ref])))
    assert "We have found that 1½ hours of it took place. Both rung." in hers
    assert "We find now that 2 hours of it took place. Both asked again." in hers
    assert "So £12.50 more of your award is used for it than we told you before: £50 in all." in hers


def test_where_the_award_has_ended_the_page_says_so_and_offers_words_alone(client, finding, bryn, glenys):
    row = finding(claimed=True)
    task = appeals.make(booking=row, words=WORDS, by=Who(bryn), now=FOUND)
    with transaction.atomic():
        books.end(award=row.award.account, reason="moved away", op_key="end", actor="user:1", now=FOUND)
    client.force_login(glenys)
    page = reverse("team:appeal", args=[task.pk])

    shown = text(client.get(page))

    assert "The award has ended, so nothing more can be paid out of it. You can still answer in words." in shown
    assert "What was found stands" in shown and "We find anew: more took place" not in shown
    assert "Choose one of the answers." in text(client.post(page, {"answer": "anew", "words": "They are right."}))
    assert "The provider is told." in text(client.post(page, {"answer": "stands", "words": "Sorry."}, follow=True))


def test_who_made_the_finding_or_works_for_the_provider_looks_and_does_not_answer(
    client, finding, bryn, carys, glenys, bryn_cafe
):
    task = appeals.make(booking=finding(), words=WORDS, by=Who(bryn), now=FOUND)
    page = reverse("team:appeal", args=[task.pk])
    staff.give_post(user=glenys, provider=bryn_cafe, kind="claims", by=Who(bryn), now=FOUND)

    for worker, why in [
        (carys, "You made this finding, so a colleague looks at it once more and answers."),
        (glenys, "You work for this provider, so somebody else of the team does this."),
    ]:
        client.force_login(worker)
        shown = client.get(page)
        assert WORDS in text(shown) and why in text(shown) and 'name="words"' not in shown.content.decode()
        sent = {"answer": "anew", "minutes": "120", "words": "They are right."}
        assert why in text(client.post(page, sent, follow=True))
    task.refresh_from_db()
    assert task.done_at is None
    with pytest.raises(staff.WorksThere):
        appeals.answer(task=task, words="They are right.", by=Who(glenys), now=FOUND)
