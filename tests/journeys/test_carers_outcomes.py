"""C18 and the paper twin: what a carer is asked and what comes of it, through the pages and the jobs."""

import datetime as dt
import re

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import breaks
from voucher import jobs
from voucher.granting import awards
from voucher.models import Answers, Booking

pytestmark = pytest.mark.django_db
MARCH = dt.datetime(2026, 3, 3, 10, 0, tzinfo=dt.UTC)
WEEK = dt.timedelta(weeks=1)


@pytest.fixture
def clock(monkeypatch):
    """The time of the pages: a list with the one moment that it is now."""
    told = [MARCH]
    monkeypatch.setattr(timezone, "now", lambda: told[0])
    return told


@pytest.fixture
def eleri(caerphilly):
    """Eleri's award of £400, issued on 3 March."""
    carer = factories.carer(caerphilly, first_name="Eleri", language="cy", email="eleri@post.example")
    return factories.award(caerphilly, carer_row=carer, value=40_000, first_day=MARCH.date(), now=MARCH)


def open_it(client, award, clock):
    cache.clear()
    code = awards.new_code(award=award, by=factories.TESTS, now=clock[0])
    client.post(reverse("open_award"), {"code": code})


def words(response):
    body = response.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def page(client, name, *args):
    return words(client.get(reverse(name, args=args)))


def answers(moment, number, **more):
    return {"moment": moment} | dict.fromkeys(("rested", "in_control", "able_to_carry_on"), number) | more


def test_c18_three_questions_at_the_start_after_the_break_and_twelve_weeks_later(client, eleri, bryn_cafe, bryn, clock):
    open_it(client, eleri, clock)
    # Never a gate: the award is there, and beside it a quiet invitation.
    first = page(client, "my:award")
    assert "£400" in first and "How are you just now?" in first

    client.post(reverse("my:questions"), answers("start", 2, in_control="not_said"))

    said = Answers.objects.get(moment="start")
    assert (said.rested, said.in_control, said.able_to_carry_on) == (2, None, 2)
    assert "How are you just now?" not in page(client, "my:award")
    assert "nothing to answer" in page(client, "my:questions")

    given = a_break(eleri, bryn_cafe, bryn, clock)
    clock[0] = given.ends_at + dt.timedelta(days=1)
    run(clock)
    assert sent() == ["questions_after"]
    open_it(client, eleri, clock)
    assert "Did your break do you good?" in page(client, "my:award")
    client.post(reverse("my:questions"), answers("after", 4))
    assert Answers.objects.get(moment="after").booking == given

    clock[0] = given.ends_at + 12 * WEEK
    run(clock)
    run(clock)
    assert sent() == ["questions_after", "questions_later"]
    open_it(client, eleri, clock)
    client.post(reverse("my:skip_questions"), {"moment": "later"})
    assert Answers.objects.get(moment="later").rested is None
    assert "Did your break do you good?" not in page(client, "my:award")


def a_break(award, provider, owner, clock):
    """Two hours, two weeks from now: asked for, confirmed, given."""
    offer, starts_at = factories.offer(provider), (clock[0] + 2 * WEEK).replace(hour=12)
    row = breaks.confirm(award, offer, owner, clock[0], starts_at=starts_at, minutes=120)
    clock[0] = row.ends_at
    return breaks.deliver(row, 120, owner)


def run(clock):
    assert jobs.invite_answers(clock[0])[1] == 0


def sent():
    return sorted(OutboxMessage.objects.filter(kind__startswith="questions").values_list("kind", flat=True))


def test_c18_the_team_enters_what_a_carer_says_on_the_telephone(client, eleri, carys, clock):
    client.force_login(carys)
    client.post(reverse("team:book_for", args=[eleri.ref]))
    assert "Read each question out" in page(client, "my:questions")

    client.post(reverse("my:questions"), answers("start", 3))

    assert Answers.objects.get().rested == 3
    entry = HistoryEntry.objects.get(act="award.questions_answered")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"award {eleri.ref}")


def test_c14_after_a_death_the_questions_stop_the_same_minute(client, eleri, bryn_cafe, bryn, clock):
    given = a_break(eleri, bryn_cafe, bryn, clock)
    eleri.carer.quiet_since = clock[0]
    eleri.carer.save()
    clock[0] = given.ends_at + dt.timedelta(days=1)
    run(clock)
    open_it(client, eleri, clock)

    assert sent() == []
    assert "Did your break do you good?" not in page(client, "my:award")
    assert "nothing to answer" in page(client, "my:questions")


@pytest.mark.parametrize("sent", [{}, {"moment": "some day"}, {"moment": "later", "rested": "4"}])
def test_questions_that_are_not_due_change_nothing(client, eleri, clock, sent):
    open_it(client, eleri, clock)

    for name in ("my:questions", "my:skip_questions"):
        assert client.post(reverse(name), sent).status_code in {200, 302}

    assert not Answers.objects.exists()


@pytest.mark.parametrize("number", ["0", "6", "five", "2.5", "-1"])
def test_an_answer_that_is_none_of_the_five_is_shown_again(client, eleri, clock, number):
    open_it(client, eleri, clock)

    answer = client.post(reverse("my:questions"), {"moment": "start", "rested": number})

    assert "Choose one of the answers, or leave it out." in words(answer)
    assert not Answers.objects.exists()


def test_after_a_break_a_carer_says_whether_it_would_be_used_again_and_may_change_it(
    client, eleri, bryn_cafe, bryn, clock
):
    given = a_break(eleri, bryn_cafe, bryn, clock)
    open_it(client, eleri, clock)
    assert "Would you use it again?" in page(client, "my:booking", given.ref)

    for pressed, stored, sentence in [
        ("yes", True, "You said: yes."),
        ("no", False, "You said: no."),
        ("not_said", None, "You would rather not say."),
    ]:
        client.post(reverse("my:again", args=[given.ref]), {"again": pressed})
        assert Booking.objects.get(pk=given.pk).would_use_again is stored
        assert sentence in page(client, "my:booking", given.ref)

    client.post(reverse("my:again", args=[given.ref]), {"again": "perhaps"})
    assert Booking.objects.get(pk=given.pk).would_use_again is None
