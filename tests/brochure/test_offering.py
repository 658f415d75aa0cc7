"""An offer from draft to withdrawal: what waits, what counts at once, and versions that nobody rewrites."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from accounts.history import Who
from accounts.models import HistoryEntry
from brochure import care_checks, offer_content, offering
from brochure.models import Offer, OfferPrice, OfferVersion
from providers.models import DbsCheck
from tests import factories

State, Version = Offer.State, OfferVersion.State


@pytest.fixture
def by(bryn):
    return Who(user=bryn)


@pytest.fixture
def team(carys):
    return Who(user=carys)


def change(offer, by, now, **to):
    return offering.change(offer=offer, to=to, by=by, now=now)


def content(offer):
    return offer_content.content_of(Offer.objects.get(pk=offer.pk))


def states(offer):
    return list(offer.versions.values_list("number", "state"))


def test_a_draft_has_a_number_and_an_address_and_is_not_in_the_brochure(bryn_cafe, sitting, by, now):
    draft = offering.make_draft(
        provider=bryn_cafe, category=factories.category(), title_cy="Te a sgwrs ym Mhontypŵl", by=by, now=now
    )

    assert draft.state == State.DRAFT
    assert draft.number == sitting.number + 1
    assert draft.slug == f"te-a-sgwrs-ym-mhontypwl-{draft.number}"
    assert offering.missing(draft) == ["words", "price", "hours"]


def test_a_draft_is_sent_only_when_nothing_is_missing(bryn_cafe, by, now):
    draft = offering.make_draft(provider=bryn_cafe, category=factories.category(), title_en="Tea", by=by, now=now)
    with pytest.raises(offering.NotComplete) as lacks:
        offering.send(offer=draft, by=by, now=now)
    assert lacks.value.parts == ["words", "price", "hours"]

    change(draft, by, now, description_en="A pot of tea.", hours="Mon 10:00-12:00")
    offering.set_first_price(offer=draft, price_pence=900, by=by, now=now)
    offering.set_first_price(offer=draft, price_pence=950, by=by, now=now)
    first = offering.send(offer=draft, by=by, now=now)

    assert offering.send(offer=draft, by=by, now=now) == first
    assert draft.prices.get().price_pence == 950
    assert first.content["prices"] == [["standard", "2026-10-12", 950]]


def sent_draft(provider, by, now):
    draft = offering.make_draft(
        **{"provider": provider, "category": factories.category("learning"), "title_en": "Tea", "by": by, "now": now},
        description_en="A pot of tea.",
    )
    change(draft, by, now, hours="Mon 10:00-12:00")
    offering.set_first_price(offer=draft, price_pence=950, by=by, now=now)
    return draft, offering.send(offer=draft, by=by, now=now)


def test_an_agreed_draft_is_live_and_its_version_is_the_current_one(bryn_cafe, by, team, now):
    draft, version = sent_draft(bryn_cafe, by, now)

    offering.approve(version=version, by=team, now=now)

    draft.refresh_from_db()
    version.refresh_from_db()
    assert (draft.state, version.state, version.answered_by) == (State.LIVE, Version.CURRENT, team.user)
    assert states(draft) == [(1, "current")]


def test_a_draft_changed_after_it_was_sent_is_taken_back(bryn_cafe, by, team, now):
    draft, version = sent_draft(bryn_cafe, by, now)

    change(draft, by, now, title_en="Tea and cake")

    with pytest.raises(offering.ChangedSince):
        offering.approve(version=version, by=team, now=now)
    assert states(draft) == [(1, "withdrawn")]


def test_a_refused_draft_can_be_mended_and_sent_again(bryn_cafe, by, team, now):
    draft, version = sent_draft(bryn_cafe, by, now)
    offering.refuse(version=version, reason="Say how long it lasts.", by=team, now=now)

    change(draft, by, now, description_en="A pot of tea, an hour long.")
    offering.approve(version=offering.send(offer=draft, by=by, now=now), by=team, now=now)

    assert states(draft) == [(1, "refused"), (2, "current")]
    draft.refresh_from_db()
    assert draft.state == State.LIVE


def test_a_draft_that_lacks_a_check_is_not_agreed_to_until_it_is_there(bryn_cafe, by, team, now):
    draft, version = sent_draft(bryn_cafe, by, now)
    change(draft, by, now, category=factories.category("sitting").slug)
    version = offering.send(offer=draft, by=by, now=now)
    assert [each.kind for each in offering.checks_missing(version, draft, on=now.date())] == ["dbs"]
    with pytest.raises(care_checks.NotChecked):
        offering.approve(version=version, by=team, now=now)
    assert Offer.objects.get(pk=draft.pk).state == State.DRAFT

    DbsCheck.objects.create(
        **{"provider": bryn_cafe, "person": "Mair", "level": "enhanced", "issued_on": now.date(), "confirmed_at": now}
    )
    offering.approve(version=version, by=team, now=now)

    assert Offer.objects.get(pk=draft.pk).state == State.LIVE


def test_new_words_of_a_live_offer_ask_for_no_check_and_new_care_does(sitting, by, team, now):
    change(sitting, by, now, title_en="Company")
    offering.approve(version=offering.waiting_version(sitting), by=team, now=now)
    change(sitting, by, now, personal_care=True)

    with pytest.raises(care_checks.NotChecked):
        offering.approve(version=offering.waiting_version(sitting), by=team, now=now)


def test_what_matters_waits_while_the_brochure_shows_what_it_showed(sitting, by, now):
    changed = change(sitting, by, now, title_en="Company at home", hours="Mon 09:00-12:00")

    sitting.refresh_from_db()
    assert changed == offering.Changed(at_once=frozenset({"hours"}), waits=frozenset({"title_en"}))
    assert (sitting.title_en, sitting.hours) == ("Sitting at home", "Mon 09:00-12:00")
    assert states(sitting) == [(1, "replaced"), (2, "current"), (3, "waiting")]
    assert sitting.versions.get(number=2).content == content(sitting)


@pytest.mark.parametrize(
    "to",
    [
        {"title_cy": "Cwmni"},
        {"description_en": "Somebody comes."},
        {"minutes": 90},
        {"personal_care": True},
        {"accommodation": True},
        {"accommodation_with_care": True},
        {"childcare": True},
        {"dbs_level": "enhanced"},
        {"late_cancel_percent": 30, "free_cancel_hours": 30},
    ],
)
def test_each_thing_that_matters_waits(sitting, by, now, to):
    Offer.objects.filter(pk=sitting.pk).update(free_cancel_hours=24, late_cancel_percent=25)

    changed = change(sitting, by, now, **to)

    assert changed.waits == to.keys() and not changed.at_once


@pytest.mark.parametrize(
    "to",
    [
        {"hours": "Mon 09:00-12:00"},
        {"other_days": "2026-12-24 closed"},
        {"notice_hours": 72},
        {"places": 3},
        {"access": ["step-free"]},
        {"know_cy": "Dewch ag esgidiau."},
        {"buffer_minutes": 30},
        {"has_waiting_list": True},
        {"takes_walk_ins": True},
        {"areas": ["CF81"]},
        {"adults_only": True},
        {"free_cancel_hours": 24},
        {"late_cancel_percent": 0},
        {"vat_treatment": "exempt"},
    ],
)
def test_each_small_edit_counts_at_once_and_is_a_version(sitting, by, now, to):
    changed = change(sitting, by, now, **to)

    assert changed.at_once == to.keys() and not changed.waits
    assert {key: content(sitting)[key] for key in to} == to
    assert states(sitting) == [(1, "replaced"), (2, "current")]
    assert sitting.versions.get(number=2).made_by == by.user


def test_an_offer_for_adults_only_is_opened_to_the_young_by_the_team(sitting, by, now):
    change(sitting, by, now, adults_only=True)

    assert change(sitting, by, now, adults_only=False).waits == {"adults_only"}


def test_terms_at_the_councils_own_are_not_less_kind_than_none(sitting, by, now):
    assert change(sitting, by, now, free_cancel_hours=48).at_once == {"free_cancel_hours"}
    assert change(sitting, by, now, free_cancel_hours=None).at_once == {"free_cancel_hours"}


def test_a_second_wish_is_added_to_the_first(sitting, by, team, now):
    change(sitting, by, now, title_en="Company at home")
    change(sitting, by, now, description_en="Somebody comes.")

    version = offering.waiting_version(sitting)
    offering.approve(version=version, by=team, now=now)

    sitting.refresh_from_db()
    assert (sitting.title_en, sitting.description_en) == ("Company at home", "Somebody comes.")
    assert [state for _number, state in states(sitting)] == ["replaced", "replaced", "current"]


def test_a_small_edit_leaves_what_waits_where_it_is_in_the_queue(sitting, by, team, now):
    change(sitting, by, now, title_en="Company at home")
    waiting = offering.waiting_version(sitting)
    change(sitting, by, now + dt.timedelta(days=1), notice_hours=72)

    assert offering.waiting_version(sitting) == waiting
    offering.approve(version=waiting, by=team, now=now)

    sitting.refresh_from_db()
    assert (sitting.title_en, sitting.notice_hours) == ("Company at home", 72)
    assert sitting.versions.get(state=Version.CURRENT).content == content(sitting)


def test_kinder_terms_while_a_change_waits_stay_kinder_when_it_is_agreed(sitting, by, team, now):
    change(sitting, by, now, title_en="Company at home")
    change(sitting, by, now, free_cancel_hours=24, adults_only=True)

    version = offering.waiting_version(sitting)
    sitting.refresh_from_db()
    told = offer_content.differences(*offering.before_and_after(version, sitting))
    assert [each.key for each in told] == ["title_en"]
    offering.approve(version=version, by=team, now=now)

    sitting.refresh_from_db()
    assert (sitting.title_en, sitting.free_cancel_hours, sitting.adults_only) == ("Company at home", 24, True)


def test_a_price_that_was_set_while_a_change_waits_is_no_part_of_the_change(sitting, by, now):
    change(sitting, by, now, title_en="Company at home")
    OfferPrice.objects.create(offer=sitting, price_pence=2600, first_day=dt.date(2026, 12, 1))

    version = offering.waiting_version(sitting)
    told = offer_content.differences(*offering.before_and_after(version, sitting))

    assert [each.key for each in told] == ["title_en"]


def test_changed_back_nothing_waits(sitting, by, now):
    change(sitting, by, now, title_en="Company at home")
    change(sitting, by, now, title_en="Sitting at home")

    assert offering.waiting_version(sitting) is None
    assert states(sitting) == [(1, "current"), (2, "withdrawn")]


def test_what_was_changed_since_it_was_looked_at_is_not_agreed_to(sitting, by, team, now):
    change(sitting, by, now, title_en="Company at home")
    seen = offering.waiting_version(sitting)
    change(sitting, by, now, title_en="Company")

    for answer in (
        lambda: offering.approve(version=seen, by=team, now=now),
        lambda: offering.refuse(version=seen, reason="No.", by=team, now=now),
    ):
        with pytest.raises(offering.ChangedSince):
            answer()
    sitting.refresh_from_db()
    assert sitting.title_en == "Sitting at home"


def test_the_same_change_again_makes_no_second_version(sitting, by, now):
    change(sitting, by, now, title_en="Company", hours="Mon 09:00-12:00")
    before = states(sitting)
    change(sitting, by, now, title_en="Company", hours="Mon 09:00-12:00")

    assert states(sitting) == before


def test_a_refused_change_leaves_the_brochure_as_it_is_and_says_why(sitting, by, team, now):
    change(sitting, by, now, title_en="The best sitting")
    version = offering.waiting_version(sitting)

    offering.refuse(version=version, reason="No praise in titles, please.", by=team, now=now)

    version.refresh_from_db()
    assert (version.state, version.reason) == (Version.REFUSED, "No praise in titles, please.")
    assert content(sitting)["title_en"] == "Sitting at home"


def test_prices_handed_in_wait_and_begin_not_before_they_are_agreed(sitting, by, team, now):
    prices = [*content(sitting)["prices"], ["standard", "2026-11-09", 3500], ["weekend", "2026-10-13", 4000]]

    assert change(sitting, by, now, prices=prices).waits == {"prices"}
    assert sitting.prices.count() == 1
    later = now + dt.timedelta(days=3)
    offering.approve(version=offering.waiting_version(sitting), by=team, now=later)

    found = set(OfferPrice.objects.filter(offer=sitting).values_list("rate", "first_day", "price_pence"))
    assert found == {
        ("standard", dt.date(2026, 1, 1), 2500),
        ("standard", dt.date(2026, 11, 9), 3500),
        ("weekend", dt.date(2026, 10, 15), 4000),
    }
    assert sitting.versions.get(state=Version.CURRENT).content == content(sitting)


def test_what_an_offer_is_sold_by_is_fixed_once_it_is_live(sitting, by, now):
    with pytest.raises(offering.UnitIsFixed):
        change(sitting, by, now, unit="night")


def test_hidden_shown_withdrawn(sitting, by, now):
    change(sitting, by, now, title_en="Company")
    offering.hide(offer=sitting, by=by, now=now)
    with pytest.raises(offering.NotPossible):
        offering.hide(offer=sitting, by=by, now=now)
    offering.show(offer=sitting, by=by, now=now)
    offering.withdraw(offer=sitting, by=by, now=now)

    assert Offer.objects.get(pk=sitting.pk).state == State.WITHDRAWN
    assert offering.waiting_version(sitting) is None
    with pytest.raises(offering.NotPossible):
        change(sitting, by, now, notice_hours=1)
    acts = HistoryEntry.objects.filter(subject_kind="offer").order_by("pk").values_list("act", flat=True)
    assert list(acts) == [
        *("offer.change_sent", "offer.hidden", "offer.shown", "offer.withdrawn", "offer.taken_back"),
    ]


def test_a_draft_is_thrown_away_and_nothing_else_is(bryn_cafe, sitting, by, team, now):
    draft, version = sent_draft(bryn_cafe, by, now)
    offering.refuse(version=version, reason="No.", by=team, now=now)
    offering.discard(offer=draft, by=by, now=now)

    assert not Offer.objects.filter(pk=draft.pk).exists()
    with pytest.raises(offering.NotPossible):
        offering.discard(offer=sitting, by=by, now=now)


def test_an_offer_that_was_loaded_has_its_first_version_when_it_is_asked_for(sitting, now):
    first = offering.version_now(sitting, now=now)

    assert (first.number, first.made_by, first.content) == (1, None, content(sitting))
    assert offering.version_now(sitting, now=now) == first
    Offer.objects.filter(pk=sitting.pk).update(places=4)
    sitting.refresh_from_db()
    assert offering.version_now(sitting, now=now).number == 2


@pytest.mark.parametrize("field", [{"content": {}}, {"number": 9}, {"made_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}])
def test_the_database_lets_nobody_change_what_a_version_says(sitting, now, field):
    version = offering.version_now(sitting, now=now)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        OfferVersion.objects.filter(pk=version.pk).update(**field)


def test_the_database_lets_nobody_delete_what_was_in_the_brochure(sitting, by, now):
    version = offering.version_now(sitting, now=now)
    change(sitting, by, now, title_en="Company")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        OfferVersion.objects.filter(pk=version.pk).delete()
    OfferVersion.objects.filter(pk=version.pk).update(state=Version.REPLACED)
    offering.waiting_version(sitting).delete()


def test_differences_are_told_in_words(sitting, by, now):
    change(sitting, by, now, minutes=90, title_cy="Cwmni", personal_care=True)
    version = offering.waiting_version(sitting)

    found = offer_content.differences(*offering.before_and_after(version, sitting))

    assert [(each.what, each.was, each.now, each.language) for each in found] == [
        ("Title in Welsh", "Gwarchod gartref", "Cwmni", "cy"),
        ("How long", "1 hour", "1½ hours", ""),
        ("Personal care", "No", "Yes", ""),
    ]


def test_sessions_are_told_of_courses_only(sitting):
    """Everything else has one session, which is no news to whoever looks at a new offer."""
    by_the_hour = content(sitting)
    course = by_the_hour | {"unit": "course", "minutes": 360, "sessions": 3}

    assert "sessions" not in {each.key for each in offer_content.differences({}, by_the_hour) if each.now}
    told = {each.key: (each.was, each.now) for each in offer_content.differences(by_the_hour, course)}
    assert told["sessions"] == ("", "3")
