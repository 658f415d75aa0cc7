"""The carers team's brochure desk: what changed, the next edition with one press, and its files."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse

from accounts import paper
from accounts.history import Who
from accounts.models import HistoryEntry
from accounts.paper import CannotPrint
from brochure import editions, printing
from brochure.models import Edition, EditionFile, OfferPrice
from tests import factories
from voucher import brochure_desk, jobs
from voucher.ledger.acts import KeyWasUsed

pytestmark = pytest.mark.django_db


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=2450)


@pytest.fixture
def desk(client, carys):
    client.force_login(carys)
    return client


@pytest.fixture
def quick_pages(monkeypatch):
    """Pages set in no time."""
    content = paper.Paper(content=b"%PDF-1.7 pages", pages=12)
    monkeypatch.setattr(printing, "typeset", lambda *args, **kwargs: content)


def press(desk, after, key=None, language="en"):
    address = reverse("team:make_edition")
    page = address if language == "en" else f"/cy{address}"
    return desk.post(page, {"after": after, "key": key or uuid.uuid4()}, follow=True)


def test_the_first_edition_is_made_with_one_press(desk, carys, sitting):
    page = desk.get(reverse("team:editions")).content.decode()
    assert "No edition has been printed yet" in page
    assert "Make edition 1" in page

    page = press(desk, 0).content.decode()

    assert "Edition 1 is made." in page
    assert "being made, ready in some minutes" in page
    assert "Make edition 2" in page
    assert HistoryEntry.objects.get(act="edition.made").actor == carys


def test_a_second_press_of_the_same_button_makes_nothing(desk, sitting):
    key = uuid.uuid4()

    press(desk, 0, key)
    page = press(desk, 0, key).content.decode()

    assert "Edition 1 is made." in page
    assert Edition.objects.count() == HistoryEntry.objects.filter(act="edition.made").count() == 1


def test_of_two_people_who_looked_at_the_same_edition_one_makes_the_next(desk, sitting):
    press(desk, 0)
    page = press(desk, 0).content.decode()

    assert "Somebody else made an edition meanwhile." in page
    assert Edition.objects.count() == 1


def test_somebody_quicker_in_between_leaves_one_edition(sitting, carys, now, monkeypatch):
    freeze = editions.freeze

    def after_somebody_else(**options):
        freeze(**options)
        return freeze(**options)

    monkeypatch.setattr(editions, "freeze", after_somebody_else)

    with pytest.raises(brochure_desk.EditionMeanwhile):
        brochure_desk.make(after=0, by=Who(user=carys), now=now, key="1")

    assert Edition.objects.count() == 0


def test_a_number_taken_at_the_same_moment_is_somebody_elses(sitting, carys, now, monkeypatch):
    editions.freeze(by=Who(user=carys), now=now)
    monkeypatch.setattr(editions, "newest", lambda: None)
    monkeypatch.setattr(editions, "freeze", lambda **options: Edition.objects.create(number=1, made_on=now.date()))

    with pytest.raises(brochure_desk.EditionMeanwhile):
        brochure_desk.make(after=0, by=Who(user=carys), now=now, key="1")


def test_a_key_makes_only_what_it_was_given_for(sitting, carys, now):
    brochure_desk.make(after=0, by=Who(user=carys), now=now, key="1")

    with pytest.raises(KeyWasUsed):
        brochure_desk.make(after=1, by=Who(user=carys), now=now, key="1")


@pytest.mark.parametrize("fields", [{}, {"after": "0", "key": "1"}, {"after": "²", "key": str(uuid.uuid4())}])
def test_a_press_without_what_the_form_holds_makes_nothing(desk, sitting, fields):
    page = desk.post(reverse("team:make_edition"), fields, follow=True).content.decode()

    assert "is made" not in page
    assert Edition.objects.count() == 0


def test_with_nothing_on_offer_there_is_no_button_and_no_edition(desk):
    assert "Make edition" not in desk.get(reverse("team:editions")).content.decode()

    assert "nothing to print" in press(desk, 0).content.decode()
    assert Edition.objects.count() == 0


def test_both_figures_of_a_price_stand_side_by_side(desk, sitting, now, today):
    editions.freeze(by=Who(label="tests"), now=now)
    OfferPrice.objects.create(offer=sitting, price_pence=3050, first_day=today)

    english = desk.get(reverse("team:editions")).content.decode()
    welsh = desk.get("/cy" + reverse("team:editions")).content.decode()

    assert "£24.50 an hour" in english and "£30.50 an hour" in english
    assert "£24.50 yr awr" in welsh and "£30.50 yr awr" in welsh


def test_only_a_press_makes_an_edition(desk, sitting):
    assert desk.get(reverse("team:make_edition")).status_code == 405
    desk.get(reverse("team:editions"))

    assert Edition.objects.count() == 0


def test_the_desk_asks_the_same_number_of_questions_however_much_it_shows(
    desk, sitting, bryn_cafe, now, quick_pages, django_assert_max_num_queries
):
    for _each in range(5):
        factories.offer(bryn_cafe)
        edition = editions.freeze(by=Who(label="tests"), now=now)
        editions.pdf(edition, "en")
    factories.offer(bryn_cafe)

    with django_assert_max_num_queries(18):
        page = desk.get(reverse("team:editions")).content.decode()

    assert page.count("PDF, 12 pages") == 5


def test_the_clock_makes_the_files_of_the_newest_edition_one_a_run(sitting, now, quick_pages):
    older = editions.freeze(by=Who(label="tests"), now=now)
    newest = editions.freeze(by=Who(label="tests"), now=now)

    done = [{o.kind: (o.done, o.failed) for o in jobs.run(now)}["edition files made"] for _each in range(5)]

    assert done == [(1, 0)] * 4 + [(0, 0)]
    made = EditionFile.objects.order_by("pk").values_list("edition", "language", "large_print")
    assert list(made) == [(newest.pk, code, large) for large in (False, True) for code in ("en", "cy")]
    assert not older.files.exists()


def test_the_clock_makes_no_file_where_there_is_no_edition(now):
    assert brochure_desk.make_a_missing_file(now) == (0, 0)


def test_without_pango_the_clock_says_so_and_tries_again(sitting, now, monkeypatch, caplog):
    edition = editions.freeze(by=Who(label="tests"), now=now)

    def cannot(*args, **kwargs):
        raise CannotPrint("PDF needs Pango.")

    monkeypatch.setattr(printing, "typeset", cannot)

    assert brochure_desk.make_a_missing_file(now) == (0, 1)
    assert f"Edition {edition.number} cannot be set: PDF needs Pango." in caplog.text


def test_a_file_that_is_still_missing_a_day_later_is_not_promised(desk, carys, sitting, clock):
    editions.freeze(by=Who(label="tests"), now=clock.now)
    on_its_day = desk.get(reverse("team:editions")).content.decode()
    clock.now += dt.timedelta(days=2)
    desk.force_login(carys)

    page = desk.get(reverse("team:editions")).content.decode()

    assert "being made" in on_its_day and "not made" not in on_its_day
    assert "not made" in page
    assert "being made" not in page
