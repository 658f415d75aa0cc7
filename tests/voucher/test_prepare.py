"""The command that makes a local copy ready: once with all it takes, afterwards in no time."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from accounts import paper
from accounts.history import Who
from accounts.models import HistoryEntry
from accounts.paper import CannotPrint
from brochure import editions, printing
from brochure.models import Edition, EditionFile
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import london
from voucher import rules
from voucher.bookings import requests
from voucher.demo import money, stories
from voucher.demo import people as demo
from voucher.ledger import audit
from voucher.management.commands import prepare
from voucher.models import Application, Booking, Choice, Permission, Suggestion, TopUp

pytestmark = pytest.mark.django_db


@pytest.fixture
def steps(monkeypatch):
    """Leave out the other steps, which have their own tests."""
    called = []
    monkeypatch.setattr(prepare, "call_command", lambda name, *args, **kwargs: called.append(name))
    return called


@pytest.fixture
def set_pages(monkeypatch):
    """Pages set in no time; the list says which."""
    made = []

    def typeset(edition, language, *, large_print, step):
        step()
        made.append((language, large_print))
        return paper.Paper(content=b"%PDF-1.7 pages", pages=64)

    monkeypatch.setattr(printing, "typeset", typeset)
    return made


def test_a_local_copy_has_a_first_edition_in_both_languages(steps, set_pages, bryn_cafe, capsys):
    factories.offer(bryn_cafe)

    call_command("prepare")

    assert steps == ["migrate", "load_pilot", "make_demo_people"]
    assert list(EditionFile.objects.order_by("pk").values_list("edition__number", "language", "large_print")) == [
        (1, "en", False),
        (1, "cy", False),
    ]
    assert "Brochure, edition 1, Welsh: 64 pages" in capsys.readouterr().out
    assert HistoryEntry.objects.get(act="edition.made").actor_label == "make_demo_people"


def test_the_second_time_nothing_is_made_again(steps, set_pages, bryn_cafe, caerphilly):
    factories.offer(bryn_cafe)
    factories.award(caerphilly)

    call_command("prepare")
    call_command("prepare")

    assert steps == ["migrate", "make_demo_people"] * 2
    assert set_pages == [("en", False), ("cy", False)]
    assert Edition.objects.count() == 1


def test_what_was_stopped_half_way_is_finished(steps, set_pages, bryn_cafe, now):
    factories.offer(bryn_cafe)
    editions.pdf(editions.freeze(by=Who(label="tests"), now=now), "en", step=bool)

    call_command("prepare")

    assert set_pages == [("en", False), ("cy", False)]


def test_without_pango_the_copy_is_ready_all_the_same(steps, bryn_cafe, monkeypatch, capsys):
    factories.offer(bryn_cafe)

    def cannot(*args, **kwargs):
        raise CannotPrint("PDF needs Pango.")

    monkeypatch.setattr(printing, "typeset", cannot)

    call_command("prepare")

    said = capsys.readouterr().out
    assert said.count("The brochure is not made as PDF: PDF needs Pango.") == 1
    assert "Bridging the Gap is at" in said


def test_without_offers_there_is_no_edition(steps, set_pages, db):
    call_command("prepare")

    assert not Edition.objects.exists()


def test_a_production_is_left_alone(settings, db):
    settings.PRODUCTION = True

    with pytest.raises(CommandError):
        call_command("prepare")


@pytest.fixture
def whole_copy(settings, tmp_path, monkeypatch):
    """All that a local copy holds but for its brochure; returns what it says of the carers' codes, by their stories."""
    settings.DEMO = True
    monkeypatch.setattr(demo, "CODES_FILE", tmp_path / "demo.json")
    monkeypatch.setattr(prepare.Command, "_make_first_edition", lambda self: None)
    call_command("prepare")
    return {row["story"]: row for row in demo.open_codes()}


def test_a_newcomer_can_see_every_story_with_a_code(whole_copy, client):
    states = {
        story: list(Booking.objects.filter(award__ref=row["award"]).order_by("pk").values_list("state", flat=True))
        for story, row in whole_copy.items()
    }

    assert states == {
        "times": ["countered"],
        "choices": ["requested"],
        "pair": ["confirmed", "confirmed"],
        "given": ["delivered"],
        "own": ["confirmed", "requested"],
    }
    assert Suggestion.objects.filter(booking__award__ref=whole_copy["times"]["award"], state="open").count() == 2
    assert Choice.objects.get(state=Choice.State.WAITING).asked_in.award.ref == whole_copy["choices"]["award"]
    assert 0 < TopUp.objects.get().booking.own_pence < TopUp.objects.get().booking.price_pence
    assert Application.objects.get(state="open").award.ref == whole_copy["own"]["award"]
    assert Permission.objects.get().helper.email == stories.HELPER
    page = client.get("/demo/").content.decode()
    for story in stories.STORIES:
        assert str(story.words) in page
    for row in whole_copy.values():
        assert client.post("/open/", {"code": row["code"]}).status_code == 302
        assert client.get("/my/").status_code == 200
        assert row["name"] in page


def test_the_stories_leave_sound_books_and_are_told_once(whole_copy):
    before = Booking.objects.count(), Application.objects.count(), Permission.objects.count(), demo.open_codes()

    call_command("prepare")

    assert (
        Booking.objects.count(),
        Application.objects.count(),
        Permission.objects.count(),
        demo.open_codes(),
    ) == before
    assert audit.differences() == requests.differences() == []


def test_where_no_offer_fits_a_story_is_left_out(settings, tmp_path, monkeypatch, bryn_cafe, caerphilly, now):
    settings.DEMO = True
    monkeypatch.setattr(demo, "CODES_FILE", tmp_path / "demo.json")
    factories.offer(bryn_cafe, notice_hours=24 * 365)
    award = factories.award(caerphilly)

    [row] = demo.make_people(now=now, on=now.date())

    assert row["story"] == ""
    assert not award.bookings.exists()


def test_a_copy_made_late_in_the_evening_has_its_payments_too(bryn_cafe, bryn, caerphilly, ffion, gwen):
    """The run is prepared before midnight and released after it: Bacs counts from the later day."""
    claimed.lines(bryn_cafe, factories.award(caerphilly), by=Who(bryn))

    run = money._run(caerphilly, preparer=Who(ffion), approver=Who(gwen), now=london(2026, 10, 20, 23, 30))

    assert run.state == "released"
    assert run.pay_on == rules.earliest_pay_day(dt.date(2026, 10, 21))
