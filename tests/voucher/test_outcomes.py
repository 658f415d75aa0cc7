"""Three short questions at three moments, "would you use it again?", and that only groups are ever shown."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.voucher import breaks, claimed
from voucher import jobs, rules
from voucher.carers import outcomes
from voucher.models import Answers, Booking

pytestmark = pytest.mark.django_db

ALYS = Who(label="code 4K7P")
WELL = {"rested": 4, "in_control": 4, "able_to_carry_on": 4}
START, AFTER, LATER = "start", "after", "later"


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly)


@pytest.fixture
def given(award, sitting, bryn):
    """A break of the award, given on 22 September 2026."""
    return claimed.delivered(award, sitting, by=Who(bryn))


def at(day):
    return dt.datetime.combine(day, dt.time(10), dt.UTC)


FIRST = claimed.BREAK.date()
TWELVE_WEEKS_ON = FIRST + dt.timedelta(weeks=12)


# R34. Three questions at three moments: before the first break, after it, and from twelve weeks after it on.


@pytest.mark.parametrize(
    "first_break_on, on, moment",
    [
        (None, FIRST, START),
        (FIRST, FIRST, AFTER),
        (FIRST, TWELVE_WEEKS_ON - dt.timedelta(days=1), AFTER),
        (FIRST, TWELVE_WEEKS_ON, LATER),
    ],
)
def test_the_moment_follows_from_the_first_break(first_break_on, on, moment):
    assert rules.questions_due(first_break_on=first_break_on, on=on) == moment


def test_a_carer_is_asked_once_at_each_moment(award, today, now):
    assert outcomes.moment_due(award, on=today) == START

    outcomes.answer(award=award, moment=START, given={"rested": 2}, by=ALYS, now=now)

    assert outcomes.moment_due(award, on=today) is None
    row = Answers.objects.get()
    assert (row.rested, row.in_control, row.able_to_carry_on, row.booking) == (2, None, None, None)
    assert HistoryEntry.objects.get(act="award.questions_answered").details == {"moment": START}


def test_to_leave_them_out_is_an_answer(award, today, now):
    outcomes.answer(award=award, moment=START, given={}, by=ALYS, now=now)

    assert outcomes.moment_due(award, on=today) is None
    assert HistoryEntry.objects.filter(act="award.questions_left_out").count() == 1


def test_a_second_press_changes_nothing(award, now):
    first = outcomes.answer(award=award, moment=START, given=WELL, by=ALYS, now=now)
    again = outcomes.answer(award=award, moment=START, given={"rested": 1}, by=ALYS, now=now)

    assert again == first and again.rested == 4
    assert HistoryEntry.objects.filter(act="award.questions_answered").count() == 1


def test_answers_for_another_moment_are_refused(award, given, now):
    with pytest.raises(outcomes.NotDue) as refused:
        outcomes.answer(award=award, moment=START, given=WELL, by=ALYS, now=now)

    assert refused.value.due == AFTER
    assert not Answers.objects.exists()


def test_the_answers_after_a_break_know_which(award, given, now):
    outcomes.answer(award=award, moment=AFTER, given=WELL, by=ALYS, now=now)

    assert Answers.objects.get().booking == given


def test_nobody_is_asked_while_we_keep_silent(award, given, today, now):
    award.carer.quiet_since = now
    award.carer.save()

    assert outcomes.moment_due(award, on=today) is None
    assert outcomes.to_invite(now) == []
    with pytest.raises(outcomes.NotDue):
        outcomes.answer(award=award, moment=AFTER, given=WELL, by=ALYS, now=now)


def test_a_break_that_did_not_take_place_is_no_break(award, sitting, bryn, now, today):
    breaks.confirm(award, sitting, bryn, now)

    assert outcomes.moment_due(award, on=today) == START


# Invitations


def invited():
    return sorted(OutboxMessage.objects.filter(kind__startswith="questions_").values_list("kind", flat=True))


def test_a_carer_is_invited_the_day_after_and_twelve_weeks_later_and_once_each(award, given):
    for day, expected in [
        (FIRST, []),
        (FIRST + dt.timedelta(days=1), ["questions_after"]),
        (FIRST + dt.timedelta(days=2), ["questions_after"]),
        (TWELVE_WEEKS_ON - dt.timedelta(days=1), ["questions_after"]),
        (TWELVE_WEEKS_ON, ["questions_after", "questions_later"]),
        (TWELVE_WEEKS_ON + dt.timedelta(days=1), ["questions_after", "questions_later"]),
    ]:
        assert jobs.invite_answers(at(day))[1] == 0
        assert invited() == expected


def test_nobody_is_woken_by_an_invitation(award, given):
    morning = at(FIRST + dt.timedelta(days=1))

    for hour in (0, 7, 21):
        assert jobs.invite_answers(morning.replace(hour=hour)) == (0, 0)
    assert invited() == []
    assert jobs.invite_answers(morning) == (1, 0)


def test_whoever_has_answered_is_not_invited(award, given, now):
    outcomes.answer(award=award, moment=AFTER, given={}, by=ALYS, now=now)

    assert outcomes.to_invite(now) == []


def test_a_moment_that_has_long_passed_is_not_caught_up(award, given):
    assert outcomes.to_invite(at(FIRST + dt.timedelta(days=40))) == []
    assert outcomes.to_invite(at(TWELVE_WEEKS_ON + dt.timedelta(days=40))) == []


def test_choosing_whom_to_invite_takes_three_queries(caerphilly, bryn_cafe, bryn, now, django_assert_num_queries):
    for _each in range(3):
        row = factories.award(caerphilly)
        claimed.delivered(row, factories.offer(bryn_cafe), by=Who(bryn))

    with django_assert_num_queries(3):
        assert len(outcomes.to_invite(at(FIRST + dt.timedelta(days=3)))) == 3


# The figures


def crowd(council, number, *, before, after, language="en", moment=AFTER):
    """So many carers who answered `before` at the start and `after` later, to each question."""
    for _each in range(number):
        carer = factories.carer(council, language=language)
        award = factories.award(council, carer_row=carer, value=100)
        for when, answer in ((START, before), (moment, after)):
            said = dict.fromkeys(outcomes.QUESTIONS, answer)
            Answers.objects.create(award=award, moment=when, answered_at=at(FIRST), **said)


def figure(found, question="rested", moment=AFTER):
    return next(each for each in found.everybody if (each.question, each.moment) == (question, moment))


def test_ten_carers_are_shown_and_nine_are_not(caerphilly):
    crowd(caerphilly, 9, before=2, after=4)
    assert outcomes.figures(caerphilly).shown == []

    crowd(caerphilly, 1, before=4, after=4)

    one = figure(outcomes.figures(caerphilly))
    assert (one.is_shown, one.carers, one.improved, one.percent) == (True, 10, 9, 90)


def test_only_who_answered_both_times_counts_and_each_carer_once(caerphilly):
    crowd(caerphilly, 10, before=2, after=4)
    alys = factories.carer(caerphilly)
    for number in range(3):
        row = factories.award(caerphilly, carer_row=alys, value=100)
        Answers.objects.create(award=row, moment=START, rested=5, answered_at=at(FIRST))
        if number:
            Answers.objects.create(award=row, moment=AFTER, rested=5, in_control=5, answered_at=at(FIRST))

    found = outcomes.figures(caerphilly)

    assert (figure(found).carers, figure(found).improved) == (11, 10)
    assert figure(found, "in_control").carers == 10


def test_a_language_with_few_carers_hides_the_whole_split(caerphilly):
    crowd(caerphilly, 12, before=2, after=4)
    crowd(caerphilly, 9, before=2, after=2, language="cy")
    assert outcomes.figures(caerphilly).split == []

    crowd(caerphilly, 1, before=2, after=2, language="cy")

    found = outcomes.figures(caerphilly)
    assert [(each.language, each.percent) for each in found.split if each.question == "rested"] == [
        ("en", 100),
        ("cy", 0),
    ]


def test_another_council_is_not_counted_and_the_figures_take_one_query(
    caerphilly, flintshire, django_assert_num_queries
):
    crowd(caerphilly, 10, before=2, after=4, moment=LATER)
    crowd(flintshire, 10, before=2, after=1)

    with django_assert_num_queries(1):
        found = outcomes.figures(caerphilly)

    assert figure(found).carers == 0
    assert figure(found, moment=LATER).percent == 100


def test_the_page_says_what_to_see_and_the_file_says_no_more(client, carys, caerphilly):
    crowd(caerphilly, 9, before=2, after=4)
    client.force_login(carys)
    page = client.get(reverse("team:outcomes")).content.decode()
    assert "Fewer than 10 carers" in page and "<svg xmlns" not in page.partition("<main")[2]
    assert table(client) == []

    crowd(caerphilly, 2, before=3, after=3)

    page = client.get(reverse("team:outcomes")).content.decode()
    assert "82% of 11 carers feel more rested after their first break than at the start." in page
    assert 'class="chart"' in page
    assert table(client) == [
        [question, "After the break", "All carers", "11", "9", "82"]
        for question in ("Rested", "In control of their own life", "Able to carry on caring")
    ]


def table(client):
    content = client.get(reverse("team:outcomes_csv")).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))[1:]


# Would you use it again? (R35)


def says(award, offer, by, again, now, **when):
    row = claimed.delivered(award, offer, by=by, minutes=60, **when)
    outcomes.say_whether_again(booking=row, again=again, by=ALYS, now=now)
    return row


def test_from_five_carers_on_the_count_is_shown(client, caerphilly, bryn_cafe, bryn, sitting, now):
    awards = [factories.award(caerphilly) for _each in range(5)]
    for number, row in enumerate(awards[:4]):
        says(row, sitting, Who(bryn), number > 0, now, starts_at=claimed.BREAK + dt.timedelta(days=number))
    assert outcomes.would_use_again([sitting]) == {}
    assert "would use it again" not in client.get(sitting.get_absolute_url()).content.decode()

    says(awards[4], sitting, Who(bryn), True, now, starts_at=claimed.BREAK + dt.timedelta(days=6))

    assert outcomes.would_use_again([sitting]) == {sitting.pk: outcomes.Again(yes=4, all=5)}
    client.force_login(bryn)
    for page in (sitting.get_absolute_url(), reverse("provider:offers")):
        assert "4 of 5 carers would use it again" in client.get(page).content.decode()


def test_a_carer_counts_once_with_the_newest_answer(award, sitting, bryn, now):
    for number in range(5):
        when = {"starts_at": claimed.BREAK + dt.timedelta(days=number)}
        says(award, sitting, Who(bryn), number > 3, now + dt.timedelta(hours=number), **when)

    assert outcomes.would_use_again([sitting]) == {}


def test_the_answer_may_be_changed_and_taken_back(given, now):
    for again in (True, False, None):
        outcomes.say_whether_again(booking=given, again=again, by=ALYS, now=now)
        row = Booking.objects.get(pk=given.pk)
        assert (row.would_use_again, row.would_use_again_at) == (again, now)


def test_only_a_break_that_was_given_can_be_spoken_of(award, sitting, bryn, now):
    row = breaks.confirm(award, sitting, bryn, now)

    with pytest.raises(outcomes.NotGiven):
        outcomes.say_whether_again(booking=row, again=True, by=ALYS, now=now)


def test_counting_for_many_offers_takes_one_query(bryn_cafe, django_assert_num_queries):
    offers = [factories.offer(bryn_cafe) for _each in range(10)]

    with django_assert_num_queries(1):
        outcomes.would_use_again(offers)
