"""The papers of a provider: what is asked, shown, accepted, refused, and until when it holds (R45)."""

import datetime as dt

import pytest

from accounts.history import Who, history_of
from accounts.models import OutboxMessage
from providers import papers
from providers.models import Document, Provider
from providers.paper_files import Kept
from providers.papers import Kind, Reason
from tests import factories

SPRING = dt.date(2027, 3, 31)
PDF = Kept("application/pdf", "pdf", b"%PDF-1.4 certificate %%EOF")


@pytest.fixture
def sian(caerphilly):
    """A sole trader who has just joined, and has shown nothing yet."""
    return factories.provider(
        caerphilly, name="Siân", insurance_until=None, has_staff=False, serves_food=False, state="applied"
    )


@pytest.fixture
def owner(sian):
    return Who(user=factories.provider_staff(sian, "sian@provider.example"))


@pytest.fixture
def team(carys):
    return Who(user=carys)


@pytest.fixture
def show(sian, owner, now):
    def show(kind, *, at=now, **fields):
        defaults = {"reference": "PL 1", "valid_until": SPRING}
        return papers.add(provider=sian, kind=kind, by=owner, now=at, **(defaults | fields))

    return show


@pytest.fixture
def accepted(show, team, now):
    def accepted(kind, **fields):
        row = show(kind, **fields)
        papers.accept(document=row, by=team, now=now)
        return row

    return accepted


@pytest.mark.parametrize(
    "told, more",
    [
        ({}, []),
        ({"has_staff": True}, [Kind.EMPLOYERS_LIABILITY]),
        ({"serves_food": True}, [Kind.FOOD]),
        ({"has_staff": True, "serves_food": True}, [Kind.EMPLOYERS_LIABILITY, Kind.FOOD]),
    ],
)
def test_what_is_asked_hangs_on_what_was_told(sian, told, more):
    for name, value in told.items():
        setattr(sian, name, value)

    assert papers.asked(sian) == [Kind.PUBLIC_LIABILITY, Kind.SAFEGUARDING, Kind.DATA_SHARING, *more]


def test_what_was_not_told_yet_is_missing_too(sian, today):
    sian.has_staff = sian.serves_food = None

    assert papers.missing(sian, on=today)[3:] == [
        (Kind.EMPLOYERS_LIABILITY, Reason.NOT_SAID),
        (Kind.FOOD, Reason.NOT_SAID),
    ]


def test_each_missing_paper_says_why(sian, show, accepted, team, today, now):
    show(Kind.PUBLIC_LIABILITY)
    papers.refuse(document=show(Kind.SAFEGUARDING), reason="It is of 2009.", by=team, now=now)
    reasons = dict(papers.missing(sian, on=today))

    assert reasons == {
        Kind.PUBLIC_LIABILITY: Reason.WAITING,
        Kind.SAFEGUARDING: Reason.REFUSED,
        Kind.DATA_SHARING: Reason.NOT_SHOWN,
    }
    accepted(Kind.DATA_SHARING, valid_until=today)
    assert Kind.DATA_SHARING not in dict(papers.missing(sian, on=today))
    assert dict(papers.missing(sian, on=today + dt.timedelta(days=1)))[Kind.DATA_SHARING] == Reason.ENDED


def test_accepting_writes_down_until_when_all_holds(sian, accepted):
    accepted(Kind.PUBLIC_LIABILITY)
    accepted(Kind.SAFEGUARDING, valid_until=None)
    accepted(Kind.DATA_SHARING, valid_until=dt.date(2027, 1, 31))
    sian.refresh_from_db()

    assert (sian.insurance_until, sian.papers_until) == (SPRING, dt.date(2027, 1, 31))
    assert sian.good_until == dt.date(2027, 1, 31)
    assert sian.is_in_order(on=dt.date(2027, 1, 31)) and not sian.is_in_order(on=dt.date(2027, 2, 1))


def test_only_what_is_asked_counts(sian, accepted, owner, now):
    sian.has_staff = True
    sian.save()
    accepted(Kind.EMPLOYERS_LIABILITY, valid_until=dt.date(2026, 11, 1))
    sian.refresh_from_db()
    assert sian.papers_until == dt.date(2026, 11, 1)

    papers.say(provider=sian, has_staff=False, serves_food=False, by=owner, now=now)

    sian.refresh_from_db()
    assert sian.papers_until is None


def test_a_registration_that_ends_does_not_hide_what_needs_none(sian, accepted):
    accepted(Kind.CIW, valid_until=dt.date(2026, 11, 1))
    sian.refresh_from_db()

    assert sian.papers_until is None


def test_a_provider_of_the_pilot_stays_as_its_file_says(bryn_cafe, bryn, carys, now):
    insured = bryn_cafe.insurance_until
    row = papers.add(provider=bryn_cafe, kind=Kind.SAFEGUARDING, reference="v2", by=Who(user=bryn), now=now)
    papers.accept(document=row, by=Who(user=carys), now=now)
    bryn_cafe.refresh_from_db()

    assert (bryn_cafe.insurance_until, bryn_cafe.papers_until) == (insured, None)


def test_one_that_counts_goes_on_counting_until_the_newer_is_accepted(sian, show, accepted, team, now):
    old = accepted(Kind.PUBLIC_LIABILITY)
    new = show(Kind.PUBLIC_LIABILITY, reference="PL 2", valid_until=dt.date(2028, 3, 31))
    sian.refresh_from_db()
    assert sian.insurance_until == SPRING

    papers.accept(document=new, by=team, now=now)

    old.refresh_from_db(), sian.refresh_from_db()
    assert (old.state, new.state, sian.insurance_until) == ("replaced", "accepted", dt.date(2028, 3, 31))


def test_a_paper_is_counted_on_its_first_day_where_that_comes_after_the_yes_and_not_again_otherwise(accepted, today):
    accepted(Kind.PUBLIC_LIABILITY, valid_from=today)
    in_ten_days = today + dt.timedelta(days=10)
    later = accepted(Kind.FOOD, valid_from=in_ten_days)

    assert list(papers.to_begin(on=today)) == []
    assert list(papers.to_begin(on=in_ten_days)) == [later]


def test_the_team_may_write_the_end_that_it_reads_on_the_paper(sian, show, team, now):
    papers.accept(document=show(Kind.PUBLIC_LIABILITY), valid_until=dt.date(2027, 3, 30), by=team, now=now)
    sian.refresh_from_db()

    assert sian.insurance_until == dt.date(2027, 3, 30)


def test_a_second_press_shows_nothing_twice_and_a_newer_one_takes_the_place(show, sian):
    first, twin = show(Kind.SAFEGUARDING, file=PDF), show(Kind.SAFEGUARDING, file=PDF)
    other = show(Kind.SAFEGUARDING, reference="PL 2")
    first.refresh_from_db()

    assert first == twin and first.state == "replaced"
    assert list(sian.documents.filter(state="waiting")) == [other]


def test_a_file_is_kept_under_a_name_of_ours(sian, show):
    row = show(Kind.PUBLIC_LIABILITY, file=PDF)

    assert row.file_name == f"{sian.ref}-public-liability-{row.pk}.pdf"
    assert bytes(Document.objects.get(pk=row.pk).content) == PDF.content


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"reference": " "}, "nothing"),
        ({"valid_until": None}, "no_end"),
        ({"valid_until": dt.date(2026, 10, 11)}, "ended"),
    ],
)
def test_what_cannot_be_shown_says_why(show, fields, why):
    with pytest.raises(papers.BadPaper) as refusal:
        show(Kind.PUBLIC_LIABILITY, **fields)

    assert refusal.value.why == why
    assert not Document.objects.exists()


def test_a_paper_that_ended_while_it_waited_is_not_accepted(show, team):
    row = show(Kind.PUBLIC_LIABILITY)

    with pytest.raises(papers.BadPaper):
        papers.accept(document=row, by=team, now=dt.datetime(2027, 4, 1, 9, tzinfo=dt.UTC))

    row.refresh_from_db()
    assert row.state == "waiting"


def test_a_paper_is_answered_once(show, team, now):
    row = show(Kind.SAFEGUARDING)
    papers.accept(document=row, by=team, now=now)

    with pytest.raises(papers.Answered):
        papers.refuse(document=row, reason="No.", by=team, now=now)
    with pytest.raises(papers.Answered):
        papers.accept(document=row, by=team, now=now)

    row.refresh_from_db()
    assert row.state == "accepted"


def test_a_provider_is_told_what_became_of_a_paper_and_one_that_joins_only_of_what_is_missing(sian, show, team, now):
    papers.refuse(document=show(Kind.SAFEGUARDING), reason="Page 2 is missing.", by=team, now=now)
    told = OutboxMessage.objects.get(kind="paper_answered")
    assert (told.to, told.subject) == (sian.email, "Please show us another one: Safeguarding policy")
    assert "Page 2 is missing." in told.body
    assert f"/provider/papers/{Kind.SAFEGUARDING}/" in told.body

    Provider.objects.filter(pk=sian.pk).update(state=Provider.State.JOINING)
    sian.refresh_from_db()
    papers.accept(document=show(Kind.DATA_SHARING), by=team, now=now)
    assert OutboxMessage.objects.filter(kind="paper_answered").count() == 1

    Provider.objects.filter(pk=sian.pk).update(state=Provider.State.LIVE)
    sian.refresh_from_db()
    papers.accept(document=show(Kind.PUBLIC_LIABILITY), by=team, now=now)
    last = OutboxMessage.objects.filter(kind="paper_answered").latest("pk")
    assert last.subject == "Accepted: Public liability insurance"
    assert "The last day on which it counts is Wednesday 31 March" in last.body


def test_every_step_stands_in_the_history_without_words_of_people(show, team, now):
    row = show(Kind.SAFEGUARDING, reference="Siân’s own policy")
    papers.note_look(document=row, by=team, now=now)
    papers.refuse(document=row, reason="Siân forgot page 2.", by=team, now=now)

    entries = history_of(row)
    assert {entry.act for entry in entries} == {"document.added", "document.seen", "document.refused"}
    assert all("Siân" not in str(entry.details) for entry in entries)


def test_the_list_of_what_waits_is_of_ones_own_providers(show, caerphilly, flintshire, django_assert_num_queries):
    rows = [show(Kind.SAFEGUARDING), show(Kind.DATA_SHARING)]

    with django_assert_num_queries(1):
        assert [(row, row.provider.name)[0] for row in papers.waiting(caerphilly)] == rows
    assert list(papers.waiting(flintshire)) == []
