"""What an offer with care must show before carers see it, and what hides it again (R46)."""

import datetime as dt

import pytest

from accounts.history import Who, history_of
from accounts.models import OutboxMessage
from brochure import care_checks, catalogue, exemptions
from brochure.care_checks import Duty, Level
from brochure.models import Offer
from providers import papers
from providers.papers import Kind
from tests import factories

SPRING = dt.date(2027, 3, 31)


@pytest.fixture
def agency(caerphilly):
    return factories.provider(caerphilly, name="Gofal Da", ciw_number="W1234567", has_staff=True, serves_food=False)


@pytest.fixture
def owner(agency):
    return Who(user=factories.provider_staff(agency, "gofal@provider.example"))


@pytest.fixture
def team(carys):
    return Who(user=carys)


@pytest.fixture
def bathing(agency):
    """An hour of personal care, not shown yet."""
    help_at_home = factories.category("help-at-home", name_en="Help at home", name_cy="Help gartref")
    return factories.offer(agency, category=help_at_home, personal_care=True, state="draft")


@pytest.fixture
def sitting(agency):
    return factories.offer(agency)


@pytest.fixture
def checked(agency, owner, now):
    def checked(level=Level.BARRED, person="Mari", issued_on=dt.date(2026, 5, 1)):
        about = {"person": person, "level": level, "issued_on": issued_on}
        return care_checks.add_check(provider=agency, by=owner, now=now, **about)

    return checked


@pytest.fixture
def registered(agency, owner, team, now, today):
    """Let the carers team accept the registration of the agency."""

    def registered(**fields):
        row = papers.add(provider=agency, kind=Kind.CIW, reference="W1234567", by=owner, now=now, **fields)
        papers.accept(document=row, by=team, now=now)
        care_checks.recount(agency, on=today)
        return row

    return registered


@pytest.fixture
def asked(bathing, owner, now):
    def asked(duty=Duty.PERSONAL_CARE):
        words = {"grounds": "Four people at most at a time", "evidence": "Our list of clients, seen on a visit"}
        return exemptions.ask(offer=bathing, duty=duty, by=owner, now=now, **words)

    return asked


def kinds(offer, on):
    return [each.kind for each in care_checks.missing(offer, on=on)]


@pytest.mark.parametrize(
    "category, fields, level",
    [
        ("help-at-home", {"personal_care": True}, Level.BARRED),
        ("help-at-home", {"personal_care": True, "dbs_note": "Known for years"}, Level.BARRED),
        ("sitting", {"personal_care": True}, Level.BARRED),
        ("learning", {"childcare": True, "dbs_note": "Known for years"}, Level.BARRED),
        ("sitting", {}, Level.ENHANCED),
        ("sitting", {"dbs_level": Level.BARRED}, Level.BARRED),
        ("sitting", {"dbs_note": "Parents stay in the room"}, Level.NONE),
        ("learning", {}, Level.NONE),
        ("learning", {"dbs_level": Level.BASIC}, Level.BASIC),
        ("overnight", {"accommodation_with_care": True}, Level.NONE),
    ],
)
def test_the_level_follows_from_what_is_offered(agency, category, fields, level):
    offer = factories.offer(agency, category=factories.category(category), **fields)

    assert care_checks.level_needed(offer) == level


@pytest.mark.parametrize("column, duty", [(column, duty) for duty, column in care_checks.DUTIES.items()])
def test_each_duty_needs_a_registration_or_an_exemption(agency, today, column, duty):
    offer = factories.offer(agency, category=factories.category("learning"), **{column: True})

    assert kinds(offer, today)[0] == duty


def test_an_offer_without_care_needs_neither(agency, today):
    offer = factories.offer(agency, category=factories.category("learning"))

    care_checks.refuse_unless_checked(offer, on=today)
    assert kinds(offer, today) == []


def test_a_number_alone_does_not_do(bathing, checked, today):
    checked()

    with pytest.raises(care_checks.NotChecked) as refusal:
        care_checks.refuse_unless_checked(bathing, on=today)

    assert [(each.kind, str(each.words)) for each in refusal.value.missing] == [
        (Duty.PERSONAL_CARE, "Personal care: show your registration with Care Inspectorate Wales.")
    ]


def test_with_registration_and_a_checked_worker_it_may_go_live(bathing, checked, registered, today):
    registered(valid_until=SPRING)
    checked()

    care_checks.refuse_unless_checked(bathing, on=today)
    assert kinds(bathing, SPRING) == [] and kinds(bathing, SPRING + dt.timedelta(days=1)) == [Duty.PERSONAL_CARE]


def test_a_registration_without_the_number_does_not_count(agency, bathing, checked, registered, today):
    registered()
    checked()
    agency.ciw_number = ""
    agency.save()
    bathing.provider.refresh_from_db()

    assert kinds(bathing, today) == [Duty.PERSONAL_CARE]


@pytest.mark.parametrize(
    "level, found", [(Level.BASIC, ["dbs"]), (Level.STANDARD, ["dbs"]), (Level.ENHANCED, []), (Level.BARRED, [])]
)
def test_a_lower_check_is_not_enough(sitting, checked, today, level, found):
    checked(level)

    assert kinds(sitting, today) == found


def test_the_team_may_write_down_why_a_sitter_needs_no_check(sitting, team, now, today):
    assert kinds(sitting, today) == ["dbs"]

    care_checks.note_why_no_check(offer=sitting, words="Both parents stay in the room.", by=team, now=now)

    sitting.refresh_from_db()
    assert kinds(sitting, today) == []
    assert "room" not in str(history_of(sitting).first().details)


def test_an_exemption_counts_once_somebody_else_has_agreed(bathing, asked, checked, team, now, today):
    checked()
    row = asked()
    assert kinds(bathing, today) == [Duty.PERSONAL_CARE]

    exemptions.agree(exemption=row, valid_until=SPRING, by=team, now=now)

    assert kinds(bathing, today) == kinds(bathing, SPRING) == []
    assert kinds(bathing, SPRING + dt.timedelta(days=1)) == [Duty.PERSONAL_CARE]
    bathing.refresh_from_db()
    assert bathing.checked_until == SPRING


def test_an_exemption_is_of_one_duty_of_one_offer(agency, bathing, asked, checked, team, now, today):
    checked()
    other = factories.offer(agency, category=bathing.category, personal_care=True)
    Offer.objects.filter(pk=bathing.pk).update(accommodation_with_care=True)
    bathing.refresh_from_db()

    exemptions.agree(exemption=asked(), valid_until=SPRING, by=team, now=now)

    assert kinds(bathing, today) == [Duty.ACCOMMODATION]
    assert kinds(other, today) == [Duty.PERSONAL_CARE]


def test_whoever_asked_does_not_review(asked, owner, now):
    row = asked()

    for review in (
        lambda: exemptions.agree(exemption=row, valid_until=SPRING, by=owner, now=now),
        lambda: exemptions.refuse(exemption=row, reason="No.", by=owner, now=now),
    ):
        with pytest.raises(exemptions.SamePerson):
            review()
    row.refresh_from_db()
    assert row.reviewed_by is None


def test_an_exemption_is_decided_once_and_a_refusal_says_why(bathing, asked, checked, team, now, today):
    checked()
    row = asked()
    with pytest.raises(exemptions.NoGrounds):
        exemptions.refuse(exemption=row, reason=" ", by=team, now=now)
    exemptions.refuse(exemption=row, reason="Eleven clients are on the list.", by=team, now=now)
    told = OutboxMessage.objects.get(kind="exemption_answered")
    assert "was not agreed" in told.subject
    assert "Eleven clients are on the list." in told.body

    with pytest.raises(exemptions.Reviewed):
        exemptions.agree(exemption=row, valid_until=SPRING, by=team, now=now)

    assert kinds(bathing, today) == [Duty.PERSONAL_CARE]
    assert asked() != row


@pytest.mark.parametrize("end", [None, dt.date(2026, 10, 11)])
def test_an_exemption_has_an_end_that_has_not_passed(asked, team, now, end):
    with pytest.raises(exemptions.BadEnd):
        exemptions.agree(exemption=asked(), valid_until=end, by=team, now=now)


def test_what_waits_is_asked_once_and_has_grounds(bathing, asked, owner, caerphilly, flintshire, now):
    row = asked()

    assert asked() == row
    assert list(exemptions.waiting(caerphilly)) == [row] and list(exemptions.waiting(flintshire)) == []
    with pytest.raises(exemptions.NoGrounds):
        exemptions.ask(offer=bathing, duty=Duty.CHILDCARE, grounds="", evidence="x", by=owner, now=now)


def test_an_offer_of_food_asks_whether_food_is_served(caerphilly, today):
    cafe = factories.provider(caerphilly)
    lunch = factories.offer(cafe, category=factories.category("food"))
    assert kinds(lunch, today) == ["food"]

    cafe.serves_food = False

    assert kinds(lunch, today) == []


def test_when_the_registration_ends_only_offers_with_care_are_hidden(agency, bathing, registered, checked):
    yoga = factories.offer(agency, category=factories.category("wellbeing"))
    Offer.objects.filter(pk=bathing.pk).update(state="live")
    checked()
    registered(valid_until=SPRING)

    assert set(catalogue.live_offers(on=SPRING)) == {bathing, yoga}
    assert set(catalogue.live_offers(on=SPRING + dt.timedelta(days=1))) == {yoga}


def test_the_longer_of_two_grounds_counts(bathing, asked, checked, registered, team, now):
    checked()
    exemptions.agree(exemption=asked(), valid_until=SPRING, by=team, now=now)
    registered(valid_until=dt.date(2028, 1, 1))
    bathing.refresh_from_db()
    assert bathing.checked_until == dt.date(2028, 1, 1)

    registered(valid_until=None)

    bathing.refresh_from_db()
    assert bathing.checked_until is None


def test_when_the_last_checked_worker_leaves_the_offer_is_hidden_that_day(sitting, checked, owner, today, now):
    mari, ann = checked(), checked(Level.ENHANCED, person="Ann")
    care_checks.end_check(check=mari, by=owner, now=now)
    assert sitting in catalogue.live_offers(on=today)

    care_checks.end_check(check=ann, by=owner, now=now)

    assert sitting not in catalogue.live_offers(on=today)
    assert sitting in catalogue.live_offers(on=today - dt.timedelta(days=1))
    checked(person="Eluned")
    assert sitting in catalogue.live_offers(on=today)


def test_an_offer_of_the_pilot_that_never_showed_a_check_stays(agency, sitting, registered, today):
    Offer.objects.filter(pk=sitting.pk).update(personal_care=True)
    agency.ciw_number = ""
    agency.save()

    care_checks.recount(agency, on=today)

    assert sitting in catalogue.live_offers(on=today)


def test_a_check_is_noted_once_and_its_certificate_never(agency, checked, owner, now):
    first = checked()

    assert checked() == first
    care_checks.end_check(check=first, by=owner, now=now)
    care_checks.end_check(check=first, by=owner, now=now)
    assert [entry.act for entry in history_of(first)] == ["dbs.ended", "dbs.confirmed"]
    assert all("Mari" not in str(entry.details) for entry in history_of(first))
    kept = {field.get_internal_type() for field in first._meta.get_fields()}
    assert not kept & {"BinaryField", "FileField"}


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"person": " "}, "person"),
        ({"level": Level.NONE}, "level"),
        ({"level": "platinum"}, "level"),
        ({"issued_on": dt.date(2026, 10, 13)}, "future"),
    ],
)
def test_a_check_that_cannot_be_is_refused(checked, fields, why):
    with pytest.raises(care_checks.BadCheck) as refusal:
        checked(**fields)

    assert refusal.value.why == why


def test_many_offers_are_looked_at_with_one_reading(agency, checked, today, django_assert_num_queries):
    offers = [factories.offer(agency, personal_care=True) for _each in range(5)]

    with django_assert_num_queries(3):
        shown = care_checks.shown_by(agency)
        found = [care_checks.missing(offer, on=today, shown=shown) for offer in offers]

    assert len(found) == 5 and all(found)
