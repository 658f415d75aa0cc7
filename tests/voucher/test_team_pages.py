"""The carers team's pages: what is to do, finding someone, granting an award, a lost letter, acting for a carer."""

import datetime as dt
import uuid

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry
from tests import factories
from voucher.granting import awards
from voucher.ledger import audit, books
from voucher.models import Award, Booking, Carer, Code

BY = Who(label="tests")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_same_day(monkeypatch, now):
    """Pages ask the clock; here it says the same as everywhere in the tests."""
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def team(client, carys):
    """Carys's browser."""
    client.force_login(carys)
    return client


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, carer_row=factories.carer(caerphilly, first_name="Alys", last_name="Gŵyr"))


@pytest.fixture
def elsewhere(flintshire):
    """An award of another council."""
    carer = factories.carer(flintshire, first_name="Mair", last_name="Estron", postcode="CH5 1AA")
    return factories.award(flintshire, carer_row=carer)


@pytest.fixture
def fund(caerphilly):
    return factories.fund(caerphilly)


@pytest.fixture
def typed(fund):
    """A form for a new carer, filled in well."""
    return {
        "key": str(uuid.uuid4()),
        "first_name": "Siân",
        "last_name": "ap Huw",
        "address": "3 Heol y Parc",
        "town": "Nelson",
        "postcode": "cf46 6dd",
        "phone": "07700 900123",
        "email": "",
        "language": "cy",
        "contact_by": "post",
        "print_size": "standard",
        "assessment_ref": "CNA-900",
        "assessment_date_day": "1",
        "assessment_date_month": "9",
        "assessment_date_year": "2026",
        "fund": str(fund.pk),
        "value": "300",
        "first_day_day": "12",
        "first_day_month": "10",
        "first_day_year": "2026",
    }


def booking(award, **fields):
    provider = factories.provider(award.council)
    offer = factories.offer(provider)
    now = timezone.now()
    defaults = {
        "ref": f"B{uuid.uuid4().hex[:8].upper()}",
        "starts_at": now + dt.timedelta(days=9),
        "ends_at": now + dt.timedelta(days=9, hours=2),
        "minutes": 120,
        "unit_price_pence": 0,
        "unit_minutes": 60,
        "price_pence": 0,
        "amount": 0,
        "free_cancel_hours": 48,
        "late_cancel_percent": 50,
        "requested_at": now,
        "answer_by": now + dt.timedelta(hours=5),
    }
    return Booking.objects.create(
        award=award, council=award.council, offer=offer, provider=provider, **(defaults | fields)
    )


def soon():
    """Two days from now: no letter of today comes in time."""
    starts_at = timezone.now() + dt.timedelta(days=2)
    return {"starts_at": starts_at, "ends_at": starts_at + dt.timedelta(hours=2)}


def errors(page):
    return page.context["form"].errors


PAGES = ["team:queue", "team:issue", "team:letters", "team:providers", "team:search"]


@pytest.mark.parametrize("page", PAGES)
def test_only_the_carers_team_enters(client, page, carys, ffion, bryn, dafydd):
    assert client.get(reverse(page)).status_code == 302
    for stranger in (ffion, bryn, dafydd):
        client.force_login(stranger)
        assert client.get(reverse(page)).status_code == 404
    client.force_login(carys)
    answer = client.get(reverse(page))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_another_councils_award_is_not_there(team, elsewhere):
    for page in ("award", "new_code", "revoke", "print_letter", "book_for"):
        address = reverse(f"team:{page}", args=[elsewhere.ref])
        assert team.post(address).status_code in {404, 405}
        assert team.get(address).status_code in {404, 405}
    assert team.get(reverse("team:issue"), {"carer": elsewhere.carer_id}).status_code == 404
    assert not elsewhere.codes.exists()


def test_the_queue_counts_what_needs_a_person_and_nothing_of_another_council(team, award, elsewhere):
    booking(award)
    booking(elsewhere)
    booking(award, state="did_not_happen", ended_at=timezone.now())

    page = team.get(reverse("team:queue"))

    assert page.context["letters"] == 1
    counts = {row["kind"]: row["count"] for row in page.context["kinds"]}
    assert counts == {
        "unanswered": 1,
        "problems": 1,
        "not-marked": 0,
        "not-claimed": 0,
        "no-code": 0,
        "ending": 0,
        "to-tell": 0,
    }
    for kind in counts:
        listing = team.get(reverse("team:listing", args=[kind]))
        assert len(listing.context["page"].object_list) == counts[kind]
    assert team.get(reverse("team:listing", args=["secrets"])).status_code == 404


NEWS = [
    {"state": "confirmed"},
    {"state": "declined", "decline_reason": "full"},
    {"state": "timed_out", "answered_at": None},
    {"state": "cancelled", "ended_by": "provider"},
]


@pytest.mark.parametrize("news", NEWS, ids=lambda news: news["state"])
def test_an_answer_for_which_a_letter_comes_too_late_waits_until_somebody_has_told_them(team, award, news):
    ended = {"ended_at": timezone.now()} if news["state"] in {"timed_out", "cancelled"} else {}
    row = booking(award, **soon() | {"answered_at": timezone.now()} | ended | news)
    listing = reverse("team:listing", args=["to-tell"])
    # An e-mail and a text message come at once.
    for way in ("email", "sms"):
        Carer.objects.update(contact_by=way)
        assert list(team.get(listing).context["page"]) == []

    Carer.objects.update(contact_by="post")
    page = team.get(listing)
    assert list(page.context["page"]) == [row]
    shown = page.content.decode()
    assert award.carer.phone in shown
    # A press without its token would be turned away.
    assert "csrfmiddlewaretoken" in shown.partition(f'action="{reverse("team:told", args=[row.ref])}">')[2][:60]

    for _twice in range(2):
        assert team.post(reverse("team:told", args=[row.ref])).url == listing

    assert list(team.get(listing).context["page"]) == []
    told = HistoryEntry.objects.get(act="booking.carer_told")
    assert (told.subject_id, told.on_behalf_of) == (row.pk, f"award {award.ref}")


def test_nobody_is_rung_about_what_a_letter_brings_in_time(team, award):
    day = timezone.now() + dt.timedelta(days=13)
    booking(award, state="confirmed", answered_at=timezone.now(), starts_at=day, ends_at=day + dt.timedelta(hours=2))
    Carer.objects.update(contact_by="post")

    assert list(team.get(reverse("team:listing", args=["to-tell"])).context["page"]) == []


def test_whoever_can_be_written_to_by_letter_only_is_rung_as_well(team, award):
    row = booking(award, **soon(), state="confirmed", answered_at=timezone.now())
    Carer.objects.update(contact_by="email", email="", phone="01495 123456")

    assert list(team.get(reverse("team:listing", args=["to-tell"])).context["page"]) == [row]


def test_times_that_a_provider_suggests_are_told_by_telephone_however_far_away(team, award):
    day = timezone.now() + dt.timedelta(days=13)
    row = booking(award, state="countered", starts_at=day, ends_at=day + dt.timedelta(hours=2))
    Carer.objects.update(contact_by="post")

    assert list(team.get(reverse("team:listing", args=["to-tell"])).context["page"]) == [row]


def test_what_happens_after_a_carer_was_told_is_told_again(team, award, now):
    now = timezone.now()
    row = booking(award, **soon(), state="confirmed", answered_at=now - dt.timedelta(hours=2))
    Carer.objects.update(contact_by="post")
    team.post(reverse("team:told", args=[row.ref]))

    later = {"state": "cancelled", "ended_by": "provider", "ended_at": now + dt.timedelta(hours=1)}
    Booking.objects.filter(pk=row.pk).update(**later)

    assert list(team.get(reverse("team:listing", args=["to-tell"])).context["page"]) == [row]


def test_what_the_carer_did_and_what_is_over_is_no_news(team, award, now):
    booking(award, state="cancelled", ended_by="carer", ended_at=now)
    booking(award, state="requested")
    booking(award, state="confirmed", answered_at=now, starts_at=now - dt.timedelta(hours=3), ends_at=now)
    Carer.objects.update(contact_by="post")

    assert list(team.get(reverse("team:listing", args=["to-tell"])).context["page"]) == []


def test_whoever_stops_acting_is_back_at_the_award(team, award):
    team.post(reverse("team:book_for", args=[award.ref]))

    assert team.post(reverse("my:leave")).url == reverse("team:award", args=[award.ref])
    assert team.get(reverse("my:award")).status_code == 302


def test_awards_that_end_soon_come_with_most_unused_first(team, caerphilly):
    soon = {"first_day": dt.date(2026, 4, 20)}
    half_used, unused = factories.award(caerphilly, **soon), factories.award(caerphilly, **soon)
    factories.award(caerphilly, first_day=dt.date(2026, 9, 1))
    with transaction.atomic():
        books.hold(
            award=half_used.account, amount=15_000, on=dt.date(2026, 5, 1), op_key="h", actor="t", now=timezone.now()
        )

    page = team.get(reverse("team:listing", args=["ending"]))

    assert list(page.context["page"]) == [unused, half_used]


def test_a_stopped_code_without_a_new_one_needs_a_person(team, award):
    awards.new_code(award=award, by=BY, now=timezone.now())
    awards.revoke_code(award=award, by=BY, now=timezone.now())

    assert list(team.get(reverse("team:listing", args=["no-code"])).context["page"]) == [award]


def test_search_finds_each_kind_and_puts_no_words_in_an_address(team, award, elsewhere):
    code = awards.new_code(award=award, by=BY, now=timezone.now())
    row = booking(award)
    wanted = {
        "gŵyr alys": ("carers", award.carer),
        award.carer.postcode: ("carers", award.carer),
        award.ref.lower(): ("awards", award),
        code[-4:].lower(): ("by_code", award),
        row.ref.lower(): ("bookings", row),
        "bryn caf": ("providers", row.provider),
    }
    for words, (kind, thing) in wanted.items():
        page = team.post(reverse("team:search"), {"words": words})
        assert thing in page.context["found"][kind], words

    nothing = team.post(reverse("team:search"), {"words": "Estron"})
    assert nothing.context["nothing"]
    assert errors(team.post(reverse("team:search"), {"words": " "})) == {"words": ["Enter what you are looking for."]}
    assert "Mair" not in team.get(reverse("team:search"), {"words": "Estron"}).content.decode()


@pytest.mark.parametrize("count", [1, 6])
def test_lists_take_the_same_number_of_queries_however_long_they_are(
    team, caerphilly, count, django_assert_max_num_queries
):
    for _ in range(count):
        row = factories.award(caerphilly, first_day=dt.date(2026, 4, 20))
        booking(row)
    letters_and_kinds = {"team:queue": 32, "team:letters": 12, "team:providers": 11}
    for page, most in letters_and_kinds.items():
        with django_assert_max_num_queries(most):
            team.get(reverse(page))
    with django_assert_max_num_queries(15):
        team.post(reverse("team:search"), {"words": "Alys"})
    with django_assert_max_num_queries(11):
        team.get(reverse("team:listing", args=["unanswered"]))


def test_an_award_is_issued_to_a_new_carer_and_its_code_shown_once(team, typed, carys):
    page = team.post(reverse("team:issue"), typed)

    row = Award.objects.get()
    code = page.context["code"]
    assert code in page.content.decode()
    assert awards.open_with(code=code) == row
    assert (row.value, row.account.last_day, row.issued_by) == (30_000, dt.date(2027, 4, 11), carys)
    assert (row.carer.postcode, row.carer.language) == ("CF46 6DD", "cy")
    assert [entry.act for entry in HistoryEntry.objects.filter(actor=carys)] == [
        "code.made",
        "award.issued",
        "carer.added",
    ]
    assert audit.differences() == []

    again = team.post(reverse("team:issue"), typed)

    assert again.context["code"] is None
    assert code not in again.content.decode()
    assert Award.objects.count() == Carer.objects.count() == Code.objects.count() == 1


def test_a_used_form_with_other_answers_issues_nothing(team, typed):
    team.post(reverse("team:issue"), typed)

    page = team.post(reverse("team:issue"), typed | {"value": "250"})

    assert "This form has issued an award already" in str(errors(page))
    assert Award.objects.count() == 1


def test_an_award_of_hours_is_issued_to_a_carer_we_know(team, award, typed, caerphilly):
    hours = factories.fund(caerphilly, unit="minutes")
    address = f"{reverse('team:issue')}?carer={award.carer_id}"

    team.post(address, typed | {"fund": hours.pk, "value": "15.5"})

    row = Award.objects.exclude(pk=award.pk).get()
    assert (row.carer, row.value, row.unit) == (award.carer, 930, "minutes")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("first_name", "", "Enter the carer's first name."),
        ("language", "", "Choose a language, or say that it was not asked yet."),
        ("postcode", "Nelson", "is not a postcode"),
        ("phone", "ring", "is not a telephone number"),
        ("email", "a@b", "is not an e-mail address"),
        ("value", "", "Enter how much the award is."),
        ("value", "lots", "Write pounds and pence like 62.50"),
        ("value", "0", "An award must be of more than nothing."),
        ("value", "500.01", "You can issue up to £500 on your own."),
        ("assessment_date_year", "2027", "The date must be"),
        ("assessment_ref", "", "Enter the reference of the assessment."),
        ("first_day_month", "8", "The award cannot begin before the assessment."),
        ("fund", "0", "Choose a fund from the list."),
    ],
)
def test_each_slip_is_said_beside_its_field_and_nothing_typed_is_lost(team, typed, field, value, words):
    page = team.post(reverse("team:issue"), typed | {field: value})

    name = field.removesuffix("_year").removesuffix("_month")
    assert words in str(errors(page)[name].as_data())
    assert list(errors(page)) == [name]
    assert "3 Heol y Parc" in page.content.decode()
    assert not Award.objects.exists()
    assert not Carer.objects.exists()


def test_a_language_that_was_not_asked_stays_open_so_that_we_write_in_both(team, typed):
    team.post(reverse("team:issue"), typed | {"language": "not-asked"})

    assert Carer.objects.get().language == ""


def test_a_carer_must_be_reachable_as_chosen(team, typed):
    assert "email" in errors(team.post(reverse("team:issue"), typed | {"contact_by": "email"}))


def test_a_fund_with_too_little_left_says_how_much(team, typed, caerphilly):
    poor = factories.fund(caerphilly, allocated=10_000)

    page = team.post(reverse("team:issue"), typed | {"fund": poor.pk})

    assert errors(page)["value"] == ["The fund has only £100 left."]


def test_another_councils_fund_cannot_be_chosen(team, typed, flintshire):
    page = team.post(reverse("team:issue"), typed | {"fund": factories.fund(flintshire).pk})

    assert "fund" in errors(page)


def test_an_assessment_that_has_an_award_is_refused_with_that_award(team, typed, award):
    page = team.post(reverse("team:issue"), typed | {"assessment_ref": award.assessment_ref.lower()})

    assert errors(page)["assessment_ref"] == [f"This assessment has award {award.ref} already."]


def test_a_carer_like_one_we_know_is_pointed_out_and_may_be_someone_else(team, typed, award):
    typed |= {"last_name": "gŵyr", "postcode": "NP121AA"}

    page = team.post(reverse("team:issue"), typed)

    assert list(errors(page)) == ["someone_else"]
    assert f"?carer={award.carer_id}" in page.content.decode()
    assert team.post(reverse("team:issue"), typed | {"someone_else": "on"}).context["code"]


def test_a_lost_code_gets_a_new_one_at_once_and_the_old_one_is_dead(team, award):
    old = awards.new_code(award=award, by=BY, now=timezone.now())
    press = {"key": str(uuid.uuid4()), "facts": ["address", "award"], "call_back": "rang_back", "way": "read_out"}

    page = team.post(reverse("team:new_code", args=[award.ref]), press)

    assert awards.open_with(code=page.context["code"]) == award
    with pytest.raises(awards.CodeRefused):
        awards.open_with(code=old)
    again = team.post(reverse("team:new_code", args=[award.ref]), press)
    assert again.context["code"] is None
    assert award.codes.count() == 2
    assert "shown only now" not in team.get(reverse("team:new_code", args=[award.ref])).content.decode()


def test_a_press_without_a_key_changes_nothing(team, award):
    team.post(reverse("team:new_code", args=[award.ref]), {"key": "x"})

    assert not award.codes.exists()


def test_the_award_page_shows_how_it_stands_and_only_the_last_four_of_codes(team, award):
    code = awards.new_code(award=award, by=BY, now=timezone.now())
    row = booking(award)

    page = team.get(reverse("team:award", args=[award.ref])).content.decode()

    assert code[-4:] in page
    assert code[:9] not in page
    assert row.ref in page
    assert "£300" in page


def test_stopping_a_code_leaves_the_award_without_one(team, award):
    awards.new_code(award=award, by=BY, now=timezone.now())

    for _ in range(2):
        assert team.post(reverse("team:revoke", args=[award.ref])).status_code == 302

    assert not award.codes.filter(state="active").exists()


def test_letters_are_printed_as_one_file_and_the_second_press_prints_nothing(team, award, elsewhere):
    answer = team.post(reverse("team:print_letters"))

    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.startswith(b"%PDF")
    award.refresh_from_db()
    assert award.printed_at
    assert not elsewhere.codes.exists()
    assert team.post(reverse("team:print_letters")).status_code == 302
    assert award.codes.count() == 1


def test_a_letter_is_printed_again_with_a_fresh_code(team, award):
    team.post(reverse("team:print_letters"))

    answer = team.post(reverse("team:print_letter", args=[award.ref]), {"large": "yes"})

    assert answer.content.startswith(b"%PDF")
    assert sorted(award.codes.values_list("state", flat=True)) == ["active", "replaced"]


def test_where_pdf_cannot_be_made_the_page_says_so_and_no_code_changes(team, award, monkeypatch):
    from accounts import paper

    def missing():
        raise paper.CannotPrint(paper.PANGO)

    monkeypatch.setattr(paper, "_weasyprint", missing)

    page = team.post(reverse("team:print_letters"), follow=True)

    assert "apt-get install" in page.content.decode()
    assert not award.codes.exists()


def test_booking_for_a_carer_opens_the_carers_pages_with_both_names_written_down(team, award, carys):
    answer = team.post(reverse("team:book_for", args=[award.ref]))

    assert answer.url == reverse("my:award")
    assert award.ref in team.get(answer.url).content.decode()
    entry = HistoryEntry.objects.get(act="award.acted_for")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"award {award.ref}")


def test_the_provider_pages_show_the_region_and_nobody_elses_bookings(team, award, elsewhere, flintshire):
    ours = booking(award)
    theirs = booking(elsewhere)

    listed = team.get(reverse("team:providers")).content.decode()
    page = team.get(reverse("team:provider", args=[ours.provider.ref])).content.decode()

    assert ours.provider.ref in listed
    assert theirs.provider.ref not in listed
    assert ours.ref in page
    assert team.get(reverse("team:provider", args=[theirs.provider.ref])).status_code == 404


def test_get_changes_nothing(team, award):
    before = HistoryEntry.objects.count()
    for page in ("revoke", "print_letter", "book_for"):
        assert team.get(reverse(f"team:{page}", args=[award.ref])).status_code == 405
    team.get(reverse("team:print_letters"))
    team.get(reverse("team:new_code", args=[award.ref]))

    assert not award.codes.exists()
    # That somebody looked is written down, and nothing else.
    assert HistoryEntry.objects.exclude(act="carer.seen").count() == before


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_its_welsh_twin(team, page):
    assert 'lang="cy"' in team.get("/cy" + reverse(page)).content.decode()
