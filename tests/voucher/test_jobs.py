"""What happens by the clock, and that one bad row keeps nobody waiting."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from accounts import heartbeat
from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher.test_bookings import ask, left, london
from voucher import bookings, jobs
from voucher.ledger import audit, seals
from voucher.models import Booking

pytestmark = pytest.mark.django_db
BRYN = Who(label="tests")


def run(now):
    return {outcome.kind: (outcome.done, outcome.failed) for outcome in jobs.run(now)}


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, places=4)


def test_requests_past_their_deadline_end_and_a_second_run_changes_nothing(award, sitting, now):
    booking = ask(award, sitting, now)

    assert run(booking.answer_by)["requests timed out"] == (1, 0)
    assert run(booking.answer_by)["requests timed out"] == (0, 0)

    booking.refresh_from_db()
    assert booking.state == Booking.State.TIMED_OUT
    assert left(award) == (40_000, 0)


def test_one_bad_request_does_not_keep_the_others_waiting_and_is_logged_by_number_only(
    award, sitting, now, caplog, monkeypatch
):
    bad = ask(award, sitting, now)
    good = ask(award, sitting, now, starts_at=london(2026, 10, 17, 14))
    time_out = bookings.time_out

    def fails_for_one(*, booking, now):
        if booking == bad:
            raise ValueError("Alys Gŵyr")
        time_out(booking=booking, now=now)

    monkeypatch.setattr(bookings, "time_out", fails_for_one)

    assert run(good.answer_by)["requests timed out"] == (1, 1)
    assert f"booking {bad.pk} failed: ValueError" in caplog.text
    assert "Alys" not in caplog.text


def test_an_award_ends_at_midnight_after_its_last_day_and_the_rest_goes_back_to_its_fund(award):
    last_moment = london(2027, 2, 28, 23, 59)

    assert run(last_moment)["awards ended"] == (0, 0)
    assert run(london(2027, 3, 1, 0, 0))["awards ended"] == (1, 0)
    assert run(london(2027, 3, 1, 0, 1))["awards ended"] == (0, 0)

    assert left(award) == (0, 0)
    award.fund.account.refresh_from_db()
    assert award.fund.account.issued == 0
    assert HistoryEntry.objects.get(act="award.ended").details == {"amount": 40_000}
    assert audit.differences() == []


def test_what_is_set_aside_outlives_the_award_and_what_comes_back_later_goes_to_the_fund(caerphilly, sitting, now):
    award = factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 4, 17))  # to 16 October
    booking = ask(award, sitting, now)
    bookings.confirm(booking=booking, by=BRYN, now=now)
    run(london(2026, 10, 17, 1))
    assert left(award) == (0, 6_250)

    bookings.did_not_happen(booking=booking, party="carer", by=BRYN, now=london(2026, 10, 17, 9))
    run(london(2026, 10, 17, 10))

    assert left(award) == (0, 0)
    award.fund.account.refresh_from_db()
    assert award.fund.account.issued == 0
    assert audit.differences() == []


def test_a_request_that_times_out_after_the_last_day_goes_straight_to_the_fund(caerphilly, sitting, now):
    award = factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 4, 14))  # to 13 October
    ask(award, sitting, now, starts_at=london(2026, 10, 13, 18))

    run(london(2026, 10, 14, 1))

    assert left(award) == (0, 0)
    assert audit.differences() == []


@pytest.mark.parametrize(
    ("day", "count"), [(dt.date(2027, 1, 2), 0), (dt.date(2027, 1, 3), 1), (dt.date(2027, 1, 31), 1)]
)
def test_the_first_reminder_is_due_eight_weeks_before_the_last_day(award, day, count):
    run(london(day.year, day.month, day.day, 9))

    assert OutboxMessage.objects.filter(kind="award_reminder").count() == count


def test_three_reminders_are_written_in_all_each_once(award):
    for days in range(70):
        run(london(2026, 12, 25, 9) + dt.timedelta(days=days))

    assert OutboxMessage.objects.filter(kind="award_reminder").count() == 3


def test_only_the_reminders_of_awards_that_end_soon_are_looked_for_in_the_outbox(
    award, caerphilly, django_assert_max_num_queries
):
    moment = london(2027, 1, 3, 10)
    both = factories.carer(caerphilly, language="", phone="07700 900123", contact_by="sms")
    factories.award(caerphilly, carer_row=both, value=40_000)
    assert run(moment)["reminders written"] == (2, 0)

    with django_assert_max_num_queries(4) as asked:
        # The one in two languages, with a key for each, counts as told as well.
        assert jobs.remind(moment) == (0, 0)

    [looked] = [query["sql"] for query in asked.captured_queries if "accounts_outboxmessage" in query["sql"]]
    assert '"dedupe_key" IN (' in looked


def test_nobody_is_reminded_of_an_award_that_is_used_up(caerphilly, sitting, now):
    bookings.confirm(booking=ask(factories.award(caerphilly, value=6_250), sitting, now), by=BRYN, now=now)

    run(london(2027, 2, 1, 9))

    assert not OutboxMessage.objects.filter(kind="award_reminder").exists()


def test_the_command_seals_and_sends_and_prints_a_line_a_kind(award, sitting, now, capsys, mailoutbox):
    bookings.confirm(booking=ask(award, sitting, now), by=BRYN, now=now)

    call_command("run_jobs")

    printed = capsys.readouterr().out
    assert "movements sealed: 2" in printed
    assert seals.unsealed() == 0
    provider = [sitting.provider.email]
    assert [message.to for message in mailoutbox] == [provider, [award.carer.email], provider]
    assert heartbeat.last("jobs")
    assert [line.split(":")[0] for line in printed.splitlines()] == list(jobs.JOBS)


def test_the_command_exits_1_when_something_failed(monkeypatch, caplog):
    def broken(now):
        raise RuntimeError("down")

    monkeypatch.setitem(jobs.JOBS, "awards ended", broken)

    with pytest.raises(CommandError):
        call_command("run_jobs")
    assert "awards ended failed: RuntimeError" in caplog.text
